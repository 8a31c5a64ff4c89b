"""Two decoders behind one interface: mono float32 blocks at the file's own rate, from any start.

libsndfile (soundfile) is the faster for what it reads, FFmpeg (PyAV) reads everything else. Whatever either
raises on a damaged file is passed on as it is; `alcca.songs.audio` decides what to make of it.
"""

import itertools
import os
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray

__all__ = ["Decoder", "PyavDecoder", "SoundfileDecoder", "decoders_for"]

# What libsndfile decodes faster than FFmpeg, or as fast. It reads Opus too, at half of FFmpeg's speed.
LIBSNDFILE_SUFFIXES = frozenset(
    {".mp3", ".mp2", ".flac", ".ogg", ".oga", ".wav", ".wave", ".aif", ".aiff", ".aifc", ".au", ".snd", ".caf", ".w64"}
)
# Each call of libsndfile from Python sets the place in the file again, which costs MP3 a tenth of a millisecond.
BLOCK_VALUES, SMALL_BLOCK_VALUES = 1 << 20, 1 << 17
# A decoder needs the frames before the wanted one to be exact: MP3's bit reservoir, the overlap of AAC and
# Vorbis windows, the 80 ms that Opus asks for.
PREROLL_SECONDS = 0.25
# Beyond these a header is damaged; the limits also bound the memory of a slice.
RATES = range(1_000, 768_001)
# Above eight channels PyAV hands out planes of a planar frame that do not exist: reading them ends the process.
MAX_CHANNELS = 8
# Damaged packets at the beginning are passed over, a file of nothing else is not read to its end.
PACKETS_BEFORE_SOUND = 1_000
# What FFmpeg may take a file for: formats of sound, and of video, which has sound. None of them opens another file. Not
# here are playlists and scripts (concat, hls, dash, sdp), pictures, subtitles, devices, and samples without a header.
FFMPEG_FORMATS = frozenset(
    """aa aac ac3 ac4 adx aea aiff amr amrnb amrwb ape apac asf asf_o au avi avr bonk caf dsf dss dts dtshd dv eac3 flac
    flv gxf hcom iamf iff ircam loas lc3 matroska mlp mmf mov mp3 mpc mpc8 mpeg mpegts msf mxf nistsphere nsv nut ogg
    oma osq paf pva pvf qcp qoa rka rm sds shn sox spdif tak truehd tta voc vqf w64 wav wavarc wsd wtv wv xa xwma
    """.split()  # noqa: SIM905 - legible
)
# Longer than any recording; libsndfile says 2**63 - 1 frames when it does not know.
MAX_SECONDS = 30 * 24 * 3600.0


class Decoder(Protocol):
    """An open audio file.

    Attributes
    ----------
    name : str
        The library behind it: ``"soundfile"`` or ``"pyav"``.
    rate : int
        Samples per second of the blocks.
    declared : float or None
        The duration that the file claims, in seconds; None when it does not say. It may lie.
    damaged : int
        Pieces that could not be decoded so far.
    """

    name: str
    rate: int
    declared: float | None
    damaged: int

    def __init__(self, path: Path) -> None: ...

    def blocks(self, start: float, most: int | None = None) -> Iterator[NDArray[np.float32]]:
        """Mono samples from ``start`` seconds to the end, or until there are ``most``; a block may be empty."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


def decoders_for(path: Path) -> tuple[type[Decoder], type[Decoder]]:
    """Both decoders, the one to try first at the front."""
    if path.suffix.lower() in LIBSNDFILE_SUFFIXES:
        return SoundfileDecoder, PyavDecoder
    return PyavDecoder, SoundfileDecoder


class SoundfileDecoder:
    """libsndfile: WAV, FLAC, Vorbis, MP3, AIFF and relatives; seeks to the exact sample in all of them."""

    name = "soundfile"

    def __init__(self, path: Path) -> None:
        import soundfile

        self._file = soundfile.SoundFile(os.fspath(path))
        if self._file.format == "RAW":
            # What libsndfile makes of any bytes under a name that ends in .au or .snd.
            self._file.close()
            raise ValueError("no header says what it holds")
        self.damaged = 0
        self.rate, channels = int(self._file.samplerate), int(self._file.channels)
        _check_header(self.rate, channels)
        self._block, self._small = (max(1, values // channels) for values in (BLOCK_VALUES, SMALL_BLOCK_VALUES))
        self.declared = _plausible(self._file.frames / self.rate)

    def blocks(self, start: float, most: int | None = None) -> Iterator[NDArray[np.float32]]:
        """Mono samples from ``start`` seconds to the end, or until there are ``most``."""
        at = round(start * self.rate)
        end = at + most if most is not None else self._file.frames
        size = self._block
        self._file.seek(at)
        while at < end:
            try:
                block = self._file.read(min(size, end - at), dtype="float32", always_2d=True)
            except Exception:
                if size <= self._small:
                    raise
                # What comes before the damage is read again, in pieces of which the damage takes but one.
                size = self._small
                self._file.seek(at)
                continue
            if not len(block):
                return
            at += len(block)
            yield _mono(block.T)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()


class PyavDecoder:
    """FFmpeg: AAC, ALAC, Opus, WMA and everything else; seeks roughly, and is trimmed here by time stamps."""

    name = "pyav"

    def __init__(self, path: Path) -> None:
        self._path = path
        self.damaged = 0
        with self._open() as container:
            stream = container.streams.audio[0]
            first = _first_frame(container, stream)
            # The first frame decides: the header of AAC gives half the rate when the stream is HE-AAC.
            self.rate, self._channels = int(first.sample_rate), int(first.layout.nb_channels)
            _check_header(self.rate, self._channels)
            # Time stamps need not begin at 0: MP3's begin after the encoder's delay.
            self._origin = first.pts
            if stream.duration is not None and stream.time_base is not None:
                self.declared = _plausible(float(stream.duration * stream.time_base))
            else:
                self.declared = _plausible((container.duration or 0) / 1e6)

    def _open(self) -> Any:
        import av
        import av.error

        # An absolute name is never taken for a protocol, and what is inside of the file opens nothing else.
        allowed = {"protocol_whitelist": "file", "format_whitelist": ",".join(sorted(FFMPEG_FORMATS))}
        try:
            container = av.open(os.path.abspath(self._path), options=allowed)  # noqa: PTH100
        except av.error.ArgumentError as error:
            raise ValueError("not an audio format; a playlist inside the file opens nothing else") from error
        if not container.streams.audio:
            container.close()
            raise ValueError("no audio stream")
        context = container.streams.audio[0].codec_context
        if context.name == "flac":
            # Without this a frame whose checksum is wrong is passed on as noise.
            context.options = {"err_detect": "crccheck+explode"}
        return container

    def blocks(self, start: float, most: int | None = None) -> Iterator[NDArray[np.float32]]:
        """Mono samples from ``start`` seconds on; empty blocks stand for packets without sound.

        Who wants no more than ``most`` stops asking: FFmpeg decodes a packet at a time.
        """
        first = round(start * self.rate)
        if start > PREROLL_SECONDS and self._origin is not None:
            try:
                yield from self._frames(first, seek=start - PREROLL_SECONDS)
            except _SeekMissedError:
                # Nothing was passed on yet: count from the beginning instead.
                yield from self._frames(first)
        else:
            yield from self._frames(first)

    def _frames(self, first: int, seek: float | None = None) -> Iterator[NDArray[np.float32]]:
        import av.error

        with self._open() as container:
            stream = container.streams.audio[0]
            position: int | None = 0
            if seek is not None:
                position = None
                try:
                    container.seek(self._origin + round(seek / stream.time_base), stream=stream)
                except av.error.FFmpegError as error:
                    raise _SeekMissedError from error
            for packet in container.demux(stream):
                try:
                    frames = packet.decode()
                except av.error.FFmpegError:
                    self.damaged += 1
                    frames = []
                if not frames:
                    # Lets the caller look at its clock, however many packets hold nothing.
                    yield np.empty(0, np.float32)
                for frame in frames:
                    # Damaged AAC turns into dozens of channels from one frame to the next.
                    if (frame.sample_rate, frame.layout.nb_channels) != (self.rate, self._channels):
                        self.damaged += 1
                        continue
                    if position is None:
                        position = self._position(frame)
                        if position is None or position > first:
                            raise _SeekMissedError
                    block = _mono(_samples(frame))
                    skip = max(0, first - position)
                    position += len(block)
                    yield block[skip:]
            if position is None:
                raise _SeekMissedError

    def _position(self, frame: Any) -> int | None:
        if frame.pts is None:
            return None
        position: int = round((frame.pts - self._origin) * frame.time_base * self.rate)
        return position

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing stays open between calls."""


class _SeekMissedError(Exception):
    pass


def _first_frame(container: Any, stream: Any) -> Any:
    import av.error

    for packet in itertools.islice(container.demux(stream), PACKETS_BEFORE_SOUND):
        try:
            frames = packet.decode()
        except av.error.FFmpegError:
            continue
        if frames:
            return frames[0]
    raise ValueError("no sound in it")


def _check_header(rate: int, channels: int) -> None:
    if rate not in RATES:
        raise ValueError(f"the header says {rate} samples per second")
    if not 1 <= channels <= MAX_CHANNELS:
        raise ValueError(f"the header says {channels} channels")


def _plausible(seconds: float) -> float | None:
    return seconds if 0 < seconds < MAX_SECONDS else None


def _samples(frame: Any) -> NDArray[np.float32]:
    """Samples of an FFmpeg frame between -1 and 1, shape (channels, samples)."""
    samples: NDArray[Any] = frame.to_ndarray()
    if not frame.format.is_planar:
        samples = samples.reshape(-1, int(frame.layout.nb_channels)).T
    if samples.dtype == np.uint8:
        return (samples.astype(np.float32) - np.float32(128)) / np.float32(128)
    if samples.dtype.kind == "i":
        return samples.astype(np.float32) / np.float32(-float(np.iinfo(samples.dtype).min))
    return samples.astype(np.float32, copy=False)


def _mono(channels: NDArray[np.float32]) -> NDArray[np.float32]:
    # A mean along the channels of interleaved samples is fifty times slower than adding them up.
    total: NDArray[np.float32] = channels[0]
    if len(channels) == 1:
        return total
    total = total + channels[1]
    for channel in channels[2:]:
        total += channel
    total *= np.float32(1 / len(channels))
    return total
