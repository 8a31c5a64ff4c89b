"""The settings with which the adversary of ACMR acts, each alone and all together on halves of digits."""

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler

from alcca.models import acmr
from alcca.models.acmr import ACMR
from alcca.models.contract import cosines

SMALL = {"hidden": ((8, 4), (8, 4)), "epochs": 2, "batch_size": 20, "device": "cpu"}
ACTING = {"standardize": False, "momentum": 0.5, "lr_decay": True, "opponent_steps": 3}


def songs(n=40):
    rng = np.random.default_rng(0)
    return (rng.normal(3, 5, size=(n, 6)), rng.normal(-3, 5, size=(n, 5))), rng.integers(3, size=n)


def test_views_that_are_not_standardised_are_taken_as_they_are(tmp_path):
    views, y = songs()
    model = ACMR(**SMALL, standardize=False).fit(views, y)
    model.save(tmp_path / "acmr")
    for fitted in (model, ACMR.load(tmp_path / "acmr")):
        for projector, view, Z in zip(
            (fitted.network_.audio, fitted.network_.lyrics), views, fitted.transform(views), strict=True
        ):
            np.testing.assert_array_equal(Z, projector(torch.from_numpy(view).float()).detach().numpy())


@pytest.mark.parametrize("setting", [{"momentum": 0.3}, {"lr_decay": True}, {"opponent_steps": 4}])
def test_the_loop_is_told(monkeypatch, setting):
    told = {}
    monkeypatch.setattr(acmr, "train", lambda *args, **more: told.update(vars(args[3])) or [])
    ACMR(**SMALL, **setting).fit(*songs())
    assert told | setting == told


def test_the_halves_of_digits_are_harder_to_tell_apart_with_the_adversary_and_found_as_well():
    # Of the digits that benchmarks/adversary.py does not test on.
    digits = load_digits()
    rows, _ = train_test_split(np.arange(1797), test_size=597, random_state=12345, stratify=digits.target)
    views, y = (digits.data[rows, :32], digits.data[rows, 32:]), digits.target[rows]
    train, test = slice(600), slice(600, 900)
    halves = np.repeat([0, 1], 150)

    def measured(adversary):
        """How well the other half is found, and how well fresh classifiers tell halves they have not seen."""
        sizes = {"hidden": ((100, 20), (100, 20)), "margin": 2.0, "alpha": 0.01, "lr": 2e-3}
        sizes |= {"epochs": 40, "batch_size": 40, "device": "cpu"}
        model = ACMR(**sizes, **ACTING, adversary=adversary).fit([view[train] for view in views], y[train])
        Za, Zt = model.transform([view[test] for view in views])
        order = np.argsort(-cosines(Za, Zt), axis=1)
        right = y[test][order] == y[test][:, None]
        precision = np.cumsum(right, axis=1) / np.arange(1, 301)
        fresh = make_pipeline(PolynomialFeatures(2), StandardScaler(), LogisticRegression(C=0.1, max_iter=100))
        fresh.fit(np.concatenate([Za[:150], Zt[:150]]), halves)
        told = fresh.score(np.concatenate([Za[150:], Zt[150:]]), halves)
        return ((precision * right).sum(1) / right.sum(1)).mean(), told

    (found, told), (found_against, told_against) = measured(0.0), measured(0.2)
    assert told_against < told - 0.1
    assert found_against > found - 0.05
