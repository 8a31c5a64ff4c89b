"""How much better two texts fit than by chance, in bits: comparable whatever their lengths."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from alcca.matching.alignment import local_scores
from alcca.matching.folding import fold
from alcca.transcripts import Transcript, text_of

__all__ = ["bits"]

# Of the extreme-value distribution of local scores between unrelated lyrics, fitted by benchmarks/matching.py.
LAMBDA, K = 0.45, 0.02


def bits(queries: Sequence[Transcript | str | None], targets: Sequence[Transcript | str | None]) -> NDArray[np.float64]:
    """Bit scores of local alignments, less what chance gives for texts of these lengths.

    Parameters
    ----------
    queries, targets : sequences of n and m transcripts or texts

    Returns
    -------
    array of float64, shape (n, m)
        At least 0; one more bit halves how often unrelated texts of these lengths come so high. 0 where either has no
        letters.

    References
    ----------
    Karlin, Altschul: Methods for assessing the statistical significance of molecular sequence features by using general
    scoring schemes. PNAS 87(6), 1990.

    Examples
    --------
    >>> found = bits(["hello darkness my old friend", ""], ["Hello darkness, my old friend", "Tea for two"])
    >>> bool(found[0, 0] > 10), found[0, 1], found[1].tolist()
    (True, np.float64(0.0), [0.0, 0.0])
    """
    folded = [fold(text_of(target)).letters for target in targets]
    lengths = np.array([len(letters) for letters in folded], dtype=np.float64)
    worth = np.zeros((len(queries), len(targets)))
    for row, query in enumerate(queries):
        letters = fold(text_of(query)).letters
        if not letters:
            continue
        scores = local_scores(letters, folded)
        with np.errstate(divide="ignore"):
            worth[row] = (LAMBDA * scores - np.log(K * len(letters) * lengths)) / np.log(2)
        worth[row, scores == 0] = 0.0
    return np.maximum(worth, 0.0)
