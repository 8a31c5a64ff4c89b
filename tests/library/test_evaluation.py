"""Encoders compared on a library: the paper's fits stay, and those of other songs go."""

import pytest

from alcca.encoders.mfcc import MfccStatsEncoder
from alcca.errors import UsageError
from alcca.experiments.encoder_views import with_audio

PROTOCOL = {"components": [2], "folds": 3, "shuffled_control": False, "n_jobs": 1}


def fits(library):
    folder = library.path / "evaluation" / "fits"
    return {path.name: {file.name: file.stat().st_mtime_ns for file in path.iterdir()} for path in folder.iterdir()}


def test_a_grid_on_a_library_uses_the_papers_fits_and_keeps_its_own(library):
    plain = library.evaluate("cca", **PROTOCOL)
    before = fits(library)
    found = library.evaluate("cca", audio_encoders="mfcc,mfcc-stats", lyrics_encoders="doc2vec,tfidf", **PROTOCOL)
    assert found.methods == [f"cca · {a} · {b}" for a in ("mfcc", "mfcc-stats") for b in ("doc2vec", "tfidf")]
    paper = found.only(["cca · mfcc · doc2vec"]).to_frame()
    assert paper["rank"].tolist() == plain.to_frame()["rank"].tolist()
    after = fits(library)
    songs = library.dataset()
    assert set(after) == {songs.fingerprint, songs.words_fingerprint, with_audio(songs, MfccStatsEncoder()).fingerprint}
    for name, files in before.items():
        assert files.items() <= after[name].items()
    again = library.evaluate("cca", audio_encoders="mfcc,mfcc-stats", lyrics_encoders="doc2vec,tfidf", **PROTOCOL)
    assert fits(library) == after
    assert again.to_frame()["rank"].tolist() == found.to_frame()["rank"].tolist()


def test_descriptors_are_an_audio_encoder(library):
    found = library.evaluate("cca", audio_encoders=["descriptors"], **PROTOCOL)
    assert found.methods == ["cca · descriptors"]


def test_unknown_encoders_are_named_before_any_work(library):
    with pytest.raises(UsageError, match="'magic' is unknown"):
        library.evaluate("cca", lyrics_encoders="magic", **PROTOCOL)
