"""Which half minute of a song to transcribe, and which windows of a whole song nobody sings in.

    python -m benchmarks where places DATA
    python -m benchmarks where built DATA [--songs 20]
    python -m benchmarks where skipped DATA [--songs 10]
    python -m benchmarks where added DATA

DATA holds ``timed_songs`` (whole songs, and when each word is sung), ``cc_songs`` (30 s that are sung, of each of 20
songs) and ``songbook`` (scores without a voice, for fluidsynth). ``places``: words sung in the half minute that each
detector chooses, and what it costs. ``built``: songs of several minutes of which one half minute is sung, at any place.
``skipped``: windows of whole songs in which no voice is found, what they cost, the words in them. ``added``: what the
choice costs beside the rest of `alcca add`.
"""

import argparse
import csv
import random
import resource
import sys
import tempfile
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import soundfile

from alcca.features.mfcc import mfcc
from alcca.matching.bits import bits
from alcca.songs.audio import SAMPLE_RATE, SLICE_SECONDS, SPEECH_RATE, read_slice, read_slices
from alcca.songs.pieces import write_pieces
from alcca.songs.whole import read_whole
from alcca.speech import place, recogniser
from alcca.speech.recogniser import Recogniser
from alcca.speech.voice import has_voice, voices
from alcca.texts.encodings import read_lyrics_file
from benchmarks.hearing import instruments

# Nobody sings at least as long before and after a break.
BREATH = 2.0
LEAST_BREAK = 8.0


class Sung(NamedTuple):
    """A whole song, 16 kHz, and the second at which each of its words begins."""

    name: str
    path: Path
    samples: Any
    words: Any

    @property
    def seconds(self) -> float:
        """Its length."""
        return len(self.samples) / SPEECH_RATE

    @property
    def middle(self) -> float:
        """Where its middle half minute begins."""
        return (self.seconds - SLICE_SECONDS) / 2

    def words_from(self, start: float) -> int:
        """Words that begin in the half minute from a start."""
        return int(((self.words >= start) & (self.words < start + SLICE_SECONDS)).sum())


def main() -> None:
    """Run what was asked for."""
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("what", choices=("places", "built", "skipped", "added"))
    ask.add_argument("data", type=Path)
    ask.add_argument("--songs", type=int, default=20)
    options = ask.parse_args()
    {"places": places, "built": built, "skipped": skipped, "added": added}[options.what](options)


def whole_songs(data: Path) -> list[Sung]:
    """The songs with known times."""
    found = []
    for path in sorted((data / "timed_songs").glob("*.mp3")):
        with path.with_name(f"{path.stem}.words.csv").open(encoding="utf-8", newline="") as file:
            words = np.array([float(row["start"]) for row in csv.DictReader(file)])
        found.append(Sung(path.stem, path, np.concatenate(list(read_whole(path, SPEECH_RATE))), words))
    return found


def processor() -> float:
    """Seconds of the processor that this process and those that it waited for have used."""
    return sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))


# Which half minute


def places(options: argparse.Namespace) -> None:
    """Words in the half minute that each detector chooses among all of them, a second apart."""
    songs, heard = whole_songs(options.data), Recogniser(threads=1)
    print(
        "| | "
        + " | ".join(song.name[:14] for song in songs)
        + " | all | of the best | rank correlation | CPU s a song |"
    )
    print("|---|" + "---|" * (len(songs) + 4))
    best = sum(max(song.words_from(start) for start in _starts(song)) for song in songs)
    for name, start_of in (
        ("first half minute", lambda song: 0.0),
        ("**the middle** (before)", lambda song: song.middle),
        ("the best, by the known times", lambda song: max(_starts(song), key=song.words_from)),
    ):
        counts = [song.words_from(start_of(song)) for song in songs]
        _row(name, counts, best)
    _row(
        "any place, on average", [np.mean([song.words_from(start) for start in _starts(song)]) for song in songs], best
    )
    voices(np.zeros((1, SPEECH_RATE), np.float32))
    for name, detector in _detectors(heard).items():
        counts, ranks, spent = [], [], 0.0
        for song in songs:
            before = processor()
            at, level = detector(song)
            spent += processor() - before
            amounts = [level[(at >= start) & (at < start + SLICE_SECONDS)].mean() for start in _starts(song)]
            counts.append(song.words_from(_starts(song)[int(np.argmax(amounts))]))
            ranks.append(_rank_correlation(amounts, [song.words_from(start) for start in _starts(song)]))
        _row(name, counts, best, f"{np.mean(ranks):.2f}", f"{spent / len(songs):.2f}")
    counts = [song.words_from(_chosen(song.path, song.seconds, song.middle)) for song in songs]
    _row("**alcca**: a second of every three, or the middle", counts, best)


def _chosen(path: Path, seconds: float, middle: float) -> float:
    return place.most_sung(path, duration=seconds, middle=middle)


def _starts(song: Sung) -> Any:
    return np.arange(0.0, song.seconds - SLICE_SECONDS, 1.0)


def _row(name: str, counts: list[Any], best: int, *more: str) -> None:
    cells = [
        *(f"{count:.0f}" for count in counts),
        f"{sum(counts):.0f}",
        f"{sum(counts) / best:.0%}",
        *(more or ("", "")),
    ]
    print(f"| {name} | {' | '.join(cells)} |", flush=True)


def _rank_correlation(one: Any, other: Any) -> float:
    first, second = (np.argsort(np.argsort(values)) for values in (one, other))
    return float(np.corrcoef(first, second)[0, 1])


def _detectors(heard: Recogniser) -> dict[str, Callable[[Sung], tuple[Any, Any]]]:
    """Each tells of places, in seconds, how much is sung there."""
    return {
        "Silero, every second by itself": lambda song: _silero(song, 1.0),
        "Silero, a second of every three by itself": lambda song: _silero(song, 3.0),
        "Silero, in one pass": _silero_in_one_pass,
        "Whisper's language, 6 s of every 6": lambda song: _whisper(heard, song, 6.0, 0),
        "Whisper's language, 3 s of every 6": lambda song: _whisper(heard, song, 3.0, 0),
        "Whisper's no-speech, 6 s of every 6": lambda song: _whisper(heard, song, 6.0, 1),
        "loudness from 200 to 4,000 Hz": _loudness,
        "its modulation at 2 to 8 Hz": _modulation,
        "spectral flux": _flux,
    }


def _silero(song: Sung, every: float) -> tuple[Any, Any]:
    at = np.arange(0.0, song.seconds - 1.0, every)
    pieces = np.stack([song.samples[round(start * SPEECH_RATE) :][:SPEECH_RATE] for start in at])
    return at, np.sqrt(voices(pieces))


def _silero_in_one_pass(song: Sung) -> tuple[Any, Any]:
    from faster_whisper.vad import get_vad_model

    samples = song.samples[: len(song.samples) // 512 * 512]
    level = get_vad_model()(samples / np.abs(samples).max()).ravel()
    return np.arange(len(level)) * 512 / SPEECH_RATE, np.sqrt(level)


def _whisper(heard: Recogniser, song: Sung, seconds: float, which: int) -> tuple[Any, Any]:
    """Of the spectrogram of so many seconds alone, without the silence that fills it up to half a minute."""
    model, decoder = heard._whisper, heard._decoder
    at, level = np.arange(0.0, song.seconds - seconds, 6.0), []
    for start in at:
        piece = song.samples[round(start * SPEECH_RATE) :][: round(seconds * SPEECH_RATE)]
        encoded = model.encode(model.feature_extractor(piece)[:, : round(seconds * 100)])
        if which:
            prompt = decoder._speech("en").prompt
            said = model.model.generate(encoded, [prompt], max_length=len(prompt) + 1, return_no_speech_prob=True)
            level.append(-said[0].no_speech_prob)
        else:
            level.append(model.model.detect_language(encoded)[0][0][1])
    return at + seconds / 2, np.array(level)


def _spectrum(song: Sung) -> Any:
    """Magnitudes from 200 to 4,000 Hz, 100 times a second."""
    frames = np.lib.stride_tricks.sliding_window_view(song.samples, 512)[::160] * np.hanning(512).astype(np.float32)
    return np.abs(np.fft.rfft(frames))[:, 6:128]


def _seconds_of(values: Any) -> tuple[Any, Any]:
    whole = len(values) // 100
    return np.arange(whole), values[: whole * 100].reshape(whole, 100).mean(axis=1)


def _loudness(song: Sung) -> tuple[Any, Any]:
    return _seconds_of(np.log(_spectrum(song).sum(axis=1) + 1e-3))


def _modulation(song: Sung) -> tuple[Any, Any]:
    level = np.log(_spectrum(song).sum(axis=1) + 1e-3)
    windows = np.lib.stride_tricks.sliding_window_view(level, 200)[::100]
    power = np.abs(np.fft.rfft((windows - windows.mean(axis=1, keepdims=True)) * np.hanning(200))) ** 2
    return np.arange(len(power)), np.sqrt(power[:, 4:17].mean(axis=1))


def _flux(song: Sung) -> tuple[Any, Any]:
    level = np.log(_spectrum(song) + 1e-3)
    return _seconds_of(np.maximum(0.0, np.diff(level, axis=0)).mean(axis=1))


# Songs of which half a minute is sung


def breaks(songs: list[Sung]) -> list[Any]:
    """Samples of real songs in which nobody sings, as the known times say."""
    found = []
    for song in songs:
        marks = [-BREATH, *song.words, song.seconds]
        for before, after in pairwise(marks):
            begin, end = before + BREATH, after - BREATH / 2
            if end - begin >= LEAST_BREAK:
                found.append(song.samples[round(begin * SPEECH_RATE) : round(end * SPEECH_RATE)])
    return found


def _build(data: Path, songs: int) -> Iterator[tuple[str, Any, float, str]]:
    """Name, samples, where the sung half minute begins, and its lyrics."""
    generator = random.Random(21)
    files = sorted((data / "cc_songs" / "audio").glob("*.ogg"))[:songs]
    played, real = instruments(data / "songbook", len(files) // 2 + 1), breaks(whole_songs(data))
    for number, file in enumerate(files):
        clip = read_slice(file, rate=SPEECH_RATE).decoded
        around = real if number % 2 else played
        before, after = generator.uniform(20.0, 120.0), generator.uniform(20.0, 120.0)
        parts = [_filled(around, seconds, clip, generator) for seconds in (before, after)]
        lyrics = read_lyrics_file(data / "cc_songs" / "lyrics" / f"{file.stem}.txt")
        kind = "breaks of real songs" if number % 2 else "a synthesiser"
        yield kind, np.concatenate([parts[0], clip, parts[1]]).astype(np.float32), before, lyrics


def _filled(around: list[Any], seconds: float, clip: Any, generator: random.Random) -> Any:
    """So many seconds of instruments, as loud as the clip."""
    found: list[Any] = []
    while sum(map(len, found)) < seconds * SPEECH_RATE:
        piece = generator.choice(around)
        found.append(piece * (np.std(clip) / max(np.std(piece), 1e-6)))
    return np.concatenate(found)[: round(seconds * SPEECH_RATE)]


def built(options: argparse.Namespace) -> None:
    """The share of songs with words in what is transcribed, before and after."""
    heard = Recogniser(threads=1)
    rows: dict[tuple[str, str], list[tuple[float, ...]]] = {}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "song.flac"
        for kind, samples, begin, lyrics in _build(options.data, options.songs):
            soundfile.write(path, np.clip(samples / np.abs(samples).max() * 0.9, -1, 1), SPEECH_RATE)
            seconds = len(samples) / SPEECH_RATE
            middle = (seconds - SLICE_SECONDS) / 2
            for way, start in (("the middle (before)", middle), ("alcca", _chosen(path, seconds, middle))):
                before = processor()
                transcript = heard.hear(samples[round(start * SPEECH_RATE) :][: round(SLICE_SECONDS * SPEECH_RATE)])
                spent = processor() - before
                inside = max(0.0, SLICE_SECONDS - abs(start - begin)) / SLICE_SECONDS
                right = float(bits([transcript], [lyrics])[0, 0])
                rows.setdefault((kind, way), []).append((inside, transcript.has_words, right, spent))
                print(f"{kind}, {way}: {inside:.0%} of it, {right:.0f} bits", file=sys.stderr, flush=True)
    print(
        "| around it | transcribed | songs | sung part in it | with words | bits of its lyrics | 20 or more | CPU s |"
    )
    print("|---|---|---|---|---|---|---|---|")
    for (kind, way), found in sorted(rows.items(), key=lambda row: row[0][0]):
        inside, words, right, times = np.array(found, dtype=np.float64).T
        cells = f"{inside.mean():.0%} | {words.mean():.0%} | {right.mean():.0f} | {(right >= 20).mean():.0%}"
        print(f"| {kind} | {way} | {len(found)} | {cells} | {times.mean():.1f} |", flush=True)


# Windows without a voice


def skipped(options: argparse.Namespace) -> None:
    """What windows of whole songs in which no voice is found cost when they are read, and the words in them."""
    heard = Recogniser(threads=1)
    # Here all windows are read, to know what is in them.
    vars(recogniser)["has_voice"] = lambda samples: True
    print("| | songs | minutes | CPU s | in windows without a voice | finding that | words | words in these windows |")
    print("|---|---|---|---|---|---|---|---|")
    for name, recordings in _whole_recordings(options):
        spent, words = {True: 0.0, False: 0.0}, {True: 0, False: 0}
        finding = 0.0
        for samples in recordings:
            windows, at = heard.windows(samples), 0.0
            while True:
                before = processor()
                window = next(windows, None)
                if window is None:
                    break
                read = processor()
                voiced = has_voice(samples[round(at * SPEECH_RATE) :][: round(SLICE_SECONDS * SPEECH_RATE)])
                finding += processor() - read
                spent[voiced] += read - before
                words[voiced] += sum(len(segment.text.split()) for segment in window.segments)
                at += window.seconds
        minutes = sum(map(len, recordings)) / SPEECH_RATE / 60
        share = f"{spent[False]:.0f} ({spent[False] / sum(spent.values()):.0%})"
        print(
            f"| {name} | {len(recordings)} | {minutes:.1f} | {sum(spent.values()):.0f} | {share} | {finding:.1f} "
            f"| {sum(words.values())} | {words[False]} |",
            flush=True,
        )


def _whole_recordings(options: argparse.Namespace) -> Iterator[tuple[str, list[Any]]]:
    songs = whole_songs(options.data)
    yield "whole songs, sung", [song.samples for song in songs]
    made = list(_build(options.data, options.songs))
    for kind in ("a synthesiser", "breaks of real songs"):
        yield f"half a minute is sung, between {kind}", [samples for name, samples, *_ in made if name == kind]
    scores = instruments(options.data / "songbook", 6 * options.songs)
    played = [np.concatenate(scores[number :: options.songs]) for number in range(options.songs)]
    yield "instruments, three minutes", played
    yield "breaks of real songs, three minutes", [np.concatenate(breaks(songs) * 3)[: 180 * SPEECH_RATE]]
    yield "noises and a drum loop, three minutes", _noises(180 * SPEECH_RATE)


def _noises(length: int) -> list[Any]:
    generator = np.random.default_rng(0)
    white = generator.standard_normal(length)
    pink = np.fft.irfft(np.fft.rfft(white) / np.sqrt(np.maximum(1, np.arange(length // 2 + 1))), length)
    beat, time = np.zeros(SPEECH_RATE // 2), np.arange(SPEECH_RATE // 4) / SPEECH_RATE
    beat[: len(time)] += np.sin(2 * np.pi * 60 * time) * np.exp(-12 * time)
    beat[len(time) :] += 0.3 * generator.standard_normal(len(beat) - len(time)) * np.exp(-60 * time)
    drums = np.tile(beat, length // len(beat) + 1)[:length]
    return [(0.3 * one / np.abs(one).max()).astype(np.float32) for one in (white, pink, drums)]


# What it costs


def added(options: argparse.Namespace) -> None:
    """What `alcca add` does with each whole song, in this process: decoding, MFCC, the choice, the transcription."""
    heard = Recogniser(threads=1)
    # In a process apart they would take as long, but that process counts by itself.
    vars(place).update(write_pieces_apart=write_pieces, read_slices_apart=read_slices)
    voices(np.zeros((1, SPEECH_RATE), np.float32))
    print("| song | decoding, MFCC | choice of the place | transcribing the middle | transcribing that place | ratio |")
    print("|---|---|---|---|---|---|")
    total = np.zeros(4)
    for path in sorted((options.data / "timed_songs").glob("*.mp3")):
        marks = [processor()]
        music, middle = read_slices(path, rates=(SAMPLE_RATE, SPEECH_RATE))
        mfcc(music.samples)
        marks.append(processor())
        chosen = place.read_most_sung(path, middle)
        for one in (middle, chosen):
            # An encoding that is remembered would take no time.
            heard._decoder._encoded.clear()
            marks.append(processor())
            heard.hear(one.decoded)
        marks.append(processor())
        spent = np.diff(marks)
        total += spent
        print(_costs(path.stem[:20], spent), flush=True)
    print(_costs("all", total))


def _costs(name: str, spent: Any) -> str:
    read, choice, before, after = spent
    ratio = (read + choice + after) / (read + before)
    return f"| {name} | {read:.2f} | {choice:.2f} | {before:.1f} | {after:.1f} | {ratio:.2f} |"


if __name__ == "__main__":
    main()
