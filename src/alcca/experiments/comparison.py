"""What a comparison consists of: its protocol, and what all of its fits are made of."""

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
    """Which fits a comparison does, in numbers that `alcca.experiments.asked.asked_for` has checked.

    Parameters
    ----------
    folds : int
    seeds : tuple of int
    shuffled_control : bool
        Whether each fit is done also on shuffled pairs.
    slow_after : float or None
        Seconds. A method whose fits take longer is measured with the first seed alone.
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
    """What the fits of a comparison are made of.

    Parameters
    ----------
    methods : mapping of str to ComparedMethod
        By name.
    songs : Songs
    features : mapping of (seed, fold) to array or None
        Lyric features of all songs; None where no method learns from them.
    rows : mapping of (seed, fold) to (train, test)
    components : sequence of int
        At which numbers of components the methods are ranked, rising.
    """

    methods: Mapping[str, ComparedMethod]
    songs: Songs
    features: Mapping[Place, Array | None]
    rows: Mapping[Place, tuple[Array, Array]]
    components: Sequence[int]
