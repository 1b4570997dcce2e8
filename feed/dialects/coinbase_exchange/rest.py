"""Coinbase Exchange by request: below its prefix, at the paths of the exchange."""

from __future__ import annotations

from typing import Final

from feed.dialects.access import Access
from feed.dialects.coinbase_exchange.account.table import OPERATIONS
from feed.dialects.coinbase_exchange.errors import ErrorBody, worded
from feed.dialects.coinbase_exchange.fields import Fields
from feed.dialects.coinbase_exchange.market_data import queries
from feed.dialects.coinbase_exchange.private import KEY_HEADER, private
from feed.dialects.coinbase_exchange.products import NAME
from feed.dialects.coinbase_exchange.queries import Page, Query
from feed.dialects.coinbase_exchange.views import MarketView
from feed.dialects.rest import Call, Endpoint, RestContext
from feed.model.instruments import Listing
from feed.settings import Web

PREFIX: Final = "/coinbase-exchange"
GROUP: Final = "Coinbase Exchange"
ANYBODY: Final = Access(
    header=KEY_HEADER, dialect=NAME, passes_over=True, wording=worded, wording_type=ErrorBody
)


def public(query: Query) -> Endpoint[RestContext]:
    """The endpoint at which anybody asks a question."""

    def handle(context: RestContext, call: Call) -> object:
        if query.tells_time:
            context.clocks.tell()
        result = query.answer(MarketView.of_request(context, call), Fields(call.fields, call.values))
        return result.answer() if isinstance(result, Page) else result

    return Endpoint(
        path=PREFIX + query.path,
        summary=query.summary,
        handle=handle,
        access=ANYBODY,
        parameters=query.parameters,
        reads_fields=True,
        returns=query.returns,
        refusals={404: "There is no such thing."},
        group=GROUP,
    )


def endpoints(listing: Listing, web: Web) -> tuple[Endpoint[RestContext], ...]:
    """
    All of them.

    Args:
        listing: The instruments of the market, for the documents.
        web: Bounds on what can be asked for.
    """
    del web  # the exchange has its own
    asked = (public(query) for query in queries(listing))
    return (*asked, *(private(operation, PREFIX, GROUP) for operation in OPERATIONS))
