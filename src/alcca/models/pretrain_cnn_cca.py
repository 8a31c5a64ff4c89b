"""Pre-trained CNN, then CCA (Yu et al. 2017)."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from alcca.errors import UsageError
from alcca.models.base import Standardizer, TwoViewModel, View, check_pair, json_labels
from alcca.models.cca import CCA, Ridge
from alcca.models.cnn import FRAME_SHAPE, loaded_encoder, pretrained_encoder
from alcca.models.contract import Grid
from alcca.models.settings import (
    Seed,
    Widths,
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
from alcca.models.trained_network import arrays_under, prefix_arrays

__all__ = ["PretrainCNNCCA"]


class PretrainCNNCCA(TwoViewModel):
    """Features of a convolutional network that learned the labels, then linear CCA with the lyrics.

    The network (`alcca.models.cnn.FrameNetwork`, and a classifier on top) is trained to classify the training songs by
    label. Its second last layer and the lyrics, both standardised, go into `CCA`.

    Parameters
    ----------
    n_components : int
        Canonical components, at most hidden[-1], the columns of the lyrics, and the number of training songs - 1.
        Nested.
    hidden : sequence of int
        Fully connected layers after the convolutions, each with tanh; the last gives the features.
    frame_shape : (int, int)
        Coefficients and frames of the audio; their product is the number of columns of flattened audio.
    epochs, batch_size : int
        Of the pre-training.
    lr : float
        Step of Adam.
    regularization : float
        Weight of L_reg, the sum of the Frobenius norms of all weights of the network, at least 0.
    ridge : float or (float, float)
        Added to the diagonals of the correlation matrices of features and lyrics.
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
        Of the training songs; they do not predict those of other songs.
    history_ : list of dict
        For each epoch of the pre-training: ``total`` (cross-entropy), ``regularization``, and ``accuracy`` on the
        training songs.
    classes_ : list
        The labels. `load` gives those that JSON has no type for as text.
    cnn_ : TrainedNetwork
    statistics_ : (Standardizer, Standardizer)
        Of features and lyrics.
    cca_ : CCA

    References
    ----------
    Yu, Y., Tang, S., Raposo, F., Chen, L. (2019). Deep cross-modal correlation learning for audio and lyrics in music
    retrieval. ACM TOMM 15 (1), arXiv 1711.08976.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> moods = rng.integers(3, size=60)
    >>> audio = moods[:, None, None] + rng.normal(size=(60, 4, 30))
    >>> lyrics = moods[:, None] + rng.normal(size=(60, 8))
    >>> model = PretrainCNNCCA(2, hidden=(16,), frame_shape=(4, 30), epochs=2, device="cpu")
    >>> model.fit((audio, lyrics), moods).transform((audio, None))[0].shape
    (60, 2)
    """

    audio_view: ClassVar[str] = "audio_frames"

    default_grid: ClassVar[Grid] = {"ridge": (0.1, 1.0, 10.0, 100.0)}

    def __init__(
        self,
        n_components: int = 50,
        hidden: Widths = (256,),
        frame_shape: tuple[int, int] = FRAME_SHAPE,
        epochs: int = 20,
        batch_size: int = 100,
        lr: float = 1e-3,
        regularization: float = 1e-2,
        ridge: Ridge = 10.0,
        random_state: Seed = 0,
        device: str = "auto",
        precision: str = "float32",
        verbose: bool = False,
    ) -> None:
        self.n_components = n_components
        self.hidden = hidden
        self.frame_shape = frame_shape
        self.epochs = epochs
        self.batch_size = batch_size
        self.lr = lr
        self.regularization = regularization
        self.ridge = ridge
        self.random_state = random_state
        self.device = device
        self.precision = precision
        self.verbose = verbose

    def fit(self, views: Sequence[View], y: Any = None) -> Self:
        """Pre-train the network on the labels, then fit CCA on its features and the lyrics of all songs.

        Parameters
        ----------
        views : (audio, lyrics)
            Arrays (n, coefficients, frames) or (n, coefficients · frames), and (n, q); row i of both is song i.
        y : sequence of hashable, length n
            Categories, at least two; None, NaN or "" for a song without one, which the pre-training leaves out.

        Raises
        ------
        UsageError
            A setting is invalid.
        DataError
            Views or labels do not fit together, a view has NaN, there are fewer than two categories,
            n_components is more than features, lyrics or songs allow, or training diverged.
        """
        check_whole(self, "n_components", "epochs", "batch_size")
        check_positive(self, "lr")
        check_not_negative(self, "regularization")
        check_precision(self)
        check_flags(self, "verbose")
        check_seed(self)
        widths = layer_widths(self.hidden)[0]
        if not widths or widths != layer_widths(self.hidden)[1]:
            raise UsageError(f"hidden={self.hidden!r}: expected the widths of one layer or more, such as (256,)")
        X, Y = check_pair(views)
        check_components(self.n_components, len(X))
        cca = CCA(self.n_components, ridge=self.ridge)
        cca._checked_ridges((widths[-1], Y.shape[1]))  # before the training, which takes long
        self.cnn_, self.classes_, self.history_ = pretrained_encoder(
            X, y, self.frame_shape, widths, self.epochs, self.batch_size, self.lr, self.regularization,
            draw_seed(self), self.device, self.verbose, self.precision,
        )  # fmt: skip
        features = self.cnn_(X)
        self.statistics_ = Standardizer.of(features), Standardizer.of(Y)
        self.cca_ = cca.fit((self.statistics_[0].apply(features), self.statistics_[1].apply(Y)))
        return self

    @property
    def correlations_(self) -> NDArray[np.float64]:
        """Canonical correlations of the training songs, shape (n_components,)."""
        self._check_fitted()
        return self.cca_.correlations_

    def _embed(self, view: NDArray[Any], which: int) -> NDArray[np.float64]:
        x = self.cnn_(view) if which == 0 else view
        return self.cca_._embed(self.statistics_[which].apply(x), which)

    def _columns(self) -> tuple[int, int]:
        return self.cnn_.columns, len(self.statistics_[1].mean)

    @property
    def _is_fitted(self) -> bool:
        return hasattr(self, "cca_")

    def _get_state(self) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
        arrays = prefix_arrays("cnn.", self.cnn_.arrays()) | prefix_arrays("cca.", self.cca_._get_state()[0])
        for statistics, name in zip(self.statistics_, ("features", "lyrics"), strict=True):
            arrays |= {f"{name}.mean": statistics.mean, f"{name}.scale": statistics.scale}
        return arrays, {"classes": json_labels(self.classes_), "history": self.history_}

    def _set_state(self, arrays: Mapping[str, NDArray[Any]], state: Mapping[str, Any]) -> None:
        widths = layer_widths(self.hidden)[0]
        self.cnn_ = loaded_encoder(arrays, self.frame_shape, widths, self.device)
        features, lyrics = (Standardizer(arrays[f"{n}.mean"], arrays[f"{n}.scale"]) for n in ("features", "lyrics"))
        self.statistics_ = features, lyrics
        self.cca_ = CCA(self.n_components, ridge=self.ridge)
        self.cca_._set_state(arrays_under("cca.", arrays), {})
        self.classes_, self.history_ = state["classes"], state["history"]
