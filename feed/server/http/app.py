"""The HTTP application: one table of endpoints, and what is the same for all of them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from contextlib import aclosing
from functools import partial
from typing import Final

import msgspec
import structlog
import trio
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from feed.dialects.access import Access, Problem, detailed
from feed.dialects.discovery import endpoints as endpoints_of_protocols
from feed.dialects.metering import FREE, Charge
from feed.dialects.parameters import Fields
from feed.dialects.rest import JSON, Endpoint
from feed.model.arrival import Arrival, is_loopback
from feed.model.instruments import Listing
from feed.server.guard import Origins
from feed.server.http import accounts, admin, documents, faults, health, market, status
from feed.server.http.context import RequestContext, too_many_guesses
from feed.server.http.cors import Cors, guard_problem
from feed.server.http.own_port import OwnPort
from feed.server.http.paths import Paths
from feed.server.http.quota import DAY, SECOND, Quota, Quotas, asker
from feed.server.keycheck import TooManyGuesses
from feed.server.keyfile import KeyRecord
from feed.server.refusals import nowhere
from feed.settings import Web

log = structlog.get_logger("feed.http")

_CLOSE: Final = {"Connection": "close"}
# Where other interfaces take a key; in a URL it would end up in logs and histories.
_KEY_IN_QUERY: Final = ("apikey", "key", "api_key", "token")


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
        *documents.endpoints(),
    )


def build(context: RequestContext, origins: Origins) -> tuple[Starlette, Paths, Callable[[], None]]:
    """
    The application, the paths that it serves, and what makes its documents before anybody asks.

    Args:
        context: What endpoints see.
        origins: Web pages that may read the answers.
    """
    endpoints = context.endpoints
    paths: dict[str, dict[str, Endpoint[RequestContext]]] = {}
    for endpoint in endpoints:
        paths.setdefault(endpoint.path, {})[endpoint.method] = endpoint
    handlers = _Handlers(context)
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
    return app, served, partial(documents.prepare, context)


class _Handlers:
    """Checks a request, calls the endpoint, and encodes the answer."""

    def __init__(self, context: RequestContext) -> None:
        self._context = context
        self._of_second = Quotas(SECOND)
        self._of_day = Quotas(DAY)

    def serving(
        self, methods: Mapping[str, Endpoint[RequestContext]]
    ) -> Callable[[Request], Awaitable[Response]]:
        """What serves one path; ``methods`` are its endpoints."""

        async def serve(request: Request) -> Response:
            method = "GET" if request.method == "HEAD" else request.method
            return self._counted(await self._serve(request, methods[method]))

        return serve

    def _counted(self, response: Response) -> Response:
        self._context.responses[response.status_code] += 1
        return response

    async def refuse_unrouted(self, request: Request, error: Exception) -> Response:
        """Answer a request for what is not served: 404 with all that is, or 405."""
        if not isinstance(error, HTTPException):
            raise error
        response = self._unrouted(request, error)
        self._keep(request, response)
        return self._counted(response)

    def _unrouted(self, request: Request, error: HTTPException) -> Response:
        if error.status_code != 404:
            message = f"{request.method} is not served at this path"
            route = request.scope.get("route")
            path = route.path if isinstance(route, Route) else request.url.path
            return _Refusal(
                Problem(error.status_code, "method_not_allowed", message, error.headers),
                next((it.access.wording for it in self._context.endpoints if it.path == path), detailed),
            )
        served = tuple(dict.fromkeys(endpoint.path for endpoint in self._context.endpoints))
        return Response(nowhere(request.url.path, served).body, 404, media_type=JSON)

    async def _serve(self, request: Request, endpoint: Endpoint[RequestContext]) -> Response:
        quota: Quota | None = None
        charge = FREE
        body = b""
        shown: KeyRecord | Problem | None = None
        try:
            body = await self._body(request)
            # From here on nothing waits: the endpoint sees the market at one sequence number.
            await self._context.fanout.settled()
            shown = self._shown(request, endpoint)
            fields = endpoint.fields(request.url.query, body)
            if endpoint.meter:
                charge = self._charged(request, endpoint, fields, shown)
            elif endpoint.metered:
                quota = self._quota(request, endpoint, None if isinstance(shown, Problem) else shown)
            _admit(charge, quota)
            response = await self._answered(request, endpoint, fields, body, shown)
        except _TooLong as problem:
            return _LastAnswer(problem, endpoint.access.wording)
        except Problem as problem:
            response = _Refusal(problem, endpoint.access.wording)
        except ClientDisconnect:
            return Response(status_code=400)  # the client is gone
        except Exception:
            log.exception("bug in an endpoint", path=endpoint.path)
            response = _Refusal(Problem(500, "internal", "Internal error"), endpoint.access.wording)
        if quota is not None:
            response.headers.update(quota.headers())
        response.headers.update(charge.headers)
        if endpoint.metered or endpoint.meter:
            key = shown.grant.name if isinstance(shown, KeyRecord) else ""
            said = request.headers.get(endpoint.access.header, "")[len(endpoint.access.prefix) :]
            self._keep(request, response, key=key, shown=said, body=body)
        return response

    def _charged(
        self,
        request: Request,
        endpoint: Endpoint[RequestContext],
        fields: Fields,
        shown: KeyRecord | Problem | None,
    ) -> Charge:
        """Count a request as its protocol does: by key when it is a good one, else by address."""
        grant, address = shown.grant if isinstance(shown, KeyRecord) else None, _peer(request)
        disruption = self._context.registry.faults.disruption(
            endpoint.meter, key=None if grant is None else grant.name, address=address
        )
        return self._context.meters[endpoint.meter].charge(
            asker(grant, address),
            endpoint.weight(fields),
            self._context.clock(),
            ban_seconds=disruption.ban_seconds,
        )

    def _keep(
        self, request: Request, response: Response, *, key: str = "", shown: str = "", body: bytes = b""
    ) -> None:
        """Keep a request and its answer, where messages of clients are kept."""
        messages = self._context.storage.message_log
        if messages is not None:
            messages.request(
                key=key,
                shown=shown,
                arrival=_arrival(request),
                method=request.method,
                target=_target(request),
                body=body,
                status=response.status_code,
                answer=bytes(response.body),
            )

    def _shown(self, request: Request, endpoint: Endpoint[RequestContext]) -> KeyRecord | Problem | None:
        """The key of a request, or what is wrong with it: looked at once, and told in its turn."""
        try:
            self._check_place(request, endpoint)
            return _checked(endpoint.access, request.headers, self._context, _arrival(request))
        except Problem as problem:
            return None if endpoint.access.passes_over else problem

    async def _answered(
        self,
        request: Request,
        endpoint: Endpoint[RequestContext],
        fields: Fields,
        body: bytes,
        shown: KeyRecord | Problem | None,
    ) -> Response:
        if isinstance(shown, Problem):
            raise shown
        base = (
            f"{'https' if self._context.settings.tls.wanted else 'http'}://{request.headers.get('host', '')}"
        )
        call = endpoint.call(
            fields,
            body,
            grant=None if shown is None else shown.grant,
            key=shown,
            arrival=_arrival(request),
            base=base,
            headers=request.headers,
            query=request.url.query,
            path=request.url.path,
            in_path=request.path_params,
        )
        answer = await endpoint.answer(self._context, call)
        return Response(
            answer.content, answer.status, headers=dict(answer.headers), media_type=answer.content_type
        )

    def _quota(self, request: Request, endpoint: Endpoint[RequestContext], entry: KeyRecord | None) -> Quota:
        """Counted by key when it is a good one, so that bad ones cannot be tried without end."""
        grant = None if entry is None else entry.grant
        settings = self._context.settings
        who = asker(grant, _peer(request))
        quota = self._of_second.take(who, settings.web.requests_per_second, trio.current_time())
        per_day = endpoint.access.per_day
        if grant is None or per_day is None or quota.exceeded:
            return quota
        return self._of_day.take(who, per_day(grant, settings), self._context.clock())

    def _check_place(self, request: Request, endpoint: Endpoint[RequestContext]) -> None:
        local = is_loopback(_peer(request)) or self._context.settings.web.admin_anywhere
        if endpoint.path.startswith(admin.PREFIX) and not local:
            raise Problem(403, "forbidden", "The market is steered from the machine it runs on")
        if endpoint.guarded and (problem := guard_problem(request.scope)):
            raise Problem(403, "forbidden", problem)
        access = endpoint.access
        misplaced = any(name.lower() in _KEY_IN_QUERY for name in request.query_params)
        if access.header and misplaced:
            raise access.unauthorized(f"A key belongs into the header {access.header}, not into the URL")

    async def _body(self, request: Request) -> bytes:
        """All of the body, for whoever answers before it is read must close the connection."""
        most = self._context.settings.web.body_bytes
        body = bytearray()
        async with aclosing(request.stream()) as parts:
            async for part in parts:
                body += part[: most + 1 - len(body)]
                if len(body) > most:
                    raise _TooLong(413, "too_large", f"The body is longer than {most} bytes", _CLOSE)
        return bytes(body)


def _admit(charge: Charge, quota: Quota | None) -> None:
    """
    Let in whoever may still ask.

    Raises:
        Problem: 429 or what the protocol has for it: this request was one too many.
    """
    if charge.problem is not None:
        raise charge.problem
    if quota is not None and quota.exceeded:
        retry = {"Retry-After": str(quota.wait)}
        raise Problem(429, "rate_limit_exceeded", quota.refusal, retry)


class _TooLong(Problem):
    """The body goes on: there can be no other request after it."""


class _Refusal(Response):
    """A problem, worded."""

    def __init__(self, problem: Problem, wording: Callable[[Problem], object]) -> None:
        content = msgspec.json.encode(wording(problem))
        super().__init__(content, problem.status, headers=dict(problem.headers), media_type=JSON)


class _LastAnswer(_Refusal):
    """Sent while the client still sends, and takes what it sends out of the way meanwhile."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(_drain, receive)
            await super().__call__(scope, receive, send)
            nursery.cancel_scope.cancel()


async def _drain(receive: Receive) -> None:
    while (await receive())["type"] == "http.request":
        pass


def _checked(
    access: Access, headers: Mapping[str, str], context: RequestContext, arrival: Arrival
) -> KeyRecord | None:
    """
    What is known of the key of a request; None when there is none, and none is needed.

    Raises:
        Problem: There must be a key, or it is not accepted, or it does not allow this.
    """
    shown = access.presented(headers)
    if shown is None:
        if access.needed and (access.needed_here or not is_loopback(arrival.peer)):
            raise access.missing()
        return None
    try:
        if access.token:  # nobody guesses a signature
            holder = context.tokens.check(shown, access.dialect, local=arrival.within)
            entry = None if holder is None else holder.entry
        else:
            entry = context.keys.key(arrival, shown, access.dialect)
    except TooManyGuesses as problem:
        raise too_many_guesses(problem) from None
    if entry is None:
        raise access.refused()
    if not entry.grant.allows(access.scope):
        raise access.forbidden()
    return entry


def _peer(request: Request) -> str:
    return request.client.host if request.client else ""


def _arrival(request: Request) -> Arrival:
    arrival: Arrival = request.scope["state"]["arrival"]
    return arrival


def _target(request: Request) -> str:
    """Path and query, as they were written."""
    raw = request.scope["raw_path"] + (b"?" if request.scope["query_string"] else b"")
    return str((raw + request.scope["query_string"]).decode("latin-1"))
