"""What a server knows beside the market, taken back after a restart."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import structlog

from feed.faults.runtime import RunTimeFaults
from feed.server.alerts import AlertService
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

    async def run(self) -> None:
        """Record what nobody waits for, until cancelled."""
        await self._log.run()
