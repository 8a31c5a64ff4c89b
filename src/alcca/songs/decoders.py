"""Two decoders behind one interface: mono float32 blocks at the file's own rate, from any start.

libsndfile (soundfile) is faster for the formats that it reads, FFmpeg (PyAV) reads everything else. Exceptions on
damaged files are passed on unchanged; `alcca.songs.audio` handles them.
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

# Formats that libsndfile decodes at least as fast as FFmpeg. It reads Opus too, at half of FFmpeg's speed.
LIBSNDFILE_SUFFIXES = frozenset(
    {".mp3", ".mp2", ".flac", ".ogg", ".oga", ".wav", ".wave", ".aif", ".aiff", ".aifc", ".au", ".snd", ".caf", ".w64"}
)
# Each call of libsndfile from Python seeks in the file, which takes a tenth of a millisecond for MP3.
BLOCK_VALUES, SMALL_BLOCK_VALUES = 1 << 20, 1 << 17
# For exact samples a decoder needs the preceding frames: MP3's bit reservoir, the overlap of AAC and Vorbis windows,
# and the 80 ms that Opus requires.
PREROLL_SECONDS = 0.25
# A header with another rate is damaged; the limits also bound the memory of a slice.
RATES = range(1_000, 768_001)
# Above eight channels PyAV exposes planes of a planar frame that do not exist, and reading them crashes the process.
MAX_CHANNELS = 8
# Damaged packets at the beginning are skipped, up to this many.
PACKETS_BEFORE_SOUND = 1_000
# The formats that FFmpeg may detect: audio, and video, which contains audio. None of them opens another file. Excluded
# are playlists and scripts (concat, hls, dash, sdp), pictures, subtitles, devices, and samples without a header.
FFMPEG_FORMATS = frozenset(
    """aa aac ac3 ac4 adx aea aiff amr amrnb amrwb ape apac asf asf_o au avi avr bonk caf dsf dss dts dtshd dv eac3 flac
    flv gxf hcom iamf iff ircam loas lc3 matroska mlp mmf mov mp3 mpc mpc8 mpeg mpegts msf mxf nistsphere nsv nut ogg
    oma osq paf pva pvf qcp qoa rka rm sds shn sox spdif tak truehd tta voc vqf w64 wav wavarc wsd wtv wv xa xwma
    """.split()  # noqa: SIM905 - legible
)
# Longer than any recording; libsndfile reports 2**63 - 1 frames if it cannot determine the length.
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
        The duration that the file declares, in seconds, which may be wrong; None if it declares none.
    damaged : int
        The number of pieces that could not be decoded so far.
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
    """Both decoders, in the order in which to try them."""
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
            # libsndfile reads any bytes as RAW if the file's name ends in .au or .snd.
            self._file.close()
            raise ValueError("no header of an audio format")
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
                # Read again in smaller pieces, so that only the damaged one is lost.
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
    """FFmpeg: AAC, ALAC, Opus, WMA and everything else; seeks are inexact and corrected by time stamps."""

    name = "pyav"

    def __init__(self, path: Path) -> None:
        self._path = path
        self.damaged = 0
        with self._open() as container:
            stream = container.streams.audio[0]
            first = _first_frame(container, stream)
            # From the first frame, because the header of an HE-AAC stream declares half the rate.
            self.rate, self._channels = int(first.sample_rate), int(first.layout.nb_channels)
            _check_header(self.rate, self._channels)
            # Time stamps need not begin at 0: those of MP3 begin after the encoder's delay.
            self._origin = first.pts
            if stream.duration is not None and stream.time_base is not None:
                self.declared = _plausible(float(stream.duration * stream.time_base))
            else:
                self.declared = _plausible((container.duration or 0) / 1e6)

    def _open(self) -> Any:
        import av
        import av.error

        # An absolute path cannot be read as a protocol, and the whitelists keep the file from opening anything else.
        allowed = {"protocol_whitelist": "file", "format_whitelist": ",".join(sorted(FFMPEG_FORMATS))}
        try:
            container = av.open(os.path.abspath(self._path), options=allowed)  # noqa: PTH100
        except av.error.ArgumentError as error:
            raise ValueError("not an audio format; playlists are not followed") from error
        if not container.streams.audio:
            container.close()
            raise ValueError("no audio stream")
        context = container.streams.audio[0].codec_context
        if context.name == "flac":
            # Otherwise a frame with a wrong checksum is decoded to noise.
            context.options = {"err_detect": "crccheck+explode"}
        return container

    def blocks(self, start: float, most: int | None = None) -> Iterator[NDArray[np.float32]]:
        """Mono samples from ``start`` seconds on; an empty block stands for a packet without sound.

        ``most`` is ignored: FFmpeg decodes packet by packet, so the caller can stop at any time.
        """
        first = round(start * self.rate)
        if start > PREROLL_SECONDS and self._origin is not None:
            try:
                yield from self._frames(first, seek=start - PREROLL_SECONDS)
            except _SeekMissedError:
                # Nothing was yielded yet: count samples from the beginning instead.
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
                    # Lets the caller check its deadline even if many packets are empty.
                    yield np.empty(0, np.float32)
                for frame in frames:
                    # In damaged AAC, the number of channels can jump to dozens between two frames.
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
    raise ValueError("no packet that can be decoded")


def _check_header(rate: int, channels: int) -> None:
    if rate not in RATES:
        raise ValueError(f"the header declares {rate} samples per second")
    if not 1 <= channels <= MAX_CHANNELS:
        raise ValueError(f"the header declares {channels} channels")


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
    # For interleaved samples, `mean` over the channels is fifty times slower than adding them up.
    total: NDArray[np.float32] = channels[0]
    if len(channels) == 1:
        return total
    total = total + channels[1]
    for channel in channels[2:]:
        total += channel
    total *= np.float32(1 / len(channels))
    return total
