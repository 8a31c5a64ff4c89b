"""How much of a sound is a voice, told by a detector that costs a hundredth of what Whisper takes for it.

Silero's detector is trained on speech. Singing over music has lower probabilities, which still are higher where more is
sung: compare them within a recording (docs/hearing.md has the measurements).
"""

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alcca.errors import MissingExtraError
from alcca.songs.audio_slice import SILENCE, SPEECH_RATE

__all__ = ["PIECE_SECONDS", "has_voice", "voice_in", "voices"]

# The detector is recurrent: after half a minute of instruments it finds no voice any more. So each second is new to it.
PIECE_SECONDS = 1.0
# The detector's own frames; it knows the sound after the first of them.
FRAME, WARMING_FRAMES = 512, 8
PIECE = int(PIECE_SECONDS * SPEECH_RATE) // FRAME * FRAME
# The most voice-like second of 30 s has more, wherever Whisper finds words that are sung, also below music that is 5 dB
# louder; it has less in a third of the half minutes of instruments, and in most of noise (docs/hearing.md).
FAINTEST = 0.07


def voices(pieces: NDArray[np.float32]) -> NDArray[np.float64]:
    """The probability of a voice in each of several seconds of one recording.

    Parameters
    ----------
    pieces : array of shape (n, m), float32
        n pieces of about a second, mono, 16 kHz, of any level.

    Returns
    -------
    array of shape (n,), float64
        In [0, 1].

    Raises
    ------
    MissingExtraError
        The detector is not installed.

    References
    ----------
    Silero Team: Silero VAD, 2021-2025 (MIT), in the copy that faster-whisper has.

    Examples
    --------
    >>> bool(voices(np.zeros((2, 16_000), np.float32)).max() < 0.1)
    True
    """
    loudest = _loudest(pieces)
    return np.array([_voice(piece, loudest) for piece in pieces])


def voice_in(samples: NDArray[np.float32]) -> NDArray[np.float64]:
    """The probability of a voice in each whole second of a sound, shape (n,), 16 kHz; errors as `voices`."""
    seconds = len(samples) // SPEECH_RATE
    return voices(np.asarray(samples[: seconds * SPEECH_RATE], dtype=np.float32).reshape(seconds, -1))


def has_voice(samples: NDArray[np.float32]) -> bool:
    """Whether there may be a voice anywhere in a sound of at most half a minute, 16 kHz; errors as `voices`.

    In doubt there is. It takes little time where somebody sings, because the first second with a voice is enough.
    """
    loudest = _loudest(samples)
    starts = [*range(0, max(1, len(samples) - PIECE), SPEECH_RATE), max(0, len(samples) - PIECE)]
    return any(_voice(samples[start : start + PIECE], loudest) >= FAINTEST for start in starts)


def _loudest(samples: NDArray[np.float32]) -> float:
    return float(max(-samples.min(), samples.max())) if samples.size else 0.0


def _voice(piece: NDArray[np.float32], loudest: float) -> float:
    if loudest < SILENCE:
        return 0.0
    level = np.asarray(piece[:PIECE], dtype=np.float32) / np.float32(loudest)
    probabilities = _detector()(np.pad(level, (0, PIECE - len(level))))
    return float(probabilities.ravel()[WARMING_FRAMES:].mean())


@cache
def _detector() -> Any:
    try:
        from faster_whisper.vad import get_vad_model

        return get_vad_model()
    except (ImportError, RuntimeError) as error:
        raise MissingExtraError(
            f"finding voices needs onnxruntime ({error}); install it with: pip install 'alcca[hear]'"
        ) from error
