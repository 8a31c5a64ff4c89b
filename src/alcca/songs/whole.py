"""Decoding of a whole recording piece by piece, so that hours of it take the memory of a few seconds."""

import itertools
import math
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from alcca.errors import AudioError
from alcca.persistence import replace_file
from alcca.songs.audio_slice import LOUDEST, MIN_SECONDS, SILENCE, SLICE_SECONDS
from alcca.songs.cut import Cut
from alcca.songs.cut_decoder import within
from alcca.songs.decoder import Decoder
from alcca.songs.decoders import decoders_after_junk, decoders_for
from alcca.songs.downmix_choice import choose_downmix, places_to_choose_by
from alcca.songs.slice_reading import TOLERANCE_SECONDS
from alcca.songs.sniff import not_audio

__all__ = ["read_whole", "write_whole"]

# A decoder that runs slower than half of real time counts as hanging.
MIN_SPEED = 0.5
PATIENCE_SECONDS = 60.0


def read_whole(path: Path, rate: int, cut: Cut | None = None) -> Iterator[NDArray[np.float32]]:
    """Decode a recording from its beginning to its end.

    Parameters
    ----------
    path : Path
        An audio file of any format that libsndfile or FFmpeg reads.
    rate : int
        Samples per second of the output.
    cut : Cut, optional
        The part of the recording that is the song. Default: all of it.

    Yields
    ------
    array of shape (n,), float32
        Mono samples, in pieces of any length. Of a damaged file, what its decoder returns before it stops, and then
        what the next one returns after that.

    Raises
    ------
    AudioError
        No decoder reads a second of the file; the samples are NaN, infinite or enormous; the decoder hangs; or, after
        the last piece, all of it was silent. The message is one line that names the file.

    Examples
    --------
    >>> import soundfile, tempfile
    >>> path = Path(tempfile.mkdtemp()) / "tone.wav"
    >>> soundfile.write(path, 0.5 * np.sin(np.arange(44_100 * 3) / 20), 44_100)
    >>> sum(len(piece) for piece in read_whole(path, 16_000))
    48000
    """
    if (reason := not_audio(path)) is not None:
        raise AudioError(f"{path.name}: {reason}")
    yield from _checked(path, _all_sound(path, rate, cut))


def _all_sound(path: Path, rate: int, cut: Cut | None) -> Iterator[NDArray[np.float32]]:
    """The sound of the first decoder that has some, then what later ones have after its end; AudioError without any."""
    failures: list[str] = []
    done = 0
    for decoders in decoders_for, decoders_after_junk:
        for opener in within(decoders, cut)(path):
            try:
                decoder = opener(path)
            except Exception as error:  # noqa: BLE001 - decoders raise anything on damaged files
                failures.append(f"{opener.name}: {_one_line(error)}")
                continue
            with decoder:
                choose_downmix(decoder, places_to_choose_by(decoder))
                reading = _Reading(path, decoder)
                pieces = _without(done, reading.resampled(rate))
                head = _at_least(MIN_SECONDS * rate, pieces)
                seconds = sum(map(len, head)) / rate
                if seconds < MIN_SECONDS:
                    failures.append(f"{opener.name}: {f'only {seconds:.2f} s' if seconds else 'no sound at all'}")
                    continue
                for piece in itertools.chain(head, pieces):
                    done += len(piece)
                    yield piece
                if reading.is_complete(done / rate):
                    return
        if done:
            return
    raise AudioError(f"{path.name}: cannot be decoded ({'; '.join(failures)}); at least {MIN_SECONDS:g} s are needed")


def write_whole(
    path: Path, target: Path, rate: int, reached: Callable[[], object] = lambda: None, cut: Cut | None = None
) -> None:
    """Write the samples of `read_whole` to a file as little-endian float32; AudioError.

    ``reached`` is called with each piece, for a limit by progress.
    """

    def write(part: Path) -> None:
        with part.open("wb") as file:
            for piece in read_whole(path, rate, cut):
                file.write(piece.astype("<f4").tobytes())
                reached()

    replace_file(target, write, durable=False)


def _at_least(samples: float, pieces: Iterator[NDArray[np.float32]]) -> list[NDArray[np.float32]]:
    """The first pieces, until they have at least so many samples."""
    head: list[NDArray[np.float32]] = []
    have = 0
    for piece in pieces:
        head.append(piece)
        have += len(piece)
        if have >= samples:
            break
    return head


def _without(samples: int, pieces: Iterable[NDArray[np.float32]]) -> Iterator[NDArray[np.float32]]:
    """The pieces without so many samples at their beginning."""
    for piece in pieces:
        rest = piece[samples:]
        samples -= len(piece) - len(rest)
        if len(rest):
            yield rest


def _checked(path: Path, pieces: Iterable[NDArray[np.float32]]) -> Iterator[NDArray[np.float32]]:
    least, most = math.inf, -math.inf
    for piece in pieces:
        # Written so that NaN, for which every comparison is false, is rejected too.
        if not (np.abs(piece).max(initial=0.0) <= LOUDEST):
            raise AudioError(f"{path.name}: its samples are invalid (NaN, infinite or enormous)")
        least, most = min(least, float(piece.min())), max(most, float(piece.max()))
        yield piece
    if most - least < SILENCE:
        raise AudioError(f"{path.name}: digital silence from its beginning to its end")


class _Reading:
    """One decoder's reading of the whole recording."""

    def __init__(self, path: Path, decoder: Decoder) -> None:
        self._path, self._decoder = path, decoder
        self._failed = False

    def resampled(self, rate: int) -> Iterator[NDArray[np.float32]]:
        """The decoder's blocks at another rate, without empty ones."""
        import soxr

        own = self._decoder.rate
        stream = soxr.ResampleStream(own, rate, 1, dtype="float32") if own != rate else None
        for block in self._in_time():
            piece = block if stream is None else stream.resample_chunk(block)
            if len(piece):
                yield np.asarray(piece, dtype=np.float32)
        rest = np.empty(0, np.float32) if stream is None else stream.resample_chunk(np.empty(0, np.float32), last=True)
        if len(rest):
            yield np.asarray(rest, dtype=np.float32)

    def is_complete(self, seconds: float) -> bool:
        """Whether no other decoder needs to be asked for more; as strict as `alcca.songs.slice_reading.Attempt`."""
        declared = self._decoder.declared
        falls_short = declared is not None and seconds < declared - TOLERANCE_SECONDS
        # A seemingly short song may be a long one whose header declares too little.
        return not (self._failed or self._decoder.damaged or falls_short) and seconds >= SLICE_SECONDS

    def _in_time(self) -> Iterator[NDArray[np.float32]]:
        """The decoder's blocks until it ends or fails; AudioError if it is too slow, not counting the caller's time."""
        blocks = self._decoder.blocks(0.0)
        spent, decoded = 0.0, 0.0
        while True:
            started = time.monotonic()
            try:
                block = next(blocks)
            except StopIteration:
                return
            except Exception:  # noqa: BLE001 - decoders raise anything; the blocks before it may be intact
                self._failed = True
                return
            spent += time.monotonic() - started
            decoded += len(block) / self._decoder.rate
            if spent > PATIENCE_SECONDS + decoded / MIN_SPEED:
                raise AudioError(
                    f"{self._path.name}: the decoder hangs after {decoded:.0f} s; convert the file to try again"
                )
            yield block


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:160] or type(error).__name__
