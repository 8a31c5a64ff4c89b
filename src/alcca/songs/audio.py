"""A checked slice of a song's audio: of exactly the requested length, finite and audible, or else a reason why not.

Decoders do not report damaged files reliably: they return too little, nothing, noise or silence, or raise any
exception. `read_slice` compares the decoded audio with the declared duration, takes the middle of what can be decoded,
and tries the second decoder if the first one fails or returns too little.
"""

import hashlib
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NoReturn

import numpy as np
from numpy.typing import NDArray

from alcca.errors import AudioError, UsageError
from alcca.songs.decoders import Decoder, decoders_for
from alcca.songs.sniff import not_audio

__all__ = [
    "AUDIO_SUFFIXES",
    "SAMPLE_RATE",
    "SLICE_SECONDS",
    "SPEECH_RATE",
    "AudioSlice",
    "content_hash",
    "read_slice",
    "read_slices",
]

# Common music files; libsndfile or FFmpeg reads each of them.
AUDIO_SUFFIXES = frozenset(
    {".mp3", ".mp2", ".flac", ".ogg", ".oga", ".opus", ".spx", ".m4a", ".m4b", ".mp4", ".aac", ".wav", ".wave"}
    | {".aif", ".aiff", ".aifc", ".au", ".snd", ".caf", ".w64", ".wma", ".ape", ".wv", ".tta", ".mpc", ".mka"}
    | {".webm", ".ac3"}
)
SAMPLE_RATE = 22_050
# The rate that speech recognisers take.
SPEECH_RATE = 16_000
SLICE_SECONDS = 30.0
# A shorter slice cannot describe a song.
MIN_SECONDS = 1.0
# Headers round and encoders pad: a smaller difference is not noted.
TOLERANCE_SECONDS = 0.5
# -80 dB of full scale: digital silence stays below it even after lossy coding, and every recording is above it.
SILENCE = 1e-4
# Full scale is 1, but some files hold 16-bit numbers as floats. Larger values come from flipped bits.
LOUDEST = 1e6
# Centres of other slices to try if the middle of the song is silent, as fractions of its duration.
ELSEWHERE = (0.25, 0.75)


@dataclass(frozen=True)
class AudioSlice:
    """A part of a recording, ready for feature extraction.

    Parameters
    ----------
    samples : array of shape (seconds * rate,), float32
        Mono samples, padded with zeros if the song is too short: 661,500 of them for 30 s at 22,050 Hz.
    start : float
        Where the slice begins in the song, in seconds.
    seconds : float
        How much of it was decoded, in seconds.
    padded : float
        How much silence was added, in seconds.
    duration : float or None
        The song's length in seconds: as declared by the file, or as decoded if the two differ.
    decoder : str
        The library that decoded it: ``"soundfile"`` or ``"pyav"``.
    notes : tuple of str
        What was repaired or is doubtful, as sentences for users.
    rate : int
        Samples per second.
    """

    samples: NDArray[np.float32]
    start: float
    seconds: float
    padded: float
    duration: float | None
    decoder: str
    notes: tuple[str, ...] = ()
    rate: int = SAMPLE_RATE

    @property
    def decoded(self) -> NDArray[np.float32]:
        """The samples without the added silence."""
        return self.samples[: len(self.samples) - round(self.padded * self.rate)]


def read_slice(
    path: Path | str,
    *,
    offset: float | None = None,
    seconds: float = SLICE_SECONDS,
    budget: float = 30.0,
    rate: int = SAMPLE_RATE,
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
    return read_slices(path, rates=(rate,), offset=offset, seconds=seconds, budget=budget)[0]


def read_slices(
    path: Path | str,
    *,
    rates: Sequence[int],
    offset: float | None = None,
    seconds: float = SLICE_SECONDS,
    budget: float = 30.0,
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
        _refuse(path, reason)
    deadline = time.monotonic() + budget
    findings: list[str] = []
    failures: list[str] = []
    best: tuple[AudioSlice, ...] | None = None
    for decoder_type in decoders_for(path):
        try:
            with decoder_type(path) as decoder:
                slices = _Reading(decoder, seconds, deadline, rates).take(offset)
                # A seemingly short song may be a long one whose header declares too little, which libsndfile trusts.
                complete = not (decoder.damaged or slices[0].notes or slices[0].padded > TOLERANCE_SECONDS)
        except _OutOfTimeError:
            if best is None:
                _refuse(path, f"still decoding after {budget:g} s; the file may be damaged, convert it to try again")
            break
        except _UnusableError as error:
            findings.append(str(error))
        except Exception as error:  # noqa: BLE001 - decoders raise anything on damaged files
            failures.append(f"{decoder_type.name}: {_one_line(error)}")
        else:
            if best is None or slices[0].seconds > best[0].seconds + TOLERANCE_SECONDS:
                best = slices
            if complete:
                break
    if best is None:
        # A finding about the decoded audio is more informative than a decoder's own error.
        _refuse(path, findings[0] if findings else f"cannot be decoded ({'; '.join(failures)})")
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


def content_hash(path: Path | str) -> str:
    """BLAKE2b of a file's bytes, 32 hexadecimal digits; it does not depend on the file's name.

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
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=16)).hexdigest()


class _UnusableError(Exception):
    """The file can be decoded, but the result is not usable audio."""


class _OutOfTimeError(Exception):
    pass


class _Reading:
    """One decoder's attempt at a slice, before a deadline."""

    def __init__(self, decoder: Decoder, seconds: float, deadline: float, rates: Sequence[int]) -> None:
        self.decoder, self.seconds, self.deadline, self.rates = decoder, seconds, deadline, rates
        self.trouble: Exception | None = None

    def take(self, offset: float | None) -> tuple[AudioSlice, ...]:
        declared = self.decoder.declared
        duration = declared if declared is not None else self._count()
        start = self._start(offset, duration)
        samples = self._collect(start)
        true = self._true_duration(duration, start, samples)
        notes: list[str] = []
        if true != duration:
            longer = true > duration
            played = f"{'' if longer else 'only '}{true:.1f} s can be played"
            notes.append(f"the file declares a length of {duration:.1f} s, but {played}")
            duration = true
            start = self._start(offset, duration)
            samples = self._collect(start)
        if self.trouble is not None:
            notes.append(f"the decoder stopped with an error ({_one_line(self.trouble)})")
        if self.decoder.damaged:
            notes.append(f"{self.decoder.damaged} damaged pieces were skipped")
        range_ = _range(samples)
        if offset is None and _silent(range_) and duration > 2 * self.seconds:
            start, samples = self._elsewhere(duration, start, samples)
            range_ = _range(samples)
            notes.append(f"the middle is silent; the part from {start:.1f} s was taken instead")
        self._judge(offset, start, duration, len(samples) / self.decoder.rate, range_)
        return tuple(self._slice(rate, start, duration, samples, notes) for rate in self.rates)

    def _start(self, offset: float | None, duration: float) -> float:
        return offset if offset is not None else max(0.0, (duration - self.seconds) / 2)

    def _collect(self, start: float) -> NDArray[np.float32]:
        """Samples at the file's own rate, at most as many as the slice needs."""
        wanted = math.ceil(self.seconds * self.decoder.rate)
        blocks: list[NDArray[np.float32]] = []
        have = 0
        try:
            for block in self.decoder.blocks(start, wanted):
                self._check_clock()
                blocks.append(block)
                have += len(block)
                if have >= wanted:
                    break
        except _OutOfTimeError:
            raise
        except Exception as error:  # noqa: BLE001 - decoders raise anything; the blocks before it may be intact
            self.trouble = error
        return np.concatenate(blocks)[:wanted] if blocks else np.empty(0, np.float32)

    def _count(self) -> float:
        """The decodable duration in seconds, measured by decoding everything."""
        total = 0
        try:
            for block in self.decoder.blocks(0.0):
                self._check_clock()
                total += len(block)
        except _OutOfTimeError:
            raise
        except Exception as error:  # noqa: BLE001 - as above
            self.trouble = error
        return total / self.decoder.rate

    def _true_duration(self, duration: float, start: float, samples: NDArray[np.float32]) -> float:
        got = len(samples) / self.decoder.rate
        end = start + got
        full = got >= self.seconds
        if (full and end <= duration + TOLERANCE_SECONDS) or (not full and abs(end - duration) <= TOLERANCE_SECONDS):
            return duration
        if start >= duration:
            # Beyond the declared end, no samples confirm the declared duration.
            return duration if not got else self._count()
        return end if got and not full else self._count()

    def _elsewhere(
        self, duration: float, start: float, samples: NDArray[np.float32]
    ) -> tuple[float, NDArray[np.float32]]:
        for part in ELSEWHERE:
            other = max(0.0, part * duration - self.seconds / 2)
            candidate = self._collect(other)
            if len(candidate) and not _silent(_range(candidate)):
                return other, candidate
        return start, samples

    def _judge(
        self, offset: float | None, start: float, duration: float, got: float, range_: tuple[float, float]
    ) -> None:
        if not got and offset is not None and offset >= duration > 0:
            raise _UnusableError(f"offset {offset:g} s is beyond its end at {duration:.1f} s; choose a smaller offset")
        if got < min(MIN_SECONDS, self.seconds):
            what = f"only {got:.2f} s" if got else "no sound at all"
            where = f" after {start:.1f} s" if offset else ""
            trouble = f" ({_one_line(self.trouble)})" if self.trouble else ""
            raise _UnusableError(f"{what} can be decoded{where}{trouble}; at least {MIN_SECONDS:g} s are needed")
        # Written so that NaN, for which every comparison is false, is rejected too.
        if not (range_[1] <= LOUDEST and range_[0] >= -LOUDEST):
            raise _UnusableError("its samples are invalid (NaN, infinite or enormous)")
        if _silent(range_):
            raise _UnusableError(f"digital silence in the {got:.0f} s from {start:.1f} s; choose another offset")

    def _slice(
        self, rate: int, start: float, duration: float, samples: NDArray[np.float32], notes: list[str]
    ) -> AudioSlice:
        if self.decoder.rate != rate:
            import soxr

            samples = soxr.resample(samples, self.decoder.rate, rate)
        length = round(self.seconds * rate)
        samples = samples[:length]
        missing = length - len(samples)
        decoded, padded = len(samples) / rate, missing / rate
        whole = np.pad(samples, (0, missing)) if missing else samples
        return AudioSlice(whole, float(start), decoded, padded, duration, self.decoder.name, tuple(notes), rate)

    def _check_clock(self) -> None:
        if time.monotonic() > self.deadline:
            raise _OutOfTimeError


def _range(samples: NDArray[np.float32]) -> tuple[float, float]:
    """The smallest and the largest sample; NaN if any sample is NaN."""
    return (float(samples.min()), float(samples.max())) if len(samples) else (0.0, 0.0)


def _silent(range_: tuple[float, float]) -> bool:
    # A constant signal is silent, whatever its value.
    return range_[1] - range_[0] < SILENCE


def _one_line(error: Exception) -> str:
    return (" ".join(str(error).split()) or type(error).__name__)[:160]


def _refuse(path: Path, reason: str) -> NoReturn:
    raise AudioError(f"{path.name}: {reason}")
