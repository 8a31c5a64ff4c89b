"""FFmpeg as a decoder, through PyAV: AAC, ALAC, Opus, WMA and everything that libsndfile does not read."""

import itertools
import os
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from alcca.songs.decoder import MAX_CHANNELS, RATES, FilePart, check_header, plausible
from alcca.songs.downmix import Downmix

__all__ = ["FFMPEG_FORMATS", "PyavDecoder"]

# For exact samples a decoder needs the preceding frames: MP3's bit reservoir, the overlap of AAC and Vorbis windows,
# and the 80 ms that Opus requires.
PREROLL_SECONDS = 0.25
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
# In these formats time stamps count from the beginning of what players show: sound that starts late, or pauses, has
# silence there. In others they begin anywhere, and only tell how much later than the picture the sound begins.
ABSOLUTE_TIMES = frozenset({"matroska", "mov"})
# Encoders' delays are shorter. A longer silence than the container's own duration comes from a damaged time stamp.
LATE_SECONDS = 0.1
# Frames of another rate or number of channels belong to the recording if so many seconds of them follow each other;
# fewer come from damage.
NEW_FORMAT_SECONDS = 0.5


class PyavDecoder:
    """FFmpeg; seeks are inexact and corrected by time stamps. Sound that changes its rate is resampled to the first."""

    name = "pyav"

    def __init__(self, path: Path, span: range | None = None) -> None:
        self._path, self._span = path, span
        self.damaged = 0
        self.downmix = Downmix()
        with self._open() as container:
            stream = container.streams.audio[0]
            first = _first_frame(container, stream)
            # From the first frame, because the header of an HE-AAC stream declares half the rate.
            self.rate, self.channels = int(first.sample_rate), int(first.layout.nb_channels)
            check_header(self.rate, self.channels)
            # Time stamps need not begin at 0: those of MP3 begin after the encoder's delay.
            self._origin = first.pts
            whole = plausible((container.duration or 0) / 1e6)
            self._absolute = not ABSOLUTE_TIMES.isdisjoint(container.format.name.split(","))
            began = 0.0 if self._absolute else (container.start_time or 0) / 1e6
            self._late = _late_by(first, began, whole)
            if stream.duration is not None and stream.time_base is not None:
                # MP4 counts the sound, the others count from the beginning.
                before = self._late if self._absolute else 0.0
                self.declared = plausible(float(stream.duration * stream.time_base) + before)
            else:
                self.declared = whole

    def _open(self) -> Any:
        import av
        import av.error

        # An absolute path cannot be read as a protocol, and the whitelists keep the file from opening anything else.
        allowed = {"protocol_whitelist": "file", "format_whitelist": ",".join(sorted(FFMPEG_FORMATS))}
        source = os.path.abspath(self._path) if self._span is None else FilePart(self._path, self._span)  # noqa: PTH100
        try:
            container = av.open(source, options=allowed)
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
        for size in _pieces(round(self._late * self.rate) - round(start * self.rate), self.rate):
            yield np.zeros(size, np.float32)
        start = max(0.0, start - self._late)
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
            run = _Run(self.rate, self.channels)
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
                for frame in itertools.chain.from_iterable(map(run.settled, frames)):
                    if position is None:
                        position = self._position(frame)
                        if position is None or position > first:
                            raise _SeekMissedError
                    for size in _pieces(self._gap(frame, position), self.rate):
                        skip = max(0, first - position)
                        position += size
                        yield np.zeros(size, np.float32)[skip:]
                    samples = _samples(frame)
                    if run.is_own(frame):
                        skip = max(0, first - position)
                        position += samples.shape[1]
                        yield self.downmix(samples[:, skip:])
                    else:
                        block = run.resampled(self.downmix(samples), int(frame.sample_rate))
                        skip = max(0, first - position)
                        position += len(block)
                        yield block[skip:]
            self.damaged += run.dropped
            if position is None:
                raise _SeekMissedError

    def _gap(self, frame: Any, position: int) -> int:
        """The samples that are missing before a frame, where its time tells."""
        there = self._position(frame) if self._absolute else None
        most = (self.declared or 0.0) - self._late
        if there is None or there - position < LATE_SECONDS * self.rate or there > most * self.rate:
            return 0
        return there - position

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


class _Run:
    """The frames of a stream in order, without those that damage gave another rate or number of channels."""

    def __init__(self, rate: int, channels: int) -> None:
        self.dropped = 0
        self._own = self._current = (rate, channels)
        self._waiting: list[Any] = []
        self._resampler: tuple[int, Any] | None = None

    def is_own(self, frame: Any) -> bool:
        """Whether a frame has the format of the first one."""
        return _format(frame) == self._own

    def settled(self, frame: Any) -> list[Any]:
        """The frames that are now known to belong to the recording."""
        if _format(frame) == self._current:
            self.dropped += len(self._waiting)
            self._waiting = []
            return [frame]
        if self._waiting and _format(frame) != _format(self._waiting[0]):
            self.dropped += len(self._waiting)
            self._waiting = []
        rate, channels = _format(frame)
        if rate not in RATES or not 1 <= channels <= MAX_CHANNELS:
            self.dropped += 1
            return []
        self._waiting.append(frame)
        if sum(one.samples for one in self._waiting) < NEW_FORMAT_SECONDS * rate:
            return []
        self._current = rate, channels
        frames, self._waiting = self._waiting, []
        return frames

    def resampled(self, samples: NDArray[np.float32], rate: int) -> NDArray[np.float32]:
        """Mono samples of a rate, at the rate of the first frame."""
        import soxr

        if rate == self._own[0]:
            return samples
        if self._resampler is None or self._resampler[0] != rate:
            self._resampler = rate, soxr.ResampleStream(rate, self._own[0], 1, dtype="float32")
        block: NDArray[np.float32] = self._resampler[1].resample_chunk(samples)
        return block


def _format(frame: Any) -> tuple[int, int]:
    return int(frame.sample_rate), int(frame.layout.nb_channels)


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


def _late_by(first: Any, began: float, whole: float | None) -> float:
    """Seconds from the beginning of what players show to the first frame; 0 for less than a tenth of a second."""
    if first.pts is None or first.time_base is None or whole is None:
        return 0.0
    late = float(first.pts * first.time_base) - began
    return late if LATE_SECONDS <= late < whole else 0.0


def _pieces(samples: int, most: int) -> Iterator[int]:
    """The sizes of pieces of so many samples in all."""
    while samples > 0:
        yield min(samples, most)
        samples -= most


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
