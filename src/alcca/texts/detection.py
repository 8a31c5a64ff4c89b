"""Which of the encodings before Unicode a text is in: chardet's answers, checked by what a text can be."""

import re
import warnings

from alcca.errors import LyricsError
from alcca.texts.languages import encodings_of
from alcca.texts.plausible import is_plausible, main_script

__all__ = ["LARGER", "detected_encoding", "is_hardly_western"]

# What is detected needs no more; the detector's own default is 200 kB.
MAX_SAMPLE = 100_000
# Those that lyrics were written in, on Windows, Linux and the web.
USUAL = (
    *("cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "cp1258", "cp874"),
    *("cp932", "cp949", "gb18030", "big5hkscs", "euc_kr", "shift_jis_2004", "euc_jis_2004"),
    *("iso8859-1", "iso8859-15", "iso8859-2", "iso8859-5", "iso8859-6", "iso8859-7", "iso8859-8", "iso8859-9"),
    *("iso8859-13", "koi8-r", "koi8-u", "tis-620"),
)
# Old Macs and DOS. The detector must be surer of them by this ratio.
UNUSUAL = ("mac-roman", "mac-latin2", "mac-cyrillic", "cp437", "cp850", "cp852", "cp866")
UNUSUAL_MARGIN = 1.2
# The same with more characters, which files that claim the smaller one often hold.
LARGER = {
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "euc_kr": "cp949",
    "shift_jis": "cp932",
    "iso8859-1": "cp1252",
    "iso8859-11": "cp874",
    "tis-620": "cp874",
    "big5": "big5hkscs",
    "ascii": "utf-8",
}
# Where the detector's confidence in another script is nearly as high, or the confidence next to nothing, it is a guess
# (benchmarks/encodings.py: no wrong text of two lines and more is above both).
MIN_MARGIN = 1.2
MIN_CONFIDENCE = 0.05
# The song's language outweighs this ratio of confidences.
HINT = 5.0
STAMP = re.compile(rb"[\[<]\d[\d:.,]{2,14}[\]>]")
# A text with fewer bytes beyond ASCII is readable as Windows-1252, whatever they are.
SPARSE = 0.02
# With fewer letters beyond ASCII, the detector's answer is a guess among Europe's encodings. This one is the usual.
FEW = 4
FEW_PRIOR = 1.5
# Of a damaged text, so many bytes, or one in fifty, may be wrong.
MOST_DAMAGED = 3
HIGH = bytes(range(128, 256))
# A tag that reads as Western European is something else if it is long enough to tell, and much more likely so.
MIN_HIGH = 8
WESTERN_MARGIN = 1.5
UNKNOWN = "its encoding is not known; save it as UTF-8, or name it with --encoding"


def detected_encoding(data: bytes, language: str | None) -> str:
    """The codec of bytes that are not Unicode."""
    # Stamps say nothing, and there are many.
    sample = STAMP.sub(b"", data)[:MAX_SAMPLE]
    candidates = _candidates(sample)
    if candidates:
        codec, confidence, text = _preferred(candidates, language)
        script = main_script(text)[0]
        rival = max((other for _, other, read in candidates if main_script(read)[0] != script), default=0.0)
        # Latin letters among ASCII's need no confidence: the encodings of Western languages hardly differ.
        least = 0.0 if script == "LATIN" else MIN_CONFIDENCE
        if codec in encodings_of(language) or confidence >= max(least, MIN_MARGIN * rival):
            return LARGER.get(codec, codec)
    # A single © in English tells nothing, and does no harm.
    if len(sample) - len(sample.translate(None, HIGH)) <= SPARSE * len(sample):
        text = sample.decode("cp1252", errors="replace")
        if is_plausible(text):
            return "cp1252"
    raise LyricsError(UNKNOWN)


def _candidates(sample: bytes) -> list[tuple[str, float, str]]:
    """Encodings in which a sample reads as a text can, with the confidence and the text, the likely first."""
    few = len(sample) - len(sample.translate(None, HIGH)) < FEW
    candidates = []
    for codec, confidence in [*_asked(sample), *_asked_of_damaged(sample)]:
        text = sample.decode(LARGER.get(codec, codec), errors="replace")
        if is_plausible(text):
            candidates.append((codec, confidence * (FEW_PRIOR if few and codec == "cp1252" else 1.0), text))
    # The sort is stable: of two that are as likely, the usual one.
    return sorted(candidates, key=lambda one: -one[1])


def _asked(sample: bytes) -> list[tuple[str, float]]:
    """The detector's encodings, with its confidence in each."""
    import chardet

    answers = []
    for encodings, share in ((USUAL, 1.0), (UNUSUAL, 1 / UNUSUAL_MARGIN)):
        with warnings.catch_warnings():
            # It says that nothing matches, which is one of the answers here.
            warnings.simplefilter("ignore", UserWarning)
            found = chardet.detect_all(sample, ignore_threshold=True, include_encodings=encodings, compat_names=False)
        answers += [(one["encoding"], one["confidence"] * share) for one in found if one["encoding"] is not None]
    return answers


def _asked_of_damaged(sample: bytes) -> list[tuple[str, float]]:
    """Encodings that a sample would be in but for a few bytes: the detector knows only those without a fault."""
    answers = []
    for codec in USUAL:
        text = sample.decode(codec, errors="ignore")
        whole = text.encode(codec, errors="ignore")
        if 0 < len(sample) - len(whole) <= max(MOST_DAMAGED, len(sample) // 50) < len(sample) and is_plausible(text):
            answers += [one for one in _asked(whole) if one[0] == codec]
    return answers


def _preferred(candidates: list[tuple[str, float, str]], language: str | None) -> tuple[str, float, str]:
    """The most likely candidate, or one of the song's language that is nearly as likely."""
    first, own = candidates[0], encodings_of(language)
    return next((one for one in candidates if one[0] in own and one[1] * HINT >= first[1]), first)


def is_hardly_western(data: bytes, language: str | None) -> bool:
    """Whether bytes that can be Western European are much more likely something else, such as Polish or Turkish."""
    if len(data) - len(data.translate(None, HIGH)) < MIN_HIGH:
        return False
    candidates = _candidates(data[:MAX_SAMPLE])
    western = max((sure for codec, sure, _ in candidates if codec in encodings_of("en")), default=0.0)
    return bool(candidates) and _preferred(candidates, language)[1] > WESTERN_MARGIN * western
