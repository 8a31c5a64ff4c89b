"""What choosing ridges on a grid costs beside a refit for every pair, and kernel CCA beside a whole kernel.

    python -m benchmarks variants [--songs 1386] [--kernel-songs 10000] [--rounds 3]

A refit is timed for the middle of the grid and multiplied by pairs and folds. Memory is what NumPy allocates during the
fit, beside the songs themselves.
"""

import argparse
import time
import tracemalloc
from collections.abc import Callable

import numpy as np

from alcca.datasets.synthetic import make_songs
from alcca.models.cca import CCA
from alcca.models.kernel_cca import KernelCCA
from alcca.models.rcca import RCCA
from alcca.models.ridges import chosen_ridges, ridge_grids


def least_seconds(work: Callable[[], object], rounds: int) -> float:
    """Least over ``rounds`` calls, as what else the machine does can only add."""
    seconds = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    return min(seconds)


def choosing(n: int, rounds: int) -> None:
    """Compare the choice of ridges to refits."""
    songs, model = make_songs(n), RCCA()
    audio, lyrics = songs.audio.reshape(n, -1), songs.lyrics
    audio, lyrics = ((X - X.mean(0)) / X.std(0) for X in (audio, lyrics))
    grids, k, folds = ridge_grids(model.ridges), model.n_components, model.folds
    pairs = len(grids[0]) * len(grids[1])
    train = slice(n - n // folds)
    ridge = grids[0][len(grids[0]) // 2], grids[1][len(grids[1]) // 2]
    choice = least_seconds(lambda: chosen_ridges(audio, lyrics, grids, k, folds, 0), rounds)
    refit = least_seconds(lambda: CCA(k, ridge=ridge).fit((audio[train], lyrics[train])), rounds)
    whole = least_seconds(lambda: RCCA().fit((audio, lyrics)), rounds)
    print(f"| RCCA, {n:,} × ({audio.shape[1]:,}+{lyrics.shape[1]}), {pairs} pairs, {folds} folds | seconds | ratio |")
    print("|---|---|---|")
    print(f"| choosing the ridges | {choice:.1f} | 1 |")
    print(f"| a refit of CCA for each pair and fold ({pairs * folds} × {refit:.2f} s) ", end="")
    print(f"| {pairs * folds * refit:.0f} | {pairs * folds * refit / choice:.0f} |")
    print(f"| `RCCA.fit`, choice and fit | {whole:.1f} | {whole / choice:.1f} |")


def kernels(n: int) -> None:
    """Compare the memory of kernel CCA to that of one dense kernel."""
    rng = np.random.default_rng(0)
    audio, lyrics = rng.standard_normal((n, 3220), dtype=np.float32), rng.standard_normal((n, 300), dtype=np.float32)
    one = KernelCCA(ridges=((1e-3,), (1e-2,)))
    dense = n * n * 8
    print(f"\n| KernelCCA, {n:,} × (3,220+300), rank {one.rank} | seconds | peak MB | of one dense kernel |")
    print("|---|---|---|---|")
    for what, model in (("one pair of ridges", one), ("36 pairs, 5 folds", KernelCCA())):
        tracemalloc.start()
        seconds = least_seconds(lambda model=model: model.fit((audio, lyrics)), 1)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        print(f"| {what} | {seconds:.1f} | {peak / 1e6:.0f} | {peak / dense:.2f} |")
    print(f"| (one dense kernel of float64) | | {dense / 1e6:.0f} | 1 |")


def main() -> None:
    """Print two tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--songs", type=int, default=1386)
    parser.add_argument("--kernel-songs", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    choosing(options.songs, options.rounds)
    kernels(options.kernel_songs)


if __name__ == "__main__":
    main()
