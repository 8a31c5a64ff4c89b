"""Finished fits on disk, so that a broken comparison goes on where it stopped."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from alcca.experiments.compared_method import ComparedMethod, audio_views
from alcca.experiments.dataset import Dataset
from alcca.experiments.rank_tables import Fit
from alcca.models.content import content
from alcca.persistence import replace_file

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = ["CachedFits", "ComparisonCache", "FitCache"]

# Raise it when the form of what is kept changes: what was kept before is then not taken.
FORMAT = 2


class FitCache:
    """Where one comparison keeps what it has finished, and what it takes from there.

    Parameters
    ----------
    folder : path, optional
        Made when something is kept. Without it nothing is kept and nothing is found.
    fresh : bool
        Take nothing that was there before this comparison; what it makes replaces that.
    own : bool
        The folder is this comparison's alone.
    """

    def __init__(self, folder: Path | str | None, *, fresh: bool = False, own: bool = False) -> None:
        self.folder = None if folder is None else Path(folder)
        self.own = own
        self._fresh = fresh
        self._written: set[Path] = set()

    def offers(self, path: Path) -> bool:
        """Whether a file is there and may be taken."""
        return (not self._fresh or path in self._written) and path.is_file()

    def is_earlier(self, path: Path) -> bool:
        """Whether a file is of an earlier comparison."""
        return path not in self._written

    def write(self, path: Path, write: Callable[[Path], object]) -> None:
        """Write a file, whole or not at all."""
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(path, write)
        self._written.add(path)


class CachedFits:
    """Ranks and lyric features under a name that says everything they depend on.

    Parameters
    ----------
    keep : FitCache, path or None
        Where they are.
    fingerprint : str
        The songs'.
    about : mapping
        What all that is kept has in common: the folds, the versions, what makes the lyric features.

    Attributes
    ----------
    earlier : int
        How many ranks and features of earlier comparisons were taken.

    Examples
    --------
    >>> import tempfile
    >>> kept = CachedFits(tempfile.mkdtemp(), fingerprint="abc")
    >>> kept.put_features(np.arange(3.0), fold=0)
    >>> kept.features(fold=0), kept.features(fold=1)
    (array([0., 1., 2.]), None)
    """

    def __init__(self, keep: FitCache | Path | str | None, fingerprint: str, **about: Any) -> None:
        self._keep = keep if isinstance(keep, FitCache) else FitCache(keep)
        self._folder = None if self._keep.folder is None else self._keep.folder / fingerprint
        self._about = about
        self.earlier = 0

    def ranks(self, **what: Any) -> "tuple[DataFrame, float] | None":
        """Ranks and seconds of a fit that was kept, or None; ``what`` as in `put_ranks`."""
        from pyarrow import ArrowException, parquet

        path = self._path("parquet", what)
        if path is None or not self._keep.offers(path):
            return None
        try:
            table = parquet.ParquetFile(path).read()
            found = table.to_pandas(), float(table.schema.metadata[b"seconds"])
        except (ArrowException, OSError, KeyError, ValueError, TypeError):
            return None  # damaged: it is computed again
        self.earlier += self._keep.is_earlier(path)
        return found

    def put_ranks(self, ranks: "DataFrame", seconds: float, **what: Any) -> None:
        """Keep the ranks of one fit and how long it took."""
        import pyarrow
        from pyarrow import parquet

        path = self._path("parquet", what)
        if path is None:
            return
        table = pyarrow.Table.from_pandas(ranks, preserve_index=False)
        table = table.replace_schema_metadata({**(table.schema.metadata or {}), b"seconds": str(seconds).encode()})
        self._keep.write(path, lambda part: parquet.write_table(table, part))

    def features(self, **what: Any) -> NDArray[Any] | None:
        """Lyric features that were kept, or None."""
        path = self._path("npy", what)
        if path is None or not self._keep.offers(path):
            return None
        try:
            found: NDArray[Any] = np.load(path, allow_pickle=False)
        except (OSError, ValueError, EOFError):
            return None
        self.earlier += self._keep.is_earlier(path)
        return found

    def put_features(self, features: NDArray[Any], **what: Any) -> None:
        """Keep lyric features."""
        path = self._path("npy", what)
        if path is not None:
            self._keep.write(path, lambda part: np.save(part, features))

    def _path(self, ending: str, what: dict[str, Any]) -> Path | None:
        # What cannot be told is not known again.
        if self._folder is None or None in what.values():
            return None
        key = json.dumps([FORMAT, self._about, what], sort_keys=True)
        return self._folder / f"{hashlib.sha256(key.encode()).hexdigest()[:24]}.{ending}"


class ComparisonCache:
    """What one comparison keeps and finds again: the ranks of its fits, and lyric features.

    Parameters
    ----------
    store : FitCache
    methods : mapping of str to ComparedMethod
    dataset : Dataset
    text_features : callable or None
        Makes the lyric features.
    **about
        What all that is kept has in common.
    """

    def __init__(
        self,
        store: FitCache,
        methods: Mapping[str, ComparedMethod],
        dataset: Dataset,
        text_features: Any,
        **about: Any,
    ) -> None:
        self._store = store
        self._fits = CachedFits(store, dataset.fingerprint, **about)
        # Lyric features, which another description of the sound does not change.
        self._words = CachedFits(store, dataset.words_fingerprint, **about)
        keeps = store.folder is not None
        self._lyrics = _lyrics_key(dataset, text_features) if keeps else None
        self._keys = _method_keys(methods, dataset, self._lyrics) if keeps else {}

    def ranks(self, fit: Fit, components: Sequence[int]) -> "tuple[DataFrame, float] | None":
        """Ranks and seconds of a fit that was kept, or None."""
        return self._fits.ranks(**self._what(fit, components))

    def put_ranks(self, fit: Fit, components: Sequence[int], ranks: "DataFrame", seconds: float) -> None:
        """Keep the ranks of a fit and how long it took."""
        self._fits.put_ranks(ranks, seconds, **self._what(fit, components))

    def features(self, seed: int, fold: int) -> NDArray[Any] | None:
        """Lyric features of a fold that were kept, or None."""
        # In the second place they stood before there was more than one description of the sound.
        for kept in (self._words, self._fits):
            view = kept.features(seed=seed, fold=fold, lyrics=self._lyrics)
            if view is not None:
                return view
        return None

    def put_features(self, seed: int, fold: int, features: NDArray[Any]) -> None:
        """Keep the lyric features of a fold."""
        self._words.put_features(features, seed=seed, fold=fold, lyrics=self._lyrics)

    def notes(self, fits: int) -> list[str]:
        """What a reader of that many fits must know: what was not computed anew, and what could not be kept."""
        if self._store.own or self._store.folder is None:
            return []
        notes = []
        if self._fits.earlier:
            notes.append(
                f"{self._fits.earlier} of {fits} fits are those of an earlier run, kept in {self._store.folder}; with "
                "--fresh (fresh=True) all are done anew."
            )
        untold = [name for name, key in self._keys.items() if None in key]
        if untold:
            notes.append(
                f"Not kept: the fits of {', '.join(untold)}, because their settings or code hold something whose "
                "content cannot be told, such as a lock or an open file."
            )
        return notes

    def _what(self, fit: Fit, components: Sequence[int]) -> dict[str, Any]:
        key = self._keys[fit.method]._asdict() if self._keys else {}
        return {"fit": fit[1:], "components": list(components), **key}


class _MethodKey(NamedTuple):
    """What a method's ranks depend on beside the songs, the fold and the versions; None where it cannot be told."""

    # Its content, and what it reads of the songs.
    method: str | None
    # The content of what makes the lyric features, where it reads them.
    lyrics: str | None


def _method_keys(methods: Mapping[str, ComparedMethod], dataset: Dataset, lyrics: str | None) -> dict[str, _MethodKey]:
    seen = {view: dataset.view_fingerprint(view) for view in audio_views(methods.values()) - {"audio"}}
    keys: dict[str, _MethodKey] = {}
    for name, method in methods.items():
        known = content(method.estimator)
        own = " ".join(seen[view] for view in method.audio_views if view in seen)
        keys[name] = _MethodKey(known and f"{known} {own}", lyrics if "features" in method.lyrics_views else "")
    return keys


def _lyrics_key(dataset: Dataset, text_features: Any) -> str | None:
    """The content of what makes lyric features: "" for the usual and for given ones; None where it cannot be told."""
    return "" if dataset.texts is None or text_features is None else content(text_features)
