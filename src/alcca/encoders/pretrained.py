"""Encoders with pretrained networks: the version of their weights, and the packages that run them.

The folder of such a network may contain code that those packages run. So a network that a library names is loaded only
if the user trusts it; training with a network counts as trust (`alcca.persistence.trusted`).
"""

import hashlib
import shlex
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any, ClassVar, Self

from alcca.encoders.encoder import Encoder
from alcca.errors import LibraryError, MissingExtraError, UsageError
from alcca.persistence import load_state, save_state
from alcca.persistence.trusted import is_trusted

__all__ = ["Pretrained", "check_trusted", "model_version"]


class Pretrained(Encoder):
    """An encoder with the weights of a model from the Hugging Face hub, or from a folder.

    Its version is that of the weights. `save` writes the model's name and version, not the weights.

    Parameters
    ----------
    model : str
        A folder, or a name on the hub; files that are not in the hub's cache on this machine are downloaded.

    Raises
    ------
    MissingExtraError
        The packages that run it are not installed.
    UsageError
        There is no such folder and no such model on the hub, or the hub cannot be reached.
    """

    takes_argument: ClassVar[bool] = True
    # The package that runs the model, the extra that installs it, and a file that every such model has.
    package: ClassVar[str]
    extra: ClassVar[str]
    file: ClassVar[str] = "config.json"

    def __init__(self, model: str) -> None:
        if find_spec(self.package) is None:
            raise MissingExtraError(
                f"the encoder {self.name} needs {self.package}; install it with: pip install 'alcca[{self.extra}]'"
            )
        folder = Path(model).expanduser()
        # Absolute, so that a saved encoder finds its model from any current folder.
        self.model = str(folder.absolute() if folder.is_dir() else model)
        self.version = model_version(self.model, self.file)

    @property
    def label(self) -> str:
        """The encoder's and the model's name; for a folder only its last part, to keep the path private."""
        folder = Path(self.model)
        return f"{self.name}:{folder.name if folder.is_absolute() else self.model}"

    def save(self, folder: Path | str) -> None:
        """Write the model's name, or folder, and its version."""
        save_state(folder, type(self).__name__, {}, {"settings": self.settings, "version": self.version})

    @classmethod
    def load(cls, folder: Path | str) -> Self:
        """Read what `save` wrote.

        Raises
        ------
        LibraryError
            The folder holds no such encoder, the user does not trust the model, or its weights have changed.
        MissingExtraError, UsageError
            As the constructor.
        """
        state = load_state(folder, cls.__name__)[1]
        check_trusted(cls.name, state["settings"], folder)
        self = cls(**state["settings"])
        if self.version != state["version"]:
            raise LibraryError(
                f"{folder}: was saved with other weights of {self.model} (version {state['version']}, now "
                f"{self.version}); restore those, or train again"
            )
        return self

    def __getstate__(self) -> dict[str, Any]:
        # Loaded weights are not pickled; they are loaded again where they are needed.
        return {name: value for name, value in vars(self).items() if name != "_loaded"}


def check_trusted(encoder: str, settings: Mapping[str, Any], folder: Path | str) -> None:
    """Refuse a model named in a file unless the user trusts it, before anything of it is downloaded or loaded.

    Parameters
    ----------
    encoder : str
        The encoder's name.
    settings : mapping
        The encoder's settings, with ``model``.
    folder : path
        The folder that they were read from.

    Raises
    ------
    LibraryError
        The user does not trust the model.
    """
    name = f"{encoder}:{settings['model']}"
    if not is_trusted(name):
        shown = shlex.quote(name)
        raise LibraryError(
            f"{folder}: uses the model {settings['model']}, whose files may contain code, and needs your "
            f"permission to load it; if you trust it, run the command again with --trust {shown} (in Python: "
            f"alcca.trust({name!r})), or train again"
        )


def model_version(model: str, file: str) -> str:
    """The version of a model's weights: a checksum of a folder's files, or the revision of a model on the hub.

    Parameters
    ----------
    model : str
        A folder, or a name on the hub.
    file : str
        A small file that the model has.

    Raises
    ------
    UsageError
        There is no such model.
    """
    folder = Path(model).expanduser()
    if folder.is_dir():
        if not (folder / file).is_file():
            raise UsageError(f"{model}: has no {file}; expected the folder of a model, as written by save_pretrained")
        digest = hashlib.blake2b(digest_size=8)
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            digest.update(path.relative_to(folder).as_posix().encode() + b"\0")
            with path.open("rb") as opened:
                digest.update(hashlib.file_digest(opened, "blake2b").digest())
        return digest.hexdigest()
    from huggingface_hub import hf_hub_download

    try:
        # …/snapshots/REVISION/config.json
        return Path(hf_hub_download(model, file)).parent.name
    except Exception as error:
        # The hub's client raises whatever its network stack raises.
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise UsageError(
            f"{model!r} is not a folder, and no model of that name could be downloaded from the hub ({reason}); give "
            "the folder of a model"
        ) from error
