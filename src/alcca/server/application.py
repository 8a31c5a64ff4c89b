"""The FastAPI application: routes and middleware around one library."""

from fastapi import FastAPI

from alcca._version import __version__
from alcca.server.api import router
from alcca.server.guard import Guard, SizeLimit
from alcca.server.pages import add_api_page, add_search_page
from alcca.server.problems import add_problem_handlers
from alcca.server.schemas import Problem
from alcca.server.service import Service

__all__ = ["create_app"]

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
    service: Service, *, api_only: bool = False, token: str | None = None, hosts: frozenset[str] | None = None
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
        Host names that the server answers to. By default, any.
    """
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
    app.state.service = service
    app.include_router(router)
    add_api_page(app)
    if not api_only:
        add_search_page(app, token)
    add_problem_handlers(app)
    app.add_middleware(SizeLimit, upload=service.max_upload + FORM_BYTES, other=MAX_QUERY)
    app.add_middleware(Guard, token=token, hosts=hosts)
    _describe_more(app, token is not None)
    return app


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
