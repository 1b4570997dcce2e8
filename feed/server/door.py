"""
The front door: reads the request head in time, and decides who serves it.

An upgrade goes to the dialect that its path and query name; everything else is answered by HTTP and
closed.
"""

from __future__ import annotations

from http import HTTPStatus

import msgspec
import structlog
import trio

from feed.dialects.contract import Desk, Refusal
from feed.dialects.discovery import dialects, route
from feed.model.instruments import Listing
from feed.server.connection import Conversation, Reception, Visitor
from feed.server.head import BadRequest, Head, HeadReader
from feed.server.keys import Keyring
from feed.server.transport import Transport
from feed.settings import Limits, Policies

log = structlog.get_logger("feed.door")


class Door:
    """Lets connections in, one call each."""

    def __init__(self, reception: Reception, listing: Listing, keyring: Keyring, policies: Policies) -> None:
        self._reception = reception
        self._listing = listing
        self._keyring = keyring
        self._policies = policies

    async def admit(self, transport: Transport) -> None:
        """Serve one connection from its first byte to its last. Only cancellation escapes."""
        limits = self._reception.limits
        deadline = trio.current_time() + limits.handshake_seconds
        try:
            head = await _read_head(transport, limits, deadline)
            if head is None:
                return
            conversation = self._welcome(transport, head)
            del head  # nobody needs it for as long as the connection lasts
            why = await conversation.run(handshake_deadline=deadline)
            log.debug("connection ended", peer=transport.peer, why=why.why)
        except BadRequest as problem:
            await self._refuse(transport, problem)
        except (OSError, trio.BrokenResourceError, trio.ClosedResourceError):
            pass  # it went away before it said what it wanted
        except Exception:
            log.exception("bug at the door", peer=transport.peer)
            await self._refuse(transport, BadRequest(500, "Internal error"))
        finally:
            transport.close()

    async def turn_away(self, transport: Transport, problem: BadRequest) -> None:
        """Answer a connection that there is no room for, without reading from it."""
        try:
            await self._refuse(transport, problem)
        finally:
            transport.close()

    def _welcome(self, transport: Transport, head: Head) -> Conversation:
        """The conversation that a request asks for, or the answer that it gets instead."""
        opening = head.opening
        dialect = route(opening.path, opening.query)
        if dialect is None:
            raise BadRequest(404, f"Nothing is served at this path; WebSocket paths are {_paths()}")
        if not head.upgrade:
            raise BadRequest(
                426, "This path speaks WebSocket; send an upgrade request", (("Upgrade", "websocket"),)
            )
        faults = self._reception.faults
        problem = faults.refusal(dialect.name) if faults is not None else None
        if problem is not None:
            raise problem
        visitor = Visitor(dialect.name)
        session = dialect.session(opening, self._desk(visitor))
        if isinstance(session, Refusal):
            raise BadRequest(session.status, "Refused", body=session.body)
        return Conversation(transport, head.handshake, visitor, session, self._reception)

    def _desk(self, visitor: Visitor) -> Desk:
        limits = self._reception.limits
        hub = self._reception.fanout.hub
        return Desk(
            listing=self._listing,
            check_key=lambda key: visitor.shows(self._keyring.check(key, visitor.dialect)),
            auth_seconds=limits.auth_seconds,
            auth_attempts=limits.auth_attempts,
            kept=lambda: (hub.history.oldest, hub.seq),
            now=lambda: hub.latest.now,
            policies=self._policies,
        )

    async def _refuse(self, transport: Transport, problem: BadRequest) -> None:
        """Answer by HTTP, hear the client out, and close."""
        with trio.move_on_after(self._reception.limits.close_seconds):
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


async def _read_head(transport: Transport, limits: Limits, deadline: float) -> Head | None:
    reader = HeadReader(limits.head_bytes)
    with trio.CancelScope(deadline=deadline):
        while data := await transport.receive():
            head = reader.feed(data)
            if head is not None:
                return head
        return None
    raise BadRequest(408, f"No request within {limits.handshake_seconds:g} seconds")


def _paths() -> str:
    return ", ".join(path for dialect in dialects().values() for path in (dialect.path, *dialect.aliases))


def _answer(problem: BadRequest) -> bytes:
    default = {"error": {"status": problem.status, "message": problem.message}}
    body = problem.body.encode() or msgspec.json.encode(default)
    headers = [
        ("Content-Type", "application/json"),
        ("Content-Length", str(len(body))),
        ("Connection", "close"),
        *problem.headers,
    ]
    lines = [f"HTTP/1.1 {problem.status} {HTTPStatus(problem.status).phrase}"]
    lines += [f"{name}: {value}" for name, value in headers]
    return "\r\n".join([*lines, "", ""]).encode("ascii", "replace") + body
