"""How long the networks of five folds take when they train together as one batched model, beside one after the other.

    OMP_NUM_THREADS=1 python -m benchmarks folds [--device cpu] [--epochs 2]

Made-up songs, 1,380 a fold as in the songbook; the paper's networks, and small ones, whose commands take longer to give
than to do, as those of the paper's take on a GPU.
"""

import argparse
import time

import numpy as np
import torch

from alcca.models.acmr import ACMR
from alcca.models.batched_training import fit_together

FOLDS, SONGS, CATEGORIES, BATCH, REPEATS = 5, 1380, 5, 100, 3
SIZES = {
    "the paper's": ((3220, 300), ((1000, 200), (200, 200))),
    "small": ((40, 40), ((32, 8), (8,))),
}


def main() -> None:
    """Print milliseconds of a step of all five."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--epochs", type=int, default=2)
    options = parser.parse_args()
    rng = np.random.default_rng(0)
    print(f"{'a step of five folds':<24}{'in turn':>10}{'together':>10}")
    for name, (columns, hidden) in SIZES.items():
        # A few songs more or fewer, as folds have them.
        views = [tuple(rng.normal(size=(SONGS + i, p)).astype(np.float32) for p in columns) for i in range(FOLDS)]
        labels = [rng.integers(CATEGORIES, size=SONGS + i) for i in range(FOLDS)]
        took: dict[str, list[float]] = {"in turn": [], "together": []}
        for _ in range(1 + REPEATS):  # the first warms up
            models = [
                ACMR(hidden, epochs=options.epochs, batch_size=BATCH, random_state=i, device=options.device)
                for i in range(FOLDS)
            ]
            for way, seconds in took.items():
                started = time.perf_counter()
                if way == "together":
                    fit_together(models, views, labels)
                else:
                    for model, songs, y in zip(models, views, labels, strict=True):
                        model.fit(songs, y)
                if torch.cuda.is_available():
                    torch.cuda.synchronize()
                seconds.append(time.perf_counter() - started)
        steps = options.epochs * -(-SONGS // BATCH)
        medians = [np.median(seconds[1:]) / steps * 1e3 for seconds in took.values()]
        print(f"{name:<24}{medians[0]:>7.1f} ms{medians[1]:>7.1f} ms")


if __name__ == "__main__":
    main()
