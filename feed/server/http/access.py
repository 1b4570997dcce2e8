"""
Who may ask: where a request carries its key, and how a refusal is worded.

The published documents differ in both, so each endpoint names its :class:`Access`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal

import attrs

from feed.model.grants import Grant, Scope
from feed.server.http.endpoint import Shape
from feed.server.http.site import Problem
from feed.server.keycheck import Arrival, KeyCheck, TooManyGuesses
from feed.server.keyfile import Entry
from feed.server.keys import ADMIN_NAME, is_loopback
from feed.settings import Settings


class Detail(Shape):
    """
    What went wrong.

    Attributes:
        code: A fixed word, for programs.
        message: One sentence, for people.
    """

    code: str
    message: str


class Error(Shape):
    """A request that was refused."""

    error: Detail


class Failure(Shape):
    """
    A request that was refused.

    Attributes:
        error: One sentence.
    """

    success: Literal[False]
    error: str


def detailed(problem: Problem) -> Error:
    """With code and message, as SecurityPro's documents have it."""
    return Error(error=Detail(code=problem.code, message=problem.message))


def flat(problem: Problem) -> Failure:
    """With one sentence, as Tradyn's documents have it."""
    return Failure(success=False, error=problem.message)


@attrs.frozen(kw_only=True)
class Access:
    """
    One way to present a key.

    Attributes:
        name: Of the security scheme in the API's description; empty when no key is looked at.
        header: That carries the key.
        prefix: Of the header's value, before the key; compared without case.
        dialect: The key must be good for this protocol; empty when it must be good for all.
        scope: The key must have it.
        needed: Whether there must be a key; if not, a bad one is refused all the same.
        needed_here: The same for a client on this machine.
        bad_key: Status for a key that is not accepted.
        wording: Of every refusal.
        wording_type: What ``wording`` gives.
        per_day: How many requests a key may send from midnight to midnight UTC; None where a second
            alone is bounded.
    """

    name: str = ""
    header: str = ""
    prefix: str = ""
    dialect: str = ""
    scope: Scope = Scope.READ
    needed: bool = False
    needed_here: bool = True
    bad_key: int = 401
    wording: Callable[[Problem], object] = detailed
    wording_type: type = Error
    per_day: Callable[[Grant, Settings], int] | None = None

    def check(self, headers: Mapping[str, str], keys: KeyCheck, arrival: Arrival) -> Entry | None:
        """
        What is known of the key of a request; None when there is none, and none is needed.

        Raises:
            Problem: There must be a key, or it is not accepted, or it does not allow this.
        """
        value = headers.get(self.header) if self.header else None
        if value is None:
            if self.needed and (self.needed_here or not is_loopback(arrival.peer)):
                raise self.unauthorized(f"The header {self._shown} is missing")
            return None
        if value[: len(self.prefix)].lower() != self.prefix.lower():
            raise self.unauthorized(f"The header must read {self._shown}")
        try:
            entry = keys.key(arrival, value[len(self.prefix) :].strip(), self.dialect)
        except TooManyGuesses as problem:
            raise too_many_guesses(problem) from None
        if entry is None:
            raise self.unauthorized("Invalid API key", self.bad_key)
        if not entry.grant.allows(self.scope):
            raise Problem(403, "forbidden", f"The API key does not have the scope {self.scope.value}")
        return entry

    @property
    def _shown(self) -> str:
        return f"{self.header}: {self.prefix}<key>"

    def unauthorized(self, message: str, status: int = 401) -> Problem:
        """A refusal of whoever has not shown a good key, and how to show one."""
        challenge = {"WWW-Authenticate": "Bearer" if self.prefix else f'ApiKey header="{self.header}"'}
        return Problem(status, "unauthorized", message, challenge if status == 401 else None)


def too_many_guesses(problem: TooManyGuesses) -> Problem:
    """The refusal of a key that has not been looked at."""
    return Problem(429, "rate_limit_exceeded", str(problem), {"Retry-After": str(problem.seconds)})


OPEN = Access()
API_KEY = Access(name="apiKey", header="X-API-Key", dialect="securitypro", needed=True)
API_KEY_OR_NONE = attrs.evolve(API_KEY, needed=False)
BEARER = Access(
    name="bearer",
    header="Authorization",
    prefix="Bearer ",
    dialect="tradyn",
    needed=True,
    bad_key=403,
    wording=flat,
    wording_type=Failure,
)
BEARER_TRADE = attrs.evolve(BEARER, scope=Scope.TRADE)
ADMIN = Access(name="adminKey", header="X-API-Key", dialect=ADMIN_NAME, scope=Scope.ADMIN, needed=True)
METRICS = Access(name="metricsKey", header="Authorization", prefix="Bearer ", needed=True, needed_here=False)
