"""The parts of a search, in the one place that knows them all.

A part is a module with a `Keeper` (its tables) and a `Part` (its scores and evidence). Library, server and page go
through `PARTS`; of equal evidence the order here decides which part's is shown first.
"""

from alcca.library.parts.part import Keeper, Part
from alcca.library.parts.space import SpacePart
from alcca.library.parts.words import WordsPart

__all__ = ["KEEPERS", "PARTS"]

PARTS: tuple[type[Part], ...] = (WordsPart, SpacePart)
KEEPERS: tuple[type[Keeper], ...] = tuple(part.keeper for part in PARTS)
