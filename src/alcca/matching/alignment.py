"""Local alignment of letters: the best-matching stretches of two texts, and their score."""

from collections.abc import Sequence
from functools import lru_cache
from itertools import permutations
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from alcca.matching.folding import ALPHABET

__all__ = ["GAP_EXTEND", "GAP_OPEN", "KIN", "MATCH", "MISMATCH", "Stretch", "align", "local_scores"]

MATCH, MISMATCH = 4, -2
# Letters that are easily confused when sung cost less: in many languages their sounds differ only in voice or place, or
# both spell the same sound.
KIN: dict[str, int] = {
    "aeiouy": -1,
    **dict.fromkeys(("ckqgx", "szcxj", "dt", "bp", "fv", "mn", "lr", "uvw", "gjy", "hw"), 0),
}
# The cost of a gap of one letter, and of each further letter.
GAP_OPEN, GAP_EXTEND = 5, 2


class Stretch(NamedTuple):
    """Two stretches of letters that match each other.

    Parameters
    ----------
    score : int
        The Smith-Waterman score.
    query, target : (int, int)
        Start and end of the stretch, the end exclusive.
    pairs : array of int64, shape (k, 2)
        Positions of aligned equal letters, in query and target.
    """

    score: int
    query: tuple[int, int]
    target: tuple[int, int]
    pairs: NDArray[np.int64]


def local_scores(query: str, targets: Sequence[str]) -> NDArray[np.int64]:
    """Smith-Waterman scores of one text with several, shape (len(targets),); 0 if either text is empty.

    References
    ----------
    Smith, Waterman: Identification of common molecular subsequences. Journal of Molecular Biology 147(1), 1981.
    Daily: Parasail: SIMD C library for global, semi-global, and local pairwise sequence alignments. BMC Bioinformatics
    17:81, 2016.

    Examples
    --------
    >>> local_scores("darkness", ["hellodarknessmyold", "friend", ""]).tolist()
    [32, 4, 0]
    """
    scores = np.zeros(len(targets), dtype=np.int64)
    if not query:
        return scores
    import parasail

    # Sixteen bits can hold the score of 16,000 equal letters, more than a song has.
    profile = parasail.profile_create_16(query, _matrix())
    for place, target in enumerate(targets):
        if target:
            result = parasail.sw_striped_profile_16(profile, target, GAP_OPEN, GAP_EXTEND)
            if result.saturated:
                result = parasail.sw_striped_32(query, target, GAP_OPEN, GAP_EXTEND, _matrix())
            scores[place] = result.score
    return scores


def align(query: str, target: str) -> Stretch | None:
    """The best local alignment of two texts, letter by letter; None if no letter matches.

    Examples
    --------
    >>> stretch = align("darknezz", "hellodarknessmyold")
    >>> stretch.score, stretch.query, stretch.target
    (24, (0, 6), (5, 11))
    """
    if not query or not target:
        return None
    import parasail

    result = parasail.sw_trace_striped_32(query, target, GAP_OPEN, GAP_EXTEND, _matrix())
    if result.score <= 0:
        return None
    trace = result.traceback
    query_trace, target_trace = trace.query, trace.ref
    row = result.end_query + 1 - sum(letter != "-" for letter in query_trace)
    column = result.end_ref + 1 - sum(letter != "-" for letter in target_trace)
    first = row, column
    pairs = []
    for left, right in zip(query_trace, target_trace, strict=True):
        if left == right:
            pairs.append((row, column))
        row += left != "-"
        column += right != "-"
    return Stretch(result.score, (first[0], row), (first[1], column), np.array(pairs, dtype=np.int64).reshape(-1, 2))


@lru_cache(maxsize=1)
def _matrix() -> Any:
    import parasail

    matrix = parasail.matrix_create(ALPHABET, MATCH, MISMATCH)
    for letters, score in KIN.items():
        for one, other in permutations(letters, 2):
            matrix[ALPHABET.index(one), ALPHABET.index(other)] = score
    return matrix
