"""Methods by name."""

import sys

import cca_zoo.linear
import numpy as np
import pytest
from sklearn.base import clone

from alcca.errors import UsageError
from alcca.experiments import Dataset, make_method, method_names
from alcca.experiments.methods import default_methods, named_methods, paper_methods, parse_methods
from alcca.models.contract import view_names
from alcca.models.standardised_cca import StandardisedCCA


@pytest.mark.parametrize("name", method_names())
def test_every_name_makes_an_unfitted_estimator(name):
    method = make_method(name, n_components=7) if name not in ("acmr", "clip", "heard") else make_method(name)
    assert hasattr(method, "fit")
    assert hasattr(method, "similarity")
    assert hasattr(method, "transform") == (name not in ("heard", "fused", "csls"))
    assert repr(clone(method).get_params()) == repr(method.get_params())


def test_fused_is_what_is_heard_with_a_space():
    fused = make_method("fused", epochs=3, folds=4)
    assert list(fused.parts) == ["heard", "alcca"]
    assert (fused.folds, fused.parts["alcca"].epochs) == (4, 3)
    assert view_names(fused, "audio") == ("transcripts", "audio")
    assert view_names(fused, "lyrics") == ("texts", "features")
    made = parse_methods("fused:cca:ridge=3.0:folds=2,fused:cca_zoo.linear.CCA,fused:n_components=4,fused")
    assert next(iter(made)) == "fused:cca:ridge=3.0:folds=2"
    first, second, third, last = made.values()
    assert (first.parts["cca"].ridge, first.folds) == (3.0, 2)
    assert type(second.parts["cca_zoo.linear.CCA"]) is cca_zoo.linear.CCA
    assert (third.parts["alcca"].n_components, last.parts["alcca"].n_components) == (4, 80)
    assert view_names(make_method("fused:pretrain-cnn-cca"), "audio") == ("transcripts", "audio_frames")
    assert parse_methods("fused,fused:dcca", epochs=5)["fused:dcca"].parts["dcca"].epochs == 5


def test_other_ways_to_compare_stand_around_a_method():
    made = parse_methods("csls:rcca:k=3:n_components=4,weighted:cca:power=2:ridge=9,csls,fused:weighted:cca:ridge=5")
    csls, weighted, plain, fused = made.values()
    assert (csls.k, csls.estimator.n_components, type(csls.estimator).__name__) == (3, 4, "RCCA")
    assert (weighted.power, weighted.estimator.ridge) == (2, 9)
    assert type(plain.estimator).__name__ == "ALCCA"
    assert fused.parts["weighted:cca"].estimator.ridge == 5
    assert view_names(make_method("csls:spotify-dcca"), "audio") == ("audio_descriptors",)
    assert parse_methods("weighted:dcca", epochs=3)["weighted:dcca"].estimator.epochs == 3


def test_the_default_is_what_the_songs_have():
    songs = {"audio": np.zeros((2, 3)), "lyrics": ["la", "do"]}
    assert list(default_methods(Dataset(**songs))) == ["alcca"]
    assert list(default_methods(Dataset(**songs, transcripts=["la", None]))) == ["fused", "heard", "alcca"]
    assert list(default_methods(Dataset(**{**songs, "audio": None}, transcripts=["la", None]))) == ["heard"]
    assert default_methods(Dataset(**songs, transcripts=["la", None]), epochs=2)["fused"].parts["alcca"].epochs == 2


def test_a_method_needs_a_transform_or_a_similarity():
    class Neither(StandardisedCCA):
        transform = similarity = property()

    assert list(named_methods(["heard", "fused"])) == ["heard", "fused"]
    with pytest.raises(UsageError, match=r"expected an unfitted estimator with fit, transform \(or similarity\)"):
        named_methods(Neither())


def test_unknown_names_and_settings_are_refused():
    with pytest.raises(
        UsageError, match=r"'magic' is unknown; the methods are cca, rcca, .*or the dotted name of a class"
    ):
        make_method("magic")
    for name in ("no_such_package.CCA", "cca_zoo.linear.NoSuchCCA"):
        with pytest.raises(UsageError, match=f"method '{name}' cannot be imported"):
            make_method(name)
    with pytest.raises(UsageError, match="cca has no setting epochs; it has n_components, ridge"):
        make_method("cca", epochs=3)


def test_ablations_leave_out_what_they_say():
    paper = make_method("alcca").get_params()
    changed = {
        name: {key: value for key, value in make_method(name).get_params().items() if value != paper[key]}
        for name in method_names()
        if name.startswith("alcca-")
    }
    assert changed == {
        "alcca-tuned": {"ridge": "auto"},
        "alcca-no-adversary": {"adversary": 0.0},
        "alcca-no-imi": {"alpha": 0.0},
        "alcca-no-imd": {"beta": 0.0},
        "alcca-pair": {"invariance": "pair"},
    }
    assert make_method("alcca-pair", alpha=3.0).get_params()["alpha"] == 3.0


def test_a_list_of_methods_with_settings():
    made = parse_methods(
        "cca:ridge=(10.0, 2):n_components=4, alcca-pair:invariance=triplet,cca_zoo.linear.CCA:n_components=3"
    )
    one, two, three = made.values()
    assert next(iter(made)) == "cca:ridge=(10.0, 2):n_components=4"
    assert (one.ridge, one.n_components) == ((10.0, 2), 4)
    assert two.invariance == "triplet"
    assert type(three) is cca_zoo.linear.CCA
    assert three.n_components == 3
    assert list(parse_methods("all")) == paper_methods()
    assert [name for name in method_names() if name not in paper_methods()] == [
        "clip", "heard", "fused", "csls", "weighted",
    ]  # fmt: skip
    fewer = parse_methods("cca,alcca:epochs=9,acmr", epochs=3)
    assert [fewer[name].epochs for name in ("alcca:epochs=9", "acmr")] == [3, 3]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("cca,cca", "cca is there twice"),
        ("all,cca", "cca is there twice"),
        ("cca:ridge", "expected cca:setting=value, got 'ridge'"),
        ("cca:depth=3", "cca has no setting depth; it has n_components, ridge"),
        ("cca,magic", "'magic' is unknown"),
        ("heard:depth=3", "heard has no setting depth"),
        ("fused:heard", "fused:heard: expected a method that learns a common space"),
        ("fused:magic", "'magic' is unknown"),
        ("fused:cca:depth=3", "cca has no setting depth"),
        ("csls:heard", "csls:heard: expected a method that learns a common space, such as csls:alcca"),
        ("weighted:fused:cca", "weighted:fused:cca: expected a method that learns a common space"),
        ("weighted:cca:depth=3", "cca has no setting depth"),
        ("fused:cca:rcca", "setting=value, got 'rcca'"),
    ],
)
def test_a_list_that_cannot_be_meant_is_refused(text, message):
    with pytest.raises(UsageError, match=message):
        parse_methods(text)


OWN = """
from alcca.models.cca import CCA
class Mine(CCA):
    pass
"""


def test_a_class_of_the_current_folder_is_found_and_hides_nothing(tmp_path, monkeypatch):
    (tmp_path / "my_own_methods.py").write_text(OWN)
    monkeypatch.setattr(sys, "path", [entry for entry in sys.path if entry])
    with pytest.raises(UsageError, match=r"No module named 'my_own_methods'.*call alcca in its folder"):
        make_method("my_own_methods.Mine")
    monkeypatch.chdir(tmp_path)
    assert make_method("my_own_methods.Mine", n_components=3).n_components == 3
    del sys.modules["my_own_methods"]
    # Behind all others, so that a file of the folder hides no other module.
    assert sys.path.index(str(tmp_path)) == len(sys.path) - 1
    # A name that is nowhere leaves no trace.
    monkeypatch.setattr(sys, "path", [entry for entry in sys.path if entry != str(tmp_path)])
    with pytest.raises(UsageError, match="No module named 'nowhere'"):
        make_method("nowhere.Mine")
    assert str(tmp_path) not in sys.path
