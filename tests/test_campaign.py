"""The campaign of faults: a sample of it, and that it sees what is broken."""

import json
import resource
import signal
import sys

import pytest
from campaign import __main__ as campaign
from campaign import asking, commands, damage, kills, stages, writers
from campaign.commands import run, unclear
from campaign.outcomes import Offence, Outcome, Report
from campaign.settings import Settings
from campaign.songs import FORMATS, encode, number_of, sound, words
from campaign.spoilt import TEXTS, spoilt
from campaign.state import differences
from tests.processes import still_running

from alcca.songs.audio import read_slice

# alcca, broken on purpose

BROKEN = """
import pathlib, sys
from alcca.indexing import add
from campaign import scripted

real = add.write

def write(store, batch, *rest):
    lost = LOST if pathlib.Path(__file__).with_name("broken").exists() else ()
    real(store, [read for read in batch if not any(name in read.task.path for name in lost)], *rest)

add.write = write
if __name__ == "__main__":
    sys.exit(scripted.main())
"""


@pytest.fixture
def broken(tmp_path, monkeypatch):
    """An alcca that does not write some songs once the file that this gives is there."""

    def broken(*lost):
        (tmp_path / "program").mkdir()
        program = tmp_path / "program" / "program.py"
        program.write_text(f"LOST = {lost!r}\n{BROKEN}")
        monkeypatch.setattr(commands, "ALCCA", [sys.executable, str(program)])
        monkeypatch.setenv("ALCCA_CONFIG", str(tmp_path / "config"))
        return program.with_name("broken")

    return broken


def reported(tmp_path, *arguments):
    """The exit code of a campaign, and what it reports of its one kind."""
    output = tmp_path / "report.json"
    code = campaign.main([*arguments, "--work", str(tmp_path), "--output", str(output)])
    (told,) = json.loads(output.read_text())["outcomes"].values()
    assert list(tmp_path.glob("campaign-*")) == []
    return code, told


@pytest.mark.slow
def test_damaged_files_are_accounted_for_unless_they_are_lost(tmp_path, broken, monkeypatch):
    monkeypatch.setattr(damage, "BATCH", 16)
    marker, outcome = broken("spoilt 00019", "song 2.aiff"), Outcome()
    found = []
    for _ in damage.trials(Settings(files=32), tmp_path, outcome):
        found.append((outcome.tried, outcome.accounted, len(outcome.offences)))
        marker.touch()
    assert found == [(16, 16, 0), (32, 31, 4)]
    told = sorted((offence.kind, offence.what) for offence in outcome.offences)
    assert [one for one in told if "no word about" not in one[1]] == [
        ("lost", "features of healthy songs are gone or not the same: song 2"),
        ("lost", "songs of healthy songs are gone or not the same: song 2"),
        ("wrong", "28 files were found, and 26 counted"),
    ]
    assert sum(one[1].startswith("no word about spoilt 00019/song.") for one in told) == 1
    assert {offence.repeat for offence in outcome.offences} == {"python -m campaign --seed 0 --only damage --trial 1"}


class SameStage(Settings):
    """Two trials of the first stage."""

    def trials(self, numbers):
        return iter([0, 5])


@pytest.mark.slow
def test_a_killed_command_goes_on_unless_songs_are_lost(tmp_path, broken, monkeypatch):
    monkeypatch.setattr(stages, "SONGS", 6)
    monkeypatch.setattr(kills, "AT_A_TIME", 1)
    marker, outcome = broken("song 04"), Outcome()
    found = []
    for _ in kills.trials(SameStage(), tmp_path, outcome):
        found.append((outcome.tried, outcome.accounted, bool(outcome.offences)))
        marker.touch()
    assert found == [(1, 1, False), (2, 1, True)]
    assert outcome.of("lost") == len(outcome.offences)


@pytest.mark.slow
def test_a_damaged_model_gives_right_results_or_a_line(tmp_path, capsys):
    code, told = reported(tmp_path, "--only", "models", "--damages", "1")
    assert (code, told["tried"], told["accounted"], told["offences"]) == (0, 1, 1, [])
    assert "| models | 1 | 1 | 0 | 0 | 0 | 0 |" in capsys.readouterr().out


@pytest.mark.slow
@pytest.mark.campaign
def test_the_campaign_finds_nothing(tmp_path):
    sizes = ["--files", "400", "--kills", "20", "--damages", "60", "--disks", "11"]
    assert campaign.main([*sizes, "--work", str(tmp_path)]) == 0


# Commands


@pytest.fixture
def program(monkeypatch, tmp_path):
    """Some Python instead of alcca."""

    def program(text):
        monkeypatch.setattr(commands, "ALCCA", [sys.executable, "-c", text])

    monkeypatch.setattr(commands, "SECONDS_TO_END", 1.0)
    return program


@pytest.mark.parametrize(
    ("text", "codes", "says", "kind"),
    [
        ("print('fine')", (0,), (), None),
        ("import sys; sys.exit('alcca: the disk is full')", (0, 1), ("disk is full",), None),
        ("import sys; sys.exit('alcca: make a new library')", (0, 1), ("disk is full",), "wrong"),
        ("import sys; sys.exit('alcca: the disk is full')", (0,), (), "wrong"),
        ("import sys; sys.exit('alcca: damaged\\nalcca: damaged')", (0, 1), (), "wrong"),
        ("import sys; sys.exit('alcca: unexpected KeyError')", (0, 1), (), "crashed"),
        ("1 / 0", (0, 1), (), "crashed"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", (0,), (), "crashed"),
        ("import time; time.sleep(600)", (0,), (), "hung"),
        ("import subprocess; subprocess.Popen(['sleep', '600'])", (0,), (), "wrong"),
    ],
)
def test_how_a_command_ended_is_seen(program, text, codes, says, kind):
    program(text)
    done = run("status", seconds=1.5 if kind == "hung" else 60)
    assert [offence.kind for offence in unclear(done, codes=codes, says=says)] == ([] if kind is None else [kind])


def test_what_a_command_took_is_known(program):
    program("import sys; data = bytes(200_000_000); print('out'); print('err', file=sys.stderr)")
    done = run("add")
    assert (done.code, done.out, done.err, done.hung, done.left) == (0, "out\n", "err\n", False, 0)
    # Linux counts what a process held before it became the command: that of this test is larger than a campaign's.
    before = 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert 200e6 < done.peak < max(400e6, 1.1 * before)


def test_a_killed_command_may_leave_no_processes(program):
    program(
        "import subprocess, time; subprocess.Popen(['sleep', '600']); print('started', flush=True); time.sleep(600)"
    )
    running = commands.Running(["add"])
    assert running.until(lambda: "started" in running.said(), 60)
    running.end(signal.SIGKILL)
    done = running.done()
    assert (done.code, done.left) == (-signal.SIGKILL, 1)


ASKED = """
import json, sys, time, os
for line in sys.stdin:
    if int(line) % 3 == 1: os.abort()
    if int(line) % 3 == 2: time.sleep(600)
    print(json.dumps({"part": "songs.sqlite", "what": "songs.sqlite: flip", "wrong": ["status: no line"]}), flush=True)
"""


def test_damage_that_ends_or_holds_the_process_that_asks_is_seen(tmp_path, monkeypatch):
    monkeypatch.setattr(asking, "module", lambda name: [sys.executable, "-c", ASKED])
    monkeypatch.setattr(asking, "SECONDS", 2.0)
    with asking.Asking("library", tmp_path) as one:
        found = [one.ask(seed) for seed in (0, 1, 2, 3)]
    assert [[offence.kind for offence in offences] for _, offences in found] == [
        ["wrong"], ["crashed"], ["hung"], ["wrong"],
    ]  # fmt: skip
    assert found[0] == ("songs.sqlite", [Offence("wrong", "songs.sqlite: flip: status: no line")])


# Songs and damage


@pytest.mark.parametrize("suffix", FORMATS)
def test_songs_are_known_by_their_pitch_in_every_format(tmp_path, suffix):
    song = encode(sound(17, 2.0), tmp_path / f"song.{suffix}")
    assert number_of(read_slice(song).samples[:44_100], 22_050) == 17


def test_the_same_seed_damages_the_same():
    made = [
        [
            spoilt(number, Settings(seed=seed).random("damage", number)).data
            for number in range(len(FORMATS) + len(TEXTS))
        ]
        for seed in (1, 1, 2)
    ]
    assert made[0] == made[1]
    assert sum(one != other for one, other in zip(made[0], made[2], strict=True)) > len(FORMATS)


def test_differences_of_states_are_told():
    before = {"songs": {"a": {"title": "A"}, "b": {"title": "B"}}, "check": []}
    assert differences(before, before) == []
    now = {"songs": {"a": {"title": "C"}}, "check": ["damaged"]}
    assert differences(before, now) == [
        'check: ["damaged"] instead of []',
        'songs, a: {"title": "C"} instead of {"title": "A"}',
        'songs, b: null instead of {"title": "B"}',
    ]
    assert words(1) != words(2)


# The report


def test_one_table_of_counts_and_each_offence_with_its_command(tmp_path):
    outcome = Outcome(skipped="", seconds=90)
    outcome.count([])
    outcome.count([Offence("lost", "a.mp3", "python -m campaign --trial 7")])
    outcome.count([Offence("hung", "add")], tried=100, accounted=99)
    report = Report("python -m campaign", {"cores": 2}, {"damage": outcome, "disk": Outcome(skipped="no mount")})
    text = report.to_markdown()
    assert "| damage | 102 | 100 | 1 | 1 | 0 | 0 | 1.5 |" in text
    assert "| all | 102 | 100 | 1 | 1 | 0 | 0 | 1.5 |" in text
    assert "damage, lost: a.mp3\n\n    python -m campaign --trial 7" in text
    assert "- disk: not tried: no mount" in text
    report.write(tmp_path / "report.json")
    assert json.loads((tmp_path / "report.json").read_text())["outcomes"]["damage"]["lost"] == 1


def test_an_interrupted_campaign_tells_the_counts_so_far(tmp_path, monkeypatch, capsys, program):
    program("import time; time.sleep(99)")
    started = []

    def trials(settings, place, outcome):
        started.append(commands.Running(["add"]).process.pid)
        outcome.count([])
        yield 1
        raise KeyboardInterrupt

    monkeypatch.setitem(campaign.KINDS, "damage", trials)
    output = tmp_path / "report.md"
    assert campaign.main(["--only", "damage,kills", "--work", str(tmp_path), "--output", str(output)]) == 130
    assert "Interrupted" in output.read_text()
    assert "| damage | 1 | 1 | 0 |" in output.read_text()
    assert capsys.readouterr().out == output.read_text()
    assert still_running(started) == []


def test_an_offence_is_a_failure(tmp_path, monkeypatch):
    def trials(settings, place, outcome):
        outcome.count([Offence("wrong", "a")])
        yield 1

    monkeypatch.setitem(campaign.KINDS, "kills", trials)
    assert campaign.main(["--only", "kills", "--work", str(tmp_path)]) == 1


def test_kinds_are_named():
    with pytest.raises(SystemExit):
        campaign.main(["--only", "damage,fire"])
    assert {stage for pair in writers.PAIRS for stage in pair[2]} <= set(stages.STAGES)
