import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from alcca.errors import DataError, LibraryError, NotFittedError
from alcca.features.doc2vec import Doc2VecFeatures

TOPICS = [
    "river water boat sailing wave harbour island shore tide anchor",
    "fire flame burning ember smoke heat coal ashes torch spark",
    "winter snow frost icy cold blanket white silent sleigh pine",
]


def corpus(n=60, seed=0):
    rng = np.random.default_rng(seed)
    return [" ".join(rng.choice(TOPICS[i % 3].split(), 40)) for i in range(n)]


@pytest.fixture(scope="module")
def fitted():
    return Doc2VecFeatures(vector_size=30, random_state=3).fit(corpus())


def test_shapes_and_types(fitted):
    vectors = fitted.transform(corpus(5, seed=1))
    assert vectors.shape == (5, 30)
    assert vectors.dtype == np.float32
    assert np.isfinite(vectors).all()
    assert fitted.transform([]).shape == (0, 30)


def test_texts_about_the_same_are_near(fitted):
    vectors = fitted.transform(corpus(30, seed=7))
    # A small corpus leaves a large part that all its vectors share.
    vectors -= vectors.mean(axis=0)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    similarity = vectors @ vectors.T
    np.fill_diagonal(similarity, -np.inf)
    np.testing.assert_array_equal(similarity.argmax(axis=1) % 3, np.arange(30) % 3)


# To the bit


def test_nothing_but_the_text_and_the_model_matters(fitted):
    texts = corpus(20, seed=2)
    whole = fitted.transform(texts)
    order = np.random.default_rng(0).permutation(20)
    np.testing.assert_array_equal(fitted.transform([texts[i] for i in order]), whole[order])
    for i in (7, 0, 19):
        np.testing.assert_array_equal(fitted.transform([texts[i]])[0], whole[i])
    np.testing.assert_array_equal(fitted.transform([texts[0]] * 3), np.repeat(whole[:1], 3, axis=0))
    assert len(np.unique(whole, axis=0)) == 20


def test_threads_do_not_disturb_each_other(fitted):
    texts = corpus(40, seed=4)
    whole = fitted.transform(texts)
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda text: fitted.transform([text])[0], texts))
    np.testing.assert_array_equal(found, whole)


def test_the_seed_decides(fitted):
    texts = corpus()
    again = Doc2VecFeatures(vector_size=30, random_state=3).fit(texts)
    np.testing.assert_array_equal(again.transform(texts[:9]), fitted.transform(texts[:9]))
    other = Doc2VecFeatures(vector_size=30, random_state=4).fit(texts)
    assert not np.array_equal(other.transform(texts[:9]), fitted.transform(texts[:9]))


def test_global_generators_are_left_alone():
    np.random.seed(5)  # noqa: NPY002 - the state that must not move
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    Doc2VecFeatures(vector_size=5, epochs=1).fit(corpus(6)).transform(corpus(2))
    np.testing.assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002


PROCESS = """
import hashlib, sys
from alcca.features.doc2vec import Doc2VecFeatures
sys.path.insert(0, ".")
from tests.features.test_doc2vec import corpus
if sys.argv[1] == "fit":
    features = Doc2VecFeatures(vector_size=30, random_state=3).fit(corpus())
else:
    features = Doc2VecFeatures.load(sys.argv[2])
print(hashlib.sha256(features.transform(corpus(9, seed=9) + ["river"]).tobytes()).hexdigest())
"""


@pytest.mark.slow
@pytest.mark.parametrize("how", ["fit", "load"])
def test_every_process_gets_the_same_bits(fitted, tmp_path, how):
    fitted.save(tmp_path / "model")
    root = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))  # noqa: PTH100, PTH118, PTH120
    found = set()
    for hash_seed in ("0", "1", "12345"):
        run = subprocess.run(
            [sys.executable, "-c", PROCESS, how, str(tmp_path / "model")],
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
            cwd=root,
            capture_output=True,
            text=True,
            check=True,
        )
        found.add(run.stdout)
    import hashlib

    here = fitted.transform([*corpus(9, seed=9), "river"]).tobytes()
    assert found == {hashlib.sha256(here).hexdigest() + "\n"}


# Saving


def test_saved_and_loaded_it_is_the_same_to_the_bit(fitted, tmp_path):
    fitted.save(tmp_path / "model")
    loaded = Doc2VecFeatures.load(tmp_path / "model")
    assert loaded.get_params() == fitted.get_params()
    assert loaded.vocabulary_ == fitted.vocabulary_
    texts = corpus(9, seed=5)
    np.testing.assert_array_equal(loaded.transform(texts), fitted.transform(texts))
    loaded.save(tmp_path / "again")
    np.testing.assert_array_equal(Doc2VecFeatures.load(tmp_path / "again").transform(texts), fitted.transform(texts))
    assert {path.suffix for path in (tmp_path / "model").iterdir()} == {".json", ".safetensors", ""}


def test_words_of_every_script_survive_saving(tmp_path):
    features = Doc2VecFeatures(vector_size=4, epochs=2).fit(["naïve Straße 恋 हिन्दी don't"] * 3)
    features.save(tmp_path / "model")
    assert set(Doc2VecFeatures.load(tmp_path / "model").vocabulary_) == {"naïve", "strasse", "恋", "हिन्दी", "don't"}


def test_loading_what_is_not_there(tmp_path):
    with pytest.raises(LibraryError, match="no saved Doc2VecFeatures"):
        Doc2VecFeatures.load(tmp_path)


# Words it does not know


def test_no_known_word_gives_zeros(fitted):
    vectors = fitted.transform(["", "unheard of", "12 34", "river"])
    assert not vectors[:3].any()
    assert vectors[3].any()


def test_known_words(fitted):
    assert fitted.known_words("The RIVER, the river & the Boat") == 3
    assert fitted.known_words("") == 0


def test_min_count_and_counts():
    features = Doc2VecFeatures(vector_size=4, epochs=1, min_count=3).fit(["one two three", "two three", "three"])
    assert features.vocabulary_ == {"three": 3}
    assert Doc2VecFeatures(vector_size=4, epochs=1).fit(["b a b a c"]).vocabulary_ == {"b": 2, "a": 2}


def test_a_small_library_works_with_the_defaults():
    vectors = Doc2VecFeatures().fit_transform(corpus(20))
    assert vectors.shape == (20, 300)
    assert (np.linalg.norm(vectors, axis=1) > 0).all()


# Wrong calls


@pytest.mark.parametrize("texts", [[], [""], ["", "12 !?"]])
def test_nothing_to_learn_from(texts):
    with pytest.raises(DataError, match=f"got {len(texts)} texts without any; add lyrics"):
        Doc2VecFeatures().fit(texts)


def test_no_word_often_enough():
    with pytest.raises(DataError, match=r"no word occurs min_count=2 times in the 2 texts; .*lower min_count"):
        Doc2VecFeatures().fit(["one two", "three four"])


def test_one_string_is_not_a_sequence_of_texts(fitted):
    with pytest.raises(DataError, match="put it into a list"):
        Doc2VecFeatures().fit("one string")
    with pytest.raises(DataError, match="put it into a list"):
        fitted.transform("one string")


@pytest.mark.parametrize("name", ["vector_size", "epochs", "min_count", "negative", "workers"])
def test_parameters_out_of_range(name):
    with pytest.raises(DataError, match=f"{name}=0 is out of range"):
        Doc2VecFeatures(**{name: 0}).fit(corpus(3))
    with pytest.raises(DataError, match="random_state=-1 is out of range"):
        Doc2VecFeatures(random_state=-1).fit(corpus(3))


def test_before_fitting(tmp_path):
    for call in (lambda f: f.transform(["x"]), lambda f: f.known_words("x"), lambda f: f.save(tmp_path / "x")):
        with pytest.raises(NotFittedError, match="call fit"):
            call(Doc2VecFeatures())


def test_scikit_learn_can_clone_it(fitted):
    from sklearn.base import clone

    copied = clone(fitted)
    assert copied.get_params() == fitted.get_params()
    assert not hasattr(copied, "vocabulary_")
    with pytest.raises(DataError, match="no parameter 'size'"):
        copied.set_params(size=3)


def test_training_says_nothing_on_its_own(capfd):
    Doc2VecFeatures(vector_size=4, epochs=1).fit(["a a b b"])
    Doc2VecFeatures(vector_size=4, epochs=3, verbose=True).fit(corpus(6))
    out, err = capfd.readouterr()
    assert out == ""
    assert err.splitlines()[0] == "fitting Doc2Vec: 3 epochs"
    assert "3/3 epochs" in err.splitlines()[-1]
    assert len(err.splitlines()) == 2
