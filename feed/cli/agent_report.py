"""What the agents of a scenario have done, in lines for people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Final

from feed.agents.failure import AgentFailure
from feed.model.durations import NS_PER_MILLISECOND
from feed.model.instruments import Listing
from feed.scenario.times import duration_text
from feed.sim.agent_status import AgentStatus, Traded

_SHOWN: Final = 5  # instruments of an agent, those that it traded first


def agent_lines(statuses: Iterable[AgentStatus], listing: Listing) -> Iterator[str]:
    """One line for each agent, such as ``agent seller: 12 orders, 0 rejected, 1 open; EURUSD sold ...``."""
    for status in statuses:
        counts = f"{status.orders} orders, {status.rejected} rejected, {status.open} open"
        traded = "".join(f"; {_traded(one, listing)}" for one in status.traded[:_SHOWN])
        more = len(status.traded) - _SHOWN
        yield f"agent {status.name}: {counts}{traded}" + (
            f"; and {more} more instruments" if more > 0 else ""
        )


def failure_line(failure: AgentFailure, *, start: int) -> str:
    """Why and when an agent was stopped; ``start`` is market time of the opening, nanoseconds."""
    at = duration_text((failure.ts - start) // NS_PER_MILLISECOND * NS_PER_MILLISECOND)
    where = f" ({failure.where})" if failure.where else ""
    return f"agent {failure.agent} stopped at {at}: {failure.error}{where}"


def _traded(traded: Traded, listing: Listing) -> str:
    instrument = listing[listing.index(traded.symbol)]

    def told(word: str, lots: int, value: int, sign: int) -> str:
        # Two digits more than a price has: it is an average.
        average = Decimal(value) * instrument.tick_size / lots
        digits = instrument.price_decimals + 2
        text = f" {word} {instrument.size_text(lots)} at {average:.{digits}f} on average"
        if not traded.arrival:
            return text
        cost = sign * (2 * Decimal(value) / lots / traded.arrival - 1) * 10_000
        return f"{text}, {abs(cost):.2f} bp {'worse' if cost > 0 else 'better'} than the arrival price"

    parts = []
    if traded.bought:
        parts.append(told("bought", traded.bought, traded.paid, 1))
    if traded.sold:
        parts.append(told("sold", traded.sold, traded.received, -1))
    return traded.symbol + ";".join(parts)
