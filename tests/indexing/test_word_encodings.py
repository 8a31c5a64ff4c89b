"""The encoding that an owner gives: used for the texts that are not Unicode, and remembered with each file."""

import numpy as np
import pytest
import soundfile

from alcca import Library
from alcca.errors import UsageError

# Songs are read in this process, where the processes are not what is tested.
pytestmark = pytest.mark.usefixtures("inline")

LINE = "Rašau tavo vardą ant debesų"
# Read as Windows-1252, which one line cannot exclude.
MISREAD = "Raðau tavo vardà ant debesø"


@pytest.fixture
def library(tmp_path):
    music = tmp_path / "music"
    music.mkdir()
    for number, name in enumerate("ab"):
        sound = np.random.default_rng(number).normal(0, 0.1, 22_050 * 2)
        soundfile.write(music / f"{name}.wav", sound, 22_050)
    (music / "a.txt").write_bytes(LINE.encode("cp1257"))
    (music / "b.txt").write_bytes(LINE.encode("utf-8"))
    with Library(tmp_path / "library", progress=False) as library:
        yield library, music


def words(library):
    return {song.title: song.lyrics for song in library.songs()}


def test_an_encoding_is_remembered_until_it_is_given_up(library):
    library, music = library
    assert library.add(music, hear="off").added == 2
    assert words(library) == {"a": MISREAD, "b": LINE}
    assert library.add(music, hear="off", encoding="Windows-1257").unchanged == 0
    assert words(library) == {"a": LINE, "b": LINE}
    assert library.add(music, hear="off").unchanged == 2
    # A changed text of the same song is read as the last one.
    (music / "a.txt").write_bytes(LINE.upper().encode("cp1257"))
    library.add(music, hear="off")
    assert words(library)["a"] == LINE.upper()
    library.add(music, hear="off", encoding="auto")
    assert words(library)["a"] != LINE.upper()


def test_tables_are_read_in_the_encoding_and_their_notes_are_right(library):
    library, music = library
    (music / "songs.csv").write_bytes("file;title;lyrics\na.wav;Š;ąąą ššš ųųų ėėė\n".encode("cp1257"))
    report = library.add(music, hear="off", encoding="cp1257")
    assert words(library)["Š"] == "ąąą ššš ųųų ėėė"
    assert not any("encoding" in note for _, note in report.notes)


def test_a_text_in_an_unknown_encoding_is_no_lyrics(library):
    library, music = library
    (music / "a.txt").write_bytes(bytes(range(128, 256)))
    report = library.add(music, hear="off")
    assert words(library)["a"] is None
    (reject,) = [reason for _, reason in report.rejects if "encoding" in reason]
    assert reject == "a.txt: its encoding is not known; save it as UTF-8, or name it with --encoding"


def test_broken_characters_are_told(library):
    library, music = library
    (music / "b.txt").write_bytes(LINE.encode("utf-8")[:-1])
    report = library.add(music, hear="off")
    assert words(library)["b"] == LINE[:-1] + "\ufffd"
    assert any(note == "b.txt: has 1 broken characters, which are shown as \ufffd" for _, note in report.notes)


def test_an_unknown_name_is_refused_before_anything_is_made(tmp_path):
    (tmp_path / "music").mkdir()
    unknown = pytest.raises(UsageError, match="encoding 'klingon' is unknown; expected a name such as gbk")
    with Library(tmp_path / "library") as library, unknown:
        library.add(tmp_path / "music", encoding="klingon")
    assert not (tmp_path / "library").exists()
