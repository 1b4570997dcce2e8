"""One request by HTTP, on a connection of its own."""

from __future__ import annotations

import json

import trio


class ServerGone(Exception):
    """The connection ended before the answer was whole: nobody knows whether it has acted."""


async def ask(port, method, target, body=b"", **headers):
    """Status and JSON of the answer."""
    fields = {"Host": "127.0.0.1", "Connection": "close", "Content-Length": len(body), **headers}
    head = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in fields.items())
    data = b""
    try:
        async with await trio.open_tcp_stream("127.0.0.1", port) as stream:
            await stream.send_all(f"{method} {target} HTTP/1.1\r\n{head}\r\n".encode() + body)
            async for part in stream:
                data += part
    except (OSError, trio.BrokenResourceError) as problem:
        raise ServerGone from problem
    lines, _, content = data.partition(b"\r\n\r\n")
    first, *rest = lines.decode("latin-1").split("\r\n")
    found = {name.lower(): value for name, _, value in (line.partition(": ") for line in rest)}
    if len(content) < int(found.get("content-length", -1)) or not first:
        raise ServerGone
    return int(first.split()[1]), json.loads(content) if content else None


async def token(port, account):
    """An access token."""
    status, found = await ask(
        port, "POST", "/api/v1/token", X_Api_Key=account.key, X_Api_Secret=account.secret
    )
    if status != 200:
        raise ServerGone(f"no token: {status} {found}")
    return found["access_token"]
