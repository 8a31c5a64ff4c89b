"""Damaged models of a library, with encoders, map and faiss files: as for the library itself."""

from collections.abc import Iterator
from pathlib import Path

from campaign.library import damaged_files
from campaign.outcomes import Outcome
from campaign.settings import Settings

__all__ = ["trials"]


def trials(settings: Settings, place: Path, outcome: Outcome) -> Iterator[int]:
    """Damage weights, vectors, encoders, the map, faiss files, or a checksum of theirs."""
    return damaged_files("models", settings, place, outcome)
