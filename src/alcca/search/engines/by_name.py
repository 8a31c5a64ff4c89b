"""The engines by the names that ``--index`` takes."""

from collections.abc import Callable
from typing import Any

from alcca.errors import UsageError
from alcca.search.engines.engine import Engine
from alcca.search.engines.exact import ExactEngine
from alcca.search.engines.ivf import CODES, Settings
from alcca.specification import Specification

__all__ = ["EXACT", "engine_named"]

EXACT = "exact"
EXPECTED = (
    "expected exact, faiss (with settings behind colons, as in faiss:codes=pq), milvus://HOST:PORT/COLLECTION, or "
    "milvus:FILE.db for a database in a file"
)


def engine_named(text: str) -> Engine:
    """Return the search engine that a text names.

    Parameters
    ----------
    text : str
        "exact"; "faiss", with settings of `Settings` behind colons; "milvus://host:port/collection", or
        "milvus:file.db" for the embedded Milvus Lite.

    Returns
    -------
    Engine
        It has not connected or read anything yet.

    Raises
    ------
    UsageError
        If it names no engine, or unknown settings.
    MissingExtraError
        If the packages of the engine are not installed.

    Examples
    --------
    >>> type(engine_named("exact")).__name__
    'ExactEngine'
    """
    name, _, rest = text.strip().partition(":")
    if name == EXACT and not rest:
        return ExactEngine()
    if name == "faiss":
        settings = _settings(text, rest)
        from alcca.search.engines.faiss import FaissEngine

        return FaissEngine(settings)
    if name == "milvus" or name == "milvus+https":
        from alcca.search.engines.milvus import MilvusEngine

        return MilvusEngine(text.strip())
    raise UsageError(f"--index is {text!r}; {EXPECTED}")


def _settings(text: str, written: str) -> Settings:
    """The settings behind the colons of ``faiss:name=value:name=value``."""
    read: dict[str, Callable[[str], Any]] = {"codes": str, "lists": int, "recall": float, "least": int}
    given: dict[str, Any] = {}
    _, others, settings_given = Specification.of(f"faiss:{written}")
    for name, value in {**dict.fromkeys(filter(None, others), ""), **settings_given}.items():
        if name not in read or name in others:
            raise UsageError(f"--index {text}: no setting {name!r}; there are {', '.join(f'{n}=…' for n in read)}")
        try:
            given[name] = read[name](value)
        except ValueError as error:
            raise UsageError(f"--index {text}: {name} is {value!r}; expected a number") from error
    settings = Settings(**given)
    if settings.codes not in CODES:
        raise UsageError(f"--index {text}: codes is {settings.codes!r}; expected {', '.join(CODES)}")
    if not (0 < settings.recall <= 1 and settings.lists >= 0 and settings.least >= 1):
        raise UsageError(f"--index {text}: expected recall above 0 and at most 1, lists from 0 on, and least from 1 on")
    return settings
