"""Which lyrics belong to which recordings."""

import os

import pytest
from tests.making import write_song
from tests.search.conftest import SUNG, heard

from alcca import Library
from alcca.errors import UsageError
from alcca.lyrics import folder_texts
from alcca.store.transcripts import SLICE, Transcripts

# Songs are read in this process, where the processes are not what is tested.
pytestmark = pytest.mark.usefixtures("inline")

TEXTS = {
    "eins.txt": SUNG["Hidden"] + "\n\nour God, heaven cannot hold Him",
    "zwei.txt": "Oh Danny boy, the pipes, the pipes are calling\nfrom glen to glen",
    "drei.lrc": "[00:01.00]Shall auld acquaintance be forgot\n[00:05.00]and never brought to mind",
    "four.txt": "Nobody ever sang these words about xylophones",
}
HEARD = {
    "bleak": "in the bleak mid winter\nfrosty win made moan\nearth stood hard as iron\nwater like a stone",
    "danny": "oh danny boy the pipes the pipes are calling\nfrom glen to glen",
    "auld": "should old acquaintance be forgot\nand never brought to mind",
    "hum": "",
    "unheard": None,
}


@pytest.fixture
def place(tmp_path):
    """Five recordings without lyrics, and four texts under other names elsewhere."""
    for number, title in enumerate(HEARD):
        write_song(tmp_path / "music" / f"{title}.wav", number, seconds=2, lyrics=False)
    (tmp_path / "texts").mkdir()
    for name, text in TEXTS.items():
        (tmp_path / "texts" / name).write_text(text)
    with Library(tmp_path / "shelf", progress=False) as library:
        library.add(tmp_path / "music")
        ids = {song.title: song.id for song in library.songs()}
        with library._store.transaction():
            for title, words in HEARD.items():
                if words is not None:
                    library._store.tables(Transcripts).put(ids[title], heard(words, 5.0), SLICE)
    return tmp_path


def test_each_recording_gets_its_own_text_and_no_text_goes_to_two(place):
    with Library(place / "shelf", progress=False) as library:
        found = library.propose_lyrics(place / "texts")
    pairs = {(one.song.title, one.file.name) for one in found.made}
    assert pairs >= {("bleak", "eins.txt"), ("danny", "zwei.txt"), ("auld", "drei.lrc")}
    assert len({one.file for one in found.made}) == len(found.made)
    assert (found.recordings, found.texts) == (3, 4)
    assert any("1 recordings without lyrics were not heard" in note for note in found.notes)
    assert any("in 1 recordings without lyrics no words" in note for note in found.notes)


def test_wrong_calls_say_what_to_do(place, tmp_path):
    (tmp_path / "empty").mkdir()
    with Library(place / "shelf", progress=False) as library:
        with pytest.raises(UsageError, match=r"no lyrics in \.txt or \.lrc"):
            library.propose_lyrics(tmp_path / "empty")
        with pytest.raises(UsageError, match="no such folder"):
            library.propose_lyrics(tmp_path / "nowhere")


def test_hidden_files_and_what_is_no_file_are_left_out(place):
    texts = place / "texts"
    for name in (
        "._eins.txt",
        ".hidden notes.txt",
        "@eaDir/eins.txt",
        ".Trash-1000/files/drei.lrc",
        "__MACOSX/._zwei.txt",
    ):
        path = texts / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"\0\5\x16\7 AppleDouble" if "._" in name else b"words about something else")
    os.mkfifo(texts / "pipe.txt")
    (texts / "loop.lrc").symlink_to("loop.lrc")
    with Library(place / "shelf", progress=False) as library:
        found = library.propose_lyrics(texts)
    assert found.texts == len(TEXTS)
    told = [note for note in found.notes if str(texts) in note]
    assert [note.partition(": ")[0] for note in told] == [str(texts / "loop.lrc"), str(texts / "pipe.txt")]


def test_an_encoding_that_is_given(place, monkeypatch):
    asked = []
    read = folder_texts.read_lyrics_file
    monkeypatch.setattr(
        folder_texts, "read_lyrics_file", lambda path, encoding: asked.append(encoding) or read(path, encoding=encoding)
    )
    with Library(place / "shelf", progress=False) as library:
        library.propose_lyrics(place / "texts", encoding="GBK")
        with pytest.raises(UsageError, match="'klingon' is unknown"):
            library.propose_lyrics(place / "texts", encoding="klingon")
    assert asked == ["gb18030"] * len(TEXTS)


def test_of_two_files_with_the_same_name_and_words_the_one_with_times_is_taken(place):
    """Otherwise each would make the other unsure."""
    (place / "texts" / "zwei.lrc").write_text(
        "[00:05.00]Oh Danny boy, the pipes,\n[00:07.00]the pipes are calling\n[00:09.00]from glen to glen"
    )
    with Library(place / "shelf", progress=False) as library:
        found = library.propose_lyrics(place / "texts")
    assert found.texts == len(TEXTS)
    assert ("danny", "zwei.lrc", "sure") in {(one.song.title, one.file.name, one.certainty) for one in found.made}
    assert "1 texts have the name and the words of another and were left out" in found.notes


def test_lyrics_of_songs_do_not_take_part(place):
    music = place / "music"
    (music / "hum.txt").write_text("Nobody ever sang these words about xylophones")
    (music / "lyrics").mkdir()
    (music / "lyrics" / "unheard.txt").write_text("Other words about other instruments")
    with Library(place / "shelf", progress=False) as library:
        library.add(music)
        assert library.status()["usable"] == 2
        for source in (music / "hum.txt", music / "lyrics" / "unheard.txt"):
            (place / "texts" / source.name).write_text(source.read_text())
        (music / "more.txt").write_text("Words of nothing here")
        found = library.propose_lyrics(music)
    assert found.texts == 1
