"""A folder of texts as a source of lyrics: which of them is sung in a recording."""

import difflib
import sqlite3
import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from alcca.errors import UsageError
from alcca.lyrics.folder_texts import LyricsText, read_texts
from alcca.lyrics.heard import Found
from alcca.matching.bits import bits
from alcca.matching.folding import fold_letters
from alcca.matching.posterior import certainty, posterior
from alcca.metadata.names import bare_name, loose_name
from alcca.songs.lyrics import normalise_lyrics
from alcca.store.ngram_index import LYRICS, NgramIndex
from alcca.texts.timed import parse
from alcca.transcripts import Transcript

__all__ = ["TextFolder"]

# A recording is aligned with so many texts; of more, those are chosen that share most n-grams with what was heard.
MOST_ALIGNED = 200
# Without a text that shares so much with what was heard, there is nothing to show.
LEAST_BITS = 1.0


class TextFolder:
    """The lyric files below a folder.

    Parameters
    ----------
    folder : Path
        Searched with all folders below it; see `alcca.texts.timed.LYRICS_SUFFIXES`.
    encoding : str, optional
        Of texts that are not Unicode; detected by default.
    used : sequence of Path
        Files that are songs' lyrics already, and do not take part.

    Raises
    ------
    UsageError
        There are no texts.
    """

    def __init__(self, folder: Path, encoding: str | None = None, used: Sequence[Path] = ()) -> None:
        self.folder = folder
        self.notes: list[str] = []
        taken = set(used)
        texts = read_texts(folder, lambda path: path.absolute() in taken, self.notes, encoding)
        if not texts:
            raise UsageError(f"{folder}: no lyrics in files of text that are not a song's already")
        # The same words under several names are one song.
        self._alike: dict[str, list[LyricsText]] = {}
        for text in texts:
            self._alike.setdefault(normalise_lyrics(text.words), []).append(text)
        self._words = [alike[0].words for alike in self._alike.values()]
        self._lock = threading.Lock()
        self._index: NgramIndex | None = None
        if len(self._words) > MOST_ALIGNED:
            db = sqlite3.connect(":memory:", check_same_thread=False)
            db.executescript(NgramIndex.TABLES)
            self._index = NgramIndex(db, LYRICS)
            self._index.put_all(enumerate(map(fold_letters, self._words)))

    def __len__(self) -> int:
        return sum(map(len, self._alike.values()))

    def identify(self, transcript: Transcript, *, title: str | None, file_name: str, k: int = 5) -> list[Found]:
        """The texts that may be sung in a recording, best first; of the same words, the one with the likeliest name."""
        near = self._near(transcript)
        worth = bits([transcript], [self._words[place] for place in near])[0]
        order = np.argsort(-worth, kind="stable")[:k]
        likely = posterior(worth[order], max(len(self._words), 1))
        alike = list(self._alike.values())
        return [
            _found(_named_alike(alike[near[i]], title, file_name), float(worth[i]), float(probability))
            for i, probability in zip(order.tolist(), likely, strict=True)
            if worth[i] >= LEAST_BITS
        ]

    def _near(self, transcript: Transcript) -> list[int]:
        if self._index is None:
            return list(range(len(self._words)))
        with self._lock:
            return self._index.search(fold_letters(transcript.all_text), k=MOST_ALIGNED)


def _named_alike(texts: Sequence[LyricsText], title: str | None, file_name: str) -> LyricsText:
    names = [bare_name(loose_name(name)).name for name in (title, file_name) if name]

    def alike(text: LyricsText) -> float:
        own = bare_name(loose_name(text.path.stem)).name
        return max((difflib.SequenceMatcher(None, own, name).ratio() for name in names), default=0.0)

    return max(texts, key=alike)


def _found(text: LyricsText, bits: float, probability: float) -> Found:
    has_times = any(line.start is not None for line in parse(text.content).lines)
    return Found(
        str(text.path),
        "",
        "",
        "",
        text.words,
        text.content if has_times else None,
        bits,
        probability,
        certainty(probability),
    )
