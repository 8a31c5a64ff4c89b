"""Provenance of the results of a comparison: notes on the songs, and the methods' settings."""

import re
from collections.abc import Sequence

import numpy as np

from alcca.experiments.dataset import Dataset
from alcca.experiments.folds import song_groups
from alcca.experiments.splits import Split

__all__ = ["describe", "notes_on_folds", "notes_on_songs", "notes_on_splits"]

ADDRESS = re.compile(r" at 0x[0-9A-Fa-f]+")
LONGEST = 4_000  # characters of a description
# With fewer, no random signs of the labels are as rare as 0.05 (`alcca.experiments.statistics.largest_p`).
TESTABLE_LABELS = 6


def notes_on_folds(dataset: Dataset, sizes: Sequence[int]) -> list[str]:
    """Notes on the folds of a cross-validation for readers of results."""
    notes = []
    if max(sizes) > 1.5 * min(sizes):
        notes.append(f"The test folds have {min(sizes)} to {max(sizes)} songs, because groups of songs are kept whole.")
    twins = len(dataset) - len(set(song_groups(None, dataset.texts, n=len(dataset)).tolist()))
    if twins:
        notes.append(
            f"{twins} songs have the same words as an earlier one. They share a test fold and tie there; ties count "
            "against the system, so where audio asks for lyrics, results can stand below the chance given here."
        )
    return notes


def notes_on_splits(dataset: Dataset, splits: Sequence[Split]) -> list[str]:
    """Notes on predefined splits for readers of results."""
    sizes = [f"{len(own.train)} training and {len(own.test)} test songs" for own in splits]
    notes = [f"Predefined splits: {'; '.join(sizes[:5])}{'; and so on' if len(sizes) > 5 else ''}."]
    unused = len(dataset) - len(set(np.concatenate([[*own.train, *own.test] for own in splits]).tolist()))
    if unused:
        notes.append(f"{unused} songs are for validation: nothing is learned from them or measured on them.")
    words = song_groups(None, dataset.texts, n=len(dataset))
    leaked = sum(int(np.isin(words[own.test], words[own.train]).sum()) for own in splits)
    if leaked:
        notes.append(
            f"{leaked} test songs have the same words as a training song of their split, so they are easier to find "
            "than new songs."
        )
    return notes


def notes_on_songs(dataset: Dataset) -> list[str]:
    """Notes on the songs for readers of results."""
    notes = []
    labelled = sum(label is not None for label in dataset.label or ())
    if labelled == 0:
        notes.append("No song has a label: no category level.")
    elif labelled < len(dataset):
        notes.append(
            f"{len(dataset) - labelled} of {len(dataset)} songs have no label: they ask no query at the category "
            "level, and stand in its galleries as wrong answers."
        )
    labels = len(set(dataset.label or ()) - {None})
    if 0 < labels < TESTABLE_LABELS:
        notes.append(
            f"{labels} label{'' if labels == 1 else 's'}: at the category level no difference can be significant, as "
            f"songs of one label are tested together; that needs at least {TESTABLE_LABELS} labels, and more for many "
            "methods."
        )
    missing = sum(transcript is None for transcript in dataset.transcripts or ())
    if missing:
        notes.append(
            f"{missing} of {len(dataset)} songs have not been transcribed, and count as songs without words; "
            "transcribe them (alcca hear) before you judge methods that use transcripts."
        )
    return notes


def describe(thing: object) -> str:
    """Describe an estimator and its settings in one line, which is the same in every run.

    Examples
    --------
    >>> class Words: ...
    >>> describe(Words()), describe([Words.__repr__, lambda: 0])
    ('Words()', "[<slot wrapper '__repr__' of 'object' objects>, <function <lambda>>]")
    """
    try:
        if type(thing).__repr__ is object.__repr__:  # contains the address, which differs in every run
            settings = getattr(thing, "__dict__", {})
            text = f"{type(thing).__qualname__}({', '.join(f'{k}={v!r}' for k, v in sorted(settings.items()))})"
        else:
            text = repr(thing)
    except Exception as error:  # noqa: BLE001  # a faulty __repr__ must not end a comparison
        text = f"{type(thing).__qualname__}(… {type(error).__name__} in its description)"
    text = ADDRESS.sub("", " ".join(text.split())).encode("utf-8", "backslashreplace").decode()
    return text if len(text) <= LONGEST else text[:LONGEST] + " …"
