"""The protocol: nothing of a test fold is seen in training, and independent views give chance."""

import os
import signal
from collections import defaultdict
from types import SimpleNamespace

import cca_zoo.linear
import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator

from alcca.datasets import make_songs
from alcca.errors import DataError, UsageError
from alcca.experiments import Dataset, cross_validate, make_method
from alcca.models.cca import CCA
from alcca.retrieval import category_ranks, instance_ranks

SEEN = defaultdict(list)


class Spy(BaseEstimator):
    """Writes down which songs (the first column of both views) it is given."""

    def __init__(self, n_components=1, random_state=None):
        self.n_components = n_components
        self.random_state = random_state

    def fit(self, views, y=None):
        SEEN["fit"].append((views[0][:, 0].tolist(), views[1][:, 0].tolist(), None if y is None else y.tolist()))
        SEEN["settings"].append((self.n_components, self.random_state))
        return self

    def transform(self, views):
        SEEN["transform"].append((views[0][:, 0].tolist(), views[1][:, 0].tolist()))
        return views[0], views[1]


@pytest.fixture(autouse=True)
def _forget():
    SEEN.clear()


def numbered(n=30):
    """Songs whose features say which song they are."""
    column = np.arange(n, dtype=float)[:, None]
    return Dataset(
        column + np.array([0.0, 0.5]), column + np.array([0.0, 0.25]), label=[f"label {i}" for i in range(n)]
    )


def test_a_method_sees_the_training_fold_alone_and_is_tested_on_true_pairs():
    results = cross_validate(Spy(), numbered(), components=[1])
    assert len(SEEN["fit"]) == len(SEEN["transform"]) == 10
    for (audio, lyrics, labels), (test_audio, test_lyrics) in zip(SEEN["fit"], SEEN["transform"], strict=True):
        assert set(audio) | set(test_audio) == set(range(30))
        assert not (set(audio) | set(lyrics)) & set(test_audio)
        assert sorted(lyrics) == audio
        assert test_audio == test_lyrics
        assert labels == [f"label {i:.0f}" for i in audio]  # labels stay with the audio
    paired = [audio == lyrics for audio, lyrics, _ in SEEN["fit"]]
    assert paired == [True, False] * 5
    frame = results.to_frame()
    tested = frame[~frame["control"] & (frame["direction"] == "audio") & (frame["level"] == "instance")]
    assert sorted(tested["query"]) == list(range(30))


def test_without_the_control_only_true_pairs_are_learned():
    results = cross_validate(Spy(), numbered(), components=[1], shuffled_control=False)
    assert [audio == lyrics for audio, lyrics, _ in SEEN["fit"]] == [True] * 5
    assert results.summary()["MRR1_shuffled"].isna().all()


def test_methods_get_the_most_components_and_the_seed_and_are_never_changed():
    method = Spy()
    songs = Dataset(np.random.default_rng(0).standard_normal((40, 5)), np.ones((40, 7)))
    cross_validate(method, songs, components=[3, 1, 2], seed=11)
    assert set(SEEN["settings"]) == {(3, 11)}
    assert method.get_params() == {"n_components": 1, "random_state": None}


def test_lyric_features_never_see_a_test_text(texts, truncate, word_counts):
    made = []

    class SpyFeatures(word_counts):
        def __init__(self):
            made.append(self)

        def fit(self, lyrics):
            self.fitted_on = list(lyrics)
            return super().fit(lyrics)

        def transform(self, lyrics):
            self.transformed = getattr(self, "transformed", []) + list(lyrics)
            return super().transform(lyrics)

    results = cross_validate([truncate()], texts, folds=4, components=[2], text_features=SpyFeatures)
    fitted = [features for features in made if hasattr(features, "fitted_on")]
    assert len(fitted) == 4  # once a fold, for methods and control together
    frame = results.to_frame()
    for fold, features in enumerate(fitted):
        tested = set(frame.loc[frame["fold"] == fold, "query"])
        assert features.fitted_on == [text for i, text in enumerate(texts.texts) if i not in tested]
        assert not set(features.fitted_on) & {texts.texts[i] for i in tested}
        assert sorted(features.transformed) == sorted(texts.texts)


def test_songs_with_the_same_words_or_group_are_in_one_fold(texts, truncate, word_counts):
    songs = Dataset(texts.audio, texts.texts, group=[None] * 20 + ["g"] * 4 + [None] * 16)
    results = cross_validate(truncate(), songs, components=[2], text_features=word_counts, seed=3)
    frame = results.to_frame()
    assert any(note.startswith("5 songs have the same words") for note in results.notes)
    fold = frame.groupby("query")["fold"].agg(["min", "max"])
    assert (fold["min"] == fold["max"]).all()
    assert (fold.loc[0:4, "min"].to_numpy() == fold.loc[30:34, "min"].to_numpy()).all()
    assert fold.loc[20:23, "min"].nunique() == 1
    group = frame.groupby("query")["group"].first()
    assert (group.loc[0:4].to_numpy() == group.loc[30:34].to_numpy()).all()


def test_independent_views_give_chance(random_songs):
    results = cross_validate({"cca": CCA(ridge=0.1)}, random_songs, components=[2, 5, 9])
    summary = results.summary()
    assert len(summary) == 3 * 4
    for measure in ("MRR1", "R@10", "median"):
        inside = (summary[f"{measure}_low"] <= summary[f"{measure}_chance"]) & (
            summary[f"{measure}_chance"] <= summary[f"{measure}_high"]
        )
        assert inside.mean() >= 0.8, summary[["level", "direction", measure, f"{measure}_chance"]]
    instance = summary[summary["level"] == "instance"]
    np.testing.assert_allclose(instance["MRR1_chance"], sum(1 / r for r in range(1, 61)) / 60)
    assert (instance["MRR1_low"] < instance["MRR1_chance"]).all()
    assert (instance["MRR1"] < 1.35 * instance["MRR1_chance"]).all()


def test_the_control_is_chance_where_the_method_is_not():
    made = make_songs(400, shared=5, noise=0.4, audio_shape=(10,), lyrics_size=8)
    results = cross_validate(CCA(), Dataset(made.audio, made.lyrics, made.label), components=[5])
    row = results.summary().query("level == 'instance' and direction == 'audio'").iloc[0]
    assert row["MRR1_low"] > 5 * row["MRR1_chance"]
    assert row["MRR1_shuffled_low"] < row["MRR1_chance"] * 1.2
    assert row["MRR1_shuffled"] < row["MRR1_low"]


def test_components_are_the_first_columns_of_one_fit_and_ranks_are_those_of_the_test_fold():
    made = make_songs(120, moods=4, shared=5, noise=0.5, audio_shape=(10,), lyrics_size=8)
    songs = Dataset(made.audio.astype(float), made.lyrics.astype(float), made.label)
    frame = cross_validate({"cca": CCA()}, songs, components=[2, 4], shuffled_control=False).to_frame()
    for fold in range(5):
        test = np.array(sorted(set(frame.loc[frame["fold"] == fold, "query"])))
        train = np.setdiff1d(np.arange(120), test)
        for c in (2, 4):
            model = CCA(n_components=c).fit((songs.audio[train], songs.lyrics[train]))
            audio, lyrics = model.transform((songs.audio[test], songs.lyrics[test]))
            labels = [songs.label[i] for i in test]
            for direction, pair in (("audio", (audio, lyrics)), ("lyrics", (lyrics, audio))):
                cell = frame[
                    (frame["fold"] == fold) & (frame["components"] == c) & (frame["direction"] == direction)
                ].sort_values("query")
                instance, category = (cell[cell["level"] == level] for level in ("instance", "category"))
                assert instance["rank"].tolist() == instance_ranks(*pair).tolist()
                assert category["rank"].tolist() == category_ranks(*pair, labels, labels)[0].tolist()
                assert set(cell["pool"]) == {len(test)}
                assert category["relevant"].tolist() == [labels.count(label) for label in labels]
                assert set(instance["relevant"]) == {1}


def test_the_same_seed_gives_the_same_result_and_processes_change_nothing(random_songs):
    def run(**options):
        return cross_validate(CCA(ridge=0.1), random_songs, folds=3, components=[4], **options).to_frame()

    first = run(seed=5)
    pd.testing.assert_frame_equal(first, run(seed=5))
    pd.testing.assert_frame_equal(first, run(seed=5, n_jobs=2))
    assert first["rank"].tolist() != run(seed=6)["rank"].tolist()


def test_components_that_the_data_cannot_give_are_left_out_and_said(random_songs):
    results = cross_validate(CCA(ridge=0.1), random_songs, components=[3, 9, 10, 50])
    assert sorted(set(results.to_frame()["components"])) == [3, 9]
    assert any("10, 50 components" in note and "at most 9" in note for note in results.notes)
    few = Dataset(random_songs.audio[:10], random_songs.lyrics[:10])
    assert any("at most 7" in note for note in cross_validate(CCA(ridge=1), few, components=[7, 8]).notes)
    with pytest.raises(UsageError, match="at most 9"):
        cross_validate(CCA(), random_songs, components=[10])


def test_a_method_with_a_space_of_its_own_is_measured_in_all_of_it(random_songs):
    class Whole(BaseEstimator):
        def fit(self, views, y=None):
            return self

        def transform(self, views):
            return views[0][:, :6], views[1][:, :6]

    frame = cross_validate(Whole(), random_songs, components=[2, 4], shuffled_control=False).to_frame()
    assert set(frame["components"]) == {6}


def test_a_constant_method_gets_the_worst_rank(random_songs):
    class Constant(BaseEstimator):
        def fit(self, views, y=None):
            return self

        def transform(self, views):
            return np.ones((len(views[0]), 3)), np.ones((len(views[1]), 3))

    frame = cross_validate(Constant(), random_songs, components=[1], shuffled_control=False).to_frame()
    instance = frame[frame["level"] == "instance"]
    assert (instance["rank"] == instance["pool"]).all()


def test_a_method_of_cca_zoo_takes_part():
    made = make_songs(200, shared=5, noise=0.5, audio_shape=(10,), lyrics_size=8)
    songs = Dataset(made.audio.astype(float), made.lyrics.astype(float))
    results = cross_validate(
        {"ours": CCA(), "zoo": cca_zoo.linear.CCA()}, songs, components=[2, 5], shuffled_control=False
    )
    frame = results.to_frame()
    ours, zoo = (frame.loc[frame["method"] == name, "rank"].to_numpy() for name in ("ours", "zoo"))
    assert np.mean(ours == zoo) > 0.99


def test_songs_without_labels_ask_no_category_query(random_songs, truncate):
    labels = list(random_songs.label)
    labels[:100] = [None] * 100
    results = cross_validate(truncate(), Dataset(random_songs.audio, random_songs.lyrics, labels), components=[2])
    frame = results.to_frame()
    category = frame[frame["level"] == "category"]
    assert set(category["query"]) == set(range(100, 300))
    assert (category["pool"] == 60).all()
    assert any("100 of 300 songs have no label" in note for note in results.notes)
    unlabelled = cross_validate(truncate(), Dataset(random_songs.audio, random_songs.lyrics), components=[2])
    assert set(unlabelled.to_frame()["level"]) == {"instance"}
    assert any("no category level" in note for note in unlabelled.notes)


def test_unbalanced_folds_are_said(random_songs, truncate):
    songs = Dataset(random_songs.audio, random_songs.lyrics, group=["one"] * 150 + [None] * 150)
    results = cross_validate(truncate(), songs, components=[2])
    assert any("37 to 150 songs" in note for note in results.notes)


def test_a_method_that_fails_is_named_with_its_fold(random_songs):
    class Broken(BaseEstimator):
        def fit(self, views, y=None):
            raise ZeroDivisionError("by nothing")

        def transform(self, views):
            return views

    with pytest.raises(DataError, match="bad failed in fold 0: ZeroDivisionError: by nothing"):
        cross_validate({"bad": Broken()}, random_songs, components=[1])
    with pytest.raises(DataError, match="lyric features failed in fold 0"):
        cross_validate("cca", Dataset(np.ones((20, 2)), [f"song {i}" for i in range(20)]), text_features=Broken)


class Broken(BaseEstimator):
    """Fails where a song that is marked is in its training fold."""

    def __init__(self, n_components=2, on=0):
        self.n_components = n_components
        self.on = on

    def fit(self, views, y=None):
        if self.on in views[0][:, 0]:
            raise ZeroDivisionError("by nothing")
        return self

    def transform(self, views):
        return views


def test_a_method_that_fails_in_one_fold_is_reported_and_the_others_go_on(random_songs, truncate):
    marked = random_songs.audio[7, 0]
    results = cross_validate(
        {"bad": Broken(on=marked), "good": truncate()}, random_songs, components=[2], seed=[0, 1], n_jobs=1
    )
    assert set(results.to_frame()["method"]) == {"good"}
    failed = {(f.method, f.seed) for f in results.failures}
    assert failed == {("bad", 0), ("bad", 1)}
    assert len(results.failures) == 2 * 4 * 2  # song 7 is tested in one fold of five; with and without the control
    assert {f.reason for f in results.failures} == {"ZeroDivisionError: by nothing"}


def test_a_control_that_fails_takes_only_the_control_away(random_songs):
    class OnlyPairs(BaseEstimator):
        def fit(self, views, y=None):
            if not np.array_equal(views[0][:, 0], views[1][:, 0]):
                raise ValueError("shuffled")
            return self

        def transform(self, views):
            return views

    songs = Dataset(random_songs.audio, random_songs.audio)
    results = cross_validate({"only pairs": OnlyPairs()}, songs, components=[2])
    assert not results.to_frame()["control"].any()
    assert all(failure.control for failure in results.failures)
    assert results.summary()["MRR1_shuffled"].isna().all()


class Deadly(BaseEstimator):
    def fit(self, views, y=None):
        os.kill(os.getpid(), signal.SIGKILL)

    def transform(self, views):
        return views


def test_a_method_whose_process_is_killed_is_reported(random_songs, truncate):
    methods = {"deadly": Deadly(), "good": truncate()}
    results = cross_validate(methods, random_songs, folds=2, components=[2], shuffled_control=False, n_jobs=2)
    assert {(f.method, f.fold) for f in results.failures} == {("deadly", 0), ("deadly", 1)}
    assert "killed" in results.failures[0].reason
    assert results.summary()["queries"].tolist() == [300] * 4


def test_several_seeds_are_whole_cross_validations(random_songs):
    both = cross_validate(CCA(ridge=0.1), random_songs, folds=3, components=[4], seed=[5, 6])
    frame = both.to_frame()
    for seed in (5, 6):
        alone = cross_validate(CCA(ridge=0.1), random_songs, folds=3, components=[4], seed=seed).to_frame()
        part = frame[frame["seed"] == seed].reset_index(drop=True)
        pd.testing.assert_frame_equal(part, alone)
    assert both.settings["seeds"] == [5, 6]
    assert set(both.summary()["queries"]) == {600}


def test_a_slow_method_gets_the_first_seed_alone(random_songs, truncate, monkeypatch):
    clock = iter(range(0, 100_000, 1))

    class Slow(truncate):
        def fit(self, views, y=None):
            for _ in range(10):
                next(clock)
            return self

    monkeypatch.setattr("alcca.experiments.fitting.time", SimpleNamespace(monotonic=lambda: next(clock)))
    methods = {"slow": Slow(), "quick": truncate()}
    results = cross_validate(methods, random_songs, folds=2, components=[2], seed=[3, 4], slow_after=5)
    seeds = results.to_frame().groupby("method", observed=True)["seed"].unique()
    assert seeds["quick"].tolist() == [3, 4]
    assert seeds["slow"].tolist() == [3]
    assert any("seed 3 alone" in note and note.endswith("slow.") for note in results.notes)
    assert results.seconds == {"slow": 11, "quick": 1}
    assert set(results.compare("slow", "quick")["queries"]) == {300}
    assert set(results.compare("quick", "slow")["queries"]) == {300}


def test_a_broken_comparison_goes_on_where_it_stopped(texts, word_counts, tmp_path):
    def run(methods, **options):
        SEEN.clear()
        options = {"components": [1], "folds": 4, "text_features": SeenWords, "keep": tmp_path / "fits", **options}
        return cross_validate(methods, texts, **options)

    class SeenWords(word_counts):
        def fit(self, lyrics):
            SEEN["words"].append(len(lyrics))
            return super().fit(lyrics)

    class Interrupted(Spy):
        def fit(self, views, y=None):
            if len(SEEN["fit"]) == 3:
                raise KeyboardInterrupt
            return super().fit(views, y)

    with pytest.raises(KeyboardInterrupt):
        run({"spy": Interrupted()})
    whole = run({"spy": Interrupted(), "other": Spy(n_components=2)}, shuffled_control=False)
    assert SEEN["words"] == []  # all of them were kept
    # Folds 0 and 1 of four, with a control that now nobody asked for, were done; the other method is new.
    assert len(SEEN["fit"]) == 2 + 4
    again = run({"spy": Interrupted(), "other": Spy(n_components=2)}, shuffled_control=False)
    assert SEEN["fit"] == []
    pd.testing.assert_frame_equal(again.to_frame(), whole.to_frame())
    assert again.seconds == whole.seconds
    for change in ({"seed": 1}, {"components": [2]}, {"folds": 3}):
        run({"other": Spy(n_components=2)}, shuffled_control=False, **change)
        assert SEEN["fit"], change
    run({"other": Spy(random_state=3)}, shuffled_control=False)
    assert SEEN["fit"]
    run({"renamed": Spy(n_components=2)}, shuffled_control=False)
    assert SEEN["fit"] == []


def test_what_was_kept_of_other_songs_or_is_damaged_is_not_taken(random_songs, tmp_path):
    def run(songs):
        SEEN.clear()
        return cross_validate({"spy": Spy()}, songs, components=[1], folds=2, keep=tmp_path, shuffled_control=False)

    first = run(random_songs)
    run(Dataset(random_songs.audio, random_songs.lyrics, random_songs.label[::-1]))
    assert len(SEEN["fit"]) == 2
    for path in tmp_path.rglob("*.parquet"):
        path.write_bytes(path.read_bytes()[:-50])
    pd.testing.assert_frame_equal(run(random_songs).to_frame(), first.to_frame())
    assert len(SEEN["fit"]) == 2


def test_a_method_learns_from_the_view_of_audio_that_it_names(random_songs):
    class Descriptors(Spy):
        audio_view = "audio_descriptors"

    songs = Dataset(random_songs.audio, random_songs.lyrics, audio_descriptors=np.full((300, 3), 7.0))
    cross_validate({"d": Descriptors()}, songs, components=[1], shuffled_control=False, folds=2)
    assert set(SEEN["fit"][0][0]) == set(SEEN["transform"][0][0]) == {7.0}
    with pytest.raises(DataError, match="d failed in fold 0: random has no audio_descriptors, which this method"):
        cross_validate({"d": Descriptors()}, random_songs, components=[1], folds=2)


@pytest.mark.parametrize(
    ("methods", "options", "message"),
    [
        ([], {}, "at least one"),
        ("cca2", {}, "'cca2' is unknown; the methods are cca, rcca, .*alcca"),
        ([CCA(), CCA(ridge=1)], {}, "two are called CCA"),
        (CCA, {}, "expected an unfitted estimator"),
        ({"x": 3}, {}, "x is 3; expected an unfitted estimator"),
        (CCA(), {"components": []}, "components"),
        (CCA(), {"components": [0, 1]}, "components"),
        (CCA(), {"n_jobs": 0}, "n_jobs"),
        (CCA(), {"slow_after": 0}, "slow_after"),
        (CCA(), {"seed": []}, "seed: expected a whole number"),
        (CCA(), {"seed": [1, 1]}, r"several different ones, got \[1, 1\]"),
        (CCA(), {"seed": -1}, "seed"),
        (CCA(), {"folds": 1}, "folds"),
    ],
)
def test_wrong_calls_are_refused(random_songs, methods, options, message):
    with pytest.raises(UsageError, match=message):
        cross_validate(methods, random_songs, **options)


def test_settings_say_what_was_done(random_songs):
    results = cross_validate({"ridge": make_method("cca", ridge=2.0)}, random_songs, folds=3, components=[2], seed=4)
    assert results.settings["methods"] == {"ridge": "StandardisedCCA(ridge=2.0)"}
    assert {"python", "numpy", "alcca"} <= set(results.settings["versions"])
    assert (results.settings["seeds"], results.settings["folds"], results.settings["songs"]) == ([4], 3, 300)
    assert results.settings["fold_sizes"] == [100, 100, 100]


def test_the_ranks_say_which_label_a_query_has(random_songs, truncate):
    labels = ["b", None, "a", "b", float("nan"), ""] * 50
    songs = Dataset(random_songs.audio, random_songs.lyrics, labels)
    frame = cross_validate(truncate(), songs, components=[2], shuffled_control=False).to_frame()
    expected = np.array([0, -1, 1, 0, -1, -1] * 50)
    assert (frame["label"].to_numpy() == expected[frame["query"]]).all()
    unlabelled = cross_validate(truncate(), Dataset(songs.audio, songs.lyrics), components=[2]).to_frame()
    assert set(unlabelled["label"]) == {-1}


@pytest.mark.parametrize("together", [False, True])
def test_songs_without_labels_are_a_note_and_not_a_warning_of_each_fit(together, recwarn):
    songs = make_songs(40, shared=2, audio_shape=(6,), lyrics_size=5, random_state=0)
    acmr = make_method("acmr", hidden=((6, 3), (5, 3)), epochs=1, device="cpu")
    results = cross_validate(
        acmr, Dataset(songs.audio, songs.lyrics), components=[2], folds=2, shuffled_control=False, together=together
    )
    assert "No song has a label: no category level." in results.notes
    assert [str(warning.message) for warning in recwarn if issubclass(warning.category, UserWarning)] == []
