"""HTTP connections that do not wait for a client without end.

uvicorn waits as long as a client likes: for the rest of its headers, for the rest of its body, and for it to read the
response. Some hundred clients that do so on purpose ("slowloris") would take all connections.
"""

import asyncio
import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from alcca.server.headers import HEADERS
from alcca.server.problems import problem

__all__ = ["MAX_CONNECTIONS", "LimitedProtocol", "server_of"]


# Fewer than the 1,024 files that a process may have open on most systems.
MAX_CONNECTIONS = 512
SECONDS_BETWEEN_LOOKS = 1.0
SECONDS_FOR_HEADERS = 20.0
# A body must bring this many bytes in each window; a telephone at the edge of its network manages ten times as much.
SECONDS_OF_A_WINDOW = 30.0
BYTES_OF_A_WINDOW = 30_000
# Without reading 48 kB, the least that uvicorn waits for. Players that pause longer open a new connection.
SECONDS_TO_READ = 60.0
# If all connections are taken, one that has waited this long for its client is closed in favour of a new one: first
# those without a request, whose headers a client sends at once.
SECONDS_BEFORE_EVICTION = {"headers": 1.0, "body": 10.0, "response": 10.0}
SECONDS_TO_TRY_AGAIN = 5
# Of the time that the server has to end, the part that responses have.
PART_OF_THE_END = 0.8


def server_of(app: ASGIApp, seconds_to_finish: int, **settings: Any) -> uvicorn.Server:
    """A server of an application on `LimitedProtocol`.

    When it is told to end, it cuts off the responses that it still sends after ``seconds_to_finish``. Further settings
    are as for `uvicorn.Config`.
    """
    return uvicorn.Server(
        uvicorn.Config(
            app,
            http=LimitedProtocol,
            log_level="warning",
            access_log=False,
            server_header=False,
            # `BehindProxy` reads them, and more of them.
            proxy_headers=False,
            timeout_graceful_shutdown=seconds_to_finish,
            **settings,
        )
    )


class LimitedProtocol(H11Protocol):
    """uvicorn's HTTP/1.1, with time limits for what the client does, and a limit to the number of connections.

    How long the server takes to respond is not limited here.
    """

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # TCP and Unix sockets alone
        """Accept a connection; make room for it, or refuse its requests."""
        super().connection_made(transport)
        self._received = 0
        self._enter("headers")
        self._look_again = self.loop.call_later(SECONDS_BETWEEN_LOOKS, self._look)
        if len(self.connections) > MAX_CONNECTIONS and not self._evict():
            self.app = _refuse

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop looking at the connection."""
        self._look_again.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Count what arrives."""
        self._received += len(data)
        super().data_received(data)

    def pause_writing(self) -> None:
        """The client does not read as fast as the server writes."""
        super().pause_writing()
        self._enter("response")

    def resume_writing(self) -> None:
        """The client has read most of what was written."""
        super().resume_writing()
        self._enter(self._waits_for())

    def shutdown(self) -> None:
        """The server ends: finish the response in some seconds, or leave the client."""
        super().shutdown()
        # Before uvicorn cancels the application, which then has no time to free what it holds.
        patience = PART_OF_THE_END * (self.config.timeout_graceful_shutdown or 0)
        self.loop.call_later(patience, self.transport.abort)

    def _should_upgrade(self) -> bool:
        # To nothing, and not worth the two lines in the log that uvicorn writes each time.
        return False

    def may_go(self) -> tuple[bool, float]:
        """How good a choice it is to close this connection for another one; the seconds are 0 if it must not go."""
        phase = self._waits_for()
        if phase is None or phase != self._phase:
            return False, 0.0
        seconds = self.loop.time() - self._since
        return phase == "headers", seconds if seconds >= SECONDS_BEFORE_EVICTION[phase] else 0.0

    def _waits_for(self) -> str | None:
        """What the client must do next; None if the server must do something."""
        if self.transport.get_write_buffer_size() and (self.flow.write_paused or self.transport.is_closing()):
            return "response"
        cycle = self.cycle
        if cycle is None or (cycle.response_complete and not cycle.more_body):
            return "headers"
        # While the application does not read, uvicorn may not either.
        if cycle.more_body and not self.flow.read_paused and not cycle.waiting_for_100_continue:
            return "body"
        return None

    def _enter(self, phase: str | None) -> None:
        self._phase, self._since, self._received_before = phase, self.loop.time(), self._received

    def _look(self) -> None:
        self._look_again = self.loop.call_later(SECONDS_BETWEEN_LOOKS, self._look)
        phase = self._waits_for()
        if phase != self._phase:
            self._enter(phase)
        seconds = self.loop.time() - self._since
        if phase == "headers" and seconds > SECONDS_FOR_HEADERS:
            self._time_out("the request's headers took too long")
        elif phase == "body" and seconds > SECONDS_OF_A_WINDOW:
            if self._received - self._received_before < BYTES_OF_A_WINDOW:
                self._time_out("the request's body came too slowly")
            self._enter(phase)
        elif phase == "response" and seconds > SECONDS_TO_READ:
            self.transport.abort()

    def _time_out(self, detail: str) -> None:
        begun = self._received > self._received_before if self._phase == "headers" else not self.cycle.response_started
        if begun:
            self.transport.write(_answer(408, detail))
        self._close()

    def _close(self) -> None:
        # With data that the client does not read, closing would wait for it again.
        if self.transport.get_write_buffer_size():
            self.transport.abort()
        else:
            self.transport.close()

    def _evict(self) -> bool:
        """Close the connection that has waited longest for its client; whether there was one."""
        others = [one for one in self.connections if isinstance(one, LimitedProtocol) and one.may_go()[1]]
        if not others:
            return False
        max(others, key=LimitedProtocol.may_go).transport.abort()
        return True


async def _refuse(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "http":
        headers = {**HEADERS, "Retry-After": str(SECONDS_TO_TRY_AGAIN), "Connection": "close"}
        await problem(scope["path"], 503, _TOO_MANY, headers)(scope, receive, send)


_TOO_MANY = f"too many connections; try again in {SECONDS_TO_TRY_AGAIN} s"


def _answer(status: int, detail: str) -> bytes:
    """A whole response, for a request of which too little has arrived to be passed on."""
    phrase = HTTPStatus(status).phrase
    body = json.dumps({"type": "about:blank", "title": phrase, "status": status, "detail": detail}).encode()
    headers: Mapping[str, object] = {
        "Content-Type": "application/problem+json", "Content-Length": len(body), "Connection": "close",
    }  # fmt: skip
    lines = [f"HTTP/1.1 {status} {phrase}", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
    return "\r\n".join(lines).encode() + body
