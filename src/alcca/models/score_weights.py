"""Weights of the sum of several scorers, learned from pairs that no scorer has learned from.

The model is a conditional logit (McFadden 1974): of a pool of songs, the right one is chosen with a probability
proportional to ``exp(sum_p w_p s_p)``, where ``s_p`` is the score of scorer p. A constant for all songs of a pool
cancels, so scores need a common scale but no common zero, and scores in bits stay in proportion: a scorer that gives
every song 0 has no effect.
"""

from collections.abc import Hashable, Mapping, Sequence
from typing import Any, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from alcca.errors import DataError

__all__ = ["learned_weights", "mean_reciprocal_ranks"]

Float64: TypeAlias = NDArray[np.float64]
Name = TypeVar("Name", bound=Hashable)

# A scorer joins the others if it raises their mean reciprocal rank by more than this many standard errors.
STANDARD_ERRORS = 2.0
# The weight, relative to the leader's, of a scorer that only breaks ties: larger differences outweigh it.
TIE_BREAKER = 1e-5
# The precision of a standard normal prior on the weights of standardised scores, which keeps the weight of a scorer
# that is always right finite.
PRECISION = 1.0
# Scores closer than this share of the largest of a query are equal up to rounding.
TIE = 4096 * float(np.finfo(np.float64).eps)


def learned_weights(scores: Mapping[Name, Sequence[NDArray[np.floating]]]) -> dict[Name, float]:
    """Learn the weights with which the scorers' sum ranks best, so that unhelpful scorers do no harm.

    The scorer that ranks best alone leads. The others are tried in the order of their own rankings, until no more join:
    a scorer joins if it raises the mean reciprocal rank of the sum by more than two standard errors, and lowers it in
    neither direction. The weights of the joined scorers are fitted together. The rest break ties, with a
    hundred-thousandth of the leader's weight.

    Parameters
    ----------
    scores : mapping of names to sequences of (k, k) arrays
        For each scorer, on the same pools of songs: row i is the audio and column i the lyrics of one song.

    Returns
    -------
    dict of names to float
        The factor of each scorer's scores in the sum; at least 0, and 0 only for a scorer that gives all songs the same
        score.

    Raises
    ------
    DataError
        There is no scorer or no pool, pools are not square or not the same for all, or a score is NaN or infinite.

    References
    ----------
    McFadden, D. (1974). Conditional logit analysis of qualitative choice behavior. In: Zarembka, P. (ed.), Frontiers
    in Econometrics, 105-142.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> noise = rng.standard_normal((2, 100, 100))
    >>> good, useless = 50 * (noise[0] + 3 * np.eye(100)), noise[1]
    >>> weights = learned_weights({"useless": [useless], "good": [good]})
    >>> print(f"{50 * weights['good']:.1f} {weights['useless']:.5f}")
    2.8 0.00003
    """
    pools = _checked(scores)
    spread = {name: float(np.sqrt(np.mean([pool.var() for pool in own]))) for name, own in pools.items()}
    varying = [name for name in pools if spread[name] > 0]
    if not varying:
        return dict.fromkeys(pools, 0.0)
    unit = {name: [pool / spread[name] for pool in pools[name]] for name in varying}
    alone = {name: float(np.mean(mean_reciprocal_ranks(unit[name]))) for name in varying}
    order = sorted(varying, key=lambda name: -alone[name])
    joined = {order[0]: _fitted([unit[order[0]]])[0] or 1.0}
    best = _with_tie_breakers(joined, order)
    while True:
        for name in (name for name in order if name not in joined):
            names = [*joined, name]
            extended = dict(zip(names, _fitted([unit[scorer] for scorer in names]), strict=True))
            after = _with_tie_breakers(extended, order)
            if extended[order[0]] > 0 and _betters(_sum(unit, after), _sum(unit, best)):
                joined, best = extended, after
                break
        else:
            return {name: best[name] / spread[name] if name in best else 0.0 for name in pools}


def _with_tie_breakers(joined: Mapping[Name, float], order: Sequence[Name]) -> dict[Name, float]:
    """Weights of all scorers: those of the joined ones, and tie-breakers' weights for the rest."""
    return {name: joined.get(name, 0.0) or TIE_BREAKER * joined[order[0]] for name in order}


def mean_reciprocal_ranks(pools: Sequence[Float64]) -> Float64:
    """Reciprocal rank of the right song, in both directions and for each song of the pools; ties count against it.

    Parameters
    ----------
    pools : sequence of (k, k) arrays
        The right song of row i is column i.

    Returns
    -------
    array, shape (2, n)
        Reciprocal ranks of all rows, and of all columns.

    Examples
    --------
    >>> mean_reciprocal_ranks([np.array([[2.0, 2.0], [0.0, 3.0]])])
    array([[0.5, 1. ],
           [1. , 1. ]])
    """
    return np.hstack([np.stack([_reciprocal(pool), _reciprocal(pool.T)]) for pool in pools])


def _reciprocal(pool: Float64) -> Float64:
    right = pool.diagonal() - TIE * np.abs(pool).max(axis=1)
    reciprocal: Float64 = 1 / np.count_nonzero(pool >= right[:, None], axis=1)
    return reciprocal


def _betters(after: Sequence[Float64], before: Sequence[Float64]) -> bool:
    gain = mean_reciprocal_ranks(after) - mean_reciprocal_ranks(before)
    if (gain.mean(axis=1) < 0).any():
        return False
    # A song is a query in both directions, and both results depend on the same recording.
    songs = gain.mean(axis=0)
    return bool(songs.mean() > STANDARD_ERRORS * songs.std(ddof=1) / np.sqrt(len(songs)))


def _sum(unit: Mapping[Name, Sequence[Float64]], weights: Mapping[Name, float]) -> list[Float64]:
    count = len(unit[next(iter(weights))])
    return [np.sum([weight * unit[name][i] for name, weight in weights.items()], axis=0) for i in range(count)]


def _fitted(scorers: Sequence[Sequence[Float64]]) -> list[float]:
    """Fit weights, at least 0, that make the right songs likeliest in both directions."""
    from scipy.optimize import minimize
    from scipy.special import logsumexp

    pools = [np.stack(pool) for pool in zip(*scorers, strict=True)]  # (scorers, k, k) each

    def loss(weights: Float64) -> tuple[float, Float64]:
        value, slope = PRECISION / 2 * float(weights @ weights), PRECISION * weights
        for pool in pools:
            scores = np.tensordot(weights, pool, axes=1)
            right = pool.diagonal(axis1=1, axis2=2)
            for axis in (0, 1):
                total = logsumexp(scores, axis=axis, keepdims=True)
                value += float(total.sum() - scores.diagonal().sum()) / 2
                slope = slope + (np.tensordot(pool, np.exp(scores - total), axes=2) - right.sum(axis=1)) / 2
        return value, slope

    start = np.full(len(scorers), 0.1)
    minimum = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=[(0.0, None)] * len(scorers))
    weights: list[float] = minimum.x.tolist()
    return weights


def _checked(scores: Mapping[Name, Sequence[NDArray[Any]]]) -> dict[Name, list[Float64]]:
    pools = {name: [np.asarray(pool, dtype=np.float64) for pool in own] for name, own in scores.items()}
    shapes = {name: [pool.shape for pool in own] for name, own in pools.items()}
    first = next(iter(shapes.values()), [])
    if not first or any(len(shape) != 2 or shape[0] != shape[1] for shape in first):
        raise DataError(f"expected scores of square pools, one row and one column a song, got shapes {shapes}")
    for name, own in pools.items():
        if shapes[name] != first:
            raise DataError(f"{name}: expected scores of the same pools as the others, {first}, got {shapes[name]}")
        if not all(np.isfinite(pool).all() for pool in own):
            raise DataError(f"{name} scores some pair with NaN or infinity; expected finite similarities")
    return pools
