import warnings

import numpy as np
import pytest
import torch
from sklearn.base import clone

from alcca.errors import DataError, NotFittedError, UsageError
from alcca.models.base import TwoViewModel
from alcca.models.cca import CCA
from alcca.models.correlation import correlation_loss
from alcca.models.dcca import DCCA, SpotifyDCCA

SMALL = {"n_components": 3, "hidden": (16,), "epochs": 3, "batch_size": 40, "device": "cpu"}


def songs(n=120, p=12, q=8, seed=0):
    rng = np.random.default_rng(seed)
    shared = rng.normal(size=(n, 4))
    X, Y = shared @ rng.normal(size=(4, p)), shared @ rng.normal(size=(4, q))
    return X + rng.normal(size=(n, p)) + 10, Y + rng.normal(size=(n, q)) - 10


def weights(model):
    return [w for encoder in model.encoders_ for w in encoder.network.parameters()]


def heldout_correlations(model, views):
    Za, Zt = model.transform(views)
    return np.array([np.corrcoef(a, t)[0, 1] for a, t in zip(Za.T, Zt.T, strict=True)])


def swirl(z, strength):
    """Turn each pair of coordinates by an angle that grows with its length: invertible, and keeps N(0, I)."""
    out = np.empty_like(z)
    for i in range(0, z.shape[1], 2):
        angle = strength * np.linalg.norm(z[:, i : i + 2], axis=1)
        out[:, i] = np.cos(angle) * z[:, i] - np.sin(angle) * z[:, i + 1]
        out[:, i + 1] = np.sin(angle) * z[:, i] + np.cos(angle) * z[:, i + 1]
    return out


def test_it_finds_the_correlations_that_linear_cca_cannot():
    # Four factors, Gaussian and of correlation rho between the views, seen through invertible warps and 20 and 15
    # columns. No functions of jointly Gaussian variables correlate more than the variables (Lancaster 1957), so the
    # four largest correlations that any two networks can attain on new songs are rho each: rho^2 is the next.
    rng, rho, n = np.random.default_rng(0), 0.9, 8000
    z = rng.normal(size=(n + 4000, 4))
    partner = rho * z + np.sqrt(1 - rho**2) * rng.normal(size=z.shape)
    X = swirl(z, 0.81) @ np.linalg.qr(rng.normal(size=(20, 4)))[0].T
    Y = swirl(partner, -0.81) @ np.linalg.qr(rng.normal(size=(15, 4)))[0].T
    train, test = (X[:n], Y[:n]), (X[n:], Y[n:])
    linear = CCA(4, ridge=1e-6).fit(train)
    settings = {"epochs": 30, "batch_size": 500, "lr": 3e-3, "ridge": 1e-4, "regularization": 0.01}
    deep = DCCA(4, (128, 128), **settings, device="cpu")
    attainable = 4 * rho
    assert heldout_correlations(linear, test).sum() < 0.6 * attainable
    assert heldout_correlations(deep.fit(train), test).sum() > 0.95 * attainable
    assert linear.correlations_.sum() < 0.6 * attainable


def test_linear_networks_converge_to_cca():
    X, Y = songs(n=600)
    views, others = (X[:400], Y[:400]), (X[400:], Y[400:])
    cca = CCA(3).fit(views)
    settings = {"hidden": (), "epochs": 300, "batch_size": 400, "lr": 1e-2, "ridge": 1e-6, "regularization": 0.0}
    model = DCCA(3, **settings, device="cpu").fit(views)
    np.testing.assert_allclose(model.correlations_, cca.correlations_, rtol=0.02)
    ours, theirs = (heldout_correlations(m, others).sum() for m in (model, cca))
    assert ours == pytest.approx(theirs, rel=0.02)


def test_the_call_that_the_design_promises():
    X, Y = songs(n=300, p=60, q=55)
    model = DCCA(n_components=50, hidden=(512, 512), epochs=8, batch_size=2700, lr=1e-3, ridge=1e-4, random_state=0)
    Za, Zt = model.fit((X, Y)).transform((X, Y))
    assert Za.shape == Zt.shape == (300, 50)
    assert len(model.history_) == 8
    assert model.history_[-1]["total"] < model.history_[0]["total"]


def test_transform_is_cca_of_the_networks_outputs():
    views = songs()
    model = DCCA(**SMALL, ridge=0.1).fit(views)
    H = [encoder(view) for encoder, view in zip(model.encoders_, views, strict=True)]
    cca = CCA(3, ridge=0.1).fit(H)
    np.testing.assert_array_equal(model.correlations_, cca.correlations_)
    for ours, theirs in zip(model.transform(views), cca.transform(H), strict=True):
        np.testing.assert_array_equal(ours, theirs)
        assert ours.dtype == np.float64


def test_networks_have_the_widths_of_hidden_and_linear_outputs():
    model = DCCA(**(SMALL | {"hidden": ((7, 6), ())})).fit(songs())
    assert [w.shape for w in weights(model) if w.dim() > 1] == [(12, 7), (7, 6), (6, 3), (8, 3)]
    layers = list(model.encoders_[0].network)
    assert [type(layer).__name__ for layer in layers] == ["Linear", "ReLU", "Linear", "ReLU", "Linear"]


def test_history_is_the_loss_of_the_batches():
    views = songs()
    settings = SMALL | {"epochs": 1, "batch_size": 200, "ridge": (0.1, 0.2)}
    model = DCCA(**settings, lr=1e-12).fit(views)  # as good as untrained
    H = [torch.from_numpy(encoder(view)) for encoder, view in zip(model.encoders_, views, strict=True)]
    assert model.history_[0]["total"] == pytest.approx(correlation_loss(*H, (0.1, 0.2)).item(), rel=1e-5)


@pytest.mark.parametrize(
    ("n", "sizes"), [(99, [40, 59]), (100, [40, 40, 20]), (105, [40, 40, 25]), (40, [40]), (30, [30])]
)
def test_a_short_last_batch_joins_the_one_before_and_no_song_is_left_out(n, sizes):
    seen = []

    class Watched(DCCA):
        def _losses(self, f_A, f_T, batch, ridges):
            seen.append(batch[0])
            return super()._losses(f_A, f_T, batch, ridges)

    X, Y = songs(n=n)
    model = Watched(**(SMALL | {"epochs": 1})).fit((X, Y))
    assert [len(batch) for batch in seen] == sizes
    expected = model.encoders_[0].statistics.apply(X)
    np.testing.assert_array_equal(np.sort(torch.cat(seen).numpy(), axis=0), np.sort(expected, axis=0))


def test_songs_kept_out_are_measured_in_batches_as_large():
    sizes = []

    class Watched(DCCA):
        def _losses(self, f_A, f_T, batch, ridges):
            if not torch.is_grad_enabled():
                sizes.append(len(batch[0]))
            return super()._losses(f_A, f_T, batch, ridges)

    Watched(**(SMALL | {"epochs": 1}), validation=0.45).fit(songs(n=200))
    assert sizes == [40, 50]


@pytest.mark.parametrize("batch_size", [3, 4, 5, 8])
def test_small_batches_stay_finite(batch_size):
    views = songs(n=31)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model = DCCA(**(SMALL | {"batch_size": batch_size}), ridge=1e-4).fit(views)
    assert all(np.isfinite(Z).all() for Z in model.transform(views))
    assert [str(w.message)[:10] for w in caught] == (["batches of"] if batch_size < 5 else [])


@pytest.mark.filterwarnings("ignore:batches of 4")
@pytest.mark.parametrize("n", [4, 5, 6])
def test_hardly_more_songs_than_components(n):
    views = songs(n=n)
    model = DCCA(**SMALL, ridge=1e-4).fit(views)
    assert all(np.isfinite(Z).all() for Z in model.transform(views))
    assert np.isfinite(model.correlations_).all()


def test_duplicate_and_constant_columns():
    X, Y = songs()
    X[:, 1], X[:, 2], Y[:, 0], Y[:, 1] = X[:, 0], 5, 1e6, Y[:, 2]
    for ridge in (1e-4, 1.0):
        model = DCCA(**SMALL, ridge=ridge).fit((X, Y))
        assert all(np.isfinite(Z).all() for Z in model.transform((X, Y)))
    with pytest.warns(UserWarning, match="outputs that do not correlate"):
        constant = DCCA(**SMALL, ridge=1e-4).fit((np.ones_like(X), Y))
    assert np.isfinite(constant.transform((X, Y))[0]).all()
    np.testing.assert_allclose(constant.correlations_, 0, atol=1e-6)


def test_regularization_makes_weights_smaller():
    views = songs()
    free, held = (DCCA(**SMALL, regularization=g, lr=1e-2).fit(views) for g in (0.0, 0.3))
    for ours, theirs in zip(weights(held), weights(free), strict=True):
        assert ours.dim() == 1 or ours.norm() < theirs.norm()
    assert held.history_[0]["regularization"] > 0


def test_networks_that_shrink_to_nothing_are_told():
    with pytest.warns(UserWarning, match=r"regularization=10\.0\); lower regularization, then ridge"):
        DCCA(**(SMALL | {"epochs": 60, "lr": 1e-2}), regularization=10.0).fit(songs())


def test_the_defaults_find_weak_correlations_between_many_songs():
    # Ten times the default regularization shrinks these networks to nothing.
    rng = np.random.default_rng(0)
    shared = rng.normal(size=(4000, 10))
    X, Y = (shared @ np.linalg.qr(rng.normal(size=(p, 10)))[0].T + 2 * rng.normal(size=(4000, p)) for p in (65, 40))
    model = SpotifyDCCA(n_components=20, epochs=20, device="cpu").fit((X[:3000], Y[:3000]))
    heldout = heldout_correlations(model, (X[3000:], Y[3000:]))
    assert heldout[:5].mean() > 4 / np.sqrt(5 * 1000)  # four standard errors of unrelated songs


def test_inputs_are_standardised_with_the_training_songs():
    X, Y = songs()
    model = DCCA(**SMALL).fit((X, Y))
    scaled = DCCA(**SMALL).fit((X * 1000 + 7, Y / 1000))
    other = songs(seed=5)[0]
    np.testing.assert_allclose(
        model.transform((other, None))[0], scaled.transform((other * 1000 + 7, None))[0], atol=1e-3
    )
    np.testing.assert_allclose(model.transform((other[:1], None))[0], model.transform((other, None))[0][:1], atol=1e-5)


def test_components_fall_and_are_centred_on_all_training_songs():
    views = songs()
    model = DCCA(**SMALL, validation=0.3).fit(views)
    assert (np.diff(model.correlations_) <= 0).all()
    for Z in model.transform(views):
        np.testing.assert_allclose(Z.mean(axis=0), 0, atol=1e-10)


def test_early_stopping_watches_held_out_songs():
    X, Y = songs(n=200)
    settings = SMALL | {"epochs": 200, "lr": 0.02, "batch_size": 120, "regularization": 0.0, "ridge": 1e-4}
    model = DCCA(**settings, validation=0.3, patience=4).fit((X, Y))
    scores = [h["validation"] for h in model.history_]
    assert len(scores) < 200
    assert np.argmin(scores) == len(scores) - 1 - 4


def test_too_few_songs_kept_out_are_refused():
    with pytest.raises(DataError, match=r"validation=0\.02: 2 of 120 songs are too few .* keeps 5 or more"):
        DCCA(**SMALL, validation=0.02).fit(songs())


def test_same_seed_same_bits_and_global_generators_are_left_alone():
    views = songs()
    torch_state, numpy_state = torch.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002
    first = DCCA(**SMALL, validation=0.2).fit(views)
    assert torch.equal(torch.get_rng_state(), torch_state)
    np.testing.assert_array_equal(np.random.get_state()[1], numpy_state)  # noqa: NPY002
    with torch.random.fork_rng():
        torch.manual_seed(5)
        second = DCCA(**SMALL, validation=0.2).fit(views)
    np.testing.assert_array_equal(first.transform(views)[0], second.transform(views)[0])
    assert first.history_ == second.history_
    other = DCCA(**SMALL, validation=0.2, random_state=1).fit(views)
    assert not np.allclose(first.transform(views)[0], other.transform(views)[0])


def test_labels_are_ignored():
    views = songs()
    first, second = (DCCA(**SMALL).fit(views, y) for y in (None, np.arange(120) % 3))
    np.testing.assert_array_equal(first.transform(views)[0], second.transform(views)[0])


def test_either_view_alone():
    X, Y = songs()
    model = DCCA(**SMALL).fit((X, Y))
    both = model.transform((X, Y))
    Za, nothing = model.transform((X[:7], None))
    assert nothing is None
    np.testing.assert_allclose(Za, both[0][:7], atol=1e-5)
    np.testing.assert_array_equal(model.transform((None, Y))[1], both[1])


@pytest.mark.parametrize("kind", [DCCA, SpotifyDCCA])
def test_save_and_load_give_the_same_bits(tmp_path, kind):
    views = songs()
    model = kind(**(SMALL | {"hidden": ((7, 6), ())}), ridge=(0.1, 0.2), validation=0.2).fit(views)
    model.save(tmp_path / "model")
    again = kind.load(tmp_path / "model")
    assert again.get_params() == model.get_params()
    assert again.history_ == model.history_
    np.testing.assert_array_equal(again.correlations_, model.correlations_)
    for ours, theirs in zip(model.transform(views), again.transform(views), strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"n_components": 0}, "n_components=0"),
        ({"epochs": 0}, "epochs=0"),
        ({"batch_size": 2.5}, r"batch_size=2\.5"),
        ({"batch_size": "all"}, "batch_size='all'"),
        ({"lr": 0}, "lr=0"),
        ({"regularization": -1}, "regularization=-1"),
        ({"patience": 0}, "patience=0"),
        ({"validation": 2}, "validation=2"),
        ({"hidden": (8, 0)}, "hidden="),
        ({"hidden": 8}, "hidden=8"),
        ({"hidden": ((8,), (8,), (8,))}, "hidden="),
        ({"hidden": (8, (4,))}, "hidden="),
        ({"device": "abacus"}, "device='abacus'"),
    ],
)
def test_bad_settings_are_refused(settings, message):
    with pytest.raises(UsageError, match=message):
        DCCA(**(SMALL | settings)).fit(songs())


def test_bad_data_is_refused():
    X, Y = songs()
    with pytest.raises(DataError, match="n_components=3: 3 songs allow at most 2"):
        DCCA(**SMALL).fit((X[:3], Y[:3]))
    with pytest.raises(UsageError, match="ridge=-1"):
        DCCA(**SMALL, ridge=-1).fit((X, Y))
    with pytest.raises(DataError, match="lyrics: expected 8 columns"):
        DCCA(**SMALL).fit((X, Y)).transform((X, Y[:, :3]))
    for use in (lambda m: m.transform((X, Y)), lambda m: m.correlations_):
        with pytest.raises(NotFittedError, match="this DCCA is not fitted"):
            use(DCCA())


def test_divergence_names_the_remedy():
    with pytest.raises(DataError, match="lower lr"):
        DCCA(**(SMALL | {"lr": 1e38})).fit(songs())


def test_scikit_learn_conventions():
    for kind in (DCCA, SpotifyDCCA):
        model = kind(**SMALL)
        assert clone(model).get_params() == model.get_params()


def test_spotify_dcca_reaches_dcca_with_every_setting():
    settings = {
        "n_components": 2, "hidden": (9, 4), "epochs": 2, "batch_size": 33, "lr": 0.01, "ridge": 0.7,
        "regularization": 0.3, "validation": 0.1, "patience": 5, "random_state": 8, "device": "cpu",
        "precision": "bf16", "verbose": False,
    }  # fmt: skip
    assert set(settings) == set(DCCA().get_params()) == set(SpotifyDCCA().get_params())
    assert SpotifyDCCA(**settings).get_params() == DCCA(**settings).get_params() == settings
    views = songs()
    ours, theirs = (kind(**settings).fit(views).transform(views)[0] for kind in (SpotifyDCCA, DCCA))
    np.testing.assert_array_equal(ours, theirs)


def test_each_method_says_which_audio_it_takes():
    assert (TwoViewModel.audio_view, CCA.audio_view, DCCA.audio_view) == ("audio", "audio", "audio")
    assert SpotifyDCCA.audio_view == "audio_descriptors"
