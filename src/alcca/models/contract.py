"""What a comparison and a fusion ask of every two-view estimator, ours or another package's.

An estimator has ``fit(views, y)`` with ``views = (audio, lyrics)``, and says how well songs' two sides fit: by a
``similarity`` of its own, or by a ``transform`` into a common space, where the cosine says it. Its attributes
``audio_view`` and ``lyrics_view`` name what it has to be given, in the words of `alcca.Dataset`: the name of one view,
or a tuple of names, for which it is given a mapping from each name to its view. One that keeps songs out of its own
training names a parameter ``groups`` in ``fit``: one for each song, the same for songs that it must not tear apart.
"""

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias
from uuid import uuid4

import numpy as np
from numpy.typing import NDArray

from alcca.models.content import content

__all__ = [
    "CosineSimilarity",
    "cosines",
    "dimension_parameter",
    "embedded",
    "first_stage",
    "fit_estimator",
    "gather",
    "has_own_similarity",
    "identity",
    "keeps_contract",
    "similarity_of",
    "song_count",
    "take",
    "view_names",
]

# What estimators learn from that name nothing.
DEFAULT_VIEWS = {"audio": "audio", "lyrics": "features"}
# The names under which two-view estimators, ours and cca-zoo's, take the dimension of their common space.
DIMENSION_PARAMETERS = ("n_components", "latent_dimensions")

Rows: TypeAlias = NDArray[np.integer[Any]] | slice


def cosines(queries: NDArray[np.floating], gallery: NDArray[np.floating]) -> NDArray[np.float64]:
    """Cosine of every row of one array with every row of another.

    Parameters
    ----------
    queries, gallery : arrays, shapes (n, d) and (m, d)
        Places in one space. A row of zeros has cosine 0 with everything.

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

    found: NDArray[np.float64] = cosine_similarity(
        np.asarray(queries, dtype=np.float64), np.asarray(gallery, dtype=np.float64)
    )
    return found


class CosineSimilarity:
    """Gives an estimator with a common space, into which its ``transform`` maps, its `similarity`."""

    def similarity(self, audio: Any, lyrics: Any) -> NDArray[np.float64]:
        """How well every song's audio fits every song's lyrics: the cosine in the common space.

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
    """Whether a class is one of two-view estimators: scikit-learn's, with ``fit``, ``transform`` or ``similarity``.

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


def has_own_similarity(estimator: Any) -> bool:
    """Whether an estimator compares songs by something else than the cosine in its common space.

    Examples
    --------
    >>> from alcca.models.cca import CCA
    >>> has_own_similarity(CCA())
    False
    """
    own = getattr(type(estimator), "similarity", None)
    return own is not None and own is not CosineSimilarity.similarity


def similarity_of(estimator: Any, audio: Any, lyrics: Any) -> NDArray[np.float64]:
    """How well audio fits lyrics, by any fitted estimator: its own ``similarity``, or the cosine of its ``transform``.

    Parameters
    ----------
    estimator : object
        With ``similarity(audio, lyrics)``, or with ``transform((audio, lyrics))``, which may insist on pairs.
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
    """Places of n songs' audio and m songs' lyrics in a fitted estimator's common space, shapes (n, d) and (m, d)."""
    n, m = song_count(audio), song_count(lyrics)
    if n != m:
        # Other packages refuse views of different lengths, so songs of the shorter one are repeated.
        rows = np.arange(max(n, m))
        audio, lyrics = take(audio, rows % n), take(lyrics, rows % m)
    places = estimator.transform((audio, lyrics))
    return np.asarray(places[0])[:n], np.asarray(places[1])[:m]


def dimension_parameter(estimator: Any) -> str | None:
    """The name of the setting that says how many dimensions an estimator's common space has; None without one.

    What is made of another estimator, and hands on its space, has that of ``estimator``.

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
    """Put together what an estimator is given on one side: one view, or a mapping where it names several.

    Parameters
    ----------
    estimator : object
    side : str
        ``"audio"`` or ``"lyrics"``.
    view : callable
        Gives the view of a name.

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
    """Some songs of one side: of an array, of a sequence, or of each view of a mapping.

    Examples
    --------
    >>> take({"audio": np.arange(3.0), "transcripts": ("la", None, "do")}, np.array([2, 0]))
    {'audio': array([2., 0.]), 'transcripts': ['do', 'la']}
    """
    if isinstance(view, Mapping):
        return {name: take(one, rows) for name, one in view.items()}
    if isinstance(view, np.ndarray) or not isinstance(view, Sequence):
        return np.asarray(view)[rows]
    return [view[row] for row in np.arange(len(view))[rows].tolist()]


def song_count(view: Any) -> int:
    """How many songs one side has, as `gather` puts it together.

    Examples
    --------
    >>> song_count({"audio": np.zeros((2, 5))}), song_count(["la", "do", "re"])
    (2, 3)
    """
    return len(next(iter(view.values())) if isinstance(view, Mapping) else view)


def first_stage(estimator: Any) -> Any:
    """The unfitted estimator whose training an estimator begins with; one that does not say so is all of it itself.

    Where several are fitted on the same songs, those that begin alike need it once: an estimator with a method
    ``first_stage()`` takes what that made, fitted, as ``fit(…, first_stage=fitted)``. Two that do not have the method
    share nothing, however alike they are.

    Examples
    --------
    >>> from alcca.models.alcca import ALCCA
    >>> type(first_stage(ALCCA())).__name__
    'ACMR'
    """
    return estimator.first_stage() if hasattr(estimator, "first_stage") else estimator


def identity(estimator: Any) -> str:
    """What an unfitted estimator is, in a text that is the same for those that learn the same: class and settings.

    They are told by their content (`alcca.models.content`). One whose content cannot be told is like no other, and has
    another text each time.

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
    """Fit an estimator; one that keeps songs out itself is told which of them belong together.

    Parameters
    ----------
    estimator : object
    audio, lyrics : n songs
        As `gather` puts them together.
    y : sequence of n labels, or None
    groups : (n,) array of int, or None
        Songs of one number must not be torn apart. An estimator whose ``fit`` does not name ``groups`` is not told.
    begun : object, optional
        Its `first_stage`, fitted on the same songs, which is then not trained again.

    Returns
    -------
    object
        The fitted estimator.
    """
    if begun is not None and not hasattr(estimator, "first_stage"):
        return begun
    keeps_out = groups is not None and "groups" in inspect.signature(estimator.fit).parameters
    more: dict[str, Any] = {"groups": groups} if keeps_out else {}
    estimator.fit((audio, lyrics), y, **more, **({} if begun is None else {"first_stage": begun}))
    return estimator
