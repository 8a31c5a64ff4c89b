"""The organ plays what is written, and every encoder keeps it."""

import numpy as np
import pytest

from alcca.datasets.render import AUDIO_FORMATS, RATE, Note, encode, mix, synthesise
from alcca.metadata.tags import read_tags
from alcca.songs.audio import read_slice


def loudest_frequency(samples):
    return np.abs(np.fft.rfft(samples)).argmax() * RATE / len(samples)


def test_notes_sound_at_their_pitch_and_time():
    samples = synthesise([[Note(57, 0.0, 1.0), Note(69, 1.0, 1.0)]], 4.0)
    assert samples.shape == (4 * RATE,)
    assert samples.dtype == np.float32
    assert loudest_frequency(samples[: RATE - 2000]) == pytest.approx(220, abs=2)
    assert loudest_frequency(samples[RATE + 2000 : 2 * RATE]) == pytest.approx(440, abs=2)
    assert np.abs(samples[int(2.1 * RATE) :]).max() == 0
    assert np.abs(samples).max() == pytest.approx(0.7)


def test_voices_sound_together():
    spectrum = np.abs(np.fft.rfft(synthesise([[Note(57, 0, 1)], [Note(64, 0, 1)]], 1.0)))
    for frequency in (220, 330):
        near = spectrum[frequency - 2 : frequency + 3].max()
        assert near > 10 * spectrum[frequency + 30]


def test_no_notes_are_silence_and_notes_beyond_the_end_are_cut():
    assert (synthesise([[]], 1.0) == 0).all()
    cut = synthesise([[Note(60, 0.5, 60.0), Note(60, 99.0, 1.0)]], 1.0)
    assert cut.shape == (RATE,)
    assert abs(cut[-1]) < 1e-3  # faded out
    assert np.isfinite(cut).all()


def test_very_short_notes_do_not_fail():
    assert np.isfinite(synthesise([[Note(60, 0.0, 0.001), Note(62, 0.0, 0.0)]], 1.0)).all()


@pytest.mark.parametrize("suffix", AUDIO_FORMATS)
def test_every_format_keeps_the_sound_and_the_tags(suffix, tmp_path):
    tune = [Note(60 + step, 0.5 * step, 0.5) for step in range(12)] * 1
    samples = np.tile(synthesise([tune], 6.0), 5)
    path = tmp_path / f"Für Elise.{suffix}"
    words = "Ä ö ü\nzweite Zeile"
    encode(samples, path, {"title": "Für Elise", "artist": "L. v. B.", "genre": "Chorale", "lyrics": words})
    assert [p.name for p in tmp_path.iterdir()] == [path.name]
    heard = read_slice(path, offset=0.0).samples
    # Spectra, because codecs delay and shift phases.
    for start in range(2, 27, 5):
        part = slice(start * RATE, (start + 1) * RATE)
        wanted, got = (np.abs(np.fft.rfft(x[part]))[100:2000] for x in (samples, heard))
        assert np.corrcoef(wanted, got)[0, 1] > 0.9
    tags = read_tags(path)
    assert (tags.title, tags.artist) == ("Für Elise", "L. v. B.")
    if suffix not in ("ogg", "wav"):
        assert [one.text for one in tags.lyrics] == [words]


@pytest.mark.parametrize("suffix", AUDIO_FORMATS)
def test_no_sample_at_the_end_is_lost(suffix, tmp_path):
    samples = synthesise([[Note(69, 0.0, 9.0)]], 5.333)
    encode(samples, tmp_path / f"x.{suffix}", {})
    seconds = read_slice(tmp_path / f"x.{suffix}").seconds
    assert seconds >= 5.332
    assert seconds <= 5.333 + 0.1  # codecs fill their last block


def test_a_failed_encoding_leaves_nothing(tmp_path):
    with pytest.raises(Exception):  # noqa: B017, PT011 - whatever the encoder raises
        encode(np.zeros((2, 3, 4), dtype=np.float32), tmp_path / "x.ogg", {})
    assert list(tmp_path.iterdir()) == []


def test_a_mix_keeps_the_wanted_distance_and_does_not_clip():
    times = np.arange(2 * RATE) / RATE
    voice = (0.9 * np.sin(2 * np.pi * 150 * times)).astype(np.float32)
    organ = (0.02 * np.sin(2 * np.pi * 600 * times)).astype(np.float32)
    both = mix(voice, organ, -12.0)
    assert both.dtype == np.float32
    assert np.abs(both).max() == pytest.approx(0.7)
    spectrum = np.abs(np.fft.rfft(both[:RATE]))
    assert 20 * np.log10(spectrum[600] / spectrum[150]) == pytest.approx(-12, abs=0.2)
    assert abs(both[-1]) < 1e-3


def test_silence_can_be_mixed():
    tone = np.full(RATE, 0.1, dtype=np.float32)
    silence = np.zeros(RATE, dtype=np.float32)
    for one, other in ((tone, silence), (silence, tone)):
        assert np.abs(mix(one, other, -12.0)).max() == pytest.approx(0.7)
    assert not mix(silence, silence, -12.0).any()
