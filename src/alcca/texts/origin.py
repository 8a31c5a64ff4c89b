"""Where an LRC file comes from: what alcca writes into its own files, and how it knows them again."""

import re

from alcca._version import __version__

__all__ = ["is_ours", "is_transcribed", "program", "transcriber"]

OURS = re.compile(r"^\[re:\s*alcca\b", re.MULTILINE)
TRANSCRIBED = re.compile(r"^\[by:.*, transcribed\]", re.MULTILINE)


def program(model: str | None = None) -> str:
    """How files say what has made them; with the speech model that was used.

    Examples
    --------
    >>> program("base").startswith("alcca "), is_ours(f"[re:{program()}]")
    (True, True)
    """
    return f"alcca {__version__}" + (f" (Whisper {model})" if model else "")


def is_ours(text: str) -> bool:
    """Whether an LRC file says that alcca has made it."""
    return OURS.search(text) is not None


def transcriber(model: str) -> str:
    """Who has made lyrics that are what was heard.

    Examples
    --------
    >>> transcriber("base")
    'Whisper base, transcribed'
    """
    return f"Whisper {model}, transcribed"


def is_transcribed(text: str) -> bool:
    r"""Whether an LRC file says that its words are what alcca has heard, and so no lyrics to compare a transcript with.

    Examples
    --------
    >>> is_transcribed(f"[by:{transcriber('base')}]\n[re:{program('base')}]\n")
    True
    """
    return is_ours(text) and TRANSCRIBED.search(text) is not None
