"""Full disks: a command on one says so in one line and keeps what was there; with room, it goes on."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from campaign.commands import unclear
from campaign.outcomes import Offence, Outcome
from campaign.settings import Settings
from campaign.stages import STAGES, Stages

__all__ = ["mounted", "remount", "trials"]

ROOMY = "1G"
# More room than any stage needs.
MOST = 8 << 20
FULL = ("disk is full", "no files for faster search can be written")


def trials(settings: Settings, place: Path, outcome: Outcome) -> Iterator[int]:
    """Run the command of each stage in turn on a disk with too little room."""
    with mounted(place / "disk") as problem:
        if problem:
            outcome.skipped = problem
            return
        stages = Stages(place, place / "disk")
        for number in settings.trials(range(settings.disks)):
            random = settings.random("disk", number)
            stage = STAGES[number % len(STAGES)]
            stages.reset(stage)
            used = shutil.disk_usage(stages.work).used
            room = int(MOST ** random.random()) if random.random() < 0.9 else 0
            remount(stages.work, f"size={used + room}")
            done = stages.run(stage)
            # A search goes on without its files.
            offences = unclear(done, codes=(0, 1), says=FULL)
            if done.code == 0 and done.err and not any(word in done.err for word in FULL):
                offences.append(Offence("wrong", f"{done.command}: also says {done.err[-300:]}"))
            offences += _searched(stages, stage)
            outcome.facts[f"{stage}: {'enough room' if done.code == 0 and not done.err else 'full'}"] += 1
            remount(stages.work, f"size={ROOMY}")
            offences += stages.offences(stage)
            outcome.count(settings.repeated("disk", number, offences))
            yield outcome.tried


def _searched(stages: Stages, stage: str) -> list[Offence]:
    """What is wrong with a search while the disk is full, if there was a library before."""
    from campaign.commands import run

    if stage == "add":
        return []
    return unclear(run("search", "--words", "ba", "--library", stages.library, "--quiet"))


@contextmanager
def mounted(folder: Path) -> Iterator[str]:
    """Mount a disk in memory; yields why that is impossible, or nothing."""
    folder.mkdir(parents=True)
    if os.geteuid() != 0 or shutil.which("mount") is None:
        yield "a disk of its own needs root and mount"
        return
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={ROOMY}", "tmpfs", str(folder)], capture_output=True, text=True
    )
    if done.returncode:
        yield f"no disk could be mounted: {done.stderr.strip()}"
        return
    try:
        yield ""
    finally:
        # Lazily, for something may still be open there after an offence.
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def remount(folder: Path, options: str) -> None:
    """Change the size of a mounted disk, or whether it can be written."""
    subprocess.run(["mount", "-o", f"remount,{options}", str(folder)], check=True)
