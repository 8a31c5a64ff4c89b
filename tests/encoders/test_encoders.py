"""The built-in encoders: right numbers, nothing but their own songs, and the same after saving."""

import copy
import json

import numpy as np
import pytest
from filelock import FileLock, Timeout

from alcca.encoders import descriptors
from alcca.encoders.descriptors import DescriptorsEncoder
from alcca.encoders.doc2vec import Doc2VecEncoder
from alcca.encoders.encoder import AudioEncoder, LyricsEncoder, encode_checked
from alcca.encoders.mfcc import MfccEncoder, MfccStatsEncoder
from alcca.encoders.tfidf import TfidfEncoder
from alcca.errors import DataError, LibraryError, NotFittedError
from alcca.features.descriptors import track_descriptors
from alcca.features.doc2vec import Doc2VecFeatures

TEXTS = ["hello darkness my old friend", "hello sunshine my new friend", "恋の歌 hello darkness"] * 4
LEARNING = [Doc2VecEncoder(vector_size=8), TfidfEncoder(max_features=5)]


@pytest.fixture
def frames():
    return np.random.default_rng(0).standard_normal((3, 20, 161)).astype(np.float32)


def test_mfcc_are_given_back_as_they_are(frames):
    assert MfccEncoder().encode(frames) is frames
    assert MfccEncoder().shape == (20, 161)


def test_mfcc_stats_are_mean_spread_and_first_differences(frames):
    found = MfccStatsEncoder().encode(frames)
    assert found.shape == (3, *MfccStatsEncoder().shape)
    assert found.dtype == MfccStatsEncoder.dtype
    one = frames[1, 7].astype(float)
    expected = [one.mean(), one.std(), np.abs(np.diff(one)).mean(), np.diff(one).std()]
    np.testing.assert_allclose(found[1].reshape(4, 20)[:, 7], expected, rtol=1e-5)


def test_descriptors_are_those_of_each_recording():
    rng = np.random.default_rng(0)
    sounds = (0.1 * rng.standard_normal((2, 44_100))).astype(np.float32)
    found = DescriptorsEncoder().encode(sounds)
    assert found.shape == (2, *DescriptorsEncoder().shape)
    np.testing.assert_array_equal(found[1], track_descriptors(sounds[1]))
    assert DescriptorsEncoder().encode(sounds[:0]).shape == (0, 65)


@pytest.mark.parametrize("encoder", [MfccEncoder(), MfccStatsEncoder()], ids=lambda encoder: encoder.name)
def test_another_shape_is_refused_by_name(encoder):
    with pytest.raises(DataError, match=rf"{encoder.name} reads mfcc of shape \(n, 20, 161\), got \(2, 5\)"):
        encoder.encode(np.zeros((2, 5), np.float32))


def test_doc2vec_is_the_papers(frames):
    own = Doc2VecFeatures().fit(TEXTS).transform(TEXTS[:2])
    np.testing.assert_array_equal(Doc2VecEncoder().fit(TEXTS).encode(TEXTS[:2]), own)


def test_tfidf_by_hand():
    encoder = TfidfEncoder(min_df=1).fit(["la la do", "la re"])
    row = dict(zip(sorted(["la", "do", "re"]), encoder.encode(["la la do"])[0], strict=True))
    weights = {"la": (1 + np.log(2)) * 1.0, "do": 1 + np.log(3 / 2), "re": 0.0}
    norm = np.sqrt(sum(weight**2 for weight in weights.values()))
    assert row == pytest.approx({word: weight / norm for word, weight in weights.items()}, rel=1e-6)


def test_tfidf_keeps_the_most_frequent_words_of_any_script():
    encoder = TfidfEncoder(max_features=3).fit(TEXTS)
    assert encoder.shape == (3,)
    assert encoder.known_words("hello friend, hello stranger 恋") == 3  # hello, friend, hello
    assert TfidfEncoder().fit(TEXTS).known_words("恋") == 1


def test_tfidf_of_unknown_words_and_of_nothing():
    encoder = TfidfEncoder().fit(TEXTS)
    found = encoder.encode(["unheard of", ""])
    assert not found.any()
    assert found.dtype == np.float32
    assert encoder.encode([]).shape == (0, *encoder.shape)


def test_where_no_two_texts_share_a_word_tfidf_keeps_all():
    encoder = TfidfEncoder().fit(["each word", "only once"])
    assert encoder.shape == (4,)
    assert encoder.settings["min_df"] == 2
    assert TfidfEncoder().fit(["each word", "only once", "once more"]).shape == (1,)


@pytest.mark.parametrize(
    ("encoder", "texts", "said"),
    [
        (TfidfEncoder(), ["", "..."], "no word is in the 2 texts"),
        (TfidfEncoder(max_features=0), TEXTS, "max_features"),
        (TfidfEncoder(), "one string", "put it into a list"),
    ],
)
def test_what_tfidf_cannot_learn_from(encoder, texts, said):
    with pytest.raises(DataError, match=said):
        encoder.fit(texts)


@pytest.mark.parametrize("encoder", LEARNING, ids=lambda encoder: encoder.name)
def test_a_text_is_encoded_by_itself(encoder):
    encoder.fit(TEXTS)
    together = encoder.encode(["old friend", "hello darkness"])
    np.testing.assert_array_equal(together[1], encoder.encode(["hello darkness"])[0])
    assert together.shape == (2, *encoder.shape)
    assert together.dtype == encoder.dtype


@pytest.mark.parametrize("encoder", LEARNING, ids=lambda encoder: encoder.name)
def test_a_fitted_encoder_comes_back_from_a_folder_bit_for_bit(encoder, tmp_path):
    encoder.fit(TEXTS).save(tmp_path / "encoder")
    assert {path.name for path in (tmp_path / "encoder").iterdir()} == {
        "arrays.safetensors",
        "state.json",
        "SHA256SUMS",
    }
    loaded = type(encoder).load(tmp_path / "encoder")
    assert loaded.key == encoder.key
    assert loaded.shape == encoder.shape
    texts = ["hello old friend", "darkness 恋 darkness", "unknown"]
    np.testing.assert_array_equal(loaded.encode(texts), encoder.encode(texts))
    assert loaded.known_words(texts[1]) == encoder.known_words(texts[1])


def test_an_encoder_that_learns_nothing_comes_back_too(tmp_path):
    MfccStatsEncoder().save(tmp_path / "encoder")
    assert MfccStatsEncoder.load(tmp_path / "encoder").key == MfccStatsEncoder().key
    with pytest.raises(LibraryError, match="expected a MfccEncoder"):
        MfccEncoder.load(tmp_path / "encoder")


@pytest.mark.parametrize("encoder", [Doc2VecEncoder(), TfidfEncoder()], ids=lambda encoder: encoder.name)
def test_what_learns_must_be_fitted(encoder, tmp_path):
    for call in (encoder.encode, encoder.known_words, encoder.save):
        with pytest.raises(NotFittedError, match=encoder.name):
            call(["la"] if call == encoder.encode else "la")


def test_the_key_says_what_numbers_depend_on():
    assert TfidfEncoder().key == TfidfEncoder().key
    assert TfidfEncoder().key != TfidfEncoder(max_features=10).key
    newer = TfidfEncoder()
    newer.version = "2"
    assert newer.key != TfidfEncoder().key
    assert json.loads(json.dumps(TfidfEncoder(min_df=3).settings)) == {"max_features": 2000, "min_df": 3}


def test_a_label_tells_what_is_not_usual():
    assert MfccStatsEncoder().label == "mfcc-stats"
    assert TfidfEncoder(500, min_df=3).label == "tfidf:max_features=500:min_df=3"


def test_a_seed_makes_another_encoder_of_one_that_draws():
    first = Doc2VecEncoder(vector_size=8)
    second = first.with_seed(7)
    assert (first.random_state, second.random_state, second.vector_size) == (0, 7, 8)
    assert second.key != first.key
    tfidf = TfidfEncoder()
    assert tfidf.with_seed(7) is tfidf


@pytest.mark.parametrize("encoder", LEARNING, ids=lambda encoder: encoder.name)
def test_a_word_that_is_rare_says_more(encoder):
    fitted = copy.deepcopy(encoder).fit(TEXTS)
    assert 0 < fitted.weight("hello") < fitted.weight("old") < fitted.weight("unheard") + 1e-9 <= 1 + 1e-9


def test_without_texts_to_learn_from_all_words_say_the_same():
    class Plain(LyricsEncoder):
        name, shape = "plain", (1,)

        def encode(self, texts):
            return np.ones((len(texts), 1), np.float32)

        def known_words(self, text):
            return 1

    assert Plain().weight("la") == Plain().weight("love") == 1


@pytest.mark.parametrize("wrong", [np.zeros((2, 4)), np.full((2, 3), np.nan)])
def test_what_an_encoder_makes_is_checked(wrong):
    class Wrong(AudioEncoder):
        name, shape = "wrong", (3,)

        def encode(self, recordings):
            return wrong

    with pytest.raises(DataError, match=r"the encoder wrong made an array of shape .*expected finite.*\(2, 3\)"):
        encode_checked(Wrong(), np.zeros((2, 9)))


def test_the_code_that_describes_is_compiled_by_one_process_at_a_time(monkeypatch):
    held = []

    def compile_now(samples):
        try:
            FileLock(descriptors.compiling_lock()).acquire(timeout=0)
        except Timeout:
            held.append(True)

    monkeypatch.setattr(descriptors, "track_descriptors", compile_now)
    DescriptorsEncoder().prepare()
    assert held == [True]
