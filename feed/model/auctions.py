"""
Call auctions as events: what one would give while orders are collected, and what it gave.

===========  ========================================================================================
``Kind``     row
===========  ========================================================================================
``AUCTION``  kind, instrument, ts, purpose, phase, price, volume, imbalance, bid, bid_size, ask,
             ask_size, reference, ends
===========  ========================================================================================

While orders are collected (``Status.AUCTION``) they are not on the book: neither levels nor orders tell of
them, and nothing crosses. One event comes at the beginning, one at each second, and a last one, of the phase
``UNCROSSED``, right before the trades, all of them at its price. The status that follows ends the auction.
"""

from __future__ import annotations

import enum
from typing import ClassVar

import attrs

from feed.model.kinds import AUCTION, RowEvent


class AuctionPurpose(enum.IntEnum):
    """What a call auction is for."""

    OPENING = 1
    CLOSING = 2
    REOPENING = 3  # after a halt
    INTRADAY = 4


class AuctionPhase(enum.IntEnum):
    """How far a call auction is."""

    COLLECTING = 1
    UNCROSSED = 2


@attrs.frozen
class AuctionIndicated(RowEvent):
    """
    Price, volume and imbalance of a call auction, if it ended now or as it has ended.

    Attributes:
        purpose: What it is for.
        phase: Whether orders are still collected.
        price: At which most can trade, integer ticks; 0 when nothing can.
        volume: Integer lots that trade at it.
        imbalance: Integer lots that want to trade at it and cannot, at the reference price where nothing can
            trade; negative when they are to be sold.
        bid: The best limit of those who buy, integer ticks; 0 when there is none.
        bid_size: Integer lots at that limit.
        ask: The best limit of those who sell, integer ticks; 0 when there is none.
        ask_size: Integer lots at that limit.
        reference: The price that decides where others are equally good, integer ticks; 0 for none.
        ends: Market time at which it ends, nanoseconds since the Unix epoch.
    """

    kind: ClassVar[int] = AUCTION

    purpose: AuctionPurpose = attrs.field(converter=AuctionPurpose)
    phase: AuctionPhase = attrs.field(converter=AuctionPhase)
    price: int
    volume: int
    imbalance: int
    bid: int
    bid_size: int
    ask: int
    ask_size: int
    reference: int
    ends: int
