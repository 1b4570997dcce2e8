"""Whether the server is alive, whether it is of use, and its figures."""

from __future__ import annotations

from typing import Literal

from feed.model.events import Status
from feed.server.http.access import OPEN
from feed.server.http.endpoint import Endpoint, Shape
from feed.server.http.metrics import CONTENT_TYPE, exposition
from feed.server.http.site import Call, Problem, Site


class Alive(Shape):
    """The server runs."""

    status: Literal["ok"]


class Ready(Shape):
    """
    The market can be shown.

    Attributes:
        status: Always this.
        seq: Sequence number of the newest event.
    """

    status: Literal["ready"]
    seq: int


def alive(site: Site, call: Call) -> Alive:
    """An answer is all that is asked for."""
    del site, call
    return Alive(status="ok")


def ready(site: Site, call: Call) -> Ready:
    """Whether every instrument that trades has a quote."""
    del call
    latest = site.latest
    waiting = [
        instrument.symbol
        for index, instrument in enumerate(site.listing)
        if latest.quote(index) is None and latest.status(index) is Status.TRADING
    ]
    if waiting:
        raise Problem(503, "not_ready", f"No quote yet: {', '.join(waiting[:10])}")
    return Ready(status="ready", seq=site.seq)


def metrics(site: Site, call: Call) -> bytes:
    """All figures, in Prometheus' text format."""
    del call
    return exposition(site)


def endpoints() -> tuple[Endpoint, ...]:
    """Those of this module."""
    return (
        Endpoint(
            path="/healthz",
            summary="Whether the server runs",
            handle=alive,
            access=OPEN,
            returns=Alive,
            metered=False,
            group="Operation",
        ),
        Endpoint(
            path="/readyz",
            summary="Whether every instrument has a quote",
            handle=ready,
            access=OPEN,
            returns=Ready,
            refusals={503: "Not yet."},
            metered=False,
            group="Operation",
        ),
        Endpoint(
            path="/metrics",
            summary="Figures for Prometheus",
            handle=metrics,
            access=OPEN,
            returns=CONTENT_TYPE,
            group="Operation",
        ),
    )
