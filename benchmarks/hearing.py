"""How fast words are heard beside the bare recogniser, what each setting finds, and what is invented over music.

    python -m benchmarks hearing speed DATA [--clips 20]
    python -m benchmarks hearing settings DATA [--clips 20] [--seconds 30 10 6]
    python -m benchmarks hearing context DATA [--clips 20]
    python -m benchmarks hearing invented DATA [--songs 40]
    python -m benchmarks hearing harder DATA [--clips 20]

DATA is the folder with ``cc_songs`` (recordings that are sung, their lyrics beside them) and ``songbook`` (scores
without a voice, and lyrics that are right for nobody). ``invented`` needs fluidsynth and a sound font. Seconds of the
processor stand beside those of the clock: on a machine that is shared they say more.
"""

import argparse
import contextlib
import csv
import random
import resource
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import soxr

from alcca.matching.bits import bits
from alcca.songs.audio import SPEECH_RATE, read_slice
from alcca.speech import decoder
from alcca.speech import recogniser as hearing
from alcca.speech.recogniser import Recogniser
from alcca.speech.weights import find_weights
from benchmarks.harder import harder

BEAM = 5
SOUND_FONT = "/usr/share/sounds/sf2/TimGM6mb.sf2"
INVENTED_SECONDS = 30


def main() -> None:
    """Run what was asked for."""
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("what", choices=("speed", "settings", "context", "invented", "harder"))
    ask.add_argument("data", type=Path)
    ask.add_argument("--clips", type=int, default=20)
    ask.add_argument("--seconds", type=int, nargs="+", default=[30, 10, 6])
    ask.add_argument("--songs", type=int, default=40)
    args = ask.parse_args()
    if args.what == "harder":
        harder(args.data, args.clips, instruments)
        return
    {"speed": speed, "settings": settings, "context": context, "invented": invented}[args.what](args)


# Speed


def speed(args: argparse.Namespace) -> None:
    """The same slices by alcca and by bare calls, with the same cores, one after the other in one run."""
    files = sorted((args.data / "cc_songs" / "audio").glob("*.ogg"))[: args.clips]
    slices = [read_slice(path, rate=SPEECH_RATE).decoded for path in files]
    print(f"{len(files)} slices of 30 s, beam {BEAM}\n")
    print("| | seconds | of the processor | clips a minute | ratio | of the processor |\n|---|---|---|---|---|---|")
    for name, processes, threads, workers in (
        ("one worker, two threads", 1, 2, 1),
        ("two workers of one thread, one model", 1, 1, 2),
        ("two processes of one thread", 2, 1, 1),
    ):
        bare = _timed(lambda: _share(_bare, slices, processes, threads, workers))  # noqa: B023 - called at once
        ours = _timed(lambda: _share(_ours, files, processes, threads, workers))  # noqa: B023 - called at once
        for who, (wall, processor) in (("bare faster-whisper", bare), ("**alcca**, decoding included", ours)):
            ratios = f"{wall / bare[0]:.2f} | {processor / bare[1]:.2f}"
            print(
                f"| {name}: {who} | {wall:.1f} | {processor:.1f} | {60 * len(files) / wall:.0f} | {ratios} |",
                flush=True,
            )
    for size in (1, 2, 4, 8):
        wall, processor = _timed(lambda: _in_batches(slices, size))  # noqa: B023 - called at once
        print(f"| batches of {size}, two threads, no second pass | {wall:.1f} | {processor:.1f} | "
              f"{60 * len(files) / wall:.0f} | | |", flush=True)  # fmt: skip


def _timed(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds of the clock and of the processor, of this process and of those that it waited for."""
    wall, before = time.perf_counter(), _processor_seconds()
    work()
    return time.perf_counter() - wall, _processor_seconds() - before


def _processor_seconds() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def _share(how: Callable[..., None], work: Sequence[Any], processes: int, threads: int, workers: int) -> None:
    if processes == 1:
        how(work, threads, workers)
        return
    shares = [work[first::processes] for first in range(processes)]
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        list(pool.map(how, shares, [threads] * processes, [workers] * processes))


def _ours(files: Sequence[Path], threads: int, workers: int) -> None:
    heard = Recogniser(threads=threads, workers=workers)
    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(lambda path: heard.hear(read_slice(path, rate=SPEECH_RATE).decoded), files))


def _bare(slices: Sequence[Any], threads: int, workers: int) -> None:
    from faster_whisper import WhisperModel

    model = WhisperModel(
        str(find_weights()), device="cpu", compute_type="int8", cpu_threads=threads, num_workers=workers
    )
    # Without the retries at higher temperatures, which would only make it slower.
    options: dict[str, Any] = {"beam_size": BEAM, "temperature": 0.0, "condition_on_previous_text": False}
    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(lambda samples: list(model.transcribe(samples, **options)[0]), slices))


def _in_batches(slices: Sequence[Any], size: int) -> None:
    heard = Recogniser(threads=2)
    model = heard._whisper.model
    for first in range(0, len(slices), size):
        mels = np.stack([heard._decoder._mel(samples) for samples in slices[first : first + size]])
        encoded = heard._whisper.encode(mels)
        spoken = [found[0][0].strip("<|>") for found in model.detect_language(encoded)]
        speech = [heard._decoder._speech(language) for language in spoken]
        model.generate(
            encoded, [one.prompt for one in speech], beam_size=BEAM, suppress_tokens=speech[0].suppressed,
            max_initial_timestamp_index=50,
        )  # fmt: skip


# Settings

SETTINGS: dict[str, dict[str, Any]] = {
    "beam 5 (alcca)": {},
    "beam 1": {"beam_size": 1},
    "beam 3": {"beam_size": 3},
    "beam 10": {"beam_size": 10},
    "beam 5, patience 2": {"patience": 2},
    "beam 5, repetition penalty 1.1": {"repetition_penalty": 1.1},
    "beam 5, no repeated 6-grams": {"no_repeat_ngram_size": 6},
    "beam 5, no time stamps": {"stamps": False},
    "beam 5, right language given": {"right_language": True},
    "beam 5, short pieces followed by zeros, not silence": {"zeros": True},
}
LANGUAGES = {"English": "en", "French": "fr", "Spanish": "es"}


def settings(args: argparse.Namespace) -> None:
    """What each way to decode finds: bits against the right lyrics, and the rank of these among all."""
    folder = args.data / "cc_songs"
    with (folder / "metadata.csv").open(encoding="utf-8") as table:
        songs = list(csv.DictReader(table))[: args.clips]
    right = [(folder / "lyrics" / f"{song['id']}.txt").read_text(encoding="utf-8") for song in songs]
    others = [path.read_text(encoding="utf-8") for path in sorted((args.data / "songbook" / "lyrics").glob("*.txt"))]
    heard = Recogniser(threads=1)
    for seconds in args.seconds:
        found: dict[str, list[str]] = {name: [] for name in SETTINGS}
        spent = dict.fromkeys(SETTINGS, 0.0)
        whose: list[int] = []
        for number, song in enumerate(songs):
            samples = read_slice(folder / "audio" / f"{song['id']}.ogg", rate=SPEECH_RATE).decoded
            for start in range(0, len(samples) - seconds * SPEECH_RATE + 1, seconds * SPEECH_RATE):
                piece = samples[start : start + seconds * SPEECH_RATE]
                encoded = heard._decoder.encode(piece)
                detected = heard._decoder.detect(encoded)[0]
                whose.append(number)
                for name, setting in SETTINGS.items():
                    language = LANGUAGES[song["language"]] if "right_language" in setting else detected
                    began = time.process_time()
                    sound = _followed_by_zeros(heard, piece) if "zeros" in setting else encoded.features
                    found[name].append(_decode(heard, sound, language, setting))
                    spent[name] += time.process_time() - began
        print(f"\n{len(whose)} pieces of {seconds} s among {len(right) + len(others):,} lyrics\n")
        print("| | bits, median | mean | right first | MRR | decoding, s of the processor |\n|---|---|---|---|---|---|")
        for name, texts in found.items():
            own, ranks = _against(texts, [*right, *others], np.array(whose))
            print(
                f"| {name} | {np.median(own):.0f} | {own.mean():.1f} | {np.mean(ranks == 1):.3f} | "
                f"{np.mean(1 / ranks):.3f} | {spent[name] / len(whose):.2f} |",
                flush=True,
            )


def _decode(heard: Recogniser, encoded: Any, language: str, setting: dict[str, Any]) -> str:
    speech = heard._decoder._speech(language)
    options = {"beam_size": BEAM, **setting}
    for name in ("right_language", "zeros"):
        options.pop(name, None)
    stamps = options.pop("stamps", True)
    prompt = speech.prompt if stamps else [*speech.prompt, speech.tokenizer.no_timestamps]
    result = heard._whisper.model.generate(
        encoded, [prompt], suppress_tokens=speech.suppressed, max_initial_timestamp_index=50, **options
    )[0]
    return "\n".join(text for _, _, text in heard._decoder._timed(result.sequences_ids[0], speech.tokenizer, 30.0)[0])


def _followed_by_zeros(heard: Recogniser, piece: Any) -> Any:
    """As faster-whisper does it."""
    from faster_whisper.audio import pad_or_trim

    return heard._whisper.encode(pad_or_trim(heard._whisper.feature_extractor(piece)))


# How much silence is encoded

CONTEXTS = {"half a minute": 3_000, "15 s": 1_500, "10 s (alcca)": 1_000, "6 s": 600}


def context(args: argparse.Namespace) -> None:
    """What is found, end to end, when a clip's last words are followed by less silence than the half minute holds."""
    folder = args.data / "cc_songs"
    files = sorted((folder / "audio").glob("*.ogg"))[: args.clips]
    right = [(folder / "lyrics" / f"{path.stem}.txt").read_text(encoding="utf-8") for path in files]
    others = [path.read_text(encoding="utf-8") for path in sorted((args.data / "songbook" / "lyrics").glob("*.txt"))]
    slices = [read_slice(path, rate=SPEECH_RATE).decoded for path in files]
    heard = Recogniser(threads=1)
    print("| silence to | bits, median | mean | right first | s of the processor |\n|---|---|---|---|---|")
    for name, frames in CONTEXTS.items():
        decoder.MIN_FRAMES = frames
        began = time.process_time()
        found = [heard.hear(samples) for samples in slices]
        spent = (time.process_time() - began) / len(slices)
        own, ranks = _against(found, [*right, *others], np.arange(len(slices)))
        print(
            f"| {name} | {np.median(own):.0f} | {own.mean():.1f} | {np.mean(ranks == 1):.3f} | {spent:.2f} |",
            flush=True,
        )


def _against(found: Sequence[Any], lyrics: Sequence[str], whose: Any) -> tuple[Any, Any]:
    """Bits of the right lyrics, and their ranks among all; ties count against the system."""
    worth = bits(found, lyrics)
    own = worth[np.arange(len(whose)), whose]
    return own, (worth >= own[:, None]).sum(axis=1)


# What is invented


def invented(args: argparse.Namespace) -> None:
    """Words in sound without a voice, and words lost where somebody sings, before and after cleaning."""
    heard = Recogniser(threads=2)
    print("| | recordings | with words, nothing cleaned | one reading | alcca | words | one reading | alcca |")
    print("|---|---|---|---|---|---|---|---|")
    for name, recordings in (*_without_voice(args), *_with_voice(args)):
        counts = np.array([[_words(way(heard, samples)) for way in CLEANINGS] for samples in recordings])
        with_words, words = (counts > 0).sum(axis=0), counts.sum(axis=0)
        cells = " | ".join(map(str, [len(recordings), *with_words, *words]))
        print(f"| {name} | {cells} |", flush=True)


def _nothing_cleaned(heard: Recogniser, samples: Any) -> Sequence[Any]:
    with _instead(clean_segments=lambda segments, *more: tuple(segments), is_doubtful=lambda *given: False):
        return heard.hear(samples).segments


def _read_once(heard: Recogniser, samples: Any) -> Sequence[Any]:
    with _instead(is_doubtful=lambda *given: False):
        return heard.hear(samples).segments


def _as_it_is(heard: Recogniser, samples: Any) -> Sequence[Any]:
    return heard.hear(samples).all_segments


CLEANINGS = (_nothing_cleaned, _read_once, _as_it_is)


@contextlib.contextmanager
def _instead(**names: Any) -> Iterator[None]:
    """The recogniser's module with other functions under some of its names."""
    before = {name: getattr(hearing, name) for name in names}
    vars(hearing).update(names)
    try:
        yield
    finally:
        vars(hearing).update(before)


def _words(segments: Sequence[Any]) -> int:
    return sum(any(map(str.isalnum, word)) for segment in segments for word in segment.text.split())


def _with_voice(args: argparse.Namespace) -> list[tuple[str, list[Any]]]:
    files = sorted((args.data / "cc_songs" / "audio").glob("*.ogg"))[: args.clips]
    slices = [read_slice(path, rate=SPEECH_RATE).decoded for path in files]
    pieces = {seconds: seconds * SPEECH_RATE for seconds in args.seconds}
    return [
        (f"sung, {seconds} s", [s[at : at + n] for s in slices for at in range(0, len(s) - n + 1, n)])
        for seconds, n in pieces.items()
    ]


def _without_voice(args: argparse.Namespace) -> list[tuple[str, list[Any]]]:
    rng = np.random.default_rng(0)
    now = np.arange(INVENTED_SECONDS * SPEECH_RATE) / SPEECH_RATE
    noise = rng.standard_normal(now.size).astype(np.float32)
    brown = np.cumsum(noise) - np.convolve(np.cumsum(noise), np.ones(2000) / 2000, "same")
    hum = sum(np.sin(2 * np.pi * 50 * k * now) / k for k in range(1, 8)).astype(np.float32)
    tones = [(0.3 * np.sin(2 * np.pi * f * now)).astype(np.float32) for f in (110, 220, 440, 1000, 3000)]
    music = instruments(args.data / "songbook", args.songs)
    tuned, kept = music[::2], music[1::2]
    whole = instruments(args.data / "songbook", args.songs, whole=True)
    return [
        ("whole songs of instruments, more than 30 s", whole),
        ("instruments, the half that was tuned on", tuned),
        ("instruments, the other half", kept),
        ("instruments, 6 s", [samples[16_000 : 7 * 16_000] for samples in kept]),
        ("instruments, 1 s", [samples[16_000 : 2 * 16_000] for samples in kept]),
        ("instruments, 6 s of the first half", [samples[12 * 16_000 : 18 * 16_000] for samples in tuned]),
        ("instruments, 2 s of the first half", [samples[20 * 16_000 : 22 * 16_000] for samples in tuned]),
        ("noise", [level * noise for level in (0.3, 0.03, 0.003)] + [0.3 * brown / np.abs(brown).max()]),
        ("hum", [0.05 * hum, 0.01 * hum + 1e-3 * noise]),
        ("pure tones", tones),
        ("silence", [np.zeros_like(noise), 1e-4 * noise]),
    ]


def instruments(songbook: Path, songs: int, *, whole: bool = False) -> list[Any]:
    """The first 30 s of scores, or all that is played of those that take longer, by a synthesiser without a voice."""
    scores = sorted((songbook / "midi").glob("*.mid"))
    random.Random(7).shuffle(scores)
    found: list[Any] = []
    with tempfile.TemporaryDirectory() as folder:
        wave = Path(folder) / "song.wav"
        for score in scores:
            command = ["timeout", "60", "fluidsynth", "-ni", "-q", "-g", "0.6", "-F", str(wave), SOUND_FONT, str(score)]
            subprocess.run(command, check=True, capture_output=True)
            stereo, rate = soundfile.read(wave, frames=-1 if whole else INVENTED_SECONDS * 44_100, dtype="float32")
            least = INVENTED_SECONDS + 0.5 if whole else INVENTED_SECONDS - 2
            if len(stereo) >= least * rate:
                found.append(soxr.resample(stereo.mean(axis=1), rate, SPEECH_RATE))
            if len(found) == songs:
                break
    return found


if __name__ == "__main__":
    main()
