"""Lyrics and a recording: spoken lines with a break between, two of them said again, and what is not in it."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import soundfile
from tests.speech.spoken import spoken

import alcca
from alcca.errors import AudioError, UsageError
from alcca.speech.packaged import base_is_installed
from alcca.speech.recogniser import RATE, Recogniser, shared_recogniser
from alcca.timing.align_lyrics import align_lyrics, align_recording, align_samples
from alcca.timing.windows import Windows
from alcca.transcripts import Segment, Transcript

pytestmark = pytest.mark.skipif(not base_is_installed(), reason="needs the packaged speech model")

LINES = (
    (3.0, "Copper lanterns swing along the quay"),
    (7.0, "You were always singing out of key"),
    (26.0, "Every summer afternoon belonged to us alone"),
    (30.5, "Gather up the baskets now before the light is gone"),
    (36.0, "Copper lanterns swing along the quay"),
    (40.0, "You were always singing out of key"),
)
SECONDS = 45.0
# With a mark, a line that is not in the recording, and signs alone.
LYRICS = f"""[Verse 1]
{LINES[0][1]}
{LINES[1][1]} (x2)
♪
{LINES[2][1]}
Nobody remembers what the captain used to say
{LINES[3][1]}
{LINES[4][1]}
{LINES[5][1]}"""
VERSE = f"{LINES[2][1]}\n{LINES[3][1]}"
CHORUS = f"{LINES[0][1]}\n{LINES[1][1]}"
OTHER = """Seven trains are leaving but there isn't one for me
Paper tickets in my hand from nineteen fifty three
Steam across the platform and a whistle in the rain
Count the sleepers underneath the iron and the rust"""


@pytest.fixture(scope="module")
def song(tmp_path_factory):
    """The file, its samples, and the starts of its words."""
    sound, starts = spoken(LINES, SECONDS)
    path = tmp_path_factory.mktemp("song") / "song.wav"
    soundfile.write(path, sound, RATE)
    return path, sound, starts


@pytest.fixture(scope="module")
def listened(song):
    """The transcript, and the windows of it with their encodings."""
    windows = []
    heard = shared_recogniser("base").hear(song[1], at_window=lambda *window: windows.append(window))
    return heard, windows


@pytest.fixture(scope="module")
def align(song, listened):
    """Align lyrics with the song, all with the same encodings."""
    recogniser = shared_recogniser("base")
    windows = Windows(recogniser, song[1])
    for window in listened[1]:
        windows.keep(*window)
    return partial(align_samples, song[1], recogniser=recogniser, transcript=listened[0], windows=windows)


@pytest.fixture(scope="module")
def first(align):
    """The alignment of the song's own lyrics."""
    return align(LYRICS)


def test_every_word_is_timed_where_it_is_spoken(song, first):
    found = first.lyrics
    assert [line.text for line in found.lines] == [line for line in LYRICS.splitlines() if line != "♪"]
    assert [word.text for word in found.words] == [word for line in found.lines for word in line.text.split()]
    spoken_lines = [line for line in found.lines if line.text.removesuffix(" (x2)") in dict(LINES).values()]
    assert [line.text.removesuffix(" (x2)") for line in spoken_lines] == [line for _, line in LINES]
    starts = np.array([word.start for line in spoken_lines for word in line.words if word.text != "(x2)"], dtype=float)
    apart = np.abs(starts - song[2])
    assert np.median(apart) < 0.15
    assert apart.max() < 0.6
    assert [line.start for line in spoken_lines] == pytest.approx([at for at, _ in LINES], abs=0.4)
    assert all(line.confidence > 0.8 for line in spoken_lines)
    for word in (word for line in spoken_lines for word in line.words):
        assert word.start <= word.end <= SECONDS
    assert (first.fits, first.reason, found.format, found.language) == (True, None, "aligned", "en")
    assert first.share > 0.7


def test_what_is_not_in_the_recording_has_no_time(first):
    mark, _, repeated, _, missing, *_ = first.lyrics.lines
    assert mark.start is None
    assert repeated.words[-1].text == "(x2)"
    assert repeated.words[-1].start == repeated.words[-2].end
    assert missing.start is None
    assert all(word.start is None for word in missing.words)
    assert missing.confidence < 0.3


@pytest.mark.parametrize(
    "lyrics", [f"{CHORUS}\n{VERSE}", f"[Chorus]\n{CHORUS}\n\n[Verse]\n{VERSE}\n\n[Chorus x2]"], ids=["heard", "marked"]
)
def test_lines_written_once_are_timed_where_they_are_sung_again(align, lyrics):
    found = align(lyrics, repeats=True)
    sung = [(line.start, line.text) for line in found.lyrics.lines if line.start is not None]
    assert [text for _, text in sung] == [text for _, text in LINES]
    assert [start for start, _ in sung] == pytest.approx([start for start, _ in LINES], abs=0.4)
    # What was asked for and is not there does not count.
    assert found.fits
    assert found.share == pytest.approx(align("\n".join(text for _, text in LINES)).share, abs=0.05)
    assert [line.text for line in found.lyrics.lines if line.start is None] == [
        line for line in lyrics.splitlines() if line.startswith("[")
    ]


def test_what_marks_ask_for_need_not_be_in_the_transcript(align, listened):
    heard = replace(listened[0], segments=listened[0].segments[:-1])
    found = align(f"[Chorus]\n{CHORUS}\n\n[Verse]\n{VERSE}\n\n[Chorus]", transcript=heard, repeats=True)
    assert [line.text for line in found.lyrics.lines if line.start is not None] == [text for _, text in LINES]


def test_every_line_stands_once_unless_repeats_are_asked_for(align):
    found = align(f"{CHORUS}\n{VERSE}")
    assert [line.text for line in found.lyrics.lines] == [text for _, text in LINES[:4]]


def test_lyrics_of_another_song_do_not_fit(align, first):
    wrong = align(OTHER, repeats=True)
    assert not wrong.fits
    assert wrong.share < 0.2
    assert wrong.reason == f"these lyrics do not fit this recording: {wrong.share:.0%} of the words were found"
    assert wrong.transcript is first.transcript


@pytest.mark.parametrize("repeats", [False, True])
def test_no_words_were_heard(align, repeats):
    lyrics = f"{OTHER} (x2)"
    nothing = align(lyrics, transcript=Transcript(seconds=SECONDS), repeats=repeats)
    assert (nothing.fits, nothing.share) == (False, 0.0)
    assert "no words were heard" in nothing.reason
    assert all(line.start is None for line in nothing.lyrics.lines)
    assert [line.text for line in nothing.lyrics.lines] == lyrics.splitlines()


class Ear:
    """Stands for a recogniser that hears one thing, and finds nothing."""

    def __init__(self):
        self.heard = []

    def hear(self, samples, *, language, hints, at_window):
        self.heard.append((len(samples), language, hints))
        return Transcript((), None, 0.0, "ear", 0.0, len(samples) / RATE)


@pytest.mark.parametrize(
    ("transcript", "again", "times"),
    [
        (Transcript((), seconds=SECONDS), False, 0),
        (Transcript((), seconds=SECONDS), True, 1),
        (Transcript((Segment(3, 5, "copper"),), start=3.0, seconds=30.0), False, 1),
        (None, False, 1),
    ],
)
def test_a_transcript_of_all_of_it_is_not_made_again(song, transcript, again, times):
    ear = Ear()
    align_samples(song[1], OTHER, recogniser=ear, transcript=transcript, again=again, language="English", hints=("de",))
    assert ear.heard == [(len(song[1]), "English", ("de",))] * times


def test_a_file_is_decoded_for_it(song):
    ear = Ear()
    found = align_recording(song[0], OTHER, recogniser=ear, language="en")
    assert ear.heard == [(len(song[1]), "en", ())]
    assert found.transcript.model == "ear"


def test_the_encodings_of_the_transcription_are_used(song, listened, monkeypatch):
    windows = Windows(shared_recogniser("base"), song[1])
    for window in listened[1]:
        windows.keep(*window)
    encoded = []
    encode = Recogniser.encode

    def counted(self, samples, **how):
        encoded.append(len(samples) / RATE)
        return encode(self, samples, **how)

    monkeypatch.setattr(Recogniser, "encode", counted)
    align_samples(song[1], LYRICS, recogniser=shared_recogniser("base"), transcript=listened[0], windows=windows)
    # Only what lies across the border of two windows.
    assert all(seconds <= 10 for seconds in encoded)


@pytest.mark.parametrize("lyrics", ["", " \n ", "[Chorus]\n(x2)", "♪ - …"])
def test_lyrics_without_words_are_refused(song, lyrics):
    with pytest.raises(UsageError, match="no words that are sung"):
        align_lyrics(song[0], lyrics)


def test_bad_files_and_languages_are_told(song, tmp_path):
    with pytest.raises(UsageError, match="language"):
        align_lyrics(song[0], LYRICS, language="nonsense")
    (tmp_path / "bad.mp3").write_bytes(b"no sound")
    with pytest.raises(AudioError, match=r"bad\.mp3"):
        align_lyrics(tmp_path / "bad.mp3", LYRICS)


def test_it_is_part_of_the_public_face():
    assert alcca.align_lyrics is align_lyrics
