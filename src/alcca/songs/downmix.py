"""From several channels to one: their mean, or a single channel where the mean would cancel what is sung.

In some recordings one channel, or a voice in it, has the opposite polarity: both play well on loudspeakers, and their
mean is silent, or music without the voice. The choice is one for a whole file, from the same place of it whatever part
is read, so parts of a recording fit each other.
"""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

__all__ = ["Downmix", "channel_instead_of_mean", "mean_of_channels"]

# The spectra that are compared: their length in samples, their number, and the band in which voices are.
FRAME, FRAMES = 1024, 256
VOICE_HERTZ = 150.0, 5_000.0
# Phases of two channels count as opposite, or as a quarter of a circle apart, within windows of this width.
WIDTH = np.pi / 8
# Something has the opposite polarity if this much of the energy has opposite phases, and so many times more than lies
# a quarter of a circle apart: reverberation and wide stereo have phases of all kinds. Of four released songs .01 is
# opposite, and .32 with a voice of the opposite polarity 6 dB below the music. A song whose side signal was tripled
# has .18, and .07 a quarter apart.
OPPOSITE, TIMES_QUARTER = 0.15, 3.0
# More than two channels cancel if their mean has this share of the energy that it has of independent channels.
CANCELLED = 0.1
# Below -100 dB of full scale on average there is nothing to compare.
LEAST_ENERGY = 1e-10
# Samples to keep for the choice: 30 s of stereo at 96 kHz, or 22 MB.
MOST_KEPT = 6_000_000


class Downmix:
    """The mix of one file, which `channel` determines once it is chosen; until then it is the mean.

    Attributes
    ----------
    channel : int or None
        The channel that is taken; None for the mean of all.
    """

    def __init__(self) -> None:
        self.channel: int | None = None
        self._kept: list[NDArray[np.float32]] | None = None
        self._values = 0

    def __call__(self, channels: NDArray[np.float32]) -> NDArray[np.float32]:
        """Mix samples of shape (channels, n) to mono (n,)."""
        if self._kept is not None and self._values < MOST_KEPT:
            self._kept.append(channels)
            self._values += channels.size
        if self.channel is None:
            return mean_of_channels(channels)
        one: NDArray[np.float32] = channels[min(self.channel, len(channels) - 1)].copy()
        return one

    def watch(self) -> None:
        """Keep the samples that are mixed from now on, until `choose`."""
        self._kept, self._values = [], 0

    def choose(self, rate: int) -> bool:
        """Choose the channel from what was kept; False if that is too quiet, or too little, to choose by."""
        kept, self._kept = self._kept or [], None
        # Channels that come or go in the middle of a file have no phases to compare.
        kept = [block for block in kept if len(block) == len(kept[0])]
        channels = np.concatenate(kept, axis=1) if kept else np.empty((0, 0), np.float32)
        if not channels.size:
            return False
        with np.errstate(all="ignore"):
            energy = float(np.mean(np.square(channels, dtype=np.float64)))
        if not LEAST_ENERGY < energy < np.inf:
            return False
        self.channel = channel_instead_of_mean(channels, rate)
        return True


def mean_of_channels(channels: NDArray[np.float32]) -> NDArray[np.float32]:
    """The mean of samples of shape (channels, n) over the channels."""
    # For interleaved samples, `mean` over the channels is fifty times slower than adding them up.
    total: NDArray[np.float32] = channels[0]
    if len(channels) == 1:
        return total
    total = total + channels[1]
    for channel in channels[2:]:
        total += channel
    total *= np.float32(1 / len(channels))
    return total


def channel_instead_of_mean(channels: NDArray[np.float32], rate: int) -> int | None:
    """The loudest channel if the mean of all would cancel what is in them; None if the mean keeps it.

    Parameters
    ----------
    channels : array of shape (channels, n)
        Some seconds of the recording.
    rate : int
        Samples per second.

    Examples
    --------
    >>> voice = np.random.default_rng(0).standard_normal((1, 44_100))
    >>> channel_instead_of_mean(np.concatenate([voice, voice]), 44_100)
    >>> channel_instead_of_mean(np.concatenate([voice, -1.1 * voice]), 44_100)
    1
    """
    energies = np.mean(np.square(channels, dtype=np.float64), axis=1)
    loudest = int(np.argmax(energies))
    if len(channels) == 2:
        quarter, opposite = _phases(channels, rate)
        return loudest if opposite > max(OPPOSITE, TIMES_QUARTER * quarter) else None
    mixed = float(np.mean(np.square(mean_of_channels(channels), dtype=np.float64)))
    return loudest if mixed * len(channels) < CANCELLED * float(energies.mean()) else None


def _phases(channels: NDArray[np.float32], rate: int) -> tuple[float, float]:
    """The shares of energy in which two channels have phases a quarter of a circle apart, and opposite ones."""
    if channels.shape[1] < FRAME:
        return 0.0, 0.0
    frames = sliding_window_view(channels, FRAME, axis=1)
    frames = frames[:, :: max(1, frames.shape[1] // FRAMES)]
    spectra = np.fft.rfft(frames * np.hanning(FRAME).astype(np.float32), axis=2)
    hertz = np.fft.rfftfreq(FRAME, 1 / rate)
    voice = spectra[:, :, (hertz > VOICE_HERTZ[0]) & (hertz < VOICE_HERTZ[1])]
    crossed = voice[0] * np.conj(voice[1])
    weight, phase = np.abs(crossed), np.abs(np.angle(crossed))
    total = float(weight.sum()) or 1.0

    def share(of: NDArray[np.bool_]) -> float:
        return float(weight[of].sum()) / total

    return share(np.abs(phase - np.pi / 2) < WIDTH / 2), share(phase > np.pi - WIDTH)
