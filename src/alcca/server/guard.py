"""Middleware: check the host, origin and token of every request, and add security headers to every response."""

from collections.abc import Iterator

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from alcca.server.forwarding import Outside, outside
from alcca.server.headers import HEADERS
from alcca.server.names import HostNames, origin_of
from alcca.server.problems import problem
from alcca.server.token import COOKIE, GuessedTooOftenError, Token

__all__ = ["Guard"]

# Sec-Fetch-Site of requests from a page of this server, or from an address typed by the user.
OWN_SITES = frozenset({"same-origin", "none"})
Refusal = tuple[int, str, dict[str, str]]


class Guard:
    """Refuse requests from other origins or without the token, and add security headers to each response.

    Pages of other origins may link to pages of this server, but may not send or load anything: they could not read a
    search or a recording, but loading it would put load on this machine. Browsers report the origin in ``Origin`` and
    ``Sec-Fetch-Site``; programs that send neither are accepted.

    Parameters
    ----------
    app : ASGI application
    token : Token, optional
        Required with every request to the API, as ``Authorization: Bearer`` or as the cookie that /login sets.
    names : HostNames
        Host names that the server answers to. This prevents DNS rebinding: a foreign page can make its own name point
        to this machine to read responses, but it cannot change the ``Host`` header that the browser sends.
    """

    def __init__(self, app: ASGIApp, token: Token | None, names: HostNames) -> None:
        self.app, self.token, self.names = app, token, names

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

        refused = self._refusal(Request(scope))
        if refused is None:
            await self.app(scope, receive, send_safely)
            return
        status, detail, headers = refused
        await problem(scope["path"], status, detail, headers)(scope, receive, send_safely)

    def _refusal(self, request: Request) -> Refusal | None:
        seen = outside(request.scope)
        for host, _ in seen.hosts:
            if not self.names.knows(host):
                return 421, _unknown(host, self.names), {}
        origin = request.headers.get("origin")
        foreign = origin is not None and not self._is_own(origin, seen)
        site = request.headers.get("sec-fetch-site", "none").strip().lower()
        if (foreign or site not in OWN_SITES) and not _follows_link(request):
            return 403, _not_allowed(origin if foreign else None), {}
        if self.token is not None and _path(request).startswith("/api/"):
            return self._without_token(request, self.token, seen.client)
        return None

    def _is_own(self, origin: str, seen: Outside) -> bool:
        """Whether a page of this server has this origin, which is compared as far as the address outside is known.

        A proxy may remove the port from ``Host``, or replace the host by this server's address behind it.
        """
        found = origin_of(origin)
        if found is None:
            return False
        scheme, place = found
        if seen.scheme not in (None, scheme):
            return False
        return self.names.allows(place) or any(
            host.host == place.host and (host.port or seen.port or place.port) == place.port for host in seen.hosts
        )

    def _without_token(self, request: Request, token: Token, address: str) -> Refusal | None:
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        try:
            if scheme.lower() == "bearer":
                is_right = token.accepts(given.strip(), address)
            else:
                is_right = token.is_in(_cookies(request))
        except GuessedTooOftenError as error:
            return 429, str(error), {"Retry-After": str(error.seconds)}
        if is_right:
            return None
        detail = "a token is required: log in on the page, or send 'Authorization: Bearer TOKEN'"
        return 401, detail, {"WWW-Authenticate": "Bearer"}


def _unknown(host: str, names: HostNames) -> str:
    advice = f"start it with --allowed-host {host}, or " if host else ""
    return f"this server does not answer to the host name {host!r}; {advice}use one of: {names}"


def _not_allowed(origin: str | None) -> str:
    told = f"pages of {origin or 'another origin'} may not load anything from this server or send anything to it"
    found = origin and origin_of(origin)
    if not found:
        return told
    return (
        f"{told}; if a proxy makes it available there, start alcca serve with --allowed-host {found[1].host}, and let "
        "the proxy send Host, X-Forwarded-Proto and X-Forwarded-For (docs/serving.md has the lines for nginx)"
    )


def _path(request: Request) -> str:
    """The path of a request without the root path, as the router sees it."""
    path: str = request.scope["path"].removeprefix(request.scope["root_path"])
    return path


def _cookies(request: Request) -> Iterator[str]:
    for header in request.headers.getlist("cookie"):
        for part in header.split(";"):
            name, _, value = part.strip().partition("=")
            if name == COOKIE:
                yield value


def _follows_link(request: Request) -> bool:
    """Whether the request opens one of the pages by a link; not the API, and not in a frame."""
    return (
        request.method in ("GET", "HEAD")
        and not _path(request).startswith(("/api/", "/rest/"))
        and "origin" not in request.headers
        and request.headers.get("sec-fetch-mode") == "navigate"
        and request.headers.get("sec-fetch-dest", "document") == "document"
    )
