"""Which method wins where: factors that maps share linearly or not, few or many songs, weak or strong noise.

    python -m benchmarks phase_diagram [--songs 1000,3000,10000] [--noise 0.25,1.0] [--jobs 2]

Made-up songs (`alcca.datasets.make_songs`) share 30 factors; audio has 20 x 20 columns, an eighth of MFCC's, so that
the networks can be trained dozens of times in minutes. Four fifths of the songs are learned from, the rest is searched
with 30 components. The figure is the instance MRR1, mean of both directions. The best of a row is bold, and so is
every method that a paired randomisation test cannot tell from it (p < 0.05, Holm).
"""

import argparse
import os

import numpy as np
from numpy.typing import NDArray

from alcca.datasets import make_songs
from alcca.experiments import Dataset
from alcca.experiments.fitting import Songs, fit_and_rank
from alcca.experiments.methods import parse_methods
from alcca.experiments.rank_tables import Fit
from alcca.experiments.statistics import holm, paired_randomisation
from alcca.progress import Progress
from alcca.retrieval import chance_mrr1
from alcca.workers.jobs import Job, run_jobs
from alcca.workers.local import LocalWorkers

SHARED, SHAPE = 30, (20, 20)


def reciprocal_ranks(method: str, n: int, noise: float, nonlinear: bool) -> NDArray[np.float64]:
    """Reciprocal ranks of the test songs, both directions behind each other."""
    made = make_songs(n, shared=SHARED, noise=noise, nonlinear=nonlinear, audio_shape=SHAPE)
    songs = Songs(Dataset(made.audio, made.lyrics, made.label), np.arange(n))
    train, test = np.split(np.random.default_rng(0).permutation(n), [n * 4 // 5])
    estimator = parse_methods(method)[method]
    fit = Fit(method, False, 0, 0)
    (fitted,) = fit_and_rank([fit], [estimator], songs, made.lyrics, train, test, [SHARED])
    found = fitted.ranks
    if isinstance(found, str):
        raise RuntimeError(f"{method}: {found}")
    found = found[found["level"] == "instance"].sort_values(["direction", "query"])
    return 1 / found["rank"].to_numpy()


def main() -> None:
    """Measure every cell and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--songs", default="1000,3000,10000")
    parser.add_argument("--noise", default="0.25,1.0")
    parser.add_argument("--methods", default="rcca,kernel-cca,dcca,alcca")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    methods = options.methods.split(",")
    rows = [
        (nonlinear, float(noise), int(n))
        for nonlinear in (False, True)
        for noise in options.noise.split(",")
        for n in options.songs.split(",")
    ]
    cells = [(method, n, noise, nonlinear) for nonlinear, noise, n in rows for method in methods]
    jobs = [Job((m, n), f"{m}, {n} songs", reciprocal_ranks, (m, n, *rest)) for m, n, *rest in cells]
    with Progress("phase diagram", total=len(jobs), unit="fit") as bar:
        found = {cells[number]: result for number, result, _ in run_jobs(jobs, LocalWorkers(options.jobs), bar)}
    print("| shared factors | noise | songs | chance | " + " | ".join(methods) + " |")
    print("|---" * (4 + len(methods)) + "|")
    for nonlinear, noise, n in rows:
        values = [found[method, n, noise, nonlinear] for method in methods]
        best = int(np.argmax([value.mean() for value in values]))
        songs = np.tile(np.arange(len(values[0]) // 2), 2)  # a song's two queries change sides together
        differences = np.stack([values[best] - value for value in values], axis=1)
        same = holm(np.delete(paired_randomisation(differences, songs), best))
        bold = np.insert(same >= 0.05, best, True)
        means = [f"**{v.mean():.3f}**" if b else f"{v.mean():.3f}" for v, b in zip(values, bold, strict=True)]
        kind = "waves" if nonlinear else "linear"
        print(f"| {kind} | {noise:g} | {n} | {chance_mrr1(n - n * 4 // 5):.3f} | " + " | ".join(means) + " |")


if __name__ == "__main__":
    main()
