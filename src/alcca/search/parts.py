"""The parts of a search, in the one place that knows them all.

A part is a module with an `alcca.search.part.Part` (its scores and evidence) and the
`alcca.store.tables.PartTables` that it reads. Library, server and page go through `PARTS`; of equal evidence the order
here decides which part's is shown first.
"""

from alcca.search.part import Part
from alcca.search.space import SpacePart
from alcca.search.words import WordsPart
from alcca.store.songs import PART_TABLES

__all__ = ["PARTS", "register"]

PARTS: list[type[Part]] = [WordsPart, SpacePart]


def register(part: type[Part]) -> None:
    """Make a part one of every search, and its tables part of every library that is opened from now on.

    A library that exists gets the tables, filled by `PartTables.rebuild`, when it is next opened and can be written.
    From then on, every program that adds songs to the library must register the part, or its tables fall behind.
    """
    PARTS.append(part)
    if part.tables is not None and part.tables not in PART_TABLES:
        PART_TABLES.append(part.tables)
