r"""Synthetic songs: features of two views with shared factors and known canonical correlations.

A song has a mood m, drawn uniformly, and factors z = c_m + g: the mood's centre c_m plus g ~ N(0, I). Its views are

.. math:: a = z W_a^\top + \sigma e_a, \qquad t = z W_t^\top + \sigma e_t

with orthonormal columns W and white noise e: probabilistic canonical correlation analysis. With the factors'
covariance S = Cov(c) + I, of eigenvalues λ_k, the canonical correlations are exactly ρ_k = λ_k / (λ_k + σ²).
Audio is then transformed to look like MFCC by an invertible linear map, which does not change them.

With ``nonlinear=True``, lyrics contain waves of the factors, w(z) = sin(2z) with unit variance, instead of the factors.
For z ~ N(0, 1), the correlation of the wave with a linear map of audio is then at most 0.38, and with a function of
audio up to 1. If audio retains the share r² = 1 / (1 + σ²) of the variance of z, the best function of audio,
E[w(z) | r z], has

.. math:: \rho^2 = e^{-4 (1 - r^2)} \frac{1 - e^{-8 r^2}}{1 - e^{-8}} \cdot r^2

with the lyrics, in which noise leaves the wave the same share r² of the variance (the last factor).

References
----------
Bach, F. R., Jordan, M. I. (2005). A probabilistic interpretation of canonical correlation analysis. Technical
Report 688, Department of Statistics, University of California, Berkeley.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from alcca.errors import UsageError

__all__ = ["SyntheticSongs", "make_songs"]

MFCC_SHAPE = (20, 161)
# The spread of the moods' centres, relative to the spread within a mood.
MOOD_SPREAD = 0.5


@dataclass(frozen=True, eq=False)
class SyntheticSongs:
    """Songs of `make_songs`.

    Attributes
    ----------
    audio : (n, 20, 161) array of float32
        MFCC-like: a first coefficient that is large and negative, smaller ones after it, slow changes in time.
    lyrics : (n, 300) array of float32
    label : tuple of n str
        The mood.
    factors : (n, shared) array of float64
        The factors that both views share.
    correlations : (shared,) array of float64
        Canonical correlations of the population, descending. For waves, ρ as above: of any function of audio with
        linear maps of lyrics, without the effect of the moods.
    """

    audio: NDArray[np.float32]
    lyrics: NDArray[np.float32]
    label: tuple[str, ...]
    factors: NDArray[np.float64]
    correlations: NDArray[np.float64]


def make_songs(
    n: int,
    moods: int = 20,
    shared: int = 30,
    noise: float = 1.0,
    random_state: int = 0,
    *,
    nonlinear: bool = False,
    audio_shape: tuple[int, ...] = MFCC_SHAPE,
    lyrics_size: int = 300,
) -> SyntheticSongs:
    """Draw songs whose audio and lyrics share a known number of factors.

    Parameters
    ----------
    n : int
        Number of songs.
    moods : int
        Number of labels.
    shared : int
        Number of factors that audio and lyrics share; with 0 they are independent and retrieval is at chance level.
    noise : float
        Standard deviation of the noise, above 0; that of the factors is about 1.
    random_state : int
        The same seed gives the same songs.
    nonlinear : bool
        Whether lyrics contain waves of the factors, which linear maps of audio hardly explain.
    audio_shape : tuple of int
        Shape of one song's audio features.
    lyrics_size : int
        Number of one song's lyric features.

    Raises
    ------
    UsageError
        A number is out of range, or there are more shared factors than a view has columns.

    Examples
    --------
    >>> songs = make_songs(100, shared=10)
    >>> songs.audio.shape, songs.lyrics.shape, songs.label[0], songs.correlations.shape
    ((100, 20, 161), (100, 300), 'mood 12', (10,))
    """
    p = int(np.prod(audio_shape))
    if n < 1 or moods < 1 or noise <= 0 or not 0 <= shared <= min(p, lyrics_size):
        raise UsageError(
            f"expected n and moods of 1 or more, noise above 0 and shared between 0 and {min(p, lyrics_size)}, got "
            f"n={n}, moods={moods}, noise={noise}, shared={shared}"
        )
    rng = np.random.default_rng(random_state)
    places = MOOD_SPREAD * rng.standard_normal((moods, shared))
    mood = rng.integers(moods, size=n)
    factors = places[mood] + rng.standard_normal((n, shared))
    audio = _view(factors, p, noise, rng)
    centred = places - places.mean(axis=0)
    lyrics_factors = _waves(factors - places.mean(axis=0)) if nonlinear else factors
    lyrics = _view(lyrics_factors, lyrics_size, noise, rng)
    return SyntheticSongs(
        audio=_like_mfcc(audio.reshape(n, *audio_shape)),
        lyrics=lyrics,
        label=tuple(f"mood {m + 1:02d}" for m in mood),
        factors=factors,
        correlations=_wave_correlations(shared, noise) if nonlinear else _correlations(centred, noise),
    )


def _correlations(places: NDArray[np.float64], noise: float) -> NDArray[np.float64]:
    moods, shared = places.shape
    spread = np.linalg.eigvalsh(places.T @ places / moods + np.eye(shared))[::-1]
    return np.asarray(spread / (spread + noise**2))


def _waves(z: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.sin(2 * z) / np.sqrt((1 - np.exp(-8)) / 2))


def _wave_correlations(shared: int, noise: float) -> NDArray[np.float64]:
    retained = 1 / (1 + noise**2)
    share = np.exp(-4 * (1 - retained)) * (1 - np.exp(-8 * retained)) / (1 - np.exp(-8)) * retained
    return np.full(shared, np.sqrt(share))


def _view(factors: NDArray[np.float64], size: int, noise: float, rng: np.random.Generator) -> NDArray[np.float32]:
    shared = factors.shape[1]
    loadings = np.linalg.qr(rng.standard_normal((size, shared)))[0]
    own = rng.standard_normal((len(factors), size), dtype=np.float32)
    own *= np.float32(noise)
    own += (factors @ loadings.T).astype(np.float32)
    return own


def _like_mfcc(audio: NDArray[np.float32]) -> NDArray[np.float32]:
    """Give coefficients the scales of MFCC and slow changes in time, by an invertible linear map."""
    coefficient = np.arange(audio.shape[1], dtype=np.float32).reshape(1, -1, *[1] * (audio.ndim - 2))
    # Each frame gets half of the one before; the map is invertible, as its triangular matrix has ones on the diagonal.
    if audio.ndim > 2:
        for frame in range(1, audio.shape[-1]):
            audio[..., frame] += 0.5 * audio[..., frame - 1]
    level = np.where(coefficient == 0, 200, 0)
    return (audio * (60 / (1 + coefficient)) - level).astype(np.float32)
