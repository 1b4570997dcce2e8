"""Whether the server is alive, whether it is of use, and its figures."""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from feed.dialects.access import OPEN, Access, Shape
from feed.dialects.contract import MARKET_ENDED
from feed.dialects.rest import Answer, Call, Endpoint
from feed.model.events import Status
from feed.server.http.context import RequestContext
from feed.server.http.metrics import CONTENT_TYPE, exposition

METRICS: Final = Access(
    name="metricsKey", header="Authorization", prefix="Bearer ", needed=True, needed_here=False
)
PROBES: Final = frozenset({"/healthz", "/readyz", "/metrics"})
"""What is answered on a server that has no room for anybody else."""


class Alive(Shape, omit_defaults=True):
    """
    The server runs.

    Attributes:
        status: Whether it can write all that it shall, all agents of the scenario take part, and the server
            that it follows is there, if it follows one.
        problems: What it cannot write now, which agents have stopped, and whom it cannot follow, one sentence
            each.
    """

    status: Literal["ok", "degraded"]
    problems: tuple[str, ...] = ()


class Ready(Shape, omit_defaults=True):
    """
    The market can be shown.

    Attributes:
        status: Always this.
        seq: Sequence number of the newest event.
        state: What the market is doing: waiting (for clients), running, paused, seeking, or ended.
        problems: As those of ``/healthz``; the market goes on meanwhile.
    """

    status: Literal["ready"]
    seq: int
    state: str
    problems: tuple[str, ...] = ()


def alive(context: RequestContext, call: Call) -> Alive:
    """An answer is all that is asked for."""
    del call
    wrong = problems(context)
    return Alive(status="degraded" if wrong else "ok", problems=wrong)


def ready(context: RequestContext, call: Call) -> Ready | Answer:
    """Whether every instrument that trades has a quote, and clients are let in and see the present."""
    del call
    market_state = context.market_state
    state = phase(context)
    if context.registry.closed.is_set():
        return _not_ready(state, "ended", MARKET_ENDED)
    waiting = [
        instrument.symbol
        for index, instrument in enumerate(context.listing)
        if market_state.quote(index) is None and market_state.status(index) is Status.TRADING
    ]
    if waiting:
        return _not_ready(state, "not_ready", f"No quote yet: {', '.join(waiting[:10])}")
    outside = context.outside
    if not outside.ready:
        return _not_ready(state, "not_ready", "; ".join(outside.problems) or f"This server is {state}")
    wrong = problems(context)
    return Ready(status="ready", seq=context.seq, state=state, problems=wrong)


def problems(context: RequestContext) -> tuple[str, ...]:
    """What cannot be written, which agents have stopped, whom it cannot follow; none when all is well."""
    control = getattr(context.source, "control", None)
    agents = None if control is None else control.agents
    # The message of an exception is for the log: anybody may read this.
    stopped = () if agents is None else agents.failures
    return (
        *context.storage.problems(),
        *context.outside.problems,
        *(f"agent {failure.agent} has stopped: {failure.error.partition(':')[0]}" for failure in stopped),
    )


def _not_ready(state: str, code: str, message: str) -> Answer:
    body = {"error": {"code": code, "message": message}, "state": state}
    return Answer(content=msgspec.json.encode(body), status=503)


def phase(context: RequestContext) -> str:
    """What the market is doing; a source that nobody can ask runs until it has ended."""
    control = getattr(context.source, "control", None)
    if context.registry.ended.is_set():
        return "ended"
    if context.outside.phase:
        return context.outside.phase
    return "running" if control is None else str(control.status().state.value)


def metrics(context: RequestContext, call: Call) -> bytes:
    """All figures, in Prometheus' text format."""
    del call
    return exposition(context)


def endpoints() -> tuple[Endpoint[RequestContext], ...]:
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
            summary="Whether every instrument has a quote, and clients are let in",
            handle=ready,
            access=OPEN,
            returns=Ready,
            refusals={
                503: "Not yet, or no more: an instrument has no quote, the market has ended, or this server "
                "is too far behind the one that it follows."
            },
            metered=False,
            group="Operation",
        ),
        Endpoint(
            path="/metrics",
            summary="Figures for Prometheus; a client on this machine needs no key",
            handle=metrics,
            access=METRICS,
            guarded=True,
            returns=CONTENT_TYPE,
            group="Operation",
        ),
    )
