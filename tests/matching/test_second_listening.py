"""Which excerpts of which songs are listened for, in which order, and when it is enough."""

import numpy as np
import pytest

from alcca.errors import TranscriptionError
from alcca.matching.excerpts import excerpts
from alcca.matching.listened import listened_bits
from alcca.matching.posterior import SURE
from alcca.matching.second_listening import (
    BATCH,
    EXCERPTS,
    OF_ONE_SONG,
    Listening,
    find_by_listening,
    find_in_recordings,
    is_unsure,
)
from alcca.transcripts import Listened

WATER = "The water is wide, I cannot get over, and neither have I wings"
ROSE = "Sah ein Knab ein Röslein stehn, Röslein auf der Heiden"


class Ears:
    """A listener that finds these bits in texts with these words, and 10 in others."""

    def __init__(self, **hears):
        self.hears, self.calls = hears, []

    def __call__(self, texts):
        self.calls.append(texts)
        return [
            Listened(max((bits for word, bits in self.hears.items() if word in " ".join(text)), default=10.0), text[0])
            for text in texts
        ]

    @property
    def asked(self):
        return [text for call in self.calls for text in call]


def find(ears, lyrics, words="", *, careful=False, among=1_000):
    return find_by_listening(Listening(ears, careful), words, lyrics, among)


def many(count):
    """Lyrics of songs that share no words with the others here."""
    return {number: f"{chr(97 + number % 26)}um{number}" for number in range(count)}


def test_songs_have_the_evidence_of_their_scores_beside_the_others():
    found = find(Ears(water=120.0, Knab=30.0), {3: WATER, 7: ROSE, 5: "Alas, my love"})
    assert list(found) == [3, 7, 5]
    assert [(one.score, one.words) for one in found.values()] == [(120.0, WATER), (30.0, ROSE), (10.0, "Alas, my love")]
    assert [one.bits for one in found.values()] == listened_bits([120.0, 30.0, 10.0]).tolist()


def test_what_shares_words_comes_first_and_others_keep_their_order():
    ears = Ears()
    near, *others = "wide water", "bum1", "aum0"
    find(ears, {5: others[0], 2: near, 7: others[1], 3: WATER}, "oh the water is wide I cannot get over")
    assert ears.asked == [[WATER], [near], *([other] for other in others)]


def test_no_more_excerpts_are_asked_than_there_is_time_for():
    ears = Ears()
    find(ears, {**many(100), 100: WATER}, "the water is wide")
    assert sum(map(len, ears.asked)) == EXCERPTS
    assert ears.asked == [[WATER], *([text] for text in list(many(100).values())[: EXCERPTS - 1])]


def long_song():
    """Many excerpts, of which the fifth shares words with what is heard."""
    parts = [" ".join(f"{letter}{letter}{number}" for number in range(60)) for letter in "bcdfghjk"]
    return "\n".join([*parts[:4], WATER, *parts[4:]])


def test_of_a_long_song_the_likeliest_excerpts_are_asked():
    ears, lyrics = Ears(), long_song()
    find(ears, {1: lyrics, 2: ROSE}, WATER)
    (first, *_), own = ears.asked[0], ears.asked[0]
    assert "water" in first
    assert len(own) == OF_ONE_SONG < len(excerpts(lyrics))
    assert ears.asked[1] == [ROSE]


def test_a_careful_search_asks_all_excerpts_of_all_songs():
    ears, lyrics = Ears(), {1_000: long_song(), **many(100)}
    assert list(find(ears, lyrics, careful=True)) == [1_000, *range(100)]
    assert ears.asked[0] == excerpts(lyrics[1_000])


def test_it_stops_when_a_song_is_sure_enough():
    lyrics = {**many(39), 50: WATER}
    for score, batches in ((300.0, 1), (10.0, 3)):
        ears = Ears(water=score)
        found = find(ears, lyrics, WATER)
        assert [len(call) for call in ears.calls] == [BATCH, BATCH, EXCERPTS - 2 * BATCH][:batches]
        assert len(found) == len(ears.asked)
        assert found[50].score == score


def test_two_versions_of_a_song_are_not_enough():
    ears = Ears(water=300.0)
    found = find(ears, {**many(38), 50: WATER, 51: WATER}, WATER)
    assert len(ears.calls) == 3
    assert found[50] == found[51]


def test_more_songs_need_more_evidence():
    for among, enough in ((40, True), (10**9, False)):
        ears = Ears(water=88.0)
        find(ears, {**many(39), 50: WATER}, WATER, among=among)
        assert (len(ears.calls) == 1) is enough


@pytest.mark.parametrize("lyrics", [{}, {1: "… !?", 2: ""}])
def test_without_lyrics_there_is_nothing_to_listen_for(lyrics):
    ears = Ears()
    assert find(ears, lyrics, "the water is wide") == {}
    assert ears.calls == []


def test_fewer_songs_may_be_compared_than_were_listened_for():
    assert find(Ears(water=300.0), {1: WATER, 2: ROSE}, among=0)[1].bits > 20


def test_the_reason_why_it_is_not_possible_is_passed_on():
    def fail(texts):
        raise TranscriptionError("it took too long")

    with pytest.raises(TranscriptionError, match="it took too long"):
        find(fail, {1: WATER})


def test_recordings_are_listened_to_for_the_excerpts_that_may_be_sung_in_them():
    recordings = {1: Ears(water=130.0), 2: Ears(), 3: Ears()}
    text = long_song()
    found, failures = find_in_recordings(recordings, text, {1: "the water is wide", 3: ""})
    assert failures == []
    assert [one.score for one in found.values()] == [130.0, 10.0, 10.0]
    assert [one.bits for one in found.values()] == listened_bits([130.0, 10.0, 10.0]).tolist()
    # Without words, the first ones.
    assert "water" in recordings[1].asked[0][0]
    assert recordings[2].asked == recordings[3].asked == [excerpts(text)[:OF_ONE_SONG]]


def test_recordings_that_cannot_be_listened_to_do_not_end_the_others():
    def fail(texts):
        raise TranscriptionError("the file has gone")

    found, failures = find_in_recordings({1: fail, 2: Ears(water=130.0), 3: fail}, WATER, {})
    assert (list(found), failures) == ([2], ["the file has gone"] * 2)
    assert find_in_recordings({}, WATER, {}) == ({}, [])


@pytest.mark.parametrize(("probabilities", "unsure"), [([], True), ([SURE - 0.01, 0.01], True), ([SURE], False)])
def test_the_best_song_makes_a_search_sure(probabilities, unsure):
    assert is_unsure(np.array(probabilities)) is unsure


def test_a_text_is_looked_for_in_recordings():
    def ears(bits):
        return lambda texts: [Listened(bits, texts[0][0])]

    def deaf(texts):
        raise TranscriptionError("it is damaged")

    found, failures = find_in_recordings({1: ears(14.0), 2: ears(90.0), 3: deaf, 4: ears(20.0)}, "tea for two", {})
    assert failures == ["it is damaged"]
    assert list(found) == [1, 2, 4]
    assert found[2].words == "tea for two"
    assert found[2].bits > 15
    assert found[1].bits == found[4].bits == 0


def test_of_a_long_text_a_recording_is_asked_for_what_it_may_hold():
    verses = [
        " ".join(f"{word}{number}" for number in range(45)) for word in ("alpha", "bravo", "charlie", "delta", "echo")
    ]
    asked = []

    def listen(texts):
        asked.append(texts)
        return [Listened(1.0, "")]

    find_in_recordings({7: listen}, "\n".join(verses), {7: verses[3]})
    ((best,),) = asked
    assert len(best) == 3
    assert "delta20" in best[0]
