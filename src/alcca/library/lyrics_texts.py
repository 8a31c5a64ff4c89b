"""The texts in a folder of lyrics: which of its files are read, and which words each holds."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from alcca.cleaning.lyrics import clean_lyrics
from alcca.errors import AlccaError
from alcca.metadata.names import loose_name
from alcca.songs.lyrics import normalise_lyrics
from alcca.songs.word_files import TEXT_SUFFIXES, find_lyric_files
from alcca.store.records import Song
from alcca.texts.encodings import read_lyrics_file

__all__ = ["LyricsText", "read_texts"]

PRIORITY = {suffix: number for number, suffix in enumerate(TEXT_SUFFIXES)}
LYRICS_FOLDER = "lyrics"


@dataclass(frozen=True)
class LyricsText:
    """A file of lyrics.

    Parameters
    ----------
    path : Path
    words : str
        What is sung: its cleaned content, without headers, section marks and times.
    content : str
        All of it.
    """

    path: Path
    words: str
    content: str


def read_texts(folder: Path, songs: Iterable[Song], notes: list[str], encoding: str | None = None) -> list[LyricsText]:
    """Read the lyric files below a folder that are no song's lyrics yet, in the order of their paths.

    Hidden files and folders are left out. Of several files with the same name and words, the one with times is taken.
    What cannot be read goes to ``notes``. ``encoding`` is as of `alcca.texts.encodings.decode_text`.
    """
    used = _Used(songs)
    by_words: dict[tuple[str, str], LyricsText] = {}
    again = 0
    for path in find_lyric_files(folder, onerror=notes.append):
        if used.has(path):
            continue
        try:
            content = read_lyrics_file(path, encoding=encoding)
        except AlccaError as error:
            notes.append(f"{path}: {str(error).removeprefix(f'{path.name}: ')}")
            continue
        words = clean_lyrics(content)
        if not words:
            notes.append(f"{path}: nothing in it is sung")
            continue
        # Texts of two recordings of a song have different names.
        key = loose_name(path.stem), normalise_lyrics(words)
        other = by_words.get(key)
        again += other is not None
        if other is None or PRIORITY[path.suffix.lower()] < PRIORITY[other.path.suffix.lower()]:
            by_words[key] = LyricsText(path, words, content)
    if again:
        notes.append(f"{again} texts have the name and the words of another and were left out")
    return sorted(by_words.values(), key=lambda text: text.path)


class _Used:
    """The lyric files that are songs' lyrics already: a song knows the name of its file, not the folder."""

    def __init__(self, songs: Iterable[Song]) -> None:
        self._folders: dict[str, set[str]] = {}
        for song in songs:
            if song.lyrics_source and os.path.splitext(song.lyrics_source)[1].lower() in PRIORITY:  # noqa: PTH122 - a text
                folders = self._folders.setdefault(song.lyrics_source, set())
                folders |= {os.path.dirname(path) for path in song.paths}  # noqa: PTH120 - a path or an address

    def has(self, path: Path) -> bool:
        folders = self._folders.get(path.name, set())
        here = Path(os.path.abspath(path.parent))  # noqa: PTH100 - resolve() would follow links
        if str(here) in folders:
            return True
        beside = here.parent
        return here.name.lower() == LYRICS_FOLDER and any(
            folder in (str(beside), "") or Path(folder).parent == beside for folder in folders
        )
