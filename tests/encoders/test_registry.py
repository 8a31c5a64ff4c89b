"""Encoders by name: ours, and those that other packages offer."""

import sys

import numpy as np
import pytest

from alcca.encoders.encoder import AudioEncoder
from alcca.encoders.registry import (
    audio_encoder,
    audio_encoder_names,
    lyrics_encoder,
    lyrics_encoder_names,
    named_encoders,
    parse_encoders,
)
from alcca.encoders.tfidf import TfidfEncoder
from alcca.errors import UsageError

PLUGIN = """
import numpy as np
from alcca.encoders.encoder import AudioEncoder

class Loudness(AudioEncoder):
    name = "loudness"
    shape = (1,)
    takes_argument = True

    def __init__(self, where="all", *, power=2):
        self.where, self.power = where, power

    def encode(self, recordings):
        return (np.abs(recordings) ** self.power).mean(axis=1, keepdims=True)

def no_encoder():
    return 3
"""


@pytest.fixture
def plugin(tmp_path, monkeypatch):
    """An installed package that offers encoders."""

    def install(name, *entries, code=PLUGIN):
        (tmp_path / f"{name}.py").write_text(code)
        about = tmp_path / f"{name}-1.0.dist-info"
        about.mkdir()
        (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        (about / "entry_points.txt").write_text("[alcca.audio_encoders]\n" + "\n".join(entries) + "\n")

    monkeypatch.syspath_prepend(str(tmp_path))
    yield install
    for name in ("loud_package", "other_package"):
        sys.modules.pop(name, None)


@pytest.mark.parametrize("name", ["mfcc", "mfcc-stats", "descriptors"])
def test_built_in_audio_encoders_are_called_by_their_name(name):
    assert name in audio_encoder_names()
    assert audio_encoder(name).name == name


@pytest.mark.parametrize("name", ["doc2vec", "tfidf"])
def test_built_in_lyrics_encoders_are_called_by_their_name(name):
    assert name in lyrics_encoder_names()
    assert lyrics_encoder(name).name == name


def test_settings_stand_behind_colons():
    assert lyrics_encoder("tfidf:max_features=7:min_df=1").settings == {"max_features": 7, "min_df": 1}
    made = TfidfEncoder(3)
    assert lyrics_encoder(made) is made


def test_an_installed_package_offers_an_encoder_through_an_entry_point(plugin):
    plugin("loud_package", "loudness = loud_package:Loudness")
    assert audio_encoder_names()[-1] == "loudness"
    made = audio_encoder("loudness:C:/some/where:power=3")
    assert isinstance(made, AudioEncoder)
    assert made.settings == {"where": "C:/some/where", "power": 3}  # a path may hold colons
    assert made.encode(np.full((2, 5), 2.0)).tolist() == [[8.0], [8.0]]


def test_what_a_package_offers_must_be_an_encoder_and_be_importable(plugin):
    plugin("loud_package", "three = loud_package:no_encoder", "gone = loud_package:Gone")
    with pytest.raises(UsageError, match="'three' made a int; expected an AudioEncoder"):
        audio_encoder("three")
    with pytest.raises(UsageError, match=r"'gone' \(loud_package:Gone\) cannot be imported"):
        audio_encoder("gone")


def test_a_name_that_two_packages_offer_means_none(plugin):
    plugin("loud_package", "loudness = loud_package:Loudness")
    plugin("other_package", "loudness = other_package:Loudness")
    with pytest.raises(UsageError, match="provided twice, by loud_package:Loudness and other_package:Loudness"):
        audio_encoder("loudness")


def test_a_package_does_not_replace_ours(plugin):
    plugin("loud_package", "mfcc = loud_package:Loudness")
    assert audio_encoder("mfcc").shape == (20, 161)
    assert audio_encoder_names().count("mfcc") == 1


@pytest.mark.parametrize(
    ("make", "written", "said"),
    [
        (audio_encoder, "magic", "audio encoder 'magic' is unknown; expected one of mfcc, mfcc-stats, descriptors"),
        (audio_encoder, "tfidf", "tfidf is a lyrics encoder; expected one of mfcc"),
        (lyrics_encoder, "mfcc", "mfcc is an audio encoder; expected one of doc2vec"),
        (lyrics_encoder, "tfidf:colour=1", "colour"),
        (lyrics_encoder, "doc2vec:300:epochs=7", "expected doc2vec:setting=value, got '300'"),
        (audio_encoder, "mfcc:x", "expected mfcc:setting=value"),
    ],
)
def test_what_cannot_be_meant(make, written, said):
    with pytest.raises(UsageError, match=said):
        make(written)


def test_lists():
    assert parse_encoders("mfcc,mfcc-stats , ") == ["mfcc", "mfcc-stats"]
    for text in ("", " , ", "mfcc,mfcc"):
        with pytest.raises(UsageError, match="one or more different names"):
            parse_encoders(text)
    assert list(named_encoders([TfidfEncoder(5), "doc2vec"], lyrics_encoder)) == ["tfidf", "doc2vec"]
    assert list(named_encoders(TfidfEncoder(5), lyrics_encoder)) == ["tfidf"]
    with pytest.raises(UsageError, match="tfidf is listed twice"):
        named_encoders(["tfidf", TfidfEncoder(5)], lyrics_encoder)
    with pytest.raises(UsageError, match="at least one"):
        named_encoders([], lyrics_encoder)


@pytest.mark.parametrize("wrong", [7, [7], ["mfcc", None], {"mine": "mfcc"}, {"mine": 7}, object(), [b"mfcc"]])
def test_what_is_no_encoder_is_refused_by_name(wrong):
    with pytest.raises(UsageError, match="expected names or encoders, got "):
        named_encoders(wrong, audio_encoder)
