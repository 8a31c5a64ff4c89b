import pytest

from alcca.texts.ultrastar import is_ultrastar, read_ultrastar

HEAD = "#TITLE:Harbour\n#ARTIST:Nobody\n#MP3:us.mp3\n#BPM:300\n#GAP:1000\n"


def test_syllables_become_lines_with_times():
    song = (
        HEAD + ": 0 4 60 Cop\n: 4 4 60 per\n* 8 4 62  lan\nF 12 4 62 terns\n- 20\n"
        "R 40 4 60 On~\nG 44 4 60 ~ the \n: 48 2 3 quay\nE\n"
    )
    assert is_ultrastar(song)
    # A beat is a quarter of one of #BPM: 15 s / 300.
    assert read_ultrastar(song) == [(1.0, "Copper lanterns"), (3.0, "On the quay")]


def test_relative_beats_count_from_the_end_of_the_line_before():
    song = "#BPM:150,5\n#RELATIVE:YES\n: 0 4 60 One\n- 20 30\n: 2 4 60 two\n- 5 10\n: 0 1 1 three"
    assert read_ultrastar(song) == [
        (0.0, "One"),
        (pytest.approx(32 * 15 / 150.5, abs=1e-3), "two"),
        (pytest.approx(40 * 15 / 150.5, abs=1e-3), "three"),
    ]


def test_duets_stand_in_the_order_in_which_they_are_sung():
    song = HEAD + "P1\n: 0 4 60 Mine\n- 20\n: 40 4 60 Both\nP2\n: 20 4 60 Yours\n- 30\n: 40 4 60 Both\nE"
    assert read_ultrastar(song) == [(1.0, "Mine"), (2.0, "Yours"), (3.0, "Both")]


def test_a_change_of_tempo():
    song = "#BPM:300\n#GAP:0\n: 0 4 60 One\n- 20\nB 100 150\n: 200 4 60 two"
    assert read_ultrastar(song) == [(0.0, "One"), (15.0, "two")]


@pytest.mark.parametrize("text", ["#1 in my heart", "#TITLE:x\nla la", ": 0 4 60 Cop", "", "E\nF"])
def test_what_is_no_ultrastar(text):
    assert not is_ultrastar(text)


def test_headers_that_are_damaged():
    assert read_ultrastar("#BPM:x\n#GAP:\n: 20 4 60 One") == [(1.0, "One")]
    assert read_ultrastar("#BPM:0\n#GAP:-5000\n: 0 4 60 One\n:\n: 1\n- \n-") == [(0.0, "One")]


def test_relative_beats_begin_anew_with_each_singer_and_a_tempo_of_nought_is_none():
    song = "#BPM:150\n#RELATIVE:YES\nP1\n: 0 4 60 One\n- 20 30\n: 0 4 60 three\nP2\nB 5 0\n: 10 4 60 two"
    assert read_ultrastar(song) == [(0.0, "One"), (1.0, "two"), (3.0, "three")]
