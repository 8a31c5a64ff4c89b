"""How a trained library does on songs that it was not trained on: the rank of each among them, beside chance.

    python -m benchmarks unseen --library LIBRARY FOLDER

LIBRARY has a model; FOLDER holds the other songs, which are added to it. Each song is searched by its recording
and by its lyrics; its rank counts the songs of FOLDER alone.
"""

import argparse
from pathlib import Path

import numpy as np

from alcca import Library
from alcca.retrieval import chance_median_rank, chance_mrr1, chance_recall_at, median_rank, mrr1, recall_at


def main() -> None:
    """Add the folder, search by each of its songs, print ranks and means."""
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("folder", type=Path)
    ask.add_argument("--library", type=Path, required=True)
    options = ask.parse_args()
    with Library(options.library) as library:
        trained = library.status()["model"]["songs"]
        report = library.add(options.folder)
        if report.added != report.found:
            raise SystemExit(f"{options.folder}: {report.found - report.added} songs were in the library already")
        place = str(options.folder.absolute())
        songs = [song for song in library.songs() if song.usable and song.paths[0].startswith(place)]
        ids, everything = {song.id for song in songs}, len(library.songs())

        def rank(song_id: int, **query: object) -> int:
            among = [hit.id for hit in library.search(k=everything, **query) if hit.id in ids]
            return among.index(song_id) + 1

        heard = np.array([rank(song.id, audio=song.paths[0]) for song in songs])
        read = np.array([rank(song.id, lyrics=song.lyrics) for song in songs])
    n = len(songs)
    print(f"A model trained on {trained} other songs; {n} songs, each ranked among the {n}.\n")
    print("| song | audio asks for lyrics | lyrics ask for audio |\n|---|---|---|")
    for song, a, t in zip(songs, heard, read, strict=True):
        print(f"| {song.title} | {a} | {t} |")
    print(f"| **MRR1** (chance {chance_mrr1(n):.3f}) | {mrr1(heard):.3f} | {mrr1(read):.3f} |")
    print(f"| **R@1** (chance {chance_recall_at(1, n):.3f}) | {recall_at(heard, 1):.3f} | {recall_at(read, 1):.3f} |")
    print(f"| **R@5** (chance {chance_recall_at(5, n):.3f}) | {recall_at(heard, 5):.3f} | {recall_at(read, 5):.3f} |")
    median = f"(chance {chance_median_rank(n):.1f})"
    print(f"| **median rank** {median} | {median_rank(heard):.1f} | {median_rank(read):.1f} |")


if __name__ == "__main__":
    main()
