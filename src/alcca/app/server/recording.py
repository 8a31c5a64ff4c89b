"""A song's own recording, sent so that a player can seek in it."""

import re
from pathlib import Path

from fastapi import Request
from fastapi.responses import FileResponse
from starlette.exceptions import HTTPException

__all__ = ["MEDIA_TYPES", "send_recording"]

# What browsers expect to be told; Python's own table knows half of them, and differs between systems.
MEDIA_TYPES = {
    ".mp3": "audio/mpeg", ".mp2": "audio/mpeg", ".flac": "audio/flac", ".ogg": "audio/ogg", ".oga": "audio/ogg",
    ".opus": "audio/ogg", ".spx": "audio/ogg", ".m4a": "audio/mp4", ".m4b": "audio/mp4", ".mp4": "audio/mp4",
    ".aac": "audio/aac", ".wav": "audio/wav", ".wave": "audio/wav", ".aif": "audio/aiff", ".aiff": "audio/aiff",
    ".aifc": "audio/aiff", ".au": "audio/basic", ".snd": "audio/basic", ".wma": "audio/x-ms-wma",
    ".mka": "audio/x-matroska", ".webm": "audio/webm",
}  # fmt: skip
ONE_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


def send_recording(request: Request, path: Path, place: Path) -> FileResponse:
    """The file, or the range of its bytes that the request asks for.

    A range that cannot be understood, and several at once, get the whole file, as RFC 9110 lets a server do.

    Parameters
    ----------
    request : Request
    path : Path
        The file as the library calls it.
    place : Path
        Where it is, without links.

    Raises
    ------
    HTTPException
        416: the range lies beyond the end.
    """
    asked = request.headers.get("range")
    if asked is not None and not _satisfiable(asked, place.stat().st_size):
        request.scope["headers"] = [(name, value) for name, value in request.scope["headers"] if name != b"range"]
    return FileResponse(
        place,
        media_type=MEDIA_TYPES.get(path.suffix.lower(), "application/octet-stream"),
        filename=path.name.encode("utf-8", "replace").decode(),
        content_disposition_type="inline",
        headers={"Cache-Control": "private, max-age=3600"},
    )


def _satisfiable(asked: str, size: int) -> bool:
    match = ONE_RANGE.fullmatch(asked.strip())
    if match is None or match.groups() == ("", ""):
        return False
    first, last = match.groups()
    if (first and int(first) >= size) or (not first and int(last) == 0):
        raise HTTPException(
            416, f"the recording has {size} bytes, {asked!r} lies beyond", {"Content-Range": f"bytes */{size}"}
        )
    return not (first and last and int(last) < int(first))
