"""Titles and artists as letters that can be compared, out of tags and file names as people write them."""

import hashlib
import re
from typing import NamedTuple

from alcca.matching.folding import fold_letters
from alcca.metadata.names import bare_name, loose_name, without_suffix

__all__ = ["Claim", "artist_letters", "claims_of", "title_key", "title_letters"]

# "(Live)", "[2011 Remaster]", "(feat. B)": what is in brackets is of this recording, not of the song.
_BRACKETS = re.compile(r"[(\[{（【][^()\[\]{}（）【】]*[)\]}）】]")
_FEATURING = re.compile(r"\b(?:feat|ft|featuring|with)\b\.?\s.*", re.IGNORECASE)
# " - Live at …", " - 2011 Remaster", " - Radio Edit"
_VERSION = re.compile(
    r"\s[-–—]\s+(?:[\w' ]*\b(?:live|remaster(?:ed)?|version|edit|mix|remix|demo|acoustic|mono|stereo|karaoke|cover|"
    r"instrumental|session|unplugged|single|bonus track)\b.*|(?:feat|ft)\b.*)$",
    re.IGNORECASE,
)
_DASHES = re.compile(r"\s+[-–—~]\s+|\s*[–—]\s*|_-_")
_ARTICLE = re.compile(r"^(?:the|die|der|das|les|los|las|el|la|le)\s+|,\s*the$", re.IGNORECASE)
_TOGETHER = re.compile(
    r"\s*(?:[,;/&+]|\bfeat\b\.?|\bft\b\.?|\bfeaturing\b|\bwith\b|\s+x\s+|\bvs\b\.?)\s*", re.IGNORECASE
)
# Video sites' and rippers' additions to names of files.
_NOISE = re.compile(r"\b(?:official|lyrics?|video|audio|hd|hq|4k|music video|128k|320k|320kbps|mv)\b", re.IGNORECASE)


class Claim(NamedTuple):
    """What tags or a file's name say about a song: letters of title and artist, "" where they do not say it."""

    title: str
    artist: str


def title_letters(title: str) -> str:
    """The letters of a song's title, without what tells its recordings apart.

    Examples
    --------
    >>> title_letters("Heroes (2017 Remaster)"), title_letters("Café - Live at Home"), title_letters("(Intro)")
    ('heroes', 'cafe', 'intro')
    """
    plain = _VERSION.sub("", _FEATURING.sub("", _BRACKETS.sub(" ", title)))
    return fold_letters(plain) or fold_letters(title)


def artist_letters(artist: str) -> tuple[str, ...]:
    """The letters of each artist of a song, the first one first.

    Examples
    --------
    >>> artist_letters("The Band feat. Nina & Co"), artist_letters("")
    (('band', 'nina', 'co'), ())
    """
    parts = (fold_letters(_ARTICLE.sub("", part.strip())) for part in _TOGETHER.split(_BRACKETS.sub(" ", artist)))
    return tuple(part for part in parts if part) or tuple(filter(None, (fold_letters(artist),)))


def title_key(letters: str) -> int:
    """A number for a title, by which an index finds it."""
    return int.from_bytes(hashlib.blake2b(letters.encode(), digest_size=7).digest(), "little")


def claims_of(title: str | None, artist: str | None, file_name: str | None) -> list[Claim]:
    """All that tags and a file's name may mean: "A - B.mp3" is a title and an artist, in any order.

    Examples
    --------
    >>> claims_of("Café", "The Band", None)
    [Claim(title='cafe', artist='The Band')]
    >>> claims_of(None, None, "03 - Nobody - Harbour (Live).mp3")
    [Claim(title='harbour', artist='nobody'), Claim(title='nobody', artist='harbour')]
    """
    claims: dict[Claim, None] = {}
    artist = (artist or "").strip()
    if title and title.strip():
        claims |= dict.fromkeys(_readings(title, artist))
    if file_name and file_name.strip():
        stem = without_suffix(re.split(r"[\\/]", file_name)[-1])
        name = bare_name(loose_name(_NOISE.sub(" ", stem.replace("_", " ")))).name
        claims |= dict.fromkeys(_readings(name, artist))
    elif artist and not claims:
        claims[Claim("", artist)] = None
    return [*claims]


def _readings(name: str, artist: str) -> list[Claim]:
    whole = [Claim(title_letters(name), artist)]
    parts = [bare_name(part).name.strip() for part in _DASHES.split(_VERSION.sub("", name)) if part.strip()]
    if len(parts) < 2:
        return [claim for claim in whole if claim.title]
    first, last = parts[0], parts[-1]
    pairs = [Claim(title_letters(last), first), Claim(title_letters(first), _BRACKETS.sub("", last).strip())]
    if len(parts) > 2:
        pairs.append(Claim(title_letters(" ".join(parts[1:])), first))
    # A title with a dash in it, where the artist is told.
    return [claim for claim in ([*whole, *pairs] if artist else pairs) if claim.title]
