"""Access tokens for keys, as Rails' documents have it."""

from __future__ import annotations

from typing import Final, Literal

from feed.dialects.access import Access, Problem, Shape
from feed.dialects.rest import Call, Endpoint, RestContext

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


RAILS_KEY: Final = Access(
    name="railsKey",
    header=KEY_HEADER,
    dialect=DIALECT,
    needed=True,
    wording=worded,
    wording_type=Failure,
)


def token(context: RestContext, call: Call) -> Token:
    """Give a token out to whoever has a key and its secret."""
    secret = call.headers.get(SECRET_HEADER)
    if secret is None:
        raise Problem(401, "unauthorized", f"The header {SECRET_HEADER} is missing")
    given = context.token(call, secret)
    if given is None:
        raise Problem(401, "unauthorized", "Invalid API key or secret")
    return Token(
        access_token=given,
        token_type="Bearer",  # noqa: S106 - its kind
        expires_in=context.settings.tokens.seconds,
    )


def endpoints() -> tuple[Endpoint[RestContext], ...]:
    """Those of this module."""
    return (
        Endpoint(
            method="POST",
            path="/api/v1/token",
            summary=f"An access token for a key and its secret, in {KEY_HEADER} and {SECRET_HEADER}",
            handle=token,
            access=RAILS_KEY,
            guarded=True,
            returns=Token,
            refusals={401: "Key or secret is missing or not accepted."},
            group="Rails",
        ),
    )
