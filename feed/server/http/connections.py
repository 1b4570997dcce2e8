"""Who is connected, and what one of them hears and says, with a key of the scope ``admin``."""

from __future__ import annotations

import heapq
from typing import Final

from feed.dialects.access import Problem, Shape
from feed.dialects.parameters import Parameter
from feed.dialects.rest import Call, Endpoint
from feed.dialects.times import iso
from feed.model.durations import NS_PER_MILLISECOND
from feed.model.topics import Topic
from feed.server.connection.tap import TappedMessage, TooManyTaps
from feed.server.http.admin import ADMIN
from feed.server.http.context import RequestContext
from feed.server.redaction import Redactor
from feed.server.registry import OpenConnection
from feed.server.tcp_info import transfer_of

PATH: Final = "/admin/connections"
_GROUP: Final = "Admin"
_SHOWN: Final = 20  # subscriptions of a connection


class ConnectionShown(Shape):
    """
    An open connection.

    Attributes:
        connection: Its number: as they came to this server, from 1. The log of messages has the same.
        protocol: What it speaks.
        key: Name of the key that it has shown, never the key itself; null before it has.
        peer: Its address.
        target: Path and query that it asked for, without keys.
        opened: When it came, ISO-8601 in UTC, milliseconds.
        subscriptions: What it listens to: channel and symbol, the first twenty.
        subscribed: How many there are of these.
        backlog_bytes: What it has not taken yet, and this server keeps for it.
        seq_behind: How many events it is behind the newest, at least.
        replaying: Whether it is being told of the past, after a resume.
        observer: Whether it only watches, see ``observer=1``.
        faults: What goes wrong on its link on purpose.
        acked_bytes: That its kernel has taken so far: two of these make its rate. Null where nobody knows.
        unsent_bytes: That lie in this machine's kernel and were not sent yet.
        rtt_us: Round trip, microseconds.
        tapped: Whether somebody looks at its messages.
    """

    connection: int
    protocol: str
    key: str | None
    peer: str
    target: str
    opened: str
    subscriptions: list[str]
    subscribed: int
    backlog_bytes: int
    seq_behind: int
    replaying: bool
    observer: bool
    faults: list[str]
    acked_bytes: int | None
    unsent_bytes: int | None
    rtt_us: int | None
    tapped: bool


class ConnectionList(Shape):
    """
    Who is connected to this server.

    Attributes:
        seq: Number of the newest event.
        open: How many WebSocket connections there are.
        connections: Those that were asked for, by number.
    """

    seq: int
    open: int
    connections: list[ConnectionShown]


class Closed(Shape):
    """
    How a connection ended.

    Attributes:
        why: In words.
        code: Of the close frame; 0 for none.
    """

    why: str
    code: int


class MessageShown(Shape, omit_defaults=True):
    """
    A message of a connection.

    Attributes:
        number: From 1, since somebody began to look.
        time: When it went by, ISO-8601 in UTC, milliseconds.
        direction: ``in`` from the client, ``out`` to it.
        message: Its text, without secrets; null where it cannot be shown.
        bytes: Its length on the wire.
        readable: False for what is no JSON, or longer than 16 KiB.
    """

    number: int
    time: str
    direction: str
    message: str | None
    bytes: int
    readable: bool = True


class MessageList(Shape):
    """
    The last messages of a connection.

    Attributes:
        connection: Its number.
        open: Whether it is still there.
        closed: How it ended; null while it is open.
        next: What to give as ``after`` for those that follow.
        left_out: How many after ``after`` are no longer kept.
        messages: Oldest first.
    """

    connection: int
    open: bool
    closed: Closed | None
    next: int
    left_out: int
    messages: list[MessageShown]


def show_connections(context: RequestContext, call: Call) -> ConnectionList:
    """Those after a number."""
    after, limit = call.number("after"), call.number("limit")
    found = context.registry.connections
    wanted = heapq.nsmallest(limit, (one for one in found if one.number > after), key=_number)
    return ConnectionList(
        seq=context.seq, open=len(found), connections=[_shown(context, one) for one in wanted]
    )


def show_messages(context: RequestContext, call: Call) -> MessageList:
    """The last messages of one; from the first call on they are kept, as long as calls go on."""
    number, after = call.number("connection"), call.number("after")
    try:
        tap = context.taps.look(number, context.registry.connections)
    except TooManyTaps as problem:
        raise Problem(409, "conflict", str(problem)) from None
    if tap is None:
        raise Problem(404, "not_found", f"There is no connection {number}")
    messages, left_out = tap.after(after, call.number("limit"))
    closed = None if tap.closed is None else Closed(why=tap.closed.why, code=tap.closed.code)
    return MessageList(
        connection=number,
        open=closed is None,
        closed=closed,
        next=messages[-1].number if messages else max(after, tap.newest),
        left_out=left_out,
        messages=[_message(one) for one in messages],
    )


def _number(connection: OpenConnection) -> int:
    return connection.number


def _message(one: TappedMessage) -> MessageShown:
    return MessageShown(
        number=one.number,
        time=_when(one.time),
        direction="out" if one.outgoing else "in",
        message=one.text,
        bytes=one.size,
        readable=one.text is not None,
    )


def _shown(context: RequestContext, connection: OpenConnection) -> ConnectionShown:
    facts, peer_info, buffer = connection.facts, connection.peer_info, connection.send_buffer
    replay = context.fanout.hub.replays.of(buffer)
    followed: tuple[Topic, ...] = () if buffer.group is None else buffer.group.topics
    topics = followed if replay is None else replay.topics
    told = buffer.told if replay is None else replay.oldest
    transfer = transfer_of(connection.transport)
    return ConnectionShown(
        connection=facts.number,
        protocol=peer_info.dialect,
        key=peer_info.key,
        peer=connection.transport.peer,
        target=Redactor(context.taps.known).target(facts.target),
        opened=_when(facts.opened),
        subscriptions=[
            f"{topic.channel} {context.listing[topic.instrument].symbol}" for topic in topics[:_SHOWN]
        ],
        subscribed=len(topics),
        backlog_bytes=buffer.owed,
        seq_behind=0 if told is None else max(0, context.seq - told),
        replaying=replay is not None,
        observer=facts.observer,
        faults=context.registry.faults.striking(connection),
        acked_bytes=None if transfer is None else transfer.acked_bytes,
        unsent_bytes=None if transfer is None else transfer.unsent_bytes,
        rtt_us=None if transfer is None else transfer.rtt_us,
        tapped=context.taps.watched(facts.number),
    )


def _when(seconds: float) -> str:
    return iso(round(seconds * 1000) * NS_PER_MILLISECOND)


def _parameters(most: int, usual: int, meaning: str) -> tuple[Parameter, ...]:
    return (
        Parameter(name="after", meaning=meaning, default=0, least=0, most=2**53),
        Parameter(name="limit", meaning="How many at most.", default=usual, least=1, most=most),
    )


def endpoints() -> tuple[Endpoint[RequestContext], ...]:
    """Those of this module."""
    whose = Parameter(
        name="connection", meaning="Number of a connection.", least=1, most=2**53, example=1, default=None
    )
    return (
        Endpoint(
            path=PATH,
            summary="Who is connected to the server that has the market",
            handle=show_connections,
            access=ADMIN,
            guarded=True,
            changes=True,  # the faults and the key of the administrator are where the market is
            parameters=_parameters(200, 100, "Only those with a higher number."),
            returns=ConnectionList,
            group=_GROUP,
        ),
        Endpoint(
            path=f"{PATH}/messages",
            summary="The last messages of one connection, kept as long as somebody asks for them",
            handle=show_messages,
            access=ADMIN,
            guarded=True,
            changes=True,
            parameters=(whose, *_parameters(100, 50, "Only those after the message of that number.")),
            returns=MessageList,
            refusals={
                404: "There is no such connection.",
                409: "Eight other connections are looked at already.",
            },
            group=_GROUP,
        ),
    )
