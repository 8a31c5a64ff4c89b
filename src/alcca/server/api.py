"""The routes of the REST API, with typed requests and responses."""

import asyncio
import contextlib
import shutil
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path as FilePath
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, File, Path, Query, Request, UploadFile
from fastapi.responses import FileResponse, Response, StreamingResponse
from starlette.exceptions import HTTPException

from alcca._version import __version__
from alcca.media.sending import send_recording
from alcca.search.filters import Filter
from alcca.search.fusion import BOTH
from alcca.server.clip_search import ClipSearch
from alcca.server.evaluation import is_evaluated, read_evaluation
from alcca.server.events import EVENT, SearchEvents
from alcca.server.lanes import Lanes
from alcca.server.lyrics_file import MEDIA_TYPES, described_lyrics, lyrics_file
from alcca.server.problems import documented
from alcca.server.schemas import Evaluation, LibraryStatus, SongDetails, SongList, SongLyrics, SongMap
from alcca.server.search_schemas import (
    MAX_HITS,
    MAX_LYRICS_CHARACTERS,
    LyricsQuery,
    Neighbours,
    Passages,
    PassagesQuery,
    SearchResult,
    name_parts,
)
from alcca.server.service import Service
from alcca.store.records import Song as StoredSong

__all__ = ["router"]

router = APIRouter(prefix="/api/v1", responses=documented(400, 401, 403, 413, 421, 422, 429, 503))
# The largest integer that SQLite can store.
MAX_ID = 2**63 - 1


def _service(request: Request) -> Service:
    service: Service = request.app.state.service
    # Check on every request, including those answered from memory or from files beside the database.
    service.library.check()
    return service


def _lanes(request: Request) -> Lanes:
    lanes: Lanes = request.app.state.lanes
    return lanes


WithLanes = Annotated[Lanes, Depends(_lanes)]


async def _turn(lanes: WithLanes) -> AsyncIterator[None]:
    async with lanes.searches.turn():
        yield


# Given back before the response is sent, which depends on the client.
IN_TURN = [Depends(_turn, scope="function")]


def _where(
    label: Annotated[str | None, Query(description="Only songs with this label.", max_length=500)] = None,
    artist: Annotated[str | None, Query(description="Only songs by this artist.", max_length=500)] = None,
) -> Filter:
    return Filter(label, artist)


Asked = Annotated[Service, Depends(_service)]
Where = Annotated[Filter, Depends(_where)]
Count = Annotated[int, Query(ge=1, le=MAX_HITS, description="Number of songs.")]


def _song(song: Annotated[int, Path(ge=1, le=MAX_ID, examples=[1])], service: Asked) -> StoredSong:
    found = service.files.song(song)
    if found is None:
        raise HTTPException(404, f"this library has no song {song}")
    return found


OneSong = Annotated[StoredSong, Depends(_song)]


async def _clip_search(
    file: Annotated[UploadFile, File(description="A recording in any common format; its middle 30 s are used.")],
    service: Asked,
    lanes: WithLanes,
    where: Where,
    k: Count = 10,
    by: Annotated[str, Query(description="A part of the search, or both.", json_schema_extra=name_parts)] = BOTH,
    explain: Annotated[bool, Query(description="Include the evidence of each part.")] = False,
    careful: Annotated[
        bool,
        Query(
            description="If no hit is sure, listen to the recording for the lyrics of up to 1,000 songs, which may "
            "take minutes, instead of the likeliest ones."
        ),
    ] = False,
) -> ClipSearch:
    def read() -> ClipSearch:
        # Use a temporary name: the sender's file name must not choose a path on this machine.
        with tempfile.NamedTemporaryFile(prefix="alcca-clip-") as clip:
            shutil.copyfileobj(file.file, clip)
            clip.flush()
            name = FilePath(file.filename or "the recording").name
            return service.search_audio(FilePath(clip.name), name, k, where, by, explain, careful)

    return await lanes.recordings.run(read)


ByClip = Annotated[ClipSearch, Depends(_clip_search)]


@contextlib.asynccontextmanager
async def _closed_when_gone(request: Request, search: ClipSearch) -> AsyncIterator[None]:
    """Close a search at the end, or as soon as the client disconnects."""

    async def watch() -> None:
        while (await request.receive())["type"] != "http.disconnect":
            pass
        search.close()

    watcher = asyncio.create_task(watch())
    try:
        yield
    finally:
        watcher.cancel()
        search.close()


@router.post(
    "/search/audio",
    tags=["search"],
    summary="Songs whose lyrics fit a recording",
    responses=documented(409),
)
async def search_audio(request: Request, search: ByClip, lanes: WithLanes) -> SearchResult:
    """Transcribe a recording; rank songs by its words and by how well their lyrics fit in the learned space.

    If no hit is sure, the recording is listened to again, for the lyrics of the likeliest songs.
    """
    async with _closed_when_gone(request, search):
        await lanes.recordings.run(search.hear)
        await lanes.recordings.run(search.before_listening)
        return await lanes.recordings.run(search.result)


@router.post(
    "/search/audio/stream",
    tags=["search"],
    summary="The same, as a stream of partial results",
    response_class=StreamingResponse,
    responses={
        200: {"description": "Events", "content": {"text/event-stream": {"itemSchema": EVENT}}},
        **documented(409),
    },
)
async def search_audio_stream(request: Request, search: ByClip, lanes: WithLanes) -> SearchEvents:
    """Stream results as Server-Sent Events, each with a line of JSON.

    `space`: the hits by audio alone, sent at once, in the format of /search/audio. `words`: the transcript, in the
    format of `heard`; left out if the recording is not transcribed, and sent twice if the first pass is doubtful, once
    after each pass. `hits`: the hits by audio and words, perhaps none, sent if no hit is sure and the recording is
    listened to again. `result`: the response of /search/audio. `problem`: the error, sent instead of `result`.
    """
    try:
        first = await lanes.recordings.run(search.at_once)
    except BaseException:
        search.close()
        raise
    return SearchEvents(request, search, lanes.recordings, first)


@router.post(
    "/search/lyrics",
    tags=["search"],
    summary="Recordings in which words are sung",
    responses=documented(409),
    dependencies=IN_TURN,
)
def search_lyrics(query: LyricsQuery, service: Asked) -> SearchResult:
    """Rank recordings by whether the words are sung in them, and by how well their audio fits in the learned space.

    Songs without lyrics are found by their transcript, if they have one.
    """
    return service.search_lyrics(query)


@router.post(
    "/passages",
    tags=["search"],
    summary="The lines that fit a query best",
    responses=documented(409),
    dependencies=IN_TURN,
)
def passages(asked: PassagesQuery, service: Asked) -> Passages:
    """Find the lines of each song that fit a query best, to show with the hit."""
    return service.passages(asked)


@router.get(
    "/songs",
    tags=["songs"],
    summary="All songs, or those that contain exactly these words",
    dependencies=IN_TURN,
)
def songs(
    service: Asked,
    where: Where,
    words: Annotated[
        str, Query(max_length=MAX_LYRICS_CHARACTERS, description="Every word must be in title, artist or lyrics.")
    ] = "",
    k: Count = 20,
    offset: Annotated[int, Query(ge=0, le=10**9)] = 0,
) -> SongList:
    """List songs. With words, search for exact matches, ignoring case and accents; meaning is not considered."""
    return service.songs(words, where, k, offset)


@router.get(
    "/songs/{song}",
    tags=["songs"],
    summary="A song with its lyrics",
    responses=documented(404),
    dependencies=IN_TURN,
)
def song_details(found: OneSong, service: Asked) -> SongDetails:
    """Return the details of one song."""
    return service.details(found)


@router.get(
    "/songs/{song}/lyrics",
    tags=["songs"],
    summary="A song's lyrics, as a file of lyrics or as JSON",
    response_model=SongLyrics,
    responses={
        200: {"description": "The lyrics", "content": {media: {} for media in sorted(set(MEDIA_TYPES.values()))}},
        **documented(404, 409),
    },
    dependencies=IN_TURN,
)
def song_lyrics(
    found: OneSong,
    service: Asked,
    format: Annotated[
        Literal["json", "lrc", "elrc", "srt", "vtt", "ttml", "text"],
        Query(description="elrc is LRC with the times of words; vtt and ttml have them too, where they are known."),
    ] = "json",
) -> SongLyrics | Response:
    """Return the lyrics with their times: those of a lyric file beside the recording, or of the transcript.

    Lines that are not sung are in the formats json and text alone.
    """
    lyrics = service.files.lyrics(found)
    if lyrics is None:
        raise HTTPException(404, "the song has no lyrics")
    return described_lyrics(lyrics) if format == "json" else lyrics_file(found, lyrics, format)


@router.get(
    "/songs/{song}/neighbours",
    tags=["songs"],
    summary="Songs like this one",
    responses=documented(404, 409),
    dependencies=IN_TURN,
)
def song_neighbours(
    found: OneSong,
    service: Asked,
    where: Where,
    by: Annotated[Literal["audio", "lyrics"], Query(description="Songs that sound alike, or with lyrics alike.")],
    k: Count = 10,
) -> Neighbours:
    """Rank the other songs by their similarity to one, in audio or in lyrics."""
    return service.neighbours(found, by, k, where)


@router.get(
    "/songs/{song}/audio",
    tags=["songs"],
    summary="A song's recording",
    response_class=FileResponse,
    responses={
        200: {"description": "The whole file", "content": {"audio/*": {}, "application/octet-stream": {}}},
        206: {"description": "The requested range of bytes", "content": {"audio/*": {}}},
        304: {"description": "Unchanged since the client loaded it"},
        **documented(404, 416),
    },
)
def song_audio(request: Request, found: OneSong, service: Asked) -> Response:
    """Send the audio file. Byte ranges are supported, so players can seek; and conditions, so that they can keep it.

    If the song is a part of the file, its `cut` says which; players take it as a fragment, `audio#t=61.0,125.5`.
    """
    if found.audio is None:
        raise HTTPException(404, "the song's file has no usable audio")
    recording = service.files.recording(found)
    if recording is None:
        raise HTTPException(404, "the song's file was moved, deleted or changed; run alcca add on its folder again")
    return send_recording(request, recording)


@router.get("/map", tags=["library"], summary="All songs in two dimensions", response_model=SongMap)
def song_map(service: Asked) -> Response:
    """Return the position of every searchable song on a plane; similar songs tend to be close together."""
    return Response(service.map(), media_type="application/json")


@router.get("/status", tags=["library"], summary="What the library holds")
def status(service: Asked) -> LibraryStatus:
    """Return what the library holds, the values to filter by, and the model in use."""
    return service.status(__version__)


@router.get("/evaluation", tags=["library"], summary="Search quality", responses=documented(404))
def evaluation(service: Asked) -> Evaluation:
    """Return the last evaluation: results on held-out songs, with chance for comparison."""
    if not is_evaluated(service.folder):
        raise HTTPException(404, "this library has not been evaluated yet; run alcca evaluate")
    return read_evaluation(service.folder)
