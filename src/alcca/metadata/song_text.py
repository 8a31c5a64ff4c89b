"""The title, label and lyrics of a song, put together from tables, lyric files and tags.

Lyrics come from the first of these sources that has any: a row of ``songs.csv`` or ``metadata.csv`` in the song's
folder or one above it, a lyric file (beside the song, or in a folder called ``lyrics``), the tags. All other fields
come from the tables first, then from the tags.
"""

import hashlib
import os
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from alcca.cleaning.lyrics import clean_lyrics, placeholder_in
from alcca.cleaning.readings import read_aloud
from alcca.errors import LyricsError, UsageError
from alcca.languages import language_code
from alcca.metadata.columns import FIELD_COLUMNS, LYRICS_COLUMNS
from alcca.metadata.kanji import has_dictionary, in_kana
from alcca.metadata.sidecars import SongTables
from alcca.metadata.tags import TagLyrics, Tags, read_tags
from alcca.texts.encodings import read_lyrics_file
from alcca.texts.origin import is_transcribed
from alcca.texts.timed import damage_in

__all__ = ["SongText", "fingerprint", "read_song_text"]

# To be increased when the same files give another text, so that libraries read them again.
VERSION = 2
NO_LYRICS = "no lyrics: looked for a row in songs.csv or metadata.csv, {name}.lrc, {name}.txt and lyrics in the tags"
WHY_EMPTY = {
    "instrumental": "no lyrics: {source} says that the song is an instrumental",
    "missing": "no lyrics: {source} says that there are none",
    None: "lyrics are empty after cleaning ({source})",
}
# "01 ", "1-01 ", "12. ", "3 - ", "7_": a track's number. "99 Luftballons" and "7 Seconds" are titles.
TRACK_NUMBER = re.compile(r"(?:\d{1,2}-)?(?:0\d{1,2}[\s._)-]+|\d{1,3}(?:[.)]\s+|\s+[-–]\s+|_))(?=\S)")
BETWEEN_ARTIST_AND_TITLE = re.compile(r"\s+[-–—]\s+")
# Empty cells, as pandas and databases write them.
EMPTY = ("nan", "NaN", "<NA>", "NULL")
# Programs that write tables write a line break within a cell as these two characters.
WRITTEN_BREAK = "\\n"

# Rows of tables, each with the name of its table.
Rows = list[tuple[str, dict[str, str]]]


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
    lyrics_aloud : str or None
        The lyrics with readings in the place of the characters: those that they give (ruby, furigana), and those of a
        dictionary, if there is one (`alcca.metadata.kanji`). None without any.
    notes : tuple of str
        What was skipped, as sentences for users.
    lyrics_text : str or None
        The text that the lyrics are from as it stands there, with its times; without lyrics, the one that says so.
    lyrics_path : str or None
        The file of that text; None for a tag or a table.
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
    lyrics_aloud: str | None = None
    notes: tuple[str, ...] = ()
    lyrics_text: str | None = None
    lyrics_path: str | None = None


def read_song_text(
    path: Path | str,
    root: Path | str,
    tables: SongTables,
    *,
    tags: Tags | None = None,
    rows: Rows | None = None,
    also: Path | None = None,
) -> SongText:
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
    rows : list of (str, dict), optional
        The song's rows of tables, with the names of these. Default: those of its path.
    also : Path, optional
        Another path beside which its lyrics may be.

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
    if rows is None:
        rows = [(table.path.name, row) for table in tables.tables_for(path) if (row := table.row(path)) is not None]
    if tags is None:
        tags = read_tags(path) if os.path.isfile(path) else Tags()  # noqa: PTH113 - raises nothing
    fields = {name: _cell(rows, columns) for name, columns in FIELD_COLUMNS.items()}
    title, artist = fields["title"] or tags.title, fields["artist"] or tags.artist
    if not title:
        by, title = _from_name(path.stem, split=not artist)
        artist = artist or by
    language = fields["language"] or tags.language
    lyrics = _lyrics(path, rows, tables, tags, language, also, artist or "")
    return SongText(
        title=title,
        artist=artist,
        album=fields["album"] or tags.album,
        label=fields["label"] or tags.mood or tags.genre,
        language=language or lyrics.language,
        group=fields["group"] or tags.group,
        lyrics=lyrics.words,
        lyrics_source=lyrics.source,
        lyrics_reason=lyrics.reason,
        lyrics_aloud=lyrics.aloud,
        notes=(*lyrics.notes, *tags.notes),
        lyrics_text=lyrics.text,
        lyrics_path=lyrics.path,
    )


def fingerprint(path: Path | str, root: Path | str, tables: SongTables) -> str:
    """A short hash of everything beside the audio file that determines its words and tags.

    It changes when a table or a lyric file that applies to the song is added, removed or changed.
    """
    path = Path(path)
    # With a dictionary of readings, the same lyrics are also read aloud.
    hashed = hashlib.blake2b(repr((VERSION, has_dictionary())).encode(), digest_size=8)
    files, _ = tables.lyric_files(path)
    for source in (*(table.path for table in tables.tables_for(path)), *(file.path for file in files)):
        relative = os.path.relpath(source, root)
        hashed.update(repr((relative, *tables.stamp(source))).encode("utf-8", "surrogateescape"))
    return hashed.hexdigest()


def _cell(rows: Rows, columns: tuple[str, ...]) -> str | None:
    for _, row in rows:
        for column in columns:
            if (value := " ".join((row.get(column) or "").split())) and value not in EMPTY:
                return value
    return None


class _Lyrics(NamedTuple):
    """Lyrics, their source and the language that it names, or why there are none; notes on what was passed over.

    ``aloud`` are the lyrics as they are read aloud, if that is known; ``text`` is what they were cleaned from, or what
    says that there are none, and ``path`` its file.
    """

    words: str | None
    aloud: str | None
    source: str | None
    language: str | None
    reason: str | None
    notes: list[str]
    text: str | None = None
    path: str | None = None


class _Candidate(NamedTuple):
    """A text that may be the lyrics."""

    text: str
    source: str
    language: str | None = None
    # Said if it is used.
    note: str | None = None
    path: str | None = None


def _lyrics(
    path: Path, rows: Rows, tables: SongTables, tags: Tags, language: str | None, also: Path | None, artist: str
) -> _Lyrics:
    skipped: list[str] = []
    first: _Candidate | None = None
    transcribed: set[str] = set()
    for candidate in _candidates(path, rows, tables, tags, language, also, artist, skipped):
        first = first or candidate
        words = clean_lyrics(candidate.text)
        # Formats without headers, which are written with it, hold the same words and no mark.
        if words and (is_transcribed(candidate.text) or words in transcribed):
            transcribed.add(words)
            skipped.append(f"no lyrics: {candidate.source} holds what alcca has heard")
            continue
        if damage := damage_in(candidate.text):
            skipped.append(f"{candidate.source}: {damage}")
        if words:
            notes = [*skipped, candidate.note] if candidate.note else skipped
            with_readings = read_aloud(candidate.text)
            aloud = in_kana(clean_lyrics(with_readings) if with_readings != candidate.text else words)
            said = aloud if aloud != words else None
            return _Lyrics(
                words, said, candidate.source, candidate.language, None, notes, candidate.text, candidate.path
            )
        skipped.append(WHY_EMPTY[placeholder_in(candidate.text)].format(source=candidate.source))
    reason = skipped[0] if skipped else NO_LYRICS.format(name=_readable(path.stem))
    text, place = (first.text, first.path) if first is not None else (None, None)
    return _Lyrics(None, None, None, None, reason, skipped[1:], text, place)


def _candidates(
    path: Path,
    rows: Rows,
    tables: SongTables,
    tags: Tags,
    language: str | None,
    also: Path | None,
    artist: str,
    skipped: list[str],
) -> Iterator[_Candidate]:
    """Every text that may be the lyrics, in order of priority; sentences on those that cannot be read go to skipped."""
    for name, row in rows:
        for column in LYRICS_COLUMNS:
            if value := row.get(column):
                yield _Candidate(value if "\n" in value else value.replace(WRITTEN_BREAK, "\n"), name)
    code = language_code(language)
    files, notes = tables.lyric_files(path, code, artist)
    files += tables.lyric_files(also, code, artist)[0] if also else []
    for file in files:
        try:
            text = read_lyrics_file(file.path, encoding=tables.encoding, language=code or file.language)
        except LyricsError as error:
            skipped.append(str(error))
            continue
        yield _Candidate(text, _readable(file.path.name), file.language, file.note, os.fspath(file.path))
    skipped += notes
    yield from (_Candidate(one.text, "tag", note=note) for one, note in _in_order(tags.lyrics, code))


def _in_order(lyrics: tuple[TagLyrics, ...], language: str | None) -> list[tuple[TagLyrics, str | None]]:
    """The lyrics of tags, those in the song's language first, each with a sentence on the other languages."""
    ordered = sorted(lyrics, key=lambda one: language is None or language_code(one.language) != language)
    languages = sorted({one.language for one in lyrics if one.language})
    if len(languages) < 2:
        return [(one, None) for one in ordered]
    there = f"lyrics in {' and '.join(languages)} are in its tags"
    return [(one, f"{there}; those in {one.language} were used" if one.language else None) for one in ordered]


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
