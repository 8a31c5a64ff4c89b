"""The methods that can learn a library's common space, and their encoders."""

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

__all__ = ["BEST", "DEFAULT_METHOD", "encoders_for", "methods_to_train", "set_up", "trust_methods", "usual_encoders"]

# The fastest method and encoders that are statistically indistinguishable from the best on the songbook
# (docs/results.md).
DEFAULT_METHOD = "cca"
DEFAULT_ENCODERS = ("mfcc-stats", "tfidf")
# The paper's encoders, for a method that is named without encoders.
PAPERS_ENCODERS = ("mfcc", "doc2vec")
# The best on held-out songs of the methods that learn in seconds or minutes.
BEST = "best"
COMPARED = ("cca", "rcca", "kernel-cca", "acmr", "alcca-tuned")
# The encoders of audio views that some methods require.
OF_A_VIEW = {"audio_frames": "mfcc", "audio_descriptors": "descriptors"}


def methods_to_train(method: str, epochs: int | None = None) -> dict[str, Any]:
    """Make the unfitted estimators for the value of ``alcca train --method``.

    Parameters
    ----------
    method : str
        One of `alcca.experiments.method_names`, optionally with settings after colons; the dotted name of a class; or
        "best".
    epochs : int, optional
        Replaces the method's own epochs, if it has any.

    Returns
    -------
    dict of str to estimator
        One estimator; for "best" all that are compared.

    Raises
    ------
    UsageError
        A method or setting is unknown, there is more than one method, or a method has no common space.

    Examples
    --------
    >>> list(methods_to_train("cca:ridge=0.1"))
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
    """Names of the default encoders of audio and of lyrics for `encoders_for`.

    Parameters
    ----------
    method : str or None
        The given method; None if none was given.

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
    """Make the encoders of methods from the options of ``alcca train``.

    Parameters
    ----------
    methods : mapping of str to estimator
        From `methods_to_train`.
    audio : str or AudioEncoder, optional
        By default the encoder that a method requires, else the usual one.
    lyrics : str or LyricsEncoder, optional
        By default the usual one.
    usual : (str, str)
        From `usual_encoders`.

    Raises
    ------
    UsageError
        An encoder is unknown, cannot be saved without pickle, or does not make the view that a method learns from.
    MissingExtraError
        A package that an encoder needs is not installed.

    Examples
    --------
    >>> encoders_for(methods_to_train("spotify-dcca"), lyrics="tfidf")
    (DescriptorsEncoder(), TfidfEncoder(max_features=2000, min_df=2))
    """
    views = {view for model in methods.values() for view in view_names(model, "audio")}
    required = next((OF_A_VIEW[view] for view in sorted(views) if view in OF_A_VIEW), usual[0])
    of_audio = audio_encoder(required if audio is None else audio)
    of_lyrics = lyrics_encoder(usual[1] if lyrics is None else lyrics)
    for encoder in (of_audio, of_lyrics):
        check_keepable(encoder)
    for name, model in methods.items():
        _check_views(name, view_names(model, "audio"), {"audio", of_audio.view}, of_audio.name)
        _check_views(name, view_names(model, "lyrics"), {"features"}, of_lyrics.name)
    return of_audio, of_lyrics


def trust_methods(methods: Iterable[Any], encoders: Iterable[AudioEncoder | LyricsEncoder]) -> list[str]:
    """Trust the packages of the given methods and encoders, so that the trained model can be loaded again.

    Parameters
    ----------
    methods : estimators
    encoders : encoders

    Returns
    -------
    list of str
        The names that were not trusted before; empty if all code is alcca's own.

    Raises
    ------
    UsageError
        The trust cannot be saved.
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
    """Clone an unfitted estimator, and set those of the settings that it has; ours also get ``verbose``."""
    from sklearn.base import clone

    cloned = clone(model)
    known = cloned.get_params(deep=False)
    wanted = {"random_state": random_state}
    if isinstance(cloned, TwoViewModel):
        wanted["verbose"] = verbose
    dimension = dimension_parameter(cloned)
    if dimension is not None:
        wanted[dimension] = components
    return cloned.set_params(**{name: value for name, value in wanted.items() if name in known})
