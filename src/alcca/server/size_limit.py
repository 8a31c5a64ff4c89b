"""Middleware: limit the size of request bodies."""

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from alcca.server.problems import problem

__all__ = ["SizeLimit"]


class SizeLimit:
    """Refuse request bodies above a size limit, by Content-Length if given, else while receiving.

    Parameters
    ----------
    app : ASGI application
    upload, other : int
        Size limits in bytes, of uploads (multipart forms) and of all other bodies.
    """

    def __init__(self, app: ASGIApp, upload: int, other: int) -> None:
        self.app, self.upload, self.other = app, upload, other

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on and count the bytes of its body."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        is_upload = headers.get("content-type", "").lower().startswith("multipart/")
        limit = self.upload if is_upload else self.other
        detail = f"the request is larger than the limit of {limit / 1e6:.0f} MB; send a shorter recording"
        announced = headers.get("content-length", "0")
        if announced.isdecimal() and int(announced) > limit:
            await problem(scope["path"], 413, detail)(scope, receive, send)
            return
        received = 0

        async def receive_limited() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > limit:
                raise HTTPException(413, detail)
            return message

        await self.app(scope, receive_limited, send)
