"""Encoders by name: ours, and what other packages offer as entry points.

A package offers an encoder in its pyproject.toml, by a class (or a function) that makes one::

    [project.entry-points."alcca.audio_encoders"]
    my-net = "my_package:MyNetEncoder"

The group of encoders of lyrics is ``alcca.lyrics_encoders``.
"""

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from importlib.metadata import entry_points
from typing import Any, TypeVar

from alcca.encoders.encoder import AudioEncoder, LyricsEncoder
from alcca.errors import AlccaError, UsageError
from alcca.specification import Specification, value_of

__all__ = [
    "audio_encoder",
    "audio_encoder_names",
    "lyrics_encoder",
    "lyrics_encoder_names",
    "named_encoders",
    "parse_encoders",
]

AUDIO, LYRICS = "alcca.audio_encoders", "alcca.lyrics_encoders"
# Imported when asked for.
BUILT_IN = {
    AUDIO: {
        "mfcc": "alcca.encoders.mfcc:MfccEncoder",
        "mfcc-stats": "alcca.encoders.mfcc:MfccStatsEncoder",
        "descriptors": "alcca.encoders.descriptors:DescriptorsEncoder",
        "clap": "alcca.encoders.clap:ClapEncoder",
    },
    LYRICS: {
        "doc2vec": "alcca.encoders.doc2vec:Doc2VecEncoder",
        "tfidf": "alcca.encoders.tfidf:TfidfEncoder",
        "sentence": "alcca.encoders.sentence:SentenceEncoder",
    },
}

E = TypeVar("E", AudioEncoder, LyricsEncoder)


def audio_encoder_names() -> list[str]:
    """Names that `audio_encoder` knows, ours first.

    Examples
    --------
    >>> audio_encoder_names()[:3]
    ['mfcc', 'mfcc-stats', 'descriptors']
    """
    return _names(AUDIO)


def lyrics_encoder_names() -> list[str]:
    """Names that `lyrics_encoder` knows, ours first.

    Examples
    --------
    >>> lyrics_encoder_names()[:2]
    ['doc2vec', 'tfidf']
    """
    return _names(LYRICS)


def audio_encoder(written: str | AudioEncoder) -> AudioEncoder:
    """Make the audio encoder of that name.

    Parameters
    ----------
    written : str or AudioEncoder
        A name, with settings behind colons; an encoder comes back as it is. What is behind a colon and is no setting
        is the encoder's first argument, as a model's folder.

    Raises
    ------
    UsageError
        An unknown name or setting, one that two packages offer, or one whose package cannot be imported.

    Examples
    --------
    >>> audio_encoder("mfcc-stats").shape
    (80,)
    """
    if isinstance(written, AudioEncoder):
        return written
    made: AudioEncoder = _make(AUDIO, AudioEncoder, written)
    return made


def lyrics_encoder(written: str | LyricsEncoder) -> LyricsEncoder:
    """Make the lyrics encoder of that name; all else as `audio_encoder`.

    Examples
    --------
    >>> lyrics_encoder("tfidf:max_features=500")
    TfidfEncoder(max_features=500, min_df=2)
    """
    if isinstance(written, LyricsEncoder):
        return written
    made: LyricsEncoder = _make(LYRICS, LyricsEncoder, written)
    return made


def parse_encoders(text: str) -> list[str]:
    """Cut a list as a command line takes it at its commas.

    Raises
    ------
    UsageError
        None at all, or one of them twice.

    Examples
    --------
    >>> parse_encoders("mfcc, mfcc-stats")
    ['mfcc', 'mfcc-stats']
    """
    names = [part.strip() for part in text.split(",") if part.strip()]
    if not names or len(set(names)) < len(names):
        raise UsageError(f"encoders: expected one or more different names with commas between, got {text!r}")
    return names


def _names(group: str) -> list[str]:
    offered = {entry.name for entry in entry_points(group=group)}
    return [*BUILT_IN[group], *sorted(offered - set(BUILT_IN[group]))]


def _make(group: str, kind: type[Any], written: str) -> Any:
    name, arguments, texts = Specification.of(written)
    settings = {key: value_of(text) for key, text in texts.items()}
    # A path may hold colons itself.
    argument = [":".join(arguments)] if arguments else []
    make = _maker(group, name)
    if argument and not getattr(make, "takes_argument", False):
        raise UsageError(f"encoder {written!r}: expected {name}:setting=value, got {argument[0]!r} behind the colon")
    try:
        made = make(*argument, **settings)
    except TypeError as error:
        raise UsageError(f"encoder {written!r}: {error}; correct what stands behind the colon") from error
    if not isinstance(made, kind):
        raise UsageError(f"encoder {name!r} made a {type(made).__name__}; expected an {kind.__name__}")
    return made


def _maker(group: str, name: str) -> Any:
    if name in BUILT_IN[group]:
        module, _, attribute = BUILT_IN[group][name].partition(":")
        return getattr(import_module(module), attribute)
    found = list(entry_points(group=group, name=name))
    if not found:
        other = LYRICS if group == AUDIO else AUDIO
        there = f"; {name} is one of {'lyrics' if group == AUDIO else 'audio'}" if name in _names(other) else ""
        side = "audio" if group == AUDIO else "lyrics"
        raise UsageError(f"{side} encoder {name!r} is unknown{there}; there are {', '.join(_names(group))}")
    if len({entry.value for entry in found}) > 1:
        values = " and ".join(sorted(entry.value for entry in found))
        raise UsageError(f"encoder {name!r} is offered twice, by {values}; uninstall one of the packages")
    try:
        return found[0].load()
    except AlccaError:
        raise
    except Exception as error:
        # Whatever an installed package raises when it is imported.
        raise UsageError(
            f"encoder {name!r} ({found[0].value}) cannot be imported: {error}; repair its package"
        ) from error


def named_encoders(
    written: str | E | Sequence[str | E] | Mapping[str, E] | None, make: Callable[[str | E], E]
) -> dict[str, E]:
    """Encoders by what was written of them; one that was made already by its name.

    Parameters
    ----------
    written : str, encoder, sequence of them, dict of name to encoder, or None
        A text is cut at its commas. None gives none.
    make : callable
        `audio_encoder` or `lyrics_encoder`.

    Raises
    ------
    UsageError
        As ``make``; none at all, or two of one name.

    Examples
    --------
    >>> list(named_encoders("mfcc,mfcc-stats", audio_encoder))
    ['mfcc', 'mfcc-stats']
    """
    if written is None or isinstance(written, Mapping):
        return dict(written or {})
    made: dict[str, E] = {}
    several = parse_encoders(written) if isinstance(written, str) else written
    for one in several if isinstance(several, Sequence) else [several]:
        name = one if isinstance(one, str) else one.name
        if name in made:
            raise UsageError(f"encoders: {name} is there twice; leave one out")
        made[name] = make(one)
    if not made:
        raise UsageError("encoders: expected at least one, got none")
    return made
