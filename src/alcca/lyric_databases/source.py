"""A lyric database as a stream of rows, whatever its format."""

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from alcca.errors import UsageError
from alcca.lyric_databases.row import Row

__all__ = ["Source"]


class Source(ABC):
    """The rows of a file, in an order that stays the same, from any position on.

    Parameters
    ----------
    path : Path

    Attributes
    ----------
    total : int
        How far positions reach, for a progress bar.
    left_out : Counter of str
        How many rows were not usable, by reason.
    """

    format: str
    # What positions count.
    unit = "row"

    def __init__(self, path: Path) -> None:
        self.path = path
        self.total = 0
        self.left_out: Counter[str] = Counter()

    @abstractmethod
    def rows(self, after: int = 0) -> Iterator[tuple[int, Row | None]]:
        """Each row behind a position with its own position; None for a row that holds no song.

        Memory does not grow with the number of rows. A row that cannot be read is counted in ``left_out``.
        """

    @abstractmethod
    def sample(self) -> bytes:
        """Bytes of the beginning of the content, which stay the same when rows are added behind."""

    def notes(self) -> list[str]:
        """What was left out, as sentences."""
        return [f"{self.path.name}: {count:,} rows {why}" for why, count in sorted(self.left_out.items())]


def unreadable(path: Path, error: OSError) -> UsageError:
    """The error for a file that the system does not let read."""
    return UsageError(f"{path}: cannot be read ({error.strerror or error}); check its path and permissions")
