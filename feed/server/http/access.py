"""Checks the key of a request, as the :class:`~feed.dialects.access.Access` of its endpoint wants it."""

from __future__ import annotations

from collections.abc import Mapping

from feed.dialects.access import Access, Problem
from feed.model.grants import Scope
from feed.server.keycheck import Arrival, KeyCheck, TooManyGuesses
from feed.server.keyfile import KeyRecord
from feed.server.keys import ADMIN_NAME, is_loopback


def checked(access: Access, headers: Mapping[str, str], keys: KeyCheck, arrival: Arrival) -> KeyRecord | None:
    """
    What is known of the key of a request; None when there is none, and none is needed.

    Raises:
        Problem: There must be a key, or it is not accepted, or it does not allow this.
    """
    value = headers.get(access.header) if access.header else None
    if value is None:
        if access.needed and (access.needed_here or not is_loopback(arrival.peer)):
            raise access.unauthorized(f"The header {access.shown} is missing")
        return None
    if value[: len(access.prefix)].lower() != access.prefix.lower():
        raise access.unauthorized(f"The header must read {access.shown}")
    try:
        entry = keys.key(arrival, value[len(access.prefix) :].strip(), access.dialect)
    except TooManyGuesses as problem:
        raise too_many_guesses(problem) from None
    if entry is None:
        raise access.unauthorized("Invalid API key", access.bad_key)
    if not entry.grant.allows(access.scope):
        raise Problem(403, "forbidden", f"The API key does not have the scope {access.scope.value}")
    return entry


def too_many_guesses(problem: TooManyGuesses) -> Problem:
    """The refusal of a key that has not been looked at."""
    return Problem(429, "rate_limit_exceeded", str(problem), {"Retry-After": str(problem.seconds)})


ADMIN = Access(name="adminKey", header="X-API-Key", dialect=ADMIN_NAME, scope=Scope.ADMIN, needed=True)
METRICS = Access(name="metricsKey", header="Authorization", prefix="Bearer ", needed=True, needed_here=False)
