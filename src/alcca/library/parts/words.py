"""Words as a part of a search: what is heard in a recording, matched with lyrics and with what was heard in others."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from alcca.library.engines.engine import Letters, SparseIndex
from alcca.library.filtering import Filter
from alcca.library.parts.part import HEARD, Answer, Evidence, Part, Query
from alcca.library.parts.transcripts import StoredTranscript, Transcripts
from alcca.matching.candidates import KINDS
from alcca.matching.folding import fold
from alcca.matching.passages import Passage, find_passages
from alcca.matching.scoring import bits
from alcca.songs.lyrics import clean_lyrics
from alcca.transcripts import Transcript

if TYPE_CHECKING:
    from alcca.library.records import Song
    from alcca.library.snapshot import Snapshot
    from alcca.library.store import Store

__all__ = ["WordsPart"]

# How many songs of each index are aligned letter by letter: more find no more, and each costs a tenth of a millisecond.
CANDIDATES = 50
# Less than this many bits is what a letter or two give to any pair of texts.
LEAST_BITS = 3.0
# Less than this many are met by chance in one of 256 recordings, and a wrong time is worse than none.
TIMED_BITS = 8.0
# A text from which less of a match's worth comes than this is not what matched.
SHARE_OF_WORTH = 0.5


class WordsPart(Part):
    """Words of songs, written (their lyrics) and heard (their transcripts), which a query's words are aligned with."""

    name = "words"
    title = "the words"
    takes = HEARD
    keeper = Transcripts

    def __init__(self, store: "Store", snapshot: "Snapshot", previous: Part | None) -> None:
        kept = store.kept(Transcripts)
        heard = kept.extents()
        self._heard = frozenset(song for song, (_, words, _, _) in heard.items() if words)
        self._worded = frozenset(one.id for one in snapshot.outlines.values() if one.has_lyrics) | self._heard
        before = previous._elsewhere if isinstance(previous, WordsPart) else {}
        # Indexes of an engine that keeps them; where it does not, they are the library's own.
        self._elsewhere: dict[str, SparseIndex | None] = {}
        for kind in KINDS:
            letters = partial(_letters_kept, kept, kind, snapshot.tags)
            self._elsewhere[kind] = snapshot.engine.words(snapshot.library, kind, letters, before.get(kind))

    def lacks(self, query: Query) -> str | None:
        """Why it cannot answer: nothing was heard, or there are no words to compare."""
        if query.text is None and query.heard is None:
            return query.unheard or "nobody has listened to the recording"
        if not _letters(query):
            return "no words were heard in the recording" if query.text is None else "there are no words in the text"
        return None if self._worded else "no song of the library has lyrics, and no words were heard in any"

    def among(self, query: Query, allowed: frozenset[int] | None) -> int:
        """With how many songs it compares: those with lyrics, and those in which words were heard."""
        return len(self._worded if allowed is None else self._worded & allowed)

    def ask(self, query: Query, store: "Store", k: int, allowed: frozenset[int] | None) -> Answer:
        """Songs whose written or heard words align with the query's better than by chance."""
        letters, kept = _letters(query), store.kept(Transcripts)
        most = max(k, CANDIDATES)
        indexes = [self._elsewhere[kind] or kept.index(kind) for kind in KINDS]
        numbers = sorted({song for index in indexes for song in index.search(letters, most, allowed)})
        ids = np.array(numbers, dtype=np.int64)
        worth = np.maximum(*_bits(query, store.songs(numbers), kept.of(numbers), ids))
        order = np.argsort(-worth, kind="stable")
        best = ids[order][worth[order] > 0]

        def of(wanted: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
            known = dict(zip(numbers, worth.tolist(), strict=True))
            scores = np.array([known.get(number) or np.nan for number in wanted.tolist()])
            return scores, np.nan_to_num(scores)

        return Answer(best, of)

    def evidence(self, query: Query, answer: Answer, songs: Sequence["Song"], store: "Store") -> list[Evidence | None]:
        """The lines that match, and when they are sung: in the query's recording, or in the song's."""
        ids = np.array([song.id for song in songs], dtype=np.int64)
        scores, worth = answer.of(ids)
        heard = store.kept(Transcripts).of(ids.tolist())
        written, spoken = _bits(query, songs, heard, ids)
        return [
            None
            if np.isnan(score)
            else Evidence(self.name, float(score), float(bit), _passages(query, song.lyrics, heard.get(song.id), each))
            for song, score, bit, each in zip(
                songs, scores, worth, zip(written.tolist(), spoken.tolist(), strict=True), strict=True
            )
        ]


def _letters_kept(kept: Transcripts, kind: str, tags: Callable[[int], Filter]) -> Letters:
    return Letters(*kept.letter_stamps(kind), lambda song: kept.index(kind).letters(song) or "", tags)


def _words(query: Query) -> Transcript | str:
    if query.text is not None:
        return clean_lyrics(query.text)
    return query.heard or ""


def _letters(query: Query) -> str:
    words = _words(query)
    return fold(words if isinstance(words, str) else words.all_text).letters


def _bits(
    query: Query, songs: Sequence["Song"], heard: dict[int, StoredTranscript], ids: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Two matches of the query's words with each song: with its lyrics, and with what was heard in it."""
    lyrics = {song.id: song.lyrics for song in songs if song.lyrics}
    spoken = {number: stored.transcript.all_text for number, stored in heard.items() if stored.transcript.has_words}
    return _worth(query, lyrics, ids), _worth(query, spoken, ids)


def _worth(query: Query, texts: dict[int, str], ids: NDArray[np.int64]) -> NDArray[np.float64]:
    known = [row for row, number in enumerate(ids.tolist()) if number in texts]
    worth = np.zeros(len(ids))
    if known:
        worth[known] = bits([_words(query)], [texts[int(ids[row])] for row in known])[0]
    worth[worth < LEAST_BITS] = 0.0
    return worth


def _passages(
    query: Query, lyrics: str | None, heard: StoredTranscript | None, worth: tuple[float, float]
) -> list[Passage]:
    """What matches, where ``worth`` is that of the lyrics and of what was heard, in bits."""
    spoken = heard.transcript if heard is not None and heard.transcript.has_words else None
    if query.text is not None:
        return _where_sung(clean_lyrics(query.text), lyrics, spoken if worth[1] >= TIMED_BITS else None, worth)
    recording = query.heard or Transcript()
    if lyrics:
        return find_passages(recording, lyrics)
    return find_passages(recording, spoken.all_text) if spoken is not None else []


def _where_sung(words: str, lyrics: str | None, spoken: Transcript | None, worth: tuple[float, float]) -> list[Passage]:
    """The lines of the lyrics that typed words match, and when they are sung.

    Where it is not the lyrics that the match's ``worth`` comes from, the typed lines, and when they are sung.
    """
    if spoken is not None and worth[0] < SHARE_OF_WORTH * worth[1]:
        return find_passages(spoken, words)
    written = find_passages(words, lyrics) if lyrics else []
    if spoken is None:
        return written
    # When each of them is sung.
    found = find_passages(spoken, "\n".join(passage.line for passage in written), most=len(written))
    at = {passage.line_number: (passage.start, passage.end) for passage in found}
    return [
        passage._replace(start=at[row][0], end=at[row][1]) if row in at else passage
        for row, passage in enumerate(written)
    ]
