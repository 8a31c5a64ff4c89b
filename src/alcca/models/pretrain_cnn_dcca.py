"""Pre-trained CNN, then DCCA (Yu et al. 2017)."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Self

import numpy as np
import torch
from numpy.typing import NDArray

from alcca.models.base import TwoViewModel, View, check_pair, json_labels
from alcca.models.cca import Ridge
from alcca.models.cnn import FRAME_SHAPE, loaded_encoder, pretrained_encoder
from alcca.models.contract import Grid
from alcca.models.dcca import DCCA
from alcca.models.settings import Hidden, Seed, check_not_negative, check_positive, check_whole, draw_seed
from alcca.models.trained_network import arrays_under, prefix_arrays
from alcca.models.training import History, split_rows

__all__ = ["PretrainCNNDCCA"]


class PretrainCNNDCCA(TwoViewModel):
    """Features of a convolutional network that learned the labels, then `DCCA` with the lyrics.

    The network is trained to classify the training songs by label, as in `PretrainCNNCCA`, and not changed afterwards.
    Its second last layer goes into the fully connected network f_A of a `DCCA`.

    Parameters
    ----------
    features : int
        Width of the second last layer of the convolutional network.
    frame_shape : (int, int)
        Coefficients and frames of the audio; their product is the number of columns of flattened audio.
    pretrain_epochs, pretrain_batch_size, pretrain_lr, pretrain_regularization
        For the pre-training: ``epochs``, ``batch_size``, ``lr`` and ``regularization`` of `PretrainCNNCCA`.
    n_components, hidden, epochs, batch_size, lr, ridge, regularization, validation, patience, random_state, device, \
precision, verbose
        As in `DCCA`; device and precision also apply to the pre-training.

    Attributes
    ----------
    correlations_ : array, shape (n_components,)
        Of the training songs; they do not predict those of other songs.
    pretrain_history_ : list of dict
        For each epoch of the pre-training: ``total`` (cross-entropy), ``regularization``, and ``accuracy`` on the
        training songs.
    history_ : list of dict
        As in `DCCA`.
    classes_ : list
        The labels. `load` gives those that JSON has no type for as text.
    cnn_ : TrainedNetwork
    dcca_ : DCCA

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
    >>> model = PretrainCNNDCCA(2, (8,), features=16, frame_shape=(4, 30), pretrain_epochs=2, epochs=2, device="cpu")
    >>> model.fit((audio, lyrics), moods).transform((audio, None))[0].shape
    (60, 2)
    """

    audio_view: ClassVar[str] = "audio_frames"

    default_grid: ClassVar[Grid] = {"lr": (1e-4, 1e-3), "ridge": (0.01, 0.1, 1.0)}

    def __init__(
        self,
        n_components: int = 50,
        hidden: Hidden = (512,),
        features: int = 256,
        frame_shape: tuple[int, int] = FRAME_SHAPE,
        pretrain_epochs: int = 20,
        pretrain_batch_size: int = 100,
        pretrain_lr: float = 1e-3,
        pretrain_regularization: float = 1e-2,
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
        self.features = features
        self.frame_shape = frame_shape
        self.pretrain_epochs = pretrain_epochs
        self.pretrain_batch_size = pretrain_batch_size
        self.pretrain_lr = pretrain_lr
        self.pretrain_regularization = pretrain_regularization
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
        """Pre-train the convolutional network on the labels, then fit `DCCA` on its features and the lyrics.

        Parameters
        ----------
        views : (audio, lyrics)
            Arrays (n, coefficients, frames) or (n, coefficients · frames), and (n, q); row i of both is song i.
        y : sequence of hashable, length n
            Categories, at least two; None, NaN or "" for a song without one, which the pre-training leaves out.
        groups : sequence of hashable, length n, optional
            As in `DCCA.fit`.

        Raises
        ------
        UsageError, DataError
            As raised by `PretrainCNNCCA.fit` and `DCCA.fit`.
        """
        check_whole(self, "features", "pretrain_epochs", "pretrain_batch_size")
        check_positive(self, "pretrain_lr")
        check_not_negative(self, "pretrain_regularization")
        dcca = self._dcca()
        dcca._check_settings()
        X, Y = check_pair(views)
        # Before the pre-training, which takes long.
        dcca._checked_ridges(len(X))
        split_rows(len(X), self.validation, torch.Generator(), groups)
        self.cnn_, self.classes_, self.pretrain_history_ = pretrained_encoder(
            X, y, self.frame_shape, (self.features,), self.pretrain_epochs, self.pretrain_batch_size, self.pretrain_lr,
            self.pretrain_regularization, draw_seed(self), self.device, self.verbose, self.precision,
        )  # fmt: skip
        self.dcca_ = dcca.fit((self.cnn_(X), Y), groups=groups)
        return self

    @property
    def correlations_(self) -> NDArray[np.float64]:
        """Canonical correlations of the training songs, shape (n_components,)."""
        self._check_fitted()
        return self.dcca_.correlations_

    @property
    def history_(self) -> History:
        """Mean losses of each epoch of `DCCA`."""
        self._check_fitted()
        return self.dcca_.history_

    def _embed(self, view: NDArray[Any], which: int) -> NDArray[np.float64]:
        return self.dcca_._embed(self.cnn_(view) if which == 0 else view, which)

    def _columns(self) -> tuple[int, int]:
        return self.cnn_.columns, self.dcca_._columns()[1]

    @property
    def _is_fitted(self) -> bool:
        return hasattr(self, "dcca_")

    def _get_state(self) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
        dcca, state = self.dcca_._get_state()
        arrays = prefix_arrays("cnn.", self.cnn_.arrays()) | prefix_arrays("dcca.", dcca)
        return arrays, {
            "classes": json_labels(self.classes_),
            "pretrain_history": self.pretrain_history_,
            "dcca": state,
        }

    def _set_state(self, arrays: Mapping[str, NDArray[Any]], state: Mapping[str, Any]) -> None:
        self.cnn_ = loaded_encoder(arrays, self.frame_shape, (self.features,), self.device)
        self.dcca_ = self._dcca()
        self.dcca_._set_state(arrays_under("dcca.", arrays), state["dcca"])
        self.classes_, self.pretrain_history_ = state["classes"], state["pretrain_history"]

    def _dcca(self) -> DCCA:
        return DCCA(**{name: getattr(self, name) for name in DCCA().get_params()})
