"""The recogniser: Whisper on CTranslate2, one model for any number of threads."""

import os
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from alcca.errors import DataError, MissingExtraError, SpeechModelError
from alcca.songs.audio import SILENCE
from alcca.speech.decoder import RATE, WINDOW_SECONDS, Decoder, Encoded, Piece, Reading
from alcca.speech.doubt import SECOND_LOG_PROBABILITY, is_doubtful
from alcca.speech.hallucinations import clean_second_reading, clean_segments, stands_alone
from alcca.speech.languages import check_language
from alcca.speech.weights import find_weights, model_that_is_meant, name_of_model
from alcca.transcripts import Segment, Transcript

__all__ = ["RATE", "Recogniser", "Window", "shared_recogniser"]

# What is left at the end of a recording is heard when it is longer.
MIN_SECONDS = 0.5
# A window that ends before is not begun again, so that a recording comes to its end in time.
MIN_STEP_SECONDS = 3.0
# A language that is surer than this is not asked for again in the next window of the same recording.
SURE_OF_LANGUAGE = 0.5
# A window that two readings leave in doubt is read in halves, if each is as long as this: of a moment nothing is told.
MIN_HALF_SECONDS = 5.0


class Window(NamedTuple):
    """What was heard in one window of at most 30 s.

    Parameters
    ----------
    segments : tuple of Segment
        Its likeliest reading.
    language : str or None
        None where the window is silent.
    probability : float
        Of the language, in [0, 1].
    seconds : float
        Where the next window begins, from the beginning of this one.
    alternatives : tuple of Segment
        Other readings of it that say something, the likeliest first.
    doubtful : bool
        Whether its likeliest reading is in doubt.
    """

    segments: tuple[Segment, ...]
    language: str | None
    probability: float
    seconds: float
    alternatives: tuple[Segment, ...] = ()
    doubtful: bool = False


class _Heard(NamedTuple):
    """A window after its first reading, and what reading it again needs; ``encoded`` is None where it is silent."""

    window: Window
    samples: NDArray[np.float32]
    start: float
    encoded: Encoded | None = None
    # In which everything is sung, where that is known, and the likeliest one here.
    known: tuple[str, float] | None = None
    likeliest: tuple[str, float] = ("", 0.0)


class _Said(NamedTuple):
    """One reading of a window, cleaned."""

    segments: tuple[Segment, ...]
    language: str | None
    probability: float
    doubtful: bool

    @property
    def log_probability(self) -> float:
        return sum(one.log_probability for one in self.segments) / len(self.segments)


class Recogniser:
    """Whisper, listening to samples.

    Parameters
    ----------
    model : str or path
        A model's name, or its folder; see `alcca.speech.weights.find_weights`.
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
        self.name = name_of_model(model)
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
        self._decoder = Decoder(self._whisper)

    def hear(
        self,
        samples: NDArray[np.float32],
        *,
        language: str | None = None,
        start: float = 0.0,
        at_first: Callable[[Transcript], object] | None = None,
    ) -> Transcript:
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
        at_first : callable, optional
            Called with what a first reading says, where some of it is in doubt and is read again, which takes longer.
            Meanwhile the encodings of these windows stay in memory, 3 MB for half a minute by the base model.

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
        if at_first is None:
            return self._transcript(self.windows(samples, language=language, start=start), samples, start)
        firsts = list(self._first_readings(samples, language, start))
        if any(first.window.doubtful for first in firsts):
            at_first(self._transcript((first.window for first in firsts), samples, start))
        return self._transcript(map(self._settled, firsts), samples, start)

    def _transcript(self, windows: Iterable[Window], samples: NDArray[np.float32], start: float) -> Transcript:
        segments: list[Segment] = []
        alternatives: list[Segment] = []
        weights: defaultdict[str, float] = defaultdict(float)
        surest: defaultdict[str, float] = defaultdict(float)
        doubtful = False
        for window in windows:
            segments += window.segments
            alternatives += window.alternatives
            doubtful = doubtful or window.doubtful
            if window.segments and window.language:
                weights[window.language] += window.probability
                surest[window.language] = max(surest[window.language], window.probability)
        sung = max(weights, key=weights.__getitem__, default=None)
        probability = 0.0 if sung is None else surest[sung]
        return Transcript(
            tuple(segments), sung, probability, self.name, start, len(samples) / RATE, tuple(alternatives), doubtful
        )

    def windows(
        self, samples: NDArray[np.float32], *, language: str | None = None, start: float = 0.0
    ) -> Iterator[Window]:
        """The same window by window, each as soon as it was heard; arguments and errors as `hear`."""
        return map(self._settled, self._first_readings(samples, language, start))

    def _first_readings(self, samples: NDArray[np.float32], language: str | None, start: float) -> Iterator[_Heard]:
        """Each window with its first reading, as soon as there is one."""
        if np.ndim(samples) != 1 or not len(samples):
            raise DataError(f"expected samples of shape (n,), at least one, got an array of shape {np.shape(samples)}")
        known = self._known(check_language(language))
        place, total, goes_on = 0.0, len(samples) / RATE, False
        while place == 0.0 or total - place > MIN_SECONDS:
            first = round(place * RATE)
            piece = np.asarray(samples[first : first + round(WINDOW_SECONDS * RATE)], dtype=np.float32)
            if not np.isfinite(piece).all():
                raise DataError(f"samples from {place:.1f} s hold NaN or infinite values; decode the recording again")
            if np.ptp(piece) < SILENCE:
                heard = _Heard(Window((), None, 0.0, WINDOW_SECONDS), piece, start + place)
            else:
                is_last = place + WINDOW_SECONDS >= total
                heard = self._read(piece, known, start + place, is_last=is_last, goes_on=goes_on)
            window = heard.window
            if known is None and window.language and window.segments and window.probability > SURE_OF_LANGUAGE:
                known = window.language, window.probability
            yield heard
            place, goes_on = place + window.seconds, window.seconds < WINDOW_SECONDS

    def _read(
        self,
        samples: NDArray[np.float32],
        known: tuple[str, float] | None,
        start: float,
        *,
        is_last: bool,
        goes_on: bool,
    ) -> _Heard:
        encoded = self._decoder.encode(samples, goes_on=goes_on)
        # Also where the language is known: whether there is one at all tells singing from instruments.
        likeliest = self._decoder.detect(encoded)
        language, probability = known or likeliest
        reading = self._decoder.read(encoded, language)
        pieces, after, open_from = list(reading.pieces), WINDOW_SECONDS, reading.open_from
        if open_from is not None and open_from >= MIN_STEP_SECONDS:
            # The window's end has cut the last segment: it is heard again, whole, in the next window.
            is_written = bool(pieces) and pieces[-1].start == open_from
            if not (is_last and is_written):
                pieces, after = pieces[:-1] if is_written else pieces, open_from
        read = _segments(reading, pieces, start)
        segments = clean_segments(read, likeliest[1])
        doubtful = is_doubtful(read, segments, min(after, encoded.seconds))
        window = Window(segments, language, probability, after, (), doubtful)
        return _Heard(window, samples, start, encoded, known, likeliest)

    def _settled(self, heard: _Heard) -> Window:
        """A window as it is; or, where its first reading is in doubt, as the likeliest of several readings has it."""
        window = heard.window
        if not window.doubtful or heard.encoded is None:
            return window
        end = min(window.seconds, heard.encoded.seconds)
        again = self._read_again(heard, heard.encoded, heard.likeliest, 0.0, end)
        said = [again]
        if stands_alone(window.segments, heard.likeliest[1]):
            said.append(_Said(window.segments, window.language, window.probability, True))
        if again.doubtful and end >= 2 * MIN_HALF_SECONDS:
            said.append(self._in_halves(heard, end))
        # What is not in doubt goes before what is, then what is likelier.
        said = sorted((one for one in said if one.segments), key=lambda one: (one.doubtful, -one.log_probability))
        if not said:
            return window._replace(segments=())
        best, *others = said
        alternatives = tuple(segment for other in others for segment in other.segments)
        return Window(best.segments, best.language, best.probability, window.seconds, alternatives, best.doubtful)

    def _read_again(
        self, heard: _Heard, encoded: Encoded, likeliest: tuple[str, float], begin: float, end: float
    ) -> _Said:
        """What another reading says of ``begin`` to ``end`` seconds of a window, whose encoding starts at ``begin``."""
        language, probability = heard.known or likeliest
        reading = self._decoder.read_again(encoded, language)
        # What begins where the next window does is heard there.
        pieces = [piece for piece in reading.pieces if begin + piece.start < end]
        read = _segments(reading, pieces, heard.start + begin)
        segments = clean_second_reading(read)
        doubtful = is_doubtful(read, segments, end - begin, SECOND_LOG_PROBABILITY)
        return _Said(segments, language, probability, doubtful)

    def _in_halves(self, heard: _Heard, end: float) -> _Said:
        said = []
        for begin, until in ((0.0, end / 2), (end / 2, end)):
            encoded = self._decoder.encode(heard.samples[round(begin * RATE) : round(until * RATE)])
            said.append(self._read_again(heard, encoded, self._decoder.detect(encoded), begin, until))
        surest = max(said, key=lambda one: one.probability if one.segments else 0.0)
        segments = said[0].segments + said[1].segments
        return _Said(segments, surest.language, surest.probability, all(one.doubtful for one in said))

    def _known(self, language: str | None) -> tuple[str, float] | None:
        """The language to hear in; None when it has to be detected, also because the model has not learnt it."""
        if not self._decoder.multilingual:
            return "en", 1.0
        return (language, 1.0) if language is not None and self._decoder.knows(language) else None


def _segments(reading: Reading, pieces: Iterable[Piece], start: float) -> list[Segment]:
    return [
        Segment(round(start + a, 2), round(start + b, 2), text, reading.log_probability, reading.no_speech)
        for a, b, text in pieces
    ]


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
