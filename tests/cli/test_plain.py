"""Titles of strangers in a terminal."""

import sys

import pytest

from alcca.cli import main as command
from alcca.cli.plain import plain


def test_control_characters_are_shown_and_not_obeyed(capsys, monkeypatch):
    monkeypatch.setitem(
        command.VERBS, "status", lambda options: print("evil \x1b]0;pwn\x07\x1b[2J\r title\u202egnp.mp3")
    )
    assert command.main(["status"]) == 0
    out = capsys.readouterr().out
    assert out == "evil ␛]0;pwn␇␛[2J␍ title\ufffdgnp.mp3\n"


def test_errors_too(capsys, monkeypatch):
    def fail(options):
        raise command.UsageError("evil \x1b[2J")

    monkeypatch.setitem(command.VERBS, "status", fail)
    assert command.main(["status"]) == 2
    assert capsys.readouterr().err == "alcca: evil ␛[2J\n"


@pytest.mark.parametrize("text", ["a\tb\n", "naïve 日本語 😀 שלום", ""])
def test_other_characters_stay(text):
    assert plain(text) == text
    assert sys.stdout.isatty() in (True, False)
