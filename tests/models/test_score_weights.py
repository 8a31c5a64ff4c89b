"""Weights: a closed form, held against simulated scorers, and the promise that nobody harms."""

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import log_softmax

from alcca.errors import DataError
from alcca.models.score_weights import _fitted, learned_weights, mean_reciprocal_ranks


def gaussian(rng, n, strength):
    """Log-odds of the right pair are ``strength`` times such scores, up to a constant."""
    return rng.standard_normal((n, n)) + strength * np.eye(n)


def bits(rng, n, lost=0.2, silent=0.1):
    """As words heard score: wrong pairs are seldom far above 0, right ones are unless the words are lost."""
    noise = rng.exponential(1 / np.log(2), (n, n)) - 2
    scores = np.maximum(noise, 0)
    right = np.where(rng.random(n) < lost, noise.diagonal(), rng.gamma(2.0, 20, n))
    np.fill_diagonal(scores, np.maximum(right, 0))
    scores[rng.random(n) < silent] = 0
    return scores


def total(weights, scores, pool):
    return sum(weights[name] * scores[name][pool] for name in scores)


def test_weights_are_those_of_a_naive_conditional_logit():
    rng = np.random.default_rng(0)
    scorers = [[gaussian(rng, n, s) for n in (30, 20)] for s in (2.0, 1.0)]

    def loss(w):
        value = w @ w / 2
        for pools in zip(*scorers, strict=True):
            z = sum(weight * pool for weight, pool in zip(w, pools, strict=True))
            value -= (log_softmax(z, axis=1).diagonal().sum() + log_softmax(z, axis=0).diagonal().sum()) / 2
        return value

    naive = minimize(loss, [0.5, 0.5], method="Nelder-Mead", options={"xatol": 1e-8, "fatol": 1e-10}).x
    np.testing.assert_allclose(_fitted(scorers), naive, atol=1e-4)


def test_two_that_help_are_weighed_as_their_odds_say():
    rng = np.random.default_rng(1)
    scores = {name: [scale * gaussian(rng, 300, s) for _ in range(3)]
              for name, scale, s in (("a", 1.0, 2.5), ("b", 1000.0, 1.5))}  # fmt: skip
    weights = learned_weights(scores)
    assert weights["a"] == pytest.approx(2.5, rel=0.1)
    assert weights["b"] * 1000 == pytest.approx(1.5, rel=0.1)


@pytest.mark.parametrize("seed", range(8))
def test_a_weak_space_does_not_take_from_what_is_heard(seed):
    rng = np.random.default_rng(seed)
    strength = (0.0, 0.3)[seed % 2]
    learn, test = (
        {"heard": [bits(rng, n) for _ in range(k)], "space": [gaussian(rng, n, strength) for _ in range(k)]}
        for n, k in ((200, 3), (153, 1))
    )
    weights = learned_weights(learn)
    heard = mean_reciprocal_ranks(test["heard"])
    fused = mean_reciprocal_ranks([total(weights, test, 0)])
    assert (fused.mean(axis=1) >= heard.mean(axis=1)).all()


def test_a_good_space_helps_and_decides_where_nothing_is_heard():
    rng = np.random.default_rng(0)
    learn, test = (
        {"heard": [bits(rng, n) for _ in range(k)], "space": [gaussian(rng, n, 2.5) for _ in range(k)]}
        for n, k in ((200, 3), (153, 1))
    )
    weights = learned_weights(learn)
    fused = total(weights, test, 0)
    assert (mean_reciprocal_ranks([fused]) - mean_reciprocal_ranks(test["heard"])).mean() > 0.05
    silent = (test["heard"][0] == 0).all(axis=1)
    assert silent.any()
    order = np.argsort(fused[silent], axis=1)
    np.testing.assert_array_equal(order, np.argsort(test["space"][0][silent], axis=1))


def test_chance_is_no_help():
    joined = 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        scores = {"heard": [bits(rng, 100) for _ in range(2)], "noise": [gaussian(rng, 100, 0.0) for _ in range(2)]}
        weights = learned_weights(scores)
        joined += weights["noise"] * np.std(scores["noise"]) > 1e-4 * weights["heard"] * np.std(scores["heard"])
    assert joined <= 2


def test_one_that_helps_one_way_and_harms_the_other_does_not_join():
    rng = np.random.default_rng(7)
    lead = gaussian(rng, 300, 1.5)
    # Whatever lyrics ask, it puts half of the recordings before the others; audio that asks does not mind.
    loud = np.where(rng.random((300, 1)) < 0.5, 0.0, 1.0)
    other = gaussian(rng, 300, 0.8) + 3 * loud
    both = _fitted([[lead], [other]])
    gain = mean_reciprocal_ranks([both[0] * lead + both[1] * other]) - mean_reciprocal_ranks([lead])
    assert gain.mean() > 2 * gain.mean(axis=0).std() / np.sqrt(300)
    assert gain.mean(axis=1).min() < 0
    weights = learned_weights({"lead": [lead], "other": [other]})
    assert 0 < weights["other"] < 1e-4 * weights["lead"]


def test_one_that_misleads_only_breaks_ties():
    rng = np.random.default_rng(2)
    heard, against = [bits(rng, 100)], [-gaussian(rng, 100, 3.0)]
    weights = learned_weights({"against": against, "heard": heard})
    assert 0 < weights["against"] * np.std(against) < 2e-5 * weights["heard"] * np.std(heard)
    fused = weights["heard"] * heard[0] + weights["against"] * against[0]
    apart = np.diff(np.sort(heard[0], axis=1), axis=1).min(axis=1) > 1e-2
    np.testing.assert_array_equal(np.argsort(fused[apart], axis=1), np.argsort(heard[0][apart], axis=1))


def test_one_that_says_nothing_gets_nothing():
    rng = np.random.default_rng(3)
    weights = learned_weights({"mute": [np.full((9, 9), 7.0)], "space": [gaussian(rng, 9, 3.0)]})
    assert weights["mute"] == 0
    assert weights["space"] > 0
    assert learned_weights({"mute": [np.zeros((9, 9))]}) == {"mute": 0.0}


def test_the_leader_speaks_even_where_nobody_is_right():
    rng = np.random.default_rng(4)
    weights = learned_weights({"a": [-gaussian(rng, 50, 5.0)], "b": [-gaussian(rng, 50, 5.0)]})
    assert min(weights.values()) > 0


def test_one_who_is_always_right_has_a_finite_weight():
    weights = learned_weights({"all": [100 * np.eye(50)], "noise": [gaussian(np.random.default_rng(5), 50, 0.0)]})
    assert np.isfinite(weights["all"])
    assert weights["all"] * 100 > 1000 * weights["noise"] * 3


def test_the_same_scores_give_the_same_weights_in_any_order():
    rng = np.random.default_rng(6)
    scores = {"heard": [bits(rng, 90)], "space": [gaussian(rng, 90, 2.0)]}
    first, second = learned_weights(scores), learned_weights(dict(reversed(scores.items())))
    assert first == second == learned_weights(scores)


def test_reciprocal_ranks_count_ties_against_the_right_song():
    pool = np.array([[2.0 + 1e-15, 2.0, 0.0], [0.0, 5.0, 5.1], [0.0, 0.0, 0.0]])
    assert mean_reciprocal_ranks([pool]).tolist() == [[1 / 2, 1 / 2, 1 / 3], [1, 1, 1 / 3]]


def test_scores_that_do_not_fit_are_refused():
    good = [np.eye(3)]
    for bad, message in (
        ({}, "square pools"),
        ({"a": []}, "square pools"),
        ({"a": [np.ones((2, 3))]}, "square pools"),
        ({"a": good, "b": [np.eye(2)]}, r"b: expected scores of the same pools.*got \[\(2, 2\)\]"),
        ({"a": good, "b": [np.full((3, 3), np.nan)]}, "b scores some pair with NaN"),
    ):
        with pytest.raises(DataError, match=message):
            learned_weights(bad)
