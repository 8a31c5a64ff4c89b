"""From notes to audio files: a small organ in NumPy, and encoders from the libraries that also decode."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import av

__all__ = ["AUDIO_FORMATS", "RATE", "Note", "encode", "mix", "synthesise"]

AUDIO_FORMATS = ("mp3", "ogg", "flac", "m4a", "opus", "wav")
# The sample rate of features; Opus does not support it and gets the next higher one.
RATE = 22_050
OPUS_RATE = 24_000
CODECS = {"mp3": "libmp3lame", "flac": "flac", "m4a": "aac", "opus": "libopus", "wav": "pcm_s16le"}
# Fast settings, because encoding is most of the work and quality matters little here. Without its bit reservoir, an MP3
# can be decoded from the middle; with it, decoders warn about missing earlier frames.
FAST = {
    "mp3": {"compression_level": "7", "reservoir": "0"},
    "m4a": {"aac_coder": "fast"},
    "opus": {"compression_level": "3"},
}
# Amplitudes of harmonics 1, 2, …: a principal stop, with more octaves than fifths.
HARMONICS = (1.0, 0.6, 0.3, 0.35, 0.12, 0.15, 0.06, 0.12, 0.03, 0.04)
TABLE = 4096
ATTACK_SECONDS, RELEASE_SECONDS = 0.03, 0.06
PEAK, FADE_SECONDS = 0.7, 0.5


class Note(NamedTuple):
    """A note of a voice: MIDI pitch (69 is 440 Hz), start and length in seconds."""

    pitch: float
    start: float
    seconds: float


def synthesise(voices: Sequence[Sequence[Note]], seconds: float) -> NDArray[np.float32]:
    """Synthesise voices with the sound of a plain organ.

    Parameters
    ----------
    voices : sequence of sequences of Note
        Overlapping notes of one voice sound together.
    seconds : float
        Length of the result; the last half second fades out.

    Returns
    -------
    (seconds * 22050,) array of float32
        Mono, peak 0.7.

    Examples
    --------
    >>> samples = synthesise([[Note(69, 0.0, 1.0)]], seconds=1.0)
    >>> samples.shape, bool(abs(np.abs(np.fft.rfft(samples)).argmax() - 440) <= 1)
    ((22050,), True)
    """
    length = int(seconds * RATE)
    sound = np.zeros(length + RATE, dtype=np.float32)
    angle = 2 * np.pi * np.arange(TABLE) / TABLE
    harmonics = enumerate(HARMONICS, 1)
    table = np.sum([a * np.sin(k * angle) for k, a in harmonics], axis=0).astype(np.float32)
    for voice in voices:
        for note in voice:
            start = int(note.start * RATE)
            if start >= length:
                continue
            size = min(int((note.seconds + RELEASE_SECONDS) * RATE), len(sound) - start)
            # A lookup in one period of the waveform is ten times as fast as ten sines.
            step = 440.0 * 2 ** ((note.pitch - 69) / 12) * TABLE / RATE
            tone = table[(np.arange(size) * step).astype(np.int64) % TABLE]
            attack, release = int(ATTACK_SECONDS * RATE), min(size, int(RELEASE_SECONDS * RATE))
            tone[:attack] *= np.linspace(0, 1, attack, dtype=np.float32)[: len(tone)]
            tone[size - release :] *= np.linspace(1, 0, release, dtype=np.float32)
            sound[start : start + size] += tone
    return _finish(sound[:length])


def mix(voice: NDArray[np.float32], accompaniment: NDArray[np.float32], decibels: float) -> NDArray[np.float32]:
    """Mix a voice and its accompaniment.

    Parameters
    ----------
    voice, accompaniment : (n,) arrays of float32
        Mono at 22,050 Hz.
    decibels : float
        Level of the accompaniment relative to the voice (root mean square); negative if softer.

    Returns
    -------
    (n,) array of float32
        Peak 0.7; the last half second fades out.

    Examples
    --------
    >>> both = mix(np.ones(22050, dtype=np.float32), np.zeros(22050, dtype=np.float32), -12.0)
    >>> both.shape, round(float(both.max()), 2), float(both[-1])
    ((22050,), 0.7, 0.0)
    """
    loudness, other = (float(np.sqrt(np.mean(np.square(sound)))) for sound in (voice, accompaniment))
    gain = loudness / other * 10 ** (decibels / 20) if loudness > 0 and other > 0 else 1.0
    return _finish(voice + np.float32(gain) * accompaniment)


def _finish(sound: NDArray[np.float32]) -> NDArray[np.float32]:
    fade = min(len(sound), int(FADE_SECONDS * RATE))
    sound[len(sound) - fade :] *= np.linspace(1, 0, fade, dtype=np.float32)
    peak = float(np.abs(sound).max(initial=0.0))
    return sound * np.float32(PEAK / peak) if peak > 0 else sound


def encode(samples: NDArray[np.float32], path: Path, tags: Mapping[str, str]) -> None:
    """Write mono samples at 22,050 Hz in the format of ``path``'s suffix, with tags.

    The file is written atomically: under a hidden name beside ``path``, and then renamed.

    Parameters
    ----------
    samples : (n,) array of float32 in [-1, 1]
    path : path
        Its suffix is one of `AUDIO_FORMATS`.
    tags : mapping of str to str
        For example title, artist, genre, and lyrics, which are not written to Ogg Vorbis and WAV files.
    """
    part = path.with_name(f".{path.name}.part{path.suffix}")
    try:
        if path.suffix == ".ogg":
            _encode_vorbis(samples, part, tags)
        else:
            _encode_ffmpeg(samples, part, tags)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _encode_vorbis(samples: NDArray[np.float32], path: Path, tags: Mapping[str, str]) -> None:
    """Use libsndfile: FFmpeg's own Vorbis encoder cannot write mono."""
    import soundfile

    with soundfile.SoundFile(path, "w", RATE, 1, format="OGG", subtype="VORBIS") as out:
        for name in ("title", "artist", "genre"):
            if tags.get(name):  # libsndfile rejects an empty text
                setattr(out, name, tags[name])
        # libsndfile's Vorbis encoder overflows its stack on long writes.
        for start in range(0, len(samples), RATE):
            out.write(samples[start : start + RATE])


def _encode_ffmpeg(samples: NDArray[np.float32], path: Path, tags: Mapping[str, str]) -> None:
    import av

    suffix = path.suffix[1:]
    rate = OPUS_RATE if suffix == "opus" else RATE
    with av.open(str(path), "w") as out:
        out.metadata.update({name: text for name, text in tags.items() if name != "lyrics" or suffix != "wav"})
        added = out.add_stream(CODECS[suffix], rate=rate, layout="mono", options=FAST.get(suffix, {}))
        stream = cast("av.AudioStream", added)
        codec = stream.codec_context
        # Block encoders need blocks of a fixed size; the resampler cuts them and buffers the rest.
        resampler = av.AudioResampler(codec.format, "mono", rate, frame_size=codec.frame_size or RATE)
        frame = av.AudioFrame.from_ndarray(samples[None, :], format="flt", layout="mono")
        frame.sample_rate = RATE
        frame.pts = 0
        for piece in (*resampler.resample(frame), *resampler.resample(None)):
            out.mux(stream.encode(piece))
        out.mux(stream.encode(None))
