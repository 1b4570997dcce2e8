"""One endpoint, written once: router, checks and every document about it are made from it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

import attrs
import msgspec

from feed.server.http.site import Call, Problem, Site
from feed.server.keycheck import Arrival
from feed.server.keyfile import Entry

if TYPE_CHECKING:
    from feed.server.http.access import Access

JSON: Final = "application/json"
_LONGEST_NUMBER: Final = 18  # digits
_encode: Final = msgspec.json.Encoder(decimal_format="number").encode


class Shape(msgspec.Struct):
    """A JSON object of an answer or a request; its fields go out in the order in which they are declared."""


@attrs.frozen(kw_only=True)
class Answer:
    """
    What goes back.

    Attributes:
        content: Text of the body.
        content_type: Its media type.
        status: HTTP status.
    """

    content: bytes
    content_type: str = JSON
    status: int = 200


@attrs.frozen(kw_only=True)
class Parameter:
    """
    One parameter of a query.

    Attributes:
        name: As in the URL.
        meaning: For people.
        default: Value when it is left out; None when it may not be.
        least: Smallest value of a whole number; None for a text.
        most: Largest value of a whole number, or length of a text.
        choices: All that a text may be; empty when that is not for here to say.
        aliases: Whether the endpoint knows further names of the choices.
        example: One that works.
    """

    name: str
    meaning: str
    default: str | int | None = None
    least: int | None = None
    most: int
    choices: tuple[str, ...] = ()
    aliases: bool = False
    example: str | int | None = None

    def read(self, query: Mapping[str, str]) -> str | int:
        """
        Its value.

        Raises:
            Problem: 400, it is missing or cannot be.
        """
        text = query.get(self.name, "")
        if not text:
            # An empty value is no value: forms send their empty fields.
            if self.default is None or self.name in query:
                raise self._bad("is missing")
            return self.default
        if self.least is None:
            if len(text) > self.most:
                raise self._bad(f"is longer than {self.most} characters")
            if self.choices and not self.aliases and text not in self.choices:
                raise self._bad(f"must be one of {', '.join(self.choices)}")
            return text
        number = int(text) if _is_number(text) else -1
        if not self.least <= number <= self.most:
            raise self._bad(f"must be a whole number from {self.least} to {self.most}")
        return number

    def _bad(self, what: str) -> Problem:
        return Problem(400, "bad_request", f"The parameter {self.name} {what}")


def _with_whole_numbers(value: Any) -> Any:
    """1.0 is a whole number to JSON Schema, and to programs whose numbers are all alike."""
    match value:
        case float() if value.is_integer():
            return int(value)
        case list():
            return [_with_whole_numbers(item) for item in value]
        case dict():
            return {name: _with_whole_numbers(item) for name, item in value.items()}
    return value


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= _LONGEST_NUMBER


@attrs.frozen(kw_only=True)
class Endpoint:
    """
    What is served at one path by one method.

    Attributes:
        method: ``GET`` or ``POST``.
        path: Exactly this.
        summary: One line for people.
        handle: Answers a checked call. Synchronous: it sees the market between two steps.
        later: Awaited after ``handle``, and its answer given instead; None answers at once.
        access: Who may ask.
        parameters: Of the query.
        body: Type of the JSON body; None when none is looked at.
        returns: Type of the JSON answer; a media type when the answer is no JSON.
        status: Of a good answer.
        refusals: Statuses of refusals of its own, and what they mean.
        metered: Whether requests are counted against the client's quota.
        guarded: Whether other people's web pages are kept away from it.
        group: Heading in documents.
    """

    method: str = "GET"
    path: str
    summary: str
    handle: Callable[[Site, Call], object]
    later: Callable[[Site, Call], Awaitable[object]] | None = None
    access: Access
    parameters: tuple[Parameter, ...] = ()
    body: Any = None
    returns: Any
    status: int = 200
    refusals: Mapping[int, str] = attrs.field(factory=dict)
    metered: bool = True
    guarded: bool = False
    group: str

    def call(
        self,
        query: Mapping[str, str],
        body: bytes,
        *,
        entry: Entry | None,
        arrival: Arrival,
        base: str,
        headers: Mapping[str, str],
    ) -> Call:
        """
        A checked call.

        Args:
            query: First value of each parameter.
            body: As it came.
            entry: See :class:`~feed.server.http.site.Call`.
            arrival: See there.
            base: See there.
            headers: See there.

        Raises:
            Problem: 400, something is missing or cannot be.
        """
        values = {parameter.name: parameter.read(query) for parameter in self.parameters}
        decoded = None if self.body is None else self._decoded(body)
        return Call(
            values=values,
            grant=None if entry is None else entry.grant,
            entry=entry,
            arrival=arrival,
            body=decoded,
            base=base,
            headers=headers,
        )

    def _decoded(self, body: bytes) -> object:
        try:
            return msgspec.convert(_with_whole_numbers(msgspec.json.decode(body)), type=self.body)
        except msgspec.ValidationError as problem:
            raise Problem(400, "bad_request", f"The body does not fit: {problem}") from None
        except (msgspec.DecodeError, RecursionError):
            raise Problem(400, "bad_request", "The body is not JSON") from None

    async def answer(self, site: Site, call: Call) -> Answer:
        """Answer a call, or raise :class:`~feed.server.http.site.Problem`."""
        result = self.handle(site, call)
        if self.later is not None:
            result = await self.later(site, call)
        if isinstance(result, Answer):
            return result
        if isinstance(self.returns, str):
            content = result if isinstance(result, bytes) else str(result).encode()
            return Answer(content=content, content_type=self.returns, status=self.status)
        return Answer(content=_encode(result), status=self.status)
