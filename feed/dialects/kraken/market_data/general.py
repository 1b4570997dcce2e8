"""Whether the exchange is there, what time it is, and what is traded by which rules."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from feed.dialects.access import Shape
from feed.dialects.kraken.fields import Fields
from feed.dialects.kraken.market_data.parameters import pairs_parameter
from feed.dialects.kraken.names import Asset, Pair, pairs
from feed.dialects.kraken.queries import Query
from feed.dialects.kraken.views import MarketView
from feed.dialects.numbers import Number, number
from feed.dialects.parameters import Parameter
from feed.dialects.times import iso
from feed.model.durations import NS_PER_SECOND
from feed.model.instruments import Listing, decimal_text

COST_DECIMALS: Final = 5
COST_MINIMUM: Final = "0.5"
"""The least value of an order, in the quote asset."""
_PERCENT_DECIMALS: Final = 4  # of a fee in millionths
_INFOS: Final = ("info", "leverage", "fees", "margin")


class Status(Shape):
    """
    Whether the exchange is there.

    Attributes:
        status: Online, or in maintenance.
        timestamp: Market time of the newest event.
    """

    status: str
    timestamp: str


class ServerTime(Shape):
    """
    What time it is.

    Attributes:
        unixtime: Market time of the newest event, seconds since the Unix epoch.
        rfc1123: The same for people.
    """

    unixtime: int
    rfc1123: str


class AssetInfo(Shape):
    """
    An asset.

    Attributes:
        aclass: Always currency.
        altname: Its name for short.
        decimals: Digits after the point that are kept.
        display_decimals: Those that are shown.
        status: Always enabled.
    """

    aclass: str
    altname: str
    decimals: int
    display_decimals: int
    status: str


class PairInfo(Shape):
    """
    The rules of a pair.

    Attributes:
        altname: Its name for short.
        wsname: Its name in the first WebSocket API.
        aclass_base: Always currency.
        base: What is bought and sold.
        aclass_quote: Always currency.
        quote: What it is priced in.
        lot: Always unit.
        cost_decimals: Digits after the point of amounts of the quote asset.
        pair_decimals: Digits after the point of prices.
        lot_decimals: Digits after the point of quantities.
        lot_multiplier: Always 1.
        leverage_buy: None: nothing can be borrowed.
        leverage_sell: The same.
        fees: Volumes, and what takers pay from there on, percent.
        fees_maker: The same for makers.
        fee_volume_currency: In which these volumes are.
        margin_call: Of accounts that borrow, percent.
        margin_stop: Of accounts that borrow, percent.
        ordermin: Smallest quantity of an order.
        costmin: Smallest value of an order.
        tick_size: Step of prices.
        status: Whether it can be traded.
    """

    altname: str
    wsname: str
    aclass_base: str
    base: str
    aclass_quote: str
    quote: str
    lot: str
    cost_decimals: int
    pair_decimals: int
    lot_decimals: int
    lot_multiplier: int
    leverage_buy: list[int]
    leverage_sell: list[int]
    fees: list[list[Number]]
    fees_maker: list[list[Number]]
    fee_volume_currency: str
    margin_call: int
    margin_stop: int
    ordermin: str
    costmin: str
    tick_size: str
    status: str


def status(view: MarketView, fields: Fields) -> Status:
    """It is there, or in maintenance, at market time."""
    del fields
    said = "maintenance" if view.maintenance else "online"
    return Status(status=said, timestamp=f"{iso(view.state.now)[:19]}Z")


def server_time(view: MarketView, fields: Fields) -> ServerTime:
    """Market time, as the exchange's clock has it."""
    del fields
    seconds = view.server_time // NS_PER_SECOND
    shown = datetime.fromtimestamp(seconds, UTC).strftime("%a, %d %b %y %H:%M:%S +0000")
    return ServerTime(unixtime=seconds, rfc1123=shown)


def assets(view: MarketView, fields: Fields) -> dict[str, AssetInfo]:
    """Those that are named, or all."""
    named = fields.assets(view.pairs)
    fields.choice("aclass", ("currency",), "currency")
    return {asset.name: _asset(asset) for asset in (view.pairs.assets if named is None else named)}


def _asset(asset: Asset) -> AssetInfo:
    return AssetInfo(
        aclass="currency",
        altname=asset.altname,
        decimals=asset.decimals,
        display_decimals=asset.display_decimals,
        status="enabled",
    )


def asset_pairs(view: MarketView, fields: Fields) -> dict[str, object]:
    """Those that are named, or all: their rules, or the part of these that is asked for."""
    part = fields.choice("info", _INFOS, "info")
    named = fields.pairs(view.pairs)
    found = [(pair.name, pair) for pair in view.pairs] if named is None else named
    return {name: _PARTS[part](view, pair) for name, pair in found}


def _info(view: MarketView, pair: Pair) -> PairInfo:
    instrument, policy = pair.instrument, view.policy
    return PairInfo(
        altname=pair.altname,
        wsname=pair.wsname,
        aclass_base="currency",
        base=pair.base.name,
        aclass_quote="currency",
        quote=pair.quote.name,
        lot="unit",
        cost_decimals=COST_DECIMALS,
        pair_decimals=instrument.price_decimals,
        lot_decimals=instrument.size_decimals,
        lot_multiplier=1,
        leverage_buy=[],
        leverage_sell=[],
        fees=_fees(policy.taker_fee),
        fees_maker=_fees(policy.maker_fee),
        fee_volume_currency="ZUSD",
        margin_call=80,
        margin_stop=40,
        ordermin=pair.size_text(1),
        costmin=COST_MINIMUM,
        tick_size=decimal_text(instrument.tick, instrument.price_decimals),
        status=view.status(pair),
    )


def _leverage(view: MarketView, pair: Pair) -> dict[str, object]:
    found = _info(view, pair)
    return {name: getattr(found, name) for name in ("leverage_buy", "leverage_sell")}


def _fee_table(view: MarketView, pair: Pair) -> dict[str, object]:
    found = _info(view, pair)
    return {name: getattr(found, name) for name in ("fees", "fees_maker", "fee_volume_currency")}


def _margin(view: MarketView, pair: Pair) -> dict[str, object]:
    found = _info(view, pair)
    return {name: getattr(found, name) for name in ("margin_call", "margin_stop")}


_PARTS: Final = {"info": _info, "leverage": _leverage, "fees": _fee_table, "margin": _margin}


def _fees(millionths: int) -> list[list[Number]]:
    return [[number(0, 0), number(millionths, _PERCENT_DECIMALS)]]


def queries(listing: Listing) -> tuple[Query, ...]:
    """
    Those of this module.

    Args:
        listing: The instruments of the market, for the documents.
    """
    names = [asset.altname for asset in pairs(listing).assets][:2]
    return (
        Query(
            name="Time",
            summary="Market time",
            answer=server_time,
            result=ServerTime,
            tells_time=True,
        ),
        Query(name="SystemStatus", summary="Whether the exchange is there", answer=status, result=Status),
        Query(
            name="Assets",
            summary="What can be bought, or paid with",
            answer=assets,
            parameters=(
                Parameter(
                    name="asset",
                    meaning="Assets, by any of their names, joined by commas; all where none is named.",
                    most=None,
                    optional=True,
                    example=",".join(names),
                ),
                Parameter(
                    name="aclass",
                    meaning="Class of assets.",
                    most=None,
                    default="currency",
                    choices=("currency",),
                ),
            ),
            result=dict[str, AssetInfo],
        ),
        Query(
            name="AssetPairs",
            summary="What is traded, and by which rules",
            answer=asset_pairs,
            parameters=(
                pairs_parameter(listing),
                Parameter(
                    name="info", meaning="Which part of the rules.", most=None, default="info", choices=_INFOS
                ),
            ),
            result=dict[str, PairInfo],
        ),
    )
