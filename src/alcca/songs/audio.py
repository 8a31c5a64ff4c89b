"""A checked slice of a song's audio: of exactly the requested length, finite and audible, or else a reason why not.

Decoders do not report damaged files reliably: they return too little, nothing, noise or silence, or raise any
exception. `read_slice` compares the decoded audio with the declared duration, takes the middle of what can be decoded,
and tries the second decoder if the first one fails or returns too little.
"""

import hashlib
import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from alcca.errors import AudioError, UsageError
from alcca.songs.audio_slice import SAMPLE_RATE, SLICE_SECONDS, SPEECH_RATE, AudioSlice
from alcca.songs.cut import Cut
from alcca.songs.cut_decoder import within
from alcca.songs.decoders import decoders_after_junk, decoders_for
from alcca.songs.slice_reading import Attempt
from alcca.songs.sniff import not_audio

__all__ = [
    "SAMPLE_RATE",
    "SLICE_SECONDS",
    "SPEECH_RATE",
    "AudioSlice",
    "content_hash",
    "read_slice",
    "read_slices",
]

# The slowest disks deliver as much in a minute.
HASHED_BYTES = 1 << 18


def read_slice(
    path: Path | str,
    *,
    offset: float | None = None,
    seconds: float = SLICE_SECONDS,
    budget: float = 30.0,
    rate: int = SAMPLE_RATE,
    cut: Cut | None = None,
) -> AudioSlice:
    """Decode ``seconds`` of a song to mono.

    Parameters
    ----------
    path : path
        An audio file of any format that libsndfile or FFmpeg reads.
    offset : float, optional
        Where the slice begins, in seconds; by default the slice is the middle of the song. A song that is shorter than
        the slice is taken whole and padded with zeros at its end.
    seconds : float
        Length of the slice, > 0.
    budget : float
        Seconds of decoding after which to give up.
    rate : int
        Samples per second, > 0.
    cut : Cut, optional
        The part of the recording that is the song; all times count from its beginning. Default: all of it.

    Returns
    -------
    AudioSlice
        With exactly ``round(seconds * rate)`` samples, all finite and not all silent.

    Raises
    ------
    AudioError
        There is no usable audio; the message, one line, names the file and the cause.
    UsageError
        ``offset`` is negative, or ``seconds`` is not positive.

    Examples
    --------
    >>> import numpy as np, pathlib, soundfile, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "tone.wav"
    >>> soundfile.write(path, 0.5 * np.sin(np.arange(44_100 * 40) / 20), 44_100)
    >>> audio = read_slice(path)
    >>> audio.samples.shape, audio.start, audio.padded
    ((661500,), 5.0, 0.0)
    """
    return read_slices(path, rates=(rate,), offset=offset, seconds=seconds, budget=budget, cut=cut)[0]


def read_slices(
    path: Path | str,
    *,
    rates: Sequence[int],
    offset: float | None = None,
    seconds: float = SLICE_SECONDS,
    budget: float = 30.0,
    cut: Cut | None = None,
) -> tuple[AudioSlice, ...]:
    """Decode ``seconds`` of a song once, to mono at each of several rates; otherwise as `read_slice`.

    Raises
    ------
    AudioError, UsageError
        As `read_slice`; or ``rates`` is empty, or a rate is not positive.

    Examples
    --------
    >>> import numpy as np, pathlib, soundfile, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "tone.wav"
    >>> soundfile.write(path, 0.5 * np.sin(np.arange(44_100 * 2) / 20), 44_100)
    >>> [(len(one.samples), len(one.decoded)) for one in read_slices(path, rates=(22_050, 16_000))]
    [(661500, 44100), (480000, 32000)]
    """
    path = Path(path)
    if not rates or min(rates) < 1:
        raise UsageError(f"rates {tuple(rates)}: expected one or more numbers of samples per second, above 0")
    if offset is not None and not (math.isfinite(offset) and offset >= 0):
        raise UsageError(f"invalid offset {offset}; give seconds from the start of the song, 0 or more")
    if not (math.isfinite(seconds) and seconds > 0):
        raise UsageError(f"cannot take a slice of {seconds} seconds; give a positive number")
    if (reason := not_audio(path)) is not None:
        raise AudioError(f"{path.name}: {reason}")
    attempt = Attempt(path, seconds, offset, rates, budget)
    attempt.make(within(decoders_for, cut))
    if attempt.best is None:
        attempt.make(within(decoders_after_junk, cut))
    if attempt.best is None:
        attempt.refuse()
    best = attempt.best
    if best[0].padded >= 0.05:
        note = _padding_note(best[0])
        best = tuple(replace(one, notes=(*one.notes, note)) for one in best)
    return best


def _padding_note(audio: AudioSlice) -> str:
    """The note on silence at the end of a slice."""
    whole = audio.seconds + audio.padded
    rest = "half minute" if round(whole, 1) == SLICE_SECONDS else _seconds(whole)
    got = _seconds(audio.seconds)
    what = f"only {got} are left after {_seconds(audio.start)}" if audio.start > 0 else f"the recording is {got} long"
    return f"{what}; the rest of the {rest} was filled with silence"


def _seconds(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0") + " s"


def content_hash(path: Path | str, reached: Callable[[], object] = lambda: None) -> str:
    """BLAKE2b of a file's bytes, 32 hexadecimal digits; it does not depend on the file's name.

    Parameters
    ----------
    path : path
    reached : callable
        Called as bytes come, for a limit by progress.

    Raises
    ------
    OSError
        The file cannot be read.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "empty"
    >>> path.write_bytes(b"")
    0
    >>> content_hash(path)
    'cae66941d9efbd404e4d88758ea67670'
    """
    path = Path(path)
    if not path.stat().st_size:
        # Some system files report size 0, and reading them never ends.
        return hashlib.blake2b(digest_size=16).hexdigest()
    hashed = hashlib.blake2b(digest_size=16)
    with path.open("rb", buffering=0) as file:
        while piece := file.read(HASHED_BYTES):
            hashed.update(piece)
            reached()
    return hashed.hexdigest()
