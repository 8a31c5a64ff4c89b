"""The process that transcribes recordings: it holds the speech model, and may be killed at any time."""

import json
import os
import signal
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, Any

import numpy as np

from alcca.errors import AlccaError, MissingExtraError, SpeechModelError
from alcca.transcripts import Transcript
from alcca.workers.child import end_with_parent
from alcca.workers.memory import MemoryLimit
from alcca.workers.pool import quiet_worker

if TYPE_CHECKING:
    from alcca.speech.recogniser import Recogniser

__all__ = ["Open", "hear", "open_recogniser"]

RATE = 16_000
# Lower priority: requests that take milliseconds go before transcriptions, which take a second.
NICENESS = 5

Open = Callable[[str], "Recogniser"]


def open_recogniser(model: str) -> "Recogniser":
    """Open a recogniser with weights on this machine; raises MissingExtraError or SpeechModelError."""
    from alcca.speech.recogniser import Recogniser

    return Recogniser(model, offline=True)


def hear(pipe: Connection, open_recogniser: Open, model: str, memory: int) -> None:
    """Transcribe one recording after another, or listen for words in it, until the pipe ends.

    The first message tells whether the model is loaded, or why not. A recording arrives as a message of JSON and a
    message of samples. The JSON has its ``start``, or the ``texts`` to listen for. The answer is its transcript, or
    what was found of each text, or the reason why there is none, as JSON. If the first pass of a transcription is
    doubtful, its transcript is sent before, and a second pass follows.

    Parameters
    ----------
    pipe : Connection
    open_recogniser : function of the model's name
        Returns a recogniser.
    model : str
    memory : int
        Bytes that one recording may use.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    end_with_parent()
    os.nice(NICENESS)
    try:
        recogniser = open_recogniser(model)
    except (MissingExtraError, SpeechModelError) as error:
        _send(pipe, {"lacks": str(error)})
        return
    # The first call loads and builds what the later ones reuse.
    recogniser.hear(np.random.default_rng(0).normal(0, 0.01, RATE).astype(np.float32))
    quiet_worker()
    limit = MemoryLimit(memory)
    _send(pipe, {"name": recogniser.name})
    while True:
        try:
            asked = json.loads(pipe.recv_bytes())
            samples = np.frombuffer(pipe.recv_bytes(), np.float32)
        except (EOFError, OSError):
            return
        _send(pipe, _answer(recogniser, samples, asked, limit, lambda first: _send(pipe, {"first": first.to_dict()})))


def _answer(
    recogniser: "Recogniser",
    samples: Any,
    asked: dict[str, Any],
    limit: MemoryLimit,
    at_first: Callable[[Transcript], None],
) -> dict[str, Any]:
    try:
        with limit:
            if "texts" in asked:
                found: dict[str, Any] = {"listened": recogniser.listen(samples, asked["texts"])}
            else:
                heard = recogniser.hear(samples, start=float(asked["start"]), at_first=at_first)
                found = {"heard": heard.to_dict()}
    except AlccaError as error:
        return {"reason": str(error), "fit": True}
    except Exception as error:  # noqa: BLE001 - a recording must not end the process
        # A library that failed half-way, for example for want of memory, is in an untested state.
        return {"reason": f"the recogniser failed on it ({type(error).__name__})", "fit": False}
    return {**found, "fit": not limit.leaked}


def _send(pipe: Connection, message: dict[str, Any]) -> None:
    pipe.send_bytes(json.dumps(message).encode())
