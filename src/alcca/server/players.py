"""Requests of music players: ``/rest/CALL`` and ``/rest/CALL.view``, by GET or as a form, as OpenSubsonic has them."""

from fastapi import FastAPI, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response

from alcca.errors import AlccaError
from alcca.server.forwarding import outside
from alcca.server.lanes import Lanes
from alcca.server.problems import problem_of
from alcca.server.service import Service
from alcca.server.token import Token
from alcca.subsonic.answers import SubsonicError, answer, failure
from alcca.subsonic.asked import Asked, Shelf
from alcca.subsonic.calls import CALLS, FILES, extensions
from alcca.subsonic.credentials import check_credentials
from alcca.subsonic.parameters import Parameters

__all__ = ["add_players"]

FORM = "application/x-www-form-urlencoded"
# Answered before a player logs in.
OPEN = "getOpenSubsonicExtensions"


def add_players(app: FastAPI, service: Service, token: Token | None) -> None:
    """Answer the calls of OpenSubsonic below ``/rest``."""
    shelf = Shelf(service.library, service.files)

    @app.api_route("/rest/{call}", methods=["GET", "POST"], include_in_schema=False)
    async def call(request: Request, call: str) -> Response:
        name = call.removesuffix(".view")
        parameters = Parameters(await _given(request))
        form = parameters.get("f") or "xml"
        lanes: Lanes = request.app.state.lanes

        def asked() -> Asked:
            return Asked(parameters, shelf, shelf.catalogue)

        try:
            if form not in ("xml", "json"):
                raise SubsonicError(0, f"f={form[:50]} is not supported; use xml or json")
            if name == OPEN:
                return answer(extensions(), form)
            check_credentials(parameters, token, outside(request.scope).client)
            if name in FILES:
                return await run_in_threadpool(lambda: FILES[name](asked(), request))
            if name in CALLS:
                return await lanes.searches.run(lambda: answer(CALLS[name](asked()), form))
        except SubsonicError as error:
            return failure(error.code, str(error), form)
        except AlccaError as error:
            return _failed(request, error, form)
        # As OpenSubsonic wants it, so that players look for another way.
        return failure(0, f"{name[:50]} is not supported; the library can be read, not changed", form, 404)


async def _given(request: Request) -> dict[str, str]:
    given = dict(request.query_params)
    if request.method == "POST" and request.headers.get("content-type", "").partition(";")[0].strip().lower() == FORM:
        async with request.form() as fields:
            given |= {name: value for name, value in fields.items() if isinstance(value, str)}
    return given


def _failed(request: Request, error: AlccaError, form: str) -> Response:
    """An error of the library, told as the protocol wants it, without the library's path."""
    told = problem_of(request, error)
    # Busy, or guessing: a player should try again later, and proxies read the status.
    response = failure(0, told.detail, form, told.status if told.status in (429, 503) else 200)
    seconds = getattr(error, "seconds", None)
    if seconds is not None:
        response.headers["Retry-After"] = str(seconds)
    return response
