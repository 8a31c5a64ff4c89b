"""Songs, albums and artists as the protocol describes them."""

from datetime import UTC, datetime
from pathlib import PurePath
from typing import Any

from alcca.media.sending import MEDIA_TYPES
from alcca.subsonic.catalogue import Album, Artist, Track, file_name

__all__ = ["album_element", "artist_element", "folder_element", "song_element"]


def song_element(track: Track) -> dict[str, Any]:
    """A song (``Child``)."""
    name = file_name(track)
    suffix = PurePath(name).suffix.lower()
    seconds = track.recording.seconds
    return {
        "id": str(track.song.id),
        "parent": track.album.id,
        "isDir": False,
        "title": track.song.title,
        "album": track.album.name,
        "artist": track.artist.name,
        "track": track.number,
        "genre": track.song.label,
        "coverArt": track.album.id,
        "size": track.recording.size,
        "contentType": MEDIA_TYPES.get(suffix, "application/octet-stream"),
        "suffix": suffix[1:],
        "duration": None if seconds is None else round(seconds),
        # Not where the file is, but what it is called, below names that players show.
        "path": "/".join(part.replace("/", "_") for part in (track.artist.name, track.album.name, name)),
        "isVideo": False,
        "created": _date(track.recording.modified),
        "albumId": track.album.id,
        "artistId": track.artist.id,
        "type": "music",
        "mediaType": "song",
        "genres": [{"name": track.song.label}] if track.song.label else [],
        "displayArtist": track.artist.name,
    }


def album_element(album: Album) -> dict[str, Any]:
    """An album (``AlbumID3``)."""
    labels = {track.song.label for track in album.tracks}
    return {
        "id": album.id,
        "name": album.name,
        "artist": album.artist.name,
        "artistId": album.artist.id,
        "coverArt": album.id,
        "songCount": len(album.tracks),
        "duration": round(album.seconds),
        "created": _date(album.modified),
        "genre": labels.pop() if len(labels) == 1 else None,
    }


def folder_element(album: Album) -> dict[str, Any]:
    """An album as a folder (``Child``), for players that browse folders."""
    return {
        "id": album.id,
        "parent": album.artist.id,
        "isDir": True,
        "title": album.name,
        "album": album.name,
        "artist": album.artist.name,
        "coverArt": album.id,
        "created": _date(album.modified),
    }


def artist_element(artist: Artist) -> dict[str, Any]:
    """An artist (``ArtistID3``)."""
    return {"id": artist.id, "name": artist.name, "albumCount": len(artist.albums), "coverArt": artist.id}


def _date(nanoseconds: int) -> str:
    return datetime.fromtimestamp(nanoseconds // 10**9, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
