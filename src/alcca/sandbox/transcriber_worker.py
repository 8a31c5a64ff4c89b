"""The process that hears recordings: it holds the speech model, and may be killed at any time."""

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
# Who waits for an answer that takes milliseconds goes before who waits for one that takes a second.
NICENESS = 5

Open = Callable[[str], "Recogniser"]


def open_recogniser(model: str) -> "Recogniser":
    """The recogniser with weights that are on this machine; MissingExtraError, SpeechModelError."""
    from alcca.speech.recogniser import Recogniser

    return Recogniser(model, offline=True)


def hear(pipe: Connection, open_recogniser: Open, model: str, memory: int) -> None:
    """Hear one recording after the other until the pipe ends.

    The first message says that the model is loaded, or why it cannot be. A recording comes as a message of JSON and a
    message of samples; the answer is what was heard, or why nothing could be, as JSON. Before it comes what a first
    reading says, where that is in doubt and the recording is read again.

    Parameters
    ----------
    pipe : Connection
    open_recogniser : function of the model's name
        Gives a recogniser.
    model : str
    memory : int
        Bytes that hearing one recording may take.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    end_with_parent()
    os.nice(NICENESS)
    try:
        recogniser = open_recogniser(model)
    except (MissingExtraError, SpeechModelError) as error:
        _send(pipe, {"lacks": str(error)})
        return
    # The first call loads and builds what the later ones have.
    recogniser.hear(np.random.default_rng(0).normal(0, 0.01, RATE).astype(np.float32))
    quiet_worker()
    limit = MemoryLimit(memory)
    _send(pipe, {"name": recogniser.name})
    while True:
        try:
            start = float(json.loads(pipe.recv_bytes())["start"])
            samples = np.frombuffer(pipe.recv_bytes(), np.float32)
        except (EOFError, OSError):
            return
        _send(pipe, _heard(recogniser, samples, start, limit, lambda first: _send(pipe, {"first": first.to_dict()})))


def _heard(
    recogniser: "Recogniser", samples: Any, start: float, limit: MemoryLimit, at_first: Callable[[Transcript], None]
) -> dict[str, Any]:
    try:
        with limit:
            heard = recogniser.hear(samples, start=start, at_first=at_first).to_dict()
    except AlccaError as error:
        return {"reason": str(error), "fit": True}
    except Exception as error:  # noqa: BLE001 - whatever a recording raises shall not end the process
        # A library that failed half-way, for want of memory say, is in a state that nobody has tested.
        return {"reason": f"the recogniser failed on it ({type(error).__name__})", "fit": False}
    return {"heard": heard, "fit": not limit.leaked}


def _send(pipe: Connection, told: dict[str, Any]) -> None:
    pipe.send_bytes(json.dumps(told).encode())
