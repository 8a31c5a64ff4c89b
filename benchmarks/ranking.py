"""How far ranking is from its floor: python benchmarks/ranking.py [n] [d].

The floor is the bare matrix product of all similarities. A full argsort stands beside it as what not to do.
"""

import sys
import time
from collections.abc import Callable

import numpy as np

from alcca.retrieval import category_ranks, instance_ranks, row_norms, top_k


def seconds(work: Callable[[], object], repeats: int = 3) -> float:
    """Best wall time of a few runs."""
    best = float("inf")
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - start)
    return best


def main(n: int = 10_000, d: int = 80) -> None:
    """Print seconds and ratios to the floor."""
    rng = np.random.default_rng(0)
    queries, gallery = rng.standard_normal((n, d)), rng.standard_normal((n, d))
    labels = [f"mood {i}" for i in rng.integers(20, size=n)]
    norms = row_norms(gallery)

    def product() -> None:
        for start in range(0, n, 256):
            queries[start : start + 256] @ gallery.T

    def argsort() -> None:
        for start in range(0, n, 256):
            np.argsort(-(queries[start : start + 256] @ gallery.T), axis=1)

    floor = seconds(product)
    print(f"{n} queries against {n} items of {d} dimensions, float64")
    for name, took in (
        ("matrix product alone (floor)", floor),
        ("instance_ranks", seconds(lambda: instance_ranks(queries, gallery))),
        ("category_ranks", seconds(lambda: category_ranks(queries, gallery, labels, labels))),
        ("top_k, k = 10", seconds(lambda: top_k(queries, gallery, 10, norms=norms), repeats=1)),
        ("argsort", seconds(argsort, repeats=1)),
    ):
        print(f"  {name:30s} {took:7.3f} s  {took / floor:6.2f} × floor")
    large = rng.standard_normal((1_000_000, d), dtype=np.float32)
    norms = row_norms(large)
    one = queries[:1].astype(np.float32)
    floor = seconds(lambda: one @ large.T, repeats=5)
    took = seconds(lambda: top_k(one, large, 10, norms=norms), repeats=5)
    print(f"one query against 1,000,000 items, float32: product {floor * 1e3:.1f} ms, top_k {took * 1e3:.1f} ms")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
