"""The evidence of tags, file names and lengths that a recording is of a song of a database, in bits.

Each is the logarithm of how much likelier it is of the right song than of another one. The shares of right songs are
assumptions, written here; those of other songs are counted in the database, or on pairs of different songs of
`python -m benchmarks lyric-database --names`. The sum is limited: wrong tags must not outweigh words that are heard.
"""

import math
from collections.abc import Callable
from difflib import SequenceMatcher

import numpy as np

from alcca.lyric_databases.row import Row
from alcca.lyric_databases.titles import Claim, artist_letters, title_letters
from alcca.matching.posterior import SCALE

__all__ = [
    "LENGTH_TOLERANCE",
    "MOST",
    "MOST_WITHOUT_WORDS",
    "NameEvidence",
    "length_bits",
    "name_bits",
    "names_are_alike",
]

# Bits that are added to those of words, which `alcca.matching.posterior` weights by SCALE: these are divided by it.
# The sum of names and lengths is limited to these: words of a clear verse have more than 60, "sure" among a million
# songs takes 46.
LEAST, MOST = -6.0, 30.0
# Where no words were heard, nothing is outweighed.
MOST_WITHOUT_WORDS = 45.0

# Of recordings with tags, the share whose title is that of the right song letter by letter, is nearly that, or is
# another: a translated or mistaken one.
TITLE_EQUAL, TITLE_ALIKE, TITLE_OTHER = 0.80, 0.08, 0.12
# Of pairs of different songs, the share with titles that are nearly equal (measured: 0.0006 of the songbook's, which
# has many; rounded up).
OTHERS_ALIKE = 0.002
# Artists: of the right song; and of other songs of the same title or the same words.
ARTIST_EQUAL, ARTIST_OTHER = 0.75, 0.25
OTHERS_ARTIST = 0.004
# Titles are alike if so much of their letters is equal and in order.
ALIKE = 0.82
SHORTEST_PART = 6

# Lengths: most versions of a recording differ by a second or two, some by an intro, some are other recordings.
LENGTH_TOLERANCE = 1.5
_NEAR, _FAR, _ANY = 0.65, 0.20, 0.15
_FAR_TOLERANCE = 15.0
# Other songs: logarithms of lengths are normal about 3:35 (songs of all kinds); and some have any length.
_MEDIAN, _SPREAD = 215.0, 0.38
_LONGEST = 1200.0


class NameEvidence:
    """What tags and a file's name say about the songs of one database.

    Parameters
    ----------
    claims : list of Claim
        All that they may mean.
    count_title : function
        How many songs of the database have a title, given by its letters.
    songs : int
        How many songs the database has.
    """

    def __init__(self, claims: list[Claim], count_title: Callable[[str], int], songs: int) -> None:
        self._claims = [(claim.title, artist_letters(claim.artist)) for claim in claims]
        self._others = {
            title: min(1.0, (count_title(title) + 1) / (songs + 1)) for title in {title for title, _ in self._claims}
        }

    def bits(self, row: Row) -> float:
        """The bits of the claim that fits a song best; 0 where there are no claims."""
        if not self._claims:
            return 0.0
        # One of several readings fits by chance more easily.
        spread = math.log2(len(self._claims))
        title, artists = title_letters(row.title), artist_letters(row.artist)
        best = max(
            name_bits(claimed, title, self._others[claimed]) + _artist_bits(claimed_artists, artists)
            for claimed, claimed_artists in self._claims
        )
        return (best - (spread if best > 0 else 0.0)) / SCALE


def name_bits(claimed: str, title: str, others: float) -> float:
    """Bits of two titles, as letters, if this share of other songs has exactly the claimed one.

    Examples
    --------
    >>> round(name_bits("harbour", "harbour", 1e-4)), round(name_bits("harbour", "lanterns", 1e-4))
    (13, -3)
    """
    if not claimed or not title:
        return 0.0
    if claimed == title:
        return math.log2(TITLE_EQUAL / others)
    if names_are_alike(claimed, title):
        return math.log2(TITLE_ALIKE / OTHERS_ALIKE)
    return math.log2(TITLE_OTHER)


def length_bits(duration: float | None, of_song: float | None) -> float:
    """Bits of the length of a recording beside that of a song, in seconds; 0 where one is not known.

    Examples
    --------
    >>> length_bits(200.0, 201.0) > 6, length_bits(200.0, 300.0) < 0, length_bits(None, 300.0)
    (True, True, 0.0)
    """
    if not duration or not of_song or duration <= 0:
        return 0.0
    apart = abs(duration - of_song)
    same = _NEAR * _laplace(apart, LENGTH_TOLERANCE) + _FAR * _laplace(apart, _FAR_TOLERANCE) + _ANY / _LONGEST
    deviation = (math.log(duration) - math.log(_MEDIAN)) / _SPREAD
    usual = math.exp(-(deviation**2) / 2) / (duration * _SPREAD * math.sqrt(2 * math.pi))
    return float(np.clip(math.log2(same / (0.9 * usual + 0.1 / _LONGEST)), -3, 7)) / SCALE


def names_are_alike(one: str, other: str) -> bool:
    """Whether two titles, as letters, are nearly equal, or one begins or ends with the other.

    Examples
    --------
    >>> names_are_alike("yellowharbour", "yellowharbor"), names_are_alike("harbour", "lanterns")
    (True, False)
    """
    shorter, longer = sorted((one, other), key=len)
    if len(shorter) >= SHORTEST_PART and (longer.startswith(shorter) or longer.endswith(shorter)):
        return True
    return len(shorter) > 3 and _ratio(one, other) >= ALIKE


def _artist_bits(claimed: tuple[str, ...], artists: tuple[str, ...]) -> float:
    if not claimed or not artists:
        return 0.0
    shared = any(_are_same_artist(one, other) for one in claimed for other in artists)
    return math.log2(ARTIST_EQUAL / OTHERS_ARTIST) if shared else math.log2(ARTIST_OTHER)


def _are_same_artist(one: str, other: str) -> bool:
    return one == other or (min(len(one), len(other)) >= SHORTEST_PART and _ratio(one, other) >= ALIKE)


def _ratio(one: str, other: str) -> float:
    matcher = SequenceMatcher(None, one[:60], other[:60], autojunk=False)
    return matcher.ratio() if matcher.real_quick_ratio() >= ALIKE and matcher.quick_ratio() >= ALIKE else 0.0


def _laplace(apart: float, scale: float) -> float:
    return math.exp(-apart / scale) / (2 * scale)
