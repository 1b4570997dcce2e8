"""Endpoints made of questions: who may ask, what it counts, in which unit times are told."""

from __future__ import annotations

from typing import Final

from feed.dialects.access import Access
from feed.dialects.binance.errors import ErrorBody, worded
from feed.dialects.binance.queries import Query
from feed.dialects.binance.symbols import NAME
from feed.dialects.binance.views import MarketView, time_unit
from feed.dialects.rest import Call, Endpoint, RestContext

PREFIX: Final = f"/{NAME}"
GROUP: Final = "Binance Spot"
TIME_UNIT: Final = "x-mbx-time-unit"
"""Header that asks for times in another unit."""

KEY_HEADER: Final = "X-MBX-APIKEY"
ANYBODY: Final = Access(
    header=KEY_HEADER, dialect=NAME, passes_over=True, wording=worded, wording_type=ErrorBody
)
LIMITS: Final = {
    418: "Banned: requests went on after 429.",
    429: "Too much request weight used.",
}


def public(query: Query) -> Endpoint[RestContext]:
    """The endpoint at which anybody asks a question."""

    def handle(context: RestContext, call: Call) -> object:
        if query.tells_time:
            context.clocks.tell()
        unit = time_unit(call.headers.get(TIME_UNIT, ""))
        return query.ask(MarketView.of_request(context, call), call.fields, unit)

    return Endpoint(
        path=PREFIX + query.path,
        summary=query.summary,
        handle=handle,
        access=ANYBODY,
        parameters=query.parameters,
        reads_fields=True,
        returns=query.returns,
        refusals=LIMITS,
        meter=NAME,
        weight=query.weight,
        group=GROUP,
    )
