"""Adversarial cross-modal retrieval: projectors that keep the category and hide the modality."""

import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from alcca.errors import UsageError
from alcca.models.base import (
    NAMES,
    Standardizer,
    TwoViewModel,
    View,
    check_pair,
    encode_labels,
    json_labels,
    row_blocks,
)
from alcca.models.contract import Grid
from alcca.models.conventions import UnlabelledWarning
from alcca.models.distributed import by_rows
from alcca.models.losses import adversarial_loss, pair_invariance, semantic_loss, triplet_invariance
from alcca.models.networks import AdversarialNetwork, Representations, in_precision
from alcca.models.settings import (
    Seed,
    Widths,
    check_choice,
    check_flags,
    check_not_negative,
    check_positive,
    check_precision,
    check_seed,
    check_whole,
    draw_seed,
    projector_widths,
)
from alcca.models.training import (
    Batch,
    History,
    Losses,
    TrainingSettings,
    choose_device,
    reversal_strength,
    split_rows,
    train,
)

__all__ = ["ACMR"]

# A classifier of one category has nothing to learn.
MIN_CLASSES = 2


class _Started(NamedTuple):
    """The initial state of a training."""

    network: AdversarialNetwork
    data: tuple[Tensor, Tensor, Tensor]
    validation_rows: Tensor | None
    generator: torch.Generator
    statistics: tuple[Standardizer, Standardizer]
    classes: list[Any]


class ACMR(TwoViewModel):
    r"""Adversarial cross-modal retrieval: the learned space without CCA.

    Two projectors f_A, f_T and a semantic classifier minimise

    .. math:: \alpha L_{imi} + \beta L_{imd} + \gamma L_{reg} - \lambda L_{adv}

    (Eqs. 2 and 7), while a modality classifier minimises L_adv (Eq. 8). Both happen in one descent through a
    gradient reversal layer, whose λ rises from 0 to ``adversary`` by 2 / (1 + exp(-10 p)) - 1 over the share p of
    the training. Inputs are standardised with the training songs' statistics, which belong to the model.

    With the paper's settings the projectors hardly hide the modality; `standardize`, `momentum`, `lr_decay` and
    `opponent_steps` make the adversary effective (docs/method.md).

    Parameters
    ----------
    hidden : (sequence of int, sequence of int)
        Layers of f_A and f_T, each followed by tanh; both end in the same dimension d.
    invariance : {"triplet", "pair"}
        L_imi of Wang et al. 2017, or as the paper prints it (Eqs. 3-4): see `alcca.models.losses`.
    alpha, beta, regularization : float
        Weights of L_imi, L_imd and L_reg (α, β, γ), at least 0; 0 leaves the loss out.
    adversary : float
        Final λ, at least 0; with 0 there is no adversary.
    margin : float
        μ of the triplets, as a distance in the space, at least 0. Unrelated points of a space of 200 dimensions whose
        columns have the usual spread of 0.5 to 0.7 are 10 to 14 apart; a margin far below has no effect.
    k : int
        Steps of the projectors and the semantic classifier for each one of the modality classifier (Algorithm 1).
    epochs, batch_size : int
        Paper: 200 and 100.
    lr : float
        Step of Adam.
    standardize : bool
        False takes the inputs unchanged, for views whose columns share a unit, such as pixels.
    momentum : float
        Adam's β₁ of all networks, at least 0 and below 1. With a high value both sides can oscillate.
    lr_decay : bool
        The step of the projectors and the semantic classifier falls linearly to 0 over ``epochs``; the modality
        classifier's stays, so that it catches up.
    opponent_steps : int
        Steps of the modality classifier on each batch, where ``k`` counts those of the others.
    validation : float, optional
        Share of the training songs to keep out, drawn at random in whole groups. Training stops when their
        α L_imi + β L_imd has not fallen for ``patience`` epochs, and restores the best epoch.
    patience : int
    random_state : int, RandomState, Generator or None
        As in `alcca.models.base.TwoViewModel`. The same seed, machine and number of threads give the same weights to
        the bit on a CPU.
    device : str
        ``"auto"``, ``"cpu"``, ``"cuda"``.
    precision : {"float32", "bf16"}
        With "bf16" the networks multiply in bfloat16 while they train; weights, losses and `transform` stay in float32
        or better. docs/scale.md gives speed and results.
    verbose : bool
        Show a progress bar.

    Attributes
    ----------
    history_ : list of dict
        Means of the losses of each epoch: ``invariance``, ``semantic``, ``regularization``, ``adversarial``,
        ``total`` (without L_reg), and ``validation`` if songs are kept out.
    classes_ : list
        Categories, in the order of the semantic classifier's outputs. `load` gives labels that JSON has no type for
        as text.
    network_ : AdversarialNetwork
    statistics_ : (Standardizer, Standardizer)

    References
    ----------
    Wang, B., Yang, Y., Xu, X., Hanjalic, A., Shen, H. T. (2017). Adversarial cross-modal retrieval.
    ACM Multimedia, 154-162.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> moods = rng.integers(3, size=60)
    >>> audio, lyrics = moods[:, None] + rng.normal(size=(60, 12)), -moods[:, None] + rng.normal(size=(60, 8))
    >>> model = ACMR(hidden=((16, 4), (4,)), epochs=5, device="cpu").fit((audio, lyrics), moods)
    >>> Za, Zt = model.transform((audio, lyrics))
    >>> Za.shape, Zt.shape, len(model.history_)
    ((60, 4), (60, 4), 5)
    """

    default_grid: ClassVar[Grid] = {"epochs": (50, 200), "lr": (1e-4, 1e-3)}

    def __init__(
        self,
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
        validation: float | None = None,
        patience: int = 20,
        random_state: Seed = 0,
        device: str = "auto",
        precision: str = "float32",
        verbose: bool = False,
    ) -> None:
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
        self.validation = validation
        self.patience = patience
        self.random_state = random_state
        self.device = device
        self.precision = precision
        self.verbose = verbose

    def fit(self, views: Sequence[View], y: Any = None, groups: Any = None) -> Self:
        """Train the projectors.

        Parameters
        ----------
        views : (audio, lyrics)
            Arrays (n, p) or (n, 20, 161), and (n, q); row i of both is song i. n at least 2.
        y : sequence of hashable, length n, optional
            Categories; None, NaN or "" for a song without one, which L_imd leaves out and L_imi takes as a category
            of its own. With fewer than two categories L_imd teaches nothing; `fit` warns, unless ``beta`` is 0.
        groups : sequence of hashable, length n, optional
            Songs of one group, such as two recordings of a song, are kept out for validation together. None or "" is
            a song without a group.

        Raises
        ------
        UsageError
            A setting is invalid.
        DataError
            Views, labels or groups do not fit together, a view has NaN, all songs are of one group so that none can be
            kept out, or training diverged.
        """
        started = self._start(views, y, groups)
        history = train(
            started.network,
            lambda batch, progress: self._losses(started.network, batch, progress),
            started.data,
            self._training_settings(),
            learners=started.network.learners(),
            opponents=started.network.opponents(),
            regularized=started.network.projector_weights(),
            validation_rows=started.validation_rows,
            generator=started.generator,
            what="training the projectors",
            show=self.verbose,
        )
        self._finish(started, history)
        return self

    def _start(self, views: Sequence[View], y: Any, groups: Any) -> _Started:
        """Check settings and songs; draw the initial networks and the songs to keep out."""
        self._check_settings()
        X, Y = check_pair(views)
        codes, classes = encode_labels(y, len(X))
        if self.beta > 0 and len(classes) < MIN_CLASSES:
            warnings.warn(
                f"ACMR learns from labels, and y has fewer than {MIN_CLASSES} categories ({len(classes)}): L_imd "
                f"teaches nothing; give labels of {MIN_CLASSES} or more, or beta=0",
                UnlabelledWarning,
                stacklevel=3,
            )
        measure = Standardizer.of if self.standardize else Standardizer.nothing
        statistics = measure(X), measure(Y)
        device = choose_device(self.device)
        generator = torch.Generator().manual_seed(draw_seed(self))
        # Without any label the semantic classifier has one output and nothing to learn.
        columns, widths = (X.shape[1], Y.shape[1]), projector_widths(self.hidden)
        network = AdversarialNetwork(columns, widths, max(len(classes), 1), generator)
        data = (
            torch.from_numpy(statistics[0].apply(X)).to(device),
            torch.from_numpy(statistics[1].apply(Y)).to(device),
            torch.from_numpy(codes).to(device),
        )
        validation_rows = split_rows(len(X), self.validation, generator, groups)
        return _Started(network.to(device), data, validation_rows, generator, statistics, classes)

    def _training_settings(self) -> TrainingSettings:
        return TrainingSettings(
            epochs=self.epochs,
            batch_size=self.batch_size,
            lr=self.lr,
            momentum=self.momentum,
            lr_decay=self.lr_decay,
            k=self.k,
            opponent_steps=self.opponent_steps,
            regularization=self.regularization,
            patience=self.patience,
        )

    def _finish(self, started: _Started, history: History) -> None:
        """Store the results of a training."""
        self.network_, self.statistics_ = started.network, started.statistics
        self.classes_, self.history_ = started.classes, history

    def _losses(self, network: Callable[..., Sequence[Tensor]], batch: Batch, progress: float) -> Losses:
        """Compute Eqs. 2 and 7 from one forward pass; the loop adds L_reg.

        L_adv is added, where Eq. 7 subtracts it, because its gradient reaches the projectors reversed.
        """
        audio, lyrics, codes = batch
        strength = self.adversary * reversal_strength(progress)
        out = Representations(
            *by_rows(in_precision(lambda a, t: network(a, t, strength), self.precision), audio, lyrics)
        )
        if self.invariance == "pair":
            invariance = pair_invariance(out.audio, out.lyrics)
        else:
            invariance = triplet_invariance(out.audio, out.lyrics, codes, self.margin)
        semantic = semantic_loss(out.semantic_audio, out.semantic_lyrics, codes)
        adversarial = adversarial_loss(out.modality_audio, out.modality_lyrics)
        validation = self.alpha * invariance + self.beta * semantic
        return {
            "invariance": invariance,
            "semantic": semantic,
            "adversarial": adversarial,
            "validation": validation,
            "total": validation + adversarial,
        }

    def _check_settings(self) -> None:
        check_choice(self, "invariance", ("triplet", "pair"))
        check_not_negative(self, "alpha", "beta", "regularization", "adversary", "margin", "momentum")
        if self.momentum >= 1:
            raise UsageError(f"momentum={self.momentum!r}: expected a number of at least 0 and below 1")
        check_whole(self, "k", "opponent_steps", "epochs", "batch_size", "patience")
        check_positive(self, "lr")
        check_precision(self)
        check_flags(self, "standardize", "lr_decay", "verbose")
        check_seed(self)

    @torch.no_grad()
    def _embed(self, view: NDArray[Any], which: int) -> NDArray[np.float64]:
        projector = (self.network_.audio, self.network_.lyrics)[which]
        weight = next(projector.parameters())
        out = np.empty((len(view), projector_widths(self.hidden)[which][-1]))
        for start, block in row_blocks(view):
            x = torch.from_numpy(self.statistics_[which].apply(block)).to(weight.device)
            out[start : start + len(block)] = projector(x).cpu().numpy()
        return out

    def _columns(self) -> tuple[int, int]:
        return len(self.statistics_[0].mean), len(self.statistics_[1].mean)

    @property
    def _is_fitted(self) -> bool:
        return hasattr(self, "network_")

    def _get_state(self) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
        arrays = {f"network.{name}": weight.cpu().numpy() for name, weight in self.network_.state_dict().items()}
        for name, statistics in zip(NAMES, self.statistics_, strict=True):
            arrays |= {f"{name}.mean": statistics.mean, f"{name}.scale": statistics.scale}
        return arrays, {"classes": json_labels(self.classes_), "history": self.history_}

    def _set_state(self, arrays: Mapping[str, NDArray[Any]], state: Mapping[str, Any]) -> None:
        audio, lyrics = (Standardizer(arrays[f"{name}.mean"], arrays[f"{name}.scale"]) for name in NAMES)
        self.statistics_ = audio, lyrics
        weights = {
            name.removeprefix("network."): torch.from_numpy(a)
            for name, a in arrays.items()
            if name.startswith("network.")
        }
        widths = projector_widths(self.hidden)
        network = AdversarialNetwork(self._columns(), widths, len(weights["semantic.bias"]), torch.Generator())
        network.load_state_dict(weights)
        # A model trained on a GPU also loads on a machine without one.
        self.network_ = network.to(choose_device(self.device if self.device == "cpu" else "auto"))
        self.classes_, self.history_ = state["classes"], state["history"]
