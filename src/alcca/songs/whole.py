"""Decoding of a whole recording piece by piece, so that hours of it take the memory of a few seconds."""

import itertools
import math
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from alcca.errors import AudioError
from alcca.persistence import replace_file
from alcca.songs.audio import LOUDEST, MIN_SECONDS, SILENCE
from alcca.songs.decoders import Decoder, decoders_for
from alcca.songs.sniff import not_audio

__all__ = ["read_whole", "write_whole"]

# A decoder that runs slower than half of real time counts as hanging.
MIN_SPEED = 0.5
PATIENCE_SECONDS = 60.0


def read_whole(path: Path, rate: int) -> Iterator[NDArray[np.float32]]:
    """Decode a recording from its beginning to its end.

    Parameters
    ----------
    path : Path
        An audio file of any format that libsndfile or FFmpeg reads.
    rate : int
        Samples per second of the output.

    Yields
    ------
    array of shape (n,), float32
        Mono samples, in pieces of any length. A damaged file yields what its decoder returns before it stops.

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
    failures: list[str] = []
    for decoder_type in decoders_for(path):
        try:
            decoder = decoder_type(path)
        except Exception as error:  # noqa: BLE001 - decoders raise anything on damaged files
            failures.append(f"{decoder_type.name}: {' '.join(str(error).split())[:160] or type(error).__name__}")
            continue
        with decoder:
            pieces = _resampled(path, decoder, rate)
            head = _at_least(MIN_SECONDS * rate, pieces)
            seconds = sum(map(len, head)) / rate
            if seconds < MIN_SECONDS:
                failures.append(f"{decoder_type.name}: {f'only {seconds:.2f} s' if seconds else 'no sound at all'}")
                continue
            yield from _checked(path, itertools.chain(head, pieces))
            return
    raise AudioError(f"{path.name}: cannot be decoded ({'; '.join(failures)}); at least {MIN_SECONDS:g} s are needed")


def write_whole(path: Path, target: Path, rate: int) -> None:
    """Write the samples of `read_whole` to a file, piece by piece, as little-endian float32; AudioError."""

    def write(part: Path) -> None:
        with part.open("wb") as file:
            for piece in read_whole(path, rate):
                file.write(piece.astype("<f4").tobytes())

    replace_file(target, write)


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


def _resampled(path: Path, decoder: Decoder, rate: int) -> Iterator[NDArray[np.float32]]:
    import soxr

    stream = soxr.ResampleStream(decoder.rate, rate, 1, dtype="float32") if decoder.rate != rate else None
    for block in _in_time(path, decoder):
        piece = block if stream is None else stream.resample_chunk(block)
        if len(piece):
            yield np.asarray(piece, dtype=np.float32)
    rest = np.empty(0, np.float32) if stream is None else stream.resample_chunk(np.empty(0, np.float32), last=True)
    if len(rest):
        yield np.asarray(rest, dtype=np.float32)


def _in_time(path: Path, decoder: Decoder) -> Iterator[NDArray[np.float32]]:
    """The decoder's blocks until it ends or fails; AudioError if it is too slow, not counting the caller's time."""
    blocks = decoder.blocks(0.0)
    spent, decoded = 0.0, 0.0
    while True:
        started = time.monotonic()
        try:
            block = next(blocks)
        except StopIteration:
            return
        except Exception:  # noqa: BLE001 - decoders raise anything; the blocks before it may be intact
            return
        spent += time.monotonic() - started
        decoded += len(block) / decoder.rate
        if spent > PATIENCE_SECONDS + decoded / MIN_SPEED:
            raise AudioError(f"{path.name}: the decoder hangs after {decoded:.0f} s; convert the file to try again")
        yield block
