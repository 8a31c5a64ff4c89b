"""The lines of a song that fit a query best."""

import math
from types import MappingProxyType

import numpy as np
import pytest

from alcca.search.best_lines import best_passage

SONG = "\n".join(
    [
        "The morning is silver", "and the garden is gold", "",
        "Nobody told me", "that winter was old",
        "The ocean, the Ocean!", "a thunder of cold",
    ]
)  # fmt: skip


class Lyrics:
    counts = MappingProxyType({"the": 1000, "and": 900, "is": 800, "ocean": 3, "winter": 3, "morning": 3})

    def weight(self, word):
        return 1 / math.log2(2 + self.counts.get(word, 0))


class Model:
    """A space of two dimensions: how much of a text is about winter, and all else."""

    lyrics = Lyrics()

    def embed_lyrics(self, texts):
        return np.array([[text.count("winter") + 0.1, 3.0 * len(text)] for text in texts])


def texts(lines):
    return [line.text for line in lines]


def test_lines_with_the_query_s_words_win_and_rare_words_count_more():
    found = best_passage(SONG, np.ones(2), Model(), "the ocean is and")
    assert "The ocean, the Ocean!" in texts(found)
    assert len(found) == 3
    marked = {line.text: line.words for line in found}
    assert marked["The ocean, the Ocean!"] == ("The", "ocean", "the", "Ocean")
    assert marked["that winter was old"] == ()


def test_words_are_shared_in_any_spelling():
    found = best_passage(SONG + "\nDon’t go to the Øresund\n旧橋 and more", np.ones(2), Model(), "dont oresund 舊桥")
    assert [line.words for line in found[-2:]] == [("Don’t", "Øresund"), ("旧橋",)]


def test_without_a_shared_word_the_place_in_the_space_decides():
    found = best_passage(SONG, np.array([1.0, 0.0]), Model(), "spaceship")
    assert "that winter was old" in texts(found)
    assert all(line.words == () for line in found)
    assert texts(best_passage(SONG, np.array([1.0, 0.0]), Model())) == texts(found)


def test_the_length_of_a_vector_does_not_decide():
    class Loud(Model):
        def embed_lyrics(self, texts):
            directions = super().embed_lyrics(texts)
            loud = np.array([100.0 if "thunder" in text else 1.0 for text in texts])
            return directions / np.linalg.norm(directions, axis=1, keepdims=True) * loud[:, None]

    assert texts(best_passage(SONG, np.array([1.0, 0.02]), Loud())) == texts(
        best_passage(SONG, np.array([1.0, 0.02]), Model())
    )


@pytest.mark.parametrize("lyrics", ["One line", "One line\n\nand another"])
def test_a_short_song_is_shown_whole(lyrics):
    assert texts(best_passage(lyrics, np.ones(2), Model())) == [line for line in lyrics.splitlines() if line]


def test_a_long_line_is_cut():
    found = best_passage("golden river " * 100, np.ones(2), Model())
    assert len(found) == 3
    assert all(len(line.text) <= 100 for line in found)


def test_a_long_song_costs_no_more_than_sixteen_inferences():
    asked = []

    class Counting(Model):
        def embed_lyrics(self, texts):
            asked.extend(texts)
            return super().embed_lyrics(texts)

    best_passage("\n".join(f"line {i}" for i in range(500)), np.ones(2), Counting())
    assert 8 <= len(asked) <= 16
