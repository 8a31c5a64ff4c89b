"""Fit the certainty of hits and check it on songs kept out: python -m benchmarks certainty DATA TRANSCRIPTS.json.

Queries are the windows of cc_songs (30, 10 and 6 s, also with other music over them), passages of the songbook misheard
to all degrees, and common words without a song. Each is asked twice, once with its own lyrics among those searched and
once without. SCALE is the maximum-likelihood fit over all hits; the table is made of songs that the fit did not see
(five folds over songs).
"""

import random
import sys
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize_scalar

from alcca.matching import posterior as certainty
from alcca.matching.background import bundled_background
from alcca.matching.folding import fold
from alcca.matching.posterior import SURE, posterior
from benchmarks.mishearing import PACE, Mishearing, cc_lyrics, covered_windows, heard_windows, songbook

HITS = 50
SIZES = (20, 200, 1700)
FOLDS = 5


class Asked(NamedTuple):
    """The best hits of a query: their bits, whether each is right, among how many songs, and the fold of its song."""

    bits: np.ndarray
    right: np.ndarray
    songs: int
    fold: int
    kind: str


def ask_all(data: Path, kept: Path) -> list[Asked]:
    """Ask each query in libraries of several sizes, with and without its song."""
    draw = random.Random(2)
    book = {f"{key}": text for texts in songbook(data).values() for key, text in texts.items()}
    own = cc_lyrics(data)
    lyrics = own | book
    names = list(lyrics)
    queries = [(f"{seconds} s", name, heard.text) for (name, seconds, _), heard in heard_windows(data, kept).items()]
    queries += [("covered", name, heard.text) for (name, _), heard in covered_windows(data, kept).items()]
    for language, count in (("en", 150), ("de", 60), ("fr", 60)):
        texts = songbook(data)[language]
        noise = Mishearing(list(texts.values()))
        for name in draw.sample(list(texts), count):
            words = max(2, round(PACE * draw.uniform(2, 30)))
            queries.append(("misheard", name, noise.passage(texts[name], words, draw.uniform(0.3, 0.98), draw)))
        for _ in range(count // 3):
            queries.append(("common words", "", " ".join(draw.choices(noise.common[:100], k=draw.randrange(2, 40)))))
    folds = {name: number % FOLDS for number, name in enumerate(sorted({name for _, name, _ in queries}))}
    letters = [fold(text).letters for text in lyrics.values()]
    asked = []
    for kind, name, text in queries:
        if not fold(text).letters:
            continue
        worth, _ = bundled_background().matches(text, list(lyrics.values()))
        # The songbook holds poems in several settings; any of them is right.
        same = _same(letters, names.index(name)) if name else np.zeros(len(names), dtype=bool)
        others = np.flatnonzero(~same)
        for size in SIZES:
            without = np.array(draw.sample(others.tolist(), min(size, len(others)) - 1))
            for chosen in (without, np.append(without, names.index(name))) if name else (without,):
                best = chosen[np.argsort(-worth[chosen], kind="stable")][:HITS]
                asked.append(Asked(worth[best], same[best], len(chosen), folds[name], kind))
    return asked


_grams: dict[int, frozenset[str]] = {}


def _same(letters: list[str], own: int) -> np.ndarray:
    """Which lyrics are the same song as one of them, in another setting or edition, or with parts of it in common."""
    for number, text in enumerate(letters):
        if number not in _grams:
            _grams[number] = frozenset(text[i : i + 12] for i in range(len(text) - 11))
    mine = _grams[own]
    shared = np.array([len(mine & other) for other in _grams.values()])
    found: np.ndarray = shared >= 0.05 * max(len(mine), 1)
    found[own] = True
    return found


def loss(asked: list[Asked], scale: float) -> float:
    """Mean negative log-likelihood of the hits, best first, with one more outcome: that none is right."""
    kept, certainty.SCALE = certainty.SCALE, scale
    try:
        total = 0.0
        for one in asked:
            likely = posterior(one.bits, one.songs)
            right = likely[one.right].sum() if one.right.any() else 1 - likely.sum()
            total -= np.log(max(right, 1e-12))
        return total / len(asked)
    finally:
        certainty.SCALE = kept


def fitted(asked: list[Asked]) -> float:
    """The scale of maximum likelihood."""
    return float(minimize_scalar(lambda scale: loss(asked, scale), bounds=(0.1, 1.5), method="bounded").x)


def table(title: str, likely: np.ndarray, right: np.ndarray) -> None:
    """Print how often hits of each probability were right."""
    print(f"\n{title}\n  probability     hits   mean   right")
    edges = [0.001, 0.05, 0.25, 0.5, 0.75, 0.9, SURE, 1.0001]
    for low, high in pairwise(edges):
        inside = (likely >= low) & (likely < high)
        if inside.any():
            mean, share = likely[inside].mean(), right[inside].mean()
            print(f"  {low:.3f}-{min(high, 1):.3f} {inside.sum():8d}  {mean:.3f}   {share:.3f}")


def main(data: Path, kept: Path) -> None:
    """Print all."""
    asked = ask_all(data, kept)
    print(f"{len(asked)} searches; SCALE fitted on all: {fitted(asked):.3f}, in use: {certainty.SCALE}")
    likely: dict[str, list[np.ndarray]] = {"fitted on the other folds": [], "in use": []}
    order = [one for fold_ in range(FOLDS) for one in asked if one.fold == fold_]
    for fold_ in range(FOLDS):
        scale = fitted([one for one in asked if one.fold != fold_])
        print(f"  without fold {fold_}: {scale:.3f}")
        for name, value in (("fitted on the other folds", scale), ("in use", certainty.SCALE)):
            kept_scale, certainty.SCALE = certainty.SCALE, value
            likely[name] += [posterior(one.bits, one.songs) for one in asked if one.fold == fold_]
            certainty.SCALE = kept_scale
    right = np.concatenate([one.right for one in order])
    for name, values in likely.items():
        table(f"SCALE {name}", np.concatenate(values), right)
    sure = [values >= SURE for values in likely["in use"]]
    print(f"\nhits called sure (probability from {SURE}), and searches with the song there that have one")
    kinds = [(one.kind, min(SIZES, key=lambda size: abs(size - one.songs))) for one in order]
    for key in sorted(set(kinds)):
        chosen = [(one, hits) for one, hits, kind in zip(order, sure, kinds, strict=True) if kind == key]
        called = np.concatenate([one.right[hits] for one, hits in chosen])
        there = [bool((one.right & hits).any()) for one, hits in chosen if one.right.any()]
        print(
            f"  {key[0]:14s} among {key[1]:5d}: {len(called):4d} sure, {called.sum():4d} right; "
            f"{sum(there)} of {len(there)} searches"
        )


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
