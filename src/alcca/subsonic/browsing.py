"""Calls that browse and search: artists, albums, songs."""

import random
from collections import Counter
from itertools import groupby
from typing import Any

from alcca.errors import UsageError
from alcca.subsonic.answers import Fields, SubsonicError
from alcca.subsonic.asked import Asked
from alcca.subsonic.catalogue import Album, Artist, plain
from alcca.subsonic.elements import album_element, artist_element, folder_element, song_element
from alcca.subsonic.parameters import Parameters

__all__ = [
    "albums_by",
    "get_album",
    "get_album_list",
    "get_album_list2",
    "get_artist",
    "get_artists",
    "get_genres",
    "get_indexes",
    "get_music_directory",
    "get_random_songs",
    "get_song",
    "get_songs_by_genre",
    "search2",
    "search3",
]

# The protocol's own limit of a page, and the one for searches, which take no page of all songs otherwise.
MOST_ALBUMS, MOST_FOUND = 500, 10_000
FOLDER = "1"


def get_artists(asked: Asked) -> Fields:
    """All artists who have an album of their own, by their first letter."""
    return {"artists": {"ignoredArticles": "", "index": _by_letter(asked)}}


def get_indexes(asked: Asked) -> Fields:
    """The same, for players that browse folders."""
    newest = max((album.modified for album in asked.catalogue.albums.values()), default=0)
    return {"indexes": {"lastModified": newest // 10**6, "ignoredArticles": "", "index": _by_letter(asked)}}


def get_artist(asked: Asked) -> Fields:
    """An artist with their albums, and those of several artists on which they are."""
    artist = _artist(asked)
    also = {track.album.id: track.album for track in asked.catalogue.tracks.values() if track.artist is artist}
    albums = {album.id: album for album in artist.albums} | also
    element = artist_element(artist)
    return {"artist": {**element, "albumCount": len(albums), "album": list(map(album_element, albums.values()))}}


def get_album(asked: Asked) -> Fields:
    """An album with its songs."""
    album = _album(asked)
    return {"album": {**album_element(album), "song": list(map(song_element, album.tracks))}}


def get_song(asked: Asked) -> Fields:
    """A song."""
    return {"song": song_element(asked.track())}


def get_music_directory(asked: Asked) -> Fields:
    """An artist or an album as a folder."""
    number = asked.parameters.needed("id")
    if (album := asked.catalogue.albums.get(number)) is not None:
        children = list(map(song_element, album.tracks))
        return {"directory": {"id": album.id, "parent": album.artist.id, "name": album.name, "child": children}}
    if (artist := asked.catalogue.artists.get(number)) is not None:
        return {"directory": {"id": artist.id, "name": artist.name, "child": list(map(folder_element, artist.albums))}}
    raise SubsonicError(70, f"there is no artist or album {number[:50]!r}")


def get_album_list2(asked: Asked) -> Fields:
    """Albums in an order, or of a genre."""
    return {"albumList2": {"album": list(map(album_element, albums_by(asked)))}}


def get_album_list(asked: Asked) -> Fields:
    """The same, for players that browse folders."""
    return {"albumList": {"album": list(map(folder_element, albums_by(asked)))}}


def albums_by(asked: Asked) -> list[Album]:
    """The page of albums that is asked for; none by years, ratings and plays, of which nothing is known."""
    albums, order = list(asked.catalogue.albums.values()), asked.parameters.needed("type")
    if order in ("starred", "highest", "frequent", "recent", "byYear"):
        albums = []
    elif order == "newest":
        albums.sort(key=lambda album: album.modified, reverse=True)
    elif order == "alphabeticalByArtist":
        albums.sort(key=lambda album: plain(album.artist.name))
    elif order == "random":
        random.shuffle(albums)
    elif order == "byGenre":
        genre = asked.parameters.needed("genre")
        albums = [album for album in albums if any(track.song.label == genre for track in album.tracks)]
    elif order != "alphabeticalByName":
        raise SubsonicError(10, f"the parameter type is {order[:50]!r}; expected newest, random, alphabeticalByName …")
    return _page(albums, asked.parameters, "size", "offset", 10, MOST_ALBUMS)


def get_random_songs(asked: Asked) -> Fields:
    """Songs by chance, perhaps of a genre."""
    genre, count = asked.parameters.get("genre"), asked.parameters.number("size", 10, MOST_ALBUMS)
    tracks = [one for one in asked.catalogue.tracks.values() if genre in (None, one.song.label)]
    return {"randomSongs": {"song": list(map(song_element, random.sample(tracks, min(count, len(tracks)))))}}


def get_songs_by_genre(asked: Asked) -> Fields:
    """Songs of a genre: the label of the library."""
    genre = asked.parameters.needed("genre")
    tracks = [one for one in asked.catalogue.tracks.values() if one.song.label == genre]
    page = _page(tracks, asked.parameters, "count", "offset", 10, MOST_ALBUMS)
    return {"songsByGenre": {"song": list(map(song_element, page))}}


def get_genres(asked: Asked) -> Fields:
    """The labels of the library."""
    tracks = asked.catalogue.tracks.values()
    songs = Counter(track.song.label for track in tracks if track.song.label)
    albums = Counter(label for label, _ in {(track.song.label, track.album.id) for track in tracks} if label)
    genres = [{"value": name, "songCount": count, "albumCount": albums[name]} for name, count in songs.most_common()]
    return {"genres": {"genre": genres}}


def search3(asked: Asked) -> Fields:
    """Artists, albums and songs by their names, and songs by words that are sung; all of them without words."""
    return {"searchResult3": _found(asked)}


def search2(asked: Asked) -> Fields:
    """The same, for older players."""
    return {"searchResult2": _found(asked)}


def _found(asked: Asked) -> dict[str, Any]:
    query = asked.parameters.needed("query")
    # Players send two quotation marks for everything, and a star at the end of what is being typed.
    words = plain(query.replace('"', " ").replace("*", " ")).split()
    catalogue = asked.catalogue
    tracks = catalogue.tracks_named(words)
    if words:
        there = {track.song.id for track in tracks}
        tracks += [catalogue.tracks[song] for song in _sung(asked, query) if song not in there]
    given = asked.parameters
    artists = _page(catalogue.artists_named(words), given, "artistCount", "artistOffset", 20, MOST_FOUND)
    albums = _page(catalogue.albums_named(words), given, "albumCount", "albumOffset", 20, MOST_FOUND)
    songs = _page(tracks, given, "songCount", "songOffset", 20, MOST_FOUND)
    return {
        "artist": list(map(artist_element, artists)),
        "album": list(map(album_element, albums)),
        "song": list(map(song_element, songs)),
    }


def _sung(asked: Asked, query: str) -> list[int]:
    """Songs with a recording in whose lyrics all words occur."""
    try:
        with asked.shelf.library.store() as store:
            found = store.search_words(query)
    except UsageError:
        # Too many words, or too slow: names are enough.
        return []
    return [song for song in found if song in asked.catalogue.tracks]


def _by_letter(asked: Asked) -> list[dict[str, Any]]:
    artists = [artist for artist in asked.catalogue.artists.values() if artist.albums]
    return [
        {"name": letter, "artist": list(map(artist_element, group))} for letter, group in groupby(artists, key=_letter)
    ]


def _letter(artist: Artist) -> str:
    first = plain(artist.name)[:1].upper()
    return first if first.isalpha() else "#"


def _page(found: list[Any], parameters: Parameters, count: str, offset: str, default: int, most: int) -> list[Any]:
    start = parameters.number(offset, 0, 10**9)
    return found[start : start + parameters.number(count, default, most)]


def _artist(asked: Asked) -> Artist:
    number = asked.parameters.needed("id")
    if number not in asked.catalogue.artists:
        raise SubsonicError(70, f"there is no artist {number[:50]!r}")
    return asked.catalogue.artists[number]


def _album(asked: Asked) -> Album:
    number = asked.parameters.needed("id")
    if number not in asked.catalogue.albums:
        raise SubsonicError(70, f"there is no album {number[:50]!r}")
    return asked.catalogue.albums[number]
