"""Kernel canonical correlation analysis, with a bounded number of features."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from alcca.errors import DataError, UsageError
from alcca.models.base import NAMES, Standardizer, TwoViewModel, View, check_pair
from alcca.models.cca import CCA
from alcca.models.contract import Grid
from alcca.models.held_out import group_codes
from alcca.models.kernels import NystromMap, median_gamma
from alcca.models.ridges import Ridges, chosen_ridges, ridge_grids
from alcca.models.settings import Seed, check_whole, draw_seed, is_number, whole_number

__all__ = ["KernelCCA"]

KERNELS = ("linear", "rbf")


class KernelCCA(TwoViewModel):
    r"""Canonical correlation analysis in the feature spaces of two kernels.

    .. math:: \max_{\alpha_x, \alpha_y} \; \tfrac{1}{n - 1} \alpha_x^\top K_x K_y \alpha_y \quad \text{subject to}
              \quad \alpha^\top \left( \tfrac{1}{n - 1} K^2 + \lambda K \right) \alpha = 1 \text{ in each view}

    with kernels K of standardised columns, centred in feature space. It also finds what two views share by nonlinear
    functions of the columns. Songs are described by their kernel with ``rank`` landmarks, songs drawn at random (the
    Nyström method, `alcca.models.kernels.NystromMap`), so that memory is n times rank instead of n squared; with n
    landmarks it is exact kernel CCA. `CCA` of these features with ridges :math:`\lambda` follows.

    **The ridge** is added to the covariance of the features, and so penalises the squared norm of a direction in
    feature space. In the form :math:`K^2 + \kappa K` of Hardoon et al. (2004), :math:`\kappa = (n - 1) \lambda`. In
    that of Bach and Jordan (2002), :math:`(K + \tfrac{n \kappa}{2} I)^2`, which is the same to first order,
    :math:`\kappa = \lambda (n - 1) / n`. A song's kernel with itself is 1 (on average in the linear kernel, which is
    divided by the number of columns p), so that ridges are shares of the total variance and the same grid suits both
    kernels. A linear kernel with landmarks that span the columns is `CCA` of the standardised columns with ridge
    :math:`p \lambda`.

    Parameters
    ----------
    n_components : int
        1 to the number of landmarks. Components beyond the rank of a view get correlation 0.
    kernel : {"linear", "rbf"} or a pair of them
        Of both views, or of audio and lyrics.
    gamma : float or None, or a pair
        Width of "rbf", :math:`\exp(-\gamma d^2)`, above 0. None takes 1 / (median squared distance), of 1,000 random
        songs if there are more. A linear kernel has none.
    rank : int
        Number of landmarks, at least 1; all songs if there are fewer.
    ridges, folds
        As in `RCCA`, in the units above: the ridges of the grid with the best retrieval of held-out songs. The
        landmarks come from all songs; they contain no information about pairs.
    random_state : int, RandomState, Generator or None
        Draws the landmarks, the songs of the median and the inner folds (`alcca.models.base.TwoViewModel`).

    Attributes
    ----------
    correlations_ : array, shape (n_components,)
        Of the training songs; with so many features they do not predict those of other songs.
    ridge_, ridges_, scores_
        As in `RCCA`.
    gammas_ : (float or None, float or None)
        Of audio and lyrics; None for a linear kernel.
    maps_ : (NystromMap, NystromMap)
    cca_ : CCA
        Of the features.

    References
    ----------
    Bach, F. R., Jordan, M. I. (2002). Kernel independent component analysis. J. of Machine Learning Research 3, 1-48.
    Hardoon, D. R., Szedmak, S., Shawe-Taylor, J. (2004). Canonical correlation analysis: an overview with application
    to learning methods. Neural Computation 16, 2639-2664.
    Williams, C. K. I., Seeger, M. (2001). Using the Nyström method to speed up kernel machines. NIPS 13, 682-688.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> audio = rng.normal(size=(200, 2))
    >>> lyrics = audio[:, :1] ** 2 + 0.1 * rng.normal(size=(200, 1))  # uncorrelated with audio, but not independent
    >>> model = KernelCCA(n_components=1, ridges=0.01).fit((audio, lyrics))
    >>> print(model.correlations_.round(1))
    [0.9]
    """

    default_grid: ClassVar[Grid] = {"kernel": ("linear", "rbf")}

    def __init__(
        self,
        n_components: int = 80,
        kernel: str | tuple[str, str] = "rbf",
        gamma: float | tuple[float | None, float | None] | None = None,
        rank: int = 500,
        ridges: Ridges = (1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1.0),
        folds: int = 5,
        random_state: Seed = 0,
    ) -> None:
        self.n_components = n_components
        self.kernel = kernel
        self.gamma = gamma
        self.rank = rank
        self.ridges = ridges
        self.folds = folds
        self.random_state = random_state

    def fit(self, views: Sequence[View], y: Any = None, groups: Any = None) -> Self:
        """Draw the landmarks, choose the ridges, then learn the canonical directions of all songs.

        Parameters
        ----------
        views : (audio, lyrics)
            Arrays (n, p) and (n, q); row i of both is song i.
        y : ignored
        groups : sequence of hashable, length n, optional
            As in `RCCA.fit`.

        Raises
        ------
        UsageError
            A setting is invalid.
        DataError
            n_components is above the number of landmarks, `check_pair` refuses the views, there are fewer than two
            songs an inner fold, the groups do not fill two inner folds, or there are not as many groups as songs.
        """
        kernels, gammas, grids = self._kernels(), self._gammas(), ridge_grids(self.ridges)
        seed = draw_seed(self)
        whole_number("n_components", self.n_components)
        pair = check_pair(views)
        n = len(pair[0])
        codes = group_codes(groups, n)
        if self.n_components > min(self.rank, n):
            raise DataError(
                f"n_components={self.n_components}: expected 1 to {min(self.rank, n)}, the landmarks "
                f"(rank {self.rank}, songs {n})"
            )
        # A random stream of its own; otherwise the songs of the first inner folds would be the landmarks.
        rng = np.random.default_rng((seed, 1))
        landmarks = np.sort(rng.permutation(n)[: self.rank])
        audio, lyrics = (
            _learned_map(X, kernel, gamma, landmarks, rng)
            for X, kernel, gamma in zip(pair, kernels, gammas, strict=True)
        )
        features = audio.apply(pair[0]), lyrics.apply(pair[1])
        ridge, scores = chosen_ridges(*features, grids, self.n_components, self.folds, seed, codes)
        self.cca_ = CCA(self.n_components, ridge=ridge).fit(features)
        self.maps_, self.ridges_, self.ridge_, self.scores_ = (audio, lyrics), grids, ridge, scores
        return self

    @property
    def correlations_(self) -> NDArray[np.float64]:
        """Canonical correlations of the training songs, shape (n_components,), as in `CCA`."""
        self._check_fitted()
        return self.cca_.correlations_

    @property
    def gammas_(self) -> tuple[float | None, float | None]:
        """Widths of the kernels of audio and lyrics; None for a linear one."""
        self._check_fitted()
        return self.maps_[0].gamma, self.maps_[1].gamma

    def _kernels(self) -> tuple[str, str]:
        pair = tuple(self.kernel) if isinstance(self.kernel, tuple | list) else (self.kernel, self.kernel)
        if len(pair) != 2 or not all(isinstance(kernel, str) and kernel in KERNELS for kernel in pair):
            raise UsageError(f"kernel={self.kernel!r}: expected one of {', '.join(KERNELS)}, or two (audio, lyrics)")
        check_whole(self, "rank")
        return pair[0], pair[1]

    def _gammas(self) -> tuple[float | None, float | None]:
        pair = tuple(self.gamma) if isinstance(self.gamma, tuple | list) else (self.gamma, self.gamma)
        if len(pair) != 2 or not all(g is None or (is_number(g) and 0 < g < np.inf) for g in pair):
            raise UsageError(f"gamma={self.gamma!r}: expected a number above 0, None, or two of these (audio, lyrics)")
        return pair[0], pair[1]

    def _embed(self, view: NDArray[Any], which: int) -> NDArray[np.float64]:
        return self.cca_._embed(self.maps_[which].apply(view), which)

    def _columns(self) -> tuple[int, int]:
        return self.maps_[0].landmarks.shape[1], self.maps_[1].landmarks.shape[1]

    @property
    def _is_fitted(self) -> bool:
        return hasattr(self, "cca_")

    def _get_state(self) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
        arrays = {f"cca.{name}": array for name, array in self.cca_._get_state()[0].items()}
        arrays["scores"] = self.scores_
        for name, view, grid in zip(NAMES, self.maps_, self.ridges_, strict=True):
            arrays |= {f"mean.{name}": view.standardizer.mean, f"scale.{name}": view.standardizer.scale}
            arrays |= {f"landmarks.{name}": view.landmarks, f"whitening.{name}": view.whitening, f"ridges.{name}": grid}
        return arrays, {"ridge": self.ridge_, "gammas": self.gammas_}

    def _set_state(self, arrays: Mapping[str, NDArray[Any]], state: Mapping[str, Any]) -> None:
        self.ridge_ = (state["ridge"][0], state["ridge"][1])
        self.cca_ = CCA(self.n_components, ridge=self.ridge_)
        self.cca_._set_state({n.removeprefix("cca."): a for n, a in arrays.items() if n.startswith("cca.")}, {})
        self.scores_ = arrays["scores"]
        self.ridges_ = arrays[f"ridges.{NAMES[0]}"], arrays[f"ridges.{NAMES[1]}"]
        audio, lyrics = (
            NystromMap(
                Standardizer(arrays[f"mean.{name}"], arrays[f"scale.{name}"]),
                arrays[f"landmarks.{name}"],
                arrays[f"whitening.{name}"],
                gamma,
            )
            for name, gamma in zip(NAMES, state["gammas"], strict=True)
        )
        self.maps_ = audio, lyrics


def _learned_map(
    X: NDArray[Any], kernel: str, gamma: float | None, landmarks: NDArray[Any], rng: np.random.Generator
) -> NystromMap:
    """Compute the map of one view: its scales, and the width of the kernel if none is given."""
    standardizer = Standardizer.of(X)
    if kernel == "linear":
        gamma = None
    elif gamma is None:
        gamma = median_gamma(X, standardizer, rng)
    return NystromMap.of(X, standardizer, landmarks, gamma)
