"""Cue sheets beside recordings and in their tags: which recording each is about, and the songs in it."""

import ntpath
import os
import posixpath
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from alcca.errors import DataError, LyricsError
from alcca.metadata.names import loose_name, same_name, without_suffix
from alcca.metadata.tags import Tags
from alcca.texts.cue import CueSheet, CueTrack, parse_cue
from alcca.texts.encodings import decode_text

__all__ = ["Sheets", "SongSheet", "find_sheets", "sheet_in_tags"]

# The longest sheets, of audio books and mixes, have some 100 kB.
MAX_BYTES = 1_000_000
# How well a sheet's name for a file fits a recording.
EXACT, ALIKE, OTHER_SUFFIX, BY_OWN_NAME = range(4)
# A shorter gap before the first track is usual.
SECONDS_BEFORE_FIRST = 10.0


@dataclass(frozen=True)
class SongSheet:
    """What a cue sheet says about one recording.

    Parameters
    ----------
    source : str
        The name of the sheet, or "its tags".
    tracks : tuple of CueTrack
    album, performer, genre : str or None
        Of all tracks.
    """

    source: str
    tracks: tuple[CueTrack, ...]
    album: str | None = None
    performer: str | None = None
    genre: str | None = None

    @property
    def divides(self) -> bool:
        """Whether the recording holds several songs."""
        return len(self.tracks) > 1

    @property
    def notes(self) -> list[str]:
        """What of the recording is in none of its songs."""
        before = self.tracks[0].start
        if not self.divides or before < SECONDS_BEFORE_FIRST:
            return []
        return [f"the {before:.0f} s before its first track in {self.source} belong to no song"]


@dataclass
class Sheets:
    """The sheets below a folder.

    Parameters
    ----------
    of : dict of Path to SongSheet
        By recording.
    problems : list of str
        Sheets that were not used, and why.
    """

    of: dict[Path, SongSheet] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


def find_sheets(sheets: Iterable[Path], recordings: Iterable[Path], encoding: str | None = None) -> Sheets:
    """Read cue sheets, and find the recordings that they are about.

    A sheet names files, often by the name that they had before they were compressed: from the best match to the last,
    that is the path from the sheet's folder, the same but for case and forbidden characters, another suffix of a
    recording, and, for a sheet with one file, the sheet's own name (``ALBUM.cue``, ``ALBUM.flac.cue``).

    Parameters
    ----------
    sheets : iterable of Path
    recordings : iterable of Path
    encoding : str, optional
        As of `alcca.texts.encodings.decode_text`.
    """
    found = Sheets()
    by_stem: dict[tuple[Path, str], list[Path]] = {}
    for recording in recordings:
        by_stem.setdefault((recording.parent, loose_name(recording.stem)), []).append(recording)
    ranked: list[tuple[int, bool, str, Path, SongSheet]] = []
    for path in sorted(sheets):
        try:
            sheet = _read(path, encoding)
        except OSError as error:
            found.problems.append(f"{path}: cannot be read ({error.strerror}); check its permissions")
            continue
        except (DataError, LyricsError) as error:
            found.problems.append(f"{path}: {error}; it was not used")
            continue
        ranked += _matches(path, sheet, by_stem, found.problems)
    for _, _, _, recording, song_sheet in sorted(ranked, key=lambda one: one[:3]):
        first = found.of.setdefault(recording, song_sheet)
        if first.source != song_sheet.source and replace(first, source="") != replace(song_sheet, source=""):
            found.problems.append(
                f"{recording}: {first.source} and {song_sheet.source} divide it differently; {first.source} was used"
            )
    return found


def sheet_in_tags(tags: Tags) -> tuple[SongSheet | None, list[str]]:
    """The cue sheet in the tags of a recording, and sentences on why it was not used."""
    if not tags.cue_sheet:
        return None, []
    try:
        sheet = parse_cue(tags.cue_sheet)
    except DataError as error:
        return None, [f"the cue sheet in its tags {error}; it was not used"]
    if len(sheet.files) != 1:
        return None, [f"the cue sheet in its tags is about {len(sheet.files)} files with sound; it was not used"]
    return _song_sheet("its tags", sheet, sheet.files[0].tracks), []


def _read(path: Path, encoding: str | None) -> CueSheet:
    with path.open("rb") as file:
        # Not beyond the limit: reading some files never ends.
        data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise DataError(f"is larger than {MAX_BYTES:,} bytes, not a cue sheet")
    return parse_cue(decode_text(data, encoding=encoding))


def _song_sheet(source: str, sheet: CueSheet, tracks: tuple[CueTrack, ...]) -> SongSheet:
    return SongSheet(source, tracks, sheet.title, sheet.performer, sheet.genre)


def _matches(
    path: Path, sheet: CueSheet, by_stem: Mapping[tuple[Path, str], list[Path]], problems: list[str]
) -> list[tuple[int, bool, str, Path, SongSheet]]:
    """The recordings of a sheet, each with how well its name fits, for the choice between sheets."""
    matches: list[tuple[int, bool, str, Path, SongSheet]] = []
    missing: list[str] = []
    for file in sheet.files:
        rank, there = _recordings(path, file.name, len(sheet.files) == 1, by_stem)
        song_sheet = _song_sheet(path.name, sheet, file.tracks)
        # ALBUM.flac.cue is more about ALBUM.flac than ALBUM.cue is.
        matches += [(rank, path.stem != one.name, path.name, one, song_sheet) for one in there]
        if not there:
            missing.append(file.name)
    if missing:
        names = f"{missing[0]!r}" + (f" and {len(missing) - 1} more files" if len(missing) > 1 else "")
        problems.append(f"{path}: names {names}, but no such recording is there; their tracks were not added")
    if sheet.data_tracks and matches:
        problems.append(f"{path}: {sheet.data_tracks} tracks hold data, not sound, and were left out")
    return matches


def _recordings(
    path: Path, name: str, alone: bool, by_stem: Mapping[tuple[Path, str], list[Path]]
) -> tuple[int, list[Path]]:
    written = same_name(name.replace("\\", "/"))
    # "C:\Rips\album.wav" is a path on the disk of whoever made the sheet.
    folder, base = posixpath.split(posixpath.basename(written) if _is_absolute(written) else written)
    place = Path(os.path.normpath(path.parent / folder))
    there = by_stem.get((place, loose_name(without_suffix(base))), [])
    exact = [one for one in there if same_name(one.name) == base]
    alike = [one for one in there if loose_name(one.name) == loose_name(base)]
    own = by_stem.get((path.parent, loose_name(without_suffix(path.stem))), []) if alone else []
    own = [one for one in own if one.name == path.stem] or own
    ranked = ((EXACT, exact), (ALIKE, alike), (OTHER_SUFFIX, there), (BY_OWN_NAME, own))
    return next(((rank, ones) for rank, ones in ranked if ones), (BY_OWN_NAME, []))


def _is_absolute(path: str) -> bool:
    return posixpath.isabs(path) or bool(ntpath.splitdrive(path)[0])
