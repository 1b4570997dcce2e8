"""
One client: a nursery with an auth deadline, a reader, a writer and a heartbeat.

The first of them to find a reason ends the connection; whatever it is, it ends this connection
alone. A cancel scope holds the reader, which is the connection's own task. Outside it stand the
writer and trio-websocket's task, which are still needed for the last message and the closing
handshake.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial

import structlog
import trio
from trio_websocket import ConnectionClosed, WebSocketConnection

from feed.dialects.contract import Action, Close, Reply, Session, Submit, Subscribe, Unsubscribe
from feed.server import ending
from feed.server.budget import message_cost
from feed.server.connection.lag import Lag
from feed.server.connection.transport import Transport
from feed.server.connection.upgrade import upgrade
from feed.server.connection.visitor import Visitor
from feed.server.connection.wire import Wire
from feed.server.ending import Ending
from feed.server.reception import Reception
from feed.server.running import Countdown
from feed.server.turns import Member
from feed.stream.frames import close_frame
from feed.stream.outlet import Outlet

log = structlog.get_logger("feed.connection")


class Conversation:
    """
    One connection from its request head to its end.

    Attributes:
        visitor: Who it is with.
    """

    def __init__(
        self,
        transport: Transport,
        nonce: str,
        visitor: Visitor,
        session: Session,
        reception: Reception,
        *,
        member: Member,
        over: Callable[[], None] = lambda: None,
    ) -> None:
        """
        Begin a conversation.

        Args:
            transport: Stands at the end of the request head.
            nonce: Sec-WebSocket-Key of the request, which trio-websocket is to answer.
            visitor: Who it is with.
            session: This client's side of the dialect.
            reception: What it shares with the others.
            member: Takes turns for it.
            over: See :class:`~feed.server.connection.wire.Wire`.
        """
        self.visitor = visitor
        self._transport = transport
        self._nonce = nonce
        self._session = session
        self._reception = reception
        self._limits = reception.limits
        self._hub = reception.fanout.hub
        self._member = member
        if session.messages_per_second:
            member.expect(session.messages_per_second)
        self._wire = Wire(
            transport,
            backlog_bytes=self._limits.backlog_bytes,
            cut=self._cut,
            message_frames=self._limits.message_frames,
            too_many_frames=lambda: self.end(ending.TOO_MANY_FRAMES),
            message_bytes=self._limits.message_bytes,
            too_big=lambda: self.end(ending.TOO_BIG),
            over=over,
            member=member,
            too_much=lambda: self.end(ending.TOO_MANY),
        )
        self._outlet = self._wire.outlet
        self._outlet.charge = member.replayed
        self._lag: Lag | None = None
        self._nursery: trio.Nursery | None = None
        self._scope = trio.CancelScope()  # around the conversation; not around the farewell
        self._answered = False  # the handshake
        self._ending: Ending | None = None

    async def run(self, *, handshake_deadline: float) -> Ending:
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
                nursery.start_soon(self._wire.write)
                socket = await upgrade(
                    nursery,
                    self._wire,
                    self._nonce,
                    subprotocol=self._session.subprotocol,
                    message_bytes=self._limits.message_bytes,
                )
                nursery.start_soon(self._heartbeat, nursery, socket)
                if self._session.beat_seconds:
                    nursery.start_soon(self._beat)
                await self._converse(socket, handshake_deadline)
                if self._outlet.opened:
                    await self._part(socket)
                nursery.cancel_scope.cancel()
        except* Exception:
            log.exception("bug in a connection", dialect=self.visitor.dialect)
            self.end(ending.BUG)
        finally:
            self._hub.drop(self._outlet)
            self._wire.close()
        return self._ending or ending.GONE

    def end(self, why: Ending) -> None:
        """End the conversation; the first reason given is the one that counts."""
        if self._ending is None:
            self._ending = why
            self._scope.cancel()

    def check_key(self) -> None:
        """End the conversation if it stands on a key that is not good any more."""
        if self.visitor.revoked:
            self.end(ending.REVOKED)

    @property
    def transport(self) -> Transport:
        """What carries it."""
        return self._transport

    @property
    def outlet(self) -> Outlet:
        """Everything that goes out, in order."""
        return self._outlet

    def leave(self, why: Ending) -> None:
        """End the conversation between these two events; without a close code, drop the connection."""
        self._hub.mute(self._outlet)
        self.end(why)
        if not why.code:
            self._wire.close()

    def delay(self, late: Callable[[], float] | None) -> None:
        """Let everything that is sent from now on be late by so many seconds; None for no more."""
        if self._lag is not None:
            self._lag.late = late or _in_time
        elif late is not None and self._nursery is not None:
            self._lag = Lag(self._transport, late=late, most=self._limits.backlog_bytes)
            self._wire.reroute(self._lag)
            self._nursery.start_soon(self._lag.run)

    def stall(self, *, on: bool) -> None:
        """Neither send nor receive a byte from now on, while the connection stays open; or do again."""
        self._wire.stall(on=on)

    # -- its parts ---------------------------------------------------------------------------------

    async def _converse(self, socket: WebSocketConnection, handshake_deadline: float) -> None:
        """Read until there is a reason to end; at first the handshake is one, and then the auth window."""
        reception = self._reception
        reception.conversations[self] = None
        if reception.stopping.is_set():
            self.end(ending.SHUTDOWN)
        self.check_key()
        faults = reception.faults
        if faults is not None:
            self._outlet.release()
            faults.arrived(self)
        try:
            with self._scope:
                await self._greet(handshake_deadline)
                self._scope.deadline = math.inf
                await self._read(socket)
            if self._scope.cancelled_caught:
                self.end(ending.AUTH_TIMEOUT)
        except Exception:
            log.exception("bug in a session", dialect=self.visitor.dialect)
            self.end(ending.BUG)
        finally:
            del reception.conversations[self]
            if faults is not None:
                faults.left(self)
            if self._answered:
                reception.endings.ended(self._ending or ending.GONE)

    async def _greet(self, deadline: float) -> None:
        """Answer the handshake, in one write with what the session says first, and see it taken."""
        try:
            await self._reception.fanout.at_rest()
            self._apply(self._session.open)
        finally:
            self._outlet.release()
            if not self._outlet.opened:
                self._scope.deadline = deadline
                await self._wire.opened()
            self._answered = True
            self._reception.endings.opened()

    async def _read(self, socket: WebSocketConnection) -> None:
        """The reader: each message to the session, its actions to the hub."""
        at_rest = self._reception.fanout.at_rest
        window: Countdown | None = Countdown(self._limits.auth_seconds)
        while True:
            if window is not None and self._session.authenticated:
                window = None
            try:
                message = await (socket.get_message() if window is None else window.wait(socket.get_message))
            except trio.TooSlowError:
                self.end(ending.AUTH_TIMEOUT)
                return
            except ConnectionClosed as closed:
                self.end(self._closed(closed.reason.code if closed.reason else 0))
                return
            if isinstance(message, bytes):
                self.end(ending.BINARY)
            elif not await self._member.turn(message_cost(message), messages=1, more=True):
                self.end(ending.TOO_MANY)
            else:
                # What a message asks for is decided and happens between two steps.
                await at_rest()
                if self._ending is None:
                    self._apply(partial(self._session.receive, message))
                    if self.visitor.guessing:
                        self.end(ending.GUESSING)

    async def _beat(self) -> None:
        """The session's own task, where it wants one: what is due although the client is silent."""
        try:
            while True:
                await trio.sleep(self._session.beat_seconds)
                await self._reception.fanout.at_rest()
                if self._ending is not None:
                    return
                self._apply(self._session.beat)
        except Exception:
            log.exception("bug in a session", dialect=self.visitor.dialect)
            self.end(ending.BUG)

    def _apply(self, decide: Callable[[], Sequence[Action]]) -> None:
        """Decide what to do, and do it: one piece of work, which this client pays for."""
        before = self._hub.work
        self._outlet.gather()  # the answers to one message leave in one write
        try:
            for action in decide():
                self._act(action)
        finally:
            self._outlet.release()
            self._member.charge(self._hub.work - before)

    def _act(self, action: Action) -> None:
        match action:
            case Reply(text):
                self._hub.send(self._outlet, text)
            case Subscribe(topics, since):
                if self._reception.faults is not None:
                    self._reception.faults.met(self)
                self._hub.subscribe(self._outlet, topics, since=None if since is None else since.seq)
            case Unsubscribe(topics):
                self._hub.unsubscribe(self._outlet, topics)
            case Submit(request, refused):
                answer = partial(self._hub.send, self._outlet, refused)
                later = partial(self._reception.fanout.when_at_rest, answer)
                if not self._reception.submit(request, later):
                    answer()
            case Close(code, reason):
                self.end(Ending("closed by session", code, reason))

    async def _heartbeat(self, nursery: trio.Nursery, socket: WebSocketConnection) -> None:
        """The heartbeat task: a ping now and then, and an answer in time."""
        # A market that waits for its clients waits for their answers too.
        lenient = self._session.pong_seconds and math.isfinite(self._limits.pong_seconds)
        seconds = self._session.pong_seconds if lenient else self._limits.pong_seconds
        while True:
            await trio.sleep(self._limits.ping_seconds)
            pinged, answered = trio.current_time(), trio.Event()
            nursery.start_soon(self._ping, socket, answered)
            try:
                await Countdown(seconds).wait(answered.wait)
            except trio.TooSlowError:
                # Its answer is not behind what we did not read.
                if not self._outlet.stalled and not self._member.waited(since=pinged):
                    self.end(ending.SILENT)

    async def _ping(self, socket: WebSocketConnection, answered: trio.Event) -> None:
        try:
            await socket.ping()
            answered.set()
        except ConnectionClosed:
            self.end(ending.GONE)

    async def _part(self, socket: WebSocketConnection) -> None:
        """Send what is still due, then shake hands on the close, all within the time for it."""
        why = self._ending or ending.GONE
        if self._outlet.stalled:
            self._hub.mute(self._outlet)
            await self._wire.passable()
        with trio.move_on_after(self._limits.close_seconds):
            if why.code:
                await self._say_why(why)
                if not socket.closed:
                    await socket.aclose(why.code, why.reason)
                elif not self._wire.said_close:
                    await self._wire.send_all(close_frame(why.code, why.reason))
            await self._wire.part()

    def _closed(self, code: int) -> Ending:
        """What it means that trio-websocket has closed with ``code``."""
        if code == ending.TOO_BIG.code:
            return ending.TOO_BIG
        if self._wire.said_close:
            return ending.GONE
        # A malformed frame: trio-websocket stops reading, and leaves it to us to say so.
        return {why.code: why for why in (ending.PROTOCOL_ERROR, ending.INVALID_TEXT)}.get(code, ending.GONE)

    async def _say_why(self, why: Ending) -> None:
        await self._reception.fanout.at_rest()
        if why.at_once:
            self._hub.abandon(self._outlet)
        else:
            self._hub.mute(self._outlet)
        wording = self._session.wording(why.fault) if why.fault else None
        if wording is not None:
            self._hub.send(self._outlet, wording)
        await self._wire.flushed()

    def _cut(self) -> None:
        """The outlet gave up: its backlog is full, its socket broken, or its topic beyond telling."""
        if self._outlet.failed:
            self.end(ending.BUG)
        elif self._outlet.lost_at is not None:
            log.info("slow consumer cut", peer=self._transport.peer, seq=self._outlet.lost_at)
            self.end(ending.SLOW)
        else:
            self.end(ending.GONE)


def _in_time() -> float:
    return 0.0
