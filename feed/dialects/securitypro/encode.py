"""
From an event or an answer to SecurityPro's JSON text.

Every message is one JSON object with a ``type``, keys in the document's order. Prices and sizes are
strings, times ISO 8601 in UTC with milliseconds. Data also carries ``channel``, which the published
clients look at; nothing else does, or they would take it for data.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, cast

from feed.dialects.messages import message, quoted
from feed.dialects.resume import numbered, placed
from feed.dialects.ticker import TickerEncoder
from feed.dialects.times import iso
from feed.model.durations import NS_PER_SECOND
from feed.model.events import TRADE, Event, Side, Trade
from feed.model.instruments import Instrument
from feed.model.stream_position import StreamPosition
from feed.state.encoder import Encoder
from feed.state.instrument_state import TickerState
from feed.state.market_state import MarketState

# The topic of heartbeats. It is of no instrument, and bears the index 0.
HEARTBEAT: Final = "heartbeat"

_SIDES: Final = {Side.BUY: '"buy"', Side.SELL: '"sell"', None: "null"}


def error(code: str, text: str, *, now: int, about: Mapping[str, str] | None = None) -> str:
    """An error; the document names none. ``now`` is market time in nanoseconds."""
    named = {} if about is None else {"subscription": about}
    return message(type="error", code=code, message=text, **named, ts=iso(now))


def confirmation(kind: str, about: Mapping[str, str], *, now: int, at: StreamPosition | None) -> str:
    """
    An acknowledgement.

    Args:
        kind: What is confirmed.
        about: Channel and symbol, where no client takes them for data.
        now: Market time, nanoseconds.
        at: Position to tell; None to tell none.
    """
    told = {} if at is None else {"pos": at.text}
    return message(type=kind, subscription=about, ts=iso(now), **told)


class TradesEncoder(Encoder):
    """
    Every trade of one instrument, and no snapshot: a trade told twice would be counted twice.

    Source: section "Trade event". ``side`` is the taker's; null where the source does not say.
    """

    kinds: Sequence[int] = (TRADE,)

    def __init__(self, instrument: Instrument, *, seq: bool = False) -> None:
        """
        Go on as if there from the first event.

        Args:
            instrument: Whose trades.
            seq: Whether to add sequence number and position, a connection option of ours.
        """
        self._head = f'{{"type":"trade","channel":"trades","symbol":{quoted(instrument.symbol)},"price":"'
        self._instrument = instrument
        self._seq = seq

    def encode(self, item: Event) -> str:
        """The trade."""
        trade = cast("Trade", item)
        price = self._instrument.price_text(trade.price)
        size = self._instrument.size_text(trade.size)
        return (
            f'{self._head}{price}","size":"{size}","side":{_SIDES[trade.aggressor]},'
            f'"ts":"{iso(trade.ts)}"{numbered(item) if self._seq else ""}}}'
        )


class SecurityProTickerEncoder(TickerEncoder):
    """
    Best bid, best ask and last price of one instrument.

    Source: section "Ticker event".
    """

    def __init__(
        self, instrument: Instrument, index: int, market_state: MarketState, *, seq: bool = False
    ) -> None:
        """
        Go on as if there from the first event.

        Args:
            instrument: Whose ticker.
            index: Its place in the listing.
            market_state: Where the market stands.
            seq: Whether to add sequence number and position, a connection option of ours.
        """
        super().__init__(index, market_state)
        self._head = f'{{"type":"ticker","channel":"ticker","symbol":{quoted(instrument.symbol)},"bid":"'
        self._price = instrument.price_text
        self._seq = seq

    def text(self, ticker: TickerState, at: StreamPosition | None = None) -> str:
        """In the document's order."""
        show = self._price
        seq = numbered(ticker, at) if self._seq else ""
        return (
            f'{self._head}{show(ticker.bid)}","ask":"{show(ticker.ask)}","price":"{show(ticker.price)}",'
            f'"ts":"{iso(ticker.ts)}"{seq}}}'
        )


class HeartbeatEncoder(Encoder):
    """
    A heartbeat at whole multiples of its period of market time.

    While the market is paused it goes on at that interval of the clock, and shows the time at which the
    market stands.

    Source: section "Heartbeat". Its example stands on a whole second; the document defines no period.
    """

    heartbeat = True

    def __init__(self, seconds: int, market_state: MarketState | None = None) -> None:
        """
        Send one every ``seconds`` of market time.

        Args:
            seconds: The interval, in whole seconds.
            market_state: Whose position is told with it; None for none.
        """
        self.period = seconds * NS_PER_SECOND
        self._market_state = market_state

    def encode(self, item: Event) -> None:
        """No message for any event."""

    def on_timer(self, seq: int, now: int) -> str:
        """The heartbeat."""
        told = placed(seq, self._market_state.position) if self._market_state is not None else ""
        return f'{{"type":"heartbeat","ts":"{iso(now)}"{told}}}'
