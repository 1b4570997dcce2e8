"""The status page: what the market is doing, what goes wrong, and what is planned."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import Final, Literal

import msgspec

from feed.dialects.access import OPEN, Shape
from feed.dialects.rest import JSON, Answer, Call, Endpoint
from feed.dialects.times import iso
from feed.model.events import Status
from feed.model.faults import Restart
from feed.server.http.context import RequestContext
from feed.server.http.health import phase, problems
from feed.server.http.pages import HTML, page_head, table

_GROUP: Final = "Operation"
MOST_INCIDENTS: Final = 100  # of those that are over, the newest are shown
_RESTART: Final = "restart"

Health = Literal["operational", "degraded", "maintenance", "ended"]


class MarketPhase(Shape):
    """
    What the market is doing.

    Attributes:
        phase: waiting (for clients), running, paused, seeking, or ended.
        time: Market time, ISO-8601 in UTC, milliseconds.
        seq: Sequence number of the newest event.
        instruments: How many there are.
        halted: Those that cannot be traded now.
    """

    phase: str
    time: str
    seq: int
    instruments: int
    halted: list[str]


class Incident(Shape):
    """
    Something that the scenario lets go wrong.

    Attributes:
        name: What, such as ``delay``.
        started: Market time of its beginning, ISO-8601 in UTC, milliseconds.
        state: Whether it goes on.
        connections: How many it has struck so far.
    """

    name: str
    started: str
    state: Literal["active", "over"]
    connections: int


class Maintenance(Shape):
    """
    A time at which the server will be away.

    Attributes:
        starts: Market time, ISO-8601 in UTC, milliseconds.
        ends: The same; null where it is not known.
    """

    starts: str
    ends: str | None


class LatencyShown(Shape):
    """
    Milliseconds from the making of an event to its last write.

    Attributes:
        p50: That half of all steps stay within; 0 as long as nobody has listened.
        p99: That 99 of 100 do.
    """

    p50: float
    p99: float


class ServerStatus(Shape):
    """
    How the service is.

    Attributes:
        status: operational; degraded, while an incident goes on or something cannot be written; maintenance,
            while the server is away; or ended.
        market: What the market is doing.
        incidents: Those of the scenario, those that go on first, then the newest first.
        maintenance: What is planned, the next first.
        problems: What cannot be written now, one sentence each.
        latency_ms: How late events are.
    """

    status: Health
    market: MarketPhase
    incidents: list[Incident]
    maintenance: list[Maintenance]
    problems: list[str]
    latency_ms: LatencyShown


def status(context: RequestContext, call: Call) -> ServerStatus:
    """All of it, at one sequence number."""
    del call
    market_state, engine = context.market_state, context.registry.faults
    records = engine.statistics()
    active = [record for record in records if not record.over]
    over = [record for record in reversed(records) if record.over][:MOST_INCIDENTS]
    planned = sorted(engine.planned(Restart), key=lambda it: it[0])
    doing, wrong = phase(context), problems(context)
    found: Health = "operational"
    if doing == "ended":
        found = "ended"
    elif any(record.name == _RESTART for record in active):
        found = "maintenance"
    elif active or wrong:
        found = "degraded"
    return ServerStatus(
        status=found,
        market=MarketPhase(
            phase=doing,
            time=iso(market_state.now),
            seq=context.seq,
            instruments=len(context.listing),
            halted=[
                instrument.symbol
                for index, instrument in enumerate(context.listing)
                if market_state.status(index) is Status.HALTED
            ],
        ),
        incidents=[
            Incident(
                name=record.name,
                started=iso(record.market_time if record.since is None else record.since),
                state="over" if record.over else "active",
                connections=record.connections,
            )
            for record in (*active, *over)
        ],
        maintenance=[
            Maintenance(starts=iso(start), ends=None if lasts is None else iso(start + lasts))
            for start, lasts in planned
        ],
        problems=[*wrong],
        latency_ms=LatencyShown(p50=context.latency_ms(0.5), p99=context.latency_ms(0.99)),
    )


def page(context: RequestContext, call: Call) -> str | Answer:
    """The same for people; for programs that ask for JSON, in JSON."""
    found = status(context, call)
    if JSON in call.headers.get("accept", ""):
        return Answer(content=msgspec.json.encode(found))
    return "".join(_page(found))


def _page(found: ServerStatus) -> Iterator[str]:
    market, latency = found.market, found.latency_ms
    yield page_head(f"feed: {found.status}") + f"<h1>{found.status}</h1>"
    rows = [
        ("market", market.phase),
        ("market time", market.time),
        ("newest event", str(market.seq)),
        ("instruments", str(market.instruments)),
        ("halted", ", ".join(market.halted) or "none"),
        ("half of all events are sent within", f"{latency.p50:g} ms"),
        ("99 of 100 within", f"{latency.p99:g} ms"),
    ]
    yield table(("", ""), rows)
    for problem in found.problems:
        yield f"<p>{escape(problem)}</p>"
    yield "<h2>Incidents</h2>"
    incidents = [(it.name, it.started, it.state, str(it.connections)) for it in found.incidents]
    yield table(("what", "since", "", "connections"), incidents) if incidents else "<p>None.</p>"
    yield "<h2>Planned maintenance</h2>"
    planned = [(it.starts, it.ends or "not known") for it in found.maintenance]
    yield table(("from", "to"), planned) if planned else "<p>None.</p>"
    yield "<p>Times are market time. <a href=/status.json>The same for programs</a>.</p></html>"


def endpoints() -> tuple[Endpoint[RequestContext], ...]:
    """Those of this module."""
    return (
        Endpoint(
            path="/status",
            summary="How the service is: market phase, incidents, planned maintenance; a page",
            handle=page,
            access=OPEN,
            returns=HTML,
            group=_GROUP,
        ),
        Endpoint(
            path="/status.json",
            summary="How the service is: market phase, incidents, planned maintenance",
            handle=status,
            access=OPEN,
            returns=ServerStatus,
            group=_GROUP,
        ),
    )
