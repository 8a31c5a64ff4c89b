"""Read the middle 30 s of a recording once, for both encoding and transcription."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from alcca.encoders.encoder import MFCC, AudioEncoder, encode_checked
from alcca.features.mfcc import mfcc
from alcca.songs.audio import SAMPLE_RATE, SPEECH_RATE, AudioSlice, read_slices

__all__ = ["read_sound"]


def read_sound(
    path: Path,
    encoder: AudioEncoder | None,
    *,
    budget: float = 30.0,
    slices: Callable[..., tuple[AudioSlice, ...]] = read_slices,
) -> tuple[NDArray[np.float32] | None, AudioSlice]:
    """Encode the middle 30 s of a recording, and return them at 16 kHz for transcription.

    Parameters
    ----------
    path : path
        An audio file.
    encoder : AudioEncoder or None
        None skips the encoding.
    budget : float
        Time limit for decoding, in seconds.
    slices : function
        The decoder: `read_slices`, or `alcca.songs.apart.read_slices_apart`.

    Raises
    ------
    AudioError
        If the recording cannot be used.
    DataError
        If the output of the encoder does not match its declared shape.

    Examples
    --------
    >>> import pathlib, soundfile, tempfile
    >>> from alcca.encoders.mfcc import MfccStatsEncoder
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "tone.wav"
    >>> soundfile.write(path, 0.5 * np.sin(np.arange(22_050 * 4) / 20), 22_050)
    >>> sound, speech = read_sound(path, MfccStatsEncoder())
    >>> sound.shape, speech.decoded.shape
    ((80,), (64000,))
    """
    if encoder is None:
        return None, slices(path, rates=(SPEECH_RATE,), budget=budget)[0]
    reads_frames = encoder.reads == MFCC
    rate = SAMPLE_RATE if reads_frames else encoder.sample_rate
    music, speech = slices(path, rates=(rate, SPEECH_RATE), budget=budget)
    read = mfcc(music.samples) if reads_frames else music.samples
    return encode_checked(encoder, read[None])[0], speech
