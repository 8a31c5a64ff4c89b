"""Which speech model transcribes a library."""

import os

from alcca.speech.weights import model_that_is_meant
from alcca.store.songs import Store

__all__ = ["OFF", "speech_model_of"]

# Used in place of an extent: transcribe nothing.
OFF = "off"


def speech_model_of(store: Store, model: str | os.PathLike[str] | None = None) -> str:
    """The model to transcribe with, given the one stored in the library; see `model_that_is_meant`."""
    return model_that_is_meant(model, store.setting("speech_model"))
