"""Finished fits on disk, so that an interrupted comparison can resume."""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from alcca.experiments.compared_method import ComparedMethod, audio_views
from alcca.experiments.dataset import Dataset
from alcca.experiments.fold_scores import FoldScores, read_scores, write_scores
from alcca.experiments.keys import Keys
from alcca.experiments.rank_tables import Fit
from alcca.persistence import replace_file

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = ["CachedFits", "ComparisonCache", "FitCache"]

# The ending of files of scores.
SCORES = "scores.npz"


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


class Kept(NamedTuple):
    """The kept result of one fit: its ranks, its time, and what it chose (`alcca.experiments.choosing.Choice`)."""

    ranks: "DataFrame"
    seconds: float
    choice: dict[str, Any] | None


class CachedFits:
    """Ranks and lyric features of the same songs, under keys of `alcca.experiments.keys`.

    Parameters
    ----------
    keep : FitCache, path or None
        Their folder.
    fingerprint : str or None
        The songs'. None if their content cannot be determined; nothing is then kept.

    Attributes
    ----------
    earlier : int
        The number of ranks and features that were taken from earlier comparisons.

    Examples
    --------
    >>> import tempfile
    >>> kept = CachedFits(tempfile.mkdtemp(), "songs")
    >>> kept.put_features(np.arange(3.0), "key")
    >>> kept.features("key"), kept.features("another")
    (array([0., 1., 2.]), None)
    """

    def __init__(self, keep: FitCache | Path | str | None, fingerprint: str | None) -> None:
        self._keep = keep if isinstance(keep, FitCache) else FitCache(keep)
        known = self._keep.folder is not None and fingerprint is not None
        self._folder = self._keep.folder / fingerprint if known else None  # type: ignore[operator]  # both are known
        self.earlier = 0

    def ranks(self, key: str | None) -> Kept | None:
        """Return the kept result of a fit, or None."""
        from pyarrow import ArrowException, parquet

        path = self._path("parquet", key)
        if path is None or not self._keep.offers(path):
            return None
        try:
            table = parquet.ParquetFile(path, page_checksum_verification=True).read()
            about = table.schema.metadata
            kept = Kept(table.to_pandas(), float(about[b"seconds"]), json.loads(about.get(b"choice", b"null")))
        except (ArrowException, OSError, KeyError, ValueError, TypeError):
            return None  # damaged; it is computed again
        self.earlier += self._keep.is_earlier(path)
        return kept

    def put_ranks(
        self, ranks: "DataFrame", seconds: float, key: str | None, choice: dict[str, Any] | None = None
    ) -> None:
        """Keep the ranks of one fit, how long it took, and what it chose."""
        import pyarrow
        from pyarrow import parquet

        path = self._path("parquet", key)
        if path is None:
            return
        table = pyarrow.Table.from_pandas(ranks, preserve_index=False)
        about = {b"seconds": str(seconds).encode(), b"choice": json.dumps(choice).encode()}
        table = table.replace_schema_metadata({**(table.schema.metadata or {}), **about})
        self._keep.write(path, lambda part: parquet.write_table(table, part, write_page_checksum=True))

    def scores(self, key: str | None) -> FoldScores | None:
        """Return the kept scores of a fit, or None."""
        path = self._path(SCORES, key)
        return None if path is None or not self._keep.offers(path) else read_scores(path)

    def put_scores(self, scores: FoldScores, key: str | None) -> None:
        """Keep the scores of a fit."""
        path = self._path(SCORES, key)
        if path is not None:
            self._keep.write(path, lambda part: write_scores(part, scores))

    def features(self, key: str | None) -> NDArray[Any] | None:
        """Return kept lyric features, or None."""
        path = self._path("npy", key)
        if path is None or not self._keep.offers(path):
            return None
        try:
            kept: NDArray[Any] = np.load(path, allow_pickle=False)
        except (OSError, ValueError, EOFError):
            return None
        self.earlier += self._keep.is_earlier(path)
        return kept

    def put_features(self, features: NDArray[Any], key: str | None) -> None:
        """Keep lyric features."""
        path = self._path("npy", key)
        if path is not None:
            self._keep.write(path, lambda part: np.save(part, features))

    def _path(self, ending: str, key: str | None) -> Path | None:
        # Content that cannot be determined has no key.
        return None if self._folder is None or key is None else self._folder / f"{key}.{ending}"


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
        As in `alcca.experiments.keys.Keys`.
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
        keeps = store.folder is not None
        self._keys = _keys(methods, dataset, text_features, **about) if keeps else None
        songs = dataset.fingerprint if keeps else None
        self._unknown = list(methods) if self._keys is None or songs is None else self._keys.unknown
        self._fits = CachedFits(store, songs)
        # Lyric features, which do not depend on the audio.
        self._words = CachedFits(store, dataset.words_fingerprint if keeps else None)

    def ranks(self, fit: Fit, components: Sequence[int]) -> Kept | None:
        """Return the kept result of a fit, or None."""
        return self._fits.ranks(self._ranks_key(fit, components))

    def put_ranks(
        self,
        fit: Fit,
        components: Sequence[int],
        ranks: "DataFrame",
        seconds: float,
        choice: dict[str, Any] | None = None,
    ) -> None:
        """Keep the ranks of a fit, how long it took, and what it chose."""
        self._fits.put_ranks(ranks, seconds, self._ranks_key(fit, components), choice)

    def scores(self, fit: Fit, components: Sequence[int]) -> FoldScores | None:
        """Return the kept scores of a fit, or None."""
        return self._fits.scores(self._ranks_key(fit, components))

    def put_scores(self, fit: Fit, components: Sequence[int], scores: FoldScores) -> None:
        """Keep the scores of a fit."""
        self._fits.put_scores(scores, self._ranks_key(fit, components))

    def features(self, seed: int, fold: int) -> NDArray[Any] | None:
        """Return the kept lyric features of a fold, or None."""
        return self._words.features(self._features_key(seed, fold))

    def put_features(self, seed: int, fold: int, features: NDArray[Any]) -> None:
        """Keep the lyric features of a fold."""
        self._words.put_features(features, self._features_key(seed, fold))

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
        if self._unknown:
            notes.append(
                f"Not kept: the fits of {', '.join(self._unknown)}, because their settings, their code or the songs' "
                "labels hold an object whose content cannot be determined, such as a lock or an open file, or code "
                "from a notebook or a prompt; move that code to a .py file to keep its fits."
            )
        return notes

    def _ranks_key(self, fit: Fit, components: Sequence[int]) -> str | None:
        return None if self._keys is None else self._keys.ranks(fit, components)

    def _features_key(self, seed: int, fold: int) -> str | None:
        return None if self._keys is None else self._keys.features(seed, fold)


def _keys(methods: Mapping[str, ComparedMethod], dataset: Dataset, text_features: Any, **about: Any) -> Keys:
    seen = {view: dataset.view_fingerprint(view) for view in audio_views(methods.values()) - {"audio"}}
    described = {
        name: (_learner(method), [seen[view] for view in method.audio_views if view in seen])
        for name, method in methods.items()
    }
    reading = [name for name, method in methods.items() if method.reads("features")]
    return Keys(described, None if dataset.texts is None else text_features, reading, **about)


def _learner(method: ComparedMethod) -> Any:
    """The content that decides what a method learns: its estimator, and the settings that it chooses from."""
    return method.estimator if method.candidates is None else (method.estimator, tuple(method.candidates))
