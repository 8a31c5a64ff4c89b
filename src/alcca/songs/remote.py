"""Music at an address (s3://, gs://, https://, file:// and others), which fsspec lists and downloads.

Decoders and tag parsers read local files, so a whole recording is downloaded, and deleted after it was read.
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
from alcca.songs.hidden import is_hidden
from alcca.songs.kinds import CUE_SHEET, is_audio
from alcca.songs.word_files import is_word_file

__all__ = ["RemoteFile", "at_hand", "exists", "find_remote", "is_address"]

# Fields that differ between versions of a file, under the names that the file systems use.
VERSIONS = ("mtime", "LastModified", "last_modified", "updated", "created", "ETag", "etag", "md5Hash")


def is_address(path: str | os.PathLike[str]) -> bool:
    """Whether a path is the address of a remote file or folder.

    Examples
    --------
    >>> is_address("s3://bucket/music"), is_address("/music"), is_address("C:/music")
    (True, False, False)
    """
    return "://" in os.fspath(path)


@contextlib.contextmanager
def at_hand(path: str | os.PathLike[str], reached: Callable[[], object] = lambda: None) -> Iterator[Path]:
    """Yield the local path of a file: a local file itself, or a temporary copy of a remote one.

    ``reached`` is called as bytes come, for a limit by progress.

    Raises
    ------
    OSError
        The file cannot be downloaded.
    MissingExtraError
        fsspec, or its package for this kind of address, is not installed.

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
        with _as_os_error(address), system.open(place, "rb") as source, copy.open("wb") as target:
            while piece := source.read(1 << 20):
                target.write(piece)
                reached()
        yield copy


def exists(path: str) -> bool:
    """Whether a file still exists; True if this cannot be determined."""
    if not is_address(path):
        try:
            os.stat(path)  # noqa: PTH116 - a name as it is
        except (FileNotFoundError, NotADirectoryError):
            return False
        except OSError:
            # For example a folder without permission, or a circular link.
            return True
        return True
    system, place = _system(path)
    try:
        return bool(system.exists(place))
    except Exception:  # noqa: BLE001 - each file system has its own errors
        return True


@dataclass(frozen=True)
class RemoteFile:
    """A file below an address.

    Parameters
    ----------
    address : str
    relative : str
        Its path relative to the folder, with slashes.
    size : int
        In bytes.
    version : int
        A number below 2^60 that changes when the file changes.
    """

    address: str
    relative: str
    size: int
    version: int

    @property
    def is_audio(self) -> bool:
        """Whether its suffix is that of an audio file."""
        return is_audio(PurePosixPath(self.relative))

    @property
    def is_text(self) -> bool:
        """Whether it may contain words or tags of the songs beside it."""
        return self.is_sheet or is_word_file(PurePosixPath(self.relative).name)

    @property
    def is_sheet(self) -> bool:
        """Whether it is a cue sheet."""
        return PurePosixPath(self.relative).suffix.lower() == CUE_SHEET

    def fetch_into(self, folder: Path) -> None:
        """Download it to its relative path below a folder, with its version as modification time; OSError."""
        target = folder.joinpath(*PurePosixPath(self.relative).parts)
        target.parent.mkdir(parents=True, exist_ok=True)
        with at_hand(self.address) as copy:
            shutil.copyfile(copy, target)
        os.utime(target, ns=(self.version, self.version))


def find_remote(address: str, *, onerror: Callable[[str], None] | None = None) -> list[RemoteFile]:
    """List audio files, and the texts and tables beside them, below an address, in the order of their paths.

    Hidden files and folders are skipped.

    Parameters
    ----------
    address : str
    onerror : callable, optional
        Called with a line of text for each pipe, device and broken link, which are skipped.

    Raises
    ------
    UsageError
        The folder is empty or cannot be read, or the kind of address is unknown.
    MissingExtraError
        fsspec, or its package for this kind of address, is not installed.

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
        # Each file system has its own errors of network and permissions.
        raise UsageError(
            f"{address}: cannot be listed ({_line(error)}); check the address and its permissions"
        ) from error
    files: list[RemoteFile] = []
    for path, entry in listed.items():
        if _is_file(system, path, entry):
            files.append(_file(address, root, path, entry))
        elif onerror is not None:
            onerror(f"{path}: is a pipe, a device or a broken link, and was skipped")
    if not files or (len(files) == 1 and not files[0].relative):
        raise UsageError(f"{address}: no such folder, or an empty one; give the folder that holds the music")
    visible = [file for file in files if not any(is_hidden(part) for part in PurePosixPath(file.relative).parts)]
    return sorted((f for f in visible if f.is_audio or f.is_text), key=lambda f: PurePosixPath(f.relative).parts)


def _is_file(system: Any, path: str, entry: dict[str, Any]) -> bool:
    """Whether an entry can be downloaded: a disk under file:// may contain pipes, and links to them."""
    if entry.get("type") != "other":
        return True
    try:
        return bool(system.info(path)["type"] == "file")
    except OSError:
        return False


def _file(address: str, root: str, path: str, entry: dict[str, Any]) -> RemoteFile:
    relative = path.removeprefix(root).lstrip("/")
    stamps = repr([str(entry[name]) for name in VERSIONS if entry.get(name) is not None])
    version = int.from_bytes(hashlib.blake2b(stamps.encode(), digest_size=8).digest()) >> 4
    return RemoteFile(f"{address.rstrip('/')}/{relative}", relative, int(entry.get("size") or 0), version)


def _system(address: str) -> tuple[Any, str]:
    """The file system of an address, and the path in it."""
    try:
        from fsspec.core import url_to_fs
    except ImportError as error:
        raise MissingExtraError(
            f"reading {address} needs {error.name}; install it with: pip install 'alcca[cluster]'"
        ) from error
    try:
        system, place = url_to_fs(address)
    except ImportError as error:
        # fsspec's message names the package.
        raise MissingExtraError(f"{address}: {_line(error)}") from error
    except ValueError as error:
        raise UsageError(f"{address}: {_line(error)}; give a folder, or an address that fsspec supports") from error
    return system, str(place)


@contextlib.contextmanager
def _as_os_error(address: str) -> Iterator[None]:
    """Convert any error of a file system to an OSError with a cause in words."""
    try:
        yield
    except AlccaError:
        raise
    except OSError as error:
        # Many file systems raise an OSError without an error number.
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
