"""Send the lyrics of a song in a format of `alcca.texts.writing.FORMATS`."""

import dataclasses
from pathlib import Path
from urllib.parse import quote

from fastapi.responses import Response
from starlette.exceptions import HTTPException

from alcca._version import __version__
from alcca.media.song_lyrics import has_times
from alcca.server.schemas import LyricsLine, LyricsWord, SongLyrics
from alcca.songs.cut import track_texts
from alcca.store.records import Song
from alcca.texts.timed_lyrics import TimedLyrics
from alcca.texts.writing import FORMATS

__all__ = ["MEDIA_TYPES", "described_lyrics", "lyrics_file"]

# LRC has no registered type; browsers show text.
MEDIA_TYPES = {
    "lrc": "text/plain",
    "elrc": "text/plain",
    "srt": "application/x-subrip",
    "vtt": "text/vtt",
    "ttml": "application/ttml+xml",
    "text": "text/plain",
}


def lyrics_file(song: Song, lyrics: TimedLyrics, format: str) -> Response:
    """The response with a file, named as one beside the recording would be.

    Raises
    ------
    HTTPException
        With status 409 if the format has times and the lyrics have none, or not for most lines.
    """
    if format != "text" and not has_times(lyrics):
        timed = sum(line.start is not None for line in lyrics.lines)
        raise HTTPException(
            409,
            f"{timed} of {len(lyrics.lines)} lines have a time, too few for {format}; time them with alcca lyrics, or "
            "ask for text",
        )
    text = lyrics.to(
        format,
        title=song.title,
        artist=song.artist,
        album=song.album,
        length=song.audio.duration if song.audio else None,
        program=f"alcca {__version__}",
    )
    stem = track_texts(song.paths[0]).stem if song.paths else song.title
    name = Path(stem).name + FORMATS[format].suffix
    headers = {"Content-Disposition": f"inline; filename*=UTF-8''{quote(name.encode('utf-8', 'replace'), safe='')}"}
    return Response(text.encode(), media_type=MEDIA_TYPES[format], headers=headers)


def described_lyrics(lyrics: TimedLyrics) -> SongLyrics:
    """The lyrics as the API's own JSON, with all that is known."""
    return SongLyrics(
        source=lyrics.format,
        language=lyrics.language,
        synced=has_times(lyrics),
        lines=[
            LyricsLine(
                text=line.text,
                start=line.start,
                end=line.end,
                confidence=line.confidence,
                words=[LyricsWord(**dataclasses.asdict(word)) for word in line.words],
            )
            for line in lyrics.lines
        ],
    )
