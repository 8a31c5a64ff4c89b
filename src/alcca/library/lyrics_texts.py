"""Which texts in a folder of lyrics are songs' lyrics already."""

import os
from collections.abc import Iterable
from pathlib import Path

from alcca.songs.word_files import TEXT_SUFFIXES
from alcca.store.records import Song

__all__ = ["UsedTexts"]

LYRICS_FOLDER = "lyrics"


class UsedTexts:
    """The lyric files that are songs' lyrics already: a song knows the name of its file, not the folder."""

    def __init__(self, songs: Iterable[Song]) -> None:
        self._folders: dict[str, set[str]] = {}
        for song in songs:
            if song.lyrics_source and os.path.splitext(song.lyrics_source)[1].lower() in TEXT_SUFFIXES:  # noqa: PTH122 - a text
                folders = self._folders.setdefault(song.lyrics_source, set())
                folders |= {os.path.dirname(path) for path in song.paths}  # noqa: PTH120 - a path or an address

    def has(self, path: Path) -> bool:
        """Whether a file is the lyrics of one of the songs."""
        folders = self._folders.get(path.name, set())
        here = Path(os.path.abspath(path.parent))  # noqa: PTH100 - resolve() would follow links
        if str(here) in folders:
            return True
        beside = here.parent
        return here.name.lower() == LYRICS_FOLDER and any(
            folder in (str(beside), "") or Path(folder).parent == beside for folder in folders
        )
