"""The results of a comparison: the rank of every query, and measures, intervals and tests computed from the ranks.

Per-query ranks are kept, not averages: intervals, chance and paired tests all come from the same table.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from alcca.errors import LibraryError, UsageError
from alcca.experiments.cell_measures import CATEGORY_MEASURES, HUBNESS, MEASURES, measured_table
from alcca.experiments.rank_tables import Failure, compact
from alcca.experiments.seed_spread import with_seed_spread
from alcca.experiments.statistics import GroupBootstrap, largest_p, standardised_differences
from alcca.persistence import plain, replace_file

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = ["AS_A_WHOLE", "DIRECTIONS", "FILES", "LEVELS", "MEASURES", "QUERY", "Results", "units_of"]

DIRECTIONS = ("audio", "lyrics")  # what the query is; the gallery is the other
LEVELS = ("instance", "category")
# The number of components of a method that has none, because it ranks by a similarity of its own.
AS_A_WHOLE = 0
CELL = ["method", "control", "components", "direction", "level"]
# The columns that say which query it is, and what it depends on.
QUERY = ["seed", "fold", "query", "group", "label"]
FILES = ("ranks.parquet", "summary.csv", "settings.json")
FORMAT = 4
# Format 3 lacks the columns of `alcca.experiments.rank_tables.MORE_MEASURES`, which are then NaN.
READABLE = (3, FORMAT)
STATE = b"alcca"  # the metadata key of ranks.parquet with settings, notes and failures


@dataclass(frozen=True, eq=False)
class Results:
    """The results of `alcca.cross_validate`.

    Parameters
    ----------
    ranks : DataFrame
        One row for each query and measurement: method, control (True: trained on shuffled pairs), fold, seed,
        components, direction ("audio": audio asks for lyrics), level ("instance" or "category"), query (row of the
        data set), song (its id), group, label (a number for each label; -1 is none), rank (1 is best), pool (size of
        the gallery), relevant (right items in it), probability (that the method's best song is right; NaN for methods
        that do not say it, and at category level); at the category level average_precision, average_precision_at_r and
        ndcg (of all songs of the label); at the instance level hubness (of the query's fold: the skewness of how often
        a song of the gallery is among the 10 nearest of a query). These four are NaN at the other level, and where an
        older version has measured.
        A method that ranks by a similarity of its own has 0 components.
    settings : mapping
        Data set, folds, seed, methods, versions.
    notes : tuple of str
        Notes for readers, such as what was left out, and why.
    failures : tuple of Failure
        Fits that failed. The ranks of their method, control and seed are left out.
    seconds : mapping of str to float
        Median time of one fit of each method, on its share of the processors.
    without_words : tuple of int, optional
        The songs (rows of the data set) whose transcript has no words; None if no song has been transcribed.
    """

    ranks: "DataFrame" = field(repr=False)
    settings: Mapping[str, Any]
    notes: tuple[str, ...] = ()
    failures: tuple[Failure, ...] = ()
    seconds: Mapping[str, float] = field(default_factory=dict)
    without_words: tuple[int, ...] | None = None

    @property
    def methods(self) -> list[str]:
        """The methods that were measured, in the order of the call."""
        ranks = self.ranks.loc[~self.ranks["control"].astype(bool), "method"]
        return [str(method) for method in ranks.unique()]

    @property
    def chosen(self) -> "DataFrame":
        """The settings that each fit chose, if they were tuned (`alcca.experiments.chosen.chosen_frame`)."""
        from alcca.experiments.chosen import chosen_frame

        return chosen_frame(self.settings, self.methods)

    def only(self, methods: Collection[str]) -> "Results":
        """Return the results of some methods, as if no others had been compared."""
        return replace(
            self,
            ranks=self.ranks[self.ranks["method"].isin(list(methods))].reset_index(drop=True),
            failures=tuple(failure for failure in self.failures if failure.method in methods),
            seconds={method: seconds for method, seconds in self.seconds.items() if method in methods},
        )

    def to_frame(self) -> "DataFrame":
        """Return the per-query ranks as a new DataFrame; the columns are those of `Results.ranks`."""
        return self.ranks.copy()

    def summary(self) -> "DataFrame":
        """Compute means with 95% intervals, beside chance and the shuffled pairs.

        Returns
        -------
        DataFrame
            One row for each method, number of components, direction and level: queries, pool (mean size), and for each
            measure M of MRR1, R@1, R@5, R@10 and median: M, M_low, M_high (bootstrap over groups of songs), M_chance
            (exact), M_shuffled, M_shuffled_low, M_shuffled_high (NaN without the control). Likewise mAP, mAP@R and
            nDCG, which are NaN at the instance level, where they are functions of the rank: mAP is MRR1, and mAP@R is
            R@1. Then hubness, hubness_chance and hubness_shuffled, NaN at the category level. Last seeds, their number,
            and M_seed_sd, M_seed_min, M_seed_max: standard deviation and range of M over seeds, NaN with one; the
            interval over songs does not contain this spread (`alcca.experiments.seed_spread`).
        """
        return self._summary.copy()

    def both_directions(self) -> "DataFrame":
        """Compute means over the queries of both directions, as cross-modal retrieval reports its mean mAP.

        Returns
        -------
        DataFrame
            The columns of `summary` but direction and the medians; one row for each method, number of components and
            level. queries are those of both directions; groups of songs are drawn with their queries of both.
        """
        return self._both_directions.copy()

    @cached_property
    def _summary(self) -> "DataFrame":
        measures = (*MEASURES, *CATEGORY_MEASURES, HUBNESS)
        return with_seed_spread(measured_table(self.ranks, CELL, MEASURES), self.ranks, measures)

    @cached_property
    def _both_directions(self) -> "DataFrame":
        table = measured_table(self.ranks, [name for name in CELL if name != "direction"], MEASURES[:-1])
        return with_seed_spread(table, self.ranks, (*MEASURES[:-1], *CATEGORY_MEASURES, HUBNESS))

    def compare(self, a: str, b: str | None = None, *, components: int | tuple[int, int] | None = None) -> "DataFrame":
        """Test whether method ``a`` and method ``b`` differ in MRR1 on the same queries.

        Parameters
        ----------
        a, b : str
            Names of methods. Without ``b``, ``a`` is compared with itself trained on shuffled pairs.
        components : int or (int, int), optional
            Of both, or of each. By default all numbers that both have.

        Returns
        -------
        DataFrame
            One row for each number of components, direction and level: components_a, components_b, MRR1_a, MRR1_b,
            difference (a - b), low, high (95%, bootstrap over groups), d_z (the difference over the standard deviation
            of the queries' differences, an effect size), p (two-sided paired randomisation test; songs of one group
            change sides together, at the category level also those of one label; no correction for several rows),
            queries. Queries of a seed that only one of both was measured with are left out.

        Raises
        ------
        UsageError
            A method is unknown, or there is no number of components at which both were measured.
        """
        import pandas as pd

        first, second = self._of(a, False), self._of(b or a, b is None)
        counts = [sorted(set(frame["components"])) for frame in (first, second)]
        if components is None:
            pairs = [(c, c) for c in counts[0] if c in counts[1]]
        else:
            pairs = [components if isinstance(components, Sequence) else (components, components)]
        bootstrap = GroupBootstrap(int(self.ranks["group"].max()) + 1)
        rows = []
        for ca, cb in pairs:
            for level in LEVELS:
                for direction in DIRECTIONS:
                    ranks_a, ranks_b = (
                        frame[
                            (frame["components"] == c) & (frame["direction"] == direction) & (frame["level"] == level)
                        ].set_index(QUERY)["rank"]
                        for frame, c in ((first, ca), (second, cb))
                    )
                    if not len(ranks_a) or not len(ranks_b):
                        continue
                    common = ranks_a.index.intersection(ranks_b.index)
                    if not len(common):
                        continue
                    ranks_a, ranks_b = ranks_a.reindex(common), ranks_b.reindex(common)
                    values = 1 / ranks_a, 1 / ranks_b
                    difference = (values[0] - values[1]).to_numpy()[:, None]
                    units = units_of(ranks_a.index, level)
                    low, high = bootstrap.mean(difference, units[0])
                    rows.append(
                        {
                            "a": a, "b": b or f"{a} (shuffled pairs)", "components_a": ca, "components_b": cb,
                            "direction": direction, "level": level,
                            "MRR1_a": values[0].mean(), "MRR1_b": values[1].mean(),
                            "difference": difference.mean(), "low": low[0], "high": high[0],
                            "d_z": standardised_differences(difference)[0],
                            "p": largest_p(difference, units)[0], "queries": len(ranks_a),
                        }
                    )  # fmt: skip
        if not rows:
            raise UsageError(
                f"{a} was measured at {counts[0]} components and {b or 'shuffled pairs'} at {counts[1]}, not at "
                f"{components or 'the same'}; pass components=(of a, of b)"
            )
        return pd.DataFrame(rows)

    def save(self, folder: Path | str) -> None:
        """Write ranks.parquet, which holds everything, and for readers summary.csv and settings.json to ``folder``.

        The folder is made if it is missing; its other files are not touched. Each file is written whole or not at all.

        Raises
        ------
        UsageError
            ``folder`` is a file.
        """
        import pyarrow
        from pyarrow import parquet

        folder = Path(folder)
        if folder.exists() and not folder.is_dir():
            raise UsageError(f"{folder} is a file; choose a folder for the results")
        state = {
            "format": FORMAT,
            "settings": dict(self.settings),
            "notes": list(self.notes),
            "failures": [failure._asdict() for failure in self.failures],
            "seconds": {method: round(seconds, 3) for method, seconds in self.seconds.items()},
            "without_words": self.without_words,
        }
        text = json.dumps(state, indent=2, ensure_ascii=False, default=plain)
        # Names of files that are not UTF-8 contain surrogates.
        written = text.encode("utf-8", "backslashreplace")
        table = pyarrow.Table.from_pandas(self.ranks, preserve_index=False)
        table = table.replace_schema_metadata({**(table.schema.metadata or {}), STATE: written})
        folder.mkdir(parents=True, exist_ok=True)
        replace_file(folder / FILES[1], lambda part: self._summary.to_csv(part, index=False))
        replace_file(folder / FILES[2], lambda part: part.write_bytes(written + b"\n"))
        replace_file(folder / FILES[0], lambda part: parquet.write_table(table, part, write_page_checksum=True))

    @classmethod
    def load(cls, folder: Path | str) -> "Results":
        """Read results that `save` wrote.

        Raises
        ------
        LibraryError
            The folder has no results, or damaged ones.
        """
        import pyarrow
        from pyarrow import parquet

        path = Path(folder) / FILES[0]
        if not path.is_file():
            raise LibraryError(f"{folder}: no saved results here ({FILES[0]} is missing)")
        try:
            with path.open("rb") as file:
                table = parquet.ParquetFile(file, page_checksum_verification=True).read()
            state = json.loads(table.schema.metadata[STATE])
            if state["format"] not in READABLE:
                raise LibraryError(f"{folder}: results of format {state['format']}, expected {FORMAT}; evaluate again")
            failures = tuple(Failure(**failure) for failure in state["failures"])
            ranks = compact(table.to_pandas())
            silent = state.get("without_words")  # missing in results of older versions
            silent = None if silent is None else tuple(silent)
            return cls(ranks, state["settings"], tuple(state["notes"]), failures, state["seconds"], silent)
        except (pyarrow.ArrowException, ValueError, KeyError, TypeError, OSError) as error:
            raise LibraryError(f"{folder}: the saved results are damaged ({error}); evaluate again") from error

    def _of(self, method: str, control: bool) -> "DataFrame":
        ranks = self.ranks
        known = sorted(set(ranks["method"]))
        if method not in known:
            raise UsageError(f"method {method!r} is not in these results; they have {', '.join(known)}")
        chosen = ranks[(ranks["method"] == method) & (ranks["control"] == control)]
        if chosen.empty:
            raise UsageError(f"{method} has no shuffled pairs here; cross_validate with shuffled_control=True")
        return chosen


def units_of(queries: Any, level: str) -> list[NDArray[np.int64]]:
    """The numbers of the units that change sides together in a paired test.

    Parameters
    ----------
    queries : MultiIndex
        Of the columns `QUERY`.
    level : str
        Groups at the instance level; groups, and labels, at the category level.
    """
    names = ["group"] if level == LEVELS[0] else ["group", "label"]
    return [queries.get_level_values(name).to_numpy() for name in names]
