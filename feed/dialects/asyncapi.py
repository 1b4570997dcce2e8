"""
What a protocol says on its WebSockets, declared: channels, and the types of the messages in both directions.

A protocol has the module ``asyncapi`` in its folder, with ``channels(listing)``; the server's AsyncAPI
documents are made of that. What clients send are the types by which it is decoded. What is sent to them are
the types by which it is encoded, or, where text is written by hand, types that say the same; tests hold both
to conversations as they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, get_type_hints

import attrs
import msgspec
from msgspec import UNSET, UnsetType

from feed.dialects.access import Shape

DecimalText = Annotated[str, msgspec.Meta(pattern=r"^-?\d+(\.\d+)?$")]
"""A number, as a text with all its digits."""
IsoTime = Annotated[str, msgspec.Meta(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$")]
"""A time in UTC, ISO 8601."""
Position = Annotated[str, msgspec.Meta(pattern=r"^\d+-[0-9a-f]{8}$")]
"""A place in the stream of all events, from which to resume."""


class Positioned(Shape, kw_only=True):
    """With ``ext=seq``: where an answer stands in the stream."""

    pos: Position | UnsetType = UNSET


class Numbered(Positioned, kw_only=True):
    """With ``ext=seq``: number of the event that is told of, and where the message stands."""

    seq: int | UnsetType = UNSET


class ConnectionOptions(Shape, kw_only=True):
    """
    Options in the query of the URL.

    Attributes:
        ext: ``seq``: messages carry sequence number and position.
        since: A position after which the first subscription begins.
        conflate: Quotes at intervals of so many milliseconds of market time.
    """

    ext: str | UnsetType = UNSET
    since: Position | UnsetType = UNSET
    conflate: str | UnsetType = UNSET


@attrs.frozen(kw_only=True)
class Message:
    """
    One kind of message.

    Attributes:
        name: In the document; of a protocol's messages each has its own.
        shape: The type that it is encoded or decoded by; the first paragraph of its docstring is the summary.
    """

    name: str
    shape: Any


@attrs.frozen(kw_only=True)
class Channel:
    """
    What is said on connections to one path.

    Attributes:
        name: In the document.
        address: The path, below the protocol's own where that is a prefix.
        summary: One line for people.
        query: Type of the options in the URL; None where there are none.
        from_client: What clients may send.
        to_client: What they are sent.
    """

    name: str
    address: str
    summary: str
    query: type[Shape] | None = ConnectionOptions
    from_client: tuple[Message, ...] = ()
    to_client: tuple[Message, ...] = ()


def messages(*shapes: type[msgspec.Struct]) -> tuple[Message, ...]:
    """Messages that are named as their types."""
    return tuple(Message(name=shape.__name__, shape=shape) for shape in shapes)


def requests(
    field: str, table: Mapping[str, type[Any]], *, content: str = "", more: Mapping[str, Any] | None = None
) -> tuple[Message, ...]:
    """
    What clients may send, from the table by which it is decoded.

    Args:
        field: Member that says which request it is.
        table: Request classes by the value of that member.
        content: Member that holds the other members; empty where they stand beside it.
        more: Types of further members that every request may have, all of them optional.
    """
    return tuple(
        Message(name=_title(kind), shape=_envelope(_title(kind), {field: kind}, request, content, more or {}))
        for kind, request in table.items()
    )


def tagged(name: str, constants: Mapping[str, str], request: type[Any]) -> Message:
    """A request of which some members are always the same."""
    return Message(name=name, shape=_envelope(name, constants, request, "", {}))


_SUFFIX: Final = "Request"


def _title(kind: str) -> str:
    return f"{kind[:1].upper()}{kind[1:]}{_SUFFIX}"


def _envelope(
    name: str, constants: Mapping[str, str], request: type[Any], content: str, more: Mapping[str, Any]
) -> type[msgspec.Struct]:
    """The type of a whole message, around the members that a class of requests has."""
    always = [(member, Literal[value]) for member, value in constants.items()]
    optional = [(member, kind | UnsetType, UNSET) for member, kind in more.items()]
    members = _members(request)
    if content and members:
        inner = msgspec.defstruct(name.removesuffix(_SUFFIX) + "Content", members, kw_only=True)
        members = [(content, inner)]
    described = {"__doc__": request.__doc__}
    fields: list[Any] = [*always, *members, *optional]
    return msgspec.defstruct(name, fields, namespace=described, kw_only=True)


def _members(request: type[Any]) -> list[Any]:
    kinds = get_type_hints(request, include_extras=True)
    if issubclass(request, msgspec.Struct):
        return [
            (one.encode_name, kinds[one.name])
            if one.required
            else (one.encode_name, kinds[one.name], one.default)
            for one in msgspec.structs.fields(request)
        ]
    return [
        (one.name, kinds[one.name])
        if one.default is attrs.NOTHING
        else (one.name, kinds[one.name], one.default)
        for one in attrs.fields(request)
    ]
