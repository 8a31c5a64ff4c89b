"""Deep canonical correlation analysis: two networks whose outputs correlate, then linear CCA of them."""

import warnings
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from alcca.errors import DataError
from alcca.models.base import NAMES, Standardizer, TwoViewModel, View, check_pair
from alcca.models.cca import CCA, Ridge
from alcca.models.contract import Grid
from alcca.models.correlation import correlation_loss
from alcca.models.distributed import by_rows
from alcca.models.networks import Linear, in_precision
from alcca.models.settings import (
    Hidden,
    Seed,
    check_components,
    check_flags,
    check_not_negative,
    check_positive,
    check_precision,
    check_seed,
    check_whole,
    draw_seed,
    layer_widths,
)
from alcca.models.trained_network import TrainedNetwork, arrays_under, prefix_arrays
from alcca.models.training import Batch, Losses, TrainingSettings, choose_device, split_rows, train

__all__ = ["DCCA", "SpotifyDCCA"]

# Training correlations with the ridge below this: even unrelated songs give far more, unless the networks shrank to 0.
COLLAPSED = 0.01


class DCCA(TwoViewModel):
    r"""Deep canonical correlation analysis.

    Two networks f_A, f_T with linear outputs are trained to raise the total canonical correlation of a batch
    (`alcca.models.correlation`); `CCA` in float64 then finds the directions of their outputs for all training songs.
    Labels are not used. Inputs are standardised with the training songs' statistics, which belong to the model.

    Parameters
    ----------
    n_components : int
        Outputs of both networks and canonical components, at most the number of training songs - 1. The components
        of a model are nested: its first ten columns are its ten most correlated.
    hidden : sequence of int, or (sequence of int, sequence of int)
        Hidden layers of both networks, each followed by ReLU, or those of f_A and f_T. With ``()`` the networks are
        linear, and the model is CCA found by descent.
    epochs : int
    batch_size : int
        Songs a step, large beside n_components: any few songs have large correlations. The last batch of an epoch joins
        the one before if it is shorter than half a batch; no song is left out.
    lr : float
        Step of Adam.
    ridge : float or (float, float)
        Added to the diagonals of the covariances of the outputs, in training and in the CCA after it. The default is
        for some thousand songs of 3,220 and 300 columns, which the networks otherwise overfit. With many more songs
        than columns 1e-4 finds more.
    regularization : float
        Weight of L_reg, the sum of the Frobenius norms of all weight matrices (Eq. 5 of the paper), beside the mean
        correlation of a component; at least 0. It keeps the networks from growing until the ridge has no effect. If it
        is too large, or the correlations are weak, it shrinks the networks to 0; `fit` warns.
    validation : float, optional
        Share of the training songs to keep out of the training of the networks, drawn at random in whole groups.
        Training stops when their total correlation has not risen for ``patience`` epochs, and restores the best epoch.
        The CCA takes all songs.
    patience : int
    random_state : int, RandomState, Generator or None
        As in `alcca.models.base.TwoViewModel`. The same seed, machine and number of threads give the same weights to
        the bit on a CPU.
    device : str
        ``"auto"``, ``"cpu"``, ``"cuda"``.
    precision : {"float32", "bf16"}
        With "bf16" the networks multiply in bfloat16 while they train; weights, losses and `transform` stay in float32
        or better. docs/scale.md gives speed and results.
    verbose : bool
        Show a progress bar.

    Attributes
    ----------
    correlations_ : array, shape (n_components,)
        Of the training songs; they do not predict those of other songs, as networks of this size make any songs
        correlate.
    history_ : list of dict
        Means of each epoch: ``total`` (minus the total correlation of a batch), ``regularization``, and ``validation``
        if songs are kept out.
    encoders_ : (TrainedNetwork, TrainedNetwork)
    cca_ : CCA

    References
    ----------
    Andrew, G., Arora, R., Bilmes, J., Livescu, K. (2013). Deep canonical correlation analysis. ICML, 1247-1255.
    Wang, W., Arora, R., Livescu, K., Bilmes, J. (2015). Unsupervised learning of acoustic features via deep canonical
    correlation analysis. ICASSP, 4590-4594 (large batches in place of all songs).

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> shared = rng.normal(size=(200, 1))
    >>> audio, lyrics = shared + rng.normal(size=(200, 6)), shared**3 + rng.normal(size=(200, 4))
    >>> model = DCCA(n_components=2, hidden=(16,), epochs=5, device="cpu").fit((audio, lyrics))
    >>> Za, Zt = model.transform((audio[:5], None))
    >>> Za.shape, Zt, model.correlations_.shape
    ((5, 2), None, (2,))
    """

    default_grid: ClassVar[Grid] = {"lr": (1e-4, 1e-3), "ridge": (0.01, 0.1, 1.0)}

    def __init__(
        self,
        n_components: int = 50,
        hidden: Hidden = (512, 512),
        epochs: int = 30,
        batch_size: int = 350,
        lr: float = 1e-3,
        ridge: Ridge = 1.0,
        regularization: float = 2e-3,
        validation: float | None = None,
        patience: int = 10,
        random_state: Seed = 0,
        device: str = "auto",
        precision: str = "float32",
        verbose: bool = False,
    ) -> None:
        self.n_components = n_components
        self.hidden = hidden
        self.epochs = epochs
        self.batch_size = batch_size
        self.lr = lr
        self.ridge = ridge
        self.regularization = regularization
        self.validation = validation
        self.patience = patience
        self.random_state = random_state
        self.device = device
        self.precision = precision
        self.verbose = verbose

    def fit(self, views: Sequence[View], y: Any = None, groups: Any = None) -> Self:
        """Train the networks, then fit CCA on their outputs for all training songs.

        Parameters
        ----------
        views : (audio, lyrics)
            Arrays (n, p) or (n, ...), and (n, q); row i of both is song i.
        y : ignored
        groups : sequence of hashable, length n, optional
            Songs of one group, such as two recordings of a song, are kept out for validation together. None or "" is
            a song without a group.

        Raises
        ------
        UsageError
            A setting is invalid.
        DataError
            Views or groups do not fit together, a view has NaN, n_components is above n - 1, too few songs are kept out
            for validation, or training diverged.
        """
        self._check_settings()
        X, Y = check_pair(views)
        ridges = self._checked_ridges(len(X))
        statistics = self._statistics(X), Standardizer.of(Y)
        device = choose_device(self.device)
        generator = torch.Generator().manual_seed(draw_seed(self))
        f_A, f_T = self._audio_network(X.shape[1], generator), self._lyrics_network(Y.shape[1], generator)
        networks = nn.ModuleList([f_A, f_T]).to(device)
        validation_rows = split_rows(len(X), self.validation, generator, groups)
        self._check_batches(len(X), 0 if validation_rows is None else len(validation_rows))
        data = [
            torch.from_numpy(view_statistics.apply(view)).to(device)
            for view_statistics, view in zip(statistics, (X, Y), strict=True)
        ]
        self.history_ = train(
            networks,
            lambda batch, progress: self._losses(f_A, f_T, batch, ridges),
            data,
            TrainingSettings(
                epochs=self.epochs,
                batch_size=self.batch_size,
                smallest_batch=max(self.n_components + 2, self.batch_size // 2),
                lr=self.lr,
                regularization=self.regularization * self.n_components,
                patience=self.patience,
            ),
            learners=list(networks.parameters()),
            regularized=[weight for weight in networks.parameters() if weight.dim() > 1],
            validation_rows=validation_rows,
            generator=generator,
            what=f"training {type(self).__name__}",
            show=self.verbose,
        )
        self.encoders_ = TrainedNetwork(statistics[0], f_A), TrainedNetwork(statistics[1], f_T)
        self.cca_ = CCA(self.n_components, ridge=self.ridge).fit([self.encoders_[0](X), self.encoders_[1](Y)])
        if self.cca_.correlations_[0] < COLLAPSED:
            warnings.warn(
                f"the networks shrank to outputs that do not correlate (ridge={self.ridge}, "
                f"regularization={self.regularization}); lower regularization, then ridge",
                stacklevel=2,
            )
        return self

    def _statistics(self, X: NDArray[Any]) -> Standardizer:
        """Compute the statistics that standardise the audio."""
        return Standardizer.of(X)

    def _audio_network(self, columns: int, generator: torch.Generator) -> nn.Module:
        """Make f_A, (n, columns) to (n, n_components)."""
        return perceptron(columns, layer_widths(self.hidden)[0], self.n_components, generator)

    def _lyrics_network(self, columns: int, generator: torch.Generator) -> nn.Module:
        """Make f_T, (n, columns) to (n, n_components)."""
        return perceptron(columns, layer_widths(self.hidden)[1], self.n_components, generator)

    def _losses(self, f_A: nn.Module, f_T: nn.Module, batch: Batch, ridges: tuple[float, float]) -> Losses:
        both = in_precision(lambda audio, lyrics: (f_A(audio), f_T(lyrics)), self.precision)
        H1, H2 = by_rows(both, *batch)
        loss = correlation_loss(H1, H2, ridges)
        return {"total": loss, "validation": loss}

    def _check_settings(self) -> None:
        check_whole(self, "n_components", "epochs", "batch_size", "patience")
        check_positive(self, "lr")
        check_not_negative(self, "regularization")
        check_precision(self)
        check_flags(self, "verbose")
        check_seed(self)
        layer_widths(self.hidden)

    def _checked_ridges(self, n: int) -> tuple[float, float]:
        check_components(self.n_components, n)
        return CCA(self.n_components, ridge=self.ridge)._checked_ridges((self.n_components, self.n_components))

    def _check_batches(self, n: int, held_out: int) -> None:
        # With d + 1 songs, d outputs of any networks correlate perfectly.
        needed = self.n_components + 2
        if 0 < held_out < needed:
            raise DataError(
                f"validation={self.validation}: {held_out} of {n} songs are too few to measure "
                f"{self.n_components} correlations on; expected a share that keeps {needed} or more, or None"
            )
        if min(self.batch_size, n - held_out) < needed:
            warnings.warn(
                f"batches of {min(self.batch_size, n - held_out)} songs correlate perfectly in {self.n_components} "
                "components and teach the networks nothing; raise batch_size, lower n_components or add songs",
                stacklevel=3,
            )

    @property
    def correlations_(self) -> NDArray[np.float64]:
        """Canonical correlations of the training songs, shape (n_components,)."""
        self._check_fitted()
        return self.cca_.correlations_

    def _embed(self, view: NDArray[Any], which: int) -> NDArray[np.float64]:
        return self.cca_._embed(self.encoders_[which](view), which)

    def _columns(self) -> tuple[int, int]:
        return self.encoders_[0].columns, self.encoders_[1].columns

    @property
    def _is_fitted(self) -> bool:
        return hasattr(self, "cca_")

    def _get_state(self) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
        arrays = prefix_arrays("cca.", self.cca_._get_state()[0])
        for encoder, name in zip(self.encoders_, NAMES, strict=True):
            arrays |= prefix_arrays(f"{name}.", encoder.arrays())
        return arrays, {"history": self.history_}

    def _set_state(self, arrays: Mapping[str, NDArray[Any]], state: Mapping[str, Any]) -> None:
        # A model trained on a GPU also loads on a machine without one.
        device = choose_device(self.device if self.device == "cpu" else "auto")
        audio, lyrics = (arrays_under(f"{name}.", arrays) for name in NAMES)
        initial = torch.Generator()  # of weights that are overwritten
        self.encoders_ = (
            TrainedNetwork.of(audio, lambda p: self._audio_network(p, initial), device),
            TrainedNetwork.of(lyrics, lambda p: self._lyrics_network(p, initial), device),
        )
        self.cca_ = CCA(self.n_components, ridge=self.ridge)
        self.cca_._set_state(arrays_under("cca.", arrays), {})
        self.history_ = state["history"]


class SpotifyDCCA(DCCA):
    """`DCCA` of a song's descriptors and its lyrics: the baseline that Yu et al. call Spotify-DCCA.

    The 65 numbers that Spotify gave for a track need smaller networks than 3,220 MFCC. Everything else is as in `DCCA`.

    References
    ----------
    Yu, Y., Tang, S., Raposo, F., Chen, L. (2019). Deep cross-modal correlation learning for audio and lyrics in music
    retrieval. ACM TOMM 15 (1), arXiv 1711.08976.

    Examples
    --------
    >>> SpotifyDCCA.audio_view, SpotifyDCCA().hidden
    ('audio_descriptors', (128, 128))
    """

    audio_view: ClassVar[str] = "audio_descriptors"

    def __init__(
        self,
        n_components: int = 50,
        hidden: Hidden = (128, 128),
        epochs: int = 30,
        batch_size: int = 350,
        lr: float = 1e-3,
        ridge: Ridge = 1.0,
        regularization: float = 2e-3,
        validation: float | None = None,
        patience: int = 10,
        random_state: Seed = 0,
        device: str = "auto",
        precision: str = "float32",
        verbose: bool = False,
    ) -> None:
        super().__init__(
            n_components, hidden, epochs, batch_size, lr, ridge, regularization, validation, patience, random_state,
            device, precision, verbose,
        )  # fmt: skip


def perceptron(columns: int, hidden: Sequence[int], outputs: int, generator: torch.Generator) -> nn.Module:
    """Make a network of layers with ReLU and linear outputs, which CCA can scale and rotate.

    ReLU finds more of the correlation in as many steps than tanh, which the projectors of ACMR use.

    Examples
    --------
    >>> perceptron(6, (8, 4), 2, torch.Generator().manual_seed(0))(torch.zeros(5, 6)).shape
    torch.Size([5, 2])
    """
    layers: list[nn.Module] = []
    for width in hidden:
        layers += [Linear(columns, width, generator), nn.ReLU()]
        columns = width
    return nn.Sequential(*layers, Linear(columns, outputs, generator))
