import os
import unicodedata
from pathlib import Path

import pytest
from tests.metadata.files import read, write

from alcca.metadata.names import bare_name, loose_name
from alcca.metadata.sidecars import SongTables
from alcca.metadata.song_text import fingerprint, read_song_text
from alcca.metadata.tags import Tags


@pytest.mark.parametrize(
    ("song", "file"),
    [
        ("Song One.mp3", "song one.lrc"),
        ("Song One.mp3", "SONG ONE.LRC"),
        ("two.wav", "two.wav.lrc"),
        ("two.wav", "Two.WAV.Lrc"),
        # Converted since.
        ("two.flac", "two.wav.lrc"),
        ("Song.mp3", "Song.lrc "),
        ("Song.mp3", " Song .lrc"),
        ("Why?.mp3", "Why_.lrc"),
        ("Who: Me.mp3", "Who： Me.lrc"),
        ("AC_DC - What_.mp3", "AC／DC - What？.txt"),
        ("Don’t Stop – Now.mp3", "Don't Stop - Now.txt"),
        ("And so on….mp3", "And so on....txt"),
        ("Some Song.mp3", "some_song.txt"),
        ("Song Name.mp3", "Song  Name.txt"),
        ("STRASSE.mp3", "Straße.txt"),
        (unicodedata.normalize("NFD", "Élan.mp3"), unicodedata.normalize("NFC", "élan.txt")),
        ("song.mp3", "song.en.lrc"),
        ("song.mp3", "song.mp3.en.lrc"),
        ("song.mp3", "Song.pt-BR.lrc"),
        ("song.mp3", "song.english.lrc"),
        ("song.mp3", "song.jp.lrc"),
        ("song.mp3", "song.zh_CN.lrc"),
        # Windows does not show the last suffix.
        ("song.mp3", "song.lrc.txt"),
        ("Song.mp3", "01 - Song.lrc"),
        ("Song.mp3", "1-01 Song.lrc"),
        ("01 Song.mp3", "Song.lrc"),
        ("1-01 Song.mp3", "01. Song.lrc"),
        ("CD1 - 03 Song.mp3", "song.lrc"),
        ("12 Song.mp3", "Song.txt"),
        ("03_Song.mp3", "(03) Song.txt"),
        ("A1 - Song.mp3", "Song.txt"),
        ("Nobody - Song.mp3", "Song.lrc"),
        ("01 Nobody - Song.mp3", "01 song.lrc"),
        ("Song.mp3", "Lyrics/Song.lrc"),
        ("Song.mp3", "LYRICS/song.txt"),
        ("01 Song.mp3", "lyrics/Song.en.lrc"),
    ],
)
def test_names_that_stand_for_the_song(tmp_path, song, file):
    write(tmp_path / song)
    write(tmp_path / "Another.mp3")
    write(tmp_path / file, "words")
    found = read(tmp_path / song)
    assert found.lyrics == "words"
    assert found.notes == ()
    assert read(tmp_path / "Another.mp3").lyrics is None


@pytest.mark.parametrize(
    ("song", "file"),
    [
        ("Song.mp3", "Song 2.lrc"),
        ("Song.mp3", "Songs.lrc"),
        ("Song.mp3", "Song (Live).lrc"),
        ("Song.mp3", "Song.live.lrc"),
        ("Song.mp3", "Song. No.lrc"),
        # The numbers contradict each other.
        ("01 - Intro.mp3", "02 - Intro.lrc"),
        ("1-01 Intro.mp3", "2-01 Intro.lrc"),
        # Numbers that belong to the title.
        ("7 Seconds.mp3", "Seconds.lrc"),
        ("1979.mp3", "79.lrc"),
        ("Café.mp3", "Cafe.lrc"),
        ("Song.mp3", "._Song.lrc"),
        ("Song.mp3", "@eaDir/Song.lrc"),
        ("Song.mp3", "Song.lrc:Zone.Identifier"),
    ],
)
def test_names_that_stand_for_another_song(tmp_path, song, file):
    write(tmp_path / song)
    write(tmp_path / file, "words")
    assert read(tmp_path / song).lyrics is None


@pytest.mark.parametrize(
    ("songs", "files", "found"),
    [
        (["Song.mp3"], ["Nobody - Song.lrc"], {"Song.mp3": "Nobody - Song.lrc"}),
        (["01 Song.mp3"], ["NOBODY - 01 song.lrc", "Nobody - Song.txt"], {"01 Song.mp3": "Nobody - Song.txt"}),
        (["Song.mp3"], ["Another - Song.lrc"], {}),
        (
            ["Song.mp3", "Song.flac"],
            ["Nobody - Song.lrc"],
            dict.fromkeys(("Song.mp3", "Song.flac"), "Nobody - Song.lrc"),
        ),
        (["01 Song.mp3", "02 Song.mp3"], ["Nobody - Song.lrc"], {}),
        (["Song.mp3"], ["Song.lrc", "Nobody - Song.lrc"], {"Song.mp3": "Song.lrc"}),
        (["Song.mp3", "Nobody - Song.mp3"], ["Nobody - Song.lrc"], {"Nobody - Song.mp3": "Nobody - Song.lrc"}),
        (["Nobody - Song.mp3"], ["Song.lrc"], {"Nobody - Song.mp3": "Song.lrc"}),
        (["Album - Song.mp3"], ["Song.lrc"], {}),
        (["Nobody - Song.mp3", "Another - Song.mp3"], ["Song.lrc"], {}),
    ],
)
def test_the_artist_in_one_of_two_names(tmp_path, songs, files, found):
    for name in songs + files:
        write(tmp_path / name, "words")
    tables, tags = SongTables(tmp_path), Tags(title="Song", artist="Nobody")
    read_all = {name: read_song_text(tmp_path / name, tmp_path, tables, tags=tags).lyrics_source for name in songs}
    assert {name: source for name, source in read_all.items() if source} == found


def test_a_file_with_the_artist_counts_for_changes(tmp_path):
    song = write(tmp_path / "Song.mp3")
    before = fingerprint(song, tmp_path, SongTables(tmp_path))
    write(tmp_path / "Nobody - Song.lrc", "words")
    assert fingerprint(song, tmp_path, SongTables(tmp_path)) != before


def test_hidden_files_are_not_told(tmp_path):
    """Emacs locks a file by a link that leads to nothing."""
    (tmp_path / ".#Song.txt").symlink_to("user@host.1234")
    (tmp_path / "#recycle").mkdir()
    tables = SongTables(tmp_path)
    tables.lyric_files(write(tmp_path / "Song.mp3"))
    assert tables.problems == []


def test_the_exact_name_wins(tmp_path):
    """A file in a folder ``lyrics``, of the exact name, is nearer to the song than one beside it that is alike."""
    song = write(tmp_path / "Song.mp3")
    names = ["01 Song.lrc", "Song.en.lrc", "SONG.lrc", "Song.mp3.lrc", "lyrics/Song.txt", "Song.txt", "Song.lrc"]
    for name in names:
        write(tmp_path / name, f"words of {name}")
        if name not in ("Song.mp3.lrc",):
            assert read(song).lyrics == f"words of {name}"
            assert read(song).lyrics_source == name.rpartition("/")[2]


def test_a_file_that_has_another_songs_name_is_its_own(tmp_path):
    for name in ("What?.mp3", "What.mp3", "X.mp3", "X.en.mp3", "02 X.mp3"):
        write(tmp_path / name)
    write(tmp_path / "What.txt", "what")
    write(tmp_path / "X.en.txt", "english")
    assert read(tmp_path / "What.mp3").lyrics == "what"
    assert read(tmp_path / "What?.mp3").lyrics is None
    assert read(tmp_path / "X.en.mp3").lyrics == "english"
    assert read(tmp_path / "X.mp3").lyrics is None
    assert read(tmp_path / "02 X.mp3").lyrics is None


def test_copies_of_a_song_in_two_formats_share_a_file(tmp_path):
    write(tmp_path / "01 Song.lrc", "words")
    for name in ("Song.mp3", "Song.flac"):
        write(tmp_path / name)
    assert [read(tmp_path / name).lyrics for name in ("Song.mp3", "Song.flac")] == ["words", "words"]


@pytest.mark.parametrize(
    ("songs", "files"),
    [
        (["01 Song.mp3", "02 Song.mp3"], ["Song.lrc"]),
        (["1-01 Song.mp3", "2-01 Song.mp3"], ["01 Song.lrc"]),
        (["Song.mp3"], ["01 Song.lrc", "02 Song.lrc"]),
    ],
)
def test_a_number_alone_decides_nothing_where_two_fit(tmp_path, songs, files):
    for name in (*songs, *files):
        write(tmp_path / name, "words")
    for name in songs:
        found = read(tmp_path / name)
        assert found.lyrics is None
        assert found.lyrics_reason.startswith(", ".join(files) + ": fits several songs or is one of several that fit")


def test_files_that_fit_alike_are_told(tmp_path):
    song = write(tmp_path / "song.mp3")
    write(tmp_path / "SONG.txt", "one")
    write(tmp_path / "Song.txt", "two")
    if (tmp_path / "SONG.txt").samefile(tmp_path / "Song.txt"):
        pytest.skip("this file system takes both names for one")
    found = read(song)
    assert found.lyrics == "one"
    assert found.notes == ("SONG.txt and Song.txt fit song.mp3 alike; SONG.txt was used",)


def test_of_several_languages_the_songs_own_is_used_and_told(tmp_path):
    song = write(tmp_path / "song.mp3")
    for code in ("en", "ja", "zh-Hant"):
        write(tmp_path / f"song.{code}.lrc", f"words in {code}")
    found = read(song)
    assert (found.lyrics, found.language) == ("words in en", "en")
    assert found.notes == ("lyrics in en and ja and zh are beside song.mp3; those of song.en.lrc were used",)
    write(tmp_path / "songs.csv", "id,language\nsong,Japanese\n")
    found = read(song)
    assert (found.lyrics, found.language, found.lyrics_source) == ("words in ja", "Japanese", "song.ja.lrc")
    # Without a language it is the original.
    write(tmp_path / "song.txt", "original")
    assert read(song).lyrics == "original"
    assert read(song).notes == ()


def test_a_name_gives_the_language(tmp_path):
    write(tmp_path / "song.sv.lrc", "ord")
    assert read(write(tmp_path / "song.mp3")).language == "sv"


def test_an_empty_file_falls_through_to_one_that_is_alike(tmp_path):
    song = write(tmp_path / "Song.mp3")
    write(tmp_path / "Song.lrc", "[ar:x]")
    write(tmp_path / "SONG.LRC", "words")
    if (tmp_path / "SONG.LRC").samefile(tmp_path / "Song.lrc"):
        pytest.skip("this file system takes both names for one")
    assert read(song).lyrics == "words"


def test_songs_at_an_address_count_for_what_is_unique(tmp_path):
    """Of such songs, only texts are on this disk."""
    write(tmp_path / "Song.lrc", "words")
    one, other = tmp_path / "01 Song.mp3", tmp_path / "02 Song.mp3"
    assert [file.path.name for file in SongTables(tmp_path, songs=[one]).lyric_files(one)[0]] == ["Song.lrc"]
    assert SongTables(tmp_path, songs=[one, other]).lyric_files(one)[0] == []


def test_a_folder_is_listed_once(tmp_path, monkeypatch):
    calls = []
    real = os.scandir
    monkeypatch.setattr(os, "scandir", lambda path: calls.append(Path(path)) or real(path))
    songs = [write(tmp_path / "a" / f"{number:02} song {number}.mp3") for number in range(20)]
    tables = SongTables(tmp_path)
    for song in songs:
        tables.lyric_files(song)
    assert sorted(calls) == [tmp_path, tmp_path / "a"]


def test_loose_names():
    assert loose_name('a<b>c:d"e/f\\g|h?i*j_k') == "a b c d e f g h i j k"
    assert loose_name("Ｆｕｌｌ　Ｗｉｄｔｈ") == "full width"
    assert loose_name("...") == ""
    assert loose_name("R.E.M.") == "r.e.m"


@pytest.mark.parametrize(
    ("name", "title", "disc", "track"),
    [
        ("01 song", "song", 0, 1), ("1. song", "song", 0, 1), ("1-12 song", "song", 1, 12), ("[07] song", "song", 0, 7),
        ("cd 2-01-song", "song", 2, 1), ("disc1 - 03 - song", "song", 1, 3), ("21 guns", "guns", 0, 21),
        ("b2. song", "song", 0, 2), ("7 seconds", "7 seconds", 0, 0), ("1979", "1979", 0, 0), ("01", "01", 0, 0),
        ("2 become 1", "2 become 1", 0, 0),
    ],
)  # fmt: skip
def test_numbers_before_a_name(name, title, disc, track):
    assert bare_name(name) == (title, disc, track)
