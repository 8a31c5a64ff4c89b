"""Comparison of a grid of encoders: each method with each pair of an audio and a lyrics encoder, on the same folds.

Each pair makes a data set, with one audio view and one maker of lyric features, for `cross_validate`; the ranks of all
pairs are then combined, so that tests compare their rows.
"""

import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import numpy as np

from alcca.encoders.encoder import AudioEncoder, Encoder, LyricsEncoder
from alcca.encoders.registry import audio_encoder, lyrics_encoder, named_encoders
from alcca.errors import AlccaError, DataError, UsageError
from alcca.experiments.asked import check_dataset, checked
from alcca.experiments.chosen import together
from alcca.experiments.compared_method import ComparedMethod, audio_views, compared_methods
from alcca.experiments.dataset import Dataset
from alcca.experiments.distractors import Distractors, distractors_for, without_lacking
from alcca.experiments.encoder_views import EncodedTexts, encoded_audio, with_audio
from alcca.experiments.fit_cache import FitCache
from alcca.experiments.protocol import cross_validate
from alcca.experiments.rank_tables import compact
from alcca.experiments.results import Results

__all__ = ["SEPARATOR", "compare_encoders"]

# Separates a method, its audio encoder and its lyrics encoder in the name of a row.
SEPARATOR = " · "

E = TypeVar("E", AudioEncoder, LyricsEncoder)


class _Cell(NamedTuple):
    """A pair of encoders (None: the data set's own view, or not read), and the methods fitted with it, by row."""

    audio: str | None
    lyrics: str | None
    methods: dict[str, Any]
    named: dict[str, str]  # the names of the methods without the encoders

    @property
    def label(self) -> str:
        return SEPARATOR.join(name for name in (self.audio, self.lyrics) if name)


def compare_encoders(
    methods: Any,
    dataset: Dataset,
    *,
    audio_encoders: str | AudioEncoder | Sequence[str | AudioEncoder] | Mapping[str, AudioEncoder] | None = None,
    lyrics_encoders: str | LyricsEncoder | Sequence[str | LyricsEncoder] | Mapping[str, LyricsEncoder] | None = None,
    distractors: Distractors | Dataset | Sequence[str] | None = None,
    keep: Path | str | None = None,
    fresh: bool = False,
    **protocol: Any,
) -> Results:
    """Compare each method with each pair of encoders, by retrieval on the same folds.

    Parameters
    ----------
    methods
        As for `cross_validate`. A method that does not read ``audio`` (because it has another view, such as the MFCC of
        a CNN) is not combined with the audio encoders, and one that reads texts not with the lyrics encoders.
    dataset : Dataset
        Songs; with texts, if lyrics encoders are given.
    audio_encoders : names, AudioEncoder, list of them, or dict of name to encoder, optional
        Encoders of the audio. By default, the data set's ``audio``.
    lyrics_encoders : names, LyricsEncoder, list of them, or dict of name to encoder, optional
        Encoders of the lyrics. One that learns is fitted only on the training fold. By default, as in `cross_validate`.
    distractors
        As in `cross_validate`. Their recordings are left out if an encoder cannot read them.
    keep, fresh
        As in `cross_validate`. Without a folder, pairs share lyric features in a temporary one.
    **protocol
        As in `cross_validate`.

    Returns
    -------
    Results
        A row for each method and pair, named ``cca · mfcc-stats · tfidf``; the name has only the encoders that were
        given. The notes list pairs for which nothing could be measured.

    Raises
    ------
    UsageError, DataError
        As raised by `cross_validate`; an encoder is unknown, lyrics encoders are given and the data set's lyrics are
        vectors, or an audio encoder cannot read the audio.

    Examples
    --------
    >>> from alcca.datasets.synthetic import make_songs
    >>> from alcca.models.cca import CCA
    >>> songs = make_songs(60, shared=4, lyrics_size=6, random_state=0)
    >>> data = Dataset(songs.audio, songs.lyrics)
    >>> found = compare_encoders({"cca": CCA(ridge=1.0)}, data, audio_encoders=["mfcc-stats"], components=[4], folds=3)
    >>> found.methods
    ['cca · mfcc-stats']
    """
    known = checked({**protocol, "distractors": distractors, "keep": keep, "fresh": fresh})
    protocol = {name: known[name] for name in protocol}
    check_dataset(dataset)
    tuning = protocol.pop("tune", None)
    compared = compared_methods(methods, tuning)
    audio = _named("audio_encoders", audio_encoders, audio_encoder, AudioEncoder)
    lyrics = _named("lyrics_encoders", lyrics_encoders, lyrics_encoder, LyricsEncoder)
    if lyrics and dataset.texts is None:
        raise UsageError(f"{dataset.name} has vectors as lyrics, and encoders of lyrics read texts; give texts")
    if lyrics and protocol.get("text_features") is not None:
        raise UsageError("give either lyrics_encoders or text_features, not both")
    cells, order = _cells(compared.values(), audio, lyrics)
    others, notes = _distractors(dataset, distractors, compared.values(), list(audio.values()))
    songs = {name: with_audio(dataset, encoder) for name, encoder in audio.items()}
    texts = () if others is None or dataset.texts is None else tuple(map(str, others.lyrics))
    features = {name: EncodedTexts.of(encoder, dataset, texts) for name, encoder in lyrics.items()}
    by_cell: list[tuple[_Cell, Results]] = []
    errors: list[AlccaError] = []
    with ExitStack() as stack:
        cache = FitCache(keep, fresh=known["fresh"])
        if keep is None and len(cells) > 1:
            cache = FitCache(stack.enter_context(tempfile.TemporaryDirectory()), own=True)
        for cell in cells:
            own = dict(protocol) if cell.lyrics is None else {**protocol, "text_features": features[cell.lyrics]}
            if tuning is not None:
                own["tune"] = tuning.for_rows(cell.named)
            pool = others
            if others is not None and others.recordings and cell.audio is not None:
                pool = with_audio(others, audio[cell.audio])
            try:
                data = dataset if cell.audio is None else songs[cell.audio]
                by_cell.append((cell, cross_validate(cell.methods, data, distractors=pool, keep=cache, **own)))
            except (DataError, UsageError) as error:
                # Such as 100 components of 80 statistics; the other pairs can be measured.
                errors.append(error)
                notes.append(f"Nothing could be measured of {', '.join(cell.methods)}: {error}.")
    if not by_cell:
        raise errors[0]
    asked: list[tuple[str, Mapping[str, Encoder]]] = [("audio_encoders", audio), ("lyrics_encoders", lyrics)]
    encoders = {side: [encoder.key for encoder in made.values()] for side, made in asked if made}
    return _together(by_cell, order, notes, encoders)


def _named(name: str, given: Any, make: Callable[[Any], E], kind: type) -> dict[str, E]:
    """Make the encoders that were given by name or as objects. Raises UsageError."""
    if given is None:
        return {}
    is_mapping = isinstance(given, Mapping)
    several = given.values() if is_mapping else given if isinstance(given, list | tuple) else [given]
    for one in several:
        if not isinstance(one, kind) and (is_mapping or not isinstance(one, str)):
            raise UsageError(f"{name}: expected names of encoders, or objects of {kind.__name__}, got {one!r}")
    return named_encoders(given, make)


def _cells(
    compared: Iterable[ComparedMethod], audio: Mapping[str, Any], lyrics: Mapping[str, Any]
) -> tuple[list[_Cell], list[str]]:
    """The pairs with their methods, and all rows in their order in the results: by method."""
    cells: dict[tuple[str | None, str | None], _Cell] = {}
    order: list[str] = []
    for method in compared:
        for a in audio if audio and method.reads("audio") else (None,):
            for b in lyrics if lyrics and method.reads("features") else (None,):
                cell = cells.setdefault((a, b), _Cell(a, b, {}, {}))
                row = SEPARATOR.join(name for name in (method.name, a, b) if name)
                cell.methods[row] = method.estimator
                cell.named[row] = method.name
                order.append(row)
    return list(cells.values()), order


def _distractors(
    dataset: Dataset, given: Any, compared: Iterable[ComparedMethod], encoders: Sequence[AudioEncoder]
) -> tuple[Distractors | None, list[str]]:
    """The distractors that every pair can read, since the pools of all must be the same."""
    others, notes = distractors_for(dataset, given)
    if others is None or not others.recordings:
        return others, notes
    lacking = others.lacking(audio_views(compared) - {"audio"})
    for encoder in encoders:
        try:
            encoded_audio(others, encoder)
        except DataError:
            lacking.append(encoder.name)
    return without_lacking(others, lacking, notes)


def _together(
    by_cell: Sequence[tuple[_Cell, Results]], order: Sequence[str], notes: Sequence[str], encoders: Mapping[str, Any]
) -> Results:
    """Combine the results of all pairs to those of one comparison."""
    import pandas as pd

    parts = [results for _, results in by_cell]
    ranks = compact(pd.concat([part.ranks.astype({"method": object}) for part in parts], ignore_index=True))
    place = ranks["method"].map({row: i for i, row in enumerate(order)}).to_numpy(dtype=np.int64)
    ranks = ranks.iloc[np.argsort(place, kind="stable")].reset_index(drop=True)
    common = [note for note in parts[0].notes if all(note in part.notes for part in parts)]
    own = [
        f"{cell.label}: {note}" if cell.label else note
        for cell, part in by_cell for note in part.notes if note not in common
    ]  # fmt: skip
    settings = {
        **parts[0].settings,
        "components": sorted({c for part in parts for c in part.settings["components"]}),
        "lyrics": "; ".join(dict.fromkeys(str(part.settings["lyrics"]) for part in parts)),
        "methods": {row: part.settings["methods"][row] for row in order for part in parts
                    if row in part.settings["methods"]},
        "word_methods": [row for part in parts for row in part.settings["word_methods"]],
        **encoders,
        **together([part.settings for part in parts], order),
    }  # fmt: skip
    return replace(
        parts[0],
        ranks=ranks,
        settings=settings,
        notes=(*common, *own, *notes),
        failures=tuple(failure for part in parts for failure in part.failures),
        seconds={method: seconds for part in parts for method, seconds in part.seconds.items()},
    )
