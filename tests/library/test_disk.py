"""A library whose disk is full, or cannot be written, or that is not there: what is said, and what is not made."""

import errno
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import pytest
from tests.making import write_song
from tests.store.test_songs import SONG, put

from alcca import Library
from alcca.cli.main import main
from alcca.errors import DiskError, LibraryError, NoLibraryError, UsageError
from alcca.indexing import speech_samples
from alcca.indexing.song_files import read_again
from alcca.indexing.speech_samples import SpeechSamples
from alcca.songs import whole
from alcca.speech import samples
from alcca.store import database
from alcca.store.database import Access
from alcca.store.songs import Store
from alcca.store.sqlite_errors import FORBIDDEN, READ_ONLY, named

# Songs are read in this process, where the processes are not what is tested.
pytestmark = pytest.mark.usefixtures("inline")

# Where this alcca and its tests are, for processes that start elsewhere.
HERE = {**os.environ, "PYTHONPATH": os.pathsep.join(str(Path(place).absolute()) for place in sys.path if place)}
FULL = "the disk is full; make room and run it again: nothing is lost"


@pytest.fixture
def shelf(tmp_path):
    """A library of a song, closed."""
    store = Store(tmp_path / "shelf")
    put(store, SONG, "/a.mp3")
    store.close()
    return tmp_path / "shelf"


def run(capsys, *arguments):
    code = main([*map(str, arguments), "--quiet"])
    out, err = capsys.readouterr()
    return code, out, err


def looks(folder):
    return {path: (path.stat().st_size, path.stat().st_mtime_ns) for path in folder.rglob("*")}


# Nothing there


@pytest.mark.parametrize(
    "verb",
    [["status"], ["search", "--words", "a"], ["search", "--lyrics", "a b c"], ["hear"], ["train"], ["evaluate"],
     ["lyrics"], ["serve", "--port", "0"]],
    ids=lambda verb: " ".join(verb),
)  # fmt: skip
@pytest.mark.parametrize("name", ["nothing", "nothing/further", "empty", "new"])
def test_whoever_reads_makes_no_library(tmp_path, capsys, verb, name):
    (tmp_path / "empty").mkdir()
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "songs.sqlite").touch()
    before = looks(tmp_path)
    code, out, err = run(capsys, *verb, "--library", tmp_path / name)
    assert (code in (1, 2), out, err.count("\n")) == (True, "", 1)
    assert "no library" in err
    # Lyrics are also timed for folders that are in no library.
    assert ("alcca lyrics FOLDER" if verb == ["lyrics"] else "alcca add") in err
    assert looks(tmp_path) == before


def test_a_library_is_made_by_the_first_song(tmp_path):
    with Library(tmp_path / "shelf", progress=False) as library:
        assert library.status()["songs"] == len(library.songs()) == len(library.transcripts([1])) == 0
        with pytest.raises(LibraryError, match="0 songs have both"):
            library.train()
        with pytest.raises(UsageError, match="no such folder"):
            library.add(tmp_path / "nowhere")
        assert not library.is_made
        assert list(tmp_path.iterdir()) == []
        write_song(tmp_path / "music" / "a.wav", 1, seconds=2)
        library.add(tmp_path / "music")
        assert library.is_made
        assert library.status()["songs"] == 1
        assert [song.title for song in library.songs()] == ["a"]


def test_a_library_that_has_gone_is_not_written_to(tmp_path):
    write_song(tmp_path / "music" / "a.wav", 1, seconds=2)
    with Library(tmp_path / "shelf", progress=False) as library:
        library.add(tmp_path / "music")
        shutil.rmtree(tmp_path / "shelf")
        with pytest.raises(NoLibraryError, match="removed or replaced"):
            library.add(tmp_path / "music")
        assert not (tmp_path / "shelf").exists()


# Nothing can be written


@pytest.fixture
def hindered(monkeypatch):
    """As if nothing could be written to any library."""
    monkeypatch.setattr(database, "hindrance_to_writing", lambda folder: READ_ONLY)


def test_what_cannot_be_written_is_read(shelf, hindered, capsys):
    before = looks(shelf)
    code, out, err = run(capsys, "status", "--library", shelf)
    assert (code, err) == (0, "")
    assert "1 songs" in out
    code, out, _ = run(capsys, "search", "--words", "fruh", "--library", shelf)
    assert (code, "Élan" in out) == (0, True)
    assert looks(shelf) == before


@pytest.mark.parametrize("verb", [["add", "music"], ["train"], ["hear"]], ids=lambda verb: verb[0])
def test_who_writes_is_told_why_that_cannot_be(shelf, hindered, capsys, verb, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "music").mkdir()
    before = looks(shelf)
    code, out, err = run(capsys, *verb, "--library", shelf)
    assert (code, out, err) == (1, "", f"alcca: {shelf}: {READ_ONLY}\n")
    assert looks(shelf) == before


def test_what_another_process_has_written_and_not_yet_put_in_its_place_is_read(shelf, hindered, monkeypatch):
    monkeypatch.undo()
    writer = Store(shelf)
    put(writer, replace(SONG, hash="h2"), "/b.mp3")
    monkeypatch.setattr(database, "hindrance_to_writing", lambda folder: READ_ONLY)
    reader = Store(shelf, Access.THERE)
    assert len(reader.songs()) == 2
    with pytest.raises(DiskError, match="read-only disk"), reader.transaction():
        pass
    monkeypatch.undo()
    put(writer, replace(SONG, hash="h3"), "/c.mp3")
    assert len(reader.songs()) == 3
    assert not reader.is_stale
    reader.close()
    writer.close()


def test_a_reader_of_what_was_closed_sees_that_it_has_changed(shelf, hindered, monkeypatch):
    reader = Store(shelf, Access.THERE)
    assert len(reader.songs()) == 1
    assert not reader.is_stale
    monkeypatch.undo()
    writer = Store(shelf)
    put(writer, replace(SONG, hash="h2"), "/b.mp3")
    assert reader.is_stale
    writer.close()
    assert reader.is_stale
    reader.close()


def test_an_older_format_that_cannot_be_upgraded_says_so(shelf, hindered):
    with sqlite3.connect(shelf / "songs.sqlite") as other:
        other.execute("PRAGMA user_version = 1")
    other.close()
    with pytest.raises(DiskError, match=r"older alcca \(format 1\), .* cannot be upgraded"):
        Store(shelf, Access.THERE)


MOUNTED = """
import subprocess, sys
from pathlib import Path
from alcca.cli.main import main
shelf = sys.argv[1]
for how in (["--bind", shelf, shelf], ["-o", "remount,bind,ro", shelf]):
    if subprocess.run(["mount", *how], capture_output=True).returncode:
        sys.exit(77)
print(main(["status", "--library", shelf]), main(["search", "--words", "fruh", "--library", shelf]))
print(main(["add", ".", "--library", shelf]), main(["train", "--library", shelf]))
"""


@pytest.mark.parametrize("killed", [False, True], ids=["closed", "its writer was killed"])
def test_a_read_only_disk(shelf, killed, tmp_path):
    if shutil.which("unshare") is None:
        pytest.skip("no unshare, which mounts for one process alone")
    if killed:
        code = (
            "import os, sys; from dataclasses import replace; from pathlib import Path\n"
            "from tests.store.test_songs import SONG, Store, put\n"
            "put(Store(Path(sys.argv[1])), replace(SONG, hash='h2'), '/b.mp3'); os._exit(9)"
        )
        done = subprocess.run(
            [sys.executable, "-c", code, shelf], check=False, capture_output=True, text=True, env=HERE
        )
        assert done.returncode == 9, done.stderr
        assert (shelf / "songs.sqlite-wal").stat().st_size > 0
    before = looks(shelf)
    command = ["unshare", "-m", sys.executable, "-c", MOUNTED, str(shelf)]
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=HERE, cwd=tmp_path)
    if done.returncode == 77 or "unshare" in done.stderr:
        pytest.skip("mounting is not permitted here")
    *_, read, written = done.stdout.splitlines()
    assert (read, written) == ("0 0", "1 1"), done.stderr
    assert f"{2 if killed else 1} songs" in done.stdout
    assert done.stderr.splitlines() == [f"alcca: {shelf}: {READ_ONLY}"] * 2
    assert looks(shelf) == before


# No room


def test_a_full_disk_is_told_and_loses_nothing(tmp_path, capsys):
    store = Store(tmp_path)
    put(store, SONG, "/a.mp3")
    pages = store._db.execute("PRAGMA page_count").fetchone()[0]
    store._db.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(DiskError) as told:
        put(store, replace(SONG, hash="h2", lyrics="words " * 100_000), "/b.mp3")
    assert str(told.value) == f"{tmp_path}: {FULL}"
    assert [song.hash for song in store.songs()] == ["h1"]
    store._db.execute("PRAGMA max_page_count = 1000000")
    put(store, replace(SONG, hash="h2", lyrics="words " * 100_000), "/b.mp3")
    assert len(store.songs()) == 2
    assert store.damaged() == set()
    store.close()


def test_a_library_on_a_full_disk_is_read(shelf, monkeypatch, capsys):
    connected = database._connected

    class NoRoom(sqlite3.Connection):
        def executescript(self, script):
            error = sqlite3.OperationalError("disk I/O error")
            error.sqlite_errorcode, error.sqlite_errorname = sqlite3.SQLITE_IOERR_SHMSIZE, "SQLITE_IOERR_SHMSIZE"
            raise error

    def connect(address):
        return sqlite3.connect(address, uri=True, factory=NoRoom) if "mode=rw" in address else connected(address)

    monkeypatch.setattr(database, "_connected", connect)
    with pytest.raises(LibraryError, match=r"the disk fails .*; check the disk"):
        Store(shelf, Access.THERE)
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: shutil._ntuple_diskusage(1000, 1000, 0))
    code, out, err = run(capsys, "status", "--library", shelf)
    assert (code, err, "1 songs" in out) == (0, "", True)
    code, out, err = run(capsys, "train", "--library", shelf)
    assert (code, out, err) == (1, "", f"alcca: {shelf}: {FULL}\n")


@pytest.mark.parametrize(
    ("code", "kind", "words"),
    [
        ("SQLITE_FULL", DiskError, FULL),
        ("SQLITE_READONLY", DiskError, FORBIDDEN),
        ("SQLITE_READONLY_DIRECTORY", DiskError, FORBIDDEN),
        ("SQLITE_READONLY_DBMOVED", DiskError, FORBIDDEN),
        ("SQLITE_BUSY", LibraryError, "another process is using the library"),
        ("SQLITE_BUSY_RECOVERY", LibraryError, "another process is using the library"),
        ("SQLITE_LOCKED", LibraryError, "another process is using the library"),
        ("SQLITE_CANTOPEN", LibraryError, "cannot be opened"),
        ("SQLITE_IOERR_READ", LibraryError, "check the disk"),
        ("SQLITE_NOMEM", LibraryError, "run it again"),
        ("SQLITE_CORRUPT", LibraryError, "repair it with alcca check --repair"),
        ("SQLITE_CORRUPT_VTAB", LibraryError, "repair it with alcca check --repair"),
        ("SQLITE_NOTADB", LibraryError, "repair it with alcca check --repair"),
    ],
)
def test_each_error_of_sqlite_has_its_own_advice(tmp_path, code, kind, words):
    error = sqlite3.OperationalError("as SQLite says")
    error.sqlite_errorcode, error.sqlite_errorname = getattr(sqlite3, code), code
    told = named(error, tmp_path)
    assert type(told) is kind
    assert words in str(told)
    assert str(tmp_path) in str(told)
    assert ("--repair" in str(told)) == (code.startswith("SQLITE_CORRUPT") or code == "SQLITE_NOTADB")
    assert "new library" not in str(told)


def test_a_lock_of_another_process_is_no_damage(shelf, monkeypatch):
    store = Store(shelf)
    store._db.execute("PRAGMA busy_timeout = 0")
    other = sqlite3.connect(shelf / "songs.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(LibraryError, match="another process is using the library"), store.transaction():
        pass
    assert len(store.songs()) == 1
    other.close()
    store.close()


def no_room(*arguments, **options):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def short(*arguments, **options):
    # As NumPy says it, without a number.
    raise OSError("480000 requested and 1024 written")


@pytest.mark.parametrize("failing", [no_room, short])
@pytest.mark.parametrize("extent", ["slice", "song"])
def test_no_room_to_hear_a_song_is_not_the_songs_fault(tmp_path, monkeypatch, failing, extent):
    path = tmp_path / "a.wav"
    write_song(path, 1, seconds=2)
    from alcca.songs.audio import content_hash

    song = replace(SONG, hash=content_hash(path), paths=(str(path),))
    monkeypatch.setattr(samples, "replace_file", failing)
    monkeypatch.setattr(whole, "replace_file", failing)
    monkeypatch.setattr(speech_samples, "ends_when_stuck", lambda seconds: nullcontext(lambda: None))
    with pytest.raises(DiskError, match="the disk is full"):
        SpeechSamples(tmp_path).read(song, extent)
    monkeypatch.undo()
    assert SpeechSamples(tmp_path)._decode(song, extent).reason is None


def test_a_full_disk_of_ones_own_is_not_the_songs_fault(tmp_path):
    path = tmp_path / "a.wav"
    write_song(path, 1, seconds=2)
    from alcca.songs.audio import content_hash

    song = replace(SONG, hash=content_hash(path), paths=(str(path),))
    with pytest.raises(DiskError, match=r"a\.wav: the disk is full"):
        read_again(song, no_room)
    with pytest.raises(LibraryError, match="cannot be read") as told:
        read_again(song, lambda path, cut: (_ for _ in ()).throw(OSError("odd")))
    assert "None" not in str(told.value)


def test_whatever_fills_the_disk_is_one_line(shelf, monkeypatch, capsys):
    monkeypatch.setattr(Library, "status", no_room)
    code, out, err = run(capsys, "status", "--library", shelf)
    assert (code, out, err) == (1, "", f"alcca: {FULL}\n")


# Damaged rows


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE songs SET audio = replace(audio, 'seconds', 'weconds') WHERE id = 1",
        "UPDATE songs SET audio = '{' WHERE id = 1",
        "UPDATE songs SET notes = '[' WHERE id = 1",
        "UPDATE songs SET notes = '7' WHERE id = 1",
        "UPDATE songs SET title = CAST(x'ff41' AS TEXT) WHERE id = 1",
        "UPDATE songs SET lyrics = CAST(x'c328' AS TEXT) WHERE id = 1",
        "UPDATE songs SET hash = CAST(x'ff' AS TEXT) WHERE id = 1",
    ],
)
def test_a_damaged_row_is_shown_and_hides_no_other(shelf, damage, capsys):
    store = Store(shelf)
    put(store, replace(SONG, hash="h2", title="sound"), "/b.mp3")
    store.close()
    with sqlite3.connect(shelf / "songs.sqlite") as other:
        other.executescript(damage)
    other.close()
    code, out, err = run(capsys, "status", "--library", shelf, "--json")
    assert (code, err) == (0, "")
    told = json.loads(out)
    assert (told["songs"], told["usable"], told["damaged"]) == (2, 1, 1)
    assert {"file": "/a.mp3", "reason": told["rejects"][0]["reason"]} in told["rejects"]
    assert "damaged; run alcca add" in told["rejects"][0]["reason"]
    code, out, _ = run(capsys, "search", "--words", "fruh", "--library", shelf)
    assert (code, "sound" in out) == (0, True)


def test_a_damaged_setting_is_named(shelf, capsys):
    with sqlite3.connect(shelf / "songs.sqlite") as other:
        other.execute("INSERT OR REPLACE INTO settings VALUES ('model', '{\"name')")
    other.close()
    code, _, err = run(capsys, "status", "--library", shelf)
    assert (code, err.count("\n"), "the setting 'model' is damaged" in err) == (1, 1, True)


def test_a_damaged_page_is_named(shelf, capsys):
    with sqlite3.connect(shelf / "songs.sqlite") as other:
        page = other.execute("SELECT rootpage FROM sqlite_master WHERE name = 'transcripts'").fetchone()[0]
    other.close()
    data = bytearray(Path(shelf / "songs.sqlite").read_bytes())
    data[(page - 1) * 4096 : page * 4096] = b"\xff" * 4096
    Path(shelf / "songs.sqlite").write_bytes(data)
    code, _, err = run(capsys, "status", "--library", shelf)
    assert (code, err.count("\n"), "alcca check --repair" in err) == (1, 1, True)
