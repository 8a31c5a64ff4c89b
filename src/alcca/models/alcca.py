"""ALCCA: adversarial projectors, then canonical correlation analysis of what they give."""

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from alcca.models.acmr import ACMR
from alcca.models.base import TwoViewModel, View, check_pair
from alcca.models.cca import CCA, Ridge
from alcca.models.settings import Widths, check_components

__all__ = ["ALCCA"]


class ALCCA(TwoViewModel):
    """Adversarial learning and canonical correlation analysis, the paper's model.

    `ACMR` learns representations of audio and lyrics (Eqs. 1-12), `CCA` in float64 then finds the directions in which
    those of all training songs correlate most (Eq. 13). A song's place in the common space is its canonical
    variates, compared by cosine.

    Parameters
    ----------
    n_components : int
        Canonical components, at most d and at most the training songs less one. Nested: the first ten columns are
        those of a model with ten.
    hidden, invariance, alpha, beta, regularization, adversary, margin, k, epochs, batch_size, lr, validation, \
patience, random_state, device, verbose
        As in `ACMR`. The ablations are ``adversary=0``, ``alpha=0`` (no L_imi), ``beta=0`` (no L_imd) and
        ``invariance="pair"``; without CCA it is `ACMR`.
    ridge : float or (float, float)
        As in `CCA`, of the representations, whose columns lie in [-1, 1].

    Attributes
    ----------
    acmr_ : ACMR
    cca_ : CCA
    correlations_ : array, shape (n_components,)
        Of the training songs, which say nothing about other songs.
    history_ : list of dict
        Losses of each epoch.

    References
    ----------
    Vuong, T.-H., Pham, T.-H., Nguyen, T.-T., Ha, Q.-T. (2020). An adversarial learning and canonical correlation
    analysis based cross-modal retrieval model. ACIIDS, 153-164.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> moods = rng.integers(3, size=60)
    >>> audio, lyrics = moods[:, None] + rng.normal(size=(60, 12)), -moods[:, None] + rng.normal(size=(60, 8))
    >>> model = ALCCA(n_components=2, hidden=((16, 4), (4,)), epochs=5, device="cpu").fit((audio, lyrics), moods)
    >>> Za, Zt = model.transform((audio[:5], None))
    >>> Za.shape, Zt
    ((5, 2), None)
    """

    def __init__(
        self,
        n_components: int = 80,
        hidden: tuple[Widths, Widths] = ((1000, 200), (200, 200)),
        invariance: str = "triplet",
        alpha: float = 1.0,
        beta: float = 1.0,
        regularization: float = 1e-3,
        adversary: float = 1.0,
        margin: float = 10.0,
        k: int = 1,
        epochs: int = 200,
        batch_size: int = 100,
        lr: float = 1e-4,
        ridge: Ridge = 1e-4,
        validation: float | None = None,
        patience: int = 20,
        random_state: int = 0,
        device: str = "auto",
        verbose: bool = False,
    ) -> None:
        self.n_components = n_components
        self.hidden = hidden
        self.invariance = invariance
        self.alpha = alpha
        self.beta = beta
        self.regularization = regularization
        self.adversary = adversary
        self.margin = margin
        self.k = k
        self.epochs = epochs
        self.batch_size = batch_size
        self.lr = lr
        self.ridge = ridge
        self.validation = validation
        self.patience = patience
        self.random_state = random_state
        self.device = device
        self.verbose = verbose

    def fit(self, views: Sequence[View], y: Any = None) -> Self:
        """Train the projectors, then fit CCA on the representations of all training songs.

        Parameters
        ----------
        views : (audio, lyrics)
            Arrays (n, p) or (n, 20, 161), and (n, q); row i of both is song i.
        y : sequence of hashable, length n, optional
            Categories, as in `ACMR.fit`. Songs kept out for validation take part in the CCA.

        Raises
        ------
        UsageError, DataError
            As `ACMR.fit` and `CCA.fit`; n_components above d or above n - 1.
        """
        n = len(check_pair(views)[0])
        acmr, cca = self._parts()
        acmr._check_settings()
        d = self.hidden[0][-1]
        cca._checked_ridges((d, d))  # before the training, which takes long
        check_components(self.n_components, n)
        acmr.fit(views, y)
        cca.fit(acmr.transform(views))
        self.acmr_, self.cca_ = acmr, cca
        return self

    def project(self, views: Sequence[View]) -> tuple[NDArray[np.float64] | None, NDArray[np.float64] | None]:
        """Return the representations before CCA, f_A(a) and f_T(t), shapes (n, d); either view may be None.

        Raises
        ------
        NotFittedError, DataError
        """
        self._check_fitted()
        return self.acmr_.transform(views)

    @property
    def correlations_(self) -> NDArray[np.float64]:
        """Canonical correlations of the training songs, shape (n_components,)."""
        self._check_fitted()
        return self.cca_.correlations_

    @property
    def history_(self) -> list[dict[str, float]]:
        """Mean losses of each epoch."""
        self._check_fitted()
        return self.acmr_.history_

    def _embed(self, view: NDArray[Any], which: int) -> NDArray[np.float64]:
        return self.cca_._embed(self.acmr_._embed(view, which), which)

    def _columns(self) -> tuple[int, int]:
        return self.acmr_._columns()

    @property
    def _is_fitted(self) -> bool:
        return hasattr(self, "cca_")

    def _get_state(self) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
        acmr, state = self.acmr_._get_state()
        cca, _ = self.cca_._get_state()
        return {f"acmr.{k}": a for k, a in acmr.items()} | {f"cca.{k}": a for k, a in cca.items()}, state

    def _set_state(self, arrays: Mapping[str, NDArray[Any]], state: Mapping[str, Any]) -> None:
        self.acmr_, self.cca_ = self._parts()
        for part, prefix in ((self.acmr_, "acmr."), (self.cca_, "cca.")):
            own = {name.removeprefix(prefix): a for name, a in arrays.items() if name.startswith(prefix)}
            part._set_state(own, state)

    def _parts(self) -> tuple[ACMR, CCA]:
        settings = {name: getattr(self, name) for name in ACMR().get_params()}
        return ACMR(**settings), CCA(n_components=self.n_components, ridge=self.ridge)
