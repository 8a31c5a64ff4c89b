"""Recordings whose cue sheet makes several songs of them: how the store knows them, and when they have changed."""

import hashlib
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from alcca.metadata.cue_sheets import SongSheet
from alcca.metadata.sidecars import SongTables
from alcca.songs.cut import file_of
from alcca.store.records import FileStamp

__all__ = ["stamp_with_sheet", "texts_beside", "tracks_by_file"]


def tracks_by_file(paths: Iterable[str]) -> dict[str, list[str]]:
    """The paths of the tracks of each file that has some.

    Examples
    --------
    >>> tracks_by_file(["/a.flac#01", "/a.flac#02", "/b.flac"])
    {'/a.flac': ['/a.flac#01', '/a.flac#02']}
    """
    found: dict[str, list[str]] = {}
    for path in paths:
        if (file := file_of(path)) != path:
            found.setdefault(file, []).append(path)
    return found


def texts_beside(files: Iterable[Path], tables: SongTables) -> dict[str, str]:
    """Of each file, a hash that changes with any text or table that may be about songs in its folder.

    Which texts are about a track depends on its title, and that may be inside of the file.
    """
    folders: dict[Path, str] = {}
    found: dict[str, str] = {}
    for file in files:
        if file.parent not in folders:
            stamps = repr(tables.stamps_beside(file)).encode("utf-8", "surrogateescape")
            folders[file.parent] = hashlib.blake2b(stamps, digest_size=8).hexdigest()
        found[str(file)] = folders[file.parent]
    return found


def stamp_with_sheet(stamp: FileStamp, sheet: SongSheet | None, beside: str) -> FileStamp:
    """A stamp that also changes with the sheet of a recording, and with the texts ``beside`` it."""
    said = repr((stamp.fingerprint, sheet, beside)).encode("utf-8", "surrogateescape")
    return replace(stamp, fingerprint=hashlib.blake2b(said, digest_size=8).hexdigest())
