"""The alerts of a server: made by request, watched while events are published, told by encoders."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from feed.analytics.alerts import Alert, AlertBook, AlertSpec
from feed.model.durations import NS_PER_SECOND
from feed.model.events import TRADE, Event, Trade
from feed.model.topics import Topic
from feed.server.alert_records import alert_data
from feed.server.durable.kinds import ALERT, ALERT_END, ALERTS_END
from feed.server.durable.service_log import ServiceLog
from feed.settings import Alerts
from feed.state.encoder import OBSERVER, Encoder
from feed.stream.hub import Hub


class AlertService:
    """
    Alerts of all keys. They end with their key.

    Attributes:
        book: What has fired, for those who tell it.
    """

    def __init__(
        self, hub: Hub, settings: Alerts, *, holds: Callable[[str, str], bool], service_log: ServiceLog
    ) -> None:
        """
        Begin without alerts.

        Args:
            hub: Publishes what they watch.
            settings: Bounds.
            holds: Whether the key of a name is good for a protocol now.
            service_log: Where alerts are recorded.
        """
        self._hub = hub
        self._log = service_log
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
            Problem: 503, the disk takes nothing.
        """
        market_state, seq = self._hub.market_state, self._hub.seq
        trade = market_state.trade(spec.instrument)
        price = None if trade is None else trade.price
        alert = self.book.prepare(dialect, owner, spec, now=market_state.now, price=price, seq=seq)
        self._log.record(ALERT, alert_data(alert, price), part=_part(owner))
        self.book.add(alert)
        self.watch()
        return alert

    def restore(self, book: AlertBook) -> None:
        """Take back the alerts that were recorded, before the events after them are published again."""
        self.book.take_over(book)
        self.watch()

    def restored(self) -> None:
        """Let go of those that have ended among the events that were published again."""
        self.book.drop_ended(self._hub.seq)
        self.watch()

    def of(self, dialect: str, owner: str) -> list[Alert]:
        """The alerts of a key in a protocol, oldest first."""
        self._log.look(_part(owner))
        return self.book.of(dialect, owner)

    def remove(self, dialect: str, owner: str, name: str) -> bool:
        """
        Forget an alert; False when its owner has none of that name.

        Raises:
            Problem: 503, the disk takes nothing.
        """
        for alert in self.of(dialect, owner):
            if alert.name == name:
                ended = {"dialect": dialect, "owner": owner, "name": name, "seq": self._hub.seq}
                self._log.record(ALERT_END, ended, part=_part(owner))
                self.book.remove(alert)
                self.watch()
                return True
        return False

    def check_keys(self) -> None:
        """Forget the alerts of keys that are not good any more."""
        for alert in self.book.every():
            if not self._holds(alert.owner, alert.dialect):
                self._log.try_record(ALERTS_END, {"dialect": alert.dialect, "owner": alert.owner})
                self.book.forget(alert.dialect, alert.owner)
        self.watch()

    def watch(self) -> None:
        """Watch the trades of the instruments that have alerts, and of no others."""
        for instrument in self.book.instruments:
            if instrument not in self._watching:
                topic = Topic("", "alerts", instrument)
                self._watching[instrument] = self._hub.observe(topic, _Watcher(self.book))
        for instrument in set(self._watching).difference(self.book.instruments):
            self._watching.pop(instrument)()


def _part(owner: str) -> str:
    return f"alerts of {owner}"


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
