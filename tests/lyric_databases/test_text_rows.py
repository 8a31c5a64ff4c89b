"""CSV and JSON of lyrics as strangers write them."""

import csv
import json

import pytest
from tests.lyric_databases.songs import song, words

from alcca.errors import UsageError
from alcca.lyric_databases import csv_rows, json_rows
from alcca.lyric_databases.opening import open_source

FIELDS = ("title", "artist", "album", "duration", "lyrics")


def rows(path, after=0):
    source = open_source(path)
    return [row for _, row in source.rows(after)], source


def write_csv(path, songs, *, delimiter=",", encoding="utf-8", head=FIELDS, before=""):
    with path.open("w", encoding=encoding, newline="") as file:
        file.write(before)
        writer = csv.writer(file, delimiter=delimiter)
        writer.writerow(head)
        writer.writerows([one[field] for field in FIELDS] for one in songs)
    return path


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_csv_of_any_delimiter_and_encoding(tmp_path, delimiter, encoding):
    french = "Où s'en vont les bateaux quand l'été s'achève ?\nJe suis resté là, à la fenêtre, le cœur léger"
    other = "Le soleil brûle déjà la forêt\net nous rêvons près de la rivière, âmes égarées"
    songs = [song(1, title="Été", artist="Zoé", lyrics=french), song(2, title="La forêt", lyrics=other)]
    found, source = rows(write_csv(tmp_path / "songs.csv", songs, delimiter=delimiter, encoding=encoding))
    assert [row.lyrics for row in found] == [french, other]
    assert found[0][:4] == ("Été", "Zoé", "First", 151.0)
    assert source.notes() == []


def test_csv_with_the_line_of_excel_and_other_names_of_columns(tmp_path):
    head = ("Song Title", "Artist Name", "Album", "Length", "Paroles")
    path = write_csv(tmp_path / "songs.csv", [song(3)], delimiter=";", head=head, before="sep=;\n")
    assert rows(path)[0] == [(song(3)["title"], "Band 3", "First", 153.0, words(3), None, False)]


def test_csv_goes_on_behind_a_position(tmp_path):
    path = write_csv(tmp_path / "songs.csv", map(song, range(5)))
    assert [row.lyrics for row in rows(path, 3)[0]] == [words(3), words(4)]


def test_a_quote_that_does_not_close_loses_no_more_than_a_cell(tmp_path, monkeypatch):
    monkeypatch.setattr(csv_rows, "MAX_CELL", 2000)
    path = write_csv(tmp_path / "songs.csv", map(song, range(20)))
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace(words(5)[:10], '"' + words(5)[:10], 1).replace('""', '"', 1), encoding="utf-8")
    found, _ = rows(path)
    assert {row.lyrics for row in found if row} >= {words(number) for number in (0, 1, 2, 3, 12, 18, 19)}


def test_a_cell_of_endless_length_is_left_out_and_told(tmp_path, monkeypatch):
    monkeypatch.setattr(csv_rows, "MAX_CELL", 5000)
    path = write_csv(tmp_path / "songs.csv", [song(1), song(2, lyrics="la " * 9000), song(3)])
    found, source = rows(path)
    assert {row.lyrics for row in found if row} >= {words(1), words(3)}
    assert "which was cut" in source.notes()[0]


def test_a_line_of_another_encoding_in_utf_8(tmp_path):
    path = tmp_path / "songs.csv"
    path.write_bytes(
        "title,lyrics\nÉté,déjà vu là-bas où l'été\n".encode() + "Forêt,la forêt brûle déjà là-bas\n".encode("cp1252")
    )
    assert [row.lyrics for row in rows(path)[0]] == ["déjà vu là-bas où l'été", "la forêt brûle déjà là-bas"]


@pytest.mark.parametrize("text", ["", "\n\n", "name,year\nx,1\n", "just some words\nof a song\n", "\0\1\2\3" * 50])
def test_other_text_is_one_error(tmp_path, text):
    path = tmp_path / "other.csv"
    path.write_text(text)
    with pytest.raises(UsageError, match=r"other.csv: "):
        open_source(path)


def test_packed_files_and_folders_are_told(tmp_path):
    (tmp_path / "dump.gz").write_bytes(b"\x1f\x8b\x08" + bytes(50))
    with pytest.raises(UsageError, match="packed with gzip; unpack it first"):
        open_source(tmp_path / "dump.gz")
    with pytest.raises(UsageError, match="is a folder"):
        open_source(tmp_path)
    with pytest.raises(UsageError, match="cannot be read"):
        open_source(tmp_path / "nothing.csv")


def as_lines(songs):
    return "".join(json.dumps(one) + "\n" for one in songs)


@pytest.mark.parametrize("write", [as_lines, lambda songs: json.dumps([*songs]),
                                   lambda songs: json.dumps([*songs], indent=2, ensure_ascii=False)])  # fmt: skip
def test_json_lines_and_arrays(tmp_path, write):
    odd = song(9, title='Quotes " \\" } { [', lyrics='back\\slash \\\\ "{"\nend\\')
    path = tmp_path / "songs.json"
    path.write_text(write([song(1), odd, song(2)]), encoding="utf-8")
    found, source = rows(path)
    assert [(row.title, row.lyrics) for row in found] == [
        (one["title"], one["lyrics"]) for one in (song(1), odd, song(2))
    ]
    assert source.notes() == []
    places = [place for place, _ in source.rows()]
    assert [row.title for row in rows(path, places[1])[0]] == [song(2)["title"]]


def test_json_as_the_interface_of_lrclib_writes_it(tmp_path):
    path = tmp_path / "songs.jsonl"
    one = {"id": 1, "trackName": "Harbour", "artistName": "Nobody", "albumName": "A", "duration": 61}
    one |= {"instrumental": False, "plainLyrics": "copper lanterns", "syncedLyrics": "[00:01.00] copper lanterns"}
    path.write_text(json.dumps(one))
    assert rows(path)[0] == [("Harbour", "Nobody", "A", 61.0, "copper lanterns", "[00:01.00] copper lanterns", False)]


def test_hostile_lines_of_json_are_counted_and_the_others_read(tmp_path, monkeypatch):
    monkeypatch.setattr(json_rows, "MAX_BYTES", 50_000)
    long = json.dumps(song(3, lyrics="z" * 200_000))
    hostile = ["[" * 20_000, '{"title": ' * 4000, "null", "7", '{"title": "cut', long,
               '{"title": {"a": 1}, "lyrics": [1, {"b": 2}], "duration": 1e999}', '"text"', "1" * 10_000,
               '{"title": "half \\ud800 pair", "lyrics": "words \\u0000 here"}']  # fmt: skip
    path = tmp_path / "songs.jsonl"
    path.write_text(as_lines([song(1)]) + "\n".join(hostile) + "\n" + as_lines([song(2)]))
    found, source = rows(path)
    assert [row.title for row in found if row] == [song(1)["title"], "half ? pair", song(2)["title"]]
    assert sum(source.left_out.values()) == len(hostile) - 2


@pytest.mark.parametrize("text", ["[]", "{}", "[1, 2, 3]", '{"songs": 1}', "[" * 100_000, '[{"a": {"b": 1}}]'])
def test_other_json_is_one_error(tmp_path, text):
    path = tmp_path / "other.json"
    path.write_text(text)
    with pytest.raises(UsageError, match=r"other.json: no songs in JSON; expected"):
        open_source(path)


def test_an_array_that_is_cut_off_gives_its_whole_objects_and_a_note(tmp_path):
    path = tmp_path / "songs.json"
    text = json.dumps([song(1), song(2)])
    path.write_text(text[:-30])
    found, source = rows(path)
    assert [row.title for row in found] == [song(1)["title"]]
    assert "cut off" in source.notes()[0]
