"""Times without the brackets of LRC: ``0:12 words``, as people type them, and the transcripts of YouTube's page."""

import re

from alcca.texts.lines import seconds

__all__ = ["with_brackets"]

CLOCK = r"(?:\d{1,2}:)?\d{1,3}:\d{2}(?:[.,]\d{1,3})?"
BEFORE = re.compile(rf"\s*(?:({CLOCK})(?:\s*-+\s*|\s+|$)|\(({CLOCK})\)|\{{({CLOCK})\}})")
# Fewer lines could begin with a time by chance: "4:00 on the radio".
MIN_LINES = 3


def with_brackets(text: str) -> str | None:
    r"""A text with its times as LRC has them, if all lines begin with a time, or stand below one; else None.

    The times never decrease, and there are three at least.

    Examples
    --------
    >>> with_brackets("0:12 Copper\n(0:15)lanterns\n1:02:03.5 - on the quay")
    '[0:12.000]Copper\n[0:15.000]lanterns\n[62:03.500]on the quay'
    >>> with_brackets("0:12\nCopper\n0:15\nlanterns\nof old\n0:20\non the quay")
    '[0:12.000]Copper\n[0:15.000]lanterns\nof old\n[0:20.000]on the quay'
    >>> with_brackets("4:00 on the radio\n4:30 and I'm awake")
    """
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    stamps = [BEFORE.match(line) for line in lines]
    clocks = [stamp[1] or stamp[2] or stamp[3] for stamp in stamps if stamp is not None]
    times = [_seconds(clock) for clock in clocks]
    if len(times) < MIN_LINES or stamps[0] is None or times != sorted(times):
        return None
    alone = [stamp is not None and stamp.end() == len(line) for stamp, line in zip(stamps, lines, strict=True)]
    if not all(stamps) and sum(alone) < len(times):
        return None
    written: list[str] = []
    for line, stamp in zip(lines, stamps, strict=True):
        if stamp is not None:
            minutes, rest = divmod(_seconds(stamp[1] or stamp[2] or stamp[3]), 60)
            written.append(f"[{minutes:.0f}:{rest:06.3f}]{line[stamp.end() :]}")
        elif written[-1].endswith("]"):
            written[-1] += line
        else:
            written.append(line)
    return "\n".join(written)


def _seconds(clock: str) -> float:
    whole, _, fraction = clock.replace(",", ".").partition(".")
    return seconds(whole.split(":"), fraction)
