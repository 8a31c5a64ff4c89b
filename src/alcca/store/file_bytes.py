"""The bytes of the database's file, read by another process.

On POSIX systems, a process that closes a file loses all its locks on it, also those of SQLite's other connections. The
next writer would then take itself for the last one and remove the write-ahead log from under them.

References
----------
SQLite: How To Corrupt An SQLite Database File, section 2.2, https://sqlite.org/howtocorrupt.html
"""

import errno
import subprocess
import sys
from functools import lru_cache
from pathlib import Path

__all__ = ["digest_apart", "head_apart"]

HEAD = 100
READ_HEAD = f"""
import sys
with open(sys.argv[1], "rb") as file:
    print(file.read({HEAD}).hex())
"""
DIGEST = """
import hashlib, sys
with open(sys.argv[1], "rb") as file:
    print(hashlib.file_digest(file, "sha256").hexdigest())
"""


def head_apart(path: Path) -> bytes:
    """The first 100 bytes of a file; OSError if it cannot be read."""
    return bytes.fromhex(_answer(READ_HEAD, path))


def digest_apart(path: Path, *, again: bool = False) -> str:
    """The SHA-256 of a file, in hexadecimal; OSError if it cannot be read.

    The file is read only once in a process while its inode, size and modification time stay the same, or with
    ``again`` in any case: two changes within milliseconds may have the same time.
    """
    status = path.stat()
    stamp = (status.st_ino, status.st_size, status.st_mtime_ns)
    return _answer(DIGEST, path) if again else _digest_at(path, stamp)


@lru_cache(maxsize=256)
def _digest_at(path: Path, stamp: tuple[int, int, int]) -> str:
    return _answer(DIGEST, path)


def _answer(program: str, path: Path) -> str:
    if not path.is_file() or not sys.executable:
        raise OSError(errno.EINVAL, "not a regular file, or there is no Python to read it", str(path))
    # Without site-packages, it starts in 15 ms.
    command = [sys.executable, "-I", "-S", "-c", program, str(path)]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode:
        raise OSError(errno.EIO, (done.stderr.strip().splitlines() or ["it cannot be read"])[-1], str(path))
    return done.stdout.strip()
