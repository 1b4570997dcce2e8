"""
Which addresses webhooks may go to: public ones, and those that the operator names.

A client chooses the URL, and this server stands where the client does not: whoever could name an address of
the server's own network could make it ask there in its place (server-side request forgery).
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator
from typing import Final

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

# RFC 6052 and RFC 8215: an IPv4 address in the last 32 bits.
_NAT64: Final = (ipaddress.IPv6Network("64:ff9b::/96"), ipaddress.IPv6Network("64:ff9b:1::/48"))
_COMPATIBLE: Final = ipaddress.IPv6Network("::/96")  # RFC 4291, section 2.5.5.1
_LOW_32: Final = 0xFFFF_FFFF

# Not public, whatever the release of Python that runs says of them: its tables have changed.
_NEVER: Final[tuple[Network, ...]] = tuple(
    ipaddress.ip_network(text)
    for text in (
        "192.0.0.0/24",  # RFC 6890; 192.0.0.192 tells machines of Oracle's cloud their secrets
        "192.88.99.0/24",  # RFC 7526
        "168.63.129.16/32",  # the platform beside every machine of Azure
        "64:ff9b:1::/48",  # RFC 8215
        "2001::/23",  # RFC 2928
        "3fff::/20",  # RFC 9637
        "5f00::/16",  # RFC 9602
    )
)


def networks(texts: Iterable[str]) -> tuple[Network, ...]:
    """
    Networks in CIDR notation.

    Raises:
        ValueError: One of them is none.
    """
    return tuple(ipaddress.ip_network(text) for text in texts)


def public(address: Address) -> bool:
    """Whether an address, and every IPv4 address that it stands for, belongs to the public internet."""
    return all(_public(one) for one in _meant(address))


def permitted(address: Address, allowed: Iterable[Network]) -> bool:
    """Whether the operator has named an address, in the form in which it is connected to."""
    meant = list(_meant(address))
    return any(one in network for one in (meant[0], *_mapped(address)) for network in allowed)


def _public(address: Address) -> bool:
    odd = address.is_multicast or address.is_reserved or address.is_unspecified
    if isinstance(address, ipaddress.IPv6Address):
        odd = odd or address.is_site_local
    return address.is_global and not odd and not any(address in network for network in _NEVER)


def _mapped(address: Address) -> Iterator[Address]:
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    if mapped is not None:
        yield mapped


def _meant(address: Address) -> Iterator[Address]:
    """The address that packets go to, and those that a translator or a tunnel would send them to."""
    if isinstance(address, ipaddress.IPv4Address):
        yield address
        return
    mapped = address.ipv4_mapped
    if mapped is not None:
        yield mapped
        return
    yield address
    if address.sixtofour is not None:
        yield address.sixtofour
    if address.teredo is not None:
        yield from address.teredo
    if address in _COMPATIBLE or any(address in network for network in _NAT64):
        yield ipaddress.IPv4Address(int(address) & _LOW_32)
