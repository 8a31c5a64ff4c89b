"""Music at an address (s3://, gs://, https://, file:// and others), which fsspec lists and fetches.

Decoders and parsers of tags read files of this machine, so a recording is fetched whole for as long as it is read.
"""

import contextlib
import errno
import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from alcca.errors import AlccaError, MissingExtraError, UsageError
from alcca.songs.audio import AUDIO_SUFFIXES
from alcca.songs.tables import TABLE_NAMES, TEXT_SUFFIXES

__all__ = ["RemoteFile", "at_hand", "exists", "find_remote", "is_address"]

# What tells the versions of a file apart, by the names that the file systems give it.
VERSIONS = ("mtime", "LastModified", "last_modified", "updated", "created", "ETag", "etag", "md5Hash")


def is_address(path: str | os.PathLike[str]) -> bool:
    """Whether a path is the address of something elsewhere.

    Examples
    --------
    >>> is_address("s3://bucket/music"), is_address("/music"), is_address("C:/music")
    (True, False, False)
    """
    return "://" in os.fspath(path)


@contextlib.contextmanager
def at_hand(path: str | os.PathLike[str]) -> Iterator[Path]:
    """A file as one of this machine: one that is here as it is, one at an address as a copy that goes away again.

    Raises
    ------
    OSError
        It cannot be fetched.
    MissingExtraError
        fsspec, or what it needs for this address, is not installed.

    Examples
    --------
    >>> with at_hand("/music/song.mp3") as path:
    ...     path
    PosixPath('/music/song.mp3')
    """
    address = os.fspath(path)
    if not is_address(address):
        yield Path(path)
        return
    system, place = _system(address)
    with tempfile.TemporaryDirectory(prefix="alcca-") as folder:
        copy = Path(folder) / PurePosixPath(place).name
        with _told(address), system.open(place, "rb") as source, copy.open("wb") as target:
            shutil.copyfileobj(source, target, 1 << 20)
        yield copy


def exists(path: str) -> bool:
    """Whether a file is still there; one that cannot be asked for is taken to be."""
    if not is_address(path):
        try:
            os.stat(path)  # noqa: PTH116 - a name as it is
        except (FileNotFoundError, NotADirectoryError):
            return False
        except OSError:
            # A folder that may not be entered today, a link in a circle.
            return True
        return True
    system, place = _system(path)
    try:
        return bool(system.exists(place))
    except Exception:  # noqa: BLE001 - each file system has errors of its own
        return True


@dataclass(frozen=True)
class RemoteFile:
    """A file below an address.

    Parameters
    ----------
    address : str
    relative : str
        Where it is below the folder, with slashes.
    size : int
        In bytes.
    version : int
        Another number when the file has changed, below 2^60.
    """

    address: str
    relative: str
    size: int
    version: int

    @property
    def is_audio(self) -> bool:
        """Whether its name is one of a recording."""
        return PurePosixPath(self.relative).suffix.lower() in AUDIO_SUFFIXES

    @property
    def is_text(self) -> bool:
        """Whether it may hold words or tags of songs beside it."""
        name = PurePosixPath(self.relative)
        return name.suffix.lower() in TEXT_SUFFIXES or name.name.lower() in TABLE_NAMES

    def fetch_into(self, folder: Path) -> None:
        """Copy it to its place below a folder; the copy's time says its version. OSError."""
        target = folder.joinpath(*PurePosixPath(self.relative).parts)
        target.parent.mkdir(parents=True, exist_ok=True)
        with at_hand(self.address) as copy:
            shutil.copyfile(copy, target)
        os.utime(target, ns=(self.version, self.version))


def find_remote(address: str, *, onerror: Callable[[str], None] | None = None) -> list[RemoteFile]:
    """Audio files, and texts and tables beside them, below an address, in the order of their paths.

    Hidden files and folders are left out.

    Parameters
    ----------
    address : str
    onerror : callable, optional
        Called with a line of text for each pipe, device and link to nothing, which are passed over.

    Raises
    ------
    UsageError
        There is nothing, it cannot be read, or nobody knows this kind of address.
    MissingExtraError
        fsspec, or what it needs for this address, is not installed.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> for name in ("b.MP3", "a.flac", "a.lrc", "cover.jpg", "._a.flac"):
    ...     (folder / name).touch()
    >>> [file.relative for file in find_remote(folder.as_uri())]
    ['a.flac', 'a.lrc', 'b.MP3']
    """
    system, root = _system(address)
    try:
        listed: dict[str, Any] = system.find(root, detail=True)
    except Exception as error:
        # Each file system has errors of its own, of the network and of rights.
        raise UsageError(f"{address}: cannot be listed ({_line(error)}); check the address and your rights") from error
    found: list[RemoteFile] = []
    for path, about in listed.items():
        if _is_file(system, path, about):
            found.append(_file(address, root, path, about))
        elif onerror is not None:
            onerror(f"{path}: is a pipe, a device or a link to nothing, so it was passed over")
    if not found or (len(found) == 1 and not found[0].relative):
        raise UsageError(f"{address}: no such folder, or nothing in it; give the folder that holds the music")
    seen = [file for file in found if not any(part.startswith(".") for part in PurePosixPath(file.relative).parts)]
    return sorted((f for f in seen if f.is_audio or f.is_text), key=lambda f: PurePosixPath(f.relative).parts)


def _is_file(system: Any, path: str, about: dict[str, Any]) -> bool:
    """Whether there are bytes to fetch: a disk under file:// has pipes too, and links to them."""
    if about.get("type") != "other":
        return True
    try:
        return bool(system.info(path)["type"] == "file")
    except OSError:
        return False


def _file(address: str, root: str, path: str, about: dict[str, Any]) -> RemoteFile:
    relative = path.removeprefix(root).lstrip("/")
    told = repr([str(about[name]) for name in VERSIONS if about.get(name) is not None])
    version = int.from_bytes(hashlib.blake2b(told.encode(), digest_size=8).digest()) >> 4
    return RemoteFile(f"{address.rstrip('/')}/{relative}", relative, int(about.get("size") or 0), version)


def _system(address: str) -> tuple[Any, str]:
    """The file system of an address, and the place in it."""
    try:
        from fsspec.core import url_to_fs
    except ImportError as error:
        raise MissingExtraError(
            f"reading {address} needs {error.name}; install it with: pip install 'alcca[cluster]'"
        ) from error
    try:
        system, place = url_to_fs(address)
    except ImportError as error:
        # fsspec says which package it is.
        raise MissingExtraError(f"{address}: {_line(error)}") from error
    except ValueError as error:
        raise UsageError(f"{address}: {_line(error)}; give a folder, or an address that fsspec knows") from error
    return system, str(place)


@contextlib.contextmanager
def _told(address: str) -> Iterator[None]:
    """Raise whatever a file system raises as OSError with a cause in words."""
    try:
        yield
    except AlccaError:
        raise
    except OSError as error:
        # Many are made without a number, which tells what it is.
        number = error.errno or _number(error)
        why = error.strerror or (_line(error) if number == errno.EIO else os.strerror(number))
        raise OSError(number, why, address) from error
    except Exception as error:
        raise OSError(errno.EIO, _line(error), address) from error


def _number(error: OSError) -> int:
    known = {FileNotFoundError: errno.ENOENT, PermissionError: errno.EACCES}
    return next((number for kind, number in known.items() if isinstance(error, kind)), errno.EIO)


def _line(error: Exception) -> str:
    return (" ".join(str(error).split()) or type(error).__name__)[:160]
