"""Tables of ranks, of one fit and of all fits."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from pandas import DataFrame


__all__ = ["Failure", "Fit", "compact", "fit_frame", "ranks_frame"]


def fit_frame(records: Iterable[Mapping[str, Any]]) -> "DataFrame":
    """Put the ranks of one fit into a table: components, direction, level, query, rank, pool, relevant.

    Parameters
    ----------
    records : iterable of mapping
        Each with components, direction, level, pool and the arrays query, rank, relevant.
    """
    import pandas as pd

    frame = pd.concat([pd.DataFrame(dict(record)) for record in records], ignore_index=True)
    return frame.astype(dict.fromkeys(["components", "query", "rank", "pool", "relevant"], np.int32))


def ranks_frame(
    parts: Iterable[tuple["Fit", "DataFrame"]], groups: NDArray[np.integer], ids: Sequence[str]
) -> "DataFrame":
    """Put the ranks of all fits into one table, the `Results.ranks`.

    Parameters
    ----------
    parts : iterable of (Fit, DataFrame)
        With tables from `fit_frame`.
    groups : (n,) array of int
        The group of each song of the data set.
    ids : sequence of n str
    """
    import pandas as pd

    frame = pd.concat([part.assign(**fit._asdict()) for fit, part in parts], ignore_index=True)
    frame["group"] = groups[frame["query"].to_numpy()]
    # Categories instead of one text a row, as a comparison has millions of rows.
    codes, names = pd.factorize(np.array(ids, dtype=object))
    frame["song"] = pd.Categorical.from_codes(codes[frame["query"].to_numpy()].tolist(), pd.Index(names))
    columns = [
        "method", "control", "fold", "seed", "components", "direction", "level",
        "query", "song", "group", "rank", "pool", "relevant",
    ]  # fmt: skip
    return compact(frame[columns])


def compact(frame: "DataFrame") -> "DataFrame":
    """Store repeated texts once, and numbers in four bytes."""
    texts = ["method", "direction", "level", "song"]
    numbers = ["fold", "seed", "components", "query", "group", "rank", "pool", "relevant"]
    return frame.astype({**dict.fromkeys(texts, "category"), **dict.fromkeys(numbers, np.int32)})


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
