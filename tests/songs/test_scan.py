import csv
import errno
import os
import socket
import unicodedata
from pathlib import Path

import pytest
from tests.songs.encoding import FORMATS, encode, tune

from alcca.errors import UsageError
from alcca.songs.scan import SongTables, SongText, find_audio, fingerprint, read_song_text
from alcca.songs.tables import read_table
from alcca.songs.tags import read_tags


def write(path, text="", encoding="utf-8"):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding=encoding)
    return path


def read(path, root=None):
    root = root or path.parent
    return read_song_text(path, root, SongTables(root))


@pytest.fixture
def song(tmp_path):
    """A song without tags: reading its words must not need its sound."""
    return write(tmp_path / "music" / "album" / "Name.mp3")


@pytest.fixture(scope="module")
def tagged(tmp_path_factory):
    """A second of sound in every format that FFmpeg writes tags into."""
    folder = tmp_path_factory.mktemp("tagged")
    tags = {"title": "Tagged Title", "artist": "Tagged Artist", "album": "Tagged Album", "genre": "Folk"}
    for suffix in FORMATS:
        if suffix != "ogg":
            encode(tune(1), folder / f"x.{suffix}", tags={**tags, "lyrics": "[Chorus]\ntagged words\nmore of them"})
    return folder


# Finding files


def test_find_audio_takes_every_case_and_leaves_hidden_files(tmp_path):
    for name in ("b.MP3", "a/z.Flac", "a/b/c.opus", "ü/é.m4a", "x.wav"):
        write(tmp_path / name)
    for name in ("cover.jpg", "._b.mp3", ".hidden/d.mp3", "a/.e.ogg", "notes.txt", "mp3"):
        write(tmp_path / name)
    (tmp_path / "folder.mp3").mkdir()
    found = [path.relative_to(tmp_path).as_posix() for path in find_audio(tmp_path)]
    assert found == sorted(found, key=lambda name: name.split("/"))
    assert set(found) == {"b.MP3", "a/z.Flac", "a/b/c.opus", "ü/é.m4a", "x.wav"}
    assert find_audio(str(tmp_path)) == find_audio(tmp_path)


def test_a_hidden_folder_can_be_asked_for(tmp_path):
    write(tmp_path / ".music" / "a.mp3")
    assert len(find_audio(tmp_path / ".music")) == 1


def test_a_single_file(tmp_path):
    assert find_audio(write(tmp_path / "a.MP3")) == [tmp_path / "a.MP3"]
    with pytest.raises(UsageError, match=r"a\.txt: not an audio file; expected a folder or .*\.mp3"):
        find_audio(write(tmp_path / "a.txt"))
    with pytest.raises(UsageError, match="none: no such folder"):
        find_audio(tmp_path / "none")


def test_links_are_followed_once_and_not_in_circles(tmp_path):
    root, elsewhere = tmp_path / "root", tmp_path / "elsewhere"
    write(root / "a" / "1.mp3")
    write(elsewhere / "2.mp3")
    (root / "a" / "circle").symlink_to(root)
    (root / "again").symlink_to(root / "a")
    (root / "up").symlink_to(tmp_path)
    (root / "link").symlink_to(elsewhere)
    (root / "link too").symlink_to(elsewhere)
    (elsewhere / "back").symlink_to(root)
    (root / "gone.mp3").symlink_to(tmp_path / "nothing")
    (root / "linked song.mp3").symlink_to(elsewhere / "2.mp3")
    names = [path.name for path in find_audio(root)]
    assert sorted(names) == ["1.mp3", "2.mp3", "linked song.mp3"]


def test_what_is_no_file_is_told_and_passed_over(tmp_path):
    write(tmp_path / "a" / "1.mp3")
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "a" / "loop.mp3").symlink_to("loop.mp3")
    (tmp_path / "gone.flac").symlink_to(tmp_path / "nothing")
    os.mkfifo(tmp_path / "pipe.mp3")
    (tmp_path / "zero.wav").symlink_to("/dev/zero")
    (tmp_path / "cover.jpg").symlink_to(tmp_path / "nothing")
    with socket.socket(socket.AF_UNIX) as listener:
        # Such names may not be long.
        place = os.open(tmp_path, os.O_RDONLY)
        listener.bind(f"/proc/self/fd/{place}/socket.ogg" if Path("/proc").exists() else str(tmp_path / "socket.ogg"))
        os.close(place)
    problems = []
    assert [path.name for path in find_audio(tmp_path, onerror=problems.append)] == ["1.mp3"]
    told = {problem.partition(": ")[0]: problem for problem in problems}
    names = ("a/loop.mp3", "gone.flac", "loop", "pipe.mp3", "socket.ogg", "zero.wav")
    assert sorted(told) == [str(tmp_path / name) for name in names]
    assert "symbolic links" in told[str(tmp_path / "loop")]
    assert "is a pipe, not a file" in told[str(tmp_path / "pipe.mp3")]
    assert "is a device, not a file" in told[str(tmp_path / "zero.wav")]
    assert find_audio(tmp_path) == [tmp_path / "a" / "1.mp3"]


@pytest.mark.parametrize("error", [errno.EACCES, errno.EIO, errno.ELOOP, errno.ESTALE])
def test_what_cannot_be_looked_at_is_told_and_passed_over(tmp_path, monkeypatch, error):
    write(tmp_path / "a.mp3")
    real = os.scandir

    class Bad:
        name = "bad.mp3"

        def is_dir(self):
            raise OSError(error, os.strerror(error))

        is_file = is_symlink = stat = is_dir

    monkeypatch.setattr(os, "scandir", lambda path: Entries([*real(path), Bad()]))
    problems = []
    assert [path.name for path in find_audio(tmp_path, onerror=problems.append)] == ["a.mp3"]
    (problem,) = problems
    assert "bad.mp3: cannot be read" in problem
    assert os.strerror(error) in problem


class Entries(list):
    def close(self):
        pass


@pytest.mark.parametrize("what", ["loop", "pipe", "device"])
def test_a_single_thing_that_is_neither_file_nor_folder(tmp_path, what):
    path = tmp_path / "song.mp3"
    if what == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to("song.mp3" if what == "loop" else "/dev/zero")
    with pytest.raises(UsageError, match=r"song.mp3: (is a|cannot be read)"):
        find_audio(path)


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


def test_a_subfolder_that_cannot_be_read_is_told(tmp_path, monkeypatch):
    write(tmp_path / "a.mp3")
    write(tmp_path / "closed" / "b.mp3")
    real = os.scandir

    def scandir(path):
        if os.fspath(path).endswith("closed"):
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    problems = []
    assert [path.name for path in find_audio(tmp_path, onerror=problems.append)] == ["a.mp3"]
    assert len(problems) == 1
    assert "closed: cannot be read (Permission denied)" in problems[0]
    with pytest.raises(UsageError, match=r"closed: cannot be read \(Permission denied\)"):
        find_audio(tmp_path / "closed")


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


@pytest.mark.parametrize("empty", ["", "  \n", "[Instrumental]", "[Chorus]\n[00:01.00]"])
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
    write(song.parent / "name.txt", "another song's")
    write(song.parent / "Name 2.txt", "another song's")
    write(
        song.parent / "songs.csv", "file,lyrics,label\nname.mp3,other,other\nsub/Name.mp3,other,other\n,other,other\n"
    )
    found = read(song)
    assert (found.lyrics, found.label) == (None, None)


def test_tables_above_the_root_do_not_count(song):
    write(song.parent.parent / "songs.csv", "id,label\nName,calm\n")
    assert read(song, song.parent).label is None
    assert read(song, song.parent.parent).label == "calm"
    with pytest.raises(UsageError, match="tables were read for"):
        read_song_text(song, song.parent, SongTables(song.parent.parent))


# Tags


@pytest.mark.parametrize("suffix", [suffix for suffix in FORMATS if suffix != "ogg"])
def test_tags_of_every_format(tagged, suffix):
    found = read(tagged / f"x.{suffix}")
    assert (found.title, found.artist, found.album, found.label) == (
        "Tagged Title",
        "Tagged Artist",
        "Tagged Album",
        "Folk",
    )
    if suffix != "wav":
        assert (found.lyrics, found.lyrics_source) == ("tagged words\nmore of them", "tag")


def test_tables_and_files_come_before_tags(tagged):
    root = tagged
    write(root / "songs.csv", "file,title,mood,lyrics\nx.flac,Table Title,sad,\n")
    try:
        found = read(root / "x.flac")
        assert (found.title, found.artist, found.label, found.lyrics_source) == (
            "Table Title",
            "Tagged Artist",
            "sad",
            "tag",
        )
        write(root / "x.txt", "file words")
        assert read(root / "x.flac").lyrics == "file words"
    finally:
        for name in ("songs.csv", "x.txt"):
            (root / name).unlink(missing_ok=True)


def test_plain_lyrics_in_tags_come_before_stamped_ones(tmp_path, monkeypatch):
    import tinytag

    tag = tinytag.TinyTag()
    tag.other.update({"lyrics": ["[00:01.00]stamped", "plain"], "mood": ["", "calm"], "language": ["eng"]})
    monkeypatch.setattr(tinytag.TinyTag, "get", lambda *args, **options: tag)
    found = read(write(tmp_path / "a.mp3"))
    assert (found.lyrics, found.label, found.language) == ("plain", "calm", "eng")


@pytest.mark.parametrize(
    "field", ["lyrics", "LYRICS", "lyrics-eng", "uslt", "unsyncedlyrics", "unsynced lyrics", "synced lyrics"]
)
def test_fields_that_taggers_put_lyrics_in(tmp_path, monkeypatch, field):
    import tinytag

    tag = tinytag.TinyTag()
    tag.other.update({field: ["words"], "lyricist": ["Someone"]})
    monkeypatch.setattr(tinytag.TinyTag, "get", lambda *args, **options: tag)
    assert read_tags(tmp_path / "a.mp3").lyrics == ("words",)


@pytest.mark.parametrize(
    "error", [ZeroDivisionError("odd"), PermissionError(13, "Permission denied"), RecursionError()]
)
def test_damaged_tags_are_a_note(song, monkeypatch, error):
    import tinytag

    def get(*args, **options):
        raise error

    monkeypatch.setattr(tinytag.TinyTag, "get", get)
    write(song.with_suffix(".txt"), "words")
    found = read(song)
    assert found.lyrics == "words"
    assert found.title == "Name"
    assert found.notes[0].startswith("its tags ")


def test_a_file_that_is_gone_still_has_words(tmp_path):
    write(tmp_path / "gone.txt", "words")
    assert read(tmp_path / "gone.mp3").lyrics == "words"


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


# Tables


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_tables_as_spreadsheets_write_them(tmp_path, delimiter, encoding):
    with (tmp_path / "songs.csv").open("w", encoding=encoding, newline="") as file:
        writer = csv.writer(file, delimiter=delimiter)
        writer.writerow(["File", " Title ", "LYRICS"])
        writer.writerow([r"Ä\b.mp3", 'He said "so", twice; yes', "one\ntwo"])
    table = read_table(tmp_path / "songs.csv")
    assert table.problems == []
    row = table.row(tmp_path / "Ä" / "b.mp3")
    assert (row["title"], row["lyrics"]) == ('He said "so", twice; yes', "one\ntwo")


def test_every_field_from_a_table(song):
    write(
        song.parent / "metadata.csv",
        "id,title,artist,collection,genre,mood,label,lang,group\nName,T,A,C,rock,sad,calm,en,g7\n",
    )
    assert read(song) == SongText("T", "A", "C", "calm", "en", "g7", None, None, read(song).lyrics_reason)


@pytest.mark.parametrize(
    ("columns", "label"), [("label,mood,genre", "a"), ("mood,genre,x", "a"), ("genre,mood,x", "b"), ("x,genre,y", "b")]
)
def test_label_is_label_then_mood_then_genre(song, columns, label):
    write(song.parent / "songs.csv", f"id,{columns}\nName,a,b,c\n")
    assert read(song).label == label


def test_the_nearest_table_wins_field_by_field(song):
    write(song.parent / "songs.csv", "id,label,title\nName,near,\n")
    write(song.parent.parent / "songs.csv", "id,label,title\nName,far,Far Title\n")
    found = read(song, song.parent.parent)
    assert (found.label, found.title) == ("near", "Far Title")


def test_a_path_comes_before_a_name(song):
    write(song.parent / "songs.csv", "file,id,label\nother/Name.mp3,Name,by name\nName.mp3,77,by path\n")
    assert read(song).label == "by path"


def test_huge_cells_are_read_and_the_csv_module_is_left_as_it_was(song):
    limit = 131_072
    csv.field_size_limit(limit)
    write(song.parent / "songs.csv", "id,lyrics\nName," + "word " * 100_000 + "\n")
    assert len(read(song).lyrics) > 400_000
    assert csv.field_size_limit() == limit


@pytest.mark.parametrize(
    ("text", "problem", "label"),
    [
        ("", "songs.csv: is empty", None),
        ("title,label\nName,calm\n", "songs.csv: no column identifies the file of a row", None),
        ('id,label\nName,calm\nB,"never closed\nC,sad\n', "songs.csv: line 4: unexpected end of data", "calm"),
        ('id,label\nName,calm\nB,"x" y\n', "songs.csv: line 3: ',' expected after '\"'", "calm"),
        ("id,label\nB,x,y,z\nName,calm\n", "songs.csv: 1 rows have more cells than columns", "calm"),
        ("id,label\nName,calm\nName,sad\n", "songs.csv: 1 songs have several rows", "calm"),
        ("id,label\n\nName\n", None, None),
    ],
)
def test_damaged_tables_are_problems_not_errors(song, text, problem, label):
    write(song.parent / "songs.csv", text)
    write(song.with_suffix(".txt"), "words")
    tables = SongTables(song.parent)
    found = read_song_text(song, song.parent, tables)
    assert (found.label, found.lyrics) == (label, "words")
    read_song_text(song, song.parent, tables)
    assert len(tables.problems) == (problem is not None)
    if problem is not None:
        assert tables.problems[0].startswith(problem)


def test_a_table_is_read_once(song, monkeypatch):
    from alcca.songs import tables as module

    calls = []
    monkeypatch.setattr(module, "read_table", lambda path: calls.append(path) or module.Table(path))
    write(song.parent / "songs.csv", "id\n")
    tables = SongTables(song.parent)
    for _ in range(3):
        read_song_text(song, song.parent, tables)
    assert len(calls) == 1


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
    songs = find_audio(root)
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
