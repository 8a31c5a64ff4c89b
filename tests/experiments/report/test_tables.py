"""Text, Markdown and JSON."""

import json

import pandas as pd
import pytest

from alcca.datasets import make_songs
from alcca.experiments import Dataset, Results, cross_validate
from alcca.experiments.report import to_json, to_markdown, to_text, verdicts
from alcca.models.cca import CCA


@pytest.fixture(scope="module")
def results():
    made = make_songs(150, moods=5, shared=5, noise=0.5, audio_shape=(12,), lyrics_size=11)
    songs = Dataset(made.audio, made.lyrics, made.label, name="made")
    return cross_validate({"cca": CCA()}, songs, folds=3, components=[2, 5, 10, 90])


def made_results(ranks, shuffled=None, components=(80,), pool=50):
    """Results whose audio and lyrics queries all have these ranks."""
    parts = [
        pd.DataFrame(
            {
                "method": "m", "control": control, "fold": 0, "seed": 0, "components": c, "direction": direction,
                "level": "instance", "query": range(len(values)), "song": "", "group": range(len(values)), "label": -1,
                "rank": values, "pool": pool, "relevant": 1,
            }
        )
        for control, values in ((False, ranks), (True, shuffled)) if values is not None
        for c in components for direction in ("audio", "lyrics")
    ]  # fmt: skip
    settings = {"dataset": "d", "songs": len(ranks), "folds": 1, "fold_sizes": [pool]}
    return Results(pd.concat(parts, ignore_index=True), settings)


def test_the_text_has_the_papers_columns_with_chance_and_control(results):
    text = to_text(results)
    for column in (
        "I-MRR1-A",
        "I-MRR1-L",
        "C-MRR1-A",
        "C-MRR1-L",
        "R@1-A",
        "R@1-L",
        "R@5-A",
        "R@5-L",
        "R@10-A",
        "median-L",
        "mAP-A",
        "mAP-L",
        " mAP\n",
    ):
        assert text.count(column) == 1
    for row in ("2 components", "5 components", "10 components", "shuffled, 10", "chance"):
        assert text.count(f"\n{row} ") == 4
    tables = ("cca ", "2 comp", "5 comp", "10 comp", "shuffled,", "chance")
    assert max(len(line) for line in text.splitlines() if line.startswith(tables)) <= 100
    row = results.summary().query("components == 5 and level == 'instance' and direction == 'audio'").iloc[0]
    line = next(line for line in text.splitlines() if line.startswith("5 components"))
    assert line.split()[2:5] == [
        f"{row['MRR1']:.3f}", f"[{row['MRR1_low']:.3f},", f"{row['MRR1_high']:.3f}]",
    ]  # fmt: skip
    chance = next(line for line in text.splitlines() if line.startswith("chance"))
    assert chance.split()[1] == f"{sum(1 / r for r in range(1, 51)) / 50:.3f}"
    assert "Note: Left out 90 components" in text


def test_the_markdown_is_a_table(results):
    lines = to_markdown(results).splitlines()
    table = [line for line in lines if line.startswith("|")]
    assert len(table) == 2 + 3 + 2
    assert len({line.count("|") for line in table}) == 1


def test_the_json_can_be_written_and_says_the_same(results):
    said = json.loads(json.dumps(to_json(results), allow_nan=False))
    assert len(said["summary"]) == 3 * 4
    assert said["summary"][0]["MRR1"] == results.summary()["MRR1"].iloc[0]
    assert said["settings"]["dataset"] == "made"
    assert said["verdicts"]["cca"] == verdicts(results)["cca"]
    without = to_json(made_results([1, 2, 3]))
    assert without["summary"][0]["MRR1_shuffled"] is None


@pytest.mark.parametrize(
    ("ranks", "shuffled", "said"),
    [
        ([1, 2] * 20, [30, 20] * 20, "above both."),
        ([1, 2] * 20, None, ": above chance."),
        ([5, 6] * 20, [5, 7] * 20, ": above chance, but not clearly above shuffled pairs."),
        ([1, 50, 50, 50, 50, 50, 30, 12] * 5, [30, 20] * 20, "statistically indistinguishable from chance."),
        ([49, 50] * 20, [30, 20] * 20, "worse than chance."),
    ],
)
def test_the_sentence_says_what_the_intervals_say(ranks, shuffled, said):
    for sentence in verdicts(made_results(ranks, shuffled))["m"]:
        assert sentence.endswith(said), sentence


def test_the_sentence_speaks_of_a_number_of_components_that_no_result_has_chosen():
    for components, chosen in (((10, 80, 90), 80), ((10, 70, 90), 70), ((90, 100), 90), ((5,), 5)):
        assert verdicts(made_results([1, 2], components=components))["m"][0].startswith(f"With {chosen} components")


def test_columns_without_a_measurement_are_left_out():
    text = to_text(made_results([1, 2, 3]))
    assert "C-MRR1" not in text
    assert "shuffled" not in text.splitlines()[5]
    assert "I-MRR1-A" in text
    assert isinstance(to_markdown(made_results([1, 2, 3])), str)
    assert isinstance(made_results([1, 2, 3]).summary(), pd.DataFrame)
