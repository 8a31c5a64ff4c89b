"""Exact search: the folded index beside the index of format 2, SQLite's unicode61 tokenizer, on made-up songs.

    python -m benchmarks exact_words [--songs 50000] [--seed 0]

Words follow Zipf's law. Of the songs, 80% are of 200 words in Latin script, one in ten with an accent or an apostrophe;
20% are of 600 Han characters and kana without spaces. Both indexes are built in files of their own, in one run. Sizes
are those of the index without the songs; times of a query, of the processor, are medians over 20 of its kind.
"""

import argparse
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np

from alcca.store.exact_words import ExactWords
from alcca.store.readings import Readings

SONGS = "CREATE TABLE songs (id INTEGER PRIMARY KEY, title TEXT, artist TEXT, lyrics TEXT)"
OLD = """
CREATE VIRTUAL TABLE words USING fts5(
    title, artist, lyrics, content='songs', content_rowid='id', tokenize='unicode61 remove_diacritics 2'
);
INSERT INTO words(words) VALUES ('rebuild');
"""
SYLLABLES = [a + b for a in "bcdfghjklmnprstvwyz" for b in ("a", "e", "i", "o", "u", "er", "in")]
HAN = [chr(code) for code in range(0x4E00, 0x4E00 + 3000)] + [chr(code) for code in range(0x3041, 0x3094)]
ACCENTS = str.maketrans("aeou", "àéöü")
Row = tuple[int, str, str, str]


def vocabulary(rng: np.random.Generator, size: int = 50_000) -> list[str]:
    """Made-up words, one in ten of them with an accent or an apostrophe."""
    words = dict.fromkeys("".join(rng.choice(SYLLABLES, rng.integers(1, 5))) for _ in range(size))
    change: list[Callable[[str], str]] = [lambda word: word.translate(ACCENTS), lambda word: f"{word}'s"]
    return [change[i // 10 % 2](word) if i % 10 == 0 else word for i, word in enumerate(words)]


def songs(count: int, words: Sequence[str], rng: np.random.Generator) -> Iterator[Row]:
    """Made-up songs."""
    for number in range(1, count + 1):
        pool, size, gap = (HAN, 600, "") if number % 5 == 0 else (words, 200, " ")
        drawn = [pool[i] for i in np.minimum(rng.zipf(1.3, size) - 1, len(pool) - 1 - rng.integers(0, 200, size))]
        lines = [gap.join(drawn[i : i + size // 30]) for i in range(0, size, size // 30)]
        yield number, gap.join(drawn[:3]), f"artist {number % 997}", "\n".join(lines)


def built(
    folder: Path, name: str, rows: Sequence[Row], build: Callable[[sqlite3.Connection], object]
) -> sqlite3.Connection:
    """Store the songs, build an index, and print its size and how long it took."""
    db = sqlite3.connect(folder / name, isolation_level=None)
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("BEGIN")
    db.execute(SONGS)
    db.executemany("INSERT INTO songs VALUES (?, ?, ?, ?)", rows)
    db.execute("COMMIT")
    before = db.execute("PRAGMA page_count").fetchone()[0]
    start, cpu = time.perf_counter(), time.process_time()
    db.execute("BEGIN")
    build(db)
    db.execute("COMMIT")
    took, worked = time.perf_counter() - start, time.process_time() - cpu
    pages = db.execute("PRAGMA page_count").fetchone()[0] - before
    size = pages * db.execute("PRAGMA page_size").fetchone()[0]
    print(
        f"{name:<8}{size / 1e6:8.1f} MB {1e3 * took / len(rows):8.3f} ms a song ({1e3 * worked / len(rows):.3f} of CPU)"
    )
    return db


def median(search: Callable[[str], list[int]], queries: Sequence[str]) -> tuple[float, float]:
    """Milliseconds of processor time of a query, and how many songs it finds."""
    times, found = [], []
    for query in queries:
        start = time.process_time()
        found.append(len(search(query)))
        times.append(1e3 * (time.process_time() - start))
    return statistics.median(times), statistics.median(found)


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--songs", type=int, default=50_000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    rng = np.random.default_rng(options.seed)
    words = vocabulary(rng)
    rows = list(songs(options.songs, words, rng))

    def new(db: sqlite3.Connection) -> None:
        for statement in filter(None, map(str.strip, (Readings.schema + ExactWords.schema).split(";"))):
            db.execute(statement)
        ExactWords(db).rebuild()

    def old(db: sqlite3.Connection) -> None:
        for statement in filter(None, map(str.strip, OLD.split(";"))):
            db.execute(statement)

    spaced = [row[3].split() for row in rows if row[0] % 5][: 20 * 7 : 7]
    runs = [row[3].splitlines()[3] for row in rows if row[0] % 5 == 0][: 20 * 7 : 7]
    kinds = {
        "one common word": [words[i] + " " for i in range(1, 21)],
        "two words": [" ".join((text[10], text[90])) + " " for text in spaced],
        "a line": [" ".join(text[30:36]) + " " for text in spaced],
        "the beginning of a word": [words[i][:3] for i in range(300, 320)],
        "two characters of a run": [run[2:4] for run in runs],
        "eight characters of a run": [run[2:10] for run in runs],
        "500 words": [" ".join(dict.fromkeys(words[i : i + 450])) + " " for i in range(20)],
    }
    with tempfile.TemporaryDirectory() as folder:
        before = built(Path(folder), "format 2", rows, old)
        now = ExactWords(built(Path(folder), "folded", rows, new))
        earlier = ExactWords(before)
        for kind, queries in kinds.items():
            old_ms, old_found = median(earlier.search, queries)
            ms, found = median(now.search, queries)
            print(f"{kind:<28}{old_ms:8.2f} ms {old_found:7.0f} songs {ms:8.2f} ms {found:7.0f} songs")


if __name__ == "__main__":
    main()
