"""The likeliest way through a song: when each token of its lyrics begins, in order, or that it is not sung."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from alcca.timing.windows import STEPS_A_SECOND, Evidence

__all__ = ["Path", "likeliest_path"]

# A window says less of its edges, where the sound goes on without it.
EDGE_STEPS = 2 * STEPS_A_SECOND
# The attention's peak is as broad.
SMOOTHING_STEPS = 1.5
# A token is placed where the attention is more than this; all of it over 30 s is 1, so chance is .0007. A token is left
# out where there is no such place.
LEAST_ATTENTION = 0.005
FLOOR = 1e-4
# Natural logarithms: what a second between two tokens of a line costs, and all of a break in it. Between lines breaks
# are free.
COST_A_SECOND, COST_OF_BREAK = 1.0, 8.0
# A token is looked at as sharply as this.
NEAR_STEPS = 6


class Path(NamedTuple):
    """When each token begins.

    Parameters
    ----------
    words : array of shape (n_tokens,)
        The number of the word that each token is of.
    numbers : array of shape (n_tokens,)
        Its number within the word.
    steps : array of shape (n_tokens,)
        In steps of the recording; -1 of what is not sung.
    shares : array of shape (n_tokens,)
        The share of the attention that lies there, in [0, 1].
    """

    words: NDArray[np.int64]
    numbers: NDArray[np.int64]
    steps: NDArray[np.int64]
    shares: NDArray[np.float64]


class _Token(NamedTuple):
    word: int
    number: int
    first: int
    attention: NDArray[np.float64]


def likeliest_path(evidence: Sequence[Evidence], line_starts: frozenset[int]) -> Path:
    """The likeliest order of all tokens in a recording.

    Parameters
    ----------
    evidence : sequence of Evidence
    line_starts : frozenset of int
        The numbers of the words that begin a line.

    References
    ----------
    Viterbi: Error bounds for convolutional codes and an asymptotically optimum decoding algorithm. IEEE Transactions on
    Information Theory 13(2), 1967. The states are the steps of the recording; a token goes no further back than the
    one before it.
    """
    from scipy.ndimage import gaussian_filter1d

    tokens = _joined(evidence)
    length = max((token.first + len(token.attention) for token in tokens), default=0) + 1
    steps = np.arange(length)
    # The best sum of all ways whose last token is placed at each step; tokens that are left out change nothing.
    best = np.zeros(length)
    back: list[tuple[int, NDArray[np.int32]]] = []
    cost = COST_A_SECOND / STEPS_A_SECOND
    for token in tokens:
        low, high = token.first, token.first + len(token.attention)
        gains = np.log((gaussian_filter1d(token.attention, SMOOTHING_STEPS) + FLOOR) / LEAST_ATTENTION)
        before, origin = _running_best(best[:high])
        if not (token.number == 0 and token.word in line_starts):
            near, near_origin = _running_best(best[:high] + cost * steps[:high])
            near -= cost * steps[:high]
            before = before - COST_OF_BREAK
            origin = np.where(near >= before, near_origin, origin)
            before = np.maximum(near, before)
        placed = before[low:high] + gains
        better = placed > best[low:high]
        best[low:high] = np.where(better, placed, best[low:high])
        back.append((low, np.where(better, origin[low:high], -1).astype(np.int32)))
    return _followed(tokens, back, int(np.argmax(best)))


def _followed(tokens: Sequence[_Token], back: list[tuple[int, NDArray[np.int32]]], step: int) -> Path:
    steps = np.full(len(tokens), -1, dtype=np.int64)
    shares = np.zeros(len(tokens))
    for number in range(len(tokens) - 1, -1, -1):
        low, origins = back[number]
        if 0 <= step - low < len(origins) and origins[step - low] >= 0:
            steps[number] = step
            at = step - low
            shares[number] = tokens[number].attention[max(0, at - NEAR_STEPS) : at + NEAR_STEPS + 1].sum()
            step = int(origins[at])
    return Path(
        np.array([token.word for token in tokens], dtype=np.int64),
        np.array([token.number for token in tokens], dtype=np.int64),
        steps,
        shares.clip(max=1.0),
    )


def _running_best(values: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """The best value up to each place, and where it is."""
    best = np.maximum.accumulate(values)
    return best, np.maximum.accumulate(np.where(values >= best, np.arange(len(values)), 0))


def _joined(evidence: Sequence[Evidence]) -> list[_Token]:
    """What all windows say of each token, weighted by how far from their edges it is."""
    said: dict[tuple[int, int], list[tuple[int, NDArray[np.float32]]]] = {}
    end = max((one.first + one.attention.shape[1] for one in evidence), default=0)
    for one in evidence:
        numbers = np.arange(len(one.words)) - np.searchsorted(one.words, one.words)
        for word, number, row in zip(one.words.tolist(), numbers.tolist(), one.attention, strict=True):
            said.setdefault((word, number), []).append((one.first, row))
    return [_token(key, rows, end) for key, rows in sorted(said.items())]


def _token(key: tuple[int, int], rows: list[tuple[int, NDArray[np.float32]]], end: int) -> _Token:
    low = min(first for first, _ in rows)
    high = max(first + len(row) for first, row in rows)
    total, weight = np.zeros(high - low), np.full(high - low, 1e-3)
    for first, row in rows:
        places = np.arange(len(row))
        trust = np.ones(len(row))
        if first > 0:
            trust = np.minimum(trust, (places + 5) / EDGE_STEPS)
        if first + len(row) < end:
            trust = np.minimum(trust, (len(row) - places + 5) / EDGE_STEPS)
        total[first - low : first - low + len(row)] += trust * row
        weight[first - low : first - low + len(row)] += trust
    # Where only the edge of one window says something, it is worth less.
    return _Token(*key, low, total / np.maximum(weight, 0.25))
