"""Models of the API's requests and responses; the OpenAPI schema is generated from them."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

__all__ = [
    "Cut",
    "Evaluation",
    "EvaluationRow",
    "Facet",
    "Heard",
    "HearingStatus",
    "LibraryStatus",
    "LyricsLine",
    "LyricsWord",
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
    "SongLyrics",
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
    "cut": {"start": 61.0, "end": 152.5},
    "has_audio": True,
    "has_lyrics": True,
    "line": "Holy, holy, holy! Lord God Almighty!",
}


class _Sayable(BaseModel):
    """A model whose text is valid UTF-8: surrogates, which Python uses for undecodable file names, are replaced."""

    @model_validator(mode="before")
    @classmethod
    def _replace_surrogates(cls, values: Any) -> Any:
        return {name: _sayable(value) for name, value in values.items()} if isinstance(values, dict) else values


def _sayable(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    return [_sayable(item) for item in value] if isinstance(value, list | tuple) else value


class Model(_Sayable):
    """Base of all models: valid UTF-8, and no undeclared fields."""

    model_config = ConfigDict(extra="forbid")


class Cut(Model):
    """Where a song begins and ends in its audio file."""

    start: Annotated[float, Field(description="In seconds.")]
    end: Annotated[float | None, Field(description="In seconds; null for the end of the file.")]


class Song(Model):
    """A song of the library, as a card shows it."""

    model_config = ConfigDict(json_schema_extra={"examples": [SONG]})

    id: Annotated[int, Field(description="The song's number in this library.")]
    title: str
    artist: str | None
    album: str | None
    label: Annotated[str | None, Field(description="The song's category: its genre, or the label from a table.")]
    language: Annotated[str | None, Field(description="ISO 639-1 code.")]
    seconds: Annotated[float | None, Field(description="Duration of the recording, in seconds.")]
    cut: Annotated[
        Cut | None,
        Field(
            description="The song's part of its audio file, if a cue sheet makes several songs of the file: play "
            "`/songs/{id}/audio#t=start,end`. All other times count from the beginning of the song."
        ),
    ]
    has_audio: Annotated[bool, Field(description="Whether the recording could be used.")]
    has_lyrics: Annotated[bool, Field(description="Whether there are lyrics.")]
    line: Annotated[str, Field(description="A line of the lyrics: the first, or the first with a searched word.")]


class Segment(Model):
    """A segment of a transcript, with its times."""

    start: Annotated[float, Field(description="Seconds from the beginning of the recording.")]
    end: float
    text: str


class Heard(Model):
    """The transcript of a recording, or of a part of it."""

    text: Annotated[str, Field(description="All words, one line per segment; empty if no words were recognised.")]
    doubtful: Annotated[
        bool | None,
        Field(description="Whether parts are still doubtful after a second pass; null if there was no second pass."),
    ]
    has_words: bool
    language: Annotated[str | None, Field(description="ISO 639-1 code; null if no words were recognised.")]
    model: Annotated[str, Field(description="The speech model.")]
    start: Annotated[float, Field(description="Start of the transcribed part, in seconds.")]
    seconds: Annotated[float, Field(description="Duration of the transcribed part.")]
    segments: list[Segment]


class TimedLine(Model):
    """A line of lyrics, with the time at which it is sung."""

    text: str
    start: Annotated[
        float | None, Field(description="In seconds; null for lines before or after the transcribed part.")
    ]


class SongHeard(Heard):
    """The transcript of a song, and the times of its lyrics."""

    extent: Annotated[
        Literal["slice", "song"], Field(description="Whether a slice of 30 s or the whole song was transcribed.")
    ]
    lines: Annotated[
        list[TimedLine],
        Field(description="The lines of the lyrics that contain letters; empty without a transcript or lyrics."),
    ]


class SongDetails(Song):
    """A song with its lyrics, transcript and notes."""

    heard: Annotated[SongHeard | None, Field(description="null if the song has not been transcribed.")]

    lyrics: str | None
    lyrics_source: Annotated[str | None, Field(description="File name or tag that the lyrics come from.")]
    file: Annotated[str | None, Field(description="Name of the audio file, without folders.")]
    notes: Annotated[list[str], Field(description="Repairs and doubts.")]
    reasons: Annotated[list[str], Field(description="Why the song cannot be used for training; empty if it can.")]


class LyricsWord(Model):
    """A word of lyrics, or a character of a script without spaces, and when it is sung."""

    text: str
    start: Annotated[float | None, Field(description="In seconds; null if it is not sung.")]
    end: Annotated[float | None, Field(description="In seconds; null if it is not known.")]
    confidence: Annotated[
        float | None, Field(description="That it is sung at this time, 0 to 1; null for times of a file.")
    ]


class LyricsLine(LyricsWord):
    """A line of lyrics, and when it is sung."""

    words: Annotated[list[LyricsWord], Field(description="Those whose times are known.")]


class SongLyrics(Model):
    """The lyrics of a song, with the times that are known."""

    source: Annotated[
        str,
        Field(
            description="The format of the file that the times come from, such as lrc; aligned if they come from the "
            "transcript; text if there are none."
        ),
    ]
    language: Annotated[str | None, Field(description="ISO 639-1 code.")]
    synced: Annotated[bool, Field(description="Whether most lines have a time.")]
    lines: list[LyricsLine]


class SongList(Model):
    """Songs in library order, or for an exact search, best match first."""

    total: Annotated[int, Field(description="Total number of songs.")]
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
    """A group of neighbouring songs on the map, and words that are typical of their lyrics."""

    level: Annotated[int, Field(ge=0, description="0 for the whole map; each level doubles the zoom.")]
    x: Annotated[float, Field(description="-1 to 1.")]
    y: Annotated[float, Field(description="-1 to 1.")]
    songs: Annotated[int, Field(description="Number of songs when the map was made.")]
    words: Annotated[list[str], Field(description="One to three words, most typical first.")]


class SongMap(Model):
    """All searchable songs in two dimensions; neighbours in the learned space stay neighbours."""

    labels: Annotated[list[str], Field(description="Most frequent first.")]
    neighbourhoods: Annotated[list[Neighbourhood], Field(description="Neighbourhoods with typical words.")]
    note: Annotated[
        str | None,
        Field(description="Why the map shows two principal components instead, and what to do; else null."),
    ]
    explained: Annotated[
        float | None, Field(description="Share of variance explained by two principal components, 0 to 1; else null.")
    ]
    points: list[Point]


class Facet(Model):
    """A value that songs can be filtered by."""

    name: str
    songs: int


class ModelStatus(Model):
    """The model in use."""

    method: str
    audio_encoder: Annotated[str, Field(description="Audio encoder, such as mfcc or mfcc-stats.")]
    lyrics_encoder: Annotated[str, Field(description="Lyrics encoder, such as doc2vec or tfidf.")]
    songs: Annotated[int, Field(description="Number of songs it was trained on.")]
    components: int
    epochs: Annotated[int | None, Field(description="null for methods without epochs.")]
    trained: Annotated[str, Field(description="Date and time, ISO 8601, UTC.")]
    held_out_mrr1: Annotated[
        float | None, Field(description="Instance MRR1 on the songs held out to choose the model.")
    ]
    held_out_chance: Annotated[float | None, Field(description="MRR1 of chance on those songs.")]


class PartStatus(Model):
    """A part of the search: its name, as for `by`, and its title."""

    name: str
    title: str
    hears: Annotated[bool, Field(description="Whether it needs the transcript of a recording.")]


class HearingStatus(Model):
    """How many songs have transcripts, and whether uploaded recordings are transcribed."""

    heard: Annotated[int, Field(description="Songs with a transcript.")]
    without_words: Annotated[int, Field(description="Of these, songs in which no words were recognised.")]
    not_heard: Annotated[int, Field(description="Songs with a recording but no transcript yet.")]
    doubtful: Annotated[int, Field(description="Songs whose transcript `alcca hear --doubtful` may improve.")]
    languages: list[Facet]
    models: Annotated[list[Facet], Field(description="The speech models of the transcripts.")]
    lacks: Annotated[str | None, Field(description="Why uploaded recordings are not transcribed; null if they are.")]


class LibraryStatus(Model):
    """What the library holds and supports."""

    name: Annotated[str, Field(description="Name of the library's folder.")]
    version: Annotated[str, Field(description="Version of alcca.")]
    songs: int
    usable: Annotated[int, Field(description="Songs with audio and lyrics.")]
    audio_only: int
    lyrics_only: int
    searchable: Annotated[int, Field(description="Songs with a vector in the learned space.")]
    labels: list[Facet]
    artists: list[Facet]
    languages: list[Facet]
    model: Annotated[ModelStatus | None, Field(description="null before the first training.")]
    hearing: HearingStatus
    parts: Annotated[list[PartStatus], Field(description="The parts of the search.")]
    max_upload_bytes: Annotated[int, Field(description="Size limit of uploaded recordings.")]
    evaluated: Annotated[bool, Field(description="Whether the library has been evaluated.")]


class EvaluationRow(Model):
    """One result of one method: value, 95% interval, chance, and the shuffled-pairs control."""

    method: str
    components: Annotated[int, Field(description="0 for methods without components.")]
    direction: Annotated[
        Literal["audio", "lyrics"], Field(description="The query: audio searches lyrics, lyrics search audio.")
    ]
    level: Annotated[
        Literal["instance", "category"],
        Field(description="Which hits are correct: the song itself, or any song of its label."),
    ]
    pool: Annotated[float, Field(description="Average number of candidates per query.")]
    measure: Annotated[Literal["MRR1", "R@1", "R@5", "R@10", "median"], Field(description="The measure.")]
    value: float
    low: float
    high: float
    chance: float | None
    shuffled: Annotated[float | None, Field(description="The same method trained on shuffled pairs.")]


class Evaluation(Model):
    """The library's last evaluation: cross-validation, tested on held-out songs."""

    evaluated: Annotated[str, Field(description="When, ISO 8601, UTC.")]
    songs: int
    folds: int
    pool: Annotated[float, Field(description="Average number of candidates per query.")]
    seeds: list[int]
    methods: list[str]
    notes: list[str]
    rows: list[EvaluationRow]


class Problem(_Sayable):
    """An error and what to do about it (RFC 9457)."""

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
    instance: Annotated[str, Field(description="The requested path.")]
