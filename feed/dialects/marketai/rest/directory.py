"""Reference data by request: the server's health, the key's limits, exchanges, and search."""

from __future__ import annotations

from typing import Final, Literal

import feed
from feed.analytics.pairs import exchange, pair_name
from feed.dialects.access import Shape
from feed.dialects.marketai.admission import holder, limits
from feed.dialects.marketai.channels import names
from feed.dialects.marketai.rest.envelope import GROUP, OPEN, PREFIX, Envelope, answered, enveloped
from feed.dialects.marketai.rest.params import exchanges, rows
from feed.dialects.parameters import Parameter
from feed.dialects.rest import STATUS, Call, Endpoint, MarketStatus, RestContext
from feed.model.grants import Grant
from feed.model.symbols import plain
from feed.settings import Web

_LONGEST_QUERY: Final = 64  # characters


class Health(Shape):
    """
    The server runs.

    Attributes:
        status: Always.
        version: Of the server.
        seq: Sequence number of the newest event.
    """

    status: Literal["ok"]
    version: str
    seq: int


class Allowance(Shape):
    """
    How much a tier may have; null is any number.

    Attributes:
        connections: WebSocket connections at once.
        symbols_per_connection: Different symbols subscribed on one of them.
        requests_per_day: Requests from midnight to midnight UTC.
    """

    connections: int
    symbols_per_connection: int | None
    requests_per_day: int | None


class KeyAccount(Shape):
    """
    What the key that was presented is good for.

    Attributes:
        name: What the operator called the key.
        tier: Size of the customer.
        scopes: What the key may do.
        limits: How much of it.
        connections: WebSocket connections that it has open.
    """

    name: str
    tier: str
    scopes: list[str]
    limits: Allowance
    connections: int


class Traded(Shape):
    """
    Something that is traded on an exchange.

    Attributes:
        symbol: Its pair.
        contract: What one of it is.
        instrument: Its name in the other protocols.
        tick_size: Smallest price step, in plain decimals.
        lot_size: Smallest quantity step, in plain decimals.
        status: Whether it can be traded.
    """

    symbol: str
    contract: Literal["spot", "perpetual", "prediction"]
    instrument: str
    tick_size: str
    lot_size: str
    status: MarketStatus


class Venue(Shape):
    """
    An exchange.

    Attributes:
        exchange: Its name.
        markets: What is traded there.
    """

    exchange: str
    markets: list[Traded]


class Found(Shape):
    """
    What a text was found in; each list in the market's order.

    Attributes:
        pairs: Pairs, such as ``BTC/USDT``.
        exchanges: Exchanges.
        instruments: Names in the other protocols.
    """

    pairs: list[str]
    exchanges: list[str]
    instruments: list[str]


def health(context: RestContext, call: Call) -> Health:
    """An answer is all that is asked for."""
    del call
    return Health(status="ok", version=feed.__version__, seq=context.seq)


def account(context: RestContext, call: Call) -> KeyAccount:
    """What the key says, and what is made of it."""
    grant = call.grant or Grant(name="")
    tier = limits(grant, context.settings.policies.marketai)
    return KeyAccount(
        name=grant.name,
        tier=grant.tier.value,
        scopes=[scope.value for scope in grant.scopes],
        limits=Allowance(
            connections=tier.connections,
            symbols_per_connection=tier.symbols or None,
            requests_per_day=tier.requests_per_day or None,
        ),
        connections=context.connections(holder(grant)),
    )


def venues(context: RestContext, call: Call) -> list[Venue]:
    """Every exchange and all that is traded there, in the market's order."""
    del call
    found = {name: Venue(exchange=name, markets=[]) for name in exchanges(context.listing)}
    for at, instrument in enumerate(context.listing):
        found[exchange(instrument)].markets.append(
            Traded(
                symbol=pair_name(instrument),
                contract=instrument.contract.value,
                instrument=instrument.symbol,
                tick_size=f"{instrument.tick_size:f}",
                lot_size=f"{instrument.lot_size:f}",
                status=STATUS[context.market_state.status(at)],
            )
        )
    return list(found.values())


def search(context: RestContext, call: Call) -> Found:
    """All names with the text in them; case and separators do not count."""
    text, limit = plain(call.text("q")), call.number("limit")

    def matching(known: tuple[str, ...]) -> list[str]:
        return [name for name in known if text in plain(name)][:limit]

    return Found(
        pairs=matching(tuple(names(context.listing).pairs)),
        exchanges=matching(exchanges(context.listing)),
        instruments=matching(context.listing.symbols),
    )


def endpoints(web: Web) -> tuple[Endpoint[RestContext], ...]:
    """
    Those of this module.

    Args:
        web: Bounds on what can be asked for.
    """
    return (
        Endpoint(
            path=PREFIX + "/health",
            summary="Whether the server runs",
            handle=enveloped(health),
            access=OPEN,
            returns=Envelope[Health],
            metered=False,
            group=GROUP,
        ),
        answered(
            "/account",
            "Tier and limits of the key, and the connections it has open",
            account,
            Envelope[KeyAccount],
        ),
        answered(
            "/exchanges",
            "Every exchange, and what is traded there",
            venues,
            Envelope[list[Venue]],
        ),
        answered(
            "/search",
            "Pairs, exchanges and instruments with a text in their names",
            search,
            Envelope[Found],
            Parameter(
                name="q",
                meaning="The text; case and separators do not count.",
                most=_LONGEST_QUERY,
                example="btc",
            ),
            rows(web, "The most of each list."),
        ),
    )
