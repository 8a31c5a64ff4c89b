"""Files and folders that are written whole or not at all, and whose bytes are checked when they are read.

A folder has a file ``SHA256SUMS``, in the form that ``sha256sum --check`` reads, with the digest of each file that lies
directly in it; a folder below it has its own. It shows what a disk or a copy has changed. Whoever changes a file on
purpose can change its digest too, so what is read stays data (`alcca.persistence.trusted`).
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
    """Write a file under a temporary name beside ``path``, then rename it: a reader sees the old one or the new one.

    Parameters
    ----------
    path : Path
        In a folder that exists.
    write : callable
        Writes the content to the path that it is given, which has the same ending.

    Raises
    ------
    DiskError
        The disk is full or read-only; what there was at ``path`` is still there.

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
        if isinstance(error, Exception) and (said := disk_error(error, path)):
            raise said from error
        raise


def replace_folder(folder: Path, write: Callable[[Path], object]) -> None:
    """Write a folder under a temporary name, with its checksums, flush it to the disk, and rename it.

    Parameters
    ----------
    folder : Path
        Its parent is made when missing; what was there is replaced.
    write : callable
        Writes the content into the folder that it is given.

    Raises
    ------
    DiskError
        The disk is full or read-only; what there was in ``folder`` is still there.

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
        if isinstance(error, Exception) and (said := disk_error(error, folder)):
            raise said from error
        raise


def write_checksums(folder: Path) -> None:
    """Write down the SHA-256 of each file that lies directly in a folder."""
    lines = [f"{_digest_of(path)}  {path.name}\n" for path in _files(folder) if path.name != SUMS]
    (folder / SUMS).write_text("".join(lines), encoding="utf-8")


def has_checksums(folder: Path) -> bool:
    """Whether checksums of a folder's files were written down; alcca did not always do so."""
    return (folder / SUMS).exists()


def read_checked(path: Path) -> bytes:
    """The bytes of a file, as they were written; unchecked where its folder has no checksums.

    Raises
    ------
    LibraryError
        They are others now.
    OSError
        The file cannot be read.
    """
    data = path.read_bytes()
    if has_checksums(path.parent):
        _check(path, hashlib.sha256(data).hexdigest())
    return data


def check_files(folder: Path) -> None:
    """Check all files that a folder's checksums name, those too that are mapped into memory later.

    A file is read once in a process while its inode, size and time of change stay what they are.

    Raises
    ------
    LibraryError
        One of them is not as it was written.
    OSError
        One of them cannot be read.
    """
    for name in _expected(folder) if has_checksums(folder) else ():
        _check(folder / name, _digest_of(folder / name))


def _check(path: Path, digest: str) -> None:
    if _expected(path.parent).get(path.name) != digest:
        raise LibraryError(f"{path}: is damaged (its SHA-256 is not the one in {SUMS}); train again, or restore it")


def _expected(folder: Path) -> dict[str, str]:
    """The digests that were written down, by name; only what can be a name in this folder."""
    text = (folder / SUMS).read_bytes().decode("utf-8", "replace")
    pairs = (line.partition("  ") for line in text.splitlines())
    return {name: digest for digest, _, name in pairs if name == Path(name).name}


def _digest_of(path: Path) -> str:
    about = path.stat()
    return _digest_at(path, (about.st_ino, about.st_size, about.st_mtime_ns))


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
