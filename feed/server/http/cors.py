"""What browsers are told about which web pages may read an answer (CORS)."""

from __future__ import annotations

from collections.abc import Container
from functools import partial
from typing import Any, Final

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from feed.model.arrival import Arrival
from feed.server.guard import Guard, Origins

_WORDS: Final[dict[str, Any]] = {
    "allow_methods": ["GET", "POST", "DELETE"],
    "allow_headers": ["Authorization", "Content-Type", "X-API-Key", "X-Api-Secret"],
    "expose_headers": ["X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset", "Retry-After"],
}


GUARD_PROBLEM: Final = "feed.guard_problem"
"""Under which name the scope of a request for a guarded path says what :func:`guard_problem` tells."""


class Cors:
    """
    Middleware: public data for the pages that :class:`~feed.server.guard.Origins` lets in, the rest for
    those that :class:`~feed.server.guard.Guard` trusts.
    """

    def __init__(self, app: ASGIApp, *, guarded: Container[str], guard: Guard, origins: Origins) -> None:
        """
        Stand in front of ``app``.

        Args:
            app: An ASGI application.
            guarded: Paths that are kept from other people's pages.
            guard: Knows the names of this server.
            origins: The pages that may read public data.
        """
        make = partial(CORSMiddleware, app, **_WORDS)
        self._guarded = guarded
        self._guard = guard
        self._origins = origins
        self._anybody = make(allow_origins=["*"])
        self._listed = make(allow_origins=origins.names)
        self._this_page = make(allow_origin_regex=".*")
        self._nobody = make()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a preflight, or serve a request and add what the browser must know."""
        await self._for(scope)(scope, receive, send)

    def _for(self, scope: Scope) -> ASGIApp:
        if scope["type"] != "http":
            return self._nobody
        arrival: Arrival = scope["state"]["arrival"]
        if scope["path"] in self._guarded:
            problem = scope[GUARD_PROBLEM] = self._guard.problem(Headers(scope=scope), arrival)
            return self._nobody if problem else self._this_page
        return self._anybody if "*" in self._origins.at(arrival) else self._listed


def guard_problem(scope: Scope) -> str:
    """Why a request for a guarded path must not come in, as :class:`Cors` found; empty when it may."""
    problem: str = scope[GUARD_PROBLEM]
    return problem
