from pathlib import Path

import numpy as np
import pytest

from alcca.errors import DataError, UsageError
from alcca.indexing.descriptor_table import read_descriptors_csv
from alcca.store.records import Song


@pytest.fixture
def table(tmp_path):
    def write(text, encoding="utf-8"):
        path = tmp_path / "spotify.csv"
        path.write_bytes(text.encode(encoding))
        return read_descriptors_csv(path)

    return write


def song(title="Better", artist="Jonathan Coulton", path="/music/better.mp3"):
    return Song(hash="h", title=title, artist=artist, paths=(path,))


def test_songs_are_found_by_path_from_the_table(table, tmp_path):
    found = table("file_name,energy,tempo\na/one.mp3,0.5,120\n./a\\two.mp3,0.25,90\n")
    assert found.names == ("energy", "tempo")
    songs = [song(path=str(tmp_path / "a" / name)) for name in ("two.mp3", "one.mp3", "two.mp3")]
    values = found.of(songs)
    assert values.dtype == np.float32
    np.testing.assert_array_equal(values, [[0.25, 90], [0.5, 120], [0.25, 90]])


@pytest.mark.parametrize("column", ["id", "name", "isrc", "track_id", "ID", " Track ID "])
def test_songs_are_found_by_file_name_without_suffix(table, column):
    np.testing.assert_array_equal(table(f"{column},energy\nbetter,1\nother,2\n").of([song()]), [[1]])


@pytest.mark.parametrize(
    "head", ["title,artist", "Track Name,Artist Name(s)", "track_name,artists", "name,artists", "Title,artist_name"]
)
def test_songs_are_found_by_title_and_artist(table, head):
    found = table(f'{head},energy\nBetter,Somebody Else,1\n"  BETTER",jonathan  coulton,2\n')
    np.testing.assert_array_equal(found.of([song()]), [[2]])


def test_a_name_beside_an_artist_is_no_file_name(table):
    with pytest.raises(DataError, match="1 of 1 songs have no row"):
        table("name,artist,energy\nbetter,Somebody Else,1\n").of([song()])


def test_accents_of_another_form_are_the_same(table):
    np.testing.assert_array_equal(table("title,energy\nE\u0301lan,1\n").of([song("\u00c9lan", None)]), [[1]])


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("title;artist;energy;tempo\nBetter;Jonathan Coulton;0,5;120\n", "utf-8"),
        ("title\tartist\tenergy\ttempo\nBetter\tJonathan Coulton\t0.5\t120\n", "utf-16"),
        ("\ntitle,artist,energy,tempo\r\n\r\nBetter,Jonathan Coulton,0.5,1.2e2\r\n", "utf-8-sig"),
        ('sep=|\ntitle|artist|energy|tempo\n"Better" | "Jonathan Coulton" | 0.5 | 120\n', "utf-8"),
        ("title,artist,energy,tempo\nBetter,Jonathan Coulton,0.5,120\nCafé,X,1,1\n", "cp1252"),
    ],
)
def test_delimiters_and_encodings(table, text, encoding):
    found = table(text, encoding)
    assert found.names == ("energy", "tempo")
    np.testing.assert_array_equal(found.of([song()]), [[0.5, 120]])


def test_text_columns_are_left_out_even_with_a_number_among_them(table):
    found = table("id,album,energy,remark,\na,1989,1,,7\nb,Thing a Week,2,,8\nc,Artificial Heart,3,,9\n")
    assert found.names == ("energy",)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r"spotify\.csv: is empty"),
        ("energy,tempo\n1,2\n", r"spotify\.csv: no column says which song"),
        ("artist,tempo\nx,2\n", r"spotify\.csv: no column says which song"),
        ("id,album\na,b\n", r"spotify\.csv: no column holds numbers"),
        ("id,energy\n", r"spotify\.csv: no column holds numbers"),
        ("id,energy\na,1\nb,high\nc,3\n", r"spotify\.csv: line 3: energy is 'high'; expected a finite number"),
        ("id,energy\na,1\nb,\nc,3\n", r"spotify\.csv: line 3: energy is ''"),
        ("id,x,energy\na,t,1\n\nb,t\nc,t,3\n", r"spotify\.csv: line 4: energy is ''"),
        ("id,energy\na,nan\n", r"spotify\.csv: line 2: energy is 'nan'"),
        ("id,energy\na,1\nb,-inf\n", r"spotify\.csv: line 3: energy is '-inf'"),
        ("id,energy\na,1e39\n", r"spotify\.csv: line 2: energy is '1e39'"),
        ("id,energy\na,1,2\n", r"spotify\.csv: line 2 has 3 cells and the table 2 columns"),
        ("id,energy,Energy\na,1,2\n", r"spotify\.csv: has the column 'energy' more than once"),
        ('id,energy\na,1\n"b,2\n', r"spotify\.csv: line 3: .*correct its quotes"),
    ],
)
def test_what_cannot_be_used_is_named_with_its_line(table, text, message):
    with pytest.raises(DataError, match=message):
        table(text)


def test_rows_that_differ_about_a_song_are_named(table):
    found = table("id,energy\nbetter,1\nother,5\nbetter,2\nother,5\n")
    with pytest.raises(DataError, match=r"spotify\.csv: lines 2 and 4 describe 'Better' differently; keep one"):
        found.of([song()])
    np.testing.assert_array_equal(found.of([song(path="/music/other.mp3")]), [[5]])


def test_songs_without_a_row_are_counted_and_the_first_is_named(table):
    found = table("id,energy\nbetter,1\n")
    songs = [song(), song("Flickr", None, "/music/flickr.mp3"), song("Chiron", "X", "/music/chiron.mp3")]
    with pytest.raises(DataError, match=r"2 of 3 songs have no row, the first is 'Flickr' by .*/music/flickr\.mp3"):
        found.of(songs)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(UsageError, match=r"nowhere\.csv: cannot be read \(No such file"):
        read_descriptors_csv(tmp_path / "nowhere.csv")
    with pytest.raises(UsageError, match="cannot be read"):
        read_descriptors_csv(Path(tmp_path))
