"""Summaries, tests between methods, and results on disk."""

import json

import numpy as np
import pandas as pd
import pytest

from alcca.datasets import make_songs
from alcca.errors import LibraryError, UsageError
from alcca.experiments import Dataset, Results, cross_validate
from alcca.experiments.rank_tables import MORE_MEASURES, Failure
from alcca.experiments.report import to_text
from alcca.experiments.report.comparison import compared
from alcca.experiments.report.more_measures import more_measures_markdown
from alcca.experiments.report.page import page
from alcca.models.cca import CCA
from alcca.retrieval import Chance, chance_hubness


@pytest.fixture(scope="module")
def results():
    made = make_songs(150, moods=10, shared=5, noise=0.5, audio_shape=(10,), lyrics_size=8)
    songs = Dataset(made.audio, made.lyrics, made.label, group=[i // 2 for i in range(150)], name="Lieder, é")
    return cross_validate({"good": CCA(), "poor": CCA(ridge=1e5)}, songs, folds=3, components=[1, 5])


def test_the_summary_is_what_the_ranks_say(results):
    frame, summary = results.to_frame(), results.summary()
    assert len(summary) == 2 * 2 * 2 * 2
    for row in summary.to_dict("records"):
        for control, end in ((False, ""), (True, "_shuffled")):
            ranks = frame[
                (frame["method"] == row["method"]) & (frame["control"] == control)
                & (frame["components"] == row["components"]) & (frame["direction"] == row["direction"])
                & (frame["level"] == row["level"])
            ]["rank"]  # fmt: skip
            assert len(ranks) == row["queries"] == 150
            assert row[f"MRR1{end}"] == pytest.approx((1 / ranks).mean())
            for n in (1, 5, 10):
                assert row[f"R@{n}{end}"] == pytest.approx((ranks <= n).mean())
            assert row[f"median{end}"] == ranks.median()
        for measure in ("MRR1", "R@1", "R@5", "R@10", "median"):
            for end in ("", "_shuffled"):
                assert row[f"{measure}{end}_low"] <= row[f"{measure}{end}"] <= row[f"{measure}{end}_high"]
        if row["level"] == "instance":
            assert row["R@5_chance"] == pytest.approx(5 / 50)
            assert row["median_chance"] == 25.5
        assert row["pool"] == 50


def test_frames_are_copies(results):
    frame, summary = results.to_frame(), results.summary()
    frame.loc[:, "rank"] = 0
    summary.loc[:, "MRR1"] = 0
    assert (results.to_frame()["rank"] > 0).all()
    assert (results.summary()["MRR1"] > 0).all()


def test_a_better_method_is_told_from_a_worse_one(results):
    table = results.compare("good", "poor", components=5)
    assert len(table) == 4
    instance = table[table["level"] == "instance"]
    assert (instance["difference"] > 0).all()
    assert (instance["low"] > 0).all()
    assert (instance["p"] < 0.01).all()
    np.testing.assert_allclose(table["difference"], table["MRR1_a"] - table["MRR1_b"])
    back = results.compare("poor", "good", components=5)
    np.testing.assert_allclose(back["difference"], -table["difference"])
    np.testing.assert_allclose(back["p"], table["p"])


def test_a_method_does_not_differ_from_itself(results):
    table = results.compare("good", "good")
    assert (table["difference"] == 0).all()
    assert (table["p"] == 1).all()
    assert sorted(set(table["components_a"])) == [1, 5]


def test_a_method_is_compared_with_its_own_control_and_other_components(results):
    control = results.compare("good", components=5)
    assert set(control["b"]) == {"good (shuffled pairs)"}
    assert (control["p"] < 0.05).all()
    summary = results.summary().query("method == 'good' and components == 5")
    assert sorted(control["MRR1_b"]) == pytest.approx(sorted(summary["MRR1_shuffled"]))
    other = results.compare("good", "good", components=(5, 1))
    assert set(other["components_b"]) == {1}
    assert (other["difference"] > 0).any()


def test_comparisons_that_cannot_be_made_are_refused(results):
    with pytest.raises(UsageError, match="'best' is not in these results; they have good, poor"):
        results.compare("good", "best")
    with pytest.raises(UsageError, match=r"good was measured at \[1, 5\]"):
        results.compare("good", "poor", components=7)
    made = make_songs(40, shared=2, audio_shape=(4,), lyrics_size=4)
    plain = cross_validate(CCA(), Dataset(made.audio, made.lyrics), components=[2], shuffled_control=False)
    with pytest.raises(UsageError, match="no shuffled pairs"):
        plain.compare("CCA")


def test_results_come_back_from_disk(results, tmp_path):
    place = tmp_path / "new" / "results"
    results.save(place)
    assert sorted(path.name for path in place.iterdir()) == ["ranks.parquet", "settings.json", "summary.csv"]
    loaded = Results.load(place)
    pd.testing.assert_frame_equal(loaded.to_frame(), results.to_frame(), check_categorical=False)
    pd.testing.assert_frame_equal(loaded.summary(), results.summary(), check_categorical=False)
    assert loaded.settings == results.settings
    assert loaded.notes == results.notes
    assert json.loads((place / "settings.json").read_text(encoding="utf-8"))["settings"]["dataset"] == "Lieder, é"
    kept = pd.read_csv(place / "summary.csv")
    np.testing.assert_allclose(kept["MRR1"], results.summary()["MRR1"])


def test_saving_again_replaces_and_gives_the_same_bytes(results, tmp_path):
    results.save(tmp_path / "r")
    before = {path.name: path.read_bytes() for path in (tmp_path / "r").iterdir()}
    results.save(tmp_path / "r")
    assert {path.name: path.read_bytes() for path in (tmp_path / "r").iterdir()} == before
    assert len(before) == 3
    assert [path.name for path in tmp_path.iterdir()] == ["r"]


def test_other_files_in_the_folder_are_left_alone(results, tmp_path):
    (tmp_path / "thesis.tex").write_text("years of work")
    results.save(tmp_path)
    assert (tmp_path / "thesis.tex").read_text() == "years of work"
    with pytest.raises(UsageError, match=r"thesis\.tex is a file"):
        results.save(tmp_path / "thesis.tex")


def test_a_save_that_fails_leaves_the_earlier_results(results, tmp_path):
    results.save(tmp_path / "r")
    broken = Results(results.ranks, {**results.settings, "odd": object()}, ())
    with pytest.raises(TypeError):
        broken.save(tmp_path / "r")
    assert Results.load(tmp_path / "r").settings == results.settings
    assert [path.name for path in tmp_path.iterdir()] == ["r"]


def test_missing_and_damaged_results_are_said(results, tmp_path):
    with pytest.raises(LibraryError, match=r"no saved results here \(ranks.parquet is missing\)"):
        Results.load(tmp_path / "nothing")
    results.save(tmp_path / "r")
    ranks = tmp_path / "r" / "ranks.parquet"
    whole = ranks.read_bytes()
    for damaged in (whole[: len(whole) // 2], b"no parquet", whole.replace(b'"notes"', b'"toves"')):
        ranks.write_bytes(damaged)
        with pytest.raises(LibraryError, match="damaged"):
            Results.load(tmp_path / "r")
    ranks.write_bytes(whole.replace(b'"format": 4', b'"format": 9'))
    with pytest.raises(LibraryError, match="format 9, expected 4"):
        Results.load(tmp_path / "r")


def test_failures_and_times_come_back_from_disk(results, tmp_path):
    failure = Failure("bad", True, 3, 0, "no <b>luck</b>")
    some = Results(results.ranks, results.settings, ("a note",), (failure,), {"good": 1.5})
    some.save(tmp_path / "r")
    loaded = Results.load(tmp_path / "r")
    assert (loaded.failures, loaded.seconds, loaded.notes) == ((failure,), {"good": 1.5}, ("a note",))
    assert str(failure) == "bad on shuffled pairs failed in fold 3: no <b>luck</b>"


def test_songs_called_na_or_by_numbers_keep_their_names(tmp_path):
    made = make_songs(12, shared=2, audio_shape=(3,), lyrics_size=3)
    songs = Dataset(made.audio, made.lyrics, ids=["NA", "001", "", "nan", *"abcdefgh"])
    results = cross_validate(CCA(ridge=1), songs, folds=2, components=[2])
    results.save(tmp_path / "r")
    loaded = Results.load(tmp_path / "r").to_frame()
    assert loaded["song"].tolist() == results.to_frame()["song"].tolist()
    assert {"NA", "001", "", "nan"} <= set(loaded["song"])


def test_measures_of_labels_and_hubness_stand_in_the_summary_with_chance_and_control(results):
    frame = results.to_frame()
    for row in results.summary().to_dict("records"):
        for control, end in ((False, ""), (True, "_shuffled")):
            cell = frame[
                (frame["method"] == row["method"]) & (frame["control"] == control)
                & (frame["components"] == row["components"]) & (frame["direction"] == row["direction"])
                & (frame["level"] == row["level"])
            ]  # fmt: skip
            for measure, column in (
                ("mAP", "average_precision"), ("mAP@R", "average_precision_at_r"), ("nDCG", "ndcg"),
            ):  # fmt: skip
                if row["level"] == "instance":
                    assert np.isnan([row[f"{measure}{end}{kind}"] for kind in ("", "_low", "_high")]).all()
                    continue
                assert row[measure + end] == pytest.approx(cell[column].astype(float).mean(), rel=1e-12)
                assert row[f"{measure}{end}_low"] <= row[measure + end] <= row[f"{measure}{end}_high"]
            if row["level"] == "instance":
                by_fold = cell.groupby("fold")["hubness"].agg(["nunique", "first"])
                assert (by_fold["nunique"] == 1).all()
                assert row[f"hubness{end}"] == pytest.approx(by_fold["first"].mean(), rel=1e-6)
        if row["level"] == "category":
            chance = Chance(cell["pool"], cell["relevant"])
            assert row["mAP_chance"] == chance.mean_average_precision()
            assert row["mAP@R_chance"] == chance.mean_average_precision_at_r()
            assert row["nDCG_chance"] == chance.ndcg()
            assert np.isnan(row["hubness"])
        else:
            assert row["hubness_chance"] == pytest.approx(chance_hubness(50, 50, 10), rel=1e-12)


def test_chance_of_hubness_is_that_of_folds_of_their_own_sizes():
    made = make_songs(50, shared=2, audio_shape=(4,), lyrics_size=4)
    split = [(range(20, 50), range(20)), (range(20), range(20, 50))]
    results = cross_validate(CCA(), Dataset(made.audio, made.lyrics), cv=split, components=[2], shuffled_control=False)
    expected = (20 * chance_hubness(20, 20, 10) + 30 * chance_hubness(30, 30, 10)) / 50
    assert set(results.summary()["hubness_chance"].round(12)) == {round(expected, 12)}
    both = results.both_directions().iloc[0]
    assert both["hubness_chance"] == pytest.approx(expected, rel=1e-12)


def test_means_of_both_directions(results):
    summary, both = results.summary(), results.both_directions()
    assert "direction" not in both
    assert len(both) == len(summary) / 2
    for row in both.to_dict("records"):
        pair = summary[
            (summary["method"] == row["method"]) & (summary["components"] == row["components"])
            & (summary["level"] == row["level"])
        ]  # fmt: skip
        assert row["queries"] == pair["queries"].sum() == 300
        for measure in ("MRR1", "R@5", "mAP", "nDCG", "hubness", "mAP_shuffled", "mAP_chance"):
            np.testing.assert_allclose(row[measure], pair[measure].mean(), rtol=1e-6)
        if row["level"] == "category":
            widths = (pair["mAP_high"] - pair["mAP_low"]).max()
            assert 0 < row["mAP_high"] - row["mAP_low"] < 1.05 * widths


def test_results_of_the_format_before_have_no_such_measures(results, tmp_path):
    from pyarrow import parquet

    results.save(tmp_path)
    path = tmp_path / "ranks.parquet"
    table = parquet.ParquetFile(path).read()
    text = table.schema.metadata[b"alcca"].replace(b'"format": 4', b'"format": 3')
    older = table.select([name for name in table.column_names if name not in MORE_MEASURES])
    parquet.write_table(older.replace_schema_metadata({**table.schema.metadata, b"alcca": text}), path)
    loaded = Results.load(tmp_path)
    assert loaded.to_frame()[list(MORE_MEASURES)].isna().all(axis=None)
    summary = loaded.summary()
    assert summary[["mAP", "nDCG_shuffled", "hubness", "hubness_chance"]].isna().all(axis=None)
    np.testing.assert_array_equal(summary["MRR1_low"], results.summary()["MRR1_low"])
    assert "mAP" not in to_text(loaded.only(["good"]))
    assert more_measures_markdown(loaded, compared(loaded)) == ""
    assert 'id="measures"' not in page(loaded, compared(loaded), {})
