"""Parquet of lyrics: types of any kind, small batches, damage."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.lyric_databases.songs import song, words

from alcca.errors import UsageError
from alcca.lyric_databases.opening import open_source


def write(path, **columns):
    pq.write_table(pa.table(columns), path, row_group_size=4)
    return path


def of(numbers, field):
    return [song(number)[field] for number in numbers]


def test_songs_are_read_from_any_position(tmp_path):
    path = write(tmp_path / "songs.parquet", Title=of(range(10), "title"), artist_name=of(range(10), "artist"),
                 Lyrics=of(range(10), "lyrics"), duration_ms=[200_000 + n for n in range(10)])  # fmt: skip
    source = open_source(path)
    found = [row for _, row in source.rows()]
    assert [row.lyrics for row in found] == [words(number) for number in range(10)]
    assert (found[3].title, found[3].artist, found[3].duration) == (song(3)["title"], "Band 3", 200.003)
    assert [(place, row.lyrics) for place, row in source.rows(6)] == [(n + 1, words(n)) for n in range(6, 10)]


def test_columns_of_other_types_are_read(tmp_path):
    lyrics = pa.array([["one line", "and another"], None, ["third"]], pa.list_(pa.string()))
    broken = pa.Array.from_buffers(pa.string(), 3, pa.array([b"good", b"ca\xe9", b"x"]).buffers())
    path = write(tmp_path / "songs.parquet", title=broken, artist=pa.array(["a", "b", "a"]).dictionary_encode(),
                 lyrics=lyrics, duration=pa.array([1, None, 3], pa.timestamp("s")))  # fmt: skip
    found = [row for _, row in open_source(path).rows()]
    assert [row and (row.artist, row.lyrics, row.duration) for row in found] == [
        ("a", "one line\nand another", None), None, ("a", "third", None),
    ]  # fmt: skip


def test_a_damaged_group_is_told_and_the_others_are_read(tmp_path):
    path = write(tmp_path / "songs.parquet", title=of(range(12), "title"), lyrics=of(range(12), "lyrics"))
    column = pq.ParquetFile(path).metadata.row_group(1).column(1)
    data = bytearray(path.read_bytes())
    start = min(filter(None, (column.dictionary_page_offset, column.data_page_offset)))
    data[start : start + column.total_compressed_size] = b"\xff" * column.total_compressed_size
    path.write_bytes(data)
    source = open_source(path)
    assert {row.lyrics for _, row in source.rows() if row} == {words(n) for n in (*range(4), *range(8, 12))}
    assert "damaged" in source.notes()[0]


def test_other_columns_and_half_a_file_are_errors(tmp_path):
    with pytest.raises(UsageError, match="expected columns named title, artist and lyrics"):
        open_source(write(tmp_path / "other.parquet", a=[1]))
    (tmp_path / "half.parquet").write_bytes(b"PAR1" + b"\x07" * 300)
    with pytest.raises(UsageError, match=r"half.parquet: is no readable Parquet"):
        open_source(tmp_path / "half.parquet")
