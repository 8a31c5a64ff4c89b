"""Find the lines of lyrics that fit a query best: lines that share its words, else the nearest in the space."""

import math
import string
import textwrap
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from alcca.matching.exact_words import index_form
from alcca.songs.lyrics import tokenize
from alcca.space.embedder import Embedder

__all__ = ["PassageLine", "best_passage"]

# Fits on a card; a couplet or half a stanza.
LINES = 3
MAX_PIECE_CHARACTERS = 60
# Each passage costs about a millisecond of inference; in longer lyrics, only every second, third, … passage is tried.
MAX_PASSAGES = 16


class PassageLine(NamedTuple):
    """A line of lyrics, and its words that are also in the query, as written in the line."""

    text: str
    words: tuple[str, ...]


def best_passage(
    lyrics: str, query: NDArray[np.floating], embedder: Embedder, words: str | None = None
) -> list[PassageLine]:
    r"""Find the lines of lyrics that fit a query best, at most three consecutive ones.

    Parameters
    ----------
    lyrics : str
        Cleaned lyrics of a song.
    query : array of shape (d,)
        The query's vector in the learned space.
    embedder : Embedder
        The model that ``query`` comes from.
    words : str, optional
        The text of a query by lyrics. Lines that share its words rank first, and rare words count more; without a
        shared word, the lines' vectors in the space decide.

    Examples
    --------
    >>> from alcca.encoders.mfcc import MfccEncoder
    >>> from alcca.encoders.tfidf import TfidfEncoder
    >>> from alcca.models.alcca import ALCCA
    >>> model = Embedder(MfccEncoder(), TfidfEncoder(min_df=1).fit(["the sun is high"]), ALCCA())
    >>> song = "Rise up\n\nThe sun is high\nand so am I\nGo home"
    >>> [line.words for line in best_passage(song, np.ones(2), model, "High, high sun!")]
    [(), ('sun', 'high'), ()]
    """
    # Lyrics from a score have one long line per stanza.
    lines = [piece for line in lyrics.splitlines() for piece in textwrap.wrap(line, MAX_PIECE_CHARACTERS)]
    passages = [lines[start : start + LINES] for start in range(max(1, len(lines) - LINES + 1))]
    wanted = frozenset(map(_plain, tokenize(words or "")))
    # The rarer a word is in the library's lyrics, the more it weighs.
    shared = [sum(embedder.lyrics.weight(word) for word in _shared(passage, wanted)) for passage in passages]
    if max(shared) > 0:
        best = passages[int(np.argmax(shared))]
    elif len(passages) == 1:
        best = passages[0]
    else:
        best = _nearest(passages, query, embedder)
    return [PassageLine(line, tuple(_written(line, wanted))) for line in best]


def _nearest(passages: Sequence[list[str]], query: NDArray[np.floating], embedder: Embedder) -> list[str]:
    tried = passages[:: math.ceil(len(passages) / MAX_PASSAGES)]
    places = embedder.embed_lyrics([" ".join(passage) for passage in tried])
    lengths = np.linalg.norm(places, axis=1)
    return tried[int(np.argmax(places @ query / np.where(lengths > 0, lengths, 1.0)))]


def _shared(lines: Iterable[str], wanted: frozenset[str]) -> set[str]:
    """The words of lines that are wanted, which differ at most in accents, points and variants."""
    return {word for line in lines for word in tokenize(line) if _plain(word) in wanted}


def _plain(word: str) -> str:
    """A word in the form in which an exact search finds it, in one piece."""
    return "".join(index_form(word)[0].split())


def _written(line: str, wanted: frozenset[str]) -> Iterable[str]:
    for piece in line.split():
        if any(_plain(word) in wanted for word in tokenize(piece)):
            yield piece.strip(string.punctuation + "“”‘’„«»…—–¡¿")
