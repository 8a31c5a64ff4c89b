"""Tests between all methods against `Results.compare`, statsmodels and naive recomputation."""

import numpy as np
import pandas as pd
import pytest

from alcca.errors import UsageError
from alcca.experiments.results import Results
from alcca.experiments.significance import against_controls, fixed_components, pairwise
from alcca.experiments.statistics import largest_p
from alcca.retrieval import chance_mrr1


def made_results(methods, seeds=(0, 1), missing=(), copies=False, control=True):
    """Random ranks at 10, 70 and 90 components; "own" at 200 alone; ``missing`` are (method, seed) left out.

    With ``copies``, every seed has the ranks of the first.
    """
    parts = []
    for seed in seeds:
        rng = np.random.default_rng(0 if copies else seed)
        for level in ("instance", "category"):
            for method, power in methods.items():
                for c in (200,) if method == "own" else (10, 70, 90):
                    for shuffled in (False, True) if control else (False,):
                        for direction in ("audio", "lyrics"):
                            rank = 1 + (rng.random(50) ** (1 if shuffled else power) * 50).astype(int)
                            parts.append(
                                pd.DataFrame(
                                    {
                                        "method": method, "control": shuffled, "fold": np.arange(50) % 2, "seed": seed,
                                        "components": c, "direction": direction, "level": level,
                                        "query": np.arange(50), "song": "", "group": np.arange(50) % 17,
                                        "label": np.arange(50) % 12,
                                        "rank": rank, "pool": 50, "relevant": 1 if level == "instance" else 4,
                                    }
                                )
                            )  # fmt: skip
                            if (method, seed) in missing:
                                parts.pop()
    return Results(pd.concat(parts, ignore_index=True), {})


@pytest.fixture(scope="module")
def results():
    return made_results({"b": 3, "a": 2.4, "own": 1.2, "c": 1}, missing={("c", 1)})


def test_each_pair_is_tested_as_compare_tests_it(results):
    table = pairwise(results)
    assert len(table) == 6 * 4
    assert table["a"].unique().tolist() == ["b", "a", "own"]
    for row in table.to_dict("records"):
        one = results.compare(row["a"], row["b"], components=(row["components_a"], row["components_b"]))
        one = one[(one["direction"] == row["direction"]) & (one["level"] == row["level"])].iloc[0]
        for name in ("MRR1_a", "MRR1_b", "difference", "low", "high", "p", "queries"):
            # The bootstrap works in single precision.
            assert row[name] == pytest.approx(one[name], rel=1e-4, abs=1e-7), (row, name)


def test_only_queries_that_both_were_asked_are_compared(results):
    ranks = results.ranks
    cell = ranks[~ranks["control"] & (ranks["direction"] == "audio") & (ranks["level"] == "instance")]
    first = cell[(cell["seed"] == 0) & (cell["components"] == 70)]
    expected = (1 / first[first["method"] == "b"]["rank"]).mean() - (1 / first[first["method"] == "c"]["rank"]).mean()
    row = pairwise(results).query("a == 'b' and b == 'c' and direction == 'audio' and level == 'instance'").iloc[0]
    assert row["queries"] == 50
    assert row["difference"] == pytest.approx(expected)
    assert row["low"] < expected < row["high"]


def test_p_values_are_corrected_over_the_pairs_of_one_direction_and_level(results):
    from statsmodels.stats.multitest import multipletests

    table = pairwise(results)
    for _, family in table.groupby(["direction", "level"]):
        assert len(family) == 6
        rejected, corrected, *_ = multipletests(family["p"], 0.05, method="holm")
        np.testing.assert_allclose(family["p_holm"], corrected)
        assert family["significant"].tolist() == rejected.tolist()
    assert 0 < table["significant"].mean() < 1


def test_the_number_of_components_is_not_chosen_by_results(results):
    table = pairwise(results)
    at = dict(zip(table["a"], table["components_a"], strict=True)) | dict(
        zip(table["b"], table["components_b"], strict=True)
    )
    assert at == {"b": 70, "a": 70, "own": 200, "c": 70}
    assert set(pairwise(results, components=10)["components_a"]) == {10, 200}
    assert [fixed_components(c) for c in ([10, 80, 90], [90, 100], [200])] == [80, 90, 200]
    with pytest.raises(UsageError, match="components=0"):
        pairwise(results, components=0)


def test_asking_a_song_again_under_another_seed_is_no_more_evidence():
    once = pairwise(made_results({"b": 1.5, "a": 1}, seeds=(0,)))
    thrice = pairwise(made_results({"b": 1.5, "a": 1}, seeds=(0, 1, 2), copies=True))
    assert (thrice["queries"] == 3 * once["queries"]).all()
    np.testing.assert_allclose(thrice["p"], once["p"])
    np.testing.assert_allclose(thrice[["difference", "low", "high"]], once[["difference", "low", "high"]], atol=1e-6)


def test_methods_without_a_common_query_have_no_row():
    results = made_results({"b": 3, "a": 2, "c": 1}, missing={("b", 0), ("c", 1)})
    assert set(zip(*pairwise(results)[["a", "b"]].to_numpy().T, strict=True)) == {("a", "b"), ("a", "c")}


def test_one_method_has_no_pairs():
    table = pairwise(made_results({"a": 2}))
    assert table.empty
    assert {"a", "b", "difference", "p_holm", "significant"} <= set(table.columns)


def test_methods_are_tested_against_chance_and_their_own_shuffled_pairs(results):
    table = against_controls(results)
    assert len(table) == 4 * 4 * 2
    chance = table[table["b"] == "chance"]
    for level, relevant in (("instance", 1), ("category", 4)):
        found = chance[chance["level"] == level]
        assert found["MRR1_b"].tolist() == pytest.approx([chance_mrr1(50, relevant)] * 8)
    np.testing.assert_allclose(table["difference"], table["MRR1_a"] - table["MRR1_b"])
    instance = table[table["level"] == "instance"].set_index(["a", "b"])
    assert instance.loc["b", "significant"].all()
    assert not instance.loc["c", "significant"].any()
    own = results.compare("own", components=200).query("direction == 'audio' and level == 'instance'").iloc[0]
    shuffled = table.query("a == 'own' and b == 'shuffled pairs' and direction == 'audio' and level == 'instance'")
    assert shuffled["p"].iloc[0] == own["p"]
    from statsmodels.stats.multitest import multipletests

    for _, family in table.groupby(["direction", "level", "b"]):
        np.testing.assert_allclose(family["p_holm"], multipletests(family["p"], method="holm")[1])


def test_without_the_control_only_chance_is_tested():
    assert set(against_controls(made_results({"a": 2}, control=False))["b"]) == {"chance"}


def category_results(reciprocal, label):
    """Results of methods at the category level, of one fold, from their ranks (methods, songs)."""
    n = len(label)
    parts = [
        pd.DataFrame(
            {
                "method": f"m{i}", "control": False, "fold": 0, "seed": 0, "components": 10, "direction": "audio",
                "level": "category", "query": np.arange(n), "song": "", "group": np.arange(n), "label": label,
                "rank": (1 / own).round().astype(int), "pool": n, "relevant": 1,
            }
        )
        for i, own in enumerate(reciprocal)
    ]  # fmt: skip
    return Results(pd.concat(parts, ignore_index=True), {})


def equally_good(rng, methods, labels, n, d=8, k=3):
    """Reciprocal ranks (methods, n) of the first song of the same label, by methods that differ by chance alone.

    Each sees the songs, which have something of their label, in random directions of its own.
    """
    label = np.arange(n) % labels
    songs = 0.7 * rng.standard_normal((labels, d))[label] + rng.standard_normal((n, d))
    seen = rng.standard_normal((methods, d, k))
    places = [(songs + 0.5 * rng.standard_normal((methods, n, d))) @ seen for _ in range(2)]
    audio, lyrics = (place / np.linalg.norm(place, axis=2, keepdims=True) for place in places)
    scores, same = audio @ lyrics.transpose(0, 2, 1), label[:, None] == label
    best = np.where(same, scores, -2).max(axis=2, keepdims=True)
    return 1 / (1 + (np.where(same, -2, scores) >= best).sum(axis=2)), label


@pytest.mark.parametrize(("labels", "n"), [(3, 60), (6, 120), (12, 120)])
def test_equally_good_methods_seldom_differ_at_the_category_level(labels, n):
    rng, trials, false = np.random.default_rng(0), 0, np.zeros(2)
    for _ in range(25):
        reciprocal, label = equally_good(rng, 32, labels, n)
        differences = (reciprocal[:16] - reciprocal[16:]).T
        for which, units in enumerate(([np.arange(n)], [np.arange(n), label])):
            false[which] += (largest_p(differences, units, draws=400) <= 0.05).sum()
        trials += 16
    by_song, by_label = false / trials
    assert by_song > 0.07  # each song for itself would find too many
    assert by_label <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / trials)


def test_a_difference_of_one_label_alone_is_not_significant():
    """The better method is better on all songs of one label of eight, and equal on all others."""
    label = np.arange(160) % 8
    better = np.where(label == 0, 1.0, 0.5)
    row = pairwise(category_results([better, np.full(160, 0.5)], label)).iloc[0]
    assert row["low"] > 0
    assert row["p"] > 0.5
    everywhere = pairwise(category_results([np.ones(160), np.full(160, 0.5)], label)).iloc[0]
    assert everywhere["p"] == pytest.approx(2 / 2**8, abs=0.003)


def test_a_real_difference_is_found_with_enough_labels():
    rng, label = np.random.default_rng(0), np.arange(120) % 12
    good, poor = (1 / (1 + rng.integers(high, size=120)) for high in (3, 20))
    results = category_results([good, poor], label)
    assert pairwise(results)["significant"].all()
    assert (results.compare("m0", "m1")["p"] < 0.01).all()


def test_effect_sizes_are_of_the_common_queries_alone():
    label = np.arange(120) % 12
    rng = np.random.default_rng(3)
    values = [1 / (1 + rng.integers(high, size=120)) for high in (3, 20, 9)]
    results = category_results(values, label)
    ranks = results.ranks[(results.ranks["method"] != "m1") | (results.ranks["query"] < 50)]
    table = pairwise(Results(ranks, {})).set_index(["a", "b"])
    for a, b, n in ((0, 1, 50), (0, 2, 120), (1, 2, 50)):
        difference = (values[a] - values[b])[:n]
        row = table.loc[(f"m{a}", f"m{b}")]
        assert row["queries"] == n
        assert row["d_z"] == pytest.approx(difference.mean() / difference.std(ddof=1), rel=1e-12)
    compared = Results(ranks, {}).compare("m0", "m1").iloc[0]
    assert compared["d_z"] == pytest.approx(table.loc[("m0", "m1")]["d_z"], rel=1e-12)
    assert np.sign(compared["d_z"]) == np.sign(compared["difference"])
