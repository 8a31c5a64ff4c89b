"""The verb with the real recogniser, on what a synthetic voice says."""

import json

import pytest
from tests.lyrics.fakes import HARBOUR, ORCHARD, own_memory, speak_song

from alcca.cli.main import main
from alcca.speech.packaged import base_is_installed
from alcca.texts.timed import parse

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not base_is_installed(), reason="the extra hear is not installed"),
]


def test_lyrics_are_found_and_timed(tmp_path, capsys, monkeypatch):
    pytest.importorskip("espeakng_loader")
    own_memory(monkeypatch, tmp_path)
    music, texts = tmp_path / "music", tmp_path / "texts"
    starts = speak_song(music / "unknown.wav", HARBOUR, first=4.0, pause=0.8)
    texts.mkdir()
    (texts / "harbour.txt").write_text(f"[Verse]\n{HARBOUR}\n")
    (texts / "orchard.txt").write_text(ORCHARD)
    call = ["lyrics", str(music), "--from", str(texts), "--library", str(tmp_path / "none"), "--offline", "--quiet"]
    assert main([*call, "--json"]) == 0
    (result,) = json.loads(capsys.readouterr().out)["results"]
    assert (result["status"], result["certainty"]) == ("found", "sure")
    lines = [line for line in parse((music / "unknown.lrc").read_text()).lines if line.text]
    assert [line.text for line in lines] == HARBOUR.splitlines()
    assert [line.start for line in lines] == pytest.approx(starts, abs=1.0)
    assert main(call) == 0
    assert "1  done" in capsys.readouterr().out
