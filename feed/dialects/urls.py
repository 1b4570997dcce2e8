"""
How programs that other people wrote are pointed at a server: by all of their URL settings.

A URL that a program is not given stays the real exchange's, and orders and keys may go there: so whatever a
program could connect to is named, also what is not served here. A protocol has a module ``urls`` with
``CLIENTS``, found by discovery.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlsplit

import attrs

Settings = Mapping[str, Any]

TRUST: Final = "Trust the server's authority: "
"""How a note begins that says what a program is told where the server's certificate is its own."""


@attrs.frozen(kw_only=True)
class Place:
    """
    Where a protocol is served.

    Attributes:
        http: Beginning of the URLs of REST, without a slash at the end.
        ws: The same of the WebSockets.
    """

    http: str
    ws: str

    @property
    def secure(self) -> bool:
        """Whether it speaks TLS."""
        return self.ws.startswith("wss:")


def place(url: str, prefix: str = "") -> Place:
    """
    Where a protocol is served on a server.

    Args:
        url: Of the server, with any of the schemes ``ws``, ``wss``, ``http`` and ``https``.
        prefix: Path of the protocol there; empty on a port of its own.

    Raises:
        ValueError: It is no such URL.
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in {"ws", "wss", "http", "https"} or not parts.hostname:
        raise ValueError("no URL such as http://127.0.0.1:8080")
    secure = "s" if parts.scheme in {"wss", "https"} else ""
    path = parts.path.rstrip("/").removesuffix(prefix) + prefix
    return Place(http=f"http{secure}://{parts.netloc}{path}", ws=f"ws{secure}://{parts.netloc}{path}")


@attrs.frozen(kw_only=True)
class Client:
    """
    A program, or a library, that speaks a protocol.

    Attributes:
        title: What people call it.
        release: Whose source its settings were read from.
        settings: All that it can be told of URLs, by the names that it has for them.
        paste: The same as text to put into a program or a file.
        notes: What else must be known, one sentence each.
    """

    title: str
    release: str
    settings: Callable[[Place], Settings]
    paste: Callable[[Place], str]
    notes: Callable[[Place], tuple[str, ...]] = lambda _: ()


def class_attributes(imports: Sequence[str], urls: Mapping[str, str]) -> str:
    """
    A program's lines that set URLs where a library has them as attributes of classes.

    Args:
        imports: Lines before.
        urls: By class and attribute, such as ``Client.URL``.
    """
    return "\n".join([*imports, "", *(f"{name} = {json.dumps(url)}" for name, url in urls.items()), ""])
