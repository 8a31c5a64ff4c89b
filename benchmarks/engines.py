"""The search of one query among many vectors by each engine: python benchmarks/engines.py [n] [d] [--milvus TEXT].

Exact search stands beside the bare matrix product with a partition in NumPy, and faiss's flat index. Approximate search
(faiss, IVF) is asked among vectors that stand in crowds, as songs do, for each kind of codes: recall@10 against exact
search, time, how long it took to make, and its size on disk. Among vectors that are noise alone no index is of use,
which is shown too. Songs of a query are a song's vector with a little noise.

All times are medians of single queries, taken in turns; run it with OMP_NUM_THREADS=1. A ratio is to the best of NumPy
and faiss's flat index. ``--milvus milvus://HOST:PORT/COLLECTION`` measures a database of yours with a tenth of the vectors.
"""

import argparse
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from alcca.library.engines.choosing import engine_named
from alcca.library.engines.engine import Index, Rows, Space, synchronised
from alcca.library.filtering import Filter

K, ASKED = 10, 40
Find = Callable[[np.ndarray], list[int]]


def crowded(n: int, d: int, rng: np.random.Generator) -> np.ndarray:
    """Vectors in crowds of some 500; a song stands .7 of a crowd's spread beside its middle in each dimension."""
    middles = rng.standard_normal((max(n // 500, 1), d), dtype=np.float32)
    vectors = 0.7 * rng.standard_normal((n, d), dtype=np.float32)
    vectors += middles[rng.integers(len(middles), size=n)]
    return vectors


def rows_of(vectors: np.ndarray) -> Rows:
    """Them as songs, numbered from 1."""
    ids = np.arange(1, len(vectors) + 1)
    return Rows(ids, ids, lambda some: vectors[some - 1], lambda _: Filter(), lambda: np.empty((0, 0), np.float32))


def in_turns(engines: dict[str, Find], queries: np.ndarray) -> tuple[dict[str, float], dict[str, list[list[int]]]]:
    """Of each engine the median of its times, in ms, and what it found."""
    times: dict[str, list[float]] = {name: [] for name in engines}
    found: dict[str, list[list[int]]] = {name: [] for name in engines}
    for query in [queries[0], *queries]:
        for name, find in engines.items():
            start = time.perf_counter()
            songs = find(query)
            times[name].append(1e3 * (time.perf_counter() - start))
            found[name].append(songs)
    # The first is read from a cold disk, or imports something.
    return {name: float(np.median(took[1:])) for name, took in times.items()}, {n: f[1:] for n, f in found.items()}


def asking(index: Index) -> Find:
    """A search of one of our engines."""
    return lambda query: [song for song, _ in index.search(query, K)]


def exact_rivals(vectors: np.ndarray) -> dict[str, Find]:
    """Exact search by others: of unit vectors, so that they need not divide."""
    import faiss

    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    flat = faiss.IndexFlatIP(vectors.shape[1])
    flat.add(unit)

    def by_numpy(query: np.ndarray) -> list[int]:
        told = unit @ (query / np.linalg.norm(query)).astype(np.float32)
        best = np.argpartition(-told, K)[:K]
        return (best[np.argsort(-told[best])] + 1).tolist()

    def by_faiss(query: np.ndarray) -> list[int]:
        return (flat.search((query / np.linalg.norm(query)).astype(np.float32)[None], K)[1][0] + 1).tolist()

    return {"NumPy, product and partition": by_numpy, "faiss Flat": by_faiss}


def recall(found: list[list[int]], right: list[list[int]]) -> float:
    """The share of the right songs that were found."""
    return float(np.mean([len(set(one) & set(other)) / K for one, other in zip(found, right, strict=True)]))


def compare(title: str, vectors: np.ndarray, texts: list[str], rng: np.random.Generator) -> None:
    """Measure exact search and some engines, and print a table."""
    print(f"\n{len(vectors):,} vectors of {vectors.shape[1]} dimensions, {title}")
    queries = vectors[rng.integers(len(vectors), size=ASKED)].astype(np.float64)
    queries += 0.3 * rng.standard_normal(queries.shape)
    rows, folder = rows_of(vectors), Path(tempfile.mkdtemp())
    exact = synchronised(engine_named("exact").open(Space("b", "b", folder, "audio")), rows)
    rivals = exact_rivals(vectors)
    engines = {"alcca exact": asking(exact), **rivals}
    notes, opened = {}, []
    try:
        for number, text in enumerate(texts):
            engine = engine_named(text)
            opened.append(engine)
            space = Space("b0", f"{number:x}", folder / str(number), "audio")
            start = time.perf_counter()
            index = synchronised(engine.open(space), rows, tagged=engine.tagged)
            size = sum(path.stat().st_size for path in space.folder.rglob("*") if path.is_file())
            lists = sum(path.stat().st_size for path in space.folder.rglob("lists.faiss"))
            made = f"made in {time.perf_counter() - start:.0f} s"
            notes[text] = f"{made}, {size / 1e6:.0f} MB, of which {lists / 1e6:.0f} are lists" if size else made
            engines[text] = asking(index)
        times, found = in_turns(engines, queries)
    finally:
        for engine in opened:
            engine.close()
        shutil.rmtree(folder)
    best = min(times[name] for name in rivals)
    for name, took in times.items():
        print(
            f"  {name:30s} {took:8.2f} ms  {took / best:6.2f} ×  recall@10 "
            f"{recall(found[name], found['alcca exact']):.3f}  {notes.get(name, '')}"
        )


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("n", type=int, nargs="?", default=1_000_000)
    parser.add_argument("d", type=int, nargs="?", default=80)
    parser.add_argument("--milvus", metavar="TEXT", help="as of --index")
    options = parser.parse_args()
    rng = np.random.default_rng(0)
    approximate = [f"faiss:least=1:codes={codes}" for codes in ("sq8", "pq", "flat")]
    compare("in crowds", crowded(options.n, options.d, rng), approximate, rng)
    noise = rng.standard_normal((options.n // 10, options.d), dtype=np.float32)
    compare("noise", noise, approximate[:1], rng)
    if options.milvus:
        compare("in crowds", crowded(options.n // 10, options.d, rng), [options.milvus], rng)


if __name__ == "__main__":
    main()
