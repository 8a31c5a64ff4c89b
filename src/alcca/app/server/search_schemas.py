"""What searches take and give, as typed models."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from alcca.app.server.schemas import Heard, Model, Song
from alcca.library.parts import PARTS
from alcca.library.parts.fusion import BOTH

__all__ = [
    "BY",
    "LONGEST_LYRICS",
    "MOST_HITS",
    "Evidence",
    "Hit",
    "Line",
    "LyricsQuery",
    "Near",
    "Neighbours",
    "Passage",
    "Passages",
    "PassagesQuery",
    "SearchResult",
]

LONGEST_LYRICS = 20_000
MOST_HITS = 100
BY = [*(part.name for part in PARTS), BOTH]
SCORE = "Cosine of the query and the song in the common space, -1 to 1"
CLOSER = (
    "Share of the library's pairs of different songs that are less alike than the query and this song: the place of "
    "the score in the library's own distribution"
)


class Passage(Model):
    """Where the words of a query and of a song match."""

    line: Annotated[str, Field(description="Of the lyrics, as written; of what was heard, where there are none.")]
    line_number: Annotated[int, Field(description="Its place in that text.")]
    words: Annotated[list[str], Field(description="Words of the line that match, as the line has them.")]
    start: Annotated[
        float | None,
        Field(
            description="When they are sung, in seconds: in the recording that was sent, or for a search by lyrics in "
            "the song's. null where nobody has listened."
        ),
    ]
    end: float | None
    bits: Annotated[float, Field(description="How much better they match than by chance, as a base-2 logarithm.")]


class Evidence(Model):
    """What one part of the search says of a query and a song."""

    part: Annotated[str, Field(description="The part's name.")]
    title: Annotated[str, Field(description="What to call the part.")]
    score: Annotated[float, Field(description="In the part's own measure.")]
    bits: Annotated[float, Field(description="How much likelier than by chance, as a base-2 logarithm.")]
    closer_than: Annotated[float | None, Field(ge=0, le=1, description=f"{CLOSER}; null where the part has none.")]
    passages: list[Passage]


class Hit(Model):
    """One song that a search found."""

    rank: Annotated[int, Field(ge=1)]
    score: Annotated[float | None, Field(description=f"{SCORE}; null where the space says nothing of it.")]
    closer_than: Annotated[float | None, Field(ge=0, le=1, description=f"{CLOSER}; null without a score.")]
    bits: Annotated[
        float,
        Field(
            description="The evidence of all parts together, by which songs are ranked: a base-2 logarithm of how much "
            "likelier query and song belong together than by chance."
        ),
    ]
    probability: Annotated[float, Field(ge=0, le=1, description="That it is the song that was asked for.")]
    certainty: Annotated[Literal["sure", "likely", "a guess"], Field(description="The probability in words.")]
    passages: Annotated[list[Passage], Field(description="Where the words match, best first.")]
    evidence: Annotated[list[Evidence] | None, Field(description="Of each part, with `explain`; else null.")]
    song: Song


class Near(Model):
    """A song that is near another one in the common space."""

    rank: Annotated[int, Field(ge=1)]
    score: Annotated[float, Field(description=f"{SCORE}.")]
    closer_than: Annotated[float, Field(ge=0, le=1, description=f"{CLOSER}.")]
    song: Song


class _Result(Model):
    query: Annotated[
        str | None,
        Field(
            description="The query's place in the common space, to be given back to /passages; URL-safe base64. null "
            "where the space was not asked."
        ),
    ]
    compared: Annotated[
        Literal["lyrics", "audio"], Field(description="What of the songs the query's place was compared with.")
    ]
    among: Annotated[int, Field(description="How many songs the query was compared with, after the filters.")]
    took_ms: Annotated[float, Field(description="Milliseconds from the whole upload to the answer.")]
    notes: Annotated[
        list[str],
        Field(description="What was doubtful about the query, and why a part of the search did not answer."),
    ]


class SearchResult(_Result):
    """The songs that fit a query, likeliest first."""

    heard: Annotated[Heard | None, Field(description="What was heard in the recording; null when nobody listened.")]
    asked: Annotated[list[str], Field(description="The parts of the search that answered.")]
    hits: list[Hit]


class Neighbours(_Result):
    """The songs that sound like a song, or whose lyrics are like its lyrics."""

    song: Song
    hits: list[Near]


class LyricsQuery(Model):
    """Words to find songs by: a few, or a whole song."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"lyrics": "silent night, holy night", "k": 5}]}
    )

    lyrics: Annotated[str, Field(min_length=1, max_length=LONGEST_LYRICS)]
    k: Annotated[int, Field(ge=1, le=MOST_HITS, description="How many songs.")] = 10
    label: Annotated[str | None, Field(description="Only songs with this label.")] = None
    artist: Annotated[str | None, Field(description="Only songs by this artist.")] = None
    by: Annotated[str, Field(description="A part of the search, or all.", json_schema_extra={"enum": BY})] = BOTH
    explain: Annotated[bool, Field(description="Tell the evidence of each part.")] = False


class Line(Model):
    """A line of lyrics."""

    text: str
    words: Annotated[list[str], Field(description="Words of the line that the query holds too, as the line has them.")]


class PassagesQuery(Model):
    """A query, and the songs of which to find the lines that fit it best."""

    query: Annotated[str, Field(description="`query` of a search result.", max_length=4096)]
    songs: Annotated[list[int], Field(min_length=1, max_length=MOST_HITS)]
    lyrics: Annotated[
        str | None,
        Field(max_length=LONGEST_LYRICS, description="The words that were searched by: lines that share some win."),
    ] = None


class Passages(Model):
    """The lines of each song that fit a query best, at most three that follow each other."""

    passages: Annotated[dict[int, list[Line]], Field(description="By song; an empty list for a song without lyrics.")]
