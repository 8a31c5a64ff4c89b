"""Libraries on disks that cannot be written: what reads works as before, what writes says so, and nothing changes."""

from collections.abc import Iterator
from pathlib import Path

from campaign.commands import Done, run, unclear
from campaign.disk import mounted, remount
from campaign.outcomes import Offence, Outcome
from campaign.settings import Settings
from campaign.stages import STAGES, Stages
from campaign.state import FAISS, line

__all__ = ["trials"]

READ_ONLY = ("read-only", "permission", "not allowed")
LINE = line(5)
READING = [
    ["status", "--json"],
    ["check"],
    ["search", "--words", LINE.split()[0]],
    ["search", "--lyrics", LINE],
    ["search", "--lyrics", LINE, "--by", "words"],
]
TRAINED = [
    ["search", "--lyrics", LINE, "--by", "space"],
    ["search", "--lyrics", LINE, "--by", "space", "--index", FAISS],
]


def trials(settings: Settings, place: Path, outcome: Outcome) -> Iterator[int]:
    """Run each command that reads, and each that writes, on the library before each stage."""
    with mounted(place / "disk") as problem:
        if problem:
            outcome.skipped = problem
            return
        stages = Stages(place, place / "disk")
        for number in settings.trials(range(1, len(STAGES))):
            stages.reset(STAGES[number])
            # These come first: the search in faiss files builds them, and a status counts them.
            reading = [*(TRAINED if number > STAGES.index("train") else []), *READING]
            before = [_run(stages, command) for command in reading]
            files = _files(stages.work)
            remount(stages.work, "ro")
            now = [_run(stages, command) for command in reading]
            offences = [one for done in now for one in unclear(done)]
            for old, new in zip(before, now, strict=True):
                if (old.code, old.out) != (new.code, new.out):
                    offences.append(Offence("lost", f"{new.command}: other results: {new.out[:500]}"))
            if _files(stages.work) != files:
                offences.append(Offence("wrong", "files have changed"))
            for stage in STAGES[:-1]:
                done = stages.run(stage)
                written = stage == "lyrics" and done.code == 0 and "read-only" not in done.out.lower()
                offences += unclear(done, codes=(0, 1) if stage == "lyrics" else (1,), says=READ_ONLY)
                if written and "wrote" in done.out:
                    offences.append(Offence("wrong", f"{done.command}: says that it wrote: {done.out[-300:]}"))
            remount(stages.work, "rw")
            outcome.facts["commands"] += 2 * len(reading) + len(STAGES) - 1
            outcome.count(settings.repeated("readonly", number, offences))
            yield outcome.tried


def _run(stages: Stages, command: list[str]) -> Done:
    return run(*command, "--library", stages.library, "--quiet")


def _files(folder: Path) -> dict[str, tuple[int, int]]:
    return {
        str(path.relative_to(folder)): (path.stat().st_size, path.stat().st_mtime_ns)
        for path in folder.rglob("*")
        if path.is_file()
    }
