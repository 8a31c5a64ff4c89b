"""The lyrics of a song with the times that are known: those of a lyric file beside it, or of its transcript."""

import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

from alcca.errors import LyricsError
from alcca.matching.timed_lyrics import time_lines
from alcca.metadata.sidecars import SongTables
from alcca.songs.cut import track_texts
from alcca.songs.remote import is_address
from alcca.store.records import Song
from alcca.texts.encodings import read_lyrics_file
from alcca.texts.lines import TimedLine
from alcca.texts.timed import parse
from alcca.texts.timed_lyrics import TimedLyrics
from alcca.transcripts import Transcript

__all__ = ["SHARE_TIMED", "has_times", "song_lyrics"]

# With fewer timed lines, a player would show the lyrics with holes.
SHARE_TIMED = 0.6


def song_lyrics(song: Song, heard: Transcript | None, places: Sequence[str]) -> TimedLyrics | None:
    """The lyrics of a song; None without any.

    A lyric file with times that belongs to the song comes first, as it is now, be it newer than the library; then the
    library's lyrics, whose lines the transcript times.

    Parameters
    ----------
    song : Song
    heard : Transcript or None
    places : sequence of str
        The music folders, without links; lyric files elsewhere are not read.
    """
    for lyrics in _files(song, places):
        return lyrics
    if song.lyrics is None:
        return None
    if heard is None or not heard.has_words:
        return TimedLyrics("text", tuple(map(TimedLine, song.lyrics.split("\n"))), language=song.language)
    lines = (TimedLine(text, start) for start, text in time_lines(heard, song.lyrics))
    return TimedLyrics("aligned", tuple(lines), language=song.language)


def has_times(lyrics: TimedLyrics) -> bool:
    """Whether most lines have a time, so that a player can follow them."""
    filled = [line for line in lyrics.lines if line.text.strip()]
    timed = len(filled) - len(lyrics.untimed)
    return timed > 0 and timed >= SHARE_TIMED * len(filled)


def _files(song: Song, places: Sequence[str]) -> Iterator[TimedLyrics]:
    """The song's lyric files with times, the one that `alcca add` would take first."""
    beside = song.words_from or next(iter(song.paths), None)
    if beside is None or is_address(beside):
        return
    named = track_texts(beside)
    files, _ = SongTables(named.parent).lyric_files(named, song.language, song.artist)
    for file in files:
        if not _may_be_read(file.path, places):
            continue
        try:
            lyrics = parse(read_lyrics_file(file.path, language=song.language or file.language))
        except LyricsError:
            continue
        if has_times(lyrics):
            language = file.language or lyrics.language or song.language
            yield TimedLyrics(lyrics.format, lyrics.lines, lyrics.problem, language)


def _may_be_read(path: Path, places: Sequence[str]) -> bool:
    """Whether a path leads to a file in the music folders; a link could lead to any file that this process may read."""
    try:
        real = Path(os.path.realpath(path))
        return stat.S_ISREG(real.lstat().st_mode) and any(real.is_relative_to(place) for place in places)
    except (OSError, ValueError):
        return False
