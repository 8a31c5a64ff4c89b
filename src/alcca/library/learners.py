"""Which methods can learn a library's common space."""

from typing import Any

from alcca.errors import UsageError
from alcca.experiments.methods import parse_methods
from alcca.models.base import TwoViewModel
from alcca.models.contract import dimension_parameter, has_own_similarity, view_names
from alcca.models.stored import check_storable

__all__ = ["BEST", "DEFAULT_METHOD", "learners", "set_up"]

# What measures best on the songbook (docs/results.md).
DEFAULT_METHOD = "kernel-cca"
# Stands for the best of those that learn in seconds or minutes, as measured on songs kept out.
BEST = "best"
COMPARED = ("kernel-cca", "rcca", "cca", "acmr", "alcca-tuned")
# Of a song that is searched by, what is computed at once.
COMPUTED = {"audio": ("audio", "audio_frames"), "lyrics": ("features",)}


def learners(method: str, epochs: int | None = None) -> dict[str, Any]:
    """Make the unfitted estimators of a method's name, as ``alcca train --method`` takes it.

    Parameters
    ----------
    method : str
        One of `alcca.experiments.method_names`, with settings behind colons if any; the dotted name of a class; or
        "best".
    epochs : int, optional
        Of a method that has epochs, instead of its own.

    Returns
    -------
    dict of str to estimator
        One; for "best" those that are compared.

    Raises
    ------
    UsageError
        An unknown method or setting, more than one method, or one that has no common space, or that learns from what a
        search does not compute.

    Examples
    --------
    >>> list(learners("cca:ridge=0.1"))
    ['cca:ridge=0.1']
    """
    named = parse_methods(",".join(COMPARED) if method == BEST else method, epochs)
    if not named or (len(named) > 1 and method != BEST):
        raise UsageError(f"method {method!r}: expected one method, such as {DEFAULT_METHOD}, or {BEST}")
    for name, model in named.items():
        if has_own_similarity(model) or not hasattr(model, "transform"):
            raise UsageError(
                f"method {name!r} has no common space to put songs into; words that are heard are a part of every "
                f"search already. Take the method that learns the space beside them, such as {DEFAULT_METHOD}"
            )
        for side, computed in COMPUTED.items():
            unknown = [view for view in view_names(model, side) if view not in computed]
            if unknown:
                raise UsageError(
                    f"method {name!r} learns from {unknown[0]}, which a search does not compute of a clip; "
                    f"take another, such as {DEFAULT_METHOD}"
                )
        check_storable(model)
    return named


def set_up(model: Any, *, components: int, random_state: int, verbose: bool) -> Any:
    """A clone of an unfitted estimator with the settings that it has of these; one of ours tells its progress."""
    from sklearn.base import clone

    made = clone(model)
    known = made.get_params(deep=False)
    wanted = {"random_state": random_state}
    if isinstance(made, TwoViewModel):
        wanted["verbose"] = verbose
    dimension = dimension_parameter(made)
    if dimension is not None:
        wanted[dimension] = components
    return made.set_params(**{name: value for name, value in wanted.items() if name in known})
