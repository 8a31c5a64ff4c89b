"""Tags inside audio files, lyrics included, whatever their format calls them."""

import itertools
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO

from alcca.metadata.id3 import read_id3
from alcca.metadata.tag_fields import CUE_SHEET, TagFields, TagLyrics
from alcca.metadata.trailing import read_trailing
from alcca.metadata.vorbis import read_vorbis
from alcca.songs.ffmpeg import FFMPEG_FORMATS
from alcca.texts.encodings import is_garbled, repair

__all__ = ["TagLyrics", "Tags", "read_tags"]

LRC_LINE = re.compile(r"\s*\[\d{1,3}:\d{1,2}")
# Formats whose lyrics tinytag reads as they are.
READ_BY_TINYTAG = ("_MP4", "_ASF")


@dataclass(frozen=True)
class Tags:
    """The tags of a file; None for each missing one.

    Parameters
    ----------
    title, artist, album, genre, mood, language, group : str or None
        One line each.
    lyrics : tuple of TagLyrics
        Every text of a lyrics field, plain ones before those with time stamps.
    cue_sheet : str or None
        A sheet with the tracks of the file; see `alcca.texts.cue`.
    notes : tuple of str
        Why tags could not be read.
    """

    title: str | None = None
    artist: str | None = None
    album: str | None = None
    genre: str | None = None
    mood: str | None = None
    language: str | None = None
    group: str | None = None
    lyrics: tuple[TagLyrics, ...] = ()
    cue_sheet: str | None = None
    notes: tuple[str, ...] = ()


def read_tags(path: Path) -> Tags:
    """Read a file's tags; what is damaged is left out, and a note has the reason.

    tinytag reads ID3, Vorbis comments, MP4, ASF, RIFF and AIFF; FFmpeg what it does not know, such as Matroska. Lyrics
    in ID3 and Vorbis comments, and tags at the end of a file, are read here (`alcca.metadata.id3`, ``vorbis``,
    ``trailing``), because no library of a permissive licence keeps their lines, languages and kinds.
    """
    notes: list[str] = []
    try:
        file = path.open("rb")
    except OSError as error:
        return Tags(notes=(f"its tags cannot be read ({error.strerror})",))
    with file:
        general, trailing, own = TagFields(), TagFields(), TagFields()
        is_known = _read(partial(_tinytag, path, file, general), notes)
        for read, found in ((read_trailing, trailing), (read_id3, own), (read_vorbis, own)):
            _read(partial(read, file, found), notes)
        has_id3v1_alone = _begins_with_sound(file)
    if not is_known and not trailing.values and not trailing.lyrics:
        # What FFmpeg cannot open has no sound either, and the song's reason says so.
        _read(partial(_ffmpeg, path, general), [])
    # ID3v1 cuts a title after 30 letters.
    notes += own.notes
    return _merged([trailing, general, own] if has_id3v1_alone else [general, trailing, own], notes)


def _read(read: Callable[[], object], notes: list[str]) -> bool:
    """Whether a reader knows the format; if it fails, the reason goes to the notes."""
    try:
        return read() is not False
    except OSError as error:
        reason = f"its tags cannot be read ({error.strerror or _line(str(error))})"
    except Exception as error:  # noqa: BLE001 - a parser of damaged files raises anything
        reason = f"its tags are damaged ({(_line(str(error)) or type(error).__name__)[:120]})"
    if reason not in notes:
        notes.append(reason)
    return True


def _tinytag(path: Path, file: BinaryIO, found: TagFields) -> bool:
    """Put the fields that tinytag finds into ``found``; False if it does not know the format."""
    import tinytag

    try:
        # By its first bytes: names may say anything.
        tag = tinytag.TinyTag.get(file_obj=file, duration=False, image=False)
    except tinytag.UnsupportedFormatError:
        try:
            tag = tinytag.TinyTag.get(path, duration=False, image=False)
        except tinytag.UnsupportedFormatError:
            return False
    for name in ("title", "artist", "album", "genre"):
        found.put(name, [getattr(tag, name) or ""])
    found.put("artist", [tag.albumartist or ""])
    for name, values in tag.other.items():
        if type(tag).__name__ in READ_BY_TINYTAG or name.lower() in ("mood", "language", "group", CUE_SHEET):
            found.put(name, map(str, values))
    return True


def _ffmpeg(path: Path, found: TagFields) -> None:
    import av

    allowed = {"protocol_whitelist": "file", "format_whitelist": ",".join(sorted(FFMPEG_FORMATS))}
    # An absolute path cannot be read as a protocol.
    with av.open(os.path.abspath(path), options=allowed, metadata_errors="replace") as container:  # noqa: PTH100
        for metadata in (container.metadata, *(stream.metadata for stream in container.streams.audio[:1])):
            for name, value in metadata.items():
                found.put(name, [value])


def _begins_with_sound(file: BinaryIO) -> bool:
    """Whether a file begins with a frame of MPEG audio."""
    file.seek(0)
    head = file.read(2)
    return len(head) == 2 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0


def _merged(found: list[TagFields], notes: list[str]) -> Tags:
    values: dict[str, str] = {}
    for fields in found:
        values = {**fields.values, **values}
    context = "\n".join((*values.values(), *(lyrics.text for one in found for lyrics in one.lyrics)))
    language = values.get("language")
    values = {name: repair(value, language=language, context=context) for name, value in values.items()}
    lyrics: list[TagLyrics] = []
    for one in itertools.chain.from_iterable(fields.lyrics for fields in found):
        text = repair(one.text, language=language, context=context)
        if is_garbled(text):
            notes.append("lyrics in its tags are in an unknown encoding and were not used; save them as Unicode")
        elif all(text.split() != other.text.split() for other in lyrics):
            lyrics.append(TagLyrics(text, one.language))
    return Tags(
        **{name: values.get(name) for name in ("title", "album", "genre", "mood", "language", "group")},
        artist=values.get("artist") or values.get("album artist"),
        # Plain lyrics come first, because cleaning removes nothing from them.
        lyrics=tuple(sorted(lyrics, key=lambda one: LRC_LINE.match(one.text) is not None)),
        cue_sheet=next((repair(one.cue_sheet, language=language) for one in found if one.cue_sheet), None),
        notes=tuple(notes),
    )


def _line(text: str) -> str:
    return " ".join(text.split())
