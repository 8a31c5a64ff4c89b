"""Callbacks: objects that follow the training of a network epoch by epoch, such as loggers (`alcca.models.loggers`).

`training_callbacks` says who follows. It reaches each training inside its block, also those that a method starts by
itself: pre-training, a first stage, the trainings of a comparison. So callbacks are no setting of an estimator, and
change neither what it computes nor the keys of kept fits.
"""

import warnings
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from alcca.errors import UsageError

__all__ = ["Callback", "CallbackWarning", "TrainingRun", "Watch", "check_callbacks", "training_callbacks", "watched"]

# What file systems, TensorBoard, MLflow or W&B take for something else in a name.
SEPARATING = str.maketrans({**dict.fromkeys('/\\:*?"<>|', "-"), **dict.fromkeys(" \t\n", "-")})
VERBS = ("on_fit_start", "on_epoch_end", "on_fit_end")


class CallbackWarning(UserWarning):
    """A callback failed. The training goes on without it."""


@dataclass(frozen=True, eq=False)
class TrainingRun:
    """One training of one network. Callbacks may use it as a key.

    Parameters
    ----------
    name : str
        Parts separated by "/", without other characters that are special in a path:
        ``alcca/seed-0/fold-2/training-the-projectors`` in a comparison. A second training of the same kind in the same
        place ends with ``-2``.
    what : str
        What is trained, in plain words: "training the projectors".
    about : mapping of str to object
        What is known of it: in a comparison ``method``, ``seed``, ``fold`` and ``shuffled`` (whether the pairs are).
    settings : mapping of str to object
        Those of `alcca.models.training_loop.TrainingSettings`.
    """

    name: str
    what: str
    about: Mapping[str, Any]
    settings: Mapping[str, Any]


class Callback:
    """What a training tells; a subclass overrides what it wants to know. It must not change any argument.

    If a method raises an exception, a `CallbackWarning` names it, and the callback is told no more of this training,
    which goes on. `KeyboardInterrupt` stops the training. With several processes each works on a copy, which is
    pickled; only the first of processes that train one network together tells.

    Examples
    --------
    >>> class Last(Callback):
    ...     def on_epoch_end(self, run, epoch, losses):
    ...         self.seen = run.name, epoch, sorted(losses)
    >>> import numpy as np
    >>> from alcca.models.dcca import DCCA
    >>> views = np.random.default_rng(0).normal(size=(2, 60, 4))
    >>> with training_callbacks(last := Last(), name="try 1"):
    ...     model = DCCA(2, hidden=(4,), epochs=3, batch_size=30, device="cpu").fit(tuple(views))
    >>> last.seen
    ('try-1/training-DCCA', 3, ['regularization', 'total'])
    """

    def on_fit_start(self, run: TrainingRun) -> None:
        """Follow a training that begins. Trainings of other networks may begin before it ends."""

    def on_epoch_end(self, run: TrainingRun, epoch: int, losses: Mapping[str, float]) -> None:
        """Note the mean losses of an epoch, counted from 1, by name; "validation" if songs are kept out."""

    def on_fit_end(self, run: TrainingRun, error: BaseException | None) -> None:
        """Finish; the error ended the training, if there was one."""


@dataclass(frozen=True)
class _Following:
    """Who follows the trainings of a block, what their runs are called, and how many of a name there were."""

    callbacks: tuple[Callback, ...] = ()
    name: str = ""
    about: Mapping[str, Any] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)


_following: ContextVar[_Following | None] = ContextVar("following", default=None)


@contextmanager
def training_callbacks(*callbacks: Callback, name: str = "", **about: Any) -> Iterator[None]:
    """Let callbacks follow each training of a network in this block.

    Blocks may be nested: the callbacks of all of them follow, and the innermost name counts.

    Parameters
    ----------
    *callbacks : Callback
    name : str
        Begins the name of each run; parts are separated by "/".
    **about
        What else is known of the trainings (`TrainingRun.about`).

    Raises
    ------
    UsageError
        A callback lacks a method.
    """
    outer = _following.get() or _Following()
    inner = _Following(
        (*outer.callbacks, *check_callbacks(callbacks)),
        "/".join(part.translate(SEPARATING) for part in name.split("/")) or outer.name,
        {**outer.about, **about},
        Counter() if name or callbacks else outer.counts,
    )
    token = _following.set(inner)
    try:
        yield
    finally:
        _following.reset(token)


def check_callbacks(callbacks: Any) -> tuple[Callback, ...]:
    """Return callbacks, one or a list, as a tuple.

    Raises
    ------
    UsageError
        One lacks a method of `Callback`, or is a class.

    Examples
    --------
    >>> check_callbacks(["tensorboard"])
    Traceback (most recent call last):
        ...
    alcca.errors.UsageError: callbacks: 'tensorboard' has no on_fit_start; expected objects of a subclass of \
alcca.models.callbacks.Callback, such as alcca.models.loggers.TensorBoard('runs')
    """
    several = tuple(callbacks) if isinstance(callbacks, list | tuple) else (callbacks,)
    for callback in several:
        lacking = [verb for verb in VERBS if not callable(getattr(callback, verb, None))]
        if lacking or isinstance(callback, type):
            what = f"has no {lacking[0]}" if lacking else "is a class"
            raise UsageError(
                f"callbacks: {callback!r} {what}; expected objects of a subclass of alcca.models.callbacks.Callback, "
                "such as alcca.models.loggers.TensorBoard('runs')"
            )
    return several


class Watch:
    """Tells callbacks of one training; see `Callback` for what happens to one that fails."""

    def __init__(self, callbacks: Sequence[Callback], run: TrainingRun) -> None:
        self._callbacks, self._run = list(callbacks), run

    def start(self) -> None:
        """Tell that the training begins."""
        self._tell("on_fit_start")

    def epoch(self, number: int, losses: Mapping[str, float]) -> None:
        """Tell the losses of an epoch, counted from 1."""
        self._tell("on_epoch_end", number, losses)

    def end(self, error: BaseException | None) -> None:
        """Tell that the training has ended."""
        self._tell("on_fit_end", error)

    def _tell(self, verb: str, *arguments: Any) -> None:
        for callback in tuple(self._callbacks):
            # Each has its own copy of the losses: what one changes is not in the history or told to the next.
            given = [dict(value) if isinstance(value, Mapping) else value for value in arguments]
            try:
                getattr(callback, verb)(self._run, *given)
            except Exception as error:  # noqa: BLE001  # hours of training must not end with a logger
                self._callbacks.remove(callback)
                warnings.warn(
                    f"{type(callback).__name__}.{verb} failed for {self._run.name} ({type(error).__name__}: {error}); "
                    "the training goes on without it",
                    CallbackWarning,
                    stacklevel=2,
                )


@contextmanager
def watched(
    what: str,
    settings: Mapping[str, Any],
    callbacks: Sequence[Callback] = (),
    blocks: Sequence[tuple[str, Mapping[str, Any]]] = (("", {}),),
    *,
    silent: bool = False,
) -> Iterator[list[Watch]]:
    """Give what tells the callbacks of this block, and further ones, of one training or of several side by side.

    Parameters
    ----------
    what, settings
        As in `TrainingRun`.
    callbacks : sequence of Callback
        Further ones.
    blocks : sequence of (str, mapping)
        The name and what is known of each network, as in `training_callbacks`; "" and nothing for those of the block.
    silent : bool
        Tell nobody.
    """
    watches = []
    with training_callbacks(*callbacks):
        for name, about in blocks:
            with training_callbacks(name=name, **about):
                following = _following.get() or _Following()
            full = "/".join(filter(None, [following.name, what.translate(SEPARATING)]))
            following.counts[full] += 1
            again = following.counts[full]
            run = TrainingRun(full if again == 1 else f"{full}-{again}", what, following.about, settings)
            watches.append(Watch(() if silent else following.callbacks, run))
    error: BaseException | None = None
    try:
        for watch in watches:
            watch.start()
        yield watches
    except BaseException as raised:
        error = raised
        raise
    finally:
        for watch in watches:
            watch.end(error)
