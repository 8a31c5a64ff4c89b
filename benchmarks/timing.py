"""Times of lyrics that are known: how far each line and word is from where people hear it.

    python -m benchmarks timing FOLDER

FOLDER holds songs as NAME.mp3, NAME.txt (lyrics), NAME.lines.csv (start_time, end_time, lyrics_line) and NAME.words.csv
(start, word), made of the annotations of JamendoLyrics. Beside the alignment stand `time_lines`, which
knows only the letters of the same transcript; words that are spread evenly over the song, which is chance; and, as a
control, the lyrics of the next song, of which nothing may be found. Each song is also aligned with every line that
stands more than once in its lyrics written once, where it stands first, with ``repeats=True``.

    python -m benchmarks timing FOLDER --instrumentals FILE...

does the same for recordings without words, with the lyrics of each song in turn: nothing may be timed.
"""

import argparse
import csv
import tempfile
import time
from collections import defaultdict
from itertools import compress
from pathlib import Path

import numpy as np

from alcca.matching.folding import fold_letters
from alcca.matching.timed_lyrics import time_lines
from alcca.songs.apart import write_whole_apart
from alcca.speech.recogniser import RATE, Recogniser
from alcca.speech.samples import read_samples
from alcca.timing.align_lyrics import align_recording, align_samples
from alcca.timing.windows import Windows
from alcca.transcripts import Transcript

METHODS = (
    "words, aligned",
    "words, spread evenly",
    "lines, aligned",
    "lines, by letters alone",
    "lines, spread evenly",
)


def main() -> None:
    """Align each song, print a Markdown table of errors, and the costs."""
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("folder", type=Path)
    ask.add_argument("--model", default="base", help="the speech model")
    ask.add_argument("--instrumentals", type=Path, nargs="+", default=[], help="recordings without words")
    options = ask.parse_args()
    songs = sorted(path for path in options.folder.glob("*.mp3") if path.with_suffix(".words.csv").exists())
    recogniser = Recogniser(options.model)
    errors: dict[str, dict[str, np.ndarray]] = defaultdict(dict)
    sure = []
    with tempfile.TemporaryDirectory() as folder:
        for number, song in enumerate(songs):
            decoded = Path(folder) / "samples.f32"
            write_whole_apart(song, decoded, RATE)
            samples = read_samples(decoded)
            lyrics = song.with_suffix(".txt").read_text(encoding="utf-8")
            windows = Windows(recogniser, samples)
            started, used = time.perf_counter(), time.process_time()
            heard = recogniser.hear(samples, at_window=windows.keep)
            hearing, using = time.perf_counter() - started, time.process_time() - used
            started, used = time.perf_counter(), time.process_time()
            found = align_samples(samples, lyrics, recogniser=recogniser, transcript=heard, windows=windows)
            aligning, more = time.perf_counter() - started, time.process_time() - used
            words, lines = _column(song, "words", "start"), _column(song, "lines", "start_time")
            line_times = _times([line.start for line in found.lyrics.lines])
            errors["words, aligned"][song.stem] = _times([word.start for word in found.lyrics.words]) - words
            errors["lines, aligned"][song.stem] = line_times - lines
            errors["lines, by letters alone"][song.stem] = _times([t for t, _ in time_lines(heard, lyrics)]) - lines
            for kind, truth in (("words", words), ("lines", lines)):
                even = np.linspace(0, windows.seconds, len(truth), endpoint=False)
                errors[f"{kind}, spread evenly"][song.stem] = even - truth
            sure += [
                (line.confidence, apart) for line, apart in zip(found.lyrics.lines, line_times - lines, strict=True)
            ]
            other = songs[(number + 1) % len(songs)].with_suffix(".txt").read_text(encoding="utf-8")
            wrong = align_samples(samples, other, recogniser=recogniser, transcript=heard, windows=windows)
            fits = ["fits" if one.fits else "does not fit" for one in (found, wrong)]
            once = _written_once(recogniser, windows, samples, heard, lyrics, lines)
            print(
                f"{song.stem}: {found.share:.0%} of the words found, {fits[0]}; of the next song's {wrong.share:.0%}, "
                f"{fits[1]}; {1 + aligning / hearing:.2f} times a transcription of {hearing:.0f} s, "
                f"{1 + more / using:.2f} in processor time; {once}",
                flush=True,
            )
        for number, path in enumerate(options.instrumentals):
            lyrics = songs[number % len(songs)].with_suffix(".txt").read_text(encoding="utf-8")
            found = align_recording(path, lyrics, recogniser=recogniser)
            timed = sum(line.start is not None for line in found.lyrics.lines)
            print(f"{path.name}: {found.transcript.seconds:.0f} s, {timed} lines timed, {found.reason}", flush=True)
    print("\n| | song | mean | median | within .3 s | within 1 s | timed |\n|---|---|---|---|---|---|---|")
    for method in METHODS:
        for name, apart in errors[method].items():
            print(_row(method, name[:30], apart))
        print(_row(method, "**all songs**", np.concatenate(list(errors[method].values()))))
    print("\n| confidence of lines | lines | within .5 s |\n|---|---|---|")
    confidence, apart = np.array(sure, dtype=float).T
    for low, high in ((0, 0.1), (0.1, 0.5), (0.5, 0.9), (0.9, 1.01)):
        inside = (confidence >= low) & (confidence < high)
        share = f"{np.mean(np.abs(apart[inside]) <= 0.5):.0%}" if inside.any() else ""
        print(f"| {low} to {min(high, 1)} | {inside.sum()} | {share} |")


def _written_once(
    recogniser: Recogniser,
    windows: Windows,
    samples: np.ndarray,
    heard: Transcript,
    lyrics: str,
    starts: np.ndarray,
) -> str:
    """How many of the lines that are sung again are found if the lyrics have them only where they are sung first."""
    written = [line for line in (" ".join(line.split()) for line in lyrics.splitlines()) if fold_letters(line)]
    letters = [fold_letters(line) for line in written]
    first = [one not in letters[:number] for number, one in enumerate(letters)]
    if all(first):
        return "no line is sung again"
    once = "\n".join(compress(written, first))
    found = align_samples(
        samples, once, recogniser=recogniser, transcript=heard, windows=windows, repeats=True
    ).lyrics.lines
    at = [(fold_letters(line.text), line.start) for line in found if line.start is not None]

    def near(number: int) -> bool:
        return any(one == letters[number] and abs(start - starts[number]) <= 1 for one, start in at)

    again = [near(number) for number in np.flatnonzero(~np.array(first)).tolist()]
    more = len(found) - sum(first)
    return f"written once: {sum(again)} of {len(again)} lines that are sung again found, {more} more lines than written"


def _column(song: Path, kind: str, name: str) -> np.ndarray:
    with song.with_suffix(f".{kind}.csv").open(encoding="utf-8", newline="") as file:
        return np.array([float(row[name]) for row in csv.DictReader(file)])


def _times(times: list[float | None]) -> np.ndarray:
    return np.array([np.nan if one is None else one for one in times])


def _row(method: str, name: str, apart: np.ndarray) -> str:
    timed = np.abs(apart[np.isfinite(apart)])
    within = [f"{np.mean(timed <= limit):.1%}" for limit in (0.3, 1.0)]
    cells = [method, name, f"{timed.mean():.2f}", f"{np.median(timed):.3f}", *within, f"{len(timed) / len(apart):.1%}"]
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    main()
