"""One window of sound to words: the speech model's encoder, its two ways to decode, and the times of the words."""

import math
import threading
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["RATE", "WINDOW_SECONDS", "Decoder", "Encoded", "Piece", "Reading"]

RATE = 16_000
WINDOW_SECONDS = 30.0
SECONDS_A_STEP = 0.02
# A decoder in a loop stops only at its token limit; that of 30 s takes seconds to reach. Singing took at most 11
# tokens a second.
TOKENS_A_SECOND, TOKENS_AT_LEAST = 15.0, 20
# The model's input spectrogram: 30 s in steps of 10 ms, cut off this far below its maximum.
FRAMES, FRAMES_A_SECOND = 3_000, 100
SILENT_BELOW_LOUDEST = 2.0
# The last words of a clip, transcribed again, get a shorter spectrogram, which takes proportionally less time. A short
# clip does not: with less silence behind it, the model finds words in noises.
MIN_FRAMES, SILENT_FRAMES = 1_000, 200
# The latest step at which the first words of a window may begin; the model's own limit.
LATEST_FIRST_STEP = round(1.0 / SECONDS_A_STEP)
# See docs/hearing.md for the costs and results of one, three and ten beams.
BEAM = 5
# A second reading repeats no sequence of this many tokens, and gets a small penalty for repeating a single token.
BLOCKED_TOKENS, REPETITION_PENALTY = 4, 1.1
# Words without time stamps are joined into lines. A line ends at a pause, at the end of a sentence, before a capital
# letter (with which the model begins lines) once it is long enough, or at its maximum length, in characters.
BREATH_SECONDS = 0.7
SENTENCE_ENDS = tuple(".?!…。？！")
LINE, MAX_LINE_CHARACTERS = 25, 60


class Encoded(NamedTuple):
    """An encoded window of sound, the input of the decoder.

    Parameters
    ----------
    features : ctranslate2.StorageView
        The encoder's output for the spectrogram.
    seconds : float
        The length of the sound, without added silence.
    """

    features: Any
    seconds: float


class Piece(NamedTuple):
    """Words that were decoded together: start and end in seconds of the window, and the text."""

    start: float
    end: float
    text: str


class Reading(NamedTuple):
    """The result of one decoding of a window.

    Parameters
    ----------
    pieces : tuple of Piece
    log_probability : float
        Mean natural logarithm of the probabilities of the tokens, the end-of-text token included.
    no_speech : float
        The model's probability that the window contains no speech or singing, in [0, 1].
    open_from : float or None
        Start, in seconds, of a segment that the end of the window cuts off; always None without time stamps.
    """

    pieces: tuple[Piece, ...]
    log_probability: float
    no_speech: float
    open_from: float | None = None


class _Speech(NamedTuple):
    """The inputs for decoding in one language."""

    tokenizer: Any
    prompt: list[int]
    suppressed: list[int]


class Decoder:
    """Decodes windows of sound with a loaded Whisper model. Threads may share it.

    Parameters
    ----------
    whisper : faster_whisper.WhisperModel
    """

    def __init__(self, whisper: Any) -> None:
        self._whisper = whisper
        self._languages: dict[str, _Speech] = {}
        # Guards the tokeniser, whose Rust core may not allow two callers at once.
        self._lock = threading.Lock()

    def encode(self, samples: NDArray[np.float32], *, goes_on: bool = False) -> Encoded:
        """Encode at most 30 s of sound; ``goes_on`` if these are the last words of a clip, transcribed again."""
        return Encoded(self._whisper.encode(self._mel(samples, goes_on=goes_on)), len(samples) / RATE)

    def detect(self, encoded: Encoded) -> tuple[str, float]:
        """The likeliest language and its probability; ("en", 1.0) for an English-only model."""
        if not self._whisper.model.is_multilingual:
            return "en", 1.0
        token, probability = self._whisper.model.detect_language(encoded.features)[0][0]
        return token.strip("<|>"), float(probability)

    def knows(self, language: str) -> bool:
        """Whether the model was trained on a language."""
        with self._lock:
            return self._whisper.hf_tokenizer.token_to_id(f"<|{language}|>") is not None

    @property
    def multilingual(self) -> bool:
        """Whether the model was trained on more languages than English."""
        return bool(self._whisper.model.is_multilingual)

    def read(self, encoded: Encoded, language: str) -> Reading:
        """Decode a window with time stamps between its pieces, as the model was trained."""
        speech = self._speech(language)
        tokens, log_probability, no_speech = self._generate(encoded, speech, speech.prompt)
        pieces, open_from = self._timed(tokens, speech.tokenizer, encoded.seconds)
        return Reading(tuple(pieces), log_probability, no_speech, open_from)

    def read_again(self, encoded: Encoded, language: str) -> Reading:
        """Decode a window in another way: without time stamps, and without repeating any four tokens.

        So the decoder cannot fall into a loop, nor stop at a time stamp after a phrase from subtitles. The times of
        the words come from its cross-attention.
        """
        speech = self._speech(language)
        tokens, log_probability, no_speech = self._generate(
            encoded, speech, [*speech.prompt, speech.tokenizer.no_timestamps],
            no_repeat_ngram_size=BLOCKED_TOKENS, repetition_penalty=REPETITION_PENALTY,
        )  # fmt: skip
        tokens = [token for token in tokens if token < speech.tokenizer.eot]
        return Reading(tuple(self._aligned(encoded, speech, tokens)), log_probability, no_speech)

    def _generate(
        self, encoded: Encoded, speech: _Speech, prompt: list[int], **options: Any
    ) -> tuple[list[int], float, float]:
        """Tokens, the mean logarithm of their probabilities, and the probability that there is no speech."""
        most = min(self._whisper.max_length, len(prompt) + TOKENS_AT_LEAST + round(TOKENS_A_SECOND * encoded.seconds))
        result = self._whisper.model.generate(
            encoded.features, [prompt], beam_size=BEAM, max_length=most, return_scores=True,
            return_no_speech_prob=True, suppress_blank=True, suppress_tokens=speech.suppressed,
            max_initial_timestamp_index=LATEST_FIRST_STEP, **options,
        )[0]  # fmt: skip
        tokens = result.sequences_ids[0]
        # The score is averaged over the tokens without the end of the text, whose probability it includes.
        log_probability = float(result.scores[0]) * len(tokens) / (len(tokens) + 1)
        return tokens, log_probability, float(result.no_speech_prob)

    def _mel(self, samples: NDArray[np.float32], *, goes_on: bool = False) -> NDArray[np.float32]:
        needed = math.ceil(len(samples) / RATE * FRAMES_A_SECOND) + SILENT_FRAMES
        taken = min(max(needed, MIN_FRAMES), FRAMES) if goes_on else FRAMES
        features: NDArray[np.float32] = self._whisper.feature_extractor(samples)[:, :taken]
        # The value of silence relative to the loudest moment. Padding with zeros, as faster-whisper does, amounts to a
        # hum and loses words.
        silence = features.max() - SILENT_BELOW_LOUDEST
        return np.pad(features, ((0, 0), (0, taken - features.shape[1])), constant_values=silence)

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

    def _timed(self, tokens: list[int], tokenizer: Any, seconds: float) -> tuple[list[Piece], float | None]:
        """Pieces between time stamps, and the start of a piece that the end of the window cuts off.

        That piece may have no words: two time stamps in a row as the last tokens begin an empty one.
        """
        pieces: list[Piece] = []
        begin, words = 0.0, []
        for token in tokens:
            if token < tokenizer.timestamp_begin:
                words.append(token)
                continue
            time = min((token - tokenizer.timestamp_begin) * SECONDS_A_STEP, seconds)
            if words:
                pieces.append(Piece(begin, max(begin, time), self._text(words, tokenizer)))
                words = []
            begin = time
        if not words:
            is_begun = len(tokens) > 1 and min(tokens[-2:]) >= tokenizer.timestamp_begin
            return pieces, begin if is_begun and pieces else None
        pieces.append(Piece(begin, seconds, self._text(words, tokenizer)))
        return pieces, begin

    def _aligned(self, encoded: Encoded, speech: _Speech, tokens: list[int]) -> list[Piece]:
        """Words without time stamps as pieces, at the times that the decoder attended to when it wrote them.

        References
        ----------
        Radford et al. 2022; the times of words as in openai/whisper's ``timing.py``: dynamic time warping of the
        cross-attention of the heads that are aligned with the sound.
        """
        if not tokens:
            return []
        with self._lock:
            words, spelt = speech.tokenizer.split_to_word_tokens([*tokens, speech.tokenizer.eot])
        frames = max(2, math.ceil(encoded.seconds * FRAMES_A_SECOND))
        result = self._whisper.model.align(encoded.features, speech.prompt, [tokens], frames)[0]
        token_of, step_of = np.array(result.alignments, dtype=np.int64).reshape(-1, 2).T
        # The first step of each token; the path visits all tokens in order.
        begins = np.searchsorted(token_of, np.arange(len(tokens) + 1)).clip(max=len(step_of) - 1)
        times = np.minimum(step_of[begins] * SECONDS_A_STEP, encoded.seconds)
        bounds = np.cumsum([0, *map(len, spelt[:-1])])
        lines: list[list[tuple[float, float, str]]] = []
        for word, (first, last) in zip(words, pairwise(bounds.tolist()), strict=False):
            start, end = float(times[first]), float(times[last])
            if not lines or _is_over(lines[-1], start, word):
                lines.append([])
            lines[-1].append((start, end, word))
        return [
            Piece(line[0][0], line[-1][1], text) for line in lines if (text := "".join(w for _, _, w in line).strip())
        ]

    def _text(self, tokens: list[int], tokenizer: Any) -> str:
        with self._lock:
            text: str = tokenizer.decode(tokens)
        return text.strip()


def _is_over(line: list[tuple[float, float, str]], start: float, word: str) -> bool:
    """Whether a line of words ends before a word that begins at ``start``."""
    _, end, last = line[-1]
    length = sum(len(word) for _, _, word in line)
    begins = word.strip()[:1].isupper() and word.strip().partition("'")[0] != "I"
    return (
        start - end > BREATH_SECONDS
        or last.rstrip().endswith(SENTENCE_ENDS)
        or (begins and length > LINE)
        or length > MAX_LINE_CHARACTERS
    )
