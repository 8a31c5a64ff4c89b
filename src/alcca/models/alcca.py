"""ALCCA: adversarial projectors, then canonical correlation analysis of their outputs."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from alcca.errors import UsageError
from alcca.models.acmr import ACMR
from alcca.models.base import TwoViewModel, View, check_pair, encode_labels
from alcca.models.cca import CCA, Ridge
from alcca.models.contract import Grid, cosines, fit_estimator, identity, label_array
from alcca.models.held_out import group_codes, held_out_fifth
from alcca.models.score_weights import mean_reciprocal_ranks
from alcca.models.settings import Seed, Widths, check_components, draw_seed, projector_widths

__all__ = ["ALCCA", "AUTO"]

# The setting that chooses the ridge, and the candidates: the representations' columns lie in [-1, 1], so the
# eigenvalues of their covariance lie between rounding error and the number of columns.
AUTO = "auto"
RIDGES = (1e-4, 1e-3, 1e-2, 0.1, 1.0, 10.0, 100.0, 1000.0)


class ALCCA(TwoViewModel):
    """Adversarial learning and canonical correlation analysis, the paper's model.

    `ACMR` learns representations of audio and lyrics (Eqs. 1-12), `CCA` in float64 then finds the directions in which
    those of all training songs correlate most (Eq. 13). The embedding of a song is its canonical variates, compared by
    cosine.

    Parameters
    ----------
    n_components : int
        Canonical components, at most d and at most the number of training songs - 1. Nested: the first ten columns
        are those of a model with ten.
    hidden, invariance, alpha, beta, regularization, adversary, margin, k, epochs, batch_size, lr, standardize, \
momentum, lr_decay, opponent_steps, validation, patience, random_state, device, precision, \
verbose
        As in `ACMR`. The ablations are ``adversary=0``, ``alpha=0`` (no L_imi), ``beta=0`` (no L_imd) and
        ``invariance="pair"``; without CCA it is `ACMR`.
    ridge : float, (float, float) or "auto"
        As in `CCA`, of the representations, whose columns lie in [-1, 1]. "auto" chooses one of 0.0001, 0.001, …,
        1000 for both views by the retrieval of songs, one in five, that a first training keeps out: the projectors
        overfit the songs that they have seen. Of the ridges within one standard error of the best, it takes the
        largest (Breiman et al. 1984). This nearly doubles the training time.

    Attributes
    ----------
    acmr_ : ACMR
    cca_ : CCA
    ridge_ : float or (float, float)
        The given or chosen ridge.
    ridge_scores_ : dict of float to float
        For each ridge that "auto" tried, the mean reciprocal rank of the songs kept out, over both directions, with
        ``n_components``; empty without "auto".
    correlations_ : array, shape (n_components,)
        Of the training songs; they do not predict those of other songs.
    history_ : list of dict
        Losses of each epoch.

    References
    ----------
    Vuong, T.-H., Pham, T.-H., Nguyen, T.-T., Ha, Q.-T. (2020). An adversarial learning and canonical correlation
    analysis based cross-modal retrieval model. ACIIDS, 153-164.
    Breiman, L., Friedman, J. H., Olshen, R. A., Stone, C. J. (1984). Classification and regression trees, section
    3.4.3 (the rule of one standard error).

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

    default_grid: ClassVar[Grid] = {"lr": (1e-4, 1e-3), "ridge": (1e-4, 0.01, 1.0, 100.0)}

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
        standardize: bool = True,
        momentum: float = 0.9,
        lr_decay: bool = False,
        opponent_steps: int = 1,
        ridge: Ridge | str = 1e-4,
        validation: float | None = None,
        patience: int = 20,
        random_state: Seed = 0,
        device: str = "auto",
        precision: str = "float32",
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
        self.standardize = standardize
        self.momentum = momentum
        self.lr_decay = lr_decay
        self.opponent_steps = opponent_steps
        self.ridge = ridge
        self.validation = validation
        self.patience = patience
        self.random_state = random_state
        self.device = device
        self.precision = precision
        self.verbose = verbose

    def first_stage(self) -> ACMR:
        """The untrained projectors, which several methods can share once trained (`alcca.models.contract`)."""
        return self._parts(0.0)[0]

    def fit(self, views: Sequence[View], y: Any = None, groups: Any = None, first_stage: ACMR | None = None) -> Self:
        """Train the projectors, then fit CCA on the representations of all training songs.

        Parameters
        ----------
        views : (audio, lyrics)
            Arrays (n, p) or (n, 20, 161), and (n, q); row i of both is song i.
        y : sequence of hashable, length n, optional
            Categories, as in `ACMR.fit`. Songs kept out for validation take part in the CCA.
        groups : sequence of hashable, length n, optional
            Songs of one group, such as two recordings of a song, are kept out together, to choose the ridge and for
            validation. None or "" is a song without a group.
        first_stage : ACMR, optional
            The result of `first_stage`, fitted on the same songs; it is not trained again.

        Raises
        ------
        UsageError, DataError
            As raised by `ACMR.fit` and `CCA.fit`; n_components is above d or above n - 1, there are too few songs or
            groups to choose a ridge on, or the first stage has other settings.
        """
        audio, lyrics = check_pair(views)
        n = len(audio)
        codes = None if groups is None else group_codes(groups, n)
        encode_labels(y, n)  # checks them
        chosen = isinstance(self.ridge, str) and self.ridge == AUTO
        if isinstance(self.ridge, str) and not chosen:
            raise UsageError(f"ridge={self.ridge!r}: expected a number of at least 0, two of them, or {AUTO!r}")
        acmr, cca = self._parts(0.0 if chosen else self.ridge)
        acmr._check_settings()
        if first_stage is not None and identity(first_stage) != identity(acmr):
            raise UsageError(f"first_stage={first_stage!r}: expected {acmr!r}, fitted on the same songs")
        d = projector_widths(self.hidden)[0][-1]
        cca._checked_ridges((d, d))  # before the training, which takes long
        check_components(self.n_components, n)
        seed = draw_seed(self)
        reciprocals = self._try_ridges(views, y, codes, seed) if chosen else {}
        self.ridge_ = _largest_of_the_best(reciprocals) if reciprocals else self.ridge
        self.ridge_scores_ = {ridge: float(reciprocal.mean()) for ridge, reciprocal in reciprocals.items()}
        if first_stage is None:
            fit_estimator(acmr.set_params(random_state=seed), audio, lyrics, y, codes)
        else:
            acmr = first_stage
        cca.set_params(ridge=self.ridge_)
        cca.fit(acmr.transform(views))
        self.acmr_, self.cca_ = acmr, cca
        return self

    def _try_ridges(
        self, views: Sequence[View], y: Any, groups: NDArray[np.int64] | None, seed: int
    ) -> dict[float, NDArray[np.float64]]:
        """For each ridge, the reciprocal ranks of songs kept out of a first training, means of both directions."""
        X, Y = check_pair(views)
        codes = group_codes(groups, len(X))
        train, held_out = held_out_fifth(codes, seed, what="choose a ridge on; give one (ridge=0.1)")
        labels = None if y is None else label_array(y)[train]
        acmr = self._parts(0.0)[0].set_params(random_state=seed)
        fit_estimator(acmr, X[train], Y[train], labels, None if groups is None else groups[train])
        represented = [acmr._embed(view, which) for which, view in enumerate((X, Y))]
        reciprocals = {}
        for ridge in RIDGES:
            cca = CCA(min(self.n_components, len(train) - 1), ridge=ridge).fit([view[train] for view in represented])
            audio, lyrics = (cca._embed(view[held_out], which) for which, view in enumerate(represented))
            reciprocals[ridge] = mean_reciprocal_ranks([cosines(audio, lyrics)]).mean(axis=0)
        return reciprocals

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
        chosen = {"ridge": self.ridge_, "ridge_scores": list(self.ridge_scores_.items())}
        return {f"acmr.{k}": a for k, a in acmr.items()} | {f"cca.{k}": a for k, a in cca.items()}, state | chosen

    def _set_state(self, arrays: Mapping[str, NDArray[Any]], state: Mapping[str, Any]) -> None:
        # Models saved before "auto" existed do not store their ridge.
        ridge = state.get("ridge", self.ridge)
        self.ridge_ = tuple(ridge) if isinstance(ridge, list) else ridge
        self.ridge_scores_ = dict(state.get("ridge_scores", []))
        self.acmr_, self.cca_ = self._parts(self.ridge_)
        for part, prefix in ((self.acmr_, "acmr."), (self.cca_, "cca.")):
            own = {name.removeprefix(prefix): a for name, a in arrays.items() if name.startswith(prefix)}
            part._set_state(own, state)

    def _parts(self, ridge: Any) -> tuple[ACMR, CCA]:
        settings = {name: getattr(self, name) for name in ACMR().get_params()}
        return ACMR(**settings), CCA(n_components=self.n_components, ridge=ridge)


def _largest_of_the_best(reciprocals: Mapping[float, NDArray[np.float64]]) -> float:
    """The largest ridge that is worse than the best by at most the standard error of their difference."""
    best = max(reciprocals.values(), key=np.mean)
    worse = {ridge: best - reciprocal for ridge, reciprocal in reciprocals.items()}
    return max(ridge for ridge, d in worse.items() if d.mean() <= d.std(ddof=1) / np.sqrt(len(d)))
