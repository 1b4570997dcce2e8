"""
Who may ask for an endpoint: where a request carries its key, and how a refusal is worded.

The published documents differ in both, so each endpoint names its :class:`Access`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import attrs
import msgspec

from feed.errors import ClientError
from feed.model.grants import Grant, Scope
from feed.settings import Settings


class Shape(msgspec.Struct):
    """A JSON object of an answer or a request; its fields go out in the order in which they are declared."""


class Problem(ClientError):
    """
    A request that is refused; each protocol words it in its own style.

    Attributes:
        status: HTTP status.
        code: Short fixed word for programs.
        message: One sentence for people; never contains a key.
        headers: Further headers of the answer.
    """

    def __init__(
        self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None
    ) -> None:
        self.status = status
        self.code = code
        self.message = message
        self.headers = headers or {}
        super().__init__(message)


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


def detailed(problem: Problem) -> Error:
    """With code and message: where a protocol has no words of its own."""
    return Error(error=Detail(code=problem.code, message=problem.message))


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
        token: Whether an access token that was given for the key is presented in its place.
        needed: Whether there must be a key; if not, a bad one is refused all the same.
        needed_here: The same for a client on this machine.
        passes_over: Whether a key that is not accepted is as good as none: where anybody may ask, and a key
            only tells who is counted.
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
    token: bool = False
    scope: Scope = Scope.READ
    needed: bool = False
    needed_here: bool = True
    passes_over: bool = False
    bad_key: int = 401
    wording: Callable[[Problem], object] = detailed
    wording_type: type = Error
    per_day: Callable[[Grant, Settings], int] | None = None

    @property
    def shown(self) -> str:
        """How the header has to read."""
        return f"{self.header}: {self.prefix}<{'token' if self.token else 'key'}>"

    def presented(self, headers: Mapping[str, str]) -> str | None:
        """
        The key that a request presents, or its token; None for none.

        Raises:
            Problem: The header is no such one.
        """
        value = headers.get(self.header) if self.header else None
        if value is None:
            return None
        if value[: len(self.prefix)].lower() != self.prefix.lower():
            raise self.unauthorized(f"The header must read {self.shown}")
        return value[len(self.prefix) :].strip()

    def missing(self) -> Problem:
        """The refusal of a request without a key."""
        return self.unauthorized(f"The header {self.shown} is missing")

    def refused(self) -> Problem:
        """The refusal of a key that is not accepted."""
        return self.unauthorized(
            "Invalid or expired token" if self.token else "Invalid API key", self.bad_key
        )

    def forbidden(self) -> Problem:
        """The refusal of a key that does not have the scope."""
        return Problem(403, "forbidden", f"The API key does not have the scope {self.scope.value}")

    def unauthorized(self, message: str, status: int = 401) -> Problem:
        """A refusal of whoever has not shown a good key, and how to show one."""
        challenge = {"WWW-Authenticate": "Bearer" if self.prefix else f'ApiKey header="{self.header}"'}
        return Problem(status, "unauthorized", message, challenge if status == 401 else None)


OPEN: Final = Access()
