"""Finished fits on disk, so that a broken comparison goes on where it stopped."""

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from alcca.persistence import replace_file

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = ["KeptFits"]

# Raise it when the protocol changes in a way that changes ranks, or lyric features: what was kept before is then not
# taken.
FORMATS = {"parquet": 2, "npy": 1}


class KeptFits:
    """Ranks and lyric features under a name that says everything they depend on.

    Parameters
    ----------
    folder : path, optional
        Made when something is kept. Without it nothing is kept and nothing is found.
    about : mapping
        What all that is kept has in common: the data set's fingerprint, the folds, the seeds of the folds.

    Examples
    --------
    >>> import tempfile
    >>> kept = KeptFits(tempfile.mkdtemp(), fingerprint="abc")
    >>> kept.put_features(np.arange(3.0), fold=0)
    >>> kept.features(fold=0), kept.features(fold=1)
    (array([0., 1., 2.]), None)
    """

    def __init__(self, folder: Path | str | None, fingerprint: str, **about: Any) -> None:
        self._folder = None if folder is None else Path(folder) / fingerprint
        self._about = about

    def ranks(self, **what: Any) -> "tuple[DataFrame, float] | None":
        """Ranks and seconds of a fit that was kept, or None; ``what`` as in `put_ranks`."""
        from pyarrow import ArrowException, parquet

        path = self._path("parquet", what)
        if path is None or not path.is_file():
            return None
        try:
            table = parquet.ParquetFile(path).read()
            return table.to_pandas(), float(table.schema.metadata[b"seconds"])
        except (ArrowException, OSError, KeyError, ValueError, TypeError):
            return None  # damaged: it is computed again

    def put_ranks(self, ranks: "DataFrame", seconds: float, **what: Any) -> None:
        """Keep the ranks of one fit and how long it took."""
        import pyarrow
        from pyarrow import parquet

        table = pyarrow.Table.from_pandas(ranks, preserve_index=False)
        table = table.replace_schema_metadata({**(table.schema.metadata or {}), b"seconds": str(seconds).encode()})
        path = self._path("parquet", what)
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            replace_file(path, lambda part: parquet.write_table(table, part))

    def features(self, **what: Any) -> NDArray[Any] | None:
        """Lyric features that were kept, or None."""
        path = self._path("npy", what)
        try:
            return None if path is None else np.load(path, allow_pickle=False)
        except (OSError, ValueError, EOFError):
            return None

    def put_features(self, features: NDArray[Any], **what: Any) -> None:
        """Keep lyric features."""
        path = self._path("npy", what)
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            replace_file(path, lambda part: np.save(part, features))

    def _path(self, ending: str, what: dict[str, Any]) -> Path | None:
        if self._folder is None:
            return None
        key = json.dumps([FORMATS[ending], self._about, what], sort_keys=True, default=repr)
        return self._folder / f"{hashlib.sha256(key.encode()).hexdigest()[:24]}.{ending}"
