"""Bach's chorales from music21's corpus: notes, words, and which belong together."""

import numpy as np
import pytest

from alcca.datasets import scores
from alcca.datasets.scores import bwv, read_score, scores_with_words

SECONDS = 32.0


@pytest.fixture(scope="module")
def corpus():
    found = {bwv(score): score for score in scores_with_words()}
    assert 330 <= len(found) <= 345
    return found


@pytest.mark.slow
def test_a_famous_chorale_is_read_right(corpus):
    song = read_score(corpus["80.8"], SECONDS)
    assert song.title == "Ein' feste Burg ist unser Gott"
    assert song.label == "major"
    assert song.melody == "0 0 -5 2 2 1 -1 -2"
    assert "\n" in song.lyrics
    assert len(song.voices) == 4
    for voice in song.voices:
        starts = [note.start for note in voice]
        assert starts == sorted(starts)
        assert max(note.start + note.seconds for note in voice) > SECONDS
    assert read_score(corpus["144.6"], SECONDS).label == "minor"


@pytest.mark.slow
def test_syllables_stand_on_their_notes(corpus):
    song = read_score(corpus["80.8"], SECONDS)
    soprano = {note.start: note for note in song.voices[0]}
    assert [word.text for word in song.words[:6]] == ["Ein", "feste", "Burg", "ist", "unser", "Gott"]
    assert [len(word.syllables) for word in song.words[:6]] == [1, 2, 1, 1, 2, 1]
    assert [word.breath for word in song.words[:8]].count(True) == 1
    sung = [note for word in song.words for syllable in word.syllables for note in syllable]
    assert [note.start for note in sung] == sorted(note.start for note in sung)
    for note in sung:
        assert note.pitch == soprano[note.start].pitch - 24
    # Melismas and all, somebody sings nearly whenever the soprano plays.
    assert sum(note.seconds for note in sung) > 0.95 * sum(note.seconds for note in song.voices[0])


@pytest.mark.slow
def test_a_second_verse_is_sung_the_second_time(corpus):
    song = read_score(corpus["377"], 60.0)
    sung = " ".join(word.text for word in song.words)
    first, second = sung.index("Machs mit mir Gott"), sung.index("was ich dich bitt")
    assert first < second
    # The lines that both verses share are sung with each.
    assert "so nimm sie" in sung[first:second]
    assert "so nimm sie" in sung[second:]
    assert song.line_starts == tuple(sorted(song.line_starts))
    lines = dict(zip(song.lyrics.splitlines(), song.line_starts, strict=True))
    word = next(word for word in song.words if word.text == "so")
    assert lines["so nimm sie,"] == word.syllables[0][0].start
    assert lines["was ich dich bitt',"] > max(lines["so nimm sie,"], 30 * scores.BEAT)


@pytest.mark.parametrize(
    ("signature", "bass", "mode"),
    [
        ("Key a", 60, "minor"),
        ("Key C", 57, "major"),
        (0, 57, "minor"),
        (0, 48, "major"),
        (2, 50, "major"),
        (None, 57, "minor"),
    ],
)
def test_the_mode_is_the_key_signatures_or_told_by_the_last_bass_note(signature, bass, mode):
    from music21 import key, note, stream

    part = stream.Part()
    if isinstance(signature, str):
        part.append(key.Key(signature.split()[1]))
    elif signature is not None:
        part.append(key.KeySignature(signature))
    part.append(note.Note(64))
    part.append(note.Note(bass))
    assert scores._mode(part, part) == mode


def test_tied_notes_are_one():
    from music21 import note, stream, tie

    part = stream.Part()
    for pitch, kind in ((60, "start"), (60, "continue"), (60, "stop"), (60, None), (62, None)):
        found = note.Note(pitch)
        found.tie = tie.Tie(kind) if kind else None
        part.append(found)
    beat = scores.BEAT
    voice = [tuple(map(float, played)) for played in scores._voice(part)]
    np.testing.assert_allclose(voice, [(60, 0, 3 * beat), (60, 3 * beat, beat), (62, 4 * beat, beat)])


def test_words_are_broken_at_punctuation_and_numbers_of_verses_dropped():
    words = "1. Weg, mein Herz, mit den Gedanken.\n2. Freu' dich sehr; o meine Seele"
    assert scores._lines(words) == "Weg,\nmein Herz,\nmit den Gedanken.\nFreu' dich sehr;\no meine Seele"
    assert scores._title(scores._lines(words)) == "Weg, mein Herz, mit den Gedanken"
    assert scores._title("Was Gott thut, das ist wohlgethan, es bleibt") == "Was Gott thut, das ist wohlgethan"
    assert scores._title("Kyrie") == "Kyrie"
