"""A library of songs at an address: as good as one of a folder, and what is different is said."""

import pytest
from tests.making import write_music, write_song

from alcca import Library
from alcca.encoders.encoder import AudioEncoder
from alcca.indexing import features as encoding
from alcca.indexing import file_reader
from alcca.indexing.features import encode_songs
from alcca.workers.local import LocalWorkers

fsspec = pytest.importorskip("fsspec")


@pytest.fixture
def music(tmp_path, inline):
    """The same dozen songs in a folder, and in a memory that other processes do not see."""
    folder = write_music(tmp_path / "music")
    (folder / "artist 0" / "songs.csv").write_text("file,label\nsong 00.wav,sad\n")
    (folder / "bad.mp3").write_bytes(b"bad")
    system = fsspec.filesystem("memory")
    system.store.clear()
    for path in folder.rglob("*.*"):
        system.pipe_file(f"/music/{path.relative_to(folder).as_posix()}", path.read_bytes())
    yield folder
    system.store.clear()


@pytest.fixture
def library(tmp_path):
    with Library(tmp_path / "library", progress=False) as library:
        yield library


def counts(report):
    return {name: getattr(report, name) for name in ("found", "added", "changed", "moved", "duplicates", "unchanged")}


def only(found, **numbers):
    return {"found": found, "added": 0, "changed": 0, "moved": 0, "duplicates": 0, "unchanged": 0} | numbers


def words(song):
    return song.hash, song.title, song.artist, song.label, song.lyrics, song.lyrics_source, song.audio


def test_songs_at_an_address_are_the_songs_of_the_folder(music, library, tmp_path):
    report = library.add("memory://music")
    assert counts(report) == only(13, added=13)
    with Library(tmp_path / "other", progress=False) as other:
        other.add(music)
        assert [words(song) for song in library.songs()] == [words(song) for song in other.songs()]
    song = next(song for song in library.songs() if song.label == "sad")
    assert song.paths == ("memory://music/artist 0/song 00.wav",)
    assert [file for file, _ in report.rejects] == ["memory://music/bad.mp3"] * 2
    assert library.status()["missing_files"] == []


def test_nothing_is_fetched_twice_and_what_has_changed_is(music, library, monkeypatch):
    library.add("memory://music")
    fetched = []
    at_hand = file_reader.at_hand
    monkeypatch.setattr(file_reader, "at_hand", lambda path, *reached: fetched.append(path) or at_hand(path, *reached))
    assert counts(library.add("memory://music")) == only(13, unchanged=13)
    assert fetched == []
    system = fsspec.filesystem("memory")
    system.pipe_file("/music/artist 0/songs.csv", b"file,label\nsong 00.wav,glad\n")
    system.pipe_file("/music/artist 1/song 01.txt", b"quite other words")
    new = write_song(music / "new.wav", 40)
    system.pipe_file("/music/artist 2/song 02.ogg", new.read_bytes())
    # All four songs of the first artist have that table beside them.
    assert counts(library.add("memory://music")) == only(13, changed=6, unchanged=7)
    assert len(fetched) == 6
    songs = {song.paths[0].rpartition("/")[2]: song for song in library.songs() if song.paths}
    assert songs["song 00.wav"].label == "glad"
    assert any(song.lyrics == "quite other words" for song in songs.values())


def test_a_song_that_moves_to_an_address_is_the_same_song(music, library, tmp_path):
    library.add(music)
    ids = {song.hash: song.id for song in library.songs()}
    music.rename(tmp_path / "elsewhere")
    report = library.add("memory://music")
    assert report.moved == 13
    assert {song.hash: song.id for song in library.songs() if song.hash in ids} == ids


class Loudest(AudioEncoder):
    name, shape, sample_rate = "loudest", (1,), 8_000

    def encode(self, recordings):
        return recordings.max(axis=1, keepdims=True)


def test_a_recording_is_fetched_again_for_what_is_made_of_it_later(music, library, tmp_path):
    library.add("memory://music")
    songs = [song for song in library.songs() if song.usable]
    assert encode_songs(library._store, songs, Loudest(), LocalWorkers(), progress=False).min() > 0
    system = fsspec.filesystem("memory")
    system.rm("/music/artist 0/song 00.wav")
    (missing,) = (song for song in songs if song.paths[0].endswith("song 00.wav"))
    library._store._db.execute("DELETE FROM features WHERE song = ? AND kind LIKE '%loudest%'", (missing.id,))
    failed = encoding.encode_missing(library._store, songs, Loudest(), LocalWorkers(), progress=False)
    assert [song.id for song, _ in failed] == [missing.id]
    assert "song 00.wav: cannot be read" in failed[0][1]


def test_a_file_that_cannot_be_fetched_is_rejected_and_tried_again(music, library, monkeypatch):
    system = fsspec.filesystem("memory")
    whole = type(system).open

    def broken(self, path, *arguments, **options):
        if path.endswith("song 00.wav"):
            raise ValueError("the line is broken")
        return whole(self, path, *arguments, **options)

    monkeypatch.setattr(type(system), "open", broken)
    report = library.add("memory://music")
    assert ("memory://music/artist 0/song 00.wav", "song 00.wav: cannot be read (the line is broken); check its "
            "permissions") in report.rejects  # fmt: skip
    monkeypatch.setattr(type(system), "open", whole)
    assert counts(library.add("memory://music")) == only(13, changed=1, unchanged=12)
