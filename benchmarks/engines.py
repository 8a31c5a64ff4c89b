"""The search of one query among a million vectors by each engine of ``--index``, beside NumPy and faiss's flat index.

    OMP_NUM_THREADS=1 python -m benchmarks engines [--songs 1000000] [--dimensions 80] [--rounds 40] [--milvus TEXT]

Exact search stands beside a matrix product with a partition in NumPy, and faiss's flat index. Approximate search
(faiss, IVF) is asked among vectors that stand in crowds, as songs do, with each kind of codes, and among a tenth as
many that are noise alone, where no index is of much use. A query is one of the vectors with a little noise; each round
asks another one, of all ways. ``--milvus milvus://HOST:PORT/COLLECTION`` measures a database of yours with a tenth
of the vectors.
"""

import contextlib
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np

from alcca.search.engines.by_name import engine_named
from alcca.search.engines.engine import Index, Rows, Space, synchronised
from alcca.search.filters import Filter
from benchmarks.measuring import Table, in_turns, make_parser, publish

K, OURS, NUMPY, FLAT = 10, "alcca exact", "NumPy, product and partition", "faiss Flat"
CODES = ("sq8", "pq", "flat")
Find = Callable[[np.ndarray], list[int]]


def crowded(n: int, d: int, rng: np.random.Generator) -> np.ndarray:
    """Vectors in crowds of some 500; a song stands .7 of a crowd's spread beside its middle in each dimension."""
    middles = rng.standard_normal((max(n // 500, 1), d), dtype=np.float32)
    vectors = 0.7 * rng.standard_normal((n, d), dtype=np.float32)
    vectors += middles[rng.integers(len(middles), size=n)]
    return vectors


def songs(vectors: np.ndarray) -> Rows:
    """Them as songs, numbered from 1."""
    ids = np.arange(1, len(vectors) + 1)
    return Rows(ids, ids, lambda some: vectors[some - 1], lambda _: Filter(), lambda: np.empty((0, 0), np.float32))


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

    return {NUMPY: by_numpy, FLAT: by_faiss}


@contextlib.contextmanager
def opened(texts: dict[str, str], rows: Rows, table: Table) -> Iterator[dict[str, Find]]:
    """Searches by engines that are given the songs; what that took is told in the table."""
    folder, engines, found = Path(tempfile.mkdtemp()), [], {}
    try:
        for number, (name, text) in enumerate(texts.items()):
            engine = engine_named(text)
            engines.append(engine)
            space = Space("benchmark", f"{number:x}", folder / str(number), "audio")
            started = time.perf_counter()
            index = synchronised(engine.open(space), rows, tagged=engine.tagged)
            took = time.perf_counter() - started
            size, lists = (
                sum(path.stat().st_size for path in space.folder.rglob(kind) if path.is_file()) / 1e6
                for kind in ("*", "lists.faiss")
            )
            files = f", {size:.0f} MB, of which {lists:.0f} MB are lists" if size else ""
            table.facts[f"{name}, made in"] = f"{took:.1f} s{files}"
            found[name] = asking(index)
        yield found
    finally:
        for engine in engines:
            engine.close()
        shutil.rmtree(folder)


def compare(title: str, vectors: np.ndarray, texts: dict[str, str], rounds: int, rng: np.random.Generator) -> Table:
    """Exact search and some engines."""
    table = Table(f"one query among {len(vectors):,} vectors of {vectors.shape[1]} dimensions, {title}")
    queries = vectors[rng.integers(len(vectors), size=rounds + 1)].astype(np.float64)
    queries += 0.3 * rng.standard_normal(queries.shape)
    rows, answers = songs(vectors), {}
    with opened({OURS: "exact", **texts}, rows, table) as ours:
        ways: dict[str, Find] = {OURS: ours[OURS], **exact_rivals(vectors), **ours}
        for name in ways:
            answers[name] = []

        def ask(name: str) -> None:
            answers[name].append(ways[name](queries[len(answers[name])]))

        table.add(in_turns({name: partial(ask, name) for name in ways}, rounds))
    for name in ways:
        right = [len(set(one) & set(other)) / K for one, other in zip(answers[name], answers[OURS], strict=True)]
        table.facts[f"recall@{K}, {name}"] = float(np.mean(right))
    return table


def main() -> None:
    """Print the tables."""
    parser = make_parser(__doc__, rounds=40)
    parser.add_argument("--songs", type=int, default=1_000_000)
    parser.add_argument("--dimensions", type=int, default=80)
    parser.add_argument("--milvus", metavar="TEXT", help="as of --index")
    options = parser.parse_args()
    rng = np.random.default_rng(0)
    approximate = {f"faiss, codes={codes}": f"faiss:least=1:codes={codes}" for codes in CODES}
    n, d = options.songs, options.dimensions
    tables = [compare("in crowds", crowded(n, d, rng), approximate, options.rounds, rng)]
    best = min((NUMPY, FLAT), key=lambda name: tables[0].ratio(name, OURS))
    tables[0].aim(f"{OURS} to the better of the others, {best}", tables[0].ratio(OURS, best), "<=", 1.15)
    for name in approximate:
        row = next(row for row in tables[0].rows if row.what == name)
        tables[0].aim(f"milliseconds, {name}", 1e3 * row.median, "<=", 1)
        tables[0].aim(f"recall@{K}, {name}", tables[0].facts[f"recall@{K}, {name}"], ">=", 0.98)
    first = dict([next(iter(approximate.items()))])
    tables.append(compare("noise", rng.standard_normal((n // 10, d), np.float32), first, options.rounds, rng))
    if options.milvus:
        named = {options.milvus: options.milvus}
        tables.append(compare("in crowds", crowded(n // 10, d, rng), named, options.rounds, rng))
    publish(tables, options)


if __name__ == "__main__":
    main()
