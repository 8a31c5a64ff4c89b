"""What came of adding songs and of transcribing them, as plain values."""

from dataclasses import asdict, dataclass, field
from typing import Any

__all__ = ["AddReport", "HearReport"]


@dataclass
class AddReport:
    """What one ``add`` did; every file that was found is counted in exactly one of the numbers.

    Attributes
    ----------
    found : int
        Audio files found.
    added : int
        Files read for the first time, usable or not.
    changed : int
        Files whose sound, or whose words or tags beside it, had changed.
    moved, duplicates : int
        Files whose content the library already had: under a path that is gone, or under another one too.
    unchanged : int
        Files that look as they did when they were read.
    rejects : list of (file, reason)
        What cannot be used for training, of the files found.
    notes : list of (file, remark)
        What was repaired or is doubtful: a short file, an unreadable table.
    hearing : HearReport or None
        What was heard; None where nothing should be.
    seconds : float
        Time taken, without hearing.
    """

    found: int = 0
    added: int = 0
    changed: int = 0
    moved: int = 0
    duplicates: int = 0
    unchanged: int = 0
    rejects: list[tuple[str, str]] = field(default_factory=list)
    notes: list[tuple[str, str]] = field(default_factory=list)
    hearing: "HearReport | None" = None
    seconds: float = 0.0

    def to_dict(self) -> dict[str, Any]:
        """Everything, as JSON can hold it."""
        fields = dict(vars(self))
        fields["hearing"] = None if self.hearing is None else self.hearing.to_dict()
        fields["rejects"] = [{"file": file, "reason": reason} for file, reason in self.rejects]
        fields["notes"] = [{"file": file, "note": note} for file, note in self.notes]
        return fields


@dataclass
class HearReport:
    """What one hearing did.

    Attributes
    ----------
    heard : int
        Songs that were transcribed.
    without_words : int
        Those of them in which no words were heard.
    failures : list of (file, reason)
        Songs that could not be heard; the next call tries them again.
    model : str
        The recogniser.
    seconds : float
        Time taken.
    """

    heard: int = 0
    without_words: int = 0
    failures: list[tuple[str, str]] = field(default_factory=list)
    model: str = ""
    seconds: float = 0.0

    def add(self, other: "HearReport") -> None:
        """Count in what another hearing did."""
        self.heard += other.heard
        self.without_words += other.without_words
        self.failures += other.failures
        self.seconds += other.seconds
        self.model = other.model

    def to_dict(self) -> dict[str, Any]:
        """Everything, as JSON can hold it."""
        return {**asdict(self), "failures": [{"file": file, "reason": reason} for file, reason in self.failures]}
