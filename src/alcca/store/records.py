"""What the library knows of a song, of a file and of an addition, as plain values."""

from dataclasses import dataclass
from typing import NamedTuple

__all__ = ["WORDS", "FileStamp", "Song", "SongAudio", "SongSummary"]

# What a song's words and tags are made of, as the fields of Song.
WORDS = ("title", "artist", "album", "label", "language", "group", "lyrics", "lyrics_source", "lyrics_reason")


@dataclass(frozen=True)
class SongAudio:
    """Which part of the recording the features describe.

    Parameters
    ----------
    offset : float or None
        The choice that was made: seconds from the start, or None for the middle of the song.
    start, seconds, padded : float
        Where the slice starts, how much of it was decoded, how much silence was added, in seconds.
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
    """One song of the library; a song is known by the hash of its file's content.

    ``lyrics_reason`` and ``audio_reason`` say why there are no usable lyrics or no usable audio; both are
    None for a song that can be trained on. ``words_from`` is the file whose surroundings gave the words, of
    all the ``paths`` that hold this content.
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

    @property
    def usable(self) -> bool:
        """Whether the song has both audio and lyrics."""
        return self.audio is not None and self.lyrics is not None

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why the song cannot be trained on; empty when it can."""
        return tuple(reason for reason in (self.audio_reason, self.lyrics_reason) if reason)


class SongSummary(NamedTuple):
    """What a list of all songs shows of each; a thousand of them cost no more than one song's lyrics."""

    id: int
    title: str
    artist: str | None
    label: str | None
    language: str | None
    has_audio: bool
    has_lyrics: bool


@dataclass(frozen=True)
class FileStamp:
    """How a file looked when it was read: enough to see that nothing has changed since.

    ``fingerprint`` stands for everything beside the file that decides the song's text (its lyric files, the
    tables that describe it). ``unreadable`` is the reason when not even its bytes could be read.
    """

    path: str
    size: int
    modified: int
    fingerprint: str
    song: int | None = None
    unreadable: str | None = None
