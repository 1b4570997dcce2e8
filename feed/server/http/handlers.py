"""What is the same for all endpoints: checks before one is called, and the encoding of its answer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

import structlog
import trio
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from feed.dialects.access import Problem, detailed
from feed.dialects.metering import FREE, Charge
from feed.dialects.parameters import Fields
from feed.dialects.rest import JSON, Endpoint
from feed.server.http.admission import arrival_of, peer_of, shown_key
from feed.server.http.context import RequestContext
from feed.server.http.forwarding import Forward, ForwardedAnswer, ForwardedCall
from feed.server.http.quota import DAY, SECOND, Quota, Quotas, asker
from feed.server.http.refusal import Refusal
from feed.server.http.request_body import LastAnswer, TooLong, read_body
from feed.server.keyfile import KeyRecord
from feed.server.refusals import nowhere

log = structlog.get_logger("feed.http")

_BUG: Final = Problem(500, "internal", "Internal error")


class Handlers:
    """Checks a request, calls the endpoint, and encodes the answer."""

    def __init__(
        self,
        context: RequestContext,
        paths: Mapping[str, Mapping[str, Endpoint[RequestContext]]],
    ) -> None:
        self._context = context
        self._paths = paths
        parts = context.parts
        self._window_clock = parts.window_clock(context.clock)
        self._of_second = Quotas(SECOND, elsewhere=parts.elsewhere)
        self._of_day = Quotas(DAY, elsewhere=parts.elsewhere)

    def serving(
        self, methods: Mapping[str, Endpoint[RequestContext]]
    ) -> Callable[[Request], Awaitable[Response]]:
        """What serves one path; ``methods`` are its endpoints."""

        async def serve(request: Request) -> Response:
            return self._counted(await self._serve(request, methods[_asked(request.method)]))

        return serve

    async def forwarded(self, call: ForwardedCall) -> ForwardedAnswer:
        """Answer a request that has come to another server of this market, where its body was read."""
        endpoint = self._paths.get(call.template, {}).get(_asked(call.method))
        if endpoint is None:
            unknown = Problem(404, "not_found", "Nothing is served at this path")
            return ForwardedAnswer.of(Refusal(unknown, detailed), "")
        response, key = await self._respond(Request(call.scope), endpoint, call.body)
        return ForwardedAnswer.of(response, key)

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
            return Refusal(
                Problem(error.status_code, "method_not_allowed", message, error.headers),
                next((it.access.wording for it in self._context.endpoints if it.path == path), detailed),
            )
        served = tuple(dict.fromkeys(it.path for it in self._context.endpoints if it.described))
        return Response(nowhere(request.url.path, served).body, 404, media_type=JSON)

    async def _serve(self, request: Request, endpoint: Endpoint[RequestContext]) -> Response:
        """Answer a request of a client of this server, wherever the answer is made."""
        forward = self._context.parts.forward
        try:
            body = await read_body(request, self._context.settings.web.body_bytes)
        except TooLong as problem:
            return LastAnswer(problem, endpoint.access.wording)
        except ClientDisconnect:
            return Response(status_code=400)  # the client is gone
        if forward is not None and forward.wants(endpoint):
            call = ForwardedCall.of(request, endpoint.path, body)
            response, key = await _handed_on(forward, call, endpoint)
        else:
            response, key = await self._respond(request, endpoint, body)
        if endpoint.metered or endpoint.meter:
            said = request.headers.get(endpoint.access.header, "")[len(endpoint.access.prefix) :]
            self._keep(request, response, key=key, shown=said, body=body)
        return response

    async def _respond(
        self, request: Request, endpoint: Endpoint[RequestContext], body: bytes
    ) -> tuple[Response, str]:
        """The answer, and the name of the key that the request has shown; empty for none, or a bad one."""
        quota: Quota | None = None
        charge = FREE
        shown: KeyRecord | Problem | None = None
        try:
            await self._rest(endpoint)
            # From here on nothing waits: the endpoint sees the market at one sequence number.
            shown = shown_key(request, endpoint, self._context)
            fields = endpoint.fields(request.url.query, body)
            if endpoint.meter:
                charge = self._charged(request, endpoint, fields, shown)
            elif endpoint.metered:
                quota = self._quota(request, endpoint, None if isinstance(shown, Problem) else shown)
            _admit(charge, quota)
            response: Response = await self._answered(request, endpoint, fields, body, shown)
        except Problem as problem:
            response = Refusal(problem, endpoint.access.wording)
        except Exception:
            log.exception("bug in an endpoint", path=endpoint.path)
            response = Refusal(_BUG, endpoint.access.wording)
        if quota is not None:
            response.headers.update(quota.headers())
        response.headers.update(charge.headers)
        return response, shown.grant.name if isinstance(shown, KeyRecord) else ""

    async def _rest(self, endpoint: Endpoint[RequestContext]) -> None:
        """
        Wait for the end of the step under way; where something may be changed, also of the one being written.

        Raises:
            Problem: 503, the log of the market takes it too slowly. Nothing else is tried: the rest of the
                time is for who waits for the market itself.
        """
        fanout = self._context.fanout
        if not endpoint.at_sequencer:
            await fanout.at_rest()
            return
        with trio.move_on_after(self._context.settings.web.request_seconds / 4) as waiting:
            await fanout.settled()
        if waiting.cancelled_caught:
            raise Problem(503, "unavailable", "The log of the market takes nothing now; nothing was changed")

    def _charged(
        self,
        request: Request,
        endpoint: Endpoint[RequestContext],
        fields: Fields,
        shown: KeyRecord | Problem | None,
    ) -> Charge:
        """Count a request as its protocol does: by key when it is a good one, else by address."""
        grant, address = shown.grant if isinstance(shown, KeyRecord) else None, peer_of(request)
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
                arrival=arrival_of(request),
                method=request.method,
                target=_target(request),
                body=body,
                status=response.status_code,
                answer=bytes(response.body),
            )

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
            arrival=arrival_of(request),
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
        who = asker(grant, peer_of(request))
        quota = self._of_second.take(who, settings.web.requests_per_second, self._window_clock())
        per_day = endpoint.access.per_day
        if grant is None or per_day is None or quota.exceeded:
            return quota
        return self._of_day.take(who, per_day(grant, settings), self._context.clock())


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


async def _handed_on(
    forward: Forward, call: ForwardedCall, endpoint: Endpoint[RequestContext]
) -> tuple[Response, str]:
    """As :meth:`Handlers._respond`, from where the market is."""
    try:
        answer = await forward(call)
    except Problem as problem:
        return Refusal(problem, endpoint.access.wording), ""
    except Exception:
        log.exception("bug on the way to the market", path=endpoint.path)
        return Refusal(_BUG, endpoint.access.wording), ""
    return answer.response, answer.key


def _asked(method: str) -> str:
    """The method of the endpoint that answers one of a client."""
    return "GET" if method == "HEAD" else method


def _target(request: Request) -> str:
    """Path and query, as they were written."""
    raw = request.scope["raw_path"] + (b"?" if request.scope["query_string"] else b"")
    return str((raw + request.scope["query_string"]).decode("latin-1"))
