"""Several servers of one market."""

from __future__ import annotations

from typing import Any, Final

import attrs
from attrs.validators import ge, gt, le, optional

_MIB: Final = 1024 * 1024
UNIX: Final = "unix:"
"""Before the path of a local socket."""
REDIS: Final = ("redis://", "rediss://")
"""Before the place of a log in Redis; the latter by TLS."""
MOST_WORKERS: Final = 32


def place_of_log(instance: Any, attribute: attrs.Attribute[Any], value: Any) -> None:
    """A validator: ``unix:`` and the path of a socket, or the URL of a log in Redis, as text."""
    del instance
    if isinstance(value, str) and any(value.startswith(one) and value != one for one in (UNIX, *REDIS)):
        return
    # What was given instead may have a password in it.
    raise ValueError(f"'{attribute.name}' must be {UNIX}PATH or redis://HOST/NAME")


def shown(place: str) -> str:
    """Where a log is, as it may be seen by anybody: without user and password."""
    scheme, separator, rest = place.partition("://")
    return f"{scheme}{separator}{rest.rpartition('@')[2]}" if separator else place


def _repr(place: str | None) -> str:
    return repr(None if place is None else shown(place))


@attrs.frozen(kw_only=True)
class Cluster:
    """
    A sequencer, which has the market and writes its events into a log, and edges, which follow that log and
    serve clients.

    Attributes:
        log: Where the events of this server's market are written for others to follow: ``unix:PATH``, a local
            socket, or ``redis://[USER:PASSWORD@]HOST[:PORT][/DATABASE]/NAME``, a log in Redis; ``rediss://``
            by TLS. None for nowhere. A password in it is not shown.
        follow: The log that this server follows instead of having a market of its own, likewise. None for a
            market of its own.
        workers: Processes that serve clients beside the one that has the market, on the same ports; 0 for
            none: one process does both. Limits on connections and on descriptors are each process's own, and
            so are the state of the market and the history, up to ``flow.history_bytes``.
        retain_bytes: Of the log that are kept in memory for those who follow; an edge that is further behind
            begins anew.
        window_bytes: That the slowest edge may be behind while the market runs as fast as it can; past it
            the market waits.
        stall_seconds: After which it waits no more for an edge that takes nothing.
        snapshot_seconds: Between two snapshots, of market time, from which edges begin.
        report_seconds: Between two signs of life on a connection of two servers.
        standby: Whether this server computes along with the one that writes the log in Redis, and takes its
            place when that is gone.
        lease_seconds: For which a sequencer with a log in Redis may be silent before another one tries to
            take its place.
        lag_seconds: That an edge may be behind; past it ``/readyz`` says so with 503.
    """

    log: str | None = attrs.field(default=None, validator=optional(place_of_log), repr=_repr)
    follow: str | None = attrs.field(default=None, validator=optional(place_of_log), repr=_repr)
    workers: int = attrs.field(default=0, validator=[ge(0), le(MOST_WORKERS)])
    retain_bytes: int = attrs.field(default=64 * _MIB, validator=ge(_MIB))
    window_bytes: int = attrs.field(default=8 * _MIB, validator=ge(1024))
    stall_seconds: float = attrs.field(default=5.0, validator=gt(0))
    snapshot_seconds: float = attrs.field(default=60.0, validator=gt(0))
    report_seconds: float = attrs.field(default=0.25, validator=gt(0))
    lag_seconds: float = attrs.field(default=5.0, validator=gt(0))
    standby: bool = False
    lease_seconds: float = attrs.field(default=1.75, validator=gt(0))
