"""Made-up results of a comparison, with as many methods, seeds and numbers of components as a test needs."""

import numpy as np
import pandas as pd

from alcca.experiments.results import Results


def make_results(
    strength, n=60, folds=2, seeds=(0,), components=(10, 80), own=(), labels=True, control=True, failures=(),
    dataset="made up", notes=(), seconds=None, missing=(), whole=(), silent=None,
):  # fmt: skip
    """Results in which the queries of a method find their song the earlier, the greater its ``strength``.

    ``own`` are measured at 200 components alone, ``whole`` as a whole: they read what was heard, which was nothing in
    the songs ``silent``. ``missing`` are (method, seed) that were not measured.
    """
    rng = np.random.default_rng(7)
    group, label = np.arange(n) // 2, np.arange(n) % 12
    parts = []
    for seed in seeds:
        fold_of = np.random.default_rng(seed).permutation(n) % folds
        for fold in range(folds):
            query = np.flatnonzero(fold_of == fold)
            for method, s in strength.items():
                if (method, seed) in missing:
                    continue
                for c in (200,) if method in own else (0,) if method in whole else components:
                    for shuffled in (False, True) if control else (False,):
                        for direction in ("audio", "lyrics"):
                            rank = 1 + (rng.random(len(query)) ** (1 + (0 if shuffled else s)) * len(query)).astype(int)
                            same = np.bincount(label[query], minlength=12)[label[query]]
                            for level, ranks, relevant in (
                                ("instance", rank, np.ones_like(rank)), ("category", (rank + 2) // 3, same),
                            )[: 1 + labels]:  # fmt: skip
                                # Of a made-up list that is better than chance by as much as the first rank.
                                precision = (1 / ranks + relevant / len(query)) / 2 if level == "category" else np.nan
                                parts.append(
                                    pd.DataFrame(
                                        {
                                            "method": method, "control": shuffled, "fold": fold, "seed": seed,
                                            "components": c, "direction": direction, "level": level, "query": query,
                                            "song": query.astype(str), "group": group[query], "label": label[query],
                                            "rank": ranks,
                                            "pool": len(query), "relevant": relevant,
                                            "average_precision": precision, "average_precision_at_r": precision / 2,
                                            "ndcg": np.sqrt(precision),
                                            "hubness": 1 / (1 + s + fold) if level == "instance" else np.nan,
                                        }
                                    )
                                )  # fmt: skip
    frame = pd.concat(parts, ignore_index=True)
    frame = frame.astype(dict.fromkeys(["method", "direction", "level", "song"], "category"))
    settings = {
        "dataset": dataset, "songs": n, "folds": folds, "fold_sizes": [n // folds] * folds,
        "components": list(components), "seeds": list(seeds), "methods": {m: f"Made({m})" for m in strength},
        "versions": {"alcca": "0.0"}, "word_methods": list(whole),
    }  # fmt: skip
    return Results(frame, settings, tuple(notes), tuple(failures), seconds or {}, silent)
