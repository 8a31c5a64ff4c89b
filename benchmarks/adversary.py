"""When the adversary acts: how well ACMR finds the other half of a digit, and whether its space tells the halves apart.

    OMP_NUM_THREADS=1 python -m benchmarks adversary [--seeds 0,1,2] [--jobs 2]

Top and bottom halves of scikit-learn's 1,797 digits; the digit is the category. All settings, those of the linear
methods too, were chosen on 400 of 1,200 digits, training on the other 800 with seeds 100 and 101; what is printed is
measured on the remaining 597, training on all 1,200. mAP is over all 597, an item being right if it is the same digit.
The probe is a fresh network that is told which half a point of the space comes from: its accuracy on points of images
that it has not seen, three folds; 0.5 is chance. ± is the standard deviation over the seeds. A row with "–" changes the
acting settings by what it names. The number of steps of the modality classifier changes nothing where λ is 0.
"""

import argparse
import warnings
from typing import Any

import numpy as np
from joblib import Parallel, delayed
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
from alcca.models.contract import cosines
from alcca.models.rcca import RCCA
from alcca.models.standardised_cca import StandardisedCCA

TEST = 597
ACTING = {
    "hidden": ((200, 40), (200, 40)), "margin": 2.0, "alpha": 0.003, "lr": 1e-3, "adversary": 0.1,
    "standardize": False, "momentum": 0.5, "lr_decay": True, "opponent_steps": 3,
}  # fmt: skip
CHANGES: list[dict[str, Any]] = [
    {"standardize": True},
    {"standardize": True, "opponent_steps": 5, "adversary": 0.3},
    {"momentum": 0.9},
    {"lr_decay": False},
    {"opponent_steps": 1},
    {"alpha": 1.0},
]
# The best number of components for linear CCA, and for RCCA, as chosen beside the other settings.
LINEAR = 8


def methods(seed: int) -> dict[str, TwoViewModel]:
    """Name what is compared."""
    plain = {"random_state": seed, "device": "cpu"}
    acting = plain | ACTING
    rows: dict[str, TwoViewModel] = {
        f"linear CCA, {LINEAR} components": StandardisedCCA(n_components=LINEAR, ridge=1.0),
        f"RCCA, {LINEAR} components": RCCA(n_components=LINEAR),
        "ACMR, defaults, λ = 0": ACMR(**plain, adversary=0.0),
        "ACMR, defaults, λ = 1": ACMR(**plain),
        "ACMR, acting settings, λ = 0": ACMR(**acting | {"adversary": 0.0}),
        f"**ACMR, acting settings, λ = {acting['adversary']}**": ACMR(**acting),
    }
    for change in CHANGES:
        told = ", ".join(f"{name}={value}" for name, value in change.items() if name != "adversary")
        for strength in (0.0, change.get("adversary", acting["adversary"])):
            if strength or "opponent_steps" not in change:
                rows[f"– {told}, λ = {strength:g}"] = ACMR(**acting | change | {"adversary": strength})
    for components, ridge in ((30, 1e-4), (9, 0.1)):
        for strength in (0.0, acting["adversary"]):
            settings = acting | {"adversary": strength, "n_components": components, "ridge": ridge}
            rows[f"ALCCA, acting settings, {components} components, ridge {ridge}, λ = {strength:g}"] = ALCCA(
                **settings
            )
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


def measure(name: str, seed: int) -> tuple[float, float, float]:
    """Both directions' mAP and the probe's accuracy of one method with one seed."""
    digits = load_digits()
    views, y = (digits.data[:, :32], digits.data[:, 32:]), digits.target
    train, test = train_test_split(np.arange(len(y)), test_size=TEST, random_state=12345, stratify=y)
    model = methods(seed)[name].fit([view[train] for view in views], y[train])
    top, bottom = model.transform([view[test] for view in views])
    there, back = (mean_average_precision(*pair, y[test]) for pair in ((top, bottom), (bottom, top)))
    return there, back, probe(top, bottom, seed)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", default="0,1,2")
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    seeds = [int(seed) for seed in options.seeds.split(",")]
    names = list(methods(0))
    measured = Parallel(n_jobs=options.jobs)(delayed(measure)(name, seed) for name in names for seed in seeds)
    print("| | top → bottom mAP | bottom → top mAP | probe |")
    print("|---|---|---|---|")
    for name, rows in zip(names, np.reshape(measured, (len(names), len(seeds), 3)), strict=True):
        cells = [f"{m:.3f} ± {s:.3f}" for m, s in zip(rows.mean(axis=0), rows.std(axis=0), strict=True)]
        print(f"| {name} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
