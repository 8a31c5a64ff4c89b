"""Lines of lyrics to the formats that players read, a module for each family; ``shown`` is what all of them share."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from alcca.texts.writing.cues import write_srt, write_vtt
from alcca.texts.writing.lrc import write_elrc, write_lrc
from alcca.texts.writing.shown import Headers
from alcca.texts.writing.text import write_text
from alcca.texts.writing.ttml import write_ttml

__all__ = ["FORMATS", "Format", "Headers"]


class Format(NamedTuple):
    """A format: the suffix of its files, and the function from lines and headers to the text of a file."""

    suffix: str
    write: Callable[..., str]


#: By name, as the command line and the server know them.
FORMATS: Mapping[str, Format] = {
    "lrc": Format(".lrc", write_lrc),
    "elrc": Format(".elrc", write_elrc),
    "srt": Format(".srt", write_srt),
    "vtt": Format(".vtt", write_vtt),
    "ttml": Format(".ttml", write_ttml),
    "text": Format(".txt", write_text),
}
