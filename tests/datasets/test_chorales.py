"""Bach's chorales as a music folder."""

import csv
import sys

import numpy as np
import pytest

from alcca.datasets import chorales
from alcca.datasets.chorales import make_chorales
from alcca.errors import MissingExtraError, UsageError
from alcca.songs.audio import read_slice
from alcca.songs.lyrics import normalise_lyrics
from alcca.songs.scan import SongTables, find_audio, read_song_text

LIMIT = 9


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("music") / "chorales"
    return make_chorales(folder, limit=LIMIT, jobs=2, seed=2, progress=False)


def rows(folder):
    with (folder / "songs.csv").open(newline="", encoding="utf-8") as table:
        return list(csv.DictReader(table))


@pytest.mark.slow
def test_a_music_folder_is_made(made):
    assert (made.songs, made.rendered, made.failed) == (LIMIT, LIMIT, ())
    assert f"{LIMIT} chorales" in str(made)
    files = find_audio(made.folder)
    assert [path.relative_to(made.folder).as_posix() for path in files] == sorted(r["file"] for r in rows(made.folder))
    assert len({path.suffix for path in files}) >= 3
    assert not [path for path in made.folder.rglob("*") if path.name.startswith(".")]


@pytest.mark.slow
def test_every_song_is_real_audio_with_its_words(made):
    tables = SongTables(made.folder)
    sources = set()
    for path in find_audio(made.folder):
        piece = read_slice(path)
        assert piece.padded == 0
        assert np.abs(piece.samples).max() > 0.1
        song = read_song_text(path, made.folder, tables)
        sources.add(song.lyrics_source)
        assert song.lyrics
        assert len(song.lyrics.split()) > 15
        assert normalise_lyrics(song.lyrics).startswith(normalise_lyrics(song.title))
        assert song.label in ("major", "minor")
        assert song.group.startswith("bwv")
        assert song.language == "de"
    assert len(sources) >= 2


@pytest.mark.slow
def test_what_is_there_is_not_made_again(made):
    before = {path: path.stat().st_mtime_ns for path in find_audio(made.folder)}
    table = rows(made.folder)
    again = make_chorales(made.folder, limit=LIMIT, jobs=1, seed=2, progress=False)
    assert (again.songs, again.rendered) == (LIMIT, 0)
    assert {path: path.stat().st_mtime_ns for path in find_audio(made.folder)} == before
    # A run that was broken before its table was written goes on from the files alone.
    (made.folder / "songs.csv").unlink()
    lost = next(iter(before))
    content = lost.read_bytes()
    lost.unlink()
    again = make_chorales(made.folder, limit=LIMIT, jobs=1, seed=2, progress=False)
    assert (again.songs, again.rendered) == (LIMIT, 1)
    assert rows(made.folder) == table
    if lost.suffix in (".wav", ".flac", ".mp3"):
        assert lost.read_bytes() == content


def test_a_score_that_cannot_be_read_is_counted_and_named(monkeypatch, tmp_path):
    broken = tmp_path / "bwv999.mxl"
    broken.write_bytes(b"no zip")
    monkeypatch.setattr(chorales, "_scores_with_words", lambda: [broken])
    made = make_chorales(tmp_path / "out", jobs=1, progress=False)
    assert (made.songs, made.groups) == (0, 0)
    assert made.failed[0][0] == "bwv999.mxl"
    assert "1 could not be made; the first is bwv999.mxl" in str(made)


def test_without_music21_the_extra_is_named(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "music21", None)
    with pytest.raises(MissingExtraError, match=r"alcca\[demo\]"):
        make_chorales(tmp_path, progress=False)


@pytest.mark.parametrize("wrong", [{"limit": 0}, {"jobs": 0}])
def test_numbers_that_make_no_songs_are_refused(wrong, tmp_path):
    with pytest.raises(UsageError, match="1 or more"):
        make_chorales(tmp_path, **wrong)


@pytest.mark.slow
def test_a_famous_chorale_is_read_right():
    scores = {chorales._bwv(score): score for score in chorales._scores_with_words()}
    assert 330 <= len(scores) <= 345
    song = chorales._read_score(scores["80.8"])
    assert song["title"] == "Ein' feste Burg ist unser Gott"
    assert song["label"] == "major"
    assert song["melody"] == "0 0 -5 2 2 1 -1 -2"
    assert "\n" in song["lyrics"]
    assert len(song["voices"]) == 4
    for voice in song["voices"]:
        starts = [note.start for note in voice]
        assert starts == sorted(starts)
        assert max(note.start + note.seconds for note in voice) > chorales.SECONDS
    assert chorales._read_score(scores["144.6"])["label"] == "minor"


@pytest.mark.parametrize(
    ("signature", "bass", "mode"),
    [
        ("Key a", 60, "minor"),
        ("Key C", 57, "major"),
        (0, 57, "minor"),
        (0, 48, "major"),
        (2, 50, "major"),
        (None, 57, "minor"),
    ],
)
def test_the_mode_is_the_key_signatures_or_told_by_the_last_bass_note(signature, bass, mode):
    from music21 import key, note, stream

    part = stream.Part()
    if isinstance(signature, str):
        part.append(key.Key(signature.split()[1]))
    elif signature is not None:
        part.append(key.KeySignature(signature))
    part.append(note.Note(64))
    part.append(note.Note(bass))
    assert chorales._mode(part, part) == mode


def test_tied_notes_are_one():
    from music21 import note, stream, tie

    part = stream.Part()
    for pitch, kind in ((60, "start"), (60, "continue"), (60, "stop"), (60, None), (62, None)):
        found = note.Note(pitch)
        found.tie = tie.Tie(kind) if kind else None
        part.append(found)
    beat = 60 / chorales.QUARTERS_PER_MINUTE
    voice = [tuple(map(float, played)) for played in chorales._voice(part)]
    np.testing.assert_allclose(voice, [(60, 0, 3 * beat), (60, 3 * beat, beat), (62, 4 * beat, beat)])


def test_songs_of_one_melody_or_opening_are_one_group():
    songs = [
        {"bwv": "1", "title": "Nun ruhen alle Wälder", "melody": "1 2"},
        {"bwv": "2", "title": "O Welt, sieh hier dein", "melody": "1 2"},
        {"bwv": "3", "title": "O Welt! Sieh' hier dein Leben", "melody": "9"},
        {"bwv": "4", "title": "Nun danket alle Gott", "melody": "7"},
    ]
    chorales._set_groups(songs)
    assert [song["group"] for song in songs] == ["bwv1", "bwv1", "bwv1", "bwv4"]


def test_words_are_broken_at_punctuation_and_numbers_of_verses_dropped():
    words = "1. Weg, mein Herz, mit den Gedanken.\n2. Freu' dich sehr; o meine Seele"
    assert chorales._lines(words) == "Weg,\nmein Herz,\nmit den Gedanken.\nFreu' dich sehr;\no meine Seele"
    assert chorales._title(chorales._lines(words)) == "Weg, mein Herz, mit den Gedanken"
    assert chorales._title("Was Gott thut, das ist wohlgethan, es bleibt") == "Was Gott thut, das ist wohlgethan"
    assert chorales._title("Kyrie") == "Kyrie"


def test_stamps_rise_through_the_song():
    assert chorales._as_lrc("a\nb\nc") == "[00:00.00]a\n[00:14.00]b\n[00:28.00]c\n"
