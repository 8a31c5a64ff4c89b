"""ChordPro: songs with chords in brackets and directives in braces (chordpro.org, "ChordPro File Format")."""

import re

__all__ = ["without_directives"]

# {title: Harbour}, {soc}, {comment-guitar: softly}; also {x_name: …}, which every program may make up.
DIRECTIVE = re.compile(r"\{\s*([a-z_]{1,30})(?:-[a-z\d_!-]{1,20})?\s*(?:[:\s]\s*([^{}\n]{0,500}))?\}", re.IGNORECASE)
NAMES = frozenset(
    """
    title t subtitle st artist composer lyricist copyright album year key time tempo duration capo meta sorttitle
    comment c comment_italic ci comment_box cb highlight image chorus define chord transpose tag arranger
    new_song ns new_page np new_physical_page npp column_break colb columns col diagrams grid g no_grid ng titles
    pagetype textfont textsize textcolour chordfont chordsize chordcolour
    start_of_chorus soc end_of_chorus eoc start_of_verse sov end_of_verse eov start_of_bridge sob end_of_bridge eob
    start_of_tab sot end_of_tab eot start_of_grid sog end_of_grid eog
    """.split()  # noqa: SIM905 - legible
)
# What begins or ends a part separates verses.
PART = re.compile(r"start_of_\w+|end_of_\w+|so[cvb]|eo[cvb]")
# Their content is no words: tablature, chords alone, other notations.
BEGINS_NOTATION = re.compile(r"sot|sog|start_of_(?:tab|grid|abc|ly|svg|textblock)")
ENDS_NOTATION = re.compile(r"eot|eog|end_of_(?:tab|grid|abc|ly|svg|textblock)")


def without_directives(lines: list[str]) -> list[str | None]:
    """Lines, with None in the place of each directive, of notation and of comments; "" where a part begins or ends.

    Examples
    --------
    >>> without_directives(["{title: Harbour}", "# by hand", "{soc}", "Copper lanterns", "{sot}", "e|--0--|", "{eot}"])
    [None, None, '', 'Copper lanterns', None, None, None]
    """
    names = [_name(line) for line in lines]
    if not any(names):
        return list(lines)
    kept: list[str | None] = []
    notation = False
    last_end = max((place for place, name in enumerate(names) if name and ENDS_NOTATION.fullmatch(name)), default=-1)
    for place, (line, name) in enumerate(zip(lines, names, strict=True)):
        if name and ENDS_NOTATION.fullmatch(name):
            notation = False
        elif name and BEGINS_NOTATION.fullmatch(name):
            # A part that never ends takes nothing with it.
            notation = place < last_end
        # A song sung "#1" has no directives.
        if (name and not PART.fullmatch(name)) or notation or line.startswith("#"):
            kept.append(None)
        else:
            kept.append("" if name else line)
    return kept


def _name(line: str) -> str | None:
    if not line.startswith("{"):
        return None
    match = DIRECTIVE.fullmatch(line)
    if match is None:
        return None
    name = match[1].lower()
    return name if name in NAMES or name.startswith(("x_", "start_of_", "end_of_")) else None
