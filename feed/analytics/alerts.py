"""
Alerts that clients define: conditions on the trades of an instrument, as folds over the event stream.

All of it is integers and market time, so the same alert, made at the same position of the same market, fires
at the same event on every run. What an alert knows begins when it is made; no other alert changes that.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence
from typing import Final, Protocol

import attrs
from attrs.validators import ge

from feed.analytics.trade_window import TradeWindow
from feed.model.events import Trade

PPM: Final = 1_000_000


class Condition(enum.Enum):
    """What an alert waits for."""

    PRICE_ABOVE = "price_above"  # a trade at the threshold or above, after one below
    PRICE_BELOW = "price_below"  # a trade at the threshold or below, after one above
    CHANGE = "change"  # from the first price of the window to the last, up or down
    VOLUME = "volume"  # traded in the window
    VOLATILITY = "volatility"  # from the lowest price of the window to the highest


@attrs.frozen(kw_only=True)
class AlertSpec:
    """
    An alert as a client defines it.

    Attributes:
        instrument: Index into the listing.
        condition: What it waits for.
        threshold: From which on it is met: ticks for prices, lots for a volume, millionths for a change and
            for volatility.
        window: Nanoseconds of market time; 0 for prices, which need none.
        repeat: Whether it fires again once it has not been met in between.
    """

    instrument: int
    condition: Condition
    threshold: int = attrs.field(validator=ge(1))
    window: int = 0
    repeat: bool = False


@attrs.frozen(kw_only=True)
class FiredAlert:
    """
    An alert that has fired.

    Attributes:
        seq: Number of the trade that did it.
        ts: Market time of that trade.
        name: Of the alert.
        spec: What it waited for.
        value: What was reached, in the unit of the threshold; a change has its sign.
        price: Of the trade, ticks.
    """

    seq: int
    ts: int
    name: str
    spec: AlertSpec
    value: int
    price: int


class Alert:
    """
    One alert at work.

    Attributes:
        name: Different for each alert of its owner.
        dialect: Protocol by which it was made.
        owner: Name of the key that made it.
        spec: What it waits for.
        created: Market time, nanoseconds since the Unix epoch.
        after: Number of the event after which it begins to wait.
        rest: Market time between two times that it fires, at least, nanoseconds.
        until: Number of the last event that it sees; None for no end.
        count: How often it has fired.
        last: When it did last.
    """

    def __init__(
        self,
        name: str,
        dialect: str,
        owner: str,
        spec: AlertSpec,
        *,
        created: int,
        price: int | None,
        after: int,
        rest: int,
    ) -> None:
        """
        Begin to wait.

        Args:
            name: See the class.
            dialect: See there.
            owner: See there.
            spec: See there.
            created: See there.
            price: Of the last trade so far, ticks; None before the first.
            after: See there.
            rest: See there.
        """
        self.name = name
        self.dialect = dialect
        self.owner = owner
        self.spec = spec
        self.created = created
        self.after = after
        self.rest = rest
        self.until: int | None = None
        self.count = 0
        self.last: FiredAlert | None = None
        self._window = TradeWindow(spec.window) if spec.window else None
        # A price that is there already is not crossed; that of the first trade neither.
        self._armed = spec.window > 0 or (price is not None and not self._met(price))

    @property
    def waits(self) -> bool:
        """Whether it can still fire."""
        return self.spec.repeat or not self.count

    def traded(self, trade: Trade) -> FiredAlert | None:
        """Take the next trade of its instrument into account."""
        if not self.waits or trade.seq <= self.after or (self.until is not None and trade.seq > self.until):
            return None
        if self._window is not None:
            self._window.add(trade.ts, trade.price, trade.size)
        value = self._value(trade.price)
        if not self._met(value):
            self._armed = True
            return None
        resting = self.last is not None and 0 <= trade.ts - self.last.ts < self.rest
        if not self._armed or resting:
            return None
        self._armed = False
        self.count += 1
        self.last = FiredAlert(
            seq=trade.seq, ts=trade.ts, name=self.name, spec=self.spec, value=value, price=trade.price
        )
        return self.last

    def _value(self, price: int) -> int:
        window = self._window
        if window is None:
            return price
        if self.spec.condition is Condition.VOLUME:
            return window.volume
        if self.spec.condition is Condition.CHANGE:
            return _millionths(price - window.first, window.first)
        low, high = window.extremes
        return _millionths(high - low, low)

    def _met(self, value: int) -> bool:
        if self.spec.condition is Condition.PRICE_BELOW:
            return value <= self.spec.threshold
        if self.spec.condition is Condition.CHANGE:
            return abs(value) >= self.spec.threshold
        return value >= self.spec.threshold


def _millionths(part: int, whole: int) -> int:
    """``part`` of ``whole``, towards zero."""
    found = abs(part) * PPM // abs(whole) if whole else 0
    return found if part >= 0 else -found


class AlertBook:
    """The alerts of all keys, and what has fired of late."""

    def __init__(self, *, per_key: int, most: int, kept: int, rest: int) -> None:
        """
        Begin without alerts.

        Args:
            per_key: Alerts of one key.
            most: Alerts of all keys.
            kept: Events at which alerts of a key have fired that are remembered, for those who resume.
            rest: Market time between two times that one alert fires, at least, nanoseconds.
        """
        self._per_key = per_key
        self._most = most
        self._kept = kept
        self._rest = rest
        self._alerts: dict[int, list[Alert]] = {}  # by instrument
        self._numbers: dict[str, int] = {}  # alerts made so far, by owner
        # By owner and by number of the event, oldest first.
        self._fired: dict[str, dict[int, list[FiredAlert]]] = {}

    def __len__(self) -> int:
        return sum(map(len, self._alerts.values()))

    @property
    def instruments(self) -> Sequence[int]:
        """Those that some alert watches."""
        return tuple(self._alerts)

    def prepare(
        self, dialect: str, owner: str, spec: AlertSpec, *, now: int, price: int | None, seq: int
    ) -> Alert:
        """
        What :meth:`add` may take in, with a name that its owner has not given before.

        Args:
            dialect: Protocol by which it is made.
            owner: Name of the key that makes it.
            spec: What it waits for.
            now: Market time.
            price: Of the instrument's last trade, ticks; None before the first.
            seq: Number of the newest event; the next is the first that it sees.

        Raises:
            OverflowError: There are too many, of its owner or of all.
        """
        mine = len(self.of(dialect, owner))
        if mine >= self._per_key:
            raise OverflowError(f"There are {mine} alerts of this key; no more are allowed")
        if len(self) >= self._most:
            raise OverflowError("There are too many alerts on this server")
        name = f"al_{self._numbers.get(owner, 0) + 1}"
        return Alert(name, dialect, owner, spec, created=now, price=price, after=seq, rest=self._rest)

    def add(self, alert: Alert) -> None:
        """Take an alert in."""
        self._numbers[alert.owner] = _number(alert.name)
        self._alerts.setdefault(alert.spec.instrument, []).append(alert)

    def every(self) -> list[Alert]:
        """Every alert that has no end."""
        return [alert for alerts in self._alerts.values() for alert in alerts if alert.until is None]

    def of(self, dialect: str, owner: str) -> list[Alert]:
        """The alerts of a key, those that have fired for good too, oldest first."""
        mine = [alert for alert in self.every() if alert.owner == owner and alert.dialect == dialect]
        mine.sort(key=lambda alert: (alert.created, _number(alert.name)))
        return mine

    def end(self, dialect: str, owner: str, name: str, seq: int) -> None:
        """Let an alert see no event after ``seq``; what it fires at until then is remembered."""
        for alert in self.of(dialect, owner):
            if alert.name == name:
                alert.until = seq

    def drop_ended(self, seq: int) -> None:
        """Forget the alerts whose end has come by the event ``seq``."""
        for alerts in tuple(self._alerts.values()):
            for alert in [each for each in alerts if each.until is not None and each.until <= seq]:
                self.remove(alert)

    def remove(self, alert: Alert) -> None:
        """Forget an alert."""
        alerts = self._alerts[alert.spec.instrument]
        alerts.remove(alert)
        if not alerts:
            del self._alerts[alert.spec.instrument]

    def traded(self, trade: Trade) -> None:
        """Take the next trade into account."""
        for alert in self._alerts.get(trade.instrument, ()):
            if (fired := alert.traded(trade)) is not None:
                events = self._fired.setdefault(alert.owner, {})
                events.setdefault(fired.seq, []).append(fired)
                if len(events) > self._kept:
                    del events[next(iter(events))]

    def forget(self, dialect: str, owner: str) -> None:
        """Forget the alerts of a key in a protocol, and what has fired of it."""
        for alert in [each for alerts in self._alerts.values() for each in alerts]:
            if (alert.dialect, alert.owner) == (dialect, owner):
                self.remove(alert)
        self._fired.pop(owner, None)

    def take_over(self, other: AlertBook) -> None:
        """Have the alerts of another book, and what has fired there, instead of one's own."""
        self._alerts, self._numbers, self._fired = other._alerts, other._numbers, other._fired

    def fired(self, owner: str, instrument: int, seq: int) -> list[FiredAlert]:
        """What has fired of a key at an event, in the order in which the alerts were made."""
        fired = self._fired.get(owner, {}).get(seq, ())
        return [one for one in fired if one.spec.instrument == instrument]


def _number(name: str) -> int:
    return int(name.partition("_")[2])


class AlertRegistry(Protocol):
    """What a handler may ask of the server's alerts."""

    def add(self, dialect: str, owner: str, spec: AlertSpec) -> Alert:
        """
        Make an alert; the next trade is the first that it sees.

        Raises:
            OverflowError: There are too many.
        """
        ...

    def of(self, dialect: str, owner: str) -> list[Alert]:
        """The alerts of a key in a protocol, oldest first."""
        ...

    def remove(self, dialect: str, owner: str, name: str) -> bool:
        """Forget an alert; False when its owner has none of that name."""
        ...
