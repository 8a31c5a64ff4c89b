"""A comparison: its protocol, and the input of its fits."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from alcca.experiments.compared_method import ComparedMethod
from alcca.experiments.fitting import Songs
from alcca.experiments.rank_tables import Fit

__all__ = ["Comparison", "Protocol"]

Array = NDArray[Any]
Place = tuple[int, int]  # seed and fold


@dataclass(frozen=True)
class Protocol:
    """The protocol of a comparison, in numbers that `alcca.experiments.asked.asked_for` has checked.

    Parameters
    ----------
    folds : int
    seeds : tuple of int
    shuffled_control : bool
        Whether each fit is also done on shuffled pairs.
    slow_after : float or None
        Seconds. A method whose fits take longer is measured only with the first seed.
    """

    folds: int
    seeds: tuple[int, ...]
    shuffled_control: bool
    slow_after: float | None

    def fits(self, methods: Iterable[str], seeds: Iterable[int]) -> list[Fit]:
        """The fits of methods with seeds, fold by fold."""
        names, controls = list(methods), (False, True) if self.shuffled_control else (False,)
        return [
            Fit(name, control, fold, seed)
            for seed in seeds for fold in range(self.folds) for name in names for control in controls
        ]  # fmt: skip


@dataclass(frozen=True, eq=False)
class Comparison:
    """The input of the fits of a comparison.

    Parameters
    ----------
    methods : mapping of str to ComparedMethod
        By name.
    songs : Songs
    features : mapping of (seed, fold) to array or None
        Lyric features of all songs; None if no method learns from them.
    rows : mapping of (seed, fold) to (train, test)
    components : sequence of int
        The numbers of components at which the methods are ranked, ascending.
    """

    methods: Mapping[str, ComparedMethod]
    songs: Songs
    features: Mapping[Place, Array | None]
    rows: Mapping[Place, tuple[Array, Array]]
    components: Sequence[int]
