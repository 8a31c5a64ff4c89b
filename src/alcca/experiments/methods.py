"""The methods of a comparison by name.

>>> from alcca.experiments.methods import make_method
>>> make_method("cca", ridge=(10.0, 1.0))
StandardisedCCA(ridge=(10.0, 1.0))
"""

import inspect
from collections.abc import Mapping
from importlib import import_module
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
]


# Names, where their estimators live (imported when asked for), and the settings that make an ablation.
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

# What the paper does not compare: a baseline of today, and words that are heard in the recordings.
HEARD = "heard"
OTHERS: dict[str, tuple[str, dict[str, Any]]] = {
    "clip": ("alcca.models.clip.CLIP", {}),
    HEARD: ("alcca.matching.heard_words.HeardWords", {}),
}

# What is made of another method, whose name stands behind a colon: its space fused with what is heard, or another way
# to compare places in its space.
FUSED = "fused"
AROUND = {
    FUSED: "alcca.models.fused.Fused",
    "csls": "alcca.models.scoring.CSLS",
    "weighted": "alcca.models.scoring.CorrelationWeighted",
}
OUR_SPACE = "alcca"


def paper_methods() -> list[str]:
    """Names of the methods of the paper's comparison, its ablations included: those that "all" stands for.

    Examples
    --------
    >>> paper_methods()[:3]
    ['cca', 'rcca', 'kernel-cca']
    """
    return list(METHODS)


def method_names() -> list[str]:
    """Names that `make_method` knows; "alcca without CCA" is ``acmr``, L_imi as printed ``alcca-pair``.

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
        One of `method_names`, or the dotted name of a class with the contract, such as ``cca_zoo.linear.CCA``.
        ``fused``, ``csls`` and ``weighted`` are of ALCCA's space, ``fused:NAME`` of that of any of these.
    **settings
        Given to the estimator's constructor; those of ``fused:NAME`` that `Fused` has not, to NAME's.

    Raises
    ------
    UsageError
        An unknown name or setting; the message lists the known ones.

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
    made = _class(AROUND[kind])
    known = set(inspect.signature(made).parameters)
    own = {name: value for name, value in settings.items() if name in known}
    theirs = {name: value for name, value in settings.items() if name not in own}
    space = make_method(inner, **theirs)
    return made({HEARD: make_method(HEARD), inner: space} if kind == FUSED else space, **own)


def _class(path: str) -> Any:
    module, _, name = path.rpartition(".")
    try:
        return getattr(import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise UsageError(f"method {path!r} cannot be imported ({error}); install it, or correct its name") from error


def parse_methods(text: str, epochs: int | None = None) -> dict[str, Any]:
    """Make the estimators of a list as a command line takes it.

    Parameters
    ----------
    text : str
        Names, with settings behind colons and commas between methods. Behind ``fused``, ``csls`` and ``weighted``, a
        word without "=" names the method whose space it is of. ``all`` stands for all of `paper_methods`.
    epochs : int, optional
        Of every method that has epochs, instead of its own.

    Returns
    -------
    dict of str to estimator
        Each under what was written.

    Raises
    ------
    UsageError
        An unknown name or setting, or one of them twice.

    Examples
    --------
    >>> parse_methods("cca:ridge=(10, 1):n_components=5,acmr")["cca:ridge=(10, 1):n_components=5"]
    StandardisedCCA(n_components=5, ridge=(10, 1))
    """
    made: dict[str, Any] = {}
    for part in filter(None, map(str.strip, split_outside_brackets(text, ","))):
        for written in paper_methods() if part == "all" else [part]:
            if written in made:
                raise UsageError(f"methods: {written} is there twice; leave one out")
            name, arguments, settings = Specification.of(written)
            for argument in filter(None, map(str.strip, arguments)):
                if name.split(":")[-1] not in AROUND or "=" in argument:
                    wrong = next((text for text in (argument, *arguments) if "=" not in text), argument)
                    raise UsageError(f"methods: expected {name}:setting=value, got {wrong!r}")
                name = f"{name}:{argument}"
            made[written] = make_method(name, **{key: value_of(text) for key, text in settings.items()})
            if epochs is not None:
                # Of the method, or of the parts that it is fused of.
                theirs = [key for key in made[written].get_params() if key.split("__")[-1] == "epochs"]
                made[written].set_params(**dict.fromkeys(theirs, epochs))
    return made


def default_methods(dataset: "Dataset", epochs: int | None = None) -> dict[str, Any]:
    """The methods that are compared by default: fused, heard and alcca if songs were transcribed, else alcca.

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


def named_methods(methods: Any) -> dict[str, Any]:
    """Bring estimators, names, a list or a dict of them into one form: name to unfitted estimator.

    Names may be what `parse_methods` takes, "all" included. An estimator without a name is called by its class.

    Raises
    ------
    UsageError
        None at all, two of one name, an unknown name, or something that is no estimator.

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
                parse_methods(method) if isinstance(method, str) else {type(method).__name__: method}
            ).items():
                if name in named:
                    raise UsageError(f"methods: two are called {name}; pass a dict of name to estimator")
                named[name] = made
    if not named:
        raise UsageError("methods: expected at least one estimator or name, got none")
    named = {name: make_method(method) if isinstance(method, str) else method for name, method in named.items()}
    for name, method in named.items():
        ranks = hasattr(method, "transform") or hasattr(method, "similarity")
        if not ranks or isinstance(method, type) or not all(hasattr(method, verb) for verb in ("fit", "get_params")):
            raise UsageError(
                f"methods: {name} is {method!r}; expected an unfitted estimator with fit, transform (or similarity) "
                "and get_params, as a scikit-learn BaseEstimator has them"
            )
    return named
