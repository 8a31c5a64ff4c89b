import warnings

import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler

from alcca.errors import DataError, NotFittedError, UsageError
from alcca.models.acmr import ACMR
from alcca.models.alcca import ALCCA
from alcca.models.losses import adversarial_loss, pair_invariance, semantic_loss, triplet_invariance, weight_norm
from alcca.models.networks import AdversarialNetwork
from alcca.models.training import TrainingSettings, train

SMALL = {"hidden": ((24, 8), (16, 8)), "epochs": 3, "batch_size": 20, "lr": 1e-3, "margin": 3.0, "device": "cpu"}


def songs(n=120, p=30, q=12, classes=4, seed=0):
    """Views that share a category, and a song's own place in two directions."""
    rng = np.random.default_rng(seed)
    y = rng.integers(classes, size=n)
    S = np.column_stack([2 * np.eye(classes)[y], rng.normal(size=(n, 2))])
    X = S @ rng.normal(size=(classes + 2, p)) + rng.normal(size=(n, p)) + 10
    Y = S @ rng.normal(size=(classes + 2, q)) + rng.normal(size=(n, q)) - 10
    return (X, Y), y


def weights(model):
    return [p.detach().clone() for p in model.network_.parameters()]


def batch(dtype=torch.float64, n=9):
    g = torch.Generator().manual_seed(1)
    return (
        torch.randn(n, 6, generator=g, dtype=dtype),
        torch.randn(n, 5, generator=g, dtype=dtype),
        torch.arange(n) % 3 - 1,
    )


def network(dtype=torch.float64):
    return AdversarialNetwork((6, 5), ((8, 4), (4,)), 2, torch.Generator().manual_seed(0)).to(dtype)


@pytest.mark.parametrize("invariance", ["triplet", "pair"])
def test_total_is_the_weighted_sum_of_equation_2_and_the_adversary(invariance):
    net, (X, Y, codes) = network(), batch()
    model = ACMR(invariance=invariance, alpha=0.3, beta=0.7, margin=1.5)
    losses = model._losses(net, (X, Y, codes), 0.5)
    a, t = net.audio(X), net.lyrics(Y)
    L_imi = triplet_invariance(a, t, codes, 1.5) if invariance == "triplet" else pair_invariance(a, t)
    L_imd = semantic_loss(net.semantic(a), net.semantic(t), codes)
    L_adv = adversarial_loss(net.modality(a), net.modality(t))
    torch.testing.assert_close(losses["total"], 0.3 * L_imi + 0.7 * L_imd + L_adv)
    torch.testing.assert_close(losses["validation"], 0.3 * L_imi + 0.7 * L_imd)


def test_the_step_follows_equations_9_to_12():
    # By autograd without any reversal: the projectors and the semantic classifier go down L_emb - lambda L_adv,
    # the modality classifier goes down L_adv.
    net, (X, Y, codes) = network(), batch()
    model = ACMR(alpha=0.3, beta=0.7, adversary=2.0)
    progress = 0.1
    lam = 2.0 * (2 / (1 + np.exp(-10 * progress)) - 1)
    model._losses(net, (X, Y, codes), progress)["total"].backward()
    a, t = net.audio(X), net.lyrics(Y)
    L_emb = 0.3 * triplet_invariance(a, t, codes, model.margin) + 0.7 * semantic_loss(
        net.semantic(a), net.semantic(t), codes
    )
    L_adv = adversarial_loss(net.modality(a), net.modality(t))
    theta, theta_D = net.learners(), net.opponents()
    for p, expected in zip(theta, torch.autograd.grad(L_emb - lam * L_adv, theta, retain_graph=True), strict=True):
        torch.testing.assert_close(p.grad, expected)
    for p, expected in zip(theta_D, torch.autograd.grad(L_adv, theta_D), strict=True):
        torch.testing.assert_close(p.grad, expected)


def test_the_adversarial_gradient_reaches_both_projectors_reversed():
    net, data = network(), batch()
    ACMR(alpha=0, beta=0)._losses(net, data, 1.0)["total"].backward()
    lam = 2 / (1 + np.exp(-10)) - 1
    plain = adversarial_loss(net.modality(net.audio(data[0])), net.modality(net.lyrics(data[1])))
    for projector in (net.audio, net.lyrics):
        parameters = list(projector.parameters())
        for p, unreversed in zip(parameters, torch.autograd.grad(plain, parameters, retain_graph=True), strict=True):
            assert (unreversed != 0).any()
            torch.testing.assert_close(p.grad, -lam * unreversed)


def test_every_part_learns():
    views, y = songs()
    before = AdversarialNetwork((30, 12), SMALL["hidden"], 4, torch.Generator().manual_seed(0))
    model = ACMR(**SMALL).fit(views, y)
    for old, new in zip(before.parameters(), model.network_.parameters(), strict=True):
        assert not torch.equal(old, new)


@pytest.mark.parametrize("k", [1, 2])
def test_without_strength_the_adversary_changes_nothing(k):
    views, y = songs()
    model = ACMR(**SMALL, adversary=0.0, k=k).fit(views, y)
    # The same training, with the modality classifier taken out of the loss and the loop.
    generator = torch.Generator().manual_seed(0)
    net = AdversarialNetwork((30, 12), SMALL["hidden"], 4, generator)
    data = (
        torch.from_numpy(model.statistics_[0].apply(views[0])),
        torch.from_numpy(model.statistics_[1].apply(views[1])),
        torch.from_numpy(y),
    )

    def alone(batch, progress):
        a, t = net.audio(batch[0]), net.lyrics(batch[1])
        both = net.semantic(torch.cat([a, t]))
        return {
            "total": triplet_invariance(a, t, batch[2], 3.0) + semantic_loss(both[: len(a)], both[len(a) :], batch[2])
        }

    train(
        net, alone, data, TrainingSettings(epochs=3, batch_size=20, lr=1e-3, k=k, regularization=1e-3),
        learners=net.learners(), regularized=net.projector_weights(), generator=generator,
    )  # fmt: skip
    for ours, theirs in zip(model.network_.learners(), net.learners(), strict=True):
        assert torch.equal(ours, theirs)
    with_adversary = ACMR(**SMALL, adversary=1.0, k=k).fit(views, y)
    assert not torch.equal(with_adversary.network_.learners()[0], net.learners()[0])


@pytest.mark.slow
def test_the_modality_is_harder_to_tell_after_adversarial_training():
    # Standardised views have equal means, so a plain logistic probe sees little of the modality to begin with;
    # with products of the coordinates it sees the shape of both clouds. Noisy labels keep L_imd at work against the
    # adversary. Three seeds, because where a minimax game stands at a given step is a matter of luck.
    rng = np.random.default_rng(0)
    S = rng.normal(size=(400, 3))
    y = (S + 1.5 * rng.normal(size=(400, 3))).argmax(axis=1)
    X, Y = (S @ rng.normal(size=(3, 10)) + 0.5 * rng.normal(size=(400, 10)) for _ in range(2))
    views = np.exp(1.2 * X), Y
    modality = np.repeat([0, 1], 200)

    def probe(adversary):
        """Accuracy of fresh classifiers of the modality on songs that they have not seen."""
        scores = []
        for seed in range(3):
            settings = SMALL | {"hidden": ((3,), (3,)), "epochs": 60, "batch_size": 50, "lr": 3e-3}
            model = ACMR(**settings, alpha=0.0, adversary=adversary, random_state=seed).fit(views, y)
            Za, Zt = model.transform(views)
            fresh = make_pipeline(PolynomialFeatures(2), StandardScaler(), LogisticRegression(max_iter=1000))
            fresh.fit(np.concatenate([Za[:200], Zt[:200]]), modality)
            scores.append(fresh.score(np.concatenate([Za[200:], Zt[200:]]), modality))
        return np.mean(scores)

    without, against = probe(0.0), probe(0.3)
    assert without > 0.75
    assert against < without - 0.1


def test_the_semantic_classifier_learns():
    views, y = songs()
    model = ACMR(**(SMALL | {"epochs": 30})).fit(views, y)
    for Z in model.transform(views):
        logits = model.network_.semantic(torch.from_numpy(Z).float())
        assert (logits.argmax(1).numpy() == y).mean() > 0.9  # chance: 0.25
    assert model.history_[-1]["semantic"] < 0.5 * model.history_[0]["semantic"]


def test_invariance_brings_couples_together():
    views, y = songs()

    def ratio(**settings):
        Za, Zt = ACMR(**(SMALL | {"epochs": 30}), **settings).fit(views, y).transform(views)
        other = np.roll(Zt, 1, axis=0)
        return np.linalg.norm(Za - Zt, axis=1).mean() / np.linalg.norm(Za - other, axis=1).mean()

    without = ratio(alpha=0.0)
    assert ratio() < 0.8 * without
    assert ratio(invariance="pair") < 0.8 * without


def test_regularization_makes_weights_smaller():
    views, y = songs()
    small, large = (
        weight_norm(ACMR(**SMALL, regularization=g).fit(views, y).network_.projector_weights()).item() for g in (0, 1)
    )
    assert large < small


def test_inputs_are_standardised_with_the_training_songs():
    views, y = songs()
    model = ACMR(**SMALL).fit(views, y)
    scaled = ACMR(**SMALL).fit((views[0] * 1000 + 7, views[1] / 1000), y)
    other = songs(seed=5)[0]
    np.testing.assert_allclose(model.transform(other)[0], scaled.transform((other[0] * 1000 + 7, None))[0], atol=1e-3)
    # Not with the statistics of the songs to transform: one song has none.
    np.testing.assert_allclose(model.transform((other[0][:1], None))[0], model.transform(other)[0][:1], atol=1e-6)


def test_same_seed_same_bits():
    views, y = songs()
    torch.manual_seed(1)
    state = torch.get_rng_state()
    first = ACMR(**SMALL, validation=0.2).fit(views, y)
    torch.manual_seed(2)
    second = ACMR(**SMALL, validation=0.2).fit(views, y)
    for ours, theirs in zip(weights(first), weights(second), strict=True):
        assert torch.equal(ours, theirs)
    assert first.history_ == second.history_
    other = ACMR(**SMALL, random_state=1, validation=0.2).fit(views, y)
    assert not torch.equal(weights(first)[0], weights(other)[0])
    torch.manual_seed(1)
    assert torch.equal(torch.get_rng_state(), state)


def test_training_leaves_the_global_generators_alone():
    views, y = songs()
    torch_state, numpy_state = torch.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002
    ACMR(**SMALL).fit(views, y)
    assert torch.equal(torch.get_rng_state(), torch_state)
    np.testing.assert_array_equal(np.random.get_state()[1], numpy_state)  # noqa: NPY002


def test_early_stopping():
    views, y = songs()
    model = ACMR(**(SMALL | {"epochs": 200, "lr": 0.05}), validation=0.25, patience=3).fit(views, y)
    scores = [h["validation"] for h in model.history_]
    assert len(scores) < 200
    assert np.argmin(scores) == len(scores) - 1 - 3


@pytest.mark.parametrize(
    "y",
    [None, [None] * 21, ["one"] * 21, list(range(21)), ["a", None, "b"] * 7],
    ids=["none", "unlabelled", "one class", "a class each", "partly"],
)
@pytest.mark.parametrize("batch_size", [10, 20, 1, 100])  # last batches of 1 song, and fewer songs than a batch
@pytest.mark.filterwarnings("ignore:ACMR learns from labels")
def test_small_data(y, batch_size):
    views, _ = songs(n=21)
    model = ACMR(**(SMALL | {"batch_size": batch_size})).fit(views, y)
    for Z in model.transform(views):
        assert Z.shape == (21, 8)
        assert np.isfinite(Z).all()
    assert all(np.isfinite(list(h.values())).all() for h in model.history_)


@pytest.mark.parametrize(
    ("y", "categories"), [(None, 0), ([None, ""] * 10, 0), (["one"] * 20, 1), (["one", None] * 10, 1)]
)
@pytest.mark.parametrize("fit", [lambda *a: ACMR(**SMALL).fit(*a), lambda *a: ALCCA(2, **SMALL).fit(*a)])
def test_a_training_without_categories_is_warned_of(y, categories, fit):
    views, _ = songs(n=20)
    with pytest.warns(UserWarning, match=rf"ACMR learns .* fewer than 2 categories \({categories}\): L_imd"):
        fit(views, y)


@pytest.mark.parametrize(("y", "settings"), [(None, {"beta": 0}), (["a", "b"], {}), (["a", None, "b"], {})])
def test_a_training_that_needs_no_more_categories_is_not_warned_of(y, settings):
    views, _ = songs(n=3)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ACMR(**SMALL, **settings).fit([view[: len(y or "abc")] for view in views], y)


def test_two_songs():
    views, _ = songs(n=2)
    model = ACMR(**SMALL, beta=0, validation=0.5).fit(views)
    assert model.transform(views)[0].shape == (2, 8)


def test_frames_and_vectors_are_the_same():
    (_, Y), y = songs(n=30)
    frames = np.random.default_rng(0).normal(size=(30, 5, 6)).astype(np.float32)
    model = ACMR(**SMALL).fit((frames, Y), y)
    flat = frames.reshape(30, -1)
    np.testing.assert_array_equal(model.transform((frames, None))[0], model.transform((flat, None))[0])


def test_either_view_alone():
    views, y = songs()
    model = ACMR(**SMALL).fit(views, y)
    both = model.transform(views)
    assert both[0].dtype == np.float64
    Za, nothing = model.transform((views[0], None))
    assert nothing is None
    np.testing.assert_array_equal(Za, both[0])
    np.testing.assert_array_equal(model.transform((None, views[1]))[1], both[1])


def test_save_and_load_give_the_same_bits(tmp_path):
    views, y = songs()
    model = ACMR(**SMALL).fit(views, [("mood", int(c)) for c in y])
    model.save(tmp_path / "acmr")
    again = ACMR.load(tmp_path / "acmr")
    assert again.get_params() == model.get_params()
    assert again.history_ == model.history_
    assert again.classes_ == [str(c) for c in model.classes_]
    for ours, theirs in zip(model.transform(views), again.transform(views), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    for ours, theirs in zip(weights(model), weights(again), strict=True):
        assert torch.equal(ours, theirs)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"invariance": "quadruplet"}, "invariance='quadruplet': expected 'triplet' or 'pair'"),
        ({"alpha": -1}, "alpha=-1"),
        ({"margin": np.nan}, "margin=nan"),
        ({"epochs": 0}, "epochs=0"),
        ({"batch_size": 2.5}, "batch_size=2.5"),
        ({"lr": 0}, "lr=0"),
        ({"momentum": 1.0}, "momentum=1.0: expected a number of at least 0 and below 1"),
        ({"momentum": -0.1}, "momentum=-0.1"),
        ({"opponent_steps": 0}, "opponent_steps=0"),
        ({"validation": 2}, "validation=2"),
        ({"hidden": ((8,),)}, "hidden="),
        ({"hidden": ((8, 4), (8,))}, "same width"),
        ({"hidden": ((8,), ())}, "hidden="),
        ({"device": "abacus"}, "device='abacus'"),
    ],
)
def test_bad_settings_are_refused(settings, message):
    views, y = songs()
    with pytest.raises(UsageError, match=message):
        ACMR(**(SMALL | settings)).fit(views, y)


def test_bad_data_is_refused():
    (X, Y), y = songs()
    with pytest.raises(DataError, match="expected 120 labels"):
        ACMR(**SMALL).fit((X, Y), y[:5])
    with pytest.raises(DataError, match="lyrics: expected 12 columns"):
        ACMR(**SMALL).fit((X, Y), y).transform((X, Y[:, :3]))
    with pytest.raises(NotFittedError):
        ACMR().transform((X, Y))


def test_divergence_names_the_remedy():
    (X, Y), y = songs()
    with pytest.raises(DataError, match="lower lr"):
        ACMR(**(SMALL | {"lr": 1e38})).fit((X, Y), y)


def test_scikit_learn_conventions():
    model = ACMR(**SMALL)
    assert clone(model).get_params() == model.get_params()
    assert model.set_params(alpha=0.5).alpha == 0.5
