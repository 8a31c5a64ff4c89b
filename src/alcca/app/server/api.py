"""The routes of the REST API: what may be asked and what is answered, typed."""

import shutil
import tempfile
from pathlib import Path as FilePath
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, File, Path, Query, Request, UploadFile
from fastapi.responses import FileResponse
from starlette.exceptions import HTTPException

from alcca import __version__
from alcca.app.server.evaluation import is_evaluated, read_evaluation
from alcca.app.server.problems import documented
from alcca.app.server.recording import send_recording
from alcca.app.server.schemas import (
    LONGEST_LYRICS,
    MOST_HITS,
    Evaluation,
    LibraryStatus,
    LyricsQuery,
    Neighbours,
    Passages,
    PassagesQuery,
    SearchResult,
    SongDetails,
    SongList,
    SongMap,
)
from alcca.app.server.service import Service
from alcca.library.records import Song as StoredSong
from alcca.library.snapshot import Filter

__all__ = ["router"]

router = APIRouter(prefix="/api/v1", responses=documented(400, 401, 403, 413, 421, 422))
# The largest number that SQLite keeps.
LARGEST_ID = 2**63 - 1


def _service(request: Request) -> Service:
    service: Service = request.app.state.service
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


@router.post("/search/audio", tags=["search"], summary="Songs whose lyrics fit a recording", responses=documented(409))
def search_audio(
    file: Annotated[UploadFile, File(description="A recording in any common format; its middle 30 s are heard.")],
    service: Asked,
    where: Where,
    k: Count = 10,
) -> SearchResult:
    """Hear a recording and rank the library's songs by how well their lyrics fit it."""
    # A name of our own: the sender's names no place on this machine.
    with tempfile.NamedTemporaryFile(prefix="alcca-clip-") as clip:
        shutil.copyfileobj(file.file, clip)
        clip.flush()
        return service.search_audio(FilePath(clip.name), FilePath(file.filename or "the recording").name, k, where)


@router.post("/search/lyrics", tags=["search"], summary="Songs whose sound fits words", responses=documented(409))
def search_lyrics(query: LyricsQuery, service: Asked) -> SearchResult:
    """Read some lyrics and rank the library's songs by how well their sound fits them."""
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
def song_audio(request: Request, found: OneSong) -> FileResponse:
    """Send the audio file; ranges of bytes let a player seek."""
    for path in map(FilePath, found.paths):
        if path.is_file():
            return send_recording(request, path)
    raise HTTPException(404, "the song's file is no longer where it was; run alcca add on its folder again")


@router.get("/map", tags=["library"], summary="All songs in two dimensions")
def song_map(service: Asked) -> SongMap:
    """Lay all songs that can be searched out on a plane; songs that are alike tend to be near each other."""
    return service.map()


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
