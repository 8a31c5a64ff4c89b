"""An encoder on disk, without pickle, as a model is kept with what it reads."""

import json
from pathlib import Path
from typing import Any

from alcca.encoders.encoder import AudioEncoder, Encoder, LyricsEncoder
from alcca.errors import LibraryError, UsageError
from alcca.models.stored import check_storable
from alcca.persistence import load_class

__all__ = ["check_keepable", "load_encoder", "save_encoder"]

ABOUT, STATE = "encoder.json", "state"


def check_keepable(encoder: AudioEncoder | LyricsEncoder) -> None:
    """Refuse an encoder that `load_encoder` could not make again; before a training, which takes long.

    Raises
    ------
    UsageError
        A class made inside of a function, or in a script; settings that JSON has not; one that learns and has no way
        of its own to keep what it has learned.

    Examples
    --------
    >>> from alcca.encoders.tfidf import TfidfEncoder
    >>> check_keepable(TfidfEncoder())
    """
    check_storable(encoder)
    try:
        json.dumps(encoder.settings)
    except (TypeError, ValueError) as error:
        raise UsageError(
            f"the encoder {encoder.name} cannot be kept: {error}; its settings must be numbers, texts and lists"
        ) from error
    if encoder.learns and type(encoder).save is Encoder.save:
        raise UsageError(
            f"the encoder {encoder.name} learns, and does not keep what it has learned; give its class save and load"
        )


def save_encoder(encoder: AudioEncoder | LyricsEncoder, folder: Path | str) -> None:
    """Write an encoder, with what it has learned, to ``folder``.

    Parameters
    ----------
    encoder : AudioEncoder or LyricsEncoder
    folder : path
        Made by this call.

    Examples
    --------
    >>> import tempfile
    >>> from alcca.encoders.tfidf import TfidfEncoder
    >>> folder = tempfile.mkdtemp() + "/lyrics"
    >>> save_encoder(TfidfEncoder(min_df=1).fit(["hello darkness"]), folder)
    >>> load_encoder(folder).encode(["darkness"]).tolist()
    [[1.0, 0.0]]
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    encoder.save(folder / STATE)
    kind = type(encoder)
    about = {"module": kind.__module__, "class": kind.__qualname__, "name": encoder.name, "version": encoder.version}
    (folder / ABOUT).write_text(json.dumps(about), encoding="utf-8")


def load_encoder(folder: Path | str) -> Any:
    """Read an encoder that `save_encoder` wrote.

    Raises
    ------
    LibraryError
        There is none, it is damaged, its class cannot be imported, or it is of another version now.
    MissingExtraError, UsageError
        As the encoder's constructor.
    """
    folder = Path(folder)
    kind, about = load_class(folder / ABOUT, "class", "the encoder")
    if not (isinstance(kind, type) and issubclass(kind, Encoder)):
        raise LibraryError(f"{folder}: {kind!r} is no encoder; train again")
    encoder = kind.load(folder / STATE)
    if encoder.version != about.get("version"):
        raise LibraryError(
            f"{folder}: was made by version {about.get('version')} of the encoder {about.get('name')}, which is "
            f"version {encoder.version} now and makes other numbers; train again, or bring that version back"
        )
    return encoder
