"""The recogniser: Whisper on CTranslate2, one model for any number of threads."""

import math
import os
import threading
from collections import defaultdict
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from alcca.errors import DataError, MissingExtraError, SpeechModelError
from alcca.hearing.cleaning import clean_segments
from alcca.hearing.languages import check_language
from alcca.hearing.weights import find_weights, model_that_is_meant
from alcca.songs.audio import SILENCE
from alcca.transcripts import Segment, Transcript

__all__ = ["RATE", "Recogniser", "Window", "shared_recogniser"]

RATE = 16_000
WINDOW_SECONDS = 30.0
# What is left at the end of a recording is heard when it is longer.
SHORTEST_SECONDS = 0.5
# A window that ends before is not begun again, so that a recording comes to its end in time.
LEAST_STEP_SECONDS = 3.0
SECONDS_A_STEP = 0.02
# A loop ends when no tokens are left, those for half a minute after seconds of work. Singing took at most 11 a second.
TOKENS_A_SECOND, TOKENS_AT_LEAST = 15.0, 20
# Of the spectrogram that the model takes: 30 s in steps of 10 ms, and how far below its maximum it is cut off.
FRAMES, FRAMES_A_SECOND = 3_000, 100
SILENT_BELOW_LOUDEST = 2.0
# Of a clip's last words, heard again, it takes less, and as much less time. Not of a short clip: with less silence
# behind it words are found in noises.
LEAST_FRAMES, SILENT_FRAMES = 1_000, 200
# Words may begin this late in a window; the model's own limit.
LATEST_FIRST_STEP = round(1.0 / SECONDS_A_STEP)
# See docs/hearing.md for what one, three and ten cost and find.
BEAM = 5
# A language that is surer than this is not asked for again in the next window of the same recording.
SURE_OF_LANGUAGE = 0.5


class Window(NamedTuple):
    """What was heard in one window of at most 30 s.

    Parameters
    ----------
    segments : tuple of Segment
    language : str or None
        None where the window is silent.
    probability : float
        Of the language, in [0, 1].
    seconds : float
        Where the next window begins, from the beginning of this one.
    """

    segments: tuple[Segment, ...]
    language: str | None
    probability: float
    seconds: float


class _Speech(NamedTuple):
    """What decoding in one language needs."""

    tokenizer: Any
    prompt: list[int]
    suppressed: list[int]


class Recogniser:
    """Whisper, listening to samples.

    Parameters
    ----------
    model : str or path
        A model's name, or its folder; see `alcca.hearing.weights.find_weights`.
    threads : int, optional
        Threads of each worker; the processors shared by the workers when not given.
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
        named = model_that_is_meant(model)
        self.name = Path(named).name if os.sep in named or "/" in named else named
        try:
            from faster_whisper import WhisperModel
        except ImportError as error:
            raise MissingExtraError(
                f"hearing words needs {error.name}; install it with: pip install 'alcca[hear]'"
            ) from error
        share = max(1, _processors() // workers)
        device, precision = _device()
        try:
            self._whisper = WhisperModel(
                str(folder), device=device, compute_type=precision, cpu_threads=threads or share, num_workers=workers,
                local_files_only=True,
            )  # fmt: skip
        except Exception as error:
            # CTranslate2 and tokenizers have no errors of their own.
            raise SpeechModelError(
                f"{folder}: the speech model cannot be loaded ({' '.join(str(error).split())[:160]}); get it again"
            ) from error
        self._languages: dict[str, _Speech] = {}
        # Of the tokeniser, whose Rust core need not allow two callers at once.
        self._lock = threading.Lock()

    def hear(self, samples: NDArray[np.float32], *, language: str | None = None, start: float = 0.0) -> Transcript:
        """Hear the words in a recording, or in a part of it.

        Parameters
        ----------
        samples : array of shape (n,), float32
            Mono, 16 kHz, any length; a memory-mapped file will do.
        language : str, optional
            ISO 639-1 code, or a language's name; detected when not given, or when the model has not learnt it.
            Models for English alone hear English.
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
        segments: list[Segment] = []
        weights: defaultdict[str, float] = defaultdict(float)
        surest: defaultdict[str, float] = defaultdict(float)
        for window in self.windows(samples, language=language, start=start):
            segments += window.segments
            if window.segments and window.language:
                weights[window.language] += window.probability
                surest[window.language] = max(surest[window.language], window.probability)
        sung = max(weights, key=weights.__getitem__, default=None)
        probability = 0.0 if sung is None else surest[sung]
        return Transcript(tuple(segments), sung, probability, self.name, start, len(samples) / RATE)

    def windows(
        self, samples: NDArray[np.float32], *, language: str | None = None, start: float = 0.0
    ) -> Iterator[Window]:
        """The same window by window, each as soon as it was heard; arguments and errors as `hear`."""
        if np.ndim(samples) != 1 or not len(samples):
            raise DataError(f"expected samples of shape (n,), at least one, got an array of shape {np.shape(samples)}")
        known = self._known(check_language(language))
        place, total, goes_on = 0.0, len(samples) / RATE, False
        while place == 0.0 or total - place > SHORTEST_SECONDS:
            first = round(place * RATE)
            piece = np.asarray(samples[first : first + round(WINDOW_SECONDS * RATE)], dtype=np.float32)
            if not np.isfinite(piece).all():
                raise DataError(f"samples from {place:.1f} s hold NaN or infinite values; decode the recording again")
            if np.ptp(piece) < SILENCE:
                window = Window((), None, 0.0, WINDOW_SECONDS)
            else:
                is_last = place + WINDOW_SECONDS >= total
                window = self._window(piece, known, start + place, is_last=is_last, goes_on=goes_on)
            if known is None and window.language and window.segments and window.probability > SURE_OF_LANGUAGE:
                known = window.language, window.probability
            yield window
            place, goes_on = place + window.seconds, window.seconds < WINDOW_SECONDS

    def _window(
        self,
        samples: NDArray[np.float32],
        known: tuple[str, float] | None,
        start: float,
        *,
        is_last: bool,
        goes_on: bool,
    ) -> Window:
        seconds = len(samples) / RATE
        encoded = self._whisper.encode(self._mel(samples, goes_on=goes_on))
        # Also where the language is known: whether there is one at all tells singing from instruments.
        likeliest = self._detect(encoded)
        language, probability = known or likeliest
        speech = self._speech(language)
        result = self._whisper.model.generate(
            encoded, [speech.prompt], beam_size=BEAM, max_length=self._most_tokens(speech, seconds), return_scores=True,
            return_no_speech_prob=True, suppress_blank=True, suppress_tokens=speech.suppressed,
            max_initial_timestamp_index=LATEST_FIRST_STEP,
        )[0]  # fmt: skip
        tokens = result.sequences_ids[0]
        # The score is a mean over the tokens; the end of the text was decided on too.
        log_probability = float(result.scores[0]) * len(tokens) / (len(tokens) + 1)
        heard, open_from = self._timed(tokens, speech.tokenizer, seconds)
        after = WINDOW_SECONDS
        if open_from is not None and open_from >= LEAST_STEP_SECONDS:
            # The window's end has cut the last segment: it is heard again, whole, in the next window.
            is_written = bool(heard) and heard[-1][0] == open_from
            if not (is_last and is_written):
                heard, after = heard[:-1] if is_written else heard, open_from
        segments = clean_segments(
            [
                Segment(round(start + a, 2), round(start + b, 2), text, log_probability, float(result.no_speech_prob))
                for a, b, text in heard
            ],
            likeliest[1],
        )
        return Window(segments, language, probability, after)

    def _mel(self, samples: NDArray[np.float32], *, goes_on: bool = False) -> NDArray[np.float32]:
        needed = math.ceil(len(samples) / RATE * FRAMES_A_SECOND) + SILENT_FRAMES
        taken = min(max(needed, LEAST_FRAMES), FRAMES) if goes_on else FRAMES
        features: NDArray[np.float32] = self._whisper.feature_extractor(samples)[:, :taken]
        # What silence is beside the loudest moment. Zeros, which faster-whisper takes, are a hum, and cost words.
        silence = features.max() - SILENT_BELOW_LOUDEST
        return np.pad(features, ((0, 0), (0, taken - features.shape[1])), constant_values=silence)

    def _most_tokens(self, speech: _Speech, seconds: float) -> int:
        most: int = self._whisper.max_length
        return min(most, len(speech.prompt) + TOKENS_AT_LEAST + round(TOKENS_A_SECOND * seconds))

    def _known(self, language: str | None) -> tuple[str, float] | None:
        """The language to hear in; None when it has to be detected, also because the model has not learnt it."""
        if not self._whisper.model.is_multilingual:
            return "en", 1.0
        with self._lock:
            learnt = language is not None and self._whisper.hf_tokenizer.token_to_id(f"<|{language}|>") is not None
        return (language, 1.0) if language is not None and learnt else None

    def _detect(self, encoded: Any) -> tuple[str, float]:
        if not self._whisper.model.is_multilingual:
            return "en", 1.0
        token, probability = self._whisper.model.detect_language(encoded)[0][0]
        return token.strip("<|>"), float(probability)

    def _speech(self, language: str) -> _Speech:
        from faster_whisper.tokenizer import Tokenizer
        from faster_whisper.transcribe import get_suppressed_tokens

        with self._lock:
            if language not in self._languages:
                tokenizer = Tokenizer(
                    self._whisper.hf_tokenizer,
                    self._whisper.model.is_multilingual,
                    task="transcribe",
                    language=language,
                )
                self._languages[language] = _Speech(
                    tokenizer, list(tokenizer.sot_sequence), list(get_suppressed_tokens(tokenizer, [-1]))
                )
            return self._languages[language]

    def _timed(
        self, tokens: list[int], tokenizer: Any, seconds: float
    ) -> tuple[list[tuple[float, float, str]], float | None]:
        """Segments as (start, end, text), and where one begins that the window does not hold to its end.

        Its words are there or not: a second time stamp in a row, as the last token, begins a segment without any.
        """
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
            is_begun = len(tokens) > 1 and min(tokens[-2:]) >= tokenizer.timestamp_begin
            return segments, begin if is_begun and segments else None
        segments.append((begin, seconds, self._text(words, tokenizer)))
        return segments, begin

    def _text(self, tokens: list[int], tokenizer: Any) -> str:
        with self._lock:
            text: str = tokenizer.decode(tokens)
        return text.strip()


def shared_recogniser(model: str | os.PathLike[str] = "base") -> Recogniser:
    """The recogniser that one process uses for one clip after the other, loaded at the first; fetches nothing."""
    with _loading:
        return _loaded(model_that_is_meant(model))


# Two first callers at once shall load one model, not two.
_loading = threading.Lock()


@lru_cache(maxsize=2)
def _loaded(model: str) -> Recogniser:
    return Recogniser(model)


def _processors() -> int:
    # What this process may use, which in a container is less than what the machine has.
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _device() -> tuple[str, str]:
    import ctranslate2

    return ("cuda", "float16") if ctranslate2.get_cuda_device_count() else ("cpu", "int8")
