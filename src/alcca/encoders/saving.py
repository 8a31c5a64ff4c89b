"""An encoder on disk, without pickle, as a model is kept with what it reads."""

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
# Where our encoders are.
ROOMS = ("alcca.encoders",)


def check_keepable(encoder: AudioEncoder | LyricsEncoder) -> None:
    """Refuse an encoder that `load_encoder` could not make again; before a training, which takes long.

    Raises
    ------
    UsageError
        A class made inside of a function or a class, or in a script; settings that JSON has not.

    Examples
    --------
    >>> from alcca.encoders.tfidf import TfidfEncoder
    >>> check_keepable(TfidfEncoder())
    """
    wrong = check_findable(type(encoder))
    if wrong is not None:
        raise UsageError(wrong)
    try:
        json.dumps(encoder.settings)
    except (TypeError, ValueError) as error:
        raise UsageError(
            f"the encoder {encoder.name} cannot be kept: {error}; its settings must be numbers, texts and lists"
        ) from error


def names_to_trust(encoder: AudioEncoder | LyricsEncoder) -> set[str]:
    """What `load_encoder` will run code of for an encoder, but alcca's own; as `alcca.trust` takes it.

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
        One of ours; or another package's, of which are kept its settings, and, where it learns, its attributes, which
        must be numbers, texts, arrays, and lists, tuples and mappings of such.
    folder : path
        Made by this call.

    Raises
    ------
    LibraryError
        An attribute is something else; the message names it.

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

    Of a class of another package the constructor alone is called, with settings that JSON has, and only where the user
    trusts the package (`alcca.trust`); so is a network that another package loads, only where the user trusts it.

    Raises
    ------
    LibraryError
        There is none, it is damaged, its class may not or cannot be imported, or it is of another version now.
    MissingExtraError, UsageError
        As the encoder's constructor.
    """
    folder = Path(folder)
    kind, about = kept_class(folder / ABOUT, "class", "the encoder", ROOMS)
    if not issubclass(kind, AudioEncoder | LyricsEncoder):
        raise LibraryError(f"{folder}: {kind.__module__}.{kind.__qualname__} is no encoder; train again")
    encoder = making("the encoder", folder, lambda: _read(kind, folder / STATE))
    if encoder.version != about.get("version"):
        raise LibraryError(
            f"{folder}: was made by version {about.get('version')} of the encoder {about.get('name')}, which is "
            f"version {encoder.version} now and makes other numbers; train again, or bring that version back"
        )
    return encoder


def _read(kind: type[Encoder], folder: Path) -> Encoder:
    if is_ours(kind):
        return kind.load(folder)
    arrays, state = load_state(folder, kind.__name__)
    if issubclass(kind, Pretrained):
        check_trusted(kind.name, state["settings"], folder)
    made: Encoder = put_back(kind(**state["settings"]), unpack(state.get("learned", {}), arrays))
    return made
