"""The search page, login, and the API documentation page; all files are served by this server."""

from pathlib import Path
from typing import Annotated

import fastapi_offline
from fastapi import FastAPI, Form, Request
from fastapi.responses import FileResponse, RedirectResponse
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException

from alcca.server.forwarding import outside
from alcca.server.token import COOKIE, Token

__all__ = ["add_api_page", "add_search_page"]

STATIC = Path(__file__).parent / "static"
SWAGGER = Path(fastapi_offline.__file__).parent / "static"


def add_search_page(app: FastAPI, token: Token | None) -> None:
    """Serve the search page at ``/`` and the login at ``/login``."""

    @app.get("/", include_in_schema=False)
    async def page() -> FileResponse:
        return FileResponse(STATIC / "index.html", headers={"Cache-Control": "no-cache"})

    @app.post("/login", include_in_schema=False)
    async def login(request: Request, given: Annotated[str, Form(alias="token", max_length=1000)]) -> RedirectResponse:
        if token is not None and not token.accepts(given, outside(request.scope).client):
            raise HTTPException(401, "wrong token; use the one that the server was started with")
        # Relative: only the browser knows the whole address of the page.
        answer = RedirectResponse("./", 303)
        if token is not None:
            # The page's origin says https even if the proxy does not.
            origin = request.headers.get("origin", "")
            secure = request.url.scheme == "https" or origin.lower().startswith("https://")
            path = request.scope["root_path"] or "/"
            answer.set_cookie(COOKIE, token.cookie, path=path, httponly=True, samesite="strict", secure=secure)
        return answer

    app.mount("/static", StaticFiles(directory=STATIC), name="static")


def add_api_page(app: FastAPI) -> None:
    """Serve Swagger UI at ``/docs``, with files from an installed package instead of another host."""

    @app.get("/docs", include_in_schema=False)
    async def api_page() -> FileResponse:
        return FileResponse(STATIC / "docs" / "index.html")

    @app.get("/docs/start.js", include_in_schema=False)
    async def start() -> FileResponse:
        return FileResponse(STATIC / "docs" / "start.js")

    app.mount("/docs/swagger", StaticFiles(directory=SWAGGER), name="swagger")
