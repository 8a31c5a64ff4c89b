"""What benchmarks print and how they are called; never how long anything takes."""

import argparse
import json
import subprocess
import sys

import numpy as np
import pytest
from benchmarks import listening
from benchmarks.__main__ import QUICK, main
from benchmarks.harder import CUTS, DECIBELS
from benchmarks.listened import AGAIN, NO_SONG, ONCE, SEVERAL, Details, Found, Guessed, Outcome, Scores, rank_of
from benchmarks.measuring import Row, Table, in_turns, publish
from scipy.stats import gumbel_r


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


SURE, LIKELY, GUESS = 0.99, 0.6, 0.1


def outcome(how, song, *found, details=None):
    """An outcome from rank, probability and seconds in each way."""
    ways = zip((ONCE, SEVERAL, AGAIN), found, strict=True)
    return Outcome(how, song, {way: Found(r, p, r < np.inf, s) for way, (r, p, s) in ways}, details)


SUNG = [
    outcome("0 dB", 0, (1, SURE, 2.0), (1, SURE, 3.0), (1, SURE, 3.0)),
    outcome("-5 dB", 1, (np.inf, 0.0, 2.0), (4, LIKELY, 3.0), (1, LIKELY, 7.0)),
    outcome("-5 dB", 2, (2, SURE, 2.0), (2, GUESS, 3.0), (2, GUESS, 8.0)),
]


def test_listening_tells_ranks_and_how_many_sure_and_likely_hits_are_right():
    rows = listening.of_ways(SUNG)[2:]
    assert rows == [
        f"| {ONCE} | 0.500 | 0.333 | 0.333 | 2 | 1 | 0 | 0 | 2.00 | 1.00 |",
        f"| {SEVERAL} | 0.583 | 0.333 | 0.000 | 1 | 1 | 1 | 0 | 3.00 | 1.50 |",
        f"| {AGAIN} | 0.833 | 0.667 | 0.000 | 1 | 1 | 1 | 1 | 6.00 | 3.00 |",
    ]


def test_listening_tells_ranks_by_how_clips_were_made_hard():
    rows = listening.of_difficulties(SUNG)[2:]
    assert rows == ["| 0 dB | 1 | 1.000 | 1.000 | 1.000 | 1 | 1 |", "| -5 dB | 2 | 0.250 | 0.375 | 0.750 | 0 | 0 |"]


def test_listening_counts_hits_where_nobody_sings():
    silent = [
        outcome("none", NO_SONG, (np.inf, 0.0, 1.0), (np.inf, GUESS, 1.0), (np.inf, SURE, 5.0)),
        outcome("none", NO_SONG, (np.inf, 0.0, 1.0), (np.inf, LIKELY, 2.0), (np.inf, LIKELY, 5.0)),
    ]
    silent.append(outcome("speech", NO_SONG, *[(np.inf, 0.0, 1.0)] * 3))
    assert listening.of_nothing_sung(silent)[2:] == [
        f"| none | 2 | {ONCE} | 0 | 0 | 0 | 0.000 | 1.00 |",
        f"| none | 2 | {SEVERAL} | 0 | 0 | 1 | 0.600 | 1.50 |",
        f"| none | 2 | {AGAIN} | 0 | 1 | 1 | 0.990 | 5.00 |",
        *(f"| speech | 1 | {way} | 0 | 0 | 0 | 0.000 | 1.00 |" for way in (ONCE, SEVERAL, AGAIN)),
    ]
    assert len(listening.of_nothing_sung([])) == 2


def test_listening_also_hears_speech_and_noises():
    clips = listening.not_sung()
    assert [clip.how for clip in clips] == [listening.SPOKEN] * 10 + [listening.NOISE] * 6
    assert {clip.song for clip in clips} == {NO_SONG}
    for clip in clips:
        assert 10 < len(clip.samples) / 16_000 <= 30
        assert 0.001 < np.abs(clip.samples).max() <= 1


def scored(song, own, more=0.0):
    """An outcome with scores: ``own`` of the song, and those of 20 others, of which one has more evidence in words."""
    songs = np.array([song, *range(100, 120), 200])
    bits = np.array([0.0, 3.0, *[0.0] * 20])
    scores = np.array([own, *np.linspace(10, 20, 20) + more, np.nan])
    ways = [(1, SURE, 1.0)] * 3
    details = Details(Scores(songs, bits, scores, 1_000), Guessed(np.inf, False), Guessed(2 + song, song == 0))
    return outcome("0 dB", song, *ways, details=details)


def test_listening_tells_the_distribution_of_scores_of_songs_that_are_not_sung():
    rows = listening.of_scores([scored(0, 90.0), scored(1, 15.0), scored(2, 52.5, more=40.0), SUNG[0]])
    assert rows[2].startswith("| songs not sung, somebody sings (median of clips) | 3 | 12.5 | 15.0 | 17.5 | 20.0 | ")
    assert rows[3] == "| the song that is sung (of all clips) | 3 | 33.8 | 52.5 | 71.2 | 90.0 |  |  |"
    assert rows[-1] == "Of 3 sung songs that were listened for, 1 have their clip's highest score."


def test_a_gumbel_distribution_is_found_by_its_quartiles():
    scores = gumbel_r(loc=16, scale=7).ppf((np.arange(4_000) + 0.5) / 4_000)
    np.testing.assert_allclose(listening.gumbel(scores), (16, 7), rtol=1e-3)


def test_listening_tells_the_first_hits_with_other_weights_of_the_evidence():
    one = scored(0, 60.0)
    rows = listening.of_weights([one, SUNG[0]])
    of = {tuple(cells[:2]): cells[2:] for row in rows[2:] if (cells := row.strip("| ").split(" | "))}
    assert of["right song listened for", "1.25"] == ["1", "1", "1", "0", "0"]
    assert of["right song listened for", "0.5"] == ["1", "0", "0", "0", "0"]  # too little to be sure or likely
    assert of["right song taken away", "1.25"] == ["1", "0", "0", "0", "0"]
    assert one.details.scores.best(1.25)[0] == 0
    assert one.details.scores.without(0).best(1.25)[0] != 0


def test_listening_tells_what_guesses_add():
    assert listening.of_guesses([scored(0, 60.0), scored(2, 60.0), SUNG[0]])[2:] == [
        "| readings without guesses | 0.000 | 0.000 | 0.000 |",
        "| readings and guesses (alcca) | 0.375 | 0.000 | 0.500 |",
    ]


def test_ties_with_the_right_song_count_against_the_search():
    ties = np.array([False, False, True, False])
    assert [rank_of(song, [5, 6, 7, 8], ties) for song in (5, 6, 7, 8, 9)] == [1, 3, 3, 4, np.inf]


def test_clips_for_listening_are_covered_by_two_scores_and_cut():
    rng = np.random.default_rng(0)
    recordings = [rng.standard_normal(30 * 16_000).astype(np.float32) for _ in range(2)]
    scores = [rng.standard_normal(30 * 16_000).astype(np.float32) for _ in range(4)]
    clips = listening.made_hard(recordings, scores)
    sung = [clip for clip in clips if clip.song == 0]
    assert len(sung) == 2 * len(DECIBELS) + len(CUTS)
    assert [len(clip.samples) // 16_000 for clip in sung[-3:]] == [6, 8, 10]
    assert not np.allclose(sung[0].samples, sung[len(DECIBELS)].samples)  # another score
    assert [clip.song for clip in clips[-4:]] == [NO_SONG] * 4
