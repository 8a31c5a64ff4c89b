"""The names under which a server is addressed: its own, and those that its owner allows."""

import ipaddress
import re
from collections.abc import Iterable
from typing import NamedTuple
from urllib.parse import urlsplit

from alcca.errors import UsageError

__all__ = ["Allowed", "HostNames", "HostPort", "host_of", "origin_of", "parse_allowed"]

LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
PORT_OF = {"http": 80, "https": 443}


class HostPort(NamedTuple):
    """A host and the port that was written with it; the host is "" if the text is invalid."""

    host: str
    port: int | None


class Allowed(NamedTuple):
    """A name that the owner allows: ``host`` may be ``*.example`` or ``*``; without a port, every port is meant."""

    host: str
    port: int | None


def host_of(text: str) -> HostPort:
    """Parse a ``Host`` header.

    Examples
    --------
    >>> host_of("Music.Example:8443"), host_of("[::1]")
    (HostPort(host='music.example', port=8443), HostPort(host='::1', port=None))
    >>> host_of("music.example/?")
    HostPort(host='', port=None)
    """
    try:
        parts = urlsplit(f"//{text}")
        if parts.netloc != text or "@" in text:
            return HostPort("", None)
        return HostPort((parts.hostname or "").rstrip("."), parts.port)
    except ValueError:
        return HostPort("", None)


def origin_of(text: str) -> tuple[str, HostPort] | None:
    """Parse an ``Origin`` header to scheme, host and port; None for ``null`` and all that is not a web page's origin.

    Examples
    --------
    >>> origin_of("https://music.example")
    ('https', HostPort(host='music.example', port=443))
    """
    scheme, separator, rest = text.strip().lower().partition("://")
    place = host_of(rest)
    if not separator or scheme not in PORT_OF or not place.host:
        return None
    return scheme, HostPort(place.host, PORT_OF[scheme] if place.port is None else place.port)


def parse_allowed(text: str) -> Allowed:
    """Parse a value of ``--allowed-host``.

    Raises
    ------
    UsageError
        If the text is not a host name.

    Examples
    --------
    >>> parse_allowed("music.example:8443"), parse_allowed("*.example")
    (Allowed(host='music.example', port=8443), Allowed(host='*.example', port=None))
    """
    wanted = f"--allowed-host {text!r}: expected a name such as music.example, music.example:8443 or *.example"
    if "/" in text:
        raise UsageError(f"{wanted}, without http:// and without a path")
    bare = text.strip()
    try:
        # A bare IPv6 address has colons, but no port.
        return Allowed(str(ipaddress.ip_address(bare.strip("[]"))), None)
    except ValueError:
        pass
    if bare == "*":
        return Allowed("*", None)
    wild, bare = ("*.", bare[2:]) if bare.startswith("*.") else ("", bare)
    try:
        # Browsers send international names in this form.
        host, port = host_of(bare.lower().encode("idna").decode() if not bare.isascii() else bare)
    except UnicodeError as error:
        raise UsageError(wanted) from error
    if not host or not (_is_address(host) or all(LABEL.fullmatch(label) for label in host.split("."))):
        raise UsageError(wanted)
    return Allowed(wild + host, port)


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


class HostNames:
    """The names to which a server answers.

    Parameters
    ----------
    own : iterable of str, optional
        Its own names. None: any name, unless ``allowed`` lists some.
    allowed : iterable of Allowed
        Further names.
    """

    def __init__(self, own: Iterable[str] | None = None, allowed: Iterable[Allowed] = ()) -> None:
        self.allowed = tuple(allowed)
        self.own = None if own is None else frozenset(own)

    def __str__(self) -> str:
        return ", ".join(sorted({*(self.own or ()), *(host for host, _ in self.allowed)}))

    def knows(self, host: str) -> bool:
        """Whether the server answers to a host name. An unknown name may be a page that points it to this machine."""
        if self.own is None:
            return True
        return host in self.own or any(_fits(host, one.host) for one in self.allowed)

    def allows(self, place: HostPort) -> bool:
        """Whether the owner allows this name with this port."""
        return any(_fits(place.host, one.host) and one.port in (None, place.port) for one in self.allowed)


def _fits(host: str, pattern: str) -> bool:
    return bool(host) and (pattern in ("*", host) or (pattern.startswith("*.") and host.endswith(pattern[1:])))
