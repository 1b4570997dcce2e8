"""A request about an account, written once, and how it is sent: in a form, or as JSON."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import attrs
import msgspec

from feed.dialects.kraken import errors
from feed.dialects.kraken.account.view import AccountView
from feed.dialects.kraken.errors import INVALID_ARGUMENTS, KrakenError
from feed.dialects.kraken.fields import Fields
from feed.dialects.parameters import Parameter, sent_fields
from feed.model.grants import Scope

NONCE: Final = "nonce"
OF_REQUEST: Final = (NONCE, "otp")
"""What any request may have; a second password is not looked at."""


class Sent(Fields):
    """
    The parameters of a request about an account.

    Args:
        query: Of the URL, percent-encoded.
        body: A form, or a JSON object.

    Attributes:
        lists: Lists of a JSON object, by name.
    """

    def __init__(self, query: str, body: bytes) -> None:
        found: list[tuple[str, str]] = []
        self.lists: Final[dict[str, Sequence[Any]]] = {}
        if body.lstrip()[:1] == b"{":
            for name, value in _object(body).items():
                if isinstance(value, list):
                    self.lists[name] = value
                elif value is not None:
                    found.append((name, text_of(value, name)))
            body = b""
        super().__init__([*sent_fields("", body), *found, *sent_fields(query)])

    def items(self, name: str) -> Sequence[Any]:
        """A list; empty where there is none."""
        return self.lists.get(name, ())

    def only(self, *names: str) -> Sent:
        """The same, where it has none but these."""
        for name in (*self.sent, *self.lists):
            if name not in (*names, *OF_REQUEST):
                raise errors.invalid(name)
        return self

    def flag(self, name: str) -> bool:
        """One that is true or false; false when it was not sent."""
        value = (self.text(name) or "false").lower()
        if value not in ("true", "false", "1", "0"):
            raise errors.invalid(name)
        return value in ("true", "1")

    def needed(self, name: str) -> str:
        """One that must be there."""
        value = self.text(name)
        if value is None:
            raise errors.invalid(name)
        return value


def _object(body: bytes) -> dict[str, Any]:
    try:
        return msgspec.json.decode(body, type=dict[str, Any])
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise KrakenError(INVALID_ARGUMENTS) from None


def text_of(value: object, name: str) -> str:
    """
    A JSON value that is no list and no object, as a form has it.

    Raises:
        KrakenError: It is one.
    """
    match value:
        case bool():
            return str(value).lower()
        case str():
            return value
        case int() | float():
            return repr(value)
    raise errors.invalid(name)


@attrs.frozen(kw_only=True)
class Operation:
    """
    One request, and what answers it.

    Attributes:
        name: Of the method.
        summary: One line for people.
        scope: Of keys that may ask it.
        parameters: All that it may have, for the documents.
        answer: Made of the account and the market; or what is to be asked of the market, and an answer then.
        result: Type of the answer.
        weight: What a request counts.
    """

    name: str
    summary: str
    scope: Scope = Scope.READ
    parameters: tuple[Parameter, ...] = ()
    answer: Callable[[AccountView, Sent], object]
    result: Any
    weight: int = 1


def terms_of(sent: Mapping[str, Any]) -> dict[str, str]:
    """The terms of one order, as a request or an object in it has them: without those of any request."""
    return {
        name: text_of(value, name)
        for name, value in sent.items()
        if name not in OF_REQUEST and value is not None
    }


def text_parameter(name: str, meaning: str, *, needed: bool = False, **more: Any) -> Parameter:
    """A text, for the documents; it may be left out unless it is ``needed``."""
    return Parameter(name=name, meaning=meaning, most=None, optional=not needed, **more)


TXID: Final = text_parameter("txid", "Id of the order, or the client's number of some.")
OWN_ID: Final = text_parameter("cl_ord_id", "The client's own id: a UUID, or up to 18 characters.")
