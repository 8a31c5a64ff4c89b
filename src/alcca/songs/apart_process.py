"""The process that decodes recordings for another process; it may crash, hang, or run out of memory."""

import json
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av  # noqa: F401 - imported before the memory limit is set, so that it takes none of the memory for a file
import soundfile  # noqa: F401 - the same
import soxr  # noqa: F401 - the same

from alcca.errors import AlccaError, AudioError
from alcca.songs.audio import content_hash, read_slices
from alcca.songs.cut import Cut
from alcca.songs.pieces import write_pieces
from alcca.songs.whole import write_whole
from alcca.workers.memory import MEMORY, MemoryLimit, ran_out
from alcca.workers.patience import ends_when_stuck, tell_deadlines
from alcca.workers.process import Pipe

__all__ = ["work"]


def work() -> None:
    """Answer one question after the other, until the parent ends.

    A first answer is sent without a question, when the process is ready. An answer is a line of JSON, followed by the
    samples of the slices that the line lists. While it is at work, it sends empty messages as it gets on.
    """
    # Ctrl-C reaches the whole process group; the parent decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    pipe = Pipe()
    limit = MemoryLimit(MEMORY)
    pipe.send(b"{}\n")
    tell_deadlines(lambda _: pipe.send())
    while True:
        question = json.loads(pipe.receive())
        # Ends the process if the parent is gone and a hanging decoder keeps it from noticing that.
        with ends_when_stuck(question.pop("seconds_to_end")) as reached:
            header, samples = _answer(question, limit, reached)
        pipe.send(json.dumps(header).encode() + b"\n", *samples)


def _answer(
    question: dict[str, Any], limit: MemoryLimit, reached: Callable[[], None]
) -> tuple[dict[str, Any], list[bytes]]:
    path = Path(question.pop("path"))
    header: dict[str, Any] = {"fit": True}
    samples: list[bytes] = []
    said = question.pop("cut")
    cut = None if said is None else Cut(**said)
    try:
        with limit:
            if "starts" in question:
                target = Path(question.pop("target"))
                write_pieces(path, target, **question, reached=reached, cut=cut)
            elif "target" in question:
                write_whole(path, Path(question["target"]), question["rate"], reached, cut)
            else:
                content = question.pop("content")
                if content is not None and content_hash(path, reached) != content:
                    raise AudioError(f"{path}: has changed since it was added; run alcca add on its folder again")
                slices = read_slices(path, **question, cut=cut)
                header["slices"] = [{k: v for k, v in vars(one).items() if k != "samples"} for one in slices]
                samples = [one.samples.tobytes() for one in slices]
    except Exception as error:  # noqa: BLE001 - an error of one file must not end the process
        if ran_out(error):
            # A library that ran out of memory half-way is in an untested state.
            header = {"error": "AudioError", "reason": f"{path.name}: {limit.reason}", "fit": False}
        elif isinstance(error, AlccaError):
            header |= {"error": type(error).__name__, "reason": str(error)}
        elif isinstance(error, OSError):
            header |= {"error": "AudioError", "reason": f"{path.name}: cannot be read ({error.strerror or error})"}
        else:
            why = type(error).__name__
            header |= {"error": "AudioError", "reason": f"{path.name}: cannot be decoded here ({why})"}
    header["fit"] = header["fit"] and not limit.leaked
    return header, samples
