"""What a file that describes a comparison may run and reach: nothing of others without the user's permission.

A report contains such a file, so it may come from anyone. It can name classes of other packages, networks, clusters (to
which Python objects are sent, and from which they come), and servers that losses are sent to.
"""

import shlex
from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from alcca.encoders.registry import BUILT_IN
from alcca.errors import UsageError
from alcca.experiments.described_methods import CLASS
from alcca.persistence.trusted import is_trusted

__all__ = ["check_description", "names_to_trust"]

# Loggers that may send losses to a server.
SENDING_LOGS = ("mlflow", "wandb")


def check_description(path: Path, described: Mapping[str, Any]) -> None:
    """Refuse a description that names code or addresses that the user does not trust.

    Parameters
    ----------
    path : path
        The file.
    described : mapping
        What is used of it, by the keys of `alcca.experiments.comparison_file`.

    Raises
    ------
    UsageError
        The message names what is to be trusted, and how.
    """
    untrusted = [name for name in names_to_trust(described) if not is_trusted(name)]
    if untrusted:
        options = " ".join(f"--trust {shlex.quote(name)}" for name in untrusted)
        raise UsageError(
            f"{path}: names {', '.join(untrusted)}, which runs code of others or connects to them only with your "
            f"permission; if you trust it, run the command again with {options}"
        )


def names_to_trust(described: Mapping[str, Any]) -> list[str]:
    """The names, for `alcca.trust`, of everything besides alcca that a description runs or connects to.

    Examples
    --------
    >>> names_to_trust({"methods": ["cca:ridge=1.5", "fused:cca_zoo.linear.CCA"], "cluster": "tcp://host:8786"})
    ['cca_zoo', 'cluster:tcp://host:8786']
    """
    names = [
        *_packages(described.get("methods") or ()),
        *_of_encoders("alcca.audio_encoders", described.get("audio_encoders") or ()),
        *_of_encoders("alcca.lyrics_encoders", described.get("lyrics_encoders") or ()),
        *(log for log in described.get("log") or () if log.partition(":")[0] in SENDING_LOGS and ":" in log),
    ]
    if described.get("cluster"):
        names.append(f"cluster:{described['cluster']}")
    return sorted(set(names) - {"alcca"})


def _packages(methods: Iterable[str] | Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    texts = (
        [str(table.get(CLASS, name)) for name, table in methods.items()] if isinstance(methods, Mapping) else methods
    )
    for text in texts:
        for part in text.split(":"):
            # A setting's value may have a point too.
            if "=" not in part and "." in part:
                yield part.strip().partition(".")[0]


def _of_encoders(group: str, encoders: Iterable[str]) -> Iterator[str]:
    for text in encoders:
        name, _, argument = text.partition(":")
        if name in BUILT_IN[group]:
            if argument and "=" not in argument.partition(":")[0]:
                yield text
        else:
            yield from (
                entry.value.partition(":")[0].partition(".")[0] for entry in entry_points(group=group, name=name)
            )
