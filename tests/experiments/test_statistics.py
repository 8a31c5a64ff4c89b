"""Intervals and tests against naive resampling, exact enumeration and known distributions."""

from itertools import product

import numpy as np
import pytest

from alcca.errors import DataError
from alcca.experiments.statistics import GroupBootstrap, holm, paired_randomisation, standardised_differences


def naive_intervals(values, group, statistic, draws=4000):
    rng = np.random.default_rng(99)
    members = [values[group == g] for g in np.unique(group)]
    found = [
        statistic(np.concatenate([members[i] for i in rng.integers(len(members), size=len(members))]))
        for _ in range(draws)
    ]
    return np.quantile(found, [0.025, 0.975])


def grouped_values():
    rng = np.random.default_rng(0)
    group = rng.integers(60, size=200)
    return np.maximum(1, (rng.exponential(20, 200) + 10 * (group % 4))).astype(int), np.unique(
        group, return_inverse=True
    )[1]


def test_mean_intervals_equal_naive_resampling_of_groups():
    values, group = grouped_values()
    low, high = GroupBootstrap(group.max() + 1, draws=4000).mean(np.stack([values, values**0.5], axis=1), group)
    for column, power in enumerate((1, 0.5)):
        expected = naive_intervals(values**power, group, np.mean)
        width = expected[1] - expected[0]
        np.testing.assert_allclose([low[column], high[column]], expected, atol=0.05 * width)


def test_median_intervals_equal_naive_resampling_of_groups():
    values, group = grouped_values()
    got = GroupBootstrap(group.max() + 1, draws=4000).median(values, group)
    lower_median = lambda x: np.sort(x)[(len(x) - 1) // 2]  # noqa: E731
    np.testing.assert_allclose(got, naive_intervals(values, group, lower_median), atol=1)
    assert got[0] < np.median(values) < got[1]


@pytest.mark.parametrize("values_and_groups", [grouped_values(), (np.repeat([1, 2], [14, 6]), np.arange(20))])
def test_median_interval_is_exact_for_the_same_draws(values_and_groups):
    values, group = values_and_groups
    bootstrap = GroupBootstrap(group.max() + 1, draws=501)
    medians = []
    for times in bootstrap._times.astype(int):
        drawn = np.sort(np.repeat(values, times[group]))
        medians.append(drawn[(len(drawn) - 1) // 2])
    medians = np.sort(medians)
    low = medians[int(np.ceil(0.025 * 501)) - 1]
    high = medians[int(np.ceil(0.975 * 501)) - 1]
    assert bootstrap.median(values, group) == (low, high)


def test_copies_of_a_song_are_no_evidence():
    values = np.random.default_rng(1).standard_normal((50, 1))
    bootstrap = GroupBootstrap(50)
    once = bootstrap.mean(values, np.arange(50))
    ten_times = bootstrap.mean(np.repeat(values, 10, axis=0), np.repeat(np.arange(50), 10))
    np.testing.assert_allclose(once, ten_times, atol=1e-5)


def test_a_level_that_lacks_some_groups_still_has_its_interval():
    low, high = GroupBootstrap(500).mean(np.array([[1.0], [3.0]]), np.array([4, 7]))
    assert (low[0], high[0]) == (1.0, 3.0)


def test_the_interval_covers_the_truth_at_its_level():
    rng = np.random.default_rng(2)
    covered = 0
    for trial in range(300):
        low, high = GroupBootstrap(80, draws=300, random_state=trial).mean(rng.exponential(size=(80, 1)), np.arange(80))
        covered += low[0] <= 1 <= high[0]
    assert 0.89 <= covered / 300 <= 0.98


def test_the_same_seed_draws_the_same():
    assert (GroupBootstrap(9)._times == GroupBootstrap(9)._times).all()
    assert (GroupBootstrap(9)._times.sum(axis=1) == 9).all()
    assert (GroupBootstrap(9)._times != GroupBootstrap(9, random_state=1)._times).any()


def test_p_value_equals_exact_enumeration():
    rng = np.random.default_rng(3)
    differences, group = rng.normal(0.3, 1, 30), np.repeat(np.arange(10), 3)
    sums = np.bincount(group, differences)
    exact = np.mean([abs(np.dot(s, sums)) >= abs(sums.sum()) - 1e-12 for s in product([-1, 1], repeat=10)])
    assert 0.02 < exact < 0.8
    assert paired_randomisation(differences[:, None], group, draws=20_000)[0] == pytest.approx(exact, abs=0.01)


def test_p_values_are_uniform_when_methods_are_equal_and_groups_large():
    # Queries of one group agree entirely: taken one by one, they would look like four times the evidence.
    rng = np.random.default_rng(4)
    group = np.repeat(np.arange(40), 4)
    p = [
        paired_randomisation(np.repeat(rng.standard_normal(40), 4)[:, None], group, draws=300, random_state=t)[0]
        for t in range(400)
    ]
    assert np.mean(np.array(p) < 0.05) == pytest.approx(0.05, abs=0.03)
    assert np.mean(p) == pytest.approx(0.5, abs=0.06)


def test_equal_methods_have_p_1_and_no_p_is_0():
    zeros_and_ones = np.stack([np.zeros(50), np.ones(50)], axis=1)
    assert paired_randomisation(zeros_and_ones, np.arange(50), draws=99).tolist() == [1.0, 0.01]


@pytest.mark.parametrize("seed", range(5))
def test_holm_equals_statsmodels(seed):
    from statsmodels.stats.multitest import multipletests

    # Squared and rounded: some small values, some ties, and some that reach 1.
    p = np.random.default_rng(seed).uniform(size=30).round(2) ** 2
    np.testing.assert_allclose(holm(p), multipletests(p, method="holm")[1], rtol=1e-14)
    assert (holm(p) == 1).any()


def test_holm_of_one_none_and_equal_values():
    assert holm([0.03]).tolist() == [0.03]
    assert holm([]).tolist() == []
    assert holm([0.02, 0.02, 0.02]).tolist() == pytest.approx([0.06] * 3)


@pytest.mark.parametrize("p", [[0.1, np.nan], [-0.1], [1.1], [[0.1]]])
def test_holm_refuses_what_is_no_list_of_p_values(p):
    with pytest.raises(DataError, match="numbers between 0 and 1"):
        holm(p)


def test_d_z_is_the_t_statistic_of_a_paired_test_without_the_number_of_queries():
    from scipy.stats import ttest_1samp

    differences = np.random.default_rng(0).normal(0.3, 1, (40, 3))
    effects = standardised_differences(differences)
    np.testing.assert_allclose(effects, ttest_1samp(differences, 0).statistic / np.sqrt(40), rtol=1e-12)
    np.testing.assert_allclose(standardised_differences(-differences), -effects)


def test_d_z_of_differences_without_spread():
    same = np.array([[0.0, 0.1, 0.1 + 0.2]] * 7)
    assert standardised_differences(same)[0] == 0
    assert np.isnan(standardised_differences(same)[1:]).all()
    assert np.isnan(standardised_differences(np.array([[1.0]]))).all()
