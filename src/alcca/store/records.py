"""The records of the library as plain values: a song, a file, a summary of a song."""

from dataclasses import dataclass
from typing import NamedTuple

from alcca.songs.recording_slice import RecordingSlice

__all__ = ["WORDS", "FileStamp", "Song", "SongAudio", "SongRecording", "SongSummary"]

# The fields of Song that hold its words and tags.
WORDS = ("title", "artist", "album", "label", "language", "group", "lyrics", "lyrics_source", "lyrics_reason")


@dataclass(frozen=True)
class SongAudio:
    """Which part of the recording the features describe.

    Parameters
    ----------
    offset : float or None
        The requested start in seconds, or None for the middle of the song.
    start, seconds, padded : float
        Where the slice starts, how much of it was decoded, and how much silence was added, in seconds.
    duration : float or None
        The recording's length in seconds.
    decoder : str
        The library that decoded it.
    """

    offset: float | None
    start: float
    seconds: float
    padded: float
    duration: float | None
    decoder: str


@dataclass(frozen=True)
class Song:
    """One song of the library, identified by the hash of its file's content.

    ``lyrics_reason`` and ``audio_reason`` are the reasons why there are no usable lyrics or no usable audio; both are
    None for a song that can be used for training. ``words_from`` is that one of the ``paths`` with this content whose
    folder and tags gave the words. ``lyrics_aloud`` are the lyrics, line by line, with the readings of characters that
    they gave (ruby, furigana) or that a dictionary has; None without any.
    """

    hash: str
    title: str
    artist: str | None = None
    album: str | None = None
    label: str | None = None
    language: str | None = None
    group: str | None = None
    lyrics: str | None = None
    lyrics_source: str | None = None
    lyrics_reason: str | None = None
    words_from: str | None = None
    audio: SongAudio | None = None
    audio_reason: str | None = None
    notes: tuple[str, ...] = ()
    id: int = 0
    paths: tuple[str, ...] = ()
    lyrics_aloud: str | None = None

    @property
    def usable(self) -> bool:
        """Whether the song has both audio and lyrics."""
        return self.audio is not None and self.lyrics is not None

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why the song cannot be used for training; empty if it can."""
        return tuple(reason for reason in (self.audio_reason, self.lyrics_reason) if reason)

    @property
    def recording(self) -> RecordingSlice | None:
        """The slice of its recording that its features describe; None without one."""
        return None if self.audio is None else RecordingSlice(self.hash, self.audio.offset, tuple(self.paths))


class SongSummary(NamedTuple):
    """A song's entry in a list of all songs; a thousand entries take no more memory than one song's lyrics."""

    id: int
    title: str
    artist: str | None
    label: str | None
    language: str | None
    has_audio: bool
    has_lyrics: bool


class SongRecording(NamedTuple):
    """A song's album and the first of its files: ``size`` in bytes, ``modified`` in nanoseconds since 1970."""

    id: int
    album: str | None
    seconds: float | None
    path: str
    size: int
    modified: int


@dataclass(frozen=True)
class FileStamp:
    """The state of a file when it was read, to detect later changes.

    ``fingerprint`` covers everything beside the file that determines the song's text: its lyric files and the tables
    that describe it. ``unreadable`` is the reason if not even its bytes could be read.
    """

    path: str
    size: int
    modified: int
    fingerprint: str
    song: int | None = None
    unreadable: str | None = None
