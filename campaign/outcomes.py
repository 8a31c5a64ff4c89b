"""What faults led to: counts for each kind of fault, and each offence with the command that repeats it."""

import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

__all__ = ["OFFENCES", "Offence", "Outcome", "Report"]

# What may not happen, in the order of the table: work or a file is gone, a command does not end, it ends by a signal or
# an error that nobody meant, or it says or leaves something else that is not right.
OFFENCES = ("lost", "hung", "crashed", "wrong")


class Offence(NamedTuple):
    """Something that may not happen.

    Parameters
    ----------
    kind : str
        One of `OFFENCES`.
    what : str
    repeat : str
        The command that makes it happen again.
    """

    kind: str
    what: str
    repeat: str = ""


@dataclass
class Outcome:
    """What the faults of one kind led to.

    Parameters
    ----------
    tried : int
        Faults.
    accounted : int
        Those after which everything was as it should be.
    offences : list of Offence
    facts : dict of str to int
        What else was counted.
    skipped : str
        Why this kind of fault could not be tried here.
    seconds : float
    """

    tried: int = 0
    accounted: int = 0
    offences: list[Offence] = field(default_factory=list)
    facts: Counter[str] = field(default_factory=Counter)
    skipped: str = ""
    seconds: float = 0.0

    def count(self, offences: list[Offence], *, tried: int = 1, accounted: int | None = None) -> None:
        """Count faults; without offences, all are accounted for."""
        self.tried += tried
        self.accounted += (0 if offences else tried) if accounted is None else accounted
        self.offences += offences

    def of(self, kind: str) -> int:
        """The number of offences of a kind."""
        return sum(offence.kind == kind for offence in self.offences)


@dataclass
class Report:
    """The outcomes of a campaign, by kind of fault."""

    command: str
    about: dict[str, Any] = field(default_factory=dict)
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    interrupted: bool = False

    @property
    def offences(self) -> int:
        """The number of all offences."""
        return sum(len(outcome.offences) for outcome in self.outcomes.values())

    def to_markdown(self) -> str:
        """One table of counts, then each offence."""
        lines = [f"    {self.command}", "", ", ".join(f"{name} {value}" for name, value in self.about.items()), ""]
        if self.interrupted:
            lines += ["Interrupted; the counts so far:", ""]
        lines += [f"| | tried | accounted for | {' | '.join(OFFENCES)} | minutes |", f"|---|{'---:|' * 7}"]
        for name, outcome in self.outcomes.items():
            bad = " | ".join(str(outcome.of(kind)) for kind in OFFENCES)
            minutes = f"{outcome.seconds / 60:.1f}"
            lines.append(f"| {name} | {outcome.tried:,} | {outcome.accounted:,} | {bad} | {minutes} |")
        whole = list(self.outcomes.values())
        bad = " | ".join(str(sum(outcome.of(kind) for outcome in whole)) for kind in OFFENCES)
        tried, accounted = sum(one.tried for one in whole), sum(one.accounted for one in whole)
        minutes = f"{sum(one.seconds for one in whole) / 60:.1f}"
        lines += [f"| all | {tried:,} | {accounted:,} | {bad} | {minutes} |", ""]
        for name, outcome in self.outcomes.items():
            if outcome.skipped:
                lines.append(f"- {name}: not tried: {outcome.skipped}")
            if outcome.facts:
                facts = ", ".join(f"{count:,} {what}" for what, count in sorted(outcome.facts.items()))
                lines.append(f"- {name}: {facts}")
        for name, outcome in self.outcomes.items():
            for offence in outcome.offences:
                lines += ["", f"{name}, {offence.kind}: {offence.what}"]
                lines += ["", f"    {offence.repeat}"] if offence.repeat else []
        return "\n".join(lines).rstrip() + "\n"

    def to_dict(self) -> dict[str, Any]:
        """In plain values."""
        outcomes = {
            name: vars(outcome)
            | {"facts": dict(outcome.facts), "offences": [offence._asdict() for offence in outcome.offences]}
            | {kind: outcome.of(kind) for kind in OFFENCES}
            for name, outcome in self.outcomes.items()
        }
        return vars(self) | {"outcomes": outcomes}

    def write(self, path: Path) -> None:
        """Write it as JSON if the file's name ends so, else as Markdown."""
        path.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps(self.to_dict(), indent=2) + "\n" if path.suffix == ".json" else self.to_markdown()
        path.write_text(text, encoding="utf-8")
