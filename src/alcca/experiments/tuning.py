"""Which settings of methods a comparison tries inside each training fold, and by which measure it chooses.

`alcca.experiments.choosing` chooses.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, Self

import numpy as np

from alcca.errors import UsageError
from alcca.models.contract import default_grid, dimension_parameter, has_own_similarity
from alcca.models.settings import whole_number
from alcca.specification import Specification, split_outside_brackets, value_of

__all__ = ["MEASURES", "Candidates", "Tuning", "tuning_of"]

# Instance-level measures to choose by, the mean of both directions.
MEASURES = ("MRR1", "R@1", "R@5", "R@10")
OPTIONS = ("folds", "measure")
HOW = (
    "expected True, a grid for each method such as {'cca': {'ridge': [0.1, 1]}}, a text such as 'cca:ridge=0.1,1', or "
    "the path of a .toml file"
)


class Candidates(NamedTuple):
    """The settings that are tried for one method.

    Parameters
    ----------
    settings : tuple of dict
        At least one; each is of some of the method's settings.
    folds, measure
        As in `Tuning`.
    """

    settings: tuple[dict[str, Any], ...]
    folds: int
    measure: str

    @property
    def fits(self) -> int:
        """How many fits a choice needs, beside the final one."""
        return len(self.settings) * self.folds if len(self.settings) > 1 else 0


@dataclass(frozen=True, eq=False)
class Tuning:
    """How a comparison chooses settings: for every method by retrieval of songs held out of its training fold.

    Parameters
    ----------
    grids : mapping of str to grid, optional
        Grids by the name of the method, with its settings or without (``alcca`` for ``alcca:epochs=50``). A grid has
        values for each setting that it names, or is a list of such grids, as scikit-learn's `ParameterGrid` takes them;
        an empty one leaves the method as it is. Every other method gets its default grid
        (`alcca.models.contract.default_grid`).
    folds : int
        1 holds out one part, about a fifth of the training songs; 2 or more hold out that many parts in turn, which
        needs as many fits for each candidate. Groups stay whole.
    measure : {"MRR1", "R@1", "R@5", "R@10"}
        Of the held-out songs at the instance level, the mean of both directions.

    Raises
    ------
    UsageError
        A grid, the folds or the measure are none of these.

    Examples
    --------
    >>> from alcca.models.cca import CCA
    >>> Tuning({"cca": {"ridge": [0.1, 1.0]}}).candidates("cca", CCA()).settings
    ({'ridge': 0.1}, {'ridge': 1.0})
    """

    grids: Mapping[str, Any] = field(default_factory=dict)
    folds: int = 1
    measure: str = MEASURES[0]

    def __post_init__(self) -> None:
        whole_number("tune: folds", self.folds, 1)
        if not (isinstance(self.measure, str) and self.measure in MEASURES):
            raise UsageError(f"tune: measure={self.measure!r}: expected one of {', '.join(MEASURES)}")
        if not isinstance(self.grids, Mapping):
            raise UsageError(f"tune: grids={self.grids!r}: expected a mapping of names of methods to grids")
        expanded = {str(name): _expanded(str(name), grid) for name, grid in self.grids.items()}
        # The class is frozen only after its construction.
        object.__setattr__(self, "_expanded", expanded)

    def candidates(self, name: str, estimator: Any) -> Candidates | None:
        """The settings to try for a method; None if there is nothing to choose.

        Raises
        ------
        UsageError
            The method has no such setting, or the comparison sets it.
        """
        key = self._key(name)
        if key is None:
            found = _expanded(name, default_grid(estimator))
        else:
            found = self._expanded[key]  # type: ignore[attr-defined]
            _check_names(name, estimator, {setting for settings in found for setting in settings})
        return Candidates(found, self.folds, self.measure) if any(found) else None

    def check_methods(self, names: Sequence[str]) -> None:
        """Refuse grids of methods that are not compared. Raises UsageError."""
        used = {self._key(name) for name in names}
        for name in self.grids:
            if name not in used:
                raise UsageError(f"tune: {name!r} is not compared; the methods are {', '.join(names)}")

    def for_rows(self, methods: Mapping[str, str]) -> "Tuning":
        """The same for a comparison whose methods have other names: ``methods`` has the name here of each of them."""
        keys = {row: self._key(name) for row, name in methods.items()}
        grids = {row: self.grids[key] for row, key in keys.items() if key is not None}
        return Tuning(grids, self.folds, self.measure)

    def to_dict(self) -> dict[str, Any]:
        """Return everything as one mapping, which `tuning_of` reads: folds, measure, and the grid of each method."""
        return {"folds": int(self.folds), "measure": self.measure, **self.grids}

    def _key(self, name: str) -> str | None:
        """The name under which the grid of a method is given: its own, or that without its settings."""
        if name in self.grids:
            return name
        written = Specification.of(name)
        bare = ":".join((written.name, *written.arguments))
        return bare if bare in self.grids else None

    @classmethod
    def of(cls, table: Mapping[str, Any]) -> Self:
        """Read the result of `to_dict`. Raises UsageError."""
        options = {name: table[name] for name in OPTIONS if name in table}
        return cls({name: grid for name, grid in table.items() if name not in OPTIONS}, **options)


def tuning_of(tune: Any) -> Tuning | None:
    """Read the argument ``tune`` of a comparison.

    Parameters
    ----------
    tune : bool, None, mapping, text, path, list of texts and paths, or Tuning
        True: each method has its default grid. A mapping has a grid for each method that it names, and may have
        ``folds`` and ``measure``, as in `Tuning`; so does a TOML file, in which each method is a table. A text is the
        path of such a file, or ``METHOD:setting=value,value:setting=value,value``, ``folds=N`` or ``measure=NAME``.

    Returns
    -------
    Tuning or None
        None for None and False.

    Raises
    ------
    UsageError
        It is none of these, or the file cannot be read.

    Examples
    --------
    >>> tuning_of(["cca:ridge=(10, 1),(100, 10)", "folds=5"]).to_dict()
    {'folds': 5, 'measure': 'MRR1', 'cca': {'ridge': [(10, 1), (100, 10)]}}
    """
    if tune is None or isinstance(tune, bool | np.bool_):
        return Tuning() if tune else None
    if isinstance(tune, Tuning):
        return tune
    if isinstance(tune, Mapping):
        return Tuning.of(tune)
    several = tune if isinstance(tune, list | tuple) else [tune]
    if not several or not all(isinstance(one, str | os.PathLike) for one in several):
        raise UsageError(f"tune={tune!r}: {HOW}")
    table: dict[str, Any] = {}
    for one in several:
        table |= _read(os.fspath(one))
    return Tuning.of(table)


def _read(text: str) -> dict[str, Any]:
    if text.strip().lower().endswith(".toml"):
        return _read_toml(Path(text))
    name, equals, value = text.partition("=")
    if equals and name.strip() in OPTIONS:
        return {name.strip(): value_of(value)}
    written = Specification.of(text)
    if not written.settings:
        raise UsageError(f"tune={text!r}: {HOW}; on the command line, DATA stands before --tune")
    grid = {
        setting: [value_of(value) for value in split_outside_brackets(values, ",") if value.strip()]
        for setting, values in written.settings.items()
    }
    return {":".join((written.name, *written.arguments)): grid}


def _read_toml(path: Path) -> dict[str, Any]:
    import tomllib

    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"tune={str(path)!r}: cannot be read as TOML ({error})") from error
    return {name: _with_tuples(grid) if isinstance(grid, dict | list) else grid for name, grid in table.items()}


def _with_tuples(grid: Any) -> Any:
    """A grid of TOML, which has no tuples, with those that settings expect: pairs of ridges, widths of layers."""
    if isinstance(grid, list):
        return [_with_tuples(one) for one in grid]
    if not isinstance(grid, dict):
        return grid
    return {
        name: [_tuple(value) for value in values] if isinstance(values, list) else values
        for name, values in grid.items()
    }


def _tuple(value: Any) -> Any:
    return tuple(map(_tuple, value)) if isinstance(value, list) else value


def _expanded(name: str, grid: Any) -> tuple[dict[str, Any], ...]:
    """The combinations of a grid, in its order. Raises UsageError."""
    from sklearn.model_selection import ParameterGrid

    several = [grid] if isinstance(grid, Mapping) else grid
    is_grid = isinstance(several, list | tuple) and all(
        isinstance(one, Mapping) and all(isinstance(setting, str) for setting in one) for one in several
    )
    if not is_grid:
        raise UsageError(f"tune: {name}: {grid!r}: expected values for each setting, such as {{'ridge': [0.1, 1]}}")
    try:
        found = list(ParameterGrid(list(several)))
    except (TypeError, ValueError) as error:
        raise UsageError(f"tune: {name}: {' '.join(str(error).split())}; give a list of values") from error
    return tuple({setting: _python(value) for setting, value in settings.items()} for settings in found)


def _python(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value


def _check_names(name: str, estimator: Any, settings: set[str]) -> None:
    known = sorted(estimator.get_params())
    unknown = sorted(settings - set(known))
    if unknown:
        raise UsageError(f"tune: {name} has no setting {', '.join(unknown)}; it has {', '.join(known) or 'none'}")
    # A method with its own similarity keeps its own dimension.
    dimension = None if has_own_similarity(estimator) else dimension_parameter(estimator)
    given = {"components": dimension, "seed": next((s for s in settings if s.split("__")[-1] == "random_state"), None)}
    for argument, setting in given.items():
        if setting in settings:
            raise UsageError(f"tune: {name}: the comparison sets {setting} ({argument}); leave it out of the grid")
