"""URLs of webhooks: what of them is refused before anybody looks up a name."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

from feed.webhooks.addresses import Network, permitted, public

LONGEST_URL: Final = 2048  # characters
_LONGEST_HOST: Final = 253
_PRINTABLE: Final = re.compile(r"[\x21-\x7e]+")
_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})*\.?")

NOT_PUBLIC: Final = "is no public address"


def check_url(text: str, allowed: Sequence[Network]) -> None:
    """
    Look whether a URL can be one for webhooks.

    Args:
        text: As a client wrote it.
        allowed: Networks that the operator has named; into these, plain HTTP is fine too.

    Raises:
        ValueError: It cannot; one sentence that says why, fit for the client.
    """
    if len(text) > LONGEST_URL:
        raise ValueError(f"url is longer than {LONGEST_URL} characters")
    if not _PRINTABLE.fullmatch(text):
        raise ValueError("url must be printable ASCII without spaces")
    try:
        url = urlsplit(text)
        port = url.port
    except ValueError:
        raise ValueError("url cannot be read") from None
    if url.scheme != "https" and not (url.scheme == "http" and allowed):
        raise ValueError("url must begin with https://")
    if "@" in url.netloc:
        raise ValueError("url must not have a user or a password in it")
    if "#" in text or "\\" in text:
        raise ValueError("url must not have a fragment or a backslash in it")
    if port == 0:
        raise ValueError("url must have a port from 1 to 65535")
    _check_host(url.hostname or "", allowed)


def _check_host(host: str, allowed: Sequence[Network]) -> None:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        if len(host) > _LONGEST_HOST or not _NAME.fullmatch(host):
            raise ValueError("url must name a host") from None
        return
    if not public(address) and not permitted(address, allowed):
        raise ValueError(f"url: {host} {NOT_PUBLIC}")
