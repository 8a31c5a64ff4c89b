"""What the API takes and gives, as typed models; the OpenAPI description is made from them."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

__all__ = [
    "Evaluation",
    "EvaluationRow",
    "Facet",
    "Hit",
    "LibraryStatus",
    "Line",
    "LyricsQuery",
    "ModelStatus",
    "Neighbours",
    "Passages",
    "PassagesQuery",
    "Point",
    "Problem",
    "SearchResult",
    "Song",
    "SongDetails",
    "SongList",
    "SongMap",
]

LONGEST_LYRICS = 20_000
MOST_HITS = 100
SONG: dict[str, Any] = {
    "id": 7,
    "title": "Holy, holy, holy",
    "artist": "John B. Dykes",
    "album": "The Open Hymnal",
    "label": "Praise",
    "language": "en",
    "seconds": 91.5,
    "has_audio": True,
    "has_lyrics": True,
    "line": "Holy, holy, holy! Lord God Almighty!",
}


class _Sayable(BaseModel):
    """Text that UTF-8 can say: the name of a file may hold bytes that are none, which Python keeps as surrogates."""

    @model_validator(mode="before")
    @classmethod
    def _replace_surrogates(cls, values: Any) -> Any:
        return {name: _sayable(value) for name, value in values.items()} if isinstance(values, dict) else values


def _sayable(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    return [_sayable(one) for one in value] if isinstance(value, list) else value


class _Model(_Sayable):
    model_config = ConfigDict(extra="forbid")


class Song(_Model):
    """A song of the library, as a card shows it."""

    model_config = ConfigDict(json_schema_extra={"examples": [SONG]})

    id: Annotated[int, Field(description="The song's number in this library.")]
    title: str
    artist: str | None
    album: str | None
    label: Annotated[str | None, Field(description="The song's category: its genre, or what a table says.")]
    language: Annotated[str | None, Field(description="ISO 639-1 code.")]
    seconds: Annotated[float | None, Field(description="Duration of the recording, in seconds.")]
    has_audio: Annotated[bool, Field(description="Whether the recording could be used.")]
    has_lyrics: Annotated[bool, Field(description="Whether there are lyrics.")]
    line: Annotated[str, Field(description="A line of the lyrics: the first, or the first with a searched word.")]


class SongDetails(Song):
    """A song with its words and with what is doubtful about it."""

    lyrics: str | None
    lyrics_source: Annotated[str | None, Field(description="Name of the file or tag that the lyrics come from.")]
    file: Annotated[str | None, Field(description="Name of the audio file, without its folders.")]
    notes: Annotated[list[str], Field(description="What was repaired or is doubtful.")]
    reasons: Annotated[list[str], Field(description="Why the song cannot be trained on; empty when it can.")]


class SongList(_Model):
    """Songs in the order of the library, or of an exact search for words, best match first."""

    total: Annotated[int, Field(description="How many songs there are altogether.")]
    offset: int
    songs: list[Song]


class Hit(_Model):
    """One song that a search found."""

    rank: Annotated[int, Field(ge=1)]
    score: Annotated[float, Field(description="Cosine of the query and the song in the common space, -1 to 1.")]
    closer_than: Annotated[
        float,
        Field(
            ge=0,
            le=1,
            description="Share of the library's pairs of different songs that are less alike than the query and this "
            "song: the place of the score in the library's own distribution.",
        ),
    ]
    song: Song


class SearchResult(_Model):
    """The songs nearest to a query in the common space, best first."""

    query: Annotated[
        str,
        Field(description="The query's place in the common space, to be given back to /passages; URL-safe base64."),
    ]
    compared: Annotated[
        Literal["lyrics", "audio"], Field(description="What of the library's songs the query was compared with.")
    ]
    among: Annotated[int, Field(description="How many songs it was compared with, after the filters.")]
    took_ms: Annotated[float, Field(description="Milliseconds from the whole upload to the answer.")]
    notes: Annotated[list[str], Field(description="What was doubtful about the query: a short clip, damaged pieces.")]
    hits: list[Hit]


class LyricsQuery(_Model):
    """Words to find songs by: a few, or a whole song."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"lyrics": "silent night, holy night", "k": 5}]}
    )

    lyrics: Annotated[str, Field(min_length=1, max_length=LONGEST_LYRICS)]
    k: Annotated[int, Field(ge=1, le=MOST_HITS, description="How many songs.")] = 10
    label: Annotated[str | None, Field(description="Only songs with this label.")] = None
    artist: Annotated[str | None, Field(description="Only songs by this artist.")] = None


class Neighbours(SearchResult):
    """The songs that sound like a song, or whose lyrics are like its lyrics."""

    song: Song


class Line(_Model):
    """A line of lyrics."""

    text: str
    words: Annotated[list[str], Field(description="Words of the line that the query holds too, as the line has them.")]


class PassagesQuery(_Model):
    """A query, and the songs of which to find the lines that fit it best."""

    query: Annotated[str, Field(description="`query` of a search result.", max_length=4096)]
    songs: Annotated[list[int], Field(min_length=1, max_length=MOST_HITS)]
    lyrics: Annotated[
        str | None,
        Field(max_length=LONGEST_LYRICS, description="The words that were searched by: lines that share some win."),
    ] = None


class Passages(_Model):
    """The lines of each song that fit a query best, at most three that follow each other."""

    passages: Annotated[dict[int, list[Line]], Field(description="By song; an empty list for a song without lyrics.")]


class Point(_Model):
    """A song on the map."""

    id: int
    x: Annotated[float, Field(description="-1 to 1.")]
    y: Annotated[float, Field(description="-1 to 1.")]
    title: str
    artist: str | None
    label: Annotated[int | None, Field(description="Index into the map's labels.")]


class SongMap(_Model):
    """All songs that can be searched, in two dimensions: the first principal components of their places."""

    labels: Annotated[list[str], Field(description="The most frequent first.")]
    explained: Annotated[float, Field(description="Share of the variance that two dimensions show, 0 to 1.")]
    points: list[Point]


class Facet(_Model):
    """A value that songs can be filtered by."""

    name: str
    songs: int


class ModelStatus(_Model):
    """The model in use."""

    method: str
    songs: Annotated[int, Field(description="How many songs it was trained on.")]
    components: int
    epochs: int
    trained: Annotated[str, Field(description="When, ISO 8601, UTC.")]
    held_out_mrr1: Annotated[float | None, Field(description="Instance MRR1 on songs kept out when it was chosen.")]
    held_out_chance: Annotated[float | None, Field(description="The MRR1 that chance gives on those songs.")]


class LibraryStatus(_Model):
    """What is in the library and what it can do."""

    name: Annotated[str, Field(description="Name of the library's folder.")]
    version: Annotated[str, Field(description="Version of alcca.")]
    songs: int
    usable: Annotated[int, Field(description="Songs with audio and lyrics.")]
    audio_only: int
    lyrics_only: int
    searchable: Annotated[int, Field(description="Songs that have a place in the common space.")]
    labels: list[Facet]
    artists: list[Facet]
    languages: list[Facet]
    model: Annotated[ModelStatus | None, Field(description="null before the first training.")]
    max_upload_bytes: Annotated[int, Field(description="The largest recording that is taken.")]
    evaluated: Annotated[bool, Field(description="Whether there is an evaluation to show.")]


class EvaluationRow(_Model):
    """One figure of one method, with its 95% interval, beside chance and the same method without true pairs."""

    method: str
    components: int
    direction: Annotated[
        Literal["audio", "lyrics"], Field(description="What asks: audio asks for lyrics, or lyrics for audio.")
    ]
    level: Annotated[
        Literal["instance", "category"], Field(description="The right song itself, or any song of its label.")
    ]
    measure: Annotated[Literal["MRR1", "R@1", "R@5", "R@10", "median"], Field(description="What was measured.")]
    value: float
    low: float
    high: float
    chance: float | None
    shuffled: Annotated[float | None, Field(description="The same method trained on shuffled pairs.")]


class Evaluation(_Model):
    """The library's last evaluation: five-fold cross-validation on songs that the methods had not seen."""

    evaluated: Annotated[str, Field(description="When, ISO 8601, UTC.")]
    songs: int
    folds: int
    pool: Annotated[float, Field(description="Among how many songs a query had to find its own, on average.")]
    seeds: list[int]
    methods: list[str]
    notes: list[str]
    rows: list[EvaluationRow]


class Problem(_Sayable):
    """What went wrong and what to do (RFC 9457)."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "type": "about:blank",
                    "title": "Unprocessable Content",
                    "status": 422,
                    "detail": "clip.mp3: digital silence in the 30 s from 12.0 s; choose another offset",
                    "instance": "/api/v1/search/audio",
                }
            ]
        }
    )

    type: str = "about:blank"
    title: Annotated[str, Field(description="The status in words.")]
    status: int
    detail: Annotated[str, Field(description="What is wrong with this request, and what to do.")]
    instance: Annotated[str, Field(description="The path that was asked for.")]
