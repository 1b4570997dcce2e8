"""Where a connection came from, and where it arrived."""

from __future__ import annotations

import ipaddress

import attrs

from feed.settings import LOOPBACK


@attrs.frozen(kw_only=True)
class Arrival:
    """
    The two ends of a connection, without their ports.

    Attributes:
        peer: Address of the client.
        local: Address that the client has connected to.
        listening: Address that this server listens on there; a wildcard where it is all of them.
        prefix: That paths may leave out there: a port of one protocol alone; empty on any other.
    """

    peer: str = LOOPBACK
    local: str = LOOPBACK
    listening: str = LOOPBACK
    prefix: str = ""

    @property
    def within(self) -> bool:
        """Whether it never left this machine, and could not have come from another."""
        return is_loopback(self.listening) and is_loopback(self.local)


HERE = Arrival()
"""Within this machine."""


def is_loopback(host: str) -> bool:
    """Whether only programs on this machine can be at ``host``, a name or an address."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host == "localhost"
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return (mapped or address).is_loopback
