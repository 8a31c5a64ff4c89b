"""How well ways to lay out a map keep neighbours, how long they take, and whether they make the same map twice.

    python -m benchmarks layout LYRICS          # songs of the songbook, by the Doc2Vec of their lyrics
    python -m benchmarks layout --songs 10000   # made-up songs in the space that ALCCA learns of them, 80 components

openTSNE as `alcca train` uses it, beside two principal components and, where they are installed, UMAP (umap-learn) and
PaCMAP as they come. Trustworthiness is scikit-learn's, of the fifteen nearest songs; "kept" is the share of a song's
fifteen nearest in the space that are among the fifteen nearest on the map. The first time includes what is compiled.
"""

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.manifold import trustworthiness
from sklearn.neighbors import NearestNeighbors

from alcca.datasets.synthetic import make_songs
from alcca.features.doc2vec import Doc2VecFeatures
from alcca.models.alcca import ALCCA
from alcca.space.map_layout import lay_out, principal_places, song_points, unit

NEAREST = 15
# Trustworthiness needs all distances, and the share that is kept those of this many songs.
MAX_TRUSTED = 10_000
ASKED = 2_000


def real_points(folder: Path) -> NDArray[np.float64]:
    """Doc2Vec of every text in a folder."""
    texts = [path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.txt"))]
    return unit(Doc2VecFeatures(epochs=20, random_state=0).fit(texts).transform(texts))


def made_points(songs: int) -> NDArray[np.float64]:
    """Made-up songs in the space that was learned from ten thousand of them; more are copies with noise."""
    few = min(songs, 10_000)
    views = make_songs(few, random_state=0)
    model = ALCCA(n_components=80, epochs=1).fit((views.audio, views.lyrics), views.label)
    ids = list(range(few))
    _, points = song_points([(ids, vectors) for vectors in model.transform((views.audio, views.lyrics))])
    rng = np.random.default_rng(0)
    more = [unit(points + rng.normal(0, 0.05, points.shape)) for _ in range(-(-songs // few) - 1)]
    return np.concatenate([points, *more])[:songs]


def ways() -> dict[str, Callable[[NDArray[np.float64]], NDArray[Any]]]:
    """Each way that is installed, from points to places."""
    found: dict[str, Callable[[NDArray[np.float64]], NDArray[Any]]] = {
        "PCA": lambda points: principal_places(points)[0],
        "openTSNE": lay_out,
    }
    try:
        import umap

        found["UMAP"] = lambda points: umap.UMAP(random_state=0).fit_transform(points)
    except ImportError:
        pass
    try:
        import pacmap

        found["PaCMAP"] = lambda points: pacmap.PaCMAP(random_state=0).fit_transform(points)
    except ImportError:
        pass
    return found


def kept(points: NDArray[np.float64], places: NDArray[Any]) -> float:
    """The share of songs' nearest in the space that are among their nearest on the map."""
    asked = np.random.default_rng(1).permutation(len(points))[:ASKED]
    near, shown = (
        NearestNeighbors(n_neighbors=NEAREST + 1).fit(all_).kneighbors(all_[asked], return_distance=False)[:, 1:]
        for all_ in (points, places)
    )
    return float(np.mean([len(set(one) & set(other)) / NEAREST for one, other in zip(near, shown, strict=True)]))


def main() -> None:
    """Lay the songs out by each way, twice, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("lyrics", type=Path, nargs="?")
    parser.add_argument("--songs", type=int, default=10_000)
    options = parser.parse_args()
    points = made_points(options.songs) if options.lyrics is None else real_points(options.lyrics)
    for name, way in ways().items():
        seconds, made = [], []
        for _ in range(2):
            begun = time.perf_counter()
            made.append(way(points))
            seconds.append(time.perf_counter() - begun)
        trust = "not measured"
        if len(points) <= MAX_TRUSTED:
            trust = f"{trustworthiness(points, made[0], n_neighbors=NEAREST):.3f}"
        print(
            f"{name:9s} {len(points)} songs: trustworthiness {trust}, kept {kept(points, made[0]):.3f}, "
            f"{seconds[0]:.1f} s, then {seconds[1]:.1f} s, the same map twice: {np.array_equal(*made)}",
            flush=True,
        )


if __name__ == "__main__":
    main()
