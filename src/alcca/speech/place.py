"""Which half minute of a song to transcribe: the one in which most is sung."""

import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from alcca.errors import AlccaError, AudioError
from alcca.songs.apart import read_slices_apart, write_pieces_apart
from alcca.songs.audio_slice import SLICE_SECONDS, SPEECH_RATE, AudioSlice
from alcca.songs.cut import Cut
from alcca.speech.samples import read_samples
from alcca.speech.voice import PIECE_SECONDS, voices

__all__ = ["most_sung", "place_of", "probes", "read_most_sung"]

# A second of every three tells as much as all of them, and takes a third of the time (docs/hearing.md).
EVERY_SECONDS = 3.0
# A recording of hours has no more, so that listening for voices stays a small part of its transcription.
MOST_PROBES = 240
# The middle is transcribed unless another place has more than chance gives one of many places.
CLEARLY_MORE = 0.05


def read_most_sung(path: Path, middle: AudioSlice, cut: Cut | None = None) -> AudioSlice:
    """Decode the 30 s of a recording in which most is sung, at 16 kHz; the ``middle``, if these are as good.

    See `most_sung`. ``middle`` is what `alcca.songs.audio.read_slices` decoded without an offset.
    """
    start = most_sung(path, duration=middle.duration, middle=middle.start, cut=cut)
    if start == middle.start:
        return middle
    try:
        return read_slices_apart(path, rates=(SPEECH_RATE,), offset=start, cut=cut)[0]
    except AudioError:
        return middle


def most_sung(path: Path, *, duration: float | None, middle: float, cut: Cut | None = None) -> float:
    """Where the 30 s of a recording begin in which most is sung, in seconds.

    The recording is decoded in a process of its own, a second here and there.

    Parameters
    ----------
    path : Path
        An audio file of any format that libsndfile or FFmpeg reads.
    duration : float or None
        Of the song, in seconds; None if it is not known.
    middle : float
        Where its middle 30 s begin, which are taken if no other place has clearly more, or if that cannot be told.
    cut : Cut, optional
        The part of the recording that is the song; all times count from its beginning. Default: all of it.
    """
    if duration is None or duration < SLICE_SECONDS + EVERY_SECONDS:
        return middle
    starts = probes(duration)
    try:
        with tempfile.TemporaryDirectory(prefix="alcca-") as folder:
            target = Path(folder) / "pieces.f32"
            write_pieces_apart(path, target, starts=starts.tolist(), seconds=PIECE_SECONDS, rate=SPEECH_RATE, cut=cut)
            found = voices(np.array(read_samples(target)).reshape(len(starts), -1))
    except (AlccaError, OSError):
        # Of a recording that is damaged elsewhere, or without room for temporary files, the middle can be transcribed.
        return middle
    return place_of(found, starts, duration=duration, middle=middle)


def probes(duration: float) -> NDArray[np.float64]:
    """Where the seconds begin in which to listen for a voice, in seconds, ascending.

    Examples
    --------
    >>> probes(33.5).tolist()
    [1.0, 4.0, 7.0, 10.0, 13.0, 16.0, 19.0, 22.0, 25.0, 28.0, 31.0]
    >>> len(probes(3 * 3600.0))
    240
    """
    every = max(EVERY_SECONDS, duration / MOST_PROBES)
    return np.arange((every - PIECE_SECONDS) / 2, duration - PIECE_SECONDS, every)


def place_of(voice: NDArray[np.float64], starts: NDArray[np.float64], *, duration: float, middle: float) -> float:
    """Where the 30 s begin that have most voice, by the seconds that were listened to.

    Parameters
    ----------
    voice, starts : arrays of shape (n,)
        The probability of a voice in each second, and where it begins.
    duration, middle : float
        As of `most_sung`.

    Examples
    --------
    >>> starts = probes(120.0)
    >>> place_of(np.where((starts > 60) & (starts < 90), 0.9, 0.05), starts, duration=120.0, middle=45.0)
    60.0
    >>> place_of(np.full(len(starts), 0.4), starts, duration=120.0, middle=45.0)
    45.0
    """
    # The root, because a detector of speech gives singing over loud music small probabilities.
    level = np.sqrt(voice)
    every = starts[1] - starts[0]
    inside = int((SLICE_SECONDS - PIECE_SECONDS) // every)
    # What is heard of a place stands in its middle.
    margin = (SLICE_SECONDS - PIECE_SECONDS - inside * every) / 2
    places = np.clip(starts - margin, 0.0, duration - SLICE_SECONDS)

    def sung(place: float) -> float:
        heard = (starts >= place - 1e-6) & (starts + PIECE_SECONDS <= place + SLICE_SECONDS + 1e-6)
        return float(level[heard].mean()) if heard.any() else 0.0

    amounts = np.array([sung(place) for place in places])
    best = int(amounts.argmax())
    return float(places[best]) if amounts[best] > sung(middle) + CLEARLY_MORE else middle
