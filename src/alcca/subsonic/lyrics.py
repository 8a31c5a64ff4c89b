"""Calls for lyrics: as plain text by artist and title, and with the times of lines and words by the song."""

from collections.abc import Sequence
from typing import Any

from alcca.media.song_lyrics import has_times
from alcca.subsonic.answers import Fields
from alcca.subsonic.asked import Asked
from alcca.subsonic.catalogue import Track, plain
from alcca.texts.lines import TimedLine
from alcca.texts.timed_lyrics import TimedLyrics
from alcca.texts.writing.shown import pieces_of, shown

__all__ = ["get_lyrics", "get_lyrics_by_song_id"]

UNKNOWN_LANGUAGE = "und"


def get_lyrics(asked: Asked) -> Fields:
    """The words of the song with an artist and title; empty without any, as the protocol wants it."""
    artist, title = asked.parameters.get("artist") or "", asked.parameters.get("title") or ""
    for track in _named(asked, artist, title):
        song = asked.shelf.files.song(track.song.id)
        lyrics = None if song is None else asked.shelf.files.lyrics(song)
        if lyrics is not None:
            text = lyrics.to_text().rstrip("\n")
            return {"lyrics": {"artist": track.artist.name, "title": track.song.title, "value": text}}
    return {"lyrics": {"value": ""}}


def get_lyrics_by_song_id(asked: Asked) -> Fields:
    """The lines of a song with their times in milliseconds; with ``enhanced=true``, those of words too."""
    song, track = asked.song(), asked.track()
    lyrics = asked.shelf.files.lyrics(song)
    if lyrics is None:
        return {"lyricsList": {"structuredLyrics": []}}
    enhanced = asked.parameters.get("enhanced") == "true"
    return {"lyricsList": {"structuredLyrics": [_structured(lyrics, track, enhanced=enhanced)]}}


def _named(asked: Asked, artist: str, title: str) -> list[Track]:
    wanted = plain(artist).strip(), plain(title).strip()
    if not wanted[1]:
        return []
    tracks = [one for one in asked.catalogue.tracks.values() if plain(one.song.title).strip() == wanted[1]]
    return [one for one in tracks if not wanted[0] or plain(one.artist.name).strip() == wanted[0]]


def _structured(lyrics: TimedLyrics, track: Track, *, enhanced: bool) -> dict[str, Any]:
    synced = has_times(lyrics)
    lines: Sequence[TimedLine] = shown(lyrics.sung) if synced else lyrics.lines
    element: dict[str, Any] = {
        "displayArtist": track.artist.name,
        "displayTitle": track.song.title,
        "lang": lyrics.language or UNKNOWN_LANGUAGE,
        "offset": 0,
        "synced": synced,
        "line": [
            {"start": _milliseconds(line.start), "value": line.text} if synced else {"value": line.text}
            for line in lines
        ],
    }
    if not enhanced:
        return element
    words = [(index, line) for index, line in enumerate(lines) if synced and pieces_of(line)[0].start is not None]
    return {**element, "kind": "main", "cueLine": [_cue_line(index, line) for index, line in words]}


def _cue_line(index: int, line: TimedLine) -> dict[str, Any]:
    """A line's words; their places count the bytes of the line's text in UTF-8."""
    cues: list[dict[str, Any]] = []
    pieces = pieces_of(line)
    place = 0
    # Of all words or of none, as the protocol wants it.
    has_ends = all(piece.end is not None for piece in pieces)
    for piece in pieces:
        word = piece.text.rstrip(" ")
        size = len(word.encode())
        cues.append(
            {
                "start": _milliseconds(piece.start),
                "end": _milliseconds(piece.end) if has_ends else None,
                "value": word,
                "byteStart": place,
                "byteEnd": place + size - 1,
            }
        )
        place += len(piece.text.encode())
    end = _milliseconds(line.end) if line.end is not None and line.end > (line.start or 0.0) else None
    return {"index": index, "start": _milliseconds(line.start), "end": end, "value": line.text, "cue": cues}


def _milliseconds(time: float | None) -> int | None:
    return None if time is None else round(1000 * time)
