"""How much better two texts fit than by chance, in bits, which are comparable for texts of any length."""

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from alcca.matching.alignment import local_scores
from alcca.matching.folding import fold_letters
from alcca.transcripts import Transcript, text_of

__all__ = ["LAMBDA", "K", "bits", "signed_bits"]

# Parameters of the extreme-value distribution of local scores between unrelated texts of one language, which share
# common phrases: benchmarks/matching.py fits its tail.
LAMBDA, K = 0.20, 0.001
# A sequence that is repeated three times or more counts twice: "la la la la" is no evidence for every song with it.
_LOOP = re.compile(r"(.{1,24}?)\1{2,}")


def bits(queries: Sequence[Transcript | str | None], targets: Sequence[Transcript | str | None]) -> NDArray[np.float64]:
    """Bit scores of local alignments, less the score expected by chance for texts of these lengths.

    Parameters
    ----------
    queries, targets : sequences of n and m transcripts or texts

    Returns
    -------
    array of float64, shape (n, m)
        At least 0; each bit halves the frequency of such a score between unrelated texts of these lengths. 0 if either
        has no letters.

    References
    ----------
    Karlin, Altschul: Methods for assessing the statistical significance of molecular sequence features by using general
    scoring schemes. PNAS 87(6), 1990.

    Examples
    --------
    >>> scores = bits(["hello darkness my old friend", ""], ["Hello darkness, my old friend", "Three blind mice"])
    >>> (scores > 20).tolist(), scores[1].tolist()
    ([[True, False], [False, False]], [0.0, 0.0])
    """
    return np.maximum(signed_bits(queries, targets), 0.0)


def signed_bits(
    queries: Sequence[Transcript | str | None], targets: Sequence[Transcript | str | None]
) -> NDArray[np.float64]:
    """Bit scores as `bits`, but negative if two texts fit worse than expected by chance.

    Returns
    -------
    array of float64, shape (n, m)
        0 if either has no letters.

    Examples
    --------
    >>> bool(signed_bits(["hello darkness my old friend"], ["1 2 3 4 5 6 7 8 9 " * 9])[0, 0] < 0)
    True
    """
    folded = [fold_letters(text_of(target)) for target in targets]
    lengths = np.array([len(letters) for letters in folded], dtype=np.float64)
    worth = np.zeros((len(queries), len(targets)))
    for row, query in enumerate(queries):
        letters = _without_loops(fold_letters(text_of(query)))
        known = lengths > 0
        if letters and known.any():
            chance = np.log(np.maximum(K * len(letters) * lengths[known], 1.0))
            worth[row, known] = (LAMBDA * local_scores(letters, folded)[known] - chance) / np.log(2)
    return worth


def _without_loops(letters: str) -> str:
    return _LOOP.sub(r"\1\1", letters)
