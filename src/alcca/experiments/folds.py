"""Cross-validation folds that keep groups of songs whole.

With two recordings of a song in a training and a test fold, memorising would pay. So songs that share a group, or the
same words, are one unit everywhere: in the folds, in the intervals and in the paired tests.
"""

from collections.abc import Hashable, Sequence

import numpy as np
from numpy.typing import NDArray

from alcca.errors import DataError, UsageError
from alcca.models.held_out import deal
from alcca.models.settings import whole_number

__all__ = ["grouped_folds", "song_groups"]

# A test fold is a gallery: with one song every rank is 1.
MIN_SONGS_IN_A_FOLD = 2


def song_groups(
    group: Sequence[Hashable] | None, lyrics: Sequence[str] | None, n: int | None = None
) -> NDArray[np.int64]:
    """Number the groups of songs that belong in one fold.

    Two songs are linked if they share a group or the same normalised lyrics; songs that are linked directly or through
    others are a group.

    Parameters
    ----------
    group : sequence of n, optional
        None and "" link to nothing.
    lyrics : sequence of n texts, optional
        Compared by `alcca.songs.lyrics.normalise_lyrics`; texts without a word link to nothing.
    n : int, optional
        The number of songs; needed if neither of the others is given.

    Returns
    -------
    (n,) array of int64
        0, 1, … in order of first appearance.

    Examples
    --------
    >>> song_groups(["a", "b", "b", None], ["la la", "La, la!", "do", "re"])
    array([0, 0, 0, 1])
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    from alcca.songs.lyrics import normalise_lyrics

    sizes = {len(values) for values in (group, lyrics) if values is not None} | ({n} if n is not None else set())
    if len(sizes) != 1:
        raise UsageError(f"expected group, lyrics and n to agree on the number of songs, got {sorted(sizes)}")
    songs = sizes.pop()
    # A graph of songs and their groups and words; its connected components are the groups.
    shared: dict[Hashable, int] = {}
    links: list[tuple[int, int]] = []
    for kind, values in (("group", group), ("words", [normalise_lyrics(text) for text in lyrics or ()])):
        for song, value in enumerate(values or ()):
            if value is not None and value != "":
                links.append((song, songs + shared.setdefault((kind, value), len(shared))))
    rows, columns = np.array(links, dtype=np.int64).reshape(-1, 2).T
    nodes = songs + len(shared)
    graph = coo_array((np.ones(len(rows), dtype=np.int8), (rows, columns)), shape=(nodes, nodes))
    part = connected_components(graph, directed=False)[1][:songs]
    _, first, code = np.unique(part, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first)).astype(np.int64)[code]


def grouped_folds(groups: NDArray[np.integer], folds: int = 5, seed: int = 0) -> NDArray[np.int64]:
    """Deal groups of songs into folds of nearly equal size, each group into one fold.

    Parameters
    ----------
    groups : (n,) array of int
        From `song_groups`.
    folds : int
        At least 2.
    seed : int
        Shuffles groups of equal size.

    Returns
    -------
    (n,) array of int64
        The fold in which each song is tested, 0 … folds - 1.

    Raises
    ------
    UsageError
        ``folds`` is not a whole number of at least 2.
    DataError
        There are fewer groups than folds, or fewer than two songs for a fold.

    Examples
    --------
    >>> import numpy as np
    >>> fold = grouped_folds(np.array([0, 0, 0, 1, 2, 3, 4]), folds=2)
    >>> np.bincount(fold), len(set(fold[:3]))
    (array([4, 3]), 1)
    """
    folds = whole_number("folds", folds, 2)
    sizes = np.bincount(groups)
    enough = len(groups) >= folds * MIN_SONGS_IN_A_FOLD
    if enough:
        order = np.random.default_rng(seed).permutation(len(sizes))
        fold_of: NDArray[np.int64] = deal(sizes, folds, order)[groups]
        enough = np.bincount(fold_of, minlength=folds).min() >= MIN_SONGS_IN_A_FOLD
    if not enough:
        raise DataError(
            f"{len(groups)} songs in {np.count_nonzero(sizes)} groups do not fill {folds} folds with "
            f"{MIN_SONGS_IN_A_FOLD} songs each; add songs or ask for fewer folds"
        )
    return fold_of
