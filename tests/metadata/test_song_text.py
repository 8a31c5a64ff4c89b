import csv
import os
import unicodedata
from pathlib import Path

import pytest
from tests.metadata.files import read, write

from alcca.errors import UsageError
from alcca.metadata.sidecars import SongTables
from alcca.metadata.song_text import fingerprint, read_song_text
from alcca.songs.scan import walk
from alcca.texts.origin import program, transcriber


@pytest.fixture
def song(tmp_path):
    """A song without tags: reading its words must not need its sound."""
    return write(tmp_path / "music" / "album" / "Name.mp3")


# Which lyrics count


def test_lyrics_sources_in_their_order(song):
    root, folder = song.parent.parent, song.parent
    steps = [
        (folder / "songs.csv", "file,lyrics\nName.mp3,from songs\n", "from songs", "songs.csv"),
        (folder / "metadata.csv", "file_name,text\nName.mp3,from metadata\n", "from metadata", "metadata.csv"),
        (root / "songs.csv", "path,lyrics\nalbum/Name.mp3,from above\n", "from above", "songs.csv"),
        (folder / "Name.LRC", "[00:01.00]from lrc", "from lrc", "Name.LRC"),
        (folder / "Name.txt", "from txt", "from txt", "Name.txt"),
        (folder / "lyrics" / "Name.lrc", "[00:01.00]below lrc", "below lrc", "Name.lrc"),
        (folder / "Lyrics" / "Name.txt", "below txt", "below txt", "Name.txt"),
        (root / "lyrics" / "Name.txt", "beside txt", "beside txt", "Name.txt"),
    ]
    for path, text, lyrics, source in reversed(steps):
        if path.parent.name == "Lyrics":
            path = folder / "lyrics" / path.name
        write(path, text)
        found = read(song, root)
        assert (found.lyrics, found.lyrics_source, found.lyrics_reason) == (lyrics, source, None)


@pytest.mark.parametrize("empty", ["", "  \n", "[Chorus]\n[00:01.00]"])
def test_a_source_without_words_falls_through(song, empty):
    write(song.parent / "songs.csv", f'file,lyrics\nName.mp3,"{empty}"\n')
    write(song.with_suffix(".lrc"), empty)
    write(song.with_suffix(".txt"), "words")
    found = read(song)
    assert (found.lyrics, found.lyrics_source) == ("words", "Name.txt")
    write(song.with_suffix(".txt"), empty)
    found = read(song)
    assert found.lyrics is None
    assert found.lyrics_source is None
    assert found.lyrics_reason.startswith("lyrics are empty after cleaning (")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[00:00.00] 作曲 : X\n[00:05.00]纯音乐，请欣赏", "no lyrics: Name.lrc says that the song is an instrumental"),
        ("Lyrics not available", "no lyrics: Name.lrc says that there are none"),
        ("作词 : X\n作曲 : Y", "lyrics are empty after cleaning (Name.lrc)"),
    ],
)
def test_a_placeholder_is_no_lyrics_and_the_reason_says_so(song, text, reason):
    write(song.with_suffix(".lrc"), text)
    assert (read(song).lyrics, read(song).lyrics_reason) == (None, reason)


def test_what_was_heard_is_no_lyrics(song):
    """Else an evaluation would compare transcripts with themselves."""
    heard = f"[by:{transcriber('base')}]\n[re:{program('base')}]\n[00:01.00]what was heard\n"
    write(song.with_suffix(".lrc"), heard)
    found = read(song)
    assert (found.lyrics, found.lyrics_text) == (None, heard)
    assert found.lyrics_reason == "no lyrics: Name.lrc holds what alcca has heard"
    write(song.with_suffix(".srt"), "1\n00:00:01,000 --> 00:00:02,000\nwhat was heard\n")
    assert read(song).lyrics is None
    write(song.with_suffix(".txt"), "words")
    found = read(song)
    assert (found.lyrics, found.lyrics_source) == ("words", "Name.txt")
    write(song.with_suffix(".lrc"), heard.replace(", transcribed", ""))
    assert read(song).lyrics == "what was heard"


def test_no_lyrics_says_where_it_looked(song):
    assert read(song).lyrics_reason == (
        "no lyrics: looked for a row in songs.csv or metadata.csv, Name.lrc, Name.txt and lyrics in the tags"
    )


def test_a_lyrics_file_that_is_none_is_passed_over_and_told(song):
    song.with_suffix(".lrc").write_bytes(bytes(5000))
    write(song.with_suffix(".txt"), "words")
    found = read(song)
    assert found.lyrics == "words"
    assert found.notes == ("Name.lrc: is not a text file, expected lyrics in UTF-8",)
    song.with_suffix(".txt").unlink()
    assert read(song).lyrics_reason == "Name.lrc: is not a text file, expected lyrics in UTF-8"


def test_names_written_decomposed_and_composed_are_the_same(tmp_path):
    song = write(tmp_path / unicodedata.normalize("NFD", "Élan.mp3"))
    write(tmp_path / unicodedata.normalize("NFC", "Élan.txt"), "words")
    write(tmp_path / "songs.csv", "file,label\n" + unicodedata.normalize("NFC", "Élan.mp3") + ",calm\n")
    found = read(song)
    assert (found.lyrics, found.label, found.title) == ("words", "calm", unicodedata.normalize("NFC", "Élan"))


def test_another_songs_files_do_not_count(song):
    write(song.parent / "name.mp3")
    if (song.parent / "name.mp3").samefile(song):
        pytest.skip("this file system takes both names for one")
    write(song.parent / "name.txt", "another song's")
    write(song.parent / "Name 2.txt", "another song's")
    write(
        song.parent / "songs.csv", "file,lyrics,label\nname.mp3,other,other\nsub/Name.mp3,other,other\n,other,other\n"
    )
    found = read(song)
    assert (found.lyrics, found.label) == (None, None)
    assert read(song.parent / "name.mp3").lyrics == "other"


def test_tables_above_the_root_do_not_count(song):
    write(song.parent.parent / "songs.csv", "id,label\nName,calm\n")
    assert read(song, song.parent).label is None
    assert read(song, song.parent.parent).label == "calm"
    with pytest.raises(UsageError, match="tables were read for"):
        read_song_text(song, song.parent, SongTables(song.parent.parent))


@pytest.mark.parametrize("name", ["Name.txt", "Name.lrc", "songs.csv", "metadata.csv", "lyrics"])
@pytest.mark.parametrize("what", ["loop", "pipe", "device", "nothing"])
def test_words_that_are_no_file_are_told_and_not_opened(song, name, what):
    path = song.parent / name
    if what == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to({"loop": name, "device": "/dev/zero", "nothing": "nowhere"}[what])
    tables = SongTables(song.parent)
    assert read_song_text(song, song.parent, tables).lyrics is None
    fingerprint(song, song.parent, tables)
    if name == "lyrics" and what in ("pipe", "device"):
        # It would have been skipped as a file of that name too.
        assert tables.problems == []
        return
    (problem,) = tables.problems
    assert problem.startswith(f"{path}: ")
    assert "skipped" in problem


def test_words_that_are_enormous_are_told_and_not_read(song):
    for name in ("Name.txt", "songs.csv"):
        with (song.parent / name).open("wb") as file:
            file.truncate(10**10)
    tables = SongTables(song.parent)
    text = read_song_text(song, song.parent, tables)
    assert text.lyrics is None
    assert "larger than" in text.lyrics_reason
    assert ["larger than" in problem for problem in tables.problems] == [True]


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="a system without such files")
def test_words_that_say_that_they_are_empty_are_not_read(song):
    (song.parent / "Name.txt").symlink_to("/proc/self/status")
    (song.parent / "songs.csv").symlink_to("/proc/self/status")
    assert read(song).lyrics is None


# Titles from names


@pytest.mark.parametrize(
    ("stem", "artist", "title"),
    [
        ("Artist - Title", "Artist", "Title"),
        ("01 Artist – Title", "Artist", "Title"),
        ("Artist - 03 - Title", "Artist", "Title"),
        ("A-ha - Take On Me", "A-ha", "Take On Me"),
        ("Artist - Title - Live", "Artist", "Title - Live"),
        ("01 Title", None, "Title"),
        ("1-01 Title", None, "Title"),
        ("12. Title", None, "Title"),
        ("07_some_title", None, "some title"),
        ("99 Luftballons", None, "99 Luftballons"),
        ("7 Seconds", None, "7 Seconds"),
        ("1979", None, "1979"),
        ("01", None, "01"),
        (" - ", None, "-"),
    ],
)
def test_title_and_artist_from_the_name(tmp_path, stem, artist, title):
    found = read(write(tmp_path / f"{stem}.mp3"))
    assert (found.artist, found.title) == (artist, title)


def test_a_known_artist_keeps_the_whole_name_as_title(song):
    path = write(song.parent / "Night - Day.mp3")
    write(song.parent / "songs.csv", "id,artist\nNight - Day,Someone\n")
    found = read(path)
    assert (found.artist, found.title) == ("Someone", "Night - Day")


def test_names_in_no_encoding_become_text(tmp_path):
    path = tmp_path / os.fsdecode(b"caf\xe9.mp3")
    try:
        path.touch()
    except OSError:
        pytest.skip("this file system takes text only")
    found = read(path)
    assert found.title == "caf\ufffd"
    found.lyrics_reason.encode("utf-8")


# Fingerprints


def test_fingerprint_changes_with_whatever_decides_the_words(song):
    root = song.parent.parent
    seen = [fingerprint(song, root, SongTables(root))]
    for path in (song.with_suffix(".txt"), song.with_suffix(".lrc"), root / "songs.csv", root / "lyrics" / "Name.txt"):
        for text in ("id\n", "id,label\n"):
            write(path, text)
            seen.append(fingerprint(song, root, SongTables(root)))
    song.with_suffix(".txt").unlink()
    seen.append(fingerprint(song, root, SongTables(root)))
    stamp = song.with_suffix(".lrc").stat()
    os.utime(song.with_suffix(".lrc"), ns=(stamp.st_atime_ns, stamp.st_mtime_ns + 1))
    seen.append(fingerprint(song, root, SongTables(root)))
    assert len(set(seen)) == len(seen)
    assert fingerprint(song, root, SongTables(root)) == seen[-1]


def test_fingerprint_does_not_change_with_anything_else(song):
    root = song.parent.parent
    before = fingerprint(song, root, SongTables(root))
    write(song.parent / "Other.txt", "words")
    write(root.parent / "songs.csv", "id\nName\n")
    write(song, "other sound")
    assert fingerprint(song, root, SongTables(root)) == before


# Real songs


@pytest.mark.data
@pytest.mark.parametrize("start", [".", "audio"])
def test_real_recordings(data_folder, start):
    root = data_folder / "cc_songs" / start
    songs = walk(root).files
    assert len(songs) == 20
    tables = SongTables(root)
    texts = {path.stem: read_song_text(path, root, tables) for path in songs}
    assert tables.problems == []
    for stem, text in texts.items():
        assert len(text.lyrics.split()) > 50
        assert text.lyrics_source == f"{stem}.txt"
    if start == ".":
        with (data_folder / "cc_songs" / "metadata.csv").open(encoding="utf-8", newline="") as file:
            rows = {unicodedata.normalize("NFC", row["id"]): row for row in csv.DictReader(file)}
        for stem, text in texts.items():
            row = rows[unicodedata.normalize("NFC", stem)]
            assert (text.title, text.artist, text.language) == (row["title"], row["artist"], row["language"])
