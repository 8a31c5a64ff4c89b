"""An album that is one file: each track of its cue sheet is a song of its own, whatever happens to file and sheet."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile
from tests.metadata import tagged

from alcca import Library
from alcca.encoders.encoder import AudioEncoder
from alcca.indexing import file_reader
from alcca.indexing.add import add_folder
from alcca.indexing.features import encode_songs
from alcca.indexing.music_source import music_at
from alcca.indexing.speech_samples import SpeechSamples
from alcca.metadata.tags import Tags
from alcca.songs.audio import read_slice
from alcca.songs.cut import Cut
from alcca.store.transcripts import SLICE, SONG, Transcripts
from alcca.transcripts import Segment, Transcript
from alcca.workers.local import LocalWorkers

pytestmark = pytest.mark.usefixtures("inline")
RATE = 22_050
STARTS, SECONDS = (0, 3, 7), 12


@pytest.fixture
def library(tmp_path):
    with Library(tmp_path / "library", progress=False) as library:
        yield library


def sheet(titles=("One", "Two", "Three"), starts=STARTS, name="album.wav"):
    lines = ['PERFORMER "Band"', 'TITLE "Album"', f'FILE "{name}" WAVE']
    for number, (title, start) in enumerate(zip(titles, starts, strict=True), 1):
        lines += [f"TRACK {number:02} AUDIO", f'TITLE "{title}"', f"INDEX 01 00:{start:02}:00"]
    return "\r\n".join(lines)


@pytest.fixture
def album(tmp_path):
    """Each track is a tone of its own."""
    time = np.arange(SECONDS * RATE) / RATE
    pitch = np.select([time < 3, time < 7], [300, 700], 1500)
    path = tmp_path / "music" / "album.flac"
    path.parent.mkdir()
    soundfile.write(path, 0.4 * np.sin(2 * np.pi * pitch * time) * (0.6 + 0.4 * np.sin(7 * time)), RATE)
    path.with_suffix(".cue").write_text(sheet())
    path.with_name("02 - Two.lrc").write_text("[00:01.00]words of the second")
    return path


def titles(library):
    return [(song.title, song.paths[0].rpartition("/")[2]) for song in library.songs()]


def counts(report):
    return {
        name: n for name in ("added", "changed", "moved", "duplicates", "unchanged") if (n := getattr(report, name))
    }


def ids(library):
    return {song.title: song.id for song in library.songs()}


def test_each_track_is_a_song(library, album):
    report = library.add(album.parent)
    assert (counts(report), report.found, report.tracks) == ({"added": 1}, 1, 3)
    assert titles(library) == [("One", "album.flac#01"), ("Two", "album.flac#02"), ("Three", "album.flac#03")]
    one, two, three = library.songs()
    assert (two.artist, two.album, two.lyrics, one.lyrics) == ("Band", "Album", "words of the second", None)
    assert [song.audio.duration for song in (one, two, three)] == [3, 4, 5]
    assert two.hash == f"{one.hash.partition('#')[0]}#t=3.000,7.000"
    features = library._store.features("mfcc", [song.id for song in library.songs()])
    np.testing.assert_array_equal(features[1], file_reader.mfcc(read_slice(album, cut=Cut(3, 7)).samples))
    assert counts(library.add(album.parent)) == {"unchanged": 1}


def test_the_samples_to_hear_are_those_of_the_track(library, album, tmp_path):
    library.add(album.parent)
    three = library.songs()[2]
    for extent in (SLICE, SONG):
        samples = SpeechSamples(library.path)._decode(three, extent).samples()
        assert len(samples) == 5 * 16_000
        assert np.abs(np.fft.rfft(samples)).argmax() / 5 == pytest.approx(1500, abs=3)
    np.testing.assert_allclose(three.recording.samples(), samples, atol=1e-3)

    class Peak(AudioEncoder):
        name, version, reads, sample_rate, shape = "peak", "1", "samples", 16_000, (1,)

        def encode(self, values):
            return np.abs(np.fft.rfft(values)).argmax(axis=1, keepdims=True).astype(np.float32) / 30

    peaks = encode_songs(library._store, library.songs(), Peak(), LocalWorkers(1), progress=False)
    assert peaks.ravel() == pytest.approx([300, 700, 1500], abs=3)


def test_slices_are_kept_for_hearing(library, album, tmp_path):
    with library._opened.writing() as store:
        add_folder(store, album.parent, offset=None, retry=False, encoding=None, keep_sound=True, progress=False,
                   workers=LocalWorkers(1))  # fmt: skip
        kept = [SpeechSamples(store.folder).read(song, SLICE).samples() for song in store.songs()]
    assert [len(samples) / 16_000 for samples in kept] == [3, 4, 5]


def test_another_title_reads_no_sound_again(library, album, monkeypatch):
    library.add(album.parent)
    before = ids(library)
    monkeypatch.setattr(file_reader, "read_slice", lambda *_, **__: pytest.fail("decoded again"))
    album.with_suffix(".cue").write_text(sheet(("One", "Zwei", "Three")))
    assert counts(library.add(album.parent)) == {"changed": 1}
    assert ids(library) == {"One": before["One"], "Zwei": before["Two"], "Three": before["Three"]}


def test_a_changed_cut_changes_only_its_tracks(library, album):
    library.add(album.parent)
    before = ids(library)
    with library._opened.writing() as store, store.transaction():
        for song in store.songs():
            heard = Transcript((Segment(0.0, 1.0, song.title),))
            store.tables(Transcripts).put(song.id, heard, SLICE)
    album.with_suffix(".cue").write_text(sheet(starts=(0, 3, 8)))
    library.add(album.parent)
    after = ids(library)
    assert after["One"] == before["One"]
    assert {after["Two"], after["Three"]}.isdisjoint(before.values())
    assert len(after) == 3
    assert set(library._store.tables(Transcripts).of(list(after.values()))) == {before["One"]}


def test_tracks_come_and_go_with_the_sheet(library, album):
    cue = album.with_suffix(".cue")
    cue.rename(album.with_name("aside"))
    library.add(album.parent)
    assert titles(library) == [("album", "album.flac")]
    album.with_name("aside").rename(cue)
    report = library.add(album.parent)
    assert (counts(report), len(titles(library))) == ({"changed": 1}, 3)
    cue.write_text(sheet(("One", "Rest"), (0, 3)))
    library.add(album.parent)
    assert titles(library) == [("One", "album.flac#01"), ("Rest", "album.flac#02")]
    cue.unlink()
    assert counts(library.add(album.parent)) == {"changed": 1}
    assert titles(library) == [("album", "album.flac")]
    assert library.songs()[0].audio.duration == 12
    assert counts(library.add(album.parent)) == {"unchanged": 1}


def test_another_number_is_the_same_song(library, album):
    library.add(album.parent)
    before = ids(library)
    cue = album.with_suffix(".cue")
    cue.write_text(cue.read_text().replace("TRACK 03", "TRACK 04").replace("TRACK 02", "TRACK 03"))
    library.add(album.parent)
    assert ids(library) == before
    assert titles(library)[1:] == [("Two", "album.flac#03"), ("Three", "album.flac#04")]


def test_moves_and_copies(library, album, monkeypatch):
    library.add(album.parent)
    before = ids(library)
    monkeypatch.setattr(file_reader, "read_slice", lambda *_, **__: pytest.fail("decoded again"))
    there = album.parent / "there"
    there.mkdir()
    for path in list(album.parent.glob("*.*")):
        path.rename(there / path.name.replace("album", "renamed"))
    assert counts(library.add(album.parent)) == {"moved": 1}
    assert ids(library) == before
    assert titles(library)[1] == ("Two", "renamed.flac#02")
    shutil.copytree(there, album.parent / "copy")
    assert counts(library.add(album.parent)) == {"duplicates": 1, "unchanged": 1}
    assert ids(library) == before


def test_new_words_beside_a_track_are_noticed(library, album):
    library.add(album.parent)
    album.with_name("album.03.txt").write_text("words of the third")
    assert counts(library.add(album.parent)) == {"changed": 1}
    assert library.songs()[2].lyrics == "words of the third"


def test_a_sheet_in_the_tags(library, album):
    album.with_suffix(".cue").unlink()
    data = album.read_bytes()
    block = tagged.comment(f"CUESHEET={sheet()}", "LYRICS=words of the album")
    # Behind the first block of metadata.
    album.write_bytes(data[:42] + bytes([4]) + len(block).to_bytes(3, "big") + block + data[42:])
    library.add(album.parent)
    assert [song.title for song in library.songs()] == ["One", "Two", "Three"]
    assert [song.lyrics for song in library.songs()] == [None, "words of the second", None]
    assert counts(library.add(album.parent)) == {"unchanged": 1}
    album.with_name("Three.txt").write_text("words of the third")
    assert counts(library.add(album.parent)) == {"changed": 1}
    assert library.songs()[2].lyrics == "words of the third"
    album.with_suffix(".cue").write_text(sheet(("A", "B", "C")))
    library.add(album.parent)
    assert [song.title for song in library.songs()] == ["A", "B", "C"]


def test_an_older_library_finds_the_sheet_in_the_tags(library, album, monkeypatch):
    text = album.with_suffix(".cue").read_text()
    album.with_suffix(".cue").unlink()
    with monkeypatch.context() as older:
        older.setattr(file_reader, "sheet_in_tags", lambda tags: (None, []))
        library.add(album.parent)
    assert titles(library) == [("album", "album.flac")]
    monkeypatch.setattr(file_reader, "read_tags", lambda path: Tags(cue_sheet=text))
    # As where the texts of songs are read in another way.
    album.with_suffix(".txt").write_text("more words")
    assert counts(library.add(album.parent)) == {"changed": 1}
    assert [song.title for song in library.songs()] == ["One", "Two", "Three"]
    assert all(song.audio for song in library.songs())


def test_a_damaged_sheet_and_one_without_its_file_are_told(library, album):
    album.with_suffix(".cue").write_text(sheet().replace("00:03:00", "soon"))
    (album.parent / "empty").mkdir()
    (album.parent / "empty" / "gone.cue").write_text(sheet(name="gone.wav"))
    notes = [note for _, note in library.add(album.parent).notes]
    assert any("album.cue: is damaged: the time in line 9" in note for note in notes)
    assert any("gone.cue: names 'gone.wav'" in note for note in notes)
    assert titles(library) == [("album", "album.flac")]


def test_a_track_beyond_the_end_is_told(library, album):
    album.with_suffix(".cue").write_text(sheet(starts=(0, 3, 20)))
    report = library.add(album.parent)
    reasons = [reason for name, reason in report.rejects if name == f"{album}#03"]
    assert "it begins at 20.0 s, and the recording ends at 12.0 s" in reasons[0]
    assert library.songs()[1].audio.duration == 9


def test_a_single_file(library, album):
    album.with_name("other.cue").write_text(sheet(name="other.wav"))
    report = library.add(album)
    assert (report.tracks, [note for _, note in report.notes if ".cue" in note]) == (3, [])


def test_a_file_that_kills_its_reader_rejects_its_tracks(library, album, monkeypatch):
    task = file_reader.FileTask
    with music_at(album.parent) as source:
        task = task(str(album), str(source.root), source.stamps[str(album)], None, sheet=source.sheets[str(album)])
    read = file_reader.read_rest(task, file_reader.AddCall("x", frozenset(), False))
    assert [one.audio_reason[:35] for one in read.tracks] == ["album.flac: the decoder crashed or "] * 3
    assert [one.text.title for one in read.tracks] == ["One", "Two", "Three"]


def test_an_offset_is_one_of_the_track(library, album):
    library.add(album.parent, offset=1.0)
    assert [(song.audio.start, song.audio.seconds) for song in library.songs()] == [(1, 2), (1, 3), (1, 4)]


def test_status_and_check_know_the_file(library, album):
    library.add(album.parent)
    assert library.status()["missing_files"] == []
    album.rename(album.with_name("gone.aside"))
    assert library.status()["missing_files"] == [str(album)]


def test_an_album_at_an_address(library, album):
    fsspec = pytest.importorskip("fsspec")
    system = fsspec.filesystem("memory")
    system.store.clear()
    for path in album.parent.iterdir():
        system.pipe_file(f"/music/{path.name}", path.read_bytes())
    report = library.add("memory://music")
    assert (counts(report), report.tracks) == ({"added": 1}, 3)
    assert titles(library)[1] == ("Two", "album.flac#02")
    assert library.songs()[1].lyrics == "words of the second"
    assert counts(library.add("memory://music")) == {"unchanged": 1}
    samples = SpeechSamples(library.path)._decode(library.songs()[2], SONG).samples()
    assert len(samples) == 5 * 16_000
    system.store.clear()


def test_split_files_take_titles_from_the_sheet(library, album):
    music = album.parent
    for path in list(music.iterdir()):
        path.unlink()
    lines = ['PERFORMER "Band"']
    for number, title in ((1, "One"), (2, "Two")):
        soundfile.write(music / f"{number:02}.flac", 0.3 * np.sin(np.arange(2 * RATE) / (9 + number)), RATE)
        lines += [f'FILE "{number:02}.wav" WAVE', f"TRACK {number:02} AUDIO", f'TITLE "{title}"', "INDEX 01 00:00:00"]
    (Path(music) / "album.cue").write_text("\n".join(lines))
    report = library.add(music)
    assert (counts(report), report.tracks) == ({"added": 2}, 0)
    assert [(song.title, song.artist, song.paths[0][-7:]) for song in library.songs()] == [
        ("One", "Band", "01.flac"), ("Two", "Band", "02.flac")
    ]  # fmt: skip
    assert counts(library.add(music)) == {"unchanged": 2}
