"""Cue sheets: the tracks of an album that is one file, or a few, and where each begins.

A line is a command and its values, of which one with spaces is in quotes. Commands before the first ``TRACK`` are about
the album, those after one about that track, and each ``INDEX`` is a time in the ``FILE`` above it, in minutes, seconds
and frames of 1/75 s. ``INDEX 01`` is where a track begins; what lies between its ``INDEX 00`` and ``01`` is the gap.

References
----------
CDRWIN User's Guide 3.8, appendix A; the ``REM`` fields are those of Exact Audio Copy and foobar2000.
"""

import re
from dataclasses import dataclass, field
from itertools import pairwise

from alcca.errors import DataError

__all__ = ["CueFile", "CueSheet", "CueTrack", "parse_cue"]

FRAMES = 75
LINE = re.compile(r"\s*(?P<command>[A-Za-z]+)(?:\s+(?P<rest>.*?))?\s*")
FILE = re.compile(r'(?:"(?P<quoted>.*)"|(?P<bare>.*?))(?:\s+(?P<kind>[A-Za-z0-9]+))?')
TRACK = re.compile(r"(?P<number>\d{1,4})\s+(?P<kind>\S+)")
INDEX = re.compile(r"(?P<number>\d{1,2})\s+(?P<minutes>\d{1,4}):(?P<seconds>[0-5]?\d):(?P<frames>[0-6]?\d|7[0-4])")
# Of the fields behind REM, those that a song has too.
REMARKS = ("GENRE",)
TEXTS = ("TITLE", "PERFORMER")
# Another kind of track holds data (MODE1/2352 and others), which no player plays.
AUDIO = "AUDIO"


@dataclass(frozen=True)
class CueTrack:
    """A track of a sheet.

    Parameters
    ----------
    number : int
        On the disc, from 1.
    start, end : float
        In the file, in seconds; ``end`` is None for the end of the file.
    title, performer, genre : str or None
    """

    number: int
    start: float
    end: float | None = None
    title: str | None = None
    performer: str | None = None
    genre: str | None = None


@dataclass(frozen=True)
class CueFile:
    """A file that a sheet is about, by the name that the sheet gives it, and its tracks in their order."""

    name: str
    tracks: tuple[CueTrack, ...]


@dataclass(frozen=True)
class CueSheet:
    """A sheet.

    Parameters
    ----------
    files : tuple of CueFile
        Those with tracks of sound.
    title, performer, genre : str or None
        Of the album.
    data_tracks : int
        How many tracks hold data and were left out.
    """

    files: tuple[CueFile, ...]
    title: str | None = None
    performer: str | None = None
    genre: str | None = None
    data_tracks: int = 0


def parse_cue(text: str) -> CueSheet:
    r"""Parse the text of a cue sheet.

    Raises
    ------
    DataError
        It is no cue sheet, or is damaged; the message says where.

    Examples
    --------
    >>> lines = ['TITLE "Album"', 'FILE "album.wav" WAVE', "TRACK 01 AUDIO", "INDEX 01 00:00:00", "TRACK 02 AUDIO"]
    >>> sheet = parse_cue("\n".join([*lines, "INDEX 00 03:58:10", "INDEX 01 04:00:15"]))
    >>> sheet.title, sheet.files[0].name, [(track.start, track.end) for track in sheet.files[0].tracks]
    ('Album', 'album.wav', [(0.0, 240.2), (240.2, None)])
    """
    reader = _Reader()
    for number, line in enumerate(text.lstrip("\ufeff").splitlines(), 1):
        match = LINE.fullmatch(line.replace("\0", ""))
        if match is not None:
            reader.read(number, match["command"].upper(), match["rest"] or "")
    return reader.sheet()


@dataclass
class _Track:
    """A track as it is read: its texts, and by the numbers of its indexes the file and the time of each."""

    line: int
    number: int
    is_audio: bool
    texts: dict[str, str] = field(default_factory=dict)
    indexes: dict[int, tuple[int, float]] = field(default_factory=dict)

    def begins(self) -> tuple[int, float]:
        """The number of the file, and the time in it."""
        if not self.indexes:
            raise DataError(f"is damaged: its track {self.number} (line {self.line}) has no INDEX 01")
        return self.indexes.get(1) or self.indexes[max(self.indexes)]


class _Reader:
    """Reads the commands of one sheet."""

    def __init__(self) -> None:
        self.names: list[str] = []
        # The number of the file that the last FILE named: some sheets name the same before each of its tracks.
        self.file = -1
        self.tracks: list[_Track] = []
        self.texts: dict[str, str] = {}

    def read(self, line: int, command: str, rest: str) -> None:
        if command == "REM":
            name, _, rest = rest.partition(" ")
            command = name.upper()
            if command not in REMARKS:
                return
        if command in TEXTS or command in REMARKS:
            value = " ".join(_unquoted(rest).split())
            if value:
                (self.tracks[-1].texts if self.tracks else self.texts).setdefault(command, value)
        elif command == "FILE":
            match = FILE.fullmatch(rest)
            name = "" if match is None else (match["quoted"] or match["bare"] or "").strip()
            self.names.append(name)
            self.file = self.names.index(name)
        elif command == "TRACK":
            if (match := TRACK.fullmatch(rest)) is None:
                raise DataError(f"is damaged: line {line} should name a track, such as TRACK 01 AUDIO")
            self.tracks.append(_Track(line, int(match["number"]), match["kind"].upper() == AUDIO))
        elif command == "INDEX":
            self._index(line, rest)

    def _index(self, line: int, rest: str) -> None:
        match = INDEX.fullmatch(rest)
        if match is None:
            raise DataError(f"is damaged: the time in line {line} should be minutes:seconds:frames, such as 03:25:74")
        if not self.tracks or not self.names:
            raise DataError(f"is damaged: the time in line {line} belongs to no FILE and TRACK")
        minutes, seconds, frames = (int(match[name]) for name in ("minutes", "seconds", "frames"))
        at = self.file, round(60 * minutes + seconds + frames / FRAMES, 3)
        self.tracks[-1].indexes.setdefault(int(match["number"]), at)

    def sheet(self) -> CueSheet:
        if not self.names or not self.tracks:
            raise DataError("is no cue sheet: it names no FILE with a TRACK")
        tracks = [track for track in self.tracks if track.is_audio or track.indexes]
        numbers = [track.number for track in tracks]
        if len(set(numbers)) < len(numbers):
            again = next(number for number in numbers if numbers.count(number) > 1)
            raise DataError(f"is damaged: it has several tracks {again}")
        files = []
        for file, name in enumerate(self.names):
            here = [(track, track.begins()[1]) for track in tracks if track.begins()[0] == file]
            for (_, one), (track, two) in pairwise(here):
                if two <= one:
                    raise DataError(f"is damaged: its track {track.number} begins before the track before it")
            ends = [start for _, start in here[1:]]
            sung = [
                CueTrack(track.number, start, end, *_said(track.texts))
                for (track, start), end in zip(here, [*ends, None], strict=False)
                if track.is_audio
            ]
            if sung:
                files.append(CueFile(name, tuple(sung)))
        data = sum(not track.is_audio for track in self.tracks)
        return CueSheet(tuple(files), *_said(self.texts), data)


def _said(texts: dict[str, str]) -> tuple[str | None, str | None, str | None]:
    """Title, performer and genre."""
    return texts.get("TITLE"), texts.get("PERFORMER"), texts.get("GENRE")


def _unquoted(rest: str) -> str:
    """A value in quotes, which may contain quotes; or the whole rest of a line without them."""
    if rest.startswith('"'):
        end = rest.rfind('"')
        return rest[1:end] if end > 0 else rest[1:]
    return rest
