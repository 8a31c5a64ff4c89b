"""The songs of the library: their words, features and reasons for rejection, and the tables of the parts of a search.

`Store.damaged` finds damaged rows, and the next ``add`` reads their songs again from their files. Until then such a
song has no lyrics and no audio.
"""

import contextlib
import json
import logging
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from alcca.errors import LibraryError
from alcca.matching.folding import VERSION
from alcca.store.database import Database, checksum, path_from_key, path_key, storable
from alcca.store.embeddings import Embeddings
from alcca.store.exact_words import ExactWords
from alcca.store.readings import Readings
from alcca.store.records import WORDS, FileStamp, Song, SongAudio, SongRecording, SongSummary
from alcca.store.tables import FOLDING, PartTables
from alcca.store.transcripts import Transcripts

__all__ = ["Store"]

log = logging.getLogger("alcca")

T = TypeVar("T", bound=PartTables)

# The tables of the parts of a search; see `alcca.search.parts.register`.
PART_TABLES: list[type[PartTables]] = [Readings, Transcripts, Embeddings, ExactWords]

ORPHANS = [
    f"FROM {table} WHERE song NOT IN (SELECT id FROM songs)"
    for table in ("files", "features", "transcripts", "embeddings")
]
DAMAGED = "the library's row of it is damaged; run alcca add on its folder to read it again"
SONG_COLUMNS = (
    "hash",
    *("song_group" if name == "group" else name for name in WORDS),
    "words_from",
    "audio",
    "audio_reason",
    "notes",
)


class Store(Database):
    """The songs of the library in ``folder``; parameters and errors as for `Database`.

    Calls that write belong inside a `transaction`.
    """

    def __post_init__(self) -> None:
        """Open the database and the tables of the parts of a search."""
        super().__post_init__()
        self._part_tables = {tables: tables(self._db) for tables in PART_TABLES}
        if self.hindrance is not None and self.is_outdated:
            log.warning(
                "%s: an older alcca indexed its words, so words with accents or in other scripts may not be found; "
                "their index cannot be built anew: %s",
                self.folder,
                self.hindrance,
            )

    def _lacks_tables(self, only_required: bool = False) -> bool:
        if only_required:
            return not all(self._has(tables.schema, only_tables=True) for tables in PART_TABLES if tables.required)
        return self.is_outdated or not all(self._has(tables.schema) for tables in PART_TABLES)

    @property
    def is_outdated(self) -> bool:
        """Whether words were indexed by another folding; once the library is opened to be written, they are not."""
        return bool(self.setting(FOLDING) != VERSION)

    def _add_missing_tables(self) -> None:
        for tables in PART_TABLES:
            is_new = not self._has(tables.schema, only_tables=True)
            self._run(tables.schema)
            if is_new or (tables.folds and self.is_outdated):
                tables(self._db).rebuild()
        self.set_setting(FOLDING, VERSION)

    def tables(self, of: type[T]) -> T:
        """The tables of a part of a search in this store."""
        tables = self._part_tables[of]
        assert isinstance(tables, of)
        return tables

    def file_stamps(self) -> dict[str, FileStamp]:
        """Every file that was read, by path."""
        rows = self._db.execute("SELECT path, size, modified, fingerprint, song, unreadable FROM files")
        return {path_from_key(row[0]): FileStamp(path_from_key(row[0]), *row[1:]) for row in rows}

    def stamps_of(self, song: int) -> list[FileStamp]:
        """The files that contain a song, in the order of their paths."""
        rows = self._db.execute(
            "SELECT path, size, modified, fingerprint, song, unreadable FROM files WHERE song = ? ORDER BY path",
            (song,),
        )
        return [FileStamp(path_from_key(row[0]), *row[1:]) for row in rows]

    def put_file(self, stamp: FileStamp) -> None:
        """Record a file's state and the song in it; a song that is left without a file is removed."""
        key = path_key(stamp.path)
        old = self._db.execute("SELECT song FROM files WHERE path = ?", (key,)).fetchone()
        self._db.execute(
            "INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, ?, ?)",
            (key, stamp.size, stamp.modified, stamp.fingerprint, stamp.song, storable(stamp.unreadable)),
        )
        if old is not None and old[0] not in (None, stamp.song):
            self._drop_orphan(old[0])

    def forget_file(self, path: str) -> None:
        """Remove a file's record but not its song: the file was moved, and the song has another path."""
        self._db.execute("DELETE FROM files WHERE path = ?", (path_key(path),))

    def drop_file(self, path: str) -> None:
        """Remove a file's record, and its song if that has no other file."""
        old = self._db.execute("SELECT song FROM files WHERE path = ?", (path_key(path),)).fetchone()
        self.forget_file(path)
        if old is not None and old[0] is not None:
            self._drop_orphan(old[0])

    def addresses(self) -> list[str]:
        """The addresses among the paths of files: those of music that is not on this machine's disks."""
        rows = self._db.execute("SELECT path FROM files WHERE instr(path, '://') ORDER BY path")
        return [path_from_key(path) for (path,) in rows]

    def distrust_files(self) -> None:
        """Forget when files were read, so that the next ``add`` reads all of them again."""
        self._db.execute("UPDATE files SET modified = 0")

    def _drop_orphan(self, song: int) -> None:
        if self._db.execute("SELECT 1 FROM files WHERE song = ?", (song,)).fetchone() is None:
            self._delete([song])

    def put_song(self, song: Song) -> int:
        """Insert a song, or replace the song with the same hash; return its id.

        The song's features are removed if its slice changes, the features of its lyrics if its lyrics change. The
        tables of the parts of a search are updated.
        """
        values = _song_values(song)
        names = ", ".join(SONG_COLUMNS)
        marks = ", ".join("?" * (len(SONG_COLUMNS) + 1))
        updates = ", ".join(f"{name} = excluded.{name}" for name in (*SONG_COLUMNS[1:], "checksum"))
        old = self.song_by_hash(song.hash)
        row = self._db.execute(
            f"INSERT INTO songs ({names}, checksum) VALUES ({marks}) "
            f"ON CONFLICT (hash) DO UPDATE SET {updates} RETURNING id",
            (*values, checksum(*values)),
        ).fetchone()
        if old is not None and old.audio != song.audio:
            self._db.execute("DELETE FROM features WHERE song = ?", (row[0],))
        if old is not None and old.lyrics != song.lyrics:
            # The features by lyrics encoders, whose keys begin with "lyrics".
            self._db.execute("DELETE FROM features WHERE song = ? AND kind GLOB 'lyrics *'", (row[0],))
        for tables in self._part_tables.values():
            tables.song_put(row[0], old, song)
        return int(row[0])

    def song_by_hash(self, content: str) -> Song | None:
        """The song with this content hash, or None."""
        songs = list(self._select("WHERE hash = ?", (storable(content),)))
        return songs[0] if songs else None

    def songs(self, ids: Sequence[int] | None = None) -> list[Song]:
        """All songs in the order of their ids; or the given ones in the given order, without missing ones."""
        if ids is None:
            return list(self._select("", ()))
        by_id = {
            song.id: song for song in self._select("WHERE id IN (SELECT value FROM json_each(?))", (json.dumps(ids),))
        }
        return [by_id[i] for i in ids if i in by_id]

    def summaries(self) -> list[SongSummary]:
        """All songs without their lyrics, in the order of their ids."""
        with self.named_errors():
            rows = self._db.execute(
                "SELECT id, title, artist, label, language, audio IS NOT NULL, lyrics IS NOT NULL "
                "FROM songs ORDER BY id"
            ).fetchall()
        return [SongSummary._make([*tags, bool(audio), bool(lyrics)]) for *tags, audio, lyrics in rows]

    def recordings(self) -> list[SongRecording]:
        """Where the songs with a recording belong, in the order of their ids."""
        with self.named_errors():
            rows = self._db.execute(
                "SELECT id, album, iif(json_valid(audio), json_extract(audio, '$.duration'), NULL), path, size, "
                "modified FROM songs JOIN files ON files.song = songs.id "
                "WHERE audio IS NOT NULL AND files.unreadable IS NULL ORDER BY id, path"
            ).fetchall()
        first: dict[int, SongRecording] = {}
        for number, album, seconds, path, size, modified in rows:
            first.setdefault(number, SongRecording(number, album, seconds, path_from_key(path), size, modified))
        return list(first.values())

    def _select(self, where: str, values: tuple[Any, ...]) -> Iterator[Song]:
        with self.named_errors():
            rows = self._db.execute(
                f"SELECT id, checksum, {', '.join(SONG_COLUMNS)} FROM songs {where} ORDER BY id", values
            ).fetchall()
            ids = json.dumps([row[0] for row in rows])
            aloud = self.tables(Readings).of([row[0] for row in rows])
            paths: dict[int, list[str]] = {}
            for song, path in self._db.execute(
                "SELECT song, path FROM files WHERE song IN (SELECT value FROM json_each(?)) ORDER BY path",
                (ids,),
            ):
                paths.setdefault(song, []).append(path_from_key(path))
        for number, stored, *columns in rows:
            if checksum(*columns) != stored:
                yield Song(columns[0], str(columns[1]), audio_reason=DAMAGED,
                           id=number, paths=tuple(paths.get(number, ())))  # fmt: skip
                continue
            fields = dict(zip(SONG_COLUMNS, columns, strict=True))
            fields["group"] = fields.pop("song_group")
            fields["audio"] = None if fields["audio"] is None else SongAudio(**json.loads(fields["audio"]))
            fields["words_from"] = None if fields["words_from"] is None else path_from_key(fields["words_from"])
            fields["notes"] = tuple(json.loads(fields["notes"]))
            yield Song(id=number, paths=tuple(paths.get(number, ())), lyrics_aloud=aloud.get(number), **fields)

    def search_words(self, text: str, among: frozenset[int] | None = None) -> list[int]:
        """Ids of the songs that contain every word of ``text`` in title, artist or lyrics, best match first.

        See `alcca.store.exact_words.ExactWords.search` for what counts as the same word, and for the order.

        Raises
        ------
        UsageError
            ``text`` has more different words than an exact search takes, or the search takes too long.
        """
        with self.named_errors():
            found = self.tables(ExactWords).search(text)
        return [song for song in found if among is None or song in among]

    # Features

    def put_features(self, song: int, kind: str, values: NDArray[np.float32]) -> None:
        """Store a song's feature array of a kind: ``"mfcc"``, ``"descriptors"``, or the key of an encoder."""
        data, shape = values.astype("<f4").tobytes(), json.dumps(values.shape)
        self._db.execute(
            "INSERT OR REPLACE INTO features VALUES (?, ?, ?, ?, ?)",
            (song, kind, shape, data, checksum(shape, data)),
        )

    def features(self, kind: str, ids: Sequence[int]) -> NDArray[np.float32]:
        """Features of songs in one array, shape (len(ids), *shape of one song's).

        Raises
        ------
        LibraryError
            A song has no such features, or they are damaged.
        """
        rows = self._sound_features(kind, ids)
        for number in ids:
            if number not in rows:
                song = self.songs([number])[0]
                raise LibraryError(
                    f"{self.folder}: the stored {kind} of {song.title!r} is missing or damaged; "
                    f"run add on the folder of {song.paths[0] if song.paths else 'its file'} again"
                )
        shape = json.loads(rows[ids[0]][0]) if len(ids) else [0]
        return np.frombuffer(b"".join(rows[i][1] for i in ids), "<f4").reshape(len(ids), *shape).astype(np.float32)

    def without_features(self, kind: str, ids: Sequence[int]) -> list[int]:
        """Those of ``ids`` whose features of the kind are missing or damaged, in their order."""
        rows = self._sound_features(kind, ids)
        return [number for number in ids if number not in rows]

    def _sound_features(self, kind: str, ids: Sequence[int]) -> dict[int, tuple[str, bytes]]:
        """Shape and data by song, for the rows that match their checksum."""
        with self.named_errors():
            rows = self._db.execute(
                "SELECT song, shape, data, checksum FROM features "
                "WHERE kind = ? AND song IN (SELECT value FROM json_each(?))",
                (kind, json.dumps(list(ids))),
            ).fetchall()
        return {song: (shape, data) for song, shape, data, stored in rows if checksum(shape, data) == stored}

    def is_damaged(self) -> bool:
        """Whether the seal or a row's checksum shows damage, or a row cannot even be read."""
        try:
            return self.seal_is_broken or bool(self.damaged())
        except LibraryError:
            return True

    def rebuild_indexes(self) -> None:
        """Derive SQLite's own indexes, those of the parts of a search, and of exact words, anew from the songs."""
        # First: a row that is missing from one of SQLite's indexes is not found, and so in none of the others.
        self._db.execute("REINDEX")
        for tables in self._part_tables.values():
            tables.rebuild()

    def stale_indexes(self) -> list[str]:
        """Names of the indexes that do not agree with the songs; none where an older alcca indexed their words."""
        if self.is_outdated:
            return []
        with self.named_errors():
            return [name for tables in self._part_tables.values() for name in tables.stale_indexes()]

    def damaged(self) -> set[int]:
        """Ids of the songs with a row that does not match its checksum, or without their features."""
        return set().union(*self.damage().values())

    def damage(self) -> dict[str, set[int]]:
        """As `damaged`, by what is damaged of the songs: ``songs``, ``features``, and the tables of parts by name."""
        found: dict[str, set[int]] = {"songs": set(), "features": set()}
        with self.named_errors():
            for number, stored, *values in self._db.execute(
                f"SELECT id, checksum, {', '.join(SONG_COLUMNS)} FROM songs"
            ):
                if checksum(*values) != stored:
                    found["songs"].add(number)
            found["features"] |= self.without_mfcc()
            for number, shape, data, stored in self._db.execute("SELECT song, shape, data, checksum FROM features"):
                if checksum(shape, data) != stored:
                    found["features"].add(number)
            found |= {type(tables).__name__.lower(): tables.damaged() for tables in self._part_tables.values()}
        return found

    def without_mfcc(self) -> set[int]:
        """Ids of the songs that have audio, but not the features that each has that was read."""
        with self.named_errors():
            rows = self._db.execute(
                "SELECT id FROM songs WHERE audio IS NOT NULL "
                "AND id NOT IN (SELECT song FROM features WHERE kind = 'mfcc')"
            )
            return {number for (number,) in rows}

    def orphans(self) -> int:
        """The number of rows of songs that are gone, which only damage leaves."""
        with self.named_errors():
            return sum(self._db.execute(f"SELECT count(*) {rows}").fetchone()[0] for rows in ORPHANS)

    def drop_orphans(self) -> int:
        """Remove rows of songs that are gone; return their number."""
        return sum(self._db.execute(f"DELETE {rows}").rowcount for rows in ORPHANS)

    def copy_rows(self, table: str, columns: Sequence[str], rows: Iterable[tuple[Any, ...]]) -> int:
        """Insert rows of another database, but those that contradict others; return how many."""
        marks = ", ".join("?" * len(columns))
        insert = f"INSERT OR REPLACE INTO {table} ({', '.join(columns)}) VALUES ({marks})"
        count = 0
        # Their songs may be missing; `drop_orphans` then removes them.
        self._db.execute("PRAGMA foreign_keys=OFF")
        with self.transaction():
            for row in rows:
                with contextlib.suppress(sqlite3.IntegrityError):
                    self._db.execute(insert, row)
                    count += 1
        self._db.execute("PRAGMA foreign_keys=ON")
        return count

    def drop_damage(self) -> dict[str, set[int]]:
        """Remove what `damage` finds, and return it: it is read from the songs' files, or computed, again.

        A song whose own row is damaged is removed with everything that belongs to it; else only its features, or its
        row of a part of the search.
        """
        damage = self.damage()
        whole = damage["songs"]
        for tables in self._part_tables.values():
            tables.drop(sorted(damage[type(tables).__name__.lower()] - whole))
        self._db.executemany("DELETE FROM features WHERE song = ?", ((number,) for number in damage["features"]))
        if whole:
            self.drop_songs(whole)
        return damage

    def drop_songs(self, ids: Iterable[int]) -> None:
        """Remove damaged songs with everything that belongs to them, so that their files are read again."""
        self._delete(list(ids))
        # Removing a text from an index of words requires the indexed text, and a damaged text is a different one.
        self.rebuild_indexes()

    def _delete(self, numbers: Sequence[int]) -> None:
        for tables in self._part_tables.values():
            tables.forget(numbers)
        self._db.executemany("DELETE FROM songs WHERE id = ?", ((number,) for number in numbers))


def _song_values(song: Song) -> tuple[Any, ...]:
    fields: dict[str, Any] = {name: storable(getattr(song, name)) for name in (*WORDS, "hash", "audio_reason")}
    fields["song_group"] = fields.pop("group")
    fields["words_from"] = None if song.words_from is None else path_key(song.words_from)
    fields["audio"] = None if song.audio is None else json.dumps(vars(song.audio))
    fields["notes"] = json.dumps(song.notes)
    return tuple(fields[name] for name in SONG_COLUMNS)
