"""Canonical ridge: CCA of standardised columns, with two ridges chosen on held-out training songs."""

from collections.abc import Mapping, Sequence
from typing import Any, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

from alcca.models.base import NAMES, Standardizer, TwoViewModel, View, check_pair
from alcca.models.cca import CCA
from alcca.models.held_out import group_codes
from alcca.models.ridges import Ridges, chosen_ridges, ridge_grids
from alcca.models.settings import Seed, draw_seed

__all__ = ["RCCA"]

Float64: TypeAlias = NDArray[np.float64]


class RCCA(TwoViewModel):
    r"""Canonical ridge: `CCA` of columns of mean 0 and variance 1, with the ridges of the best retrieval.

    .. math:: \max_{w_x, w_y} \; w_x^\top R_{xy} w_y \quad \text{subject to} \quad
              w_x^\top (R_{xx} + \lambda_x I) w_x = w_y^\top (R_{yy} + \lambda_y I) w_y = 1

    The R are correlation matrices, so that a ridge has the same effect in columns of any unit. The chosen pair of the
    grid has the highest score on held-out songs of `fit` (`ridge_scores`); the final fit takes all songs. Scales come
    from all songs of `fit`, also in the inner folds.

    The ridges are chosen by retrieval, not by the sum of held-out canonical correlations (Leurgans et al. 1993; De Bie
    and De Moor 2003), because retrieval is the purpose of the directions.

    Parameters
    ----------
    n_components : int
        1 to min(p, q), as in `CCA`; the score that chooses the ridges uses as many components.
    ridges : sequence of numbers, or a pair of them
        Ridges to choose from, at least 0: one grid for both views, or (grid of audio, grid of lyrics). Unlike in
        `CCA`, ``(10, 1)`` is one grid of two; the pair of ridges 10 and 1 is ``((10,), (1,))``. If there is only one
        pair, no songs are held out. The largest eigenvalue of a correlation matrix is at most the number of columns,
        and all ridges far above it give the same directions.
    folds : int
        Inner folds, at least 2; they need two songs each. Songs of a group are in one fold; too few groups make fewer
        folds.
    random_state : int, RandomState, Generator or None
        Deals the songs to inner folds (`alcca.models.base.TwoViewModel`).

    Attributes
    ----------
    ridge_ : (float, float)
        The chosen pair, for `CCA`.
    ridges_ : (array, array)
        The grids, each ascending.
    scores_ : array, shape (ridges of audio, ridges of lyrics)
        Mean reciprocal rank of held-out songs, in (0, 1]; NaN if the grids hold one pair.
    scales_ : (Standardizer, Standardizer)
        Means and standard deviations of the columns of audio and lyrics.
    cca_ : CCA
        Of the standardised columns, and so are its ``weights_``.
    correlations_ : array, shape (n_components,)

    References
    ----------
    Vinod, H. D. (1976). Canonical ridge and econometrics of joint production. J. of Econometrics 4, 147-166.
    Leurgans, S. E., Moyeed, R. A., Silverman, B. W. (1993). Canonical correlation analysis when the data are curves.
    J. of the Royal Statistical Society B 55, 725-740 (ridges by cross-validation).
    De Bie, T., De Moor, B. (2003). On the regularization of canonical correlation analysis. ICA, 785-790.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> shared = rng.normal(size=(100, 3))
    >>> audio = shared @ rng.normal(size=(3, 300)) + rng.normal(size=(100, 300))
    >>> lyrics = shared @ rng.normal(size=(3, 20)) + rng.normal(size=(100, 20))
    >>> model = RCCA(n_components=3).fit((audio, lyrics))
    >>> Za, Zt = model.transform((audio, None))
    >>> Za.shape, Zt
    ((100, 3), None)
    """

    def __init__(
        self,
        n_components: int = 80,
        ridges: Ridges = ((1.0, 10.0, 100.0, 1e3, 1e4, 1e5), (0.1, 1.0, 10.0, 100.0, 1e3, 1e4)),
        folds: int = 5,
        random_state: Seed = 0,
    ) -> None:
        self.n_components = n_components
        self.ridges = ridges
        self.folds = folds
        self.random_state = random_state

    def fit(self, views: Sequence[View], y: Any = None, groups: Any = None) -> Self:
        """Choose the ridges, then learn the canonical directions of all songs.

        Parameters
        ----------
        views : (audio, lyrics)
            Arrays (n, p) and (n, q); row i of both is song i.
        y : ignored
        groups : sequence of hashable, length n, optional
            Songs of one group, such as two recordings of a song, are held out together to choose the ridges. None or ""
            is a song without a group.

        Raises
        ------
        UsageError
            A setting is invalid.
        DataError
            n_components is above min(p, q), `check_pair` refuses the views, there are fewer than two songs an inner
            fold, the groups do not fill two inner folds, or there are not as many groups as songs.
        """
        grids, seed = ridge_grids(self.ridges), draw_seed(self)
        X, Y = check_pair(views)
        codes = group_codes(groups, len(X))
        CCA(self.n_components)._checked_ridges((X.shape[1], Y.shape[1]))  # before the choice, which takes longer
        scales = Standardizer.of(X), Standardizer.of(Y)
        X, Y = scales[0].apply(X), scales[1].apply(Y)
        ridge, scores = chosen_ridges(X, Y, grids, self.n_components, self.folds, seed, codes)
        self.cca_ = CCA(self.n_components, ridge=ridge).fit((X, Y))
        self.scales_, self.ridges_, self.ridge_, self.scores_ = scales, grids, ridge, scores
        return self

    @property
    def correlations_(self) -> Float64:
        """Canonical correlations of the training songs, shape (n_components,), as in `CCA`."""
        self._check_fitted()
        return self.cca_.correlations_

    def _embed(self, view: NDArray[Any], which: int) -> Float64:
        return self.cca_._embed(self.scales_[which].apply(view), which)

    def _columns(self) -> tuple[int, int]:
        return self.cca_._columns()

    @property
    def _is_fitted(self) -> bool:
        return hasattr(self, "cca_")

    def _get_state(self) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
        arrays = {f"cca.{name}": array for name, array in self.cca_._get_state()[0].items()}
        arrays["scores"] = self.scores_
        for name, scale, grid in zip(NAMES, self.scales_, self.ridges_, strict=True):
            arrays |= {f"mean.{name}": scale.mean, f"scale.{name}": scale.scale, f"ridges.{name}": grid}
        return arrays, {"ridge": self.ridge_}

    def _set_state(self, arrays: Mapping[str, NDArray[Any]], state: Mapping[str, Any]) -> None:
        self.ridge_ = (state["ridge"][0], state["ridge"][1])
        self.cca_ = CCA(self.n_components, ridge=self.ridge_)
        self.cca_._set_state({n.removeprefix("cca."): a for n, a in arrays.items() if n.startswith("cca.")}, {})
        self.scores_ = arrays["scores"]
        audio, lyrics = (Standardizer(arrays[f"mean.{name}"], arrays[f"scale.{name}"]) for name in NAMES)
        self.scales_ = audio, lyrics
        self.ridges_ = arrays[f"ridges.{NAMES[0]}"], arrays[f"ridges.{NAMES[1]}"]
