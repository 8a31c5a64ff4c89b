"""Comparisons on predefined splits: what learns from which songs, what is kept, and what is said."""

from collections import defaultdict

import numpy as np
import pytest
from sklearn.base import BaseEstimator
from sklearn.model_selection import KFold

from alcca.datasets import make_songs
from alcca.errors import DataError, UsageError
from alcca.experiments import Dataset, cross_validate
from alcca.experiments.feature_files import read_dataset
from alcca.models.cca import CCA
from alcca.retrieval import instance_ranks

PARTS = ["train"] * 40 + ["validation"] * 10 + ["test"] * 20
SEEN = defaultdict(list)


class Spy(BaseEstimator):
    """Writes down which songs (the first column of audio) it is given."""

    def fit(self, views, y=None):
        SEEN["fit"].append(views[0][:, 0].tolist())
        return self

    def transform(self, views):
        SEEN["transform"].append(views[0][:, 0].tolist())
        return views[0], views[1]


@pytest.fixture(autouse=True)
def _forget():
    SEEN.clear()


@pytest.fixture(scope="module")
def songs():
    made = make_songs(70, shared=3, audio_shape=(6,), lyrics_size=5, noise=0.3, random_state=0)
    return Dataset(made.audio, made.lyrics, made.label)


def numbered(**fields):
    column = np.arange(70.0)[:, None]
    return Dataset(column + np.array([0.0, 0.5]), column + np.array([0.0, 0.25]), **fields)


def test_methods_learn_from_training_songs_and_are_measured_on_test_songs():
    results = cross_validate(Spy(), numbered(), cv=PARTS, seed=[0, 1], components=[1], shuffled_control=False)
    assert SEEN["fit"] == [list(range(40))] * 2
    assert SEEN["transform"] == [list(range(50, 70))] * 2
    ranks = results.to_frame()
    assert sorted(ranks["query"].unique()) == list(range(50, 70))
    assert set(ranks["pool"]) == {20}
    assert results.settings["folds"] == 1
    assert results.settings["fold_sizes"] == [20]
    assert results.notes[:2] == (
        "Predefined splits: 40 training and 20 test songs.",
        "10 songs are for validation: nothing is learned from them or measured on them.",
    )
    assert "kept whole" not in "".join(results.notes)


def test_ranks_are_those_of_a_fit_by_hand(songs):
    ranks = cross_validate({"cca": CCA()}, songs, cv=PARTS, components=[2], shuffled_control=False).to_frame()
    train, test = np.arange(40), np.arange(50, 70)
    model = CCA(2).fit((songs.audio[train], songs.lyrics[train]))
    places = model.transform((songs.audio[test], songs.lyrics[test]))
    own = ranks[(ranks["level"] == "instance") & (ranks["direction"] == "audio")].sort_values("query")
    assert own["rank"].tolist() == instance_ranks(*places).tolist()


def test_a_data_set_may_say_its_parts_and_a_call_says_it_louder(songs, tmp_path):
    given = cross_validate({"cca": CCA()}, songs, cv=PARTS, components=[2], shuffled_control=False)
    np.savez(tmp_path / "songs.npz", audio=songs.audio, lyrics=songs.lyrics, label=songs.label, split=np.array(PARTS))
    said = read_dataset(tmp_path / "songs.npz")
    assert said.split == tuple(PARTS)
    assert said.notes == ()
    results = cross_validate({"cca": CCA()}, said, components=[2], shuffled_control=False)
    assert results.to_frame()["rank"].tolist() == given.to_frame()["rank"].tolist()
    halves = cross_validate({"cca": CCA()}, said, cv=KFold(2), components=[2], shuffled_control=False)
    assert halves.settings["fold_sizes"] == [35, 35]
    assert len(halves.to_frame().query("level == 'instance'")) == 140


def test_kept_fits_of_one_split_are_not_those_of_another(songs, tmp_path):
    turned = ["test"] * 20 + ["train"] * 40 + ["validation"] * 10
    asked = {"components": [2], "shuffled_control": False, "keep": tmp_path}
    first = cross_validate({"cca": CCA()}, songs, cv=PARTS, **asked)
    second = cross_validate({"cca": CCA()}, songs, cv=turned, **asked)
    assert sorted(second.to_frame()["query"].unique()) == list(range(20))
    again = cross_validate({"cca": CCA()}, songs, cv=PARTS, **asked)
    assert again.to_frame()["rank"].tolist() == first.to_frame()["rank"].tolist()
    assert any("1 of 1" in note for note in again.notes)
    assert not any("1 of 1" in note for note in second.notes)


def test_what_tears_a_group_is_refused_and_shared_words_are_said():
    with pytest.raises(DataError, match=r"one group are in train and in test: 3 \(3\) and 60 \(60\)"):
        cross_validate(Spy(), numbered(group=[3 if i == 60 else i for i in range(70)]), cv=PARTS)
    with pytest.raises(UsageError, match="'learn' in row 0"):
        cross_validate(Spy(), numbered(), cv=["learn", *PARTS[1:]])
    with pytest.raises(DataError, match="split: expected one for each of the 70 songs"):
        numbered(split=PARTS[1:])
    assert not SEEN
    texts = [f"words of song number {i}" for i in range(70)]
    texts[60] = texts[3]
    column = np.arange(70.0)[:, None]

    class Words(Spy):
        lyrics_view = "texts"

        def similarity(self, audio, lyrics):
            return -np.abs(audio[:, :1] - np.arange(len(lyrics)))

    results = cross_validate(Words(), Dataset(column + np.eye(2)[:1], texts), cv=PARTS, shuffled_control=False)
    assert any(note.startswith("1 test songs have the same words as a training song") for note in results.notes)
