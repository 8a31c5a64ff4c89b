"""A limit to the time that one query may take in SQLite."""

import contextlib
import sqlite3
import time
from collections.abc import Iterator

from alcca.errors import SlowQueryError

__all__ = ["QUERY_SECONDS", "time_limit"]

# A thousand times as long as a search of a million songs takes; a slow disk may be a hundred times as slow.
QUERY_SECONDS = 30.0
# SQLite calls back after this many instructions of its virtual machine, or some hundred pages of an index.
INSTRUCTIONS = 1000


@contextlib.contextmanager
def time_limit(db: sqlite3.Connection, seconds: float | None = None) -> Iterator[None]:
    """Interrupt the queries made inside after ``seconds`` in all, `QUERY_SECONDS` by default.

    Raises
    ------
    SlowQueryError
        They took longer.
    """
    allowed = QUERY_SECONDS if seconds is None else seconds
    end = time.monotonic() + allowed
    db.set_progress_handler(lambda: time.monotonic() > end, INSTRUCTIONS)
    try:
        yield
    except sqlite3.OperationalError as error:
        if getattr(error, "sqlite_errorcode", None) != sqlite3.SQLITE_INTERRUPT:
            raise
        raise SlowQueryError(f"the search took longer than {allowed:g} s; give fewer words, or rarer ones") from error
    finally:
        db.set_progress_handler(None, 0)
