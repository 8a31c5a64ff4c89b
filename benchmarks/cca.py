"""How fast CCA is beside its arithmetic floor, cca-zoo, statsmodels and scikit-learn.

    python -m benchmarks cca [--songs 100000] [--columns 200] [--million 1000000] [--rounds 5]

The floor is the three matrix products that no way around the covariances can avoid. cca-zoo and statsmodels get the
same songs; scikit-learn, which works by power iterations one component at a time, gets 2,000 songs and 5 components.
"""

import resource
import time
import warnings

import numpy as np
from cca_zoo.linear import CCA as ZooCCA  # noqa: N811 - a class, spelt in capitals
from sklearn.cross_decomposition import CCA as SklearnCCA  # noqa: N811 - the same
from statsmodels.multivariate.cancorr import CanCorr

from alcca.models.cca import CCA
from benchmarks.measuring import Row, Table, in_turns, make_parser, publish

CHUNK = 10_000


def whole(n: int, p: int, rounds: int) -> Table:
    """All songs at once."""
    rng = np.random.default_rng(0)
    k = min(80, p)
    X, Y = rng.normal(size=(n, p)), rng.normal(size=(n, p))
    Y[:, : p // 5] += X[:, : p // 5]
    table = Table(f"CCA, {n:,} x ({p} + {p}), {k} components, float64")
    ours = {
        "floor: three matrix products": lambda: (X.T @ X, Y.T @ Y, X.T @ Y),
        "alcca.CCA": lambda: CCA(k).fit((X, Y)),
    }
    peers = {"cca-zoo": lambda: ZooCCA(k).fit([X, Y]), "statsmodels CanCorr": lambda: CanCorr(Y, X)}
    table.add(in_turns(ours, rounds))
    table.add(in_turns(peers, 1, warm=False))
    floor, own, *others = [row.what for row in table.rows]
    table.aim("alcca to the floor", table.ratio(own, floor), "<=", 1.1)
    table.aim("the best other to alcca", min(table.ratio(other, own) for other in others), ">=", 5)
    return table


def few(p: int, rounds: int) -> Table:
    """What scikit-learn can do in a second."""
    rng = np.random.default_rng(0)
    X, Y = rng.normal(size=(2000, p)), rng.normal(size=(2000, p))
    Y[:, : p // 5] += X[:, : p // 5]
    table = Table(f"CCA, 2,000 x ({p} + {p}), 5 components")
    table.add(in_turns({"alcca.CCA": lambda: CCA(5).fit((X, Y)), "cca-zoo": lambda: ZooCCA(5).fit([X, Y])}, rounds))
    table.add(in_turns({"scikit-learn": lambda: SklearnCCA(5).fit(X, Y)}, 1, warm=False))
    return table


def wide(rounds: int) -> Table:
    """More columns than songs, with a ridge."""
    rng = np.random.default_rng(0)
    X, Y = rng.normal(size=(1000, 3220)), rng.normal(size=(1000, 300))
    table = Table("CCA with a ridge, 1,000 x (3,220 + 300), 80 components")
    ways = {
        "one product of the songs among themselves": lambda: X @ X.T,
        "alcca.CCA": lambda: CCA(80, ridge=1.0).fit((X, Y)),
    }
    table.add(in_turns(ways, rounds))
    return table


def by_chunks(n: int, p: int) -> Table:
    """`CCA.partial_fit` over chunks that are made one at a time, so that no more than one is ever there."""
    rng = np.random.default_rng(0)
    X, Y = rng.normal(size=(CHUNK, p)), rng.normal(size=(CHUNK, p))
    table = Table(f"CCA by partial_fit, {n:,} x ({p} + {p}) in chunks of {CHUNK:,}, 80 components")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    model, took, floor = CCA(min(80, p)), 0.0, 0.0
    for _ in range(n // CHUNK):
        X += 0.01  # another chunk, as far as arithmetic goes
        started = time.perf_counter()
        X.T @ X, Y.T @ Y, X.T @ Y
        middle = time.perf_counter()
        model.partial_fit((X, Y))
        floor += middle - started
        took += time.perf_counter() - middle
    started = time.perf_counter()
    model.correlations_  # noqa: B018 - solved when first asked for
    took += time.perf_counter() - started
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    table.rows += [Row("floor: three matrix products of each chunk", [floor]), Row("alcca.CCA.partial_fit", [took])]
    table.facts["memory that it needed beside its chunk, MB"] = round(grown, 1)
    table.aim("seconds of arithmetic", took, "<=", 6)
    return table


def main() -> None:
    """Print seconds and ratios."""
    parser = make_parser(__doc__)
    parser.add_argument("--songs", type=int, default=100_000)
    parser.add_argument("--columns", type=int, default=200)
    parser.add_argument("--million", type=int, default=1_000_000, help="songs for partial_fit")
    options = parser.parse_args()
    warnings.simplefilter("ignore")  # scikit-learn's power iterations that have not converged
    tables = [by_chunks(options.million, options.columns), whole(options.songs, options.columns, options.rounds)]
    publish([*tables, few(options.columns, options.rounds), wide(options.rounds)], options)


if __name__ == "__main__":
    main()
