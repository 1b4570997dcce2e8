"""What requests on a WebSocket count, as those by HTTP are counted."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import trio

from feed.dialects.metering import FREE, Charge, Meter
from feed.faults.engine import FaultEngine
from feed.model.disruption import Disruption
from feed.server.connection.peer import Peer
from feed.server.http.quota import asker
from feed.server.limits import MinuteCounters, WindowCounter


class Charges:
    """Counts the requests of all connections."""

    def __init__(
        self,
        meters: Mapping[str, Meter],
        *,
        orders: MinuteCounters,
        faults: FaultEngine,
        clock: Callable[[], float],
        most: int,
    ) -> None:
        """
        Begin with nothing counted.

        Args:
            meters: What counts the requests of protocols that have limits of their own.
            orders: Counts orders where a protocol has so many in a minute.
            faults: What goes wrong on purpose.
            clock: Seconds since the Unix epoch.
            most: Addresses that are counted apart in a second.
        """
        self.spend = orders.take
        self._meters = meters
        self._faults = faults
        self._clock = clock
        self._seconds = WindowCounter(1.0, most=most)

    def address_rate(self, peer_info: Peer, what: str, most: int) -> bool:
        """Count one more thing of an address; whether it is one of the first so many of a second."""
        who = f"{peer_info.dialect} {what} {peer_info.arrival.peer}"
        return self._seconds.take(who, most, trio.current_time()) <= most

    def charge(self, peer_info: Peer, weight: int) -> Charge:
        """Count a request on a connection, as one by HTTP is counted."""
        meter = self._meters.get(peer_info.dialect)
        if meter is None:
            return FREE
        grant = None if peer_info.entry is None else peer_info.entry.grant
        who, ban = asker(grant, peer_info.arrival.peer), self.disruption(peer_info).ban_seconds
        return meter.charge(who, weight, self._clock(), ban_seconds=ban)

    def charge_orders(self, peer_info: Peer, account: int, number: int) -> Charge:
        """Count orders of an account that come on a connection."""
        meter = self._meters.get(peer_info.dialect)
        return FREE if meter is None else meter.charge_orders(account, number, self._clock())

    def disruption(self, peer_info: Peer) -> Disruption:
        """What goes wrong on purpose with a request on a connection."""
        address = peer_info.arrival.peer
        return self._faults.disruption(peer_info.dialect, key=peer_info.key, address=address)
