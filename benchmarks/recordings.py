"""Real recordings among many lyrics: what is heard in each, its rank, and the line that matches.

    python -m benchmarks recordings RECORDINGS SONGBOOK

RECORDINGS holds recordings in ``audio`` and the words of each in ``lyrics``; SONGBOOK holds ``lyrics`` that are right
for none of them. Every recording searches all lyrics of both, and every recording's lyrics search all recordings.
"""

import argparse
import time
from pathlib import Path

import numpy as np

from alcca import HeardWords, transcribe
from alcca.matching.passages import find_passages
from alcca.matching.posterior import certainty, posterior
from alcca.retrieval import chance_mrr1, mrr1
from alcca.texts.encodings import read_lyrics_file


def main() -> None:
    """Transcribe, match, print a Markdown table and the means."""
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("recordings", type=Path)
    ask.add_argument("songbook", type=Path)
    options = ask.parse_args()
    files = sorted((options.recordings / "audio").iterdir())
    own = [read_lyrics_file(options.recordings / "lyrics" / f"{file.stem}.txt") for file in files]
    others = [read_lyrics_file(file) for file in sorted((options.songbook / "lyrics").glob("*.txt"))]
    started = time.monotonic()
    heard = [transcribe(file) for file in files]
    hearing = time.monotonic() - started
    started = time.monotonic()
    scores = HeardWords().similarity(heard, [*own, *others])
    matching = time.monotonic() - started
    rows = np.arange(len(files))
    right = scores[rows, rows]
    by_sound = (scores >= right[:, None]).sum(axis=1)
    by_words = (scores[:, : len(files)] >= right[None, :]).sum(axis=0)
    print(
        f"{len(files)} recordings, {len(own) + len(others):,} lyrics; "
        f"heard in {hearing:.0f} s, matched in {matching:.0f} s\n"
    )
    print("| recording | language | rank among the lyrics | how sure | heard | the line that matches |")
    print("|---|---|---|---|---|---|")
    for row, file in enumerate(files):
        order = np.argsort(-scores[row], kind="stable")
        likely = posterior(np.maximum(scores[row][order], 0.0), scores.shape[1])
        mine = likely[order == row][0]
        passages = find_passages(heard[row], own[row], most=1)
        line = f"“{passages[0].line}” at {passages[0].start:.0f} s" if passages else "none"
        first = heard[row].text.splitlines()[0] if heard[row].has_words else "no words"
        print(
            f"| {file.stem[:40]} | {heard[row].language} | {by_sound[row]} | {certainty(float(mine))} ({mine:.0%}) "
            f"| {first[:60]} | {line} |"
        )
    n = len(own) + len(others)
    print(
        f"\nMRR1 {mrr1(by_sound):.3f} among {n:,} lyrics (chance {chance_mrr1(n):.4f}), first for {sum(by_sound == 1)};"
    )
    print(f"from lyrics to the {len(files)} recordings {mrr1(by_words):.3f} (chance {chance_mrr1(len(files)):.3f}).")


if __name__ == "__main__":
    main()
