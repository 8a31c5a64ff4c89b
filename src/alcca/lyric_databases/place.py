"""Where the index of a lyric database is kept, and by what it is told that the database has changed."""

import contextlib
import hashlib
import os
from pathlib import Path

from alcca.lyric_databases.source import Source
from alcca.matching.folding import VERSION as FOLDING
from alcca.speech.packaged import cache_folder

__all__ = ["VERSION", "identity_of", "index_folder"]

# Increase it when indexes are written in another way: they are then made anew.
VERSION = 1


def index_folder(path: Path) -> Path:
    """The folder of the index of a database, in the user's cache: $ALCCA_CACHE, or where the system keeps caches."""
    place = hashlib.blake2b(os.fsencode(path.resolve()), digest_size=8).hexdigest()
    return cache_folder() / "lyric-databases" / f"{path.stem[:40]}-{place}"


def identity_of(source: Source) -> str:
    """What changes with a database: its size, its time, its beginning, and how texts are folded and indexed."""
    stamps = []
    for path in (source.path, source.path.with_name(f"{source.path.name}-wal")):
        with contextlib.suppress(OSError):
            status = path.stat()
            stamps += [status.st_size, status.st_mtime_ns] if status.st_size else []
    told = repr((VERSION, FOLDING, source.format, stamps, source.sample()))
    return hashlib.blake2b(told.encode("utf-8", "replace"), digest_size=16).hexdigest()
