"""The verb ``serve``: open a library to a browser and to programs."""

import contextlib
import ipaddress
import socket
import webbrowser
from pathlib import Path

from alcca.errors import MissingExtraError, NoLibraryError, UsageError
from alcca.library.database import is_library
from alcca.library.engines.choosing import EXACT

__all__ = ["MAX_UPLOAD", "serve"]

MAX_UPLOAD = 50 * 10**6
SECONDS_TO_FINISH = 5
# Clients that may wait for their connection to be taken.
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
    """Serve the library in ``folder`` until the process is told to stop; print the address.

    Parameters
    ----------
    folder : path
        An existing library.
    host : str
        The address to listen at; every other than this machine's own loopback needs a token.
    port : int
        0 takes a free one.
    token : str, optional
        Asked of whoever uses the API or the page.
    api_only : bool
        Without the search page.
    max_upload : int
        Bytes that a recording may have.
    browse : bool
        Open the page in this machine's browser.
    index : str
        Where songs are searched, as of `alcca.Library`.

    Raises
    ------
    MissingExtraError
        The packages of the extra ``serve`` are not installed.
    UsageError
        An address that cannot be listened at; another address than the loopback without a token.
    NoLibraryError
        There is no library in ``folder``.
    """
    try:
        import torch
        import uvicorn

        from alcca.app.server.application import create_app
        from alcca.app.server.service import Service
    except ImportError as error:
        raise MissingExtraError(f"serving needs {error.name}; install it with: pip install 'alcca[serve]'") from error
    if not is_library(folder):
        raise NoLibraryError(f"{folder}: there is no library here; make one with alcca add FOLDER, then alcca train")
    local = _is_loopback(host)
    if not local and not token:
        raise UsageError(
            f"host {host} can be reached from other machines, so a token is needed: --token SECRET, or $ALCCA_TOKEN"
        )
    if token is not None and not token.strip():
        raise UsageError("the token is empty; choose a long random one")
    with _listen(host, port) as listener, Service(folder, max_upload, index=index) as service:
        names = frozenset({"localhost", "127.0.0.1", "::1", host})
        app = create_app(service, api_only=api_only, token=token, hosts=names if local else None)
        # One query has no work for several threads, and many queries have one each.
        torch.set_num_threads(1)
        shown = f"[{host}]" if ":" in host else host
        address = f"http://{shown}:{listener.getsockname()[1]}/" + ("docs" if api_only else "")
        print(f"Serving {folder} at {address} (Ctrl-C stops it)", flush=True)
        if browse:
            webbrowser.open(address)
        server = uvicorn.Server(
            uvicorn.Config(app, log_level="warning", access_log=False, timeout_graceful_shutdown=SECONDS_TO_FINISH)
        )
        # The server ends politely at a signal, then raises it again; the command line takes each for an interruption.
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
        # Without its protocol named, asyncio does not know it for TCP and lets each answer wait 40 ms for company.
        listener = socket.socket(family, kind, protocol or socket.IPPROTO_TCP)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(BACKLOG)
    except (OSError, OverflowError) as error:
        raise UsageError(f"cannot listen at {host}, port {port} ({error}); choose another --port or --host") from error
    return listener
