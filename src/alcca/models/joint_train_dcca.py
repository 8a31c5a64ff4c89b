"""The method of Yu et al. (2017) that trains convolutions and correlation together."""

from typing import Any, ClassVar

import torch
from numpy.typing import NDArray
from torch import nn

from alcca.models.base import Standardizer
from alcca.models.cca import Ridge
from alcca.models.cnn import FRAME_SHAPE, FrameNetwork, check_frames, frame_statistics
from alcca.models.dcca import DCCA, perceptron
from alcca.models.settings import Hidden, Seed, check_whole, layer_widths

__all__ = ["JointTrainDCCA"]


class JointTrainDCCA(DCCA):
    """Convolutional and fully connected layers trained end to end by the correlation of audio and lyrics.

    Audio goes through `alcca.models.cnn.FrameNetwork`, then through the layers of f_A; lyrics through those of f_T. The
    loss of `DCCA` trains all layers at once, from random weights; labels are not used.

    Parameters
    ----------
    frame_shape : (int, int)
        Coefficients and frames of the audio; their product is the number of columns of flattened audio.
    features : int
        Outputs of the convolutional network.
    n_components, hidden, epochs, batch_size, lr, ridge, regularization, validation, patience, random_state, device, \
precision, verbose
        As in `DCCA`.

    Attributes
    ----------
    correlations_, history_, encoders_, cca_
        As in `DCCA`.

    References
    ----------
    Yu, Y., Tang, S., Raposo, F., Chen, L. (2019). Deep cross-modal correlation learning for audio and lyrics in music
    retrieval. ACM TOMM 15 (1), arXiv 1711.08976.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> audio, lyrics = rng.normal(size=(60, 4, 30)), rng.normal(size=(60, 8))
    >>> model = JointTrainDCCA(2, frame_shape=(4, 30), features=16, hidden=(8,), epochs=2, device="cpu")
    >>> model.fit((audio, lyrics)).transform((audio, None))[0].shape
    (60, 2)
    """

    audio_view: ClassVar[str] = "audio_frames"

    def __init__(
        self,
        n_components: int = 50,
        hidden: Hidden = (512,),
        features: int = 256,
        frame_shape: tuple[int, int] = FRAME_SHAPE,
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
        self.features = features
        self.frame_shape = frame_shape

    def _check_settings(self) -> None:
        super()._check_settings()
        check_whole(self, "features")

    def _statistics(self, X: NDArray[Any]) -> Standardizer:
        check_frames(X, self.frame_shape)
        return frame_statistics(X, self.frame_shape)

    def _audio_network(self, columns: int, generator: torch.Generator) -> nn.Module:
        frames = FrameNetwork(self.frame_shape, (self.features,), generator)
        connected = perceptron(self.features, layer_widths(self.hidden)[0], self.n_components, generator)
        return nn.Sequential(frames, connected)
