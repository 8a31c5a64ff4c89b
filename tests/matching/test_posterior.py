"""Probabilities of hits: monotone, at most one altogether, and careful."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alcca.errors import DataError
from alcca.matching.posterior import LIKELY, SURE, certainty, posterior

BITS = st.lists(st.floats(0, 400), min_size=1, max_size=20)


@given(BITS, st.integers(20, 10**6))
def test_probabilities_are_ordered_as_bits_are_and_sum_to_one_at_most(bits, songs):
    likely = posterior(bits, songs)
    assert (likely >= 0).all()
    assert likely.sum() <= 1 + 1e-9
    order = np.argsort(bits)
    assert (np.diff(likely[order]) >= -1e-12).all()


@given(BITS, st.floats(0.5, 100))
def test_more_evidence_makes_surer_and_more_songs_less_sure(bits, more):
    best = int(np.argmax(bits))
    richer = list(bits)
    richer[best] += more
    assert posterior(richer, 1000)[best] >= posterior(bits, 1000)[best]
    assert posterior(bits, 10_000)[best] <= posterior(bits, 1000)[best] + 1e-12


def test_what_chance_gives_among_many_songs_is_a_guess():
    for songs in (20, 1000, 100_000):
        assert certainty(posterior([np.log2(songs) + 3], songs)[0]) == "a guess"


def test_a_clear_half_minute_is_sure_among_ten_thousand_songs():
    assert certainty(posterior([100, 14, 13, 12], 10_000)[0]) == "sure"


def test_two_versions_of_a_song_share_the_probability():
    likely = posterior([120.0, 120.0, 5.0], 500)
    assert likely[0] == likely[1] == pytest.approx(0.5, abs=1e-6)
    assert certainty(likely[0]) != "sure"


def test_no_hits_have_no_probabilities():
    assert posterior([], 10).shape == (0,)


@pytest.mark.parametrize(("bits", "songs"), [([1.0, 2.0], 1), ([np.nan], 5), ([np.inf], 5)])
def test_what_cannot_be_is_refused(bits, songs):
    with pytest.raises(DataError, match="bits"):
        posterior(bits, songs)


def test_words_for_probabilities():
    assert [certainty(p) for p in (1.0, SURE, SURE - 1e-9, LIKELY, LIKELY - 1e-9, 0.0)] == [
        "sure", "sure", "likely", "likely", "a guess", "a guess",
    ]  # fmt: skip
