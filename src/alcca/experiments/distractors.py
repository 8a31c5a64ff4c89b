"""Distractors: lyrics and recordings that match no song, so that few songs can be searched in pools of a real size."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from alcca.errors import DataError, UsageError
from alcca.experiments.dataset import (
    AUDIO_VIEWS,
    RECORDINGS,
    Dataset,
    Heard,
    check_features,
    check_lyrics,
    check_transcripts,
)
from alcca.experiments.keys import digest, view_bytes
from alcca.songs.lyrics import normalise_lyrics

__all__ = ["Distractors", "check_kind", "check_views", "distractors_for", "without_lacking"]


@dataclass(frozen=True, eq=False)
class Distractors:
    """Items added to every pool of a comparison: lyrics if audio is the query, recordings if lyrics are.

    Parameters
    ----------
    lyrics : sequence of k texts
        Or a (k, q) array if the lyrics of the songs are an array. May be empty.
    audio, audio_frames, audio_descriptors : arrays, optional
        Of m recordings, as in `alcca.Dataset`.
    transcripts : sequence of m Transcript, str or None, optional
        Transcripts of m recordings.
    name : str
        The name of their source.

    Raises
    ------
    DataError
        There are no lyrics and no recordings, or a value is of the wrong kind.

    Examples
    --------
    >>> others = Distractors(["row row row your boat", "alouette"])
    >>> others.recordings, len(others.lyrics)
    (0, 2)
    """

    lyrics: Sequence[str] | NDArray[np.floating] = ()
    audio: NDArray[np.floating] | None = None
    audio_frames: NDArray[np.floating] | None = None
    audio_descriptors: NDArray[np.floating] | None = None
    transcripts: Sequence[Heard] | None = None
    name: str = "distractors"

    def __post_init__(self) -> None:
        lyrics = check_lyrics(f"{self.name}: lyrics", self.lyrics)
        object.__setattr__(self, "lyrics", lyrics)
        for view in AUDIO_VIEWS:
            values = getattr(self, view)
            if values is not None:
                check = check_transcripts(values) if view == "transcripts" else check_features(view, values)
                object.__setattr__(self, view, check)
        counts = {view: len(getattr(self, view)) for view in AUDIO_VIEWS if getattr(self, view) is not None}
        if len(set(counts.values())) > 1:
            raise DataError(f"{self.name}: expected the same recordings in every view of audio, got {counts}")
        if not len(lyrics) and not any(counts.values()):
            raise DataError(f"{self.name}: expected lyrics or transcripts that match no song, got none")

    @property
    def recordings(self) -> int:
        """The number of recordings."""
        return max(0 if getattr(self, view) is None else len(getattr(self, view)) for view in AUDIO_VIEWS)

    def audio_view(self, name: str) -> Any:
        """Return a view of the recordings, as `Dataset.audio_view` does for songs; None if there is none."""
        if name == RECORDINGS:
            return (None,) * self.recordings
        frames = self.audio if self.audio is not None and self.audio.ndim == 3 else None
        view = getattr(self, name)
        return frames if view is None and name == "audio_frames" else view

    def lacking(self, views: Iterable[str]) -> list[str]:
        """Names of the views of audio that the recordings lack, sorted."""
        return sorted(view for view in views if self.audio_view(view) is None)

    def without_recordings(self) -> Self:
        """Return the distractors with their lyrics only."""
        return type(self)(self.lyrics, name=self.name)

    @property
    def fingerprint(self) -> str:
        """A digest of all values of the distractors, as they are now."""
        views = [getattr(self, field.name) for field in fields(self) if field.name != "name"]
        return digest(*(b"" if view is None else view_bytes(view) for view in views))


def distractors_for(dataset: Dataset, given: Any) -> tuple[Distractors | None, list[str]]:
    """Convert a caller's distractors to `Distractors`, without empty lyrics and without the lyrics of the songs.

    Parameters
    ----------
    dataset : Dataset
        The songs of the comparison.
    given : Distractors, Dataset, sequence of texts, or None

    Returns
    -------
    Distractors or None
    notes : list of str
        What was left out.

    Raises
    ------
    UsageError
        ``given`` is of another type, or its lyrics are of another kind or shape than those of ``dataset``.
    DataError
        Nothing is left.

    Examples
    --------
    >>> songs = Dataset(np.zeros((1, 2)), ["Hello darkness, my old friend"])
    >>> others, notes = distractors_for(songs, ["hello darkness my old friend", "Alouette"])
    >>> others.lyrics, notes
    (('Alouette',), ['Left out 1 distractor whose words are those of a song.'])
    """
    check_kind(given)
    if given is None:
        return None, []
    if isinstance(given, Dataset):
        others = Distractors(given.lyrics, **{view: getattr(given, view) for view in AUDIO_VIEWS}, name=given.name)
    elif isinstance(given, Distractors):
        others = given
    else:
        others = Distractors(given)
    if _numeric(others.lyrics) or not len(others.lyrics):
        if len(others.lyrics) and dataset.texts is not None:
            raise UsageError(f"{others.name}: the songs' lyrics are texts, so give the distractors' as texts too")
        if len(others.lyrics):
            _check_shape(others.name, "lyrics", others.lyrics, dataset.lyrics)
        return others, []
    if dataset.texts is None:
        raise UsageError(f"{others.name}: the songs' lyrics are features, which texts cannot be compared with")
    own = {normalise_lyrics(text) for text in dataset.texts}
    words = [normalise_lyrics(str(text)) for text in others.lyrics]
    kept = [i for i, text in enumerate(words) if text and text not in own]
    twins = sum(text in own for text in words if text)
    # A row of a data set is a song: if its lyrics are those of a song of the comparison, so is its recording.
    rows = kept if isinstance(given, Dataset) else slice(None)
    views = {view: _rows(getattr(others, view), rows) for view in AUDIO_VIEWS}
    left_out = f"Left out {twins} distractor{'' if twins == 1 else 's'} whose words are those of a song."
    notes = [left_out] if twins else []
    return Distractors([str(others.lyrics[i]) for i in kept], **views, name=others.name), notes


def check_kind(given: Any) -> None:
    """Refuse distractors of another type than `distractors_for` converts.

    Raises
    ------
    UsageError

    Examples
    --------
    >>> check_kind(["Alouette"])
    >>> check_kind("Alouette")
    Traceback (most recent call last):
        ...
    alcca.errors.UsageError: distractors: expected texts, a Dataset or Distractors, got str
    """
    is_column = hasattr(given, "tolist") and getattr(given, "ndim", 0) >= 1
    is_list = isinstance(given, Sequence) and not isinstance(given, str | bytes)
    if not (given is None or isinstance(given, Dataset | Distractors) or is_column or is_list):
        raise UsageError(f"distractors: expected texts, a Dataset or Distractors, got {type(given).__name__}")


def without_lacking(
    others: Distractors, lacking: Sequence[str], notes: Sequence[str]
) -> tuple[Distractors | None, list[str]]:
    """Keep only the distractors that all methods can read, since the pools of all methods must be the same.

    Parameters
    ----------
    others : Distractors
    lacking : sequence of str
        Views that a method or encoder reads and the recordings lack.
    notes : sequence of str
        Notes so far.

    Returns
    -------
    (Distractors or None, list of str)
        Without the recordings if they lack a view, and with a note on that; None if nothing is left.
    """
    if not lacking:
        return others, list(notes)
    left_out = (
        f"Left out the {others.recordings} recordings of the distractors, which have no {', '.join(lacking)}: the "
        "pools of all methods must be the same."
    )
    return others.without_recordings() if len(others.lyrics) else None, [*notes, left_out]


def check_views(others: Distractors, dataset: Dataset, views: Iterable[str]) -> None:
    """Refuse recordings whose views of audio do not have the shapes of the songs'.

    Raises
    ------
    UsageError
    """
    for name in sorted(set(views) - {"transcripts"}):
        own = getattr(dataset, name, None)
        view = others.audio_view(name)
        if own is not None and view is not None:
            _check_shape(others.name, name, view, own)


def _check_shape(name: str, view: str, given: Any, own: Any) -> None:
    if given.shape[1:] != own.shape[1:]:
        raise UsageError(
            f"distractors: {view} of {name} has the shape {given.shape[1:]} for each, that of the songs has "
            f"{own.shape[1:]}; describe both alike"
        )


def _rows(view: Any, rows: list[int] | slice) -> Any:
    if view is None or isinstance(rows, slice):
        return view
    return view[rows] if isinstance(view, np.ndarray) else [view[row] for row in rows]


def _numeric(view: Any) -> bool:
    return isinstance(view, np.ndarray) and view.dtype.kind in "fiub"
