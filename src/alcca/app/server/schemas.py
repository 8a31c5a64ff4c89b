"""What the API takes and gives, as typed models; the OpenAPI description is made from them."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

__all__ = [
    "Evaluation",
    "EvaluationRow",
    "Facet",
    "Heard",
    "HearingStatus",
    "LibraryStatus",
    "Model",
    "ModelStatus",
    "Neighbourhood",
    "PartStatus",
    "Point",
    "Problem",
    "Segment",
    "Song",
    "SongDetails",
    "SongHeard",
    "SongList",
    "SongMap",
    "TimedLine",
]

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


class Model(_Sayable):
    """What the API takes or gives: text that can be said, and no field that is not described."""

    model_config = ConfigDict(extra="forbid")


class Song(Model):
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


class Segment(Model):
    """Words that were heard, and when."""

    start: Annotated[float, Field(description="Seconds from the beginning of the recording.")]
    end: float
    text: str


class Heard(Model):
    """What was heard in a recording, or in a part of it."""

    text: Annotated[str, Field(description="All words, a line for each segment; empty where no words were heard.")]
    doubtful: Annotated[
        bool | None,
        Field(description="Whether some of it is in doubt, also after a second reading; null where there was none."),
    ]
    has_words: bool
    language: Annotated[str | None, Field(description="ISO 639-1 code; null where no words were heard.")]
    model: Annotated[str, Field(description="The speech model that listened.")]
    start: Annotated[float, Field(description="Where the part that was heard begins, in seconds.")]
    seconds: Annotated[float, Field(description="How long it is.")]
    segments: list[Segment]


class TimedLine(Model):
    """A line of lyrics, and when it is sung."""

    text: str
    start: Annotated[float | None, Field(description="In seconds; null for a line before or after what was heard.")]


class SongHeard(Heard):
    """What was heard in a song, and what that tells of its lyrics."""

    extent: Annotated[
        Literal["slice", "song"], Field(description="Whether half a minute was heard, or the whole song.")
    ]
    lines: Annotated[
        list[TimedLine], Field(description="The lines of the lyrics that hold letters; empty without words or lyrics.")
    ]


class SongDetails(Song):
    """A song with its words and with what is doubtful about it."""

    heard: Annotated[SongHeard | None, Field(description="null when nobody has listened to the song.")]

    lyrics: str | None
    lyrics_source: Annotated[str | None, Field(description="Name of the file or tag that the lyrics come from.")]
    file: Annotated[str | None, Field(description="Name of the audio file, without its folders.")]
    notes: Annotated[list[str], Field(description="What was repaired or is doubtful.")]
    reasons: Annotated[list[str], Field(description="Why the song cannot be trained on; empty when it can.")]


class SongList(Model):
    """Songs in the order of the library, or of an exact search for words, best match first."""

    total: Annotated[int, Field(description="How many songs there are altogether.")]
    offset: int
    songs: list[Song]


class Point(Model):
    """A song on the map."""

    id: int
    x: Annotated[float, Field(description="-1 to 1.")]
    y: Annotated[float, Field(description="-1 to 1.")]
    title: str
    artist: str | None
    label: Annotated[int | None, Field(description="Index into the map's labels.")]


class Neighbourhood(Model):
    """Songs that stand together on the map, and the words that their lyrics share and others do not."""

    level: Annotated[int, Field(ge=0, description="0 on the whole map; each further level when it is twice as large.")]
    x: Annotated[float, Field(description="-1 to 1.")]
    y: Annotated[float, Field(description="-1 to 1.")]
    songs: Annotated[int, Field(description="How many songs it had when the map was made.")]
    words: Annotated[list[str], Field(description="One to three, the most telling first.")]


class SongMap(Model):
    """All songs that can be searched, in two dimensions, so that neighbours in the common space stay neighbours."""

    labels: Annotated[list[str], Field(description="The most frequent first.")]
    neighbourhoods: Annotated[list[Neighbourhood], Field(description="Those that have words of their own.")]
    note: Annotated[
        str | None,
        Field(description="Why these are two principal components instead, and what to do; else null."),
    ]
    explained: Annotated[
        float | None, Field(description="Share of the variance that two principal components show, 0 to 1; else null.")
    ]
    points: list[Point]


class Facet(Model):
    """A value that songs can be filtered by."""

    name: str
    songs: int


class ModelStatus(Model):
    """The model in use."""

    method: str
    audio_encoder: Annotated[str, Field(description="What describes the sound, as mfcc or mfcc-stats.")]
    lyrics_encoder: Annotated[str, Field(description="What describes the lyrics, as doc2vec or tfidf.")]
    songs: Annotated[int, Field(description="How many songs it was trained on.")]
    components: int
    epochs: Annotated[int | None, Field(description="Null for a method that makes no passes over the songs.")]
    trained: Annotated[str, Field(description="When, ISO 8601, UTC.")]
    held_out_mrr1: Annotated[float | None, Field(description="Instance MRR1 on songs kept out when it was chosen.")]
    held_out_chance: Annotated[float | None, Field(description="The MRR1 that chance gives on those songs.")]


class PartStatus(Model):
    """A part of the search: what `by` takes, and what to call it."""

    name: str
    title: str
    hears: Annotated[bool, Field(description="Whether it needs the words of a recording.")]


class HearingStatus(Model):
    """To how many songs somebody has listened, and who listens to what is sent."""

    heard: Annotated[int, Field(description="Songs that were listened to.")]
    without_words: Annotated[int, Field(description="Those of them in which no words were heard.")]
    not_heard: Annotated[int, Field(description="Songs with a recording to which nobody has listened yet.")]
    doubtful: Annotated[int, Field(description="Songs that `alcca hear --doubtful` may hear better.")]
    languages: list[Facet]
    models: Annotated[list[Facet], Field(description="The speech models that have listened to songs.")]
    lacks: Annotated[
        str | None, Field(description="Why the words of a recording that is sent are not heard; null when they are.")
    ]


class LibraryStatus(Model):
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
    hearing: HearingStatus
    parts: Annotated[list[PartStatus], Field(description="The parts of the search.")]
    max_upload_bytes: Annotated[int, Field(description="The largest recording that is taken.")]
    evaluated: Annotated[bool, Field(description="Whether there is an evaluation to show.")]


class EvaluationRow(Model):
    """One figure of one method, with its 95% interval, beside chance and the same method without true pairs."""

    method: str
    components: Annotated[int, Field(description="0 for a method that has none.")]
    direction: Annotated[
        Literal["audio", "lyrics"], Field(description="What asks: audio asks for lyrics, or lyrics for audio.")
    ]
    level: Annotated[
        Literal["instance", "category"], Field(description="The right song itself, or any song of its label.")
    ]
    pool: Annotated[float, Field(description="Among how many a query had to find its own, on average.")]
    measure: Annotated[Literal["MRR1", "R@1", "R@5", "R@10", "median"], Field(description="What was measured.")]
    value: float
    low: float
    high: float
    chance: float | None
    shuffled: Annotated[float | None, Field(description="The same method trained on shuffled pairs.")]


class Evaluation(Model):
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
