"""What benchmarks print and how they are called; never how long anything takes."""

import argparse
import json
import subprocess
import sys

import pytest
from benchmarks.__main__ import QUICK, main
from benchmarks.measuring import Row, Table, in_turns, publish


def table():
    made = Table(
        "ways", [Row("floor", [1.0, 3.0, 2.0]), Row("other", note="not installed (other)"), Row("ours", [5.0])]
    )
    made.aim("ours to the floor", made.ratio("ours", "floor"), "<=", 2)
    made.aim("faster", 3.0, ">=", 3)
    made.facts["recall@10"] = 0.98765
    return made


def test_a_table_tells_medians_ranges_and_ratios_to_its_first_row():
    lines = table().to_markdown().splitlines()
    assert "| floor | 2 s | 1 s - 3 s | 1.00 |" in lines
    assert "| other | not installed (other) | | |" in lines
    assert "| ours | 5 s |  | 2.50 |" in lines
    assert "- recall@10: 0.9877" in lines
    assert "- ours to the floor: 2.5, target <= 2, MISSED" in lines
    assert "- faster: 3, target >= 3, met" in lines


def test_figures_are_written_whole(tmp_path, capsys):
    publish([table()], argparse.Namespace(json=tmp_path / "new" / "ways.json"))
    told = json.loads((tmp_path / "new" / "ways.json").read_text())
    assert told["tables"][0]["rows"][0] == {"what": "floor", "seconds": [1.0, 3.0, 2.0], "note": "", "median": 2.0}
    assert [target["met"] for target in told["tables"][0]["targets"]] == [False, True]
    assert "ways:" in capsys.readouterr().out


def test_ways_take_turns_and_a_missing_package_is_told():
    called = []

    def missing():
        raise ModuleNotFoundError("no", name="ranx")

    found = in_turns({"a": lambda: called.append("a"), "b": lambda: called.append("b"), "c": missing}, 2)
    assert called == ["a", "b", "a", "b", "a", "b"]  # once for the caches
    assert found["c"] == "not installed (ranx)"
    assert len(found["a"]) == len(found["b"]) == 2


def test_benchmarks_are_called_by_name(capsys):
    assert main([]) == 0
    listed = capsys.readouterr().out
    assert all(f"  {name} " in listed for name in QUICK)
    assert main(["fastest"]) == 2
    assert "no benchmark is called 'fastest'; there are adversary, " in capsys.readouterr().err


@pytest.mark.parametrize("name", QUICK)
def test_the_quick_ones_say_what_they_do(name):
    done = subprocess.run([sys.executable, "-m", "benchmarks", name, "--help"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "--json FILE" in done.stdout
