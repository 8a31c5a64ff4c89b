"""Hearing a library's songs: what is heard when, what is kept when it is broken off, what a bad file does to it."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from alcca import Library
from alcca.errors import SpeechModelError, UntrainedError, UsageError
from alcca.indexing import transcription_settings
from alcca.indexing.add import add_folder
from alcca.indexing.speech_samples import SpeechSamples
from alcca.indexing.transcribe import songs_to_transcribe, transcribe_songs
from alcca.songs.audio import read_slice
from alcca.speech import place
from alcca.speech.recogniser import Recogniser
from alcca.store.transcripts import SLICE, SONG, Transcripts
from alcca.transcripts import Segment, Transcript
from alcca.workers.local import LocalWorkers
from alcca.workers.workers import Given

# Songs are read in this process, where the processes are not what is tested.
pytestmark = pytest.mark.usefixtures("inline")

RATE = 16_000


class Fake:
    """A recogniser that writes down what it was given to hear."""

    name = "fake"

    def __init__(self, words: str = "la la", fail_at: int | None = None) -> None:
        self.words, self.fail_at = words, fail_at
        self.given: list[tuple[np.ndarray, str | None, float]] = []
        self.hints: list[tuple[str, ...]] = []
        self._lock = threading.Lock()

    def hear(self, samples, *, language=None, start=0.0, hints=()):
        with self._lock:
            self.given.append((np.array(samples), language, start))
            self.hints.append(tuple(hints))
            if self.fail_at is not None and len(self.given) > self.fail_at:
                raise KeyboardInterrupt
        segments = (Segment(start, start + 1, self.words),) if self.words else ()
        return Transcript(segments, "en" if segments else None, 1.0, self.name, start, len(samples) / RATE)


@pytest.fixture
def library(tmp_path, music):
    with Library(tmp_path / "shelf", progress=False) as library:
        library.add(music)
        yield library


def hear(library, recogniser, *, extent="slice", again=False, workers=1, **options):
    songs = {extent: songs_to_transcribe(library._store, extent=extent, again=again)}
    how = {"model": recogniser.name, "progress": False, **options}
    return transcribe_songs(library._store, songs, Given(recogniser), LocalWorkers(workers), **how)


def test_each_song_is_heard_once_in_its_own_slice(library):
    fake = Fake()
    report = hear(library, fake)
    assert (report.heard, report.without_words, report.failures) == (12, 0, [])
    status = library.status()["hearing"]
    assert status == {
        "heard": 12, "without_words": 0, "not_heard": 0, "doubtful": 12, "whole_songs": 0,
        "languages": {"en": 12}, "models": {"fake": 12},
    }  # fmt: skip
    for song in library.songs():
        expected = read_slice(song.paths[0], rate=RATE)
        assert any(np.array_equal(given, expected.decoded) for given, _, _ in fake.given), song.title
        assert library.transcripts([song.id])[song.id].text == "la la"
    assert hear(library, fake).heard == 0
    assert hear(library, fake, again=True).heard == 12


def test_what_was_heard_is_kept_when_it_is_broken_off(library):
    with pytest.raises(KeyboardInterrupt):
        hear(library, Fake(fail_at=5))
    kept = library.status()["hearing"]["heard"]
    assert 3 <= kept <= 5
    assert hear(library, Fake()).heard == 12 - kept


SCRIPT = """
import sys, time
sys.path.insert(0, sys.argv[2])
from test_transcribe import Spelling, hear
from alcca import Library
with Library(sys.argv[1], progress=False) as library:
    hear(library, Spelling(0.05), workers=2)
"""


class Spelling(Fake):
    """Hears words of its own in each recording, and takes its time."""

    def __init__(self, seconds: float = 0.0) -> None:
        super().__init__()
        self.seconds = seconds

    def hear(self, samples, *, language=None, start=0.0, hints=()):
        time.sleep(self.seconds)
        rng = np.random.default_rng(int(np.abs(samples).sum() * 1e3))
        self.words = " ".join("".join(rng.choice(list("aeioubdglmnrst"), 6)) for _ in range(12))
        return Transcript((Segment(start, start + 1, self.words),), "en", 1.0, self.name, start, len(samples) / RATE)


def test_hearing_killed_at_any_moment_goes_on_and_ends_the_same(tmp_path, music, library):
    # Not a copy: to read SQLite's open file drops this process's locks, and another process then cuts what is mapped.
    with Library(tmp_path / "whole", progress=False) as whole:
        whole.add(music)
        hear(whole, Spelling())
        expected = whole.transcripts([song.id for song in whole.songs()])
    moments, heard = np.random.default_rng(0), [0]
    while len(heard) < 4 and heard[-1] < 12:
        child = subprocess.Popen(
            [sys.executable, "-c", SCRIPT, library.path, Path(__file__).parent], start_new_session=True
        )
        while library.status()["hearing"]["heard"] == heard[-1] and child.poll() is None:
            time.sleep(0.01)
        time.sleep(moments.uniform(0, 0.1))
        child.kill()
        child.wait()
        heard.append(library.status()["hearing"]["heard"])
        assert heard[-1] > heard[-2], "what was done is lost, or nothing was done"
        with contextlib.suppress(ProcessLookupError):  # its reader may have seen that it is gone
            os.killpg(child.pid, signal.SIGKILL)
    assert heard[1] < 12, "it was done before it was killed: the test shows nothing"
    hear(library, Spelling())
    assert library.transcripts(list(expected)) == expected
    # The index too knows each of them, once.
    for number, transcript in expected.items():
        hits = library.search(lyrics=transcript.text, by="words", k=3)
        assert hits[0].id == number
        assert hits[0].certainty == "sure"
        assert all(hit.bits < hits[0].bits / 2 for hit in hits[1:])


def test_a_whole_song_counts_as_its_slice_and_not_the_other_way_round(library):
    hear(library, Fake())
    whole = Fake()
    assert hear(library, whole, extent=SONG).heard == 12
    assert {start for _, _, start in whole.given} == {0.0}
    assert hear(library, Fake()).heard == 0
    assert library.status()["hearing"]["whole_songs"] == 12


def test_a_song_without_words_is_told_from_one_that_nobody_heard(library):
    report = hear(library, Fake(words=""))
    assert report.without_words == 12
    assert library.status()["hearing"]["without_words"] == 12
    assert not library.transcripts([1])[1].has_words


class Twice(Fake):
    """A recogniser of today: it reads what is in doubt twice, and says whether it still is."""

    def __init__(self, name="fake", *, doubtful=False):
        super().__init__(VERSE)
        self.name, self.doubtful = name, doubtful

    def hear(self, samples, *, language=None, start=0.0, hints=()):
        return replace(super().hear(samples, language=language, start=start), doubtful=self.doubtful, seconds=9.0)


VERSE = "hello darkness my old friend i have come to talk with you again"


def hear_doubtful(library, monkeypatch, recogniser, **how):
    monkeypatch.setattr("alcca.speech.weights.find_weights", lambda model, offline: None)
    monkeypatch.setattr(transcription_settings.LoadRecogniser, "__call__", lambda self, room: recogniser)
    return library.hear(doubtful=True, **how)


def test_what_was_wordless_or_in_doubt_is_heard_again_and_nothing_else(library, monkeypatch):
    """By an alcca that read nothing twice: no words in the first four, a clear verse in the others."""
    songs = library.songs()
    with library._store.transaction():
        kept = library._store.tables(Transcripts)
        for place, song in enumerate(songs):
            words = (Segment(0, 9, VERSE, -0.3),) if place >= 4 else ()
            kept.put(song.id, Transcript(words, "en", 0.9, "fake", 0.0, 9.0), SONG if place % 2 else SLICE)
    assert library.status()["hearing"]["doubtful"] == 4
    again = Twice()
    report = hear_doubtful(library, monkeypatch, again, speech_model="fake")
    assert (report.heard, report.without_words, report.model) == (4, 0, "fake")
    status = library.status()["hearing"]
    # As much of each was heard as before.
    assert (status["doubtful"], status["whole_songs"], status["without_words"]) == (0, 6, 0)
    assert {song.title for song in songs[:4]} == {
        song.title for song in songs if library.transcripts([song.id])[song.id].doubtful is False
    }
    assert hear_doubtful(library, monkeypatch, Twice(), speech_model="fake").heard == 0


def test_what_one_model_left_in_doubt_another_may_hear_better(library, monkeypatch):
    assert hear(library, Twice("base", doubtful=True)).heard == 12
    # The same one would hear the same.
    assert library.status()["hearing"]["doubtful"] == 0
    assert hear_doubtful(library, monkeypatch, Twice("base"), speech_model="base").heard == 0
    assert hear_doubtful(library, monkeypatch, Twice("small"), speech_model="small").heard == 12
    assert library.status()["hearing"]["models"] == {"small": 12}
    with pytest.raises(UsageError, match="give one of the two"):
        library.hear(doubtful=True, again=True)


def test_a_line_is_found_by_any_reading(library):
    """A second reading takes part in the index and in the match, with its times."""
    first, second = Segment(0, 9, VERSE, -0.6), Segment(4, 9, "ten thousand people maybe more", -0.7)
    with library._store.transaction():
        heard = Transcript((first,), "en", 0.9, "fake", 0.0, 9.0, (second,), True)
        library._store.tables(Transcripts).put(library.songs()[5].id, heard, SLICE)
    for line, at in ((VERSE, 0.0), ("ten thousand people maybe more", 4.0)):
        (hit, *_) = library.search(lyrics=line, by="words", k=1)
        assert (hit.id, hit.certainty) == (library.songs()[5].id, "sure")
        assert hit.passages[0].start == pytest.approx(at, abs=0.5)


def test_the_songs_language_is_told_to_the_recogniser(tmp_path, music):
    rows = "file,language\n" + "\n".join(f"{p.relative_to(music)},German" for p in sorted(music.rglob("*.wav")))
    (music / "songs.csv").write_text(rows)
    with Library(tmp_path / "shelf", progress=False) as library:
        library.add(music)
        fake = Fake()
        hear(library, fake)
        # The sound may say otherwise.
        assert {language for _, language, _ in fake.given} == {None}
        assert sorted(fake.hints) == [()] * 8 + [("de",)] * 4
        fake = Fake()
        hear(library, fake, again=True, language="fr")
        assert {language for _, language, _ in fake.given} == {"fr"}


def test_a_file_that_has_changed_or_gone_is_named_and_the_others_are_heard(library, music, processes):
    songs = sorted(music.rglob("*.wav"))
    songs[0].unlink()
    soundfile.write(songs[1], np.random.default_rng(0).uniform(-0.1, 0.1, RATE * 3), RATE)
    report = hear(library, Fake())
    assert report.heard == 10
    reasons = {Path(file).name: reason for file, reason in report.failures}
    assert "cannot be read" in reasons[songs[0].name]
    assert "has changed since it was added" in reasons[songs[1].name]


def test_slices_that_add_has_decoded_are_not_decoded_again(tmp_path, music, inline, monkeypatch):
    """The workers that find the samples run here, where the trap is."""
    fake = Fake()
    monkeypatch.setattr("alcca.speech.weights.find_weights", lambda model, offline: None)
    monkeypatch.setattr(transcription_settings.LoadRecogniser, "__call__", lambda self, room: fake)
    monkeypatch.setattr(SpeechSamples, "_decode", lambda self, song, extent: pytest.fail("decoded again"))
    with Library(tmp_path / "shelf", progress=False) as library:
        report = library.add(music, hear="slice")
        assert report.hearing.heard == 12
        assert not (tmp_path / "shelf" / "unheard").exists()
        assert report.to_dict()["hearing"]["heard"] == 12
        assert library.add(music, hear="slice").hearing.heard == 0


@pytest.fixture
def late_voice(tmp_path, monkeypatch):
    """A folder with a song of 150 s, of which the half minute from 100 s is sung: it is louder."""
    samples = 0.05 * np.random.default_rng(3).standard_normal(150 * RATE)
    samples[100 * RATE : 130 * RATE] *= 8
    folder = tmp_path / "late"
    folder.mkdir()
    soundfile.write(folder / "late.wav", samples.clip(-1, 1), RATE)
    monkeypatch.setattr(place, "voices", lambda pieces: np.where(pieces.std(axis=1) > 0.2, 0.8, 0.02))
    return folder


@pytest.fixture
def with_ear(monkeypatch):
    fake = Fake()
    monkeypatch.setattr("alcca.speech.weights.find_weights", lambda model, offline: None)
    monkeypatch.setattr(transcription_settings.LoadRecogniser, "__call__", lambda self, room: fake)
    return fake


def test_the_half_minute_in_which_most_is_sung_is_heard_also_later(tmp_path, late_voice, with_ear):
    with Library(tmp_path / "shelf", progress=False) as library:
        library.add(late_voice, hear="slice")
        (song,) = library.songs()
        # The features stay those of the middle.
        assert song.audio.start == pytest.approx(60.0)
        assert library.hear(again=True).heard == 1
        (stored,) = library.transcripts([song.id]).values()
        assert abs(stored.start - 100.0) <= 2.0
        assert stored.seconds == 30.0
        assert not (tmp_path / "shelf" / "unheard").exists()
    expected = read_slice(late_voice / "late.wav", offset=stored.start, rate=RATE).decoded
    assert [start for _, _, start in with_ear.given] == [stored.start, stored.start]
    for samples, _, _ in with_ear.given:
        np.testing.assert_array_equal(samples, expected)


def test_a_start_that_the_owner_has_chosen_is_heard(tmp_path, late_voice, with_ear):
    with Library(tmp_path / "shelf", progress=False) as library:
        library.add(late_voice, hear="slice", offset=5.0)
        library.hear(again=True)
        assert [start for _, _, start in with_ear.given] == [5.0, 5.0]
        assert library.songs()[0].recording.offset == 5.0


def test_what_was_left_to_be_heard_is_found_by_its_place(tmp_path, late_voice, with_ear, monkeypatch):
    with Library(tmp_path / "shelf", progress=False) as library, library._opened.writing() as store:
        add_folder(store, late_voice, offset=None, retry=False, encoding=None, keep_sound=True, progress=False,
                   workers=LocalWorkers(1))  # fmt: skip
        (song,) = store.songs()
        (kept,) = SpeechSamples(store.folder).place.iterdir()
        monkeypatch.setattr(SpeechSamples, "_decode", lambda *given: pytest.fail("decoded again"))
        recording = SpeechSamples(store.folder).read(song, SLICE)
        assert recording.path == kept
        assert abs(recording.start - 100.0) <= 2.0
        # A start that was chosen since has not been kept.
        chosen = replace(song, audio=replace(song.audio, offset=5.0, start=5.0))
        assert SpeechSamples(store.folder)._kept(chosen) is None
        SpeechSamples(store.folder).remove(song)
        assert not kept.exists()


def test_a_second_listening_is_where_the_words_were_heard(tmp_path, late_voice, with_ear):
    with Library(tmp_path / "shelf", progress=False) as library:
        library.add(late_voice, hear="off")
        songs, transcripts = library.songs(), library._store.tables(Transcripts)
        assert transcripts.recordings(songs) == [songs[0].recording]
        library.hear()
        (place_heard,) = transcripts.recordings(songs)
        assert place_heard.offset == library.transcripts([songs[0].id])[songs[0].id].start
        np.testing.assert_array_equal(place_heard.samples(), with_ear.given[0][0])
        library.hear(extent="song", again=True)
        assert transcripts.recordings(songs) == [songs[0].recording]
        assert transcripts.recordings([replace(songs[0], audio=None)]) == [None]


def test_a_library_remembers_what_it_was_heard_with(library, monkeypatch):
    monkeypatch.delenv("ALCCA_SPEECH_MODEL", raising=False)
    assert transcription_settings.speech_model_of(library._store) == "base"
    with library._store.transaction():
        library._store.set_setting("speech_model", "small")
    assert transcription_settings.speech_model_of(library._store) == "small"
    monkeypatch.setenv("ALCCA_SPEECH_MODEL", "tiny")
    assert transcription_settings.speech_model_of(library._store) == "tiny"
    assert transcription_settings.speech_model_of(library._store, "medium") == "medium"


def test_without_weights_add_says_so_and_goes_on_unless_hearing_was_asked_for(tmp_path, music, monkeypatch):
    def missing(model, offline):
        raise SpeechModelError("no weights here")

    monkeypatch.setattr("alcca.speech.weights.find_weights", missing)
    monkeypatch.delenv("ALCCA_HEAR")
    with Library(tmp_path / "shelf", progress=False) as library:
        report = library.add(music)
        assert report.added == 12
        assert report.hearing is None
        assert any("were not transcribed: no weights here" in note for _, note in report.notes)
        with pytest.raises(SpeechModelError, match="no weights here"):
            library.add(music, hear="slice")
        with pytest.raises(SpeechModelError, match="no weights here"):
            library.hear()
        with pytest.raises(UsageError, match=r"'loud'.*slice"):
            library.add(music, hear="loud")
        with pytest.raises(UntrainedError, match="train it first"):
            library.search(audio=next(music.rglob("*.wav")), k=3)


@pytest.mark.data
@pytest.mark.slow
def test_a_clip_finds_its_recording_and_a_line_the_moment_in_which_it_is_sung(tmp_path, data_folder):
    folder = tmp_path / "music"
    (folder / "lyrics").mkdir(parents=True)
    names = ["us_jonathan_coulton_code_monkey", "us_jonathan_coulton_better", "jam_fantasma___los_rombos"]
    for name in names:
        (folder / f"{name}.ogg").write_bytes((data_folder / "cc_songs" / "audio" / f"{name}.ogg").read_bytes())
    words = (data_folder / "cc_songs" / "lyrics" / f"{names[0]}.txt").read_text(encoding="utf-8")
    (folder / "lyrics" / f"{names[0]}.txt").write_text(words)
    with Library(tmp_path / "shelf", progress=False) as library:
        report = library.add(folder, hear="slice")
        assert (report.hearing.heard, report.hearing.without_words) == (3, 0)
        clip = tmp_path / "clip.wav"
        middle = read_slice(folder / f"{names[0]}.ogg", seconds=12, rate=22_050)
        soundfile.write(clip, middle.samples, 22_050)
        hits = library.search(audio=clip)
        assert Path(hits[0].path).stem == names[0]
        assert hits[0].certainty == "sure"
        assert "monkey" in hits.heard.text.lower()
        # The library has no lyrics of this one.
        hits = library.search(lyrics="la tristeza es muy extraña, se alimenta de la belleza")
        assert Path(hits[0].path).stem == names[2]
        assert hits[0].passages[0].start == pytest.approx(4, abs=2)
        assert Recogniser  # the real one was at work


def test_doubt_is_looked_up_and_no_damaged_transcript_stands_in_its_way(library):
    hear(library, Twice())
    db = library._store.tables(Transcripts)._db
    with library._store.transaction():
        db.execute("UPDATE transcripts SET heard = 'no JSON' WHERE song = 1")
        db.execute("UPDATE transcripts SET heard = json_remove(heard, '$.doubtful') WHERE song = 2")
    asked = []
    db.set_trace_callback(asked.append)
    assert library.status()["hearing"]["doubtful"] == 0, "both rows are damaged"
    db.set_trace_callback(None)
    (select,) = [text for text in asked if text.startswith("SELECT song FROM transcripts WHERE CASE")]
    plan = [row[-1] for row in db.execute(f"EXPLAIN QUERY PLAN {select}")]
    assert ["USING" in step and "transcripts_doubtful" in step for step in plan] == [True]
