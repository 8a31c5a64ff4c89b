"""How the cost of each stage grows with the number of songs.

    python -m benchmarks growth [--sizes 1000,10000,100000] [--million]

Made-up songs: noise of the features' sizes, and words drawn by Zipf's law. Each stage is measured at each size;
``--million`` adds 1,000,000 songs to the stages of the learned space, whose features are drawn a chunk at a time. What
is done song by song (decoding, MFCC, hearing) grows with them, and `features` and `hearing` measure it.
"""

import resource
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from alcca.encoders.tfidf import TfidfEncoder
from alcca.features.doc2vec import Doc2VecFeatures
from alcca.models.acmr import ACMR
from alcca.models.cca import CCA
from alcca.search.engines.exact import ExactIndex
from alcca.store.ngram_index import NgramIndex
from alcca.store.records import Song, SongAudio
from alcca.store.songs import Store
from benchmarks.measuring import Row, Table, make_parser, publish, repeated

CHUNK, WORDS, VOCABULARY = 10_000, 220, 20_000
LETTERS = "abcdefghijklmnopqrstuvwxyz"
TEXTS_AT_MOST = 2_000  # Doc2Vec's cost is that of a text times their number
STEPPED = 2_000  # songs of which an epoch of ACMR is timed


def words(rng: np.random.Generator) -> np.ndarray:
    """Words of two to nine letters."""
    lengths = rng.integers(2, 10, VOCABULARY)
    return np.array(["".join(rng.choice(list(LETTERS), length)) for length in lengths])


def texts(vocabulary: np.ndarray, n: int, rng: np.random.Generator) -> Iterator[list[str]]:
    """Words of n songs, one song after the other."""
    share = 1 / np.arange(1, VOCABULARY + 1)
    share /= share.sum()
    for start in range(0, n, CHUNK):
        rows = rng.choice(VOCABULARY, (min(CHUNK, n - start), WORDS), p=share)
        yield from (vocabulary[row].tolist() for row in rows)


def stored(n: int, folder: Path, vocabulary: np.ndarray) -> tuple[float, float]:
    """Seconds to write songs with MFCC into a library, and bytes a song."""
    rng = np.random.default_rng(0)
    frames, took = rng.standard_normal((20, 161)).astype(np.float32), 0.0
    store, batch = Store(folder), 32
    songs = texts(vocabulary, n, rng)
    for start in range(0, n, batch):
        made = [" ".join(next(songs)) for _ in range(min(batch, n - start))]
        started = time.perf_counter()
        with store.transaction():
            for number, text in enumerate(made, start):
                heard = SongAudio(None, 75.0, 30.0, 0.0, 180.0, "soundfile")
                song = store.put_song(Song(hash=str(number), title=f"Song {number}", lyrics=text, audio=heard))
                store.put_features(song, "mfcc", frames)
        took += time.perf_counter() - started
    store.close()
    return took, sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / n


def indexed(n: int, folder: Path, vocabulary: np.ndarray) -> tuple[float, list[float], float]:
    """Candidates for alignment: seconds to build, of each query, and bytes a song."""
    rng = np.random.default_rng(1)
    db = sqlite3.connect(folder / "index.sqlite", isolation_level=None)
    db.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;" + NgramIndex.TABLES)
    index = NgramIndex(db, "lyrics")
    queries: list[str] = []

    def songs() -> Iterator[tuple[int, str]]:
        for number, song in enumerate(texts(vocabulary, n, rng)):
            if number % (n // 50) == 0:
                queries.append("".join(song[40:100]))
            yield number, "".join(song)

    started = time.perf_counter()
    db.execute("BEGIN")
    index.put_all(songs())
    db.execute("COMMIT")
    built = time.perf_counter() - started
    seconds = []
    for query in queries:
        started = time.perf_counter()
        index.search(query, 50)
        seconds.append(time.perf_counter() - started)
    db.close()
    return built, seconds, sum(path.stat().st_size for path in folder.iterdir()) / n


def learned(n: int) -> tuple[float, float, list[float]]:
    """Seconds of CCA by chunks and of putting songs into its space, without drawing features; and of each query."""
    rng = np.random.default_rng(2)
    X, Y = rng.standard_normal((CHUNK, 200)), rng.standard_normal((CHUNK, 200))
    model = CCA(80, ridge=1.0)
    fit = put = 0.0
    vectors = np.empty((n, 80), np.float32)
    for start in range(0, n, CHUNK):
        size = min(CHUNK, n - start)
        started = time.perf_counter()
        model.partial_fit((X[:size], Y[:size]))
        fit += time.perf_counter() - started
    started = time.perf_counter()
    model.correlations_  # noqa: B018 - solved when first asked for
    fit += time.perf_counter() - started
    for start in range(0, n, CHUNK):
        size = min(CHUNK, n - start)
        started = time.perf_counter()
        vectors[start : start + size] = model.transform((X[:size], None))[0]
        put += time.perf_counter() - started
    vectors += rng.standard_normal(vectors.shape, dtype=np.float32)
    index = ExactIndex(np.arange(n), vectors)
    return fit, put, list(repeated(lambda: index.search(vectors[0], 10), 20))


def timed(way: Callable[[], object]) -> float:
    """Seconds of one call."""
    started = time.perf_counter()
    way()
    return time.perf_counter() - started


def measure(n: int, vocabulary: np.ndarray, only_space: bool) -> Table:
    """All stages at one size."""
    table = Table(f"{n:,} songs", compared=False)
    fit, put, queries = learned(n)
    table.rows = [
        Row("CCA by partial_fit, 200 + 200 columns", [fit]),
        Row("putting them into its space, 80 components", [put]),
        Row("a query, exact", queries),
    ]
    table.facts["vectors of both views, bytes a song"] = 2 * 80 * 4
    if not only_space:
        with tempfile.TemporaryDirectory() as made:
            seconds, size = stored(n, Path(made), vocabulary)
        table.rows.append(Row("writing them with MFCC and lyrics", [seconds]))
        table.facts["the library with MFCC, lyrics, full text and letters, bytes a song"] = round(size)
        with tempfile.TemporaryDirectory() as made:
            built, queries, size = indexed(n, Path(made), vocabulary)
        table.rows += [Row("building the index of letters", [built]), Row("a passage's candidates", queries)]
        table.facts["the index of letters, bytes a song"] = round(size)
        rng = np.random.default_rng(3)
        lyrics = [" ".join(song) for song in texts(vocabulary, n, rng)]
        tfidf = TfidfEncoder()
        table.rows.append(Row("fitting TF-IDF", [timed(lambda: tfidf.fit(lyrics))]))
        few = lyrics[:TEXTS_AT_MOST]
        doc2vec = Doc2VecFeatures(vector_size=300).fit(few)
        table.facts["Doc2Vec, ms of inference a song"] = timed(lambda: doc2vec.transform(few)) / len(few) * 1e3
        views = rng.standard_normal((STEPPED, 3220)), rng.standard_normal((STEPPED, 300))
        labels = rng.integers(20, size=STEPPED)
        ACMR(epochs=1, device="cpu").fit(views, labels)  # what the first call costs is no training
        two, four = (timed(lambda e=e: ACMR(epochs=e, device="cpu").fit(views, labels)) for e in (2, 4))
        table.facts["ACMR and ALCCA, ms an epoch and song"] = (four - two) / 2 / STEPPED * 1e3
    table.facts["peak memory of the process until here, MB"] = round(
        resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    )
    return table


def main() -> None:
    """Print a table for each size."""
    parser = make_parser(__doc__, rounds=1)
    parser.add_argument("--sizes", default="1000,10000,100000")
    parser.add_argument("--million", action="store_true")
    options = parser.parse_args()
    vocabulary = words(np.random.default_rng(0))
    tables = [measure(int(size), vocabulary, False) for size in options.sizes.split(",")]
    if options.million:
        tables.append(measure(1_000_000, vocabulary, True))
    publish(tables, options)


if __name__ == "__main__":
    main()
