"""Which speech model transcribes a library."""

import contextlib
import os

from alcca.errors import SpeechModelError, UsageError
from alcca.persistence.trusted import is_trusted, trust
from alcca.speech.weights import is_named, model_that_is_meant
from alcca.store.songs import Store

__all__ = ["OFF", "speech_model_of", "trust_speech_model"]

# Used in place of an extent: transcribe nothing.
OFF = "off"


def speech_model_of(store: Store, model: str | os.PathLike[str] | None = None) -> str:
    """The model to transcribe with, given the one stored in the library; see `model_that_is_meant`.

    Raises
    ------
    SpeechModelError
        The library names a folder with weights, from which the user has not transcribed: it may come from anyone.
    """
    remembered = store.setting("speech_model")
    chosen = model_that_is_meant(model, remembered)
    if chosen == remembered != model_that_is_meant(model) and not _may_be_read(chosen):
        raise SpeechModelError(
            f"{store.folder}: names the speech model in {chosen}, which is read only with your permission; if you "
            f"trust it, run the command again with --trust whisper:{chosen}, or name another one with --speech-model"
        )
    return chosen


def trust_speech_model(model: str) -> None:
    """Remember that the user has named a folder with weights; without a folder for settings, nothing is remembered."""
    if not _may_be_read(model):
        with contextlib.suppress(UsageError):
            trust(_name(model))


def _may_be_read(model: str) -> bool:
    return is_named(model) or is_trusted(_name(model))


def _name(model: str) -> str:
    return f"whisper:{model}"
