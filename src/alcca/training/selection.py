"""Selection of the method and number of components of a library's model, by retrieval on a held-out fifth."""

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

# The paper's numbers of components, and the minimum number of songs to choose among them.
COMPONENTS = range(10, 101, 10)
MIN_TO_CHOOSE = 100
FOLDS = 5


@dataclass(frozen=True)
class Choice:
    """The selected method and components, and their scores.

    Parameters
    ----------
    method : str
    components : int
    chosen_on : int
        Number of held-out songs; 0 if there was nothing to choose.
    held_out_mrr1, held_out_chance : float or None
        Instance MRR1 on the held-out songs, and that of chance.
    evidence : (float, float) or None
        Slope and offset from a cosine to bits; None if no songs were held out.
    compared : dict of str to float
        The held-out MRR1 of each compared method.
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
    """Train on four fifths of the songs; take the method and components with the best retrieval on the last fifth.

    Methods and the lyrics encoder learn only from the four fifths. Nothing is held out if there is nothing to choose.

    Parameters
    ----------
    candidates : mapping of str to unfitted estimator
    training_set : TrainingSet
    audio : AudioEncoder
        The encoder of the training set's sounds.
    components : int or None
        None chooses them too.
    **settings
        ``random_state`` and ``verbose``.

    Raises
    ------
    LibraryError
        There are several methods, and too few songs.
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
    compared = {choice.method: choice.held_out_mrr1 or 0.0 for choice in choices} if others else {}
    return replace(best, compared=compared)


def _best_components(
    name: str, audio: NDArray[np.float64], lyrics: NDArray[np.float64], possible: Sequence[int] | None
) -> Choice:
    """Score held-out songs in a space with the best possible number of first columns; None: with all."""
    from sklearn.metrics.pairwise import cosine_similarity

    def held_out(c: int) -> float:
        ranks = instance_ranks(audio[:, :c], lyrics[:, :c]), instance_ranks(lyrics[:, :c], audio[:, :c])
        return float(np.mean([mrr1(r) for r in ranks]))

    best = max(possible or [audio.shape[1]], key=held_out)
    evidence = cosine_evidence(cosine_similarity(audio[:, :best], lyrics[:, :best]))
    return Choice(name, best, len(audio), held_out(best), float(chance_mrr1(len(audio))), evidence)
