"""Errors as problem details (RFC 9457): the status, what is wrong with the request, and what to do."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException

from alcca.errors import (
    AlccaError,
    AudioError,
    LyricsError,
    NoLibraryError,
    SlowQueryError,
    UntrainedError,
    UsageError,
)
from alcca.sandbox.transcriber import BusyError
from alcca.server.headers import HEADERS
from alcca.server.methods import allowed
from alcca.server.schemas import Problem
from alcca.server.token import GuessedTooOftenError

__all__ = ["add_problem_handlers", "documented", "problem", "problem_of"]

MEDIA_TYPE = "application/problem+json"
# Errors that the client can act on. All other errors are 500.
STATUS_OF: dict[type[AlccaError], int] = {
    # Before UsageError, which it is too.
    SlowQueryError: 503,
    UsageError: 422,
    AudioError: 422,
    LyricsError: 422,
    UntrainedError: 409,
    NoLibraryError: 503,
    BusyError: 503,
    GuessedTooOftenError: 429,
}


def problem(path: str, status: int, detail: str, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """The error response to a request for ``path``."""
    return _response(_problem(path, status, detail), headers)


def problem_of(request: Request, error: Exception) -> Problem:
    """Convert an error of the application to a problem."""
    path = request.url.path
    if isinstance(error, AlccaError):
        status = next((status for kind, status in STATUS_OF.items() if isinstance(error, kind)), 500)
        # Do not disclose the path of the library.
        folder = request.app.state.service.folder
        return _problem(path, status, str(error).replace(str(folder), folder.name))
    # The message may hold private details; it is in the server's log.
    return _problem(path, 500, f"unexpected {type(error).__name__}; see the server's log for details")


def _problem(path: str, status: int, detail: str) -> Problem:
    return Problem(title=HTTPStatus(status).phrase, status=status, detail=detail, instance=path)


def _response(told: Problem, headers: Mapping[str, str] | None) -> JSONResponse:
    return JSONResponse(told.model_dump(), told.status, headers=dict(headers or {}), media_type=MEDIA_TYPE)


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """OpenAPI descriptions of an operation's error statuses."""
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {status: {"description": HTTPStatus(status).phrase, "content": content} for status in statuses}


def add_problem_handlers(app: FastAPI) -> None:
    """Register handlers that return every error as a problem."""

    @app.exception_handler(HTTPException)
    async def http(request: Request, error: HTTPException) -> Response:
        headers = dict(error.headers or {})
        if error.status_code == 405:
            headers["Allow"] = allowed(error.headers)
            if request.method == "OPTIONS":
                return Response(None, 204, headers)
        return problem(request.url.path, error.status_code, error.detail, headers)

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> JSONResponse:
        return problem(request.url.path, 422, "; ".join(_said(finding) for finding in error.errors()))

    @app.exception_handler(AlccaError)
    async def known(request: Request, error: AlccaError) -> JSONResponse:
        headers = {}
        if isinstance(error, BusyError | GuessedTooOftenError):
            headers["Retry-After"] = str(error.seconds)
        return _response(problem_of(request, error), headers)

    @app.exception_handler(Exception)
    async def unexpected(request: Request, error: Exception) -> JSONResponse:
        # This response bypasses the guard, which adds the headers to all others.
        return _response(problem_of(request, error), HEADERS)


def _said(error: Mapping[str, Any]) -> str:
    """One validation error, with the field it is about."""
    where = ".".join(str(part) for part in error["loc"][1:]) or str(error["loc"][0])
    return f"{where}: {error['msg'][0].lower()}{error['msg'][1:]}"
