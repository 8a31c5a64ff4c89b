"""A method of a comparison: its views, its settings for a fit, and the way it is ranked."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from alcca.experiments.methods import named_methods
from alcca.experiments.provenance import describe
from alcca.experiments.tuning import Candidates, Tuning
from alcca.models.contract import dimension_parameter, first_stage, has_own_similarity, view_names

__all__ = ["ComparedMethod", "audio_views", "compared_methods"]


@dataclass(frozen=True, eq=False)
class ComparedMethod:
    """A method of a comparison.

    Parameters
    ----------
    name : str
    estimator : object
        Unfitted, with the contract of `alcca.models.contract`. Never changed.
    candidates : Candidates, optional
        Settings from which each fit chooses.

    Examples
    --------
    >>> from alcca.models.cca import CCA
    >>> method = ComparedMethod("cca", CCA())
    >>> method.audio_views, method.reads("features"), method.dimension_parameter
    (('audio',), True, 'n_components')
    """

    name: str
    estimator: Any
    candidates: Candidates | None = None

    @property
    def audio_views(self) -> tuple[str, ...]:
        """Names of the views of audio that the method learns from."""
        return view_names(self.estimator, "audio")

    @property
    def lyrics_views(self) -> tuple[str, ...]:
        """Names of the views of lyrics that the method learns from."""
        return view_names(self.estimator, "lyrics")

    def reads(self, view: str) -> bool:
        """Whether the method learns from a view, of audio or of lyrics."""
        return view in self.audio_views or view in self.lyrics_views

    @property
    def has_own_similarity(self) -> bool:
        """Whether the method ranks by a similarity of its own, not by the cosine in a common space."""
        return has_own_similarity(self.estimator)

    @property
    def dimension_parameter(self) -> str | None:
        """The name of the method's setting for the number of components; None without one."""
        return dimension_parameter(self.estimator)

    @property
    def description(self) -> str:
        """The method's class and settings, in one line."""
        return describe(self.estimator)

    @property
    def says_first_stage(self) -> bool:
        """Whether the estimator has a ``first_stage`` (`alcca.models.contract.first_stage`)."""
        return hasattr(self.estimator, "first_stage")

    def with_settings(self, settings: Mapping[str, Any]) -> "ComparedMethod":
        """The method with some settings changed, and nothing left to choose."""
        from sklearn.base import clone

        # Values that are estimators are copied, as each fit changes its own.
        changes = {name: clone(value, safe=False) for name, value in settings.items()}
        return ComparedMethod(self.name, clone(self.estimator).set_params(**changes))

    def prepared(self, components: int, seed: int) -> Any:
        """Clone the estimator for the fits of one seed; ``components`` is the largest number that is measured."""
        from sklearn.base import clone

        model = clone(self.estimator)
        dimension, known = self.dimension_parameter, model.get_params()
        # Its own, and those of the estimators in it.
        changes = {name: seed for name in known if name.split("__")[-1] == "random_state"}
        if dimension:
            # A method with its own similarity keeps its own dimension, if the data allow it.
            changes[dimension] = min(known[dimension], components) if self.has_own_similarity else components
        model.set_params(**changes)
        return model

    def first_stage(self, components: int, seed: int) -> Any:
        """The unfitted first stage of the fits of one seed; see `prepared`."""
        return first_stage(self.prepared(components, seed))


def compared_methods(methods: Any, tuning: Tuning | None = None) -> dict[str, ComparedMethod]:
    """Return the methods of a comparison by name, from the input of `alcca.experiments.methods.named_methods`.

    Parameters
    ----------
    methods
        As for `named_methods`.
    tuning : Tuning, optional
        Where the settings of each are chosen from.

    Raises
    ------
    UsageError
        As raised by `named_methods`; a grid is of no method, or of a setting that its method does not have.
    """
    named = named_methods(methods)
    if tuning is None:
        return {name: ComparedMethod(name, estimator) for name, estimator in named.items()}
    tuning.check_methods(list(named))
    return {
        name: ComparedMethod(name, estimator, tuning.candidates(name, estimator)) for name, estimator in named.items()
    }


def audio_views(methods: Iterable[ComparedMethod]) -> set[str]:
    """Names of all views of audio that the methods learn from."""
    return {view for method in methods for view in method.audio_views}
