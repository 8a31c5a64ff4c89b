"""Words as a part of a search: the words of the query are aligned with lyrics and transcripts."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from alcca.cleaning.lyrics import clean_query
from alcca.matching.background import bundled_background
from alcca.matching.folding import fold
from alcca.matching.passages import Passage, find_passages, find_passages_aloud
from alcca.search.engines.engine import Letters, SparseIndex
from alcca.search.filters import Filter
from alcca.search.part import HEARD, Candidates, Catalogue, Evidence, Part, Query
from alcca.store.ngram_index import KINDS, LYRICS
from alcca.store.transcripts import StoredTranscript, Transcripts
from alcca.transcripts import Transcript

if TYPE_CHECKING:
    from alcca.search.reader import SongReader
    from alcca.store.records import Song
    from alcca.store.songs import Store

__all__ = ["WordsPart"]

# Songs of each index that are aligned letter by letter: more do not improve results, and each costs 0.1 ms.
CANDIDATES = 50
# Fewer bits of alignment occur by chance in one of 256 recordings, and a wrong time is worse than none.
TIMED_BITS = 8.0
# Lyrics with a smaller share than this of the transcript's bits are not what matched.
SHARE_OF_WORTH = 0.5


class WordsPart(Part):
    """Aligns the words of a query with the lyrics and transcripts of songs."""

    name = "words"
    title = "the words"
    takes = HEARD
    tables = Transcripts

    def __init__(self, store: "Store", catalogue: Catalogue, previous: Part | None) -> None:
        tables = store.tables(Transcripts)
        heard = tables.extents()
        self._heard = frozenset(song for song, (_, words, _, _) in heard.items() if words)
        self._wordless = frozenset(heard) - self._heard
        self._written = frozenset(song.id for song in catalogue.summaries.values() if song.has_lyrics)
        self._worded = self._written | self._heard
        before = previous._elsewhere if isinstance(previous, WordsPart) else {}
        # Indexes of an engine that stores them; for other engines, the library's own index is used.
        self._elsewhere: dict[str, SparseIndex | None] = {}
        for kind in KINDS:
            letters = partial(_stored_letters, tables, kind, catalogue.tags)
            self._elsewhere[kind] = catalogue.engine.words(catalogue.library, kind, letters, before.get(kind))

    def lacks(self, query: Query) -> str | None:
        """Why it cannot search: there is no transcript, or there are no words to compare."""
        if query.text is None and HEARD not in query.recording:
            return query.missing.get(HEARD, "the recording has not been transcribed")
        if not _letters(query):
            return "no words were recognised in the recording" if query.text is None else "the text has no words"
        return None if self._worded else "no song of the library has lyrics or a transcript with words"

    def among(self, query: Query, allowed: frozenset[int] | None) -> int:
        """Count the songs that it compares: those with lyrics or a transcript with words."""
        return len(self._worded if allowed is None else self._worded & allowed)

    def ask(self, query: Query, reader: "SongReader", k: int, allowed: frozenset[int] | None) -> Candidates:
        """Find songs whose lyrics or transcript align with the query better than by chance."""
        letters, tables = _letters(query), reader.tables(Transcripts)
        most = max(k, CANDIDATES)
        indexes = [self._elsewhere[kind] or tables.index(kind) for kind in KINDS]
        numbers = sorted({song for index in indexes for song in index.search(letters, most, allowed)})
        ids, stored = np.array(numbers, dtype=np.int64), tables.of(numbers)
        written, spoken, aloud = _matches(query, reader.songs(numbers), stored, ids)
        worth = np.maximum(written[0], spoken[0])
        order = np.argsort(-worth, kind="stable")
        best = ids[order][worth[order] > 0]
        known = dict(zip(numbers, worth.tolist(), strict=True))

        def of(wanted: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
            scores = np.array([known.get(number) or np.nan for number in wanted.tolist()])
            return scores, np.nan_to_num(scores)

        both = zip(written[1].tolist(), spoken[1].tolist(), aloud.tolist(), strict=True)
        matches = {number: _Match(stored.get(number), *worths) for number, worths in zip(numbers, both, strict=True)}
        return Candidates(best, of, details=matches)

    def consider(
        self, query: Query, reader: "SongReader", k: int | None, allowed: frozenset[int] | None
    ) -> Sequence[int]:
        """Propose songs whose lyrics share most with all readings of a recording, also with those that are doubtful.

        For a text, songs of which no words were recognised: what shares words with it is among the candidates already.
        """
        if query.text is not None:
            return sorted(self._considered(query, allowed))[:k]
        heard = query.recording.get(HEARD)
        if not isinstance(heard, Transcript):
            return ()
        if k is None:
            return sorted(self._considered(query, allowed))
        letters = fold(heard.every_text).letters
        index = self._elsewhere[LYRICS] or reader.tables(Transcripts).index(LYRICS)
        return index.search(letters, k, allowed) if letters else ()

    def considered(self, query: Query, allowed: frozenset[int] | None) -> int:
        """Count the songs with lyrics, or for a text those of which no words were recognised."""
        return len(self._considered(query, allowed))

    def _considered(self, query: Query, allowed: frozenset[int] | None) -> frozenset[int]:
        songs = self._written if query.text is None else self._wordless
        return songs if allowed is None else songs & allowed

    def evidence(
        self, query: Query, candidates: Candidates, songs: Sequence["Song"], reader: "SongReader"
    ) -> list[Evidence | None]:
        """Find the matching lines, and their times in the query's recording or in the song's."""
        matches: dict[int, _Match] = candidates.details
        scores, worth = candidates.of(np.array([song.id for song in songs], dtype=np.int64))
        return [
            None
            if np.isnan(score)
            else Evidence(self.name, float(score), float(bit), _passages(query, song, matches[song.id]))
            for song, score, bit in zip(songs, scores, worth, strict=True)
        ]

    def warm(self) -> None:
        """Read the texts that tell which words are rare."""
        bundled_background()


# Of each song, the evidence, and how much of it the alignment gives.
_Bits: TypeAlias = tuple[NDArray[np.float64], NDArray[np.float64]]


class _Match(NamedTuple):
    """A song's transcript, and how well its lyrics and its transcript align with the query, in bits.

    ``aloud``: its lyrics as they are read aloud align better than as they are written.
    """

    stored: StoredTranscript | None
    written: float
    spoken: float
    aloud: bool


def _stored_letters(tables: Transcripts, kind: str, tags: Callable[[int], Filter]) -> Letters:
    return Letters(*tables.letter_stamps(kind), lambda song: tables.index(kind).letters(song) or "", tags)


def _words(query: Query) -> Transcript | str:
    if query.text is not None:
        return clean_query(query.text)
    return query.recording.get(HEARD) or ""


def _letters(query: Query) -> str:
    words = _words(query)
    return fold(words if isinstance(words, str) else words.all_text).letters


def _matches(
    query: Query, songs: Sequence["Song"], heard: dict[int, StoredTranscript], ids: NDArray[np.int64]
) -> tuple[_Bits, _Bits, NDArray[np.bool_]]:
    """Match the query's words with each song's lyrics, and with each song's transcript.

    Returns
    -------
    written, spoken : (evidence, aligned bits)
    aloud : array of bool
        Whether ``written`` is the match of the lyrics as they are read aloud.
    """
    lyrics = {song.id: song.lyrics for song in songs if song.lyrics}
    readings = {song.id: song.lyrics_aloud for song in songs if song.lyrics_aloud}
    spoken = {number: stored.transcript.all_text for number, stored in heard.items() if stored.transcript.has_words}
    written, read = np.array(_match(query, lyrics, ids)), np.array(_match(query, readings, ids))
    aloud = read[0] > written[0]
    best = np.where(aloud, read, written)
    return (best[0], best[1]), _match(query, spoken, ids), aloud


def _match(query: Query, texts: dict[int, str], ids: NDArray[np.int64]) -> _Bits:
    known = [row for row, number in enumerate(ids.tolist()) if number in texts]
    evidence, aligned = np.zeros((2, len(ids)))
    if known:
        targets = [texts[int(ids[row])] for row in known]
        evidence[known], aligned[known] = bundled_background().matches(_words(query), targets)
    return evidence, aligned


def _passages(query: Query, song: "Song", match: _Match) -> list[Passage]:
    """Find the matching passages."""
    heard, worth = match.stored, (match.written, match.spoken)
    spoken = heard.transcript if heard is not None and heard.transcript.has_words else None
    if query.text is not None:
        words = clean_query(query.text)
        if spoken is not None and worth[1] >= TIMED_BITS and worth[0] < SHARE_OF_WORTH * worth[1]:
            # The typed lines, with the times at which they are sung.
            return find_passages(spoken, words)
        written = _in_lyrics(words, song, match.aloud)
        return written if spoken is None or worth[1] < TIMED_BITS else _timed(written, spoken)
    recording = query.recording.get(HEARD) or Transcript()
    if song.lyrics:
        return _in_lyrics(recording, song, match.aloud)
    return find_passages(recording, spoken.all_text) if spoken is not None else []


def _in_lyrics(words: Transcript | str, song: "Song", aloud: bool) -> list[Passage]:
    """The lines of a song's lyrics that match, as they are written, also if they match as they are read aloud."""
    lyrics = song.lyrics or ""
    if not aloud:
        return find_passages(words, lyrics) if lyrics else []
    return find_passages_aloud(words, song.lyrics_aloud or "", lyrics)


def _timed(written: list[Passage], spoken: Transcript) -> list[Passage]:
    """Lines with the times at which they are sung, if they are."""
    found = find_passages(spoken, "\n".join(passage.line for passage in written), most=len(written))
    at = {passage.line_number: (passage.start, passage.end) for passage in found}
    return [
        passage._replace(start=at[row][0], end=at[row][1]) if row in at else passage
        for row, passage in enumerate(written)
    ]
