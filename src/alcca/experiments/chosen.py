"""What a comparison says of settings: those that were chosen in each fold, or that none were."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from alcca.experiments.choosing import json_settings, settings_text
from alcca.experiments.compared_method import ComparedMethod
from alcca.experiments.rank_tables import Fit
from alcca.experiments.tuning import Tuning

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = ["TUNING", "chosen_frame", "settings_in_words", "together", "tuning_notes", "tuning_settings"]

TUNING = "tuning"
COLUMNS = ["method", "control", "seed", "fold", "settings", "score", "candidates", "failed", "songs"]


def tuning_settings(
    tuning: Tuning | None,
    methods: Mapping[str, ComparedMethod],
    components: Sequence[int],
    choices: Iterable[tuple[Fit, dict[str, Any] | None]],
) -> dict[str, Any]:
    """Return what the settings of results say of tuning, as values for JSON; nothing without it.

    Parameters
    ----------
    tuning : Tuning or None
    methods : mapping of str to ComparedMethod
    components : sequence of int
        Those of the comparison.
    choices : iterable of (Fit, dict or None)
        What each fit chose, as of `alcca.experiments.choosing.Choice.to_dict`.

    Returns
    -------
    dict
        Under "tuning": folds, measure and components of the choice, the candidates of each method, and what each fit
        chose: its method, control, fold and seed, and the values of `alcca.experiments.choosing.Choice`.
    """
    if tuning is None:
        return {}
    tried = {name: method.candidates.settings for name, method in methods.items() if method.candidates}
    return {
        TUNING: {
            "folds": int(tuning.folds),
            "measure": tuning.measure,
            "components": max(components, default=None),
            "candidates": {name: list(map(json_settings, settings)) for name, settings in tried.items()},
            "chosen": [{**fit._asdict(), **choice} for fit, choice in choices if choice],
        }
    }


def together(parts: Sequence[Mapping[str, Any]], rows: Sequence[str]) -> dict[str, Any]:
    """Combine the results of `tuning_settings`, of comparisons with different methods, in the order of ``rows``."""
    found = [part[TUNING] for part in parts if TUNING in part]
    if not found:
        return {}
    candidates = {name: settings for part in found for name, settings in part["candidates"].items()}
    chosen = [choice for part in found for choice in part["chosen"]]
    chosen.sort(key=lambda choice: rows.index(choice["method"]))
    ordered = {name: candidates[name] for name in rows if name in candidates}
    return {TUNING: {**found[0], "candidates": ordered, "chosen": chosen}}


def chosen_frame(settings: Mapping[str, Any], methods: Collection[str] | None = None) -> "DataFrame":
    """Tabulate what each fit chose, from `alcca.Results.settings`.

    Parameters
    ----------
    settings : mapping
    methods : collection of str, optional
        Only these.

    Returns
    -------
    DataFrame
        One row for each fit: method, control, seed, fold, settings (text), score (the measure of the chosen settings on
        the held-out songs, which flatters them; NaN if there was one candidate), candidates and failed (how many),
        songs (held out).
    """
    import pandas as pd

    tuning = settings.get(TUNING) or {"chosen": []}
    rows = []
    for choice in tuning["chosen"]:
        if methods is not None and choice["method"] not in methods:
            continue
        scores = [score for score in choice["scores"] if score is not None]
        rows.append(
            {
                **{name: choice[name] for name in ("method", "control", "seed", "fold", "songs")},
                "settings": settings_text(choice["settings"]),
                "score": max(scores, default=float("nan")),
                "candidates": len(tuning["candidates"][choice["method"]]),
                "failed": len(choice["failures"]),
            }
        )
    return pd.DataFrame(rows, columns=COLUMNS)


def tuning_notes(settings: Mapping[str, Any]) -> list[str]:
    """Notes for readers: what each method chose in how many folds, and candidates that failed; none without tuning."""
    if TUNING not in settings:
        return []
    frame = chosen_frame(settings)
    notes = [settings_in_words(settings)]
    for method, rows in frame[~frame["control"].astype(bool)].groupby("method", sort=False):
        counts = Counter(rows["settings"]).most_common()
        texts = [f"{text} in {count}" for text, count in counts]
        notes.append(f"{method} chose {'; '.join(texts)} of {len(rows)} fit{'' if len(rows) == 1 else 's'}.")
    failures: dict[tuple[str, str], int] = Counter(
        (choice["method"], failure) for choice in settings[TUNING]["chosen"] for failure in choice["failures"]
    )
    notes += [
        f"{method}: a candidate failed in {count} fit{'' if count == 1 else 's'} and was not chosen there: {failure}."
        for (method, failure), count in failures.items()
    ]
    return notes


def settings_in_words(settings: Mapping[str, Any], methods: Collection[str] | None = None) -> str:
    """Say in a sentence or two which methods have tuned settings.

    Parameters
    ----------
    settings : mapping
        Of results.
    methods : collection of str, optional
        Only these.

    Examples
    --------
    >>> settings_in_words({"methods": {"cca": "CCA()"}})
    'Settings are those given, or the defaults: none is tuned (--tune), but for what a method chooses by itself inside \
the training fold.'
    """
    tuning = settings.get(TUNING)
    usual = "those given, or the defaults"
    if tuning is None:
        return (
            f"Settings are {usual}: none is tuned (--tune), but for what a method chooses by itself inside the "
            "training fold."
        )
    names = [name for name in settings["methods"] if methods is None or name in methods]
    tuned = [name for name in names if name in tuning["candidates"]]
    others = [name for name in names if name not in tuned]
    part = "a fifth of its songs" if tuning["folds"] == 1 else f"{tuning['folds']} inner folds"
    sentences = []
    if tuned:
        sentences.append(
            f"Settings of {', '.join(tuned)} are chosen inside each training fold, by {tuning['measure']} (both "
            f"directions) on {part}, held out in whole groups."
        )
    if others:
        sentences.append(
            f"Those of {', '.join(others)} are {usual}, but for what a method chooses by itself inside the training "
            "fold."
        )
    return " ".join(sentences)
