"""A seal on the library's database: the SHA-256 of the whole file, beside it, while nothing is written.

Checksums of rows cover songs, features, transcripts and vectors; the seal also covers what has none, such as the
full-text index, in which a flipped bit would only hide a song. A writer removes the seal before its first transaction,
and seals the file again at the end. So a file without a seal was not closed properly, is larger than `MAX_SEALED`, or
had other readers at the end: nothing is known of it then.

The seal reveals damage by a disk or a copy, not manipulation.
"""

import contextlib
from pathlib import Path

from alcca.errors import DiskError
from alcca.persistence import replace_file
from alcca.persistence.files import flush
from alcca.store.file_bytes import digest_apart
from alcca.store.sqlite_errors import DATABASE

__all__ = ["MAX_SEALED", "SEAL", "break_seal", "is_sealed", "seal_is_broken", "write_seal"]

# In the format of ``sha256sum --check``.
SEAL = f"{DATABASE}.sha256"
# Bytes; reading so many takes a fifth of a second, which each command does once.
MAX_SEALED = 1 << 28


def write_seal(folder: Path) -> None:
    """Seal the database in a folder, unless it is too large or its disk is full."""
    if (folder / DATABASE).stat().st_size > MAX_SEALED:
        return
    line = f"{digest_apart(folder / DATABASE, again=True)}  {DATABASE}\n"
    with contextlib.suppress(OSError, DiskError):
        replace_file(folder / SEAL, lambda part: part.write_text(line, encoding="ascii"))


def break_seal(folder: Path, *, repaired: bool = False) -> None:
    """Remove the seal, before the database is changed.

    A seal that is broken stays, as it tells of the damage, until the database was ``repaired``.
    """
    if not is_sealed(folder) or (not repaired and seal_is_broken(folder)):
        return
    (folder / SEAL).unlink(missing_ok=True)
    # Else a power cut could bring the old seal back beside a changed database.
    flush(folder)


def is_sealed(folder: Path) -> bool:
    """Whether the database in a folder has a seal."""
    return (folder / SEAL).is_file()


def seal_is_broken(folder: Path) -> bool:
    """Whether the database is not the one that was sealed; False without a seal."""
    try:
        sealed = (folder / SEAL).read_bytes()
        if (folder / DATABASE).stat().st_size > MAX_SEALED:
            return True
        for again in (False, True):
            if sealed == f"{digest_apart(folder / DATABASE, again=again)}  {DATABASE}\n".encode():
                return False
        # Another process may have begun to write meanwhile.
        return (folder / SEAL).read_bytes() == sealed
    except OSError:
        return False
