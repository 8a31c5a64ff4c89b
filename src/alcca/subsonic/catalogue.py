"""A library as players browse it: artists, their albums, and the songs on these."""

import hashlib
import os
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import PurePath

from alcca.songs.cut import file_of
from alcca.store.records import SongRecording, SongSummary

__all__ = ["Album", "Artist", "Catalogue", "Track", "file_name", "plain"]

# As other servers call them.
UNKNOWN_ARTIST, UNKNOWN_ALBUM, SEVERAL_ARTISTS = "[Unknown Artist]", "[Unknown Album]", "Various Artists"


@dataclass(frozen=True)
class Track:
    """A song on an album; ``number`` is its place there, in the order of the files' names."""

    song: SongSummary
    recording: SongRecording
    artist: "Artist"
    album: "Album"
    number: int


@dataclass
class Artist:
    """An artist, with the albums that are theirs alone."""

    id: str
    name: str
    albums: list["Album"] = field(default_factory=list, repr=False)


@dataclass
class Album:
    """An album: the songs of one folder with the same album, or those of an artist without any."""

    id: str
    name: str
    artist: Artist
    tracks: list[Track] = field(default_factory=list, repr=False)

    @property
    def seconds(self) -> float:
        """The sum of the known lengths of its songs."""
        return sum(track.recording.seconds or 0.0 for track in self.tracks)

    @property
    def modified(self) -> int:
        """When the newest of its files was written, in nanoseconds since 1970."""
        return max(track.recording.modified for track in self.tracks)


class Catalogue:
    """The songs of a library that have a recording, by artist and album.

    Parameters
    ----------
    summaries : mapping of int to SongSummary
    recordings : iterable of SongRecording

    Attributes
    ----------
    artists, albums : dict of str to Artist, Album
        By id, in the order of their names.
    tracks : dict of int to Track
        By the song's number.
    """

    def __init__(self, summaries: Mapping[int, SongSummary], recordings: Iterable[SongRecording]) -> None:
        artists: dict[str, Artist] = {}

        def artist_of(name: str) -> Artist:
            return artists.setdefault(name, Artist(_id("ar", name), name))

        grouped: dict[tuple[str, str], list[tuple[SongSummary, SongRecording]]] = {}
        for recording in recordings:
            song = summaries.get(recording.id)
            if song is None:
                continue
            # Without an album, the songs of an artist are together; with one, those of a compilation.
            place = os.path.dirname(file_of(recording.path)) if recording.album else song.artist or ""  # noqa: PTH120
            grouped.setdefault((recording.album or "", place), []).append((song, recording))
        albums: list[Album] = []
        for (name, place), songs in grouped.items():
            names = {song.artist or UNKNOWN_ARTIST for song, _ in songs}
            artist = artist_of(names.pop() if len(names) == 1 else SEVERAL_ARTISTS)
            album = Album(_id("al", name, place), name or UNKNOWN_ALBUM, artist)
            songs.sort(key=lambda one: one[1].path)
            album.tracks += [
                Track(song, recording, artist_of(song.artist or UNKNOWN_ARTIST), album, number)
                for number, (song, recording) in enumerate(songs, 1)
            ]
            artist.albums.append(album)
            albums.append(album)
        self.artists = {one.id: one for one in sorted(artists.values(), key=lambda one: plain(one.name))}
        self.albums = {one.id: one for one in sorted(albums, key=lambda one: (plain(one.name), one.id))}
        self.tracks = {track.song.id: track for album in self.albums.values() for track in album.tracks}
        for one in self.artists.values():
            one.albums.sort(key=lambda album: plain(album.name))

    def artists_named(self, words: list[str]) -> list[Artist]:
        """Artists in whose names all words occur."""
        return [one for one in self.artists.values() if _has(words, one.name)]

    def albums_named(self, words: list[str]) -> list[Album]:
        """Albums in whose names, or their artists', all words occur."""
        return [one for one in self.albums.values() if _has(words, one.name, one.artist.name)]

    def tracks_named(self, words: list[str]) -> list[Track]:
        """Songs in whose titles, artists or albums all words occur."""
        return [one for one in self.tracks.values() if _has(words, one.song.title, one.artist.name, one.album.name)]


def plain(text: str) -> str:
    """A text without capitals and accents.

    Examples
    --------
    >>> plain("Édith Piaf")
    'edith piaf'
    """
    if text.isascii():
        return text.lower()
    parts = unicodedata.normalize("NFKD", text.casefold())
    return "".join(one for one in parts if not unicodedata.combining(one))


def file_name(track: Track) -> str:
    """The name of a song's file, without folders."""
    return PurePath(file_of(track.recording.path)).name


def _has(words: list[str], *texts: str) -> bool:
    whole = plain("\n".join(texts))
    return all(word in whole for word in words)


def _id(kind: str, *names: str) -> str:
    named = "\0".join(names).encode("utf-8", "surrogateescape")
    return f"{kind}-{hashlib.blake2b(named, digest_size=10).hexdigest()}"
