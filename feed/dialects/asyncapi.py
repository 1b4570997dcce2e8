"""
What a protocol says on its WebSockets, declared: channels, and the types of the messages in both directions.

A protocol has the module ``asyncapi`` in its folder, with ``channels(listing)``; the server's AsyncAPI
documents are made of that. What clients send are the types by which it is decoded. What is sent to them are
the types by which it is encoded, or, where text is written by hand, types that say the same; tests hold both
to conversations as they are.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Annotated, Any, Literal, get_type_hints

import attrs
import msgspec
from msgspec import UNSET, UnsetType

from feed.dialects.access import Shape
from feed.dialects.parameters import Parameter

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
        shape: The type that it is encoded or decoded by.
        summary: One line for people; empty for the first paragraph of the type's docstring.
        answers: Names of the messages of which one answers it; empty where answers are not told from news.
    """

    name: str
    shape: Any
    summary: str = ""
    answers: tuple[str, ...] = ()


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
    field: str,
    table: Mapping[str, type[Any]],
    *,
    suffix: str = "Request",
    content: str = "",
    more: Mapping[str, Any] | None = None,
) -> tuple[Message, ...]:
    """
    What clients may send, from the table by which it is decoded.

    Args:
        field: Member that says which request it is.
        table: Request classes by the value of that member.
        suffix: Of the names in the document, after that value.
        content: Member that holds the members of the class; empty where they stand beside ``field``.
        more: Types of further members beside those of the class; none of them is needed.
    """
    return tuple(
        request(_title(kind) + suffix, {field: kind}, shape, content=content, more=more)
        for kind, shape in table.items()
    )


def request(
    name: str,
    constants: Mapping[str, str],
    shape: type[Any],
    *,
    content: str = "",
    more: Mapping[str, Any] | None = None,
) -> Message:
    """
    One message of clients.

    Args:
        name: In the document.
        constants: Members that are always the same.
        shape: Class of the others.
        content: See :func:`requests`.
        more: See there.
    """
    described = {"__doc__": shape.__doc__}
    always: list[Any] = [(member, Literal[value]) for member, value in constants.items()]
    members = _members(shape) + [(member, kind | UnsetType, UNSET) for member, kind in (more or {}).items()]
    if content and members:
        inner = msgspec.defstruct(f"{name}Content", members, kw_only=True, namespace=described)
        needed = any(field.required for field in msgspec.structs.fields(inner))
        members = [(content, inner) if needed else (content, inner | UnsetType, UNSET)]
    whole = msgspec.defstruct(name, [*always, *members], namespace=described, kw_only=True)
    return Message(name=name, shape=whole)


def _title(kind: str) -> str:
    return f"{kind[:1].upper()}{kind[1:]}"


def _members(request: type[Any]) -> list[Any]:
    """Names, types and defaults of a class's members."""
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


def of_parameters(
    name: str, parameters: Sequence[Parameter], *, optional: Collection[str] = ()
) -> type[msgspec.Struct]:
    """
    The type of an object whose members are declared as parameters of requests by HTTP.

    Args:
        name: Of the type.
        parameters: Its members; a text may also be written as a number, a truth or a list, where it is one.
        optional: Names of those that may be left out, whatever they say.
    """
    members: list[Any] = []
    for one in parameters:
        kind: Any = int | str if one.least is not None else _texts(one)
        needed = one.required and one.name not in optional
        members.append((one.name, kind) if needed else (one.name, kind | UnsetType, UNSET))
    meanings = "".join(f"\n    {one.name}: {one.meaning}" for one in parameters)
    described = {"__doc__": f"Parameters of a request.\n\nAttributes:{meanings}\n"}
    return msgspec.defstruct(name, members, namespace=described, kw_only=True)


def _texts(parameter: Parameter) -> Any:
    choices = parameter.choices
    if not choices or parameter.aliases:
        return str | float | bool | list[str]
    return Literal[choices] | bool if {"true", "false"} & {*choices} else Literal[choices]
