"""Encoders compared from the command line, on a file of features."""

import json

import numpy as np
import pytest

from alcca import Results
from alcca.cli.main import main
from alcca.datasets import make_songs

WORDS = [f"word{letter}" for letter in "abcdefgh"]


@pytest.fixture(scope="module")
def features(tmp_path_factory):
    """A file of MFCC and texts, which say the same."""
    rng = np.random.default_rng(0)
    texts = [" ".join(rng.choice(WORDS, 12)) for _ in range(30)]
    counts = np.array([[text.split().count(word) for word in WORDS] for text in texts], np.float32)
    frames = np.repeat(counts, 3, axis=1)[:, :20, None] + 0.1 * rng.standard_normal((30, 20, 161))
    path = tmp_path_factory.mktemp("features") / "songs.npz"
    np.savez(path, audio=frames.astype(np.float32), lyrics=np.array(texts))
    return path


def run(capsys, *arguments):
    code = main([*map(str, arguments), "--quiet"])
    found = capsys.readouterr()
    return code, found.out, found.err


def test_encoders_are_compared_as_a_grid_on_a_file(features, capsys, tmp_path):
    options = ["--methods", "cca", "--components", "2,4", "--folds", "3", "--no-control", "--jobs", "1"]
    lyrics = ["--lyrics-encoders", "doc2vec:vector_size=6,tfidf"]
    code, out, err = run(
        capsys, "evaluate", features, *options, "--audio-encoders", "mfcc,mfcc-stats", *lyrics, "-o", tmp_path / "out"
    )
    assert code == 0, err
    rows = [f"cca · {a} · {b}" for a in ("mfcc", "mfcc-stats") for b in ("doc2vec:vector_size=6", "tfidf")]
    assert all(row in out for row in rows)
    results = Results.load(tmp_path / "out")
    assert results.methods == rows
    assert "cca · mfcc-stats · tfidf" in (tmp_path / "out" / "report.html").read_text()
    pairs = (tmp_path / "out" / "pairwise.csv").read_text()
    assert "cca · mfcc · tfidf,cca · mfcc-stats · tfidf" in pairs
    code, out, _ = run(capsys, "evaluate", features, *options, *lyrics, "-o", tmp_path / "out", "--json")
    assert code == 0
    assert "cca · tfidf" in json.dumps(json.loads(out), ensure_ascii=False)


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        (["--audio-encoders", "magic"], 2, "'magic' is unknown; expected one of mfcc, mfcc-stats"),
        (["--lyrics-encoders", "mfcc"], 2, "mfcc is an audio encoder"),
        (["--lyrics-encoders", "tfidf,tfidf"], 2, "one or more different names"),
        (["--audio-encoders", "descriptors"], 1, "songs has no audio_descriptors"),
    ],
)
def test_what_cannot_be_meant_is_said_in_a_line(features, capsys, options, code, said):
    found, _, err = run(capsys, "evaluate", features, *options)
    assert found == code
    assert said in err
    assert len(err.splitlines()) == 1


def test_vectors_as_lyrics_have_no_encoder(tmp_path, capsys):
    made = make_songs(40, moods=4, shared=5, audio_shape=(12,), lyrics_size=9)
    np.savez(tmp_path / "vectors.npz", audio=made.audio, lyrics=made.lyrics)
    code, _, err = run(capsys, "evaluate", tmp_path / "vectors.npz", "--lyrics-encoders", "tfidf")
    assert (code, "vectors has vectors as lyrics" in err) == (2, True)
