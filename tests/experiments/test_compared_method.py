"""What a method is set to for the fits of one seed."""

import pytest

from alcca.experiments.compared_method import ComparedMethod
from alcca.experiments.methods import parse_methods


@pytest.mark.parametrize("written", ["rcca", "csls:rcca", "weighted:csls:rcca", "fused:csls:rcca", "fused:alcca"])
def test_every_estimator_in_a_method_gets_the_seed(written):
    (estimator,) = parse_methods(written).values()
    seeds = {
        name: value
        for name, value in ComparedMethod("it", estimator).prepared(2, 7).get_params().items()
        if name.split("__")[-1] == "random_state"
    }
    assert seeds
    assert set(seeds.values()) == {7}
    assert 7 not in estimator.get_params().values()
