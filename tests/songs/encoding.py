"""Audio files that tests make for themselves, in every format that people keep music in."""

import itertools
from pathlib import Path

import av
import numpy as np
import soundfile

RATE = 44_100
FORMATS = ("mp3", "ogg", "flac", "m4a", "opus", "wav")
CODECS = {"mp3": "libmp3lame", "flac": "flac", "m4a": "aac", "aac": "aac", "opus": "libopus", "wav": "pcm_s16le"}


def tune(seconds, *, amplitude=0.5, seed=0):
    """A chirp with a little noise: nowhere the same, so that a slice tells where it was taken."""
    time = np.arange(int(seconds * RATE)) / RATE
    noise = np.random.default_rng(seed).standard_normal(time.size)
    chirp = 0.8 * np.sin(2 * np.pi * (200 + 8 * time) * time) + 0.2 * np.sin(2 * np.pi * 3000 * time)
    return (amplitude * (chirp + 0.02 * noise) / 1.1).astype(np.float32)


def encode(samples, path, *, tags=None):
    """Write mono samples (n,) or channels (c, n) at 44,100 Hz into the format of the file's suffix."""
    path = Path(path)
    channels = np.atleast_2d(samples)
    if path.suffix == ".ogg":
        with soundfile.SoundFile(path, "w", RATE, len(channels), "VORBIS", format="OGG") as out:
            # libsndfile crashes on Vorbis written in large pieces.
            for begin in range(0, channels.shape[1], RATE):
                out.write(channels[:, begin : begin + RATE].T)
        return path
    return encode_as(channels, path, None, CODECS[path.suffix[1:]], tags=tags)


def encode_as(samples, path, container, codec, *, tags=None, rate=RATE, late=0.0, options=None):
    """The same into a container and with a codec of FFmpeg; the container that the suffix means when None.

    The samples have a rate; the sound starts ``late`` seconds after the beginning.
    """
    channels = np.atleast_2d(samples)
    given, rate = rate, 48_000 if codec == "libopus" else rate
    layout = {1: "mono", 2: "stereo", 3: "2.1"}[len(channels)]
    with av.open(str(path), "w", format=container, options=options or {}) as out:
        out.metadata.update(tags or {})
        stream = out.add_stream(codec, rate=rate, layout=layout)
        resampler = av.AudioResampler(format=stream.codec_context.format, layout=layout, rate=rate)
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(channels, np.float32), format="fltp", layout=layout)
        frame.sample_rate, frame.pts = given, 0
        fifo = av.AudioFifo()
        for piece in [*resampler.resample(frame), *resampler.resample(None)]:
            piece.pts = None
            fifo.write(piece)
        pieces = []
        while fifo.samples:
            pieces.append(fifo.read(stream.codec_context.frame_size or 1024, partial=True))
        for packet in itertools.chain.from_iterable(map(stream.encode, [*pieces, None])):
            if late and packet.pts is not None:
                shift = round(late / packet.time_base)
                packet.pts += shift
                packet.dts = None if packet.dts is None else packet.dts + shift
            out.mux(packet)
    return path
