"""Middleware: what a proxy tells of the client, and the path below which it makes the server available."""

import ipaddress
import posixpath
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from alcca.errors import UsageError
from alcca.server.names import HostPort, host_of

__all__ = ["LOOPBACK", "BehindProxy", "Outside", "Proxies", "check_root_path", "outside", "parse_address"]

LOOPBACK = ("127.0.0.1", "::1")
# The server's own paths. A root path that begins with one of them could not be told from it.
OWN_PATHS = frozenset({"api", "docs", "login", "openapi.json", "rest", "static"})
ROOT_PATH = re.compile(r"(/[A-Za-z0-9._~-]+)+")
# One element of a Forwarded header (RFC 7239, section 4), and one parameter of it.
ELEMENT = re.compile(r'(?:[^,"]|"(?:[^"\\]|\\.)*")+')
PARAMETER = re.compile(r'(?:^|;)\s*(for|host|proto)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;"]+))', re.IGNORECASE)
STATE = "alcca.outside"


@dataclass(frozen=True)
class Outside:
    """How the client addresses the server, as far as it is known.

    Attributes
    ----------
    hosts : tuple of HostPort
        The host that the client asked for. Several if a proxy has added one; all must be names of the server.
    scheme : str or None
        ``http`` or ``https``; None if a proxy may have changed it and does not say.
    port : int or None
        The port that the client asked for, if it is known though the host has none.
    client : str
        The client's address.
    """

    hosts: tuple[HostPort, ...]
    scheme: str | None = None
    port: int | None = None
    client: str = ""


def outside(scope: Scope) -> Outside:
    """Return how the client of a request addresses the server; `BehindProxy` has found it out."""
    found: Outside = scope[STATE]
    return found


class Proxies:
    """Addresses of the proxies whose headers are believed.

    Parameters
    ----------
    addresses : iterable of str
        Addresses, or networks such as ``172.16.0.0/12``.

    Raises
    ------
    UsageError
        If one is neither.

    Examples
    --------
    >>> proxies = Proxies(["127.0.0.1", "10.0.0.0/8"])
    >>> [proxies.trusts(address) for address in ("127.0.0.1", "::ffff:10.1.2.3", "192.0.2.1", "unknown")]
    [True, True, False, False]
    """

    def __init__(self, addresses: Iterable[str] = LOOPBACK) -> None:
        self._networks = [_network(address) for address in addresses]

    def trusts(self, address: str | None) -> bool:
        """Whether a proxy is at an address; None stands for the other end of a Unix socket, which is always trusted."""
        if address is None:
            return True
        found = parse_address(address)
        return found is not None and any(found in network for network in self._networks)

    def client(self, chain: Sequence[str]) -> str | None:
        """The client at the start of a chain of addresses, to which each proxy has appended that of its own client.

        Only what a trusted proxy has appended counts: the rest may be invented.
        """
        for hop in reversed(chain):
            address = _without_port(hop)
            if not self.trusts(address):
                return address
        return _without_port(chain[0]) if chain else None


def parse_address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Parse an IP address; None if it is none. An IPv4 address in IPv6 form becomes an IPv4 address."""
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    try:
        return ipaddress.ip_network(text.strip(), strict=False)
    except ValueError as error:
        raise UsageError(
            f"--trusted-proxy {text!r}: expected an address such as 192.0.2.7, or a network such as 172.16.0.0/12"
        ) from error


def _without_port(hop: str) -> str:
    hop = hop.strip().strip('"')
    if hop.startswith("["):
        return hop[1:].partition("]")[0]
    return hop.partition(":")[0] if hop.count(":") == 1 else hop


def check_root_path(text: str) -> str:
    """Normalise a root path: ``""``, or ``/path`` without a slash at its end.

    Raises
    ------
    UsageError
        If it is not a path, or begins like a path of the server.

    Examples
    --------
    >>> check_root_path("lyrics/"), check_root_path("/")
    ('/lyrics', '')
    """
    path = "/" + text.strip().strip("/")
    if path == "/":
        return ""
    segments = path.split("/")[1:]
    if not ROOT_PATH.fullmatch(path) or {".", ".."} & set(segments):
        raise UsageError(f"--root-path {text!r}: expected a path such as /lyrics, of letters, digits and . _ ~ -")
    if segments[0] in OWN_PATHS:
        raise UsageError(
            f"--root-path {text!r}: /{segments[0]} is a path of the server itself; choose another, such as /lyrics"
        )
    return path


class BehindProxy:
    """Find out how the client addresses the server: directly, or through a proxy that is trusted.

    Of a trusted proxy, ``X-Forwarded-For``, ``-Proto``, ``-Host``, ``-Port`` and ``-Prefix`` are read; or ``Forwarded``
    (RFC 7239), if there is none of them. The root path may be part of the path that arrives, or not: some proxies
    remove it.

    Parameters
    ----------
    app : ASGI application
    proxies : Proxies
    root_path : str
        As from `check_root_path`. If it is empty, ``X-Forwarded-Prefix`` of a trusted proxy says it.
    """

    def __init__(self, app: ASGIApp, proxies: Proxies, root_path: str = "") -> None:
        self.app, self.proxies, self.root_path = app, proxies, root_path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Add what is found out to the scope, and pass the request on."""
        if scope["type"] == "http":
            headers = Headers(scope=scope)
            client = scope["client"][0] if scope.get("client") else None
            root, told = self.root_path, _directly(scope, headers, client)
            if self.proxies.trusts(client):
                told = self._told(headers, told)
                root = root or _prefix(headers)
            scope = _below({**scope, STATE: told, "scheme": told.scheme or scope["scheme"]}, root)

        async def send_relative(message: Message) -> None:
            if message["type"] == "http.response.start" and 300 <= message["status"] < 400:
                headers = MutableHeaders(scope=message)
                if "location" in headers:
                    headers["location"] = _relative(scope["path"], headers["location"])
            await send(message)

        await self.app(scope, receive, send_relative)

    def _told(self, headers: Headers, direct: Outside) -> Outside:
        hosts, schemes = _list(headers, "x-forwarded-host"), _list(headers, "x-forwarded-proto")
        ports, chain = _list(headers, "x-forwarded-port"), _list(headers, "x-forwarded-for")
        if not (hosts or schemes or ports or chain):
            told = _forwarded(headers)
            hosts, schemes, chain = told["host"], told["proto"], told["for"]
        if not (hosts or schemes or ports or chain):
            return direct
        scheme = schemes[0].lower() if schemes and schemes[0].lower() in ("http", "https") else None
        port = int(ports[0]) if ports and re.fullmatch(r"\d{1,5}", ports[0]) else None
        # Host is checked too: a page that points its own name to this machine can invent every other header.
        places = (*(host_of(host) for host in hosts), *direct.hosts)
        client = self.proxies.client(chain) or direct.client
        return replace(direct, hosts=places, scheme=scheme, port=port, client=client)


def _directly(scope: Scope, headers: Headers, client: str | None) -> Outside:
    host = host_of(headers.get("host", ""))
    own_port = (scope.get("server") or (None, None))[1]
    # Without a port in its Host header, a browser means port 80. If the server has another, a proxy is between them.
    known = 80 if own_port == 80 else None
    return Outside((host,), None, known, client or "")


def _list(headers: Headers, name: str) -> list[str]:
    values = ",".join(headers.getlist(name)).split(",")
    return [value.strip() for value in values if value.strip()]


def _forwarded(headers: Headers) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {"for": [], "host": [], "proto": []}
    for element in ELEMENT.findall(",".join(headers.getlist("forwarded"))):
        for name, quoted, bare in PARAMETER.findall(element):
            found[name.lower()].append(bare or re.sub(r"\\(.)", r"\1", quoted))
    return found


def _prefix(headers: Headers) -> str:
    told = "/" + next(iter(_list(headers, "x-forwarded-prefix")), "").strip("/")
    return told if ROOT_PATH.fullmatch(told) and not {".", ".."} & set(told.split("/")) else ""


def _relative(path: str, location: str) -> str:
    """The address of a redirect, relative to the path of the request, whatever name and path the client sees.

    The framework redirects to addresses with the host of the request, of which a proxy may have changed each part.
    """
    parts = urlsplit(location)
    if not parts.netloc:
        return location
    folder, name = posixpath.split(parts.path)
    way = posixpath.relpath(folder, posixpath.dirname(path))
    return f"{way}/{name}" + (f"?{parts.query}" if parts.query else "")


def _below(scope: Scope, root: str) -> Scope:
    """Set the root path of a scope; ``path`` begins with it afterwards, as ASGI wants it."""
    path, raw = scope["path"], scope.get("raw_path") or b""
    is_there = path == root or path.startswith(f"{root}/")
    # /api/v1/songs below the root path /api: a proxy that tells such a prefix has removed it.
    if not is_there or root[1:].partition("/")[0] in OWN_PATHS:
        path, raw = root + path, root.encode() + raw
    return {**scope, "path": path, "raw_path": raw, "root_path": root}
