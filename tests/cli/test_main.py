"""The command line as a person uses it: what it prints, how it ends."""

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from tests.libraries import Inline
from tests.making import write_music
from tests.processes import family, still_running

from alcca import Library, Results
from alcca.cli.main import main
from alcca.datasets import make_songs
from alcca.transcripts import Listened, Segment, Transcript
from alcca.workers import local

SECONDS_TO_BE_AT_WORK = 120
# A method whose fit ends with its process alone.
ENDLESS = """
import os, time
from pathlib import Path
from alcca.models.standardised_cca import StandardisedCCA

class Endless(StandardisedCCA):
    def fit(self, *_):
        Path(f"at work {os.getpid()}").touch()
        while True:
            time.sleep(0.01)
"""


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    """A music folder, and a library with its songs and a model."""
    place = tmp_path_factory.mktemp("filled")
    write_music(place / "music")
    (place / "music" / "broken.mp3").write_text("<html>")
    common = ["--library", str(place / "shelf"), "--quiet"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(local, "process_pool", Inline().pool)
        assert main(["add", str(place / "music"), *common]) == 0
    assert main(["train", "--method", "kernel-cca", *common]) == 0
    return place


@pytest.fixture
def shelf(filled, monkeypatch):
    """That library, named by the environment."""
    monkeypatch.setenv("ALCCA_LIBRARY", str(filled / "shelf"))
    return filled / "shelf"


def run(capsys, *arguments):
    code = main([*arguments, "--quiet"])
    return code, *capsys.readouterr()


def test_add_tells_what_it_did_and_why_not(tmp_path, music, capsys, inline):
    (music / "broken.mp3").write_text("<html>")
    code, out, err = run(capsys, "add", str(music), "--library", str(tmp_path / "shelf"))
    assert (code, err) == (0, "")
    assert "13 audio files: 13 added" in out
    assert "broken.mp3" in out
    assert "13 songs, 12 with audio and lyrics" in out


def test_status_in_words_and_in_json(shelf, capsys):
    _, out, _ = run(capsys, "status")
    assert "13 songs, 12 with audio and lyrics" in out
    assert "kernel-cca of mfcc and doc2vec, 10 components" in out
    _, out, _ = run(capsys, "status", "--json")
    status = json.loads(out)
    assert status["usable"] == 12
    assert {reject["file"].rsplit("/", 1)[1] for reject in status["rejects"]} == {"broken.mp3"}
    assert all(set(reject) == {"file", "reason"} for reject in status["rejects"])


def test_search_by_each_kind_of_query(shelf, filled, capsys, tmp_path):
    code, out, _ = run(capsys, "search", "--lyrics", "river mountain", "-k", "3")
    assert code == 0
    assert len(out.splitlines()) >= 6
    assert "mountain" in out
    _, out, _ = run(capsys, "search", "--lyrics", "river mountain", "-k", "3", "--by", "space")
    assert len(out.splitlines()) == 6
    assert "“only song" in out
    _, out, _ = run(
        capsys, "search", "--audio", str(filled / "music" / "artist 0" / "song 00.wav"), "-k", "2", "--json"
    )
    found = json.loads(out)
    assert (found["heard"]["text"], found["heard"]["model"], found["asked"]) == ("", "base", ["space", "listening"])
    assert any("no words" in note for note in found["notes"]), found["notes"]
    hits = found["hits"]
    assert [hit["rank"] for hit in hits] == [1, 2]
    assert hits[0]["bits"] >= hits[1]["bits"]
    (tmp_path / "words.txt").write_text("river mountain")
    _, out, _ = run(capsys, "search", "--lyrics-file", str(tmp_path / "words.txt"), "-k", "1", "--json")
    assert len(json.loads(out)["hits"]) == 1
    _, out, _ = run(capsys, "search", "--words", "songa")
    assert "song 00" in out
    _, out, _ = run(capsys, "search", "--words", "nosuchword")
    assert out == "nothing found\n"


class Unclear:
    """A recogniser that reads nothing, and recognises what is sung in song 03."""

    name = "base"

    def hear(self, samples, **options):
        return Transcript((), None, 0.0, self.name, 0.0, 4.0, doubtful=True)

    def listen(self, samples, texts):
        sung = "only songd"
        return [Listened(99.0, sung) if sung in excerpts[0] else Listened(16.0, "") for excerpts in texts]


def test_an_unclear_recording_is_listened_to_again(shelf, filled, capsys, monkeypatch):
    monkeypatch.setattr("alcca.speech.recogniser.shared_recogniser", lambda model: Unclear())
    asked = ("search", "--audio", str(filled / "music" / "artist 0" / "song 00.wav"), "-k", "2", "--explain")
    code, out, err = run(capsys, *asked, "--careful")
    assert (code, err) == (0, "")
    assert re.search(r"  1  sure    song 03.*\n +“only songd”\n(.*\n)* +listening: \+\d\d\.\d bits\n", out)
    # Progress, unless --quiet.
    assert main([*asked, "--careful"]) == 0
    assert capsys.readouterr().err.startswith("listening for lyrics: 12 songs\n")


def test_an_index_is_named_by_an_option_or_the_environment(shelf, capsys, monkeypatch, tmp_path):
    pytest.importorskip("faiss")
    asked = ("search", "--lyrics", "river mountain", "-k", "3", "--json")
    _, expected, _ = run(capsys, *asked)
    copy = tmp_path / "copy"
    shutil.copytree(shelf, copy)
    assert run(capsys, *asked, "--index", "faiss:least=10", "--library", str(copy)) == (0, expected, "")
    _, out, _ = run(capsys, "status", "--library", str(copy))
    assert re.search(r"index: faiss, audio of \d+ songs, .* MB, reads \d+ of \d+ lists and finds 100.0% of", out)
    monkeypatch.setenv("ALCCA_INDEX", "lucene")
    code, _, err = run(capsys, *asked)
    assert (code, "'lucene'" in err) == (2, True)


def test_a_score_is_told_with_what_it_is_worth_and_not_with_its_place_in_the_library(shelf, capsys):
    _, out, _ = run(capsys, "search", "--lyrics", "river mountain", "--by", "space", "--explain")
    assert re.search(r"space: [+-]\d+\.\d bits \(cosine -?[01]\.\d{3}\)", out)
    assert "closer than" not in out


def test_hearing_is_told_and_what_was_heard_is_searched(tmp_path, music, capsys, monkeypatch, inline):
    class Fake:
        name = "fake"

        def hear(self, samples, *, language=None, start=0.0, hints=()):
            segment = Segment(start + 1, start + 3, "in the bleak midwinter frosty wind made moan")
            return Transcript((segment,), "en", 0.9, self.name, start, 4.0)

    monkeypatch.setattr("alcca.speech.weights.find_weights", lambda model, offline: None)
    monkeypatch.setattr("alcca.indexing.transcription_settings.LoadRecogniser.__call__", lambda self, room: Fake())
    place = ["--library", str(tmp_path / "shelf")]
    run(capsys, "add", str(music / "artist 0"), *place)
    _, out, _ = run(capsys, "status", *place)
    assert "4 not yet transcribed" in out
    code, out, err = run(capsys, "hear", *place)
    assert (code, err) == (0, "")
    assert "4 songs transcribed with base" in out
    _, out, _ = run(capsys, "status", *place)
    assert "transcripts: 4 songs with words, 0 without, 0 not yet transcribed (fake (4))" in out
    _, out, _ = run(capsys, "search", "--lyrics", "bleak mid winter frosty winds", "--explain", *place)
    assert "at 0:01" in out
    assert "words:" in out
    assert "total:" in out
    code, _, err = run(capsys, "search", "--lyrics", "river", "--by", "space", *place)
    assert (code, "train it first" in err) == (1, True)


def test_evaluate_prints_the_table_beside_chance(shelf, capsys, tmp_path):
    code, out, _ = run(capsys, "evaluate", "--methods", "cca", "--components", "2,4", "--folds", "3", "--jobs", "1")
    assert code == 0
    assert "I-MRR1-A" in out
    assert "chance" in out
    assert "shuffled" in out
    options = ["--methods", "cca", "--components", "2", "--folds", "3", "--jobs", "1", "-o", str(tmp_path / "out")]
    code, out, _ = run(capsys, "evaluate", *options, "--json")
    assert code == 0
    assert json.loads(out)
    assert list((tmp_path / "out").iterdir())


def test_a_library_and_its_search_are_described_by_a_file(shelf, capsys, tmp_path):
    file = tmp_path / "comparison.toml"
    file.write_text(
        f"data = {str(shelf)!r}\nfolds = 2\ncomponents = 2\ncontrol = false\n"
        "[methods.ours]\nclass = 'search'\n[methods.cca]\nridge = 1\n"
    )
    code, out, err = run(capsys, "evaluate", "--config", str(file), "--jobs", "1", "--json")
    assert code == 0, err
    assert list(json.loads(out)["settings"]["methods"]) == ["ours", "cca"]


@pytest.fixture
def features(tmp_path):
    """A file of made-up features."""
    made = make_songs(120, moods=4, shared=5, noise=0.4, audio_shape=(12,), lyrics_size=9)
    path = tmp_path / "songs.npz"
    np.savez(path, audio=made.audio, lyrics=made.lyrics, label=np.array(made.label))
    return path


def test_a_comparison_on_a_file_of_features_makes_a_report(features, capsys, tmp_path):
    methods = "cca:ridge=1,cca_zoo.linear.CCA,rcca:ridges=(1,100),pretrain-cnn-cca"
    options = ["--methods", methods, "--components", "2,5", "--seeds", "0,1", "-o", str(tmp_path / "report")]
    code, out, err = run(capsys, "evaluate", str(features), *options, "--jobs", "1")
    assert code == 0, err
    assert "I-MRR1-A" in out
    assert "chance" in out
    assert "has the highest MRR1" in out
    assert out.count("pretrain-cnn-cca failed") == 1
    assert "pretrain-cnn-cca failed in folds 0, 1, 2, 3, 4: songs has no audio_frames" in out
    kept = {path.name for path in (tmp_path / "report").iterdir()}
    assert {"report.html", "ranks.parquet", "table1.tex", "comparison.md", "figure2.svg", "figure4.png", "fits"} <= kept
    results = Results.load(tmp_path / "report")
    assert set(results.ranks["method"]) == {"cca:ridge=1", "cca_zoo.linear.CCA", "rcca:ridges=(1,100)"}
    assert results.settings["seeds"] == [0, 1]


def test_a_file_takes_no_options_of_a_library(features, capsys):
    for option in (["--language", "en"], ["--descriptors", "mine.csv"]):
        code, _, err = run(capsys, "evaluate", str(features), *option)
        assert code == 2
        assert f"{option[0]} is only for a library" in err


def test_a_library_may_be_named_as_data_and_takes_a_table_of_descriptors(shelf, capsys, tmp_path):
    with Library(shelf, progress=False) as library:
        songs = [song for song in library.songs() if song.usable]
    table = tmp_path / "spotify.csv"
    lines = [f"{song.title},{i},{i % 3}" for i, song in enumerate(songs)]
    table.write_text("\n".join(["id,energy,tempo", *lines]))
    options = ["--methods", "spotify-dcca:epochs=1:hidden=()", "--components", "2", "--folds", "3", "--no-control"]
    code, out, err = run(capsys, "evaluate", str(shelf), *options, "--descriptors", str(table), "--jobs", "1")
    assert code == 0, err
    assert "shuffled" not in out
    table.write_text("\n".join(["id,energy,tempo", *lines[1:]]))
    code, _, err = run(capsys, "evaluate", str(shelf), *options, "--descriptors", str(table))
    assert (code, songs[0].title in err) == (1, True)


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["status", "--library", "nowhere"], 2, "nowhere: no library here"),
        (["search", "--lyrics", "xyzzy"], 1, "no word is known to the model"),
        (["search", "--lyrics", "river", "-k", "0"], 2, "k is 0"),
        (["search", "--words", "river", "--careful"], 2, "--careful listens to recordings, and --words only looks"),
        (["search", "--lyrics", "river", "--index", "lucene"], 2, "--index is 'lucene'; expected exact, faiss"),
        (["serve", "--index", "milvus://nowhere"], 2, "expected milvus://HOST:PORT/COLLECTION"),
        (["search", "--audio", "nowhere.mp3"], 1, "nowhere.mp3"),
        (["search", "--audio", "two\nlines.mp3"], 1, "two lines.mp3"),
        (["search", "--lyrics-file", "nowhere.txt"], 1, "nowhere.txt"),
        (["search", "--words", "river", "--encoding", "gbk"], 2, "--encoding is that of the text of --lyrics-file"),
        (["search", "--lyrics-file", "x.txt", "--encoding", "klingon"], 2, "'klingon' is unknown"),
        (["add", "nowhere"], 2, "nowhere"),
        (["evaluate", "--methods", "magic"], 2, "magic"),
        (["evaluate", "nowhere.npz"], 2, "nowhere.npz: no such file"),
        (["evaluate", "songs.txt"], 2, "songs.txt: expected a file of features"),
        (["train", "--components", "5000"], 1, "5000"),
    ],
)
def test_an_error_is_one_line(shelf, capsys, arguments, code, words):
    got, out, err = run(capsys, *arguments)
    assert (got, out) == (code, "")
    assert err.startswith("alcca: ")
    assert err.count("\n") == 1
    assert words in err


@pytest.mark.parametrize("arguments", [[], ["sing"], ["search"], ["search", "--lyrics", "a", "--audio", "b"], ["add"]])
def test_a_wrong_call_leaves_with_2(capsys, arguments):
    with pytest.raises(SystemExit) as left:
        main(arguments)
    assert left.value.code == 2


def test_debug_shows_where(shelf):
    with pytest.raises(Exception, match="xyzzy"):
        main(["search", "--lyrics", "xyzzy", "--debug"])


def test_the_unforeseen_is_one_line_too(shelf, capsys, monkeypatch):
    def fail(*args, **options):
        raise ZeroDivisionError("of all things")

    monkeypatch.setattr(Library, "status", fail)
    code, _, err = run(capsys, "status")
    assert (code, err) == (1, "alcca: unexpected ZeroDivisionError: of all things; run with --debug to see where\n")


def test_ctrl_c_says_how_to_go_on(shelf, capsys, monkeypatch):
    def interrupt(*args, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr(Library, "train", interrupt)
    code, _, err = run(capsys, "train")
    assert code == 130
    assert "run the same command to resume" in err


def test_being_told_to_end_is_an_interruption(shelf, capsys, monkeypatch):
    before = signal.getsignal(signal.SIGTERM)
    monkeypatch.setattr(Library, "train", lambda *args, **options: signal.raise_signal(signal.SIGTERM))
    assert run(capsys, "train")[0] == 130
    assert signal.getsignal(signal.SIGTERM) == before


@pytest.mark.slow
@pytest.mark.parametrize(
    ("told", "at_work"),
    [(signal.SIGINT, True), (signal.SIGTERM, True), (signal.SIGINT, False), (signal.SIGTERM, False)],
)
def test_an_evaluation_that_is_told_to_end_takes_its_workers_along(tmp_path, told, at_work):
    songs = make_songs(200, random_state=0)
    np.savez(tmp_path / "songs.npz", audio=songs.audio, lyrics=songs.lyrics, label=songs.label)
    (tmp_path / "endless.py").write_text(ENDLESS)
    evaluation = subprocess.Popen(
        [sys.executable, "-m", "alcca", "evaluate", "songs.npz", "--methods", "endless.Endless", "--jobs", "2"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        # Who runs the tests in the background may have them ignore Ctrl-C, and what they start with them.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    left = []
    try:
        deadline = time.monotonic() + SECONDS_TO_BE_AT_WORK
        # Python's own resource tracker is the first to come.
        while len(list(tmp_path.glob("at work *"))) < 2 if at_work else len(family(evaluation.pid)) < 2:
            assert time.monotonic() < deadline, "no workers came"
            time.sleep(0.01)
        started = family(evaluation.pid)
        evaluation.send_signal(told)
        ended = evaluation.wait()
        left = still_running(started)
        assert left == []
        # Python ends by SIGINT itself when it comes inside of an `exec`, as in a dataclass being made; to a shell that
        # is 130 as well.
        assert ended == 130 or (not at_work and ended == -signal.SIGINT)
        if ended == 130:
            assert "run the same command to resume" in evaluation.stderr.read()
    finally:
        # Workers that were left behind keep the pipe open.
        for pid in {*family(evaluation.pid), *left}:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        evaluation.communicate()


def test_help_imports_nothing_heavy():
    script = (
        "import sys, alcca.cli.main\n"
        "try: alcca.cli.main.main(['--help'])\n"
        "except SystemExit: print(*sys.modules, file=sys.stderr)"
    )
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stderr.split()
    heavy = {"numpy", "torch", "scipy", "librosa", "gensim", "pandas", "sklearn", "av", "soundfile", "joblib", "loky"}
    assert heavy.isdisjoint(loaded)


def test_python_dash_m_is_the_command():
    done = subprocess.run([sys.executable, "-m", "alcca", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("alcca ")
