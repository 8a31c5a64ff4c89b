"""Encoders on disk: what comes back is what was kept, or a reason."""

import importlib
import json
import sys
from pathlib import Path

import numpy as np
import pytest
from tests.making import change, flip
from tests.networks import write_sentence_model
from tests.strangers import stranger

from alcca.encoders.doc2vec import Doc2VecEncoder
from alcca.encoders.encoder import AudioEncoder, LyricsEncoder
from alcca.encoders.mfcc import MfccStatsEncoder
from alcca.encoders.saving import check_keepable, load_encoder, names_to_trust, save_encoder
from alcca.encoders.sentence import SentenceEncoder
from alcca.encoders.tfidf import TfidfEncoder
from alcca.errors import LibraryError, UsageError
from alcca.persistence.trusted import trust

__all__ = ["stranger"]

TEXTS = ["hello darkness my old friend", "hello sunshine my new friend"] * 3


class Learning(LyricsEncoder):
    """Learns what it cannot be given back without code."""

    name, shape, learns = "learning", (1,), True

    def fit(self, texts):
        self.drawn_ = np.random.default_rng(0)
        return self

    def encode(self, texts):
        return np.ones((len(texts), 1), np.float32)

    def known_words(self, text):
        return 1


class Tuned(AudioEncoder):
    name, shape = "tuned", (1,)

    def __init__(self, by=None):
        self.by = by

    def encode(self, recordings):
        return np.ones((len(recordings), 1), np.float32)


@pytest.mark.parametrize("encoder", [Doc2VecEncoder(8), TfidfEncoder(min_df=1)], ids=lambda encoder: encoder.name)
def test_what_was_learned_comes_back_without_pickle(encoder, tmp_path):
    encoder.fit(TEXTS)
    save_encoder(encoder, tmp_path / "kept")
    loaded = load_encoder(tmp_path / "kept")
    assert loaded.key == encoder.key
    np.testing.assert_array_equal(loaded.encode(TEXTS), encoder.encode(TEXTS))
    assert {path.suffix for path in (tmp_path / "kept").rglob("*") if path.is_file()} == {".json", ".safetensors", ""}


def test_another_version_is_told(tmp_path, monkeypatch):
    save_encoder(MfccStatsEncoder(), tmp_path / "kept")
    monkeypatch.setattr(MfccStatsEncoder, "version", "2")
    with pytest.raises(
        LibraryError, match=r"version 1 of the encoder mfcc-stats, which now has version 2 .*train again"
    ):
        load_encoder(tmp_path / "kept")


@pytest.mark.parametrize(
    ("about", "message"),
    [
        ({"class": "Gone"}, "the class of the encoder cannot be imported"),
        ({"module": "no_such_package"}, "--trust no_such_package"),
        ({"module": "pathlib", "class": "Path"}, "--trust pathlib"),
        ({"module": "alcca.encoders.saving", "class": "Path"}, "is not a class defined there"),
        ({"module": "alcca.encoders.saving", "class": "load_encoder"}, "is not a class defined there"),
        ({"module": "alcca.encoders.encoder", "class": "Encoder"}, "is not an encoder"),
        ({"module": "alcca.encoders.encoder", "class": "LyricsEncoder"}, "expected a LyricsEncoder"),
        ({"module": "alcca.models.cca", "class": "CCA"}, "expected a class of alcca.encoders"),
        ({"module": "alcca.cli.main", "class": "main"}, "expected a class of alcca.encoders"),
    ],
)
def test_what_is_no_encoder_is_told(about, message, tmp_path):
    save_encoder(MfccStatsEncoder(), tmp_path / "kept")
    change(tmp_path / "kept" / "encoder.json", **about)
    with pytest.raises(LibraryError, match=message):
        load_encoder(tmp_path / "kept")


def test_a_damaged_one_is_told(tmp_path):
    with pytest.raises(LibraryError, match="the encoder is missing or damaged"):
        load_encoder(tmp_path)
    save_encoder(MfccStatsEncoder(), tmp_path / "kept")
    for state in ({"settings": {"colour": 1}}, {"settings": 3}, {}):
        change(tmp_path / "kept" / "state" / "state.json", state=state)
        with pytest.raises(LibraryError, match="damaged"):
            load_encoder(tmp_path / "kept")
    (tmp_path / "kept" / "state" / "state.json").write_text("{")
    with pytest.raises(LibraryError, match="damaged"):
        load_encoder(tmp_path / "kept")


@pytest.mark.parametrize("file", ["encoder.json", "state/state.json", "state/arrays.safetensors"])
def test_a_flipped_bit_is_told(tmp_path, file):
    save_encoder(TfidfEncoder(min_df=1).fit(TEXTS), tmp_path / "kept")
    flip(tmp_path / "kept" / file, -2)
    with pytest.raises(LibraryError, match="damaged"):
        load_encoder(tmp_path / "kept")


def test_what_could_not_be_made_again_is_refused_before():
    class Local(Tuned):
        pass

    check_keepable(Tuned(by=[1, "la"]))
    with pytest.raises(UsageError, match="at the top level of a module"):
        check_keepable(Local())
    with pytest.raises(UsageError, match="settings must be numbers, texts and lists"):
        check_keepable(Tuned(by=object()))


def test_what_was_learned_must_be_plain(tmp_path):
    with pytest.raises(LibraryError, match=r"Learning\.drawn_ is a Generator, which cannot be saved"):
        save_encoder(Learning().fit(TEXTS), tmp_path / "kept")
    assert not (tmp_path / "kept").exists()


def test_a_strangers_encoder_is_made_only_when_it_is_trusted_and_by_its_constructor_alone(stranger, tmp_path):
    encoder = importlib.import_module("stranger").Words(most=3).fit(TEXTS)
    assert names_to_trust(encoder) == {"stranger"}
    save_encoder(encoder, tmp_path / "kept")
    expected = encoder.encode(TEXTS)
    for name in ("IMPORTED", "PROOF"):
        (stranger / name).unlink(missing_ok=True)
    del sys.modules["stranger"]
    with pytest.raises(LibraryError, match=r"stranger\.Words, and code of the package stranger .*--trust stranger "):
        load_encoder(tmp_path / "kept")
    assert not (stranger / "IMPORTED").exists()
    trust("stranger")
    loaded = load_encoder(tmp_path / "kept")
    assert loaded.key == encoder.key
    np.testing.assert_array_equal(loaded.encode(TEXTS), expected)
    assert not (stranger / "PROOF").exists()
    for name in ("Method", "Nothing", "factory", "made_on_demand"):
        change(tmp_path / "kept" / "encoder.json", **{"class": name})
        with pytest.raises(LibraryError, match=r"is not an encoder|not a class|cannot be imported"):
            load_encoder(tmp_path / "kept")
    assert not (stranger / "PROOF").exists()


@pytest.mark.parametrize("kind", ["ours", "theirs"])
def test_a_network_of_others_is_loaded_only_when_it_is_trusted(stranger, tmp_path, monkeypatch, kind):
    folder = write_sentence_model(tmp_path / "networks")
    encoder = (SentenceEncoder if kind == "ours" else importlib.import_module("stranger").Network)(str(folder))
    save_encoder(encoder, tmp_path / "kept")
    expected = encoder.encode(["hello"])
    named = f"{encoder.name}:{folder}"
    assert names_to_trust(encoder) == ({named} if kind == "ours" else {named, "stranger"})
    trust("stranger")
    with monkeypatch.context() as patch:
        patch.setattr("alcca.encoders.pretrained.model_version", lambda *_: pytest.fail("it was looked at"))
        with pytest.raises(LibraryError, match=f"uses the model {folder}, .*--trust {named} "):
            load_encoder(tmp_path / "kept")
        state = json.loads((tmp_path / "kept" / "state" / "state.json").read_text())["state"]
        for model in ("owner/model", "model", str(Path("/") / "no" / "folder")):
            change(tmp_path / "kept" / "state" / "state.json", state=state | {"settings": {"model": model}})
            with pytest.raises(LibraryError, match=f"--trust {encoder.name}:{model} "):
                load_encoder(tmp_path / "kept")
        change(tmp_path / "kept" / "state" / "state.json", state=state)
    trust(named)
    np.testing.assert_array_equal(load_encoder(tmp_path / "kept").encode(["hello"]), expected)


@pytest.mark.parametrize(
    "name",
    [
        "clap.ClapEncoder", "descriptors.DescriptorsEncoder", "doc2vec.Doc2VecEncoder", "mfcc.MfccEncoder",
        "mfcc.MfccStatsEncoder", "sentence.SentenceEncoder", "tfidf.TfidfEncoder",
    ],
)  # fmt: skip
def test_encoders_saved_by_earlier_versions_find_their_class(name):
    """Their files name it: a class that moves needs an alias where it was."""
    module, kind = name.split(".")
    found = getattr(importlib.import_module(f"alcca.encoders.{module}"), kind)
    assert (found.__module__, found.__qualname__) == (f"alcca.encoders.{module}", kind)
