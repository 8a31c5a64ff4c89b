"""What an encoder is: it turns one side of songs into numbers, under a name, a version and settings.

An encoder that is the same for all songs is computed once for each of them. One that learns from songs is fitted anew
in each training fold of a comparison, and sees nothing of the test fold.
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

# What an encoder of sound may read.
SAMPLES, MFCC = "samples", "mfcc"


class Encoder(ABC):
    """What encoders of sound and of lyrics have in common.

    Attributes
    ----------
    side : str
        ``"audio"`` or ``"lyrics"``.
    name : str
        What it is asked for by.
    version : str
        Another one when the same song gets other numbers: what is stored under the old one is then computed again.
    learns : bool
        Whether `fit` changes anything.
    takes_argument : bool
        Whether its constructor's first argument may stand behind a colon without a name, as a model's folder.
    dtype : dtype
        Of what it makes: float32.
    """

    side: ClassVar[str]
    name: str
    version: str = "1"
    learns: ClassVar[bool] = False
    takes_argument: ClassVar[bool] = False
    dtype: ClassVar[np.dtype[np.float32]] = np.dtype(np.float32)

    @property
    def settings(self) -> dict[str, Any]:
        """The constructor's arguments, by name; NumPy's numbers as Python's."""
        given = {name: getattr(self, name) for name in inspect.signature(type(self)).parameters}
        return {name: value.item() if isinstance(value, np.generic) else value for name, value in given.items()}

    @property
    def key(self) -> str:
        """Side, name, version and settings in a line: two encoders with the same key make the same numbers."""
        settings = ", ".join(f"{name}={value!r}" for name, value in self.settings.items())
        return f"{self.side} {self.name}@{self.version}({settings})"

    @property
    def label(self) -> str:
        """What to call it for people: its name, and the settings that are not the usual ones.

        Examples
        --------
        >>> from alcca.encoders.tfidf import TfidfEncoder
        >>> TfidfEncoder().label, TfidfEncoder(500).label
        ('tfidf', 'tfidf:max_features=500')
        """
        usual = inspect.signature(type(self)).parameters
        own = [f"{name}={value}" for name, value in self.settings.items() if value != usual[name].default]
        return ":".join([self.name, *own])

    def prepare(self) -> None:  # noqa: B027 - most have nothing to do
        """Load and compile now what the first encoding would otherwise wait for."""

    def save(self, folder: Path | str) -> None:
        """Write what `load` needs to a folder, as safetensors and JSON."""
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
    """Turns the 30 s slices of recordings into numbers; the same for all songs, it learns nothing.

    What is to be learned belongs into the method, which sees a training fold alone.

    Attributes
    ----------
    reads : str
        ``"samples"``, mono, full scale 1, at ``sample_rate``; or ``"mfcc"``, of shape (20, 161), which every library
        has stored.
    sample_rate : int
        Samples per second that it wants to be given.
    view : str or None
        The view of a `alcca.Dataset` that holds these very numbers, where it has one.
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
        """Do nothing: the numbers of a recording depend on it alone."""
        return self

    @abstractmethod
    def encode(self, recordings: NDArray[np.float32]) -> NDArray[np.float32]:
        """Turn recordings into numbers.

        Parameters
        ----------
        recordings : array of float32, shape (n, 30 * sample_rate) or (n, 20, 161)
            What the encoder ``reads``.

        Returns
        -------
        array of float32, shape (n, *shape)

        Raises
        ------
        DataError
            Something else.
        """


class LyricsEncoder(Encoder):
    """Turns lyrics into vectors. One that ``learns`` has to be fitted first, on training texts alone.

    Attributes
    ----------
    verbose : bool
        Whether `fit` shows on standard error how far it has come, where that takes long.
    """

    side: ClassVar[str] = "lyrics"
    verbose: bool = False

    @property
    @abstractmethod
    def shape(self) -> tuple[int, ...]:
        """The shape of one text's vector, (d,); of one that learns, once it is fitted (else NotFittedError)."""

    def fit(self, texts: Sequence[str]) -> Self:
        """Learn from texts; an encoder that does not learn does nothing."""
        return self

    @abstractmethod
    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Turn texts into vectors; that of a text depends on the text and on what `fit` has learned alone.

        Parameters
        ----------
        texts : sequence of n str
            Cleaned lyrics (`alcca.songs.lyrics.clean_lyrics`). One of which nothing is known gets zeros.

        Returns
        -------
        array of float32, shape (n, d)

        Raises
        ------
        NotFittedError
            It learns, and was not fitted.
        """

    @abstractmethod
    def known_words(self, text: str) -> int:
        """Count the words of a text that the vector can depend on, repetitions included; NotFittedError."""

    def weight(self, word: str) -> float:
        """How much a word says, above 0, at most 1: the less often the training texts hold it, the more.

        An encoder that does not learn from texts gives 1 to every word. NotFittedError.
        """
        return 1.0

    def with_seed(self, seed: int) -> Self:
        """The same encoder, unfitted as it was, with that seed where it draws anything."""
        if "random_state" not in self.settings:
            return self
        seeded = copy.copy(self)
        seeded.random_state = seed  # type: ignore[attr-defined]
        return seeded


def check_shape(encoder: AudioEncoder, recordings: NDArray[np.float32], shape: tuple[int, ...]) -> NDArray[np.float32]:
    """The recordings as float32; DataError where one has not the shape that an encoder reads."""
    array = np.asarray(recordings, dtype=np.float32)
    if array.shape[1:] != shape:
        raise DataError(f"{encoder.name} reads {encoder.reads} of shape (n, {', '.join(map(str, shape))}), got "
                        f"{array.shape}")  # fmt: skip
    return array


def encode_checked(encoder: AudioEncoder | LyricsEncoder, values: Any) -> NDArray[np.float32]:
    """What an encoder makes of recordings or texts, which must be what it says.

    Raises
    ------
    DataError
        Another shape, or numbers that are not finite.

    Examples
    --------
    >>> from alcca.encoders.mfcc import MfccStatsEncoder
    >>> encode_checked(MfccStatsEncoder(), np.zeros((2, 20, 161))).shape
    (2, 80)
    """
    found = np.asarray(encoder.encode(values), np.float32)
    if found.shape != (len(values), *encoder.shape) or not np.isfinite(found).all():
        raise DataError(
            f"the encoder {encoder.name} made an array of shape {found.shape}; expected finite numbers of shape "
            f"{(len(values), *encoder.shape)}, so repair it"
        )
    return found
