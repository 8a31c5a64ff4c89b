"""The bytes of a database are read without taking its locks from SQLite."""

import hashlib
import os
import subprocess
import sys

import pytest

from alcca.store.database import Access
from alcca.store.file_bytes import digest_apart, head_apart
from alcca.store.songs import Store
from alcca.store.sqlite_errors import DATABASE, header_is_damaged

WRITE = """
import sqlite3, sys
database = sqlite3.connect(sys.argv[1])
database.execute("CREATE TABLE more (value)")
database.commit()
database.close()
"""


def test_they_are_those_of_the_file(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(bytes(range(256)) * 5)
    assert digest_apart(path) == hashlib.sha256(path.read_bytes()).hexdigest()
    assert head_apart(path) == bytes(range(100))
    stamp = path.stat().st_mtime_ns
    path.write_bytes(bytes(256 * 5))
    os.utime(path, ns=(stamp, stamp))
    assert digest_apart(path, again=True) == hashlib.sha256(bytes(256 * 5)).hexdigest()


def test_what_cannot_be_read_is_an_error_of_the_disk(tmp_path):
    for path in (tmp_path, tmp_path / "missing"):
        with pytest.raises(OSError, match=str(path)):
            head_apart(path)
        with pytest.raises(OSError, match=str(path)):
            digest_apart(path, again=True)


def test_another_process_does_not_take_itself_for_the_last(tmp_path):
    """SQLite removes the log when the last connection is closed; that it is not the last, it sees by our lock."""
    Store(tmp_path / "shelf").close()
    store = Store(tmp_path / "shelf", Access.THERE)
    before = store.version
    assert not store.seal_is_broken
    assert not header_is_damaged(tmp_path / "shelf")
    store.seal()
    assert not store.seal_is_broken
    for number in range(2):
        write = WRITE.replace("more", f"more_{number}")
        subprocess.run([sys.executable, "-c", write, tmp_path / "shelf" / DATABASE], check=True)
        assert (tmp_path / "shelf" / f"{DATABASE}-wal").exists()
        assert store.version > before
        before = store.version
    store.close()
