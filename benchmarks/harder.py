"""Recordings that are hard to hear: what each reading of the same sound finds, and what reading twice costs.

The sung recordings, covered by instruments (0, -5 and -10 dB), played faster (1.15 and 1.3 times, and so higher),
through a telephone's band (300 to 3400 Hz), and cut to 6, 8 and 10 s. See ``python -m benchmarks hearing --help``.
"""

import csv
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import soxr
from numpy.typing import NDArray
from scipy.signal import butter, sosfilt

from alcca.matching.heard_words import HeardWords
from alcca.songs.audio import SPEECH_RATE, read_slice
from alcca.speech import recogniser
from alcca.speech.doubt import is_doubtful
from alcca.speech.hallucinations import clean_second_reading, clean_segments
from alcca.speech.recogniser import Recogniser, _segments
from alcca.transcripts import Transcript

Samples = NDArray[np.float32]

DECIBELS, SPEEDS, BAND = (0, -5, -10), (1.15, 1.3), (300, 3400)
# From and to, in seconds.
CUTS = ((0, 6), (8, 16), (20, 30))
BLOCKED: dict[str, Any] = {"no_repeat_ngram_size": 4, "repetition_penalty": 1.1}


class Clip(NamedTuple):
    """A recording made hard to hear: how, which song it is of, and its samples at 16 kHz."""

    how: str
    song: int
    samples: Samples


def hard_clips(recordings: Sequence[Samples], covers: Sequence[Samples]) -> list[Clip]:
    """Each recording in each way that makes it hard to hear."""
    band = butter(4, BAND, "band", fs=SPEECH_RATE, output="sos")
    clips = []
    for song, samples in enumerate(recordings):
        cover = covers[(2 * song + 1) % len(covers)]
        clips += [Clip(f"covered, {level} dB", song, covered(samples, cover, level)) for level in DECIBELS]
        clips += [
            Clip(f"{speed} times as fast", song, soxr.resample(samples, SPEECH_RATE * speed, SPEECH_RATE))
            for speed in SPEEDS
        ]
        clips.append(Clip("telephone", song, sosfilt(band, samples).astype(np.float32)))
        clips += [Clip(f"{b - a} s of it", song, samples[a * SPEECH_RATE : b * SPEECH_RATE]) for a, b in CUTS]
    return clips


def covered(samples: Samples, cover: Samples, decibels: float) -> Samples:
    """A recording mixed with another sound; its loudness relative to that sound, in decibels."""
    cover = np.resize(cover, len(samples))
    loudness = [float(np.sqrt(np.mean(sound**2))) for sound in (samples, cover)]
    mixed = samples + cover * (loudness[0] / loudness[1]) * 10 ** (-decibels / 20)
    return (mixed / max(1.0, float(np.abs(mixed).max()))).astype(np.float32)


def harder(data: Path, clips: int, instruments: Callable[[Path, int], list[Any]]) -> None:
    """Print what each reading finds where today's first one fails, and what whole ways to listen find and take."""
    folder = data / "cc_songs"
    with (folder / "metadata.csv").open(encoding="utf-8") as table:
        names = [song["id"] for song in csv.DictReader(table)][:clips]
    own = [(folder / "lyrics" / f"{name}.txt").read_text(encoding="utf-8") for name in names]
    others = [path.read_text(encoding="utf-8") for path in sorted((data / "songbook" / "lyrics").glob("*.txt"))]
    recordings = [read_slice(folder / "audio" / f"{name}.ogg", rate=SPEECH_RATE).decoded for name in names]
    hard = hard_clips(recordings, instruments(data / "songbook", 2 * len(recordings)))
    heard = Recogniser(threads=1)
    lyrics, whose = [*own, *others], np.array([clip.song for clip in hard])

    found: dict[str, list[str]] = defaultdict(list)
    spent: dict[str, float] = defaultdict(float)
    wordless: dict[str, int] = defaultdict(int)
    for clip in hard:
        for name, way in WAYS.items():
            began = time.process_time()
            text, words = way(heard, clip.samples)
            spent[name] += time.process_time() - began
            found[name].append(text)
            wordless[name] += not words
    ranks = {name: _ranks(texts, lyrics, whose) for name, texts in found.items()}
    print(f"{len(hard)} clips among {len(lyrics):,} lyrics\n")
    print("| decoding | MRR | first | without words | CPU s per clip |\n|---|---|---|---|---|")
    for name, rank in ranks.items():
        share = wordless[name] / len(hard)
        print(f"| {name} | {_mean(1 / rank)} | {_mean(rank == 1)} | {share:.3f} | {spent[name] / len(hard):.2f} |")

    failed = np.flatnonzero(ranks[FIRST_ALONE] > 1)
    texts = [_readings(heard, hard[i].samples) for i in failed]
    print(f"\n{len(failed)} clips whose first reading does not find their lyrics first\n")
    print("| reading of the same encoding, nothing cleaned | MRR | first |\n|---|---|---|")
    for name in texts[0] if texts else ():
        rank = _ranks([text[name] for text in texts], lyrics, whose[failed])
        print(f"| {name} | {_mean(1 / rank)} | {_mean(rank == 1)} |")

    print("\n| made hard by | clips | " + " | ".join(f"MRR, {name}" for name in ranks) + " |")
    print("|---|---|" + "---|" * len(ranks))
    for how in dict.fromkeys(clip.how for clip in hard):
        rows = [i for i, clip in enumerate(hard) if clip.how == how]
        print(f"| {how} | {len(rows)} | " + " | ".join(_mean(1 / rank[rows]) for rank in ranks.values()) + " |")


def _mean(values: NDArray[Any]) -> str:
    return f"{np.mean(values):.3f}"


def _ranks(texts: Sequence[str], lyrics: Sequence[str], whose: NDArray[np.int64]) -> NDArray[np.int64]:
    """Ranks of the right lyrics; ties count against the system."""
    scores = HeardWords().similarity(texts, lyrics)
    ranks: NDArray[np.int64] = (scores >= scores[np.arange(len(whose)), whose][:, None]).sum(axis=1)
    return ranks


# Whole ways to listen: all that is matched, and whether words were heard


def read_once(heard: Recogniser, samples: Samples) -> Transcript:
    """The first reading alone, even if it is doubtful."""
    kept, recogniser.is_doubtful = recogniser.is_doubtful, lambda *given: False
    try:
        return heard.hear(samples)
    finally:
        recogniser.is_doubtful = kept


def _today(heard: Recogniser, samples: Samples) -> tuple[str, bool]:
    found = read_once(heard, samples)
    return found.all_text, found.has_words


def _twice(heard: Recogniser, samples: Samples) -> tuple[str, bool]:
    found = heard.hear(samples)
    return found.all_text, found.has_words


def _the_other_way_round(heard: Recogniser, samples: Samples) -> tuple[str, bool]:
    """Without time stamps first, and with them where that is in doubt."""
    decoder = heard._decoder
    encoded = decoder.encode(samples)
    language, probability = decoder.detect(encoded)
    reading = decoder.read_again(encoded, language)
    read = _segments(reading, reading.pieces, 0.0)
    kept = clean_second_reading(read)
    if is_doubtful(read, kept, encoded.seconds):
        other = decoder.read(encoded, language)
        kept += clean_segments(_segments(other, other.pieces, 0.0), probability)
    text = "\n".join(segment.text for segment in kept)
    return text, bool(text.strip())


FIRST_ALONE = "one reading"
WAYS = {
    FIRST_ALONE: _today,
    "second reading if doubtful (alcca)": _twice,
    "without time stamps, with them where in doubt": _the_other_way_round,
}


# Readings


def _readings(heard: Recogniser, samples: Samples) -> dict[str, str]:
    decoder = heard._decoder
    encoded = decoder.encode(samples)
    language, _ = decoder.detect(encoded)
    speech = decoder._speech(language)
    plain = [*speech.prompt, speech.tokenizer.no_timestamps]
    middle = len(samples) // 2
    halves = [decoder.encode(half) for half in (samples[:middle], samples[middle:])]

    def read(sound: Any, prompt: list[int], **how: Any) -> str:
        tokens = decoder._generate(sound, speech, prompt, **how).sequences_ids[0]
        return decoder._text([token for token in tokens if token < speech.tokenizer.eot], speech.tokenizer)

    found = {
        "first pass": read(encoded, speech.prompt),
        "without time stamps": read(encoded, plain),
        "the same, n-grams blocked": read(encoded, plain, **BLOCKED),
        "the same in two halves": "\n".join(read(half, plain, **BLOCKED) for half in halves),
        "with time stamps, n-grams blocked": read(encoded, speech.prompt, **BLOCKED),
    }
    return {**found, "all of them in one text": "\n".join(found.values())}
