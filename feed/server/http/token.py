"""Access tokens for keys, as Rails' documents have it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Literal

import attrs
import trio

from feed.server.allowances import Rates
from feed.server.http.access import API_KEY, too_many_guesses
from feed.server.http.endpoint import Endpoint, Shape
from feed.server.http.site import Call, Problem, Site
from feed.server.keycheck import TooManyGuesses

DIALECT: Final = "rails"
KEY_HEADER: Final = "X-Api-Key"
SECRET_HEADER: Final = "X-Api-Secret"  # noqa: S105 - the name of a header


class Token(Shape):
    """
    An access token.

    Attributes:
        access_token: To be presented; nobody can read the key from it.
        token_type: Always.
        expires_in: Seconds until it is refused.
    """

    access_token: str
    token_type: Literal["Bearer"]
    expires_in: int


class Failure(Shape):
    """
    A request that was refused.

    Attributes:
        statusCode: HTTP status.
        body: One sentence.
    """

    statusCode: int  # noqa: N815 - in the document's style
    body: str


def worded(problem: Problem) -> Failure:
    """As the messages of the protocol word it."""
    return Failure(statusCode=problem.status, body=problem.message)


RAILS_KEY: Final = attrs.evolve(
    API_KEY, name="railsKey", header=KEY_HEADER, dialect=DIALECT, wording=worded, wording_type=Failure
)


def issuer() -> Callable[[Site, Call], Token]:
    """What gives tokens out, and counts them."""
    rates = Rates(trio.current_time)

    def token(site: Site, call: Call) -> Token:
        key, secret = call.headers.get(KEY_HEADER, ""), call.headers.get(SECRET_HEADER)
        if secret is None:
            raise Problem(401, "unauthorized", f"The header {SECRET_HEADER} is missing")
        try:
            entry = site.keys.secret(call.arrival, key, secret, DIALECT)
        except TooManyGuesses as problem:
            raise too_many_guesses(problem) from None
        if entry is None:
            raise Problem(401, "unauthorized", "Invalid API key or secret")
        # Only now: whoever knows the key alone cannot use up what its owner may fetch.
        if not rates.take(entry.grant.name, site.settings.tokens.per_minute):
            retry = {"Retry-After": str(int(rates.wait()) + 1)}
            raise Problem(429, "rate_limit_exceeded", "Too many tokens for this key", retry)
        return Token(
            access_token=site.tokens.issue(entry),
            token_type="Bearer",  # noqa: S106 - its kind
            expires_in=site.settings.tokens.seconds,
        )

    return token


def endpoints() -> tuple[Endpoint, ...]:
    """Those of this module."""
    return (
        Endpoint(
            method="POST",
            path="/api/v1/token",
            summary=f"An access token for a key and its secret, in {KEY_HEADER} and {SECRET_HEADER}",
            handle=issuer(),
            access=RAILS_KEY,
            guarded=True,
            returns=Token,
            refusals={401: "Key or secret is missing or not accepted."},
            group="Rails",
        ),
    )
