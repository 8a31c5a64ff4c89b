"""Encoders by networks of others, with tiny ones of random weights that are made on the spot: nothing is fetched."""

import pickle
import shutil
import sys

import numpy as np
import pytest
from tests.networks import write_clap_model, write_sentence_model

from alcca.encoders import pretrained
from alcca.encoders.registry import audio_encoder, lyrics_encoder
from alcca.errors import DataError, LibraryError, MissingExtraError, UsageError
from alcca.persistence.trusted import trust

SECONDS = 10


@pytest.fixture(scope="module")
def sentence_folder(tmp_path_factory):
    return write_sentence_model(tmp_path_factory.mktemp("sentence"))


@pytest.fixture(scope="module", params=["rand_trunc", "fusion"])
def clap_folder(tmp_path_factory, request):
    return write_clap_model(tmp_path_factory.mktemp("clap"), request.param)


def sounds(n, seconds=30):
    return (0.1 * np.random.default_rng(n).standard_normal((n, 48_000 * seconds))).astype(np.float32)


def test_a_text_has_a_vector_of_its_own(sentence_folder):
    encoder = lyrics_encoder(f"sentence:{sentence_folder}")
    assert not encoder.learns
    found = encoder.encode(["hello darkness", "", "my old friends", "…"])
    assert found.shape == (4, *encoder.shape) == (4, 12)
    assert found.dtype == np.float32
    assert not found[[1, 3]].any()
    assert encoder.known_words("hello strangers") == 2
    np.testing.assert_allclose(encoder.encode(["my old friends"])[0], found[2], atol=1e-5)
    assert np.abs(found[0] - found[2]).max() > 1e-3


def test_the_pieces_of_a_sound_have_their_mean(clap_folder):
    encoder = audio_encoder(f"clap:{clap_folder}")
    assert encoder.sample_rate == 48_000
    recordings = sounds(2)
    found = encoder.encode(recordings)
    assert found.shape == (2, *encoder.shape) == (2, 6)
    assert found.dtype == np.float32
    size = SECONDS * 48_000
    pieces = [encoder.encode(recordings[1:, i * size : (i + 1) * size])[0] for i in range(3)]
    np.testing.assert_allclose(found[1], np.mean(pieces, axis=0), atol=1e-5)
    np.testing.assert_allclose(encoder.encode(recordings), found, atol=1e-6)  # nothing is drawn


def test_silence_behind_a_sound_says_nothing(clap_folder):
    encoder = audio_encoder(f"clap:{clap_folder}")
    short = sounds(1, SECONDS)
    padded = np.pad(short, ((0, 0), (0, 2 * short.shape[1])))
    np.testing.assert_allclose(encoder.encode(padded), encoder.encode(short), atol=1e-5)
    assert np.isfinite(encoder.encode(np.zeros_like(short))).all()
    assert encoder.encode(short[:, : 7 * 48_000]).shape == (1, 6)


def test_another_shape_of_sound_is_refused(clap_folder):
    with pytest.raises(DataError, match=r"clap reads samples of shape \(n, samples\), got \(4,\)"):
        audio_encoder(f"clap:{clap_folder}").encode(np.zeros(4, np.float32))


def test_other_weights_are_another_version(sentence_folder, tmp_path):
    folder = tmp_path / "model"
    shutil.copytree(sentence_folder, folder)
    first = lyrics_encoder(f"sentence:{folder}")
    assert lyrics_encoder(f"sentence:{folder}").key == first.key
    first.save(tmp_path / "saved")
    trust(f"sentence:{folder}")
    loaded = type(first).load(tmp_path / "saved")
    np.testing.assert_array_equal(loaded.encode(["hello"]), first.encode(["hello"]))
    assert first.label == "sentence:model"
    weights = next(folder.rglob("model.safetensors"))
    weights.write_bytes(weights.read_bytes()[:-4] + b"\0\0\0\1")
    assert lyrics_encoder(f"sentence:{folder}").key != first.key
    with pytest.raises(LibraryError, match="was saved with other weights"):
        type(first).load(tmp_path / "saved")


def test_weights_do_not_travel(sentence_folder):
    encoder = lyrics_encoder(f"sentence:{sentence_folder}")
    encoder.encode(["hello"])
    assert len(pickle.dumps(encoder)) < 2_000
    assert pickle.loads(pickle.dumps(encoder)).shape == (12,)


def test_a_name_of_the_hub_has_its_revision_as_version(monkeypatch, tmp_path):
    hub = pytest.importorskip("huggingface_hub")
    asked = []

    def download(name, file):
        asked.append((name, file))
        return str(tmp_path / "snapshots" / "0123abc" / file)

    monkeypatch.setattr(hub, "hf_hub_download", download)
    assert pretrained.model_version("owner/model", "config.json") == "0123abc"
    assert asked == [("owner/model", "config.json")]

    def offline(name, file):
        raise OSError("no network\nhere")

    monkeypatch.setattr(hub, "hf_hub_download", offline)
    with pytest.raises(UsageError, match=r"'owner/model' is not a folder, and no model .*\(no network here\)"):
        pretrained.model_version("owner/model", "config.json")


def test_a_folder_that_holds_no_model_is_named(tmp_path):
    with pytest.raises(UsageError, match=r"has no modules\.json; expected the folder of a model"):
        pretrained.model_version(str(tmp_path), "modules.json")


@pytest.mark.parametrize(
    ("make", "written", "extra"), [(audio_encoder, "clap:x", "clap"), (lyrics_encoder, "sentence:x", "text")]
)
def test_a_package_that_is_not_installed_is_named_with_its_extra(make, written, extra, monkeypatch):
    monkeypatch.setattr(pretrained, "find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=rf"pip install 'alcca\[{extra}\]'"):
        make(written)


@pytest.mark.parametrize(("make", "written"), [(audio_encoder, "clap"), (lyrics_encoder, "sentence")])
def test_a_model_must_be_named(make, written):
    with pytest.raises(UsageError, match="model"):
        make(written)


def test_heavy_packages_are_imported_where_they_are_used(monkeypatch, tmp_path):
    for name in ("transformers", "sentence_transformers"):
        monkeypatch.setitem(sys.modules, name, None)  # importing it fails
    monkeypatch.setattr(pretrained, "find_spec", lambda name: True)
    (tmp_path / "config.json").write_text("{}")
    assert audio_encoder(f"clap:{tmp_path}").name == "clap"


def test_a_folder_is_kept_whole_and_told_by_its_last_part(sentence_folder, tmp_path, monkeypatch):
    monkeypatch.chdir(sentence_folder.parent)
    encoder = lyrics_encoder("sentence:model")
    encoder.save(tmp_path / "saved")
    trust("sentence:model")
    monkeypatch.chdir(tmp_path)
    assert type(encoder).load(tmp_path / "saved").model == str(sentence_folder)
    assert encoder.label == "sentence:model"
