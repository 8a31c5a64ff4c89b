"""Results as a person reads them in a terminal."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from alcca.library.search import Hit

__all__ = ["print_hits", "print_pairs"]


def print_hits(hits: "Sequence[Hit]") -> None:
    """Print what a search found, a song to two lines."""
    if not hits:
        print("nothing found")
    for hit in hits:
        score = "" if hit.score is None else f"{hit.score:6.3f}  "
        by = f" — {hit.artist}" if hit.artist else ""
        label = f"  [{hit.label}]" if hit.label else ""
        print(f"{hit.rank:3d}  {score}{hit.title}{by}{label}")
        if hit.line:
            print(f"     {' ' * len(score)}“{hit.line}”")


def print_pairs(heading: str, pairs: Sequence[tuple[str, str]], most: int = 10) -> None:
    """Print files with their reasons, the first ``most`` of them."""
    if pairs:
        print(f"{len(pairs)} {heading}:")
        for file, reason in pairs[:most]:
            print(f"  {file}\n    {reason}")
        if len(pairs) > most:
            print(f"  … and {len(pairs) - most} more: see all with --json")
