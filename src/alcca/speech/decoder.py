"""One window of sound to words: the speech model's encoder, its two ways to decode, and when each word is sung."""

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
# A loop ends when no tokens are left, those for half a minute after seconds of work. Singing took at most 11 a second.
TOKENS_A_SECOND, TOKENS_AT_LEAST = 15.0, 20
# Of the spectrogram that the model takes: 30 s in steps of 10 ms, and how far below its maximum it is cut off.
FRAMES, FRAMES_A_SECOND = 3_000, 100
SILENT_BELOW_LOUDEST = 2.0
# Of a clip's last words, heard again, it takes less, and as much less time. Not of a short clip: with less silence
# behind it words are found in noises.
MIN_FRAMES, SILENT_FRAMES = 1_000, 200
# Words may begin this late in a window; the model's own limit.
LATEST_FIRST_STEP = round(1.0 / SECONDS_A_STEP)
# See docs/hearing.md for what one, three and ten cost and find.
BEAM = 5
# A second reading may say nothing twice that is as long as this, and minds repeating single words a little.
BLOCKED_TOKENS, REPETITION_PENALTY = 4, 1.1
# Words without time stamps are put together until somebody takes a breath, a sentence ends, or a line is full: then at
# a capital letter, with which the model begins lines.
BREATH_SECONDS = 0.7
SENTENCE_ENDS = tuple(".?!…。？！")
LINE, MAX_LINE_CHARACTERS = 25, 60


class Encoded(NamedTuple):
    """A window of sound as the decoder takes it.

    Parameters
    ----------
    features : ctranslate2.StorageView
        What the encoder made of the spectrogram.
    seconds : float
        How much of it is sound, not silence that was added.
    """

    features: Any
    seconds: float


class Piece(NamedTuple):
    """Words that were read together: from and to in seconds of the window, and the text."""

    start: float
    end: float
    text: str


class Reading(NamedTuple):
    """What one decoding of a window says.

    Parameters
    ----------
    pieces : tuple of Piece
    log_probability : float
        Mean natural logarithm of the probabilities of the tokens, the end of the text included.
    no_speech : float
        The model's probability that nobody speaks or sings, in [0, 1].
    open_from : float or None
        Where a segment begins that the window does not hold to its end, in seconds; never without time stamps.
    """

    pieces: tuple[Piece, ...]
    log_probability: float
    no_speech: float
    open_from: float | None = None


class _Speech(NamedTuple):
    """What decoding in one language needs."""

    tokenizer: Any
    prompt: list[int]
    suppressed: list[int]


class Decoder:
    """Reads windows of sound by a loaded Whisper model. Threads may use it side by side.

    Parameters
    ----------
    whisper : faster_whisper.WhisperModel
    """

    def __init__(self, whisper: Any) -> None:
        self._whisper = whisper
        self._languages: dict[str, _Speech] = {}
        # Of the tokeniser, whose Rust core need not allow two callers at once.
        self._lock = threading.Lock()

    def encode(self, samples: NDArray[np.float32], *, goes_on: bool = False) -> Encoded:
        """Encode at most 30 s of sound; ``goes_on`` says that they are the last words of a clip, heard again."""
        return Encoded(self._whisper.encode(self._mel(samples, goes_on=goes_on)), len(samples) / RATE)

    def detect(self, encoded: Encoded) -> tuple[str, float]:
        """The likeliest language and its probability; ("en", 1.0) by a model for English alone."""
        if not self._whisper.model.is_multilingual:
            return "en", 1.0
        token, probability = self._whisper.model.detect_language(encoded.features)[0][0]
        return token.strip("<|>"), float(probability)

    def knows(self, language: str) -> bool:
        """Whether the model has learnt a language."""
        with self._lock:
            return self._whisper.hf_tokenizer.token_to_id(f"<|{language}|>") is not None

    @property
    def multilingual(self) -> bool:
        """Whether the model has learnt more than English."""
        return bool(self._whisper.model.is_multilingual)

    def read(self, encoded: Encoded, language: str) -> Reading:
        """Read a window with time stamps between its pieces, as the model has learnt it."""
        speech = self._speech(language)
        tokens, log_probability, no_speech = self._generate(encoded, speech, speech.prompt)
        pieces, open_from = self._timed(tokens, speech.tokenizer, encoded.seconds)
        return Reading(tuple(pieces), log_probability, no_speech, open_from)

    def read_again(self, encoded: Encoded, language: str) -> Reading:
        """Read a window another way: without time stamps, and without saying any four tokens twice.

        So the decoder cannot fall into a loop, nor end at a time stamp behind a subtitle's phrase. When each word is
        sung, its attention tells.
        """
        speech = self._speech(language)
        tokens, log_probability, no_speech = self._generate(
            encoded, speech, [*speech.prompt, speech.tokenizer.no_timestamps],
            no_repeat_ngram_size=BLOCKED_TOKENS, repetition_penalty=REPETITION_PENALTY,
        )  # fmt: skip
        tokens = [token for token in tokens if token < speech.tokenizer.eot]
        return Reading(tuple(self._aligned(encoded, speech, tokens)), log_probability, no_speech)

    def _generate(
        self, encoded: Encoded, speech: _Speech, prompt: list[int], **how: Any
    ) -> tuple[list[int], float, float]:
        """Tokens, the mean logarithm of their probabilities, and the probability that nobody speaks."""
        most = min(self._whisper.max_length, len(prompt) + TOKENS_AT_LEAST + round(TOKENS_A_SECOND * encoded.seconds))
        result = self._whisper.model.generate(
            encoded.features, [prompt], beam_size=BEAM, max_length=most, return_scores=True,
            return_no_speech_prob=True, suppress_blank=True, suppress_tokens=speech.suppressed,
            max_initial_timestamp_index=LATEST_FIRST_STEP, **how,
        )[0]  # fmt: skip
        tokens = result.sequences_ids[0]
        # The score is a mean over the tokens; the end of the text was decided on too.
        log_probability = float(result.scores[0]) * len(tokens) / (len(tokens) + 1)
        return tokens, log_probability, float(result.no_speech_prob)

    def _mel(self, samples: NDArray[np.float32], *, goes_on: bool = False) -> NDArray[np.float32]:
        needed = math.ceil(len(samples) / RATE * FRAMES_A_SECOND) + SILENT_FRAMES
        taken = min(max(needed, MIN_FRAMES), FRAMES) if goes_on else FRAMES
        features: NDArray[np.float32] = self._whisper.feature_extractor(samples)[:, :taken]
        # What silence is beside the loudest moment. Zeros, which faster-whisper takes, are a hum, and cost words.
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
        """Pieces between time stamps, and where one begins that the window does not hold to its end.

        Its words are there or not: a second time stamp in a row, as the last token, begins a piece without any.
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
        """Words without time stamps as pieces, at the times to which the decoder attended as it wrote them.

        References
        ----------
        Radford et al. 2022; the times of words as in openai/whisper's ``timing.py``: dynamic time warping of the
        cross-attention of the heads that follow the sound.
        """
        if not tokens:
            return []
        with self._lock:
            words, spelt = speech.tokenizer.split_to_word_tokens([*tokens, speech.tokenizer.eot])
        frames = max(2, math.ceil(encoded.seconds * FRAMES_A_SECOND))
        found = self._whisper.model.align(encoded.features, speech.prompt, [tokens], frames)[0]
        token_of, step_of = np.array(found.alignments, dtype=np.int64).reshape(-1, 2).T
        # The step at which each token is reached first; the path passes them in order and leaves none out.
        begins = np.searchsorted(token_of, np.arange(len(tokens) + 1)).clip(max=len(step_of) - 1)
        times = np.minimum(step_of[begins] * SECONDS_A_STEP, encoded.seconds)
        bounds = np.cumsum([0, *(len(one) for one in spelt[:-1])])
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
