"""Encoders beside each other: the same folds and pools, nothing of a test fold seen, the paper's views untouched."""

import copy
import pickle
from collections import Counter

import numpy as np
import pytest
from sklearn.base import BaseEstimator

from alcca.encoders.encoder import SAMPLES, AudioEncoder, LyricsEncoder
from alcca.encoders.mfcc import MfccStatsEncoder
from alcca.encoders.tfidf import TfidfEncoder
from alcca.errors import DataError, UsageError
from alcca.experiments import Dataset, cross_validate, running, text_features
from alcca.experiments.distractors import Distractors
from alcca.experiments.encoder_views import EncodedTexts, encoded_audio, with_audio
from alcca.experiments.grid import compare_encoders
from alcca.models.cca import CCA

WORDS = [f"word{letter}" for letter in "abcdefghijklmnopqrst"]
DOC2VEC = "doc2vec:vector_size=6:epochs=2"
SEEN = []


class SpyLyrics(TfidfEncoder):
    """Writes down what it learns from; each fold has its own copy."""

    name = "spy"

    def fit(self, texts):
        assert not hasattr(self, "_learned"), "a fold's encoder knew another fold"
        SEEN.append(list(texts))
        return super().fit(texts)


class Lengths(LyricsEncoder):
    """Learns nothing; counts what it is asked."""

    name = "lengths"
    shape = (2,)

    def __init__(self):
        self._asked = Counter()

    def encode(self, texts):
        self._asked.update(texts)
        return np.array([[len(text), text.count("a")] for text in texts], np.float32)

    def known_words(self, text):
        return len(text.split())


class Sound(AudioEncoder):
    name, reads, shape = "sound", SAMPLES, (2,)

    def encode(self, recordings):
        raise AssertionError


class Frames(BaseEstimator):
    """A method that reads MFCC in time, whatever describes the sound for the others."""

    audio_view = "audio_frames"

    def __init__(self, n_components=2):
        self.n_components = n_components

    def fit(self, views, y=None):
        assert views[0].shape[1:] == (20, 161)
        return self

    def transform(self, views):
        return views[0][:, 0, : self.n_components], views[1][:, : self.n_components]


class Texts(BaseEstimator):
    """A method that reads neither audio features nor lyric features."""

    audio_view, lyrics_view = "transcripts", "texts"

    def fit(self, views, y=None):
        return self

    def similarity(self, audio, lyrics):
        return np.array([[len(set(a.split()) & set(b.split())) for b in lyrics] for a in audio], float)


@pytest.fixture(autouse=True)
def _forget():
    SEEN.clear()


@pytest.fixture(scope="module")
def songs():
    """Forty songs whose MFCC are louder the more of the first words they have."""
    rng = np.random.default_rng(0)
    texts = [" ".join(rng.choice(WORDS, 12)) for _ in range(40)]
    counts = np.array([[text.split().count(word) for word in WORDS] for text in texts], np.float32)
    frames = counts[:, :, None] + 0.3 * rng.standard_normal((40, 20, 161)).astype(np.float32)
    return Dataset(frames, texts, label=["a", "b"] * 20, transcripts=texts, name="forty")


def compare(songs, methods=None, **more):
    usual = {"components": [2, 4], "folds": 3, "shuffled_control": False}
    return compare_encoders(methods or {"cca": CCA(ridge=1.0)}, songs, **{**usual, **more})


def test_each_method_stands_with_each_pair_in_the_order_of_the_methods(songs):
    methods = {"cca": CCA(ridge=1.0), "stiff": CCA(ridge=100.0)}
    found = compare(songs, methods, audio_encoders="mfcc,mfcc-stats", lyrics_encoders=[DOC2VEC, "tfidf"])
    pairs = [f"{a} · {b}" for a in ("mfcc", "mfcc-stats") for b in (DOC2VEC, "tfidf")]
    assert found.methods == [f"{method} · {pair}" for method in methods for pair in pairs]
    assert list(found.settings["methods"]) == found.methods
    assert found.settings["audio_encoders"] == ["audio mfcc@1()", "audio mfcc-stats@1()"]
    assert "tfidf@1" in found.settings["lyrics"]
    assert set(found.seconds) == set(found.methods)
    frame = found.to_frame()
    asked = frame.groupby("method", observed=True)[["fold", "query", "group", "pool"]].apply(
        lambda rows: tuple(map(tuple, rows.drop_duplicates().to_numpy().tolist()))
    )
    assert asked.nunique() == 1  # the same queries in the same folds and pools, so tests are paired
    tested = found.compare("cca · mfcc · tfidf", "cca · mfcc-stats · tfidf")
    assert (tested["queries"] == 40).all()


def test_a_row_is_what_cross_validation_of_that_pair_gives(songs):
    found = compare(songs, audio_encoders=["mfcc-stats"], lyrics_encoders=["tfidf"]).to_frame()
    stats = MfccStatsEncoder().encode(songs.audio)
    alone = cross_validate(
        {"cca": CCA(ridge=1.0)}, Dataset(stats, songs.texts, songs.label), components=[2, 4], folds=3,
        shuffled_control=False, text_features=EncodedTexts(TfidfEncoder()),
    ).to_frame()  # fmt: skip
    assert found["rank"].tolist() == alone["rank"].tolist()
    assert found["rank"].mean() < alone["pool"].mean() / 4  # and the pairs are found


def test_lyrics_encoders_never_see_a_test_text(songs):
    found = compare(songs, lyrics_encoders=[SpyLyrics()]).to_frame()
    assert len(SEEN) == 3
    for fold, seen in enumerate(SEEN):
        tested = set(found.loc[found["fold"] == fold, "query"])
        assert seen == [text for i, text in enumerate(songs.texts) if i not in tested]


def test_pairs_share_lyric_features(songs):
    compare(songs, audio_encoders="mfcc,mfcc-stats", lyrics_encoders=[SpyLyrics()])
    assert len(SEEN) == 3  # once a fold, not once a fold and audio encoder


def test_what_learns_nothing_is_computed_once_for_each_text(songs):
    encoder = Lengths()
    found = compare(songs, audio_encoders="mfcc,mfcc-stats", lyrics_encoders=[encoder], components=[2])
    assert set(encoder._asked.values()) == {1}
    assert found.methods == ["cca · mfcc · lengths", "cca · mfcc-stats · lengths"]
    stored = Dataset(songs.audio, songs.texts, encoded={encoder.key: encoder.encode(songs.texts) * 2})
    again = Lengths()
    compare(stored, lyrics_encoders=[again], components=[2])
    assert not again._asked  # the data set has them


def test_known_vectors_travel_to_other_processes_without_the_encoder(songs):
    make = EncodedTexts.of(Lengths(), songs, ())
    travelled = pickle.loads(pickle.dumps(make))
    assert travelled._encoder is None
    np.testing.assert_array_equal(travelled().fit([]).transform(songs.texts), Lengths().encode(songs.texts))
    assert repr(travelled()) == repr(make())
    with pytest.raises(UsageError, match="tfidf learns from texts"):
        EncodedTexts(TfidfEncoder(), {})


def test_the_papers_pair_takes_the_papers_fits(songs, tmp_path, monkeypatch):
    plain = cross_validate(
        {"cca": CCA(ridge=1.0)}, songs, components=[2, 4], folds=3, shuffled_control=False, keep=tmp_path
    )
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.is_file()}

    def never(*_):
        raise AssertionError("computed again")

    monkeypatch.setattr(running, "fit_and_rank", never)
    monkeypatch.setattr(text_features, "lyric_features", never)
    found = compare(songs, audio_encoders=["mfcc"], lyrics_encoders=["doc2vec"], keep=tmp_path)
    assert found.to_frame()["rank"].tolist() == plain.to_frame()["rank"].tolist()
    assert before == {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.is_file()}


def test_other_words_have_other_lyric_features(songs):
    other = Dataset(songs.audio, [*songs.texts[:-1], "another song"], songs.label)
    assert other.words_fingerprint != Dataset(songs.audio, songs.texts, songs.label).words_fingerprint
    louder = Dataset(songs.audio + 1, songs.texts, songs.label)
    assert louder.words_fingerprint == Dataset(songs.audio, songs.texts, songs.label).words_fingerprint
    assert songs.words_fingerprint != songs.fingerprint


def test_a_method_is_multiplied_only_by_encoders_of_what_it_reads(songs):
    methods = {"frames": Frames(), "texts": Texts(), "cca": CCA(ridge=1.0)}
    found = compare(
        songs, methods, audio_encoders="mfcc-stats", lyrics_encoders=["tfidf", Lengths()], components=[2]
    )  # fmt: skip
    rows = ["frames · tfidf", "frames · lengths", "texts", "cca · mfcc-stats · tfidf", "cca · mfcc-stats · lengths"]
    assert found.methods == rows
    assert found.settings["word_methods"] == ["texts"]


def test_a_side_without_encoders_stays_as_it_is(songs):
    assert compare(songs, lyrics_encoders="tfidf").methods == ["cca · tfidf"]
    plain = compare(songs)
    assert plain.methods == ["cca"]
    assert plain.to_frame()["rank"].tolist() == cross_validate(
        {"cca": CCA(ridge=1.0)}, songs, components=[2, 4], folds=3, shuffled_control=False
    ).to_frame()["rank"].tolist()  # fmt: skip


def test_a_pair_that_cannot_be_measured_does_not_end_the_others(songs):
    found = compare(songs, lyrics_encoders=[Lengths(), "tfidf"], components=[4])
    assert found.methods == ["cca · tfidf"]
    assert any(note.startswith("Nothing could be measured of cca · lengths: components") for note in found.notes)
    with pytest.raises(UsageError, match="components"):
        compare(songs, lyrics_encoders=[Lengths()], components=[4])


def test_notes_say_which_pair_they_are_about(songs):
    found = compare(songs, lyrics_encoders=[Lengths(), "tfidf"], components=[2, 12])
    assert next(note for note in found.notes if "Left out 12 components" in note).startswith("lengths: ")
    assert found.notes.count("Words were heard in 40 of 40 recordings.") == 1


def test_distractors_are_in_every_pool(songs):
    rng = np.random.default_rng(5)
    others = Dataset(
        rng.standard_normal((7, 20, 161)), [" ".join(rng.choice(WORDS, 12)) + " other" for _ in range(7)]
    )  # fmt: skip
    found = compare(songs, audio_encoders="mfcc,mfcc-stats", lyrics_encoders=["tfidf", Lengths()],
                    components=[2], distractors=others)  # fmt: skip
    frame = found.to_frame()
    pools = frame[frame["level"] == "instance"].groupby(["fold", "direction"], observed=True)["pool"].unique()
    assert [len(pool) for pool in pools] == [1] * 6
    assert {int(pool[0]) for pool in pools} == {20, 21}


def test_recordings_of_distractors_that_an_encoder_cannot_read_are_in_no_pool(songs):
    others = Distractors(["something else"], audio=np.zeros((4, 60)))
    flat = Dataset(songs.audio.reshape(40, -1)[:, :60], songs.texts, audio_frames=songs.audio)
    found = compare(flat, audio_encoders="mfcc-stats", lyrics_encoders="tfidf", distractors=others)
    assert any("Left out the 4 recordings of the distractors, which have no mfcc-stats" in n for n in found.notes)
    pool = found.to_frame().query("level == 'instance'").groupby("direction", observed=True)["pool"].max()
    assert pool.to_dict() == {"audio": 15, "lyrics": 14}


@pytest.mark.parametrize(
    ("more", "error", "said"),
    [
        ({"audio_encoders": [Sound()]}, DataError, "forty has no sound that the audio encoder sound reads"),
        ({"audio_encoders": ["descriptors"]}, DataError, "has no audio_descriptors"),
        ({"audio_encoders": "magic"}, UsageError, "'magic' is unknown"),
        ({"lyrics_encoders": "tfidf", "text_features": TfidfEncoder}, UsageError, "not both"),
    ],
)
def test_what_cannot_be_compared(songs, more, error, said):
    with pytest.raises(error, match=said):
        compare(songs, **more)


def test_vectors_as_lyrics_cannot_be_encoded(random_songs):
    with pytest.raises(UsageError, match="random has vectors as lyrics"):
        compare(random_songs, lyrics_encoders="tfidf")


def test_the_songs_own_numbers_come_before_computed_ones(songs):
    stats = np.ones((40, 3))
    has = Dataset(songs.audio, songs.texts, encoded={MfccStatsEncoder().key: stats})
    assert encoded_audio(has, MfccStatsEncoder()) is stats
    with pytest.raises(DataError, match="expected one for each of the 40 songs"):
        Dataset(songs.audio, songs.texts, encoded={"audio x": stats[:3]})


def test_the_same_audio_is_the_same_data_set(songs):
    from alcca.encoders.mfcc import MfccEncoder

    assert with_audio(songs, MfccEncoder()) is songs
    other = with_audio(songs, MfccStatsEncoder())
    np.testing.assert_array_equal(other.audio_view("audio_frames"), songs.audio)
    assert other.fingerprint != songs.fingerprint
    assert copy.copy(other).audio.shape == (40, 80)


def test_what_is_drawn_follows_the_seed():
    from alcca.encoders.doc2vec import Doc2VecEncoder

    make = EncodedTexts(Doc2VecEncoder(epochs=3))
    assert "random_state=7" in repr(make.with_seed(7)._encoder)
    assert "random_state=0" in repr(make._encoder)
