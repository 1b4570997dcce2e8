"""Endpoints made of questions: one for anybody, and one for the holder of a key, who is told the same."""

from __future__ import annotations

from typing import Final

from feed.dialects.coinbase.fields import Fields
from feed.dialects.coinbase.products import NAME
from feed.dialects.coinbase.queries import Query
from feed.dialects.coinbase.rest.access import ANYBODY, API, GROUP, READER, admitted
from feed.dialects.coinbase.views import MarketView
from feed.dialects.rest import Call, Endpoint, RestContext

PUBLIC_REFUSALS: Final = {
    404: "There is no such product, order or account.",
    429: "Too many requests.",
}
REFUSALS: Final = {
    **PUBLIC_REFUSALS,
    401: "There is no key, or it is not accepted, or its token or signature is not good.",
    503: "There is maintenance, or the market takes no requests now.",
}
PUBLIC_WEIGHT: Final = 3
"""What a request of anybody counts, beside 1 for one about an account."""


def public(query: Query) -> Endpoint[RestContext]:
    """The endpoint at which anybody asks a question."""

    def handle(context: RestContext, call: Call) -> object:
        return _answer(query, context, call)

    return Endpoint(
        path=API + query.path,
        summary=query.summary,
        handle=handle,
        access=ANYBODY,
        parameters=query.parameters,
        reads_fields=True,
        returns=query.returns,
        refusals=PUBLIC_REFUSALS,
        meter=NAME,
        weight=lambda _: PUBLIC_WEIGHT,
        group=GROUP,
    )


def signed(query: Query) -> Endpoint[RestContext]:
    """The endpoint at which the holder of a key asks it."""

    def handle(context: RestContext, call: Call) -> object:
        admitted(context, call, "GET")
        return _answer(query, context, call)

    return Endpoint(
        path=API + query.signed,
        summary=f"{query.summary}, for the holder of a key",
        handle=handle,
        access=READER,
        parameters=query.parameters,
        reads_fields=True,
        returns=query.returns,
        refusals=REFUSALS,
        meter=NAME,
        guarded=True,
        group=GROUP,
    )


def _answer(query: Query, context: RestContext, call: Call) -> object:
    if query.tells_time:
        context.clocks.tell()
    return query.answer(MarketView.of_request(context, call), Fields(call.fields, call.values))
