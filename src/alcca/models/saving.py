"""Fitted two-view estimators on disk, without pickle: ours, and those of other packages."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from alcca.errors import LibraryError, UsageError
from alcca.models.contract import keeps_contract
from alcca.models.processes import process_rank
from alcca.persistence.attributes import constructed, pack, put_back, unpack
from alcca.persistence.classes import check_findable, is_ours, keep_class, kept_class, making, package_of
from alcca.persistence.state import load_state, save_state

__all__ = ["check_storable", "load_model", "packages_of", "save_model"]

CLASS, FITTED = "class.json", "fitted"
# The packages of our estimators.
ROOMS = ("alcca.models", "alcca.matching")


def check_storable(model: Any) -> None:
    """Refuse an estimator that `load_model` could not read; called before a training, which takes long.

    Raises
    ------
    UsageError
        The class was made inside a function or a class, or in a script; or it is of another package and not a
        scikit-learn estimator, or its constructor needs settings that JSON has no type for.

    Examples
    --------
    >>> from alcca.models.cca import CCA
    >>> check_storable(CCA())
    """
    for part in _with_parts(model):
        kind = type(part)
        check_findable(kind)
        if is_ours(kind):
            continue
        if not keeps_contract(kind):
            raise UsageError(
                f"{kind.__qualname__} cannot be saved: it is not derived from scikit-learn's BaseEstimator with fit "
                "and transform; derive it, or take another method"
            )
        try:
            constructed(kind, part.get_params(deep=False))
        except Exception as error:
            raise UsageError(
                f"{kind.__qualname__} cannot be saved: its constructor needs more than numbers, texts and lists "
                f"({error}); give the settings defaults, or take another method"
            ) from error


def packages_of(model: Any) -> set[str]:
    """The packages, other than alcca, whose code `load_model` will run for an estimator.

    Examples
    --------
    >>> from alcca.models.cca import CCA
    >>> packages_of(CCA())
    set()
    """
    return {package_of(type(part)) for part in _with_parts(model) if not is_ours(type(part))}


def _with_parts(model: Any) -> list[Any]:
    """An estimator, and the estimators among its settings, also those in mappings, as of `Fused`."""
    settings = model.get_params(deep=True).values()
    inside = [one for value in settings for one in (value.values() if isinstance(value, Mapping) else [value])]
    return [model, *(value for value in inside if hasattr(value, "get_params") and not isinstance(value, type))]


def save_model(model: Any, folder: Path | str) -> None:
    """Write a fitted estimator to ``folder``: safetensors and JSON.

    Parameters
    ----------
    model : object
        One of ours; or one that follows scikit-learn's conventions (settings in ``get_params``, results of ``fit`` in
        attributes), if its attributes are numbers, texts, arrays, and lists, tuples and mappings of such.
    folder : path
        Made by this call. If several processes train together, only the first writes.

    Raises
    ------
    LibraryError
        An attribute is of another type; the message names it.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> from alcca.models.cca import CCA
    >>> views = np.eye(4), np.eye(4)[::-1]
    >>> folder = tempfile.mkdtemp() + "/model"
    >>> save_model(CCA(1, ridge=0.1).fit(views), folder)
    >>> load_model(folder).correlations_.shape
    (1,)
    """
    kind = type(model)

    def save(part: Path) -> None:
        if _keeps_itself(kind):
            model.save(part / FITTED)
            return
        arrays: dict[str, NDArray[Any]] = {}
        save_state(part / FITTED, kind.__name__, arrays, pack(vars(model), kind, arrays))

    if process_rank() == 0:
        keep_class(Path(folder), CLASS, "name", kind, save)


def load_model(folder: Path | str) -> Any:
    """Read an estimator that `save_model` wrote.

    For a class of another package only the constructor is called, with settings that JSON has types for, and only if
    the user trusts the package (`alcca.trust`).

    Raises
    ------
    LibraryError
        The folder has no model, it is damaged, or its class may not or cannot be imported, or is not a two-view
        estimator.
    """
    folder = Path(folder)
    kind, _ = kept_class(folder / CLASS, "name", "the model", ROOMS)
    if not keeps_contract(kind):
        raise LibraryError(
            f"{folder}: the model is of {kind.__module__}.{kind.__qualname__}, which is not a two-view estimator; "
            "train again"
        )
    return making("the model", folder, lambda: _read(kind, folder / FITTED))


def _read(kind: Any, folder: Path) -> Any:
    if _keeps_itself(kind):
        return kind.load(folder)
    arrays, state = load_state(folder, kind.__name__)
    values = unpack(state, arrays)
    return put_back(constructed(kind, values), values)


def _keeps_itself(kind: type) -> bool:
    """Whether a class has its own ``save`` and ``load``; those of other packages are not called."""
    return is_ours(kind) and hasattr(kind, "load")
