"""Scores of a second listening are evidence as far as they are above those of songs that are not sung."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from alcca.errors import DataError
from alcca.matching.listened import listened_bits
from alcca.matching.posterior import certainty, posterior

SCORES = st.lists(st.floats(0, 5_000), min_size=1, max_size=40)


@given(SCORES)
@example([2_000.0] * 40 + [0.0])
def test_bits_are_finite_and_in_the_order_of_scores(scores):
    with np.errstate(all="raise", under="ignore"):
        found = listened_bits(scores)
    assert np.isfinite(found).all()
    assert (np.diff(found[np.argsort(scores)]) >= 0).all()
    assert len(set(found[np.array(scores) == scores[0]])) == 1


@given(SCORES, st.floats(1, 500))
def test_a_better_best_score_has_no_less_evidence(scores, more):
    best = int(np.argmax(scores))
    richer = list(scores)
    richer[best] += more
    assert listened_bits(richer)[best] >= listened_bits(scores)[best]
    np.testing.assert_array_equal(np.delete(listened_bits(richer), best), np.delete(listened_bits(scores), best))


@given(SCORES, st.randoms())
def test_the_order_of_songs_makes_no_difference(scores, draw):
    order = list(range(len(scores)))
    draw.shuffle(order)
    mixed = listened_bits([scores[place] for place in order])
    np.testing.assert_allclose(mixed, listened_bits(scores)[order], rtol=1e-9, atol=1e-9)


def test_songs_that_are_not_sung_have_no_evidence():
    """Drawn as in the fit, and in a recording where all words are likelier."""
    draw = np.random.default_rng(3)
    for location in (16.0, 40.0):
        best = [listened_bits(draw.gumbel(location, 7.0, 40)).max() for _ in range(200)]
        probabilities = [posterior([max(bit, 0.0)], 1_000)[0] for bit in best]
        assert np.mean([certainty(one) != "a guess" for one in probabilities]) < 0.02


def test_a_song_that_is_sung_is_sure_and_two_versions_of_it_share_that():
    others = [22.0, 18.0, 15.0, 16.0, 20.0, 25.0, 11.0, 19.0]
    alone = posterior(np.maximum(listened_bits([130.0, *others]), 0), 1_000)
    assert certainty(alone[0]) == "sure"
    both = posterior(np.maximum(listened_bits([130.0, 130.0, *others]), 0), 1_000)
    assert both[0] == both[1] == pytest.approx(0.5, abs=0.01)
    assert listened_bits([130.0, 22.0])[0] > 20


def test_one_song_is_compared_with_what_is_usual():
    # What is a little above the usual is no evidence either.
    assert listened_bits([16.0])[0] == listened_bits([32.0])[0] == 0 < listened_bits([80.0])[0]
    assert listened_bits([]).shape == (0,)


@pytest.mark.parametrize("scores", [[1.0, np.nan], [np.inf], [[1.0, 2.0]], 3.0])
def test_what_is_no_score_is_refused(scores):
    with pytest.raises(DataError, match=r"finite scores of shape \(n,\)"):
        listened_bits(scores)
