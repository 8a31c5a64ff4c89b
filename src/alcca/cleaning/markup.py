"""HTML and BBCode in lyrics: what is copied from pages and forums."""

import html
import re
from collections.abc import Set

from alcca.cleaning.printable import BREAK, printable

__all__ = ["without_markup"]


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]{0,11})(\s[^<>]{0,2000})?\s?/?>")
# A line of the page ends where these begin or end.
BREAKING = _names("""
    address article aside blockquote br caption center dd details dialog div dl dt fieldset figcaption figure footer
    form h1 h2 h3 h4 h5 h6 header hr li main nav ol option p pre section select summary table td th tr ul
""")
# All other elements of HTML, with those of its older versions and what pages of lyrics embed.
INLINE = BREAKING | _names("""
    a abbr acronym area audio b base basefont bdi bdo big blink body button canvas cite code col colgroup data datalist
    del dfn em embed figure font frame frameset head html i iframe img input ins kbd label legend link map mark
    marquee menu meta meter nobr noframes noscript object optgroup output param path picture progress q s samp script
    slot small source span strike strong style sub sup svg tbody template textarea tfoot thead time title track tt u
    use var video wbr ruby rb rt rtc rp
""")
# They are words as well: without attributes they are markup only where the text also ends one of them.
WORDS = _names("""
    address aside button canvas caption center cite code data del details dialog embed font form frame head header
    label legend link main map mark marquee menu nav object option output path picture progress section select slot
    small source strike strong style summary table template time title track use blink big base
""")
# A tag with attributes is markup; <3 and <oh yeah> are words.
ATTRIBUTE = re.compile(r"[\w:-]\s*=")
# The semicolon is required: R&B and rock&notroll are words.
ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,31});")
# What the page does not show, or shows elsewhere.
UNSEEN = (
    ("<!--", "-->"), ("<!doctype", ">"), ("<?xml", "?>"),
    ("<script", "</script>"), ("<style", "</style>"), ("<title>", "</title>"), ("<svg", "</svg>")
)  # fmt: skip
BBCODE = re.compile(
    r"\[(/?)(b|i|u|s|url|img|color|colour|size|font|quote|center|left|right|spoiler|code|sub|sup)(=[^\[\]\n]{0,200})?\]",
    re.IGNORECASE,
)


def without_markup(text: str) -> str:
    """A text without HTML, its entities and BBCode.

    Parameters
    ----------
    text : str
        Its own line breaks keep their number; a break that the markup makes becomes `BREAK`.

    Examples
    --------
    >>> without_markup("R&amp;B <i>I <3 you <oh yeah></i> [b]now[/b]<script>var x;</script>")
    'R&B I <3 you <oh yeah> now'
    """
    if "<" in text:
        for opening, closing in UNSEEN:
            text = _cut(text, opening, closing)
        ended = {match[2].lower() for match in TAG.finditer(text) if match[1]} if "</" in text else frozenset()
        text = TAG.sub(lambda match: _without_tag(match, ended), text)
    if "&" in text:
        # A text that was escaped many times is unescaped in one pass instead of many.
        text = ENTITY.sub(lambda match: _character(match[0]), re.sub(r"&(?:amp;)+", "&amp;", text))
    if "[/" in text:
        closed = {match[2].lower() for match in BBCODE.finditer(text) if match[1]}
        text = BBCODE.sub(lambda match: "" if match[2].lower() in closed else match[0], text)
    return text


def _without_tag(match: re.Match[str], ended: Set[str]) -> str:
    name, attributes = match[2].lower(), (match[3] or "").strip(" /")
    if name not in INLINE or (attributes and not ATTRIBUTE.search(attributes)):
        return match[0]
    if name in WORDS and not attributes and name not in ended:
        return match[0]
    return (BREAK if name in BREAKING else "") + "\n" * match[0].count("\n")


def _character(entity: str) -> str:
    character = html.unescape(entity)
    return BREAK if character in ("\n", "\r", "\v", "\f", "\x85", BREAK) else printable(character)


def _cut(text: str, opening: str, closing: str) -> str:
    # Not a regular expression, which would be extremely slow on thousands of openings without a closing.
    lower = text.lower()
    # The lower-case form can be longer than the text (İ), so that positions would differ.
    if len(lower) != len(text):
        lower = text
    parts: list[str] = []
    position = 0
    while (begin := lower.find(opening, position)) >= 0 and (end := lower.find(closing, begin)) >= 0:
        parts += [text[position:begin], "\n" * text.count("\n", begin, end)]
        position = end + len(closing)
    return "".join([*parts, text[position:]])
