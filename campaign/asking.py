"""Questions to damaged libraries, in a process of its own that they may crash or hang; as a command, that process.

    python -m campaign.asking KIND PLACE

Each line of its input is the seed of a trial; each line of its output says in JSON what came of it.
"""

import contextlib
import json
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from random import Random
from types import TracebackType
from typing import Any, Self

from tests.damage import COMMANDS, Answer, answer, answers, damage, judged, make_library

from alcca.store.sqlite_errors import BEYOND_REPAIR
from campaign.commands import Running, module
from campaign.outcomes import Offence

__all__ = ["Asking"]

SECONDS = 600.0
# The songs are the same; their transcripts, which the campaign cannot make again, may be gone.
WORDS = COMMANDS["exact words"]
# What a check says is to be done about what cannot be derived.
REMEDIES = {
    "alcca train": ["train", "--components", "2"],
    "alcca evaluate": [
        *("evaluate", "--methods", "cca", "--components", "2", "--folds", "2", "--no-control", "--jobs", "1")
    ],
}


class Asking:
    """A process with a library of which copies are damaged.

    Parameters
    ----------
    kind : str
        "library" or "models": which of its files.
    place : path
    """

    def __init__(self, kind: str, place: Path) -> None:
        self._kind, self._place = kind, place
        self._running: Running | None = None
        self._asked = 0

    def ask(self, seed: int) -> tuple[str, list[Offence]]:
        """Damage a file; what was damaged, and what is wrong with the answers, and after a repair."""
        running = self._running = self._running or self._start()
        assert running.process.stdin is not None
        running.process.stdin.write(f"{seed}\n".encode())
        running.process.stdin.flush()
        self._asked += 1
        if running.until(lambda: running.said().count("\n") >= self._asked, SECONDS):
            told = json.loads(running.said().splitlines()[self._asked - 1])
            return told["part"], [Offence("wrong", f"{told['what']}: {line}") for line in told["wrong"]]
        self._running, hung = None, not running.poll()
        done = running.done(0.0)
        what = "hung" if hung else "crashed"
        return what, [Offence(what, f"{self._kind}: exit code {done.code}: {done.err[-1000:]}")]

    def _start(self) -> Running:
        self._asked = 0
        return Running([self._kind, self._place], program=module("asking"), asked=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._running is not None:
            self._running.end(signal.SIGKILL, group=True)
            self._running.done()


def _serve(kind: str, place: Path, read: Callable[[], str], say: Callable[[str], object]) -> None:
    library, copy = place / "made" / "library", place / "copy" / "library"
    if not library.exists():
        make_library(place / "made")
    before = answers(library)
    while seed := read():
        shutil.rmtree(copy.parent, ignore_errors=True)
        random = Random(int(seed))
        trial = damage(library, copy, random, lambda name: name.startswith("models/") == (kind == "models"))
        wrong = [f"{name}: {line}" for name, line in judged(before, copy).items()]
        wrong += _repaired(place / "made" / "music", copy, before["exact words"])
        say(json.dumps({"part": _part(trial.file), "what": f"{trial.file}: {trial.damage}", "wrong": wrong}))


def _part(file: str) -> str:
    """What a file is a part of: the names of models and of results change."""
    top, *more = Path(file).parts
    return top if top != "models" else "/".join(more[1:2] if len(more) > 2 else more[1:])


def _repaired(music: Path, library: Path, before: Answer) -> list[str]:
    """What is wrong after a repair, an add, and what a check then advises."""
    repair = answer(library, ["check", "--repair", "--json"])
    if repair.code not in (0, 1) or "unexpected" in repair.errors:
        return [f"check --repair: exit code {repair.code}: {repair.errors[:500]}"]
    if BEYOND_REPAIR in repair.errors:
        return []
    added = answer(library, ["add", str(music), "--hear", "off", "--jobs", "1"])
    if added.code:
        return [f"add after check --repair: {added.errors[:500]}"]
    for _ in REMEDIES:
        findings = _findings(library)
        if not findings:
            break
        for remedy, command in REMEDIES.items():
            if any(remedy in finding for finding in findings):
                done = answer(library, command)
                if done.code:
                    return [f"{remedy}, as check says: {done.errors[:500]}"]
    if findings := _findings(library):
        return [f"check after check --repair and add: {'; '.join(findings)[:800]}"]
    now = answer(library, WORDS)
    if now.code or _titles(now) != _titles(before):
        return [f"{' '.join(WORDS)} after check --repair and add: {now.out[:300]} {now.errors[:300]}"]
    return []


def _findings(library: Path) -> list[str]:
    done = answer(library, ["check", "--json"])
    if not done.out:
        return [done.errors]
    return [" ".join(finding.values()) for finding in json.loads(done.out)["findings"]]


def _titles(of: Answer) -> list[Any]:
    return sorted(hit["title"] for hit in json.loads(of.out)["hits"])


if __name__ == "__main__":
    # What alcca prints belongs to its answers, which are taken; what it writes elsewhere would mix with these.
    out = sys.stdout
    with contextlib.redirect_stdout(sys.stderr):
        _serve(sys.argv[1], Path(sys.argv[2]), sys.stdin.readline, lambda text: print(text, file=out, flush=True))
