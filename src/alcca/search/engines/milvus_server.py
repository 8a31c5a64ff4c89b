"""Access to a Milvus database: its address, collections of songs, and errors that name it."""

import contextlib
import json
import logging
import os
import re
import threading
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from alcca.errors import LibraryError, MissingExtraError, UsageError
from alcca.search.engines.engine import Numbers, rows_of
from alcca.search.filters import Chosen, Filter

__all__ = ["MOST", "PIECE", "Collection", "Server"]

# The most rows that Milvus returns at once; and rows sent or fetched at once, some megabytes where 64 are the limit.
MOST, PIECE = 16_384, 1_000
SECONDS_TO_CONNECT = 10.0
MAX_TAG_CHARACTERS = 1_024
# The prefix of collections in an embedded database, whose address names none.
COLLECTION = "alcca"
PLACE, NAME = r"[^/:\s]+:\d+|\[[^]]+\]:\d+", r"[A-Za-z_][A-Za-z0-9_]{0,99}"


class Server:
    """A connection to a Milvus database, opened when it is first needed. Thread-safe.

    Parameters
    ----------
    text : str
        "milvus://host:port/collection", "milvus+https://host:port/collection", or "milvus:file.db".

    Attributes
    ----------
    prefix : str
        Prefix of the names of collections.

    Raises
    ------
    UsageError
        If the text names no address.
    MissingExtraError
        If the extra ``milvus`` is not installed.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.uri, self.prefix = _address(text)
        try:
            import pymilvus

            if not self._remote:
                import milvus_lite  # noqa: F401
        except ImportError as error:
            raise MissingExtraError(
                f"the index {text} needs pymilvus and milvus-lite; install them with: pip install 'alcca[milvus]'"
            ) from error
        self._package, self._client, self._lock = pymilvus, None, threading.Lock()

    @property
    def _remote(self) -> bool:
        return "://" in self.uri

    def ask(self, verb: str, *arguments: Any, **named: Any) -> Any:
        """Call a method of pymilvus's client.

        Raises
        ------
        LibraryError
            If the database cannot be reached or refuses the call; the message names it.
        """
        with self.named_errors():
            return getattr(self.client, verb)(*arguments, **named)

    @property
    def client(self) -> Any:
        """The client of pymilvus; raises pymilvus's errors."""
        with self._lock:
            if self._client is None:
                # Pymilvus logs each error with its whole traceback before it raises it.
                logging.getLogger("pymilvus").setLevel(logging.CRITICAL)
                logging.getLogger("milvus_lite").setLevel(logging.CRITICAL)
                token = os.environ.get("ALCCA_MILVUS_TOKEN", "")
                self._client = self._package.MilvusClient(self.uri, token=token, timeout=SECONDS_TO_CONNECT)
            return self._client

    @contextlib.contextmanager
    def named_errors(self) -> Iterator[None]:
        """Turn errors of pymilvus into errors that name the database and what to do."""
        import grpc

        try:
            yield
        except (self._package.MilvusException, grpc.RpcError, OSError, ValueError) as error:
            message = getattr(error, "message", None) or str(error)
            if self._remote:
                todo = "see that it runs and can be reached from here"
            else:
                todo = "its folder must exist, and one process at a time can have it open"
            raise LibraryError(
                f"{self.text}: Milvus says: {message}; {todo}, or search without it (--index exact)"
            ) from error

    def close(self) -> None:
        """Close the connection; an embedded database is shut down."""
        with self._lock:
            client, self._client = self._client, None
        if client is None:
            return
        client.close()
        if not self._remote:
            from milvus_lite.server_manager import server_manager_instance

            server_manager_instance.release_server(self.uri)


class Collection:
    """Songs in a Milvus database, each with a checksum, a label, an artist and one more field.

    Parameters
    ----------
    server : Server
    name : str
        The name after the server's prefix.
    fields : function
        Adds the collection's own fields, of a given size, to a schema and its indexes.
    """

    def __init__(self, server: Server, name: str, fields: Callable[[Any, Any, int], None]) -> None:
        self.name, self._server, self._fields = f"{server.prefix}_{name}", server, fields
        self._there = False

    def ask(self, verb: str, **named: Any) -> Any:
        """Call a method of pymilvus's client for this collection; raises the errors of `Server.ask`."""
        return self._server.ask(verb, self.name, **named)

    def stamps(self) -> tuple[Numbers, Numbers]:
        """Ids, ascending, and checksums of its songs; empty if it does not exist yet."""
        self._there = bool(self.ask("has_collection"))
        rows: list[tuple[int, int]] = []
        if self._there:
            self.ask("load_collection")
            begin = 0
            # A range of this many ids never exceeds the limit of rows.
            while (page := self._between(begin, begin + MOST)) or self._more_from(begin):
                rows += page
                begin += MOST
        pairs = np.array(sorted(rows), dtype=np.int64).reshape(-1, 2)
        return np.ascontiguousarray(pairs[:, 0]), np.ascontiguousarray(pairs[:, 1])

    def _between(self, begin: int, end: int) -> list[tuple[int, int]]:
        where = f"song >= {begin} and song < {end}"
        found = self.ask("query", filter=where, output_fields=["song", "stamp"], consistency_level="Strong")
        return [(int(row["song"]), int(row["stamp"])) for row in found]

    def _more_from(self, begin: int) -> bool:
        found = self.ask("query", filter=f"song >= {begin}", output_fields=["count(*)"], consistency_level="Strong")
        return bool(found[0]["count(*)"])

    def make(self, size: int) -> None:
        """Create the collection if it does not exist."""
        if self._there:
            return
        from pymilvus import DataType

        with self._server.named_errors():
            client = self._server.client
            schema = client.create_schema(auto_id=False, enable_dynamic_field=False)
            schema.add_field("song", DataType.INT64, is_primary=True)
            schema.add_field("stamp", DataType.INT64)
            for tag in Filter._fields:
                schema.add_field(tag, DataType.VARCHAR, max_length=MAX_TAG_CHARACTERS, nullable=True)
            indexes = client.prepare_index_params()
            self._fields(schema, indexes, size)
            # Another server that started with the same library may have created it meanwhile.
            if not client.has_collection(self.name):
                client.create_collection(self.name, schema=schema, index_params=indexes, consistency_level="Session")
        self._there = True

    def put(
        self, ids: Numbers, stamps: Numbers, tags: Callable[[int], Filter], field: str, values: Sequence[Any]
    ) -> None:
        """Add or replace songs with the values of a field."""
        rows = []
        for song, stamp, value in zip(ids.tolist(), stamps.tolist(), values, strict=True):
            tagged = {tag: _tag(name) for tag, name in tags(song)._asdict().items()}
            rows.append({"song": song, "stamp": stamp, field: value, **tagged})
        if rows:
            self.ask("upsert", data=rows)

    def delete(self, ids: Numbers) -> None:
        """Remove songs."""
        for start in range(0, len(ids), PIECE):
            self.ask("delete", ids=ids[start : start + PIECE].tolist())

    def search(
        self, field: str, query: Any, count: int, among: frozenset[int] | None, fields: list[str], metric: str
    ) -> list[Any]:
        """Find at most ``count`` songs nearest to a query by a field, best first; none if there is no collection."""
        if not self._there:
            return []
        where = _expression(among)
        return list(
            self.ask(
                "search",
                data=[query],
                anns_field=field,
                limit=min(count, MOST),
                filter=where,
                output_fields=fields,
                search_params={"metric_type": metric},
            )[0]
        )

    @staticmethod
    def merged(kept: tuple[Numbers, Numbers], put: tuple[Numbers, Numbers], gone: Numbers) -> tuple[Numbers, Numbers]:
        """Ids and checksums after songs were added, replaced and removed."""
        stays = ~(rows_of(gone, kept[0])[1] | rows_of(put[0], kept[0])[1])
        ids = np.concatenate([kept[0][stays], put[0]])
        order = np.argsort(ids, kind="stable")
        return ids[order], np.concatenate([kept[1][stays], put[1]])[order]


def _address(text: str) -> tuple[str, str]:
    """Split into the address for pymilvus and the prefix of the collections' names."""
    scheme, _, rest = text.partition(":")
    if rest.startswith("//"):
        place, _, name = rest[2:].partition("/")
        if not re.fullmatch(PLACE, place) or not re.fullmatch(NAME, name):
            raise UsageError(
                f"--index is {text!r}; expected milvus://HOST:PORT/COLLECTION, as in milvus://localhost:19530/songs; "
                "the collection's name is of letters, digits and _"
            )
        return f"{'https' if scheme.endswith('https') else 'http'}://{place}", name
    if scheme != "milvus" or not rest.endswith(".db"):
        raise UsageError(f"--index is {text!r}; expected milvus://HOST:PORT/COLLECTION or milvus:FILE.db")
    return str(Path(rest).expanduser()), COLLECTION


def _tag(name: str | None) -> str | None:
    """Shorten a very long label or artist for Milvus; a checksum keeps it distinct."""
    if name is None or len(name.encode("utf-8", "replace")) <= MAX_TAG_CHARACTERS:
        return name
    return f"{name[: MAX_TAG_CHARACTERS // 8]}… {zlib.crc32(name.encode('utf-8', 'replace')):08x}"


def _expression(among: frozenset[int] | None) -> str:
    """The filter as a Milvus expression; empty if there are too many ids, which the caller then filters."""
    if among is None:
        return ""
    if isinstance(among, Chosen):
        return " and ".join(
            f"{tag} == {json.dumps(_tag(name), ensure_ascii=False)}"
            for tag, name in among.where._asdict().items()
            if name is not None
        )
    return f"song in {sorted(among)}" if len(among) <= MOST else ""
