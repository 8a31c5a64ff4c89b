"""The style of each method: the same in every figure, and distinguishable without colours."""

from collections.abc import Sequence
from typing import NamedTuple

__all__ = ["Style", "is_ablation", "styles"]

# Not an ablation: ALCCA with a chosen ridge.
ABLATION, TUNED = "alcca-", "alcca-tuned"

SOLID, DASHED, DOTTED, MIXED = "solid", (0, (5, 2)), (0, (1, 1.5)), (0, (6, 2, 1, 2))


class Style(NamedTuple):
    """Colour, line and marker of one method."""

    color: str
    line: str | tuple[int, tuple[float, ...]]
    marker: str
    width: float


# The colours of Okabe and Ito for colour-blind readers, without yellow, which is faint on white.
BLACK, ORANGE, SKY, GREEN, BLUE, RED, PURPLE = (
    "#000000", "#E69F00", "#56B4E9", "#009E73", "#0072B2", "#D55E00", "#CC79A7",
)  # fmt: skip
KNOWN = {
    "alcca": Style(RED, SOLID, "o", 2.6),
    "alcca-tuned": Style(RED, DASHED, "o", 1.5),
    "acmr": Style(RED, DOTTED, "s", 1.5),
    "cca": Style(BLUE, SOLID, "^", 1.5),
    "rcca": Style(BLUE, DASHED, "v", 1.5),
    "kernel-cca": Style(SKY, SOLID, "D", 1.5),
    "dcca": Style(GREEN, SOLID, "P", 1.5),
    "spotify-dcca": Style(GREEN, DASHED, "X", 1.5),
    "pretrain-cnn-cca": Style(ORANGE, SOLID, "<", 1.5),
    "pretrain-cnn-dcca": Style(PURPLE, SOLID, ">", 1.5),
    "joint-train-dcca": Style(BLACK, SOLID, "h", 1.5),
    "alcca-no-adversary": Style(BLUE, DASHED, "^", 1.5),
    "alcca-no-imi": Style(GREEN, MIXED, "D", 1.5),
    "alcca-no-imd": Style(PURPLE, SOLID, "v", 1.5),
    "alcca-pair": Style(BLACK, DASHED, "P", 1.5),
}
OTHERS = [
    Style(color, line, marker, 1.1)
    for line, marker in ((MIXED, "p"), (DOTTED, "d"), (DASHED, "*"))
    for color in ("#555555", ORANGE, PURPLE, SKY, GREEN, BLACK, BLUE)
]


def is_ablation(method: str) -> bool:
    """Whether a method is ALCCA with a part left out; these methods have a figure of their own."""
    return method.startswith(ABLATION) and method != TUNED


def styles(methods: Sequence[str]) -> dict[str, Style]:
    """Return the style of each method; unknown methods get the free styles in turn.

    Examples
    --------
    >>> styles(["alcca", "mine"])["alcca"].marker
    'o'
    """
    others = [method for method in methods if method not in KNOWN]
    return {
        method: KNOWN[method] if method in KNOWN else OTHERS[others.index(method) % len(OTHERS)] for method in methods
    }
