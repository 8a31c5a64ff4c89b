"""Which methods can learn a library's common space, and from what."""

from collections.abc import Iterable, Mapping
from typing import Any

from alcca.encoders.encoder import AudioEncoder, LyricsEncoder
from alcca.encoders.registry import audio_encoder, lyrics_encoder
from alcca.encoders.saving import check_keepable, names_to_trust
from alcca.errors import UsageError
from alcca.experiments.methods import parse_methods
from alcca.models.base import TwoViewModel
from alcca.models.contract import dimension_parameter, has_own_similarity, view_names
from alcca.models.saving import check_storable, packages_of
from alcca.persistence.trusted import trust

__all__ = ["BEST", "DEFAULT_METHOD", "encoders_for", "learners", "set_up", "trust_learners", "usual_encoders"]

# Of what cannot be told from the best on the songbook, the quickest (docs/results.md): this method and these encoders.
DEFAULT_METHOD = "cca"
DEFAULT_ENCODERS = ("mfcc-stats", "tfidf")
# Who names a method gets it as the paper has it, unless encoders are named too.
PAPERS_ENCODERS = ("mfcc", "doc2vec")
# Stands for the best of those that learn in seconds or minutes, as measured on songs kept out.
BEST = "best"
COMPARED = ("cca", "rcca", "kernel-cca", "acmr", "alcca-tuned")
# What a method asks for that reads one description of the sound and no other, and the encoder that makes it.
OF_A_VIEW = {"audio_frames": "mfcc", "audio_descriptors": "descriptors"}


def learners(method: str, epochs: int | None = None) -> dict[str, Any]:
    """Make the unfitted estimators of a method's name, as ``alcca train --method`` takes it.

    Parameters
    ----------
    method : str
        One of `alcca.experiments.method_names`, with settings behind colons if any; the dotted name of a class; or
        "best".
    epochs : int, optional
        Of a method that has epochs, instead of its own.

    Returns
    -------
    dict of str to estimator
        One; for "best" those that are compared.

    Raises
    ------
    UsageError
        An unknown method or setting, more than one method, or one that has no common space.

    Examples
    --------
    >>> list(learners("cca:ridge=0.1"))
    ['cca:ridge=0.1']
    """
    named = parse_methods(",".join(COMPARED) if method == BEST else method, epochs)
    if not named or (len(named) > 1 and method != BEST):
        raise UsageError(f"method {method!r}: expected one method, such as {DEFAULT_METHOD}, or {BEST}")
    for name, model in named.items():
        if has_own_similarity(model) or not hasattr(model, "transform"):
            raise UsageError(
                f"method {name!r} has no common space to put songs into; words that are heard are a part of every "
                f"search already. Take the method that learns the space beside them, such as {DEFAULT_METHOD}"
            )
        check_storable(model)
    return named


def usual_encoders(method: str | None) -> tuple[str, str]:
    """Names of the encoders of sound and of lyrics that `encoders_for` makes where none are named.

    Parameters
    ----------
    method : str or None
        As it was asked for; None where none was.

    Examples
    --------
    >>> usual_encoders(None), usual_encoders("best"), usual_encoders("alcca")
    (('mfcc-stats', 'tfidf'), ('mfcc-stats', 'tfidf'), ('mfcc', 'doc2vec'))
    """
    return DEFAULT_ENCODERS if method in (None, BEST) else PAPERS_ENCODERS


def encoders_for(
    methods: Mapping[str, Any],
    audio: str | AudioEncoder | None = None,
    lyrics: str | LyricsEncoder | None = None,
    usual: tuple[str, str] = PAPERS_ENCODERS,
) -> tuple[AudioEncoder, LyricsEncoder]:
    """Make the encoders that methods learn from, as ``alcca train`` takes them.

    Parameters
    ----------
    methods : mapping of str to estimator
        As `learners` makes them.
    audio : str or AudioEncoder, optional
        When not given the one that a method insists on, else the usual one.
    lyrics : str or LyricsEncoder, optional
        When not given the usual one.
    usual : (str, str)
        As `usual_encoders` names them.

    Raises
    ------
    UsageError
        An unknown encoder, one that cannot be kept without pickle, or one that a method does not learn from.
    MissingExtraError
        A package that an encoder needs is not installed.

    Examples
    --------
    >>> encoders_for(learners("spotify-dcca"), lyrics="tfidf")
    (DescriptorsEncoder(), TfidfEncoder(max_features=2000, min_df=2))
    """
    asked = {view for model in methods.values() for view in view_names(model, "audio")}
    insisted = next((OF_A_VIEW[view] for view in sorted(asked) if view in OF_A_VIEW), usual[0])
    made = audio_encoder(insisted if audio is None else audio), lyrics_encoder(usual[1] if lyrics is None else lyrics)
    for encoder in made:
        check_keepable(encoder)
    for name, model in methods.items():
        _check_views(name, view_names(model, "audio"), {"audio", made[0].view}, made[0].name)
        _check_views(name, view_names(model, "lyrics"), {"features"}, made[1].name)
    return made


def trust_learners(methods: Iterable[Any], encoders: Iterable[AudioEncoder | LyricsEncoder]) -> list[str]:
    """Trust the code of others that a training was told to use, so that its model can be read again.

    Parameters
    ----------
    methods : estimators
    encoders : encoders

    Returns
    -------
    list of str
        What was not trusted before; empty where all of it is alcca's own.

    Raises
    ------
    UsageError
        It cannot be remembered.
    """
    named = {package for method in methods for package in packages_of(method)}
    named |= {name for encoder in encoders for name in names_to_trust(encoder)}
    return [name for name in sorted(named) if trust(name)]


def _check_views(method: str, views: Iterable[str], given: set[str | None], encoder: str) -> None:
    for view in views:
        if view not in given:
            other = OF_A_VIEW.get(view)
            raise UsageError(
                f"method {method!r} learns from {view}, which the encoder {encoder} does not make; "
                + (f"leave the encoder out, or take {other}" if other else "take another method")
                + f", or a method that learns from any, such as {DEFAULT_METHOD}"
            )


def set_up(model: Any, *, components: int, random_state: int, verbose: bool) -> Any:
    """A clone of an unfitted estimator with the settings that it has of these; one of ours tells its progress."""
    from sklearn.base import clone

    made = clone(model)
    known = made.get_params(deep=False)
    wanted = {"random_state": random_state}
    if isinstance(made, TwoViewModel):
        wanted["verbose"] = verbose
    dimension = dimension_parameter(made)
    if dimension is not None:
        wanted[dimension] = components
    return made.set_params(**{name: value for name, value in wanted.items() if name in known})
