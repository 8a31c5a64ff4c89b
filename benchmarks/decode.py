"""How long the way from a file to features takes, beside the decoder's own time, in one process.

    python benchmarks/decode.py [FILE_OR_FOLDER] [--files 8] [--repeat 9]

Without an argument it makes a four-minute song in every format. Every way decodes the same 30 s from the
middle; the first row is soundfile's bare decode where soundfile reads the format. Medians.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import av
import librosa
import numpy as np
import soundfile

from alcca.features.mfcc import mfcc
from alcca.songs.audio import SAMPLE_RATE, SLICE_SECONDS, read_slice
from alcca.songs.decoders import PyavDecoder
from alcca.songs.scan import find_audio

CODECS = {"mp3": "libmp3lame", "flac": "flac", "m4a": "aac", "opus": "libopus", "wav": "pcm_s16le"}
RATE, SECONDS = 44_100, 240


def make_songs(folder: Path) -> None:
    """A stereo song of four minutes in every format that FFmpeg writes, and Vorbis."""
    rng = np.random.default_rng(0)
    now = np.arange(RATE * SECONDS) / RATE
    left = 0.3 * np.sin(2 * np.pi * (200 + 5 * now) * now) + 0.05 * rng.standard_normal(now.size)
    song = np.stack([left, np.roll(left, 100)]).astype(np.float32)
    with soundfile.SoundFile(folder / "song.ogg", "w", RATE, 2, "VORBIS", format="OGG") as out:
        for begin in range(0, now.size, RATE):
            out.write(song[:, begin : begin + RATE].T)
    for suffix, codec in CODECS.items():
        with av.open(str(folder / f"song.{suffix}"), "w") as out:
            stream = out.add_stream(codec, rate=48_000 if suffix == "opus" else RATE, layout="stereo")
            context = stream.codec_context
            resampler = av.AudioResampler(context.format, "stereo", context.rate, frame_size=context.frame_size or 1024)
            frame = av.AudioFrame.from_ndarray(song, format="fltp", layout="stereo")
            frame.sample_rate, frame.pts = RATE, 0
            for piece in [*resampler.resample(frame), *resampler.resample(None)]:
                out.mux(stream.encode(piece))
            out.mux(stream.encode(None))


def middle(path: Path) -> float:
    """Where the slice of a song begins."""
    return read_slice(path).start


def bare(path: Path, start: float) -> None:
    """What libsndfile needs for the 30 s: seek and decode, all channels, no resampling."""
    with soundfile.SoundFile(path) as file:
        file.seek(round(start * file.samplerate))
        file.read(round(SLICE_SECONDS * file.samplerate), dtype="float32", always_2d=True)


def pyav(path: Path, start: float) -> None:
    """The same with FFmpeg."""
    have = 0
    with PyavDecoder(path) as decoder:
        for block in decoder.blocks(start):
            have += len(block)
            if have >= SLICE_SECONDS * decoder.rate:
                break


WAYS: dict[str, Callable[[Path, float], object]] = {
    "soundfile, bare decode": bare,
    "read_slice": lambda path, start: read_slice(path, offset=start),
    "read_slice + mfcc": lambda path, start: mfcc(read_slice(path, offset=start).samples),
    "PyAV decode to mono": pyav,
    "librosa.load": lambda path, start: librosa.load(path, sr=SAMPLE_RATE, offset=start, duration=SLICE_SECONDS),
}


def milliseconds(jobs: list[tuple[Path, float]], repeat: int) -> dict[str, float | None]:
    """Median over files and repetitions for each way; None for a way that cannot read the format."""
    times: dict[str, list[float]] = {}
    for name, way in WAYS.items():
        try:
            # Once for the caches.
            way(*jobs[0])
        except Exception:  # noqa: BLE001 - librosa and soundfile each have errors of their own for this
            continue
        times[name] = []
    # The ways take turns, so that whatever else the machine does slows all of them down alike.
    for _ in range(repeat):
        for job in jobs:
            for name, taken in times.items():
                begin = time.perf_counter()
                WAYS[name](*job)
                taken.append(time.perf_counter() - begin)
    return {name: 1000 * statistics.median(times[name]) if name in times else None for name in WAYS}


def main() -> None:
    """Print a table for each format."""
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("songs", type=Path, nargs="?", help="an audio file or a folder; made when not given")
    ask.add_argument("--files", type=int, default=8, help="files of each format at most")
    ask.add_argument("--repeat", type=int, default=9)
    args = ask.parse_args()
    with tempfile.TemporaryDirectory() as made:
        if args.songs is None:
            make_songs(Path(made))
        files = find_audio(args.songs or Path(made))
        begin = time.perf_counter()
        mfcc(read_slice(files[0]).samples)
        print(f"first call in this process: {time.perf_counter() - begin:.2f} s")
        for suffix in sorted({path.suffix.lower() for path in files}):
            jobs = [(path, middle(path)) for path in files if path.suffix.lower() == suffix][: args.files]
            print(f"\n{suffix[1:]}, {len(jobs)} files")
            measured = milliseconds(jobs, args.repeat)
            floor = next(took for took in measured.values() if took is not None)
            for name, took in measured.items():
                print(f"  {name:24} " + (f"{took:7.1f} ms  {took / floor:5.2f} x" if took else "cannot read it"))


if __name__ == "__main__":
    main()
