"""The process that reads recordings from strangers: one path after the other, and it may be killed at any time."""

import io
import json
import signal
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from alcca.encoders.encoder import AudioEncoder
from alcca.encoders.mfcc import MfccEncoder
from alcca.encoders.saving import load_encoder
from alcca.errors import AlccaError
from alcca.features.mfcc import mfcc
from alcca.search.clip import read_sound
from alcca.songs.audio import SAMPLE_RATE, SLICE_SECONDS, SPEECH_RATE
from alcca.workers.child import end_with_parent
from alcca.workers.memory import MemoryLimit, ran_out
from alcca.workers.pool import ends_when_stuck, quiet_worker

__all__ = ["Clip", "Read", "read_clip", "work"]

# read_slices gives up politely and says why; killing comes after it.
POLITE = 0.8
# A worker whose parent is gone and whose decoder never comes back ends itself this long after its time.
GRACE_SECONDS = 5.0


@dataclass(frozen=True)
class Clip:
    """What is kept of a recording: its middle 30 s, as the parts of a search take them.

    Parameters
    ----------
    sound : array, float32, or None
        What the encoder makes of it, by default MFCC of shape (20, 161); None when nobody asked for it.
    speech : array of shape (n,), float32
        The samples at 16 kHz, at most 480,000, without the silence that fills up a short recording.
    start : float
        Where the 30 s begin in the recording, in seconds.
    notes : tuple of str
        What was repaired or is doubtful, in plain words; see `alcca.songs.audio.AudioSlice`.
    """

    sound: NDArray[np.float32] | None
    speech: NDArray[np.float32]
    start: float
    notes: tuple[str, ...]


Read = Callable[[Path, float, AudioEncoder | None], Clip]


def read_clip(path: Path, budget: float, encoder: AudioEncoder | None) -> Clip:
    """Decode a recording's middle 30 s once, for all that a search takes; AudioError after ``budget`` seconds."""
    sound, speech = read_sound(path, encoder, budget=budget)
    return Clip(sound, speech.decoded, speech.start, speech.notes)


def work(pipe: Connection, read: Read, seconds: float, memory: int, folder: Path | None) -> None:
    """Answer one question after the other until the pipe ends.

    Parameters
    ----------
    pipe : Connection
        Brings questions: a path, and whether its sound is asked for. Takes answers; the first comes unasked, when the
        first question may come, and says of which shape the sound will be, or why there will be none.
    read : function of a path, of seconds and of an encoder
        Gives a clip.
    seconds : float
        Time for one file.
    memory : int
        Bytes that one file may take.
    folder : path or None
        Of the encoder that sound is asked of; MFCC when None.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    end_with_parent()
    _warm_up()
    try:
        encoder = MfccEncoder() if folder is None else load_encoder(folder)
        encoder.prepare()
    except AlccaError as error:
        pipe.send_bytes(json.dumps({"lacks": str(error)}).encode())
        return
    # Not before: a warm-up that fails, on a broken installation, shall be heard of.
    quiet_worker()
    limit = MemoryLimit(memory)
    pipe.send_bytes(json.dumps({"shape": encoder.shape}).encode())
    while True:
        try:
            asked = json.loads(pipe.recv_bytes())
        except (EOFError, OSError):
            return
        with ends_when_stuck(seconds + GRACE_SECONDS):
            answer = _answer(read, Path(asked["path"]), POLITE * seconds, encoder if asked["sound"] else None, limit)
        pipe.send_bytes(answer)


def _answer(read: Read, path: Path, budget: float, encoder: AudioEncoder | None, limit: MemoryLimit) -> bytes:
    """One line of JSON, then the bytes of the sound, if asked for, and of the samples."""
    reason: str | None = None
    notes: tuple[str, ...] = ()
    start, samples = 0.0, 0
    body = b""
    fit = True
    try:
        with limit:
            clip = read(path, budget, encoder)
            notes, start, samples = clip.notes, clip.start, len(clip.speech)
            body = (b"" if clip.sound is None else clip.sound.tobytes()) + clip.speech.tobytes()
    except (AlccaError, MemoryError) as error:
        reason = str(error)
        if ran_out(error):
            reason = limit.reason
            # A library that ran out of memory half-way is in a state that nobody has tested.
            fit = False
    except Exception as error:  # noqa: BLE001 - what a stranger's file raises shall not end the worker
        reason = f"cannot be read ({type(error).__name__}); the file may be damaged, convert it to try again"
    head = {"reason": reason, "notes": notes, "start": start, "samples": samples, "fit": fit and not limit.leaked}
    return json.dumps(head).encode() + b"\n" + body


def _warm_up() -> None:
    """Import and build what the first file needs, so that it takes no longer than the others."""
    import av
    import soundfile
    import soxr
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    # The workers share the cores already.
    threadpool_limits(1)
    rate = 2 * SAMPLE_RATE
    noise = np.random.default_rng(0).uniform(-1, 1, round(SLICE_SECONDS * rate)).astype(np.float32)
    wav = io.BytesIO()
    soundfile.write(wav, noise, rate, format="WAV")
    wav.seek(0)
    # PyAV loads part of itself when it opens its first file; that shall not come out of the file's memory.
    with av.open(wav, "r") as container:
        next(container.decode(audio=0)).to_ndarray()
    soxr.resample(noise, rate, SPEECH_RATE)
    mfcc(soxr.resample(noise, rate, SAMPLE_RATE))
