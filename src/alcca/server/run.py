"""The verb ``serve``: serve a library to browsers and programs."""

import contextlib
import webbrowser
from collections.abc import Sequence
from pathlib import Path

from alcca.errors import MissingExtraError, NoLibraryError, UsageError
from alcca.search.engines.by_name import EXACT
from alcca.server.listener import is_loopback, listen, listen_at
from alcca.store.database import is_library

__all__ = ["MAX_UPLOAD", "serve"]

MAX_UPLOAD = 50 * 10**6
SECONDS_TO_FINISH = 5
LOCAL_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})


def serve(
    folder: Path,
    *,
    host: str = "127.0.0.1",
    port: int = 8000,
    uds: Path | None = None,
    token: str | None = None,
    allowed_hosts: Sequence[str] = (),
    root_path: str = "",
    trusted_proxies: Sequence[str] | None = None,
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
    uds : path, optional
        A Unix socket to bind instead of an address.
    token : str, optional
        Required to use the API and the page.
    allowed_hosts : sequence of str
        Names under which a proxy makes the server available: ``music.example``, ``music.example:8443``, ``*.example``.
    root_path : str
        The path below which a proxy makes the server available, such as ``/lyrics``.
    trusted_proxies : sequence of str, optional
        Addresses or networks of the proxies whose ``X-Forwarded-*`` headers are believed. Default: the loopback.
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
        If the address cannot be bound, if it is not the loopback and there is no token, or if a name, path or address
        is none.
    NoLibraryError
        If there is no library in ``folder``.
    """
    try:
        import torch

        from alcca.server.application import check_access_from_outside, create_app
        from alcca.server.connections import server_of
        from alcca.server.forwarding import LOOPBACK, check_root_path
        from alcca.server.service import Service
    except ImportError as error:
        raise MissingExtraError(f"serving needs {error.name}; install it with: pip install 'alcca[serve]'") from error
    if not is_library(folder):
        raise NoLibraryError(f"{folder}: there is no library here; create one with alcca add FOLDER, then alcca train")
    local = uds is not None or is_loopback(host)
    _check_access(host, local, token, allowed_hosts)
    proxies = LOOPBACK if trusted_proxies is None else trusted_proxies
    # Before the library is opened, which may take seconds.
    check_access_from_outside(allowed_hosts, proxies, root_path)
    with contextlib.ExitStack() as opened:
        listener = opened.enter_context(listen(host, port) if uds is None else listen_at(uds))
        service = opened.enter_context(Service(folder, max_upload, index=index))
        app = create_app(
            service,
            api_only=api_only,
            token=token,
            # A server that other machines reach has names that it does not know, unless its owner lists them.
            hosts=LOCAL_NAMES | {host.lower()} if local or allowed_hosts else None,
            allowed_hosts=allowed_hosts,
            trusted_proxies=proxies,
            root_path=root_path,
        )
        # A query is too small for several threads, and concurrent queries have a thread each.
        torch.set_num_threads(1)
        if uds is None:
            shown = f"[{host}]" if ":" in host else host
            root = check_root_path(root_path)
            address = f"http://{shown}:{listener.getsockname()[1]}{root}/" + ("docs" if api_only else "")
        else:
            address = f"unix:{uds}"
        print(f"Serving {folder} at {address} (Ctrl-C stops it)", flush=True)
        if browse and uds is None:
            webbrowser.open(address)
        # uvicorn shuts down on a signal, then raises it again; the command line turns it into KeyboardInterrupt.
        with contextlib.suppress(KeyboardInterrupt):
            server_of(app, SECONDS_TO_FINISH).run(sockets=[listener])


def _check_access(host: str, local: bool, token: str | None, allowed_hosts: Sequence[str]) -> None:
    if not local and not token:
        raise UsageError(
            f"host {host} can be reached from other machines, which requires a token: --token SECRET, or $ALCCA_TOKEN"
        )
    if token is not None and not token.strip():
        raise UsageError("the token is empty; choose a long random one")
    if not token and any(name.strip() == "*" for name in allowed_hosts):
        raise UsageError(
            "--allowed-host '*' lets every web page reach this server by a name of its own, which requires a token: "
            "--token SECRET, or give the name"
        )
