"""Models of search requests and results."""

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from alcca.search.clip_query import MAX_LYRICS_CHARACTERS
from alcca.search.fusion import BOTH
from alcca.search.parts import PARTS
from alcca.server.schemas import Heard, Model, Song

__all__ = [
    "MAX_HITS",
    "MAX_LYRICS_CHARACTERS",
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
    "name_parts",
]

MAX_HITS = 100


def name_parts(schema: dict[str, Any]) -> None:
    """List the parts of a search in a schema."""
    schema["enum"] = [*(part.name for part in PARTS), BOTH]


SCORE = "Cosine of the query and the song in the learned space, -1 to 1"
CLOSER = (
    "Share of the library's pairs of different songs that are less alike than the query and this song: the quantile "
    "of the score in the library's own distribution"
)


class Passage(Model):
    """A matching passage of a query and a song."""

    line: Annotated[str, Field(description="The line of the lyrics, or of the transcript for songs without lyrics.")]
    line_number: Annotated[int, Field(description="Line number in that text.")]
    words: Annotated[list[str], Field(description="Matching words, as written in the line.")]
    start: Annotated[
        float | None,
        Field(
            description="When they are sung, in seconds: in the uploaded recording, or in the song's recording for a "
            "search by lyrics. null without a transcript, and for words that a second listening found."
        ),
    ]
    end: float | None
    bits: Annotated[
        float, Field(description="Evidence of the match: base-2 logarithm of how much likelier it is than by chance.")
    ]


class Evidence(Model):
    """The evidence of one part of the search for one song."""

    part: Annotated[str, Field(description="The part's name, or `listening` for a second listening.")]
    title: Annotated[str, Field(description="The part's title.")]
    score: Annotated[float, Field(description="In the part's own units.")]
    bits: Annotated[float, Field(description="Base-2 logarithm of how much likelier than by chance.")]
    closer_than: Annotated[float | None, Field(ge=0, le=1, description=f"{CLOSER}; null for parts without it.")]
    passages: list[Passage]


class Hit(Model):
    """One hit of a search."""

    rank: Annotated[int, Field(ge=1)]
    score: Annotated[float | None, Field(description=f"{SCORE}; null if the learned space did not score it.")]
    closer_than: Annotated[float | None, Field(ge=0, le=1, description=f"{CLOSER}; null without a score.")]
    bits: Annotated[
        float,
        Field(
            description="The sum of the evidence of all parts, which ranks the hits: base-2 logarithm of how much "
            "likelier query and song belong together than by chance."
        ),
    ]
    probability: Annotated[float, Field(ge=0, le=1, description="Probability that this is the song in question.")]
    certainty: Annotated[Literal["sure", "likely", "a guess"], Field(description="The probability in words.")]
    passages: Annotated[list[Passage], Field(description="Matching passages, those of the strongest evidence first.")]
    evidence: Annotated[list[Evidence] | None, Field(description="Evidence of each part, with `explain`; else null.")]
    song: Song


class Near(Model):
    """A song that is near another one in the learned space."""

    rank: Annotated[int, Field(ge=1)]
    score: Annotated[float, Field(description=f"{SCORE}.")]
    closer_than: Annotated[float, Field(ge=0, le=1, description=f"{CLOSER}.")]
    song: Song


class _Result(Model):
    query: Annotated[
        str | None,
        Field(
            description="The query's vector in the learned space, to pass to /passages; URL-safe base64. null if the "
            "space was not searched."
        ),
    ]
    compared: Annotated[
        Literal["lyrics", "audio"],
        Field(description="The view of the songs that the query's vector was compared with."),
    ]
    among: Annotated[int, Field(description="Number of songs that the query was compared with, after filtering.")]
    took_ms: Annotated[float, Field(description="Milliseconds from the end of the upload to the response.")]
    notes: Annotated[
        list[str],
        Field(description="Remarks on the query, and why a part of the search gave no result."),
    ]


class SearchResult(_Result):
    """The hits of a search, most likely first."""

    heard: Annotated[Heard | None, Field(description="Transcript of the recording; null if it was not transcribed.")]
    asked: Annotated[
        list[str],
        Field(
            description="The parts of the search that gave a result, and `listening` if the recording was listened to "
            "again."
        ),
    ]
    hits: list[Hit]


class Neighbours(_Result):
    """The songs most similar to a song, in audio or in lyrics."""

    song: Song
    hits: list[Near]


class LyricsQuery(Model):
    """A search by lyrics: from a few words to a whole song."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"lyrics": "silent night, holy night", "k": 5}]}
    )

    lyrics: Annotated[str, Field(min_length=1, max_length=MAX_LYRICS_CHARACTERS)]
    k: Annotated[int, Field(ge=1, le=MAX_HITS, description="Number of songs.")] = 10
    label: Annotated[str | None, Field(description="Only songs with this label.")] = None
    artist: Annotated[str | None, Field(description="Only songs by this artist.")] = None
    by: Annotated[str, Field(description="A part of the search, or both.", json_schema_extra=name_parts)] = BOTH
    explain: Annotated[bool, Field(description="Include the evidence of each part.")] = False


class Line(Model):
    """A line of lyrics."""

    text: str
    words: Annotated[list[str], Field(description="Words that the query contains too, as written in the line.")]


class PassagesQuery(Model):
    """A query, and the songs to search for the lines that fit it best."""

    query: Annotated[str, Field(description="`query` of a search result.", max_length=4096)]
    songs: Annotated[list[int], Field(min_length=1, max_length=MAX_HITS)]
    lyrics: Annotated[
        str | None,
        Field(
            max_length=MAX_LYRICS_CHARACTERS, description="The query text; lines that share words with it rank first."
        ),
    ] = None


class Passages(Model):
    """The lines of each song that fit a query best, at most three consecutive ones."""

    passages: Annotated[dict[int, list[Line]], Field(description="By song id; empty for songs without lyrics.")]
