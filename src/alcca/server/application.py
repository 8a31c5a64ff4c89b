"""The FastAPI application: routes and middleware around one library."""

from collections.abc import Iterable

from fastapi import FastAPI

from alcca._version import __version__
from alcca.server.api import router
from alcca.server.forwarding import LOOPBACK, BehindProxy, Proxies, check_root_path
from alcca.server.guard import Guard
from alcca.server.lanes import Lanes
from alcca.server.methods import AnswerHead
from alcca.server.names import Allowed, HostNames, parse_allowed
from alcca.server.pages import add_api_page, add_search_page
from alcca.server.players import add_players
from alcca.server.problems import add_problem_handlers
from alcca.server.schemas import Problem
from alcca.server.service import Service
from alcca.server.size_limit import SizeLimit
from alcca.server.token import Token

__all__ = ["check_access_from_outside", "create_app"]

# Allowance for the form around an uploaded file, and the size limit for every other request body.
FORM_BYTES = 100_000
MAX_QUERY = 10**6
ABOUT = """
Search one library: find songs by a recording, and recordings by the words sung in them.

A search has parts, selected by `by`: words, which compares transcripts and lyrics, and a space learned from this
library's songs. Each part scores a song in bits, the base-2 logarithm of how much likelier it is than by chance; their
sum gives the probability that it is the song in question. Scores are cosines in the learned space. `closer_than` puts
a score in context: the share of the library's pairs of different songs that are less alike.
"""


def create_app(
    service: Service,
    *,
    api_only: bool = False,
    token: str | None = None,
    hosts: frozenset[str] | None = None,
    allowed_hosts: Iterable[str] = (),
    trusted_proxies: Iterable[str] = LOOPBACK,
    root_path: str = "",
) -> FastAPI:
    """Create the application that serves one library.

    Parameters
    ----------
    service : Service
        Must stay open while the application is in use.
    api_only : bool
        Serve the API without the search page.
    token : str, optional
        Required with every request to the API.
    hosts : frozenset of str, optional
        The server's own host names. None: any name, also one that is not allowed.
    allowed_hosts : iterable of str
        Further names, as for ``--allowed-host``.
    trusted_proxies : iterable of str
        Addresses or networks of the proxies whose headers are believed.
    root_path : str
        The path below which a proxy makes the server available.

    Raises
    ------
    UsageError
        If one of the last three is invalid.
    """
    allowed, proxies, root_path = check_access_from_outside(allowed_hosts, trusted_proxies, root_path)
    secret = None if token is None else Token(token)
    app = FastAPI(
        title="alcca",
        version=__version__,
        summary="Lyrics by sound, songs by words",
        description=ABOUT,
        docs_url=None,
        redoc_url=None,
        # One schema per model, for requests and responses.
        separate_input_output_schemas=False,
    )
    app.state.service, app.state.lanes = service, Lanes()
    app.include_router(router)
    add_players(app, service, secret)
    add_api_page(app)
    if not api_only:
        add_search_page(app, secret)
    add_problem_handlers(app)
    # The last one is the first to see a request.
    app.add_middleware(SizeLimit, upload=service.max_upload + FORM_BYTES, other=MAX_QUERY)
    app.add_middleware(AnswerHead)
    app.add_middleware(Guard, token=secret, names=HostNames(hosts, allowed))
    app.add_middleware(BehindProxy, proxies=proxies, root_path=root_path)
    _describe_more(app, token is not None)
    return app


def check_access_from_outside(
    allowed_hosts: Iterable[str], trusted_proxies: Iterable[str], root_path: str
) -> tuple[list[Allowed], Proxies, str]:
    """Parse what `create_app` is told about proxies; raises UsageError if it is invalid."""
    return [parse_allowed(name) for name in allowed_hosts], Proxies(trusted_proxies), check_root_path(root_path)


def _describe_more(app: FastAPI, has_token: bool) -> None:
    """Add the error model and the token to the OpenAPI schema, as no route mentions them."""
    describe = app.openapi

    def described() -> dict[str, object]:
        if app.openapi_schema is None:
            schema = describe()
            components = schema["components"]
            components["schemas"]["Problem"] = Problem.model_json_schema()
            for unused in ("HTTPValidationError", "ValidationError"):
                components["schemas"].pop(unused, None)
            if has_token:
                components["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
                schema["security"] = [{"token": []}]
        return app.openapi_schema or {}

    app.openapi = described  # type: ignore[method-assign]  # as FastAPI documents it
