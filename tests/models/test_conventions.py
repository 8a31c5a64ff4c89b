"""What scikit-learn's users expect of every estimator: settings that are checked, errors, scores, names, files."""

import importlib
import inspect
import pkgutil
import warnings

import cca_zoo.linear
import numpy as np
import pytest
from sklearn.base import BaseEstimator, clone
from sklearn.exceptions import NotFittedError as TheirNotFittedError
from sklearn.utils.validation import check_is_fitted
from tests.making import change

import alcca.models
from alcca.errors import AlccaError, DataError, LibraryError, NotFittedError, UsageError
from alcca.matching.heard_words import HeardWords
from alcca.models.acmr import ACMR
from alcca.models.alcca import ALCCA
from alcca.models.cca import CCA
from alcca.models.clip import CLIP
from alcca.models.contract import cosines
from alcca.models.dcca import DCCA, SpotifyDCCA
from alcca.models.fused import Fused
from alcca.models.joint_train_dcca import JointTrainDCCA
from alcca.models.kernel_cca import KernelCCA
from alcca.models.pretrain_cnn_cca import PretrainCNNCCA
from alcca.models.pretrain_cnn_dcca import PretrainCNNDCCA
from alcca.models.rcca import RCCA
from alcca.models.saving import check_storable, load_model, packages_of, save_model
from alcca.models.scoring import CSLS, CorrelationWeighted
from alcca.models.settings import draw_seed
from alcca.models.standardised_cca import StandardisedCCA
from alcca.persistence.trusted import trust
from alcca.retrieval.metrics import mrr1

NETS = {"epochs": 1, "device": "cpu"}
FRAMES = {"frame_shape": (4, 5), **NETS}
MODELS = [
    ACMR(((4,), (4,)), **NETS),
    ALCCA(2, ((4,), (4,)), **NETS),
    CCA(2, ridge=0.1),
    CLIP((8, 3), **NETS),
    CSLS(CCA(2, ridge=0.1)),
    CorrelationWeighted(CCA(2, ridge=0.1)),
    DCCA(2, (8,), **NETS),
    Fused({"cca": CCA(2, ridge=0.1), "rcca": RCCA(2, ridges=1.0)}),
    JointTrainDCCA(2, (8,), features=4, **FRAMES),
    KernelCCA(2, rank=20),
    PretrainCNNCCA(2, (8,), **FRAMES),
    PretrainCNNDCCA(2, (8,), features=4, pretrain_epochs=1, **FRAMES),
    RCCA(2),
    SpotifyDCCA(2, (8,), **NETS),
    StandardisedCCA(2),
]
NAMED = {type(model).__name__: model for model in MODELS}
NETWORKS = [name for name, model in NAMED.items() if hasattr(model, "epochs")]
SPACES = {name: model for name, model in NAMED.items() if hasattr(model, "transform")}

# Kinds of settings, by name, and values that they do not take.
WHOLE = {
    "n_components", "k", "epochs", "batch_size", "opponent_steps", "patience", "features", "pretrain_epochs",
    "pretrain_batch_size", "folds", "rank",
}  # fmt: skip
NOT_NEGATIVE = {"alpha", "beta", "regularization", "adversary", "margin", "pretrain_regularization", "power"}
POSITIVE = {"lr", "pretrain_lr", "temperature"}
FLAGS = {"standardize", "lr_decay", "verbose", "learn_temperature"}
NO_NUMBER = ["1", "auto ", np.nan, np.inf, -1, (), (1,), [1, 2, 3], {}, 1j, np.complex128(1), True, object()]
WRONG = {
    **{name: [*NO_NUMBER, None, 0, 2.5, 2.0, np.float64(2)] for name in WHOLE},
    **{name: [*NO_NUMBER, None] for name in NOT_NEGATIVE},
    **{name: [*NO_NUMBER, None, 0] for name in POSITIVE},
    **{name: ["no", "", None, np.nan, 2, -1, 0.5, (), np.ones(2)] for name in FLAGS},
    "momentum": [*NO_NUMBER, None, 1, 1.5],
    "ridge": [*NO_NUMBER, None, (1, -1), (1, "1"), np.ones(3), np.ones((2, 1)), ("auto", 1)],
    "ridges": [*(value for value in NO_NUMBER if value not in [(1,), [1, 2, 3]]), None, ((1,), ("2",)), ((1,),)],
    "gamma": [0, *NO_NUMBER, (1, 0), np.ones(2)],
    "kernel": ["poly", None, 1, ("rbf",), ("rbf", 1), np.array(["rbf", "rbf"]), object()],
    "validation": [0, 1, *NO_NUMBER, np.ones(2)],
    "invariance": ["triple", None, 1, ("triplet",), np.array(["pair", "pair"])],
    "precision": ["float16", None, 32, ("bf16",), np.array(["bf16", "bf16"])],
    "device": ["gramophone", None, 2.5, (), "", np.nan],
    "random_state": ["1", "parts ", -1, 2**32, 2.0, np.nan, (), [1], True, object(), np.ones(1)],
    "frame_shape": [7, None, "ab", (4,), (4, 5, 1), (4.0, 5), (0, 5), (np.inf, 1), (np.nan, 1), ("4", 5), (True, 20)],
    "hidden": [8, None, "ab", (8.0,), (0,), (True,), ((4,), (4,), (4,)), (4, (4,)), {4: 4}, np.array(4), object()],
    "estimator": [None, 3, CCA, "cca", HeardWords()],
    "parts": [None, {}, [CCA()], {"a": None}, {"a": CCA}, {1: CCA()}, {"a__b": CCA()}, "cca"],
}  # fmt: skip
ALSO_WRONG = {
    "ACMR": {"hidden": [(16, 4), (), ((), ()), ((8, 4), (8,))]},
    "ALCCA": {"hidden": [(16, 4), (), ((), ()), ((8, 4), (8,))], "ridge": ["best", np.array(["auto", "auto"])]},
    "CLIP": {"hidden": [(), ((4,), (5,))], "batch_size": [1]},
    "PretrainCNNCCA": {"hidden": [(), ((4,), (5,))]},
}


@pytest.fixture(scope="module")
def songs():
    rng = np.random.default_rng(0)
    moods = rng.integers(2, size=60)
    shared = rng.normal(size=(60, 3)) + moods[:, None]
    audio, lyrics = (shared @ rng.normal(size=(3, p)) + 0.5 * rng.normal(size=(60, p)) for p in (20, 6))
    return (audio, lyrics), moods


@pytest.fixture(scope="module")
def fitted(songs):
    return {name: clone(model).fit(*songs) for name, model in NAMED.items()}


def module_names():
    return [module.name for module in pkgutil.iter_modules(alcca.models.__path__, "alcca.models.")]


def settings():
    return [(name, setting) for name, model in NAMED.items() for setting in model.get_params(deep=False)]


def test_all_estimators_are_here():
    found = {
        name
        for module in map(importlib.import_module, module_names())
        for name, kind in vars(module).items()
        if inspect.isclass(kind) and issubclass(kind, BaseEstimator) and kind.__module__ == module.__name__
        if hasattr(kind, "fit") and not inspect.isabstract(kind)
    }
    assert found == set(NAMED)


@pytest.mark.parametrize(("name", "setting"), settings())
def test_settings_of_wrong_types_are_named(songs, name, setting, monkeypatch):
    # Before any training.
    monkeypatch.setattr("alcca.models.training.minimise", None)
    for value in [*WRONG[setting], *ALSO_WRONG.get(name, {}).get(setting, [])]:
        model = clone(NAMED[name])
        setattr(model, setting, value)
        with pytest.raises(UsageError, match=rf"{setting}=(.|\n)*expected|{setting}=(.|\n)*must end in the same width"):
            model.fit(*songs)
        assert not hasattr(model, "n_features_in_")


@pytest.mark.parametrize("name", NAMED)
def test_numbers_of_numpy_are_numbers(songs, name, tmp_path, fitted):
    """Whole numbers, numbers, flags and seeds, and lists of them, as a grid of NumPy holds them."""
    kinds = {bool: np.bool_, int: np.int64, float: np.float64}

    def numpy(value):
        if isinstance(value, tuple):
            return tuple(map(numpy, value))
        return kinds.get(type(value), lambda same: same)(value)

    model = clone(NAMED[name])
    for setting, value in model.get_params(deep=False).items():
        setattr(model, setting, numpy(value))
    model.fit(*songs)
    np.testing.assert_array_equal(model.similarity(*songs[0]), fitted[name].similarity(*songs[0]))
    model.save(tmp_path / "model")
    again = type(model).load(tmp_path / "model")
    np.testing.assert_array_equal(model.similarity(*songs[0]), again.similarity(*songs[0]))
    if isinstance(model, ACMR | CLIP | DCCA):
        assert repr(again.get_params()) == repr(NAMED[name].get_params())


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.filterwarnings("ignore:the networks shrank")
def test_single_precision_is_a_number(songs, name, tmp_path):
    model = clone(NAMED[name])
    for setting in (POSITIVE | {"alpha", "margin", "momentum", "validation"}) & model.get_params().keys():
        setattr(model, setting, np.float32(0.5))
    model.fit(*songs).save(tmp_path / "model")
    again = type(model).load(tmp_path / "model")
    assert again.lr == 0.5
    np.testing.assert_array_equal(again.transform(songs[0])[0], model.transform(songs[0])[0])


@pytest.mark.parametrize("name", [name for name, model in NAMED.items() if hasattr(model, "random_state")])
def test_seeds_are_those_of_scikit_learn(songs, name, tmp_path, monkeypatch):
    model = clone(NAMED[name])
    drawn = []

    def seeded(original):
        def watch(one):
            drawn.append(original(one))
            return drawn[-1]

        return watch

    for module in map(importlib.import_module, module_names()):
        if hasattr(module, "draw_seed"):
            monkeypatch.setattr(module, "draw_seed", seeded(draw_seed))

    def seeds(random_state, fits=2):
        model.set_params(random_state=random_state)
        drawn.clear()
        for _ in range(fits):
            model.fit(*songs)
        return drawn.copy()

    assert set(seeds(np.uint8(7))) == {7}
    for kind in (np.random.RandomState, np.random.default_rng):
        several = seeds(kind(3))
        assert len(set(several)) > 1
        assert several == seeds(kind(3))
        assert all(type(seed) is int and 0 <= seed < 2**32 for seed in several)
    model.save(tmp_path / "model")
    assert type(model).load(tmp_path / "model").random_state is None
    assert seeds(None) != seeds(None)


def test_the_seed_of_an_alcca_is_that_of_all_its_steps(songs, monkeypatch):
    views, moods = songs
    module, seeds = importlib.import_module("alcca.models.alcca"), []
    held_out = module.held_out_fifth
    monkeypatch.setattr(
        module, "held_out_fifth", lambda codes, seed, **more: seeds.append(seed) or held_out(codes, seed, **more)
    )
    drawn = int(np.random.RandomState(5).randint(2**32, dtype=np.int64))
    for ridge in (0.1, "auto"):
        model = ALCCA(2, ((4,), (4,)), ridge=ridge, random_state=np.random.RandomState(5), **NETS).fit(views, moods)
        same = ALCCA(2, ((4,), (4,)), ridge=ridge, random_state=drawn, **NETS).fit(views, moods)
        np.testing.assert_array_equal(model.transform(views)[0], same.transform(views)[0])
        assert model.ridge_scores_ == same.ridge_scores_
    assert seeds == [drawn, drawn]
    for random_state in (None, np.random.RandomState(5)):
        model.set_params(random_state=random_state)
        begun = model.first_stage().fit(views, moods)
        assert model.fit(views, moods, first_stage=begun).acmr_ is begun


def test_the_parts_of_a_fusion_keep_their_seeds_or_share_one(songs):
    parts = {"cca": CCA(2), "one": RCCA(2, ridges=1, random_state=4), "other": RCCA(2, ridges=1, random_state=5)}

    def seeds(random_state):
        model = Fused(parts, random_state=random_state).fit(*songs)
        return [model.parts_[name].random_state for name in ("one", "other")]

    assert seeds("parts") == [4, 5]
    assert seeds(9) == [9, 9]
    one, other = seeds(np.random.RandomState(0))
    assert one == other == np.random.RandomState(0).randint(2**32, dtype=np.int64)
    assert len({*seeds(None), *seeds(None)}) == 2
    default = Fused(parts).fit(*songs).weights_
    assert default == Fused(parts).fit(*songs).weights_


@pytest.mark.parametrize("name", NAMED)
def test_not_fitted_is_scikit_learns_error_too(songs, name):
    model, (audio, lyrics) = clone(NAMED[name]), songs[0]
    uses = [
        lambda: model.similarity(audio, lyrics),
        lambda: model.score((audio, lyrics)),
        lambda: model.save("/nowhere"),
    ]
    if name in SPACES:
        uses += [lambda: model.transform((audio, None)), model.get_feature_names_out]
    for use in uses:
        with pytest.raises(NotFittedError, match=rf"this {name} is not fitted; call fit") as raised:
            use()
        assert isinstance(raised.value, TheirNotFittedError)
        assert isinstance(raised.value, AlccaError)
    with pytest.raises(TheirNotFittedError):
        check_is_fitted(model)
    assert not hasattr(model, "n_features_in_")


@pytest.mark.parametrize("name", NAMED)
def test_fitted_estimators_tell_their_columns(songs, name, fitted):
    check_is_fitted(fitted[name])
    if name == "Fused":
        assert not hasattr(fitted[name], "n_features_in_")
    else:
        assert fitted[name].n_features_in_ == (20, 6)


def test_frames_count_flattened(songs, fitted):
    (audio, lyrics), moods = songs
    model = clone(NAMED["PretrainCNNCCA"]).fit((audio.reshape(60, 4, 5), lyrics), moods)
    assert model.n_features_in_ == (20, 6)
    np.testing.assert_array_equal(
        model.transform((audio, None))[0], fitted["PretrainCNNCCA"].transform((audio, None))[0]
    )


@pytest.mark.parametrize("name", SPACES)
def test_names_of_the_dimensions(songs, name, fitted):
    audio, lyrics = fitted[name].transform(songs[0])
    names = fitted[name].get_feature_names_out()
    assert names.tolist() == [f"{name.lower()}{number}" for number in range(audio.shape[1])]
    assert fitted[name].get_feature_names_out(["a", "b"]).tolist() == names.tolist()
    assert lyrics.shape[1] == len(names)


@pytest.mark.parametrize("name", SPACES)
def test_fit_transform_is_fit_and_transform(songs, name, fitted):
    views, moods = songs
    for ours, theirs in zip(clone(NAMED[name]).fit_transform(views, moods), fitted[name].transform(views), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_fit_transform_hands_on_what_fit_takes(songs):
    views, moods = songs
    with pytest.raises(DataError, match="groups: expected one for each of 60 songs, got 3"):
        RCCA(2).fit_transform(views, moods, groups=[1, 2, 3])


@pytest.mark.parametrize("name", NAMED)
def test_the_score_is_the_mean_reciprocal_rank(songs, name, fitted):
    (audio, lyrics), moods = songs
    found = fitted[name].score((audio[:30], lyrics[:30]), moods[:30])
    assert type(found) is float
    similarities = fitted[name].similarity(audio[:30], lyrics[:30])
    ranks = [(scores >= scores.diagonal()[:, None]).sum(axis=1) for scores in (similarities, similarities.T)]
    np.testing.assert_allclose(found, np.mean([mrr1(one) for one in ranks]), rtol=1e-12)


def test_ties_count_against_the_right_song(songs):
    audio, lyrics = songs[0]
    model = CCA(2).fit((np.ones_like(audio), lyrics))
    np.testing.assert_array_equal(cosines(*model.transform((audio, lyrics))), 0)
    assert model.score((audio, lyrics)) == pytest.approx(1 / 60)


@pytest.mark.parametrize(
    ("views", "message"),
    [
        (lambda a, t: (a, t[1:]), "audio has 60 songs and lyrics 59; expected the same songs"),
        (lambda a, t: (a, None), "score: expected both views, got None"),
        (lambda a, t: a, r"views: expected the pair \(audio, lyrics\), got ndarray"),
        (lambda a, t: 3, r"views: expected the pair \(audio, lyrics\), got int"),
    ],
)
def test_a_score_needs_pairs(songs, fitted, views, message):
    for model in fitted.values():
        with pytest.raises(DataError, match=message):
            model.score(views(*songs[0]))


def around():
    return [
        CSLS(CCA(2, ridge=0.1), k=3),
        CSLS(cca_zoo.linear.CCA(n_components=2), k=np.int64(2)),
        CorrelationWeighted(RCCA(2, ridges=1.0), power=2.0),
        Fused({"cca": CCA(20, ridge=0.1), "zoo": cca_zoo.linear.CCA(n_components=20)}, folds=4),
        Fused({"a": RCCA(2, ridges=1.0, random_state=3), "b": CSLS(CCA(30, ridge=1.0))}, random_state=np.int64(8)),
        Fused(
            {"in": Fused({"x": CorrelationWeighted(RCCA(2, ridges=1.0)), "y": CCA(1)}), "net": MODELS[0]},
            random_state=None,
        ),
    ]


@pytest.mark.parametrize("model", around())
def test_estimators_around_others_are_kept(model, songs, tmp_path):
    trust("cca_zoo")
    views, moods = songs
    check_storable(model)
    model.fit(views, moods)
    save_model(model, tmp_path / "model")
    again = load_model(tmp_path / "model")
    assert repr(again) == repr(model).replace("np.int64(8)", "8").replace("np.int64(2)", "2")
    assert repr(again.get_params()) == repr(model.get_params()).replace("np.int64(8)", "8").replace("np.int64(2)", "2")
    check_is_fitted(again)
    np.testing.assert_array_equal(model.similarity(views[0][:9], views[1]), again.similarity(views[0][:9], views[1]))
    model.save(tmp_path / "alone")
    alone = type(model).load(tmp_path / "alone")
    np.testing.assert_array_equal(model.similarity(*views), alone.similarity(*views))
    again.fit(views, moods)


def test_parts_of_other_packages_need_trust(songs, tmp_path, monkeypatch):
    monkeypatch.setenv("ALCCA_CONFIG", str(tmp_path / "config"))
    model = Fused({"cca": CCA(2), "zoo": CSLS(cca_zoo.linear.CCA(n_components=2))})
    assert packages_of(model) == {"cca_zoo"}
    save_model(model.fit(*songs), tmp_path / "model")
    for load in (lambda: load_model(tmp_path / "model"), lambda: Fused.load(tmp_path / "model" / "fitted")):
        with pytest.raises(LibraryError, match="code of the package cca_zoo runs only with your permission"):
            load()


def test_parts_that_cannot_be_kept_are_refused_before_the_training():
    class Local(CCA):
        pass

    with pytest.raises(UsageError, match="Local cannot be saved"):
        check_storable(Fused({"inner": Fused({"local": Local()})}))


@pytest.mark.parametrize(
    "damage",
    [
        {"parts": []},
        {"parts": [{}]},
        {"parts": 3},
        {"parts": [{"name": [1], "weight": 1, "silence": 0, "given": {}}]},
        {"parts": [{"name": "a", "weight": "heavy", "silence": 0, "given": {}}]},
        {"parts": [{"name": "a", "weight": 1, "silence": 0, "given": {"colour": 1}}]},
        {"parts": [{"name": n, "weight": 1, "silence": 0, "given": {}} for n in "ab"]},
    ],
)
def test_a_damaged_fusion_is_told(songs, tmp_path, damage):
    Fused({"cca": CCA(2)}).fit(*songs).save(tmp_path / "model")
    change(tmp_path / "model" / "state.json", state={"folds": 3, "random_state": 1, **damage})
    with pytest.raises(LibraryError, match=r"the model is damaged|part 1: the model is missing"):
        Fused.load(tmp_path / "model")


def test_no_estimator_warns_of_ordinary_songs(songs):
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        for model in NAMED.values():
            clone(model).fit(*songs)
