"""Encoders by name: built-in ones, and those that other packages provide as entry points.

A package provides an encoder in its pyproject.toml, as a class (or a function) that creates one::

    [project.entry-points."alcca.audio_encoders"]
    my-net = "my_package:MyNetEncoder"

The group of lyrics encoders is ``alcca.lyrics_encoders``.
"""

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from importlib.metadata import entry_points
from typing import Any, TypeVar

from alcca.encoders.encoder import AudioEncoder, Encoder, LyricsEncoder
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
# Imported on demand.
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
    """The names of all audio encoders, built-in ones first.

    Examples
    --------
    >>> audio_encoder_names()[:3]
    ['mfcc', 'mfcc-stats', 'descriptors']
    """
    return _names(AUDIO)


def lyrics_encoder_names() -> list[str]:
    """The names of all lyrics encoders, built-in ones first.

    Examples
    --------
    >>> lyrics_encoder_names()[:2]
    ['doc2vec', 'tfidf']
    """
    return _names(LYRICS)


def audio_encoder(written: str | AudioEncoder) -> AudioEncoder:
    """Create an audio encoder by name.

    Parameters
    ----------
    written : str or AudioEncoder
        A name, with settings after colons; an encoder is returned unchanged. A text after a colon that is no setting
        is the encoder's first argument, such as a model's folder.

    Raises
    ------
    UsageError
        The name or a setting is unknown, two packages provide the name, or its package cannot be imported.

    Examples
    --------
    >>> audio_encoder("mfcc-stats").shape
    (80,)
    """
    if isinstance(written, AudioEncoder):
        return written
    encoder: AudioEncoder = _make(AUDIO, AudioEncoder, written)
    return encoder


def lyrics_encoder(written: str | LyricsEncoder) -> LyricsEncoder:
    """Create a lyrics encoder by name; otherwise as `audio_encoder`.

    Examples
    --------
    >>> lyrics_encoder("tfidf:max_features=500")
    TfidfEncoder(max_features=500, min_df=2)
    """
    if isinstance(written, LyricsEncoder):
        return written
    encoder: LyricsEncoder = _make(LYRICS, LyricsEncoder, written)
    return encoder


def parse_encoders(text: str) -> list[str]:
    """Split a comma-separated list of encoders.

    Raises
    ------
    UsageError
        The list is empty, or contains an encoder twice.

    Examples
    --------
    >>> parse_encoders("mfcc, mfcc-stats")
    ['mfcc', 'mfcc-stats']
    """
    names = [part.strip() for part in text.split(",") if part.strip()]
    if not names or len(set(names)) < len(names):
        raise UsageError(f"encoders: expected one or more different names, separated by commas, got {text!r}")
    return names


def _names(group: str) -> list[str]:
    provided = {entry.name for entry in entry_points(group=group)}
    return [*BUILT_IN[group], *sorted(provided - set(BUILT_IN[group]))]


def _make(group: str, kind: type[Any], written: str) -> Any:
    name, arguments, texts = Specification.of(written)
    settings = {key: value_of(text) for key, text in texts.items()}
    # A path may contain colons itself.
    argument = [":".join(arguments)] if arguments else []
    make = _maker(group, name)
    if argument and not getattr(make, "takes_argument", False):
        raise UsageError(f"encoder {written!r}: expected {name}:setting=value, got {argument[0]!r} after the colon")
    try:
        encoder = make(*argument, **settings)
    except TypeError as error:
        raise UsageError(f"encoder {written!r}: {error}; correct the settings after the colon") from error
    if not isinstance(encoder, kind):
        raise UsageError(f"encoder {name!r} made a {type(encoder).__name__}; expected an {kind.__name__}")
    return encoder


def _maker(group: str, name: str) -> Any:
    if name in BUILT_IN[group]:
        module, _, attribute = BUILT_IN[group][name].partition(":")
        return getattr(import_module(module), attribute)
    entries = list(entry_points(group=group, name=name))
    if not entries:
        other = LYRICS if group == AUDIO else AUDIO
        kind = "a lyrics" if group == AUDIO else "an audio"
        hint = f"; {name} is {kind} encoder" if name in _names(other) else ""
        side = "audio" if group == AUDIO else "lyrics"
        raise UsageError(f"{side} encoder {name!r} is unknown{hint}; expected one of {', '.join(_names(group))}")
    if len({entry.value for entry in entries}) > 1:
        values = " and ".join(sorted(entry.value for entry in entries))
        raise UsageError(f"encoder {name!r} is provided twice, by {values}; uninstall one of the packages")
    try:
        return entries[0].load()
    except AlccaError:
        raise
    except Exception as error:
        # An installed package can raise anything when it is imported.
        raise UsageError(
            f"encoder {name!r} ({entries[0].value}) cannot be imported: {error}; repair its package"
        ) from error


def named_encoders(
    written: str | E | Sequence[str | E] | Mapping[str, E] | None, make: Callable[[str | E], E]
) -> dict[str, E]:
    """Create encoders, by their texts; an encoder object is listed by its name.

    Parameters
    ----------
    written : str, encoder, sequence of them, dict of name to encoder, or None
        A text is split at its commas. None gives no encoders.
    make : callable
        `audio_encoder` or `lyrics_encoder`.

    Raises
    ------
    UsageError
        As ``make``; or there are no encoders, or two of the same name.

    Examples
    --------
    >>> list(named_encoders("mfcc,mfcc-stats", audio_encoder))
    ['mfcc', 'mfcc-stats']
    """
    if written is None:
        return {}
    if isinstance(written, Mapping):
        for encoder in written.values():
            _check_kind(encoder)
        return {str(name): encoder for name, encoder in written.items()}
    encoders: dict[str, E] = {}
    listed = parse_encoders(written) if isinstance(written, str) else written
    for item in listed if isinstance(listed, Sequence) else [listed]:
        if not isinstance(item, str):
            _check_kind(item)
        name = item if isinstance(item, str) else item.name
        if name in encoders:
            raise UsageError(f"encoders: {name} is listed twice; remove one")
        encoders[name] = make(item)
    if not encoders:
        raise UsageError("encoders: expected at least one, got none")
    return encoders


def _check_kind(item: object) -> None:
    if not isinstance(item, Encoder):
        raise UsageError(f"encoders: expected names or encoders, got {type(item).__name__}: {item!r}")
