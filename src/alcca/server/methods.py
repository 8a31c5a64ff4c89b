"""Middleware: answer HEAD wherever GET is answered, with the same headers; and the methods that a path takes."""

from collections.abc import Mapping

import anyio
import anyio.lowlevel
from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["AnswerHead", "allowed"]

# Ranges are defined for GET alone (RFC 9110, section 14.2), and conditions decide about a body that HEAD does not have.
NOT_FOR_HEAD = frozenset({b"range", b"if-range"})


class AnswerHead:
    """Answer HEAD as GET, without the body. Players ask so for the length and type of a recording."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on; stop the application as soon as it has sent the headers."""
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self.app(scope, receive, send)
            return
        headers = [(name, value) for name, value in scope["headers"] if name.lower() not in NOT_FOR_HEAD]
        with anyio.CancelScope() as rest:

            async def send_headers(message: Message) -> None:
                if message["type"] == "http.response.start":
                    await send(message)
                else:
                    await send({"type": "http.response.body", "body": b"", "more_body": False})
                    rest.cancel()
                    # Where the application is stopped.
                    await anyio.lowlevel.checkpoint()

            await self.app({**scope, "method": "GET", "headers": headers}, receive, send_headers)


def allowed(headers: Mapping[str, str] | None) -> str:
    """The methods that a path takes, from the header ``Allow`` of the router's refusal of another one."""
    methods = {method.strip() for method in (headers or {}).get("Allow", "").split(",")} - {""}
    return ", ".join(sorted(methods | {"OPTIONS"} | ({"HEAD"} if "GET" in methods else set())))
