"""Damaged libraries: right results or one clear line, and after a repair, and another add, whole again."""

from collections.abc import Iterator
from pathlib import Path

from campaign.asking import Asking
from campaign.outcomes import Outcome
from campaign.settings import Settings

__all__ = ["damaged_files", "trials"]


def trials(settings: Settings, place: Path, outcome: Outcome) -> Iterator[int]:
    """Damage the database, its seal, and the evaluation."""
    return damaged_files("library", settings, place, outcome)


def damaged_files(kind: str, settings: Settings, place: Path, outcome: Outcome) -> Iterator[int]:
    """Damage one file at a time; ask the library, then repair it."""
    with Asking(kind, place) as asking:
        for number in settings.trials(range(settings.damages)):
            what, offences = asking.ask(settings.random(kind, number).randrange(1 << 48))
            outcome.facts[what] += 1
            outcome.count(settings.repeated(kind, number, offences))
            yield outcome.tried
