"""The paper's experiment on made-up songs of its size: how long it takes, and the shape of Table 1.

    python -m benchmarks paper_scale [--songs 10000] [--shared 50] [--methods alcca] [--jobs 2]

10,000 songs with 20 moods share a known number of factors (`alcca.datasets.make_songs`); five folds, 10 to 100
components, 200 epochs. Without the control of shuffled pairs, which would take as long again. What is learned about
sound and words is nothing, as these are not songs: it shows what the methods make of factors that are there.
"""

import argparse
import os
import time

from alcca.datasets import make_songs
from alcca.experiments import Dataset, cross_validate
from alcca.experiments.methods import parse_methods
from alcca.experiments.report import to_markdown


def main() -> None:
    """Run the cross-validation and print its time and tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--songs", type=int, default=10_000)
    parser.add_argument("--shared", type=int, default=50, help="factors that audio and lyrics share")
    parser.add_argument("--noise", type=float, default=0.5, help="standard deviation of what they do not share")
    parser.add_argument("--methods", default="alcca")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--keep", help="folder for finished fits")
    options = parser.parse_args()
    made = make_songs(options.songs, shared=options.shared, noise=options.noise)
    songs = Dataset(made.audio, made.lyrics, made.label, name=f"{options.songs} made-up songs")
    started = time.monotonic()
    results = cross_validate(
        parse_methods(options.methods), songs, shuffled_control=False, n_jobs=options.jobs, keep=options.keep,
        verbose=True,
    )  # fmt: skip
    print(f"{(time.monotonic() - started) / 60:.1f} minutes with {options.jobs} processes\n")
    print(f"{options.shared} shared factors, correlations {made.correlations[0]:.2f} to {made.correlations[-1]:.2f}\n")
    print(to_markdown(results))


if __name__ == "__main__":
    main()
