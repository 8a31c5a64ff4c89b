import subprocess
import sys

import numpy as np
import pytest
import soundfile
from tests.songs.encoding import FORMATS, RATE, encode, tune

from alcca.errors import AudioError
from alcca.songs import whole
from alcca.songs.audio import read_slice
from alcca.songs.libsndfile import SoundfileDecoder
from alcca.songs.whole import read_whole


@pytest.fixture(scope="module")
def song():
    return tune(8)


def read(path, rate=16_000):
    return np.concatenate(list(read_whole(path, rate)))


@pytest.mark.parametrize("suffix", FORMATS)
def test_all_of_a_song_in_every_format(tmp_path, song, suffix):
    path = tmp_path / f"song.{suffix}"
    encode(song, path)
    samples = read(path)
    assert samples.dtype == np.float32
    assert len(samples) / 16_000 == pytest.approx(len(song) / RATE, abs=0.1)
    part = read_slice(path, offset=3.0, seconds=2.0, rate=16_000).samples
    assert np.corrcoef(samples[48_000:80_000], part)[0, 1] > 0.999


def test_resampling_in_pieces_leaves_no_seams(tmp_path):
    import soxr

    noise = np.random.default_rng(0).uniform(-0.5, 0.5, 44_100 * 90).astype(np.float32)
    soundfile.write(tmp_path / "noise.wav", noise, 44_100, subtype="FLOAT")
    assert len(list(read_whole(tmp_path / "noise.wav", 16_000))) > 3
    expected = soxr.resample(noise, 44_100, 16_000)
    assert read(tmp_path / "noise.wav") == pytest.approx(expected, abs=1e-5)


def test_the_own_rate_is_not_touched(tmp_path):
    noise = np.random.default_rng(0).uniform(-0.5, 0.5, 16_000 * 3).astype(np.float32)
    soundfile.write(tmp_path / "noise.wav", noise, 16_000, subtype="FLOAT")
    assert np.array_equal(read(tmp_path / "noise.wav"), noise)


# Decoders that fail


class Fake:
    """A decoder that gives what it was told to give; an error among it is raised."""

    name, rate, channels, declared, damaged = "fake", 16_000, 1, None, 0

    def __init__(self, *given):
        self.given, self.open = given, False

    def __call__(self, path):
        self.open = True
        return self

    def blocks(self, start, most=None):
        for one in self.given:
            if isinstance(one, Exception):
                raise one
            yield one

    def __enter__(self):
        return self

    def __exit__(self, *what):
        self.open = False


def seconds(length, seed=0):
    return np.random.default_rng(seed).uniform(-0.5, 0.5, round(length * 16_000)).astype(np.float32)


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "song.wav"
    path.write_bytes(b"RIFF\x00\x01\x02\x03")
    return path


def use(monkeypatch, *decoders):
    monkeypatch.setattr(whole, "decoders_for", lambda path: decoders)


def test_what_came_before_the_damage_is_used(monkeypatch, path):
    use(monkeypatch, Fake(seconds(1), seconds(2), ZeroDivisionError("lost")), Fake(seconds(3)))
    assert len(read(path)) == 3 * 16_000


@pytest.mark.parametrize("given", [(), (seconds(0.5),), (seconds(0.5), PermissionError("lost")), (OSError("lost"),)])
def test_less_than_a_second_asks_the_next_decoder(monkeypatch, path, given):
    first, second = Fake(*given), Fake(seconds(2))
    use(monkeypatch, first, second)
    assert np.array_equal(read(path), seconds(2))
    assert not first.open
    assert not second.open


def test_short_pieces_make_a_second_together(monkeypatch, path):
    use(monkeypatch, Fake(*[seconds(0.1, seed) for seed in range(12)]))
    assert np.array_equal(read(path), np.concatenate([seconds(0.1, seed) for seed in range(12)]))


def test_what_every_decoder_said_is_in_one_line(monkeypatch, path):
    def refuses(path):
        raise ValueError("no\nheader")

    refuses.name = "first"
    use(monkeypatch, refuses, Fake(seconds(0.25)))
    with pytest.raises(AudioError) as error:
        read(path)
    said = "song.wav: cannot be decoded (first: no header; fake: only 0.25 s); at least 1 s are needed"
    assert str(error.value) == said


def test_a_decoder_that_hangs(monkeypatch, path):
    clock = iter(range(0, 100_000, 50))
    monkeypatch.setattr(whole.time, "monotonic", lambda: next(clock))
    use(monkeypatch, Fake(seconds(1), *[np.empty(0, np.float32)] * 10))
    with pytest.raises(AudioError, match=r"song.wav: the decoder hangs after 1 s; convert the file to try again"):
        read(path)


def test_whoever_takes_the_pieces_may_take_his_time(monkeypatch, path):
    now = [0.0]
    monkeypatch.setattr(whole.time, "monotonic", lambda: now[0])
    use(monkeypatch, Fake(*[seconds(1)] * 5))
    for _ in read_whole(path, 16_000):
        now[0] += 3_600


@pytest.mark.parametrize("bad", [np.nan, np.inf, -1e10])
def test_numbers_that_sound_cannot_have(monkeypatch, path, bad):
    piece = seconds(1)
    piece[7] = bad
    use(monkeypatch, Fake(seconds(2), piece))
    with pytest.raises(AudioError, match=r"song.wav: its samples are invalid"):
        read(path)


def test_silence_from_the_beginning_to_the_end(monkeypatch, path):
    use(monkeypatch, Fake(*[np.full(16_000, 0.25, np.float32)] * 3))
    with pytest.raises(AudioError, match=r"song.wav: digital silence from its beginning to its end"):
        read(path)
    use(monkeypatch, Fake(np.zeros(16_000, np.float32), seconds(1)))
    assert len(read(path)) == 2 * 16_000


def test_a_file_cut_in_half_gives_its_half(tmp_path, song):
    encode(song, tmp_path / "song.mp3")
    data = (tmp_path / "song.mp3").read_bytes()
    (tmp_path / "song.mp3").write_bytes(data[: len(data) // 2])
    assert 3 < len(read(tmp_path / "song.mp3")) / 16_000 < 5


THREE_HOURS = """
import resource, sys
from pathlib import Path
import numpy as np
from alcca.speech.samples import read_samples, write_song
folder = Path(sys.argv[1])
write_song(folder / "warm.flac", folder / "warm.f32")
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
write_song(folder / "long.flac", folder / "long.f32")
print(len(read_samples(folder / "long.f32")), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def write_hours(path, length, rate=16_000):
    """Noise of that many seconds; FLAC keeps it small where it is mostly silent."""
    rng = np.random.default_rng(0)
    with soundfile.SoundFile(path, "w", rate, 1, "PCM_16", format="FLAC") as file:
        for _ in range(round(length / 60)):
            minute = np.zeros(60 * rate, dtype=np.int16)
            minute[: rate // 2] = rng.integers(-9_000, 9_000, rate // 2)
            file.write(minute)


@pytest.mark.slow
def test_three_hours_take_the_memory_of_minutes(tmp_path):
    write_hours(tmp_path / "warm.flac", 60)
    write_hours(tmp_path / "long.flac", 3 * 3600)
    answer = subprocess.run(
        [sys.executable, "-c", THREE_HOURS, str(tmp_path)], capture_output=True, text=True, check=True
    )
    samples, more = map(int, answer.stdout.split())
    assert samples == 3 * 3600 * 16_000
    # The samples themselves take 691 MB.
    assert more < 60 * (1024 if sys.platform == "linux" else 1 << 20)


@pytest.mark.parametrize(
    ("damage", "length"),
    [
        # A header that declares 3 of 40 s, one that declares nothing, and damage in the middle.
        (lambda flac: flac[:21] + bytes([flac[21] & 0xF0]) + (3 * RATE).to_bytes(4, "big") + flac[26:], 40),
        (lambda flac: flac[:21] + bytes([flac[21] & 0xF0, 0, 0, 0, 0]) + flac[26:], 40),
        (lambda flac: flac[: len(flac) // 2] + b"\x55" * 3_000 + flac[len(flac) // 2 + 3_000 :], 40),
    ],
)
def test_the_whole_is_as_long_as_what_a_slice_is_taken_from(tmp_path, damage, length):
    soundfile.write(tmp_path / "song.flac", tune(length), RATE)
    path = tmp_path / "song.flac"
    path.write_bytes(damage(path.read_bytes()))
    assert len(read(path)) / 16_000 == pytest.approx(length, abs=0.7)
    assert read_slice(path).duration == pytest.approx(length, abs=0.7)


def test_sound_after_the_place_where_the_first_decoder_gives_up(tmp_path):
    # libsndfile searches 1,024 bytes for the next frame of MP3.
    path = tmp_path / "song.mp3"
    encode(tune(40), path)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2] + b"\x55" * 3_000 + data[len(data) // 2 + 3_000 :])
    assert len(read(path)) / 16_000 == pytest.approx(40, abs=1.5)
    assert read_slice(path).duration == pytest.approx(40, abs=1.5)


def test_the_second_decoder_goes_on_where_the_first_one_stopped(monkeypatch, path):
    sound = seconds(5)
    use(monkeypatch, Fake(sound[:32_000], ValueError("damaged")), Fake(sound[:20_000], sound[20_000:]))
    assert np.array_equal(read(path), sound)


def test_the_decoder_is_closed_when_nobody_wants_more(tmp_path, song, monkeypatch):
    encode(song, tmp_path / "song.wav")
    closed = []

    class Watched(SoundfileDecoder):
        def __exit__(self, *what):
            closed.append(True)
            super().__exit__(*what)

    use(monkeypatch, Watched)
    pieces = read_whole(tmp_path / "song.wav", 16_000)
    next(pieces)
    pieces.close()
    assert closed == [True]
