"""The methods of a comparison by name.

>>> from alcca.experiments.methods import make_method
>>> make_method("cca", ridge=(10.0, 1.0))
StandardisedCCA(ridge=(10.0, 1.0))
"""

import inspect
import sys
from collections.abc import Mapping
from importlib import import_module, invalidate_caches
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alcca.errors import UsageError
from alcca.specification import Specification, split_outside_brackets, value_of

if TYPE_CHECKING:
    from alcca.experiments.dataset import Dataset

__all__ = [
    "default_methods",
    "make_method",
    "method_names",
    "named_methods",
    "paper_methods",
    "parse_methods",
    "set_epochs",
]


# Names, the paths of their estimators (imported on demand), and the settings of ablations.
METHODS: dict[str, tuple[str, dict[str, Any]]] = {
    "cca": ("alcca.models.standardised_cca.StandardisedCCA", {}),
    "rcca": ("alcca.models.rcca.RCCA", {}),
    "kernel-cca": ("alcca.models.kernel_cca.KernelCCA", {}),
    "dcca": ("alcca.models.dcca.DCCA", {}),
    "spotify-dcca": ("alcca.models.dcca.SpotifyDCCA", {}),
    "pretrain-cnn-cca": ("alcca.models.pretrain_cnn_cca.PretrainCNNCCA", {}),
    "pretrain-cnn-dcca": ("alcca.models.pretrain_cnn_dcca.PretrainCNNDCCA", {}),
    "joint-train-dcca": ("alcca.models.joint_train_dcca.JointTrainDCCA", {}),
    "acmr": ("alcca.models.acmr.ACMR", {}),
    "alcca": ("alcca.models.alcca.ALCCA", {}),
    "alcca-tuned": ("alcca.models.alcca.ALCCA", {"ridge": "auto"}),
    "alcca-no-adversary": ("alcca.models.alcca.ALCCA", {"adversary": 0.0}),
    "alcca-no-imi": ("alcca.models.alcca.ALCCA", {"alpha": 0.0}),
    "alcca-no-imd": ("alcca.models.alcca.ALCCA", {"beta": 0.0}),
    "alcca-pair": ("alcca.models.alcca.ALCCA", {"invariance": "pair"}),
}

# Methods that the paper does not compare: a current baseline, and transcripts.
HEARD = "heard"
OTHERS: dict[str, tuple[str, dict[str, Any]]] = {
    "clip": ("alcca.models.clip.CLIP", {}),
    HEARD: ("alcca.matching.heard_words.HeardWords", {}),
}

# Methods made of another one, whose name follows a colon: its space fused with transcripts, or another similarity in
# its space.
FUSED = "fused"
AROUND = {
    FUSED: "alcca.models.fused.Fused",
    "csls": "alcca.models.scoring.CSLS",
    "weighted": "alcca.models.scoring.CorrelationWeighted",
}
OUR_SPACE = "alcca"


def paper_methods() -> list[str]:
    """Names of the methods of the paper's comparison, including ablations; "all" means these.

    Examples
    --------
    >>> paper_methods()[:3]
    ['cca', 'rcca', 'kernel-cca']
    """
    return list(METHODS)


def method_names() -> list[str]:
    """Names for `make_method`; "alcca without CCA" is ``acmr``, L_imi as printed ``alcca-pair``.

    Examples
    --------
    >>> method_names()[-6:]
    ['alcca-pair', 'clip', 'heard', 'fused', 'csls', 'weighted']
    """
    return [*METHODS, *OTHERS, *AROUND]


def make_method(name: str, **settings: Any) -> Any:
    """Make the unfitted estimator of that name.

    Parameters
    ----------
    name : str
        One of `method_names`, or the dotted name of a class with the contract, such as ``cca_zoo.linear.CCA``, of an
        installed package or of the current folder.
        ``fused``, ``csls`` and ``weighted`` use ALCCA's space, ``fused:NAME`` that of another method.
    **settings
        Given to the estimator's constructor; for ``fused:NAME``, those that `Fused` lacks go to NAME's.

    Raises
    ------
    UsageError
        A name or setting is unknown; the message lists the known ones.

    Examples
    --------
    >>> make_method("cca", n_components=10).n_components
    10
    >>> list(make_method("fused:cca", ridge=1.0).parts)
    ['heard', 'cca']
    """
    kind, _, inner = name.partition(":")
    if kind in AROUND:
        return _make_around(kind, inner or OUR_SPACE, settings)
    path, fixed = {**METHODS, **OTHERS}.get(name, (name, {}))
    if "." not in path:
        raise UsageError(
            f"method {name!r} is unknown; the methods are {', '.join(method_names())}, or the dotted name of a class"
        )
    method = _class(path)
    known = method._get_param_names() if hasattr(method, "_get_param_names") else sorted(settings)
    unknown = sorted(set(settings) - set(known))
    if unknown:
        raise UsageError(f"{name} has no setting {', '.join(unknown)}; it has {', '.join(sorted(known)) or 'none'}")
    return method(**{**fixed, **settings})


def _make_around(kind: str, inner: str, settings: Mapping[str, Any]) -> Any:
    if inner in (HEARD, FUSED) or inner.startswith(f"{FUSED}:"):
        raise UsageError(f"{kind}:{inner}: expected a method that learns a common space, such as {kind}:{OUR_SPACE}")
    outer = _class(AROUND[kind])
    known = set(inspect.signature(outer).parameters)
    own = {name: value for name, value in settings.items() if name in known}
    theirs = {name: value for name, value in settings.items() if name not in own}
    space = make_method(inner, **theirs)
    return outer({HEARD: make_method(HEARD), inner: space} if kind == FUSED else space, **own)


def _class(path: str) -> Any:
    module, _, name = path.rpartition(".")
    try:
        kind = getattr(_imported(module), name)
    except (ImportError, AttributeError) as error:
        raise UsageError(
            f"method {path!r} cannot be imported ({error}); install it, call alcca in its folder, or correct its name"
        ) from error
    # Before it is called: another class may do anything with its arguments.
    if not isinstance(kind, type) or not all(hasattr(kind, verb) for verb in ("fit", "get_params")):
        raise UsageError(
            f"method {path!r} is no class of estimators; expected one with fit and get_params, as a BaseEstimator"
        )
    return kind


def _imported(module: str) -> Any:
    """Import a module; of the current folder if no package that is installed has its name."""
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        folder = str(Path.cwd())
        if error.name != module.partition(".")[0] or folder in sys.path:
            raise
    # Last, so that no file of the folder stands in for another module. It stays, for processes that work on the fits.
    sys.path.append(folder)
    invalidate_caches()
    try:
        return import_module(module)
    except ModuleNotFoundError:
        sys.path.remove(folder)
        raise


def parse_methods(text: str, epochs: int | None = None, ready: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Make the estimators of a list in the format of the command line.

    Parameters
    ----------
    text : str
        Names, with settings after colons and commas between methods. After ``fused``, ``csls`` and ``weighted``, a word
        without "=" names the method whose space they use. ``all`` means all of `paper_methods`.
    epochs : int, optional
        Replaces the epochs of every method that has them.
    ready : mapping of str to estimator, optional
        Further methods that can be listed, such as the search of a library.

    Returns
    -------
    dict of str to estimator
        By the text of each in the list.

    Raises
    ------
    UsageError
        A name or setting is unknown, or a method is listed twice.

    Examples
    --------
    >>> parse_methods("cca:ridge=(10, 1):n_components=5,acmr")["cca:ridge=(10, 1):n_components=5"]
    StandardisedCCA(n_components=5, ridge=(10, 1))
    """
    parsed: dict[str, Any] = {}
    for part in filter(None, map(str.strip, split_outside_brackets(text, ","))):
        for written in paper_methods() if part == "all" else [part]:
            if written in parsed:
                raise UsageError(f"methods: {written} is there twice; leave one out")
            name, arguments, settings = Specification.of(written)
            if ready is not None and name in ready and not any(map(str.strip, arguments)):
                parsed[written] = _with_settings(name, ready[name], settings)
                continue
            for argument in filter(None, map(str.strip, arguments)):
                if name.split(":")[-1] not in AROUND or "=" in argument:
                    wrong = next((text for text in (argument, *arguments) if "=" not in text), argument)
                    raise UsageError(f"methods: expected {name}:setting=value, got {wrong!r}")
                name = f"{name}:{argument}"
            made = make_method(name, **{key: value_of(text) for key, text in settings.items()})
            parsed[written] = set_epochs(made, epochs)
    return parsed


def _with_settings(name: str, method: Any, settings: Mapping[str, str]) -> Any:
    """An estimator with settings of the command line; UsageError if it has no such setting."""
    from sklearn.base import clone

    if not settings:
        return method
    known = method.get_params(deep=False)
    unknown = next((key for key in settings if key not in known), None)
    if unknown is not None:
        raise UsageError(f"methods: {name} has no setting {unknown!r}; it has {', '.join(known)}")
    return clone(method).set_params(**{key: value_of(text) for key, text in settings.items()})


def set_epochs(method: Any, epochs: int | None) -> Any:
    """Replace the epochs of an unfitted estimator that has them, or of its parts; None leaves them."""
    if epochs is not None:
        theirs = [key for key in method.get_params() if key.split("__")[-1] == "epochs"]
        method.set_params(**dict.fromkeys(theirs, epochs))
    return method


def default_methods(dataset: "Dataset", epochs: int | None = None) -> dict[str, Any]:
    """Return the methods compared by default: fused, heard and alcca if songs have been transcribed, else alcca.

    Parameters
    ----------
    dataset : Dataset
    epochs : int, optional
        As in `parse_methods`.

    Examples
    --------
    >>> import numpy as np
    >>> from alcca.experiments import Dataset
    >>> list(default_methods(Dataset(np.zeros((2, 3)), ["la", "do"])))
    ['alcca']
    """
    heard = [HEARD] if dataset.audio is None else [FUSED, HEARD, OUR_SPACE]
    return parse_methods(",".join([OUR_SPACE] if dataset.transcripts is None else heard), epochs)


def named_methods(methods: Any, epochs: int | None = None, ready: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Convert an estimator, a name, or a list or dict of them to a dict of name to unfitted estimator.

    A name can be any text for `parse_methods`, including "all", with its ``epochs`` and ``ready`` methods. An estimator
    without a name gets that of its class.

    Raises
    ------
    UsageError
        There is no method, two have the same name, a name is unknown, or an object is not an estimator.

    Examples
    --------
    >>> list(named_methods(["cca", make_method("cca")]))
    ['cca', 'StandardisedCCA']
    """
    if isinstance(methods, Mapping):
        named = {str(name): method for name, method in methods.items()}
        if len(named) < len(methods):
            raise UsageError(f"methods: two have the same name among {', '.join(map(str, methods))}; rename one")
    else:
        several = methods if isinstance(methods, list | tuple) else [methods]
        named = {}
        for method in several:
            for name, made in (
                parse_methods(method, epochs, ready) if isinstance(method, str) else {type(method).__name__: method}
            ).items():
                if name in named:
                    raise UsageError(f"methods: two are called {name}; pass a dict of name to estimator")
                named[name] = made
    if not named:
        raise UsageError("methods: expected at least one estimator or name, got none")
    for name, method in named.items():
        if isinstance(method, str):
            named[name] = ready[method] if ready is not None and method in ready else make_method(method)
    for name, method in named.items():
        ranks = hasattr(method, "transform") or hasattr(method, "similarity")
        if not ranks or isinstance(method, type) or not all(hasattr(method, verb) for verb in ("fit", "get_params")):
            raise UsageError(
                f"methods: {name} is {method!r}; expected an unfitted estimator with fit, transform (or similarity) "
                "and get_params, as a scikit-learn BaseEstimator has them"
            )
    return named
