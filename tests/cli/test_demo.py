import pytest
from tests.making import write_song

from alcca import Library
from alcca.cli.demo import run_demo
from alcca.errors import LibraryError


@pytest.fixture(autouse=True)
def one_process(inline, monkeypatch):
    """Songs are read, and methods compared, in this process."""
    monkeypatch.setattr("os.cpu_count", lambda: 1)


def test_a_persons_own_folder_goes_the_whole_way(tmp_path, music, capsys):
    run_demo(tmp_path / "demo", songs=music, progress=False)
    said = capsys.readouterr().out
    assert "12 usable songs are few" in said
    assert "NAME.txt or NAME.lrc" in said
    assert "results could not be distinguished from chance" in said
    assert said.count("\n  1  ") == 2
    with Library(tmp_path / "demo" / "music-library", progress=False) as library:
        assert library.status()["model"]["songs"] == 12


def test_too_few_songs_say_what_to_do(tmp_path, capsys):
    write_song(tmp_path / "music" / "one.wav", 1)
    with pytest.raises(LibraryError, match=r"1 usable songs are too few to train on.*NAME\.txt"):
        run_demo(tmp_path / "demo", songs=tmp_path / "music", progress=False)


@pytest.mark.slow
def test_enough_songs_are_measured_beside_chance(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("alcca.cli.demo.EPOCHS", 2)
    for number in range(50):
        write_song(tmp_path / "music" / f"{number}.wav", number)
    run_demo(tmp_path / "demo", songs=tmp_path / "music", progress=False)
    said = capsys.readouterr().out
    assert "I-MRR1-A" in said
    assert "chance" in said
    assert "shuffled" in said
