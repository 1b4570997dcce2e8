"""The HTTP application: one table of endpoints, and what answers requests for them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import attrs
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.routing import Route

from feed.dialects.discovery import endpoints as endpoints_of_protocols
from feed.dialects.rest import Endpoint
from feed.model.instruments import Listing
from feed.server.guard import Origins
from feed.server.http import accounts, admin, connections, documents, faults, health, market, page, status
from feed.server.http.context import RequestContext
from feed.server.http.cors import Cors
from feed.server.http.forwarding import ForwardedAnswer, ForwardedCall
from feed.server.http.handlers import Handlers
from feed.server.http.own_port import OwnPort
from feed.server.http.paths import Paths
from feed.settings import Web


def all_endpoints(listing: Listing, web: Web) -> tuple[Endpoint[RequestContext], ...]:
    """Everything that is served: what each protocol declares, and the server's own."""
    return (
        *endpoints_of_protocols(listing, web),
        *market.endpoints(),
        *health.endpoints(),
        *status.endpoints(),
        *admin.endpoints(),
        *accounts.endpoints(),
        *faults.endpoints(),
        *connections.endpoints(),
        *documents.endpoints(),
        *page.endpoints(),
    )


@attrs.frozen(kw_only=True)
class Application:
    """
    What serves requests.

    Attributes:
        app: The application.
        paths: Those that it serves.
        prepare: Makes its documents before anybody asks.
        forwarded: Answers a request that has come to another server of this market.
    """

    app: Starlette
    paths: Paths
    prepare: Callable[[], None]
    forwarded: Callable[[ForwardedCall], Awaitable[ForwardedAnswer]]


def build(context: RequestContext, origins: Origins) -> Application:
    """
    Put the application together.

    Args:
        context: What endpoints see.
        origins: Web pages that may read the answers.
    """
    endpoints = context.endpoints
    paths: dict[str, dict[str, Endpoint[RequestContext]]] = {}
    for endpoint in endpoints:
        paths.setdefault(endpoint.path, {})[endpoint.method] = endpoint
    handlers = Handlers(context, paths)
    routes = [
        Route(path, handlers.serving(methods), methods=list(methods), include_in_schema=False)
        for path, methods in paths.items()
    ]
    guarded = Paths(endpoint.path for endpoint in endpoints if endpoint.guarded)
    served = Paths(paths)
    middleware = [
        Middleware(OwnPort, served=served),
        Middleware(Cors, guarded=guarded, guard=context.guard, origins=origins),
    ]
    app = Starlette(
        routes=routes, middleware=middleware, exception_handlers={HTTPException: handlers.refuse_unrouted}
    )
    app.router.redirect_slashes = False

    def prepare() -> None:
        documents.prepare(context)
        page.assets()

    return Application(app=app, paths=served, prepare=prepare, forwarded=handlers.forwarded)
