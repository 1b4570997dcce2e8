"""On a port of one protocol alone: its paths without their prefix."""

from __future__ import annotations

from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

from feed.model.arrival import Arrival
from feed.server.http.paths import Paths


class OwnPort:
    """
    Middleware: writes the prefix in front of paths that leave it out.

    What the whole server serves, such as ``/healthz``, is served there too, where the protocol has no path of
    that name.
    """

    def __init__(self, app: ASGIApp, *, served: Paths) -> None:
        """
        Stand in front of ``app``.

        Args:
            app: An ASGI application.
            served: The paths of all endpoints.
        """
        self._app: Final = app
        self._served: Final = served

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        if scope["type"] == "http":
            arrival: Arrival = scope["state"]["arrival"]
            path: str = scope["path"]
            if arrival.prefix and not path.startswith(f"{arrival.prefix}/"):
                own = arrival.prefix + path
                # Of one protocol alone there is no page to show.
                if own in self._served or path not in self._served or path == "/":
                    scope = {**scope, "path": own}
        await self._app(scope, receive, send)
