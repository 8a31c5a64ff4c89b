import pytest

from alcca import progress
from alcca.progress import Progress


def test_a_log_gets_a_line_at_each_end(capsys):
    with Progress("adding songs", total=3) as bar:
        for _ in range(3):
            bar.update()
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "adding songs: 3 songs"
    assert lines[-1].startswith("adding songs: 3/3 songs")
    assert len(lines) == 2


def test_a_long_log_gets_lines_between(capsys, monkeypatch):
    monkeypatch.setattr(progress, "SECONDS_BETWEEN_LINES", 0.0)
    with Progress("training", total=2, unit="epoch") as bar:
        bar.update(note="loss 1.0")
    assert "training: 1/2 epochs, 0 s, loss 1.0" in capsys.readouterr().err


def test_silence_when_not_wanted(capsys):
    with Progress("adding songs", total=1, show=False) as bar:
        bar.update()
    assert capsys.readouterr() == ("", "")


def test_a_terminal_gets_a_bar(capsys, monkeypatch):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    with Progress("adding songs", total=2) as bar:
        bar.update(2)
    assert "2/2" in capsys.readouterr().err


def test_errors_pass_through(capsys):
    with pytest.raises(KeyError), Progress("adding songs", total=2):
        raise KeyError
    assert "0/2" in capsys.readouterr().err


@pytest.mark.parametrize("is_terminal", [True, False])
def test_a_name_of_a_stranger_moves_no_cursor_and_breaks_no_line(capsys, monkeypatch, is_terminal):
    monkeypatch.setattr("sys.stderr.isatty", lambda: is_terminal)
    monkeypatch.setattr(progress, "SECONDS_BETWEEN_LINES", 0.0)
    with Progress("listening", total=1) as bar:
        bar.say("é\x1b[2J\nb")
        bar.update(note="é\x1b[2J\nb")
    said = capsys.readouterr().err
    assert "é�[2J�b" in said
    assert "\x1b[2J" not in said
