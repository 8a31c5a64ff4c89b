"""Send a song's recording, with byte ranges for seeking."""

import re
from pathlib import Path

from fastapi import Request
from fastapi.responses import FileResponse
from starlette.exceptions import HTTPException

__all__ = ["MEDIA_TYPES", "send_recording"]

# Media types that browsers expect. Python's own table has half of them and differs between systems.
MEDIA_TYPES = {
    ".mp3": "audio/mpeg", ".mp2": "audio/mpeg", ".flac": "audio/flac", ".ogg": "audio/ogg", ".oga": "audio/ogg",
    ".opus": "audio/ogg", ".spx": "audio/ogg", ".m4a": "audio/mp4", ".m4b": "audio/mp4", ".mp4": "audio/mp4",
    ".aac": "audio/aac", ".wav": "audio/wav", ".wave": "audio/wav", ".aif": "audio/aiff", ".aiff": "audio/aiff",
    ".aifc": "audio/aiff", ".au": "audio/basic", ".snd": "audio/basic", ".wma": "audio/x-ms-wma",
    ".mka": "audio/x-matroska", ".webm": "audio/webm",
}  # fmt: skip
ONE_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


def send_recording(request: Request, path: Path, place: Path) -> FileResponse:
    """Send a file, or the requested range of its bytes.

    For a malformed range, or several ranges, the whole file is sent, as RFC 9110 allows.

    Parameters
    ----------
    request : Request
    path : Path
        The path of the file in the library.
    place : Path
        The resolved path, without symbolic links.

    Raises
    ------
    HTTPException
        With status 416 if the range starts beyond the end of the file.
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
            416,
            f"the requested range {asked!r} is beyond the end of the recording, which has {size} bytes",
            {"Content-Range": f"bytes */{size}"},
        )
    return not (first and last and int(last) < int(first))
