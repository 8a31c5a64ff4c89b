"""The application: routes, guards and the library, put together."""

from fastapi import FastAPI

from alcca import __version__
from alcca.app.server.api import router
from alcca.app.server.guard import Guard, SizeLimit
from alcca.app.server.pages import add_api_page, add_search_page
from alcca.app.server.problems import add_problem_handlers
from alcca.app.server.schemas import Problem
from alcca.app.server.service import Service

__all__ = ["create_app"]

# What a form adds to the file that it carries, and more than any query that the API takes.
FORM_BYTES = 100_000
MAX_QUERY = 10**6
ABOUT = """
Find songs by a recording and recordings by their words, in one library on this machine.

A search has parts, which `by` chooses: the words that are heard and written, and a space that was learned from this
library's own songs. Each says in bits how much likelier a song is than by chance; together they give the probability
that it is the song that was asked for. Scores are cosines in the space, and `closer_than` says what a score means here:
the share of the library's pairs of different songs that are less alike.
"""


def create_app(
    service: Service, *, api_only: bool = False, token: str | None = None, hosts: frozenset[str] | None = None
) -> FastAPI:
    """Make the server of one library.

    Parameters
    ----------
    service : Service
        Stays open as long as the application is in use.
    api_only : bool
        Without the search page.
    token : str, optional
        Asked of every request to the API.
    hosts : frozenset of str, optional
        The names that the server may be called by; any when not given.
    """
    app = FastAPI(
        title="alcca",
        version=__version__,
        summary="Lyrics by sound, songs by words",
        description=ABOUT,
        docs_url=None,
        redoc_url=None,
        # One description of each model, whether it comes in or goes out.
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
    """Add to the OpenAPI description what no route mentions: the model of errors, and the token."""
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
