"""All calls of the protocol that are answered, by name."""

from collections.abc import Callable, Mapping
from typing import Any

from fastapi import Request
from fastapi.responses import Response

from alcca.subsonic import browsing, files, lyrics
from alcca.subsonic.answers import Fields
from alcca.subsonic.asked import Asked

__all__ = ["CALLS", "FILES", "extensions"]

EXTENSIONS = {"apiKeyAuthentication": [1], "formPost": [1], "songLyrics": [1, 2]}
# What nobody has made, as there is no way to make it here. Players ask for it all the same.
NOTHING: dict[str, dict[str, Any]] = {
    "getAlbumInfo": {"albumInfo": {}},
    "getAlbumInfo2": {"albumInfo": {}},
    "getArtistInfo": {"artistInfo": {}},
    "getArtistInfo2": {"artistInfo2": {}},
    "getBookmarks": {"bookmarks": {"bookmark": []}},
    "getInternetRadioStations": {"internetRadioStations": {"internetRadioStation": []}},
    "getNewestPodcasts": {"newestPodcasts": {"episode": []}},
    "getNowPlaying": {"nowPlaying": {"entry": []}},
    "getPlaylists": {"playlists": {"playlist": []}},
    "getPodcasts": {"podcasts": {"channel": []}},
    "getShares": {"shares": {"share": []}},
    "getSimilarSongs": {"similarSongs": {"song": []}},
    "getSimilarSongs2": {"similarSongs2": {"song": []}},
    "getStarred": {"starred": {"artist": [], "album": [], "song": []}},
    "getStarred2": {"starred2": {"artist": [], "album": [], "song": []}},
    "getTopSongs": {"topSongs": {"song": []}},
    "getVideos": {"videos": {"video": []}},
    # What was played is not kept.
    "scrobble": {},
}
MAY = {"streamRole": True, "downloadRole": True}
MAY_NOT = dict.fromkeys(
    (
        *("adminRole", "settingsRole", "uploadRole", "playlistRole", "coverArtRole", "commentRole", "podcastRole"),
        *("jukeboxRole", "shareRole", "videoConversionRole"),
    ),
    False,
)


def _user(asked: Asked) -> Fields:
    name = asked.parameters.get("username") or asked.parameters.get("u") or "alcca"
    return {"user": {"username": name, "scrobblingEnabled": False, **MAY, **MAY_NOT, "folder": [1]}}


def _folders(asked: Asked) -> Fields:
    # The names of the real folders are private.
    return {"musicFolders": {"musicFolder": [{"id": 1, "name": asked.shelf.library.folder.absolute().name}]}}


def _scan(asked: Asked) -> Fields:
    return {"scanStatus": {"scanning": False, "count": len(asked.catalogue.tracks)}}


def _always(fields: Fields) -> Callable[[Asked], Fields]:
    return lambda _: fields


def extensions() -> Fields:
    """The extensions of OpenSubsonic that are supported; players ask before they log in."""
    listed = [{"name": name, "versions": versions} for name, versions in EXTENSIONS.items()]
    return {"openSubsonicExtensions": listed}


#: From a call to the fields of its answer.
CALLS: Mapping[str, Callable[[Asked], Fields]] = {
    "ping": lambda _: {},
    "getLicense": lambda _: {"license": {"valid": True}},
    "getMusicFolders": _folders,
    "getScanStatus": _scan,
    "getUser": _user,
    "tokenInfo": lambda _: {"tokenInfo": {"username": "alcca"}},
    "getArtists": browsing.get_artists,
    "getIndexes": browsing.get_indexes,
    "getMusicDirectory": browsing.get_music_directory,
    "getArtist": browsing.get_artist,
    "getAlbum": browsing.get_album,
    "getSong": browsing.get_song,
    "getAlbumList": browsing.get_album_list,
    "getAlbumList2": browsing.get_album_list2,
    "getRandomSongs": browsing.get_random_songs,
    "getSongsByGenre": browsing.get_songs_by_genre,
    "getGenres": browsing.get_genres,
    "search2": browsing.search2,
    "search3": browsing.search3,
    "getLyrics": lyrics.get_lyrics,
    "getLyricsBySongId": lyrics.get_lyrics_by_song_id,
    **{name: _always(fields) for name, fields in NOTHING.items()},
}
#: Calls that are answered with a file.
FILES: Mapping[str, Callable[[Asked, Request], Response]] = {
    "stream": files.stream,
    "download": files.stream,
    "getCoverArt": files.get_cover_art,
}
