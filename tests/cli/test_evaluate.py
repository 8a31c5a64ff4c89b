"""Encoders compared from the command line, on a file of features."""

import json

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import average_precision_score

from alcca import Results
from alcca.cli.main import main
from alcca.datasets import make_songs
from alcca.experiments.methods import make_method

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


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    """Vectors of both sides with categories and a split of their own, as of pictures and articles, in four formats."""
    import h5py
    from scipy.io import savemat

    made = make_songs(160, moods=4, shared=5, noise=0.3, audio_shape=(12,), lyrics_size=6)
    split = ["test" if i % 4 == 0 else "train" for i in range(160)]
    folder = tmp_path_factory.mktemp("pictures")
    label = [str(mood) for mood in made.label]
    np.savez(folder / "p.npz", audio=made.audio, lyrics=made.lyrics, label=np.array(label), split=np.array(split))
    cells = {name: np.array(values, dtype=object) for name, values in (("label", label), ("split", split))}
    savemat(folder / "p.mat", {"audio": made.audio, "lyrics": made.lyrics, **cells})
    with h5py.File(folder / "p.h5", "w") as file:
        for name, values in (("audio", made.audio), ("lyrics", made.lyrics), ("label", label), ("split", split)):
            file.create_dataset(name, data=values)
    vectors = (("audio", made.audio), ("lyrics", made.lyrics))
    columns = {f"{name}_{i}": values[:, i] for name, values in vectors for i in range(values.shape[1])}
    pd.DataFrame({**columns, "label": label, "split": split}).to_csv(folder / "p.csv", index=False)
    return folder


@pytest.mark.parametrize("ending", ["npz", "csv", "mat", "h5"])
def test_a_file_with_labels_and_a_split_has_its_map_in_every_output(pictures, ending, capsys, tmp_path):
    with np.load(pictures / "p.npz") as file:
        arrays = dict(file)
    train, test = (np.flatnonzero(arrays["split"] == part) for part in ("train", "test"))
    scores = make_method("cca").set_params(n_components=5).fit((arrays["audio"][train], arrays["lyrics"][train]))
    scores = scores.similarity(arrays["audio"][test], arrays["lyrics"][test])
    labels = arrays["label"][test]
    expected = {
        name: np.mean([average_precision_score(labels == own, row) for own, row in zip(labels, rows, strict=True)])
        for name, rows in (("audio", scores), ("lyrics", scores.T))
    }
    options = ["evaluate", pictures / f"p.{ending}", "--methods", "cca", "--components", "5", "--jobs", "1"]
    code, out, err = run(capsys, *options, "-o", tmp_path / "out")
    assert code == 0, err
    head = next(i for i, line in enumerate(out.splitlines()) if "mAP-A" in line)
    line = out.splitlines()[head + 1].replace("5 components", "").split()
    mean = np.mean([*expected.values()])
    assert [line[0], line[3], line[6]] == [f"{value:.3f}" for value in (*expected.values(), mean)]
    code, out, _ = run(capsys, *options, "--json")
    found = json.loads(out)
    for row in found["summary"]:
        if row["level"] == "category":
            assert row["mAP"] == pytest.approx(expected[row["direction"]], rel=1e-6)
            assert row["mAP_shuffled"] < row["mAP"]
            assert row["mAP_chance"] < row["mAP"]
    both = next(row for row in found["both_directions"] if row["level"] == "category")
    assert both["mAP"] == pytest.approx(mean, rel=1e-6)
    measures = pd.read_csv(tmp_path / "out" / "measures.csv").iloc[0]
    assert measures["mAP"] == pytest.approx(mean, rel=1e-6)
    assert f"{mean:.3f}" in (tmp_path / "out" / "report.html").read_text().split('id="measures"')[1]


def test_runs_and_scores_are_written_beside_the_report(pictures, capsys, tmp_path):
    options = ["evaluate", pictures / "p.npz", "--methods", "cca", "--components", "5", "--jobs", "1"]
    code, _, err = run(capsys, *options, "-o", tmp_path, "--save-runs", "--save-scores")
    assert code == 0, err
    fold = tmp_path / "runs" / "cca" / "seed-0" / "fold-0"
    assert len(list(fold.iterdir())) == 8
    assert [path.name for path in (tmp_path / "scores").rglob("*.npz")] == ["fold-0.npz"]
    for option in ("--save-runs", "--save-scores"):
        code, _, err = run(capsys, *options, option)
        assert code == 2
        assert f"{option} writes into the report's folder; name it with --output" in err
