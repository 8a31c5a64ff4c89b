"""Reports of adding and transcribing songs, as plain values."""

from dataclasses import asdict, dataclass, field
from typing import Any

__all__ = ["AddReport", "TranscriptionReport"]


@dataclass
class AddReport:
    """Report of one ``add``; each file is counted in exactly one of the numbers.

    Attributes
    ----------
    found : int
        Audio files found.
    added : int
        Files read for the first time, usable or not.
    changed : int
        Files whose sound, words or tags have changed.
    moved, duplicates : int
        Files whose content the library already had, under a path that is gone, or under one that is still there.
    unchanged : int
        Files that have not changed since they were read.
    tracks : int
        Songs out of files that a cue sheet divides, of those that were read.
    rejects : list of (file, reason)
        Files that cannot be used for training.
    passed_over : dict of str to int
        The number of files with each suffix that may hold sound but is not read; "" is no suffix.
    notes : list of (file, remark)
        What was repaired or is doubtful, for example a short file or an unreadable table.
    places : list of str
        The music folder and the folders to which links in it lead, without links of their own.
    hearing : TranscriptionReport or None
        Report of the transcription; None if nothing was to be transcribed.
    seconds : float
        Time taken, without transcription.
    """

    found: int = 0
    added: int = 0
    changed: int = 0
    moved: int = 0
    duplicates: int = 0
    unchanged: int = 0
    tracks: int = 0
    passed_over: dict[str, int] = field(default_factory=dict)
    rejects: list[tuple[str, str]] = field(default_factory=list)
    notes: list[tuple[str, str]] = field(default_factory=list)
    places: list[str] = field(default_factory=list)
    hearing: "TranscriptionReport | None" = None
    seconds: float = 0.0

    def count(self, number: str) -> None:
        """Count one more file: as added, changed, moved or duplicates."""
        setattr(self, number, getattr(self, number) + 1)

    def to_dict(self) -> dict[str, Any]:
        """All fields as JSON values."""
        fields = dict(vars(self))
        fields["hearing"] = None if self.hearing is None else self.hearing.to_dict()
        fields["rejects"] = [{"file": file, "reason": reason} for file, reason in self.rejects]
        fields["notes"] = [{"file": file, "note": note} for file, note in self.notes]
        return fields


@dataclass
class TranscriptionReport:
    """Report of one transcription of songs.

    Attributes
    ----------
    heard : int
        Songs that were transcribed.
    without_words : int
        Those of them without words.
    failures : list of (file, reason)
        Songs that could not be transcribed; the next call tries them again.
    notes : list of (file, remark)
        What is doubtful, for example a language of the tags that is not the one that is sung.
    model : str
        The speech model.
    seconds : float
        Time taken.
    """

    heard: int = 0
    without_words: int = 0
    failures: list[tuple[str, str]] = field(default_factory=list)
    notes: list[tuple[str, str]] = field(default_factory=list)
    model: str = ""
    seconds: float = 0.0

    def to_dict(self) -> dict[str, Any]:
        """All fields as JSON values."""
        return {
            **asdict(self),
            "failures": [{"file": file, "reason": reason} for file, reason in self.failures],
            "notes": [{"file": file, "note": note} for file, note in self.notes],
        }
