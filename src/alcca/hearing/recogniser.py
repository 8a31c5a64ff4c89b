"""The recogniser: Whisper on CTranslate2, one model for any number of threads."""

import os
import threading
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from alcca.errors import DataError, MissingExtraError, SpeechModelError
from alcca.hearing.cleaning import clean_segments
from alcca.hearing.languages import check_language
from alcca.hearing.weights import find_weights
from alcca.transcripts import Segment, Transcript

__all__ = ["RATE", "Recogniser", "shared_recogniser"]

RATE = 16_000
WINDOW_SECONDS = 30.0
# What is left at the end of a recording is heard when it is longer.
SHORTEST_SECONDS = 0.5
SECONDS_A_STEP = 0.02
BEAM = 5


class _Window(NamedTuple):
    """What was heard in one window: its segments, the language, and where the next window begins, in seconds."""

    segments: tuple[Segment, ...]
    language: str
    probability: float
    seconds: float


class Recogniser:
    """Whisper, listening to samples.

    Parameters
    ----------
    model : str or path
        A model's name, or its folder; see `alcca.hearing.weights.find_weights`.
    threads : int, optional
        Threads of each worker; all processors shared by the workers when not given.
    workers : int
        How many threads may call `hear` side by side. They share one model in memory.
    offline : bool
        Fetch no weights.

    Attributes
    ----------
    name : str
        The model's name, or that of its folder.

    Raises
    ------
    MissingExtraError, SpeechModelError
        As `find_weights`; weights that CTranslate2 cannot load.

    References
    ----------
    Radford et al.: Robust Speech Recognition via Large-Scale Weak Supervision, 2022 (arXiv 2212.04356).
    """

    def __init__(
        self,
        model: str | os.PathLike[str] = "base",
        *,
        threads: int | None = None,
        workers: int = 1,
        offline: bool = True,
    ) -> None:
        folder = find_weights(model, offline=offline)
        named = os.fspath(model)
        self.name = Path(named).name if os.sep in named else named
        try:
            from faster_whisper import WhisperModel
            from faster_whisper.tokenizer import Tokenizer
        except ImportError as error:
            raise MissingExtraError(
                f"hearing words needs {error.name}; install it with: pip install 'alcca[hear]'"
            ) from error
        share = max(1, (os.cpu_count() or 1) // workers)
        device, precision = _device()
        try:
            self._whisper = WhisperModel(
                str(folder), device=device, compute_type=precision, cpu_threads=threads or share, num_workers=workers,
                local_files_only=True,
            )  # fmt: skip
        except (RuntimeError, ValueError, OSError) as error:
            raise SpeechModelError(
                f"{folder}: the speech model cannot be loaded ({' '.join(str(error).split())[:160]}); get it again"
            ) from error
        self._tokenizer: Any = Tokenizer
        # The tokeniser's Rust core refuses two borrowers at once.
        self._decoding = threading.Lock()

    def hear(self, samples: NDArray[np.float32], *, language: str | None = None, start: float = 0.0) -> Transcript:
        """Hear the words in a recording, or in a part of it.

        Parameters
        ----------
        samples : array of shape (n,), float32
            Mono, 16 kHz, any length; a memory-mapped file will do.
        language : str, optional
            ISO 639-1 code, or a language's name; detected in the first half minute with words when not given.
        start : float
            Where the samples begin in the recording, in seconds; added to all times.

        Returns
        -------
        Transcript
            Without segments, and without a language, where no words were heard.

        Raises
        ------
        DataError
            Not one-dimensional, empty, NaN or infinite.
        UsageError
            An unknown language.
        """
        windows = list(self.windows(samples, language=language, start=start))
        segments = tuple(segment for window in windows for segment in window.segments)
        sung = next((window for window in windows if window.segments), None)
        return Transcript(
            segments,
            None if sung is None else sung.language,
            0.0 if sung is None else sung.probability,
            self.name,
            start,
            len(samples) / RATE,
        )

    def windows(
        self, samples: NDArray[np.float32], *, language: str | None = None, start: float = 0.0
    ) -> Iterator[_Window]:
        """The same window by window, each as soon as it was heard; arguments and errors as `hear`."""
        if np.ndim(samples) != 1 or not len(samples):
            raise DataError(f"expected samples of shape (n,), at least one, got an array of shape {np.shape(samples)}")
        spoken = check_language(language)
        known = None if spoken is None else (spoken, 1.0)
        place, total = 0.0, len(samples) / RATE
        while place == 0.0 or total - place > SHORTEST_SECONDS:
            first = round(place * RATE)
            piece = np.asarray(samples[first : first + round(WINDOW_SECONDS * RATE)], dtype=np.float32)
            if not np.isfinite(piece).all():
                raise DataError(f"samples from {place:.1f} s hold NaN or infinite values; decode the recording again")
            window = self._window(piece, known, start + place, is_last=place + WINDOW_SECONDS >= total)
            if known is None and window.segments:
                known = window.language, window.probability
            yield window
            place += window.seconds

    def _window(
        self, samples: NDArray[np.float32], known: tuple[str, float] | None, start: float, *, is_last: bool
    ) -> _Window:
        seconds = len(samples) / RATE
        encoded = self._whisper.encode(self._mel(samples))
        language, probability = known or self._detect(encoded)
        with self._decoding:
            tokenizer = self._tokenizer(
                self._whisper.hf_tokenizer, self._whisper.model.is_multilingual, task="transcribe", language=language
            )
            prompt = list(tokenizer.sot_sequence)
        result = self._whisper.model.generate(
            encoded, [prompt], beam_size=BEAM, max_length=self._whisper.max_length, return_scores=True,
            return_no_speech_prob=True, suppress_blank=True, suppress_tokens=self._suppressed(tokenizer),
            max_initial_timestamp_index=round(1.0 / SECONDS_A_STEP),
        )[0]  # fmt: skip
        tokens = result.sequences_ids[0]
        # The score is a mean over the tokens; the end of the text was decided on too.
        log_probability = float(result.scores[0]) * len(tokens) / (len(tokens) + 1)
        heard, open_from = self._timed(tokens, tokenizer, seconds)
        after = WINDOW_SECONDS
        if not is_last and open_from is not None and open_from >= WINDOW_SECONDS / 3:
            # The window's end has cut the last segment: it is heard again, whole, in the next window.
            heard, after = heard[:-1], open_from
        segments = clean_segments(
            [
                Segment(round(start + a, 2), round(start + b, 2), text, log_probability, float(result.no_speech_prob))
                for a, b, text in heard
            ]
        )
        return _Window(segments, language, probability, after)

    def _mel(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        from faster_whisper.audio import pad_or_trim

        features: NDArray[np.float32] = pad_or_trim(self._whisper.feature_extractor(samples))
        return features

    def _detect(self, encoded: Any) -> tuple[str, float]:
        if not self._whisper.model.is_multilingual:
            return "en", 1.0
        token, probability = self._whisper.model.detect_language(encoded)[0][0]
        return token[2:-2], float(probability)

    def _suppressed(self, tokenizer: Any) -> list[int]:
        from faster_whisper.transcribe import get_suppressed_tokens

        return list(get_suppressed_tokens(tokenizer, [-1]))

    def _timed(
        self, tokens: list[int], tokenizer: Any, seconds: float
    ) -> tuple[list[tuple[float, float, str]], float | None]:
        """Segments as (start, end, text), and the start of the last one when no time stamp has closed it."""
        segments: list[tuple[float, float, str]] = []
        begin, words = 0.0, []
        for token in tokens:
            if token < tokenizer.timestamp_begin:
                words.append(token)
                continue
            time = min((token - tokenizer.timestamp_begin) * SECONDS_A_STEP, seconds)
            if words:
                segments.append((begin, max(begin, time), self._text(words, tokenizer)))
                words = []
            begin = time
        if not words:
            return segments, None
        segments.append((begin, seconds, self._text(words, tokenizer)))
        return segments, begin

    def _text(self, tokens: list[int], tokenizer: Any) -> str:
        with self._decoding:
            text: str = tokenizer.decode(tokens)
        return text.strip()


@lru_cache(maxsize=2)
def shared_recogniser(model: str = "base") -> Recogniser:
    """The recogniser that one process uses for one clip after the other, loaded at the first; fetches nothing."""
    return Recogniser(model)


def _device() -> tuple[str, str]:
    import ctranslate2

    return ("cuda", "float16") if ctranslate2.get_cuda_device_count() else ("cpu", "int8")
