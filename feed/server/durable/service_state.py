"""What a server knows beside the market, as a fold of the entries that it has recorded."""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence
from typing import Any, Final

import attrs

from feed.analytics.alerts import AlertBook
from feed.durability.entries import LogEntry
from feed.errors import FeedError
from feed.model.durations import NS_PER_SECOND
from feed.model.events import TRADE, Row, Trade
from feed.server.alert_records import alert_of
from feed.server.durable import kinds
from feed.server.nonces import remember
from feed.server.webhooks.records import WebhookRecord
from feed.settings import Alerts, Limits

_VERSION: Final = 1
_PLAIN: Final = ("stream_keys", "nonces", "faults", "keys", "pace", "pace_wall")
_ALERTS: Final = Alerts()
_NONCES: Final = Limits().counted_addresses


def _book() -> AlertBook:
    """A book that takes every alert: whether there was room for it was asked when it was made."""
    return AlertBook(per_key=_ALERTS.per_key, most=_ALERTS.most, kept=_ALERTS.kept, rest=0)


@attrs.define
class ServiceState:
    """
    Stream keys, nonces, alerts, webhooks, run-time faults, names of keys, and the pace of the market.

    Entries are applied in their order, each before the market is computed on. Alerts are also a fold over
    trades: whoever computes along gives the events to :meth:`published`. After a restart that is not called:
    then the server's own alerts see the events that it publishes again.

    What is over is left out as entries come, so that it is no larger than what the server had in memory.

    Attributes:
        stream_keys: Data of their newest entries, by stream key.
        nonces: The last nonce of each key, by its mark.
        alerts: With what they have seen.
        webhooks: With what waits for them, by id.
        faults: Data of those that last, by name.
        keys: Name, account and mark of each key.
        pace: Data of the newest entry; None before the first.
        pace_wall: Time of that entry on the machine's clock, nanoseconds since the Unix epoch.
    """

    stream_keys: dict[str, dict[str, Any]] = attrs.field(factory=dict)
    nonces: dict[str, int] = attrs.field(factory=dict)
    alerts: AlertBook = attrs.field(factory=_book)
    webhooks: dict[str, WebhookRecord] = attrs.field(factory=dict)
    faults: dict[str, dict[str, Any]] = attrs.field(factory=dict)
    keys: list[dict[str, Any]] = attrs.field(factory=list)
    pace: dict[str, Any] | None = None
    pace_wall: int = 0

    def apply(self, entry: LogEntry) -> None:
        """Take the next entry into account; one of another kind changes nothing."""
        fold = _FOLDS.get(entry.kind)
        if fold is not None:
            fold(self, entry)

    def published(self, seq: int, rows: Sequence[Row]) -> None:
        """
        Take the next events into account.

        Args:
            seq: Number of the event before them.
            rows: The events.
        """
        watched = set(self.alerts.instruments)
        if not watched:
            return
        for number, row in enumerate(rows, start=seq + 1):
            if row[0] == TRADE and row[1] in watched:
                self.alerts.traded(Trade.from_row(number, row))
        self.alerts.drop_ended(seq + len(rows))

    def checkpoint_state(self) -> dict[str, Any]:
        """What a checkpoint keeps: plain values by fixed names, and the alerts."""
        kept = {name: getattr(self, name) for name in _PLAIN}
        webhooks = [one.data() for one in self.webhooks.values()]
        return {"version": _VERSION, "alerts": self.alerts, "webhooks": webhooks, **kept}

    def restore_checkpoint_state(self, state: dict[str, Any]) -> None:
        """
        Be what :meth:`checkpoint_state` was asked of.

        Raises:
            FeedError: Another release has written it, whose fields mean something else.
        """
        if state["version"] != _VERSION:
            raise FeedError(f"it keeps services as version {state['version']} has them, not {_VERSION}")
        self.alerts = state["alerts"]
        self.webhooks = {one["webhook"]["id"]: WebhookRecord.kept(one) for one in state["webhooks"]}
        for name in _PLAIN:
            setattr(self, name, state[name])


def _stream_key(state: ServiceState, entry: LogEntry) -> None:
    now = entry.wall / NS_PER_SECOND
    state.stream_keys = {key: one for key, one in state.stream_keys.items() if one["until"] > now}
    state.stream_keys.pop(entry.data["key"], None)
    state.stream_keys[entry.data["key"]] = entry.data


def _stream_key_end(state: ServiceState, entry: LogEntry) -> None:
    state.stream_keys.pop(entry.data["key"], None)


def _nonce(state: ServiceState, entry: LogEntry) -> None:
    remember(state.nonces, entry.data["key"], entry.data["nonce"], _NONCES)


def _alert(state: ServiceState, entry: LogEntry) -> None:
    state.alerts.add(alert_of(entry.data))


def _alert_end(state: ServiceState, entry: LogEntry) -> None:
    data = entry.data
    state.alerts.end(data["dialect"], data["owner"], data["name"], data["seq"])


def _alerts_end(state: ServiceState, entry: LogEntry) -> None:
    state.alerts.forget(entry.data["dialect"], entry.data["owner"])


def _webhook(state: ServiceState, entry: LogEntry) -> None:
    state.webhooks[entry.data["id"]] = WebhookRecord.of(entry.data)


def _webhook_end(state: ServiceState, entry: LogEntry) -> None:
    state.webhooks.pop(entry.data["id"], None)


def _webhook_message(state: ServiceState, entry: LogEntry) -> None:
    if (found := state.webhooks.get(entry.data["id"])) is not None:
        found.message(entry.data)


def _webhook_done(state: ServiceState, entry: LogEntry) -> None:
    if (found := state.webhooks.get(entry.data["id"])) is not None:
        found.done(entry.data)


def _fault(state: ServiceState, entry: LogEntry) -> None:
    name = entry.data["settings"]["name"]
    _faults_go_on(state, {name}, entry.wall)
    if entry.data["lasts"]:
        state.faults[name] = entry.data


def _faults_end(state: ServiceState, entry: LogEntry) -> None:
    _faults_go_on(state, entry.data["names"], entry.wall)


def _faults_go_on(state: ServiceState, ended: Container[str], wall: int) -> None:
    """Keep those whose time is not over, but for some."""
    state.faults = {
        name: one
        for name, one in state.faults.items()
        if name not in ended and (one["until"] is None or one["until"] > wall / NS_PER_SECOND)
    }


def _keys(state: ServiceState, entry: LogEntry) -> None:
    state.keys = entry.data["keys"]


def _pace(state: ServiceState, entry: LogEntry) -> None:
    state.pace, state.pace_wall = entry.data, entry.wall


_FOLDS: Final[dict[str, Callable[[ServiceState, LogEntry], None]]] = {
    kinds.STREAM_KEY: _stream_key,
    kinds.STREAM_KEY_END: _stream_key_end,
    kinds.NONCE: _nonce,
    kinds.ALERT: _alert,
    kinds.ALERT_END: _alert_end,
    kinds.ALERTS_END: _alerts_end,
    kinds.WEBHOOK: _webhook,
    kinds.WEBHOOK_END: _webhook_end,
    kinds.WEBHOOK_MESSAGE: _webhook_message,
    kinds.WEBHOOK_DONE: _webhook_done,
    kinds.FAULT: _fault,
    kinds.FAULTS_END: _faults_end,
    kinds.KEYS: _keys,
    kinds.PACE: _pace,
}
