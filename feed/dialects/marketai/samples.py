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
from feed.analytics.insights import insights_of
from feed.analytics.klines import INTERVALS
from feed.analytics.pairs import Pair
from feed.dialects.marketai import channels, fields
from feed.dialects.marketai.encode import update
from feed.model.derivatives import Round
from feed.model.durations import NS_PER_MILLISECOND, NS_PER_MINUTE, NS_PER_SECOND
from feed.model.events import FUNDING, ROUND, Event, Side, Status
from feed.model.instruments import Instrument
from feed.model.latest import Latest
from feed.model.topics import Encoder

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
        latest: Where the market stands, now and from now on.
    """

    def __init__(self, latest: Latest) -> None:
        self._latest = latest
        self._insights = insights_of(latest)
        # What happened before the last multiple was told then, whoever listened.
        self._looked = latest.now - latest.now % self.period

    def snapshot(self, latest: Latest, instrument: int) -> Sequence[str]:
        """How things stand."""
        del instrument
        text = self.text(latest.now)
        return () if text is None else [text]

    def encode(self, item: Event) -> str | None:
        """Nothing yet: it waits for the end of the interval."""
        del item
        return None

    def beat(self, seq: int, now: int) -> str | None:
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

    def stirred(self, instrument: int, since: int) -> bool:
        """Whether an instrument was traded, or got a new best price."""
        quote, trade = self._latest.quote(instrument), self._latest.trade(instrument)
        return (quote is not None and quote.ts >= since) or (trade is not None and trade.ts >= since)


class Quotes(Sample):
    """A pair over all its venues."""

    period = QUOTES_EVERY

    def __init__(self, pair: Pair, latest: Latest) -> None:
        """Tell of ``pair``."""
        super().__init__(latest)
        self._pair = pair

    def changed(self, since: int) -> bool:
        """Whether any venue has moved."""
        return any(self.stirred(at, since) for at in self._pair.spot)

    def text(self, now: int) -> str | None:
        """The consolidated quote."""
        insights = self._insights
        found = insights.consolidated(self._pair, self._latest)
        if found is None:
            return None
        return update(channels.QUOTES, now, fields.quote(self._pair.name, found, insights.listing))


class Book(Sample):
    """The book of one instrument in figures."""

    period = BOOK_EVERY

    def __init__(self, index: int, latest: Latest) -> None:
        """Tell of the instrument at ``index``."""
        super().__init__(latest)
        self._index = index

    def changed(self, since: int) -> bool:
        """Whether it has moved."""
        return self.stirred(self._index, since)

    def text(self, now: int) -> str | None:
        """The figures."""
        found = self._insights.figures(self._index, self._latest)
        if found is None:
            return None
        return update(channels.BOOK, now, fields.book(self._insights.listing[self._index], found))


class Klines(Sample):
    """
    The open kline once a second while it changes, and once more, closed, when its interval ends.

    An interval without a trade has no kline.
    """

    period = KLINES_EVERY

    def __init__(self, index: int, interval: str, latest: Latest) -> None:
        """Tell of the instrument at ``index``, by an interval of :data:`INTERVALS`."""
        super().__init__(latest)
        self._index = index
        self._interval = interval
        self._length = INTERVALS[interval]
        self._klines = self._insights.klines[index][interval]

    def snapshot(self, latest: Latest, instrument: int) -> Sequence[str]:
        """The kline of the interval that goes on."""
        del instrument
        text = self._told(latest.now - latest.now % self._length, latest.now)
        return () if text is None else [text]

    def beat(self, seq: int, now: int) -> str | None:
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
        instrument = self._insights.listing[self._index]
        data = fields.kline(instrument, self._interval, self._length, kline, closed=closed)
        return update(channels.KLINES, now, data)


class Narratives(Sample):
    """Where a pair stands, in words, once a minute."""

    period = NARRATIVES_EVERY

    def __init__(self, pair: Pair, latest: Latest) -> None:
        """Tell of ``pair``."""
        super().__init__(latest)
        self._pair = pair

    def snapshot(self, latest: Latest, instrument: int) -> Sequence[str]:
        """Nothing: a story is told once."""
        del latest, instrument
        return ()

    def changed(self, since: int) -> bool:
        """Whether the market went on."""
        return any(self.stirred(at, since) for at in self._pair.spot)

    def text(self, now: int) -> str | None:
        """The story."""
        story = narrative(self._pair, self._latest)
        if story is None:
            return None
        data = {"symbol": self._pair.name, "narrative": story, "source": "template"}
        return update(channels.NARRATIVES, now, data)


def narrative(pair: Pair, latest: Latest) -> str | None:
    """The story of a pair as it stands; None before there is one to tell."""
    insights = insights_of(latest)
    if not pair.spot:
        return None
    first = pair.spot[0]
    consolidated = insights.consolidated(pair, latest)
    figures, moved = insights.figures(first, latest), insights.moved_bps(first, _HOUR)
    if consolidated is None or figures is None or moved is None:
        return None
    funding = latest.last(FUNDING, pair.perpetuals[0]) if pair.perpetuals else None
    return narratives.of_pair(
        pair.base,
        moved_bps=moved[0],
        minutes=moved[1],
        consolidated=consolidated,
        first=insights.listing[first],
        figures=figures,
        funding=funding,  # type: ignore[arg-type]  # of this kind there is one class
    )


class Predictions(Sample):
    """One prediction market, every few seconds and when a round ends or begins."""

    kinds: Sequence[int] = (ROUND,)
    period = PREDICTIONS_EVERY

    def __init__(self, index: int, latest: Latest) -> None:
        """Tell of the instrument at ``index``."""
        super().__init__(latest)
        self._index = index

    def encode(self, item: Event) -> str | None:
        """The round that begins or ends."""
        return self.text(item.ts)

    def changed(self, since: int) -> bool:
        """Always: time runs out."""
        del since
        return True

    def text(self, now: int) -> str | None:
        """The round as it stands."""
        data = prediction(self._insights.listing[self._index], self._index, self._latest, now)
        return None if data is None else update(channels.POLYMARKET, now, data)


def prediction(instrument: Instrument, index: int, latest: Latest, now: int) -> fields.Fields | None:
    """A prediction market as it stands; None before its first round."""
    found = latest.last(ROUND, index)
    if not isinstance(found, Round):
        return None
    bids, asks = latest.levels(index, Side.BUY), latest.levels(index, Side.SELL)
    trade = latest.trade(index)
    if found.outcome is not None:
        up = (instrument.highest or 0) + 1 if found.outcome else 0
    elif bids and asks:
        up = (bids[0][0] + asks[0][0] + 1) // 2
    elif trade is not None and trade.seq > found.seq:  # an earlier one is of a round that is settled
        up = trade.price
    else:
        up = ((instrument.highest or 0) + 1) // 2
    return fields.prediction(
        instrument,
        found,
        up=up,
        volume=latest.days[index].totals(latest.now)[0] if latest.days else 0,
        liquidity=sum(size for _, size in (*bids, *asks)),
        now=now,
        active=found.outcome is None and now < found.closes and latest.status(index) is Status.TRADING,
    )
