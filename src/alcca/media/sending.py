"""Send a song's recording, with byte ranges for seeking."""

import os
import re
from pathlib import Path
from typing import Any

from fastapi import Request
from fastapi.responses import FileResponse, Response
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException
from starlette.staticfiles import NotModifiedResponse
from starlette.types import Receive, Scope, Send

from alcca.media.recording import ServedFile

__all__ = ["MEDIA_TYPES", "send_recording"]

# Media types that browsers expect. Python's own table has half of them and differs between systems.
MEDIA_TYPES = {
    ".mp3": "audio/mpeg", ".mp2": "audio/mpeg", ".flac": "audio/flac", ".ogg": "audio/ogg", ".oga": "audio/ogg",
    ".opus": "audio/ogg", ".spx": "audio/ogg", ".m4a": "audio/mp4", ".m4b": "audio/mp4", ".mp4": "audio/mp4",
    ".aac": "audio/aac", ".wav": "audio/wav", ".wave": "audio/wav", ".aif": "audio/aiff", ".aiff": "audio/aiff",
    ".aifc": "audio/aiff", ".au": "audio/basic", ".snd": "audio/basic", ".wma": "audio/x-ms-wma",
    ".mka": "audio/x-matroska", ".webm": "audio/webm", ".weba": "audio/webm",
    ".mp1": "audio/mpeg", ".mpa": "audio/mpeg", ".mpga": "audio/mpeg", ".m2a": "audio/mpeg", ".m4r": "audio/mp4",
    ".adts": "audio/aac", ".fla": "audio/flac", ".bwf": "audio/wav", ".w64": "audio/wav", ".rf64": "audio/wav",
    ".3gp": "audio/3gpp", ".3gpp": "audio/3gpp", ".3ga": "audio/3gpp", ".3g2": "audio/3gpp2", ".amr": "audio/amr",
    ".awb": "audio/amr-wb", ".ac3": "audio/ac3", ".eac3": "audio/eac3", ".ec3": "audio/eac3", ".caf": "audio/x-caf",
    ".ape": "audio/x-ape", ".wv": "audio/x-wavpack", ".mpc": "audio/x-musepack", ".mp+": "audio/x-musepack",
    ".tta": "audio/x-tta", ".tak": "audio/x-tak", ".shn": "audio/x-shorten", ".dsf": "audio/x-dsf",
    ".dff": "audio/x-dff", ".ra": "audio/vnd.rn-realaudio", ".rm": "audio/vnd.rn-realaudio",
}  # fmt: skip
# Reads the conditions of a request; it serves no folder.
CONDITIONS = StaticFiles(check_dir=False)
ONE_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


class _OpenFileResponse(FileResponse):
    """Sends a file that is open, whatever its path leads to by now, and closes it."""

    def __init__(self, served: ServedFile, **options: Any) -> None:
        self._file = served.file
        number = self._file.fileno()
        # Opening this name opens the same file, without following its path again.
        again = Path(f"/dev/fd/{number}")
        super().__init__(again if again.exists() else served.path, stat_result=os.fstat(number), **options)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it; the server must not send a path in its stead."""
        with self._file:
            await super().__call__({**scope, "extensions": {}}, receive, send)


def send_recording(request: Request, served: ServedFile) -> Response:
    """Send a file, or the requested range of its bytes; or say that what the client has is up to date.

    For a malformed range, or several ranges, the whole file is sent, as RFC 9110 allows.

    Parameters
    ----------
    request : Request
    served : ServedFile
        It is closed when it was sent.

    Raises
    ------
    HTTPException
        With status 416 if the range starts beyond the end of the file.
    """
    asked = request.headers.get("range")
    try:
        whole = asked is not None and not _satisfiable(asked, os.fstat(served.file.fileno()).st_size)
    except HTTPException:
        # If the client has another version, its range is of no importance.
        whole = "if-range" in request.headers
        if not whole:
            served.file.close()
            raise
    if whole:
        request.scope["headers"] = [(name, value) for name, value in request.scope["headers"] if name != b"range"]
    path = served.path
    sent = _OpenFileResponse(
        served,
        media_type=MEDIA_TYPES.get(path.suffix.lower(), "application/octet-stream"),
        filename=path.name.encode("utf-8", "replace").decode(),
        content_disposition_type="inline",
        headers={"Cache-Control": "private, max-age=3600"},
    )
    if CONDITIONS.is_not_modified(sent.headers, request.headers):
        served.file.close()
        return NotModifiedResponse(sent.headers)
    return sent


def _satisfiable(asked: str, size: int) -> bool:
    match = ONE_RANGE.fullmatch(asked.strip())
    if match is None or match.groups() == ("", ""):
        return False
    first, last = match.groups()
    if first and last and int(last) < int(first):
        return False
    if (first and int(first) >= size) or (not first and int(last) == 0):
        raise HTTPException(
            416,
            f"the requested range {asked!r} is beyond the end of the recording, which has {size} bytes",
            {"Content-Range": f"bytes */{size}"},
        )
    return True
