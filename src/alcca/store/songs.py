"""The songs of the library: their words, features and reasons for rejection, and the tables of the parts of a search.

`Store.damaged` finds damaged rows, and the next ``add`` reads their songs again from their files. Until then such a
song has no lyrics and no audio.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from alcca.errors import LibraryError
from alcca.store.database import Database, checksum, path_from_key, path_key
from alcca.store.embeddings import Embeddings
from alcca.store.exact_words import phrases
from alcca.store.records import WORDS, FileStamp, Song, SongAudio, SongSummary
from alcca.store.tables import PartTables
from alcca.store.transcripts import Transcripts

__all__ = ["Store"]

T = TypeVar("T", bound=PartTables)

# The tables of the parts of a search; see `alcca.search.parts.register`.
PART_TABLES: list[type[PartTables]] = [Transcripts, Embeddings]

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

    def _lacks_tables(self, only_required: bool = False) -> bool:
        return not all(self._has(tables.schema, only_tables=only_required) for tables in PART_TABLES)

    def _add_missing_tables(self) -> None:
        for tables in PART_TABLES:
            is_new = not self._has(tables.schema, only_tables=True)
            self._run(tables.schema)
            if is_new:
                tables(self._db).rebuild()

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
            (key, stamp.size, stamp.modified, stamp.fingerprint, stamp.song, stamp.unreadable),
        )
        if old is not None and old[0] not in (None, stamp.song):
            self._drop_orphan(old[0])

    def forget_file(self, path: str) -> None:
        """Remove a file's record but not its song: the file was moved, and the song has another path."""
        self._db.execute("DELETE FROM files WHERE path = ?", (path_key(path),))

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
        songs = list(self._select("WHERE hash = ?", (content,)))
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

    def _select(self, where: str, values: tuple[Any, ...]) -> Iterator[Song]:
        with self.named_errors():
            rows = self._db.execute(
                f"SELECT id, checksum, {', '.join(SONG_COLUMNS)} FROM songs {where} ORDER BY id", values
            ).fetchall()
            ids = json.dumps([row[0] for row in rows])
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
            yield Song(id=number, paths=tuple(paths.get(number, ())), **fields)

    def search_words(self, text: str, among: frozenset[int] | None = None) -> list[int]:
        """Ids of the songs that contain every word of ``text`` in title, artist or lyrics, best match first.

        Raises
        ------
        UsageError
            ``text`` has more different words than an exact search takes.
        """
        wanted = phrases(text)
        if not wanted:
            return []
        with self.named_errors():
            rows = self._db.execute(
                "SELECT rowid FROM words WHERE words MATCH ? ORDER BY rank", (" ".join(wanted),)
            ).fetchall()
        return [row[0] for row in rows if among is None or row[0] in among]

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

    def damaged(self) -> set[int]:
        """Ids of the songs with a row that does not match its checksum, or without their features."""
        bad: set[int] = set()
        with self.named_errors():
            for number, bare, stored, *values in self._db.execute(
                "SELECT id, audio IS NOT NULL AND id NOT IN (SELECT song FROM features WHERE kind = 'mfcc'), checksum, "
                f"{', '.join(SONG_COLUMNS)} FROM songs"
            ):
                if bare or checksum(*values) != stored:
                    bad.add(number)
            for number, shape, data, stored in self._db.execute("SELECT song, shape, data, checksum FROM features"):
                if checksum(shape, data) != stored:
                    bad.add(number)
            for tables in self._part_tables.values():
                bad |= tables.damaged()
        return bad

    def drop_songs(self, ids: Iterable[int]) -> None:
        """Remove damaged songs with everything that belongs to them, so that their files are read again."""
        self._delete(list(ids))
        # Removing a text from the word index requires the indexed text, and a damaged text is a different one.
        self._db.execute("INSERT INTO words(words) VALUES ('rebuild')")
        for tables in self._part_tables.values():
            tables.rebuild()

    def _delete(self, numbers: Sequence[int]) -> None:
        for tables in self._part_tables.values():
            tables.forget(numbers)
        self._db.executemany("DELETE FROM songs WHERE id = ?", ((number,) for number in numbers))


def _song_values(song: Song) -> tuple[Any, ...]:
    fields = {name: getattr(song, name) for name in (*WORDS, "hash", "audio_reason")}
    fields["song_group"] = fields.pop("group")
    fields["words_from"] = None if song.words_from is None else path_key(song.words_from)
    fields["audio"] = None if song.audio is None else json.dumps(vars(song.audio))
    fields["notes"] = json.dumps(song.notes)
    return tuple(fields[name] for name in SONG_COLUMNS)
