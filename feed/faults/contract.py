"""What the fault engine and the server tell each other."""

from __future__ import annotations

from typing import Protocol

import attrs

from feed.faults.pacing import LinkState
from feed.model.faults import Fault
from feed.stream.send_buffer import SendBuffer


@attrs.frozen(kw_only=True)
class FaultPlan:
    """
    The faults of a run.

    Attributes:
        faults: In the order of the file.
        seed: Chooses whom they strike, and which frames.
        start: Market time from which they count, nanoseconds since the Unix epoch.
        every: Nanoseconds of market time after which the scenario begins again, and with it the faults
            whose time it says; None where it is played once.
    """

    faults: tuple[Fault, ...] = ()
    seed: int = 0
    start: int = 0
    every: int | None = None


@attrs.define(kw_only=True)
class FaultRecord:
    """
    A fault that has begun.

    Attributes:
        number: Its place among the scenario's faults, from 0; None for one that was set at run time.
        name: As the scenario has it, such as ``half-open``.
        seq: Sequence number of the last event before it.
        market_time: Of that event, nanoseconds since the Unix epoch.
        connections: How many it struck so far.
        refused: How many handshakes it turned away so far, or requests of whom it bans.
        since: Market time at which the scenario let it begin; None where it names an event.
        over: Whether it has ended; True from the start of one that does not last.
    """

    number: int | None
    name: str
    seq: int
    market_time: int
    connections: int = 0
    refused: int = 0
    since: int | None = None
    over: bool = True


@attrs.frozen(kw_only=True)
class ForcedClose:
    """
    How a fault ends a connection.

    Attributes:
        why: Short, fixed words; endings are counted by them.
        code: Close code to send; 0 drops the connection without a closing handshake.
        reason: Text of the close frame.
        token_expired: Whether the protocol says first that the token is no longer good.
        reset: Whether the connection is dropped with a TCP reset; there is no close code then.
    """

    why: str
    code: int = 0
    reason: str = ""
    token_expired: bool = False
    reset: bool = False


@attrs.frozen
class RefusedHandshake:
    """
    How a fault turns a handshake away.

    Attributes:
        status: HTTP status.
        retry_seconds: After which to try again.
    """

    status: int
    retry_seconds: int


class Client(Protocol):
    """
    Who is at the other end of a connection, as faults see it.

    Attributes:
        dialect: Name of the protocol that it speaks.
        key: Name of the key that it has shown, never the key itself; None before it has.
    """

    @property
    def dialect(self) -> str: ...  # noqa: D102
    @property
    def key(self) -> str | None: ...  # noqa: D102


class Target(Protocol):
    """
    An open connection, as faults see it.

    Attributes:
        peer_info: Who it is with.
        send_buffer: Everything that goes out, in order.
        number: As they came to this server, from 1.
    """

    @property
    def number(self) -> int: ...  # noqa: D102
    @property
    def peer_info(self) -> Client: ...  # noqa: D102
    @property
    def send_buffer(self) -> SendBuffer: ...  # noqa: D102

    def leave(self, ending: ForcedClose) -> None:
        """End it between these two events."""

    def go_away(self, seconds: float) -> None:
        """Say between these two events that it will be closed, and close it so much later."""

    def impair(self, link: LinkState) -> None:
        """Let the way to the client be as bad as that from now on."""
