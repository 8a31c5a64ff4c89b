"""A search by a recording as Server-Sent Events: what is found, while it is found."""

import asyncio
import logging
from collections.abc import AsyncIterator
from typing import Any

from fastapi import Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse
from pydantic import BaseModel
from starlette.types import Receive, Scope, Send

from alcca.app.server.clip_search import ClipSearch
from alcca.app.server.problems import problem_of
from alcca.app.server.schemas import Heard
from alcca.app.server.search_schemas import SearchResult

__all__ = ["EVENT", "SearchEvents"]

log = logging.getLogger("alcca")


def _described(name: str, model: str) -> dict[str, Any]:
    data = {"type": "string", "contentMediaType": "application/json"}
    schema = {"$ref": f"#/components/schemas/{model}"}
    return {
        "type": "object",
        "properties": {"event": {"const": name}, "data": {**data, "contentSchema": schema}},
        "required": ["event", "data"],
    }


# What the OpenAPI description says of each event, as OpenAPI 3.2 does.
EVENT: dict[str, Any] = {
    "oneOf": [
        _described("space", "SearchResult"),
        _described("words", "Heard"),
        _described("result", "SearchResult"),
        _described("problem", "Problem"),
    ]
}


class SearchEvents(StreamingResponse):
    """The events of a search, whose first result is there already; it is closed at the end, or when its asker goes.

    See HTML Living Standard, section 9.2, for the format.
    """

    media_type = "text/event-stream"

    def __init__(self, request: Request, search: ClipSearch, first: SearchResult) -> None:
        # Proxies that keep an answer until it is whole would make a stream pointless.
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        super().__init__(_events(request, search, first), headers=headers)
        self._search = search

    async def listen_for_disconnect(self, receive: Receive) -> None:
        """Wait until whoever asked is gone, and free their place."""
        await super().listen_for_disconnect(receive)
        self._search.close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the events."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._search.close()


async def _events(request: Request, search: ClipSearch, first: SearchResult) -> AsyncIterator[bytes]:
    yield _event("space", first)
    try:
        # What a first reading says comes from the thread that listens, the end of listening is None.
        readings: asyncio.Queue[Heard | None] = asyncio.Queue()
        loop = asyncio.get_running_loop()
        listening = asyncio.ensure_future(
            run_in_threadpool(search.hear, lambda first: loop.call_soon_threadsafe(readings.put_nowait, first))
        )
        listening.add_done_callback(lambda _: readings.put_nowait(None))
        while (reading := await readings.get()) is not None:
            yield _event("words", reading)
        if (heard := await listening) is not None:
            yield _event("words", heard)
        yield _event("result", await run_in_threadpool(search.result))
    except Exception as error:
        told = problem_of(request, error)
        if told.status >= 500:
            log.exception("a search by a recording failed")
        yield _event("problem", told)


def _event(name: str, data: BaseModel) -> bytes:
    # JSON has no line breaks outside of its escapes, so one line of data holds all of it.
    return f"event: {name}\ndata: {data.model_dump_json()}\n\n".encode()
