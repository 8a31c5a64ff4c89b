"""Words sung on notes."""

import numpy as np
import pytest

from alcca.datasets import singing
from alcca.datasets.espeak import Phoneme
from alcca.datasets.render import RATE, Note
from alcca.datasets.singing import Word, align, sing

DU = [Phoneme("d", 0.0, 0.1), Phoneme("u:", 0.1, 0.3)]
SEELE = [Phoneme("z", 0.0, 0.1), Phoneme("'e:", 0.1, 0.3), Phoneme("l", 0.3, 0.4), Phoneme("@", 0.4, 0.5)]
TAG = [Phoneme("t", 0.0, 0.1), Phoneme("A:", 0.1, 0.3), Phoneme("k", 0.3, 0.4)]


def word(text, *notes, breath=False):
    return Word(text, tuple((Note(*note),) for note in notes), breath)


def frequency(sound, start, seconds=0.3):
    """Pitch by autocorrelation, in hertz, between 60 and 300."""
    piece = sound[int(start * RATE) : int((start + seconds) * RATE)].astype(float)
    alike = np.correlate(piece, piece, "full")[len(piece) - 1 :]
    low, high = RATE // 300, RATE // 60
    return RATE / (low + alike[low:high].argmax())


def test_every_vowel_begins_with_its_note_and_consonants_come_before():
    words = [word("du", (45, 1.0, 0.5)), word("Seele", (47, 1.5, 0.5), (48, 2.0, 1.0)), word("Tag", (45, 3.0, 1.0))]
    sung = align(words, [DU, SEELE, TAG])
    assert [one.spoken.name for one in sung] == ["d", "u:", "z", "'e:", "l", "@", "t", "A:", "k"]
    vowels = [one for one in sung if one.spoken.is_vowel]
    assert [one.start for one in vowels] == [1.0, 1.5, 2.0, 3.0]
    assert [one.word for one in vowels] == [0, 1, 1, 2]
    # Nothing overlaps, and without a rest nothing is left empty.
    np.testing.assert_allclose([one.end for one in sung[:-1]], [one.start for one in sung[1:]])
    assert sung[-1].end == 4.0
    assert sung[0].end - sung[0].start == pytest.approx(0.1 * singing.CONSONANT_STRETCH)


def test_consonants_give_way_on_short_notes():
    words = [word("Tag", (45, 1.0, 0.2)), word("Tag", (45, 1.2, 0.2))]
    sung = align(words, [TAG, TAG])
    vowel = sung[1]
    assert vowel.end - vowel.start == pytest.approx(singing.VOWEL_SHARE * 0.2)
    assert sung[2].end - sung[2].start < 0.1


def test_a_word_is_closed_before_a_breath_and_before_a_rest():
    spoken = [TAG, TAG]
    through = align([word("Tag", (45, 1.0, 1.0)), word("Tag", (45, 2.0, 1.0))], spoken)
    breath = align([word("Tag", (45, 1.0, 1.0), breath=True), word("Tag", (45, 2.0, 1.0))], spoken)
    rest = align([word("Tag", (45, 1.0, 1.0)), word("Tag", (45, 4.0, 1.0))], spoken)
    assert through[2].end == pytest.approx(through[3].start)
    assert breath[3].start - breath[2].end == pytest.approx(singing.BREATH_SECONDS)
    assert rest[2].end == pytest.approx(2.0)
    assert rest[3].end == 4.0


def test_more_or_fewer_vowels_than_syllables_share_the_notes():
    one = align([word("Seele", (45, 1.0, 2.0))], [SEELE])
    assert [x.start for x in one if x.spoken.is_vowel] == [1.0, 2.0]
    three = align([word("Seele", (45, 1.0, 1.0), (46, 2.0, 1.0), (47, 3.0, 1.0))], [SEELE])
    assert [x.start for x in three if x.spoken.is_vowel] == [1.0, 2.0]
    assert three[-1].end == 4.0
    assert align([word("s", (45, 1.0, 1.0))], [[Phoneme("s", 0.0, 0.1)]]) == []


def test_long_vowels_are_held_in_the_middle_and_diphthongs_at_the_start():
    for name, share in (("a:", 0.5), ("aI", 0.325)):
        spoken = Phoneme(name, 1.0, 1.2)
        sung = singing.SungPhoneme(0, spoken, 3.0, 5.0)
        source = singing._stretched(sung, np.array([3.0, 3.02, 4.0, 4.99, 5.0]))
        np.testing.assert_allclose(source[[0, 1, 3, 4]], [1.0, 1.02, 1.19, 1.2])
        assert source[2] == pytest.approx(1.0 + 0.2 * share, abs=0.01)


def test_the_voice_sings_the_notes():
    notes = [(45, 0.5, 1.0), (52, 1.5, 1.0), (48, 2.5, 1.5)]
    sound = sing([word("Aneda", *notes)], seconds=4.5)
    assert sound.shape == (int(4.5 * RATE),)
    for pitch, start, _ in notes:
        assert frequency(sound, start + 0.25) == pytest.approx(440 * 2 ** ((pitch - 69) / 12), rel=0.02)
    assert np.abs(sound[: int(0.4 * RATE)]).max() < 1e-3
    assert np.abs(sound[int(4.2 * RATE) :]).max() < 1e-3


def test_the_melody_glides_and_long_notes_have_vibrato():
    times = np.arange(800) * 0.005
    melody = singing._melody([Note(45, 0.0, 2.0), Note(57, 2.0, 2.0)], times)
    assert melody[0] == pytest.approx(110)
    assert 115 < melody[400] < 215
    late = 12 * np.log2(melody[500:800] / 220)
    assert late.max() == pytest.approx(singing.VIBRATO_DEPTH, abs=0.02)
    assert late.min() == pytest.approx(-singing.VIBRATO_DEPTH, abs=0.02)
    assert np.abs(12 * np.log2(melody[10:40] / 110)).max() < 1e-9


def test_the_same_words_sound_the_same():
    words = [word("Schatz", (45, 0.2, 0.8)), word("Freude", (47, 1.0, 0.5), (48, 1.5, 0.5))]
    once = sing(words, 2.5)
    singing._spoken.cache_clear()
    sing([word("Anderes", (45, 0.2, 0.8))], 1.0)
    np.testing.assert_array_equal(sing(words, 2.5), once)


def test_what_is_too_long_is_cut_and_nothing_is_silence():
    words = [word("du", (45, float(i), 1.0)) for i in range(5)]
    np.testing.assert_array_equal(sing(words, 2.5)[: 2 * RATE - 4000], sing(words[:3], 2.5)[: 2 * RATE - 4000])
    assert not sing([], 1.0).any()
