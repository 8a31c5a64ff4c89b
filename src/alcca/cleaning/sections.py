"""The marks that name a part of a song, in many languages."""

import re
import unicodedata

__all__ = ["is_section_line", "is_section_mark"]


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# All lists are in the form that `_plain` returns: casefolded, without accents.
# Words that are not sung on their own.
CERTAIN = _words("""
    chorus verse verses prechorus postchorus intro outro refrain interlude instrumental instr breakdown
    couplet prerefrain postrefrain introduction estribillo estrofa preestribillo coro precoro postcoro
    introduccion interludio refrao prerefrao postrefrao introducao strofa ritornello preritornello strumentale
    strophe zwischenspiel vorspiel nachspiel kehrvers refrein refrang refreng omkvæd mellanspel
    zwrotka refren refreny predrefren sloka куплет припев предприпев интро аутро проигрыш приспів nakarat ρεφρεν
    サビ aメロ bメロ cメロ イントロ アウトロ 間奏 间奏 후렴 후렴구 간주 副歌 主歌 前奏 尾奏
""")
# Words that name a part in square brackets or before a colon, and can be sung.
POSSIBLE = CERTAIN | _words("""
    bridge hook break drop build buildup solo coda tag skit part pt ending end adlib adlibs vamp turnaround
    spoken repeat rpt vocalization stanza pont fin verso versos vers puente final brucke teil ponte brug brygga
    stick bro przejscie бридж хор γεφυρα κουπλε kopru 벌스 훅 브릿지 完 终 終 完结
""")
# Words that can accompany them.
COMPANIONS = _words("""
    pre post final first second third last repeat x guitar piano drum drums bass sax saxophone violin organ
    harmonica synth strings vocal vocals instrumental solo short long half double reprise and
    full acoustic electric extended alternate alternative one two three four five six
    i ii iii iv v vi vii viii ix a b c d st nd rd th word break
""")
# Where a text ends, between ornaments on both sides: - END -, ***完***.
END = re.compile("(?:the )?end|fin|ende|fine|koniec|конец|完|终|終|完结|おわり|終わり|끝", re.IGNORECASE)
ORNAMENTS = "*_#=-–—~ "
# [Letra de "…"], [Текст песни «…»]: titles that lyrics sites put above the words.
TITLE_MARK = re.compile(
    r"(?:letra de|paroles (?:de|du)|songtext (?:zu|von)|testo di|lyrics (?:of|to|for)|tekst piosenki"
    r"|текст песни|şarkı sözü|songtekst van) ?[\"“„«'‘]",
    re.IGNORECASE,
)
REPEATED = re.compile(r"x ?\d{1,2}|\d{1,2} ?x|repeat(?: x?\d{1,2}(?: times)?)?|bis", re.IGNORECASE)
# An instruction, as pages without brackets have it.
REPEAT_PART = re.compile(r"repeat (?:the )?(?:chorus|refrain|verse)s?(?: ?\d| ?x ?\d| twice)?\.?", re.IGNORECASE)
NUMBERED = re.compile(r"\s\d{1,2}$")
WORD = re.compile(r"[^\W\d_]+|\d+x?")


def is_section_mark(inside: str, *, certain: bool = False) -> bool:
    """Whether the text inside a bracket names a part of the song.

    Parameters
    ----------
    inside : str
        The text between the brackets: ``"Verse 2: Name"``.
    certain : bool
        Exclude names that can also be sung, such as ``bridge``.

    Examples
    --------
    >>> is_section_mark("Verse 2: Name"), is_section_mark("oh yeah"), is_section_mark("bridge", certain=True)
    (True, False, False)
    """
    if REPEATED.fullmatch(inside.strip()) or TITLE_MARK.match(inside.strip()):
        return True
    # After the colon or the dash comes the singer's name.
    name = re.split(r"\s*[:：|]|\s[-–—]\s", inside, maxsplit=1)[0]
    return _names_section(name, CERTAIN if certain else POSSIBLE)


def is_section_line(line: str) -> bool:
    """Whether a whole line names a part: a known name with a colon, a number or ornaments (``Chorus:``), or the end.

    Examples
    --------
    >>> is_section_line("Chorus:"), is_section_line("Verse 2"), is_section_line("Bridge over troubled water")
    (True, True, False)
    >>> is_section_line("- END -"), is_section_line("The end"), is_section_line("Repeat chorus")
    (True, False, True)
    """
    if len(line) > 40:
        return False
    name = line.strip(ORNAMENTS)
    if REPEAT_PART.fullmatch(name):
        return True
    if line[0] in ORNAMENTS and line[-1] in ORNAMENTS and END.fullmatch(name):
        return True
    if name.endswith((":", "：")):
        return _names_section(name[:-1], POSSIBLE)
    # Without a colon the line could be sung, unless it has a number or ornaments.
    marked = name != line.strip() or NUMBERED.search(name) is not None
    return marked and _names_section(name, CERTAIN)


def _names_section(name: str, known: frozenset[str]) -> bool:
    words = WORD.findall(_plain(name))
    if not 0 < len(words) <= 5:
        return False
    has_known = any(word in known for word in words)
    return has_known and all(word in known or word in COMPANIONS or word.rstrip("x").isdigit() for word in words)


def _plain(name: str) -> str:
    """A name in the form of the word lists: casefolded and without accents."""
    decomposed = unicodedata.normalize("NFKD", name.casefold())
    # Only accents of Latin and Greek letters are removed: a dakuten, or the breve of Cyrillic й, belongs to its letter.
    kept = (c for c in decomposed if not "\u0300" <= c <= "\u036f" or c == "\u0306")
    return unicodedata.normalize("NFC", "".join(kept))
