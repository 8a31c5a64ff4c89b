"""Which method and how many components a library's model gets: those that find best the songs of a fifth of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alcca.encoders.encoder import AudioEncoder
from alcca.errors import LibraryError
from alcca.experiments.folds import grouped_folds
from alcca.models.contract import dimension_parameter
from alcca.retrieval import chance_mrr1, cosine_evidence, instance_ranks, mrr1
from alcca.space.embedder import Embedder
from alcca.training.training_set import TrainingSet

__all__ = ["Choice", "choose"]

# The paper's numbers of components, and how many songs it takes to choose among them.
COMPONENTS = range(10, 101, 10)
MIN_TO_CHOOSE = 100
FOLDS = 5


@dataclass(frozen=True)
class Choice:
    """What was chosen, and how good it was.

    Parameters
    ----------
    method : str
    components : int
    chosen_on : int
        Songs that were kept out; 0 when nothing was chosen.
    held_out_mrr1, held_out_chance : float or None
        Instance MRR1 on them, and what chance gives.
    evidence : (float, float) or None
        What a cosine is worth in bits, slope and offset; None where nothing was kept out.
    compared : dict of str to float
        That MRR1 of each method that was compared.
    """

    method: str
    components: int
    chosen_on: int = 0
    held_out_mrr1: float | None = None
    held_out_chance: float | None = None
    evidence: tuple[float, float] | None = None
    compared: dict[str, float] = field(default_factory=dict)


def choose(
    candidates: Mapping[str, Any],
    training_set: TrainingSet,
    audio: AudioEncoder,
    components: int | None,
    **settings: Any,
) -> Choice:
    """Train on four fifths of the songs; take the method and the components that find the songs of the last fifth best.

    Whatever learns, the lyrics encoder too, learns from the four fifths alone. Nothing is kept out where there is
    nothing to choose.

    Parameters
    ----------
    candidates : mapping of str to unfitted estimator
    training_set : TrainingSet
    audio : AudioEncoder
        What the training_set's sounds were made with.
    components : int or None
        None: to be chosen too.
    **settings
        ``random_state`` and ``verbose``.

    Raises
    ------
    LibraryError
        Several methods, and too few songs.
    """
    first, *others = candidates
    groups = training_set.groups
    if len(training_set) < MIN_TO_CHOOSE or len(set(groups)) < FOLDS:
        if others:
            raise LibraryError(
                f"{len(training_set)} songs are too few to find the best method on; take one, such as {first}"
            )
        return Choice(first, components or min(COMPONENTS[0], training_set.most_components(training_set.encoded)))
    if components is not None and not others:
        return Choice(first, components)
    fold = grouped_folds(groups, FOLDS, settings["random_state"])
    train, held = training_set.of(np.flatnonzero(fold != 0)), training_set.of(np.flatnonzero(fold == 0))
    lyrics = train.learned(**settings)
    features, held_features = train.features(lyrics), held.features(lyrics)
    most = train.most_components(features)
    possible = [components] if components else [c for c in COMPONENTS if c <= most] or [most]
    choices = []
    begun: dict[str, Any] = {}
    for name, model in candidates.items():
        embedder = Embedder(audio, lyrics, train.fit(model, features, possible[-1], begun, **settings))
        places = embedder.embed_audio(held.sounds), embedder.embed_encoded_lyrics(held_features)
        choices.append(_best_components(name, *places, possible if dimension_parameter(model) else None))
    best = max(choices, key=lambda choice: choice.held_out_mrr1 or 0.0)
    told = {choice.method: choice.held_out_mrr1 or 0.0 for choice in choices} if others else {}
    return replace(best, compared=told)


def _best_components(
    name: str, audio: NDArray[np.float64], lyrics: NDArray[np.float64], possible: Sequence[int] | None
) -> Choice:
    """How well songs kept out are found in a space, by the best of the possible first columns; None: by all."""
    from sklearn.metrics.pairwise import cosine_similarity

    def held_out(c: int) -> float:
        ranks = instance_ranks(audio[:, :c], lyrics[:, :c]), instance_ranks(lyrics[:, :c], audio[:, :c])
        return float(np.mean([mrr1(r) for r in ranks]))

    best = max(possible or [audio.shape[1]], key=held_out)
    worth = cosine_evidence(cosine_similarity(audio[:, :best], lyrics[:, :best]))
    return Choice(name, best, len(audio), held_out(best), float(chance_mrr1(len(audio))), worth)
