"""Short pieces from many places of a recording, decoded without what is between them."""

import math
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from alcca.errors import AudioError
from alcca.persistence import replace_file
from alcca.songs.audio_slice import LOUDEST, SILENCE
from alcca.songs.cut import Cut
from alcca.songs.cut_decoder import within
from alcca.songs.decoder import Decoder
from alcca.songs.decoders import decoders_after_junk, decoders_for
from alcca.songs.sniff import not_audio

__all__ = ["read_pieces", "write_pieces"]

# Seeking takes milliseconds. In a file in which it takes longer, pieces are not worth the wait.
BUDGET_SECONDS = 20.0


def read_pieces(
    path: Path,
    *,
    starts: Sequence[float],
    seconds: float,
    rate: int,
    reached: Callable[[], object] = lambda: None,
    cut: Cut | None = None,
) -> NDArray[np.float32]:
    """Decode pieces of a recording to mono.

    Parameters
    ----------
    path : Path
        An audio file of any format that libsndfile or FFmpeg reads.
    starts : sequence of n floats
        Where the pieces begin, in seconds.
    seconds : float
        Length of each piece, > 0.
    rate : int
        Samples per second of the output.
    reached : callable
        Called with each piece, for a limit by progress.
    cut : Cut, optional
        The part of the recording that is the song; all times count from its beginning. Default: all of it.

    Returns
    -------
    array of shape (n, round(seconds * rate)), float32
        Silence where nothing can be decoded.

    Raises
    ------
    AudioError
        All pieces are silent, or they take too long. The message is one line that names the file.

    Examples
    --------
    >>> import soundfile, tempfile
    >>> path = Path(tempfile.mkdtemp()) / "tone.wav"
    >>> soundfile.write(path, 0.5 * np.sin(np.arange(44_100 * 9) / 20), 44_100)
    >>> pieces = read_pieces(path, starts=[0.0, 5.0, 20.0], seconds=0.5, rate=16_000)
    >>> pieces.shape, pieces.any(axis=1).tolist()
    ((3, 8000), [True, True, False])
    """
    if (reason := not_audio(path)) is not None:
        raise AudioError(f"{path.name}: {reason}")
    deadline = time.monotonic() + BUDGET_SECONDS

    def check() -> None:
        if time.monotonic() > deadline:
            raise AudioError(f"{path.name}: still reading pieces of it after {BUDGET_SECONDS:g} s")
        reached()

    for decoders in decoders_for, decoders_after_junk:
        for opener in within(decoders, cut)(path):
            try:
                decoder = opener(path)
            except Exception:  # noqa: BLE001 - decoders raise anything on damaged files; the next one is asked
                continue
            with decoder:
                pieces = _pieces(decoder, starts, seconds, rate, check)
            if np.ptp(pieces) >= SILENCE:
                return pieces
    raise AudioError(f"{path.name}: no piece of it can be decoded")


def write_pieces(
    path: Path,
    target: Path,
    *,
    starts: Sequence[float],
    seconds: float,
    rate: int,
    reached: Callable[[], object] = lambda: None,
    cut: Cut | None = None,
) -> None:
    """Write the samples of `read_pieces` to a file as little-endian float32, one piece after the other; AudioError."""
    pieces = read_pieces(path, starts=starts, seconds=seconds, rate=rate, reached=reached, cut=cut)
    replace_file(target, lambda part: pieces.astype("<f4").tofile(part), durable=False)


def _pieces(
    decoder: Decoder, starts: Sequence[float], seconds: float, rate: int, check: Callable[[], None]
) -> NDArray[np.float32]:
    """The pieces, mixed as they themselves suggest: half a minute to choose by would take as long again."""
    decoder.downmix.watch()
    pieces = np.stack([_piece(decoder, start, seconds, rate, check) for start in starts])
    decoder.downmix.choose(decoder.rate)
    if decoder.downmix.channel is not None:
        pieces = np.stack([_piece(decoder, start, seconds, rate, check) for start in starts])
    return pieces


def _piece(decoder: Decoder, start: float, seconds: float, rate: int, check: Callable[[], None]) -> NDArray[np.float32]:
    import soxr

    wanted, blocks, have = math.ceil(seconds * decoder.rate), [], 0
    decoded = decoder.blocks(start, wanted)
    while have < wanted:
        check()
        try:
            block = next(decoded, None)
        except Exception:  # noqa: BLE001 - decoders raise anything; the blocks before it may be intact
            break
        if block is None:
            break
        blocks.append(block)
        have += len(block)
    samples = np.concatenate(blocks)[:wanted] if blocks else np.empty(0, np.float32)
    length = round(seconds * rate)
    # Written so that NaN, for which every comparison is false, is no sound.
    if not len(samples) or not np.abs(samples).max() <= LOUDEST:
        return np.zeros(length, np.float32)
    if decoder.rate != rate:
        samples = soxr.resample(samples, decoder.rate, rate)
    return np.pad(samples[:length], (0, length - len(samples[:length]))).astype(np.float32)
