import csv

import pytest
from tests.metadata.files import read, write

from alcca.metadata.sidecars import SongTables
from alcca.metadata.song_text import SongText, read_song_text
from alcca.metadata.tables import Table, read_table


@pytest.fixture
def song(tmp_path):
    """A song without tags: reading its words must not need its sound."""
    return write(tmp_path / "music" / "album" / "Name.mp3")


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
        ("id,label\n", "songs.csv: has no rows below its column names", None),
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
    from alcca.metadata import sidecars as module

    calls = []
    monkeypatch.setattr(module, "read_table", lambda path, encoding: calls.append(path) or Table(path))
    write(song.parent / "songs.csv", "id\n")
    tables = SongTables(song.parent)
    for _ in range(3):
        read_song_text(song, song.parent, tables)
    assert len(calls) == 1


# Tables as other programs write them

LINES = "Copper lanterns on the quay\nYou were singing out of key"


def problems(folder, *songs):
    """What is said of the tables of a folder after these songs were read."""
    tables = SongTables(folder)
    for one in songs:
        read_song_text(one, folder, tables)
    return [*tables.problems, *tables.unused_rows(songs)]


@pytest.mark.parametrize(
    "text",
    [
        f'sep=;\nfile_name;title;lyrics\nName.mp3;Harbour;"{LINES}"\n',
        f'"sep=;"\r\nfile_name;title;lyrics\r\nName.mp3;Harbour;"{LINES}"\r\n',
        f'SEP=|\nfile_name|title|lyrics\nName.mp3|Harbour|"{LINES}"\n',
        f'sep=\t\nfile_name\ttitle\tlyrics\nName.mp3\tHarbour\t"{LINES}"\n',
        f'\ufeffsep=,\nfile_name,title,lyrics\nName.mp3,Harbour,"{LINES}"\n',
        f'file_name, title, lyrics\nName.mp3, Harbour, "{LINES}"\n',
        f'"file_name" , "title" , "lyrics"\n"Name.mp3" , "Harbour" , "{LINES}" \n',
        f'file_name|title|lyrics\nName.mp3|Harbour|"{LINES}"\n',
        f'\n\nfile_name,title,lyrics\n\nName.mp3,Harbour,"{LINES}"\n',
        "file_name,title,lyrics\nName.mp3,Harbour,Copper lanterns on the quay\\nYou were singing out of key\n",
        f'FILE NAME,Song Title,Unsynced Lyrics\nName.mp3,Harbour,"{LINES}"\n',
        f'Dateiname;Titel;Songtext\nName.mp3;Harbour;"{LINES}"\n',
        f'Fichier;Titre;Paroles\nName.mp3;Harbour;"{LINES}"\n',
        f'文件名,标题,歌词\nName.mp3,Harbour,"{LINES}"\n',
        f'ファイル名,曲名,歌詞\nName.mp3,Harbour,"{LINES}"\n',
        f'Location,Name,Track Name,Lyrics\nName.mp3,Harbour,Harbour,"{LINES}"\n',
        # Two columns of one meaning: the first that is filled.
        f'file,title,lyrics,paroles\nName.mp3,Harbour,,"{LINES}"\n',
        f'"one, two, three, four, five";file;title;lyrics\nx;Name.mp3;Harbour;"{LINES}"\n',
    ],
)
def test_tables_of_other_programs(song, text):
    (song.parent / "songs.csv").write_bytes(text.encode())
    found = read(song)
    assert (found.title, found.lyrics) == ("Harbour", LINES)
    assert problems(song.parent, song) == []


def test_a_table_of_tabs_by_its_suffix(song):
    write(song.parent / "songs.tsv", "file\tlabel\nName.mp3\tcalm\n")
    assert read(song).label == "calm"


@pytest.mark.parametrize(
    "name",
    [
        "NAME.MP3", "name.mp3", r"album\Name.mp3", "./album/Name.mp3", "Album/NAME.mp3", r"C:\Music\album\Name.mp3",
        r"D:\Name.mp3", "d:/music/ALBUM/name.mp3", r"\\nas\music\album\Name.mp3", "/Volumes/Music/album/Name.mp3",
        "file:///C:/Music/album/N%61me.mp3", "album/Name.wav", "album/Name", "C:\\album\\Name.wav",
    ],
)  # fmt: skip
def test_names_of_other_systems(song, name):
    inside = "album" in name.lower()
    folder = song.parent.parent if inside else song.parent
    write(folder / "songs.csv", f"file,label\n{name},calm\n")
    assert read(song, folder).label == "calm"
    assert problems(folder, song) == []


def test_paths_that_begin_above_the_table(song):
    write(song.parent / "songs.csv", "file,label\nmusic/album/Name.mp3,calm\n")
    assert read(song).label == "calm"
    write(song.parent / "songs.csv", "file,label\nmusic/other/Name.mp3,calm\nother/Name.mp3,calm\n")
    assert read(song).label is None


@pytest.mark.parametrize(
    "name", ["other/Name.mp3", r"C:\Music\other\Name.mp3", "Name.mp3", "album/Names.mp3", "Name 2"]
)
def test_names_of_other_files(song, name):
    root = song.parent.parent
    write(root / "songs.csv", f"file,label\n{name},calm\n")
    assert read(song, root).label is None


def test_a_path_from_another_disk_leads_to_one_song(song):
    """Both paths end with the name of the song in the folder of the table."""
    folder = song.parent
    write(folder / "disc 2" / "Name.mp3")
    write(folder / "songs.csv", "file,label\nC:\\Music\\disc 2\\Name.mp3,second\n")
    assert read(song).label is None
    assert read(folder / "disc 2" / "Name.mp3", folder).label == "second"


def test_an_exact_row_comes_before_one_that_is_alike(song):
    write(song.parent / "songs.csv", "file,label\nNAME.mp3,alike\nName.wav,suffix\nName.mp3,exact\n")
    assert read(song).label == "exact"
    write(song.parent / "songs.csv", "id,label\nNAME,alike\nName,exact\n")
    assert read(song).label == "exact"
    write(song.parent / "songs.csv", "file,label\nName.wav,suffix\nNAME.mp3,alike\n")
    assert read(song).label == "alike"


def test_rows_without_a_file_are_counted(song):
    folder = song.parent
    write(folder / "songs.csv", "file,label\nName.mp3,calm\na.mp3,x\nb.mp3,x\n")
    assert problems(folder, song) == ["songs.csv: 2 of its 3 rows are about no file here: 'a.mp3', 'b.mp3'"]
    write(folder / "songs.csv", "file,label\na.mp3,x\nb.mp3,x\nc.mp3,x\nd.mp3,x\n")
    (said,) = problems(folder, song)
    assert said.startswith(
        "songs.csv: none of its 4 rows is about a file here; its first names are 'a.mp3', 'b.mp3', 'c.mp3'"
    )
    write(folder / "songs.csv", "file,label\nName.mp3,calm\n,x\n,y\n")
    assert problems(folder, song) == ["songs.csv: 2 rows name no file and were not used, the first ends at line 3"]


def test_a_table_above_is_about_songs_of_several_folders(song):
    root = song.parent.parent
    other = write(root / "b" / "Other.mp3")
    write(root / "songs.csv", "file,label\nalbum/Name.mp3,calm\nb/Other.mp3,sad\nb/Gone.mp3,sad\n")
    assert problems(root, song, other) == ["songs.csv: 1 of its 3 rows are about no file here: 'b/Gone.mp3'"]
