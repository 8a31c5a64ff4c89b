"""A search by a recording as Server-Sent Events: partial results as they become available."""

import asyncio
import logging
from collections.abc import AsyncIterator
from typing import Any

from fastapi import Request
from fastapi.responses import StreamingResponse
from pydantic import BaseModel
from starlette.types import Receive, Scope, Send

from alcca.server.clip_search import ClipSearch
from alcca.server.lanes import Lane
from alcca.server.problems import problem_of
from alcca.server.schemas import Heard
from alcca.server.search_schemas import SearchResult

__all__ = ["EVENT", "SearchEvents"]

log = logging.getLogger("alcca")

# Many proxies end a response after a minute without data.
SECONDS_BETWEEN_SIGNS = 15.0
# A comment, which clients skip.
SIGN = b": still searching\n\n"


def _described(name: str, model: str) -> dict[str, Any]:
    data = {"type": "string", "contentMediaType": "application/json"}
    schema = {"$ref": f"#/components/schemas/{model}"}
    return {
        "type": "object",
        "properties": {"event": {"const": name}, "data": {**data, "contentSchema": schema}},
        "required": ["event", "data"],
    }


# The schema of each event, in the form of OpenAPI 3.2.
EVENT: dict[str, Any] = {
    "oneOf": [
        _described("space", "SearchResult"),
        _described("words", "Heard"),
        _described("hits", "SearchResult"),
        _described("result", "SearchResult"),
        _described("problem", "Problem"),
    ]
}


class SearchEvents(StreamingResponse):
    """The events of a search. The search is closed at the end, or when the client disconnects.

    ``first`` is the result by audio alone. For the format, see HTML Living Standard, section 9.2. A comment every 15
    seconds keeps proxies from ending the response while nothing else is sent.
    """

    media_type = "text/event-stream"

    def __init__(self, request: Request, search: ClipSearch, lane: Lane, first: SearchResult) -> None:
        # Keep proxies from buffering the response until it is complete.
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        super().__init__(_with_signs(_events(request, search, lane, first)), headers=headers)
        self._search = search

    async def listen_for_disconnect(self, receive: Receive) -> None:
        """Wait until the client disconnects, then close the search."""
        await super().listen_for_disconnect(receive)
        self._search.close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the events."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._search.close()


async def _with_signs(events: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    coming = asyncio.ensure_future(anext(events, None))
    try:
        while True:
            await asyncio.wait([coming], timeout=SECONDS_BETWEEN_SIGNS)
            if not coming.done():
                yield SIGN
                continue
            event = coming.result()
            if event is None:
                return
            yield event
            coming = asyncio.ensure_future(anext(events, None))
    finally:
        coming.cancel()


async def _events(request: Request, search: ClipSearch, lane: Lane, first: SearchResult) -> AsyncIterator[bytes]:
    yield _event("space", first)
    try:
        # The transcribing thread puts a doubtful first pass into the queue; None marks the end of transcription.
        readings: asyncio.Queue[Heard | None] = asyncio.Queue()
        loop = asyncio.get_running_loop()
        listening = asyncio.ensure_future(
            lane.run(search.hear, lambda first: loop.call_soon_threadsafe(readings.put_nowait, first))
        )
        listening.add_done_callback(lambda _: readings.put_nowait(None))
        while (reading := await readings.get()) is not None:
            yield _event("words", reading)
        if (heard := await listening) is not None:
            yield _event("words", heard)
        if (hits := await lane.run(search.before_listening)) is not None:
            yield _event("hits", hits)
        yield _event("result", await lane.run(search.result))
    except Exception as error:
        problem = problem_of(request, error)
        if problem.status >= 500:
            log.exception("a search by a recording failed")
        yield _event("problem", problem)


def _event(name: str, data: BaseModel) -> bytes:
    # This JSON has no raw line breaks, so one data line holds all of it.
    return f"event: {name}\ndata: {data.model_dump_json()}\n\n".encode()
