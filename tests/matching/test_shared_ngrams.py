"""N-grams as numbers, and cosines that depend on two texts and fixed ones alone."""

import os
import subprocess
import sys

import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer
from tests.matching.texts import SONGS

from alcca.matching.shared_ngrams import NgramCosines, sound_ngrams, sounds, word_ngrams

ALL = [text for texts in SONGS.values() for text in texts]


def phrases(text):
    words = text.split()
    return [" ".join(words[i : i + n]) for n in (1, 2, 3) for i in range(len(words) - n + 1)]


def stretches(text):
    spoken = sounds(text)
    return [spoken[i : i + n] for n in (3, 4, 5) for i in range(len(spoken) - n + 1)]


@pytest.mark.parametrize(
    ("ngrams", "spelled", "text"),
    [
        (word_ngrams, phrases, "la le li la le lo la le li"),
        (word_ngrams, phrases, "a"),
        (word_ngrams, phrases, "a b"),
        (sound_ngrams, stretches, "theriverruns"),
        (sound_ngrams, stretches, "ab"),
        (sound_ngrams, stretches, ""),
        (word_ngrams, phrases, ""),
    ],
)
def test_ngrams_are_equal_where_their_texts_are(ngrams, spelled, text):
    codes, texts = ngrams(text).tolist(), spelled(text)
    assert len(codes) == len(texts)
    assert len(set(zip(codes, texts, strict=True))) == len(set(codes)) == len(set(texts))


def test_cosines_are_those_of_scikit_learn():
    """Where every n-gram is known, they are those of a vectorizer that was fitted on the same texts."""
    texts = [" ".join(text.casefold().replace(",", " ").replace("'", "").split()) for text in SONGS["en"]]
    texts = ["".join(letter for letter in text if letter.isalpha() or letter == " ") for text in texts]
    vectors = TfidfVectorizer(analyzer=phrases, sublinear_tf=True)
    fitted = vectors.fit_transform(texts)
    np.testing.assert_allclose(NgramCosines(texts, word_ngrams)(texts[:3], texts), (fitted[:3] @ fitted.T).toarray())


def test_a_pair_has_one_cosine_whatever_else_is_compared():
    cosines = NgramCosines(ALL[::2], sound_ngrams)
    together = cosines(ALL[:4], [*ALL, ""])
    assert not together[:, -1].any()
    np.testing.assert_allclose(cosines(ALL[:1], ALL), together[:1, :-1])
    np.testing.assert_allclose(cosines(ALL[:4], ALL[5:6]), together[:, 5:6])
    np.testing.assert_allclose(np.diag(together), 1)


def test_rare_words_count_more_and_unknown_ones_most():
    cosines = NgramCosines(["the sea the sky"] * 9 + ["the lantern"], word_ngrams)
    common, rare, unknown = (
        cosines([f"{word} x1 x2 x3"], [f"{word} y1 y2 y3"])[0, 0] for word in ("the", "lantern", "q")
    )
    assert common < rare < unknown


def test_nothing_to_compare():
    assert NgramCosines([], word_ngrams)(["a b"], ["a b"])[0, 0] == pytest.approx(1)
    assert NgramCosines(["a"], word_ngrams)([], ["a"]).shape == (0, 1)
    assert NgramCosines(["a"], word_ngrams)(["a"], []).shape == (1, 0)
    assert NgramCosines(["a"], word_ngrams)([""], ["a"]).tolist() == [[0.0]]


def test_words_have_the_same_number_in_every_process():
    code = "from alcca.matching.shared_ngrams import word_ngrams; print(word_ngrams('hello darkness').tolist())"
    run = [sys.executable, "-c", code]
    seeds = [subprocess.run(run, env=os.environ | {"PYTHONHASHSEED": seed}, capture_output=True, check=True).stdout
             for seed in ("1", "2")]  # fmt: skip
    assert seeds[0] == seeds[1] == f"{word_ngrams('hello darkness').tolist()}\n".encode()
