"""Atomic writing of files and folders, and checks of their bytes when they are read.

A folder has a file ``SHA256SUMS``, in the format of ``sha256sum --check``, with the digest of each file directly in it;
a subfolder has its own. The digests reveal damage by a disk or a copy. They do not protect against manipulation, which
could change a digest too, so files are read as data only (`alcca.persistence.trusted`).
"""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

from alcca.errors import LibraryError
from alcca.persistence.disk import disk_error

__all__ = ["SUMS", "check_files", "has_checksums", "read_checked", "replace_file", "replace_folder", "write_checksums"]

SUMS = "SHA256SUMS"


def replace_file(path: Path, write: Callable[[Path], object]) -> None:
    """Write a file under a temporary name beside ``path``, then rename it: a reader sees the old or the new file.

    Parameters
    ----------
    path : Path
        In an existing folder.
    write : callable
        Writes the content to the given path, which has the same suffix.

    Raises
    ------
    DiskError
        The disk is full or read-only; an earlier file at ``path`` is unchanged.

    Examples
    --------
    >>> place = Path(tempfile.mkdtemp()) / "notes.txt"
    >>> replace_file(place, lambda part: part.write_text("whole"))
    >>> place.read_text(), len(list(place.parent.iterdir()))
    ('whole', 1)
    """
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}.", suffix=path.suffix)
    os.close(descriptor)
    part = Path(name)
    try:
        write(part)
        part.chmod(0o644)
        part.replace(path)
    except BaseException as error:
        part.unlink(missing_ok=True)
        if isinstance(error, Exception) and (full := disk_error(error, path)):
            raise full from error
        raise


def replace_folder(folder: Path, write: Callable[[Path], object]) -> None:
    """Write a folder under a temporary name, with its checksums, flush it to disk, and rename it.

    Parameters
    ----------
    folder : Path
        Its parent is created if missing; an existing folder is replaced.
    write : callable
        Writes the content into the given folder.

    Raises
    ------
    DiskError
        The disk is full or read-only; an earlier ``folder`` is unchanged.

    Examples
    --------
    >>> place = Path(tempfile.mkdtemp()) / "kept"
    >>> replace_folder(place, lambda part: (part / "notes.txt").write_text("whole"))
    >>> sorted(path.name for path in place.iterdir()), read_checked(place / "notes.txt")
    (['SHA256SUMS', 'notes.txt'], b'whole')
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    part = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        write(part)
        write_checksums(part)
        for path in (*_files(part), part):
            _flush(path)
        part.chmod(0o755)
        if folder.exists():
            old = Path(tempfile.mkdtemp(prefix=f".{folder.name}.old.", dir=folder.parent))
            folder.rename(old / "state")
            part.rename(folder)
            shutil.rmtree(old)
        else:
            part.rename(folder)
        _flush(folder.parent)
    except BaseException as error:
        shutil.rmtree(part, ignore_errors=True)
        if isinstance(error, Exception) and (full := disk_error(error, folder)):
            raise full from error
        raise


def write_checksums(folder: Path) -> None:
    """Write the SHA-256 of each file directly in a folder to ``SHA256SUMS``."""
    lines = [f"{_digest_of(path)}  {path.name}\n" for path in _files(folder) if path.name != SUMS]
    (folder / SUMS).write_text("".join(lines), encoding="utf-8")


def has_checksums(folder: Path) -> bool:
    """Whether a folder has checksums; early versions of alcca did not write them."""
    return (folder / SUMS).exists()


def read_checked(path: Path) -> bytes:
    """Read the bytes of a file and check them; unchecked if its folder has no checksums.

    Raises
    ------
    LibraryError
        The bytes have changed since they were written.
    OSError
        The file cannot be read.
    """
    data = path.read_bytes()
    if has_checksums(path.parent):
        _check(path, hashlib.sha256(data).hexdigest())
    return data


def check_files(folder: Path) -> None:
    """Check all files listed in a folder's checksums, including those that are memory-mapped later.

    A file is read only once in a process while its inode, size and modification time stay the same.

    Raises
    ------
    LibraryError
        A file has changed since it was written.
    OSError
        A file cannot be read.
    """
    for name in _expected(folder) if has_checksums(folder) else ():
        _check(folder / name, _digest_of(folder / name))


def _check(path: Path, digest: str) -> None:
    if _expected(path.parent).get(path.name) != digest:
        raise LibraryError(f"{path}: is damaged (its SHA-256 is not the one in {SUMS}); train again, or restore it")


def _expected(folder: Path) -> dict[str, str]:
    """The listed digests by file name, without names outside the folder."""
    text = (folder / SUMS).read_bytes().decode("utf-8", "replace")
    pairs = (line.partition("  ") for line in text.splitlines())
    return {name: digest for digest, _, name in pairs if name == Path(name).name}


def _digest_of(path: Path) -> str:
    status = path.stat()
    return _digest_at(path, (status.st_ino, status.st_size, status.st_mtime_ns))


@lru_cache(maxsize=256)
def _digest_at(path: Path, stamp: tuple[int, int, int]) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_file())


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
