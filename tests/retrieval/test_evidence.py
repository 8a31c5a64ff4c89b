"""What a cosine is worth in bits."""

import numpy as np
import pytest

from alcca.errors import DataError
from alcca.retrieval import cosine_evidence


def drawn(shift, n=400, seed=0):
    return np.random.default_rng(seed).standard_normal((n, n)) * 0.1 + shift * 0.1 * np.eye(n)


def test_it_is_the_likelihood_ratio_of_two_normal_distributions():
    # log N(x; 2, 1) - log N(x; 0, 1) = 2 x - 2, here of cosines a tenth as large.
    worth = cosine_evidence(drawn(2.0))
    assert worth.slope * np.log(2) == pytest.approx(20, rel=0.1)
    assert worth.offset * np.log(2) == pytest.approx(-2, rel=0.15)


@pytest.mark.parametrize("shift", [0.0, -2.0])
def test_cosines_that_tell_nothing_or_the_contrary_are_worth_nothing(shift):
    assert cosine_evidence(drawn(shift)) == (0.0, 0.0)


def test_scale_and_place_of_the_cosines_do_not_matter():
    one, other = cosine_evidence(drawn(2.0)), cosine_evidence(3 * drawn(2.0) + 1)
    assert other.slope == pytest.approx(one.slope / 3, rel=1e-3)
    assert 3 * other.slope * 0.2 + other.slope + other.offset == pytest.approx(one.slope * 0.2 + one.offset, abs=1e-3)


@pytest.mark.parametrize("cosines", [np.zeros((2, 3)), np.zeros((1, 1)), np.full((3, 3), np.nan)])
def test_what_is_no_square_of_cosines_is_refused(cosines):
    with pytest.raises(DataError, match="finite cosines"):
        cosine_evidence(cosines)
