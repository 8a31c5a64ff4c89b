"""The songs of a comparison, as arrays and texts."""

import hashlib
import json
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from alcca.errors import DataError
from alcca.transcripts import Transcript, text_of

__all__ = ["AUDIO_VIEWS", "LYRICS_VIEWS", "Dataset", "Heard", "check_features", "check_transcripts", "view_bytes"]

AUDIO_VIEWS = ("audio", "audio_frames", "audio_descriptors", "transcripts")
LYRICS_VIEWS = ("features", "texts")
HOW_TO_GET = {
    "audio": "give features of the sound as audio",
    "audio_frames": "give MFCC of shape (n, 20, 161) as audio or as audio_frames",
    "audio_descriptors": "give an array (n, d) of them, evaluate a library, which computes them, or leave it out",
    "transcripts": "run alcca hear on the library, give what alcca.transcribe heard, or leave it out",
}

Heard: TypeAlias = Transcript | str | None


@dataclass(frozen=True, eq=False)
class Dataset:
    """Songs whose audio and lyrics are matched; row i of everything is song i.

    Parameters
    ----------
    audio : (n, p) or (n, 20, 161) array, or None
        Features of the sound; MFCC, or any vectors. None if the songs have another view of audio, and only methods that
        learn from that are compared.
    lyrics : sequence of n texts, or (n, q) array
        Texts are turned into features inside each training fold. An array is used unchanged, so it must not come from
        features that were fitted on all songs.
    label : sequence of n, optional
        Category of each song for the category level; None, NaN and "" mean unlabelled.
    group : sequence of n, optional
        Songs that share a group (a melody, an opening line, an artist) are kept in one fold; None means alone.
    ids : sequence of n str, optional
        Names of the songs; by default row numbers.
    audio_frames : (n, 20, 161) array, optional
        MFCC in time, for the methods with a convolutional network. Not needed if ``audio`` has three dimensions.
    audio_descriptors : (n, d) array, optional
        Descriptors of the whole track, for Spotify-DCCA.
    transcripts : sequence of n Transcript, str or None, optional
        The transcript of each recording, or of its slice; None, or a text without letters, if it has no words.
    encoded : mapping of str to (n, …) array
        Outputs of encoders for the songs, by `alcca.encoders.encoder.Encoder.key`. Only of encoders that learn nothing;
        others would have learned from songs of a test fold.
    name : str
        The name of the collection.
    notes : tuple of str
        Notes for readers of results on these songs.

    Raises
    ------
    DataError
        Lengths differ, there are no songs or no view of audio, values are NaN or infinite, or an array has the wrong
        shape.

    Examples
    --------
    >>> import numpy as np
    >>> songs = Dataset(np.zeros((2, 20, 161)), ["hello darkness", "my old friend"], label=["sad", None])
    >>> len(songs), songs.texts, songs.label
    (2, ('hello darkness', 'my old friend'), ('sad', None))
    >>> songs.audio_view("audio_frames").shape
    (2, 20, 161)
    """

    audio: NDArray[np.floating] | None
    lyrics: Sequence[str] | NDArray[np.floating]
    label: Sequence[Hashable] | None = None
    group: Sequence[Hashable] | None = None
    ids: Sequence[str] | None = None
    audio_frames: NDArray[np.floating] | None = None
    audio_descriptors: NDArray[np.floating] | None = None
    transcripts: Sequence[Heard] | None = None
    encoded: Mapping[str, NDArray[np.floating]] = field(default_factory=dict)
    name: str = "songs"
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        # The class is frozen only after its construction.
        for name in AUDIO_VIEWS[:3]:
            if getattr(self, name) is not None:
                object.__setattr__(self, name, check_features(name, getattr(self, name)))
        if self.transcripts is not None:
            object.__setattr__(self, "transcripts", check_transcripts(self.transcripts))
        if all(getattr(self, name) is None for name in AUDIO_VIEWS):
            raise DataError(f"no song has any sound; expected at least one of {', '.join(AUDIO_VIEWS)}")
        if isinstance(self.lyrics, np.ndarray) and self.lyrics.dtype.kind in "fiub":
            lyrics: tuple[str, ...] | NDArray[np.floating] = check_features("lyrics", self.lyrics)
        else:
            lyrics = tuple(self.lyrics.tolist() if isinstance(self.lyrics, np.ndarray) else self.lyrics)
            odd = next((i for i, text in enumerate(lyrics) if not isinstance(text, str)), None)
            if odd is not None:
                raise DataError(
                    f"lyrics: expected texts or a numeric array (n, q), got {type(lyrics[odd]).__name__} for song {odd}"
                )
        first, n = ("lyrics", len(lyrics)) if self.audio is None else ("audio", len(self.audio))
        if not n:
            raise DataError("expected at least one song, got none")
        for name, values in (
            ("lyrics", lyrics), ("label", self.label), ("group", self.group), ("ids", self.ids),
            *((view, getattr(self, view)) for view in AUDIO_VIEWS[1:]),
            *((key, check_features(key, values)) for key, values in self.encoded.items()),
        ):  # fmt: skip
            if values is not None and len(values) != n:
                raise DataError(f"{name}: expected one for each of the {n} songs of {first}, got {len(values)}")
        object.__setattr__(self, "notes", tuple(self.notes))
        object.__setattr__(self, "lyrics", lyrics)
        object.__setattr__(self, "ids", tuple(map(str, range(n) if self.ids is None else self.ids)))
        for name, given in (("label", self.label), ("group", self.group)):
            object.__setattr__(self, name, None if given is None else tuple(map(_or_none, given)))

    def __len__(self) -> int:
        return len(self.lyrics)

    @property
    def texts(self) -> tuple[str, ...] | None:
        """The lyrics if they are texts, to be turned into features inside each training fold; else None."""
        return None if isinstance(self.lyrics, np.ndarray) else tuple(self.lyrics)

    def audio_view(self, name: str) -> Any:
        """Return a view of audio: "audio", "audio_frames", "audio_descriptors" or "transcripts".

        Raises
        ------
        DataError
            The songs do not have this view.
        """
        if name not in AUDIO_VIEWS:
            raise DataError(f"audio_view: expected one of {', '.join(AUDIO_VIEWS)}, got {name!r}")
        view = getattr(self, name)
        if view is None and name == "audio_frames" and self.audio is not None and self.audio.ndim == 3:
            return self.audio
        if view is None:
            raise DataError(f"{self.name} has no {name}, which this method learns from; {HOW_TO_GET[name]}")
        return view

    @property
    def words_heard(self) -> tuple[bool, ...] | None:
        """Whether each song's transcript has words; None if no song has been transcribed."""
        if self.transcripts is None:
            return None
        return tuple(any(map(str.isalnum, text_of(heard))) for heard in self.transcripts)

    @cached_property
    def fingerprint(self) -> str:
        """A digest of the songs' audio, words, labels, groups and ids.

        The other views of audio, which not all methods use, have their own: `view_fingerprint`.
        """
        audio = b"" if self.audio is None else view_bytes(self.audio)
        others = repr((self.label, self.group, self.ids)).encode()
        return hashlib.sha256(audio + view_bytes(self.lyrics) + others).hexdigest()[:16]

    @cached_property
    def words_fingerprint(self) -> str:
        """A digest of the input of lyric features: the songs' words, labels, groups and ids."""
        others = repr((self.label, self.group, self.ids)).encode()
        return hashlib.sha256(b"words" + view_bytes(self.lyrics) + others).hexdigest()[:16]

    def view_fingerprint(self, name: str) -> str:
        """A digest of one view of audio; "" if the songs do not have it."""
        view = getattr(self, name, None)
        return "" if view is None else hashlib.sha256(view_bytes(view)).hexdigest()[:16]


def view_bytes(view: Any) -> bytes:
    """Convert all values of a view to bytes: another value of any song gives other bytes.

    Examples
    --------
    >>> view_bytes(("la", None)) == view_bytes(("la", "None"))
    False
    """
    if isinstance(view, np.ndarray):
        return f"{view.dtype} {view.shape}".encode() + np.ascontiguousarray(view).tobytes()
    if any(isinstance(value, Transcript) for value in view):
        return json.dumps([value.to_dict() if isinstance(value, Transcript) else value for value in view]).encode()
    return repr(tuple(view)).encode()


def check_features(name: str, values: NDArray[np.floating]) -> NDArray[np.floating]:
    """Check features of songs, and return them as an array of finite floats with one row a song.

    Raises
    ------
    DataError
        The features are empty, not numeric or not finite, or have fewer than two dimensions.
    """
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


def check_transcripts(values: Any) -> tuple[Heard, ...]:
    """Check transcripts, one entry a song, and return them as a tuple.

    Raises
    ------
    DataError
        An entry is not a `Transcript`, a text or None.
    """
    transcripts = tuple(values.tolist() if isinstance(values, np.ndarray) else values)
    for song, entry in enumerate(transcripts):
        if not (entry is None or isinstance(entry, Transcript | str)):
            raise DataError(
                f"transcripts: expected Transcript, text or None, got {type(entry).__name__} for song {song}"
            )
    return transcripts


def _or_none(value: Hashable) -> Hashable:
    empty = value is None or (isinstance(value, str) and not value.strip())
    return None if empty or (isinstance(value, float) and np.isnan(value)) else value
