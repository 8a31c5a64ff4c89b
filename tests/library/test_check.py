"""The check of a library finds what is damaged and says what to do; a repair brings back what can be derived."""

import json
import shutil
import sqlite3
import subprocess
import sys

import pytest
from tests.damage import COMMANDS, answer, make_library
from tests.making import flip

from alcca.cli.main import main
from alcca.library.check import check_library
from alcca.store.seal import SEAL
from alcca.workers.local import LocalWorkers


@pytest.fixture(scope="module")
def _made_once(tmp_path_factory):
    return make_library(tmp_path_factory.mktemp("checked"))


@pytest.fixture
def library(_made_once, tmp_path):
    shutil.copytree(_made_once, tmp_path / "library")
    return tmp_path / "library"


@pytest.fixture
def music(_made_once):
    return _made_once.parent / "music"


@pytest.fixture
def run(library, capsys):
    def call(*more):
        capsys.readouterr()
        code = main(["check", "--library", str(library), "--json", "--quiet", *more])
        told = capsys.readouterr()
        return code, json.loads(told.out)

    return call


def model_of(library):
    (model,) = (library / "models").iterdir()
    return model


def change(library, script):
    with sqlite3.connect(library / "songs.sqlite") as other:
        other.executescript(script)
    other.close()


def problems(told):
    return [f"{one['place']}: {one['problem']}; {one['remedy']}" for one in told["findings"]]


def test_nothing_is_wrong_with_a_library_that_alcca_wrote(library, run, capsys):
    code, told = run("--music")
    assert (code, told["findings"], told["notes"]) == (0, [], [])
    assert (told["songs"], told["recordings"], told["whole"]) == (12, 12, True)
    assert told["files"] > 20
    assert main(["check", "--library", str(library)]) == 0
    assert "nothing is wrong (12 songs and" in capsys.readouterr().out
    before = {path: path.stat().st_mtime_ns for path in library.rglob("*")}
    assert run("--repair")[0] == 0
    assert {path: path.stat().st_mtime_ns for path in library.rglob("*")} == before


def test_where_there_is_no_library_nothing_is_made(tmp_path, capsys):
    assert main(["check", "--repair", "--library", str(tmp_path / "nothing")]) == 1
    assert "no library here" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_weights_are_not_repaired_but_named(library, run):
    weights = model_of(library) / "model" / "fitted" / "arrays.safetensors"
    flip(weights)
    for more in (), ("--repair",):
        code, told = run(*more)
        assert code == 1
        assert problems(told) == [
            f"{weights.parent}: {weights}: is damaged (its SHA-256 is not the one in SHA256SUMS); "
            "train again: alcca train"
        ]
    assert main(["train", "--components", "2", "--library", str(library), "--quiet"]) == 0
    assert weights.parent.parent.parent not in (library / "models").iterdir()


@pytest.mark.parametrize("which", ["map", "faiss", "leftovers"])
def test_what_can_be_derived_is_repaired(library, run, which):
    model = model_of(library)
    if which == "map":
        flip(model / "map" / "arrays.safetensors")
    elif which == "faiss":
        (files,) = model.glob("faiss/audio-*")
        flip(files / "vectors.npy")
    else:
        for left in (library / ".songs.x", library / "models" / ".tmp1", library / "models" / "0123", model / ".map.1"):
            left.mkdir()
        (library / "models" / "link").symlink_to("/")
    before = {name: answer(library, command) for name, command in COMMANDS.items() if name not in ("check", "status")}
    if which != "faiss":  # a search repairs these
        code, told = run()
        assert (code, len(told["findings"])) == (1, 1)
        code, told = run("--repair")
        assert (code, told["whole"]) == (0, True)
        assert told["repaired"]
    assert {name: answer(library, command) for name, command in COMMANDS.items() if name in before} == before
    assert run()[0] == 0
    assert sorted(path.name for path in (library / "models").iterdir()) == [model.name]


def test_damaged_files_for_faster_search_are_found(library, run):
    (files,) = model_of(library).glob("faiss/audio-*")
    flip(files / "vectors.npy")
    code, told = run()
    assert code == 1
    assert problems(told) == [
        f"{files}: the files for faster search are damaged; build them anew: alcca check --repair"
    ]
    code, told = run("--repair")
    assert (code, [line for line in told["repaired"] if "faster search" in line] != []) == (0, True)


def test_a_model_whose_description_is_lost_is_not_removed(library, run):
    change(library, "DELETE FROM settings WHERE key = 'model'")
    model = model_of(library)
    run("--repair")
    assert (model / "model" / "class.json").exists()


@pytest.mark.parametrize(
    ("damage", "found", "repaired"),
    [
        ("UPDATE transcripts SET heard = '{' WHERE song = 2", "transcripts: damaged rows of 'song 01'", "transcripts"),
        ("UPDATE embeddings SET audio = x'00' WHERE song = 2", "embeddings: damaged rows of 'song 01'", "embeddings"),
        ("UPDATE features SET data = x'00' WHERE song = 2", "features: damaged rows of 'song 01'", "damaged features"),
        ("UPDATE songs SET notes = '[' WHERE id = 2", "songs: damaged rows of", "damaged songs; run alcca add on"),
        ("DELETE FROM songs WHERE id = 2", "rows of songs that are gone", "rows of songs that are gone"),
        ("DELETE FROM candidates_lyrics_letters", "has changed since alcca wrote it", "built all indexes anew"),
        ("INSERT INTO embeddings SELECT song, 'x', audio, lyrics, 0 FROM embeddings", "not in use", "embedded 12"),
    ],
)  # fmt: skip
def test_damaged_rows_are_found_and_what_can_be_is_brought_back(library, music, run, damage, found, repaired):
    before = {name: answer(library, command) for name, command in COMMANDS.items() if name != "status"}
    change(library, damage)
    code, told = run()
    assert code == 1
    assert any(found in line for line in problems(told)), problems(told)
    assert any("has changed since alcca wrote it" in line for line in problems(told))
    code, told = run("--repair")
    assert [one["remedy"] for one in told["findings"]] == ["alcca add on their folder"] * code
    assert code == ("features" in damage)
    assert any(repaired in line for line in told["repaired"]), told["repaired"]
    assert main(["add", str(music), "--library", str(library), "--quiet", "--jobs", "1"]) == 0
    assert run()[0] == 0
    assert answer(library, COMMANDS["status"]).code == 0
    if "songs SET" not in damage and "DELETE FROM songs" not in damage and "transcripts" not in damage:
        after = {name: answer(library, command) for name, command in COMMANDS.items() if name in before}
        assert after == before or "features" in damage


@pytest.mark.parametrize("table", ["songs", "transcripts", "features", "files", "candidates_lyrics_letters"])
def test_a_database_that_sqlite_cannot_read_is_copied_row_by_row(library, music, run, table):
    with sqlite3.connect(library / "songs.sqlite") as other:
        page = other.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (table,)).fetchone()[0]
    other.close()
    data = bytearray((library / "songs.sqlite").read_bytes())
    data[(page - 1) * 4096 : page * 4096] = b"\xff" * 4096
    (library / "songs.sqlite").write_bytes(data)
    assert run()[0] == 1
    if table == "songs":
        assert main(["check", "--library", str(library), "--repair"]) == 1
        assert (library / "songs.sqlite").read_bytes() == data
        return
    code, told = run("--repair")
    assert (code, told["songs"]) == (int(table == "features"), 12)
    assert "copied what can be read" in told["repaired"][0]
    assert (library / "songs.sqlite.damaged").read_bytes() == data
    assert main(["add", str(music), "--library", str(library), "--quiet", "--jobs", "1"]) == 0
    assert run()[0] == 0


@pytest.mark.parametrize("place", [0, 18, 60, 1200])
def test_a_damaged_header_is_made_anew(library, run, place):
    flip(library / "songs.sqlite", place)
    code, told = run("--repair")
    assert (code, told["songs"], told["whole"]) == (0, 12, True)


def test_a_library_that_somebody_writes_to_is_not_repaired(library, run, capsys):
    from filelock import FileLock

    flip(library / "songs.sqlite", 100_000)
    with FileLock(library / ".lock"):
        assert main(["check", "--repair", "--library", str(library)]) == 1
    assert "another process" in capsys.readouterr().err


def test_music_that_has_changed_or_is_gone_is_found(library, music, run, tmp_path):
    shutil.copytree(music, tmp_path / "kept")
    try:
        flip(music / "song 03.wav")
        (music / "song 04.wav").unlink()
        code, told = run()
        assert code == 1
        assert problems(told) == [
            f"{music / 'song 04.wav'}: music files that are no longer at their path; connect their disk, or run alcca "
            "add on the folder where they are now"
        ]
        code, told = run("--music")
        assert (code, told["recordings"]) == (1, 11)
        assert f"{music / 'song 03.wav'}: has changed since it was added; " in "".join(problems(told))
    finally:
        shutil.rmtree(music)
        (tmp_path / "kept").rename(music)


def test_without_a_seal_the_indexes_themselves_are_compared(library, run):
    (library / SEAL).unlink()
    code, told = run()
    assert (code, len(told["notes"])) == (0, 1)
    change(library, "DELETE FROM candidates_lyrics_letters WHERE song = 3")
    code, told = run()
    assert code == 1
    assert "the index of n-grams of lyrics does not agree with the songs" in problems(told)[0]
    assert run("--repair")[0] == 0


def test_the_function_for_programs(library):
    report = check_library(library, LocalWorkers(1))
    assert report.whole
    flip(library / "songs.sqlite", 100_000)
    assert not check_library(library, LocalWorkers(1)).whole


def test_a_traceback_never_comes_of_a_process_of_its_own(library):
    flip(library / "songs.sqlite", 60)
    command = [sys.executable, "-m", "alcca", "status", "--library", str(library)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.count("alcca: ") == 1
    assert "Traceback" not in done.stderr
