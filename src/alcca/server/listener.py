"""The socket on which a server listens: an address and port, or a Unix socket."""

import contextlib
import ipaddress
import socket
import stat
from collections.abc import Iterator
from pathlib import Path

from alcca.errors import UsageError

__all__ = ["is_loopback", "listen", "listen_at"]

# Connections that may wait to be accepted.
BACKLOG = 256


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach an address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def listen(host: str, port: int) -> socket.socket:
    """Bind an address.

    Raises
    ------
    UsageError
        If it cannot be bound.
    """
    try:
        family, kind, protocol, *_ = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        # Without an explicit protocol, asyncio does not set TCP_NODELAY, which delays each response by 40 ms.
        listener = socket.socket(family, kind, protocol or socket.IPPROTO_TCP)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(BACKLOG)
    except (OSError, OverflowError) as error:
        raise UsageError(f"cannot bind {host}, port {port} ({error}); choose another --port or --host") from error
    return listener


@contextlib.contextmanager
def listen_at(path: Path) -> Iterator[socket.socket]:
    """Bind a Unix socket, and remove it at the end. A socket that a killed server has left is replaced.

    Everyone who may enter its folder may connect, as with other servers: a proxy has another user than this process.

    Raises
    ------
    UsageError
        If it cannot be bound.
    """
    if not hasattr(socket, "AF_UNIX"):
        raise UsageError("--uds: this system has no Unix sockets; give --host and --port")
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        try:
            _remove_left_over(path)
            listener.bind(str(path))
            path.chmod(0o666)
            listener.listen(BACKLOG)
        except OSError as error:
            raise UsageError(f"--uds {path}: cannot be bound ({error.strerror or error})") from error
        made = path.stat().st_ino
        try:
            yield listener
        finally:
            with contextlib.suppress(OSError):
                if path.stat().st_ino == made:
                    path.unlink()
    finally:
        listener.close()


def _remove_left_over(path: Path) -> None:
    try:
        if not stat.S_ISSOCK(path.lstat().st_mode):
            raise UsageError(f"--uds {path}: there is a file that is no socket; give another path")
    except FileNotFoundError:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1)
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            path.unlink()
            return
    raise UsageError(f"--uds {path}: another server listens there; stop it, or give another path")
