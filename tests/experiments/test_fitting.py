"""Methods with a similarity of their own, songs that were heard, and pools with distractors."""

from collections import defaultdict
from dataclasses import replace
from functools import partial

import cca_zoo.linear
import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator

from alcca.datasets import make_songs
from alcca.errors import DataError
from alcca.experiments import Dataset, cross_validate, make_method
from alcca.experiments.distractors import Distractors
from alcca.models import ridges, training
from alcca.models.acmr import ACMR
from alcca.models.alcca import ALCCA
from alcca.models.cca import CCA
from alcca.models.clip import CLIP
from alcca.models.contract import cosines
from alcca.models.dcca import DCCA
from alcca.models.fused import Fused
from alcca.models.kernel_cca import KernelCCA
from alcca.models.rcca import RCCA
from alcca.models.scoring import CSLS
from alcca.models.standardised_cca import StandardisedCCA
from alcca.retrieval import score_category_ranks, score_instance_ranks

SEEN = defaultdict(list)


@pytest.fixture(autouse=True)
def _forget():
    SEEN.clear()


class SharedWords(BaseEstimator):
    """Counts the words that a transcript and a text share; a similarity of its own, and nothing to learn."""

    audio_view = "transcripts"
    lyrics_view = "texts"

    def fit(self, views, y=None):
        SEEN["fit"].append((list(views[0]), list(views[1]), y))
        return self

    def similarity(self, transcripts, lyrics):
        SEEN["asked"].append((len(transcripts), len(lyrics)))
        return np.array([[float(len(set((a or "").split()) & set(b.split()))) for b in lyrics] for a in transcripts])


def heard_songs(n=60, silent=0.25, **more):
    """Songs of which three words were heard, or none."""
    rng = np.random.default_rng(2)
    lyrics = [" ".join(f"w{i}" for i in rng.integers(300, size=20)) for _ in range(n)]
    heard = [None if rng.random() < silent else " ".join(rng.permutation(text.split())[:3]) for text in lyrics]
    labels = [f"mood {i % 6}" for i in range(n)]
    return Dataset(rng.standard_normal((n, 5)), lyrics, labels, transcripts=heard, name="heard songs", **more)


class Fails:
    """Lyric features that nobody should ask for."""

    def fit(self, texts):
        raise AssertionError

    transform = fit


def test_a_method_with_a_similarity_of_its_own_is_ranked_by_it_as_a_whole():
    songs = heard_songs()
    results = cross_validate({"words": SharedWords()}, songs, text_features=Fails, components=[2, 4], folds=3)
    frame = results.to_frame()
    assert set(frame["components"]) == {0}
    assert results.settings["components"] == []
    assert SEEN["asked"] == [(20, 20)] * 6
    for fold in range(3):
        test = np.array(sorted(set(frame.loc[frame["fold"] == fold, "query"])))
        train = np.setdiff1d(np.arange(60), test)
        transcripts, texts, labels = SEEN["fit"][2 * fold]
        assert transcripts == [songs.transcripts[i] for i in train]
        assert texts == [songs.texts[i] for i in train]
        assert labels.tolist() == [songs.label[i] for i in train]
        shuffled = SEEN["fit"][2 * fold + 1]
        assert shuffled[0] == transcripts
        assert shuffled[1] != texts
        assert sorted(shuffled[1]) == sorted(texts)
        own = [songs.label[i] for i in test]
        scores = SharedWords().similarity([songs.transcripts[i] for i in test], [songs.texts[i] for i in test])
        for direction, asked in (("audio", scores), ("lyrics", scores.T)):
            cell = frame[(frame["fold"] == fold) & ~frame["control"] & (frame["direction"] == direction)]
            cell = cell.sort_values("query")
            for level, ranks in (
                ("instance", score_instance_ranks(asked)), ("category", score_category_ranks(asked, own, own)[0]),
            ):  # fmt: skip
                assert cell.loc[cell["level"] == level, "rank"].tolist() == ranks.tolist()


def test_all_methods_stand_in_one_result_and_are_tested_on_the_same_queries(word_counts):
    songs = heard_songs()
    results = cross_validate(
        {"words": SharedWords(), "cca": make_method("cca")}, songs, text_features=word_counts, components=[2, 4]
    )
    measured = results.to_frame().groupby("method", observed=True)["components"].unique()
    assert {name: counts.tolist() for name, counts in measured.items()} == {"words": [0], "cca": [2, 4]}
    table = results.compare("words", "cca", components=(0, 4))
    assert (table["difference"] > 0).all()
    assert (table.loc[table["level"] == "instance", "p"] < 0.01).all()
    alone = cross_validate({"cca": make_method("cca")}, songs, text_features=word_counts, components=[2, 4])
    pd.testing.assert_frame_equal(alone.to_frame(), results.only(["cca"]).to_frame(), check_categorical=False)


def test_what_was_heard_elsewhere_gives_chance():
    songs = heard_songs(200, silent=0.0)
    order = np.roll(np.arange(200), 1)
    exchanged = Dataset(None, songs.texts, transcripts=[songs.transcripts[i] for i in order])
    row = cross_validate(SharedWords(), exchanged).summary().query("level == 'instance'")
    assert (row["MRR1"] < 1.5 * row["MRR1_chance"]).all()
    true = cross_validate(SharedWords(), songs).summary().query("level == 'instance'")
    assert (true["MRR1"] > 0.8).all()


def test_fused_methods_are_given_what_their_parts_name_and_the_groups(word_counts):
    class Groups(CCA):
        def fit(self, views, y=None, groups=None):
            SEEN["groups"].append((len(views[0]), list(groups)))
            return super().fit(views, y)

    songs = heard_songs(group=[i // 2 for i in range(60)])
    fused = Fused({"words": SharedWords(), "space": Groups(3, ridge=1.0)})
    results = cross_validate(
        {"fused": fused, "words": SharedWords()}, songs, text_features=word_counts, folds=3, shuffled_control=False
    )
    assert results.failures == ()
    assert [n for n, _ in SEEN["groups"][3::4]] == [40] * 3
    for n, groups in SEEN["groups"]:
        assert len(groups) == n
        assert all(groups.count(group) == 2 for group in groups)
    summary = results.summary().query("level == 'instance'").pivot(index="direction", columns="method", values="MRR1")
    assert (summary["fused"] >= summary["words"]).all()


def _watched(name, keep_out, codes, *more):
    SEEN[name].append(np.bincount(codes).tolist())
    return keep_out(codes, *more)


@pytest.mark.parametrize("together", [False, True])
def test_methods_that_keep_songs_out_are_given_the_groups(monkeypatch, together):
    for module, name in ((ridges, "inner_folds"), (training, "held_out_rows")):
        monkeypatch.setattr(module, name, partial(_watched, name, getattr(module, name)))
    rng = np.random.default_rng(0)
    songs = Dataset(rng.normal(size=(60, 6)), rng.normal(size=(60, 5)), group=[i // 2 for i in range(60)])
    network = {"hidden": ((8, 4), (4,)), "epochs": 1, "device": "cpu", "validation": 0.2}
    methods = {
        "rcca": RCCA(2), "csls": CSLS(KernelCCA(2, rank=20)), "acmr": ACMR(**network), "alcca": ALCCA(2, **network),
        "clip": CLIP((8, 4), epochs=1, device="cpu"), "dcca": DCCA(2, (8,), epochs=1, device="cpu", validation=0.2),
        "fused": Fused({"rcca": RCCA(2), "cca": CCA(2)}), "zoo": cca_zoo.linear.CCA(2),
    }  # fmt: skip
    results = cross_validate(methods, songs, folds=3, components=[2], shuffled_control=False, together=together)
    assert results.failures == ()
    # In each fold RCCA, kernel CCA, and RCCA in the three folds of a fusion and again; ACMR (once, for ALCCA too), CLIP
    # and DCCA.
    assert len(SEEN["inner_folds"]) == 3 * 6
    assert len(SEEN["held_out_rows"]) == 3 * 3
    assert all(set(sizes) == {2} for seen in SEEN.values() for sizes in seen)


def test_a_method_that_reads_texts_needs_texts():
    songs = Dataset(np.ones((20, 2)), np.ones((20, 3)), transcripts=["la"] * 20)
    with pytest.raises(DataError, match="features as lyrics, and this method reads texts; give texts"):
        cross_validate(SharedWords(), songs, folds=2)
    with pytest.raises(DataError, match=r"songs has no transcripts.*run alcca hear"):
        cross_validate(SharedWords(), Dataset(np.ones((20, 2)), ["la"] * 10 + ["do"] * 10), folds=2)

    class Odd(SharedWords):
        lyrics_view = "melody"

    with pytest.raises(DataError, match="lyrics_view: expected one of features, texts, got 'melody'"):
        cross_validate(Odd(), heard_songs(), folds=2)


def test_distractors_make_every_pool_larger_and_teach_nothing(word_counts):
    songs = heard_songs()
    methods = {"words": SharedWords(), "cca": make_method("cca")}
    options = {"text_features": word_counts, "components": [3], "folds": 3}
    plain = cross_validate(methods, songs, **options)
    learned = [seen[:2] for seen in SEEN["fit"]]
    SEEN.clear()
    others = ["w1 w2 w3", "x y z", *songs.texts[:4]]
    results = cross_validate(methods, songs, distractors=others, **options)
    assert [seen[:2] for seen in SEEN["fit"]] == learned
    assert any("Left out 4 distractors" in note for note in results.notes)
    assert results.settings["distractors"] == {"name": "distractors", "lyrics": 2, "recordings": 0}
    key = ["method", "control", "fold", "components", "direction", "level", "query"]
    before, after = (r.to_frame().sort_values(key).reset_index(drop=True) for r in (plain, results))
    audio = (after["direction"] == "audio").to_numpy()
    assert set(after.loc[audio, "pool"]) == {22}
    assert set(after.loc[~audio, "pool"]) == {20}
    assert after["relevant"].tolist() == before["relevant"].tolist()
    pd.testing.assert_frame_equal(before[~audio], after[~audio])
    more = after.loc[audio, "rank"] - before.loc[audio, "rank"]
    assert {0, 2} <= set(more) <= {0, 1, 2}
    row = results.summary().query("level == 'instance' and direction == 'audio'").iloc[0]
    assert row["MRR1_chance"] == pytest.approx(sum(1 / r for r in range(1, 23)) / 22)


def test_ranks_among_distractors_are_those_of_one_larger_gallery():
    made = make_songs(100, shared=5, noise=0.5, audio_shape=(10,), lyrics_size=8)
    views = made.audio.astype(float), made.lyrics.astype(float)
    songs = Dataset(views[0][:60], views[1][:60], made.label[:60])
    others = Distractors(views[1][60:100], audio=views[0][70:100])
    for method in (CCA(), cca_zoo.linear.CCA()):
        frame = cross_validate({"m": method}, songs, components=[3], distractors=others, folds=2).to_frame()
        for fold in range(2):
            test = np.array(sorted(set(frame.loc[frame["fold"] == fold, "query"])))
            train = np.setdiff1d(np.arange(60), test)
            model = CCA(3).fit([view[train] for view in views])
            audio = model.transform((views[0][[*test, *range(70, 100)]], None))[0]
            lyrics = model.transform((None, views[1][[*test, *range(60, 100)]]))[1]
            for direction, queries, gallery in (("audio", audio, lyrics), ("lyrics", lyrics, audio)):
                scores = cosines(queries[:30], gallery)
                labels = [songs.label[i] for i in test], [songs.label[i] for i in test] + [None] * (len(gallery) - 30)
                for level, ranks in (
                    ("instance", score_instance_ranks(scores)), ("category", score_category_ranks(scores, *labels)[0]),
                ):  # fmt: skip
                    cell = frame[
                        (frame["fold"] == fold) & ~frame["control"] & (frame["direction"] == direction)
                        & (frame["level"] == level)
                    ].sort_values("query")  # fmt: skip
                    assert cell["rank"].tolist() == ranks.tolist()
                    assert set(cell["pool"]) == {len(gallery)}


def test_recordings_that_a_method_cannot_be_given_are_left_out_for_all(word_counts):
    songs = heard_songs()
    others = Distractors(["la"], transcripts=["w1", None, "w2"])
    alone = cross_validate({"words": SharedWords()}, songs, folds=3, distractors=others).to_frame()
    assert set(alone.loc[alone["direction"] == "lyrics", "pool"]) == {23}
    both = cross_validate(
        {"words": SharedWords(), "cca": make_method("cca")}, songs, folds=3, components=[2], text_features=word_counts,
        distractors=others,
    )  # fmt: skip
    assert set(both.to_frame().query("direction == 'lyrics'")["pool"]) == {20}
    assert any("Left out the 3 recordings of the distractors, which have no audio" in note for note in both.notes)
    nothing = Distractors(transcripts=["w1"])
    plain = cross_validate(
        {"cca": make_method("cca")}, songs, folds=3, components=[2], text_features=word_counts, distractors=nothing
    )
    assert "distractors" not in plain.settings


def test_kept_fits_know_what_was_heard_and_the_distractors(tmp_path, word_counts):
    def run(songs, **options):
        SEEN.clear()
        return cross_validate(
            {"words": SharedWords()}, songs, keep=tmp_path, folds=2, shuffled_control=False, **options
        ).to_frame()

    songs = heard_songs()
    first = run(songs)
    assert len(SEEN["fit"]) == 2
    pd.testing.assert_frame_equal(run(songs), first)
    assert SEEN["fit"] == []
    otherwise = replace(songs, transcripts=["la", *songs.transcripts[1:]])
    assert otherwise.fingerprint == songs.fingerprint
    run(otherwise)
    assert len(SEEN["fit"]) == 2
    run(songs, distractors=["x"])
    assert len(SEEN["fit"]) == 2
    run(songs, distractors=["y"])
    assert len(SEEN["fit"]) == 2
    run(songs, distractors=["y"])
    assert SEEN["fit"] == []


def test_the_settings_of_the_parts_of_a_fused_method_are_kept_apart(tmp_path, word_counts):
    def run(ridge):
        SEEN.clear()
        fused = Fused({"words": SharedWords(), "space": CCA(2, ridge=ridge)})
        options = {"keep": tmp_path, "folds": 2, "shuffled_control": False, "text_features": word_counts}
        return cross_validate({"fused": fused}, heard_songs(), **options)

    run(1.0)
    run(2.0)
    assert SEEN["fit"]
    run(1.0)
    assert not SEEN["fit"]


def test_the_notes_say_how_many_gave_words_and_what_that_makes(word_counts):
    songs = heard_songs()
    silent = songs.words_heard.count(False)
    methods = {"words": SharedWords(), "cca": make_method("cca")}
    results = cross_validate(methods, songs, text_features=word_counts, components=[2], folds=3)
    assert results.settings["word_methods"] == ["words"]
    assert results.without_words == tuple(i for i, heard in enumerate(songs.words_heard) if not heard)
    assert f"Words were heard in {60 - silent} of 60 recordings." in results.notes
    frame = results.to_frame().query("~control and level == 'instance' and method == 'words'")
    without = frame["query"].isin(results.without_words)
    means = [
        " and ".join(f"{(1 / rows.loc[rows['direction'] == d, 'rank']).mean():.3f}" for d in ("audio", "lyrics"))
        for rows in (frame[~without], frame[without])
    ]
    assert any(f"words {means[0]} with words, {means[1]} without; cca 0." in note for note in results.notes)
    assert any(
        note.startswith("words ranks the same when trained on shuffled pairs: it learns nothing from pairs")
        for note in results.notes
    )
    plain = cross_validate(
        "cca", Dataset(songs.audio, songs.texts, songs.label), text_features=word_counts, components=[2], folds=3
    )
    assert plain.notes == ()
    assert plain.without_words is None


def test_other_ways_to_compare_take_part():
    """A weighted space has components, and CSLS is ranked as a whole, by at most as many as are asked for."""
    songs = make_songs(90, shared=4, audio_shape=(8,), lyrics_size=6, noise=0.5, random_state=0)
    data = Dataset(songs.audio, songs.lyrics, songs.label)
    methods = "cca:ridge=1,weighted:cca:ridge=1,csls:cca:ridge=1,csls:clip:hidden=(8,)"
    results = cross_validate(methods, data, components=[2, 4], folds=3, shuffled_control=False)
    assert not results.failures
    frame = results.to_frame()
    measured = frame.groupby("method", observed=True)["components"].unique()
    assert [sorted(found) for found in measured] == [[2, 4], [0], [0], [2, 4]]
    train, test = (np.flatnonzero((frame.groupby("query")["fold"].first() == 0) == held) for held in (False, True))
    model = CSLS(StandardisedCCA(4, ridge=1)).fit((songs.audio[train], songs.lyrics[train]))
    ranks = score_instance_ranks(model.similarity(songs.audio[test], songs.lyrics[test]))
    found = frame.query("method == 'csls:cca:ridge=1' and fold == 0 and direction == 'audio' and level == 'instance'")
    assert found["rank"].tolist() == ranks.tolist()
