"""One window of sound to words: the speech model's encoder, its two ways to decode, and the times of the words."""

import math
import threading
import unicodedata
from collections import OrderedDict
from collections.abc import Sequence
from hashlib import blake2b
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from alcca.speech.cross_attention import CrossAttention
from alcca.speech.level import at_speech_level

__all__ = ["RATE", "SECONDS_A_STEP", "WINDOW_SECONDS", "Attended", "Decoder", "Encoded", "Piece", "Reading"]

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
# Encodings that are kept, of 3 MB with the base model: of a window, its two halves, and what follows it.
KEPT = 4
# As many of the encoder's 1,500 steps of silence give the same bits within 6, in half the time.
SILENT_STEPS = 200
# A forced token has at least this probability, so that its logarithm is finite.
IMPOSSIBLE, FEWEST_FRAMES = 1e-12, 2
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
    guesses : tuple of str
        The next likely texts, of a reading without time stamps.
    """

    pieces: tuple[Piece, ...]
    log_probability: float
    no_speech: float
    open_from: float | None = None
    guesses: tuple[str, ...] = ()


class Attended(NamedTuple):
    """Where the decoder looks when it writes given words.

    Parameters
    ----------
    attention : array of shape (n_tokens, n_steps), float32
        Of each token over the encoder's steps of 20 ms; rows sum to 1.
    words : array of shape (n_tokens,), int64
        The number of the word that each token is of.
    """

    attention: NDArray[np.float32]
    words: NDArray[np.int64]


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
    folder : path
        Of its weights.
    """

    def __init__(self, whisper: Any, folder: Path) -> None:
        self._whisper = whisper
        self._cross_attention = CrossAttention(folder)
        self._languages: dict[str, _Speech] = {}
        self._encoded: OrderedDict[tuple[bytes, bool], Encoded] = OrderedDict()
        # Guards the tokeniser, whose Rust core may not allow two callers at once, and what is kept.
        self._lock = threading.Lock()

    def encode(self, samples: NDArray[np.float32], *, goes_on: bool = False) -> Encoded:
        """Encode at most 30 s of sound; ``goes_on`` if these are the last words of a clip, transcribed again.

        The last encodings are kept: encoding takes longer than anything that is then asked of it.
        """
        key = blake2b(np.ascontiguousarray(samples).data).digest(), goes_on
        with self._lock:
            if key in self._encoded:
                self._encoded.move_to_end(key)
                return self._encoded[key]
        encoded = Encoded(self._whisper.encode(self._mel(samples, goes_on=goes_on)), len(samples) / RATE)
        with self._lock:
            self._encoded[key] = encoded
            if len(self._encoded) > KEPT:
                self._encoded.popitem(last=False)
        return encoded

    def silence(self) -> Encoded:
        """Encode silence, of which a part is enough: all of it is alike, and the decoder attends to fewer steps."""
        encoded = self.encode(np.zeros(round(WINDOW_SECONDS * RATE), np.float32))
        if encoded.features.device != "cpu":
            return encoded
        from ctranslate2 import StorageView

        part = np.ascontiguousarray(np.asarray(encoded.features)[:, :SILENT_STEPS])
        return Encoded(StorageView.from_array(part), SILENT_STEPS * SECONDS_A_STEP)

    def detect(self, encoded: Encoded) -> tuple[str, float]:
        """The likeliest language and its probability; ("en", 1.0) for an English-only model."""
        probabilities = self.languages(encoded)
        likeliest = max(probabilities, key=probabilities.__getitem__)
        return likeliest, probabilities[likeliest]

    def languages(self, encoded: Encoded) -> dict[str, float]:
        """The probability of each language; only English for an English-only model."""
        if not self._whisper.model.is_multilingual:
            return {"en": 1.0}
        found = self._whisper.model.detect_language(encoded.features)[0]
        return {token.strip("<|>"): float(probability) for token, probability in found}

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
        result = self._generate(encoded, speech, speech.prompt)
        tokens, log_probability = _best(result)
        pieces, open_from = self._timed(tokens, speech.tokenizer, encoded.seconds)
        return Reading(tuple(pieces), log_probability, float(result.no_speech_prob), open_from)

    def read_again(self, encoded: Encoded, language: str) -> Reading:
        """Decode a window in another way: without time stamps, and without repeating any four tokens.

        So the decoder cannot fall into a loop, nor stop at a time stamp after a phrase from subtitles. The times of
        the words come from its cross-attention.
        """
        speech = self._speech(language)
        result = self._generate(
            encoded, speech, [*speech.prompt, speech.tokenizer.no_timestamps], num_hypotheses=BEAM,
            no_repeat_ngram_size=BLOCKED_TOKENS, repetition_penalty=REPETITION_PENALTY,
        )  # fmt: skip
        _, log_probability = _best(result)
        words, *others = [
            [token for token in tokens if token < speech.tokenizer.eot] for tokens in result.sequences_ids
        ]
        guesses = tuple(text for tokens in others if (text := self._text(tokens, speech.tokenizer)))
        pieces = tuple(self._aligned(encoded, speech, words))
        return Reading(pieces, log_probability, float(result.no_speech_prob), guesses=guesses)

    def tokens(self, text: str, language: str) -> list[int]:
        """The tokens of a text, on one line; those beyond the model's limit, some 440, are left out."""
        speech, line = self._speech(language), " ".join(text.split())
        if not line:
            return []
        with self._lock:
            tokens: list[int] = speech.tokenizer.encode(f" {line}")
        # The prompt, a token for "no time stamps", and the end of the text count as well.
        return tokens[: self._whisper.max_length - len(speech.prompt) - 2]

    def text(self, tokens: list[int], language: str) -> str:
        """The text of tokens."""
        return self._text(tokens, self._speech(language).tokenizer)

    def force(self, encoded: Encoded, language: str, tokens: list[int]) -> NDArray[np.float64]:
        """Base-2 logarithms of the probabilities of tokens, shape (n,), if the decoder has to write them over a sound.

        One text at a time: on a CPU a batch takes longer, and on other devices the work is small.
        """
        speech = self._speech(language)
        if not tokens:
            return np.empty(0)
        # The number of frames only matters for the times of the tokens, which nobody asks for.
        result = self._whisper.model.align(encoded.features, speech.prompt, [tokens], FEWEST_FRAMES)[0]
        return np.log2(np.maximum(np.asarray(result.text_token_probs, dtype=np.float64), IMPOSSIBLE))

    def attend(self, encoded: Encoded, language: str, words: Sequence[str]) -> Attended:
        """Where the decoder looks in a window when it has to write these words.

        Words beyond the model's limit, some 440 tokens, are left out.
        """
        speech = self._speech(language)
        with self._lock:
            # With the space that the model writes before words, of scripts that have one.
            spelt = [speech.tokenizer.encode(word if _is_spaceless(word) else f" {word}") for word in words]
        numbers = np.repeat(np.arange(len(spelt)), [len(tokens) for tokens in spelt])
        prompt = [*speech.prompt, speech.tokenizer.no_timestamps]
        tokens = [token for one in spelt for token in one][: self._whisper.max_length - len(prompt)]
        features = np.asarray(_on_cpu(encoded.features))[0]
        if not tokens:
            return Attended(np.empty((0, len(features)), np.float32), numbers)
        attention = self._cross_attention.attend(features, tokens, prompt)
        return Attended(attention, numbers[: len(tokens)])

    def _generate(self, encoded: Encoded, speech: _Speech, prompt: list[int], **options: Any) -> Any:
        most = min(self._whisper.max_length, len(prompt) + TOKENS_AT_LEAST + round(TOKENS_A_SECOND * encoded.seconds))
        return self._whisper.model.generate(
            encoded.features, [prompt], beam_size=BEAM, max_length=most, return_scores=True,
            return_no_speech_prob=True, suppress_blank=True, suppress_tokens=speech.suppressed,
            max_initial_timestamp_index=LATEST_FIRST_STEP, **options,
        )[0]  # fmt: skip

    def _mel(self, samples: NDArray[np.float32], *, goes_on: bool = False) -> NDArray[np.float32]:
        needed = math.ceil(len(samples) / RATE * FRAMES_A_SECOND) + SILENT_FRAMES
        taken = min(max(needed, MIN_FRAMES), FRAMES) if goes_on else FRAMES
        features: NDArray[np.float32] = self._whisper.feature_extractor(at_speech_level(samples))[:, :taken]
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


def _is_spaceless(word: str) -> bool:
    return unicodedata.category(word[0]) == "Lo" and not unicodedata.bidirectional(word[0]).startswith(("R", "AL"))


def _on_cpu(features: Any) -> Any:
    """The encoder's output where NumPy can read it, as float32."""
    from ctranslate2 import DataType, Device

    if not hasattr(features, "device"):
        return features
    if features.device != "cpu":
        features = features.to_device(Device.cpu)
    return features if features.dtype == DataType.float32 else features.to(DataType.float32)


def _best(result: Any) -> tuple[list[int], float]:
    """The likeliest tokens, and the mean logarithm of their probabilities."""
    tokens: list[int] = result.sequences_ids[0]
    # The score is averaged over the tokens without the end of the text, whose probability it includes.
    return tokens, float(result.scores[0]) * len(tokens) / (len(tokens) + 1)


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
