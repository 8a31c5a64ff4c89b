"""The transcripts of songs, and the n-gram indexes of lyrics and of transcripts."""

import json
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from alcca.matching.folding import fold_letters
from alcca.songs.recording_slice import RecordingSlice
from alcca.speech.doubt import can_be_heard_better
from alcca.store.database import checksum
from alcca.store.ngram_index import KINDS, LYRICS, NgramIndex
from alcca.store.tables import FOLDING, PartTables
from alcca.transcripts import Transcript

if TYPE_CHECKING:
    from alcca.store.records import Song

__all__ = ["SLICE", "SONG", "StoredTranscript", "Transcripts"]

# How much of a recording was transcribed.
SLICE, SONG = "slice", "song"
# Starts of slices that differ by less, in seconds, are the same.
SAME_PLACE = 0.01
# Whether a transcript is in doubt; NULL for transcripts from before doubt was recorded. It has an index, because
# extracting it from all transcripts would take as long as reading them.
DOUBTFUL = "CASE WHEN json_valid(heard) THEN json_extract(heard, '$.doubtful') ELSE 0 END"


@dataclass(frozen=True)
class StoredTranscript:
    """The transcript of a song, and whether it covers the slice or the whole song."""

    transcript: Transcript
    extent: str


class Transcripts(PartTables):
    """Transcripts of songs, and the n-gram indexes that select candidates for a match."""

    folds = True
    schema = (
        f"""
CREATE TABLE IF NOT EXISTS transcripts (
    song INTEGER PRIMARY KEY REFERENCES songs(id) ON DELETE CASCADE,
    extent TEXT NOT NULL, words INTEGER NOT NULL, language TEXT, model TEXT NOT NULL,
    heard TEXT NOT NULL, checksum INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS transcripts_doubtful ON transcripts ({DOUBTFUL});
"""
        + NgramIndex.TABLES
    )

    def __init__(self, db: sqlite3.Connection) -> None:
        super().__init__(db)
        self.lyrics_index = NgramIndex(db, "lyrics")
        self.heard_index = NgramIndex(db, "heard")

    def song_put(self, number: int, before: "Song | None", now: "Song") -> None:
        """Index a song's lyrics; drop its transcript if the song has lost its audio or the slice has moved."""
        if before is None or (before.lyrics, before.lyrics_aloud) != (now.lyrics, now.lyrics_aloud):
            letters = _written_letters(now.lyrics, now.lyrics_aloud)
            if letters:
                self.lyrics_index.put(number, letters)
            else:
                self.lyrics_index.remove(number)
        if before is not None and before.audio is not None and before.audio != now.audio:
            stored = self.of([number]).get(number)
            moved = now.audio is None or now.audio.start != before.audio.start
            if stored is not None and (now.audio is None or (moved and stored.extent == SLICE)):
                self.remove(number)

    def forget(self, numbers: Sequence[int]) -> None:
        """Remove songs from the indexes; their transcripts are deleted with their rows."""
        for number in numbers:
            self.lyrics_index.remove(number)
            self.heard_index.remove(number)

    def put(self, number: int, transcript: Transcript, extent: str) -> None:
        """Store the transcript of a song, replacing an earlier one."""
        values = (
            extent,
            int(transcript.has_words),
            transcript.language,
            transcript.model,
            json.dumps(transcript.to_dict(), ensure_ascii=False),
        )
        self._db.execute(
            "INSERT OR REPLACE INTO transcripts VALUES (?, ?, ?, ?, ?, ?, ?)", (number, *values, checksum(*values))
        )
        letters = fold_letters(transcript.all_text)
        if letters:
            self.heard_index.put(number, letters)
        else:
            self.heard_index.remove(number)

    def remove(self, number: int) -> None:
        """Remove the transcript of a song."""
        self._db.execute("DELETE FROM transcripts WHERE song = ?", (number,))
        self.heard_index.remove(number)

    def of(self, numbers: Sequence[int]) -> dict[int, StoredTranscript]:
        """Transcripts of songs, by id, without songs that are not transcribed or whose row is damaged."""
        rows = self._db.execute(
            "SELECT song, extent, words, language, model, heard, checksum FROM transcripts "
            "WHERE song IN (SELECT value FROM json_each(?))",
            (json.dumps(list(numbers)),),
        )
        return {
            song: StoredTranscript(Transcript.from_dict(json.loads(values[4])), values[0])
            for song, *values, stored in rows
            if checksum(*values) == stored
        }

    def recordings(self, songs: "Sequence[Song]") -> list[RecordingSlice | None]:
        """The 30 s of each song's recording in which to listen for words; None without one.

        Those that were transcribed; of a song that was transcribed as a whole, or not at all, those that its features
        describe.
        """
        stored = self.of([song.id for song in songs])
        starts = {number: one.transcript.start for number, one in stored.items() if one.extent == SLICE}

        def place(song: "Song") -> RecordingSlice | None:
            described = song.recording
            if song.audio is None or described is None:
                return None
            start = starts.get(song.id, song.audio.start)
            return described if abs(start - song.audio.start) < SAME_PLACE else replace(described, offset=start)

        return [place(song) for song in songs]

    def extents(self) -> dict[int, tuple[str, bool, str | None, str]]:
        """For every transcribed song: the extent, whether there are words, their language and the model."""
        rows = self._db.execute("SELECT song, extent, words, language, model FROM transcripts ORDER BY song")
        return {song: (extent, bool(words), language, model) for song, extent, words, language, model in rows}

    def doubtful(self, model: str | None = None) -> dict[int, str]:
        """Extents of the transcripts that could be improved by ``model``, or else by their own model, by song id.

        See `alcca.speech.doubt.can_be_heard_better`.
        """
        # A model does not improve a transcript that it left in doubt, so without another one only NULLs are candidates.
        wanted = f"{DOUBTFUL} IS NULL" if model is None else f"({DOUBTFUL} IS NULL OR {DOUBTFUL} = 1)"
        rows = self._db.execute(f"SELECT song FROM transcripts WHERE {wanted}")
        stored = self.of([row[0] for row in rows])
        return {song: row.extent for song, row in stored.items() if can_be_heard_better(row.transcript, model)}

    def index(self, kind: str) -> NgramIndex:
        """The index of "lyrics", or of transcripts ("heard")."""
        return {"lyrics": self.lyrics_index, "heard": self.heard_index}[kind]

    def letter_stamps(self, kind: str) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Ids of the songs in the index of a kind, ascending, and for each a number that changes with its words."""
        rows = {"lyrics": "SELECT id, checksum FROM songs", "heard": "SELECT song AS id, checksum FROM transcripts"}
        # Words that are folded by another version have other letters.
        folded = f"(SELECT CAST(value AS INTEGER) << 32 FROM settings WHERE key = '{FOLDING}')"
        stamp = f"checksum + coalesce({folded}, 0)"
        select = f"SELECT id, {stamp} FROM ({rows[kind]}) JOIN candidates_{kind}_letters ON song = id ORDER BY id"
        stamps = np.fromiter(self._db.execute(select), [("song", np.int64), ("checksum", np.int64)])
        return np.ascontiguousarray(stamps["song"]), np.ascontiguousarray(stamps["checksum"])

    def drop(self, numbers: Sequence[int]) -> None:
        """Remove the transcripts of songs; they are transcribed again."""
        for number in numbers:
            self.remove(number)

    def damaged(self) -> set[int]:
        """Ids of the songs with a transcript that does not match its checksum."""
        rows = self._db.execute("SELECT song, extent, words, language, model, heard, checksum FROM transcripts")
        return {song for song, *values, stored in rows if checksum(*values) != stored}

    def stale_indexes(self) -> list[str]:
        """Names of the n-gram indexes that do not agree with the lyrics or the transcripts."""
        return [f"n-grams of {kind}" for kind in KINDS if not self.index(kind).agrees_with(self._letters(kind))]

    def _letters(self, kind: str) -> Iterator[tuple[int, str]]:
        """Songs and their folded letters, as they belong into the index of a kind."""
        for song, lyrics, aloud, heard in self._db.execute(
            "SELECT id, lyrics, text, heard FROM songs LEFT JOIN readings ON readings.song = id "
            "LEFT JOIN transcripts ON transcripts.song = id ORDER BY id"
        ):
            if kind == LYRICS:
                letters = _written_letters(lyrics, aloud)
            else:
                letters = fold_letters(Transcript.from_dict(json.loads(heard)).all_text) if heard else ""
            if letters:
                yield song, letters

    def rebuild(self) -> None:
        """Index all lyrics and all transcripts anew."""
        self.lyrics_index.clear()
        self.heard_index.clear()
        self.lyrics_index.put_all(self._letters(LYRICS))
        numbers = [row[0] for row in self._db.execute("SELECT song FROM transcripts").fetchall()]
        heard = ((number, fold_letters(stored.transcript.all_text)) for number, stored in self.of(numbers).items())
        self.heard_index.put_all((number, letters) for number, letters in heard if letters)


def _written_letters(lyrics: str | None, aloud: str | None) -> str:
    """The letters by which a song's lyrics are found: as they are written, and as they are read aloud."""
    return fold_letters(lyrics or "") + fold_letters(aloud or "")
