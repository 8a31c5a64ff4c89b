"""Which library finds the encoding of lyrics: share of texts that come back letter for letter, by encoding and length.

``python -m benchmarks encodings`` encodes lines of 32 languages (`benchmarks.encoding_texts`) as people's files are
encoded, as LRC, and counts the texts that each detector decodes rightly. ``--data FOLDER`` adds the songbook's lyrics.
cchardet takes part where it is installed (``pip install faust-cchardet``).
"""

import argparse
import importlib
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path

import chardet

from alcca.errors import LyricsError
from alcca.texts.encodings import decode_text
from benchmarks.encoding_texts import TEXTS

Detector = Callable[[bytes, str], str | None]
SIZES = (1, 2, 4, 8)
SILENT = "alcca, wrong without a note"


def samples(text: str, size: int) -> list[str]:
    """All pieces of so many lines of a text."""
    lines = text.split("\n")
    return ["\n".join(lines[start : start + size]) for start in range(0, len(lines), size)]


def encoded(text: str, encoding: str) -> bytes:
    """A text in an encoding, as people write it: Windows-1258 has the tones of Vietnamese as letters of their own."""
    if encoding != "cp1258":
        return text.encode(encoding)
    data = b""
    for character in text:
        try:
            data += character.encode(encoding)
        except UnicodeEncodeError:
            parts = unicodedata.normalize("NFD", character)
            tone = next(part for part in parts if part in "\u0300\u0301\u0303\u0309\u0323")
            data += unicodedata.normalize("NFC", parts.replace(tone, "")).encode(encoding) + tone.encode(encoding)
    return data


def _detectors() -> dict[str, Detector]:
    found: dict[str, Detector] = {
        "alcca": lambda data, language: _ours(data, None),
        "alcca, told the language": _ours,
        "chardet": lambda data, language: _decoded(data, chardet.detect(data)["encoding"]),
    }
    for module, detect in (
        ("charset_normalizer", lambda module, data: getattr(module.from_bytes(data).best(), "encoding", None)),
        ("cchardet", lambda module, data: module.detect(data)["encoding"]),
    ):
        try:
            library = importlib.import_module(module)
        except ImportError:
            continue
        found[module.replace("_", "-")] = lambda data, _, library=library, detect=detect: _decoded(
            data, detect(library, data)
        )
    return found


def _ours(data: bytes, language: str | None) -> str | None:
    try:
        return decode_text(data, language=language)
    except LyricsError:
        return None


def _decoded(data: bytes, encoding: str | None) -> str | None:
    try:
        return data.decode(encoding, errors="replace") if encoding else None
    except LookupError:
        return None


def _cases() -> Iterator[tuple[str, str, int, str, bytes]]:
    """Language, encoding, size, text and bytes."""
    for language, (encodings, text) in TEXTS.items():
        for encoding in encodings:
            for size in SIZES:
                for piece in samples(text, size):
                    lrc = "\n".join(f"[00:{10 + n}.00]{line}" for n, line in enumerate(piece.split("\n")))
                    data = encoded(lrc, encoding)
                    if not data.isascii() or encoding in ("hz", "iso2022_jp"):
                        yield language, encoding, size, lrc, data


def _real(folder: Path) -> Iterator[tuple[str, str, bytes]]:
    """Encoding, text and bytes of the songbook's lyrics, which are in English, German and French."""
    for file in sorted((folder / "songbook" / "lyrics").glob("*.txt")):
        text = file.read_text(encoding="utf-8").replace("\r\n", "\n")
        for encoding in ("cp1252", "mac-roman"):
            try:
                data = text.encode(encoding)
            except UnicodeEncodeError:
                continue
            if not data.isascii():
                yield encoding, text, data


def main() -> None:
    """Print the shares."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="a folder with the songbook")
    options = parser.parse_args()
    detectors = _detectors()
    right: dict[tuple[str, object], Counter[str]] = defaultdict(Counter)
    total: Counter[tuple[str, object]] = Counter()
    silent: Counter[tuple[str, object]] = Counter()

    def count(keys: list[tuple[str, object]], text: str, data: bytes, language: str) -> None:
        total.update(keys)
        for name, detect in detectors.items():
            read = detect(data, language)
            is_right = read is not None and unicodedata.normalize("NFC", read) == unicodedata.normalize("NFC", text)
            for key in keys:
                right[key][name] += is_right
                silent[key] += name == "alcca" and read is not None and not is_right

    for language, encoding, size, text, data in _cases():
        keys: list[tuple[str, object]] = [("lines", size)]
        if size == 4:
            keys.append(("four lines in", encoding))
        count(keys, text, data, language)
    if options.data is not None:
        for encoding, text, data in _real(options.data):
            count([("songbook in", encoding)], text, data, "")
    print(f"{'':28}{'texts':>7}" + "".join(f"{name:>26}" for name in detectors) + f"{SILENT:>28}")
    for key, texts in sorted(total.items(), key=lambda one: str(one[0])):
        shares = "".join(f"{right[key][name] / texts:26.1%}" for name in detectors)
        print(f"{key[0]} {key[1]!s}".ljust(28) + f"{texts:7}" + shares + f"{silent[key] / texts:28.1%}")


if __name__ == "__main__":
    main()
