"""What is to be done with a recording: at once, from what its files say, or after listening to it."""

import os
from dataclasses import dataclass
from pathlib import Path

from alcca.cleaning.lyrics import placeholder_in
from alcca.cleaning.placeholders import placeholder_kind
from alcca.errors import LyricsError
from alcca.lyrics.files import path_of
from alcca.lyrics.listening import Listening
from alcca.lyrics.recordings import Recording
from alcca.lyrics.results import Result
from alcca.lyrics.sources import About
from alcca.lyrics.wishes import Wishes
from alcca.songs.remote import is_address
from alcca.texts.encodings import read_lyrics_file
from alcca.texts.origin import is_ours, is_transcribed
from alcca.texts.timed import parse
from alcca.texts.timed_lyrics import TimedLyrics

__all__ = ["Given", "Plan", "plan"]

# Formats in which words have times.
WITH_WORDS = {"elrc", "vtt", "ttml"}


@dataclass(frozen=True)
class Given:
    """Lyrics of a recording that have times already.

    Parameters
    ----------
    lyrics : TimedLyrics
    path : Path or None
        Their file; None for those in a tag or a table.
    ours : bool
        alcca wrote them.
    transcribed : bool
        They are what alcca has heard.
    """

    lyrics: TimedLyrics
    path: Path | None
    ours: bool
    transcribed: bool = False


@dataclass(frozen=True)
class Plan:
    """A recording that is to be listened to.

    Parameters
    ----------
    recording : Recording
    listening : Listening
        What is asked of it.
    given : Given or None
        Its lyrics, if they have times.
    over : Path or None
        A file of lyrics that a better one replaces.
    converts : bool
        The times that are given are those of an earlier run, and only have to be written in other formats.
    """

    recording: Recording
    listening: Listening
    given: Given | None = None
    over: Path | None = None
    converts: bool = False


def plan(recording: Recording, wishes: Wishes) -> Result | Plan:
    """What is to be done with a recording: the result, if it is clear at once."""
    text = recording.text
    said = Result(recording.path, "nothing", text.title or None, text.artist, text.lyrics_source)
    if is_address(recording.path):
        return _as(said, "unreadable", "it is not on this machine, where lyrics could be put beside it")
    if recording.unreadable is not None:
        return _as(said, "unreadable", recording.unreadable)
    given = _given(recording, wishes)
    if text.lyrics is None and given is None:
        if text.lyrics_text is not None and placeholder_in(text.lyrics_text) == "instrumental":
            return _as(said, "instrumental", _without("no lyrics: ", text.lyrics_reason))
        if not wishes.searching:
            return _as(said, "nothing", _without("no lyrics: ", text.lyrics_reason))
        there = _there(recording, wishes)
        if there and not wishes.again:
            return _as(said, "done", None, there)
        return Plan(recording, _listening(recording, None, wishes))
    if given is not None and given.transcribed and wishes.sources and given.path is not None:
        return Plan(recording, _listening(recording, None, wishes), over=given.path)
    if given is not None and given.transcribed and text.lyrics is not None:
        # Lyrics that have come since are better than what was heard.
        return Plan(recording, _listening(recording, text.lyrics, wishes), over=given.path)
    if wishes.missing:
        return _as(said, "left")
    there = _there(recording, wishes)
    whole = len(there) == len(wishes.formats)
    if given is not None and given.ours and not wishes.again:
        if whole and wishes.words and "lrc" in wishes.formats and not (given.lyrics.words or given.transcribed):
            name = path_of(recording.path, "lrc").name
            return _as(said, "unwritten", f"{name} is there without times of words; remove it to have them", there)
        if whole:
            return _as(said, "done", None, there)
        if given.lyrics.words or not (wishes.words or set(wishes.formats) & WITH_WORDS):
            return Plan(recording, _listening(recording, None, wishes), given, converts=True)
    own = None if text.lyrics_path is None else Path(text.lyrics_path)
    if given is None and own is not None and own.suffix.lower() != ".txt" and str(own) in there:
        # A file of a format with times, but there are none in it.
        if not wishes.retime:
            return _as(said, "unwritten", f"{own.name} has no times; --retime adds them, and keeps a copy")
        return Plan(recording, _listening(recording, text.lyrics, wishes), over=own)
    if given is None and whole:
        return _as(said, "done", None, there)
    lyrics = text.lyrics
    if given is not None:
        # The lines that have the times, so that both can be compared.
        lyrics = "\n".join(line.text for line in given.lyrics.lines)
    return Plan(recording, _listening(recording, lyrics, wishes), given)


def _listening(recording: Recording, lyrics: str | None, wishes: Wishes) -> Listening:
    text = recording.text
    stem = path_of(recording.path, "txt").stem
    about = About(text.title or None, text.artist, text.album, stem, None)
    return Listening(recording.path, recording.cut, about, lyrics, text.language, wishes.language)


def _there(recording: Recording, wishes: Wishes) -> tuple[str, ...]:
    paths = (path_of(recording.path, name) for name in wishes.formats)
    return tuple(str(path) for path in paths if os.path.lexists(path))


def _given(recording: Recording, wishes: Wishes) -> Given | None:
    """The lyrics of a recording if they have times, in what says its words, or else in its LRC file."""
    text = recording.text
    if text.lyrics_text is not None and (text.lyrics is not None or is_transcribed(text.lyrics_text)):
        read = parse(text.lyrics_text)
        if _has_times(read):
            path = None if text.lyrics_path is None else Path(text.lyrics_path)
            return Given(read, path, is_ours(text.lyrics_text), is_transcribed(text.lyrics_text))
    beside = path_of(recording.path, "lrc")
    if text.lyrics_path == str(beside) or not beside.is_file():
        return None
    try:
        content = read_lyrics_file(beside, encoding=wishes.encoding)
    except LyricsError:
        return None
    read = parse(content)
    words = "\n".join(line.text for line in read.lines)
    if not _has_times(read) or placeholder_kind(words):
        return None
    return Given(read, beside, is_ours(content), is_transcribed(content))


def _has_times(lyrics: TimedLyrics) -> bool:
    return any(line.start is not None and line.text.strip() for line in lyrics.lines)


def _without(beginning: str, reason: str | None) -> str | None:
    return None if reason is None else reason.removeprefix(beginning)


def _as(result: Result, status: str, reason: str | None = None, kept: tuple[str, ...] = ()) -> Result:
    return Result(result.recording, status, result.title, result.artist, result.source, reason=reason, kept=kept)
