"""Bach's chorales as a music folder."""

import csv
import re
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

from alcca import transcribe
from alcca.datasets import chorales, espeak, singing
from alcca.datasets.chorales import make_chorales
from alcca.datasets.scores import Chorale
from alcca.errors import MissingExtraError, UsageError
from alcca.metadata.sidecars import SongTables
from alcca.metadata.song_text import read_song_text
from alcca.songs.audio import read_slice
from alcca.songs.lyrics import normalise_lyrics
from alcca.songs.scan import walk

# With this seed, four songs are of four formats, the first of them WAV, and keep their words in all three places.
LIMIT, SEED = 4, 1


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("music") / "chorales"
    return make_chorales(folder, limit=LIMIT, jobs=2, seed=SEED, progress=False)


def rows(folder):
    with (folder / "songs.csv").open(newline="", encoding="utf-8") as table:
        return list(csv.DictReader(table))


@pytest.mark.slow
def test_a_music_folder_is_made(made):
    assert (made.songs, made.rendered, made.failed) == (LIMIT, LIMIT, ())
    assert f"{LIMIT} chorales" in str(made)
    assert "voice is synthetic" in str(made)
    files = walk(made.folder).files
    assert [path.relative_to(made.folder).as_posix() for path in files] == sorted(r["file"] for r in rows(made.folder))
    assert len({path.suffix for path in files}) == LIMIT
    assert not [path for path in made.folder.rglob("*") if path.name.startswith(".")]


@pytest.mark.slow
def test_every_song_is_real_audio_with_its_words(made):
    tables = SongTables(made.folder)
    sources = set()
    for path in walk(made.folder).files:
        piece = read_slice(path)
        assert piece.padded == 0
        assert np.abs(piece.samples).max() > 0.1
        song = read_song_text(path, made.folder, tables)
        sources.add(Path(song.lyrics_source).suffix)
        assert song.lyrics
        assert len(song.lyrics.split()) > 15
        assert normalise_lyrics(song.lyrics).startswith(normalise_lyrics(song.title))
        assert song.label in ("major", "minor")
        assert song.group.startswith("bwv")
        assert song.language == "de"
    assert sources == {"", ".lrc", ".txt"}


@pytest.mark.slow
def test_what_is_there_is_not_made_again(made):
    before = {path: path.stat().st_mtime_ns for path in walk(made.folder).files}
    table = rows(made.folder)
    again = make_chorales(made.folder, limit=LIMIT, jobs=1, seed=SEED, progress=False)
    assert (again.songs, again.rendered) == (LIMIT, 0)
    assert {path: path.stat().st_mtime_ns for path in walk(made.folder).files} == before
    # A run that was broken before its table was written goes on from the files alone.
    (made.folder / "songs.csv").unlink()
    lost = next(iter(before))
    content = lost.read_bytes()
    lost.unlink()
    again = make_chorales(made.folder, limit=LIMIT, jobs=1, seed=SEED, progress=False)
    assert (again.songs, again.rendered) == (LIMIT, 1)
    assert rows(made.folder) == table
    assert lost.suffix == ".wav"
    assert lost.read_bytes() == content


@pytest.mark.slow
def test_files_without_a_voice_are_made_anew(made, tmp_path):
    old = tmp_path / "chorales"
    shutil.copytree(made.folder, old)
    table = rows(old)
    for row in table:
        row.pop("voice")
    with (old / "songs.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(table[0]))
        writer.writeheader()
        writer.writerows(table)
    again = make_chorales(old, limit=1, jobs=1, seed=SEED, progress=False)
    assert (again.songs, again.rendered) == (1, 1)
    assert {row["voice"] for row in rows(old)} == {chorales.VOICE}


@pytest.mark.slow
def test_the_words_can_be_heard(made):
    heard, whole = set(), set()
    for row in rows(made.folder)[:3]:
        path = made.folder / row["file"]
        text = transcribe(path, language="de").text
        lyrics = read_song_text(path, made.folder, SongTables(made.folder)).lyrics
        sung = set(re.findall(r"\w{4,}", lyrics.casefold()))
        whole |= sung
        heard |= sung & set(re.findall(r"\w{4,}", text.casefold()))
    assert len(heard) >= 6, f"of {sorted(whole)}"


def test_a_score_that_cannot_be_read_is_counted_and_named(monkeypatch, tmp_path):
    broken = tmp_path / "bwv999.mxl"
    broken.write_bytes(b"no zip")
    monkeypatch.setattr(chorales, "scores_with_words", lambda: [broken])
    made = make_chorales(tmp_path / "out", jobs=1, progress=False)
    assert (made.songs, made.groups) == (0, 0)
    assert made.failed[0][0] == "bwv999.mxl"
    assert "1 could not be made; the first is bwv999.mxl" in str(made)


@pytest.mark.parametrize("missing", ["music21", "espeakng_loader", "pyworld"])
def test_without_a_package_the_extra_is_named(missing, monkeypatch, tmp_path):
    # What was loaded and heard before must not stand in for it; eSpeak NG itself must not be started twice.
    if missing == "espeakng_loader":
        monkeypatch.setattr(espeak, "_engine", espeak._Engine)
    singing._spoken.cache_clear()
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(MissingExtraError, match=r"alcca\[demo\]"):
        make_chorales(tmp_path / "music", progress=False)
    assert not (tmp_path / "music").exists()


@pytest.mark.parametrize("wrong", [{"limit": 0}, {"jobs": 0}])
def test_numbers_that_make_no_songs_are_refused(wrong, tmp_path):
    with pytest.raises(UsageError, match="1 or more"):
        make_chorales(tmp_path, **wrong)


def test_songs_of_one_melody_or_opening_are_one_group():
    songs = [
        {"bwv": "1", "title": "Nun ruhen alle Wälder", "melody": "1 2"},
        {"bwv": "2", "title": "O Welt, sieh hier dein", "melody": "1 2"},
        {"bwv": "3", "title": "O Welt! Sieh' hier dein Leben", "melody": "9"},
        {"bwv": "4", "title": "Nun danket alle Gott", "melody": "7"},
    ]
    chorales._set_groups(songs)
    assert [song["group"] for song in songs] == ["bwv1", "bwv1", "bwv1", "bwv4"]


def test_lines_are_stamped_when_they_are_sung():
    chorale = Chorale("1", "a", "a\nb\nc", "major", "", (), (), (0.0, 14.0, 65.5))
    assert chorales._as_lrc(chorale) == "[00:00.00]a\n[00:14.00]b\n[01:05.50]c\n"
