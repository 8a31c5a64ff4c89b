"""Speech from eSpeak NG, with the time of every phoneme.

eSpeak NG is a formant synthesiser for more than a hundred languages (GPL-3.0-or-later). The package espeakng-loader
brings its shared library and data; this module calls it through `ctypes` and takes no code from it. Only the extra
`demo` installs it.
"""

import ctypes
from functools import lru_cache
from itertools import pairwise
from threading import Lock
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from alcca.errors import MissingExtraError, UsageError

__all__ = ["SPEECH_RATE", "Phoneme", "Speech", "speak"]

# The sample rate of eSpeak NG's voices.
SPEECH_RATE = 22_050
WORDS_PER_MINUTE = 130
# The C interface: espeak-ng/speak_lib.h and espeak_ng.h, version 1.52.
OUTPUT_SYNCHRONOUS, BUFFER_MILLISECONDS = 2, 500
PHONEME_EVENTS, DONT_EXIT = 0x0001, 0x8000
POSITION_CHARACTER, TEXT_UTF8 = 1, 1
PARAMETER_RATE, PARAMETER_RANGE = 1, 4
EVENT_LAST, EVENT_END, EVENT_PHONEME = 0, 5, 7
# In rough sounds every second or fourth cycle of the vocal folds is weaker, by a counter that the library keeps between
# texts. This word has four sounds, depending on the counter; before each text it is spoken until it has the first of
# them in byte order, so that the counter is always the same.
PROBE = ("irres", "de", 150)
PROBES = 8
VOWELS = frozenset("aeiouyAEIOUVWY@03&")
# Inserted between consonants that are hard to pronounce together; not a syllable.
FLEETING = "@-"


class Phoneme(NamedTuple):
    """One sound of speech: eSpeak NG's name for it, with ' or , before it if stressed; times in seconds."""

    name: str
    start: float
    end: float

    @property
    def is_vowel(self) -> bool:
        """Whether it is the nucleus of a syllable.

        Examples
        --------
        >>> Phoneme("'aI", 0.0, 0.1).is_vowel, Phoneme("ts", 0.0, 0.1).is_vowel, Phoneme("@-", 0.0, 0.1).is_vowel
        (True, False, False)
        """
        name = self.name.lstrip("',%=")
        return name != FLEETING and name[:1] in VOWELS


class Speech(NamedTuple):
    """Spoken text: (n,) samples of float64 in [-1, 1] at `SPEECH_RATE`, mono, and the phonemes in order."""

    samples: NDArray[np.float64]
    phonemes: tuple[Phoneme, ...]


class _Identifier(ctypes.Union):
    _fields_ = (("number", ctypes.c_int), ("name", ctypes.c_char_p), ("string", ctypes.c_char * 8))


class _Event(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", _Identifier),
    )


_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event))


class _Engine:
    """The library, started once in a process: a second start frees the phonemes that its voice still points to."""

    def __init__(self) -> None:
        try:
            import espeakng_loader
        except ImportError as error:
            raise MissingExtraError(
                "a synthetic voice needs eSpeak NG, which is not installed; run: pip install 'alcca[demo]'"
            ) from error
        self.lock = Lock()
        self.library = ctypes.CDLL(espeakng_loader.get_library_path())
        data = str(espeakng_loader.get_data_path()).encode()
        options = PHONEME_EVENTS | DONT_EXIT
        rate = self.library.espeak_Initialize(OUTPUT_SYNCHRONOUS, BUFFER_MILLISECONDS, data, options)
        if rate != SPEECH_RATE:
            raise MissingExtraError(
                f"eSpeak NG could not start (expected a rate of {SPEECH_RATE}, got {rate}); "
                "run: pip install --force-reinstall espeakng-loader"
            )
        self.library.espeak_Synth.argtypes = (
            *(ctypes.c_char_p, ctypes.c_size_t, ctypes.c_uint, ctypes.c_int),
            *(ctypes.c_uint, ctypes.c_uint, ctypes.c_void_p, ctypes.c_void_p),
        )
        self.chunks: list[NDArray[np.int16]] = []
        self.marks: list[tuple[int, str]] = []
        # Stored here, because ctypes keeps no reference to a callback that it passes to C.
        self.callback = _Callback(self._take)
        self.library.espeak_SetSynthCallback(self.callback)
        self.probed = min((self._say(*PROBE) for _ in range(PROBES)), key=bytes)

    def _take(self, samples: Any, count: int, events: Any) -> int:
        if samples and count:
            self.chunks.append(np.ctypeslib.as_array(samples, (count,)).copy())
        i = 0
        while events[i].type != EVENT_LAST:
            if events[i].type == EVENT_PHONEME:
                self.marks.append((events[i].sample, bytes(events[i].id.string).decode("utf-8", "replace")))
            elif events[i].type == EVENT_END:
                self.marks.append((events[i].sample, ""))
            i += 1
        return 0

    def speak(self, text: str, language: str, pitch: int) -> Speech:
        with self.lock:
            for _ in range(PROBES):
                if np.array_equal(self._say(*PROBE), self.probed):
                    break
            samples = self._say(text, language, pitch)
            marks = [*self.marks, (len(samples), "")]
        phonemes = (
            Phoneme(name, start / SPEECH_RATE, end / SPEECH_RATE)
            for (start, name), (end, _) in pairwise(marks)
            # Names with an underscore are pauses, names with a bracket a change of language.
            if name and name[0] not in "_(" and end > start
        )
        return Speech(samples / 32768, tuple(phonemes))

    def _say(self, text: str, language: str, pitch: int) -> NDArray[np.int16]:
        if self.library.espeak_SetVoiceByName(language.encode()) != 0:
            raise UsageError(f"eSpeak NG has no voice {language!r}; expected a code such as 'de', 'en' or 'fr'")
        self.library.espeak_SetParameter(PARAMETER_RATE, WORDS_PER_MINUTE, 0)
        self.library.espeak_SetParameter(PARAMETER_RANGE, 0, 0)
        self.library.espeak_ng_SetConstF0(pitch)
        self.chunks, self.marks = [], []
        encoded = text.encode() + b"\0"
        self.library.espeak_Synth(encoded, len(encoded), 0, POSITION_CHARACTER, 0, TEXT_UTF8, None, None)
        return np.concatenate(self.chunks) if self.chunks else np.zeros(0, np.int16)


@lru_cache(maxsize=1)
def _engine() -> _Engine:
    return _Engine()


_starting = Lock()


def speak(text: str, language: str = "de", *, pitch: int = 150) -> Speech:
    """Speak a text at a constant pitch.

    Parameters
    ----------
    text : str
    language : str
        A voice of eSpeak NG, such as an ISO 639-1 code.
    pitch : int
        In hertz.

    Returns
    -------
    Speech
        The same for the same arguments, also in another process.

    Raises
    ------
    MissingExtraError
        espeakng-loader is not installed, or the library does not start.
    UsageError
        eSpeak NG does not support the language.

    Examples
    --------
    >>> [phoneme.name for phoneme in speak("Seele").phonemes]
    ['z', "'e:", 'l', '@']
    """
    with _starting:  # lru_cache calls its function twice for two threads at once
        engine = _engine()
    return engine.speak(text, language, pitch)
