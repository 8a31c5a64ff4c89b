"""Reading what strangers send: the right numbers, or a reason; no file harms the reader or another read."""

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from tests.making import change
from tests.songs.encoding import FORMATS, encode, tune
from tests.test_damaged_audio import damaged

from alcca.encoders.descriptors import DescriptorsEncoder
from alcca.encoders.mfcc import MfccStatsEncoder
from alcca.encoders.saving import save_encoder
from alcca.errors import AudioError, UsageError
from alcca.features.descriptors import track_descriptors
from alcca.features.mfcc import mfcc
from alcca.sandbox import clip_reader
from alcca.sandbox.clip_reader import ClipReader
from alcca.search.clip import Clip
from alcca.songs.audio import SPEECH_RATE, read_slice

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 4.0
MEMORY = 2**29
# What takes this long was forgotten.
SECONDS_BEFORE_IT_HANGS = 60
# Of each kind of damage that chance does, in each format.
TIMES = 4
limits_memory = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux tells its address space")


def silent(features=(20, 161), samples=16_000, notes=(), start=0.0):
    return Clip(np.zeros(features, np.float32), np.zeros(samples, np.float32), start, notes)


def obey(path, budget, encoder):
    """Stands in for the real reading in a worker: does what the file says, and reads it when it is audio."""
    order, _, rest = path.read_bytes()[:500].partition(b" ")
    match order:
        case b"hang":
            Path(rest.decode()).touch()
            time.sleep(1000)
        case b"stuck":
            Path(rest.decode()).touch()
            # A call of PyDLL keeps the interpreter's lock: no other thread of the worker runs.
            ctypes.PyDLL(None).sleep(1000)
        case b"segfault":
            os.kill(os.getpid(), signal.SIGSEGV)
        case b"exit":
            os._exit(0)
        case b"raise":
            raise KeyError(str(path))
        case b"memory":
            np.ones(2 * MEMORY, np.uint8)
        case b"swallow":
            try:
                np.ones(2 * MEMORY, np.uint8)
            except MemoryError as error:
                raise AudioError(f"{path.name}: cannot be decoded (soundfile: {error})") from error
        case b"misshape":
            return silent((20, 160))
        case b"speechless":
            return silent(samples=0)
        case b"endless":
            return silent(samples=480_001)
        case b"nowhere":
            return silent(start=float("nan"))
        case b"infinite":
            return Clip(silent().sound, np.full(16_000, np.inf, np.float32), 0.0, ())
        case b"budget":
            return silent(notes=(str(budget),))
        case b"sleep":
            time.sleep(float(rest))
            return silent()
        case b"wait":
            folder = Path(rest.decode())
            (folder / "begun").touch()
            until((folder / "go").exists)
            return clip_reader.read_clip(folder / "song.wav", budget, encoder)
    return clip_reader.read_clip(path, budget, encoder)


def until(condition):
    deadline = time.monotonic() + SECONDS_BEFORE_IT_HANGS
    while not condition():
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.01)


def running(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def all_warm(reader):
    until(lambda: len(reader._idle) == 2 and all(worker is not None and worker.warm() for worker in reader._idle))


@pytest.fixture(scope="module")
def reader():
    with pytest.MonkeyPatch.context() as patch:
        # Workers import it by its name, also those that come later in the place of a killed one.
        patch.setattr(clip_reader, "read_clip", obey)
        with ClipReader(workers=2, seconds=SECONDS, memory=MEMORY) as reader:
            yield reader


@pytest.fixture
def song(tmp_path):
    return encode(tune(3), tmp_path / "song.wav")


def order(folder, words, name="order.mp3"):
    path = folder / name
    path.write_text(words)
    return path


def expected(path):
    return mfcc(read_slice(path).samples)


def reason(reader, path, name="clip.mp3"):
    with pytest.raises(AudioError) as caught:
        reader.read(path, name)
    message = str(caught.value)
    assert message.startswith(f"{name}: "), message
    assert "\n" not in message
    assert str(path)[:12] not in message, message
    assert path.name not in message, message
    return message


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_clip_is_what_reading_it_here_gives(reader, tmp_path, suffix):
    path = encode(tune(33), tmp_path / f"song.{suffix}")
    clip = reader.read(path, "clip")
    np.testing.assert_array_equal(clip.sound, expected(path))
    assert clip.sound.dtype == np.float32
    spoken = read_slice(path, rate=SPEECH_RATE)
    np.testing.assert_array_equal(clip.speech, spoken.decoded)
    assert clip.speech.dtype == np.float32
    assert (clip.start, clip.notes) == (spoken.start, spoken.notes)


def test_notes_come_along(reader, song):
    clip = reader.read(song, "clip")
    assert clip.notes == ("the recording is 3 s long; the rest of the half minute was filled with silence",)
    # Nobody listens to silence that was not there.
    assert len(clip.speech) == 3 * SPEECH_RATE


def test_a_file_that_is_no_audio_is_called_by_the_given_name(reader, tmp_path):
    path = tmp_path / "tmp1234.mp3"
    path.write_text("<!DOCTYPE html><title>404</title>")
    assert reason(reader, path) == "clip.mp3: is a web page, not audio; download the file again"


@pytest.mark.parametrize("depth", [1, 8, 20])
def test_a_decoder_that_quotes_the_path_tells_the_given_name(reader, tmp_path, depth):
    # Deep enough, the path is cut off within the message.
    folder = tmp_path.joinpath(*["deep folder"] * depth)
    folder.mkdir(parents=True)
    path = folder / "tmp1234.mp3"
    path.write_bytes(np.random.default_rng(0).bytes(5000))
    message = reason(reader, path)
    assert "'clip.mp3" in message
    assert "deep folder" not in message


def test_a_file_that_is_gone_is_told_without_its_folder(reader, tmp_path):
    assert "send it again" in reason(reader, tmp_path / "tmp1234.mp3")


@pytest.mark.parametrize(
    ("order_", "told"),
    [
        ("hang", "too long"),
        ("stuck", "too long"),
        ("segfault", "crashed"),
        ("exit", "crashed"),
        ("misshape", "crashed"),
        ("speechless", "crashed"),
        ("endless", "crashed"),
        ("nowhere", "crashed"),
        ("infinite", "crashed"),
        ("raise", "cannot be read (KeyError)"),
        pytest.param("memory", "more than 0.5 GiB of memory", marks=limits_memory),
        pytest.param("swallow", "more than 0.5 GiB of memory", marks=limits_memory),
    ],
)
def test_a_hostile_file_gives_a_reason_and_the_next_is_read(reader, tmp_path, song, order_, told):
    message = reason(reader, order(tmp_path, f"{order_} {tmp_path / 'begun'}"))
    assert told in message
    assert "convert it" in message
    for _ in range(3):
        np.testing.assert_array_equal(reader.read(song, "clip").sound, expected(song))


@pytest.mark.parametrize("order_", ["segfault", "exit"])
def test_a_crash_does_not_disturb_a_read_beside_it(reader, tmp_path, song, order_):
    all_warm(reader)
    with ThreadPoolExecutor(1) as pool:
        beside = pool.submit(reader.read, order(tmp_path, f"wait {tmp_path}", "wait.mp3"), "beside")
        until((tmp_path / "begun").exists)
        assert "crashed" in reason(reader, order(tmp_path, order_))
        assert not beside.done()
        (tmp_path / "go").touch()
        np.testing.assert_array_equal(beside.result().sound, expected(song))


def test_a_file_that_hangs_and_is_ended_does_not_disturb_the_reads_beside_it(reader, tmp_path, song):
    all_warm(reader)
    with ThreadPoolExecutor(1) as pool:
        hanging = pool.submit(reason, reader, order(tmp_path, f"hang {tmp_path / 'begun'}"))
        until((tmp_path / "begun").exists)
        read = 0
        while not hanging.done():
            np.testing.assert_array_equal(reader.read(song, "clip").sound, expected(song))
            read += 1
        assert read > 1
        assert "too long" in hanging.result()


def test_a_worker_that_died_while_idle_costs_nobody_a_read(reader, song):
    all_warm(reader)
    for worker in reader._idle:
        os.kill(worker._process.pid, signal.SIGKILL)
        worker._process.join()
    begin = threading.Barrier(2)

    def read(_):
        begin.wait()
        return reader.read(song, "clip").sound

    with ThreadPoolExecutor(2) as pool:
        for features in pool.map(read, range(2)):
            np.testing.assert_array_equal(features, expected(song))


def test_an_interrupted_read_leaves_no_answer_for_the_next(reader, tmp_path, song):
    other = encode(tune(5), tmp_path / "other.wav")
    all_warm(reader)

    class Interrupted:
        def __init__(self, pipe):
            self.pipe = pipe

        def __getattr__(self, name):
            return getattr(self.pipe, name)

        def poll(self, seconds):
            raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        for worker in reader._idle:
            patch.setattr(worker, "_pipe", Interrupted(worker._pipe))
        with pytest.raises(KeyboardInterrupt):
            reader.read(other, "clip")
    for _ in range(4):
        np.testing.assert_array_equal(reader.read(song, "clip").sound, expected(song))


def test_the_polite_end_comes_before_the_other(reader, tmp_path):
    (budget,) = reader.read(order(tmp_path, "budget"), "clip").notes
    assert 0.5 * SECONDS < float(budget) < SECONDS


def test_a_worker_that_ran_out_of_memory_is_replaced(reader, tmp_path):
    all_warm(reader)
    before = {worker._process.pid for worker in reader._idle}
    assert "memory" in reason(reader, order(tmp_path, "memory"))
    all_warm(reader)
    assert len(before & {worker._process.pid for worker in reader._idle}) == 1


def test_a_crowd_gets_its_own_answers(reader, tmp_path):
    paths = [encode(tune(2 + number % 8, seed=number % 8), tmp_path / f"{number}.wav") for number in range(8)]
    answers = [expected(path) for path in paths]
    assert len({answer.tobytes() for answer in answers}) == 8
    begin = threading.Barrier(32)

    def read(number):
        begin.wait()
        return reader.read(paths[number % 8], "clip").sound

    with ThreadPoolExecutor(32) as pool:
        for number, features in enumerate(pool.map(read, range(32))):
            np.testing.assert_array_equal(features, answers[number % 8])


def test_waiting_for_a_worker_takes_nothing_from_the_time(reader, tmp_path):
    path = order(tmp_path, f"sleep {SECONDS / 4}")
    with ThreadPoolExecutor(10) as pool:
        # Two workers need 5 of these quarters each, more than the time for one file.
        assert len(list(pool.map(lambda _: reader.read(path, "clip"), range(10)))) == 10


def test_closing_ends_the_workers_the_reads_and_those_who_wait(reader, tmp_path, song):
    with ClipReader(workers=1, seconds=1000) as closing, ThreadPoolExecutor(2) as pool:
        pids = [worker._process.pid for worker in closing._running]
        hanging = pool.submit(reason, closing, order(tmp_path, f"hang {tmp_path / 'begun'}"))
        until((tmp_path / "begun").exists)
        waiting = pool.submit(reason, closing, song)
        closing.close()
        assert "reader is closed" in hanging.result(SECONDS_BEFORE_IT_HANGS)
        assert "reader is closed" in waiting.result(SECONDS_BEFORE_IT_HANGS)
        assert len(pids) == 1
        assert not any(running(pid) for pid in pids)
        assert closing._running == set()
        assert "reader is closed" in reason(closing, song)


def test_no_processes_left_to_start_give_a_reason(monkeypatch, song):
    def refuse(*_):
        raise BlockingIOError("Resource temporarily unavailable")

    with monkeypatch.context() as patch:
        patch.setattr(clip_reader, "_Worker", refuse)
        reader = ClipReader(workers=1)
        assert "try again" in reason(reader, song)
        assert "try again" in reason(reader, song)
    with reader:
        # As soon as the system gives processes again, all is well.
        np.testing.assert_array_equal(reader.read(song, "clip").sound, expected(song))


PARENT = """
import sys
from pathlib import Path
from tests.sandbox import test_clip_reader as test_clips
from alcca.sandbox import clip_reader

clip_reader.read_clip = test_clips.obey
reader = clip_reader.ClipReader(workers=2, seconds=float(sys.argv[3]))
reader.read(Path(sys.argv[1]), "song")
print("ready", flush=True)
reader.read(Path(sys.argv[2]), "order")
"""


# A worker whose interpreter is stuck notices nothing and goes when its time is over; any other goes at once.
@pytest.mark.parametrize(("order_", "seconds"), [("hang", 1000), ("stuck", 2)])
def test_workers_end_with_a_parent_that_is_killed(tmp_path, song, order_, seconds):
    path = order(tmp_path, f"{order_} {tmp_path / 'begun'}")
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, str(song), str(path), str(seconds)],
        stdout=subprocess.PIPE,
        cwd=ROOT,
    ) as parent:
        assert parent.stdout.readline() == b"ready\n"
        until((tmp_path / "begun").exists)
        parent.kill()
        # The workers share its standard output, which ends with the last of them.
        assert parent.communicate(timeout=SECONDS_BEFORE_IT_HANGS) == (b"", None)


@pytest.mark.parametrize("how", ["script", "package"])
def test_it_works_in_a_program(tmp_path, song, how):
    lines = ["from pathlib import Path", "from alcca.sandbox.clip_reader import ClipReader", "def main():"]
    lines += ["    with ClipReader(workers=1) as reader:"]
    lines += [f"        print(reader.read(Path({str(song)!r}), 'clip').sound.shape)"]
    # An entry point that pip writes has a guard, the __main__.py of a package has none.
    lines += ["if __name__ == '__main__':", "    main()"] if how == "script" else ["main()"]
    (tmp_path / "program").mkdir()
    (tmp_path / "program" / "__main__.py").write_text("\n".join(lines))
    (tmp_path / "program" / "__init__.py").touch()
    arguments = [str(tmp_path / "program" / "__main__.py")] if how == "script" else ["-m", "program"]
    done = subprocess.run(
        [sys.executable, *arguments], cwd=tmp_path, capture_output=True, text=True, timeout=SECONDS_BEFORE_IT_HANGS
    )
    assert (done.stdout, done.stderr) == ("(20, 161)\n", "")


@pytest.mark.parametrize("options", [{"workers": 0}, {"seconds": 0.0}, {"seconds": float("nan")}, {"memory": 0}])
def test_numbers_out_of_range_are_refused(options):
    with pytest.raises(UsageError, match="expected"):
        ClipReader(**options)


@pytest.mark.slow
def test_damaged_files_give_a_clip_or_a_reason(tmp_path):
    rng = np.random.default_rng(2020)
    paths = []
    for suffix in FORMATS:
        whole = encode(tune(35), tmp_path / f"whole.{suffix}").read_bytes()
        for what, data in damaged(whole, rng, TIMES):
            paths.append(tmp_path / f"{what}.{suffix}")
            paths[-1].write_bytes(data)
    assert len(paths) == len(FORMATS) * (2 * TIMES + 8)
    with ClipReader(workers=2) as reader:

        def read(path):
            try:
                return reader.read(path, "upload")
            except AudioError as error:
                return str(error)

        with ThreadPoolExecutor(4) as pool:
            results = dict(zip(paths, pool.map(read, paths), strict=True))
    reasons = [result for result in results.values() if isinstance(result, str)]
    kept = [result for result in results.values() if not isinstance(result, str)]
    assert len(reasons) > len(paths) / 6
    assert len(kept) > len(paths) / 6
    for told in reasons:
        assert told.startswith("upload: ")
        assert str(tmp_path)[:12] not in told
        assert "no process" not in told
    for clip in kept:
        assert clip.sound.shape == (20, 161)
        assert np.isfinite(clip.sound).all()


def kept(encoder, folder):
    save_encoder(encoder, folder)
    return folder


def test_a_recording_is_read_for_the_encoder_that_is_asked_for(song, tmp_path):
    stats = kept(MfccStatsEncoder(), tmp_path / "stats")
    with ClipReader(workers=1) as reader:
        np.testing.assert_array_equal(reader.read(song, "clip").sound, expected(song))
        (worker,) = reader._idle
        assert reader.read(song, "clip", encoder=stats, sound=False).sound is None
        assert reader._idle == [worker], "nobody asked for its sound, so it may as well be this one"
        found = reader.read(song, "clip", encoder=stats)
        np.testing.assert_array_equal(found.sound, MfccStatsEncoder().encode(expected(song)[None])[0])
        assert found.speech.shape == (3 * SPEECH_RATE,)
        (second,) = reader._idle
        reader.read(song, "clip", encoder=stats)
        assert reader._idle == [second], "it is ready for this one already"
        np.testing.assert_array_equal(reader.read(song, "clip").sound, expected(song))


def test_a_recording_is_described_for_a_space_of_descriptors(song, tmp_path):
    folder = kept(DescriptorsEncoder(), tmp_path / "descriptors")
    with ClipReader(workers=1, encoder=folder) as reader:
        (worker,) = reader._idle
        found = reader.read(song, "clip", encoder=folder).sound
        assert reader._idle == [worker], "it was ready for this one from the start"
    np.testing.assert_allclose(found, track_descriptors(read_slice(song).samples), rtol=1e-4, atol=1e-4)


def test_an_encoder_that_cannot_be_had_is_told(song, tmp_path):
    folder = kept(MfccStatsEncoder(), tmp_path / "stats")
    change(folder / "encoder.json", version="0")
    with ClipReader(workers=1, encoder=folder) as reader:
        with pytest.raises(AudioError, match=r"clip: its sound cannot be described here \(.*version 0.*train again"):
            reader.read(song, "clip", encoder=folder)
        np.testing.assert_array_equal(reader.read(song, "clip").sound, expected(song))
