import warnings

import numpy as np
import pytest

from alcca.errors import DataError, UsageError
from alcca.features.descriptors import DESCRIPTOR_NAMES, N_DESCRIPTORS, PITCH_CLASSES, SPECTRAL_NAMES, track_descriptors

RATE = 22_050
N = 661_500
TIME = np.arange(N) / RATE
# C4 is MIDI number 60.
HERTZ = {name: 440 * 2 ** ((60 + i - 69) / 12) for i, name in enumerate(PITCH_CLASSES)}


def describe(samples, rate=RATE):
    values = track_descriptors(np.asarray(samples, np.float32), rate)
    assert values.dtype == np.float32
    return dict(zip(DESCRIPTOR_NAMES, values.astype(float), strict=True))


def sine(hertz, time=TIME):
    return np.sin(2 * np.pi * hertz * time)


def chord(*names):
    return sum(sine(HERTZ[name]) for name in names) / len(names)


def noise(n=N, seed=0):
    return 0.1 * np.random.default_rng(seed).standard_normal(n)


def clicks(bpm, n=N):
    samples = np.zeros(n)
    samples[np.arange(0, n, 60 * RATE / bpm).astype(int)] = 1
    return samples


def music():
    """Notes of a scale, four a second, fading, over a little noise."""
    rng = np.random.default_rng(5)
    notes = [np.exp(-6 * TIME[: RATE // 4]) * sine(hertz, TIME[: RATE // 4]) for hertz in HERTZ.values()]
    return 0.3 * np.concatenate([notes[i] for i in rng.choice([0, 2, 4, 5, 7, 9, 11], N * 4 // RATE)]) + 0.01 * noise(
        N // (RATE // 4) * (RATE // 4)
    )


def test_there_are_65_of_different_names():
    assert N_DESCRIPTORS == len(set(DESCRIPTOR_NAMES)) == 65
    assert track_descriptors(noise().astype(np.float32)).shape == (65,)


def test_a_tone_is_one_pitch_class_at_one_frequency():
    found = describe(sine(440))
    chroma = {name: found[f"chroma_{name}"] for name in HERTZ}
    assert max(chroma, key=chroma.get) == "A"
    assert chroma["A"] == pytest.approx(1)
    assert sum(chroma.values()) - chroma["A"] < 0.5
    assert found["centroid_mean"] == pytest.approx(440, rel=0.005)
    assert found["rolloff_mean"] == pytest.approx(440, abs=2 * RATE / 2048)
    assert found["zero_crossings_mean"] == pytest.approx(880, rel=0.01)
    assert found["onset_rate"] == 0
    assert found["silence"] == 0


@pytest.mark.parametrize("cents", [-30, 30])
def test_pitch_follows_the_tuning_of_the_recording(cents):
    found = describe(sine(440 * 2 ** (cents / 1200)))
    assert found["chroma_A"] > 0.99
    assert max(found["chroma_G#"], found["chroma_A#"]) < 0.35


def test_levels_of_a_full_tone_in_closed_form():
    # A full sine has a mean square of 1/2, and the weighting is 0 dB at 1 kHz and -19.1 dB at 100 Hz (IEC 61672).
    found = describe(sine(1000))
    assert found["loudness_mean"] == pytest.approx(10 * np.log10(0.5), abs=0.05)
    assert found["loudness_max"] == pytest.approx(found["loudness_mean"], abs=0.05)
    assert found["crest_factor"] == pytest.approx(10 * np.log10(2), abs=0.01)
    assert describe(sine(100))["loudness_mean"] == pytest.approx(10 * np.log10(0.5) - 19.1, abs=0.1)


def test_range_of_a_recording_that_is_loud_and_then_soft():
    envelope = np.where(TIME < 15, 1, 10 ** (-20 / 20))
    found = describe(sine(1000) * envelope)
    assert found["loudness_range"] == pytest.approx(20, abs=0.1)
    assert found["loudness_std"] == pytest.approx(10, abs=0.1)
    assert found["loudness_mean"] == pytest.approx(10 * np.log10((0.5 + 0.005) / 2), abs=0.1)


@pytest.mark.parametrize("name", ["noise", "music", "clicks"])
def test_ten_times_louder_is_20_decibels_and_nothing_else(name):
    samples = {"noise": noise(), "music": music(), "clicks": 0.1 * clicks(120)}[name]
    one, ten = describe(samples), describe(10 * samples)
    for descriptor in DESCRIPTOR_NAMES:
        louder = 20 if descriptor in ("loudness_mean", "loudness_max") else 0
        assert ten[descriptor] - one[descriptor] == pytest.approx(louder, abs=1e-3 * (1 + abs(one[descriptor]))), (
            descriptor
        )


@pytest.mark.parametrize("bpm", [75, 90, 120, 150])
def test_tempo_of_a_click_track_or_its_octave(bpm):
    found = describe(clicks(bpm))
    octaves = np.log2(found["tempo"] / bpm)
    assert abs(octaves - round(octaves)) < 0.06
    assert abs(octaves) < 1.1
    assert found["onset_rate"] == pytest.approx(bpm / 60, rel=0.05)
    assert found["tempo_clarity"] > 0.4
    assert describe(noise())["tempo_clarity"] < 0.2


def test_noise_is_flat_and_a_tone_is_not():
    tone, hiss = describe(sine(440)), describe(noise())
    assert tone["flatness_mean"] < 1e-4
    # The geometric mean of an exponential distribution, which the power of noise has, is exp(-Euler's constant).
    assert hiss["flatness_mean"] == pytest.approx(np.exp(-np.euler_gamma), abs=0.01)
    assert hiss["centroid_mean"] == pytest.approx(RATE / 4, rel=0.01)
    assert hiss["zero_crossings_mean"] == pytest.approx(RATE / 2, rel=0.01)
    assert hiss["rolloff_mean"] == pytest.approx(0.85 * RATE / 2, rel=0.01)
    # An even distribution over the band has its standard deviation as bandwidth.
    assert hiss["bandwidth_mean"] == pytest.approx(RATE / 2 / np.sqrt(12), rel=0.01)
    assert tone["contrast_mean"] > hiss["contrast_mean"] + 5
    assert hiss["chroma_entropy"] > 0.99 > 0.5 > tone["chroma_entropy"]


@pytest.mark.parametrize(
    ("names", "fifths", "major"),
    [
        ("C E G", 0, True),
        ("C D# G", 0, False),
        ("G B D", 1, True),
        ("A C# E", 3, True),
        ("A C E", 3, False),
        ("F A C", 11, True),
        ("F G# C", 11, False),
    ],
)
def test_key_of_a_triad(names, fifths, major):
    found = describe(chord(*names.split()))
    assert (found["mode"] > 0) == major
    assert abs(found["mode"]) > 0.05
    assert found["key_fifths_cos"] == pytest.approx(np.cos(np.pi * fifths / 6), abs=1e-6)
    assert found["key_fifths_sin"] == pytest.approx(np.sin(np.pi * fifths / 6), abs=1e-6)
    assert found["key_strength"] > 0.5


def test_changing_harmony_shows():
    changing = np.where(TIME < 15, chord("C", "E", "G"), chord("F#", "A#", "C#"))
    assert describe(changing)["chroma_std"] > describe(chord("C", "E", "G"))["chroma_std"] + 0.2


def test_timbre_is_that_of_librosa():
    import librosa

    samples = music().astype(np.float32)
    mel = librosa.feature.melspectrogram(y=samples, sr=RATE, n_fft=2048, hop_length=512)
    expected = librosa.feature.mfcc(S=librosa.power_to_db(mel, ref=np.max), n_mfcc=13)[1:]
    found = describe(samples)
    for i, row in enumerate(expected, 1):
        # Every other frame is enough for the same mean.
        assert found[f"timbre_{i}_mean"] == pytest.approx(row.mean(), abs=1)
        assert found[f"timbre_{i}_std"] == pytest.approx(row.std(), abs=1)


def test_padding_counts_for_nothing():
    short = music()[: 4 * RATE].astype(np.float32)
    padded = np.pad(short, (0, N - short.size))
    np.testing.assert_array_equal(track_descriptors(padded), track_descriptors(np.trim_zeros(short, "b")))


def test_pauses_leave_the_spectrum_alone():
    samples = sine(440)
    samples[5 * RATE : 20 * RATE] = 1e-6 * noise(15 * RATE)
    found = describe(samples)
    assert found["silence"] == pytest.approx(0.5, abs=0.01)
    assert found["chroma_A"] > 0.98
    assert found["flatness_mean"] < 0.02
    assert found["loudness_mean"] == pytest.approx(describe(sine(440))["loudness_mean"], abs=0.2)


def odd_sounds():
    click = np.zeros(N)
    click[N // 2] = 1
    return {
        "silence": np.zeros(N),
        "almost silence": 1e-7 * noise(),
        "click": click,
        "constant": np.ones(N),
        "one sample": np.ones(1),
        "a few samples": sine(440)[:100],
        "few frames": noise(3000),
        "too low to hear": sine(3),
        "square": np.sign(sine(100) + 1e-9),
        "enormous": 1e14 * noise(),
        "tiny": 1e-3 * noise(),
    }


@pytest.mark.parametrize("name", odd_sounds())
def test_odd_sounds_have_finite_descriptors_and_no_warning(name):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = describe(odd_sounds()[name])
    assert np.isfinite(list(found.values())).all()
    assert 0 <= found["silence"] <= 1
    assert -1 <= found["tempo_clarity"] <= 1
    if "silence" not in name:
        assert 19 < found["tempo"] <= 320


def test_a_click_has_the_spectrum_of_a_click():
    found = describe(odd_sounds()["click"])
    assert found["centroid_mean"] == pytest.approx(RATE / 4, rel=0.01)
    assert found["flatness_mean"] == pytest.approx(1, abs=0.01)


def test_silence_says_so():
    found = describe(np.zeros(N))
    assert found.pop("loudness_mean") == found.pop("loudness_max") == -100
    assert found.pop("silence") == 1
    assert set(found.values()) == {0}


def test_same_samples_same_bits():
    samples = music().astype(np.float32)
    kept = samples.copy()
    np.testing.assert_array_equal(track_descriptors(samples), track_descriptors(samples.copy()))
    np.testing.assert_array_equal(track_descriptors(np.repeat(samples, 2)[::2]), track_descriptors(samples))
    np.testing.assert_array_equal(samples, kept)


def test_another_sample_rate_describes_the_same_sound():
    time = np.arange(30 * 44_100) / 44_100
    found = describe(sine(440, time), 44_100)
    assert found["centroid_mean"] == pytest.approx(440, rel=0.01)
    assert found["chroma_A"] == pytest.approx(1)
    assert found["loudness_mean"] == pytest.approx(describe(sine(440))["loudness_mean"], abs=0.1)


@pytest.mark.parametrize("shape", [(0,), (1, N), ()])
def test_what_is_no_channel_is_refused(shape):
    with pytest.raises(DataError, match="one channel, got an array of shape"):
        track_descriptors(np.zeros(shape, np.float32))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e30])
def test_samples_that_are_no_sound_are_refused(value):
    samples = noise().astype(np.float32)
    samples[1000] = value
    with pytest.raises(DataError, match="finite"):
        track_descriptors(samples)


def test_a_low_sample_rate_is_refused():
    with pytest.raises(UsageError, match="sample_rate is 8000"):
        track_descriptors(noise().astype(np.float32), 8_000)


@pytest.mark.data
@pytest.mark.slow
def test_real_recordings_have_plausible_descriptors(data_folder):
    from alcca.songs.audio import read_slice

    found = [describe(read_slice(song).samples) for song in sorted((data_folder / "cc_songs" / "audio").glob("*.ogg"))]
    assert len(found) == 20
    for song in found:
        assert 50 < song["tempo"] < 200
        assert 1 < song["onset_rate"] < 10
        assert -35 < song["loudness_mean"] < -5
        assert song["loudness_mean"] < song["loudness_max"] < 0
        assert 500 < song["centroid_mean"] < 4000
        assert song["key_strength"] > 0.3
    for name in (*SPECTRAL_NAMES, "tempo", "mode"):
        assert np.std([song[name] for song in found]) > 0, name
