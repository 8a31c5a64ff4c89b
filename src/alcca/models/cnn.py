"""The convolutional network over MFCC frames, and its pre-training on labels (Yu et al. 2017)."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from alcca.errors import DataError, UsageError
from alcca.models.base import Standardizer, encode_labels
from alcca.models.distributed import by_rows
from alcca.models.networks import Linear, Projector, in_precision
from alcca.models.settings import whole_number
from alcca.models.trained_network import TrainedNetwork, arrays_under
from alcca.models.training import History, TrainingSettings, choose_device, train

__all__ = [
    "FRAME_SHAPE",
    "FrameNetwork",
    "check_frames",
    "frame_statistics",
    "loaded_encoder",
    "pretrain",
    "pretrained_encoder",
]

FRAME_SHAPE = (20, 161)
# Two layers, not the deep stacks used for images: for some thousand songs, and minutes on a laptop.
CHANNELS = (32, 64)
KERNEL, POOL = 5, 4


class FrameNetwork(nn.Module):
    """Convolutions over time, then fully connected layers that give the features of a song.

    The coefficients are the channels, as neighbouring coefficients are unrelated: 20 x 161 becomes 32 x 41 and
    64 x 11 by convolutions of 5 frames, each with a ReLU and a maximum over 4 frames. The result is flattened, so
    that the features keep the time within the slice, and goes through layers with tanh. There is no batch
    normalisation and no dropout: a song's features do not depend on other songs, not even in training.

    Parameters
    ----------
    frame_shape : (int, int)
        Coefficients and frames.
    widths : sequence of int
        Units of the fully connected layers; the last is the number of features.
    generator : torch.Generator
        Draws the initial weights; torch's global generator is not used.

    Examples
    --------
    >>> network = FrameNetwork((20, 161), (256,), torch.Generator().manual_seed(0))
    >>> network(torch.zeros(3, 3220)).shape
    torch.Size([3, 256])
    """

    def __init__(self, frame_shape: tuple[int, int], widths: Sequence[int], generator: torch.Generator) -> None:
        super().__init__()
        self.frame_shape = frame_shape
        channels, frames = frame_shape
        layers: list[nn.Module] = []
        for width in CHANNELS:
            layers += [_convolution(channels, width, generator), nn.ReLU(), nn.MaxPool1d(POOL, ceil_mode=True)]
            channels, frames = width, -(-frames // POOL)
        self.convolutions = nn.Sequential(*layers)
        self.connected = Projector(channels * frames, widths, generator)

    def forward(self, x: Tensor) -> Tensor:
        """Map n songs, (n, coefficients · frames) to (n, features)."""
        out: Tensor = self.connected(self.convolutions(x.reshape(len(x), *self.frame_shape)).flatten(1))
        return out


def _convolution(channels: int, width: int, generator: torch.Generator) -> nn.Conv1d:
    # Skip torch's initialisation, which would draw from the global generator.
    layer = nn.utils.skip_init(  # type: ignore[no-untyped-call]
        nn.Conv1d, channels, width, KERNEL, padding=KERNEL // 2
    )
    assert isinstance(layer, nn.Conv1d)  # skip_init forgets the type
    nn.init.kaiming_uniform_(layer.weight, nonlinearity="relu", generator=generator)
    nn.init.zeros_(layer.bias)  # type: ignore[arg-type]
    return layer


def check_frames(X: NDArray[Any], frame_shape: Any) -> None:
    """Check that the columns of audio are the frames that the convolutions expect.

    Raises
    ------
    UsageError
        ``frame_shape`` is not a pair of whole numbers of at least 1.
    DataError
        The number of columns is not coefficients times frames.

    Examples
    --------
    >>> check_frames(np.zeros((5, 3220)), (20, 161))
    >>> check_frames(np.zeros((5, 65)), (20, 161))
    Traceback (most recent call last):
        ...
    alcca.errors.DataError: audio: expected 20 x 161 = 3220 columns, coefficients by frames, got 65; give MFCC frames, \
or their shape as frame_shape
    """
    try:
        coefficients, frames = (whole_number("frame_shape", size) for size in frame_shape)
    except (TypeError, ValueError) as error:  # UsageError is a ValueError
        raise UsageError(
            f"frame_shape={frame_shape!r}: expected (coefficients, frames), such as {FRAME_SHAPE}"
        ) from error
    if X.shape[1] != coefficients * frames:
        raise DataError(
            f"audio: expected {coefficients} x {frames} = {coefficients * frames} columns, coefficients by frames, "
            f"got {X.shape[1]}; give MFCC frames, or their shape as frame_shape"
        )


def frame_statistics(X: NDArray[Any], frame_shape: tuple[int, int]) -> Standardizer:
    """Measure mean and scale of each coefficient over all songs and frames.

    Time stays comparable within a coefficient; statistics of every single column would blur it.

    Parameters
    ----------
    X : array, shape (n, coefficients · frames)
    frame_shape : (int, int)

    Returns
    -------
    Standardizer
        Of all columns; those of one coefficient have the same statistics.

    Examples
    --------
    >>> print(frame_statistics(np.array([[1.0, 3.0, 7.0, 7.0]]), (2, 2)).mean)
    [2. 2. 7. 7.]
    """
    coefficients, frames = frame_shape
    each = [Standardizer.of(X[:, c * frames : (c + 1) * frames].reshape(-1, 1)) for c in range(coefficients)]
    mean, scale = (np.repeat(np.concatenate(numbers), frames) for numbers in zip(*each, strict=True))
    return Standardizer(mean, scale)


def pretrain(
    network: nn.Module,
    features: int,
    x: Tensor,
    codes: Tensor,
    *,
    regularization: float,
    epochs: int,
    batch_size: int,
    lr: float,
    generator: torch.Generator,
    precision: str = "float32",
    show: bool = False,
) -> tuple[nn.Module, History]:
    """Train a network to classify songs by label, with a linear classifier on its features.

    Parameters
    ----------
    network : Module
        Trained in place; gives ``features`` columns.
    features : int
    x : tensor, shape (n, p)
        Songs, on the device of the network.
    codes : tensor of int64, shape (n,)
        Categories from 0; songs with -1 have none and are left out.
    regularization, epochs, batch_size, lr, generator, show
        As in `alcca.models.training.train`.
    precision : {"float32", "bf16"}
        As in `alcca.models.networks.in_precision`.

    Returns
    -------
    classifier : Module
        Logits of the categories from the features; not used after pre-training.
    history : list of dict
        For each epoch: ``total`` (cross-entropy) and ``accuracy`` on the training songs.

    Raises
    ------
    DataError
        There are fewer than two categories, or training diverged.

    Examples
    --------
    >>> x, codes = torch.tensor([[1.0], [-1.0]]).repeat(8, 1), torch.tensor([0, 1]).repeat(8)
    >>> settings = dict(regularization=0.0, epochs=60, batch_size=8, lr=0.1, generator=torch.Generator())
    >>> pretrain(nn.Identity(), 1, x, codes, **settings)[1][-1]["accuracy"]
    1.0
    """
    labelled = codes >= 0
    categories = len(torch.unique(codes[labelled]))
    if categories < 2:
        raise DataError(
            f"y: expected labels of at least two categories to pre-train the CNN on, got {categories}; "
            "label the songs, or take a model that needs no labels, such as JointTrainDCCA"
        )
    classifier = Linear(features, int(codes.max()) + 1, generator).to(x.device)
    whole = nn.ModuleList([network, classifier])

    def objective(batch: tuple[Tensor, ...], progress: float) -> dict[str, Tensor]:
        (logits,) = by_rows(in_precision(lambda rows: (classifier(network(rows)),), precision), batch[0])
        accuracy = (logits.argmax(dim=1) == batch[1]).float().mean()
        return {"total": cross_entropy(logits, batch[1]), "accuracy": accuracy}

    history = train(
        whole,
        objective,
        (x[labelled], codes[labelled]),
        TrainingSettings(epochs=epochs, batch_size=batch_size, lr=lr, regularization=regularization),
        learners=list(whole.parameters()),
        regularized=[weight for weight in whole.parameters() if weight.dim() > 1],
        generator=generator,
        what="pre-training the CNN",
        show=show,
    )
    return classifier, history


def pretrained_encoder(
    X: NDArray[Any],
    y: Any,
    frame_shape: tuple[int, int],
    widths: Sequence[int],
    epochs: int,
    batch_size: int,
    lr: float,
    regularization: float,
    seed: int,
    device: str,
    verbose: bool,
    precision: str = "float32",
) -> tuple[TrainedNetwork, list[Any], History]:
    """Check frames and labels, pre-train a `FrameNetwork` on them, and combine it with the frames' statistics.

    Returns
    -------
    cnn : TrainedNetwork
        From frames to features, of widths[-1] columns.
    classes : list
        The categories.
    history : list of dict
        As in `pretrain`.

    Raises
    ------
    UsageError, DataError
        As raised by `check_frames`, `alcca.models.base.encode_labels` and `pretrain`.
    """
    check_frames(X, frame_shape)
    codes, classes = encode_labels(y, len(X))
    statistics = frame_statistics(X, frame_shape)
    place = choose_device(device)
    generator = torch.Generator().manual_seed(seed)
    network = FrameNetwork(frame_shape, widths, generator).to(place)
    _, history = pretrain(
        network,
        widths[-1],
        torch.from_numpy(statistics.apply(X)).to(place),
        torch.from_numpy(codes).to(place),
        regularization=regularization,
        epochs=epochs,
        batch_size=batch_size,
        lr=lr,
        generator=generator,
        precision=precision,
        show=verbose,
    )
    return TrainedNetwork(statistics, network), classes, history


def loaded_encoder(
    arrays: Mapping[str, NDArray[Any]], frame_shape: tuple[int, int], widths: Sequence[int], device: str
) -> TrainedNetwork:
    """Make the encoder of a saved model from its arrays whose names begin with ``cnn.``."""
    # A model trained on a GPU also loads on a machine without one.
    place = choose_device(device if device == "cpu" else "auto")
    network = FrameNetwork(frame_shape, widths, torch.Generator())
    return TrainedNetwork.of(arrays_under("cnn.", arrays), lambda columns: network, place)
