"""Building the index of a lyric database: batch by batch, from where it stopped, in memory that does not grow.

The songs of a batch, the n-grams of its new texts and the place in the database are committed together. Segments of a
block are merged when the block is full, and at the end.
"""

import contextlib
import hashlib
import logging
import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from alcca.errors import DiskError, LibraryError
from alcca.lyric_databases.place import VERSION, identity_of
from alcca.lyric_databases.postings import BLOCK, Segment, merge, write_segment
from alcca.lyric_databases.row import Row
from alcca.lyric_databases.sketches import SAME, keys_of, share_in_common
from alcca.lyric_databases.song_table import SongTable, letters_of, packed
from alcca.lyric_databases.source import Source
from alcca.lyric_databases.titles import title_key, title_letters
from alcca.matching.folding import VERSION as FOLDING
from alcca.matching.ngrams import Integers, distinct, grams_of
from alcca.persistence.disk import DISK_FULL, disk_error
from alcca.progress import Progress

__all__ = ["SONGS", "build", "is_complete", "left_out_of"]

log = logging.getLogger("alcca")

SONGS = "songs.sqlite3"
# Rows and letters of a batch, whichever is reached first: about 150 MB of memory.
BATCH, LETTERS = 2048, 3_000_000
# How many segments of a block are left side by side while it is filled.
SIDE_BY_SIDE = 64
SQLITE_FULL = 13


def is_complete(folder: Path, identity: str) -> bool:
    """Whether a folder holds the whole index of a database as it is now."""
    try:
        table = SongTable(folder / SONGS, writing=False)
    except sqlite3.Error:
        return False
    try:
        about = table.about()
        sound = about.get("identity") == identity and about.get("complete") == "1"
        return sound and all((folder / name).is_file() for name, _ in table.segments())
    except sqlite3.Error:
        return False
    finally:
        table.close()


def build(source: Source, folder: Path, *, progress: bool = True) -> None:
    """Build the index of a database, or go on with it.

    An index of another state of the database is continued if all rows that it has are still there unchanged, and else
    made anew. The caller holds the lock of the folder.

    Raises
    ------
    DiskError
        The disk is full or read-only.
    LibraryError
        The folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        try:
            _build(source, folder, progress=progress)
        except (LibraryError, sqlite3.DatabaseError) as error:
            if isinstance(error, DiskError) or _is_about_the_disk(error):
                raise
            log.warning("%s: the index is damaged (%s) and is made anew", folder, error)
            _clear(folder)
            _build(source, folder, progress=progress)
    except sqlite3.Error as error:
        if _is_about_the_disk(error):
            raise DiskError(f"{folder}: {DISK_FULL}") from error
        raise LibraryError(f"{folder}: the index cannot be written ({error}); delete this folder") from error
    except OSError as error:
        raise disk_error(error, folder) or LibraryError(
            f"{folder}: the index cannot be written ({error.strerror}); set $ALCCA_CACHE to another folder"
        ) from error


def left_out_of(about: Mapping[str, str]) -> Counter[str]:
    """How many rows were left out, by reason, by what an index says about itself."""
    pairs = (line.split("\t", 1) for line in about.get("left_out", "").splitlines())
    return Counter({why: int(count) for count, why in pairs})


def _build(source: Source, folder: Path, *, progress: bool) -> None:
    identity = identity_of(source)
    table = SongTable(folder / SONGS, writing=True)
    try:
        about = table.about()
        position = int(about.get("position", 0))
        if about.get("identity") != identity and position:
            made = (about.get("version"), about.get("folding"), about.get("format"))
            if made != (str(VERSION), str(FOLDING), source.format) or not _begins_with(source, table):
                table.close()
                _clear(folder)
                table, position, about = SongTable(folder / SONGS, writing=True), 0, {}
        table.say(
            identity=identity, version=VERSION, folding=FOLDING, format=source.format, complete=0,
            path=source.path.resolve(),
        )  # fmt: skip
        listed = {name for name, _ in table.segments()}
        for left in folder.glob("*.grams"):
            if left.name not in listed:
                left.unlink()
        what = "going on with the index of lyrics" if position else "indexing lyrics"
        with Progress(what, max(source.total, position), source.unit, show=progress) as bar:
            bar.update(position)
            _Builder(table, folder, left_out_of(about)).add(source, position, bar)
        for block in sorted({block for _, block in table.segments()}):
            _merge(table, folder, block)
        table.say(complete=1)
        table.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        table.close()


class _Builder:
    """Adds rows to an index."""

    def __init__(self, table: SongTable, folder: Path, left_out: Counter[str]) -> None:
        self._table, self._folder, self._left_out = table, folder, left_out
        (self._songs,) = table.db.execute("SELECT coalesce(max(id) + 1, 0) FROM song").fetchone()
        (self._texts,) = table.db.execute("SELECT coalesce(max(number) + 1, 0) FROM text").fetchone()

    def add(self, source: Source, position: int, bar: Progress) -> None:
        """Add all rows behind a position, a batch in each transaction."""
        for place, rows, digest in _batches(source, position):
            with _transaction(self._table.db):
                self._add([row for row in rows if row is not None])
                self._table.db.execute("INSERT OR REPLACE INTO batch VALUES (?, ?)", (place, digest))
                left_out = (self._left_out + source.left_out).items()
                told = "\n".join(f"{count}\t{' '.join(why.split())}" for why, count in sorted(left_out))
                self._table.say(position=place, left_out=told)
            bar.update(min(place, bar.total) - bar.done, f"{self._songs:,} songs, {self._texts:,} different texts")
            for block, count in self._crowded():
                if block < self._texts // BLOCK or count > SIDE_BY_SIDE:
                    _merge(self._table, self._folder, block)

    def _add(self, rows: list[Row]) -> None:
        letters = [b"" if row.instrumental else letters_of(row) for row in rows]
        gram, text = grams_of(letters)
        keys = keys_of(letters, gram, text)
        fresh = np.full(len(rows), -1, np.int64)
        for place, row in enumerate(rows):
            if not row.instrumental and not letters[place]:
                continue
            number, words = None, None
            if not row.instrumental:
                words = packed(row)
                number = self._version_of(letters[place], keys[place])
                if number is None:
                    number = fresh[place] = self._texts
                    self._texts += 1
                    self._table.add_text(keys[place], int(number), self._songs)
                elif self._table.words_of(number) == words:
                    words = None
            key = title_key(title_letters(row.title)) if row.title else None
            self._table.add_song(self._songs, None if number is None else int(number), row, words, key)
            self._songs += 1
        new = fresh[text] >= 0
        self._write_grams(gram[new], fresh[text][new])

    def _version_of(self, letters: bytes, keys: list[int]) -> int | None:
        """The text of which this is a version."""
        alike = self._table.alike(keys)
        for text, key in alike.items():
            # The first key is that of all letters.
            if key == keys[0] or share_in_common(letters, letters_of(self._table.first_of(text).row)) >= SAME:
                return text
        return None

    def _write_grams(self, gram: Integers, text: Integers) -> None:
        for block in distinct(text // BLOCK).tolist():
            inside = text // BLOCK == block
            name = f"{block:05d}-{self._songs:010d}.grams"
            write_segment(self._folder / name, gram[inside], text[inside] - block * BLOCK)
            self._table.add_segment(name, block)

    def _crowded(self) -> list[tuple[int, int]]:
        """The blocks with several segments, and how many each has."""
        counts = Counter(block for _, block in self._table.segments())
        return [(block, count) for block, count in counts.items() if count > 1]


def _merge(table: SongTable, folder: Path, block: int) -> None:
    """Replace the segments of a block by one."""
    names = [name for name, its_block in table.segments() if its_block == block]
    if len(names) < 2:
        return
    # The name of none of them, nor of any that a killed process has left.
    merged = f"{block:05d}-{max(names)[6:16]}-{len(names)}.grams"
    merge(folder / merged, [Segment.read(folder / name, block) for name in names])
    with _transaction(table.db):
        table.replace_segments(names, merged, block)
    for name in names:
        # Windows keeps a file that is mapped into memory.
        with contextlib.suppress(OSError):
            (folder / name).unlink()


def _batches(source: Source, position: int) -> Iterator[tuple[int, list[Row | None], bytes]]:
    """The rows behind a position in batches, each with the position behind it and a digest of its rows."""
    rows: list[Row | None] = []
    letters, digest = 0, hashlib.blake2b(digest_size=16)
    for place, row in source.rows(position):
        position = place
        rows.append(row)
        letters += _take(digest, row)
        if len(rows) >= BATCH or letters >= LETTERS:
            yield position, rows, digest.digest()
            rows, letters, digest = [], 0, hashlib.blake2b(digest_size=16)
    if rows:
        yield position, rows, digest.digest()


def _take(digest: "hashlib.blake2b", row: Row | None) -> int:
    """Add a row to a digest; the number of its letters."""
    told = "\0".join(map(str, row)) if row is not None else ""
    digest.update(told.encode("utf-8", "replace"))
    digest.update(b"\1")
    return len(told)


def _begins_with(source: Source, table: SongTable) -> bool:
    """Whether a database begins with the very rows that an index was made of."""
    batches = list(table.batches())
    digest = hashlib.blake2b(digest_size=16)
    wanted = iter(batches)
    position, told = next(wanted, (0, b""))
    for place, row in source.rows():
        if place > position:
            return False
        _take(digest, row)
        if place == position:
            if digest.digest() != told:
                return False
            digest = hashlib.blake2b(digest_size=16)
            following = next(wanted, None)
            if following is None:
                source.left_out.clear()
                return True
            position, told = following
    return False


@contextlib.contextmanager
def _transaction(db: sqlite3.Connection) -> Iterator[None]:
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        # A full disk has rolled it back already.
        with contextlib.suppress(sqlite3.OperationalError):
            db.execute("ROLLBACK")
        raise
    db.execute("COMMIT")


def _clear(folder: Path) -> None:
    for path in [*folder.glob("*.grams"), *folder.glob(f"{SONGS}*")]:
        path.unlink(missing_ok=True)


def _is_about_the_disk(error: Exception) -> bool:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF == SQLITE_FULL
