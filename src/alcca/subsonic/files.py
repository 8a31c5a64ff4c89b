"""Calls for files: recordings, and the pictures beside them."""

import os
import stat
from pathlib import Path

from fastapi import Request
from fastapi.responses import Response

from alcca.media.pictures import MAX_PICTURE
from alcca.media.sending import send_recording
from alcca.songs.cut import file_of, split_content
from alcca.songs.remote import is_address
from alcca.subsonic.answers import SubsonicError
from alcca.subsonic.asked import Asked
from alcca.subsonic.catalogue import Track

__all__ = ["get_cover_art", "stream"]

# Names of an album's picture, the most usual first.
COVERS = ("cover", "folder", "front", "album", "albumart")
# A picture is known by its first bytes.
PICTURES = {b"\xff\xd8\xff": "image/jpeg", b"\x89PNG\r\n\x1a\n": "image/png", b"RIFF": "image/webp"}
SUFFIXES = (".jpg", ".jpeg", ".png", ".webp")
NO_LINK = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)


def stream(asked: Asked, request: Request) -> Response:
    """A song's file as it is, with ranges; nothing is transcoded."""
    song = asked.song()
    if split_content(song.hash)[1] is not None:
        raise SubsonicError(70, "the song is a part of a file; alcca sends files as they are, not parts of them")
    recording = asked.shelf.files.recording(song)
    if recording is None:
        raise SubsonicError(70, "the song's file was moved, deleted or changed; run alcca add on its folder again")
    return send_recording(request, recording)


def get_cover_art(asked: Asked, request: Request) -> Response:
    """The picture in the folder of an album, or else in the tags of a recording, whatever size is asked for."""
    number = asked.parameters.needed("id")
    places = asked.shelf.files.places()
    for track in _tracks(asked, number):
        content = _beside(track, places) or _inside(asked, track)
        kind = _kind(content)
        if kind is not None:
            return Response(content, media_type=kind, headers={"Cache-Control": "private, max-age=3600"})
    raise SubsonicError(
        70, f"there is no picture of {number[:50]!r}: no cover.jpg beside the recordings, none in their tags"
    )


def _tracks(asked: Asked, number: str) -> list[Track]:
    """One song in each folder that may hold the picture."""
    catalogue = asked.catalogue
    if number in catalogue.albums:
        return catalogue.albums[number].tracks[:1]
    if number in catalogue.artists:
        return [album.tracks[0] for album in catalogue.artists[number].albums]
    return [asked.track()]


def _inside(asked: Asked, track: Track) -> bytes:
    song = asked.shelf.files.song(track.song.id)
    return b"" if song is None else asked.shelf.files.picture(song)


def _beside(track: Track, places: list[str]) -> bytes:
    """The picture in a song's folder, inside of the music folders; empty without one."""
    if is_address(track.recording.path):
        return b""
    try:
        real = Path(os.path.realpath(Path(file_of(track.recording.path)).parent))
        if not any(real.is_relative_to(place) for place in places):
            return b""
        there = {path.name.lower(): path for path in real.iterdir() if path.suffix.lower() in SUFFIXES}
    except (OSError, ValueError):
        return b""
    names = (f"{cover}{suffix}" for cover in COVERS for suffix in SUFFIXES)
    contents = (_content(there[name]) for name in names if name in there)
    return next((content for content in contents if _kind(content) is not None), b"")


def _kind(content: bytes) -> str | None:
    return next((kind for head, kind in PICTURES.items() if content.startswith(head)), None)


def _content(path: Path) -> bytes:
    try:
        descriptor = os.open(path, os.O_RDONLY | NO_LINK)
        with os.fdopen(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                return b""
            content = file.read(MAX_PICTURE + 1)
    except OSError:
        return b""
    return content if len(content) <= MAX_PICTURE else b""
