"""The web application: who may read, what the browser may load, and which routes there are."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from pathlib import Path
from types import MappingProxyType

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from fastapi.staticfiles import StaticFiles

from monitor import __version__
from monitor.model import Policy, StoreError
from monitor.store import Store
from monitor.web import api, pages, syndication

# Everything comes from this host; nothing is inlined but the charts' own SVG attributes, which are no styles or scripts.
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
}
_OPEN = {"/healthz", "/readyz"}


def create_app(
    store: Store,
    *,
    clock: Callable[[], datetime],
    token: str | None = None,
    policies: Mapping[str, Policy] = MappingProxyType({}),
) -> FastAPI:
    """The application over `store`. With a token every page but the probes asks for it (Bearer, or ?token= once).

    `policies` by topic say how long a challenger waits; topics without one have the usual.
    """
    app = FastAPI(
        title="Stance Monitor",
        version=__version__,
        description="Who takes which stance, with the sentence it rests on. Read-only.",
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/openapi.json",
    )
    app.state.store = store
    app.state.clock = clock
    app.state.policies = policies
    app.include_router(api.router)
    app.include_router(syndication.router)
    app.include_router(pages.router)
    app.mount("/static", StaticFiles(directory=Path(__file__).parent / "static"), name="static")
    app.add_exception_handler(StoreError, _not_there)

    @app.middleware("http")
    async def guard(request: Request, proceed: Callable[[Request], Awaitable[Response]]) -> Response:
        if token and request.url.path not in _OPEN and not _may_read(request, token):
            return Response("a token is needed: Authorization: Bearer …, or ?token=…\n", status_code=401)
        head = request.method == "HEAD" and request.url.path != "/stream"
        if head:  # answered as GET is; the server leaves the body out when it sees HEAD again
            request.scope["method"] = "GET"
        response = await proceed(request)
        if head:
            request.scope["method"] = "HEAD"
        for name, value in _HEADERS.items():
            response.headers.setdefault(name, value)
        if token and request.query_params.get("token"):
            response.set_cookie("token", token, httponly=True, samesite="strict")
        return response

    return app


def _may_read(request: Request, token: str) -> bool:
    given = (
        request.headers.get("authorization", "").removeprefix("Bearer ")
        or request.cookies.get("token", "")
        or request.query_params.get("token", "")
    )
    return hmac.compare_digest(given.encode(), token.encode())


async def _not_there(request: Request, error: Exception) -> Response:
    if not request.url.path.startswith("/api/"):
        return await asyncio.to_thread(pages.missing, request, str(error))
    return JSONResponse({"detail": str(error)}, status_code=404)
