"""A second listening beside one and several readings of clips that are hard to hear: what each finds, and its cost.

    python -m benchmarks listening DATA [--clips 20] [--songs 40] [--fit] [--processes 2]

DATA is that of ``python -m benchmarks hearing``; fluidsynth and a sound font are needed. Each sung recording is covered
by two different instrumental scores (0, -5 and -10 dB) and cut to 6, 8 and 10 s. ``--songs`` scores without a voice,
speech and noises are searched for too, where no hit is right. All lyrics of DATA are searched, as in a library; ties
count against alcca. The cost is that of transcription and search, as of a process's first clip after its model is
loaded.

``--fit`` listens once more where a search is unsure, and prints the scores of songs that are sung and that are not, the
hits with other weights of the evidence (`alcca.matching.listened`), and what guesses add. Each process has one thread;
20 clips and 40 scores take two of them half an hour. ``--careful`` measures careful searches as well: only of the clips
covered most, among the first 100 lyrics, since each unsure clip takes up to a minute.
"""

import argparse
import csv
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import soxr
from numpy.typing import ArrayLike, NDArray

from alcca.datasets.espeak import SPEECH_RATE as VOICE_RATE
from alcca.datasets.espeak import speak
from alcca.matching.listened import LOST, MEDIAN, QUARTILES
from alcca.matching.posterior import LIKELY, SURE
from alcca.songs.audio import SPEECH_RATE, read_slice
from benchmarks.harder import CUTS, DECIBELS, Clip, Samples, covered
from benchmarks.hearing import instruments
from benchmarks.listened import NO_SONG, ONCE, Outcome, Searcher

WEIGHTS = (0.5, 0.75, 1.0, 1.25)
WITHOUT_VOICE, SPOKEN, NOISE = "scores without a voice", "speech", "noise and hums"
# Paragraphs of this project's documents that are read aloud, in some voices of English.
DOCUMENTS = Path(__file__).resolve().parents[1] / "docs"
SPEECHES, VOICES, NOISES, SECONDS = 10, ("en", "en-us", "en-gb-scotland"), 6, 30
# Lyrics among which careful searches are measured.
FEW_LYRICS = 100
# Told on standard error after so many clips.
PROGRESS = 10


def main() -> None:
    """Measure all clips and print the tables."""
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("data", type=Path)
    ask.add_argument("--clips", type=int, default=20, help="sung recordings")
    ask.add_argument("--songs", type=int, default=40, help="scores without a voice")
    ask.add_argument("--fit", action="store_true", help="print scores, and hits with other weights, as well")
    ask.add_argument("--careful", action="store_true", help="careful searches of the hardest clips, among 100 lyrics")
    ask.add_argument("--processes", type=int, default=2)
    args = ask.parse_args()
    folder, songbook = args.data / "cc_songs", args.data / "songbook"
    with (folder / "metadata.csv").open(encoding="utf-8") as table:
        names = [song["id"] for song in csv.DictReader(table)]
    own = [(folder / "lyrics" / f"{name}.txt").read_text(encoding="utf-8") for name in names]
    others = [path.read_text(encoding="utf-8") for path in sorted((songbook / "lyrics").glob("*.txt"))]
    recordings = [
        read_slice(folder / "audio" / f"{name}.ogg", rate=SPEECH_RATE).decoded for name in names[: args.clips]
    ]
    clips = made_hard(recordings, instruments(songbook, args.songs)) + not_sung()
    lyrics = [*own, *others]
    if args.careful:
        clips = [clip for clip in clips if clip.how == covered_by(DECIBELS[-1])]
        lyrics = lyrics[:FEW_LYRICS]
    outcomes = []
    for outcome in _measured(clips, lyrics, args.fit, args.careful, args.processes):
        outcomes.append(outcome)
        if len(outcomes) % PROGRESS == 0:
            print(f"{len(outcomes)} of {len(clips)} clips", file=sys.stderr, flush=True)
    sung = [one for one in outcomes if one.song != NO_SONG]
    silent = [one for one in outcomes if one.song == NO_SONG]
    print(f"{len(sung)} sung clips and {len(silent)} in which nobody sings, among {len(lyrics):,} lyrics")
    for lines in (
        of_ways(sung),
        of_difficulties(sung),
        of_nothing_sung(silent),
        *((of_scores(outcomes), of_weights(outcomes), of_guesses(sung)) if args.fit else ()),
    ):
        if len(lines) > 2:
            print("", *lines, sep="\n")


def made_hard(recordings: Sequence[Samples], scores: Sequence[Samples]) -> list[Clip]:
    """The sung clips, and the scores as clips of no song."""
    clips = []
    for song, samples in enumerate(recordings):
        for cover in (scores[(2 * song + 1) % len(scores)], scores[(2 * song + 10) % len(scores)]):
            clips += [Clip(covered_by(level), song, covered(samples, cover, level)) for level in DECIBELS]
        clips += [Clip(f"{b - a} s of it", song, samples[a * SPEECH_RATE : b * SPEECH_RATE]) for a, b in CUTS]
    return clips + [Clip(WITHOUT_VOICE, NO_SONG, score) for score in scores]


def covered_by(level: float) -> str:
    """The name of the difficulty of clips that are covered by other music."""
    return f"covered, {level} dB"


def not_sung() -> list[Clip]:
    """Speech that is no song's, and noises."""
    paragraphs = [
        " ".join(part.split())
        for path in sorted(DOCUMENTS.glob("*.md"))
        for part in path.read_text(encoding="utf-8").split("\n\n")
        if part[:1].isalpha() and len(part) > 20 * SECONDS
    ]
    read = []
    for place in range(SPEECHES):
        text, voice = paragraphs[place * len(paragraphs) // SPEECHES], VOICES[place % len(VOICES)]
        aloud = speak(text, voice).samples[: SECONDS * VOICE_RATE]
        samples = np.clip(soxr.resample(aloud, VOICE_RATE, SPEECH_RATE), -1, 1)
        read.append(Clip(SPOKEN, NO_SONG, samples.astype(np.float32)))
    draw, times = np.random.default_rng(0), np.arange(SECONDS * SPEECH_RATE) / SPEECH_RATE
    noises = [draw.normal(0, 0.05, len(times)) for _ in range(NOISES // 3)]
    noises += [np.cumsum(draw.normal(0, 0.002, len(times))) % 0.2 - 0.1 for _ in range(NOISES // 3)]
    noises += [0.1 * np.sin(2 * np.pi * pitch * times) for pitch in (50, 440)]
    return read + [Clip(NOISE, NO_SONG, sound.astype(np.float32)) for sound in noises]


# In other processes

_of_process: dict[str, Searcher] = {}


def _begin(lyrics: Sequence[str], careful: bool) -> None:
    _of_process["searcher"] = Searcher(lyrics, careful=careful)


def _measure(clip: Clip, fit: bool) -> Outcome:
    return _of_process["searcher"].measure(clip, details=fit)


def _measured(
    clips: Sequence[Clip], lyrics: Sequence[str], fit: bool, careful: bool, processes: int
) -> Iterator[Outcome]:
    with ProcessPoolExecutor(processes, get_context("spawn"), _begin, (lyrics, careful)) as pool:
        yield from pool.map(_measure, clips, [fit] * len(clips))


# Tables


def of_ways(outcomes: Sequence[Outcome]) -> list[str]:
    """What each way finds where somebody sings."""
    lines = [
        "| | MRR | first | without words | sure | right | likely | right | CPU s per clip | times one reading |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    least = _seconds(outcomes, ONCE)
    for way in _ways(outcomes):
        found = [one.found[way] for one in outcomes]
        ranks = np.array([one.rank for one in found])
        sure, likely = _certain([one.probability for one in found])
        hits = [sure.sum(), (ranks[sure] == 1).sum(), likely.sum(), (ranks[likely] == 1).sum()]
        shares = [np.mean(1 / ranks), np.mean(ranks == 1), np.mean([not one.has_words for one in found])]
        seconds = _seconds(outcomes, way)
        cells = [*(f"{share:.3f}" for share in shares), *map(str, hits), f"{seconds:.2f}", f"{seconds / least:.2f}"]
        lines.append(_row(way, *cells))
    return lines


def of_difficulties(outcomes: Sequence[Outcome]) -> list[str]:
    """What each way finds, by how clips were made hard to hear."""
    ways = _ways(outcomes)
    lines = [
        _row("made hard by", "clips", *(f"MRR, {way}" for way in ways), "of these sure", "right"),
        "|---|" + "---|" * (len(ways) + 3),
    ]
    for how in dict.fromkeys(one.how for one in outcomes):
        of_this = [one.found for one in outcomes if one.how == how]
        means = [f"{np.mean([1 / found[way].rank for found in of_this]):.3f}" for way in ways]
        sure, _ = _certain([found[ways[-1]].probability for found in of_this])
        right = sure & np.array([found[ways[-1]].rank == 1 for found in of_this])
        lines.append(_row(how, str(len(of_this)), *means, str(sure.sum()), str(right.sum())))
    return lines


def of_nothing_sung(outcomes: Sequence[Outcome]) -> list[str]:
    """What each way finds where nobody sings: all of it is wrong."""
    lines = [
        "| nobody sings | clips | | with words | sure | likely | highest probability | CPU s per clip |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for how in dict.fromkeys(one.how for one in outcomes):
        of_this = [one for one in outcomes if one.how == how]
        for way in _ways(of_this):
            found = [one.found[way] for one in of_this]
            sure, likely = _certain([one.probability for one in found])
            highest = max(one.probability for one in found)
            counts = (sum(one.has_words for one in found), sure.sum(), likely.sum())
            cells = [*map(str, counts), f"{highest:.3f}", f"{_seconds(of_this, way):.2f}"]
            lines.append(_row(how, str(len(found)), way, *cells))
    return lines


def of_scores(outcomes: Sequence[Outcome]) -> list[str]:
    """Scores of songs that are not sung, of each clip, with the Gumbel distribution of these quartiles; and sung."""
    lines = [
        "| score in bits, clips that search is unsure of | clips | 25% | median | 75% | highest | location | scale |",
        "|---|---|---|---|---|---|---|---|",
    ]
    listened = [(one.song, one.details.scores) for one in outcomes if one.details is not None]
    for name, of_clips in (
        ("songs not sung, somebody sings (median of clips)", [one for one in listened if one[0] != NO_SONG]),
        ("songs not sung, nobody sings (median of clips)", [one for one in listened if one[0] == NO_SONG]),
    ):
        found = [scores.of_others(song) for song, scores in of_clips]
        table = np.array([[*_quartiles(own), own.max(), *gumbel(own)] for own in found if len(own)]).reshape(-1, 6)
        if len(table):
            lines.append(_row(name, str(len(table)), *(f"{value:.1f}" for value in np.median(table, axis=0))))
    pairs = [
        (float(scores.scores[scores.songs == song][0]), scores.of_others(song))
        for song, scores in listened
        if song in scores.songs[~np.isnan(scores.scores)]
    ]
    if pairs:
        own = np.array([score for score, _ in pairs])
        cells = [f"{value:.1f}" for value in (*_quartiles(own), own.max())]
        lines.append(_row("the song that is sung (of all clips)", str(len(pairs)), *cells, "", ""))
        highest = sum(score > others.max(initial=0.0) for score, others in pairs)
        lines += ["", f"Of {len(pairs)} sung songs that were listened for, {highest} have their clip's highest score."]
    return lines


def of_weights(outcomes: Sequence[Outcome]) -> list[str]:
    """First hits with other weights of the evidence, also if the right song is no candidate."""
    listened = [(one.song, one.details.scores) for one in outcomes if one.details is not None]
    sung = [one for one in listened if one[0] != NO_SONG]
    groups = {
        "right song listened for": [one for one in sung if one[0] in one[1].songs[~np.isnan(one[1].scores)]],
        "right song taken away": [(song, scores.without(song)) for song, scores in sung],
        "nobody sings": [one for one in listened if one[0] == NO_SONG],
    }
    lines = [
        f"| clips that search is unsure of, −{LOST:g} bits | weight | clips | sure | right | likely | right |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, clips in groups.items():
        clips = [one for one in clips if len(one[1].songs)]
        for weight in WEIGHTS if clips else ():
            first = [scores.best(weight) for _, scores in clips]
            right = np.array([hit == song for (song, _), (hit, _) in zip(clips, first, strict=True)])
            sure, likely = _certain([probability for _, probability in first])
            counts = (len(clips), sure.sum(), (right & sure).sum(), likely.sum(), (right & likely).sum())
            lines.append(_row(name, f"{weight:g}", *map(str, counts)))
    return lines


def of_guesses(outcomes: Sequence[Outcome]) -> list[str]:
    """What the next likely texts of second readings add where a search is unsure."""
    lines = ["| sung clips that search is unsure of | MRR | first | among the candidates |", "|---|---|---|---|"]
    details = [one.details for one in outcomes if one.details is not None]
    for name, found in (
        ("readings without guesses", [one.without_guesses for one in details]),
        ("readings and guesses (alcca)", [one.with_guesses for one in details]),
    ):
        if found:
            ranks = np.array([one.rank for one in found])
            shares = (np.mean(1 / ranks), np.mean(ranks == 1), np.mean([one.is_candidate for one in found]))
            lines.append(_row(name, *(f"{share:.3f}" for share in shares)))
    return lines


def gumbel(scores: NDArray[np.float64]) -> tuple[float, float]:
    """Location and scale of the Gumbel distribution with the quartiles of scores."""
    lower, middle, upper = _quartiles(scores)
    scale = (upper - lower) / QUARTILES
    return middle - MEDIAN * scale, scale


def _quartiles(scores: NDArray[np.float64]) -> tuple[float, float, float]:
    lower, middle, upper = np.quantile(scores, [0.25, 0.5, 0.75])
    return float(lower), float(middle), float(upper)


def _certain(probabilities: ArrayLike) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which hits are sure, and which are likely only."""
    values = np.asarray(probabilities, dtype=np.float64)
    return values >= SURE, (values >= LIKELY) & (values < SURE)


def _ways(outcomes: Sequence[Outcome]) -> list[str]:
    """The ways that were measured, cheapest first."""
    return list(dict.fromkeys(way for one in outcomes for way in one.found))


def _seconds(outcomes: Sequence[Outcome], way: str) -> float:
    return float(np.mean([one.found[way].seconds for one in outcomes])) if outcomes else 0.0


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    main()
