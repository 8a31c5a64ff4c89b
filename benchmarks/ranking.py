"""How far ranks are from the bare product of all similarities, beside a full argsort and ranx.

    python -m benchmarks ranking [--items 10000] [--many 50000] [--dimensions 80] [--rounds 3]

The floor is the matrix product of all similarities, block by block.
"""

import resource
import time

import numpy as np

from alcca.retrieval import category_ranks, instance_ranks, mrr1, recall_at
from benchmarks.measuring import Row, Table, in_turns, make_parser, publish

BLOCK, LABELS, RANX_ITEMS = 256, 20, 1_000


def product(queries: np.ndarray, gallery: np.ndarray) -> None:
    """All similarities, none kept."""
    for start in range(0, len(queries), BLOCK):
        queries[start : start + BLOCK] @ gallery.T


def argsort(queries: np.ndarray, gallery: np.ndarray) -> None:
    """The whole order of each query's gallery."""
    for start in range(0, len(queries), BLOCK):
        np.argsort(-(queries[start : start + BLOCK] @ gallery.T), axis=1)


def everything(queries: np.ndarray, gallery: np.ndarray, labels: list[str]) -> None:
    """Ranks of instances and categories, and all measures."""
    for ranks in (instance_ranks(queries, gallery), category_ranks(queries, gallery, labels, labels)[0]):
        mrr1(ranks)
        for cut in (1, 5, 10):
            recall_at(ranks, cut)


def compare(n: int, d: int, rounds: int) -> Table:
    """Each of the ranks, and the obvious way."""
    rng = np.random.default_rng(0)
    queries, gallery = rng.standard_normal((n, d)), rng.standard_normal((n, d))
    labels = [f"mood {label}" for label in rng.integers(LABELS, size=n)]
    ways = {
        "floor: the matrix product": lambda: product(queries, gallery),
        "instance_ranks": lambda: instance_ranks(queries, gallery),
        "category_ranks": lambda: category_ranks(queries, gallery, labels, labels),
        "both, and all measures": lambda: everything(queries, gallery, labels),
    }
    table = Table(f"ranks, {n:,} queries against {n:,} items of {d} dimensions, float64")
    table.add(in_turns(ways, rounds))
    table.add(in_turns({"argsort": lambda: argsort(queries, gallery)}, 1, warm=False))
    floor, *_ = (row.what for row in table.rows)
    table.aim("both and all measures to two floors", table.ratio("both, and all measures", floor) / 2, "<=", 2)
    return table


def beside_ranx(n: int, d: int) -> Table:
    """The same measures by ranx, from dictionaries of names and scores as it takes them; few items, for it is slow."""
    rng = np.random.default_rng(0)
    queries, gallery = rng.standard_normal((n, d)), rng.standard_normal((n, d))
    labels = [f"mood {label}" for label in rng.integers(LABELS, size=n)]

    def by_ranx() -> None:
        from ranx import Qrels, Run, evaluate

        scores = queries @ gallery.T
        run = Run({str(i): {str(j): float(s) for j, s in enumerate(row)} for i, row in enumerate(scores)})
        own = Qrels({str(i): {str(i): 1} for i in range(n)})
        alike = Qrels({str(i): {str(j): 1 for j in range(n) if labels[j] == labels[i]} for i in range(n)})
        for right in (own, alike):
            evaluate(right, run, ["mrr", "hit_rate@1", "hit_rate@5", "hit_rate@10"])

    table = Table(f"both ranks and all measures, {n:,} x {n:,}")
    table.add(in_turns({"alcca": lambda: everything(queries, gallery, labels)}, 3))
    table.add(in_turns({"ranx": by_ranx}, 1))
    return table


def many(n: int, d: int) -> Table:
    """Once, for time and memory."""
    rng = np.random.default_rng(0)
    queries, gallery = rng.standard_normal((n, d)), rng.standard_normal((n, d))
    table = Table(f"instance_ranks, {n:,} x {n:,} of {d} dimensions, float64")
    started = time.perf_counter()
    instance_ranks(queries, gallery)
    took = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 / 1024
    table.rows.append(Row("instance_ranks", [took]))
    table.aim("seconds", took, "<=", 12)
    table.aim("peak memory of the process, everything that it has imported included, GB", peak, "<=", 1)
    return table


def main() -> None:
    """Print seconds and ratios."""
    parser = make_parser(__doc__, rounds=3)
    parser.add_argument("--items", type=int, default=10_000)
    parser.add_argument("--many", type=int, default=50_000)
    parser.add_argument("--dimensions", type=int, default=80)
    options = parser.parse_args()
    # First, for the peak of the memory is that of the process.
    tables = [many(options.many, options.dimensions), compare(options.items, options.dimensions, options.rounds)]
    publish([*tables, beside_ranx(RANX_ITEMS, options.dimensions)], options)


if __name__ == "__main__":
    main()
