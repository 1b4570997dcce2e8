"""Whether a request may come in: where it comes from, and the key that it shows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from starlette.requests import Request

from feed.dialects.access import Access, Problem
from feed.dialects.rest import Endpoint
from feed.model.arrival import Arrival, is_loopback
from feed.server.http import admin
from feed.server.http.context import RequestContext, too_many_guesses
from feed.server.http.cors import guard_problem
from feed.server.keycheck import TooManyGuesses
from feed.server.keyfile import KeyRecord

# Where other interfaces take a key; in a URL it would end up in logs and histories.
_KEY_IN_QUERY: Final = ("apikey", "key", "api_key", "token")


def shown_key(
    request: Request, endpoint: Endpoint[RequestContext], context: RequestContext
) -> KeyRecord | Problem | None:
    """The key of a request, or what is wrong with it: looked at once, and told in its turn."""
    try:
        _check_place(request, endpoint, context)
        return _checked(endpoint.access, request.headers, context, arrival_of(request))
    except Problem as problem:
        return None if endpoint.access.passes_over else problem


def peer_of(request: Request) -> str:
    """Address of the client."""
    return request.client.host if request.client else ""


def arrival_of(request: Request) -> Arrival:
    """Where a request came from, and where it arrived."""
    arrival: Arrival = request.scope["state"]["arrival"]
    return arrival


def _check_place(request: Request, endpoint: Endpoint[RequestContext], context: RequestContext) -> None:
    local = is_loopback(peer_of(request)) or context.settings.web.admin_anywhere
    if endpoint.path.startswith(admin.PREFIX) and not local:
        raise Problem(403, "forbidden", "The market is steered from the machine it runs on")
    if endpoint.guarded and (problem := guard_problem(request.scope)):
        raise Problem(403, "forbidden", problem)
    access = endpoint.access
    misplaced = any(name.lower() in _KEY_IN_QUERY for name in request.query_params)
    if access.header and misplaced:
        raise access.unauthorized(f"A key belongs into the header {access.header}, not into the URL")


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
