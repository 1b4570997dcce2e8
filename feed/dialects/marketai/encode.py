"""
Updates that follow at once from an event: trades, liquidations, signals, funding.

Source: section "Channels" of the document.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from feed.dialects.marketai import channels, payloads
from feed.dialects.messages import message
from feed.dialects.resume import numbered, placed
from feed.dialects.times import milliseconds
from feed.model.derivatives import FundingRate
from feed.model.events import FUNDING, LIQUIDATION, SIGNAL, TRADE, Event, Trade
from feed.model.instruments import Instrument, Listing
from feed.model.signals import Signal
from feed.state.encoder import Encoder
from feed.state.market_state import MarketState


def error(code: str, text: str) -> str:
    """An error, as section "Error Handling" has it."""
    return message(type="error", code=code, message=text)


def refusal(code: str, text: str) -> str:
    """An answer in place of a connection, as section "Tier Limits" has it."""
    return message(ok=False, error={"code": code, "message": text})


def update(channel: str, ts: int, data: payloads.Fields) -> str:
    """
    A data update.

    Args:
        channel: Its name.
        ts: Market time, nanoseconds.
        data: What the channel tells.
    """
    return message(type="update", channel=channel, ts=milliseconds(ts), data=data)


class TradesEncoder(Encoder):
    """Every trade of one instrument. No snapshot: a trade told twice would be counted twice."""

    kinds: Sequence[int] = (TRADE, LIQUIDATION)

    def __init__(self, instrument: Instrument) -> None:
        """Tell of ``instrument``."""
        self._instrument = instrument
        # A liquidation and its trades are one action: nobody begins to listen in between.
        self._liquidating = 0

    def encode(self, item: Event) -> str | None:
        """The trade."""
        if isinstance(item, Trade):
            return self.text(item, liquidation=item.taker == self._liquidating)
        self._liquidating = getattr(item, "order", 0)
        return None

    def text(self, item: Trade, *, liquidation: bool) -> str | None:
        """The message for one trade; None for none."""
        data = payloads.trade(self._instrument, item, liquidation=liquidation)
        return update(channels.TRADES, item.ts, data)


class LiquidationsEncoder(TradesEncoder):
    """Every trade by which the engine closed a position. The channel of trades has the same trade."""

    def text(self, item: Trade, *, liquidation: bool) -> str | None:
        """The message for one trade of a liquidation."""
        if not liquidation:
            return None
        return update(channels.LIQUIDATIONS, item.ts, payloads.liquidation(self._instrument, item))


class SignalsEncoder(Encoder):
    """What an observer of the market points out in one instrument."""

    kinds: Sequence[int] = (SIGNAL,)

    def __init__(self, listing: Listing) -> None:
        """Tell of instruments of ``listing``."""
        self._listing = listing

    def encode(self, item: Event) -> str:
        """The signal."""
        return update(channels.SIGNALS, item.ts, payloads.signal(cast("Signal", item), self._listing))


class FundingEncoder(Encoder):
    """The funding rate of one perpetual future, at first as it stands."""

    kinds: Sequence[int] = (FUNDING,)

    def __init__(self, instrument: Instrument) -> None:
        """Tell of ``instrument``."""
        self._instrument = instrument

    def snapshot(self, market_state: MarketState, instrument: int) -> Sequence[str]:
        """The last rate that was told."""
        last = market_state.funding(instrument)
        return () if last is None else [self.encode(last)]

    def encode(self, item: Event) -> str:
        """The rate."""
        data = payloads.funding(self._instrument, cast("FundingRate", item))
        return update(channels.FUNDING, item.ts, data)


class NumberedEncoder(Encoder):
    """
    Another encoder's messages with ``seq``, the number of the event that each tells of, and its position.

    What is told at an interval bears those of the last event before it.
    """

    def __init__(self, encoder: Encoder, market_state: MarketState) -> None:
        """Say what ``encoder`` says; ``market_state`` is where the market stands, now and from now on."""
        self._market_state = market_state
        self.kinds: Sequence[int] = encoder.kinds
        self.period = encoder.period
        self.rank = encoder.rank
        self._encoder = encoder

    def snapshot(self, market_state: MarketState, instrument: int) -> Sequence[str]:
        """The present."""
        tail = placed(market_state.seq, market_state.position)
        return [_numbered(text, tail) for text in self._encoder.snapshot(market_state, instrument)]

    def encode(self, item: Event) -> str | None:
        """What an event makes it say."""
        text = self._encoder.encode(item)
        return None if text is None else _numbered(text, numbered(item))

    def on_timer(self, seq: int, now: int) -> str | None:
        """What an interval makes it say."""
        text = self._encoder.on_timer(seq, now)
        return None if text is None else _numbered(text, placed(seq, self._market_state.position))


def _numbered(text: str, tail: str) -> str:
    return f"{text[:-1]}{tail}}}"
