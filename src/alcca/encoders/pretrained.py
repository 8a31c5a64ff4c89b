"""Networks that others have trained: which weights are meant, and the packages that run them.

The folder of such a network may name code that those packages run. So one that a library names is loaded only when the
user trusts it: who trains with it does (`alcca.persistence.trusted`).
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
    """An encoder with the weights of a model that has a name on the Hugging Face hub, or a folder.

    Its version is that of the weights. `save` writes the model's name and version, not the weights.

    Parameters
    ----------
    model : str
        A folder, or a name on the hub, which is asked for what its cache on this machine has not.

    Raises
    ------
    MissingExtraError
        The packages that run it are not installed.
    UsageError
        No such folder, and no such model on the hub, or the hub cannot be reached.
    """

    takes_argument: ClassVar[bool] = True
    # What runs the model, the extra that brings it, and a file that every model of the kind has.
    package: ClassVar[str]
    extra: ClassVar[str]
    file: ClassVar[str] = "config.json"

    def __init__(self, model: str) -> None:
        if find_spec(self.package) is None:
            raise MissingExtraError(
                f"the encoder {self.name} needs {self.package}; install it with: pip install 'alcca[{self.extra}]'"
            )
        folder = Path(model).expanduser()
        # What is kept shall find its model from another folder too.
        self.model = str(folder.absolute() if folder.is_dir() else model)
        self.version = model_version(self.model, self.file)

    @property
    def label(self) -> str:
        """Its name, and the model's: of a folder the last part alone, as where it lies is nobody's business."""
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
            The folder holds no such encoder, the user does not trust the model, or its weights are no longer the same.
        MissingExtraError, UsageError
            As the constructor.
        """
        state = load_state(folder, cls.__name__)[1]
        check_trusted(cls.name, state["settings"], folder)
        self = cls(**state["settings"])
        if self.version != state["version"]:
            raise LibraryError(
                f"{folder}: was saved with other weights of {self.model} (version {state['version']}, now "
                f"{self.version}); bring those back, or train again"
            )
        return self

    def __getstate__(self) -> dict[str, Any]:
        # Weights that were loaded are loaded again where they are needed.
        return {name: value for name, value in vars(self).items() if name != "_loaded"}


def check_trusted(encoder: str, settings: Mapping[str, Any], folder: Path | str) -> None:
    """Refuse a model that a file names, before anything of it is fetched or loaded, unless the user trusts it.

    Parameters
    ----------
    encoder : str
        The encoder's name.
    settings : mapping
        The encoder's, with ``model``.
    folder : path
        Where they were read.

    Raises
    ------
    LibraryError
    """
    name = f"{encoder}:{settings['model']}"
    if not is_trusted(name):
        shown = shlex.quote(name)
        raise LibraryError(
            f"{folder}: takes the model {settings['model']}, whose files may hold code, and it is loaded only when you "
            f"allow it; if you trust it, give the command once more with --trust {shown} (in Python: "
            f"alcca.trust({name!r})), or train again"
        )


def model_version(model: str, file: str) -> str:
    """Which weights a name or a folder means: a checksum of a folder's files, the revision of a model of the hub.

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
            raise UsageError(f"{model}: has no {file}; expected the folder of a model, as save_pretrained writes it")
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
            f"{model!r} is no folder, and no model could be got from the hub by that name ({reason}); name the folder "
            "of a model"
        ) from error
