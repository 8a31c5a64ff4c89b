"""Attempts at a slice of a recording: one decoder after the other, until one returns what seems to be complete."""

import math
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import NoReturn

import numpy as np
from numpy.typing import NDArray

from alcca.errors import AudioError
from alcca.songs.audio_slice import LOUDEST, MIN_SECONDS, SILENCE, AudioSlice
from alcca.songs.decoder import Decoder
from alcca.songs.decoders import Opener
from alcca.songs.downmix_choice import CHOICE_SECONDS, choose_downmix, places_to_choose_by

__all__ = ["TOLERANCE_SECONDS", "Attempt"]

# Headers round and encoders pad: a smaller difference is not noted.
TOLERANCE_SECONDS = 0.5
# Centres of other slices to try if the middle of the song is silent, as fractions of its duration.
ELSEWHERE = (0.25, 0.75)


class _UnusableError(Exception):
    """The file can be decoded, but the result is not usable audio."""


class _OutOfTimeError(Exception):
    pass


class Attempt:
    """One decoder after the other is asked for slices, until one returns what seems to be complete."""

    def __init__(self, path: Path, seconds: float, offset: float | None, rates: Sequence[int], budget: float) -> None:
        self.path, self.seconds, self.offset, self.rates, self.budget = path, seconds, offset, rates, budget
        self.deadline = time.monotonic() + budget
        self.best: tuple[AudioSlice, ...] | None = None
        self._findings: list[str] = []
        self._failures: list[str] = []

    def make(self, decoders: Callable[[Path], Iterable[Opener]]) -> None:
        """Ask some decoders."""
        for opener in decoders(self.path):
            try:
                with opener(self.path) as decoder:
                    slices = _Reading(decoder, self.seconds, self.deadline, self.rates).take(self.offset)
                    # A seemingly short song may be a long one whose header declares too little.
                    complete = not (decoder.damaged or slices[0].notes or slices[0].padded > TOLERANCE_SECONDS)
            except _OutOfTimeError:
                if self.best is None:
                    reason = f"still decoding after {self.budget:g} s; the file may be damaged, convert it to try again"
                    _refuse(self.path, reason)
                return
            except _UnusableError as error:
                self._findings.append(str(error))
            except Exception as error:  # noqa: BLE001 - decoders raise anything on damaged files
                self._failures.append(f"{opener.name}: {_one_line(error)}")
            else:
                if self.best is None or _has_more(slices[0], self.best[0]):
                    self.best = slices
                if complete:
                    return

    def refuse(self) -> NoReturn:
        """Say why there are no slices."""
        # A finding about the decoded audio is more informative than a decoder's own error.
        _refuse(self.path, self._findings[0] if self._findings else f"cannot be decoded ({'; '.join(self._failures)})")


class _Reading:
    """One decoder's attempt at a slice, before a deadline."""

    def __init__(self, decoder: Decoder, seconds: float, deadline: float, rates: Sequence[int]) -> None:
        self.decoder, self.seconds, self.deadline, self.rates = decoder, seconds, deadline, rates
        self.trouble: Exception | None = None

    def take(self, offset: float | None) -> tuple[AudioSlice, ...]:
        declared = self.decoder.declared
        duration = declared if declared is not None else self._count()
        start = self._start(offset, duration)
        samples = self._collect_mixed(start)
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

    def _collect_mixed(self, start: float) -> NDArray[np.float32]:
        """The same as `_collect`, after the choice of the downmix, which is made by the same places every time."""
        downmix, places = self.decoder.downmix, places_to_choose_by(self.decoder)
        if places and start == places[0] and self.seconds == CHOICE_SECONDS:
            downmix.watch()
            samples = self._collect(start)
            if downmix.choose(self.decoder.rate):
                return samples if downmix.channel is None else self._collect(start)
            places = places[1:]
        choose_downmix(self.decoder, places, self._check_clock)
        return self._collect(start)

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


def _has_more(new: AudioSlice, old: AudioSlice) -> bool:
    """Whether a slice is longer, or equally long and from a longer part that can be decoded."""
    longer = new.seconds - old.seconds
    further = (new.duration or 0.0) - (old.duration or 0.0)
    return longer > TOLERANCE_SECONDS or (longer > -TOLERANCE_SECONDS and further > TOLERANCE_SECONDS)


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
