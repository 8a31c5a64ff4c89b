"""What each part of matching transcripts with lyrics gains: python -m benchmarks matching DATA TRANSCRIPTS.json.

DATA holds cc_songs and songbook. Prints the fit of LAMBDA and K, how often unrelated pairs exceed how many bits, the
mean reciprocal ranks from audio to lyrics and back of each design, and seconds. TRANSCRIPTS.json keeps what was heard
in the windows of cc_songs; without the file hearing them takes some minutes.
"""

import contextlib
import random
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from alcca import HeardWords
from alcca.matching import alignment
from alcca.matching.alignment import local_scores
from alcca.matching.background import SOUNDS, WORDS, Background, bundled_background
from alcca.matching.bits import LAMBDA, K, _without_loops, signed_bits
from alcca.matching.folding import fold
from benchmarks.mishearing import PACE, Mishearing, cc_lyrics, covered_windows, heard_windows, songbook

LIMITS = (2, 4, 6, 8, 10)


class Pool(NamedTuple):
    """Texts heard and written; `right` says which lyrics each of the first transcripts belongs to.

    Of one song's windows only one at a time is in the pool that lyrics search: those of one `turn`.
    """

    heard: list[str]
    written: list[str]
    right: list[int]
    turn: list[int]


def pools(data: Path, kept: Path) -> dict[str, Pool]:
    """Real windows among misheard passages and songbook lyrics, and misheard passages among their lyrics."""
    lyrics, book = cc_lyrics(data), songbook(data)
    names = list(lyrics)
    windows = {key: one.text for key, one in heard_windows(data, kept).items() if one.has_words}
    draw = random.Random(5)
    others = draw.sample([text for texts in book.values() for text in texts.values()], 300)
    noise = {language: Mishearing(list(book[language].values())) for language in ("en", "de", "fr")}

    def misheard(language: str, text: str, seconds: float) -> str:
        words = max(3, round(draw.gauss(1, 0.4) * PACE * seconds))
        return noise[language].passage(text, words, draw.uniform(0.6, 0.95), draw)

    found = {}
    for seconds in (30, 10, 6, 3):
        real = [(names.index(name), start, text) for (name, s, start), text in windows.items() if s == max(seconds, 6)]
        if seconds == 3:
            halves = [(name, start, text.split()) for name, start, text in real]
            real = [(name, 2 * start, " ".join(words[: len(words) // 2])) for name, start, words in halves]
            real += [(name, 2 * start + 1, " ".join(words[len(words) // 2 :])) for name, start, words in halves]
        made = [
            misheard(language, draw.choice(list(book[language].values())), seconds)
            for language in ["en"] * 110 + ["de"] * 40
        ]
        heard = [text for _, _, text in real] + made
        found[f"{seconds} s"] = Pool(
            heard, list(lyrics.values()) + others, [name for name, _, _ in real], [start for _, start, _ in real]
        )
    covered = [(names.index(name), louder, one.text) for (name, louder), one in covered_windows(data, kept).items()]
    covered = [one for one in covered if one[2]]
    found["covered"] = found["10 s"]._replace(
        heard=[text for _, _, text in covered] + found["10 s"].heard[len(found["10 s"].right) :],
        right=[name for name, _, _ in covered],
        turn=[louder for _, louder, _ in covered],
    )
    for language, size in (("en", 250), ("de", 120), ("fr", 120)):
        texts = draw.sample(list(book[language].values()), size)
        heard = [misheard(language, text, draw.uniform(4, 30)) for text in texts]
        found[language] = Pool(heard, texts, list(range(size)), [0] * size)
    return found


def reciprocal_ranks(pool: Pool, scores: np.ndarray) -> tuple[float, float]:
    """Mean reciprocal ranks from audio to lyrics and back; equal scores rank above the right one."""
    right, turn = np.array(pool.right), np.array(pool.turn)
    known = len(right)
    there = [1 / (scores[i] >= scores[i, right[i]]).sum() for i in range(known)]
    back = []
    for i in range(known):
        among = np.r_[np.flatnonzero(turn == turn[i]), known : len(scores)]
        back.append(1 / (scores[among, right[i]] >= scores[i, right[i]]).sum())
    return float(np.mean(there)), float(np.mean(back))


@contextlib.contextmanager
def letters_equal_or_not() -> Iterator[None]:
    """Without letters that sound alike."""
    kin = dict(alignment.KIN)
    alignment.KIN.clear()
    alignment._matrix.cache_clear()
    try:
        yield
    finally:
        alignment.KIN.update(kin)
        alignment._matrix.cache_clear()


def scores_of(pool: Pool) -> np.ndarray:
    """Scores without regard to lengths."""
    folded = [fold(text).letters for text in pool.written]
    return np.array([local_scores(fold(text).letters, folded) for text in pool.heard], dtype=float)


def designs(pool: Pool) -> dict[str, np.ndarray]:
    """Scores of what the matching grew by, step by step."""
    heard, written = pool.heard, pool.written
    with letters_equal_or_not():
        table = {"letters, equal or not: raw score": scores_of(pool), "the same in bits": signed_bits(heard, written)}
    worth, background = signed_bits(heard, written), bundled_background()
    words, sounds = WORDS * background._words(heard, written), SOUNDS * background._sounds(heard, written)
    own = Background(written)
    return table | {
        "letters that sound alike, in bits": worth,
        "shared words alone": words,
        "shared sounds alone": sounds,
        "bits + sounds": worth + sounds,
        "bits + words + sounds": worth + words + sounds,
        "bits + words: a search": worth + words,
        "HeardWords": HeardWords().similarity(heard, written),
        "bits + words + sounds, lyrics known": own.bits(heard, written),
        "HeardWords, lyrics known": HeardWords().fit((heard, written)).similarity(heard, written),
    }


def fit_chance(data: Path, kept: Path) -> None:
    """Fit the extreme-value distribution's tail to scores of pairs of one language that do not belong together."""
    book, draw = songbook(data), random.Random(1)
    windows = [one.text for (name, *_), one in heard_windows(data, kept).items() if name.startswith("us_")]
    scores, sizes = {}, {}
    for name, language in (("English", "en"), ("German", "de"), ("French", "fr"), ("heard, English", "en")):
        texts = draw.sample(list(book[language].values()), 200)
        heard = windows if name.startswith("heard") else [text[: draw.randint(25, 400)] for text in texts[:60]]
        written = [fold(text).letters for text in texts[60:]]
        queries = [letters for text in heard if len(letters := _without_loops(fold(text).letters)) >= 8]
        scores[name] = np.concatenate([local_scores(letters, written) for letters in queries]).astype(float)
        sizes[name] = np.concatenate([[np.log(len(letters) * len(other)) for other in written] for letters in queries])
    score, size = np.concatenate(list(scores.values())), np.concatenate(list(sizes.values()))
    rate = 0.25
    for _ in range(50):
        beyond = score - size / rate
        limit = np.quantile(beyond, 0.95)
        # Songs come in several settings: the most alike pairs are related.
        most = np.quantile(beyond, 0.9995)
        rate = 1 / np.mean(np.minimum(beyond[beyond > limit], most) - limit)
    print(f"tail of {len(score)} pairs: LAMBDA = {rate:.3f}, K = {0.05 * np.exp(rate * limit):.5f}")
    print(f"with LAMBDA = {LAMBDA}, K = {K}: how often unrelated pairs exceed so many bits, over what is expected")
    print(f"  {'':16s}" + "".join(f"{limit:8d}" for limit in LIMITS))
    for name in scores:
        found = (LAMBDA * scores[name] - np.log(K) - sizes[name]) / np.log(2)
        print(f"  {name:16s}" + "".join(f"{np.mean(found > limit) * 2**limit:8.2f}" for limit in LIMITS))


def main(data: Path, kept: Path) -> None:
    """Print all."""
    fit_chance(data, kept)
    found = pools(data, kept)
    ranks: dict[str, list[tuple[float, float]]] = {}
    for pool in found.values():
        for name, scores in designs(pool).items():
            ranks.setdefault(name, []).append(reciprocal_ranks(pool, scores))
    print(
        "\nMRR audio to lyrics / lyrics to audio;",
        ", ".join(f"{k}: {len(p.right)} of {len(p.written)}" for k, p in found.items()),
    )
    print(f"{'':34s}" + "".join(f"{name:>13s}" for name in found) + f"{'mean':>13s}")
    for name, values in ranks.items():
        values.append(tuple(np.mean(values, axis=0)))
        print(f"{name:34s}" + "".join(f"  {there:.3f}/{back:.3f}" for there, back in values))
    pool = found["30 s"]
    size = min(len(pool.heard), len(pool.written))
    start = time.process_time()
    HeardWords().similarity(pool.heard[:size], pool.written[:size])
    print(f"\nHeardWords, {size} x {size}: {time.process_time() - start:.1f} s of one core")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
