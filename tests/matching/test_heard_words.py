"""Transcripts find their lyrics, and lyrics their transcripts, in every language and however they are written."""

import random

import numpy as np
import pytest
from sklearn.base import clone
from tests.matching.texts import SONGS, misheard

from alcca import HeardWords
from alcca.transcripts import Segment, Transcript

ALL = [text for texts in SONGS.values() for text in texts]


@pytest.mark.parametrize("language", SONGS)
@pytest.mark.parametrize("share", [0.15, 0.35])
def test_half_a_song_misheard_finds_its_lyrics_and_back(language, share):
    draw = random.Random(7)
    texts = SONGS[language]
    heard = [misheard(text[: len(text) // 2], share, draw) for text in texts]
    scores = HeardWords().similarity(heard, ALL)
    own = [ALL.index(text) for text in texts]
    assert scores.argmax(axis=1).tolist() == own
    assert scores[:, own].argmax(axis=0).tolist() == list(range(len(texts)))


@pytest.mark.parametrize(
    ("heard", "written"),
    [
        ("i'm gonna leave you, away you rollin' river", ALL[13]),
        (
            "what shall we do with a drunk and sailor",
            "[Chorus 2x]\n" + ALL[12] + "\n[Verse 1: Jack]\nWay, hay, up she rises",
        ),
        (
            "the water is wide the water is wide i cannot get over i cannot get over",
            "The water is wide,\nI cannot get over (x2)",
        ),
        ("SAH EIN KNAB EIN ROESLEIN STEHN", ALL[2]),
    ],
)
def test_spelling_marks_and_repetition_are_normal_input(heard, written):
    others = [text for text in ALL if text[:15] not in written]
    scores = HeardWords().similarity([heard], [*others, written])[0]
    assert scores[-1] > 15
    assert scores[:-1].max() < scores[-1] / 2


def test_without_words_on_either_side_scores_are_exactly_0_and_others_above():
    nothing = [None, "", Transcript(), Transcript((Segment(0, 1, " ... "),)), "!?"]
    scores = HeardWords().similarity(["no wings to fly", *nothing], [*ALL, None, ""])
    assert (scores[0, :-2] > 0).all()
    assert not scores[1:].any()
    assert not scores[:, -2:].any()


def test_one_lyric_and_no_lyrics():
    assert HeardWords().similarity(["my love you do me wrong"], [ALL[15]])[0, 0] > 40
    assert HeardWords().similarity([], []).shape == (0, 0)
    assert HeardWords().similarity(["a"], []).shape == (1, 0)
    assert HeardWords().similarity([None], [None]).tolist() == [[0.0]]


def test_what_a_transcript_has_in_common_with_all_lyrics_is_no_evidence():
    common = "all night long we sing and dance until the morning light"
    lyrics = [f"{common} {text}" for text in ALL]
    heard = [common, "the water is wide i cannot get over and neither have i wings"]
    scores = HeardWords().fit((ALL, lyrics)).similarity(heard, lyrics)
    assert scores[0].max() < 10 < scores[1, 14]
    assert scores[:, 14].argmax() == 1


@pytest.mark.parametrize("words", [HeardWords(), HeardWords().fit((ALL, ALL))], ids=["bundled", "fitted"])
def test_a_pair_has_one_score_whatever_else_is_compared(words):
    heard = ["my love you do me wrong", "ma chandelle est morte", "la la la"]
    together = words.similarity(heard, ALL)
    for row, text in enumerate(heard):
        np.testing.assert_allclose(words.similarity([text], ALL)[0], together[row], rtol=1e-12)
    for column, text in enumerate(ALL):
        np.testing.assert_allclose(words.similarity(heard, [text])[:, 0], together[:, column], rtol=1e-12)


def test_songs_unlike_a_near_duplicate_keep_their_order():
    """Versions of a song fit its transcript by hundreds of bits, and other songs by hundreds less than those."""
    draw = random.Random(4)
    song, others = " ".join(ALL[:5]), ALL[5:]
    versions = [misheard(song, 0.05, draw) for _ in range(15)]
    words = HeardWords().fit((versions, versions))
    scores = words.similarity([song], [*versions, *others])[0]
    evidence = words.background_.bits([song], [*versions, *others])[0]
    assert evidence[:15].min() > evidence[15:].max() + 300
    assert np.argsort(scores).tolist() == np.argsort(evidence).tolist()
    # Retrieval counts scores as equal that differ by less than 1e-12 of the largest.
    assert np.diff(np.sort(scores)).min() > 1e-9 * scores.max()


def test_the_order_of_the_lyrics_it_was_given_makes_no_difference():
    scores = [HeardWords().fit((ALL, lyrics)).similarity(ALL[:3], ALL) for lyrics in (ALL, ALL[::-1], [None, *ALL, ""])]
    np.testing.assert_array_equal(scores[0], scores[1])
    np.testing.assert_array_equal(scores[0], scores[2])


def test_it_is_an_estimator_without_settings():
    words = HeardWords()
    assert words.fit([["a"], ["b"]]) is words
    assert clone(words).get_params() == {}
    assert not hasattr(clone(words), "background_")
    assert HeardWords().fit(([], [])).similarity(["a b c"], ["a b c", "x"]).argmax() == 0


@pytest.mark.data
def test_songbook_passages_misheard_are_found_among_all_lyrics(data_folder):
    paths = sorted((data_folder / "songbook" / "lyrics").glob("*.txt"))
    draw = random.Random(1)
    texts = [path.read_text(encoding="utf-8") for path in draw.sample(paths, 200)]
    heard = []
    for text in texts[:40]:
        begin = draw.randrange(max(1, len(text) - 150))
        heard.append(misheard(text[begin : begin + 150], 0.4, draw))
    scores = HeardWords().similarity(heard, texts)
    ranks = (scores >= scores[np.arange(40), np.arange(40)][:, None]).sum(axis=1)
    assert np.mean(1 / ranks) > 0.9
