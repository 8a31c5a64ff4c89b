"""Lines in a second script at the time of the first: translations and romanisations, which players show below it."""

from collections import Counter
from collections.abc import Iterator, Sequence

from alcca.texts.lines import TimedLine
from alcca.texts.plausible import main_script
from alcca.texts.timed_lyrics import TimedLyrics

__all__ = ["without_translations"]

# Two singers who sing at once in two languages do so now and then; translations go through the whole song.
MIN_PAIRS = 3
SHARE_OF_TIMES = 0.6
KANA = range(0x3041, 0x3100)
LEFT_OUT = "has translations below its lines, which are not sung; they were left out"


def without_translations(lyrics: TimedLyrics) -> TimedLyrics:
    """Lyrics without the lines that repeat the first line of each time in another script; else unchanged.

    Lines without a time count as those of the line above them. Translations in the same script cannot be told from
    a line that goes on.

    Examples
    --------
    >>> pairs = [("Copper lanterns", "铜灯笼"), ("on the quay", "码头上"), ("Salt", "盐")]
    >>> lines = tuple(TimedLine(text, 5.0 * place) for place, pair in enumerate(pairs) for text in pair)
    >>> lyrics = without_translations(TimedLyrics("lrc", lines))
    >>> [line.text for line in lyrics.lines]
    ['Copper lanterns', 'on the quay', 'Salt']
    """
    groups = list(_groups(lyrics.lines))
    firsts = Counter(_script(first.text) for group in groups if (first := _first(group)) is not None)
    if not firsts:
        return lyrics
    main = firsts.most_common(1)[0][0]
    kept = [_before(group, main) for group in groups]
    pairs = sum(len(short) < len(group) for short, group in zip(kept, groups, strict=True))
    if pairs < max(MIN_PAIRS, SHARE_OF_TIMES * firsts.total()):
        return lyrics
    return TimedLyrics(lyrics.format, tuple(line for group in kept for line in group), lyrics.problem or LEFT_OUT)


def _groups(lines: Sequence[TimedLine]) -> Iterator[list[TimedLine]]:
    """Lines that are shown at one time."""
    group: list[TimedLine] = []
    for line in lines:
        if group and line.start is not None and line.start != group[0].start:
            yield group
            group = []
        group.append(line)
    yield group


def _first(group: list[TimedLine]) -> TimedLine | None:
    return next((line for line in group if line.text), None)


def _before(group: list[TimedLine], main: str) -> list[TimedLine]:
    """The first line with words, and those behind it up to one in another script."""
    first = _first(group)
    if first is None:
        return group
    script = _script(first.text)
    if (script, main) == ("CJK", "KANA"):
        # A line of a Japanese song may be without kana.
        script = main
    others = (place for place, line in enumerate(group) if line is not first and line.text)
    return group[: next((place for place in others if _script(group[place].text) != script), len(group))]


def _script(text: str) -> str:
    # Japanese and Chinese share their characters.
    return "KANA" if any(ord(character) in KANA for character in text) else main_script(text)[0]
