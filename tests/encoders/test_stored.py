"""Encoders on disk: what comes back is what was kept, or a reason."""

import json

import numpy as np
import pytest

from alcca.encoders.doc2vec import Doc2VecEncoder
from alcca.encoders.encoder import AudioEncoder, LyricsEncoder
from alcca.encoders.mfcc import MfccStatsEncoder
from alcca.encoders.stored import check_keepable, load_encoder, save_encoder
from alcca.encoders.tfidf import TfidfEncoder
from alcca.errors import LibraryError, UsageError

TEXTS = ["hello darkness my old friend", "hello sunshine my new friend"] * 3


class Learning(LyricsEncoder):
    """Learns, and forgets to say how it is kept."""

    name, shape, learns = "learning", (1,), True

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
    assert {path.suffix for path in (tmp_path / "kept").rglob("*") if path.is_file()} == {".json", ".safetensors"}


def test_another_version_is_told(tmp_path, monkeypatch):
    save_encoder(MfccStatsEncoder(), tmp_path / "kept")
    monkeypatch.setattr(MfccStatsEncoder, "version", "2")
    with pytest.raises(
        LibraryError, match=r"version 1 of the encoder mfcc-stats, which is version 2 now .*train again"
    ):
        load_encoder(tmp_path / "kept")


@pytest.mark.parametrize(
    ("about", "message"),
    [
        ({"class": "Gone"}, "the encoder's class is not there"),
        ({"module": "no_such_package"}, "the encoder's class is not there"),
        ({"module": "pathlib", "class": "Path"}, "is no encoder"),
    ],
)
def test_what_is_no_encoder_is_told(about, message, tmp_path):
    save_encoder(MfccStatsEncoder(), tmp_path)
    told = json.loads((tmp_path / "encoder.json").read_text())
    (tmp_path / "encoder.json").write_text(json.dumps(told | about))
    with pytest.raises(LibraryError, match=message):
        load_encoder(tmp_path)


def test_a_damaged_one_is_told(tmp_path):
    with pytest.raises(LibraryError, match="the encoder is missing or damaged"):
        load_encoder(tmp_path)
    save_encoder(MfccStatsEncoder(), tmp_path)
    (tmp_path / "state" / "state.json").write_text("{")
    with pytest.raises(LibraryError, match="damaged"):
        load_encoder(tmp_path)


def test_what_could_not_be_made_again_is_refused_before():
    class Local(Tuned):
        pass

    check_keepable(Tuned(by=[1, "la"]))
    with pytest.raises(UsageError, match="put the class into a module"):
        check_keepable(Local())
    with pytest.raises(UsageError, match="settings must be numbers, texts and lists"):
        check_keepable(Tuned(by=object()))
    with pytest.raises(UsageError, match="does not keep what it has learned"):
        check_keepable(Learning())
