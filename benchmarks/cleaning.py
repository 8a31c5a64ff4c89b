"""Cleaning of lyrics: each line of a folder's lyrics that it removes or changes, to be looked at, and its speed.

    python -m benchmarks cleaning FOLDER [FOLDER ...] [--phrases] [--limit 1000]

Reads every ``.txt`` and ``.lrc`` below the folders. A line counts as removed if nothing of it is left, as a mark if a
blank line is left, and as changed if its words are not the same. ``--phrases`` cuts lines at their punctuation first:
short lines look more like credits, chords and marks than long ones.
"""

import argparse
import re
import time
from collections import Counter
from pathlib import Path

from alcca.cleaning.lyrics import clean_lines, clean_lyrics
from alcca.songs.lyrics import tokenize
from alcca.texts.encodings import read_lyrics_file
from alcca.texts.timed import sung_words

PHRASE_END = re.compile(r"(?<=[,;:.!?—])[^\S\n]+")


def main() -> None:
    """Clean, print what goes, the counts and the speed."""
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("folders", type=Path, nargs="+")
    ask.add_argument("--phrases", action="store_true", help="cut lines at their punctuation")
    ask.add_argument("--limit", type=int, default=1000, help="print so many lines at most; default 1000")
    options = ask.parse_args()
    files = sorted(path for folder in options.folders for path in folder.rglob("*") if path.suffix in (".txt", ".lrc"))
    texts = {file: sung_words(read_lyrics_file(file)) for file in files}
    if options.phrases:
        texts = {file: PHRASE_END.sub("\n", text) for file, text in texts.items()}
    counts: Counter[str] = Counter()
    shown = 0
    for file, text in texts.items():
        lines = text.split("\n")
        for line, cleaned in zip(lines, clean_lines(lines), strict=True):
            kind = _kind(line, cleaned)
            counts[kind] += 1
            if kind not in ("kept", "blank") and shown < options.limit:
                shown += 1
                became = f" -> {' / '.join(cleaned)!r}" if kind == "changed" else ""
                print(f"{kind:<8} {file.name}: {line!r}{became}")
        if any(map(tokenize, lines)) and not clean_lyrics(text):
            counts["empty"] += 1
            print(f"{'empty':<8} {file.name}: {text[:200]!r}")
    started = time.perf_counter()
    for text in texts.values():
        clean_lyrics(text)
    seconds = time.perf_counter() - started
    lines_with_words = sum(counts[kind] for kind in ("kept", "removed", "mark", "changed"))
    print(
        f"\n{len(texts):,} lyrics, {lines_with_words:,} lines with letters: {counts['removed']:,} removed,"
        f" {counts['mark']:,} marks, {counts['changed']:,} changed; {counts['empty']:,} texts left empty."
        f" {1000 * seconds / max(len(texts), 1):.2f} ms a text."
    )


def _kind(line: str, cleaned: list[str]) -> str:
    if not any(map(str.isalnum, line)):
        return "blank"
    if not cleaned:
        return "removed"
    if cleaned == [""]:
        return "mark"
    return "kept" if tokenize(line) == tokenize("\n".join(cleaned)) else "changed"


if __name__ == "__main__":
    main()
