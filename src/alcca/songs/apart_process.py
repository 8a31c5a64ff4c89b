"""The process that decodes recordings for another one: it may crash, hang, or run out of memory."""

import faulthandler
import json
import os
import queue
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO

import av  # noqa: F401 - here, for what is imported first takes none of the memory for a file
import soundfile  # noqa: F401
import soxr  # noqa: F401

from alcca.errors import AlccaError
from alcca.songs.audio import read_slices
from alcca.songs.whole import write_whole
from alcca.workers.memory import MEMORY, MemoryLimit, ran_out

__all__ = ["work"]


def work() -> None:
    """Answer one question after the other: lines of JSON at standard input and output, until the input ends.

    The first line is sent unasked, when the first question may come. An answer is a line, and the
    samples of the slices that it tells of.
    """
    # Ctrl-C reaches the whole process group; the parent decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    answers = os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    # What a decoder prints is no answer.
    os.dup2(nowhere, 1)
    questions: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(sys.stdin.buffer, questions), daemon=True).start()
    limit = MemoryLimit(MEMORY)
    _send(answers, {})
    while True:
        asked = json.loads(questions.get())
        # When the parent is gone, and a decoder that hangs keeps the thread from seeing it.
        faulthandler.dump_traceback_later(asked.pop("patience"), exit=True, file=nowhere)
        told, samples = _answer(asked, limit)
        faulthandler.cancel_dump_traceback_later()
        _send(answers, told, samples)


def _listen(source: BinaryIO, questions: "queue.SimpleQueue[bytes]") -> None:
    """Pass on what is asked; end the process with the one that asks, also in the middle of a file."""
    for line in source:
        questions.put(line)
    os._exit(0)


def _answer(asked: dict[str, Any], limit: MemoryLimit) -> tuple[dict[str, Any], list[bytes]]:
    path = Path(asked.pop("path"))
    told: dict[str, Any] = {"fit": True}
    samples: list[bytes] = []
    try:
        with limit:
            if "target" in asked:
                write_whole(path, Path(asked["target"]), asked["rate"])
            else:
                slices = read_slices(path, **asked)
                told["slices"] = [{k: v for k, v in vars(one).items() if k != "samples"} for one in slices]
                samples = [one.samples.tobytes() for one in slices]
    except Exception as error:  # noqa: BLE001 - what a file raises shall not end the process
        if ran_out(error):
            # A library that ran out of memory half-way is in a state that nobody has tested.
            told = {"error": "AudioError", "reason": f"{path.name}: {limit.reason}", "fit": False}
        elif isinstance(error, AlccaError):
            told |= {"error": type(error).__name__, "reason": str(error)}
        else:
            why = getattr(error, "strerror", None) or type(error).__name__
            told |= {"error": "AudioError", "reason": f"{path.name}: cannot be decoded here ({why})"}
    told["fit"] = told["fit"] and not limit.leaked
    return told, samples


def _send(answers: BinaryIO, told: dict[str, Any], samples: Sequence[bytes] = ()) -> None:
    answers.write(json.dumps(told).encode() + b"\n" + b"".join(samples))
    answers.flush()
