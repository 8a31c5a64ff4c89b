"""Songs that are made on the spot: a pitch and words of their own, in every format that people keep music in."""

import itertools
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from random import Random
from typing import cast

import av
import numpy as np
import soundfile
from numpy.typing import NDArray

__all__ = ["FORMATS", "encode", "number_of", "sound", "words", "write_music"]

# By suffix: codec and container of FFmpeg; None for libsndfile.
FORMATS: dict[str, tuple[str, str | None] | None] = {
    "wav": None,
    "flac": None,
    "aiff": None,
    "ogg": None,
    "mp3": ("libmp3lame", "mp3"),
    "opus": ("libopus", "ogg"),
    "m4a": ("aac", "ipod"),
    "aac": ("aac", "adts"),
    "wma": ("wmav2", "asf"),
    "wv": ("wavpack", "wv"),
    "ac3": ("ac3", "ac3"),
    "mka": ("flac", "matroska"),
}
RATE = 48_000
LOWEST, STEP, MOST = 200.0, 25.0, 100  # Hz between songs
LINES, WORDS_A_LINE = 6, 6
SYLLABLES = "ba de fi go lu me na po ri su ta ve wi zo ka le".split()  # noqa: SIM905 - legible


def words(number: int) -> str:
    """The lyrics of a song: lines of words that no other song has in this order."""
    random = Random(number)
    vocabulary = ["".join(pair) for pair in itertools.product(SYLLABLES, SYLLABLES)]
    return "\n".join(" ".join(random.choices(vocabulary, k=WORDS_A_LINE)) for _ in range(LINES))


def sound(number: int, seconds: float = 4.0, *, seed: int = 0) -> NDArray[np.float32]:
    """A tone at the song's pitch with a beat and noise; mono at `RATE`."""
    rng = np.random.default_rng((number, seed))
    at = np.arange(round(seconds * RATE)) / RATE
    beat = 0.6 + 0.4 * np.sin(2 * np.pi * rng.uniform(0.5, 4) * at)
    overtones = sum(rng.uniform(0, 0.2) * np.sin(2 * np.pi * k * _pitch(number) * at) for k in range(2, 6))
    tone = np.sin(2 * np.pi * _pitch(number) * at) + overtones
    return (0.3 * tone * beat + 0.003 * rng.standard_normal(at.size)).astype(np.float32)


def number_of(samples: NDArray[np.float32], rate: int) -> int | None:
    """The number of the song that is heard; None where there is none."""
    if not len(samples):
        return None
    spectrum = np.abs(np.fft.rfft(samples))
    spectrum[: round(LOWEST / 2 * len(samples) / rate)] = 0
    number = round((float(np.argmax(spectrum)) * rate / len(samples) - LOWEST) / STEP)
    return number if 0 <= number < MOST else None


def _pitch(number: int) -> float:
    return LOWEST + STEP * (number % MOST)


def encode(samples: NDArray[np.float32], path: Path) -> Path:
    """Write mono samples in the format of the file's suffix."""
    path.parent.mkdir(parents=True, exist_ok=True)
    made = FORMATS[path.suffix[1:]]
    if made is None:
        with soundfile.SoundFile(path, "w", RATE, 1, "VORBIS" if path.suffix == ".ogg" else None) as file:
            # libsndfile crashes on Vorbis written in large pieces.
            for begin in range(0, len(samples), RATE):
                file.write(samples[begin : begin + RATE])
        return path
    codec, container = made
    with closing(av.open(str(path), "w", format=container)) as out:
        stream = cast("av.AudioStream", out.add_stream(codec, rate=RATE, layout="mono"))
        stream.bit_rate = 96_000
        for frame in _frames(samples, stream.codec_context):
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return path


def _frames(samples: NDArray[np.float32], codec: av.AudioCodecContext) -> Iterator[av.AudioFrame]:
    frame = av.AudioFrame.from_ndarray(samples[None], format="fltp", layout="mono")
    frame.sample_rate, frame.pts = RATE, 0
    fifo = av.AudioFifo()
    for piece in av.AudioResampler(format=codec.format, layout="mono", rate=RATE).resample(frame):
        piece.pts = None
        fifo.write(piece)
    while (ready := fifo.read(codec.frame_size or 1024, partial=True)) is not None:
        yield ready


def write_music(folder: Path, count: int) -> None:
    """Write songs below ``music``, each with its lyrics; those of every third are in ``texts`` instead."""
    for number in range(count):
        song = encode(sound(number), folder / "music" / "ab"[number % 2] / f"song {number:02d}.wav")
        text = song.with_suffix(".txt") if number % 3 else folder / "texts" / f"text {number:02d}.txt"
        text.parent.mkdir(parents=True, exist_ok=True)
        text.write_text(words(number) + "\n", encoding="utf-8")
