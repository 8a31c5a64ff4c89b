"""The list of the parts of a search.

A part is a module with an `alcca.search.part.Part` (its scores and evidence) and the
`alcca.store.tables.PartTables` that it reads. Library, server and page use `PARTS`; the order here decides which of two
parts with equal evidence is shown first.
"""

from alcca.search.part import Part
from alcca.search.space import SpacePart
from alcca.search.words import WordsPart
from alcca.store.songs import PART_TABLES

__all__ = ["PARTS", "register"]

PARTS: list[type[Part]] = [WordsPart, SpacePart]


def register(part: type[Part]) -> None:
    """Add a part to every search, and its tables to every library that is opened from now on.

    An existing library gets the tables, filled by `PartTables.rebuild`, when it is next opened for writing.
    From then on, every program that adds songs to the library must register the part, or its tables fall behind.
    """
    PARTS.append(part)
    if part.tables is not None and part.tables not in PART_TABLES:
        PART_TABLES.append(part.tables)
