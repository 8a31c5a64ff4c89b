"""The process that reads recordings from strangers, one after another; it may be killed at any time."""

import io
import json
import signal
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np

from alcca.encoders.encoder import AudioEncoder
from alcca.encoders.mfcc import MfccEncoder
from alcca.encoders.saving import load_encoder
from alcca.errors import AlccaError
from alcca.features.mfcc import mfcc
from alcca.search.clip import Clip, read_recording
from alcca.songs.audio import SAMPLE_RATE, SLICE_SECONDS, SPEECH_RATE
from alcca.workers.child import end_with_parent
from alcca.workers.memory import MemoryLimit, ran_out
from alcca.workers.patience import ends_when_stuck
from alcca.workers.pool import quiet_worker

__all__ = ["Read", "read_clip", "work"]

# The share of the time limit after which read_slices gives up with a reason, before the process is killed.
POLITE = 0.8
# A worker without a parent, whose decoder never returns, ends itself this long after the time limit.
GRACE_SECONDS = 5.0


Read = Callable[[Path, float, AudioEncoder | None], Clip]


def read_clip(path: Path, budget: float, encoder: AudioEncoder | None) -> Clip:
    """Decode the middle 30 s of a recording once, for all parts of a search; AudioError after ``budget`` seconds."""
    return read_recording(path, encoder, budget=budget)


def work(pipe: Connection, read: Read, seconds: float, memory: int, folder: Path | None) -> None:
    """Answer one request after another until the pipe ends.

    Parameters
    ----------
    pipe : Connection
        Brings requests: a path, and whether to encode its sound. Takes answers; the first is sent without a request
        when the process is ready, with the shape of the sound, or the reason why it cannot be encoded.
    read : function
        Takes a path, a time limit in seconds and an encoder; returns a clip.
    seconds : float
        Time limit for one file.
    memory : int
        Bytes that one file may use.
    folder : path or None
        The folder of the encoder; None for MFCC.
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
    # Not before: the error of a failed warm-up, in a broken installation, must be printed.
    quiet_worker()
    limit = MemoryLimit(memory)
    pipe.send_bytes(json.dumps({"shape": encoder.shape}).encode())
    while True:
        try:
            request = json.loads(pipe.recv_bytes())
        except (EOFError, OSError):
            return
        with ends_when_stuck(seconds + GRACE_SECONDS):
            answer = _answer(
                read, Path(request["path"]), POLITE * seconds, encoder if request["sound"] else None, limit
            )
        pipe.send_bytes(answer)


def _answer(read: Read, path: Path, budget: float, encoder: AudioEncoder | None, limit: MemoryLimit) -> bytes:
    """One line of JSON, then the bytes of the sound, if requested, and of the samples."""
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
            # A library that ran out of memory half-way is in an untested state.
            fit = False
    except Exception as error:  # noqa: BLE001 - a stranger's file must not end the worker
        reason = f"cannot be read ({type(error).__name__}); the file may be damaged, convert it to try again"
    head = {"reason": reason, "notes": notes, "start": start, "samples": samples, "fit": fit and not limit.leaked}
    return json.dumps(head).encode() + b"\n" + body


def _warm_up() -> None:
    """Import and build everything that a file needs, so that the first takes no longer than the others."""
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
    # PyAV loads part of itself when it opens its first file, which must not count as the file's memory.
    with av.open(wav, "r") as container:
        next(container.decode(audio=0)).to_ndarray()
    soxr.resample(noise, rate, SPEECH_RATE)
    mfcc(soxr.resample(noise, rate, SAMPLE_RATE))
