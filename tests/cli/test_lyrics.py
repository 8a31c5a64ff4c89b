"""The verb ``lyrics`` as a person calls it: what is printed, what is written, and which calls are wrong."""

import csv
import io
import json
import os
import re
import signal
import time

import pytest
from tests.lyrics.fakes import HARBOUR, ORCHARD, heard

from alcca import Library
from alcca.cli.main import main
from alcca.store.transcripts import SONG, Transcripts
from alcca.timing.windows import Windows


@pytest.fixture
def place(ear, tmp_path, monkeypatch):
    """Four recordings: one with lyrics, one whose lyrics are of another song, one without, and one without words."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ALCCA_LIBRARY", str(tmp_path / "shelf"))
    music = tmp_path / "music"
    for name, words in {"bare": ORCHARD, "harbour": HARBOUR, "hum": "", "wrong": ORCHARD}.items():
        ear.record(music / "Ana" / f"{name}.wav", heard(words))
    (music / "Ana" / "harbour.txt").write_text(f"{HARBOUR}\nNobody sings this line at all")
    (music / "Ana" / "wrong.txt").write_text(HARBOUR)
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / "some words.txt").write_text(ORCHARD)
    return tmp_path


def run(capsys, *options):
    code = main(["lyrics", *map(str, options), "--quiet"])
    return code, *capsys.readouterr()


def test_what_is_shown_fits_a_terminal_and_says_everything_once(place, capsys):
    code, out, err = run(capsys, "music", "--from", "texts")
    assert (code, err) == (0, "")
    assert out.splitlines() == [
        "found         Ana/bare.wav",
        "              some words.txt, sure (100.0%)",
        "              wrote bare.lrc",
        "timed         Ana/harbour.wav",
        "              wrote harbour.lrc",
        "              1 of 4 lines were not found in the recording",
        "instrumental  Ana/hum.wav",
        "              no words were heard in it",
        "found         Ana/wrong.wav",
        "              some words.txt, sure (100.0%)",
        "              wrote wrong.lrc",
        "              those of wrong.txt are of another song",
        "",
        "       1  timed        lyrics that were known, now with times",
        "       2  found        lyrics found in a source, now with times",
        "       1  instrumental no words are sung",
        "       4  in all       3 files written",
    ]
    assert max(map(len, out.splitlines())) <= 80


def test_without_a_source_what_does_not_fit_is_named_and_advice_is_given(place, capsys):
    code, out, _ = run(capsys, "music")
    assert code == 0
    assert "doubtful      Ana/wrong.wav\n              these lyrics do not fit this recording: 0% of the words" in out
    assert "bare.wav" not in out
    assert "2  nothing" in out
    assert "--from SOURCE" in out


def test_a_dry_run_needs_no_other_option_and_writes_nothing(place, capsys):
    before = sorted((place / "music").rglob("*"))
    code, out, _ = run(capsys, "music", "--dry-run", "--from", "texts")
    assert code == 0
    assert "would write harbour.lrc" in out
    assert "3 files would be written" in out
    assert sorted((place / "music").rglob("*")) == before


def test_json_has_every_recording_once_with_its_lines(place, capsys):
    _, out, _ = run(capsys, "music", "--json")
    said = json.loads(out)
    assert said["counts"] == {"timed": 1, "doubtful": 1, "nothing": 2}
    assert [row["recording"].rsplit("/", 1)[1] for row in said["results"]] == [
        "bare.wav", "harbour.wav", "hum.wav", "wrong.wav",
    ]  # fmt: skip
    assert said["results"][1]["unsung"] == ["Nobody sings this line at all"]


def test_a_table_has_a_row_for_each_recording(place, capsys):
    _, out, _ = run(capsys, "music", "--csv")
    rows = list(csv.DictReader(io.StringIO(out)))
    assert sorted(row["status"] for row in rows) == ["doubtful", "nothing", "nothing", "timed"]
    code, out, _ = run(capsys, "music", "--csv", "table.csv")
    assert code == 0
    assert "in all" in out
    assert len(list(csv.DictReader((place / "table.csv").open()))) == 4
    assert run(capsys, "music", "--csv", "table.csv")[0] == 0
    (place / "mine.csv").write_text("my own table\n")
    code, _, err = run(capsys, "music", "--csv", "mine.csv")
    assert (code, (place / "mine.csv").read_text()) == (2, "my own table\n")
    assert "mine.csv: is there already" in err


def test_verbose_shows_all_recordings_and_the_lines(place, capsys):
    _, out, _ = run(capsys, "music", "--verbose")
    assert "nothing       Ana/bare.wav" in out
    assert "not found: Nobody sings this line at all" in out


def test_words_and_formats(place, capsys):
    _, out, _ = run(capsys, "music", "--write", "srt,txt", "--words")
    assert "wrote harbour.srt" in out
    assert (place / "music" / "Ana" / "harbour.srt").read_text().startswith("1\n00:00:01,000 --> ")


def test_a_library_is_the_default_and_keeps_what_was_heard(place, capsys, ear):
    assert main(["add", "music", "--quiet"]) == 0
    capsys.readouterr()
    code, out, _ = run(capsys)
    assert code == 0
    assert "timed         music/Ana/harbour.wav" in out
    assert "Run alcca add on the music folder again" in out
    assert ear.times == 2
    code, out, _ = run(capsys, "--from", "texts")
    assert "found         music/Ana/bare.wav" in out
    assert ear.times == 4
    # In the library's folder, with transcripts that its search uses too.
    assert not (place / "cache" / "lyrics").exists()
    with Library(place / "shelf", progress=False) as library:
        assert [one.extent for one in library._store.tables(Transcripts).of([1, 2, 3, 4]).values()] == [SONG] * 4
    # A folder that the library knows needs no second transcription either.
    run(capsys, "music", "--from", "texts", "--write", "elrc")
    assert ear.times == 4


def test_the_verb_as_it_was_called_before(place, capsys):
    main(["add", "music", "--quiet"])
    capsys.readouterr()
    code, out, _ = run(capsys, "texts", "--write", "lrc")
    assert code == 0
    assert "wrote bare.lrc" in out
    assert "texts: holds texts but no music; taken as --missing --from texts" in out
    assert not (place / "music" / "Ana" / "harbour.lrc").exists()


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ([], "no FOLDER was named, and there is no library"),
        (["texts"], "texts: holds texts but no music; to look in it .* alcca lyrics MUSIC --from texts"),
        (["nowhere"], "nowhere: no such folder"),
        (["music", "--from", "nowhere"], "nowhere: no such file or folder"),
        (["music", "--write", "pdf"], "unknown format of lyrics 'pdf'; choose one or more of lrc"),
        (["music", "--jobs", "0"], "--jobs is 0"),
        (["music", "--csv", "--json"], "give one of them"),
        (["--csv", "music"], "--csv takes a FILE, not music"),
        (["--watch"], "--watch needs a FOLDER"),
        (["music", "--poll", "1"], "--poll .* needs --watch"),
        (["s3://bucket/music"], "on this machine"),
    ],
)
def test_wrong_calls_say_what_to_do(place, capsys, options, told):
    code, _, err = run(capsys, *options)
    assert code == 2
    assert re.search(told, err)
    assert err.count("\n") == 1


def test_no_recordings_at_all(place, capsys):
    (place / "empty").mkdir()
    code, out, _ = run(capsys, "empty")
    assert (code, out) == (0, "There are no recordings.\n")


def test_files_that_cannot_be_written_are_a_failure(place, capsys, monkeypatch):
    def refuse(path, data):
        raise OSError(30, "Read-only file system", str(path))

    monkeypatch.setattr("alcca.lyrics.files.create_file", refuse)
    code, out, err = run(capsys, "music")
    assert code == 1
    assert "unwritten     Ana/harbour.wav\n              harbour.lrc was not written: the disk is read-only" in out
    assert "0 files written" in out
    assert err == "alcca: 1 files could not be written, such as harbour.lrc was not written: the disk is read-only\n"


def test_a_full_disk_is_told_after_what_was_done(place, capsys, monkeypatch):
    from alcca.lyrics import files

    create = files.create_file

    def full(path, data):
        if path.name == "harbour.lrc":
            raise OSError(28, "No space left on device", str(path))
        create(path, data)

    monkeypatch.setattr(files, "create_file", full)
    code, out, err = run(capsys, "music", "--from", "texts", "--jobs", "1")
    assert code == 1
    assert "the disk is full" in err
    assert "1  found" in out


def test_ctrl_c_ends_within_a_window_and_keeps_what_is_done(place, capsys, monkeypatch, ear):
    hear, kept = ear.hear, []

    def long(samples, *, at_window, **how):
        if ear.times:
            end = time.monotonic() + 30
            while not any(place.rglob("*.lrc")) and time.monotonic() < end:
                time.sleep(0.05)
            time.sleep(0.2)
            os.kill(os.getpid(), signal.SIGINT)
            while time.monotonic() < end:
                time.sleep(0.05)
                at_window(0.0, None)
            kept.append("to the end")
        return hear(samples, at_window=at_window, **how)

    monkeypatch.setattr(ear, "hear", long)
    monkeypatch.setattr(Windows, "keep", lambda *_: None)
    code, out, err = run(capsys, "music", "--from", "texts", "--jobs", "1")
    assert (code, kept) == (130, [])
    assert "interrupted; finished work is saved" in err
    assert out.count("wrote") == out.count(" files written") == 1
    monkeypatch.setattr(ear, "hear", hear)
    code, out, _ = run(capsys, "music", "--from", "texts", "--jobs", "1")
    assert code == 0
    assert "1  done" in out


def test_a_name_with_a_line_break_is_one_line_and_no_other_result(ear, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    song = ear.record(tmp_path / "music" / "a\ntimed         forged.wav", heard(HARBOUR))
    song.with_suffix(".txt").write_text(HARBOUR)
    code, out, _ = run(capsys, "music")
    assert code == 0
    assert out.splitlines()[:2] == [
        "timed         a␊timed         forged.wav",
        "              wrote a␊timed         forged.lrc",
    ]
