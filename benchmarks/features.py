"""How long the way from a file to features takes, beside librosa's and the decoder's own time; and `alcca add` at work.

    python -m benchmarks features [FILE_OR_FOLDER] [--files 8] [--rounds 9] [--songs 400]

Without an argument it makes a four-minute song in every format. Every way decodes the same 30 s from the middle, and
they take turns; the first row is soundfile's bare decode where soundfile reads the format. At the end mp3 files are
added to a library by one process and by as many as there are processors.
"""

import os
import resource
import shutil
import tempfile
import time
from functools import partial
from pathlib import Path

import av
import librosa
import numpy as np
import soundfile

from alcca.features.mfcc import mfcc
from alcca.library.library import Library
from alcca.songs.audio import SAMPLE_RATE, SLICE_SECONDS, read_slice
from alcca.songs.ffmpeg import PyavDecoder
from alcca.songs.scan import walk
from benchmarks.measuring import Row, Table, in_turns, make_parser, publish

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


def peer(path: Path, start: float) -> None:
    """What most people write: librosa.load and librosa.feature.mfcc, of 20 coefficients."""
    samples, rate = librosa.load(path, sr=SAMPLE_RATE, offset=start, duration=SLICE_SECONDS)
    librosa.feature.mfcc(y=samples, sr=rate, n_mfcc=20)


BARE, OURS, LIBROSA = "soundfile, bare decode", "read_slice + mfcc", "librosa.load + librosa.feature.mfcc"
WAYS = {
    BARE: bare,
    "read_slice": lambda path, start: read_slice(path, offset=start),
    OURS: lambda path, start: mfcc(read_slice(path, offset=start).samples),
    "PyAV decode to mono": pyav,
    LIBROSA: peer,
}


def compare(suffix: str, jobs: list[tuple[Path, float]], rounds: int) -> Table:
    """All ways of one format."""
    table = Table(f"{suffix[1:]}, 30 s from the middle of {len(jobs)} file{'s' * (len(jobs) > 1)}")
    able, unable = {}, {}
    for name, way in WAYS.items():
        try:
            way(*jobs[0])
        except Exception as error:  # noqa: BLE001 - librosa and soundfile each have errors of their own for this
            unable[name] = Row(name, note=f"cannot ({type(error).__name__})")
            continue
        able[name] = partial(lambda way: [way(*job) for job in jobs], way)
    timed = in_turns(able, rounds)
    table.rows = [unable.get(name) or Row(name, [one / len(jobs) for one in timed[name]]) for name in WAYS]
    if suffix == ".mp3":
        table.aim("librosa to alcca", table.ratio(LIBROSA, OURS), ">=", 1.5)
        table.aim("alcca to the bare decode", table.ratio(OURS, BARE), "<=", 1.35)
    return table


def at_work(song: Path, songs: int) -> Table:
    """`Library.add` of copies of an mp3, each made another file by a byte at its end."""
    workers = os.cpu_count() or 1
    table = Table(f"alcca add, {songs} mp3 files, without hearing")
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made, "music")
        folder.mkdir()
        data = song.read_bytes()
        for number in range(songs):
            (folder / f"{number}.mp3").write_bytes(data + number.to_bytes(4))
        for jobs in (1, workers):
            library = Library(Path(made, f"library{jobs}"), progress=False)
            before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
            library.add(folder, jobs=jobs, hear="off")
            took = time.perf_counter() - started
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            busy = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
            table.rows.append(Row(f"{jobs} worker{'s' * (jobs > 1)}", [took]))
            table.facts[f"processors busy with {jobs}"] = round(busy / took, 2)
            library.close()
            shutil.rmtree(library.path)
    one, all_ = (row.median for row in table.rows)
    table.aim(f"faster with {workers} workers", one / all_, ">=", 0.9 * workers)
    return table


def main() -> None:
    """Print a table for each format."""
    parser = make_parser(__doc__, rounds=9)
    parser.add_argument("audio", type=Path, nargs="?", help="an audio file or a folder; made when not given")
    parser.add_argument("--files", type=int, default=8, help="files of each format at most")
    parser.add_argument("--songs", type=int, default=400, help="files to add to a library")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        if options.audio is None:
            make_songs(Path(made))
        files = walk(options.audio or Path(made)).files
        started = time.perf_counter()
        mfcc(read_slice(files[0]).samples)
        first = time.perf_counter() - started
        tables = []
        for suffix in sorted({path.suffix.lower() for path in files}):
            jobs = [(path, middle(path)) for path in files if path.suffix.lower() == suffix][: options.files]
            tables.append(compare(suffix, jobs, options.rounds))
        tables[0].facts["first call in a process, s"] = round(first, 2)
        song = next((path for path in files if path.suffix.lower() == ".mp3"), None)
        if song is not None and options.songs:
            tables.append(at_work(song, options.songs))
        publish(tables, options)


if __name__ == "__main__":
    main()
