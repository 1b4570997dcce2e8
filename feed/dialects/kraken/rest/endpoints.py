"""Endpoints made of questions, which anybody may ask."""

from __future__ import annotations

from typing import Final

from feed.dialects.access import Access
from feed.dialects.kraken.errors import RATE_LIMIT, ErrorBody, KrakenError, worded
from feed.dialects.kraken.fields import Fields
from feed.dialects.kraken.names import NAME
from feed.dialects.kraken.queries import Query, enveloped
from feed.dialects.kraken.views import MarketView
from feed.dialects.rest import Call, Endpoint, RestContext

PREFIX: Final = f"/{NAME}"
GROUP: Final = "Kraken Spot"
KEY_HEADER: Final = "API-Key"
ANYBODY: Final = Access(
    header=KEY_HEADER, dialect=NAME, passes_over=True, wording=worded, wording_type=ErrorBody
)


def public(query: Query) -> Endpoint[RestContext]:
    """The endpoint at which anybody asks a question."""

    def handle(context: RestContext, call: Call) -> object:
        if query.tells_time:
            context.clocks.tell()
        disruption = context.disruption(NAME, call)
        if disruption.ban_seconds:
            raise KrakenError(RATE_LIMIT)
        result = query.answer(MarketView.of_request(context, disruption), Fields(call.fields))
        return {"error": [], "result": result}

    return Endpoint(
        path=f"{PREFIX}/0/public/{query.name}",
        summary=query.summary,
        handle=handle,
        access=ANYBODY,
        parameters=query.parameters,
        reads_fields=True,
        returns=enveloped(query.name, query.result),
        refusals={200: "The question cannot be answered; `error` says why."},
        group=GROUP,
    )
