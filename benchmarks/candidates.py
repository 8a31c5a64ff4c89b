"""Candidates for alignment: alcca's index beside SQLite FTS5, bm25s and tantivy, and the alignment with all songs.

    pip install bm25s tantivy
    python -m benchmarks candidates --lyrics FOLDER [--songs 100000] [--queries 200] [--aligned 60] [--quick]
    python -m benchmarks candidates --lyrics FOLDER --songs 1000000 --aligned 20 --engines alcca --what passages

FOLDER holds lyrics as .txt files. Songs are made by recombining their lines, about 1,200 letters each. A heard
passage is 250 letters of a song, of which 20 to 50% are misheard: words in runs, letters for letters that sound
alike, others lost or added. A typed line is 20 to 48 letters of a transcript's song, one word in five misremembered;
it is searched among transcripts that are misheard like the passages. All engines get the same 5-grams of letters.

Recall@50 of the song: the true song, or for lines one that holds the same line, is among 50 candidates. Recall@50 of
the alignment: a song with the highest Smith-Waterman score of all songs is. Each engine commits durably (tantivy and
bm25s by their own means). One process; on a shared machine the CPU time (a query's median) says more than the clock.
"""

import argparse
import re
import shutil
import sqlite3
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import parasail

from alcca.matching.folding import fold
from alcca.store.ngram_index import NgramIndex

K, N = 50, 5
ALIKE = ("aeiouy", "bp", "dt", "gkcq", "szcx", "mn", "fvw", "lr", "hj")
COMMON = list("etaoinshrdlu")
IN_WORD = 0.65  # share of a misheard word's letters that are wrong
Words = tuple[str, ...]


# --- songs and queries ------------------------------------------------------------------------------------------------


def lines_of(folder: Path, longest: int = 48) -> list[Words]:
    """The different lines of all lyrics, as folded words; long ones are broken between words."""
    lines = set()
    for path in sorted(folder.glob("*.txt")):
        for text in path.read_text(encoding="utf-8").splitlines():
            line: list[str] = []
            for word in filter(None, (fold(word).letters for word in text.split())):
                if line and sum(map(len, line)) + len(word) > longest:
                    lines.add(tuple(line))
                    line = []
                line.append(word)
            if sum(map(len, line)) >= 10:
                lines.add(tuple(line))
    return sorted(lines)


def mishear(words: Sequence[str], rate: float, rng: np.random.Generator) -> str:
    """What is heard when ``rate`` of the letters are wrong."""
    heard = []
    for word in words:
        wrong = rng.random() < rate / IN_WORD
        for letter in word:
            if not wrong or rng.random() >= IN_WORD:
                heard.append(letter)
                continue
            kind, alike = rng.random(), "".join(c for c in ALIKE if letter in c).replace(letter, "")
            if kind < 0.5:
                heard.append(str(rng.choice(list(alike) if alike and rng.random() < 0.7 else COMMON)))
            elif kind < 0.75:
                heard.append(letter + str(rng.choice(COMMON)))
    return "".join(heard)


def passage(lines: list[Words], song: np.ndarray, rng: np.random.Generator, letters: int = 250) -> str:
    """A misheard passage, beginning anywhere."""
    words = [word for line in song for word in lines[line]]
    begins = np.cumsum([0, *map(len, words)])
    begin = rng.integers(max(1, begins[-1] - letters))
    inside = [word for word, at in zip(words, begins, strict=False) if begin <= at < begin + letters]
    return mishear(inside, rng.uniform(0.2, 0.5), rng)


# --- engines ----------------------------------------------------------------------------------------------------------


def grams(letters: str) -> list[str]:
    """The different 5-grams."""
    return sorted({letters[i : i + N] for i in range(len(letters) - N + 1)})


def connect(folder: Path) -> sqlite3.Connection:
    """A database with the library's settings."""
    connection = sqlite3.connect(folder / "songs.sqlite", isolation_level=None)
    connection.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL")
    return connection


class _Engine(ABC):
    """Something that names candidates."""

    name = ""
    add_is_rebuild = False

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @abstractmethod
    def build(self, songs: list[str]) -> None:
        """Index songs, numbered from 0, durably."""

    @abstractmethod
    def add(self, number: int, song: str) -> None:
        """Index one more, durably."""

    @abstractmethod
    def settle(self) -> None:
        """Bring everything to disk and make it visible."""

    @abstractmethod
    def search(self, query: str) -> list[int]:
        """The best K songs."""


class _Ours(_Engine):
    """`alcca.store.ngram_index`."""

    name = "alcca NgramIndex"

    def build(self, songs):
        self.db = connect(self.folder)
        self.db.executescript(NgramIndex.TABLES)
        self.index = NgramIndex(self.db, "lyrics")
        self.db.execute("BEGIN")
        self.index.put_all(enumerate(songs))
        self.db.execute("COMMIT")

    def add(self, number, song):
        self.db.execute("BEGIN")
        self.index.put(number, song)
        self.db.execute("COMMIT")

    def search(self, query):
        return self.index.search(query, K)

    def settle(self):
        self.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")


class _Fts5(_Engine):
    """FTS5 as it comes: any of the grams, ordered by BM25."""

    name = "SQLite FTS5, all grams, bm25()"
    detail = "full"  # without, bm25() counts no occurrences in a table that has no content

    def build(self, songs):
        self.db = connect(self.folder)
        self.db.execute(
            f"CREATE VIRTUAL TABLE song USING fts5(grams, content='', detail={self.detail}, tokenize='ascii')"
        )
        self.db.execute("CREATE VIRTUAL TABLE gram USING fts5vocab(song, 'row')")
        self.db.execute("BEGIN")
        rows = ((number, " ".join(grams(song))) for number, song in enumerate(songs))
        self.db.executemany("INSERT INTO song(rowid, grams) VALUES (?, ?)", rows)
        self.db.execute("COMMIT")

    def add(self, number, song):
        self.db.execute("INSERT INTO song(rowid, grams) VALUES (?, ?)", (number, " ".join(grams(song))))

    def search(self, query):
        select = "SELECT rowid FROM song WHERE song MATCH ? ORDER BY bm25(song) LIMIT ?"
        return [song for (song,) in self.db.execute(select, (" OR ".join(grams(query)), K))]

    def settle(self):
        self.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")


class _Fts5Rare(_Fts5):
    """FTS5 as a store of postings: the rarest grams, up to so many songs, vote in numpy."""

    name = "SQLite FTS5, rarest grams vote"
    detail = "none"
    budget = 20_000

    def build(self, songs):
        super().build(songs)
        self.count = len(songs) + 1000

    def search(self, query):
        select = "SELECT doc FROM gram WHERE term = ?"
        rare = sorted((holders, gram) for gram in grams(query) for (holders,) in self.db.execute(select, (gram,)))
        votes, read = np.zeros(self.count), 0
        for holders, gram in rare:
            read += holders
            if read > self.budget and votes.any():
                break
            match = self.db.execute("SELECT rowid FROM song WHERE song MATCH ?", (gram,))
            votes[np.fromiter((song for (song,) in match), np.int64, holders)] += np.log(1 + self.count / holders)
        best = np.argpartition(-votes, K)[:K]
        return best[votes[best] > 0].tolist()


class _Bm25s(_Engine):
    """bm25s: a matrix of scores in memory, saved as files."""

    name = "bm25s"
    add_is_rebuild = True

    def build(self, songs):
        import bm25s
        from bm25s.tokenization import Tokenized

        vocabulary: dict[str, int] = {}
        ids = [[vocabulary.setdefault(gram, len(vocabulary)) for gram in grams(song)] for song in songs]
        self.index = bm25s.BM25()
        self.index.index(Tokenized(ids=ids, vocab=vocabulary), create_empty_token=False, show_progress=False)
        self.vocabulary = vocabulary

    def settle(self):
        self.index.save(self.folder)

    def add(self, number, song):
        raise NotImplementedError  # bm25s has no way to add to an index; the table shows that

    def search(self, query):
        votes = self.index.get_scores([gram for gram in grams(query) if gram in self.vocabulary])
        best = np.argpartition(-votes, K)[:K]
        return best[votes[best] > 0].tolist()


class _Tantivy(_Engine):
    """tantivy: Lucene's design in Rust."""

    name = "tantivy"

    def build(self, songs):
        import tantivy

        schema = tantivy.SchemaBuilder()
        schema.add_unsigned_field("song", stored=True)
        schema.add_text_field("grams", tokenizer_name="whitespace", index_option="basic")
        self.tantivy, self.schema = tantivy, schema.build()
        self.index = tantivy.Index(self.schema, path=str(self.folder))
        self.writer = self.index.writer(200_000_000, 1)
        for number, song in enumerate(songs):
            self.writer.add_document(tantivy.Document(song=number, grams=" ".join(grams(song))))
        self.writer.commit()

    def add(self, number, song):
        self.writer.add_document(self.tantivy.Document(song=number, grams=" ".join(grams(song))))
        self.writer.commit()

    def search(self, query):
        term = self.tantivy.Query.term_query
        terms = [(self.tantivy.Occur.Should, term(self.schema, "grams", gram, "basic")) for gram in grams(query)]
        hits = self.searcher.search(self.tantivy.Query.boolean_query(terms), K).hits
        return [self.searcher.doc(address)["song"][0] for _, address in hits]

    def settle(self):
        self.index.reload()
        self.searcher = self.index.searcher()


ENGINES: dict[str, type[_Engine]] = {
    "alcca": _Ours, "fts5": _Fts5, "fts5-rare": _Fts5Rare, "bm25s": _Bm25s, "tantivy": _Tantivy,
}  # fmt: skip
WHAT = ("passages", "lines")


# --- measuring --------------------------------------------------------------------------------------------------------


def align(query: str, songs: list[str]) -> tuple[np.ndarray, float]:
    """Smith-Waterman scores of a query with all songs, and the seconds that took."""
    start = time.perf_counter()
    matrix = parasail.matrix_create("abcdefghijklmnopqrstuvwxyz0123456789", 2, -1)
    profile = parasail.profile_create_sat(query, matrix)
    scores = [parasail.sw_striped_profile_sat(profile, song, 3, 1).score for song in songs]
    return np.array(scores), time.perf_counter() - start


def measure(
    engine: _Engine, songs: list[str], queries: list[str], right: list[set[int]], aligned: list[np.ndarray]
) -> list[str]:
    """A row of the table."""
    start = time.perf_counter()
    engine.build(songs)
    engine.settle()
    build = time.perf_counter() - start
    size = sum(path.stat().st_size for path in engine.folder.rglob("*") if path.is_file()) / 1e6
    engine.search(queries[0])
    seconds, busy, found = [], [], []
    for query in queries:
        start, cpu = time.perf_counter(), time.process_time()
        found.append(engine.search(query))
        seconds.append(time.perf_counter() - start)
        busy.append(time.process_time() - cpu)
    add = "rebuild"
    if not engine.add_is_rebuild:
        times = []
        for more in range(300):  # enough that ours sorts in once
            start = time.perf_counter()
            engine.add(len(songs) + more, songs[more])
            times.append(time.perf_counter() - start)
        add = f"{1e3 * np.mean(times):.1f} (longest {1e3 * max(times):.0f})"
    song = np.mean([bool(right_one & set(hits)) for right_one, hits in zip(right, found, strict=True)])
    best = np.mean(
        [bool(hits) and scores[hits].max() == scores.max() for scores, hits in zip(aligned, found, strict=False)]
    )
    p50, p95 = 1e3 * np.percentile(seconds, [50, 95])
    cpu = 1e3 * np.median(busy)
    latency = [f"{milliseconds:.1f}" for milliseconds in (p50, p95, cpu)]
    return [engine.name, f"{build:.0f}", add, f"{size:.0f}", *latency, f"{song:.3f}", f"{best:.3f}"]


def report(
    title: str, songs: list[str], queries: list[str], right: list[set[int]], count: int, engines: Sequence[str]
) -> None:
    """Print the table of one collection."""
    aligned = [align(query, songs) for query in queries[:count]]
    agree = np.mean(
        [scores[list(ones)].max() == scores.max() for (scores, _), ones in zip(aligned, right, strict=False)]
    )
    print(f"\n{title}: {len(songs):,} of {np.mean(list(map(len, songs))):.0f} letters, {len(queries)} queries")
    head = (
        "engine",
        "build s",
        "add one ms",
        "MB",
        "p50 ms",
        "p95 ms",
        "CPU ms",
        "recall@50, song",
        "recall@50, alignment",
    )
    print("| " + " | ".join(head) + " |\n|" + "---|" * len(head))
    for kind in (ENGINES[name] for name in engines):
        folder = Path(tempfile.mkdtemp())
        try:
            row = measure(kind(folder), songs, queries, right, [scores for scores, _ in aligned])
        except ImportError as error:
            row = [f"{kind.name}: {error}", *[""] * 8]
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        print("| " + " | ".join(row) + " |", flush=True)
    p50, p95 = 1e3 * np.percentile([seconds for _, seconds in aligned], [50, 95])
    print(f"| alignment with all | 0 | 0 | 0 | {p50:.0f} | {p95:.0f} | | {agree:.3f} (first) | 1.000 |", flush=True)


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=re.split(r"\n", __doc__)[0])
    parser.add_argument("--lyrics", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--songs", type=int, default=100_000)
    parser.add_argument("--queries", type=int, default=200)
    parser.add_argument("--aligned", type=int, default=60, help="queries that are aligned with all songs, too")
    parser.add_argument("--engines", nargs="+", choices=ENGINES, default=list(ENGINES), metavar="NAME",
                        help=f"of {', '.join(ENGINES)}; all of them by default")  # fmt: skip
    parser.add_argument("--what", nargs="+", choices=WHAT, default=WHAT, help="one of the two tables alone")
    parser.add_argument("--quick", action="store_true", help="5,000 songs, 40 queries")
    options = parser.parse_args()
    if options.quick:
        options.songs, options.queries, options.aligned = 5000, 40, 20
    rng = np.random.default_rng(0)
    lines = lines_of(options.lyrics)
    if not lines:
        raise SystemExit(f"{options.lyrics}: no .txt files with lyrics; name a folder that holds some")
    texts = ["".join(line) for line in lines]
    recipes = []
    for letters in rng.normal(1200, 300, options.songs):
        pick = rng.integers(len(lines), size=80)
        recipes.append(pick[: max(4, int(np.searchsorted(np.cumsum([len(texts[i]) for i in pick]), letters)))])
    songs = ["".join(texts[line] for line in recipe) for recipe in recipes]
    chosen = rng.choice(options.songs, options.queries, replace=False)
    heard = [passage(lines, recipes[song], rng) for song in chosen]
    if "passages" in options.what:
        right = [{int(song)} for song in chosen]
        report("Heard passages among lyrics", songs, heard, right, options.aligned, options.engines)
    if "lines" not in options.what:
        return

    transcripts, contents = [], []
    for recipe in recipes:
        begin = rng.integers(max(1, len(recipe) - 7))
        contents.append(recipe[begin : begin + 7])
        transcripts.append(mishear([w for i in contents[-1] for w in lines[i]], rng.uniform(0.2, 0.5), rng))
    holders: dict[int, set[int]] = {}
    for song, content in enumerate(contents):
        for line in content.tolist():
            holders.setdefault(line, set()).add(song)
    typed = [int(rng.choice([i for i in contents[song] if len(texts[i]) >= 20] or contents[song])) for song in chosen]
    slips = [mishear(lines[line], 0.2 * IN_WORD, rng) for line in typed]
    report("Typed lines among transcripts", transcripts, slips, [holders[line] for line in typed], options.aligned,
           options.engines)  # fmt: skip


if __name__ == "__main__":
    main()
