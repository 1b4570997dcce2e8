"""The alerts of a server: made by request, watched while events are published, told by encoders."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from feed.analytics.alerts import Alert, AlertBook, AlertSpec
from feed.model.durations import NS_PER_SECOND
from feed.model.events import TRADE, Event, Trade
from feed.model.topics import Topic
from feed.settings import Alerts
from feed.state.encoder import OBSERVER, Encoder
from feed.stream.hub import Hub


class AlertService:
    """
    Alerts of all keys. They live in memory alone, and end with their key.

    Attributes:
        book: What has fired, for those who tell it.
    """

    def __init__(self, hub: Hub, settings: Alerts, *, holds: Callable[[str, str], bool]) -> None:
        """
        Begin without alerts.

        Args:
            hub: Publishes what they watch.
            settings: Bounds.
            holds: Whether the key of a name is good for a protocol now.
        """
        self._hub = hub
        self._holds = holds
        self.book = AlertBook(
            per_key=settings.per_key,
            most=settings.most,
            kept=settings.kept,
            rest=round(settings.rest_seconds * NS_PER_SECOND),
        )
        self._watching: dict[int, Callable[[], None]] = {}  # by instrument: ends it

    def add(self, dialect: str, owner: str, spec: AlertSpec) -> Alert:
        """
        Make an alert; the next trade is the first that it sees.

        Raises:
            OverflowError: There are too many.
        """
        market_state = self._hub.market_state
        trade = market_state.trade(spec.instrument)
        price = None if trade is None else trade.price
        alert = self.book.add(dialect, owner, spec, now=market_state.now, price=price)
        if spec.instrument not in self._watching:
            topic = Topic("", "alerts", spec.instrument)
            self._watching[spec.instrument] = self._hub.observe(topic, _Watcher(self.book))
        return alert

    def of(self, dialect: str, owner: str) -> list[Alert]:
        """The alerts of a key in a protocol, oldest first."""
        return self.book.of(dialect, owner)

    def remove(self, dialect: str, owner: str, name: str) -> bool:
        """Forget an alert; False when its owner has none of that name."""
        for alert in self.of(dialect, owner):
            if alert.name == name:
                self._forget(alert)
                return True
        return False

    def check_keys(self) -> None:
        """Forget the alerts of keys that are not good any more."""
        for alert in self.book.every():
            if not self._holds(alert.owner, alert.dialect):
                self._forget(alert)
                self.book.forget(alert.owner)

    def _forget(self, alert: Alert) -> None:
        self.book.remove(alert)
        if alert.spec.instrument not in self.book.instruments:
            self._watching.pop(alert.spec.instrument)()


class _Watcher(Encoder):
    """Passes each trade of an instrument to its alerts, before any encoder has it."""

    kinds: Sequence[int] = (TRADE,)
    rank = OBSERVER

    def __init__(self, book: AlertBook) -> None:
        self._book = book

    def encode(self, item: Event) -> None:
        """Nothing: what has fired is told by others."""
        if isinstance(item, Trade):
            self._book.traded(item)
