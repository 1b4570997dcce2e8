"""Where the protocols are served, for clients that ask in the wrong place."""

from __future__ import annotations

import msgspec

from feed.dialects.contract import WordsNotFound
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


def nowhere(path: str, http: tuple[str, ...] = ()) -> BadRequest:
    """
    The answer to a request for a path at which nothing is served.

    Args:
        path: Which; below a protocol's own it is answered in the words of the protocol, where it has some.
        http: Paths of the HTTP application, when the request was for one of these.
    """
    for dialect in dialects().values():
        if isinstance(dialect, WordsNotFound) and path.startswith(f"{dialect.path}/"):
            sentence = "Nothing is served at this path"
            near = [one for one in http if one.startswith(f"{dialect.path}/")]
            sentence += f"; there are {', '.join(near)}" if near else ""
            return BadRequest(404, sentence, body=dialect.not_found(sentence))
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
