"""A library on its way: from nothing to songs, transcripts, a model, lyric files and faiss files.

Each stage is a command that writes. Its library before, and its state after an undisturbed run, are made once; a trial
disturbs the command in a copy, in the same place, for a library knows its music by path.
"""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from campaign.commands import Done, run, unclear
from campaign.outcomes import Offence
from campaign.songs import write_music
from campaign.state import FAISS, State, differences, line, state_of

__all__ = ["STAGES", "Stages", "Undisturbed"]

SONGS = 24
STAGES = ("add", "hear", "train", "lyrics", "index")


@dataclass(frozen=True)
class Undisturbed:
    """A stage: the folder to copy before it, its state after it, and the seconds that it took."""

    before: Path
    after: State
    seconds: float


class Stages:
    """The stages, made when they are first needed.

    Parameters
    ----------
    place : path
        What is before each stage is kept here.
    work : path, optional
        Where commands run; an own disk, perhaps.
    """

    def __init__(self, place: Path, work: Path | None = None) -> None:
        self._place = place
        self.work = place / "work" if work is None else work
        self.library, self.music = self.work / "library", self.work / "music"
        self._known: dict[str, Undisturbed] = {}
        write_music(place / "before add", SONGS)

    def command(self, stage: str) -> list[str]:
        """The command of a stage, but the library."""
        return {
            "add": ["add", str(self.music), "--hear", "off"],
            "hear": ["hear"],
            "train": ["train", "--components", "4"],
            "lyrics": ["lyrics", "--from", str(self.work / "texts"), "--missing", "--offline"],
            "index": ["search", "--lyrics", line(3), "--by", "space", "--index", FAISS],
        }[stage]

    def arguments(self, stage: str) -> Sequence[str]:
        """The whole command of a stage."""
        return [*self.command(stage), "--library", str(self.library), "--quiet"]

    def undisturbed(self, stage: str) -> Undisturbed:
        """A stage as it goes when nothing disturbs it."""
        if stage not in self._known:
            number = STAGES.index(stage)
            if number:
                self.undisturbed(STAGES[number - 1])
            before = self._place / f"before {stage}"
            self._copy(before)
            done = run(*self.arguments(stage))
            if number + 1 < len(STAGES):
                # Before its state is read, for a search makes the files of the last stage.
                shutil.copytree(self.work, self._place / f"before {STAGES[number + 1]}")
            after, offences = self.state()
            if bad := [*unclear(done), *offences, *(Offence("wrong", one) for one in after.get("check", []))]:
                raise RuntimeError(f"{stage} fails without any fault: {bad[0].what}")
            self._known[stage] = Undisturbed(before, after, done.seconds)
        return self._known[stage]

    def reset(self, stage: str) -> Undisturbed:
        """Put everything back to where it is before a stage."""
        undisturbed = self.undisturbed(stage)
        self._copy(undisturbed.before)
        return undisturbed

    def _copy(self, before: Path) -> None:
        # The folder itself stays: a disk may be mounted there.
        self.work.mkdir(parents=True, exist_ok=True)
        for path in self.work.iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        shutil.copytree(before, self.work, dirs_exist_ok=True)

    def run(self, stage: str) -> Done:
        """Run the command of a stage to its end."""
        return run(*self.arguments(stage))

    def state(self) -> tuple[State, list[Offence]]:
        """The library's state."""
        return state_of(self.library, self.music)

    def offences(self, stage: str, *before: Done, codes: Sequence[int] = (0,)) -> list[Offence]:
        """What is wrong once a disturbed stage is run to its end, after commands that ended as they may.

        The library must then be that of an undisturbed run, and a check must find nothing.
        """
        found = [one for done in before for one in unclear(done, codes=codes)]
        again = self.run(stage)
        found += unclear(again)
        state, bad = self.state()
        found += bad
        if state:
            lines = differences(self.undisturbed(stage).after, state)
            found += [Offence("lost", f"{again.command}: after {stage}: {one}") for one in lines[:3]]
        return found
