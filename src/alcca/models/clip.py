"""Contrastive learning: two towers that embed a song's lyrics nearer to its audio than the rest of the batch."""

import math
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, ClassVar, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, normalize

from alcca.errors import DataError, UsageError
from alcca.models.base import NAMES, Standardizer, TwoViewModel, View, check_pair
from alcca.models.contract import Grid
from alcca.models.dcca import perceptron
from alcca.models.distributed import by_rows
from alcca.models.networks import in_precision
from alcca.models.settings import (
    Seed,
    Widths,
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

__all__ = ["CLIP", "info_nce"]

# Radford et al. keep the temperature from falling lower, because training becomes unstable.
LOWEST_TEMPERATURE = 0.01
MIN_IN_A_BATCH = 2


def info_nce(a: Tensor, t: Tensor, temperature: Tensor) -> Tensor:
    r"""Symmetric InfoNCE: the cross-entropy of finding each song's other side in the batch, mean of both directions.

    .. math:: L = -\frac{1}{2n} \sum_i \left(\log \frac{e^{s_{ii}}}{\sum_j e^{s_{ij}}}
              + \log \frac{e^{s_{ii}}}{\sum_j e^{s_{ji}}}\right), \quad s_{ij} = \cos(a_i, t_j) / \tau

    Parameters
    ----------
    a, t : tensors, shape (n, d)
        Audio and lyrics; row i of both is song i.
    temperature : tensor, scalar
        τ, above 0.

    References
    ----------
    van den Oord, A., Li, Y., Vinyals, O. (2018). Representation learning with contrastive predictive coding.
    arXiv 1807.03748.

    Examples
    --------
    >>> info_nce(torch.ones(4, 2), torch.ones(4, 2), torch.tensor(0.1))  # log 4: all songs are alike
    tensor(1.3863)
    """
    scores = normalize(a) @ normalize(t).T / temperature
    own = torch.arange(len(a), device=a.device)
    loss: Tensor = (cross_entropy(scores, own) + cross_entropy(scores.T, own)) / 2
    return loss


class CLIP(TwoViewModel):
    """Two networks trained by symmetric InfoNCE with a learned temperature (Radford et al. 2021).

    The loss of CLIP on songs' features: the networks start from random weights, not from OpenAI's. Labels are not
    used. Inputs are standardised with the training songs' statistics, which belong to the model.

    Parameters
    ----------
    hidden : sequence of int, or (sequence of int, sequence of int)
        Layers of both networks, or those of audio and of lyrics. The last is linear and has the dimension d of the
        space, the same for both; ReLU follows each of the others.
    temperature : float
        The initial τ, above 0. It is learned as log τ, and kept at 0.01 or more.
    learn_temperature : bool
        False keeps the initial τ.
    epochs, batch_size : int
        A last batch of fewer than half joins the one before. A song is contrasted only with those of its batch, so
        large batches teach more.
    lr : float
        Step of Adam.
    regularization : float
        Weight of L_reg, the sum of the Frobenius norms of all weight matrices (Eq. 5 of the paper), at least 0.
    validation : float or None
        Share of the training songs to keep out, drawn at random in whole groups. Training stops when their loss has
        not fallen for ``patience`` epochs, and restores the best epoch: the networks soon overfit a thousand songs.
        None trains on all songs, to the end.
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
    temperature_ : float
        The learned τ.
    history_ : list of dict
        Means of each epoch: ``total`` (InfoNCE, in nats), ``regularization``, and ``validation`` if songs are kept
        out.
    encoders_ : (TrainedNetwork, TrainedNetwork)

    References
    ----------
    Radford, A., Kim, J. W., Hallacy, C., et al. (2021). Learning transferable visual models from natural language
    supervision. ICML, 8748-8763.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> shared = rng.normal(size=(200, 3))
    >>> audio, lyrics = (shared @ rng.normal(size=(3, p)) + rng.normal(size=(200, p)) for p in (8, 6))
    >>> model = CLIP(hidden=(16, 4), epochs=5, device="cpu").fit((audio, lyrics))
    >>> Za, Zt = model.transform((audio[:5], None))
    >>> Za.shape, Zt
    ((5, 4), None)
    """

    default_grid: ClassVar[Grid] = {"lr": (1e-4, 1e-3), "regularization": (1e-3, 0.01)}

    def __init__(
        self,
        hidden: Widths | tuple[Widths, Widths] = (512, 128),
        temperature: float = 0.07,
        learn_temperature: bool = True,
        epochs: int = 100,
        batch_size: int = 256,
        lr: float = 1e-3,
        regularization: float = 1e-3,
        validation: float | None = 0.1,
        patience: int = 10,
        random_state: Seed = 0,
        device: str = "auto",
        precision: str = "float32",
        verbose: bool = False,
    ) -> None:
        self.hidden = hidden
        self.temperature = temperature
        self.learn_temperature = learn_temperature
        self.epochs = epochs
        self.batch_size = batch_size
        self.lr = lr
        self.regularization = regularization
        self.validation = validation
        self.patience = patience
        self.random_state = random_state
        self.device = device
        self.precision = precision
        self.verbose = verbose

    def fit(self, views: Sequence[View], y: Any = None, groups: Any = None) -> Self:
        """Train the networks.

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
            Views or groups do not fit together, a view has NaN, fewer than two songs are left to learn from, all songs
            are of one group so that none can be kept out, or training diverged.
        """
        self._check_settings()
        X, Y = check_pair(views)
        statistics = Standardizer.of(X), Standardizer.of(Y)
        device = choose_device(self.device)
        generator = torch.Generator().manual_seed(draw_seed(self))
        towers = _Towers((X.shape[1], Y.shape[1]), layer_widths(self.hidden), self.temperature, generator).to(device)
        validation_rows = split_rows(len(X), self.validation, generator, groups)
        left = len(X) - (0 if validation_rows is None else len(validation_rows))
        if left < MIN_IN_A_BATCH:
            raise DataError(f"{len(X)} songs, of which {left} to learn from: expected 2 or more; add songs")
        towers.log_temperature.requires_grad_(bool(self.learn_temperature))
        data = [
            torch.from_numpy(view_statistics.apply(view)).to(device)
            for view_statistics, view in zip(statistics, (X, Y), strict=True)
        ]
        self.history_ = train(
            towers,
            lambda batch, progress: _losses(towers, batch, self.precision),
            data,
            TrainingSettings(
                epochs=self.epochs,
                batch_size=self.batch_size,
                smallest_batch=max(MIN_IN_A_BATCH, self.batch_size // 2),
                lr=self.lr,
                regularization=self.regularization,
                patience=self.patience,
            ),
            learners=[weight for weight in towers.parameters() if weight.requires_grad],
            regularized=[weight for weight in towers.parameters() if weight.dim() > 1],
            validation_rows=validation_rows,
            generator=generator,
            what="training CLIP",
            show=self.verbose,
        )
        self.encoders_ = TrainedNetwork(statistics[0], towers.audio), TrainedNetwork(statistics[1], towers.lyrics)
        self.temperature_ = towers.temperature().item()
        return self

    def _check_settings(self) -> None:
        check_whole(self, "epochs", "batch_size", "patience")
        check_positive(self, "lr", "temperature")
        check_not_negative(self, "regularization")
        check_precision(self)
        check_flags(self, "learn_temperature", "verbose")
        check_seed(self)
        audio, lyrics = layer_widths(self.hidden)
        if not audio or not lyrics or audio[-1] != lyrics[-1]:
            raise UsageError(f"hidden={self.hidden}: both networks must end in the same width, which is the space's")
        if self.batch_size < MIN_IN_A_BATCH:
            raise UsageError(f"batch_size={self.batch_size}: expected 2 or more, to contrast songs")

    def _embed(self, view: NDArray[Any], which: int) -> NDArray[np.float64]:
        return self.encoders_[which](view)

    def _columns(self) -> tuple[int, int]:
        return self.encoders_[0].columns, self.encoders_[1].columns

    @property
    def _is_fitted(self) -> bool:
        return hasattr(self, "encoders_")

    def _get_state(self) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
        arrays: dict[str, NDArray[Any]] = {}
        for encoder, name in zip(self.encoders_, NAMES, strict=True):
            arrays |= prefix_arrays(f"{name}.", encoder.arrays())
        return arrays, {"history": self.history_, "temperature": self.temperature_}

    def _set_state(self, arrays: Mapping[str, NDArray[Any]], state: Mapping[str, Any]) -> None:
        # A model trained on a GPU also loads on a machine without one.
        device = choose_device(self.device if self.device == "cpu" else "auto")
        audio, lyrics = (
            TrainedNetwork.of(arrays_under(f"{name}.", arrays), partial(_tower, widths=widths), device)
            for name, widths in zip(NAMES, layer_widths(self.hidden), strict=True)
        )
        self.encoders_ = audio, lyrics
        self.history_, self.temperature_ = state["history"], state["temperature"]


class _Towers(nn.Module):
    """Both networks and log τ."""

    def __init__(
        self,
        columns: tuple[int, int],
        widths: tuple[Widths, Widths],
        temperature: float,
        generator: torch.Generator,
    ) -> None:
        super().__init__()
        self.audio, self.lyrics = (_tower(p, w, generator) for p, w in zip(columns, widths, strict=True))
        self.log_temperature = nn.Parameter(torch.tensor(math.log(temperature)))

    def temperature(self) -> Tensor:
        return self.log_temperature.exp().clamp(min=LOWEST_TEMPERATURE)


def _tower(columns: int, widths: Widths, generator: torch.Generator | None = None) -> nn.Module:
    # Without a generator, the weights are overwritten later.
    return perceptron(columns, widths[:-1], widths[-1], generator or torch.Generator())


def _losses(towers: _Towers, batch: Batch, precision: str) -> Losses:
    both = in_precision(lambda audio, lyrics: (towers.audio(audio), towers.lyrics(lyrics)), precision)
    a, t = by_rows(both, *batch)
    loss = info_nce(a, t, towers.temperature())
    return {"total": loss, "validation": loss}
