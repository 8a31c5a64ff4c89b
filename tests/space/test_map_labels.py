"""What the neighbourhoods of a map are called, and that chance names none."""

import numpy as np
import pytest

from alcca.space.map_labels import LEVELS, WIDEST, name_neighbourhoods

THINGS = ["ship", "snow", "lamb", "rose", "bell", "star", "wine", "gold", "bird", "rain"]
COMMON = ["the", "of", "and", "my"]


def town(songs_each, things=THINGS, seed=0):
    """A crowd on the map for each thing, whose songs are about it."""
    rng = np.random.default_rng(seed)
    angles = 2 * np.pi * np.arange(len(things)) / len(things)
    middles = 0.8 * np.column_stack([np.cos(angles), np.sin(angles)])
    places = np.repeat(middles, songs_each, axis=0) + rng.normal(0, 0.02, (songs_each * len(things), 2))
    noise = ["".join(rng.choice(list("bdfgklmnprst"), 4)) for _ in range(300)]
    texts = [" ".join([*COMMON, thing, *rng.choice(noise, 20)]) for thing in things for _ in range(songs_each)]
    return places, texts, middles


def test_a_neighbourhood_is_called_by_the_word_of_its_songs():
    places, texts, middles = town(24)
    found = name_neighbourhoods(places, texts, ["en"] * len(texts))
    assert {word for one in found for word in one.words} == set(THINGS)
    for one in found:
        at = ((middles - (one.x, one.y)) ** 2).sum(axis=1).argmin()
        assert one.words == (THINGS[at],)
        assert one.level == 0
        assert 2 <= one.songs <= 24


def test_words_at_random_name_nothing():
    places, texts, _ = town(24)
    order = np.random.default_rng(1).permutation(len(texts))
    for seed in range(5):
        assert name_neighbourhoods(places, [texts[i] for i in order], [None] * len(texts), random_state=seed) == []


def test_the_common_words_of_a_language_name_nothing_even_where_another_is_sung_elsewhere():
    # So many that the articles of the one language are far from chance where it is sung.
    places, texts, _ = town(150)
    half = len(texts) // 2
    texts = texts[:half] + [text.replace("the of and my", "der und mein") for text in texts[half:]]
    found = name_neighbourhoods(places, texts, ["en"] * half + ["de"] * half)
    assert {word for one in found for word in one.words} == set(THINGS)


def test_nor_do_they_where_nobody_has_told_the_languages():
    things = [*THINGS, "rope", "silk"]
    places, texts, _ = town(100, things)
    # A quarter of all songs, in three neighbourhoods or more.
    texts = [text.replace("the of and my", "der und mein") if i >= 900 else text for i, text in enumerate(texts)]
    found = name_neighbourhoods(places, texts, [None] * len(texts))
    assert {"der", "und", "mein"}.isdisjoint(word for one in found for word in one.words)
    assert len({word for one in found for word in one.words} & set(things)) >= 10


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_songs_that_all_stand_in_one_place_are_no_error():
    texts = [THINGS[number % 10] for number in range(60)]
    assert name_neighbourhoods(np.zeros((60, 2)), texts, [None] * 60) == []
    assert name_neighbourhoods(np.repeat([[0.0, 0.0], [1.0, 1.0]], 30, axis=0), texts, [None] * 60) == []


def test_larger_maps_have_finer_neighbourhoods_too():
    things = [a + b for a in ("sea", "sky", "fire", "wood") for b in ("man", "born", "light", "song", "road")]
    places, texts, _ = town(60, things)
    found = name_neighbourhoods(places, texts, ["en"] * len(texts))
    by_level = {level: [one for one in found if one.level == level] for level in range(LEVELS)}
    assert 0 < len(by_level[0]) <= WIDEST
    assert len(by_level[0]) < len(by_level[1]) <= 4 * WIDEST
    assert by_level[2] == []  # 1,200 songs are too few for 192 neighbourhoods
    assert name_neighbourhoods(places, texts, ["en"] * len(texts)) == found


@pytest.mark.parametrize("texts", [[], [""] * 40, ["one two three"] * 10, ["a 1 22 ab"] * 40])
def test_nothing_to_name_is_no_error(texts):
    places = np.random.default_rng(0).uniform(-1, 1, (len(texts), 2))
    assert name_neighbourhoods(places, texts, [None] * len(texts)) == []
