"""
One client: a nursery with an auth deadline, a reader, a writer and a heartbeat.

The first of them to find a reason ends the connection; whatever it is, it ends this connection
alone. A cancel scope holds the reader, which is the connection's own task. Outside it stand the
writer and trio-websocket's task, which are still needed for the last message and the closing
handshake.
"""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable
from functools import partial

import structlog
import trio
from trio_websocket import ConnectionClosed, WebSocketConnection

from feed.dialects.contract import DisconnectCause, Session
from feed.faults.contract import ForcedClose
from feed.faults.pacing import LinkState
from feed.server import close_reason
from feed.server.budget import message_cost
from feed.server.close_reason import CloseReason
from feed.server.connection.actions import SessionActions
from feed.server.connection.facts import ConnectionFacts
from feed.server.connection.heartbeat import heartbeat
from feed.server.connection.peer import Peer
from feed.server.connection.stream import ConnectionStream
from feed.server.connection.tap import Tap
from feed.server.connection.upgrade import answer_to, read_messages
from feed.server.countdown import Countdown
from feed.server.registry import ConnectionRegistry
from feed.server.turns import ScheduledConnection
from feed.stream.frames import close_frame
from feed.stream.send_buffer import SendBuffer
from feed.stream.transport import Transport

log = structlog.get_logger("feed.connection")


class Connection:
    """
    One connection from its request head to its end.

    Attributes:
        peer_info: Who it is with.
        facts: What was known of it when it came.
    """

    def __init__(
        self,
        transport: Transport,
        nonce: str,
        peer_info: Peer,
        session: Session,
        registry: ConnectionRegistry,
        *,
        member: ScheduledConnection,
        facts: ConnectionFacts,
        deflate: str = "",
        over: Callable[[], None] = lambda: None,
    ) -> None:
        """
        Begin before the handshake is answered.

        Args:
            transport: Stands at the end of the request head.
            nonce: Sec-WebSocket-Key of the request, which is to be answered.
            peer_info: Who it is with.
            session: This client's side of the dialect.
            registry: What it shares with the others.
            member: Takes turns for it.
            facts: See the class.
            deflate: What the client is told of compression; empty for none.
            over: See :class:`~feed.server.connection.stream.ConnectionStream`.
        """
        self.peer_info = peer_info
        self.facts = facts
        self._transport = transport
        self._nonce = nonce
        self._deflate = deflate
        self._session = session
        self._registry = registry
        self._limits = registry.limits
        self._hub = registry.fanout.hub
        self._member = member
        if session.messages_per_second:
            member.expect(session.messages_per_second)
        self._stream = ConnectionStream(
            transport,
            backlog_bytes=registry.observer_backlog_bytes if facts.observer else self._limits.backlog_bytes,
            deflated=bool(deflate),
            cut=self._cut,
            start=self._start,
            message_frames=self._limits.message_frames,
            too_many_frames=lambda: self.end(close_reason.TOO_MANY_FRAMES),
            message_bytes=self._limits.message_bytes,
            too_big=lambda: self.end(close_reason.TOO_BIG),
            over=over,
            member=member,
            too_much=lambda: self.end(close_reason.TOO_MANY),
            observer=facts.observer,
        )
        self._send_buffer = self._stream.send_buffer
        if facts.observer:
            self._hub.note_observer(self._send_buffer)
        self._actions = SessionActions(self, registry, member)
        self._tap: Tap | None = None  # while somebody looks at its messages
        self._nursery: trio.Nursery | None = None
        self._scope = trio.CancelScope()  # around the reader; not around the closing handshake
        self._answered = False  # the handshake
        self._close_reason: CloseReason | None = None

    async def run(self, *, handshake_deadline: float) -> CloseReason:
        """
        Serve this client until either side ends it.

        Args:
            handshake_deadline: On Trio's clock, in seconds.

        Returns:
            Why it ended. Nothing but cancellation escapes.
        """
        try:
            async with trio.open_nursery() as nursery:
                self._nursery = nursery
                try:
                    await self._talk(nursery, handshake_deadline)
                finally:
                    self._nursery = None  # from here on it may be closed to new tasks at any time
                nursery.cancel_scope.cancel()
        except* Exception:
            log.exception("bug in a connection", dialect=self.peer_info.dialect)
            self.end(close_reason.BUG)
        finally:
            self._hub.drop(self._send_buffer)
            self._stream.close()
            if self._tap is not None:
                self._tap.closed = self._close_reason or close_reason.GONE
        return self._close_reason or close_reason.GONE

    async def _talk(self, nursery: trio.Nursery, handshake_deadline: float) -> None:
        """From the answer to the handshake to the last byte."""
        session, limits = self._session, self._limits
        # Who has asked waits by now: one that is answered, vanishes and comes back is heard to have gone
        # before it is counted anew.
        await trio.lowlevel.checkpoint()
        answer = answer_to(self._nonce, subprotocol=session.subprotocol, deflate=self._deflate)
        self._send_buffer.open(answer)
        deflated = bool(self._deflate)
        socket = read_messages(nursery, self._stream, deflated=deflated, message_bytes=limits.message_bytes)
        # A market that waits for its clients waits for their answers too.
        lenient = session.pong_seconds and math.isfinite(limits.pong_seconds)
        nursery.start_soon(
            partial(
                heartbeat,
                nursery,
                socket,
                ping_seconds=session.ping_seconds or limits.ping_seconds,
                pong_seconds=session.pong_seconds if lenient else limits.pong_seconds,
                regular=bool(session.ping_seconds),
                excused=self._unread_since,
                end=self.end,
            )
        )
        if session.beat_seconds:
            nursery.start_soon(self._on_timer)
        await self._serve(socket, handshake_deadline)
        if self._send_buffer.opened:
            await self._close(socket)

    def _start(self, task: Callable[[], Awaitable[None]]) -> None:
        """Run a task with the connection, unless that is over."""
        if self._nursery is not None:
            self._nursery.start_soon(task)

    def end(self, why: CloseReason) -> None:
        """End the connection; the first reason given is the one that counts."""
        if self._close_reason is None:
            self._close_reason = why
            self._scope.cancel()

    def check_key(self) -> None:
        """End the connection if it was opened with a key that is not good any more."""
        if self.peer_info.revoked:
            self.end(close_reason.REVOKED)

    @property
    def ending(self) -> bool:
        """Whether there is a reason already why it ends."""
        return self._close_reason is not None

    @property
    def transport(self) -> Transport:
        """What carries it."""
        return self._transport

    @property
    def send_buffer(self) -> SendBuffer:
        """Everything that goes out, in order."""
        return self._send_buffer

    def leave(self, ending: ForcedClose) -> None:
        """End the connection between these two events; without a close code, drop the connection."""
        self._hub.mute(self._send_buffer)
        cause = DisconnectCause.TOKEN_EXPIRED if ending.token_expired else None
        self.end(CloseReason(ending.why, ending.code, ending.reason, cause))
        if not ending.code:
            self._stream.close(reset=ending.reset)

    def go_away(self, seconds: float) -> None:
        """Say between these two events that the connection will be closed, and close it so much later."""
        wording = self._session.wording(DisconnectCause.GOING_AWAY)
        if wording is not None:
            self._hub.send(self._send_buffer, wording)
        self._start(partial(self._end_after, seconds))

    def impair(self, link: LinkState) -> None:
        """Let the way to the client be as bad as that from now on."""
        started = self._stream.impair(link)
        if started is not None:
            self._start(started.run)

    @property
    def number(self) -> int:
        """As they came, from 1."""
        return self.facts.number

    @property
    def rest_of_frame(self) -> int:
        """Bytes still to come of what has begun to go out."""
        return self._send_buffer.rest_of_frame

    def put_on(self, tap: Tap) -> None:
        """Let ``tap`` see its messages, until it is watched no more."""
        self._tap = tap
        self._stream.put_on(tap)

    # -- its parts ---------------------------------------------------------------------------------

    async def _serve(self, socket: WebSocketConnection, handshake_deadline: float) -> None:
        """Read until there is a reason to end; at first the handshake is one, and then the auth window."""
        registry = self._registry
        registry.connections[self] = None
        if registry.stopping.is_set():
            self.end(close_reason.SHUTDOWN)
        self.check_key()
        faults = registry.faults
        if not faults.idle:
            self._send_buffer.release()
        faults.arrived(self)
        try:
            with self._scope:
                await self._answer(handshake_deadline)
                self._scope.deadline = math.inf
                await self._read(socket)
            if self._scope.cancelled_caught:
                self.end(close_reason.AUTH_TIMEOUT)
        except Exception:
            log.exception("bug in a session", dialect=self.peer_info.dialect)
            self.end(close_reason.BUG)
        finally:
            del registry.connections[self]
            faults.left(self)
            if self._answered:
                registry.close_counts.ended(self._close_reason or close_reason.GONE)

    async def _answer(self, deadline: float) -> None:
        """Answer the handshake, in one write with what the session says first, and see it taken."""
        try:
            await self._registry.fanout.at_rest()
            self._actions.apply(self._session.open)
        finally:
            self._send_buffer.release()
            if not self._send_buffer.opened:
                self._scope.deadline = deadline
                await self._stream.opened()
            self._answered = True
            self._registry.close_counts.opened()

    async def _read(self, socket: WebSocketConnection) -> None:
        """The reader: each message to the session, its actions to the hub."""
        at_rest, arrived = self._registry.fanout.at_rest, self._registry.arrived
        window: Countdown | None = Countdown(self._limits.auth_seconds)
        while True:
            if window is not None and self._session.authenticated:
                window = None
            try:
                message = await (socket.get_message() if window is None else window.wait(socket.get_message))
            except trio.TooSlowError:
                self.end(close_reason.AUTH_TIMEOUT)
                return
            except ConnectionClosed as closed:
                self.end(self._closed(closed.reason.code if closed.reason else 0))
                return
            self._show(message)
            if isinstance(message, bytes):
                self.end(close_reason.BINARY)
            elif not await self._member.turn(message_cost(message), messages=1, more=True):
                self.end(close_reason.TOO_MANY)
            else:
                if arrived is not None:
                    await arrived(message)
                # What a message asks for is decided and happens between two steps.
                await at_rest()
                if self._close_reason is None:
                    self._actions.apply(partial(self._session.receive, message))
                    if self.peer_info.guessing:
                        self.end(close_reason.GUESSING)

    def _show(self, message: str | bytes) -> None:
        """Let whoever looks at the connection see a message of the client."""
        if self._tap is None:
            return
        if not self._tap.watched:
            self._tap = None
        elif isinstance(message, str):
            self._tap.heard(message)

    async def _on_timer(self) -> None:
        """The session's own task, where it wants one: what is due although the client is silent."""
        try:
            while seconds := self._session.beat_seconds:
                await trio.sleep(seconds)
                await self._registry.fanout.at_rest()
                if self._close_reason is not None:
                    return
                self._actions.apply(self._session.on_timer)
        except Exception:
            log.exception("bug in a session", dialect=self.peer_info.dialect)
            self.end(close_reason.BUG)

    async def _end_after(self, seconds: float) -> None:
        await trio.sleep(seconds)
        self.end(close_reason.GOING_AWAY)

    def _unread_since(self, moment: float) -> bool:
        """Whether the client's answer may be behind what has not been read since then."""
        return self._send_buffer.stalled or self._member.waited(since=moment)

    async def _close(self, socket: WebSocketConnection) -> None:
        """Send what is still due, then shake hands on the close, all within the time for it."""
        why = self._close_reason or close_reason.GONE
        if self._send_buffer.stalled:
            self._hub.mute(self._send_buffer)
            await self._stream.passable()
        with trio.move_on_after(self._limits.close_seconds):
            if why.code:
                await self._send_reason(why)
                if not socket.closed:
                    await socket.aclose(why.code, why.reason)
                elif not self._stream.close_sent:
                    await self._stream.send_all(close_frame(why.code, why.reason))
            await self._stream.finish()

    def _closed(self, code: int) -> CloseReason:
        """What it means that trio-websocket has closed with ``code``."""
        if code == close_reason.TOO_BIG.code:
            return close_reason.TOO_BIG
        if self._stream.close_sent:
            return close_reason.GONE
        # A malformed frame: trio-websocket stops reading, and leaves it to us to say so.
        return {why.code: why for why in (close_reason.PROTOCOL_ERROR, close_reason.INVALID_TEXT)}.get(
            code, close_reason.GONE
        )

    async def _send_reason(self, why: CloseReason) -> None:
        await self._registry.fanout.at_rest()
        if why.at_once:
            self._hub.abandon(self._send_buffer)
        else:
            self._hub.mute(self._send_buffer)
        wording = self._session.wording(why.cause) if why.cause else None
        if wording is not None:
            self._hub.send(self._send_buffer, wording)
        await self._stream.flushed()

    def _cut(self) -> None:
        """The send buffer gave up: its backlog is full, its socket broken, or an encoder failed."""
        if self._send_buffer.failed:
            self.end(close_reason.BUG)
        elif self._send_buffer.lost_at is not None:
            log.info("slow consumer cut", peer=self._transport.peer, seq=self._send_buffer.lost_at)
            self.end(close_reason.SLOW)
        else:
            self.end(close_reason.GONE)
