"""The routes of the REST API: what may be asked and what is answered, typed."""

import asyncio
import contextlib
import shutil
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path as FilePath
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, File, Path, Query, Request, UploadFile
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import FileResponse, Response, StreamingResponse
from starlette.exceptions import HTTPException

from alcca import __version__
from alcca.app.server.clip_search import ClipSearch
from alcca.app.server.evaluation import is_evaluated, read_evaluation
from alcca.app.server.events import EVENT, SearchEvents
from alcca.app.server.problems import documented
from alcca.app.server.recording import send_recording
from alcca.app.server.schemas import Evaluation, LibraryStatus, SongDetails, SongList, SongMap
from alcca.app.server.search_schemas import (
    BY,
    LONGEST_LYRICS,
    MOST_HITS,
    LyricsQuery,
    Neighbours,
    Passages,
    PassagesQuery,
    SearchResult,
)
from alcca.app.server.service import Service
from alcca.library.filtering import Filter
from alcca.library.parts.fusion import BOTH
from alcca.library.records import Song as StoredSong

__all__ = ["router"]

router = APIRouter(prefix="/api/v1", responses=documented(400, 401, 403, 413, 421, 422, 503))
# The largest number that SQLite keeps.
LARGEST_ID = 2**63 - 1


def _service(request: Request) -> Service:
    service: Service = request.app.state.service
    # Also of what is answered from memory, or from files beside the database.
    service.library.check()
    return service


def _where(
    label: Annotated[str | None, Query(description="Only songs with this label.", max_length=500)] = None,
    artist: Annotated[str | None, Query(description="Only songs by this artist.", max_length=500)] = None,
) -> Filter:
    return Filter(label, artist)


Asked = Annotated[Service, Depends(_service)]
Where = Annotated[Filter, Depends(_where)]
Count = Annotated[int, Query(ge=1, le=MOST_HITS, description="How many songs.")]


def _song(song: Annotated[int, Path(ge=1, le=LARGEST_ID, examples=[1])], service: Asked) -> StoredSong:
    found = service.song(song)
    if found is None:
        raise HTTPException(404, f"this library has no song {song}")
    return found


OneSong = Annotated[StoredSong, Depends(_song)]


def _clip_search(
    file: Annotated[UploadFile, File(description="A recording in any common format; its middle 30 s are heard.")],
    service: Asked,
    where: Where,
    k: Count = 10,
    by: Annotated[str, Query(description="A part of the search, or all.", json_schema_extra={"enum": BY})] = BOTH,
    explain: Annotated[bool, Query(description="Tell the evidence of each part.")] = False,
) -> ClipSearch:
    # A name of our own: the sender's names no place on this machine.
    with tempfile.NamedTemporaryFile(prefix="alcca-clip-") as clip:
        shutil.copyfileobj(file.file, clip)
        clip.flush()
        name = FilePath(file.filename or "the recording").name
        return service.search_audio(FilePath(clip.name), name, k, where, by, explain)


ByClip = Annotated[ClipSearch, Depends(_clip_search)]


@contextlib.asynccontextmanager
async def _closed_when_gone(request: Request, search: ClipSearch) -> AsyncIterator[None]:
    """Close a search at the end, or as soon as whoever asked for it is gone."""

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
async def search_audio(request: Request, search: ByClip) -> SearchResult:
    """Hear a recording and rank the library's songs by its words and by how well their lyrics fit its sound."""
    async with _closed_when_gone(request, search):
        await run_in_threadpool(search.hear)
        return await run_in_threadpool(search.result)


@router.post(
    "/search/audio/stream",
    tags=["search"],
    summary="The same, while it is found",
    response_class=StreamingResponse,
    responses={
        200: {"description": "Events", "content": {"text/event-stream": {"itemSchema": EVENT}}},
        **documented(409),
    },
)
async def search_audio_stream(request: Request, search: ByClip) -> SearchEvents:
    """Send what is found as Server-Sent Events, each with a line of JSON.

    `space`: what is found by the sound, at once, as of /search/audio. `words`: what was heard, as in its `heard`; left
    out when nobody listens, and sent twice when a first reading is in doubt: at once, and as it is after the second.
    `result`: the answer of /search/audio. `problem`, in its place: what went wrong.
    """
    try:
        first = await run_in_threadpool(search.at_once)
    except BaseException:
        search.close()
        raise
    return SearchEvents(request, search, first)


@router.post("/search/lyrics", tags=["search"], summary="Recordings in which words are sung", responses=documented(409))
def search_lyrics(query: LyricsQuery, service: Asked) -> SearchResult:
    """Rank the library's recordings by whether some words are sung in them, and by how well their sound fits.

    A song without lyrics is found too, when somebody has listened to it.
    """
    return service.search_lyrics(query)


@router.post("/passages", tags=["search"], summary="The lines that fit a query best", responses=documented(409))
def passages(asked: PassagesQuery, service: Asked) -> Passages:
    """Find the lines of each song that fit a query best: the first thing that somebody wants to read of a hit."""
    return service.passages(asked)


@router.get("/songs", tags=["songs"], summary="All songs, or those that hold exactly these words")
def songs(
    service: Asked,
    where: Where,
    words: Annotated[
        str, Query(max_length=LONGEST_LYRICS, description="Every word must be in title, artist or lyrics.")
    ] = "",
    k: Count = 20,
    offset: Annotated[int, Query(ge=0, le=10**9)] = 0,
) -> SongList:
    """List songs; with words, exact search: case and accents do not matter, meaning plays no part."""
    return service.songs(words, where, k, offset)


@router.get("/songs/{song}", tags=["songs"], summary="A song with its lyrics", responses=documented(404))
def song_details(found: OneSong, service: Asked) -> SongDetails:
    """Tell everything about one song."""
    return service.details(found)


@router.get("/songs/{song}/neighbours", tags=["songs"], summary="Songs like this one", responses=documented(404, 409))
def song_neighbours(
    found: OneSong,
    service: Asked,
    where: Where,
    by: Annotated[Literal["audio", "lyrics"], Query(description="Songs that sound alike, or with lyrics alike.")],
    k: Count = 10,
) -> Neighbours:
    """Rank the other songs by how much they sound like one, or by how much their lyrics are like its own."""
    return service.neighbours(found, by, k, where)


@router.get(
    "/songs/{song}/audio",
    tags=["songs"],
    summary="A song's recording",
    response_class=FileResponse,
    responses={
        200: {"description": "The whole file", "content": {"audio/*": {}, "application/octet-stream": {}}},
        206: {"description": "The range of bytes that was asked for", "content": {"audio/*": {}}},
        **documented(404, 416),
    },
)
def song_audio(request: Request, found: OneSong, service: Asked) -> FileResponse:
    """Send the audio file as it was added; ranges of bytes let a player seek."""
    if found.audio is None:
        raise HTTPException(404, "no sound was found in the song's file")
    recording = service.recording(found)
    if recording is None:
        raise HTTPException(
            404, "the song's file is no longer where it was, or has changed; run alcca add on its folder again"
        )
    return send_recording(request, *recording)


@router.get("/map", tags=["library"], summary="All songs in two dimensions", response_model=SongMap)
def song_map(service: Asked) -> Response:
    """Tell where all songs that can be searched stand on a plane; songs that are alike tend to be near each other."""
    return Response(service.map(), media_type="application/json")


@router.get("/status", tags=["library"], summary="What the library holds")
def status(service: Asked) -> LibraryStatus:
    """Tell what is in the library, by what songs can be filtered, and which model is in use."""
    return service.status(__version__)


@router.get("/evaluation", tags=["library"], summary="How good the search is", responses=documented(404))
def evaluation(service: Asked) -> Evaluation:
    """Tell what the last evaluation found: on songs that the methods had not seen, beside chance."""
    if not is_evaluated(service.folder):
        raise HTTPException(404, "this library was not evaluated yet; run alcca evaluate")
    return read_evaluation(service.folder)
