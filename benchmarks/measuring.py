"""Ways of doing the same thing, timed in turns, as a table for people and JSON for programs."""

import argparse
import json
import operator
import os
import platform
import re
import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

__all__ = ["Row", "Table", "Target", "in_turns", "make_parser", "publish", "repeated"]

COMPARISONS = {"<=": operator.le, ">=": operator.ge}


class Target(NamedTuple):
    """What a figure should be: ``value <= wanted``, or ``>=``."""

    what: str
    value: float
    comparison: str
    wanted: float

    @property
    def met(self) -> bool:
        """Whether it is."""
        return bool(COMPARISONS[self.comparison](self.value, self.wanted))

    def __str__(self) -> str:
        return f"{self.what}: {self.value:.3g}, target {self.comparison} {self.wanted:g}, " + (
            "met" if self.met else "MISSED"
        )


class Row(NamedTuple):
    """One way, and the seconds that each call took; without seconds it could not be measured, and ``note`` says why."""

    what: str
    seconds: Sequence[float] = ()
    note: str = ""

    @property
    def median(self) -> float:
        """Median of the seconds."""
        return statistics.median(self.seconds)


@dataclass
class Table:
    """Ways of doing one thing, with ratios to the first; or (``compared=False``) different things, without.

    Parameters
    ----------
    title : str
    rows : list of Row
    targets : list of Target
    facts : dict
        Sizes, recall, memory: whatever is no time.
    compared : bool
    """

    title: str
    rows: list[Row] = field(default_factory=list)
    targets: list[Target] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)
    compared: bool = True

    def add(self, timed: Mapping[str, Sequence[float] | str]) -> None:
        """Rows from what `in_turns` found."""
        self.rows += [
            Row(what, note=found) if isinstance(found, str) else Row(what, found) for what, found in timed.items()
        ]

    def ratio(self, what: str, beside: str) -> float:
        """How many times as long as another one way takes, by medians."""
        rows = {row.what: row for row in self.rows}
        return rows[what].median / rows[beside].median

    def aim(self, what: str, value: float, comparison: str, wanted: float) -> None:
        """Add a target."""
        self.targets.append(Target(what, value, comparison, wanted))

    def to_markdown(self) -> str:
        """A table with medians, the range of the calls, and ratios; targets and facts below."""
        lines = [f"{self.title}:", "", "| | median | range |", "|---|---:|---:|"]
        first = next((row.median for row in self.rows if row.seconds), None)
        for row in self.rows:
            if row.seconds:
                low, high = min(row.seconds), max(row.seconds)
                between = f"{_told(low)} - {_told(high)}" if len(row.seconds) > 1 else ""
                lines.append(f"| {row.what} | {_told(row.median)} | {between} |")
            else:
                lines.append(f"| {row.what} | {row.note} | |")
        if self.compared and first is not None:
            ratios = [" ratio |", "---:|", *(f" {r.median / first:.2f} |" if r.seconds else " |" for r in self.rows)]
            lines[2:] = [line + more for line, more in zip(lines[2:], ratios, strict=True)]
        lines += ["", *(f"- {what}: {_shown(value)}" for what, value in self.facts.items())]
        lines += [f"- {target}" for target in self.targets]
        return "\n".join(lines).rstrip() + "\n"


def in_turns(
    ways: Mapping[str, Callable[[], object]], rounds: int, *, warm: bool = True
) -> dict[str, Sequence[float] | str]:
    """Seconds of each call of each way.

    The ways take turns, so that whatever else the machine does slows all of them down alike. A way that needs a package
    which is not installed is told instead of timed.

    Parameters
    ----------
    ways : mapping of str to function
        Each without arguments.
    rounds : int
        Calls of each that count.
    warm : bool
        Call each once before, for the caches.
    """
    seconds: dict[str, list[float]] = {}
    missing: dict[str, str] = {}
    for what, way in ways.items():
        try:
            if warm:
                way()
            seconds[what] = []
        except ImportError as error:
            missing[what] = f"not installed ({error.name})"
    for _ in range(rounds):
        for what, taken in seconds.items():
            started = time.perf_counter()
            ways[what]()
            taken.append(time.perf_counter() - started)
    return {what: missing.get(what) or seconds[what] for what in ways}


def repeated(way: Callable[[], object], rounds: int) -> Sequence[float]:
    """Seconds of each call of one way, after one that does not count."""
    found = in_turns({"way": way}, rounds)["way"]
    assert not isinstance(found, str)
    return found


def make_parser(doc: str, rounds: int = 5) -> argparse.ArgumentParser:
    """The options that all benchmarks have: ``--rounds`` and ``--json``."""
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=rounds, help=f"calls of each way; {rounds} when not given")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there, too")
    return parser


def publish(tables: Sequence[Table], options: argparse.Namespace) -> None:
    """Print tables, and write them where ``--json`` says."""
    for table in tables:
        print(table.to_markdown(), flush=True)
    if options.json is None:
        return
    told = {
        "command": " ".join(["python -m benchmarks", Path(sys.argv[0]).stem, *sys.argv[1:]]),
        "machine": _machine(),
        "tables": [
            {
                "title": table.title,
                "rows": [
                    {"what": row.what, "seconds": list(row.seconds), "note": row.note}
                    | ({"median": row.median} if row.seconds else {})
                    for row in table.rows
                ],
                "targets": [target._asdict() | {"met": target.met} for target in table.targets],
                "facts": table.facts,
            }
            for table in tables
        ],
    }
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")


def _machine() -> dict[str, Any]:
    about = Path("/proc/cpuinfo")
    model = re.search(r"model name\s*:\s*(.+)", about.read_text()) if about.is_file() else None
    return {
        "processor": model[1] if model else platform.processor(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "system": platform.system(),
        "load": os.getloadavg()[0],
    }


def _told(seconds: float) -> str:
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds * 1e6:.3g} µs"


def _shown(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
