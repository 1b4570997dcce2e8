"""
Updates at intervals of market time: quotes, books, klines, narratives, prediction markets.

Each says how things stand, if they have changed since the interval before. Whether they have follows
from the market alone, so that a topic opened at any moment goes on as if it had been open from the
first event.

Source: section "Channels" of the document; the intervals are ours.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from feed.analytics import narratives
from feed.analytics.candles import INTERVALS
from feed.analytics.pairs import Pair
from feed.dialects.marketai import channels, payloads
from feed.dialects.marketai.encode import update
from feed.model.durations import NS_PER_MILLISECOND, NS_PER_MINUTE, NS_PER_SECOND
from feed.model.events import ROUND, Event, Side, Status
from feed.model.instruments import Instrument
from feed.state.analytics import Analytics
from feed.state.daily_volume import DailyVolume
from feed.state.encoder import Encoder
from feed.state.market_state import MarketState

QUOTES_EVERY: Final = 100 * NS_PER_MILLISECOND
BOOK_EVERY: Final = 500 * NS_PER_MILLISECOND
KLINES_EVERY: Final = NS_PER_SECOND
NARRATIVES_EVERY: Final = NS_PER_MINUTE
PREDICTIONS_EVERY: Final = 5 * NS_PER_SECOND
_HOUR: Final = 60  # minutes


class Sample(Encoder):
    """
    Looks at the market at every multiple of its period.

    Args:
        market_state: The market's state, now and from now on.
    """

    def __init__(self, market_state: MarketState) -> None:
        self._market_state = market_state
        # What happened before the last multiple was told then, whoever listened.
        self._looked = market_state.now - market_state.now % self.period

    def snapshot(self, market_state: MarketState, instrument: int) -> Sequence[str]:
        """How things stand."""
        del instrument
        text = self.text(market_state.now)
        return () if text is None else [text]

    def encode(self, item: Event) -> str | None:
        """Nothing yet: it waits for the end of the interval."""
        del item
        return None

    def on_timer(self, seq: int, now: int) -> str | None:
        """How things stand, if they have changed."""
        del seq
        since, self._looked = self._looked, now
        return self.text(now) if self.changed(since) else None

    def changed(self, since: int) -> bool:
        """Whether there is something new from the market time ``since`` on, nanoseconds."""
        raise NotImplementedError

    def text(self, now: int) -> str | None:
        """The message, at a market time in nanoseconds; None when there is nothing to say."""
        raise NotImplementedError

    def dirty(self, instrument: int, since: int) -> bool:
        """Whether an instrument was traded, or got a new best price."""
        quote, trade = self._market_state.quote(instrument), self._market_state.trade(instrument)
        return (quote is not None and quote.ts >= since) or (trade is not None and trade.ts >= since)


class QuotesSample(Sample):
    """A pair over all its venues."""

    period = QUOTES_EVERY

    def __init__(self, pair: Pair, market_state: MarketState, analytics: Analytics) -> None:
        """Tell of ``pair``."""
        super().__init__(market_state)
        self._pair = pair
        self._analytics = analytics

    def changed(self, since: int) -> bool:
        """Whether any venue has moved."""
        return any(self.dirty(at, since) for at in self._pair.spot)

    def text(self, now: int) -> str | None:
        """The consolidated quote."""
        analytics = self._analytics
        found = analytics.consolidated(self._pair)
        if found is None:
            return None
        return update(channels.QUOTES, now, payloads.quote(self._pair.name, found, analytics.listing))


class BookSample(Sample):
    """The book of one instrument in figures."""

    period = BOOK_EVERY

    def __init__(self, index: int, market_state: MarketState, analytics: Analytics) -> None:
        """Tell of the instrument at ``index``."""
        super().__init__(market_state)
        self._index = index
        self._analytics = analytics

    def changed(self, since: int) -> bool:
        """Whether it has moved."""
        return self.dirty(self._index, since)

    def text(self, now: int) -> str | None:
        """The figures."""
        found = self._analytics.figures(self._index)
        if found is None:
            return None
        return update(channels.BOOK, now, payloads.book(self._analytics.listing[self._index], found))


class KlinesSample(Sample):
    """
    The open kline once a second while it changes, and once more, closed, when its interval ends.

    An interval without a trade has no kline.
    """

    period = KLINES_EVERY

    def __init__(self, index: int, interval: str, market_state: MarketState, analytics: Analytics) -> None:
        """Tell of the instrument at ``index``, by an interval of :data:`INTERVALS`."""
        super().__init__(market_state)
        self._instrument = analytics.listing[index]
        self._interval = interval
        self._length = INTERVALS[interval]
        self._klines = analytics.candles[index][interval]

    def snapshot(self, market_state: MarketState, instrument: int) -> Sequence[str]:
        """The kline of the interval that goes on."""
        del instrument
        text = self._told(market_state.now - market_state.now % self._length, market_state.now)
        return () if text is None else [text]

    def on_timer(self, seq: int, now: int) -> str | None:
        """The kline, if it has changed or ended."""
        del seq
        # All that has happened since the last look lies within one second, and so in one interval.
        since, self._looked = self._looked, now
        start = since - since % self._length
        kline = self._klines.at(start)
        if kline is None or (now < start + self._length and kline.last < since):
            return None
        return self._told(start, now)

    def _told(self, start: int, now: int) -> str | None:
        kline = self._klines.at(start)
        if kline is None:
            return None
        closed = now >= start + self._length
        data = payloads.kline(self._instrument, self._interval, self._length, kline, closed=closed)
        return update(channels.KLINES, now, data)


class NarrativesSample(Sample):
    """Where a pair stands, in words, once a minute."""

    period = NARRATIVES_EVERY

    def __init__(self, pair: Pair, market_state: MarketState, analytics: Analytics) -> None:
        """Tell of ``pair``."""
        super().__init__(market_state)
        self._pair = pair
        self._analytics = analytics

    def snapshot(self, market_state: MarketState, instrument: int) -> Sequence[str]:
        """Nothing: a story is told once."""
        del market_state, instrument
        return ()

    def changed(self, since: int) -> bool:
        """Whether the market went on."""
        return any(self.dirty(at, since) for at in self._pair.spot)

    def text(self, now: int) -> str | None:
        """The story."""
        story = narrative(self._pair, self._market_state, self._analytics)
        if story is None:
            return None
        data = {"symbol": self._pair.name, "narrative": story, "source": "template"}
        return update(channels.NARRATIVES, now, data)


def narrative(pair: Pair, market_state: MarketState, analytics: Analytics) -> str | None:
    """The story of a pair as it stands; None before there is one to tell."""
    if not pair.spot:
        return None
    first = pair.spot[0]
    consolidated = analytics.consolidated(pair)
    figures, moved = analytics.figures(first), analytics.moved_bps(first, _HOUR)
    if consolidated is None or figures is None or moved is None:
        return None
    funding = market_state.funding(pair.perpetuals[0]) if pair.perpetuals else None
    return narratives.of_pair(
        pair.base,
        moved_bps=moved[0],
        minutes=moved[1],
        consolidated=consolidated,
        first=analytics.listing[first],
        figures=figures,
        funding=funding,
    )


class PredictionsSample(Sample):
    """One prediction market, every few seconds and when a round ends or begins."""

    kinds: Sequence[int] = (ROUND,)
    period = PREDICTIONS_EVERY

    def __init__(
        self, instrument: Instrument, index: int, market_state: MarketState, volume: DailyVolume
    ) -> None:
        """Tell of ``instrument``, which stands at ``index``."""
        super().__init__(market_state)
        self._instrument = instrument
        self._index = index
        self._volume = volume

    def encode(self, item: Event) -> str | None:
        """The round that begins or ends."""
        return self.text(item.ts)

    def changed(self, since: int) -> bool:
        """Always: time runs out."""
        del since
        return True

    def text(self, now: int) -> str | None:
        """The round as it stands."""
        data = prediction(self._instrument, self._index, self._market_state, self._volume, now)
        return None if data is None else update(channels.POLYMARKET, now, data)


def prediction(
    instrument: Instrument, index: int, market_state: MarketState, volume: DailyVolume, now: int
) -> payloads.Fields | None:
    """A prediction market as it stands; None before its first round."""
    found = market_state.round(index)
    if found is None:
        return None
    bids, asks = market_state.levels(index, Side.BUY), market_state.levels(index, Side.SELL)
    trade = market_state.trade(index)
    if found.outcome is not None:
        up = (instrument.highest or 0) + 1 if found.outcome else 0
    elif bids and asks:
        up = (bids[0][0] + asks[0][0] + 1) // 2
    elif trade is not None and trade.seq > found.seq:  # an earlier one is of a round that is settled
        up = trade.price
    else:
        up = ((instrument.highest or 0) + 1) // 2
    return payloads.prediction(
        instrument,
        found,
        up=up,
        volume=volume.totals(market_state.now)[0],
        liquidity=sum(size for _, size in (*bids, *asks)),
        now=now,
        active=found.outcome is None and now < found.closes and market_state.status(index) is Status.TRADING,
    )
