"""The stamps of LRC: what their numbers mean, however editors write them."""

import re
from itertools import pairwise

from alcca.texts.lines import seconds

__all__ = [
    "CLOSE",
    "COLON",
    "OPEN",
    "SPACE",
    "STAMP",
    "Clock",
    "after_blank",
    "candidate_lines",
    "is_clock",
    "leading_stamps",
]

# Full-width forms come from Chinese and Japanese keyboards.
OPEN, CLOSE, COLON = "[\\[［【]", "[\\]］】]", "[:：]"
SPACE = r"[^\S\n]{0,4}"
CLOCK = rf"[-+−]?{SPACE}\d{{1,4}}(?:{SPACE}[:：.,．。;]{SPACE}\d{{1,9}}){{1,3}}"
TIMES = rf"{SPACE}({CLOCK})(?:{SPACE}-{{1,2}}>{SPACE}({CLOCK}))?{SPACE}"
STAMP = re.compile(rf"(?:{OPEN}{TIMES}{CLOSE})|(?:[<＜]{TIMES}[>＞])")
BEFORE = re.compile(r"[\ufeff \t\u3000\xa0]*")
NUMBER = re.compile(r"\d+")
SEPARATOR = re.compile(r"[:：.,．。;]")
# Lines that follow one another sooner have 1:02:03 for hours: the last number is no hundredths.
SHORTEST_GAP = 0.5


class Clock:
    """What the numbers of a file's stamps mean."""

    def __init__(self, text: str, *, bare: bool) -> None:
        self.bare = bare
        triples = [
            numbers
            for line in candidate_lines(text)
            for stamp in STAMP.finditer(line)
            if (numbers := _triple(stamp[1] or stamp[3])) is not None
        ]
        starts = sorted({seconds(numbers[:2], numbers[2]) for numbers in triples})
        # [00:03:40] is three seconds and forty hundredths, unless a song of such lines were over in no time.
        gaps = sorted(after - before for before, after in pairwise(starts))
        self.hours = (
            bool(gaps)
            and gaps[len(gaps) // 4] < SHORTEST_GAP
            and all(len(last) <= 2 and int(last) < 60 for *_, last in triples)
        )

    def read(self, written: str) -> float | None:
        """Seconds of a stamp; None if it is none."""
        numbers, separators = NUMBER.findall(written), SEPARATOR.findall(written)
        colons = sum(separator in ":：" for separator in separators)
        value: float | None = None
        if len(numbers) == 2:
            if colons == 1 and len(numbers[1]) <= 2:
                value = seconds(numbers)
            elif colons == 0 and self.bare:
                value = seconds(numbers[:1], numbers[1])
        elif len(numbers) == 3:
            if colons == 2 and self.hours:
                value = seconds(numbers)
            elif colons != 1 or separators[0] in ":：":
                value = seconds(numbers[:2], numbers[2])
        elif colons >= 2:
            value = seconds(numbers[:3], numbers[3])
        return -value if value is not None and written.lstrip()[0] in "-−" else value


def candidate_lines(text: str) -> list[str]:
    """Lines that may hold stamps."""
    return [line for line in text.split("\n") if any(sign in line for sign in "[［【<＜")]


def _triple(written: str) -> list[str] | None:
    """Three numbers with colons between them, of which the last may be seconds or hundredths."""
    numbers, separators = NUMBER.findall(written), SEPARATOR.findall(written)
    return numbers if len(numbers) == 3 and all(separator in ":：" for separator in separators) else None


def is_clock(written: str) -> bool:
    """Whether a stamp needs no other line to be one: it has a colon, or two points."""
    numbers = NUMBER.findall(written)
    colon = ":" in written or "：" in written
    return len(numbers) >= 3 or (colon and len(numbers[-1]) <= 2)


def leading_stamps(line: str, clock: Clock) -> tuple[list[tuple[float, float | None]], str]:
    """Starts, and ends where they are written, of the stamps in square brackets before a line, and what follows."""
    times: list[tuple[float, float | None]] = []
    place = after_blank(line, 0)
    while (stamp := STAMP.match(line, place)) is not None and stamp[1] is not None:
        start = clock.read(stamp[1])
        if start is None:
            break
        times.append((start, clock.read(stamp[2]) if stamp[2] else None))
        place = after_blank(line, stamp.end())
    return times, line[place:]


def after_blank(line: str, place: int) -> int:
    """Where a line goes on behind spaces."""
    blank = BEFORE.match(line, place)
    return blank.end() if blank is not None else place
