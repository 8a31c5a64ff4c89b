"""Saving and loading of encoders without pickle."""

import json
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from alcca.encoders.encoder import AudioEncoder, Encoder, LyricsEncoder
from alcca.encoders.pretrained import Pretrained, check_trusted
from alcca.errors import LibraryError, UsageError
from alcca.persistence.attributes import pack, put_back, unpack
from alcca.persistence.classes import check_findable, is_ours, keep_class, kept_class, making, package_of
from alcca.persistence.state import load_state, save_state

__all__ = ["check_keepable", "load_encoder", "names_to_trust", "save_encoder"]

ABOUT, STATE = "encoder.json", "state"
# The package of alcca's own encoders.
ROOMS = ("alcca.encoders",)


def check_keepable(encoder: AudioEncoder | LyricsEncoder) -> None:
    """Refuse an encoder that `load_encoder` could not restore, before a long training.

    Raises
    ------
    UsageError
        The class is defined in a function, in another class or in a script; or JSON cannot represent the settings.

    Examples
    --------
    >>> from alcca.encoders.tfidf import TfidfEncoder
    >>> check_keepable(TfidfEncoder())
    """
    check_findable(type(encoder))
    try:
        json.dumps(encoder.settings)
    except (TypeError, ValueError) as error:
        raise UsageError(
            f"the encoder {encoder.name} cannot be saved: {error}; its settings must be numbers, texts and lists"
        ) from error


def names_to_trust(encoder: AudioEncoder | LyricsEncoder) -> set[str]:
    """The names, for `alcca.trust`, of everything besides alcca whose code `load_encoder` runs for an encoder.

    Examples
    --------
    >>> from alcca.encoders.tfidf import TfidfEncoder
    >>> names_to_trust(TfidfEncoder())
    set()
    """
    kind = type(encoder)
    packages = set() if is_ours(kind) else {package_of(kind)}
    return packages | ({f"{encoder.name}:{encoder.model}"} if isinstance(encoder, Pretrained) else set())


def save_encoder(encoder: AudioEncoder | LyricsEncoder, folder: Path | str) -> None:
    """Write an encoder, with what it has learned, to ``folder``.

    Parameters
    ----------
    encoder : AudioEncoder or LyricsEncoder
        One of alcca; or one of another package, whose settings are saved and, if it learns, its attributes, which must
        be numbers, texts, arrays, and lists, tuples and mappings of these.
    folder : path
        Created by this call.

    Raises
    ------
    LibraryError
        An attribute has another type; the message names it.

    Examples
    --------
    >>> import tempfile
    >>> from alcca.encoders.tfidf import TfidfEncoder
    >>> folder = tempfile.mkdtemp() + "/lyrics"
    >>> save_encoder(TfidfEncoder(min_df=1).fit(["hello darkness"]), folder)
    >>> load_encoder(folder).encode(["darkness"]).tolist()
    [[1.0, 0.0]]
    """
    kind = type(encoder)

    def save(part: Path) -> None:
        if is_ours(kind):
            encoder.save(part / STATE)
            return
        arrays: dict[str, NDArray[Any]] = {}
        learned = pack(vars(encoder), kind, arrays) if encoder.learns else {}
        save_state(part / STATE, kind.__name__, arrays, {"settings": encoder.settings, "learned": learned})

    about = {"name": encoder.name, "version": encoder.version}
    keep_class(Path(folder), ABOUT, "class", kind, save, about)


def load_encoder(folder: Path | str) -> Any:
    """Read an encoder that `save_encoder` wrote.

    For a class of another package, only the constructor is called, with settings from JSON, and only if the user trusts
    the package (`alcca.trust`). A network that another package runs is loaded only if the user trusts the network.

    Raises
    ------
    LibraryError
        The encoder is missing or damaged, its class may not or cannot be imported, or it has another version now.
    MissingExtraError, UsageError
        As the encoder's constructor.
    """
    folder = Path(folder)
    kind, about = kept_class(folder / ABOUT, "class", "the encoder", ROOMS)
    if not issubclass(kind, AudioEncoder | LyricsEncoder):
        raise LibraryError(f"{folder}: {kind.__module__}.{kind.__qualname__} is not an encoder; train again")
    encoder = making("the encoder", folder, lambda: _read(kind, folder / STATE))
    if encoder.version != about.get("version"):
        raise LibraryError(
            f"{folder}: was made by version {about.get('version')} of the encoder {about.get('name')}, which now has "
            f"version {encoder.version} and gives other numbers; train again, or install that version"
        )
    return encoder


def _read(kind: type[Encoder], folder: Path) -> Encoder:
    if is_ours(kind):
        return kind.load(folder)
    arrays, state = load_state(folder, kind.__name__)
    if issubclass(kind, Pretrained):
        check_trusted(kind.name, state["settings"], folder)
    encoder: Encoder = put_back(kind(**state["settings"]), unpack(state.get("learned", {}), arrays))
    return encoder
