"""A CCA of more songs than one machine reads: chunks are learned side by side, and merged in pairs.

Which chunks are merged depends on their number alone. So the model is the same, bit for bit, whichever process learned
which chunk, here or on a cluster.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeAlias

from alcca.errors import DataError, UsageError
from alcca.models.base import View
from alcca.models.cca import CCA
from alcca.workers.opening import opened
from alcca.workers.workers import Workers

__all__ = ["Chunk", "fit_chunks"]

Views: TypeAlias = tuple[View, View]
Chunk: TypeAlias = Views | Callable[[], Views]

# One worker learns so many chunks in a row and merges them, so that a sixteenth of the covariances travels; a power of
# two, which makes them a branch of the tree.
CHUNKS_A_BRANCH = 16


def fit_chunks(model: CCA, chunks: Sequence[Chunk], *, n_jobs: int = 1, cluster: Workers | str | None = None) -> CCA:
    """Learn from chunks of songs as `CCA.partial_fit` does, many at the same time.

    Parameters
    ----------
    model : CCA
        Learns from the songs, beside those that it has learned from before.
    chunks : sequence of (audio, lyrics), or of functions that give that
        Arrays (m, p) and (m, q). A function, of a module that workers can import, is called where the chunk is learned:
        that reads what this process need not hold, from a file that all see, say.
    n_jobs : int
        Processes, at least 1; not used with a cluster.
    cluster : Cluster or str, optional
        Learn on these workers instead, or on those of the Dask scheduler at this address.

    Returns
    -------
    CCA
        The model. It equals that of one `CCA.fit` on all songs to rounding, and is the same bit for bit wherever and by
        how many the same chunks were learned.

    Raises
    ------
    UsageError
        No chunks; n_jobs below 1.
    DataError
        As `CCA.partial_fit`; chunks that end the process that learns them.
    ClusterError, MissingExtraError
        The cluster cannot be worked with; Dask is not installed.

    References
    ----------
    Chan, T. F., Golub, G. H., LeVeque, R. J. (1983). Algorithms for computing the sample variance.
    The American Statistician 37, 242-247.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> audio, lyrics = rng.normal(size=(90, 4)), rng.normal(size=(90, 3))
    >>> chunks = [(audio[i : i + 30], lyrics[i : i + 30]) for i in (0, 30, 60)]
    >>> model = fit_chunks(CCA(n_components=2), chunks)
    >>> np.allclose(model.correlations_, CCA(n_components=2).fit((audio, lyrics)).correlations_)
    True
    """
    if not chunks:
        raise UsageError("chunks: expected at least one chunk of songs, got none")
    if n_jobs < 1:
        raise UsageError(f"n_jobs: expected 1 or more, got {n_jobs}")
    branches = [list(chunks[start : start + CHUNKS_A_BRANCH]) for start in range(0, len(chunks), CHUNKS_A_BRANCH)]
    with opened(cluster, n_jobs) as workers:
        return model.merge(_merged(workers.map(_branch, [(CCA(1), branch) for branch in branches], _killed)))


def _branch(empty: CCA, chunks: Sequence[Chunk]) -> CCA:
    from sklearn.base import clone

    return _merged(clone(empty).partial_fit(chunk() if callable(chunk) else chunk) for chunk in chunks)


def _killed(number: int) -> Any:
    first = number * CHUNKS_A_BRANCH
    raise DataError(
        f"chunks {first} to {first + CHUNKS_A_BRANCH - 1} ended each worker that learned them, as happens when no "
        "memory is left; make them smaller"
    )


def _merged(models: Iterable[CCA]) -> CCA:
    """All models as one, of which log2 of their number are in memory at a time."""
    waiting: list[tuple[int, CCA]] = []
    for model in models:
        waiting.append((1, model))
        while len(waiting) > 1 and waiting[-1][0] == waiting[-2][0]:
            _merge_last(waiting)
    while len(waiting) > 1:
        _merge_last(waiting)
    return waiting[0][1]


def _merge_last(waiting: list[tuple[int, CCA]]) -> None:
    count, model = waiting.pop()
    others, left = waiting.pop()
    waiting.append((others + count, left.merge(model)))
