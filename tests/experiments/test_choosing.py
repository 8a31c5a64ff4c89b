"""The choice of settings inside of a training fold: what it sees, what it measures, and that nothing else changes."""

import json

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator

from alcca.cli.main import main
from alcca.datasets import make_songs
from alcca.errors import DataError
from alcca.experiments import Dataset, Results, cross_validate
from alcca.experiments.choosing import TrainingSongs, choose_settings, held_out_measure
from alcca.experiments.compared_method import ComparedMethod
from alcca.experiments.grid import compare_encoders
from alcca.experiments.tuning import Candidates, Tuning
from alcca.models.acmr import ACMR
from alcca.models.alcca import ALCCA
from alcca.models.pretrain_cnn_cca import PretrainCNNCCA
from alcca.models.scoring import CSLS
from alcca.models.standardised_cca import StandardisedCCA

FITTED = []
RIDGES = [0.1, (1, 10), 1e4]


@pytest.fixture(autouse=True)
def _forget():
    FITTED.clear()


class Blended(BaseEstimator):
    """The first columns, with noise of a size that is a setting; it notes the songs of every fit."""

    def __init__(self, noise=0.0, fails=False, n_components=2):
        self.noise = noise
        self.fails = fails
        self.n_components = n_components

    def fit(self, views, y=None, groups=None):
        FITTED.append((self.noise, self.n_components, views[0][:, -1].astype(int).tolist()))
        if self.fails:
            raise ValueError("no such luck")
        return self

    def transform(self, views):
        rng = np.random.default_rng(0)
        return tuple(view[:, :2] + self.noise * rng.normal(size=(len(view), 2)) for view in views)


def numbered(n=60, seed=0, group=2):
    """Songs whose audio ends with their number, two of a group."""
    rng = np.random.default_rng(seed)
    audio = rng.normal(size=(n, 4))
    lyrics = audio + 0.1 * rng.normal(size=(n, 4))
    audio[:, -1] = np.arange(n)
    return Dataset(audio, lyrics, label=np.arange(n) % 3, group=np.arange(n) // group)


@pytest.fixture(scope="module")
def songs():
    made = make_songs(90, shared=4, audio_shape=(8,), lyrics_size=6, noise=0.5, random_state=0)
    return Dataset(made.audio, made.lyrics, made.label, group=np.arange(90) // 2)


def run(methods, songs, tune, **more):
    return cross_validate(methods, songs, **{"components": [2, 4], "folds": 3, "tune": tune, **more})


def test_the_best_on_held_out_songs_is_fitted_again_on_all_and_ranks_the_test_songs(songs):
    results = run({"cca": StandardisedCCA()}, songs, {"cca": {"ridge": RIDGES}}, shuffled_control=False)
    frame = results.chosen
    assert len(frame) == 3
    ranks = results.to_frame()
    for row in results.settings["tuning"]["chosen"]:
        test = np.array(sorted(set(ranks.loc[ranks["fold"] == row["fold"], "query"])))
        train = np.setdiff1d(np.arange(90), test)
        given = TrainingSongs(songs.audio[train], songs.lyrics[train], None, np.array(songs.group)[train])
        # Again from scratch: whole groups, a fifth of them.
        fits, scores = [], []
        for ridge in RIDGES:
            choice = choose_settings(
                ComparedMethod("cca", StandardisedCCA(ridge=ridge)), Candidates(({"ridge": ridge},) * 2, 1, "MRR1"),
                given, 4, 0,
            )  # fmt: skip
            scores.append(choice.scores[0])
            fits.append(choice.songs)
        assert row["scores"] == pytest.approx(scores)
        assert set(fits) == {row["songs"]} == {12}
        best = RIDGES[int(np.argmax(scores))]
        assert row["settings"]["ridge"] == (list(best) if isinstance(best, tuple) else best)
        alone = cross_validate(StandardisedCCA(ridge=best), songs, components=[2, 4], folds=3, shuffled_control=False)
        expected = alone.to_frame()
        assert (
            ranks.loc[ranks["fold"] == row["fold"], "rank"].tolist()
            == expected.loc[expected["fold"] == row["fold"], "rank"].tolist()
        )


def test_the_score_is_the_measure_of_the_comparison_on_the_held_out_songs(songs):
    """What is chosen by is what the comparison reports, as if the held-out songs were its test fold."""
    split = ["test"] * 30 + ["train"] * 60
    data = Dataset(songs.audio, songs.lyrics)
    for model in (StandardisedCCA(4), CSLS(StandardisedCCA(4), k=3)):
        results = cross_validate({"it": model}, data, cv=split, components=[4], shuffled_control=False)
        fitted = model.fit((songs.audio[30:], songs.lyrics[30:]))
        held_out = TrainingSongs(songs.audio[:30], songs.lyrics[:30], None, np.arange(30))
        table = results.summary().query("level == 'instance'")
        for measure in ("MRR1", "R@1", "R@5", "R@10"):
            assert held_out_measure(fitted, held_out, measure) == pytest.approx(table[measure].mean())


@pytest.mark.parametrize("folds", [1, 3])
def test_no_test_song_is_seen_by_a_choice(songs, folds):
    """Whatever the test songs are, the same settings are chosen, with the same scores."""
    tune = {"folds": folds, "cca": {"ridge": RIDGES}}
    methods = {"cca": StandardisedCCA(), "alcca": ALCCA(hidden=((8, 4), (4,)), epochs=2, lr=1e-2, device="cpu")}
    results = run(methods, songs, tune)
    before = pd.DataFrame(results.settings["tuning"]["chosen"])
    ranks = results.to_frame()
    rng = np.random.default_rng(7)
    for fold in range(3):
        test = np.array(sorted(set(ranks.loc[ranks["fold"] == fold, "query"])))
        audio, lyrics = songs.audio.copy(), songs.lyrics.copy()
        audio[test], lyrics[test] = rng.normal(size=audio[test].shape), 9 * rng.normal(size=lyrics[test].shape)
        label = np.array(songs.label)
        label[test] = label[test[::-1]]
        other = run(methods, Dataset(audio, lyrics, label, group=songs.group), tune)
        after = pd.DataFrame(other.settings["tuning"]["chosen"])
        same = [found[found["fold"] == fold].reset_index(drop=True) for found in (before, after)]
        pd.testing.assert_frame_equal(*same)
        assert not other.to_frame().equals(ranks)
        # The other folds train on these songs.
        assert not before[before["fold"] != fold].equals(after[after["fold"] != fold])


def test_groups_are_whole_and_words_that_are_alike_stay_together():
    texts = [f"tune {i // 3} of words" for i in range(60)]
    base = numbered()
    data = Dataset(base.audio, texts, group=base.group)
    features = Numbers
    results = cross_validate(
        {"it": Blended()}, data, tune={"it": {"noise": [0.0, 1.0]}}, folds=3, components=[2], shuffled_control=False,
        text_features=features,
    )  # fmt: skip
    assert results.failures == ()
    assert len(FITTED) == 9
    # Groups of two and words of three make groups of six.
    for _, _, seen in FITTED:
        assert set(np.bincount(np.array(seen) // 6, minlength=10)) == {0, 6}
    for first, second, whole in zip(FITTED[::3], FITTED[1::3], FITTED[2::3], strict=True):
        assert first[2] == second[2]
        assert set(first[2]) < set(whole[2])


class Numbers:
    """Lyric features of made-up songs."""

    def fit(self, texts):
        return self

    def transform(self, texts):
        return np.random.default_rng(len(texts)).normal(size=(len(texts), 4))


@pytest.mark.parametrize(("folds", "fits"), [(1, 3), (4, 9)])
def test_a_choice_costs_a_fit_for_each_candidate_and_fold_and_one_more(folds, fits):
    run({"it": Blended()}, numbered(), {"folds": folds, "it": {"noise": [5.0, 0.0]}}, shuffled_control=False)
    assert len(FITTED) == 3 * fits
    held_out = [set(range(60)) - set(seen) for _, _, seen in FITTED[: fits - 1 : 2]]
    assert len(held_out) == folds
    assert FITTED[fits - 1][0] == 0.0
    FITTED.clear()
    run({"it": Blended()}, numbered(), {"folds": folds, "it": {"noise": [0.0]}}, shuffled_control=False)
    assert [noise for noise, *_ in FITTED] == [0.0] * 3


def test_a_control_chooses_on_its_shuffled_pairs():
    results = run({"it": Blended()}, numbered(), {"it": {"noise": [0.0, 1.0]}})
    found = {(c["fold"], c["control"]): c["scores"] for c in results.settings["tuning"]["chosen"]}
    for fold in range(3):
        assert found[fold, False][0] > 0.8
        assert found[fold, True][0] < 0.5


def test_what_shares_a_first_stage_trains_it_once(songs, monkeypatch):
    trained, fit = [], ACMR.fit

    def counted(self, views, y=None):
        trained.append((self.lr, len(views[0])))
        return fit(self, views, y)

    monkeypatch.setattr(ACMR, "fit", counted)
    small = {"hidden": ((8, 4), (4,)), "epochs": 1, "device": "cpu"}
    methods = {"alcca": ALCCA(**small), "acmr": ACMR(**small)}
    tune = {"alcca": {"lr": [1e-2, 1e-3], "ridge": [0.1, 1.0, 10.0]}, "acmr": {}}
    for together in (False, True):
        trained.clear()
        results = run(methods, songs, tune, shuffled_control=False, together=together)
        assert results.failures == ()
        inside = [n for _, n in trained if n == 48]
        assert len(inside) == 2 * 3
        assert len(trained) - len(inside) == (6 if not together else 3)


class Wide(Blended):
    def transform(self, views):
        return tuple(view[:, : self.n_components] for view in views)


def test_fewer_components_where_fewer_songs_are_left():
    songs = numbered(32, group=1)
    wide = Dataset(np.tile(songs.audio, 8), np.tile(songs.lyrics, 8))
    tune = {"it": {"noise": [0.0, 1.0]}}
    cross_validate({"it": Wide()}, wide, folds=2, components=[14], tune=tune, shuffled_control=False)
    assert {(components, len(seen)) for _, components, seen in FITTED} == {(12, 13), (14, 16)}


def test_a_candidate_that_fails_loses_and_is_named():
    grid = {"it": [{"fails": [True]}, {"noise": [1.0, 0.0]}]}
    results = run({"it": Blended()}, numbered(), grid, shuffled_control=False)
    assert results.failures == ()
    assert set(results.chosen["settings"]) == {"noise=0.0"}
    assert "it chose noise=0.0 in 3 of 3 fits." in results.notes
    said = "it: a candidate failed in 3 fits and was not chosen there: fails=True: ValueError: no such luck."
    assert said in results.notes
    assert all(choice["scores"][0] is None for choice in results.settings["tuning"]["chosen"])
    with pytest.raises(DataError, match=r"no setting of the grid can be fitted; fails=True, noise=0\.0: ValueError"):
        run({"it": Blended()}, numbered(), {"it": {"fails": [True], "noise": [0.0, 1.0]}})


def test_too_few_songs_to_choose_on():
    for folds, message in ((1, "8 songs in 8 groups are too few to choose settings on"), (5, "on 5 inner folds")):
        data = Dataset(np.ones((16, 3)), np.ones((16, 3)))
        with pytest.raises(DataError, match=message):
            cross_validate(
                {"it": Blended()}, data, folds=2, components=[2], tune={"folds": folds, "it": {"noise": [0, 1]}}
            )


def test_of_equal_candidates_the_first_is_chosen():
    results = run({"it": Blended()}, numbered(), {"it": {"noise": [0.0, 1e-12]}})
    assert set(results.chosen["settings"]) == {"noise=0.0"}


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_a_choice_is_kept_with_its_fit_and_the_grid_is_in_the_key(songs, tmp_path, n_jobs):
    def runs(tune, method=None):
        return run({"it": method or StandardisedCCA()}, songs, tune, keep=tmp_path, n_jobs=n_jobs)

    def taken(results):
        return [note for note in results.notes if "from an earlier run" in note]

    first = runs({"it": {"ridge": RIDGES}})
    again = runs({"it": {"ridge": RIDGES}})
    assert taken(again)[0].startswith("6 of 6 fits")
    pd.testing.assert_frame_equal(again.to_frame(), first.to_frame())
    assert again.settings["tuning"] == first.settings["tuning"]
    grid = {"ridge": RIDGES}
    for tune in ({"it": {"ridge": RIDGES[:2]}}, {"folds": 2, "it": grid}, {"measure": "R@5", "it": grid}, True, None):
        assert not taken(runs(tune))
    assert taken(runs(None))
    assert not taken(runs({"it": {"ridge": RIDGES}}, StandardisedCCA(ridge=3.0)))


def test_processes_choose_the_same(songs):
    alone, several = (run({"cca": StandardisedCCA()}, songs, True, n_jobs=n) for n in (1, 2))
    assert alone.settings["tuning"] == several.settings["tuning"]
    pd.testing.assert_frame_equal(alone.to_frame(), several.to_frame())


def test_each_pair_of_encoders_chooses_for_itself(tmp_path):
    rng = np.random.default_rng(0)
    texts = [" ".join(rng.choice(list("abcdefghijkl"), 20)) for _ in range(40)]
    songs = Dataset(rng.normal(size=(40, 20, 161)), texts)
    results = compare_encoders(
        "cca,cca:ridge=(1.0, 1.0)", songs, audio_encoders="mfcc,mfcc-stats", lyrics_encoders="tfidf:min_df=1", folds=2,
        components=[2], tune={"cca": {"ridge": [1.0, 100.0]}}, shuffled_control=False,
    )  # fmt: skip
    rows = [f"{method} · {audio} · tfidf:min_df=1" for method in ("cca", "cca:ridge=(1.0, 1.0)")
            for audio in ("mfcc", "mfcc-stats")]  # fmt: skip
    assert list(results.settings["tuning"]["candidates"]) == rows
    assert results.chosen["method"].unique().tolist() == rows
    results.save(tmp_path)
    assert Results.load(tmp_path).settings["tuning"] == results.settings["tuning"]


def test_the_ridge_of_a_pretrained_network_is_chosen():
    """Songs of few labels: a large ridge keeps what the labels say, and a small one fits the noise."""
    rng = np.random.default_rng(0)
    moods = rng.integers(4, size=60)
    frames = moods[:, None, None] + 2 * rng.normal(size=(60, 4, 30))
    lyrics = moods[:, None] + 2 * rng.normal(size=(60, 12))
    network = PretrainCNNCCA(hidden=(16,), frame_shape=(4, 30), epochs=2, device="cpu")
    data = Dataset(frames, lyrics, moods)
    results = cross_validate({"pretrain-cnn-cca": network}, data, folds=2, components=[4], tune=True)
    assert results.failures == ()
    frame = results.chosen
    assert set(frame["candidates"]) == {4}
    assert set(frame["settings"]) <= {f"ridge={ridge}" for ridge in (0.1, 1.0, 10.0, 100.0)}
    scores = {tuple(choice["scores"]) for choice in results.settings["tuning"]["chosen"]}
    assert all(len(set(found)) > 1 for found in scores)


def test_a_user_tunes_from_the_command_line(songs, tmp_path, capsys):
    np.savez(tmp_path / "songs.npz", audio=songs.audio, lyrics=songs.lyrics, label=songs.label, group=songs.group)
    call = ["evaluate", str(tmp_path / "songs.npz"), "--methods", "cca,rcca", "--components", "2,4", "--folds", "3",
            "--no-control", "--jobs", "1", "--quiet"]  # fmt: skip
    assert main([*call, "--tune", "cca:ridge=0.1,(1, 10)", "--tune", "folds=2", "-o", str(tmp_path / "out")]) == 0
    said = capsys.readouterr().out
    assert "cca chose ridge=" in said
    assert "Settings of cca are chosen inside each training fold" in said
    page = (tmp_path / "out" / "report.html").read_text()
    assert "Settings chosen in each fold" in page
    assert "<code>ridge=(1, 10)</code>" in page
    assert "2 inner folds" in (tmp_path / "out" / "comparison.md").read_text()
    table = pd.read_csv(tmp_path / "out" / "chosen.csv")
    assert table["method"].tolist() == ["cca"] * 3
    assert main([*call, "--json", "--tune"]) == 0
    tuning = json.loads(capsys.readouterr().out)["settings"]["tuning"]
    assert list(tuning["candidates"]) == ["cca"]
    assert len(tuning["chosen"]) == 3
    assert main([*call, "--json"]) == 0
    assert "tuning" not in json.loads(capsys.readouterr().out)["settings"]
    assert main([*call, "--tune", "cca:rigde=1"]) == 2
    assert "cca has no setting rigde" in capsys.readouterr().err


def test_a_report_without_tuning_says_so(songs, tmp_path):
    from alcca.experiments.report import comparison_text, write_report

    results = run({"cca": StandardisedCCA(), "wide": StandardisedCCA(ridge=1e4)}, songs, None)
    write_report(results, tmp_path)
    for text in (
        comparison_text(results),
        *((tmp_path / name).read_text() for name in ("report.html", "comparison.md")),
    ):
        assert "none is tuned" in " ".join(text.split())
    assert not (tmp_path / "chosen.csv").exists()
    tuned = run({"cca": StandardisedCCA(), "wide": StandardisedCCA(ridge=1e4)}, songs, Tuning())
    write_report(tuned, tmp_path)
    text = (tmp_path / "comparison.md").read_text()
    assert "Settings of cca are chosen inside each training fold, by MRR1" in text
    assert "Those of wide are those given, or the defaults" in text
