"""Names for the neighbourhoods of a map: words that their songs share and other songs lack."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Neighbourhood", "name_neighbourhoods"]

# The number of neighbourhoods of the whole map; each zoom level, which doubles all distances, has four times as many.
WIDEST = 12
STEP = 4
LEVELS = 4
# The least average number of songs in a neighbourhood, and of its songs with a word that names it.
MIN_SONGS = 12
MIN_WITH_WORD = 3
MAX_WORDS = 3
# A word in more than every fourth song of a language, such as an article, names nothing.
COMMONEST = 0.25
MIN_OF_LANGUAGE = 20
SEVERAL = 3
# Only letters, at least three of them: numbers and very short words name nothing.
WORD = r"[^\W\d_]{3,}"
# The probability that chance alone names any neighbourhood of a map.
CHANCE = 0.01


class Neighbourhood(NamedTuple):
    """A group of songs that are close together on a map.

    Parameters
    ----------
    level : int
        0 for the whole map; each further level is for a map that is twice as large.
    x, y : float
        The mean position of its songs, in [-1, 1].
    songs : int
        The number of its songs.
    words : tuple of str
        One to three words, the most distinctive first: far more frequent in its songs than by chance.
    """

    level: int
    x: float
    y: float
    songs: int
    words: tuple[str, ...]


def name_neighbourhoods(
    places: NDArray[np.floating],
    texts: Sequence[str],
    languages: Sequence[str | None],
    *,
    random_state: int = 0,
) -> list[Neighbourhood]:
    """Divide a map into neighbourhoods, coarse and fine, and name those with distinctive words.

    A word is distinctive if the probability that as many of a neighbourhood's songs have it by chance is below 0.01
    divided by the number of words times neighbourhoods (Bonferroni, with Poisson's tail); such words are ordered by
    their contribution to the neighbourhood's divergence from the whole map.

    Parameters
    ----------
    places : array of shape (n, 2)
        In [-1, 1].
    texts : sequence of n str
        Lyrics; empty for a song without lyrics.
    languages : sequence of n str or None
        ISO 639-1 codes; words that are common in a language name nothing.
    random_state : int
        The same songs and seed give the same neighbourhoods.

    Returns
    -------
    list of Neighbourhood
        By level; empty if there are too few songs or no distinctive words.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> things = ["ship", "snow", "lamb", "rose", "bell"]
    >>> places = np.concatenate([rng.normal(x, 0.02, (12, 2)) for x in (-0.8, -0.4, 0, 0.4, 0.8)])
    >>> texts = [f"the {thing} of my heart" for thing in things for _ in range(12)]
    >>> neighbourhoods = name_neighbourhoods(places, texts, ["en"] * 60)
    >>> sorted({neighbourhood.words for neighbourhood in neighbourhoods})
    [('bell',), ('lamb',), ('rose',), ('ship',), ('snow',)]
    """
    counted = _words_of_songs(texts, languages)
    if counted is None:
        return []
    words, has = counted
    levels = [WIDEST * STEP**level for level in range(LEVELS)]
    divisions = [min(WIDEST, len(texts) // MIN_SONGS)]
    divisions += [number for number in levels[1:] if number * MIN_SONGS <= len(texts)]
    if divisions[0] < 2:
        return []
    tests = len(words) * sum(divisions)
    clusters = [_divided(places, number, random_state) for number in divisions]
    # Without known languages, articles are excluded as words that are common in several neighbourhoods.
    shares = [np.asarray(has[clusters[0] == cluster].mean(axis=0)).ravel() for cluster in np.unique(clusters[0])]
    widespread = (np.array(shares) > COMMONEST).sum(axis=0) >= SEVERAL
    words, has = words[~widespread], has[:, np.flatnonzero(~widespread)]
    return [
        neighbourhood
        for level, of in enumerate(clusters)
        for neighbourhood in _named(level, of, places, has, words, CHANCE / tests)
    ]


def _words_of_songs(texts: Sequence[str], languages: Sequence[str | None]) -> tuple[NDArray[Any], Any] | None:
    """The words that may name a neighbourhood, (w,), and the songs with them, sparse (n, w); None if there are none."""
    from sklearn.feature_extraction.text import CountVectorizer

    counter = CountVectorizer(binary=True, token_pattern=WORD, min_df=MIN_WITH_WORD, dtype=np.int32)
    try:
        has = counter.fit_transform(texts)
    except ValueError:
        # No word occurs in three songs.
        return None
    spoken = np.array([language or "" for language in languages])
    groups = [np.flatnonzero(spoken == language) for language in np.unique(spoken)]
    groups = [group for group in groups if len(group) >= MIN_OF_LANGUAGE] or [np.arange(len(texts))]
    common = np.any([np.asarray(has[group].mean(axis=0)).ravel() > COMMONEST for group in groups], axis=0)
    kept = np.flatnonzero(~common)
    return (counter.get_feature_names_out()[kept], has[:, kept]) if len(kept) else None


def _divided(places: NDArray[np.floating], number: int, random_state: int) -> NDArray[np.int32]:
    """The neighbourhood, out of ``number``, of each place."""
    from sklearn.cluster import KMeans
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    # One thread, so that the order of summation is fixed and the same songs get the same neighbourhoods.
    with threadpool_limits(1):
        division: NDArray[np.int32] = KMeans(number, n_init=1, random_state=random_state).fit(places).labels_
    return division


def _named(
    level: int,
    of: NDArray[np.int32],
    places: NDArray[np.floating],
    has: Any,
    words: NDArray[Any],
    chance: float,
) -> list[Neighbourhood]:
    from scipy.sparse import csr_matrix
    from scipy.special import pdtrc

    member = csr_matrix((np.ones(len(places), np.int32), (of, np.arange(len(places)))))
    sizes = np.bincount(of)
    share = np.asarray(has.sum(axis=0)).ravel() / len(places)
    counts = csr_matrix(member @ has)
    named = []
    for row in range(len(sizes)):
        columns = counts.indices[counts.indptr[row] : counts.indptr[row + 1]]
        count = counts.data[counts.indptr[row] : counts.indptr[row + 1]]
        expected = sizes[row] * share[columns]
        telling = (count >= MIN_WITH_WORD) & (pdtrc(count - 1, expected) < chance)
        worth = np.where(telling, count * np.log(count / expected), 0.0)
        # Ties are broken alphabetically.
        best = [at for at in np.lexsort((columns, -worth))[:MAX_WORDS] if telling[at]]
        if best:
            x, y = places[of == row].mean(axis=0).tolist()
            named.append(Neighbourhood(level, x, y, int(sizes[row]), tuple(words[columns[at]] for at in best)))
    return named
