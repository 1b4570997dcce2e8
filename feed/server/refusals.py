"""Answers that need no HTTP server: to requests for what is not served, and to those that cannot be."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

import msgspec
import trio

from feed.dialects.capabilities import SupportsNotFound
from feed.dialects.discovery import dialects
from feed.model.symbols import NearNames
from feed.server.head import BadRequest
from feed.stream.transport import Transport

_LISTED: Final = 20
"""Paths of a protocol; of more of them those are told that are like the one that was asked for."""


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
        if isinstance(dialect, SupportsNotFound) and path.startswith(f"{dialect.path}/"):
            sentence = "Nothing is served at this path"
            near = [one for one in http if one.startswith(f"{dialect.path}/")]
            if len(near) > _LISTED:
                near = NearNames(near).find(path)
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


def upgrade_required() -> BadRequest:
    """The answer to a request without an upgrade at a path where a protocol is spoken."""
    message = "This path speaks WebSocket; send an upgrade request"
    return BadRequest(426, message, (("Upgrade", "websocket"),))


def answer_body(problem: BadRequest) -> bytes:
    """The body of an answer: JSON."""
    default = {"error": {"status": problem.status, "message": problem.message}}
    return problem.body.encode() or msgspec.json.encode(default)


async def refuse(transport: Transport, problem: BadRequest, *, seconds: float) -> None:
    """
    Answer by HTTP, read what the client still sends, and leave closing the connection to the caller.

    Args:
        transport: Stands somewhere in a request.
        problem: What is wrong.
        seconds: How long all of it may take.
    """
    with trio.move_on_after(seconds):
        try:
            answer = memoryview(_answer(problem))
            while answer:
                try:
                    answer = answer[transport.send(answer) :]
                except BlockingIOError:
                    await transport.writable()
            transport.finish()
            while await transport.receive():
                pass
        except (OSError, trio.BrokenResourceError, trio.ClosedResourceError):
            pass


def _answer(problem: BadRequest) -> bytes:
    body = answer_body(problem)
    headers = [
        ("Content-Type", "application/json"),
        ("Content-Length", str(len(body))),
        ("Connection", "close"),
        *problem.headers,
    ]
    lines = [f"HTTP/1.1 {problem.status} {HTTPStatus(problem.status).phrase}"]
    lines += [f"{name}: {value}" for name, value in headers]
    return "\r\n".join([*lines, "", ""]).encode("ascii", "replace") + body
