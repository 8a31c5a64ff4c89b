"""Made-up results for every test of the report."""

import pytest
from tests.experiments.making import make_results


@pytest.fixture(scope="session")
def making():
    return make_results


@pytest.fixture(scope="session")
def results():
    """Seven methods: one in its own space, one with a seed less, two ablations, one of a user's."""
    strength = {"alcca": 3, "acmr": 1, "cca": 6, "rcca": 6, "alcca-no-imi": 2, "alcca-pair": 0, "x_y|z&<i>": 0.5}
    return make_results(
        strength, n=80, seeds=(0, 1), own=("acmr",), missing={("rcca", 1)}, seconds={"cca": 0.25, "alcca": 61.0}
    )
