"""
Keeps other people's web pages away from what only its owner should do: steer, trade, fetch tokens.

A page from anywhere can make the browser of whoever looks at it send requests to this machine. Two
things give it away. Its *origin*, which the browser adds. And the *host* that it believes to speak to:
a page whose own name suddenly points here (DNS rebinding) shares the origin of what it asks, but it
still asks by its own name. So both must be names of this server.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Mapping
from typing import Final
from urllib.parse import urlsplit

from feed.errors import ConfigError
from feed.model.arrival import Arrival, is_loopback
from feed.settings import Settings

ANY: Final = "*"
_HOST: Final = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([^\s:/\\@?#\[\]%,\"<>]+))(?::[0-9]{0,5})?")
_ORIGIN: Final = re.compile(r"[a-z][a-z0-9+.-]*://[^\s/\\@?#A-Z]+")
_SHOWN: Final = 80  # characters of a name in a message


def check_names(hosts: Iterable[str], origins: Iterable[str]) -> None:
    """
    Look whether what the operator names can be what a browser says.

    Raises:
        ConfigError: It never can, so nobody would be let in by it.
    """
    for host in hosts:
        if host != ANY and host_of(host.removeprefix("*.")) is None:
            hint = "allowed: a name or an address such as feed.example.com, *.example.com, or *"
            raise ConfigError(f"found {host!r}", where="--allow-host", hint=hint)
    for origin in origins:
        if origin not in {ANY, "null"} and _ORIGIN.fullmatch(origin) is None:
            hint = "allowed: what a browser says, such as https://example.com, without a path; or *"
            raise ConfigError(f"found {origin!r}", where="--allow-origin", hint=hint)


class Origins:
    """
    The origins that are let in.

    Attributes:
        names: Those named by the operator, or ``*`` for all.
    """

    def __init__(self, settings: Settings) -> None:
        self.names = settings.allow_origin

    def at(self, arrival: Arrival) -> tuple[str, ...]:
        """The origins that may come in there: within this machine all, unless the operator names some."""
        return self.names or ((ANY,) if arrival.within else ())

    def allow(self, headers: Mapping[str, str], arrival: Arrival) -> bool:
        """
        Whether a request may come in.

        Args:
            headers: Names in lower case.
            arrival: Where it arrived.
        """
        origin = headers.get("origin")
        names = self.at(arrival)
        if origin is None or ANY in names or origin in names:
            return True
        # The server's own pages. "null" and other nonsense has no host.
        return bool(headers.get("host")) and _netloc(origin) == headers.get("host")


def _netloc(url: str) -> str:
    """Host and port of a URL; empty when it has none."""
    try:
        return urlsplit(url).netloc
    except ValueError:
        return ""


class Guard:
    """Knows the names of this server."""

    def __init__(self, hosts: Iterable[str], origins: Iterable[str]) -> None:
        """
        Take the names that are accepted.

        Args:
            hosts: Names and addresses of this server besides the usual ones of this machine and the
                address that a connection arrives at; ``*.example.com`` is each name below one, ``*`` is all.
            origins: Origins of web pages that are as good as the server's own; ``*`` is all.
        """
        self._hosts = dict.fromkeys(host_of(host) or host for host in hosts)
        self._origins = tuple(origins)

    def problem(self, headers: Mapping[str, str], arrival: Arrival) -> str:
        """
        Why a request must not come in: one sentence; empty when it may.

        Args:
            headers: Names in lower case, or such that case does not matter.
            arrival: Where it arrived.
        """
        host = headers.get("host", "")
        name = host_of(host)
        if name is None:
            return "The header Host is missing, or names no host"
        if not self._ours(name, arrival):
            return f"{name[:_SHOWN]} is no name of this server; start it with --allow-host {name[:_SHOWN]}"
        origin = headers.get("origin")
        if origin is not None and not self.trusts(origin, arrival):
            shown = origin[:_SHOWN]
            return f"Web pages of {shown} may not do this; start the server with --allow-origin {shown}"
        return ""

    def trusts(self, origin: str, arrival: Arrival) -> bool:
        """Whether a web page of ``origin`` may do what only the owner should."""
        if ANY in self._origins or origin in self._origins:
            return True
        try:
            url = urlsplit(origin)
        except ValueError:
            return False
        name = host_of(url.netloc) if url.scheme in {"http", "https"} else None
        return name is not None and self._ours(name, arrival)

    def _ours(self, name: str, arrival: Arrival) -> bool:
        if ANY in self._hosts or name in self._hosts:
            return True
        if is_loopback(name) or name.endswith(".localhost"):
            return True
        if name in {host_of(arrival.local), host_of(arrival.listening)}:
            return True
        return f"*.{name.partition('.')[2]}" in self._hosts


def host_of(text: str) -> str | None:
    """
    The host in ``name``, ``name:port``, an address, or an IPv6 address in brackets; None when there is none.

    Lower case, without the dot of a full name, and addresses in their shortest form.
    """
    try:
        return _address(text)
    except ValueError:
        pass
    found = _HOST.fullmatch(text)
    if found is None:
        return None
    try:
        return _address(found[1] or found[2])
    except ValueError:
        # In brackets there is an address or nothing.
        name = (found[2] or "").lower().removesuffix(".")
        return name if name and not name.endswith(".") else None


def _address(text: str) -> str:
    address = ipaddress.ip_address(text.removesuffix("."))
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return str(mapped or address)
