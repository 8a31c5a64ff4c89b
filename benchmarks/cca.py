"""How fast CCA is beside its arithmetic floor, cca-zoo and scikit-learn, in one run.

    python benchmarks/cca.py [--songs 100000] [--columns 200] [--rounds 3]

The floor is the three matrix products that no way around the covariances can avoid. cca-zoo gets the same songs;
scikit-learn, which works by power iterations one component at a time, gets 2,000 songs and 5 components.
"""

import argparse
import time
import warnings
from collections.abc import Callable

import numpy as np
from cca_zoo.linear import CCA as ZooCCA  # noqa: N811 - a class, spelt in capitals
from sklearn.cross_decomposition import CCA as SklearnCCA  # noqa: N811 - the same

from alcca.models.cca import CCA


def median_seconds(work: Callable[[], object], rounds: int) -> float:
    """Median over ``rounds`` calls, after one that warms up."""
    work()
    seconds = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    return float(np.median(seconds))


def main() -> None:
    """Print seconds and ratios."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--songs", type=int, default=100_000)
    parser.add_argument("--columns", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    warnings.simplefilter("ignore")  # scikit-learn's power iterations that have not converged
    n, p, k = options.songs, options.columns, min(80, options.columns)
    rng = np.random.default_rng(0)
    X, Y = rng.normal(size=(n, p)), rng.normal(size=(n, p))
    Y[:, : p // 5] += X[:, : p // 5]
    few = X[:2000], Y[:2000]

    def report(what: str, seconds: float, beside: float) -> None:
        print(f"{what:<58}{seconds * 1e3:>10.0f} ms {seconds / beside:>8.2f}")

    ours = median_seconds(lambda: CCA(k).fit((X, Y)), options.rounds)
    floor = median_seconds(lambda: (X.T @ X, Y.T @ Y, X.T @ Y), options.rounds)
    ours_few = median_seconds(lambda: CCA(5).fit(few), options.rounds)
    print(f"{'':<58}{'median':>13} {'ratio':>8}")
    report(f"floor: three products of {n:,} x {p}", floor, floor)
    report(f"alcca CCA, {n:,} x ({p}+{p}), {k} components", ours, floor)
    report("cca-zoo, the same", median_seconds(lambda: ZooCCA(k).fit([X, Y]), 1), floor)
    report(f"alcca CCA, 2,000 x ({p}+{p}), 5 components", ours_few, ours_few)
    report("cca-zoo, the same", median_seconds(lambda: ZooCCA(5).fit(list(few)), options.rounds), ours_few)
    report("scikit-learn, the same", median_seconds(lambda: SklearnCCA(5).fit(*few), 1), ours_few)

    wide, narrow = rng.normal(size=(1000, 3220)), rng.normal(size=(1000, 300))
    report(
        "alcca CCA with a ridge, 1,000 x (3,220+300)",
        median_seconds(lambda: CCA(80, ridge=1.0).fit((wide, narrow)), options.rounds),
        median_seconds(lambda: wide @ wide.T, options.rounds),
    )
    print("(the last ratio is to one product of the songs among themselves)")


if __name__ == "__main__":
    main()
