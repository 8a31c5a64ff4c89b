"""The contract of two-view estimators, ours or another package's, for comparisons and fusion.

An estimator has ``fit(views, y)`` with ``views = (audio, lyrics)``, and measures how well audio fits lyrics: by a
``similarity`` of its own, or by the cosine in a common space, into which its ``transform`` maps. Its attributes
``audio_view`` and ``lyrics_view`` name its input as `alcca.Dataset` does: the name of one view, or a tuple of names,
for which it gets a mapping from each name to its view. An estimator that keeps songs out of its own training has a
parameter ``groups`` in ``fit``: one group for each song; songs of a group must stay together.

An estimator may have a ``default_grid``: the values of its settings that a comparison with ``tune`` tries, as
scikit-learn's `ParameterGrid` takes them, or a method that returns them (`default_grid`).
"""

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias
from uuid import uuid4

import numpy as np
from numpy.typing import NDArray

from alcca.errors import DataError
from alcca.models.content import content

__all__ = [
    "CosineSimilarity",
    "Grid",
    "cosines",
    "default_grid",
    "dimension_parameter",
    "embedded",
    "first_stage",
    "fit_estimator",
    "gather",
    "has_own_similarity",
    "identity",
    "inner_grid",
    "is_estimator",
    "keeps_contract",
    "label_array",
    "similarity_of",
    "song_count",
    "take",
    "view_names",
]

# The views of an estimator without these attributes.
DEFAULT_VIEWS = {"audio": "audio", "lyrics": "features"}
# The names of the setting for the dimension of the common space, in our estimators and in cca-zoo's.
DIMENSION_PARAMETERS = ("n_components", "latent_dimensions")

Rows: TypeAlias = NDArray[np.integer[Any]] | slice
# What scikit-learn's ParameterGrid takes.
Grid: TypeAlias = Mapping[str, Sequence[Any]] | Sequence[Mapping[str, Sequence[Any]]]


def cosines(queries: NDArray[np.floating], gallery: NDArray[np.floating]) -> NDArray[np.float64]:
    """Cosine of every row of one array with every row of another.

    Parameters
    ----------
    queries, gallery : arrays, shapes (n, d) and (m, d)
        Embeddings in one space. A row of zeros has cosine 0 with everything.

    Returns
    -------
    array of float64, shape (n, m)

    Examples
    --------
    >>> cosines(np.array([[2.0, 0.0], [0.0, 0.0]]), np.array([[1.0, 0.0], [0.0, 3.0], [-1.0, 0.0]]))
    array([[ 1.,  0., -1.],
           [ 0.,  0.,  0.]])
    """
    from sklearn.metrics.pairwise import cosine_similarity

    similarities: NDArray[np.float64] = cosine_similarity(
        np.asarray(queries, dtype=np.float64), np.asarray(gallery, dtype=np.float64)
    )
    return similarities


class CosineSimilarity:
    """Mixin with the `similarity` of an estimator whose ``transform`` maps into a common space."""

    def similarity(self, audio: Any, lyrics: Any) -> NDArray[np.float64]:
        """Compute how well every song's audio fits every song's lyrics: the cosine in the common space.

        Parameters
        ----------
        audio, lyrics : arrays, shapes (n, p) and (m, q)
            As in ``transform``; the rows need not be pairs.

        Returns
        -------
        array of float64, shape (n, m)
            In [-1, 1].

        Raises
        ------
        NotFittedError, DataError
        """
        return cosines(*self.transform((audio, lyrics)))  # type: ignore[attr-defined]


def keeps_contract(kind: type) -> bool:
    """Whether a class is a two-view estimator: scikit-learn's, with ``fit``, and ``transform`` or ``similarity``.

    Examples
    --------
    >>> from alcca.models.cca import CCA
    >>> keeps_contract(CCA), keeps_contract(dict)
    (True, False)
    """
    from sklearn.base import BaseEstimator

    return (
        issubclass(kind, BaseEstimator)
        and hasattr(kind, "fit")
        and (hasattr(kind, "transform") or hasattr(kind, "similarity"))
    )


def is_estimator(thing: Any, method: str) -> bool:
    """Whether an object can be cloned and fitted, and has a method: an estimator, and not its class.

    Examples
    --------
    >>> from alcca.models.cca import CCA
    >>> is_estimator(CCA(), "transform"), is_estimator(CCA, "transform"), is_estimator(None, "transform")
    (True, False, False)
    """
    return not isinstance(thing, type) and all(hasattr(thing, name) for name in ("get_params", "fit", method))


def has_own_similarity(estimator: Any) -> bool:
    """Whether an estimator compares songs by a measure other than the cosine in its common space.

    Examples
    --------
    >>> from alcca.models.cca import CCA
    >>> has_own_similarity(CCA())
    False
    """
    own = getattr(type(estimator), "similarity", None)
    return own is not None and own is not CosineSimilarity.similarity


def similarity_of(estimator: Any, audio: Any, lyrics: Any) -> NDArray[np.float64]:
    """Compute how well audio fits lyrics: by the estimator's ``similarity``, or the cosine after its ``transform``.

    Parameters
    ----------
    estimator : object
        Fitted; with ``similarity(audio, lyrics)``, or with ``transform((audio, lyrics))``, which may require pairs.
    audio, lyrics : n and m songs
        In the views that the estimator learns from.

    Returns
    -------
    array of float64, shape (n, m)
    """
    if hasattr(estimator, "similarity"):
        return np.asarray(estimator.similarity(audio, lyrics), dtype=np.float64)
    return cosines(*embedded(estimator, audio, lyrics))


def embedded(estimator: Any, audio: Any, lyrics: Any) -> tuple[NDArray[Any], NDArray[Any]]:
    """Embed n songs' audio and m songs' lyrics in a fitted estimator's common space, shapes (n, d) and (m, d)."""
    n, m = song_count(audio), song_count(lyrics)
    if n != m:
        # Other packages refuse views of different lengths, so songs of the shorter one are repeated.
        rows = np.arange(max(n, m))
        audio, lyrics = take(audio, rows % n), take(lyrics, rows % m)
    places = estimator.transform((audio, lyrics))
    return np.asarray(places[0])[:n], np.asarray(places[1])[:m]


def dimension_parameter(estimator: Any) -> str | None:
    """The name of the setting for the number of dimensions of an estimator's common space; None without one.

    For an estimator around another one, whose space it uses, this is the setting of the inner ``estimator``.

    Examples
    --------
    >>> from alcca.models.cca import CCA
    >>> from alcca.models.scoring import CorrelationWeighted
    >>> dimension_parameter(CCA()), dimension_parameter(CorrelationWeighted(CCA()))
    ('n_components', 'estimator__n_components')
    """
    known = estimator.get_params()
    names = (*DIMENSION_PARAMETERS, *(f"estimator__{name}" for name in DIMENSION_PARAMETERS))
    return next((name for name in names if name in known), None)


def default_grid(estimator: Any) -> list[dict[str, Sequence[Any]]]:
    """The grids of settings that a comparison tries for an estimator unless it is given others.

    They come from its attribute ``default_grid``: one grid, several, or a method without arguments that returns them.
    A setting that was given, because it differs from the default of the class, stays as it is.

    Returns
    -------
    list of dict of str to sequence
        Grids for scikit-learn's `ParameterGrid`; none if there is nothing to choose.

    Examples
    --------
    >>> from alcca.models.standardised_cca import StandardisedCCA
    >>> [sorted(grid) for grid in default_grid(StandardisedCCA())], default_grid(StandardisedCCA(ridge=3.0))
    ([['ridge']], [])
    """
    grids = getattr(estimator, "default_grid", None)
    grids = grids() if callable(grids) else grids
    known, usual = estimator.get_params(), inspect.signature(type(estimator)).parameters
    given = {name for name in usual if name in known and repr(known[name]) != repr(usual[name].default)}
    several = [grids] if isinstance(grids, Mapping) else grids or []
    left = [{name: values for name, values in grid.items() if name not in given} for grid in several]
    return [grid for grid in left if grid]


def inner_grid(estimator: Any, prefix: str) -> list[dict[str, Sequence[Any]]]:
    """The `default_grid` of an estimator inside another one, which has its settings with this prefix.

    Examples
    --------
    >>> from alcca.models.standardised_cca import StandardisedCCA
    >>> [sorted(grid) for grid in inner_grid(StandardisedCCA(), "estimator__")]
    [['estimator__ridge']]
    """
    return [{f"{prefix}{name}": values for name, values in grid.items()} for grid in default_grid(estimator)]


def view_names(estimator: Any, side: str) -> tuple[str, ...]:
    """Names of the views that an estimator learns from, on one side.

    Parameters
    ----------
    estimator : object
    side : str
        ``"audio"`` or ``"lyrics"``.

    Examples
    --------
    >>> from alcca.models.cca import CCA
    >>> view_names(CCA(), "audio"), view_names(CCA(), "lyrics")
    (('audio',), ('features',))
    """
    named = getattr(estimator, f"{side}_view", DEFAULT_VIEWS[side])
    return (named,) if isinstance(named, str) else tuple(named)


def gather(estimator: Any, side: str, view: Callable[[str], Any]) -> Any:
    """Collect the input of an estimator on one side: one view, or a mapping if it names several.

    Parameters
    ----------
    estimator : object
    side : str
        ``"audio"`` or ``"lyrics"``.
    view : callable
        Returns the view of a name.

    Examples
    --------
    >>> from alcca.models.cca import CCA
    >>> gather(CCA(), "audio", str.upper)
    'AUDIO'
    """
    if isinstance(getattr(estimator, f"{side}_view", ""), str):
        return view(view_names(estimator, side)[0])
    return {name: view(name) for name in view_names(estimator, side)}


def take(view: Any, rows: Rows) -> Any:
    """Select songs of one side: rows of an array, of a sequence, or of each view of a mapping.

    Examples
    --------
    >>> take({"audio": np.arange(3.0), "transcripts": ("la", None, "do")}, np.array([2, 0]))
    {'audio': array([2., 0.]), 'transcripts': ['do', 'la']}
    """
    if isinstance(view, Mapping):
        return {name: take(named_view, rows) for name, named_view in view.items()}
    if isinstance(view, np.ndarray) or not isinstance(view, Sequence):
        return np.asarray(view)[rows]
    return [view[row] for row in np.arange(len(view))[rows].tolist()]


def label_array(y: Any) -> NDArray[Any]:
    """Return labels as the array that other packages expect: whole numbers as int64, texts as str, others unchanged.

    Parameters
    ----------
    y : sequence of n labels
        Of any type: an array, a list, a column of a table, a tensor.

    Returns
    -------
    array, shape (n,)
        An array that has numbers, truth values or texts is returned unchanged. Labels of several types, or of which
        some are missing (None, NaN), stay objects, except for the NaN of an array of floats.

    Raises
    ------
    DataError
        ``y`` is not a sequence.

    Examples
    --------
    >>> label_array(np.array([2, 0, 1], dtype=object))
    array([2, 0, 1])
    >>> label_array(["sad", "fun"])
    array(['sad', 'fun'], dtype='<U3')
    >>> label_array([2, None, 1])
    array([2, None, 1], dtype=object)
    """
    if isinstance(y, np.ndarray) and y.ndim and y.dtype != object:
        return y
    try:
        labels = list(y.tolist() if hasattr(y, "tolist") else y)
    except TypeError as error:
        raise DataError(f"y: expected labels, one a song, got {type(y).__name__}") from error
    kinds = {_kind(label) for label in labels}
    if len(kinds) == 1 and kinds < {int, float, bool, str}:
        natural: NDArray[Any] = np.array(labels, dtype=kinds.pop())
        # Texts that end in NUL would lose it.
        if natural.dtype.kind != "U" or natural.tolist() == labels:
            return natural
    return np.fromiter(labels, dtype=object, count=len(labels))


def _kind(label: Any) -> type:
    """The Python type of a label, for those that arrays have; object for the others."""
    if isinstance(label, np.generic):
        label = label.item()
    if type(label) is int:
        return int if -(2**63) <= label < 2**63 else object
    return type(label)


def song_count(view: Any) -> int:
    """The number of songs on one side, as collected by `gather`.

    Examples
    --------
    >>> song_count({"audio": np.zeros((2, 5))}), song_count(["la", "do", "re"])
    (2, 3)
    """
    return len(next(iter(view.values())) if isinstance(view, Mapping) else view)


def first_stage(estimator: Any) -> Any:
    """The unfitted estimator that is the first stage of another's training; without one, the estimator itself.

    Estimators with the same first stage can share it if they are fitted on the same songs: an estimator with a method
    ``first_stage()`` takes its result, fitted, as ``fit(…, first_stage=fitted)``. Two estimators without the method
    share nothing, even if they are equal.

    Examples
    --------
    >>> from alcca.models.alcca import ALCCA
    >>> type(first_stage(ALCCA())).__name__
    'ACMR'
    """
    return estimator.first_stage() if hasattr(estimator, "first_stage") else estimator


def identity(estimator: Any) -> str:
    """Return a text that is equal for unfitted estimators of equal class and settings.

    The settings are compared by content (`alcca.models.content`). An estimator whose content cannot be determined
    equals no other, and gets another text each time.

    Examples
    --------
    >>> from alcca.models.cca import CCA
    >>> identity(CCA(2)) == identity(CCA(2)), identity(CCA(2)) == identity(CCA(3))
    (True, False)
    """
    return f"{type(estimator).__module__}.{type(estimator).__qualname__} {content(estimator) or uuid4().hex}"


def fit_estimator(
    estimator: Any, audio: Any, lyrics: Any, y: Any, groups: NDArray[np.integer] | None, begun: Any = None
) -> Any:
    """Fit an estimator; pass the groups if its ``fit`` takes them, because it keeps songs out itself.

    Parameters
    ----------
    estimator : object
    audio, lyrics : n songs
        As collected by `gather`.
    y : sequence of n labels, or None
        `fit` gets them as `label_array` returns them.
    groups : (n,) array of int, or None
        Songs of one number must stay together. Ignored if ``fit`` has no parameter ``groups``.
    begun : object, optional
        Its `first_stage`, fitted on the same songs; it is then not trained again.

    Returns
    -------
    object
        The fitted estimator.
    """
    if begun is not None and not hasattr(estimator, "first_stage"):
        return begun
    keeps_out = groups is not None and "groups" in inspect.signature(estimator.fit).parameters
    more: dict[str, Any] = {"groups": groups} if keeps_out else {}
    if begun is not None:
        more["first_stage"] = begun
    estimator.fit((audio, lyrics), None if y is None else label_array(y), **more)
    return estimator
