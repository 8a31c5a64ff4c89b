"""Given words are listened for: what is forced, what is kept, and which texts a search then listens for."""

from itertools import combinations
from math import log2
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.speech.scripted import Whisper, script, sound

from alcca.errors import DataError, UsageError
from alcca.matching.bits import bits
from alcca.speech import recogniser as hearing
from alcca.speech import second_listening
from alcca.speech.decoder import KEPT, Decoder, Encoded
from alcca.speech.recogniser import RATE, Recogniser
from alcca.speech.second_listening import best_stretch
from alcca.transcripts import Listened, Segment, Transcript

faster_whisper = pytest.importorskip("faster_whisper")

VERSE = "hello darkness my old friend i have come to talk with you again because a vision softly creeping"
LOOP = [0.0, "oh " * 60, 18.0]
# The first sample and the length of silence, as the scripted model names it; no other sound here has them.
SILENCE = (0.0, 30.0)


@pytest.fixture
def recogniser(monkeypatch, tmp_path):
    monkeypatch.delenv("ALCCA_SPEECH_MODEL", raising=False)
    monkeypatch.setattr(hearing, "find_weights", lambda model, *, offline: tmp_path)
    monkeypatch.setattr(faster_whisper, "WhisperModel", Whisper)
    monkeypatch.setattr(hearing, "has_voice", lambda samples: True)
    return Recogniser()


@pytest.fixture
def decoder():
    return Decoder(Whisper("nowhere"), Path("nowhere"))


def believes(recogniser, *sung, over_silence=1 / 8):
    """Let the model believe in these words over a recording, and in no word more than another over silence."""
    whisper = recogniser._whisper

    def probability(heard, tokens):
        words = [whisper.hf_tokenizer.words[token] for token in tokens]
        return [over_silence if heard == SILENCE else 1 / 2 if word in sung else 1 / 16 for word in words]

    whisper.probability = probability
    return whisper


def token(whisper, name):
    return whisper.hf_tokenizer.token_to_id(f"<|{name}|>")


# What is forced


def test_forced_tokens_have_the_logarithms_of_their_probabilities(decoder):
    whisper = decoder._whisper
    whisper.probability = lambda heard, tokens: [0.5, 0.25, 0.0]
    tokens = decoder.tokens("hello  darkness\n my", "de")
    found = decoder.force(decoder.encode(sound(20)), "de", tokens)
    # A probability of zero, too: sums of bits are finite.
    np.testing.assert_allclose(found, [-1, -2, log2(1e-12)])
    ((heard, forced, prompt, _),) = whisper.forced
    assert (heard, [whisper.hf_tokenizer.words[one] for one in forced]) == ((0.0, 20.0), ["hello", "darkness", "my"])
    assert prompt == [token(whisper, name) for name in ("startoftranscript", "de", "transcribe")]
    assert decoder.text(tokens, "de") == "hello darkness my"


def test_without_tokens_nothing_is_forced(decoder):
    assert decoder.tokens(" \n", "en") == []
    assert decoder.force(decoder.encode(sound(20)), "en", []).shape == (0,)
    assert decoder._whisper.forced == []


def test_a_text_with_its_prompt_is_not_longer_than_the_model_can_write(decoder):
    # Before it are three tokens and one for "no time stamps", after it is its end.
    assert len(decoder.tokens("la " * 500, "en")) == Whisper.max_length - 5
    assert len(decoder.tokens("la " * 443, "en")) == 443


def test_of_silence_a_part_is_enough_for_a_processor(decoder):
    assert decoder.silence().features.shape[1] == 200
    assert decoder.silence().seconds == 4.0
    assert decoder._whisper.places == [SILENCE]


def test_silence_stays_whole_on_another_device(decoder):
    class OnCuda(np.ndarray):
        device = "cuda"

    whole = decoder._whisper.encode
    decoder._whisper.encode = lambda features: whole(features).view(OnCuda)
    assert decoder.silence().features.shape[1] == 3_000


# The best stretch


@given(st.lists(st.integers(-20, 20), max_size=12))
def test_no_stretch_has_a_larger_sum_than_the_best(numbers):
    start, end = best_stretch(np.array(numbers, dtype=np.float64))
    best = max((sum(numbers[a:b]) for a, b in combinations(range(len(numbers) + 1), 2)), default=0)
    assert 0 <= start <= end <= len(numbers)
    assert sum(numbers[start:end]) == max(best, 0)


# What is listened for


def test_bits_are_those_of_the_best_stretch_against_silence(recogniser):
    believes(recogniser, "darkness", "my")
    # Each believed word is four times as likely as over silence, each other one half as likely.
    assert recogniser.listen(sound(20), [["hello darkness my old friend"]]) == [Listened(4.0, "darkness my")]
    assert recogniser.listen(sound(20), [["hello old friend"]]) == [Listened(0.0, "")]


def test_the_best_excerpt_of_a_text_counts_and_texts_keep_their_order(recogniser):
    believes(recogniser, "darkness", "my", "friend")
    found = recogniser.listen(sound(20), [["hello", "my friend", "darkness"], [], ["darkness", "old"], [""]])
    assert found == [Listened(4.0, "my friend"), Listened(0.0, ""), Listened(2.0, "darkness"), Listened(0.0, "")]
    assert recogniser.listen(sound(20), []) == []


def test_an_excerpt_beyond_the_limit_of_the_model_is_cut(recogniser):
    believes(recogniser, "la")
    (found,) = recogniser.listen(sound(20), [["la " * 460]])
    assert found == Listened(2.0 * 443, " ".join(["la"] * 443))


def asked_of_silence(whisper):
    return [
        (prompt[1], " ".join(whisper.hf_tokenizer.words[one] for one in tokens))
        for heard, tokens, prompt, _ in whisper.forced
        if heard == SILENCE
    ]


def test_silence_is_asked_once_for_each_excerpt_and_language(recogniser):
    whisper = recogniser._whisper
    # Also if its encoding is no longer among those that are kept.
    for start, language in enumerate(("en",) * (KEPT + 1) + ("de",) * 2, 1):
        recogniser.listen(sound(20) + start, [["old friend"], ["my", "old friend"]], language=language)
    assert asked_of_silence(whisper) == [
        (token(whisper, language), text) for language in ("en", "de") for text in ("old friend", "my")
    ]
    assert whisper.places.count(SILENCE) == 1


def test_what_silence_said_longest_ago_is_forgotten_first(recogniser, monkeypatch):
    monkeypatch.setattr(second_listening, "REMEMBERED", 2)
    whisper = recogniser._whisper
    for text in ("one", "two", "one", "three", "one", "two"):
        recogniser.listen(sound(20), [[text]])
    assert [text for _, text in asked_of_silence(whisper)] == ["one", "two", "three", "two"]


def test_the_language_is_given_or_detected_once(recogniser):
    whisper = recogniser._whisper
    for given_, likely, expected in (("German", "br", "de"), (None, "br", "br"), ("yue", "de", "de")):
        whisper.forced.clear()
        whisper.likely = [(likely, 0.4), ("en", 0.9)]
        recogniser.listen(sound(20), [["old"], ["friend"]], language=given_)
        assert {prompt[1] for _, _, prompt, _ in whisper.forced} == {token(whisper, expected)}
    with pytest.raises(UsageError, match="klingon"):
        recogniser.listen(sound(20), [["old"]], language="klingon")


def test_an_english_only_model_listens_for_english(monkeypatch, tmp_path):
    monkeypatch.setattr(hearing, "find_weights", lambda model, *, offline: tmp_path)
    monkeypatch.setattr(faster_whisper, "WhisperModel", type("English", (Whisper,), {"multilingual": False}))
    english = Recogniser()
    english.listen(sound(20), [["old"]], language="de")
    assert all(prompt == [token(english._whisper, "startoftranscript")] for _, _, prompt, _ in english._whisper.forced)


@pytest.mark.parametrize("level", [0.0, 0.5])
def test_in_silence_nothing_is_found(recogniser, level):
    whisper = believes(recogniser, "old")
    assert recogniser.listen(np.full(RATE, level, np.float32), [["old"], []]) == [Listened(0.0, "")] * 2
    assert (whisper.places, whisper.forced) == ([], [])


def test_only_half_a_minute_is_used(recogniser):
    samples = sound(40) + 1
    samples[31 * RATE :] = np.nan
    recogniser.listen(samples, [["old"]])
    assert recogniser._whisper.places == [(1.0, 30.0), SILENCE]
    samples[29 * RATE] = np.nan
    with pytest.raises(DataError, match=r"from 0.0 s hold NaN"):
        recogniser.listen(samples, [["old"]])


@pytest.mark.parametrize("samples", [np.empty(0, np.float32), np.zeros((2, RATE), np.float32)])
def test_what_is_no_sound_is_refused(recogniser, samples):
    with pytest.raises(DataError, match="shape"):
        recogniser.listen(samples, [["old"]])


# What is kept


def test_a_recording_is_encoded_once_to_be_read_and_to_be_listened_to(recogniser):
    whisper = script(recogniser, LOOP)
    whisper.seconds = [["and so"], ["and so"], ["and so"]]
    recogniser.hear(sound(20))
    read = list(whisper.places)
    assert read == [(0.0, 20.0), (0.0, 10.0), (10.0, 10.0)]
    for _ in range(2):
        recogniser.listen(sound(20), [["old friend"]])
        assert whisper.places == [*read, SILENCE]


def test_the_encoding_that_was_used_longest_ago_goes_first(decoder):
    places = decoder._whisper.places
    for start in range(KEPT):
        decoder.encode(sound(5) + start)
    # The first one is used again, so the second one goes.
    decoder.encode(sound(5))
    decoder.encode(sound(5) + KEPT)
    assert [first for first, _ in places] == list(range(KEPT + 1))
    decoder.encode(sound(5))
    decoder.encode(sound(5) + 1)
    assert [first for first, _ in places] == [*range(KEPT + 1), 1]


def test_other_samples_and_last_words_have_encodings_of_their_own(decoder):
    one = decoder.encode(sound(5))
    assert decoder.encode(sound(5)) is one
    other = sound(5)
    other[-1] += 1
    assert decoder.encode(other) is not one
    again = decoder.encode(sound(5), goes_on=True)
    assert isinstance(again, Encoded)
    assert again.features.shape[1] < one.features.shape[1]


# Guesses


def read_again(recogniser, first, *seconds, guesses=("to be or", "not to be"), scores=()):
    whisper = script(recogniser, first)
    whisper.seconds, whisper.guesses, whisper.second_scores = list(seconds), list(guesses), list(scores)
    return whisper


def guessed(heard):
    return [(one.start, one.end, one.text) for one in heard.guesses]


def test_the_next_likely_texts_are_guesses_where_all_readings_are_in_doubt(recogniser):
    read_again(recogniser, LOOP, [VERSE], [VERSE[:50]], [VERSE[50:]], scores=[-1.2] * 3)
    heard = recogniser.hear(sound(20), start=100.0)
    assert (heard.has_words, heard.doubtful) == (True, True)
    assert guessed(heard) == [
        (start, end, text)
        for start, end in ((100.0, 120.0), (100.0, 110.0), (110.0, 120.0))
        for text in ("to be or", "not to be")
    ]


@pytest.mark.parametrize("seconds", [[[VERSE]], [["and so"], [VERSE[:50]], [VERSE[50:]]]], ids=["whole", "in halves"])
def test_a_reading_that_is_not_in_doubt_leaves_nothing_to_guess(recogniser, seconds):
    read_again(recogniser, LOOP, *seconds)
    heard = recogniser.hear(sound(20))
    assert (heard.doubtful, heard.guesses) == (False, ())


def test_what_is_taken_out_is_a_guess_and_no_guess_is_made_twice(recogniser):
    read_again(recogniser, [0.0, "...", 7.0], ["thank you very much"], guesses=["thanks", "thank you very much", ""])
    heard = recogniser.hear(sound(7))
    assert (heard.has_words, heard.doubtful) == (False, True)
    assert guessed(heard) == [(0.0, 7.0, "thank you very much"), (0.0, 7.0, "thanks")]


def test_a_recording_has_the_guesses_of_all_its_windows(recogniser):
    whisper = script(recogniser, [0.0, "oh " * 60, 30.0], [0.0, VERSE, 20.0])
    whisper.guesses = ["to be or"]
    heard = recogniser.hear(sound(55))
    assert heard.text.endswith(VERSE)
    assert [(start, end) for start, end, _ in guessed(heard)] == [(0.0, 30.0), (0.0, 15.0), (15.0, 30.0)]


WORDS, OTHER, GUESS = Segment(0, 9, "hello darkness my old friend"), Segment(0, 9, "oh"), Segment(0, 9, "wide water")
LYRICS = ["Hello darkness, my old friend", "The water is wide, wide water"]


def test_guesses_are_matched_beside_words_and_never_shown():
    heard = Transcript((WORDS,), "en", alternatives=(OTHER,), guesses=(GUESS,))
    assert heard.text == WORDS.text
    assert heard.all_segments == (WORDS, OTHER, GUESS)
    assert heard.all_text == heard.every_text == f"{WORDS.text}\noh\nwide water"
    assert (bits([heard], LYRICS)[0] > 5).all()


@pytest.mark.parametrize("segments", [(), (Segment(0, 9, "  "),)])
def test_without_words_guesses_are_no_evidence(segments):
    heard = Transcript(segments, guesses=(GUESS,))
    assert not heard.has_words
    assert (heard.text.strip(), heard.all_text.strip(), heard.every_text.strip()) == ("", "", "wide water")
    assert GUESS not in heard.all_segments
    assert not bits([heard], LYRICS).any()


def test_a_transcript_keeps_its_guesses_and_an_older_one_has_none():
    heard = Transcript((WORDS,), "en", alternatives=(OTHER,), guesses=(GUESS,))
    kept = heard.to_dict()
    assert Transcript.from_dict(kept) == heard
    del kept["guesses"]
    assert Transcript.from_dict(kept) == Transcript((WORDS,), "en", alternatives=(OTHER,))
