"""What a server knows beside the market, taken back after a restart."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import Any

import structlog

from feed.durability.entries import LogEntry
from feed.faults.runtime import NameTaken, NoSuchFault, RunTimeFaults
from feed.server.alert_records import alert_of
from feed.server.alerts import AlertService
from feed.server.durable import kinds
from feed.server.durable.service_log import ServiceLog
from feed.server.durable.service_state import ServiceState
from feed.server.http import faults as fault_requests
from feed.server.keywatch import KeyWatch
from feed.server.nonces import Nonces
from feed.server.stream_keys import StreamKeys
from feed.server.webhooks.service import WebhookService

log = structlog.get_logger("feed.durable")


class Services:
    """
    Stream keys, nonces, alerts, webhooks, run-time faults and the names of keys of one server.

    Args:
        service_log: Where their changes are recorded.
        stream_keys: See the module of each.
        nonces: Likewise.
        alerts: Likewise.
        webhooks: Likewise.
        faults: Likewise.
        key_watch: Likewise.
        clock: Seconds since the Unix epoch.
    """

    def __init__(
        self,
        service_log: ServiceLog,
        *,
        stream_keys: StreamKeys,
        nonces: Nonces,
        alerts: AlertService,
        webhooks: WebhookService,
        faults: RunTimeFaults,
        key_watch: KeyWatch,
        clock: Callable[[], float],
    ) -> None:
        self._log = service_log
        self._stream_keys = stream_keys
        self._nonces = nonces
        self._alerts = alerts
        self._webhooks = webhooks
        self._faults = faults
        self._key_watch = key_watch
        self._clock = clock
        self._going_on: Mapping[str, Mapping[str, Any]] = {}

    def restore(self, state: ServiceState) -> None:
        """
        Take back what was recorded. Afterwards the events since the checkpoint are published again, and then
        :meth:`restored` is called; clients come after that.

        Args:
            state: The checkpoint's, and the entries since then applied.
        """
        self._stream_keys.restore(state.stream_keys.values())
        self._nonces.restore(state.nonces)
        self._alerts.restore(state.alerts)
        self._webhooks.restore(state.webhooks.values())
        self._going_on = state.faults
        self._key_watch.restore(state.keys)
        log.info(
            "what was there beside the market is there again",
            stream_keys=len(state.stream_keys),
            alerts=len(state.alerts),
            webhooks=len(state.webhooks),
            faults=len(state.faults),
        )

    def restored(self) -> None:
        """Let faults go on, and let go of what has ended meanwhile, itself or with its key."""
        fault_requests.restore(self._faults, self._going_on, self._clock())
        self._going_on = {}
        self._alerts.restored()
        self._alerts.check_keys()
        self._webhooks.check_keys()

    def follow(self, entry: LogEntry) -> None:
        """
        Take over what was changed at another server of the same market, between the same two events.

        Args:
            entry: As that server has recorded it; one of another kind changes nothing here.
        """
        data, alerts = entry.data, self._alerts
        match entry.kind:
            case kinds.STREAM_KEY:
                self._stream_keys.restore([data])
            case kinds.STREAM_KEY_END:
                self._stream_keys.forget(data["key"])
            case kinds.ALERT:
                alerts.book.add(alert_of(data))
            case kinds.ALERT_END:
                alerts.book.end(data["dialect"], data["owner"], data["name"], data["seq"])
                alerts.book.drop_ended(data["seq"])
            case kinds.ALERTS_END:
                alerts.book.forget(data["dialect"], data["owner"])
            case kinds.FAULT:
                name = data["settings"]["name"]
                self._end_faults([name])  # here it may be over a moment later than there
                with suppress(NameTaken):
                    fault_requests.restore(self._faults, {name: data}, self._clock())
            case kinds.FAULTS_END:
                self._end_faults(data["names"])
        alerts.watch()

    def _end_faults(self, names: Iterable[str]) -> None:
        for name in names:
            with suppress(NoSuchFault):
                self._faults.remove(name)

    def state(self) -> ServiceState:
        """
        What another server of this market must know: stream keys, alerts and faults, as they are now; and
        nonces, for one that goes on with it.

        The alerts are those at work: write it down before the next event. Webhooks are left out, since they
        have their place at this server alone.
        """
        state = ServiceState(
            stream_keys={one["key"]: one for one in self._stream_keys.recorded()},
            faults=fault_requests.recorded(self._faults, self._clock()),
            nonces=self._nonces.recorded(),
        )
        state.alerts.take_over(self._alerts.book)
        return state

    async def run(self) -> None:
        """Record what nobody waits for, until cancelled."""
        await self._log.run()
