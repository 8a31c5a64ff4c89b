"""The embeddings of songs in the learned space: one vector of a song's audio and one of its lyrics."""

import json
import logging
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from alcca.errors import LibraryError
from alcca.store.database import checksum
from alcca.store.sqlite_errors import REMEDY
from alcca.store.tables import PartTables

if TYPE_CHECKING:
    from alcca.store.records import Song

__all__ = ["VIEWS", "Embeddings"]

VIEWS = ("audio", "lyrics")

log = logging.getLogger("alcca")


class Embeddings(PartTables):
    """Embeddings of songs in the common space of a model; they are dropped when the song changes."""

    schema = """
CREATE TABLE IF NOT EXISTS embeddings (
    song INTEGER NOT NULL REFERENCES songs(id) ON DELETE CASCADE,
    model TEXT NOT NULL, audio BLOB, lyrics BLOB, checksum INTEGER NOT NULL,
    PRIMARY KEY (model, song)
);
CREATE INDEX IF NOT EXISTS embeddings_of_song ON embeddings(song);
"""

    def song_put(self, number: int, before: "Song | None", now: "Song") -> None:
        """Drop the vectors of a song whose audio or lyrics have changed."""
        if before is not None and (before.lyrics, before.audio) != (now.lyrics, now.audio):
            self._db.execute("DELETE FROM embeddings WHERE song = ?", (number,))

    def put(
        self,
        model: str,
        ids: Iterable[int],
        audio: Iterable[NDArray[Any] | None],
        lyrics: Iterable[NDArray[Any] | None],
    ) -> None:
        """Store each song's two vectors in the common space of ``model``; either may be None."""

        def row(song: int, a: NDArray[Any] | None, t: NDArray[Any] | None) -> tuple[Any, ...]:
            values = (
                model,
                None if a is None else a.astype("<f4").tobytes(),
                None if t is None else t.astype("<f4").tobytes(),
            )
            return (song, *values, checksum(*values))

        self._db.executemany("INSERT OR REPLACE INTO embeddings VALUES (?, ?, ?, ?, ?)", map(row, ids, audio, lyrics))

    def clear(self) -> None:
        """Remove all embeddings."""
        self._db.execute("DELETE FROM embeddings")

    def sizes(self, model: str | None) -> tuple[list[int], int]:
        """The different sizes in bytes of the vectors of ``model``; and how many songs' vectors other models have."""
        sizes = self._db.execute(
            "SELECT DISTINCT length(audio) FROM embeddings WHERE model = :model AND audio IS NOT NULL "
            "UNION SELECT DISTINCT length(lyrics) FROM embeddings WHERE model = :model AND lyrics IS NOT NULL",
            {"model": model},
        ).fetchall()
        (others,) = self._db.execute("SELECT count(*) FROM embeddings WHERE model IS NOT ?", (model,)).fetchone()
        return [size for (size,) in sizes], int(others)

    def keep_only(self, model: str) -> None:
        """Remove the embeddings of every other model."""
        self._db.execute("DELETE FROM embeddings WHERE model != ?", (model,))

    def vectors(self, model: str, view: str) -> tuple[list[int], NDArray[np.float32]]:
        """Ids and vectors, shape (n, d), of the songs whose ``view`` (audio or lyrics) ``model`` has embedded."""
        ids, _ = self.stamps(model, view)
        return ids.tolist(), self.read(model, view, ids) if len(ids) else np.empty((0, 0), np.float32)

    def stamps(self, model: str, view: str) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Ids of the songs whose ``view`` ``model`` has embedded, ascending, and the checksums of their vectors."""
        rows = self._db.execute(
            f"SELECT song, checksum FROM embeddings WHERE model = ? AND {_view(view)} IS NOT NULL ORDER BY song",
            (model,),
        )
        stamps = np.fromiter(rows, [("song", np.int64), ("checksum", np.int64)])
        return np.ascontiguousarray(stamps["song"]), np.ascontiguousarray(stamps["checksum"])

    def read(self, model: str, view: str, ids: NDArray[np.int64]) -> NDArray[np.float32]:
        """Vectors, shape (m, d), of songs given by ascending ids; each must have one.

        A damaged vector is replaced by zeros, which is near to nothing, with a warning.

        Raises
        ------
        LibraryError
            All are damaged.
        """
        rows = self._db.execute(
            "SELECT audio, lyrics, checksum FROM embeddings "
            "WHERE model = ? AND song IN (SELECT value FROM json_each(?)) ORDER BY song",
            (model, json.dumps(ids.tolist())),
        )
        which = VIEWS.index(_view(view))
        vectors = [values[which] if checksum(model, *values) == stored else None for *values, stored in rows]
        damaged = sum(vector is None for vector in vectors)
        if damaged:
            said = f"the vectors of {damaged} songs in the learned space are damaged; {REMEDY}"
            if damaged == len(vectors):
                raise LibraryError(said)
            log.warning("%s", said)
        nothing = bytes(max((len(vector) for vector in vectors if vector is not None), default=0))
        data = b"".join(nothing if vector is None else vector for vector in vectors)
        return np.frombuffer(data, "<f4").reshape(len(ids), -1).astype(np.float32, copy=False)

    def checksums(self, model: str) -> dict[int, int]:
        """The checksum of each song's vectors in the space of ``model``, by song id; it changes when they do."""
        rows = self._db.execute("SELECT song, checksum FROM embeddings WHERE model = ?", (model,))
        return dict(rows.fetchall())

    def missing(self, model: str) -> list[int]:
        """Ids of the songs with audio or lyrics that ``model`` has not embedded."""
        rows = self._db.execute(
            "SELECT id FROM songs LEFT JOIN embeddings AS own ON own.song = id AND own.model = ? "
            "WHERE (songs.audio IS NOT NULL AND own.audio IS NULL) "
            "OR (songs.lyrics IS NOT NULL AND own.lyrics IS NULL) ORDER BY id",
            (model,),
        )
        return [row[0] for row in rows]

    def drop(self, numbers: Sequence[int]) -> None:
        """Remove the vectors of songs; the next ``add`` embeds the songs again."""
        self._db.executemany("DELETE FROM embeddings WHERE song = ?", ((number,) for number in numbers))

    def damaged(self) -> set[int]:
        """Ids of the songs with a vector that does not match its checksum."""
        rows = self._db.execute("SELECT song, model, audio, lyrics, checksum FROM embeddings")
        return {song for song, *values, stored in rows if checksum(*values) != stored}


def _view(view: str) -> str:
    if view not in VIEWS:
        raise ValueError(f"view is {view!r}; expected 'audio' or 'lyrics'")
    return view
