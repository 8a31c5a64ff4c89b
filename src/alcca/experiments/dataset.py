"""The songs of a comparison, as arrays and texts."""

import hashlib
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alcca.errors import DataError

__all__ = ["Dataset"]

AUDIO_VIEWS = ("audio", "audio_frames", "audio_descriptors")
HOW_TO_GET = {
    "audio_frames": "give MFCC of shape (n, 20, 161) as audio or as audio_frames",
    "audio_descriptors": "give an array (n, d) of them, evaluate a library, which computes them, or leave it out",
}


@dataclass(frozen=True, eq=False)
class Dataset:
    """Songs whose audio and lyrics are to be matched; row i of everything is song i.

    Parameters
    ----------
    audio : (n, p) or (n, 20, 161) array
        Features of the sound; MFCC as they are, or anything that a method takes as a vector.
    lyrics : sequence of n texts, or (n, q) array
        Texts are turned into features inside each training fold. An array is taken as it is, so it must not have
        been fitted on all songs.
    label : sequence of n, optional
        Category of each song for the category level; None, NaN and "" mean unlabelled.
    group : sequence of n, optional
        Songs that share a group (a melody, an opening line, an artist) are kept in one fold; None means alone.
    ids : sequence of n str, optional
        What to call each song; row numbers when not given.
    audio_frames : (n, 20, 161) array, optional
        MFCC in time, for the methods with a convolutional network. Not needed where ``audio`` has three dimensions.
    audio_descriptors : (n, d) array, optional
        Descriptors of the whole track, for Spotify-DCCA.
    name : str
        What to call the collection.
    notes : tuple of str
        What a reader of results on these songs must know.

    Raises
    ------
    DataError
        Different lengths, no songs, NaN or infinite values, an array of the wrong shape.

    Examples
    --------
    >>> import numpy as np
    >>> songs = Dataset(np.zeros((2, 20, 161)), ["hello darkness", "my old friend"], label=["sad", None])
    >>> len(songs), songs.texts, songs.label
    (2, ('hello darkness', 'my old friend'), ('sad', None))
    >>> songs.audio_view("audio_frames").shape
    (2, 20, 161)
    """

    audio: NDArray[np.floating]
    lyrics: Sequence[str] | NDArray[np.floating]
    label: Sequence[Hashable] | None = None
    group: Sequence[Hashable] | None = None
    ids: Sequence[str] | None = None
    audio_frames: NDArray[np.floating] | None = None
    audio_descriptors: NDArray[np.floating] | None = None
    name: str = "songs"
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        audio = _features("audio", self.audio)
        for name in AUDIO_VIEWS[1:]:
            if getattr(self, name) is not None:
                object.__setattr__(self, name, _features(name, getattr(self, name)))
        if isinstance(self.lyrics, np.ndarray) and self.lyrics.dtype.kind in "fiub":
            lyrics: tuple[str, ...] | NDArray[np.floating] = _features("lyrics", self.lyrics)
        else:
            lyrics = tuple(self.lyrics.tolist() if isinstance(self.lyrics, np.ndarray) else self.lyrics)
            odd = next((i for i, text in enumerate(lyrics) if not isinstance(text, str)), None)
            if odd is not None:
                raise DataError(
                    f"lyrics: expected texts or a numeric array (n, q), got {type(lyrics[odd]).__name__} for song {odd}"
                )
        n = len(audio)
        for name, values in (
            ("lyrics", lyrics), ("label", self.label), ("group", self.group), ("ids", self.ids),
            *((view, getattr(self, view)) for view in AUDIO_VIEWS[1:]),
        ):  # fmt: skip
            if values is not None and len(values) != n:
                raise DataError(f"{name}: expected one for each of the {n} songs of audio, got {len(values)}")
        # The class is frozen for its users; this is where it is made.
        object.__setattr__(self, "audio", audio)
        object.__setattr__(self, "notes", tuple(self.notes))
        object.__setattr__(self, "lyrics", lyrics)
        object.__setattr__(self, "ids", tuple(map(str, range(n) if self.ids is None else self.ids)))
        for name, given in (("label", self.label), ("group", self.group)):
            object.__setattr__(self, name, None if given is None else tuple(map(_or_none, given)))

    def __len__(self) -> int:
        return len(self.audio)

    @property
    def texts(self) -> tuple[str, ...] | None:
        """The lyrics where they are texts, to be turned into features inside each training fold; else None."""
        return None if isinstance(self.lyrics, np.ndarray) else tuple(self.lyrics)

    def audio_view(self, name: str) -> NDArray[np.floating]:
        """The audio features that a method learns from: "audio", "audio_frames" or "audio_descriptors".

        Raises
        ------
        DataError
            These songs have none of that kind.
        """
        if name not in AUDIO_VIEWS:
            raise DataError(f"audio_view: expected one of {', '.join(AUDIO_VIEWS)}, got {name!r}")
        view: NDArray[np.floating] | None = getattr(self, name)
        if view is None and name == "audio_frames" and self.audio.ndim == 3:
            return self.audio
        if view is None:
            raise DataError(f"{self.name} has no {name}, which this method learns from; {HOW_TO_GET[name]}")
        return view

    @cached_property
    def fingerprint(self) -> str:
        """A name of the songs: another value of any one's audio, words, label, group or id gives another.

        The other views of audio, which not all methods look at, have their own: `view_fingerprint`.
        """
        lyrics = _bytes(self.lyrics) if isinstance(self.lyrics, np.ndarray) else repr(self.lyrics).encode()
        others = repr((self.label, self.group, self.ids)).encode()
        return hashlib.sha256(_bytes(self.audio) + lyrics + others).hexdigest()[:16]

    def view_fingerprint(self, name: str) -> str:
        """A name of one view of audio; "" where the songs do not have it."""
        view = getattr(self, name, None)
        return "" if view is None else hashlib.sha256(_bytes(view)).hexdigest()[:16]


def _bytes(array: NDArray[Any]) -> bytes:
    return f"{array.dtype} {array.shape}".encode() + np.ascontiguousarray(array).tobytes()


def _features(name: str, values: NDArray[np.floating]) -> NDArray[np.floating]:
    array = np.asarray(values)
    if array.dtype.kind not in "fiub" or array.ndim < 2 or array.size == 0:
        raise DataError(
            f"{name}: expected a non-empty numeric array with one row a song, got {array.dtype} of shape {array.shape}"
        )
    if array.dtype.kind != "f":
        array = array.astype(np.float64)
    finite = np.isfinite(array.reshape(len(array), -1)).all(axis=1)
    if not finite.all():
        raise DataError(f"{name}: song {np.argmin(finite)} holds NaN or infinite values; leave it out")
    return array


def _or_none(value: Hashable) -> Hashable:
    empty = value is None or (isinstance(value, str) and not value.strip())
    return None if empty or (isinstance(value, float) and np.isnan(value)) else value
