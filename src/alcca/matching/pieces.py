"""Several places where two texts match, counted together.

The best local alignment sees one stretch of the lyrics. What is sung in half a minute jumps: lines are left out, a
chorus comes again, and between words that are understood stand others that are not. So a transcript is cut into short
pieces, each is aligned on its own, and what they are worth is added up.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from alcca.matching.alignment import local_scores
from alcca.matching.folding import fold
from alcca.matching.scoring import in_bits, without_loops

__all__ = ["pieces", "piecewise_bits"]

# From so many letters on a piece ends where its word ends: about two seconds of singing.
LETTERS = 40
# A piece of so many bits counts half; unrelated texts come so high one time in four.
HALF = 2.0


def pieces(text: str) -> list[str]:
    """A text's letters in pieces of whole words, each once.

    What is heard again in the same letters says nothing new. A rest of less than half a piece stays with the last.

    Examples
    --------
    >>> pieces("Sing a song of sixpence, a pocket full of rye, four and twenty blackbirds, baked in a pie")
    ['singasongofsixpenceapocketfullofryefourand', 'twentyblackbirdsbakedinapie']
    """
    folded = fold(text)
    found: list[str] = []
    begin = 0
    for place in [*np.flatnonzero(folded.words).tolist(), len(folded.letters)]:
        if place - begin >= LETTERS:
            found.append(folded.letters[begin:place])
            begin = place
    rest = folded.letters[begin:]
    if found and len(rest) < LETTERS / 2:
        found[-1] += rest
    elif rest:
        found.append(rest)
    return list(dict.fromkeys(without_loops(piece) for piece in found))


def piecewise_bits(queries: Sequence[str], targets: Sequence[str], asked: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Sums of the bits of a query's pieces, for the pairs that are asked for.

    A piece of b bits adds log₂(1 + 2^(b − 2)): almost nothing where it fits no better than by chance, since it may have
    been misheard, and b − 2 where it fits well. This is the logarithm of a likelihood ratio when a fixed share of
    pieces is understood.

    Parameters
    ----------
    queries, targets : sequences of n and m str
    asked : array of bool, shape (n, m)
        Aligning all pieces with all targets takes several times as long as aligning the whole texts.

    Returns
    -------
    array of float64, shape (n, m)
        At least 0; exactly 0 where not asked for, and where either has no letters.

    Examples
    --------
    >>> one, other = "hello darkness my old friend i've come to talk", "with you again because a vision softly creeping"
    >>> lyrics = [f"{one}, {other}", f"three blind mice see how they run {one}"]
    >>> found = piecewise_bits([f"{other} {one}"], lyrics, np.array([[True, True]]))[0]
    >>> bool(found[0] > found[1] + 10 > 20)
    True
    """
    folded = [fold(target).letters for target in targets]
    lengths = np.array([len(letters) for letters in folded], dtype=np.float64)
    worth = np.zeros((len(queries), len(targets)))
    for row, query in enumerate(queries):
        columns = np.flatnonzero(asked[row] & (lengths > 0))
        some = [folded[column] for column in columns]
        for piece in pieces(query):
            bits = in_bits(local_scores(piece, some), len(piece), lengths[columns])
            worth[row, columns] += np.logaddexp2(0.0, bits - HALF)
    return worth
