"""Lyrics as plain text: the words that are sung, a line each, without everything else that files of lyrics hold."""

import re
import unicodedata
from collections.abc import Callable, Sequence

from alcca.cleaning.chordpro import without_directives
from alcca.cleaning.chords import without_chord_lines, without_inline_chords
from alcca.cleaning.credits import without_credits
from alcca.cleaning.markup import without_markup
from alcca.cleaning.placeholders import Placeholder, placeholder_kind
from alcca.cleaning.printable import BREAK, printable
from alcca.cleaning.readings import without_readings
from alcca.cleaning.sections import is_section_line, is_section_mark
from alcca.cleaning.site_text import without_glued_text, without_site_lines
from alcca.cleaning.voices import without_voices
from alcca.texts.timed import sung_words

__all__ = ["clean_lines", "clean_lyrics", "clean_query", "placeholder_in"]

# Each level of nested marks takes a pass; the bound is for malicious texts.
MAX_PASSES = 20

BRACKETED = re.compile(r"([\[({【［（])([^\[\](){}【】［］（）\n]{1,200})([\])}】］）])")
PAIRS = frozenset(("[]", "()", "{}", "【】", "［］", "（）"))
ROUND = "(（"
SPACES = re.compile(r"[^\S\n\u2028]+")
BLANK_LINES = re.compile(r"\n{3,}")
# Spotify, LRCLIB and subtitles put notes around sung words, or alone where nobody sings.
NOTES = "♪♫♬♩🎵🎶 "
# Each takes lines and returns them, with None in the place of those that are not sung.
RULES: tuple[Callable[[list[str]], list[str | None]], ...] = (
    without_directives,
    without_site_lines,
    without_chord_lines,
    # Before the credits: 合唱 before a colon may be a role there, and one of two voices here.
    without_voices,
    without_credits,
)


def clean_lyrics(text: str) -> str:
    r"""Reduce a text to the words that are sung, one line per sung line, in Unicode's composed form.

    This removes time stamps and headers of every format that `alcca.texts.timed.parse` reads, section marks such as
    ``[Chorus]`` or ``Verse 2:`` on its own line, HTML, ruby, credits, chords, additions of lyrics sites, repeated blank
    lines and control characters. Brackets with anything but known section words are kept: ``[oh yeah]`` is sung.
    Cleaning a clean text changes nothing.

    Returns
    -------
    str
        Empty if nothing is sung, or if the text says so: ``clean_lyrics("[Instrumental]") == ""``.

    Examples
    --------
    >>> clean_lyrics("作词 : A Poet\nHello &amp; goodbye<br>[Chorus]<br>[oh yeah]\n[Am]La la")
    'Hello & goodbye\n\n[oh yeah]\nLa la'
    """
    cleaned = _cleaned(text)
    return "" if placeholder_kind(cleaned) else cleaned


def placeholder_in(text: str) -> Placeholder | None:
    r"""Whether a text with stamps and credits says, apart from them, that there are no lyrics.

    Examples
    --------
    >>> placeholder_in("[00:00.00] 作曲 : Someone\n[00:05.00]纯音乐，请欣赏"), placeholder_in("[au: instrumental]")
    ('instrumental', 'instrumental')
    """
    return placeholder_kind(text) or placeholder_kind(_cleaned(text))


def clean_query(text: str) -> str:
    """The words of a query: cleaned lyrics, or, where nothing of them is sung, the words as they are.

    Examples
    --------
    >>> clean_query("none"), clean_query("[Chorus] none")
    ('none', 'none')
    """
    return _cleaned(text) or SPACES.sub(" ", printable(text).replace(BREAK, "\n")).strip()


def clean_lines(lines: Sequence[str]) -> list[list[str]]:
    """The cleaned lines of each line, for lines that have times.

    Parameters
    ----------
    lines : sequence of str
        All lines of a text, without stamps, so that what is told by its neighbours is told.

    Returns
    -------
    list of list of str
        For each line in order: empty if it is not sung, ``[""]`` for a blank line or a section mark, several lines if
        the line holds breaks.

    Examples
    --------
    >>> clean_lines(["作词 : A Poet", "[Chorus]", "One<br>two"])
    [[], [''], ['One', 'two']]
    """
    rows = [
        (place, row) for place, line in enumerate(lines) for row in printable(line).replace("\n", BREAK).split(BREAK)
    ]
    for _ in range(MAX_PASSES):
        cleaned = _pass(rows) if rows else rows
        if cleaned == rows:
            break
        rows = cleaned
    found: list[list[str]] = [[] for _ in lines]
    for place, row in rows:
        found[place].append(row)
    return found


def _cleaned(text: str) -> str:
    text = printable(text).replace(BREAK, "\n").strip()
    for _ in range(MAX_PASSES):
        rows = _pass(list(enumerate(sung_words(text).split("\n"))))
        cleaned = BLANK_LINES.sub("\n\n", "\n".join(row for _, row in rows)).strip()
        if cleaned == text:
            break
        text = cleaned
    return text


def _pass(rows: list[tuple[int, str]]) -> list[tuple[int, str]]:
    """Clean lines once, each with its place in the original text."""
    text = "\n".join(row for _, row in rows)
    # Readings are told by their tags, which are markup.
    text = without_inline_chords(without_glued_text(without_markup(without_readings(text))))
    text = SPACES.sub(" ", BRACKETED.sub(_without_mark, unicodedata.normalize("NFC", text)))
    places = [place for place, _ in rows]
    if BREAK in text:
        split = [
            (place, row) for place, line in zip(places, text.split("\n"), strict=True) for row in line.split(BREAK)
        ]
        places, lines = [place for place, _ in split], [row.strip() for _, row in split]
    else:
        lines = [line.strip() for line in text.split("\n")]
    for rule in RULES:
        kept = [(place, line) for place, line in zip(places, rule(lines), strict=True) if line is not None]
        places, lines = [place for place, _ in kept], [line for _, line in kept]
    return [(place, _sung(line)) for place, line in zip(places, lines, strict=True)]


def _sung(line: str) -> str:
    """A line without notes around it; "" for a mark, the place of which separates parts, and where no word is."""
    if not line or is_section_line(line) or not any(map(str.isalnum, line)):
        return ""
    return line.strip(NOTES) if line[0] in NOTES or line[-1] in NOTES else line


def _without_mark(match: re.Match[str]) -> str:
    opening, inside, closing = match.groups()
    if opening + closing not in PAIRS:
        return match[0]
    # Round brackets often enclose sung words: remove only marks that cannot be sung.
    is_round = opening in ROUND
    if is_section_mark(inside, certain=is_round):
        return ""
    # ChordPro's annotations, [*softly]; AZLyrics' names of those who sing what follows, [Both:].
    return "" if not is_round and (inside[0] == "*" or inside.rstrip()[-1:] in (":", "：")) else match[0]
