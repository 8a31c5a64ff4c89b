"""Keys of all that fits share or keep: equal only for equal content, computed by the same code in the same versions.

Ranks of fits and lyric features of folds are kept on disk (`Keys`), first stages of methods are shared in memory
(`stage_key`). Nothing else is shared between fits. Every key contains the versions of the packages that compute and a
digest of alcca's source (`computed_with`). A method, or a maker of lyric features, enters a key by its content, which
includes the source or version of its classes and functions (`alcca.models.content`). What was defined in a notebook or
at a prompt has no key: an edit there leaves no trace that could always be noticed.
"""

import hashlib
import json
import platform
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from alcca.models.content import content
from alcca.models.contract import identity
from alcca.models.sources import alcca_source
from alcca.transcripts import Transcript

if TYPE_CHECKING:
    from alcca.experiments.rank_tables import Fit

__all__ = ["Keys", "computed_with", "digest", "songs_key", "stage_key", "versions", "view_bytes"]

# Increase it when the format of the kept files changes; older files are then ignored.
FORMAT = 4
# The packages that compute ranks or lyric features. Others that alcca imports store, show, or read files.
COMPUTING = (
    "alcca", "numpy", "scipy", "scikit-learn", "torch", "gensim", "parasail", "anyascii", "opencc",
    "faster-whisper", "ctranslate2",
)  # fmt: skip


def versions(packages: Sequence[str] = (*COMPUTING, "librosa")) -> dict[str, str]:
    """The versions of Python and of packages by name, without those that are not installed.

    Examples
    --------
    >>> sorted(versions(["numpy", "no-such-package"]))
    ['numpy', 'python']
    """
    from importlib.metadata import PackageNotFoundError, version

    by_name = {"python": platform.python_version()}
    for package in packages:
        try:
            by_name[package] = version(package)
        except PackageNotFoundError:
            continue
    return by_name


def computed_with() -> dict[str, str]:
    """The code behind a fit: the versions of the packages that compute it, and a digest of alcca's source."""
    return {**versions(COMPUTING), "source": alcca_source()}


def digest(*parts: bytes) -> str:
    """Return a short digest of several parts, in their order.

    Examples
    --------
    >>> digest(b"ab", b"c") == digest(b"a", b"bc")
    False
    """
    whole = hashlib.sha256()
    for part in parts:
        whole.update(b"%d:" % len(part))
        whole.update(part)
    return whole.hexdigest()[:16]


def view_bytes(view: Any) -> bytes:
    """Convert all values of a view to bytes: another value of any song gives other bytes.

    Examples
    --------
    >>> view_bytes(("la", None)) == view_bytes(("la", "None"))
    False
    """
    if isinstance(view, np.ndarray):
        return f"{view.dtype} {view.shape}".encode() + np.ascontiguousarray(view).tobytes()
    if any(isinstance(value, Transcript) for value in view):
        return json.dumps([value.to_dict() if isinstance(value, Transcript) else value for value in view]).encode()
    return repr(tuple(view)).encode("utf-8", "surrogatepass")


def songs_key(views: Iterable[Any], names: Any) -> str | None:
    """Return a key of songs: of their views, and of their labels, groups and ids.

    Parameters
    ----------
    views : iterable of arrays or sequences of texts
        None for a view that they do not have.
    names : object
        Any object of labels, groups and ids.

    Returns
    -------
    str or None
        None if the content of ``names`` cannot be determined.

    Examples
    --------
    >>> songs_key([np.zeros(2)], ["a"]) == songs_key([np.zeros(2)], ["b"])
    False
    """
    known = content(names)
    return None if known is None else digest(known.encode(), *(b"" if v is None else view_bytes(v) for v in views))


def stage_key(stage: Any) -> str:
    """Return a key of an unfitted first stage: methods with equal keys can share its training.

    One whose content cannot be determined gets another key each time.

    Examples
    --------
    >>> from alcca.models.cca import CCA
    >>> stage_key(CCA(2)) == stage_key(CCA(2)), stage_key(CCA(2)) == stage_key(CCA(3))
    (True, False)
    """
    return _key([computed_with(), identity(stage)])


class Keys:
    """Keys of the kept ranks and lyric features of one comparison.

    Parameters
    ----------
    methods : mapping of str to (estimator, list of str)
        By name, each with the digests of its views of audio that are not in the data set's fingerprint.
    text_features : callable or None
        Makes the lyric features; None for the default, and for features that are given.
    reading : collection of str
        The methods that read lyric features.
    **about
        What else all fits depend on, as values for JSON: the number of folds, the distractors.

    Attributes
    ----------
    unknown : list of str
        The methods whose fits have no key.

    Examples
    --------
    >>> from alcca.experiments.rank_tables import Fit
    >>> from alcca.models.cca import CCA
    >>> keys = Keys({"cca": (CCA(2), [])}, None, ["cca"], folds=5)
    >>> fits = [Fit("cca", False, fold, 0) for fold in range(2)]
    >>> len({keys.ranks(fit, components) for fit in fits for components in ([1], [2])})
    4
    """

    def __init__(
        self, methods: Mapping[str, tuple[Any, Sequence[str]]], text_features: Any, reading: Sequence[str], **about: Any
    ) -> None:
        self._about = {"format": FORMAT, "code": computed_with(), **about}
        self._lyrics = "" if text_features is None else content(text_features)
        self._methods: dict[str, list[Any] | None] = {}
        for name, (estimator, views) in methods.items():
            parts = [content(estimator), list(views), self._lyrics if name in reading else ""]
            self._methods[name] = None if None in parts else parts
        self.unknown = [name for name, parts in self._methods.items() if parts is None]

    def ranks(self, fit: "Fit", components: Sequence[int]) -> str | None:
        """Return the key of the ranks of a fit; None if the content of its method cannot be determined.

        The name of the method does not count.
        """
        method = self._methods[fit.method]
        return None if method is None else _key([self._about, "ranks", method, fit[1:], list(components)])

    def features(self, seed: int, fold: int) -> str | None:
        """Return the key of the lyric features of a fold; None if the content of their maker cannot be determined."""
        return None if self._lyrics is None else _key([self._about, "features", self._lyrics, seed, fold])


def _key(parts: Any) -> str:
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:24]
