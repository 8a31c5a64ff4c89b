"""How the trainings of a comparison are called where callbacks follow them, and the way of callbacks to the fits."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from alcca.experiments.rank_tables import Fit
from alcca.models.callbacks import Callback, training_callbacks

__all__ = ["followed", "training_run"]

# More methods than fit into the name of a file.
MOST_METHODS = 4


def training_run(fits: Sequence[Fit]) -> tuple[str, dict[str, Any]]:
    """Return the name of a training that several fits share, or of one, and what is known of it.

    Parameters
    ----------
    fits : sequence of Fit
        Of one seed and fold; all or none of them are controls.

    Returns
    -------
    (str, dict)
        For `alcca.models.callbacks.training_callbacks`; in the dict method, seed, fold and shuffled.

    Examples
    --------
    >>> training_run([Fit("acmr", True, 2, 0), Fit("alcca", True, 2, 0)])[0]
    'acmr+alcca/seed-0/fold-2-shuffled'
    """
    first, methods = fits[0], [fit.method for fit in fits]
    more = [f"{len(methods) - MOST_METHODS} more"] if len(methods) > MOST_METHODS else []
    method = "+".join([*methods[:MOST_METHODS], *more])
    name = f"{method.replace('/', '-')}/seed-{first.seed}/fold-{first.fold}{'-shuffled' if first.control else ''}"
    return name, {"method": method, "seed": first.seed, "fold": first.fold, "shuffled": first.control}


def followed(work: Callable[..., Any], callbacks: Sequence[Callback]) -> Callable[..., Any]:
    """Make a function that does the work, in any process, while callbacks follow its trainings."""
    return partial(_follow, work, tuple(callbacks)) if callbacks else work


def _follow(work: Callable[..., Any], callbacks: Sequence[Callback], *arguments: Any) -> Any:
    with training_callbacks(*callbacks):
        return work(*arguments)
