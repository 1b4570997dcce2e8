"""Several servers of one market."""

from __future__ import annotations

from typing import Any, Final

import attrs
from attrs.validators import ge, gt, le, optional

_MIB: Final = 1024 * 1024
UNIX: Final = "unix:"  # before the path of a local socket
MOST_WORKERS: Final = 32


def local_socket(instance: Any, attribute: attrs.Attribute[Any], value: Any) -> None:
    """A validator: ``unix:`` and the path of a socket, as text."""
    del instance
    if not (isinstance(value, str) and value.startswith(UNIX) and len(value) > len(UNIX)):
        raise ValueError(f"'{attribute.name}' must be {UNIX}PATH, such as {UNIX}/run/feed.sock: {value!r}")


@attrs.frozen(kw_only=True)
class Cluster:
    """
    A sequencer, which has the market and writes its events into a log, and edges, which follow that log and
    serve clients.

    Attributes:
        log: Where the events of this server's market are written for others to follow: ``unix:PATH``, a local
            socket. None for nowhere.
        follow: The log that this server follows instead of having a market of its own: ``unix:PATH``. None
            for a market of its own.
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
        lag_seconds: That an edge may be behind; past it ``/readyz`` says so with 503.
    """

    log: str | None = attrs.field(default=None, validator=optional(local_socket))
    follow: str | None = attrs.field(default=None, validator=optional(local_socket))
    workers: int = attrs.field(default=0, validator=[ge(0), le(MOST_WORKERS)])
    retain_bytes: int = attrs.field(default=64 * _MIB, validator=ge(_MIB))
    window_bytes: int = attrs.field(default=8 * _MIB, validator=ge(1024))
    stall_seconds: float = attrs.field(default=5.0, validator=gt(0))
    snapshot_seconds: float = attrs.field(default=60.0, validator=gt(0))
    report_seconds: float = attrs.field(default=0.25, validator=gt(0))
    lag_seconds: float = attrs.field(default=5.0, validator=gt(0))
