"""Chords: between the words of a song, above them on lines of their own, and as tablature."""

import re

from alcca.cleaning.sections import is_section_mark

__all__ = ["without_chord_lines", "without_inline_chords"]

# C, F#m7, Bb/D, Csus4, E7(b9), Hm, Cmaj7, Gadd9, A°.
EXTENSION = r"(?:(?:sus|add|maj|Maj|no|omit|[M#b♯♭+-])\d{1,2}|sus|\([#b♯♭]?\d{1,2}\))"
CHORD = re.compile(
    rf"([A-H])([#b♯♭]?)(maj|min|mi|m|dim|aug|[°ºøΔ+])?(6/9|\d{{1,2}})?({EXTENSION}{{0,4}})(/[A-H][#b♯♭]?)?"
)
INLINE = re.compile(rf"\[ ?{CHORD.pattern} ?\]")
NUMBERS = frozenset("5 7 9 11 13 6/9".split())  # noqa: SIM905 - legible
# Chords that people also sing, beside the letters alone and A2 or G6.
WORDS = frozenset(("Hm", "Ab"))
# Names of notes, as chords of Romance languages: sung alone (do re mi), chords with a number or a sign.
SOLFEGE = re.compile(
    r"(?:do|re|ré|mi|fa|sol|la|si)([#♯♭b]|bemol|bémol)?(-|m|maj|M)?(\d{1,2}|sus\d?|dim)?", re.IGNORECASE
)
# Bars, repeats and pauses among chords.
FILLER = re.compile(r"[|:%/.,*→–—-]+|\(?[x×]\s?\d{1,2}\)?|\d{1,2}[x×]|N\.?C\.?|\(N\.?C\.?\)")
FINGERING = re.compile(r"\(?[A-H][#b]?[a-zA-Z\d/+()]{0,9}\)?\s*[:=]?\s+[xX\d](?:[- ]?[xX\d]){5}")
# e|--0--2h3--|: a string, and what is played on it.
TABLATURE = re.compile(r"[A-Ha-h]?[#b♯♭]?\s?[|:]?(?=.{0,60}--)[-\d hpbrxXtvs/\\~^()<>|.:*=]{6,}(?:\s*[x×]\s?\d)?")
CAPO = re.compile(
    r"capo(?:\s+on)?(?:\s+(?:the\s+)?fret)?\s*:?\s*(?:\d{1,2}(?:st|nd|rd|th)?|[IVX]{1,4})\b.{0,30}|(?:no|without) capo",
    re.IGNORECASE,
)
FRETS = "0123456789xX"
SHARPS = ("#", "♯", "♭")


def without_inline_chords(text: str) -> str:
    """A text without chords in square brackets; the syllables on both sides join.

    Examples
    --------
    >>> without_inline_chords("[Am]Copper lan[F#m7/C#]terns [oh yeah]")
    'Copper lanterns [oh yeah]'
    """
    return INLINE.sub("", text) if "[" in text else text


def without_chord_lines(lines: list[str]) -> list[str | None]:
    """Lines, with None in the place of each that holds only chords, tablature or fingerings.

    A line that could be sung, such as ``A`` or ``G D A``, is one of chords in a text with a line of certain chords.

    Examples
    --------
    >>> without_chord_lines(["Am   F  C/G", "Copper lanterns", "| G | D7 | x2", "A", "e|--0--2--3--|"])
    [None, 'Copper lanterns', None, None, None]
    >>> without_chord_lines(["A B C", "A"])
    ['A B C', 'A']
    """
    kinds = [_kind(line) for line in lines]
    # In a chord sheet, a line "A" or "G D" is no word.
    gone = {"chords", "tablature", "perhaps"} if "chords" in kinds else {"tablature"}
    return [None if kind in gone else line for kind, line in zip(kinds, lines, strict=True)]


def _kind(line: str) -> str:
    # Most lines of words end here: their first word is no chord, or they have no dashes and numbers.
    if not line or len(line) > 200:
        return ""
    if "--" in line and TABLATURE.fullmatch(line):
        return "tablature"
    if line[-1] in FRETS and FINGERING.fullmatch(line):
        return "tablature"
    if "capo" in line[:12].lower() and CAPO.fullmatch(line):
        return "tablature"
    head, colon, rest = line.partition(":")
    if colon and rest and is_section_mark(head):
        line = rest
    chords: list[str] = []
    for token in line.split():
        bare = token.strip("()[]|,")
        if not bare or FILLER.fullmatch(token):
            continue
        if not (CHORD.fullmatch(bare) or SOLFEGE.fullmatch(bare)):
            return ""
        chords.append(bare)
    matches = [CHORD.fullmatch(chord) for chord in chords]
    if chords and all(matches):
        certain = len(chords) > 1 and ("|" in line or any(_is_certain(match) for match in matches if match))
        return "chords" if certain else "perhaps"
    named = [SOLFEGE.fullmatch(chord) for chord in chords]
    if len(chords) > 1 and all(named) and any(match[3] or match[1] in SHARPS for match in named if match):
        return "chords"
    return ""


def _is_certain(chord: re.Match[str]) -> bool:
    _, sign, quality, number, extension, bass = chord.groups()
    return chord[0] not in WORDS and bool(sign or quality or extension or bass or number in NUMBERS)
