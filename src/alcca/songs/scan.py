"""Songs in a music folder: which files are songs, and the title, label and lyrics of each.

Lyrics come from the first of these sources that has any: a row of ``songs.csv`` or ``metadata.csv`` in the song's
folder or one above it, ``NAME.lrc``, ``NAME.txt`` (beside the song, or in a folder called ``lyrics``), the tags.
All other fields come from the tables first, then from the tags.
"""

import hashlib
import os
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from stat import S_ISDIR, S_ISREG

from alcca.errors import LyricsError, UsageError
from alcca.songs.audio import AUDIO_SUFFIXES
from alcca.songs.kinds import kind_of
from alcca.songs.lyrics import clean_lyrics, read_lyrics_file
from alcca.songs.tables import SongTables
from alcca.songs.tags import Tags, read_tags

__all__ = ["SongTables", "SongText", "find_audio", "fingerprint", "read_song_text"]

# To be increased when the same files give another text, so that libraries read them again.
VERSION = 1
# The columns of each field; the first filled one is used.
COLUMNS = {
    "title": ("title",),
    "artist": ("artist",),
    "album": ("album", "collection"),
    "label": ("label", "mood", "genre"),
    "language": ("language", "lang"),
    "group": ("group",),
}
LYRICS_COLUMNS = ("lyrics", "text")
NO_LYRICS = "no lyrics: looked for a row in songs.csv or metadata.csv, {name}.lrc, {name}.txt and lyrics in the tags"
# "01 ", "1-01 ", "12. ", "3 - ", "7_": a track's number. "99 Luftballons" and "7 Seconds" are titles.
TRACK_NUMBER = re.compile(r"(?:\d{1,2}-)?(?:0\d{1,2}[\s._)-]+|\d{1,3}(?:[.)]\s+|\s+[-–]\s+|_))(?=\S)")
BETWEEN_ARTIST_AND_TITLE = re.compile(r"\s+[-–—]\s+")


@dataclass(frozen=True)
class SongText:
    """A song's words and tags.

    Parameters
    ----------
    title : str
        From a table, the tags, or the file's name.
    artist, album, label, language, group : str or None
        ``label`` is the category that supervised training uses; songs of one ``group`` stay in one fold.
    lyrics : str or None
        Cleaned; None when there are none.
    lyrics_source : str or None
        The name of the file that the lyrics come from, or ``"tag"``.
    lyrics_reason : str or None
        Why there are no lyrics.
    notes : tuple of str
        What was skipped, as sentences for users.
    """

    title: str = ""
    artist: str | None = None
    album: str | None = None
    label: str | None = None
    language: str | None = None
    group: str | None = None
    lyrics: str | None = None
    lyrics_source: str | None = None
    lyrics_reason: str | None = None
    notes: tuple[str, ...] = ()


def find_audio(folder: Path | str, *, onerror: Callable[[str], None] | None = None) -> list[Path]:
    """Find the audio files below a folder, in the order of their paths.

    Hidden files and folders are skipped. Links to folders are followed once, except into the folder itself.

    Parameters
    ----------
    folder : path
        A folder, or a single audio file.
    onerror : callable, optional
        Called with a line of text for each subfolder that cannot be read, each broken link, and each pipe, socket or
        device with the name of an audio file; these are skipped.

    Raises
    ------
    UsageError
        The folder does not exist or cannot be read, or it is a file but not an audio file.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> for name in ("b.MP3", "a.flac", "cover.jpg", "._a.flac"):
    ...     (folder / name).touch()
    >>> [path.name for path in find_audio(folder)]
    ['a.flac', 'b.MP3']
    """
    folder = Path(folder)
    try:
        mode = folder.stat().st_mode
    except FileNotFoundError as error:
        raise UsageError(f"{folder}: no such folder; give the folder that holds the music") from error
    except OSError as error:
        raise UsageError(f"{folder}: cannot be read ({error.strerror}); give the folder of the music") from error
    if S_ISREG(mode):
        if folder.suffix.lower() not in AUDIO_SUFFIXES:
            raise UsageError(
                f"{folder}: not an audio file; expected a folder or one of {' '.join(sorted(AUDIO_SUFFIXES))}"
            )
        return [folder]
    if not S_ISDIR(mode):
        raise UsageError(f"{folder}: is {kind_of(mode)}; give the folder that holds the music")
    try:
        os.scandir(folder).close()
    except OSError as error:
        raise UsageError(f"{folder}: cannot be read ({error.strerror}); check its permissions") from error
    report = onerror or (lambda _: None)
    files: list[Path] = []
    entered = {folder.resolve()}
    waiting = [folder]
    while waiting:
        here = waiting.pop()
        try:
            entries = list(os.scandir(here))
        except OSError as error:
            report(f"{here}: cannot be read ({error.strerror}); check its permissions")
            continue
        for entry in entries:
            path = here / entry.name
            if entry.name.startswith("."):
                continue
            is_audio = path.suffix.lower() in AUDIO_SUFFIXES
            try:
                if entry.is_dir():
                    if not entry.is_symlink() or _leads_outside(path, entered, folder.resolve()):
                        waiting.append(path)
                elif is_audio and entry.is_file():
                    files.append(path)
                elif is_audio:
                    report(f"{path}: is {kind_of(entry.stat().st_mode)}, not a file, and was skipped")
            # RuntimeError: for circular links, by pathlib in Python 3.12 and before.
            except (OSError, RuntimeError) as error:
                why = getattr(error, "strerror", None) or error
                report(f"{path}: cannot be read ({why}) and was skipped; check where it leads")
    return sorted(files)


def _leads_outside(link: Path, entered: set[Path], root: Path) -> bool:
    target = link.resolve()
    # A target below the root is found anyway, and a target that contains the root would be a circle.
    if target in entered or target.is_relative_to(root) or root.is_relative_to(target):
        return False
    entered.add(target)
    return True


def read_song_text(path: Path | str, root: Path | str, tables: SongTables, *, tags: Tags | None = None) -> SongText:
    """Read everything about a song except its audio.

    Parameters
    ----------
    path : path
        The audio file; it need not be readable.
    root : path
        The folder that is scanned; tables above it are ignored.
    tables : SongTables
        The tables below that root; shared by all its songs, so that each table is read once.
    tags : Tags, optional
        The file's tags, if they were already read.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> _ = (folder / "01 Artist - Title.txt").write_text("[Chorus] la la")
    >>> text = read_song_text(folder / "01 Artist - Title.mp3", folder, SongTables(folder))
    >>> text.title, text.artist, text.lyrics, text.lyrics_source
    ('Title', 'Artist', 'la la', '01 Artist - Title.txt')
    """
    path = Path(path)
    if Path(root) != tables.root:
        raise UsageError(f"the tables were read for {tables.root}, not for {root}; use SongTables({str(root)!r})")
    rows = [(table.path.name, row) for table in tables.tables_for(path) if (row := table.row(path)) is not None]
    if tags is None:
        tags = read_tags(path) if os.path.isfile(path) else Tags()  # noqa: PTH113 - raises nothing
    fields = {name: _cell(rows, columns) for name, columns in COLUMNS.items()}
    title, artist = fields["title"] or tags.title, fields["artist"] or tags.artist
    if not title:
        by, title = _from_name(path.stem, split=not artist)
        artist = artist or by
    lyrics, source, reason, notes = _lyrics(path, rows, tables, tags)
    return SongText(
        title=title,
        artist=artist,
        album=fields["album"] or tags.album,
        label=fields["label"] or tags.mood or tags.genre,
        language=fields["language"] or tags.language,
        group=fields["group"] or tags.group,
        lyrics=lyrics,
        lyrics_source=source,
        lyrics_reason=reason,
        notes=(*notes, tags.note) if tags.note else tuple(notes),
    )


def fingerprint(path: Path | str, root: Path | str, tables: SongTables) -> str:
    """A short hash of everything beside the audio file that determines its words and tags.

    It changes when a table or a lyric file that applies to the song is added, removed or changed.
    """
    path = Path(path)
    hashed = hashlib.blake2b(str(VERSION).encode(), digest_size=8)
    for source in (*(table.path for table in tables.tables_for(path)), *tables.lyric_files(path)):
        relative = os.path.relpath(source, root)
        hashed.update(repr((relative, *tables.stamp(source))).encode("utf-8", "surrogateescape"))
    return hashed.hexdigest()


def _cell(rows: list[tuple[str, dict[str, str]]], columns: tuple[str, ...]) -> str | None:
    for _, row in rows:
        for column in columns:
            if value := " ".join((row.get(column) or "").split()):
                return value
    return None


def _lyrics(
    path: Path, rows: list[tuple[str, dict[str, str]]], tables: SongTables, tags: Tags
) -> tuple[str | None, str | None, str | None, list[str]]:
    """Lyrics, their source, why there are none, and notes on sources that were skipped."""
    skipped: list[str] = []
    for name, row in rows:
        for column in LYRICS_COLUMNS:
            if value := row.get(column):
                if lyrics := clean_lyrics(value):
                    return lyrics, name, None, skipped
                skipped.append(f"lyrics are empty after cleaning ({name})")
    for file in tables.lyric_files(path):
        try:
            lyrics = clean_lyrics(read_lyrics_file(file))
        except LyricsError as error:
            skipped.append(str(error))
            continue
        if lyrics:
            return lyrics, _readable(file.name), None, skipped
        skipped.append(f"lyrics are empty after cleaning ({file.name})")
    for value in tags.lyrics:
        if lyrics := clean_lyrics(value):
            return lyrics, "tag", None, skipped
        skipped.append("lyrics are empty after cleaning (tag)")
    return None, None, skipped[0] if skipped else NO_LYRICS.format(name=_readable(path.stem)), skipped[1:]


def _from_name(stem: str, *, split: bool) -> tuple[str | None, str]:
    """Artist and title from a file's name without its suffix."""
    stem = _readable(stem)
    name = stem if " " in stem else stem.replace("_", " ")
    name = TRACK_NUMBER.sub("", name.strip(), count=1) if TRACK_NUMBER.match(name.strip()) else name.strip()
    parts = BETWEEN_ARTIST_AND_TITLE.split(name, maxsplit=1)
    if split and len(parts) == 2 and all(parts):
        artist, title = parts
        return artist, TRACK_NUMBER.sub("", title, count=1) if TRACK_NUMBER.match(title) else title
    return None, name or stem


def _readable(name: str) -> str:
    # A name in an old encoding contains bytes that are invalid UTF-8, which no database accepts.
    return unicodedata.normalize("NFC", os.fsencode(name).decode("utf-8", errors="replace"))
