"""The speech recogniser: Whisper on CTranslate2, one model shared by any number of threads."""

import os
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from alcca.errors import DataError, MissingExtraError, SpeechModelError
from alcca.languages import check_language
from alcca.songs.audio_slice import SILENCE
from alcca.speech.decoder import RATE, WINDOW_SECONDS, Attended, Decoder, Encoded, Piece, Reading
from alcca.speech.doubt import SECOND_LOG_PROBABILITY, is_doubtful
from alcca.speech.hallucinations import clean_second_reading, clean_segments, stands_alone
from alcca.speech.language_hints import SURE_OF_ANOTHER, by_hints, noted
from alcca.speech.second_listening import SecondListening
from alcca.speech.voice import has_voice
from alcca.speech.weights import find_weights, model_that_is_meant, name_of_model
from alcca.transcripts import Listened, Segment, Transcript

__all__ = ["RATE", "Recogniser", "Window", "shared_recogniser"]

# The rest at the end of a recording is transcribed if it is longer than this.
MIN_SECONDS = 0.5
# The next window begins at least this far after the last one, so that the number of windows is bounded.
MIN_STEP_SECONDS = 3.0
# A language that is more probable than this is not detected again in later windows of the same recording.
SURE_OF_LANGUAGE = 0.5
# A window that two readings leave in doubt is read in halves if each has this length: shorter ones reveal nothing.
MIN_HALF_SECONDS = 5.0


class Window(NamedTuple):
    """The transcript of one window of at most 30 s.

    Parameters
    ----------
    segments : tuple of Segment
        The likeliest reading.
    language : str or None
        None if the window is silent.
    probability : float
        Probability of the language, in [0, 1].
    seconds : float
        Start of the next window, from the start of this one.
    alternatives : tuple of Segment
        Other readings that are not empty, the likeliest first.
    doubtful : bool
        Whether the likeliest reading is in doubt.
    guesses : tuple of Segment
        The next likely texts of second readings, if all readings are in doubt.
    """

    segments: tuple[Segment, ...]
    language: str | None
    probability: float
    seconds: float
    alternatives: tuple[Segment, ...] = ()
    doubtful: bool = False
    guesses: tuple[Segment, ...] = ()


class _FirstReading(NamedTuple):
    """A window after its first reading, and the inputs of a second one; ``encoded`` is None if it is silent."""

    window: Window
    samples: NDArray[np.float32]
    start: float
    encoded: Encoded | None = None
    # Language and probability: of the whole recording, if known, and the likeliest of this window.
    known: tuple[str, float] | None = None
    likeliest: tuple[str, float] = ("", 0.0)


class _Cleaned(NamedTuple):
    """One reading of a window, after cleaning."""

    segments: tuple[Segment, ...]
    language: str | None
    probability: float
    doubtful: bool
    guesses: tuple[Segment, ...] = ()

    @property
    def log_probability(self) -> float:
        return sum(segment.log_probability for segment in self.segments) / len(self.segments)


class Recogniser:
    """The Whisper speech recogniser.

    Parameters
    ----------
    model : str or path
        A model's name, or its folder; see `alcca.speech.weights.find_weights`.
    threads : int, optional
        Threads of each worker; by default the workers share the processors equally.
    workers : int
        How many threads may call `hear` at the same time. They share one model in memory.
    offline : bool
        Do not download weights.

    Attributes
    ----------
    name : str
        The model's name, or the name of its folder.

    Raises
    ------
    MissingExtraError, SpeechModelError
        As `find_weights`; or CTranslate2 cannot load the weights.

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
        self.name = name_of_model(model)
        try:
            from faster_whisper import WhisperModel
        except ImportError as error:
            raise MissingExtraError(
                f"transcribing needs {error.name}; install it with: pip install 'alcca[hear]'"
            ) from error
        share = max(1, _processors() // workers)
        device, precision = _device()
        try:
            self._whisper = WhisperModel(
                str(folder), device=device, compute_type=precision, cpu_threads=threads or share, num_workers=workers,
                local_files_only=True,
            )  # fmt: skip
        except Exception as error:
            # CTranslate2 and tokenizers have no exception classes of their own.
            raise SpeechModelError(
                f"{folder}: the speech model cannot be loaded ({' '.join(str(error).split())[:160]}); download it again"
            ) from error
        self._decoder = Decoder(self._whisper, folder)
        self._second = SecondListening(self._decoder)

    def hear(
        self,
        samples: NDArray[np.float32],
        *,
        language: str | None = None,
        hints: Sequence[str] = (),
        start: float = 0.0,
        at_first: Callable[[Transcript], object] | None = None,
        at_window: Callable[[float, Encoded], object] | None = None,
    ) -> Transcript:
        """Transcribe a recording, or a part of it.

        Of more than 30 s, windows without a voice (`alcca.speech.voice.has_voice`) are passed over.

        Parameters
        ----------
        samples : array of shape (n,), float32
            Mono, 16 kHz, any length; may be a memory-mapped file.
        language : str, optional
            ISO 639-1 code, or a language's name; detected if not given, or if the model was not trained on it.
            English-only models always transcribe English.
        hints : sequence of str
            Codes of the languages that tags name. The likeliest of them is taken, unless the sound is clearly in
            another one; then the transcript has a note.
        start : float
            Where the samples begin in the recording, in seconds; added to all times.
        at_first : callable, optional
            Called with the transcript of the first reading if some of it is in doubt and is read again, which takes
            longer. Meanwhile the encodings of all windows stay in memory, 3 MB for half a minute with the base model.
        at_window : callable, optional
            Called with the start, in seconds of the samples, and the encoding of each window that is read; for
            `attend`. Silence is not read, nor, if there are more than 30 s, a window in which no voice is found.

        Returns
        -------
        Transcript
            Without segments and language if no words were recognised.

        Raises
        ------
        DataError
            The samples are not one-dimensional, empty, or contain NaN or infinite values.
        UsageError
            The language is unknown.
        """
        hints = () if language is not None else self._usable(hints)
        if at_first is None:
            windows = map(self._settled, self._first_readings(samples, language, start, hints, at_window))
            return noted(self._transcript(windows, samples, start), hints)
        firsts = list(self._first_readings(samples, language, start, hints, at_window))
        if any(first.window.doubtful for first in firsts):
            at_first(noted(self._transcript((first.window for first in firsts), samples, start), hints))
        return noted(self._transcript(map(self._settled, firsts), samples, start), hints)

    def listen(
        self, samples: NDArray[np.float32], texts: Sequence[Sequence[str]], *, language: str | None = None
    ) -> list[Listened]:
        """Listen for given words in a recording, however little of it can be read.

        Parameters
        ----------
        samples : array of shape (n,), float32
            Mono, 16 kHz; only the first 30 s are used. The encoding of a recording that was just transcribed is still
            there.
        texts : sequence of sequence of str
            Of each text the excerpts to listen for (`alcca.matching.excerpts.excerpts`).
        language : str, optional
            As for `hear`.

        Returns
        -------
        list of Listened
            One for each text.

        Raises
        ------
        DataError, UsageError
            As `hear`.
        """
        samples = _checked(samples)
        known = self._known(check_language(language))
        piece = np.asarray(samples[: round(WINDOW_SECONDS * RATE)], dtype=np.float32)
        _check_finite(piece, 0.0)
        if np.ptp(piece) < SILENCE:
            return [Listened(0.0, "") for _ in texts]
        encoded = self._decoder.encode(piece)
        return self._second.listen(encoded, (known or self._decoder.detect(encoded))[0], texts)

    def encode(self, samples: NDArray[np.float32], *, is_short: bool = False) -> Encoded | None:
        """Encode at most 30 s of a recording for `attend`; None of silence.

        A short part of a recording takes less time than half a minute if it is told.
        """
        piece = np.asarray(_checked(samples)[: round(WINDOW_SECONDS * RATE)], dtype=np.float32)
        _check_finite(piece, 0.0)
        return None if np.ptp(piece) < SILENCE else self._decoder.encode(piece, goes_on=is_short)

    def attend(self, encoded: Encoded, words: Sequence[str], *, language: str | None) -> Attended:
        """Where the model looks in an encoded window when it has to write given words.

        Parameters
        ----------
        encoded : Encoded
            Of `encode` or `hear`.
        words : sequence of str
            In the order in which they are sung, not empty.
        language : str or None
            As for `hear`.

        Raises
        ------
        UsageError
            The language is unknown.
        SpeechModelError
            The decoder's weights cannot be read.
        """
        known = self._known(check_language(language))
        return self._decoder.attend(encoded, (known or self._decoder.detect(encoded))[0], words)

    def _transcript(self, windows: Iterable[Window], samples: NDArray[np.float32], start: float) -> Transcript:
        segments: list[Segment] = []
        alternatives: list[Segment] = []
        guesses: list[Segment] = []
        weights: defaultdict[str, float] = defaultdict(float)
        surest: defaultdict[str, float] = defaultdict(float)
        doubtful = False
        for window in windows:
            segments += window.segments
            alternatives += window.alternatives
            guesses += window.guesses
            doubtful = doubtful or window.doubtful
            if window.segments and window.language:
                weights[window.language] += window.probability
                surest[window.language] = max(surest[window.language], window.probability)
        likeliest = max(weights, key=weights.__getitem__, default=None)
        probability = 0.0 if likeliest is None else surest[likeliest]
        return Transcript(
            tuple(segments),
            likeliest,
            probability,
            self.name,
            start,
            len(samples) / RATE,
            tuple(alternatives),
            doubtful,
            tuple(guesses),
        )

    def windows(
        self, samples: NDArray[np.float32], *, language: str | None = None, start: float = 0.0
    ) -> Iterator[Window]:
        """Transcribe window by window, and yield each as soon as it is done; arguments and errors as `hear`."""
        return map(self._settled, self._first_readings(samples, language, start))

    def _first_readings(
        self,
        samples: NDArray[np.float32],
        language: str | None,
        start: float,
        hints: tuple[str, ...] = (),
        at_window: Callable[[float, Encoded], object] | None = None,
    ) -> Iterator[_FirstReading]:
        """Yield each window with its first reading, as soon as it is done."""
        samples = _checked(samples)
        known = self._known(check_language(language))
        place, total, goes_on = 0.0, len(samples) / RATE, False
        while place == 0.0 or total - place > MIN_SECONDS:
            first = round(place * RATE)
            piece = np.asarray(samples[first : first + round(WINDOW_SECONDS * RATE)], dtype=np.float32)
            _check_finite(piece, place)
            # A short clip is read in any case: it takes little time, and was chosen by somebody.
            if np.ptp(piece) < SILENCE or (total > WINDOW_SECONDS and not has_voice(piece)):
                reading = _FirstReading(Window((), None, 0.0, WINDOW_SECONDS), piece, start + place)
            else:
                is_last = place + WINDOW_SECONDS >= total
                reading = self._read(piece, known, start + place, hints, is_last=is_last, goes_on=goes_on)
            if at_window is not None and reading.encoded is not None:
                at_window(place, reading.encoded)
            window = reading.window
            if hints and window.segments and reading.likeliest[1] >= SURE_OF_ANOTHER:
                # The language that was heard last is more telling than tags.
                hints = (reading.likeliest[0],)
            elif not (hints or known) and window.segments and window.probability > SURE_OF_LANGUAGE:
                known = reading.likeliest
            yield reading
            place, goes_on = place + window.seconds, window.seconds < WINDOW_SECONDS

    def _read(
        self,
        samples: NDArray[np.float32],
        known: tuple[str, float] | None,
        start: float,
        hints: tuple[str, ...],
        *,
        is_last: bool,
        goes_on: bool,
    ) -> _FirstReading:
        encoded = self._decoder.encode(samples, goes_on=goes_on)
        # Also if the language is known: a clear language distinguishes singing from instruments.
        probabilities = self._decoder.languages(encoded)
        likeliest = max(probabilities.items(), key=lambda one: one[1])
        known = known or by_hints(probabilities, hints)
        language, probability = known or likeliest
        reading = self._decoder.read(encoded, language)
        pieces, after, open_from = list(reading.pieces), WINDOW_SECONDS, reading.open_from
        if open_from is not None and open_from >= MIN_STEP_SECONDS:
            # The window's end cuts off the last segment, which is transcribed whole in the next window.
            is_written = bool(pieces) and pieces[-1].start == open_from
            if not (is_last and is_written):
                pieces, after = pieces[:-1] if is_written else pieces, open_from
        read = _segments(reading, pieces, start)
        segments = clean_segments(read, likeliest[1])
        doubtful = is_doubtful(read, segments, min(after, encoded.seconds))
        window = Window(segments, language, probability, after, (), doubtful)
        return _FirstReading(window, samples, start, encoded, known, likeliest)

    def _settled(self, first: _FirstReading) -> Window:
        """The window itself; or, if its first reading is in doubt, the likeliest of several readings."""
        window = first.window
        if not window.doubtful or first.encoded is None:
            return window
        end = min(window.seconds, first.encoded.seconds)
        second = self._read_again(first, first.encoded, first.likeliest, 0.0, end)
        readings, guesses = [second], second.guesses
        if stands_alone(window.segments, first.likeliest[1]):
            readings.append(_Cleaned(window.segments, window.language, window.probability, True))
        if second.doubtful and end >= 2 * MIN_HALF_SECONDS:
            halves = self._in_halves(first, end)
            readings.append(halves)
            guesses += halves.guesses
        # Readings that are not in doubt come first, then the likelier ones.
        readings = sorted(
            (one for one in readings if one.segments), key=lambda one: (one.doubtful, -one.log_probability)
        )
        if not readings:
            return window._replace(segments=(), guesses=guesses)
        best, *others = readings
        alternatives = tuple(segment for other in others for segment in other.segments)
        return Window(
            best.segments, best.language, best.probability, window.seconds, alternatives, best.doubtful,
            guesses if best.doubtful else (),
        )  # fmt: skip

    def _read_again(
        self, first: _FirstReading, encoded: Encoded, likeliest: tuple[str, float], begin: float, end: float
    ) -> _Cleaned:
        """Second reading of ``begin`` to ``end`` seconds of a window, whose encoding starts at ``begin``."""
        language, probability = first.known or likeliest
        reading = self._decoder.read_again(encoded, language)
        # Pieces that begin in the next window are transcribed there.
        pieces = [piece for piece in reading.pieces if begin + piece.start < end]
        read = _segments(reading, pieces, first.start + begin)
        segments = clean_second_reading(read)
        doubtful = is_doubtful(read, segments, end - begin, SECOND_LOG_PROBABILITY)
        # What cleaning takes out is a guess as well.
        texts = reading.guesses if segments else (" ".join(piece.text for piece in pieces), *reading.guesses)
        guesses = [Piece(begin, end, text) for text in dict.fromkeys(texts) if text]
        return _Cleaned(segments, language, probability, doubtful, tuple(_segments(reading, guesses, first.start)))

    def _in_halves(self, first: _FirstReading, end: float) -> _Cleaned:
        halves = []
        for begin, until in ((0.0, end / 2), (end / 2, end)):
            encoded = self._decoder.encode(first.samples[round(begin * RATE) : round(until * RATE)])
            halves.append(self._read_again(first, encoded, self._decoder.detect(encoded), begin, until))
        surest = max(halves, key=lambda half: half.probability if half.segments else 0.0)
        segments = halves[0].segments + halves[1].segments
        doubtful, guesses = all(half.doubtful for half in halves), halves[0].guesses + halves[1].guesses
        return _Cleaned(segments, surest.language, surest.probability, doubtful, guesses)

    def _usable(self, hints: Sequence[str]) -> tuple[str, ...]:
        codes = (check_language(hint) for hint in hints) if self._decoder.multilingual else ()
        return tuple(code for code in codes if code is not None and self._decoder.knows(code))

    def _known(self, language: str | None) -> tuple[str, float] | None:
        """The language to decode in; None if it has to be detected, also because the model was not trained on it."""
        if not self._decoder.multilingual:
            return "en", 1.0
        return (language, 1.0) if language is not None and self._decoder.knows(language) else None


def _checked(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    if np.ndim(samples) != 1 or not len(samples):
        raise DataError(f"expected samples of shape (n,), at least one, got an array of shape {np.shape(samples)}")
    return samples


def _check_finite(piece: NDArray[np.float32], place: float) -> None:
    if not np.isfinite(piece).all():
        raise DataError(f"samples from {place:.1f} s hold NaN or infinite values; decode the recording again")


def _segments(reading: Reading, pieces: Iterable[Piece], start: float) -> list[Segment]:
    return [
        Segment(round(start + a, 2), round(start + b, 2), text, reading.log_probability, reading.no_speech)
        for a, b, text in pieces
    ]


def shared_recogniser(model: str | os.PathLike[str] = "base") -> Recogniser:
    """The recogniser that a process uses for all its clips, loaded at the first call; downloads nothing."""
    with _loading:
        return _loaded(model_that_is_meant(model))


# Two simultaneous first calls must load one model, not two.
_loading = threading.Lock()


@lru_cache(maxsize=2)
def _loaded(model: str) -> Recogniser:
    return Recogniser(model)


def _processors() -> int:
    # The processors that this process may use; in a container these are fewer than the machine has.
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _device() -> tuple[str, str]:
    import ctranslate2

    return ("cuda", "float16") if ctranslate2.get_cuda_device_count() else ("cpu", "int8")
