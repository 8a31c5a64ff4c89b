"""Lyrics that are written here, for recordings that the workers of a cluster listen to."""

import pytest
from tests.lyrics.fakes import HARBOUR, own_memory, speak_song

from alcca.cli.main import main
from alcca.speech.packaged import base_is_installed

pytestmark = pytest.mark.skipif(not base_is_installed(), reason="the extra hear is not installed")


def test_workers_listen_and_look_in_the_sources(address, tmp_path, capsys, monkeypatch):
    pytest.importorskip("espeakng_loader")
    own_memory(monkeypatch, tmp_path)
    monkeypatch.setenv("ALCCA_LIBRARY", str(tmp_path / "none"))
    for name in ("known", "unknown"):
        speak_song(tmp_path / "music" / f"{name}.wav", HARBOUR, first=1.0, pause=0.5)
    (tmp_path / "music" / "known.txt").write_text(HARBOUR)
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / "words.txt").write_text(HARBOUR)
    call = ["lyrics", str(tmp_path / "music"), "--from", str(tmp_path / "texts"), "--cluster", address, "--offline"]
    assert main([*call, "--quiet"]) == 0
    out = capsys.readouterr().out
    assert "found         unknown.wav" in out
    assert "timed         known.wav" in out
    for name in ("known", "unknown"):
        assert "]Copper lanterns swing along the quay\n" in (tmp_path / "music" / f"{name}.lrc").read_text()
