"""Methods as a file describes them: a table of settings for each, or texts."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from difflib import get_close_matches
from typing import Any

from alcca.errors import UsageError
from alcca.experiments.methods import make_method, paper_methods, set_epochs
from alcca.specification import split_outside_brackets

__all__ = ["described_methods", "listed_methods", "nearest"]

# In the table of a method: which method it is. No setting can have this name, which Python reserves.
CLASS = "class"


def described_methods(methods: Mapping[str, Mapping[str, Any]], epochs: int | None, own: Iterable[str] = ()) -> Any:
    """Make the estimators of a description: a table of settings for each method.

    Parameters
    ----------
    methods : mapping of str to mapping
        By the name in the results. The key ``class`` of a table is a name of `alcca.experiments.methods.make_method` or
        the dotted name of a class, by default the name itself; the other keys are its settings.
    epochs : int, optional
        Replaces the epochs of every method that has them.
    own : iterable of str
        Methods that are made elsewhere, such as the search of a library; they stay texts.

    Returns
    -------
    dict of str to estimator or str

    Raises
    ------
    UsageError
        A method or a setting is unknown; the nearest known setting is named.

    Examples
    --------
    >>> described_methods({"strong ridge": {"class": "cca", "ridge": (10, 1)}}, None)
    {'strong ridge': StandardisedCCA(ridge=(10, 1))}
    """
    made: dict[str, Any] = {}
    for name, table in methods.items():
        settings = {setting: value for setting, value in table.items() if setting != CLASS}
        written = table.get(CLASS, name)
        if not isinstance(written, str):
            raise UsageError(f"methods: {name}: class = {written!r}: expected the name of a method or of a class")
        if written in own and not settings:
            made[name] = written
            continue
        try:
            made[name] = set_epochs(make_method(written, **settings), epochs)
        except TypeError as error:  # of a constructor that is not ours
            raise UsageError(f"methods: {name}: {error}; correct its settings") from error
        except UsageError as error:
            raise UsageError(f"methods: {name}: {error}{_nearest_setting(written, settings)}") from error
    return made


def _nearest_setting(written: str, settings: Iterable[str]) -> str:
    with suppress(UsageError, TypeError):
        known = make_method(written).get_params()
        return "".join(nearest(setting, known) for setting in settings if setting not in known)
    return ""


def listed_methods(methods: str | Iterable[str]) -> list[str]:
    """Split a list of methods into their texts, with ``all`` as the methods that it means.

    Examples
    --------
    >>> listed_methods("cca:ridge=(10, 1),alcca")
    ['cca:ridge=(10, 1)', 'alcca']
    """
    texts = [methods] if isinstance(methods, str) else methods
    parts = [part.strip() for text in texts for part in split_outside_brackets(text, ",") if part.strip()]
    return [name for part in parts for name in (paper_methods() if part == "all" else [part])]


def nearest(word: str, known: Iterable[str]) -> str:
    """Ask whether the nearest known name was meant; empty if none is near.

    Examples
    --------
    >>> nearest("fold", ["folds", "seeds"])
    " (did you mean 'folds'?)"
    """
    close = get_close_matches(word, list(known), n=1)
    return f" (did you mean {close[0]!r}?)" if close else ""
