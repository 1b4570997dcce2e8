"""Where the protocols are served, for clients that ask in the wrong place."""

from __future__ import annotations

import msgspec

from feed.dialects.discovery import dialects
from feed.server.head import BadRequest


def protocol_paths() -> dict[str, list[str]]:
    """The paths of every protocol, by its name; ``/`` where a query parameter or nothing claims it."""
    return {
        name: [
            dialect.path,
            *dialect.aliases,
            *(
                []
                if dialect.root_query is None
                else [f"/?{dialect.root_query}=" if dialect.root_query else "/"]
            ),
        ]
        for name, dialect in dialects().items()
    }


def nowhere(http: tuple[str, ...] = ()) -> BadRequest:
    """
    The answer to a request for a path at which nothing is served.

    Args:
        http: Paths of the HTTP application, when the request was for one of these.
    """
    protocols = protocol_paths()
    listed = ", ".join(path for paths in protocols.values() for path in paths)
    message = f"Nothing is served at this path; WebSocket paths are {listed}"
    body: dict[str, object] = {
        "error": {"status": 404, "code": "not_found", "message": message},
        "protocols": protocols,
    }
    if http:
        body["http"] = http
    return BadRequest(404, message, body=msgspec.json.encode(body).decode())
