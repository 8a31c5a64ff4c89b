"""The spread of figures over seeds, computed again by hand from the ranks."""

import json

import numpy as np
import pandas as pd
import pytest
from tests.experiments.making import make_results

from alcca.cli.main import main
from alcca.datasets import make_songs
from alcca.experiments.report import comparison_text, to_json, to_text, write_report
from alcca.experiments.seed_spread import ENDINGS, ONE_SEED

WHERE = "method == 'cca' and components == 10 and direction == 'audio' and level == 'instance'"


@pytest.fixture
def several():
    return make_results({"cca": 1.0, "alcca": 0.5}, seeds=(0, 1, 4))


@pytest.fixture
def one():
    return make_results({"cca": 1.0, "alcca": 0.5})


@pytest.mark.parametrize(("measure", "of"), [
    ("MRR1", lambda ranks: np.mean(1 / ranks)), ("R@5", lambda ranks: np.mean(ranks <= 5)), ("median", np.median),
])  # fmt: skip
def test_it_is_of_the_means_of_the_seeds(several, measure, of):
    row = several.summary().query(WHERE).iloc[0]
    ranks = several.ranks.query(f"{WHERE} and not control")
    by_seed = [of(ranks.loc[ranks["seed"] == seed, "rank"].to_numpy()) for seed in (0, 1, 4)]
    expected = [np.sqrt(sum((value - np.mean(by_seed)) ** 2 for value in by_seed) / 2), min(by_seed), max(by_seed)]
    np.testing.assert_allclose([row[measure + ending] for ending in ENDINGS], expected, rtol=1e-6)
    assert row["seeds"] == 3
    assert row[f"{measure}_seed_sd"] > 0


def test_a_method_with_one_seed_has_none(one):
    summary = one.summary()
    assert set(summary["seeds"]) == {1}
    assert summary[[f"MRR1{ending}" for ending in ENDINGS]].isna().all(axis=None)


def test_a_method_that_was_too_slow_for_other_seeds_has_none_beside_those_that_have():
    summary = make_results({"cca": 1.0, "slow": 0.5}, seeds=(0, 1), missing=[("slow", 1)]).summary()
    has = summary.groupby("method")["MRR1_seed_sd"].apply(lambda column: column.notna().all())
    assert has.to_dict() == {"cca": True, "slow": False}


def test_everything_that_is_shown_has_it(several, tmp_path):
    row = several.summary().query(WHERE.replace("10", "80")).iloc[0]
    spread = f"{row['MRR1_seed_sd']:.3f} [{row['MRR1_seed_min']:.3f}, {row['MRR1_seed_max']:.3f}]"
    alone = to_text(several.only(["cca"]))
    assert spread in alone
    together = comparison_text(several)
    assert "Spread over 3 seeds" in together
    assert spread in together
    told = [found for found in to_json(several)["summary"] if found["method"] == "cca" and found["components"] == 80]
    assert told[0]["MRR1_seed_sd"] == pytest.approx(row["MRR1_seed_sd"])
    write_report(several, tmp_path)
    page = (tmp_path / "report.html").read_text()
    assert 'id="seeds"' in page
    assert f"± {spread}" in page
    table = pd.read_csv(tmp_path / "seeds.csv").set_index("method")
    assert table.loc["cca", "I-MRR1-A_seed_sd"] == pytest.approx(row["MRR1_seed_sd"])


def test_one_seed_is_said_to_have_none(one, tmp_path):
    assert ONE_SEED in " ".join(to_text(one.only(["cca"])).split())
    assert ONE_SEED in " ".join(comparison_text(one).split())
    write_report(one, tmp_path)
    assert ONE_SEED in (tmp_path / "report.html").read_text()
    assert json.dumps(to_json(one))


def test_from_the_command_line(tmp_path, capsys):
    made = make_songs(60, moods=4, shared=5, audio_shape=(12,), lyrics_size=9, random_state=0)
    np.savez(tmp_path / "songs.npz", audio=made.audio, lyrics=made.lyrics, label=made.label)
    options = ["--methods", "cca", "--components", "4", "--folds", "3", "--no-control", "--jobs", "1", "--quiet"]
    assert main(["evaluate", str(tmp_path / "songs.npz"), *options, "--seeds", "0,1", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["summary"]
    assert all(row["seeds"] == 2 and row["MRR1_seed_min"] <= row["MRR1"] <= row["MRR1_seed_max"] for row in rows)
