"""Tables of ranks, of one fit and of all fits."""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from pandas import DataFrame


__all__ = ["HUB_NEIGHBOURS", "MORE_MEASURES", "Failure", "Fit", "compact", "fit_frame", "ranks_frame"]

# Measures of queries at the category level, and of their fold at the instance level; NaN at the other level.
MORE_MEASURES = ("average_precision", "average_precision_at_r", "ndcg", "hubness")
# Hubness is the skewness of how often a song is among so many nearest ones of a query.
HUB_NEIGHBOURS = 10


def fit_frame(records: Iterable[Mapping[str, Any]]) -> "DataFrame":
    """Put the ranks of one fit into a table.

    Its columns are components, direction, level, query, rank, pool, relevant, probability and `MORE_MEASURES`.

    Parameters
    ----------
    records : iterable of mapping
        Each with components, direction, level, pool and the arrays query, rank, relevant; the array probability, of a
        method that says how certain it is; and those of `MORE_MEASURES` that its level has.
    """
    import pandas as pd

    frame = pd.concat([pd.DataFrame(dict(record)) for record in records], ignore_index=True)
    whole = dict.fromkeys(["components", "query", "rank", "pool", "relevant"], np.int32)
    measures = ["probability", *MORE_MEASURES]
    frame = frame.assign(**{name: frame.get(name, np.nan) for name in measures})
    return frame.astype({**whole, **dict.fromkeys(measures, np.float32)})


def ranks_frame(
    parts: Iterable[tuple["Fit", "DataFrame"]],
    groups: NDArray[np.integer],
    labels: Sequence[Hashable] | None,
    ids: Sequence[str],
) -> "DataFrame":
    """Put the ranks of all fits into one table, the `Results.ranks`.

    Parameters
    ----------
    parts : iterable of (Fit, DataFrame)
        With tables from `fit_frame`.
    groups : (n,) array of int
        The group of each song of the data set.
    labels : sequence of n, optional
        The label of each song, or None.
    ids : sequence of n str
    """
    import pandas as pd

    frame = pd.concat([part.assign(**fit._asdict()) for fit, part in parts], ignore_index=True)
    frame["group"] = groups[frame["query"].to_numpy()]
    frame["label"] = _label_codes(labels, len(groups))[frame["query"].to_numpy()]
    # Categories instead of one text a row, as a comparison has millions of rows.
    codes, names = pd.factorize(np.array(ids, dtype=object))
    frame["song"] = pd.Categorical.from_codes(codes[frame["query"].to_numpy()].tolist(), pd.Index(names))
    columns = [
        "method", "control", "fold", "seed", "components", "direction", "level",
        "query", "song", "group", "label", "rank", "pool", "relevant", "probability", *MORE_MEASURES,
    ]  # fmt: skip
    return compact(frame[columns])


def compact(frame: "DataFrame") -> "DataFrame":
    """Store repeated texts once, and numbers in four bytes; `MORE_MEASURES` that are missing become NaN."""
    texts = ["method", "direction", "level", "song"]
    numbers = ["fold", "seed", "components", "query", "group", "label", "rank", "pool", "relevant"]
    lacking = {name: np.float32(np.nan) for name in MORE_MEASURES if name not in frame}
    return frame.assign(**lacking).astype({**dict.fromkeys(texts, "category"), **dict.fromkeys(numbers, np.int32)})


def _label_codes(labels: Sequence[Hashable] | None, n: int) -> NDArray[np.int64]:
    """Number the labels in the order of their first songs; -1 for songs without a label."""
    codes: dict[Hashable, int] = {None: -1}
    return np.array([codes.setdefault(label, len(codes) - 1) for label in labels or [None] * n], dtype=np.int64)


class Fit(NamedTuple):
    """A fit of a comparison: a method, or (control) the method on shuffled pairs, in a fold of a seed."""

    method: str
    control: bool
    fold: int
    seed: int

    @property
    def place(self) -> tuple[int, int]:
        """Seed and fold, which all methods share."""
        return self.seed, self.fold

    def __str__(self) -> str:
        return f"{self.method}{' on shuffled pairs' if self.control else ''} (fold {self.fold}, seed {self.seed})"


class Failure(NamedTuple):
    """A fit that failed, and the reason."""

    method: str
    control: bool
    fold: int
    seed: int
    reason: str

    def __str__(self) -> str:
        shuffled = " on shuffled pairs" if self.control else ""
        return f"{self.method}{shuffled} failed in fold {self.fold}: {self.reason}"
