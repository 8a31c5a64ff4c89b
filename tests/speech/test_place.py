"""Which half minute of a song is transcribed."""

import numpy as np
import pytest
import soundfile

from alcca.errors import AudioError, MissingExtraError
from alcca.songs.audio import SPEECH_RATE, read_slice
from alcca.songs.cut import Cut
from alcca.speech import place
from alcca.speech.place import most_sung, place_of, probes, read_most_sung

RATE = 16_000


def song(path, sung, seconds=150):
    """A song in which the voice is the loudest part: quiet noise, and louder from ``sung`` seconds on for 30 s."""
    samples = 0.05 * np.random.default_rng(3).standard_normal(seconds * RATE)
    samples[round(sung * RATE) : round((sung + 30) * RATE)] *= 8
    soundfile.write(path, samples.clip(-1, 1), RATE)
    return path


@pytest.fixture
def ear(monkeypatch):
    """A detector that takes loud seconds for sung ones, and counts them."""
    given = []

    def voices(pieces):
        given.append(pieces)
        return np.where(pieces.std(axis=1) > 0.2, 0.8, 0.02)

    monkeypatch.setattr(place, "voices", voices)
    return given


def test_probes_are_spread_evenly_and_lie_in_the_song():
    for duration in (33.0, 100.0, 240.0, 8_000.0):
        at = probes(duration)
        assert at[0] >= 0
        assert at[-1] + 1 <= duration
        steps = np.diff(at)
        assert np.allclose(steps, max(3.0, duration / 240))
        assert len(at) <= 240


@pytest.mark.parametrize("sung", [0.0, 12.0, 61.0, 104.5, 120.0])
def test_the_half_minute_that_is_sung_is_found(tmp_path, ear, sung):
    path = song(tmp_path / "song.wav", sung)
    start = most_sung(path, duration=150.0, middle=60.0)
    assert abs(start - sung) <= 2.0
    assert 0.0 <= start <= 120.0
    assert ear[0].shape == (len(probes(150.0)), RATE)


def test_the_middle_stays_where_no_place_has_clearly_more():
    at = probes(240.0)
    generator = np.random.default_rng(0)
    for level in (0.01, 0.4):
        voice = np.clip(level + 0.01 * generator.standard_normal(len(at)), 0, 1)
        assert place_of(voice, at, duration=240.0, middle=105.0) == 105.0


def test_in_a_recording_of_hours_the_places_are_farther_apart():
    at = probes(7_200.0)
    voice = np.where((at > 5_000) & (at < 5_200), 0.9, 0.01)
    assert 4_970 <= place_of(voice, at, duration=7_200.0, middle=3_585.0) <= 5_200


def test_a_cut_is_a_song_of_its_own(tmp_path, ear):
    path = song(tmp_path / "album.flac", 100.0, seconds=200)
    start = most_sung(path, duration=110.0, middle=40.0, cut=Cut(50.0, 160.0))
    assert abs(start - 50.0) <= 2.0
    assert most_sung(path, duration=90.0, middle=30.0, cut=Cut(0.0, 90.0)) == 30.0


def test_what_was_found_is_decoded(tmp_path, ear):
    path = song(tmp_path / "song.flac", 100.0)
    found = read_most_sung(path, read_slice(path, rate=SPEECH_RATE))
    assert abs(found.start - 100.0) <= 2.0
    np.testing.assert_array_equal(found.samples, read_slice(path, offset=found.start, rate=SPEECH_RATE).samples)
    middle = read_slice(song(tmp_path / "other.flac", 60.0), rate=SPEECH_RATE)
    assert read_most_sung(tmp_path / "other.flac", middle) is middle


def test_short_songs_and_unknown_lengths_are_not_searched(tmp_path, ear):
    path = song(tmp_path / "song.wav", 10.0, seconds=60)
    assert most_sung(path, duration=32.0, middle=1.0) == 1.0
    assert most_sung(path, duration=None, middle=15.0) == 15.0
    assert ear == []


@pytest.mark.parametrize("error", [AudioError("damaged"), MissingExtraError("no detector"), OSError("no room")])
def test_the_middle_is_taken_where_the_rest_cannot_be_searched(tmp_path, monkeypatch, error):
    def fail(*given, **more):
        raise error

    path = song(tmp_path / "song.wav", 100.0)
    monkeypatch.setattr(place, "write_pieces_apart", fail)
    assert most_sung(path, duration=150.0, middle=60.0) == 60.0


def test_the_middle_is_taken_where_the_place_cannot_be_decoded(tmp_path, ear, monkeypatch):
    def fail(*given, **more):
        raise AudioError("damaged")

    path = song(tmp_path / "song.wav", 100.0)
    middle = read_slice(path, rate=SPEECH_RATE)
    monkeypatch.setattr(place, "read_slices_apart", fail)
    assert read_most_sung(path, middle) is middle
