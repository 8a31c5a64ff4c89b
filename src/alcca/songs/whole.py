"""A whole recording, piece by piece: hours of it in the memory that a few seconds take."""

import math
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from alcca.errors import AudioError
from alcca.songs.audio import LOUDEST, SHORTEST_SECONDS, SILENCE
from alcca.songs.decoders import Decoder, decoders_for
from alcca.songs.sniff import not_audio

__all__ = ["read_whole"]

# A decoder that is slower than half the speed of music hangs.
LEAST_SPEED = 0.5
PATIENCE_SECONDS = 60.0


def read_whole(path: Path, rate: int) -> Iterator[NDArray[np.float32]]:
    """Decode a recording from its beginning to its end.

    Parameters
    ----------
    path : path
    rate : int
        Samples per second of what comes out.

    Yields
    ------
    array of shape (n,), float32
        Mono samples; pieces of any length. What a damaged file gives before its decoder stops is what comes.

    Raises
    ------
    AudioError
        No decoder reads it; less than a second of sound, only silence, or no numbers that sound can have; the decoder
        hangs. The message is one line that names the file.

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
            pieces = _checked(path, decoder, rate)
            try:
                first = next(pieces)
            except StopIteration:
                failures.append(f"{decoder_type.name}: no sound at all")
                continue
            yield first
            yield from pieces
            return
    raise AudioError(f"{path.name}: cannot be decoded ({'; '.join(failures)})")


def _checked(path: Path, decoder: Decoder, rate: int) -> Iterator[NDArray[np.float32]]:
    least, most, total = math.inf, -math.inf, 0
    for piece in _resampled(path, decoder, rate):
        if not (np.abs(piece).max(initial=0.0) <= LOUDEST):
            raise AudioError(
                f"{path.name}: its samples are not numbers that sound can have (NaN, infinite or enormous)"
            )
        least, most = min(least, float(piece.min())), max(most, float(piece.max()))
        total += len(piece)
        yield piece
    if total and total < SHORTEST_SECONDS * rate:
        raise AudioError(
            f"{path.name}: only {total / rate:.2f} s can be decoded; at least {SHORTEST_SECONDS:g} s are needed"
        )
    if total and most - least < SILENCE:
        raise AudioError(f"{path.name}: digital silence from its beginning to its end")


def _resampled(path: Path, decoder: Decoder, rate: int) -> Iterator[NDArray[np.float32]]:
    import soxr

    stream = soxr.ResampleStream(decoder.rate, rate, 1, dtype="float32") if decoder.rate != rate else None
    started, decoded = time.monotonic(), 0.0
    for block in _until_trouble(decoder):
        decoded += len(block) / decoder.rate
        if time.monotonic() - started > PATIENCE_SECONDS + decoded / LEAST_SPEED:
            raise AudioError(f"{path.name}: the decoder hangs after {decoded:.0f} s; convert the file to try again")
        piece = block if stream is None else stream.resample_chunk(block)
        if len(piece):
            yield np.asarray(piece, dtype=np.float32)
    rest = np.empty(0, np.float32) if stream is None else stream.resample_chunk(np.empty(0, np.float32), last=True)
    if len(rest):
        yield np.asarray(rest, dtype=np.float32)


def _until_trouble(decoder: Decoder) -> Iterator[NDArray[np.float32]]:
    blocks = decoder.blocks(0.0)
    while True:
        try:
            block = next(blocks)
        except StopIteration:
            return
        except Exception:  # noqa: BLE001 - decoders raise anything; what came before it may be sound
            return
        yield block
