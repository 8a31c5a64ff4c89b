"""What a check of a library found."""

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from alcca.store.sqlite_errors import REMEDY

__all__ = ["CheckReport", "Finding"]


class Finding(NamedTuple):
    """Something that is wrong in a library: where, what, and what to do."""

    place: str
    problem: str
    remedy: str


@dataclass
class CheckReport:
    """What one check did.

    Attributes
    ----------
    songs, files : int
        Songs in the database, and files of the library, that were checked.
    recordings : int
        Music files whose content was compared with what was added.
    findings : list of Finding
        What is wrong; after a repair, what still is.
    repaired : list of str
        What a repair did, a line each.
    notes : list of str
        What could not be checked, and why.
    """

    songs: int = 0
    files: int = 0
    recordings: int = 0
    findings: list[Finding] = field(default_factory=list)
    repaired: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def whole(self) -> bool:
        """Whether nothing is wrong."""
        return not self.findings

    def found(self, place: object, problem: str, remedy: str) -> None:
        """Note something that is wrong, given in one line; what it says of place and remedy is not said twice."""
        problem = " ".join(problem.split()).removesuffix(f"; {remedy}").removesuffix(f"; {REMEDY}")
        self.findings.append(Finding(str(place), problem.removeprefix(f"{place}: "), remedy))

    def to_dict(self) -> dict[str, Any]:
        """In plain values."""
        return {**vars(self), "whole": self.whole, "findings": [finding._asdict() for finding in self.findings]}
