"""The sources of a speech model's weights.

In this order: a folder given by the user, an installed package, the model hub's cache on this machine, the hub itself.
A download from the hub needs permission and is announced on standard error.
"""

import os
import sys
from pathlib import Path

from alcca.errors import MissingExtraError, SpeechModelError
from alcca.speech.packaged import FIRST, SECOND, base_is_installed, packaged_base

__all__ = ["find_weights", "is_named", "model_names", "model_that_is_meant", "name_of_model"]

DEFAULT = "base"
# The files of a model that CTranslate2 and faster-whisper need.
NEEDED = ("model.bin", "config.json", "tokenizer.json")
# Smaller weights are incomplete: the smallest model, in int8, is larger.
MIN_BYTES = 10_000_000
MEGABYTES = {
    "tiny": 75, "tiny.en": 75, "base": 145, "base.en": 145, "small": 484, "small.en": 484, "medium": 1528,
    "medium.en": 1528, "large": 3087, "large-v1": 3087, "large-v2": 3087, "large-v3": 3087, "turbo": 1618,
    "large-v3-turbo": 1618, "distil-small.en": 332, "distil-medium.en": 789, "distil-large-v2": 1513,
    "distil-large-v3": 1513, "distil-large-v3.5": 1513,
}  # fmt: skip
WHAT_TO_DO = "give the folder of a model (--speech-model FOLDER, or $ALCCA_SPEECH_MODEL)"


def model_names() -> list[str]:
    """Names of the models on the hub: "tiny" … "large-v3", "distil-…", "turbo".

    Raises
    ------
    MissingExtraError
        The extra ``hear`` is not installed.
    """
    try:
        from faster_whisper import available_models
    except ImportError as error:
        raise MissingExtraError(
            f"transcribing needs {error.name}; install it with: pip install 'alcca[hear]'"
        ) from error
    return list(available_models())


def model_that_is_meant(model: str | os.PathLike[str] | None = None, remembered: str | None = None) -> str:
    """The speech model to use: ``model``, else $ALCCA_SPEECH_MODEL, else ``remembered``, else "base".

    Parameters
    ----------
    model : str or path, optional
        A model's name or folder. $ALCCA_SPEECH_MODEL, if set, replaces "base", which is the default everywhere.
    remembered : str, optional
        The model that the library was transcribed with.

    Examples
    --------
    >>> model_that_is_meant("large-v3")
    'large-v3'
    """
    environment = os.environ.get("ALCCA_SPEECH_MODEL")
    if model is None:
        return environment or remembered or DEFAULT
    # A Path is always a folder, even if its name is that of a model.
    if not isinstance(model, str):
        return str(Path(model).expanduser().absolute())
    if model == DEFAULT:
        return environment or model
    return str(Path(model).expanduser()) if model.startswith("~") else model


def is_named(model: str) -> bool:
    """Whether a model is meant by a name of the hub's models, and not by a folder.

    Examples
    --------
    >>> is_named("large-v3"), is_named("./large-v3"), is_named("mine")
    (True, False, False)
    """
    return model in MEGABYTES


def name_of_model(model: str | os.PathLike[str] = DEFAULT) -> str:
    """The name of a model, or of its folder.

    Examples
    --------
    >>> name_of_model("large-v3"), name_of_model("models/mine")
    ('large-v3', 'mine')
    """
    chosen = model_that_is_meant(model)
    return Path(chosen).name if os.sep in chosen or "/" in chosen else chosen


def find_weights(model: str | os.PathLike[str] = DEFAULT, *, offline: bool = True) -> Path:
    """Find the folder with a model's weights; download it from the hub if it is nowhere else and that is allowed.

    Parameters
    ----------
    model : str or path
        A name of `model_names`, or a folder with ``model.bin``, ``config.json`` and ``tokenizer.json``. A name means
        the model, even if a folder has the same name; write ``./base`` for the folder. $ALCCA_SPEECH_MODEL, if set,
        replaces "base".
    offline : bool
        Never download.

    Raises
    ------
    SpeechModelError
        The name is unknown, the folder is incomplete, the weights have another checksum, or the weights are not on
        this machine and cannot or may not be downloaded.
    MissingExtraError
        The extra ``hear`` is not installed.
    """
    name = model_that_is_meant(model)
    if "/" in name or os.sep in name or name.startswith((".", "~")):
        return _checked_folder(Path(name).expanduser())
    known = model_names()
    if name in known:
        return _find_named(name, offline=offline)
    if Path(name).is_dir():
        return _checked_folder(Path(name))
    raise SpeechModelError(f"unknown speech model {name!r}; expected one of {', '.join(known)}, or {WHAT_TO_DO}")


def _find_named(name: str, *, offline: bool) -> Path:
    if name == DEFAULT and base_is_installed():
        return packaged_base()
    cached = _cached_by_the_hub(name)
    if cached is not None:
        return _checked_folder(cached)
    packages = f"install {FIRST} and {SECOND}, or " if name == DEFAULT else ""
    if offline:
        raise SpeechModelError(
            f"the weights of the speech model {name!r} are not on this machine; {packages}{WHAT_TO_DO}, or let alcca "
            "hear download them from the model hub (without --offline)"
        )
    size = f", about {MEGABYTES[name]} MB," if name in MEGABYTES else ""
    sys.stderr.write(f"downloading the speech model {name}{size} from the model hub\n")
    return _checked_folder(_download(name, packages))


def _checked_folder(folder: Path) -> Path:
    if not folder.is_dir():
        raise SpeechModelError(f"{folder}: no such folder; {WHAT_TO_DO}, or a name such as base")
    missing = _missing(folder)
    if missing:
        raise SpeechModelError(
            f"{folder}: has no {', no '.join(missing)}; expected a Whisper model converted for CTranslate2"
        )
    size = (folder / "model.bin").stat().st_size
    if size < MIN_BYTES:
        raise SpeechModelError(f"{folder}: model.bin has only {size:,} bytes; it is incomplete, download it again")
    return folder


def _missing(folder: Path) -> list[str]:
    return [name for name in NEEDED if not (folder / name).is_file()]


def _cached_by_the_hub(name: str) -> Path | None:
    """The model's folder in the hub's cache; None if it is missing or incomplete."""
    from faster_whisper import download_model

    try:
        folder = Path(download_model(name, local_files_only=True))
    except Exception:  # noqa: BLE001 - the hub's client has a dozen errors for "not here", which change with its versions
        return None
    # An interrupted download leaves a folder, which only new versions of the client detect.
    return None if _missing(folder) else folder


def _download(name: str, packages: str) -> Path:
    from faster_whisper import download_model

    try:
        return Path(download_model(name))
    except Exception as error:
        # The hub's client raises whatever its network stack raises.
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise SpeechModelError(
            f"the speech model {name!r} could not be downloaded from the hub ({reason}); {packages}{WHAT_TO_DO}"
        ) from error
