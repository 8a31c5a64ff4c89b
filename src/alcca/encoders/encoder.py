"""The contract of an encoder, which turns one side of songs into numbers and has a name, a version and settings.

The output of an encoder that does not learn is computed once for each song. An encoder that learns from songs is fitted
anew in each training fold of a comparison, and sees nothing of the test fold.
"""

import copy
import inspect
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from alcca.errors import DataError
from alcca.persistence import load_state, save_state

__all__ = ["MFCC", "SAMPLES", "AudioEncoder", "Encoder", "LyricsEncoder", "encode_checked"]

# The possible inputs of an audio encoder.
SAMPLES, MFCC = "samples", "mfcc"


class Encoder(ABC):
    """The base class of audio and lyrics encoders.

    Attributes
    ----------
    side : str
        ``"audio"`` or ``"lyrics"``.
    name : str
        The name by which it is selected.
    version : str
        Must change when the same song gets other numbers: numbers stored under another version are computed again.
    learns : bool
        Whether `fit` changes anything.
    takes_argument : bool
        Whether the constructor's first argument may follow the colon without a name, such as a model's folder.
    dtype : dtype
        Of the output: float32.
    """

    side: ClassVar[str]
    name: str
    version: str = "1"
    learns: ClassVar[bool] = False
    takes_argument: ClassVar[bool] = False
    dtype: ClassVar[np.dtype[np.float32]] = np.dtype(np.float32)

    @property
    def settings(self) -> dict[str, Any]:
        """The constructor's arguments, by name, with NumPy's numbers converted to Python's."""
        given = {name: getattr(self, name) for name in inspect.signature(type(self)).parameters}
        return {name: value.item() if isinstance(value, np.generic) else value for name, value in given.items()}

    @property
    def key(self) -> str:
        """Side, name, version and settings in one line: encoders with the same key give the same numbers."""
        settings = ", ".join(f"{name}={value!r}" for name, value in self.settings.items())
        return f"{self.side} {self.name}@{self.version}({settings})"

    @property
    def label(self) -> str:
        """The name to show: the encoder's name, and the settings that differ from the defaults.

        Examples
        --------
        >>> from alcca.encoders.tfidf import TfidfEncoder
        >>> TfidfEncoder().label, TfidfEncoder(500).label
        ('tfidf', 'tfidf:max_features=500')
        """
        parameters = inspect.signature(type(self)).parameters
        own = [f"{name}={value}" for name, value in self.settings.items() if value != parameters[name].default]
        return ":".join([self.name, *own])

    def prepare(self) -> None:  # noqa: B027 - most have nothing to do
        """Load and compile everything that the first encoding would otherwise wait for."""

    def save(self, folder: Path | str) -> None:
        """Write the encoder to a folder, as safetensors and JSON."""
        save_state(folder, type(self).__name__, {}, {"settings": self.settings})

    @classmethod
    def load(cls, folder: Path | str) -> Self:
        """Read what `save` wrote.

        Raises
        ------
        LibraryError
            The folder holds no such encoder, or a damaged one.
        """
        return cls(**load_state(folder, cls.__name__)[1]["settings"])

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in self.settings.items())})"


class AudioEncoder(Encoder):
    """Turns the 30 s slices of recordings into numbers; it does not learn from songs.

    Learning belongs into the method, which sees only a training fold.

    Attributes
    ----------
    reads : str
        ``"samples"``, mono, full scale 1, at ``sample_rate``; or ``"mfcc"``, of shape (20, 161), which every library
        stores.
    sample_rate : int
        Samples per second of the input.
    view : str or None
        The view of an `alcca.Dataset` that holds the same numbers, if there is one.
    parallel : bool
        Whether the worker processes that decode recordings also encode them, each on one processor: for an encoder
        without a network, which gains nothing from all processors.
    """

    side: ClassVar[str] = "audio"
    reads: ClassVar[str] = SAMPLES
    sample_rate: int = 22_050
    view: ClassVar[str | None] = None
    parallel: ClassVar[bool] = False

    @property
    @abstractmethod
    def shape(self) -> tuple[int, ...]:
        """The shape of one recording's numbers."""

    def fit(self, recordings: NDArray[np.float32]) -> Self:
        """Do nothing: the output for a recording depends only on the recording."""
        return self

    @abstractmethod
    def encode(self, recordings: NDArray[np.float32]) -> NDArray[np.float32]:
        """Turn recordings into numbers.

        Parameters
        ----------
        recordings : array of float32, shape (n, 30 * sample_rate) or (n, 20, 161)
            The input that the encoder ``reads``.

        Returns
        -------
        array of float32, shape (n, *shape)

        Raises
        ------
        DataError
            The input has another shape.
        """


class LyricsEncoder(Encoder):
    """Turns lyrics into vectors. An encoder that ``learns`` must be fitted first, on training texts only.

    Attributes
    ----------
    verbose : bool
        Whether a slow `fit` shows its progress on standard error.
    """

    side: ClassVar[str] = "lyrics"
    verbose: bool = False

    @property
    @abstractmethod
    def shape(self) -> tuple[int, ...]:
        """The shape of one text's vector, (d,); an encoder that learns must be fitted (else NotFittedError)."""

    def fit(self, texts: Sequence[str]) -> Self:
        """Learn from texts; does nothing if the encoder does not learn."""
        return self

    @abstractmethod
    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Turn texts into vectors; a vector depends only on the text and on what `fit` has learned.

        Parameters
        ----------
        texts : sequence of n str
            Cleaned lyrics (`alcca.cleaning.lyrics.clean_lyrics`). A text without known words gets zeros.

        Returns
        -------
        array of float32, shape (n, d)

        Raises
        ------
        NotFittedError
            The encoder learns, and was not fitted.
        """

    @abstractmethod
    def known_words(self, text: str) -> int:
        """Count the words of a text that can influence its vector, repetitions included; NotFittedError."""

    def weight(self, word: str) -> float:
        """The weight of a word, above 0, at most 1; higher for words that are rarer in the training texts.

        An encoder that does not learn from texts gives 1 to every word. NotFittedError.
        """
        return 1.0

    def with_seed(self, seed: int) -> Self:
        """A copy of the unfitted encoder with another seed; the encoder itself if it draws no random numbers."""
        if "random_state" not in self.settings:
            return self
        seeded = copy.copy(self)
        seeded.random_state = seed  # type: ignore[attr-defined]
        return seeded


def check_shape(encoder: AudioEncoder, recordings: NDArray[np.float32], shape: tuple[int, ...]) -> NDArray[np.float32]:
    """The recordings as float32; DataError if they do not have the shape that an encoder reads."""
    array = np.asarray(recordings, dtype=np.float32)
    if array.shape[1:] != shape:
        raise DataError(f"{encoder.name} reads {encoder.reads} of shape (n, {', '.join(map(str, shape))}), got "
                        f"{array.shape}")  # fmt: skip
    return array


def encode_checked(encoder: AudioEncoder | LyricsEncoder, values: Any) -> NDArray[np.float32]:
    """Encode recordings or texts, and check the output.

    Raises
    ------
    DataError
        The output does not have the encoder's shape, or is not finite.

    Examples
    --------
    >>> from alcca.encoders.mfcc import MfccStatsEncoder
    >>> encode_checked(MfccStatsEncoder(), np.zeros((2, 20, 161))).shape
    (2, 80)
    """
    encoded = np.asarray(encoder.encode(values), np.float32)
    if encoded.shape != (len(values), *encoder.shape) or not np.isfinite(encoded).all():
        raise DataError(
            f"the encoder {encoder.name} made an array of shape {encoded.shape}; expected finite numbers of shape "
            f"{(len(values), *encoder.shape)}, so repair it"
        )
    return encoded
