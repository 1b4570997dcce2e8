"""HTTP as a program asks for it, one request after the other on one connection."""

import json

KEY = "tk_live_a1b2c3d4e5f6"
API_KEY = {"X-API-Key": KEY}
ADMIN_KEY = "ak_test_00000000000000000000000000000000"
ADMIN = {"X-API-Key": ADMIN_KEY}
BEARER = {"Authorization": f"Bearer {KEY}"}


def head(path, *, method="GET", **headers):
    """A request head; keywords replace or add headers."""
    fields = {"Host": "localhost"} | {name.replace("_", "-"): value for name, value in headers.items()}
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items())]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


async def ask(client, path, *, method="GET", body=b"", **headers):
    """One request and its answer: status, headers, and the body, from JSON where it is JSON."""
    if body:
        headers["Content_Length"] = str(len(body))
    await client.send_bytes(head(path, method=method, **headers) + body)
    return await answer(client, method=method)


async def answer(client, *, method="GET"):
    """The next answer on a connection that may go on."""
    status, headers = await client.head()
    size = 0 if method == "HEAD" else int(headers["content-length"])
    while len(client._buffer) < size:
        assert await client._more(), "the connection ended in the middle of an answer"
    content = bytes(client._buffer[:size])
    del client._buffer[:size]
    is_json = headers.get("content-type") == "application/json" and content
    return status, headers, json.loads(content) if is_json else content
