"""The faults that can be set at run time, as requests name them: kinds, fields, units and bounds."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Final

import msgspec

from feed.dialects.access import Shape
from feed.dialects.parameters import all_of
from feed.faults.runtime import NAME
from feed.model import faults
from feed.model.durations import NS_PER_MILLISECOND, NS_PER_SECOND

_LONGEST_SECONDS: Final = 7 * 86_400
_LONGEST_TEXT: Final = 64

COMMON: Final = ("name", "aim", "duration_seconds")
"""Fields that say how a fault is called, whom it strikes and for how long, and not what it is."""

Share = Annotated[float, msgspec.Meta(gt=0, le=1)]
Milliseconds = Annotated[float, msgspec.Meta(ge=0, le=600_000)]
Text = Annotated[str, msgspec.Meta(max_length=_LONGEST_TEXT)]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=_LONGEST_TEXT)]


class FaultAim(Shape, forbid_unknown_fields=True, omit_defaults=True):
    """
    Which connections a fault strikes: those that meet all that is said.

    Attributes:
        dialect: Name of the protocol; empty for any.
        key: Name of the key that was used, never the key itself; empty for any, or none at all.
        fraction: Share of those, drawn from the seed and the fault's name.
        connection: Number of the only one, see ``/admin/connections``; 0 for any. The fault ends with it, and
            is not kept over a restart.
    """

    dialect: Text = ""
    key: Text = ""
    fraction: Share = 1.0
    connection: Annotated[int, msgspec.Meta(ge=0, le=2**53)] = 0


class FaultRequest(Shape, kw_only=True, forbid_unknown_fields=True, tag_field="kind"):
    """What all kinds have; what their fields mean stands here for all of them."""

    name: Annotated[
        str,
        msgspec.Meta(
            pattern=all_of(NAME.pattern),
            description="Small letters, digits, dots, hyphens and underscores, at most 32.",
        ),
    ]
    aim: Annotated[FaultAim, msgspec.Meta(description="Whom it strikes.")] = msgspec.field(
        default_factory=FaultAim
    )

    model: ClassVar[type[faults.Fault]] = faults.Fault

    def fields(self) -> dict[str, Any]:
        """What the model has beside the aim."""
        return {name: getattr(self, name) for name in self.__struct_fields__ if name not in COMMON}

    def fault(self) -> faults.Fault:
        """What the engine does; when it begins is the engine's to say."""
        aim = faults.Aim(
            dialect=self.aim.dialect or None, key=self.aim.key or None, fraction=self.aim.fraction
        )
        return self.model(at=0, aim=aim, **self.fields())


class LastingRequest(FaultRequest, kw_only=True):
    """What those have that last."""

    duration_seconds: Annotated[
        Annotated[float, msgspec.Meta(gt=0, le=_LONGEST_SECONDS)] | None,
        msgspec.Meta(description="For how long, seconds of the clock; null until it is removed."),
    ] = None


class LatencyFault(LastingRequest, kw_only=True, tag="latency"):
    """
    Frames arrive late, in their order.

    Attributes:
        latency_ms: By at least so many milliseconds.
        jitter_ms: And up to so many more, drawn for each write.
    """

    latency_ms: Milliseconds
    jitter_ms: Milliseconds = 0

    model = faults.Delay

    def fields(self) -> dict[str, Any]:
        """In nanoseconds, as the model has them."""
        return {"delay": _ns(self.latency_ms), "jitter": _ns(self.jitter_ms)}


class JitterFault(LastingRequest, kw_only=True, tag="jitter"):
    """
    Frames arrive up to so much late, in their order.

    Attributes:
        jitter_ms: Up to so many milliseconds, drawn for each write.
    """

    jitter_ms: Milliseconds

    model = faults.Delay

    def fields(self) -> dict[str, Any]:
        """In nanoseconds, as the model has them."""
        return {"delay": 0, "jitter": _ns(self.jitter_ms)}


class BandwidthFault(LastingRequest, kw_only=True, tag="bandwidth"):
    """
    Frames arrive no faster than a narrow link takes them, in their order.

    Attributes:
        bytes_per_second: The most that it takes.
    """

    bytes_per_second: Annotated[int, msgspec.Meta(ge=1, le=1_000_000_000)]

    model = faults.Bandwidth


class MuteFault(LastingRequest, kw_only=True, tag="mute"):
    """Nothing is sent any more, yet pings are answered. What was withheld is lost."""

    model = faults.Mute


class HalfOpenFault(LastingRequest, kw_only=True, tag="half-open"):
    """Nothing is sent and nothing is answered, while the TCP connection stays open."""

    model = faults.HalfOpen


class MessageRequest(LastingRequest, kw_only=True):
    """
    What those have that strike messages about the market, and no answers to one client alone.

    What their fields mean stands here for all of them.
    """

    fraction: Annotated[Share, msgspec.Meta(description="Share of the messages, drawn for each.")] = 1.0
    messages: Annotated[
        Annotated[int, msgspec.Meta(ge=1, le=1000)] | None,
        msgspec.Meta(description="How many of each channel of an instrument at most; null for no bound."),
    ] = None
    channel: Annotated[
        Name | None,
        msgspec.Meta(description="Those of this channel alone, by the protocol's own name; null for all."),
    ] = None
    symbol: Annotated[
        Name | None, msgspec.Meta(description="Those about this instrument alone; null for all.")
    ] = None
    event: Annotated[
        Text | None,
        msgspec.Meta(
            description="Those that tell of this kind of event alone, such as execution; null for all."
        ),
    ] = None


class GapFault(MessageRequest, kw_only=True, tag="gap"):
    """Messages are lost, and others follow."""

    model = faults.Drop


class DuplicateFault(MessageRequest, kw_only=True, tag="duplicate"):
    """Messages arrive twice, one right after the other."""

    model = faults.Duplicate


class ReorderFault(MessageRequest, kw_only=True, tag="reorder"):
    """
    Messages are overtaken by later ones.

    Attributes:
        distance: How many later messages go first, at most.
    """

    distance: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 1

    model = faults.Reorder


class BrokenChecksumFault(MessageRequest, kw_only=True, tag="broken-checksum"):
    """Messages about a book arrive with another checksum than that of the book; others as they are."""

    model = faults.BrokenChecksum


class RefuseHandshakesFault(LastingRequest, kw_only=True, tag="refuse-handshakes"):
    """
    Nobody is let in; who is in stays.

    Attributes:
        status: HTTP status of the refusal.
    """

    status: Annotated[int, msgspec.Meta(ge=400, le=599)] = 503

    model = faults.RefuseHandshakes


class RestartFault(LastingRequest, kw_only=True, tag="restart"):
    """The server seems to go away: connections are closed with 1012, and nobody is let in meanwhile."""

    model = faults.Restart


class GoAwayFault(FaultRequest, kw_only=True, tag="go-away"):
    """
    Connections are told that they will be closed, once, and are closed with 1001.

    Attributes:
        notice_seconds: So much later, seconds of the clock.
    """

    notice_seconds: Annotated[float, msgspec.Meta(ge=0, le=3600)] = 10.0

    model = faults.GoAway

    def fields(self) -> dict[str, Any]:
        """In nanoseconds, as the model has them."""
        return {"notice": round(self.notice_seconds * NS_PER_SECOND)}


class BanFault(LastingRequest, kw_only=True, tag="ban"):
    """
    Requests of one protocol are refused as those of somebody who went on past its limits.

    Attributes:
        address: From which requests without a good key are refused; empty where ``aim.key`` says whose are.
    """

    address: Text = ""

    model = faults.Ban

    def fields(self) -> dict[str, Any]:
        """As the model has them."""
        return {"address": self.address or None}


class ClockSkewFault(LastingRequest, kw_only=True, tag="clock-skew"):
    """
    The clock is off by which a protocol judges when requests were signed, and tells the time.

    Attributes:
        skew_ms: How far it is ahead, milliseconds; negative for behind.
    """

    skew_ms: Annotated[int, msgspec.Meta(ge=-faults.MOST_SKEW_MS, le=faults.MOST_SKEW_MS)]

    model = faults.ClockSkew


class MaintenanceFault(LastingRequest, kw_only=True, tag="maintenance"):
    """Requests about accounts and orders are refused in the protocol's words for it; data goes on."""

    model = faults.Maintenance


class ResetFault(FaultRequest, kw_only=True, tag="reset"):
    """Connections are cut with a TCP reset, once: what is on the way is lost; the client sees an error."""

    model = faults.Reset


class PartialFillFault(FaultRequest, kw_only=True, tag="partial-fill"):
    """
    Connections of one key are cut, once, and while they are away somebody trades with its oldest order.

    Attributes:
        symbol: In which instrument, as the market lists it.
        fraction: Of what is left of that order; all that stands before it is traded with, too.
    """

    symbol: Text
    fraction: Share = 0.5

    model = faults.Reset

    def fields(self) -> dict[str, Any]:
        """The link is cut; the rest is for the market."""
        return {}


class DisconnectFault(FaultRequest, kw_only=True, tag="disconnect"):
    """
    Connections are closed, once.

    Attributes:
        code: WebSocket close code: 1000 to 1003, 1007 to 1014 or 3000 to 4999; or 1006, which drops the
            TCP connection without a closing handshake.
        reason: Text sent with it, at most 123 bytes of UTF-8.
    """

    code: Annotated[int, msgspec.Meta(ge=1000, le=4999)] = 1001
    reason: Annotated[str, msgspec.Meta(max_length=123)] = ""

    model = faults.Disconnect


class GarbageFault(FaultRequest, kw_only=True, tag="garbage"):
    """One text frame that no protocol knows, once."""

    model = faults.Garbage


class OversizedFault(FaultRequest, kw_only=True, tag="oversized"):
    """
    One text frame that is far too long, once.

    Attributes:
        bytes: Length of its payload.
    """

    bytes: Annotated[int, msgspec.Meta(ge=1, le=64 * 1024 * 1024)] = 2 * 1024 * 1024

    model = faults.Oversized


class ExpireTokensFault(FaultRequest, kw_only=True, tag="expire-tokens"):
    """Access tokens given out so far are no longer good: their connections are closed, once."""

    model = faults.ExpireTokens


AnyFault = (
    LatencyFault
    | JitterFault
    | BandwidthFault
    | MuteFault
    | HalfOpenFault
    | GapFault
    | DuplicateFault
    | ReorderFault
    | BrokenChecksumFault
    | RefuseHandshakesFault
    | RestartFault
    | BanFault
    | ClockSkewFault
    | MaintenanceFault
    | GoAwayFault
    | ResetFault
    | PartialFillFault
    | DisconnectFault
    | GarbageFault
    | OversizedFault
    | ExpireTokensFault
)


def _ns(milliseconds: float) -> int:
    return round(milliseconds * NS_PER_MILLISECOND)
