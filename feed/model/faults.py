"""
Faults of connections: their kinds, their times, and the connections that they affect.

A fault never changes an event; it affects frames and connections. Offsets are integer nanoseconds
of market time from the start of the scenario, as in :mod:`feed.model.timeline`.
"""

from __future__ import annotations

import ipaddress
from typing import Any, Final

import attrs
from attrs.validators import and_, ge, gt, in_, le, lt, max_len, min_len, optional

from feed.model.durations import NS_PER_SECOND
from feed.model.kinds import KIND_NAMES
from feed.model.timeline import Nanoseconds

_SHARE: Final[Any] = and_(gt(0), le(1))

# Those that RFC 6455, section 7.4, and its registry let an endpoint send; and 1006, which stands for none.
CLOSE_CODES: Final = (range(1000, 1004), range(1006, 1015), range(3000, 5000))
_REASON_BYTES: Final = 123
MOST_SKEW_MS: Final = 86_400_000


def _close_code(_: object, attribute: attrs.Attribute[int], value: int) -> None:
    if not any(value in codes for codes in CLOSE_CODES):
        ranges = [f"{codes.start} to {codes.stop - 1}" for codes in CLOSE_CODES]
        raise ValueError(f"'{attribute.name}' must be {', '.join(ranges)}: {value}")


def _address(_: object, attribute: attrs.Attribute[str | None], value: str | None) -> None:
    try:
        ipaddress.ip_address(value or "::")
    except ValueError:
        raise ValueError(f"'{attribute.name}' must be an IP address: {value!r}") from None


def _fits(_: object, attribute: attrs.Attribute[str], value: str) -> None:
    if len(value.encode()) > _REASON_BYTES:
        raise ValueError(f"'{attribute.name}' must be at most {_REASON_BYTES} bytes of UTF-8")


@attrs.frozen(kw_only=True)
class Aim:
    """
    The connections that a fault affects: those that meet all conditions.

    Attributes:
        dialect: Name of the protocol; None for any.
        key: Name of the key used, not the key itself; None for any, and for connections without a key.
        fraction: Share of those connections, chosen by the scenario's seed.
    """

    dialect: str | None = None
    key: str | None = None
    fraction: float = attrs.field(default=1.0, validator=_SHARE)

    def strikes(self, *, dialect: str, key: str | None, lot: float) -> bool:
        """
        Whether a connection is affected.

        Args:
            dialect: Name of its protocol.
            key: Name of its key; None before authentication.
            lot: Drawn for it from [0, 1), by the scenario's seed.
        """
        return self.dialect in (None, dialect) and self.key in (None, key) and lot < self.fraction


@attrs.frozen(kw_only=True)
class Fault:
    """
    A fault of connections. Exactly one of ``at`` and ``seq`` is its time.

    Attributes:
        at: Nanoseconds from the start of the scenario.
        seq: Sequence number of the last event before it, from 1.
        aim: The connections that it affects.
    """

    at: Nanoseconds | None = attrs.field(default=None, validator=optional(ge(0)))
    seq: int | None = attrs.field(default=None, validator=optional(ge(1)))
    aim: Aim = Aim()

    def __attrs_post_init__(self) -> None:
        if (self.at is None) == (self.seq is None):
            raise ValueError("'at' or 'seq' says when, one of them and not both")


@attrs.frozen(kw_only=True)
class LastingFault(Fault):
    """
    A fault with a duration.

    Attributes:
        duration: Nanoseconds of market time until it is over; None for the rest of the scenario.
    """

    duration: Nanoseconds | None = attrs.field(default=None, validator=optional(gt(0)))


@attrs.frozen(kw_only=True)
class Disconnect(Fault):
    """
    Connections are closed.

    Attributes:
        code: WebSocket close code: 1000 to 1003, 1007 to 1014 or 3000 to 4999; or 1006, which drops the
            TCP connection without a closing handshake.
        reason: Text sent with it, at most 123 bytes of UTF-8.
    """

    code: int = attrs.field(default=1001, validator=_close_code)
    reason: str = attrs.field(default="", validator=_fits)


@attrs.frozen(kw_only=True)
class GoAway(Fault):
    """
    Connections are told that they will be closed, in the protocol's own words, and are closed with 1001.

    Attributes:
        notice: Nanoseconds of clock time in between.
    """

    notice: Nanoseconds = attrs.field(default=10 * NS_PER_SECOND, validator=[ge(0), le(3600 * NS_PER_SECOND)])


@attrs.frozen(kw_only=True)
class Reset(Fault):
    """Connections are cut with a TCP reset: what is on the way is lost, and the client sees an error."""


@attrs.frozen(kw_only=True)
class Mute(LastingFault):
    """Nothing is sent, but pings are answered. Messages of that time are lost."""


@attrs.frozen(kw_only=True)
class HalfOpen(LastingFault):
    """Nothing is sent and pings are not answered, while the TCP connection stays open."""


@attrs.frozen(kw_only=True)
class Delay(LastingFault):
    """
    Frames arrive late, in order.

    Attributes:
        delay: Least delay, nanoseconds of clock time rather than market time.
        jitter: Random further delay, nanoseconds at most; drawn for each write, of one frame or several.
    """

    delay: Nanoseconds = attrs.field(validator=[ge(0), le(600 * NS_PER_SECOND)])
    jitter: Nanoseconds = attrs.field(default=0, validator=[ge(0), le(600 * NS_PER_SECOND)])


@attrs.frozen(kw_only=True)
class Bandwidth(LastingFault):
    """
    Frames arrive no faster than a narrow link takes them, in their order.

    Attributes:
        bytes_per_second: The most that it takes, of the clock rather than of market time.
    """

    bytes_per_second: int = attrs.field(validator=[ge(1), le(1_000_000_000)])


@attrs.frozen(kw_only=True)
class MessageFault(LastingFault):
    """
    A fault of messages about the market; answers to one client alone are not among them.

    Attributes:
        fraction: Share of the messages, drawn for each.
        messages: How many of each channel of an instrument are affected at most, whoever listens; None for
            no bound.
        channel: Those of this channel alone, by the protocol's own name, such as ``depth@100ms``; None for
            all.
        symbol: Those about this instrument alone, as the market lists it; None for all.
        event: Those that tell of this kind of event alone, such as ``execution``; None for all.
    """

    fraction: float = attrs.field(validator=_SHARE)
    messages: int | None = attrs.field(default=None, validator=optional([ge(1), le(1000)]))
    channel: str | None = attrs.field(default=None, validator=optional([min_len(1), max_len(64)]))
    symbol: str | None = attrs.field(default=None, validator=optional([min_len(1), max_len(64)]))
    event: str | None = attrs.field(default=None, validator=optional(in_(tuple(KIND_NAMES.values()))))


@attrs.frozen(kw_only=True)
class Drop(MessageFault):
    """Frames are lost."""


@attrs.frozen(kw_only=True)
class Duplicate(MessageFault):
    """Frames arrive twice, one right after the other."""


@attrs.frozen(kw_only=True)
class Reorder(MessageFault):
    """
    Frames arrive after later ones.

    Attributes:
        distance: Number of later frames that arrive first, at most.
    """

    distance: int = attrs.field(default=1, validator=[ge(1), le(1000)])


@attrs.frozen(kw_only=True)
class BrokenChecksum(MessageFault):
    """Messages about a book arrive with another checksum than that of the book; others as they are."""


@attrs.frozen(kw_only=True)
class Garbage(Fault):
    """A text frame that is no message of any protocol."""


@attrs.frozen(kw_only=True)
class Oversized(Fault):
    """
    A text frame that is far too long.

    Attributes:
        bytes: Length of its payload.
    """

    bytes: int = attrs.field(default=2 * 1024 * 1024, validator=[ge(1), le(64 * 1024 * 1024)])


@attrs.frozen(kw_only=True)
class RefuseHandshakes(LastingFault):
    """
    New connections are refused; existing ones stay.

    Attributes:
        status: HTTP status of the refusal.
    """

    status: int = attrs.field(default=503, validator=[ge(400), lt(600)])

    def __attrs_post_init__(self) -> None:
        super().__attrs_post_init__()
        if self.aim.key is not None:
            raise ValueError("'aim.key' strikes nobody here: who is refused has not shown a key yet")


@attrs.frozen(kw_only=True)
class ExpireTokens(Fault):
    """Access tokens issued so far become invalid."""


@attrs.frozen(kw_only=True)
class Restart(LastingFault):
    """A restart of the server: connections are closed with 1012, and new ones refused for its duration."""


@attrs.frozen(kw_only=True)
class RequestFault(LastingFault):
    """A fault of the requests of one protocol, by HTTP or on connections, where it has words for that."""

    def __attrs_post_init__(self) -> None:
        super().__attrs_post_init__()
        if self.aim.dialect is None:
            raise ValueError("'aim.dialect' must say of which protocol the requests are")
        if self.aim.fraction != 1:
            raise ValueError("'aim.fraction' is a share of connections, and these are requests")


@attrs.frozen(kw_only=True)
class Ban(RequestFault):
    """
    Requests are refused as those of somebody who went on past a limit, with the seconds until it ends.

    Attributes:
        address: IP address from which requests without a key that is accepted are refused; else
            ``aim.key`` says whose are.
    """

    address: str | None = attrs.field(default=None, validator=_address)

    def __attrs_post_init__(self) -> None:
        super().__attrs_post_init__()
        if (self.aim.key is None) == (self.address is None):
            raise ValueError("'aim.key' or 'address' says who is banned, one of them and not both")


@attrs.frozen(kw_only=True)
class ClockSkew(RequestFault):
    """
    The server's clock is off: that by which it judges when requests were signed, and tells the time.

    Attributes:
        skew_ms: How far it is ahead, milliseconds; negative for behind.
    """

    skew_ms: int = attrs.field(validator=[ge(-MOST_SKEW_MS), le(MOST_SKEW_MS)])


@attrs.frozen(kw_only=True)
class Maintenance(RequestFault):
    """Requests about accounts and orders are refused in the protocol's words for it; data goes on."""


FAULTS: Final[tuple[type[Fault], ...]] = (
    Disconnect,
    GoAway,
    Reset,
    Mute,
    HalfOpen,
    Delay,
    Bandwidth,
    Drop,
    Duplicate,
    Reorder,
    BrokenChecksum,
    Garbage,
    Oversized,
    RefuseHandshakes,
    ExpireTokens,
    Restart,
    Ban,
    ClockSkew,
    Maintenance,
)
