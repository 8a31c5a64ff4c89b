"""The verb ``serve``: serve a library to browsers and programs."""

import contextlib
import ipaddress
import socket
import webbrowser
from pathlib import Path

from alcca.errors import MissingExtraError, NoLibraryError, UsageError
from alcca.search.engines.by_name import EXACT
from alcca.store.database import is_library

__all__ = ["MAX_UPLOAD", "serve"]

MAX_UPLOAD = 50 * 10**6
SECONDS_TO_FINISH = 5
# Connections that may wait to be accepted.
BACKLOG = 256


def serve(
    folder: Path,
    *,
    host: str = "127.0.0.1",
    port: int = 8000,
    token: str | None = None,
    api_only: bool = False,
    max_upload: int = MAX_UPLOAD,
    browse: bool = False,
    index: str = EXACT,
) -> None:
    """Print the address and serve the library in ``folder`` until the process is interrupted.

    Parameters
    ----------
    folder : path
        An existing library.
    host : str
        The address to bind. Any address other than the loopback requires a token.
    port : int
        0 picks a free port.
    token : str, optional
        Required to use the API and the page.
    api_only : bool
        Serve the API without the search page.
    max_upload : int
        Largest recording that is accepted, in bytes.
    browse : bool
        Open the page in this machine's browser.
    index : str
        The search index, as for `alcca.Library`.

    Raises
    ------
    MissingExtraError
        If the packages of the extra ``serve`` are not installed.
    UsageError
        If the address cannot be bound, or if it is not the loopback and there is no token.
    NoLibraryError
        If there is no library in ``folder``.
    """
    try:
        import torch
        import uvicorn

        from alcca.server.application import create_app
        from alcca.server.service import Service
    except ImportError as error:
        raise MissingExtraError(f"serving needs {error.name}; install it with: pip install 'alcca[serve]'") from error
    if not is_library(folder):
        raise NoLibraryError(f"{folder}: there is no library here; create one with alcca add FOLDER, then alcca train")
    local = _is_loopback(host)
    if not local and not token:
        raise UsageError(
            f"host {host} can be reached from other machines, which requires a token: --token SECRET, or $ALCCA_TOKEN"
        )
    if token is not None and not token.strip():
        raise UsageError("the token is empty; choose a long random one")
    with _listen(host, port) as listener, Service(folder, max_upload, index=index) as service:
        names = frozenset({"localhost", "127.0.0.1", "::1", host})
        app = create_app(service, api_only=api_only, token=token, hosts=names if local else None)
        # A query is too small for several threads, and concurrent queries have a thread each.
        torch.set_num_threads(1)
        shown = f"[{host}]" if ":" in host else host
        address = f"http://{shown}:{listener.getsockname()[1]}/" + ("docs" if api_only else "")
        print(f"Serving {folder} at {address} (Ctrl-C stops it)", flush=True)
        if browse:
            webbrowser.open(address)
        server = uvicorn.Server(
            uvicorn.Config(app, log_level="warning", access_log=False, timeout_graceful_shutdown=SECONDS_TO_FINISH)
        )
        # uvicorn shuts down on a signal, then raises it again; the command line turns it into KeyboardInterrupt.
        with contextlib.suppress(KeyboardInterrupt):
            server.run(sockets=[listener])


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _listen(host: str, port: int) -> socket.socket:
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
