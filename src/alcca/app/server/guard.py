"""What every request passes: host, origin, token and size; and the headers that every response carries."""

import hashlib
import hmac
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from alcca.app.server.headers import HEADERS
from alcca.app.server.problems import problem

__all__ = ["COOKIE", "Guard", "SizeLimit", "cookie_of", "same_secret"]

COOKIE = "alcca"
# What a browser says of a request that comes from a page of this server, or from the person, who has typed the address.
OWN_SITES = frozenset({"same-origin", "none"})


def same_secret(one: str, other: str) -> bool:
    """Whether two secrets are equal, in a time that does not tell where they differ."""
    return hmac.compare_digest(one.encode(errors="replace"), other.encode(errors="replace"))


def cookie_of(token: str) -> str:
    """What a browser keeps for a token: something that proves it and does not give it away."""
    return hmac.new(token.encode(), b"alcca cookie", hashlib.sha256).hexdigest()


class Guard:
    """Turn away what has no business here, and give each response the headers that keep a browser safe.

    A page of another origin may lead a person to a page of this server by a link, and may do nothing else: neither send
    nor load, for what it loads (a search, a recording) it cannot read but makes this machine work. Browsers tell by
    ``Origin`` and ``Sec-Fetch-Site``; programs, which send neither, are let in.

    Parameters
    ----------
    app : ASGI application
    token : str, optional
        Asked of every request to the API, as ``Authorization: Bearer`` or as the cookie that /login gives.
    hosts : frozenset of str, optional
        The names that this server may be called by. A page elsewhere can let its own name point to this machine, and
        would then be allowed to read answers; it cannot change what the browser says it asked for.
    """

    def __init__(self, app: ASGIApp, token: str | None = None, hosts: frozenset[str] | None = None) -> None:
        self.app, self.token, self.hosts = app, token, hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check a request, then pass it on."""
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
            return 421, f"this server does not answer to the name {host!r}; it is called {known}"
        origin = request.headers.get("origin")
        foreign = origin is not None and origin.partition("://")[2] != request.headers.get("host")
        site = request.headers.get("sec-fetch-site", "none").strip().lower()
        if (foreign or site not in OWN_SITES) and not _follows_link(request):
            where = origin if foreign and origin else "another origin"
            return 403, f"a page of {where} may not load anything from this server, nor send anything to it"
        if self.token is not None and request.url.path.startswith("/api/") and not self._has_token(request, self.token):
            return 401, "a token is needed: log in on the page, or send it as 'Authorization: Bearer TOKEN'"
        return None

    def _has_token(self, request: Request, token: str) -> bool:
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            return same_secret(given.strip(), token)
        return same_secret(request.cookies.get(COOKIE, ""), cookie_of(token))


def _follows_link(request: Request) -> bool:
    """Whether a person goes to one of the pages; not to the API, and not in a frame."""
    return (
        request.method in ("GET", "HEAD")
        and not request.url.path.startswith("/api/")
        and "origin" not in request.headers
        and request.headers.get("sec-fetch-mode") == "navigate"
        and request.headers.get("sec-fetch-dest", "document") == "document"
    )


def _name(address: str) -> str:
    """The host of an address, without its port; "" for what is no address."""
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""


class SizeLimit:
    """Refuse a request body above a limit: by its announced length before a byte is read, else while it comes.

    Parameters
    ----------
    app : ASGI application
    upload, other : int
        Bytes that an upload (a multipart form) may have, and any other body.
    """

    def __init__(self, app: ASGIApp, upload: int, other: int) -> None:
        self.app, self.upload, self.other = app, upload, other

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, counting."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        is_upload = headers.get("content-type", "").lower().startswith("multipart/")
        limit = self.upload if is_upload else self.other
        detail = f"the request is larger than the {limit / 1e6:.0f} MB that this server takes; send a shorter recording"
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
