"""Lyrics of any format to lines in the order in which they are sung; formats are recognised by content."""

from alcca.texts.bare_stamps import with_brackets
from alcca.texts.headers import without_headers
from alcca.texts.karaoke import is_karaoke, read_karaoke
from alcca.texts.lines import TimedLine, TimedWord, lines_from_pieces
from alcca.texts.lrc import has_stamps, read_lrc_file
from alcca.texts.subtitles import is_ass, is_cues, read_ass, read_cues
from alcca.texts.timed_lyrics import TimedLyrics
from alcca.texts.translations import without_translations
from alcca.texts.ttml import is_ttml, read_ttml
from alcca.texts.ultrastar import is_ultrastar, read_ultrastar

__all__ = [
    "LYRICS_SUFFIXES",
    "TimedLine",
    "TimedLyrics",
    "TimedWord",
    "damage_in",
    "lines_from_pieces",
    "parse",
    "sung_words",
]

# Files beside songs that may hold their lyrics, those with times first. What is in them is seen by their content.
LYRICS_SUFFIXES = (
    *(".lrc", ".elrc", ".lrcx", ".ttml", ".yrc", ".qrc", ".krc", ".lys", ".srt", ".vtt", ".sbv", ".ass", ".ssa"),
    ".txt",
)


def _read_ultrastar(text: str) -> TimedLyrics:
    return TimedLyrics("ultrastar", tuple(TimedLine(line, start) for start, line in read_ultrastar(text)))


FORMATS = (
    (is_ttml, read_ttml),
    (is_cues, read_cues),
    (is_ass, read_ass),
    (is_karaoke, read_karaoke),
    (is_ultrastar, _read_ultrastar),
    (has_stamps, read_lrc_file),
)


def parse(text: str) -> TimedLyrics:
    r"""Read lyrics of any format.

    Parameters
    ----------
    text : str
        The content of a file or a tag.

    Returns
    -------
    TimedLyrics
        Its lines as they stand in the text, without stamps and headers. A text without times is its own lines.

    Examples
    --------
    >>> [(line.start, line.text) for line in parse("[00:09.00][00:01.50]Oh la\n[00:04.00]Hello").lines]
    [(1.5, 'Oh la'), (4.0, 'Hello'), (9.0, 'Oh la')]
    >>> parse("Hello\nyou").format
    'text'
    """
    plain = text.lstrip("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    if "\\n" in plain and "\n" not in plain and has_stamps(plain):
        # Breaks of lines that a program has written into a tag as two characters.
        plain = plain.replace("\\r", "").replace("\\n", "\n")
    for is_format, read in FORMATS:
        if is_format(plain):
            return without_translations(read(plain))
    if (stamped := with_brackets(plain)) is not None:
        return without_translations(read_lrc_file(stamped))
    return TimedLyrics("text", tuple(TimedLine(line) for line in without_headers(plain).split("\n")))


def sung_words(text: str) -> str:
    r"""The words of lyrics of any format, a line for each line; a text without times and headers is unchanged.

    Examples
    --------
    >>> sung_words("[ti:Harbour]\n[00:12.00]Cop<00:12.20>per <00:12.50>pots\n[00:15.00]and pans")
    'Copper pots\nand pans'
    """
    return "\n".join(line.text for line in parse(text).lines)


def damage_in(text: str) -> str | None:
    r"""What of a text could not be read, as a sentence without its subject; None if nothing is missing.

    Examples
    --------
    >>> damage_in("M\ufffdde"), damage_in("Müde")
    ('has 1 broken characters, which are shown as �', None)
    """
    if broken := text.count("\ufffd"):
        return f"has {broken} broken characters, which are shown as \ufffd"
    return parse(text).problem
