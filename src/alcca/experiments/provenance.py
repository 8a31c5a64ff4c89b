"""What stands beside the results of a comparison: notes on the songs, the methods' settings, versions."""

import platform
import re

import numpy as np
from numpy.typing import NDArray

from alcca.experiments.dataset import Dataset
from alcca.experiments.folds import song_groups
from alcca.models.sources import alcca_source

__all__ = ["computed_with", "describe", "notes_on_songs", "versions"]

ADDRESS = re.compile(r" at 0x[0-9A-Fa-f]+")
LONGEST = 4_000  # characters of a description


def notes_on_songs(dataset: Dataset, fold_of: NDArray[np.integer]) -> list[str]:
    """What a reader of results must know of the songs and how they were dealt to the folds."""
    notes = []
    sizes = np.bincount(fold_of)
    if sizes.max() > 1.5 * sizes.min():
        notes.append(
            f"The test folds have {sizes.min()} to {sizes.max()} songs, because groups of songs are not torn apart."
        )
    twins = len(dataset) - len(set(song_groups(None, dataset.texts, n=len(dataset)).tolist()))
    if twins:
        notes.append(
            f"{twins} songs have the same words as an earlier one. They share a test fold and tie there; ties count "
            "against the system, so where audio asks for lyrics, results can stand below the chance given here."
        )
    labelled = sum(label is not None for label in dataset.label or ())
    if labelled == 0:
        notes.append("No song has a label: no category level.")
    elif labelled < len(dataset):
        notes.append(
            f"{len(dataset) - labelled} of {len(dataset)} songs have no label: they ask no query at the category "
            "level, and stand in its galleries as wrong answers."
        )
    unheard = sum(heard is None for heard in dataset.transcripts or ())
    if unheard:
        notes.append(
            f"{unheard} of {len(dataset)} songs were not listened to yet, and count as songs in which no words were "
            "heard: hear them (alcca hear) before methods that go by the words are judged."
        )
    return notes


def describe(thing: object) -> str:
    """An estimator with its settings, in one line that is the same in every run, whatever the settings are.

    Examples
    --------
    >>> class Words: ...
    >>> describe(Words()), describe([Words.__repr__, lambda: 0])
    ('Words()', "[<slot wrapper '__repr__' of 'object' objects>, <function <lambda>>]")
    """
    try:
        if type(thing).__repr__ is object.__repr__:  # which tells the address, another in every run
            settings = getattr(thing, "__dict__", {})
            said = f"{type(thing).__qualname__}({', '.join(f'{k}={v!r}' for k, v in sorted(settings.items()))})"
        else:
            said = repr(thing)
    except Exception as error:  # noqa: BLE001  # a description is not worth a run
        said = f"{type(thing).__qualname__}(… {type(error).__name__} in its description)"
    said = ADDRESS.sub("", " ".join(said.split())).encode("utf-8", "backslashreplace").decode()
    return said if len(said) <= LONGEST else said[:LONGEST] + " …"


def versions() -> dict[str, str]:
    """The versions of what results depend on, by name."""
    from importlib.metadata import PackageNotFoundError, version

    found = {"python": platform.python_version()}
    for package in ("alcca", "numpy", "scipy", "scikit-learn", "torch", "gensim", "librosa"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def computed_with() -> dict[str, str]:
    """What a fit was computed with: the versions of the packages that compute, and alcca's source."""
    found = {name: version for name, version in versions().items() if name != "librosa"}
    return {**found, "source": alcca_source()}
