"""When the adversary acts: how well ACMR finds the other half of a digit, and whether its space tells the halves apart.

    OMP_NUM_THREADS=1 python benchmarks/adversary.py [--seeds 0,1,2]

Top and bottom halves of scikit-learn's 1,797 digits; the digit is the category. ACMR's settings were chosen on 400 of
1,200 digits, training on the other 800; what is printed is measured on the remaining 597, training on all 1,200. mAP is
over all 597, an item being right if it is the same digit. The probe is a fresh network that is told which half a point
of the space comes from: its accuracy on points of images that it has not seen, three folds; 0.5 is chance. ± is the
standard deviation over the seeds. Every last row takes one setting back.
"""

import argparse
import warnings

import numpy as np
from numpy.typing import NDArray
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GroupKFold, cross_val_score, train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from alcca.models.acmr import ACMR
from alcca.models.alcca import ALCCA
from alcca.models.base import TwoViewModel
from alcca.models.cca import CCA
from alcca.models.contract import cosines
from alcca.models.rcca import RCCA

TEST = 597
SIZES = {"hidden": ((200, 40), (200, 40)), "margin": 2.0, "alpha": 0.003, "lr": 1e-3}
ACTING = {"standardize": False, "momentum": 0.5, "lr_decay": True, "opponent_steps": 3}
STRENGTH = 0.1


def methods(seed: int) -> dict[str, TwoViewModel]:
    """Name what is compared."""
    plain = {"random_state": seed, "device": "cpu"}
    acting = plain | SIZES | ACTING | {"adversary": STRENGTH}
    rows: dict[str, TwoViewModel] = {
        "linear CCA": CCA(30, ridge=1e-4),
        "RCCA": RCCA(n_components=30),
        "ACMR, defaults, λ = 0": ACMR(**plain, adversary=0.0),
        "ACMR, defaults, λ = 1": ACMR(**plain),
        "ACMR, acting settings, λ = 0": ACMR(**acting | {"adversary": 0.0}),
        f"**ACMR, acting settings, λ = {STRENGTH}**": ACMR(**acting),
        f"ALCCA, acting settings, λ = {STRENGTH}": ALCCA(n_components=30, **acting),
    }
    defaults = ACMR().get_params()
    for name in [*ACTING, "alpha"]:
        rows[f"– with {name}={defaults[name]}"] = ACMR(**acting | {name: defaults[name]})
    return rows


def mean_average_precision(queries: NDArray[np.float64], items: NDArray[np.float64], y: NDArray[np.int64]) -> float:
    """Mean over the queries of the average precision at every right item."""
    order = np.argsort(-cosines(queries, items), axis=1, kind="stable")
    right = y[order] == y[:, None]
    precision = np.cumsum(right, axis=1) / np.arange(1, len(y) + 1)
    return float(((precision * right).sum(1) / right.sum(1)).mean())


def probe(top: NDArray[np.float64], bottom: NDArray[np.float64], seed: int) -> float:
    """Accuracy of a network that is told which half each point is, on images that it has not seen."""
    points = np.concatenate([top, bottom])
    halves, images = np.repeat([0, 1], len(top)), np.tile(np.arange(len(top)), 2)
    network = make_pipeline(StandardScaler(), MLPClassifier((100,), alpha=1e-2, random_state=seed))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return float(cross_val_score(network, points, halves, groups=images, cv=GroupKFold(3)).mean())


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", default="0,1,2")
    seeds = [int(seed) for seed in parser.parse_args().seeds.split(",")]
    digits = load_digits()
    views, y = (digits.data[:, :32], digits.data[:, 32:]), digits.target
    train, test = train_test_split(np.arange(len(y)), test_size=TEST, random_state=12345, stratify=y)
    print("| | top → bottom mAP | bottom → top mAP | probe |")
    print("|---|---|---|---|")
    for name in methods(0):
        rows = []
        for seed in seeds:
            model = methods(seed)[name].fit([view[train] for view in views], y[train])
            top, bottom = (model._embed(view[test], which) for which, view in enumerate(views))
            there = mean_average_precision(top, bottom, y[test])
            back = mean_average_precision(bottom, top, y[test])
            rows.append((there, back, probe(top, bottom, seed)))
        mean, spread = np.mean(rows, axis=0), np.std(rows, axis=0)
        print(
            f"| {name} | " + " | ".join(f"{m:.3f} ± {s:.3f}" for m, s in zip(mean, spread, strict=True)) + " |",
            flush=True,
        )


if __name__ == "__main__":
    main()
