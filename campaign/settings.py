"""What a campaign is asked to do, and the generator of each of its trials."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from random import Random

from campaign.outcomes import Offence

__all__ = ["Settings"]


@dataclass(frozen=True)
class Settings:
    """What a campaign is asked to do.

    Parameters
    ----------
    seed : int
    files : int
        Damaged files of music, lyrics and tables.
    kills : int
    damages : int
        Damaged files of libraries, and of models.
    disks : int
        Full disks, and pairs of writers.
    trial : int or None
        Only the trial with this number.
    """

    seed: int = 0
    files: int = 10_000
    kills: int = 100
    damages: int = 300
    disks: int = 30
    trial: int | None = None

    def trials(self, numbers: Iterable[int]) -> Iterator[int]:
        """The trials to do, out of those with these numbers."""
        return iter(numbers if self.trial is None else [self.trial])

    def random(self, kind: str, number: int) -> Random:
        """The generator of one trial, which needs none of the trials before."""
        return Random(f"{self.seed} {kind} {number}")

    def repeated(self, kind: str, number: int, offences: Iterable[Offence]) -> list[Offence]:
        """The offences of a trial, with the command that repeats it."""
        command = f"python -m campaign --seed {self.seed} --only {kind} --trial {number}"
        return [offence._replace(repeat=command) for offence in offences]
