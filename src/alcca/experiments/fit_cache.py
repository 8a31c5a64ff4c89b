"""Finished fits on disk, so that an interrupted comparison can resume."""

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

# Increase it when the format of the files changes; older files are then ignored.
FORMAT = 2


class FitCache:
    """The folder in which a comparison keeps its finished fits, and finds those of earlier ones.

    Parameters
    ----------
    folder : path, optional
        Made with the first file. Without it nothing is kept and nothing is found.
    fresh : bool
        Ignore, and replace, files that are older than this comparison.
    own : bool
        Only this comparison uses the folder.
    """

    def __init__(self, folder: Path | str | None, *, fresh: bool = False, own: bool = False) -> None:
        self.folder = None if folder is None else Path(folder)
        self.own = own
        self._fresh = fresh
        self._written: set[Path] = set()

    def offers(self, path: Path) -> bool:
        """Whether a file exists and may be used."""
        return (not self._fresh or path in self._written) and path.is_file()

    def is_earlier(self, path: Path) -> bool:
        """Whether a file is from an earlier comparison."""
        return path not in self._written

    def write(self, path: Path, write: Callable[[Path], object]) -> None:
        """Write a file, whole or not at all."""
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(path, write)
        self._written.add(path)


class CachedFits:
    """Ranks and lyric features, under keys that contain everything they depend on.

    Parameters
    ----------
    keep : FitCache, path or None
        Their folder.
    fingerprint : str
        The songs'.
    about : mapping
        The part of all keys that is the same: the folds, the versions, the maker of the lyric features.

    Attributes
    ----------
    earlier : int
        The number of ranks and features that were taken from earlier comparisons.

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
        """Return the kept ranks and seconds of a fit, or None; ``what`` as in `put_ranks`."""
        from pyarrow import ArrowException, parquet

        path = self._path("parquet", what)
        if path is None or not self._keep.offers(path):
            return None
        try:
            table = parquet.ParquetFile(path).read()
            kept = table.to_pandas(), float(table.schema.metadata[b"seconds"])
        except (ArrowException, OSError, KeyError, ValueError, TypeError):
            return None  # damaged; it is computed again
        self.earlier += self._keep.is_earlier(path)
        return kept

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
        """Return kept lyric features, or None."""
        path = self._path("npy", what)
        if path is None or not self._keep.offers(path):
            return None
        try:
            kept: NDArray[Any] = np.load(path, allow_pickle=False)
        except (OSError, ValueError, EOFError):
            return None
        self.earlier += self._keep.is_earlier(path)
        return kept

    def put_features(self, features: NDArray[Any], **what: Any) -> None:
        """Keep lyric features."""
        path = self._path("npy", what)
        if path is not None:
            self._keep.write(path, lambda part: np.save(part, features))

    def _path(self, ending: str, what: dict[str, Any]) -> Path | None:
        # Content that cannot be determined has no key.
        if self._folder is None or None in what.values():
            return None
        key = json.dumps([FORMAT, self._about, what], sort_keys=True)
        return self._folder / f"{hashlib.sha256(key.encode()).hexdigest()[:24]}.{ending}"


class ComparisonCache:
    """The kept ranks and lyric features of one comparison.

    Parameters
    ----------
    store : FitCache
    methods : mapping of str to ComparedMethod
    dataset : Dataset
    text_features : callable or None
        Makes the lyric features.
    **about
        As in `CachedFits`.
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
        # Lyric features, which do not depend on the audio.
        self._words = CachedFits(store, dataset.words_fingerprint, **about)
        keeps = store.folder is not None
        self._lyrics = _lyrics_key(dataset, text_features) if keeps else None
        self._keys = _method_keys(methods, dataset, self._lyrics) if keeps else {}

    def ranks(self, fit: Fit, components: Sequence[int]) -> "tuple[DataFrame, float] | None":
        """Return the kept ranks and seconds of a fit, or None."""
        return self._fits.ranks(**self._what(fit, components))

    def put_ranks(self, fit: Fit, components: Sequence[int], ranks: "DataFrame", seconds: float) -> None:
        """Keep the ranks of a fit and how long it took."""
        self._fits.put_ranks(ranks, seconds, **self._what(fit, components))

    def features(self, seed: int, fold: int) -> NDArray[Any] | None:
        """Return the kept lyric features of a fold, or None."""
        # Older versions kept them beside the fits.
        for kept in (self._words, self._fits):
            view = kept.features(seed=seed, fold=fold, lyrics=self._lyrics)
            if view is not None:
                return view
        return None

    def put_features(self, seed: int, fold: int, features: NDArray[Any]) -> None:
        """Keep the lyric features of a fold."""
        self._words.put_features(features, seed=seed, fold=fold, lyrics=self._lyrics)

    def notes(self, fits: int) -> list[str]:
        """Notes for a reader of that many fits: on fits that were taken from earlier runs, and on those not kept."""
        if self._store.own or self._store.folder is None:
            return []
        notes = []
        if self._fits.earlier:
            notes.append(
                f"{self._fits.earlier} of {fits} fits are from an earlier run, kept in {self._store.folder}; --fresh "
                "(fresh=True) repeats them all."
            )
        without_key = [name for name, key in self._keys.items() if None in key]
        if without_key:
            notes.append(
                f"Not kept: the fits of {', '.join(without_key)}, because their settings or code hold an object whose "
                "content cannot be determined, such as a lock or an open file."
            )
        return notes

    def _what(self, fit: Fit, components: Sequence[int]) -> dict[str, Any]:
        key = self._keys[fit.method]._asdict() if self._keys else {}
        return {"fit": fit[1:], "components": list(components), **key}


class _MethodKey(NamedTuple):
    """The part of a fit's key that depends on the method; None for content that cannot be determined."""

    # Its content, and the fingerprints of its views.
    method: str | None
    # The content of the maker of lyric features, if the method reads them.
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
    """The content of the maker of lyric features: "" for the default and for given features; None if unknown."""
    return "" if dataset.texts is None or text_features is None else content(text_features)
