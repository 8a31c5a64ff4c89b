"""Credits: who wrote, composed, arranged, sang and produced a song, as players and sites write it among the words.

The players of NetEase, QQ Music and Kugou put them above the words, with time stamps (作词 : X); Apple Music and
LyricFind below them (Written By: X); songbooks and forums at either end, in every language.
"""

import re

from alcca.cleaning.roles import BY, COMPANIONS, HAN, HAN_PARTS, ROLES, SINGLE

__all__ = ["without_credits"]

# Credits in letters stand within so many lines of the beginning or end, or beside another credit.
EDGE = 4
MAX_LINE = 300
MAX_ROLE = 60
COLON = re.compile(r"[:：∶﹕]")
# Between the words of a role: Text & Musik, Writer(s), sł./muz.
BETWEEN_WORDS = re.compile(r"[\s/&+,·|()\[\].–—-]+")
# 制作人/监制, 弦乐编写: the parts of a role in Han, kana and Hangul, longest first.
HAN_ROLE = re.compile(
    rf"(?>(?:{'|'.join(sorted(HAN | HAN_PARTS, key=len, reverse=True))})[\s/／、&＆＋+,，|｜·・-]*)++"
)
HAN_CERTAIN = re.compile("|".join(word for word in HAN if len(word) > 1))
EAST_ASIAN = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
# 作词 X, 작사 X: roles that no song begins a line with, before a space.
SPACED = re.compile(
    r"(?:作[词詞曲]|[编編]曲|填[词詞]|[词詞]曲|作[词詞]作曲|작사|작곡|편곡|작사\s?[/,·]\s?작곡)[\s　]+\S.{0,80}"
)
# What stands among names in lower case.
WITHIN_NAMES = frozenset(
    """
    and und y e et og och en i of the de du da do dos del la le les van von der den di feat ft featuring with x vs by
    """.split()  # noqa: SIM905 - legible
)
AROUND = "()[]（）【】《》*#~-★☆※◆●■ "
# Original publisher and sub-publisher, in China.
PUBLISHERS = ("OP", "SP")
# In a title in capitals, and in no name: "Music: It Is".
WITHIN_TITLES = frozenset("i i'm i'll i've it it's is are was my your you're we're they they're its".split())  # noqa: SIM905 - legible
BETWEEN_NAMES = re.compile(r"[,;&/+|、，·]")
MAX_NAME = 6
TITLE = re.compile(r"\S.{0,100}?\s[-–—]\s\S.{0,100}")


def without_credits(lines: list[str]) -> list[str | None]:
    """Lines, with None in the place of each credit.

    Examples
    --------
    >>> without_credits(["Harbour - Nobody", "作词 : A Poet", "Producer: X", "Copper lanterns", "Written by the stars"])
    [None, None, None, 'Copper lanterns', 'Written by the stars']
    """
    places = [place for place, line in enumerate(lines) if line]
    kinds = {place: _kind(lines[place]) for place in places}
    if not any(kinds.values()):
        return list(lines)
    certain = {place for place, kind in kinds.items() if kind == "certain"}
    for order in (places, places[::-1]):
        _from_edge(order, kinds, certain)
    certain |= _between(places, lines, certain)
    # "Harbour - Nobody": the first line of QQ Music's texts, above the credits.
    if places and places[0] not in certain and {*places[1:2]} & certain and TITLE.fullmatch(lines[places[0]]):
        certain.add(places[0])
    return [None if place in certain else line for place, line in enumerate(lines)]


def _from_edge(order: list[int], kinds: dict[int, str], certain: set[int]) -> None:
    """Add the likely credits near one end: within its first lines, and as long as credits follow each other."""
    sung = 0
    known = {place for place in order if kinds[place] in ("certain", "likely")}
    for before, place, after in zip([-1, *order], order, [*order[1:], -1], strict=False):
        if place in known or place in certain or (kinds[place] == "weak" and not known.isdisjoint((before, after))):
            certain.add(place)
            known.add(place)
        else:
            sung += 1
            if sung >= EDGE:
                break


def _between(places: list[int], lines: list[str], certain: set[int]) -> set[int]:
    """Roles that no list has (尺八：X) between two credits, where all lines between them have a colon."""
    found: set[int] = set()
    waiting: list[int] | None = None
    for place in places:
        if place in certain:
            found.update(waiting or ())
            waiting = []
        elif waiting is not None and (match := COLON.search(lines[place], 0, MAX_ROLE)) and match.start() > 0:
            waiting.append(place)
        else:
            waiting = None
    return found


def _kind(line: str) -> str:
    """certain: anywhere; likely: near the beginning or the end; weak: there beside another credit; else empty."""
    if len(line) > MAX_LINE:
        return ""
    line = line.strip(AROUND) if line[0] in AROUND else line
    if (colon := COLON.search(line, 0, MAX_ROLE)) and colon.start() > 0:
        return _role(line[: colon.start()].strip(), line[colon.end() :].strip())
    if SPACED.fullmatch(line):
        return "likely"
    first = line.split(" ", 1)[0].casefold()
    return "likely" if (first in ROLES or first in COMPANIONS) and _is_by(line.split()) else ""


def _is_by(words: list[str]) -> bool:
    """Whether words are a role, "by" and names."""
    place = next((place for place, word in enumerate(words[1:7], start=1) if word.casefold() in BY), None)
    if place is None or not _is_role(_words_of(" ".join(words[:place]))):
        return False
    names = words[place + 1 :]
    # "Song By Song". And other languages write nouns as names: Worte von Dir.
    few = words[place].casefold() != "by" and len(names) < 2
    if few or not names or names[0].casefold() == words[place - 1].casefold():
        return False
    return _is_name(" ".join(names))


def _role(text: str, name: str) -> str:
    """What a line with a colon is, from the text before it and behind it."""
    if EAST_ASIAN.search(text):
        # 吉他 Guitar, Producer 制作人: what is in letters translates the rest.
        east = re.sub(r"[A-Za-z.()（）]+(?:\s+[A-Za-z.()（）]+)*", "", text).strip(" /／|")
        if not HAN_ROLE.fullmatch(east):
            return ""
        return "certain" if HAN_CERTAIN.search(east) else "likely" if any(sign in HAN for sign in east) else "weak"
    if text.casefold() in SINGLE:
        return "" if not name else "likely" if text in PUBLISHERS else "weak"
    words = _words_of(text)
    if words and words[-1] in BY and len(words) > 1:
        return "certain" if _is_role(words[:-1]) else ""
    if not _is_role(words):
        return ""
    # "Music: it's all I have" could be sung.
    return "likely" if not name or _is_name(name) else "weak"


def _words_of(text: str) -> list[str]:
    return [word for word in BETWEEN_WORDS.split(text.casefold()) if word]


def _is_role(words: list[str]) -> bool:
    if not 0 < len(words) <= 7:
        return False
    known = all(word in ROLES or word in COMPANIONS for word in words)
    return known and any(word in ROLES for word in words)


def _is_name(text: str) -> bool:
    names = [name.split() for name in BETWEEN_NAMES.split(text)]
    if not text.lstrip()[:1].isalnum() or any(len(words) > MAX_NAME for words in names):
        return False
    parts = [bare for words in names for word in words if (bare := word.strip(".()[]"))]
    return all(_may_be_in_name(part) for part in parts)


def _may_be_in_name(word: str) -> bool:
    lower = word.casefold().replace("’", "'")
    return (not word[0].islower() or lower in WITHIN_NAMES) and lower not in WITHIN_TITLES
