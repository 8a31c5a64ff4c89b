"""One fit of one method in one fold: learn from the training songs, rank the test songs."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from alcca.errors import AlccaError, DataError
from alcca.experiments.dataset import Dataset
from alcca.experiments.results import DIRECTIONS, Fit, fit_frame
from alcca.retrieval import category_ranks, instance_ranks

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = ["TextFeatures", "fit_and_rank", "lyric_features", "make_doc2vec"]

Array = NDArray[Any]
# The names under which two-view estimators, ours and cca-zoo's, take the dimension of their common space.
DIMENSION_PARAMETERS = ("n_components", "latent_dimensions")


class TextFeatures(Protocol):
    """What turns lyrics into vectors: fitted on the texts of a training fold, applied to both folds."""

    def fit(self, texts: Sequence[str], /) -> Any:
        """Learn from texts."""

    def transform(self, texts: Sequence[str], /) -> Array:
        """Turn texts into an (n, q) array."""


def make_doc2vec(seed: int) -> TextFeatures:
    """Make the paper's lyric features, unfitted."""
    from alcca.features.doc2vec import Doc2VecFeatures

    return Doc2VecFeatures(random_state=seed)


def lyric_features(
    make: Callable[[], TextFeatures], fold: int, texts: Sequence[str], train: Array, test: Array
) -> Array:
    """Lyric features of all songs, learned from the training fold's texts.

    Raises
    ------
    DataError
        They failed; the message names the fold.
    """
    try:
        features = make()
        features.fit([texts[i] for i in train])
        parts = [np.asarray(features.transform([texts[i] for i in rows])) for rows in (train, test)]
    except Exception as error:
        raise DataError(f"lyric features failed in fold {fold}: {_reason(error)}") from error
    view = np.empty((len(texts), parts[0].shape[1]), dtype=parts[0].dtype)
    view[train], view[test] = parts
    return view


def fit_and_rank(
    fit: Fit, method: Any, dataset: Dataset, lyrics: Array, train: Array, test: Array, components: Sequence[int]
) -> "DataFrame | str":
    """Fit one method in one fold and rank every test query at every number of components.

    Returns
    -------
    DataFrame or str
        The ranks, as `fit_frame` makes them; or, where the method failed, the reason.
    """
    try:
        model, nested = _clone(method, components[-1], fit.seed)
        audio = dataset.audio_view(getattr(model, "audio_view", "audio"))
        labels = None if dataset.label is None else np.fromiter(dataset.label, dtype=object)
        pairs = train
        if fit.control:
            pairs = np.random.default_rng([fit.seed, fit.fold]).permutation(train)
        model.fit((audio[train], lyrics[pairs]), None if labels is None else labels[train])
        embedded = [np.asarray(view) for view in model.transform((audio[test], lyrics[test]))]
        depth = min(view.shape[1] for view in embedded)
        records: list[dict[str, Any]] = []
        for c in [c for c in components if c <= depth] if nested else [depth]:
            for direction, (queries, gallery) in zip(DIRECTIONS, ((0, 1), (1, 0)), strict=True):
                records += _ranked(
                    embedded[queries][:, :c], embedded[gallery][:, :c], labels, test,
                    {"components": c, "direction": direction},
                )  # fmt: skip
    except Exception as error:  # noqa: BLE001  # whatever a method raises is its result, not the end of the others
        return _reason(error)
    return fit_frame(records)


def _ranked(
    queries: Array, gallery: Array, labels: Array | None, test: Array, which: dict[str, Any]
) -> Iterator[dict[str, Any]]:
    pool = len(test)
    yield {
        **which, "level": "instance", "query": test, "rank": instance_ranks(queries, gallery),
        "pool": pool, "relevant": np.ones(pool, dtype=np.int64),
    }  # fmt: skip
    if labels is None:
        return
    own = labels[test].tolist()
    ranks, rows = category_ranks(queries, gallery, own, own)
    sizes = Counter(own)
    relevant = np.array([sizes[own[row]] for row in rows], dtype=np.int64)
    yield {**which, "level": "category", "query": test[rows], "rank": ranks, "pool": pool, "relevant": relevant}


def _clone(method: Any, components: int, seed: int) -> tuple[Any, bool]:
    """Clone a method for one fold; the flag says whether its columns are nested components."""
    from sklearn.base import clone

    model = clone(method)
    known = model.get_params(deep=False)
    dimension = next((name for name in DIMENSION_PARAMETERS if name in known), None)
    changes = {"random_state": seed} if "random_state" in known else {}
    model.set_params(**changes, **({dimension: components} if dimension else {}))
    return model, dimension is not None


def _reason(error: Exception) -> str:
    return str(error) if isinstance(error, AlccaError) else f"{type(error).__name__}: {error}"
