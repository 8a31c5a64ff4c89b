"""Middleware: check the host, origin, token and size of every request, and add security headers to every response."""

import hashlib
import hmac
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from alcca.server.headers import HEADERS
from alcca.server.problems import problem

__all__ = ["COOKIE", "Guard", "SizeLimit", "cookie_of", "same_secret"]

COOKIE = "alcca"
# Sec-Fetch-Site of requests from a page of this server, or from an address typed by the user.
OWN_SITES = frozenset({"same-origin", "none"})


def same_secret(one: str, other: str) -> bool:
    """Compare two secrets in constant time."""
    return hmac.compare_digest(one.encode(errors="replace"), other.encode(errors="replace"))


def cookie_of(token: str) -> str:
    """Derive the login cookie from a token; the token cannot be recovered from it."""
    return hmac.new(token.encode(), b"alcca cookie", hashlib.sha256).hexdigest()


class Guard:
    """Refuse requests from other origins or without the token, and add security headers to each response.

    Pages of other origins may link to pages of this server, but may not send or load anything: they could not read a
    search or a recording, but loading it would put load on this machine. Browsers report the origin in ``Origin`` and
    ``Sec-Fetch-Site``; programs that send neither are accepted.

    Parameters
    ----------
    app : ASGI application
    token : str, optional
        Required with every request to the API, as ``Authorization: Bearer`` or as the cookie that /login sets.
    hosts : frozenset of str, optional
        Host names that the server answers to. This prevents DNS rebinding: a foreign page can make its own name point
        to this machine to read responses, but it cannot change the ``Host`` header that the browser sends.
    """

    def __init__(self, app: ASGIApp, token: str | None = None, hosts: frozenset[str] | None = None) -> None:
        self.app, self.token, self.hosts = app, token, hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check a request and pass it on, or refuse it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        request = Request(scope)
        refused = self._refusal(request)
        if refused is None:
            await self.app(scope, receive, send_safely)
            return
        status, detail = refused
        asks = {"WWW-Authenticate": "Bearer"} if status == 401 else {}
        await problem(request.url.path, status, detail, asks)(scope, receive, send_safely)

    def _refusal(self, request: Request) -> tuple[int, str] | None:
        host = _name(f"//{request.headers.get('host', '')}")
        if self.hosts is not None and host not in self.hosts:
            known = ", ".join(sorted(self.hosts))
            return 421, f"this server does not answer to the host name {host!r}; use one of: {known}"
        origin = request.headers.get("origin")
        foreign = origin is not None and origin.partition("://")[2] != request.headers.get("host")
        site = request.headers.get("sec-fetch-site", "none").strip().lower()
        if (foreign or site not in OWN_SITES) and not _follows_link(request):
            where = origin if foreign and origin else "another origin"
            return 403, f"pages of {where} may not load anything from this server or send anything to it"
        if self.token is not None and request.url.path.startswith("/api/") and not self._has_token(request, self.token):
            return 401, "a token is required: log in on the page, or send 'Authorization: Bearer TOKEN'"
        return None

    def _has_token(self, request: Request, token: str) -> bool:
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            return same_secret(given.strip(), token)
        return same_secret(request.cookies.get(COOKIE, ""), cookie_of(token))


def _follows_link(request: Request) -> bool:
    """Whether the request opens one of the pages by a link; not the API, and not in a frame."""
    return (
        request.method in ("GET", "HEAD")
        and not request.url.path.startswith("/api/")
        and "origin" not in request.headers
        and request.headers.get("sec-fetch-mode") == "navigate"
        and request.headers.get("sec-fetch-dest", "document") == "document"
    )


def _name(address: str) -> str:
    """The host of an address, without its port; "" if the address is invalid."""
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""


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
