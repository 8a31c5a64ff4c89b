"""The process that decodes recordings for another process; it may crash, hang, or run out of memory."""

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

import av  # noqa: F401 - imported before the memory limit is set, so that it takes none of the memory for a file
import soundfile  # noqa: F401
import soxr  # noqa: F401

from alcca.errors import AlccaError
from alcca.songs.audio import read_slices
from alcca.songs.whole import write_whole
from alcca.workers.memory import MEMORY, MemoryLimit, ran_out

__all__ = ["work"]


def work() -> None:
    """Answer questions one after the other, as lines of JSON on standard input and output, until the input ends.

    A first line is sent without a question, when the process is ready. An answer is a line, followed by the samples of
    the slices that the line lists.
    """
    # Ctrl-C reaches the whole process group; the parent decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    answers = os.fdopen(os.dup(1), "wb")
    devnull = os.open(os.devnull, os.O_WRONLY)
    # A decoder's own output must not mix with the answers.
    os.dup2(devnull, 1)
    questions: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(sys.stdin.buffer, questions), daemon=True).start()
    limit = MemoryLimit(MEMORY)
    _send(answers, {})
    while True:
        question = json.loads(questions.get())
        # Ends the process if the parent is gone and a hanging decoder keeps the thread from noticing it.
        faulthandler.dump_traceback_later(question.pop("patience"), exit=True, file=devnull)
        header, samples = _answer(question, limit)
        faulthandler.cancel_dump_traceback_later()
        _send(answers, header, samples)


def _listen(source: BinaryIO, questions: "queue.SimpleQueue[bytes]") -> None:
    """Queue the questions; end the process when the parent ends, even in the middle of a file."""
    for line in source:
        questions.put(line)
    os._exit(0)


def _answer(question: dict[str, Any], limit: MemoryLimit) -> tuple[dict[str, Any], list[bytes]]:
    path = Path(question.pop("path"))
    header: dict[str, Any] = {"fit": True}
    samples: list[bytes] = []
    try:
        with limit:
            if "target" in question:
                write_whole(path, Path(question["target"]), question["rate"])
            else:
                slices = read_slices(path, **question)
                header["slices"] = [{k: v for k, v in vars(one).items() if k != "samples"} for one in slices]
                samples = [one.samples.tobytes() for one in slices]
    except Exception as error:  # noqa: BLE001 - an error of one file must not end the process
        if ran_out(error):
            # A library that ran out of memory half-way is in an untested state.
            header = {"error": "AudioError", "reason": f"{path.name}: {limit.reason}", "fit": False}
        elif isinstance(error, AlccaError):
            header |= {"error": type(error).__name__, "reason": str(error)}
        else:
            why = getattr(error, "strerror", None) or type(error).__name__
            header |= {"error": "AudioError", "reason": f"{path.name}: cannot be decoded here ({why})"}
    header["fit"] = header["fit"] and not limit.leaked
    return header, samples


def _send(answers: BinaryIO, header: dict[str, Any], samples: Sequence[bytes] = ()) -> None:
    answers.write(json.dumps(header).encode() + b"\n" + b"".join(samples))
    answers.flush()
