"""Read the middle 30 s of a recording once, for both encoding and transcription."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from alcca.encoders.encoder import MFCC, AudioEncoder, encode_checked
from alcca.features.mfcc import mfcc
from alcca.songs.audio import SAMPLE_RATE, SPEECH_RATE, AudioSlice, read_slices

__all__ = ["Clip", "read_recording"]


@dataclass(frozen=True)
class Clip:
    """The middle 30 s of a recording, as the parts of a search take them.

    Parameters
    ----------
    sound : array, float32, or None
        The output of the audio encoder, by default MFCC of shape (20, 161); None if the recording was not encoded.
    speech : array of shape (n,), float32
        The samples at 16 kHz, at most 480,000, without the silence that fills up a short recording.
    start : float
        Start of the 30 s in the recording, in seconds.
    notes : tuple of str
        Repairs and doubts, in plain words; see `alcca.songs.audio.AudioSlice`.
    """

    sound: NDArray[np.float32] | None
    speech: NDArray[np.float32]
    start: float
    notes: tuple[str, ...]


def read_recording(
    path: Path,
    encoder: AudioEncoder | None,
    *,
    budget: float = 30.0,
    slices: Callable[..., tuple[AudioSlice, ...]] = read_slices,
) -> Clip:
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
    >>> clip = read_recording(path, MfccStatsEncoder())
    >>> clip.sound.shape, clip.speech.shape
    ((80,), (64000,))
    """
    if encoder is None:
        sound, speech = None, slices(path, rates=(SPEECH_RATE,), budget=budget)[0]
    else:
        reads_frames = encoder.reads == MFCC
        rate = SAMPLE_RATE if reads_frames else encoder.sample_rate
        music, speech = slices(path, rates=(rate, SPEECH_RATE), budget=budget)
        read = mfcc(music.samples) if reads_frames else music.samples
        sound = encode_checked(encoder, read[None])[0]
    return Clip(sound, speech.decoded, speech.start, speech.notes)
