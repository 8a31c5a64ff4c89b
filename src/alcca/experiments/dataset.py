"""The songs of a comparison, as arrays and texts."""

from collections.abc import Hashable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from alcca.errors import DataError
from alcca.experiments.keys import digest, songs_key, view_bytes
from alcca.models.base import is_missing
from alcca.transcripts import Transcript, text_of

if TYPE_CHECKING:
    from alcca.songs.recording_slice import RecordingSlice

__all__ = [
    "AUDIO_VIEWS",
    "LYRICS_VIEWS",
    "RECORDINGS",
    "Dataset",
    "Heard",
    "check_features",
    "check_lyrics",
    "check_transcripts",
]

AUDIO_VIEWS = ("audio", "audio_frames", "audio_descriptors", "transcripts")
LYRICS_VIEWS = ("features", "texts")
# What every data set has, if only as None for each song.
RECORDINGS = "recordings"
# The kinds of NumPy's numbers.
NUMERIC = "fiub"
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
    recordings : sequence of n RecordingSlice or None, optional
        Where the recordings are, for methods that listen to them. Without them these methods do not listen.
    encoded : mapping of str to (n, …) array
        Outputs of encoders for the songs, by `alcca.encoders.encoder.Encoder.key`. Only of encoders that learn nothing;
        others would have learned from songs of a test fold.
    split : sequence of n str, optional
        The part of each song in a predefined split: "train", "validation" or "test". It replaces folds.
    name : str
        The name of the collection.
    notes : tuple of str
        Notes for readers of results on these songs.

    Raises
    ------
    DataError
        Lengths differ, there are no songs or no view of audio, values are NaN or infinite, an array has the wrong
        shape, or an argument is of another kind.

    Notes
    -----
    Tables and columns of pandas and tensors are accepted wherever arrays or sequences are; their index is ignored.

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
    recordings: "Sequence[RecordingSlice | None] | None" = None
    encoded: Mapping[str, NDArray[np.floating]] = field(default_factory=dict)
    split: Sequence[str] | None = None
    name: str = "songs"
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        # The class is frozen only after its construction.
        def put(name: str, value: Any) -> None:
            object.__setattr__(self, name, value)

        for name in AUDIO_VIEWS[:3]:
            if getattr(self, name) is not None:
                put(name, check_features(name, getattr(self, name)))
        if self.recordings is not None:
            put("recordings", _check_recordings(self.recordings))
        if self.transcripts is not None:
            put("transcripts", check_transcripts(self.transcripts))
        if all(getattr(self, name) is None for name in AUDIO_VIEWS):
            raise DataError(f"no song has any sound; expected at least one of {', '.join(AUDIO_VIEWS)}")
        put("lyrics", check_lyrics("lyrics", self.lyrics))
        if not isinstance(self.encoded, Mapping):
            raise DataError(f"encoded: expected a mapping of keys to arrays, got {type(self.encoded).__name__}")
        put("encoded", {key: check_features(f"encoded[{key!r}]", values) for key, values in self.encoded.items()})
        for name in ("label", "group", "split", "ids"):
            if getattr(self, name) is not None:
                put(name, _check_names(name, getattr(self, name)))
        first, n = ("lyrics", len(self.lyrics)) if self.audio is None else ("audio", len(self.audio))
        if not n:
            raise DataError("expected at least one song, got none")
        for name, values in (
            *(
                (name, getattr(self, name))
                for name in ("lyrics", "label", "group", "split", "ids", RECORDINGS, *AUDIO_VIEWS[1:])
            ),
            *((f"encoded[{key!r}]", values) for key, values in self.encoded.items()),
        ):
            if values is not None and len(values) != n:
                raise DataError(f"{name}: expected one for each of the {n} songs of {first}, got {len(values)}")
        if not isinstance(self.name, str):
            raise DataError(f"name: expected a text, got {type(self.name).__name__}")
        put("notes", _listed("notes", self.notes))
        if not all(isinstance(note, str) for note in self.notes):
            raise DataError(f"notes: expected texts, got {self.notes!r}")
        put("ids", tuple(map(str, range(n) if self.ids is None else self.ids)))

    def __len__(self) -> int:
        return len(self.lyrics)

    @property
    def texts(self) -> tuple[str, ...] | None:
        """The lyrics if they are texts, to be turned into features inside each training fold; else None."""
        return None if isinstance(self.lyrics, np.ndarray) else tuple(self.lyrics)

    def audio_view(self, name: str) -> Any:
        """Return a view of audio, by its name, or by the key of an encoder (see ``encoded``).

        Raises
        ------
        DataError
            The songs do not have this view.
        """
        if name in self.encoded:
            return self.encoded[name]
        if name == RECORDINGS:
            return self.recordings or (None,) * len(self)
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

    @property
    def fingerprint(self) -> str | None:
        """A digest of the songs' audio, words, labels, groups and ids, as they are now.

        None if the content of a label or a group cannot be determined. The other views of audio, which not all methods
        use, have their own: `view_fingerprint`.
        """
        return songs_key([self.audio, self.lyrics], (self.label, self.group, self.ids))

    @property
    def words_fingerprint(self) -> str | None:
        """A digest of the input of lyric features: the songs' words, labels, groups and ids; else as `fingerprint`."""
        return songs_key([self.lyrics], (self.label, self.group, self.ids))

    def view_fingerprint(self, name: str) -> str:
        """A digest of one view of audio, as it is now; "" if the songs do not have it."""
        view = getattr(self, name, None)
        return "" if view is None else digest(view_bytes(view))


def check_features(name: str, values: Any) -> NDArray[np.floating]:
    """Check features of songs, and return them as an array of finite floats with one row a song.

    Parameters
    ----------
    name : str
        Their name in an error.
    values : (n, …) array, nested lists, or table of numbers

    Raises
    ------
    DataError
        The features are empty, not numeric or not finite, or have fewer than two dimensions.

    Examples
    --------
    >>> check_features("audio", [[1, 2], [3, 4]]).dtype
    dtype('float64')
    """
    try:
        array = np.asarray(values)
    except Exception as error:  # such as rows of different lengths, or a tensor on another device
        raise DataError(
            f"{name}: expected a numeric array with one row a song, got {_kind(values)}: {error}"
        ) from error
    if array.dtype.kind not in NUMERIC or array.ndim < 2 or array.size == 0:
        raise DataError(
            f"{name}: expected a non-empty numeric array with one row a song, got {array.dtype} of shape {array.shape}"
        )
    if array.dtype.kind != "f":
        array = array.astype(np.float64)
    finite = np.isfinite(array.reshape(len(array), -1)).all(axis=1)
    if not finite.all():
        raise DataError(f"{name}: song {np.argmin(finite)} holds NaN or infinite values; leave it out")
    return array


def check_lyrics(name: str, values: Any) -> tuple[str, ...] | NDArray[np.floating]:
    """Check lyrics, and return texts as a tuple and features as by `check_features`.

    Parameters
    ----------
    name : str
        Their name in an error.
    values : sequence of n texts, or (n, q) array, table or tensor of numbers

    Raises
    ------
    DataError
        They are neither.

    Examples
    --------
    >>> check_lyrics("lyrics", np.array(["la", "do"]))
    ('la', 'do')
    """
    if getattr(values, "ndim", 1) != 1:
        return check_features(name, values)
    texts = _listed(name, values)
    odd = next((i for i, text in enumerate(texts) if not isinstance(text, str)), None)
    if odd is not None:
        raise DataError(f"{name}: expected texts or a numeric array (n, q), got {_kind(texts[odd])} for song {odd}")
    return texts


def check_transcripts(values: Any) -> tuple[Heard, ...]:
    """Check transcripts, one entry a song, and return them as a tuple; missing ones (NaN) become None.

    Raises
    ------
    DataError
        An entry is not a `Transcript`, a text or None.
    """
    transcripts = tuple(
        None if not isinstance(entry, Transcript | str) and is_missing(entry) else entry
        for entry in _listed("transcripts", values)
    )
    for song, entry in enumerate(transcripts):
        if not (entry is None or isinstance(entry, Transcript | str)):
            raise DataError(f"transcripts: expected Transcript, text or None, got {_kind(entry)} for song {song}")
    return transcripts


def _check_recordings(values: Any) -> tuple[Any, ...]:
    recordings = _listed("recordings", values)
    odd = next((i for i, one in enumerate(recordings) if one is not None and not hasattr(one, "samples")), None)
    if odd is not None:
        raise DataError(f"recordings: expected RecordingSlice or None, got {_kind(recordings[odd])} for song {odd}")
    return recordings


def _check_names(name: str, values: Any) -> tuple[Hashable, ...]:
    """Check labels, groups or ids; those that are missing become None."""
    names = _listed(name, values)
    for song, value in enumerate(names):
        try:
            hash(value)
        except TypeError as error:
            raise DataError(
                f"{name}: expected one hashable value a song, such as a text or a number, got {_kind(value)} for song "
                f"{song}"
            ) from error
    return names if name == "ids" else tuple(None if is_missing(value) else value for value in names)


def _listed(name: str, values: Any) -> tuple[Any, ...]:
    """Return a sequence, array or column as a tuple. Raises DataError for what has no order, or is one value."""
    if getattr(values, "ndim", 1) != 1:
        raise DataError(f"{name}: expected one value a song, got an array of shape {tuple(np.shape(values))}")
    if hasattr(values, "tolist"):
        return tuple(values.tolist())
    if isinstance(values, str | bytes | Mapping | Set) or not isinstance(values, Iterable):
        raise DataError(f"{name}: expected a list with one entry a song, got {_kind(values)}")
    return tuple(values)


def _kind(value: Any) -> str:
    return type(value).__name__
