"""
Routes a new connection: reads the request head in time, and decides who serves it.

An upgrade goes to the dialect that its path and query name, everything else to the HTTP
application; what neither can serve is answered here, and closed.
"""

from __future__ import annotations

import itertools
import ssl
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from typing import Final, Protocol

import attrs
import structlog
import trio

from feed.dialects.clocks import Clocks
from feed.dialects.contract import MARKET_ENDED, Dialect, HandshakeRefusal, Session, SessionContext
from feed.dialects.discovery import own_path, route
from feed.dialects.options import SINCE
from feed.model.arrival import Arrival
from feed.model.instruments import Listing
from feed.policies import Policies
from feed.server.budget import CONNECT, HANDSHAKE, TLS_HANDSHAKE
from feed.server.charges import Charges
from feed.server.connection.connection import Connection
from feed.server.connection.deflate import agree
from feed.server.connection.facts import ConnectionFacts, observes
from feed.server.connection.peer import Peer
from feed.server.countdown import Countdown
from feed.server.guard import Guard, Origins
from feed.server.head import BadRequest, Head, HeadReader
from feed.server.http import page
from feed.server.http.health import PROBES
from feed.server.http_parser import HttpParser
from feed.server.keycheck import KeyCheck, TooManyGuesses
from feed.server.limits import ConnectionQuota, ConnectionQuotas
from feed.server.message_log.log import MessageLog
from feed.server.message_log.tap import ConnectionLog
from feed.server.refusals import nowhere, refuse, upgrade_required
from feed.server.registry import ConnectionRegistry
from feed.server.stream_keys import StreamKeys
from feed.server.tls import NotTls, TlsTransport
from feed.server.tokens import TokenIssuer
from feed.server.turns import ScheduledConnection
from feed.settings import LOOPBACK, Limits, Trading
from feed.state.projections import Projections
from feed.stream.transport import Transport

log = structlog.get_logger("feed.router")

_FETCHES: Final = frozenset({"GET", "HEAD"})


@attrs.frozen(kw_only=True)
class ListenerConfig:
    """
    What a port is for.

    Attributes:
        dialect: What every path means there; None when path and query decide.
        tls: How the port speaks TLS; None when it is plain.
        host: Address that the port listens on; a wildcard for all of them.
    """

    dialect: Dialect | None = None
    tls: ssl.SSLContext | None = attrs.field(default=None, repr=False)
    host: str = LOOPBACK

    @property
    def prefix(self) -> str:
        """What paths may leave out there; empty for nothing."""
        return self.dialect.path if self.dialect is not None and self.dialect.prefixed else ""


ANY_PROTOCOL = ListenerConfig()


class HttpServer(Protocol):
    """Serves what is no WebSocket."""

    def knows(self, path: str) -> bool:
        """Whether something is served there."""
        ...

    async def serve(
        self, transport: Transport, parser: HttpParser, arrival: Arrival, member: ScheduledConnection
    ) -> Head | None:
        """
        Serve a connection from its first request, which ``parser`` has read.

        Returns:
            The head of a request for a WebSocket that has come at last; None at the connection's end.

        Raises:
            BadRequest: Such a request has come, and cannot be granted.
        """
        ...


class Router:
    """Serves connections, one call each."""

    def __init__(
        self,
        registry: ConnectionRegistry,
        listing: Listing,
        policies: Policies,
        *,
        trading: Trading,
        keys: KeyCheck,
        origins: Origins,
        guard: Guard,
        web: HttpServer,
        tokens: TokenIssuer,
        stream_keys: StreamKeys,
        projections: Projections,
        quotas: ConnectionQuotas,
        charges: Charges,
        deflate: bool,
        clock: Callable[[], float],
        clocks: Clocks,
        message_log: MessageLog | None = None,
    ) -> None:
        self._registry = registry
        self._listing = listing
        self._policies = policies
        self._trading = trading
        self._tokens = tokens
        self._stream_keys = stream_keys
        self._projections = projections
        self._quotas = quotas
        self._charges = charges
        self._deflate = deflate
        self._clock = clock
        self._clocks = clocks
        self._message_log = message_log
        self._origins = origins
        self._keys = keys
        self._guard = guard
        self._web = web
        self._numbers = itertools.count(1)

    def admit(self, transport: Transport, listener: ListenerConfig = ANY_PROTOCOL) -> Awaitable[None]:
        """Serve one connection from its first byte to its last. Only cancellation escapes."""
        deadline = trio.current_time() + self._registry.limits.handshake_seconds
        # No coroutine around the other: there are as many of them as connections.
        member = self._registry.turns.member(transport.peer)
        if listener.tls is None:
            return self._admit(transport, listener, deadline, member)
        return self._admit_securely(transport, listener, listener.tls, deadline, member)

    def refuse_for_room(
        self, transport: Transport, problem: BadRequest, listener: ListenerConfig = ANY_PROTOCOL
    ) -> Awaitable[None]:
        """
        Answer a connection that there is no room for with ``problem``.

        Whoever asks whether the server is alive hears that all the same.
        """
        deadline = trio.current_time() + self._registry.limits.close_seconds
        member = self._registry.turns.member(transport.peer)
        if listener.tls is None:
            return self._admit(transport, listener, deadline, member, no_room=problem)
        return self._admit_securely(transport, listener, listener.tls, deadline, member, no_room=problem)

    async def _admit_securely(
        self,
        transport: Transport,
        listener: ListenerConfig,
        tls: ssl.SSLContext,
        deadline: float,
        member: ScheduledConnection,
        *,
        no_room: BadRequest | None = None,
    ) -> None:
        async with trio.open_nursery() as nursery:
            await member.turn(TLS_HANDSHAKE)
            secure = TlsTransport(transport, tls)
            nursery.start_soon(secure.flush)
            if await self._tls_handshake(transport, secure, deadline):
                await self._admit(secure, listener, deadline, member, no_room=no_room)
            nursery.cancel_scope.cancel()

    async def _tls_handshake(self, plain: Transport, secure: TlsTransport, deadline: float) -> bool:
        try:
            with trio.CancelScope(deadline=deadline):
                await secure.handshake()
                return True
        except NotTls:
            problem = BadRequest(400, "This port speaks TLS: wss:// and https://")
            await refuse(plain, problem, seconds=self._registry.limits.close_seconds)
        except (OSError, trio.BrokenResourceError, trio.ClosedResourceError) as problem:
            log.debug("no TLS handshake", peer=plain.peer, reason=type(problem).__name__)
        plain.close()
        return False

    async def _admit(
        self,
        transport: Transport,
        listener: ListenerConfig,
        deadline: float,
        member: ScheduledConnection,
        *,
        no_room: BadRequest | None = None,
    ) -> None:
        close_seconds = self._registry.limits.close_seconds
        quota = ConnectionQuota(self._quotas)
        arrival = Arrival(
            peer=transport.peer, local=transport.local, listening=listener.host, prefix=listener.prefix
        )
        try:
            await member.enter(CONNECT)
            head = await _read_head(transport, self._registry.limits, deadline, late=no_room)
            if head is None:
                return
            if no_room is not None and (head.upgrade or head.opening.path not in PROBES):
                raise no_room  # noqa: TRY301 - as every other refusal
            dialect = listener.dialect or route(head.opening.path, head.opening.query)
            if head.parser is not None and (
                dialect is None or dialect.prefixed or self._by_http(head, listener)
            ):
                found = await self._web.serve(transport, head.parser, arrival, member)
                if found is None:
                    return
                head, dialect = found, listener.dialect or route(found.opening.path, found.opening.query)
                deadline = trio.current_time() + self._registry.limits.handshake_seconds
            if (arrived := self._registry.arrived) is not None:
                await arrived(" ".join(head.opening.query.values()))
            connection, kept = self._accepted(
                transport, dialect, head, quota=quota, arrival=arrival, member=member
            )
            member.charge(HANDSHAKE)
            del head  # nobody needs it for as long as the connection lasts
            why = await connection.run(handshake_deadline=deadline)
            if kept is not None:
                kept.closed(why)
            log.debug("connection ended", peer=transport.peer, why=why.why)
        except BadRequest as problem:
            await refuse(transport, problem, seconds=close_seconds)
        except (OSError, trio.BrokenResourceError, trio.ClosedResourceError):
            pass  # it went away before it said what it wanted
        except Exception:
            log.exception("bug at the door", peer=transport.peer)
            await refuse(transport, BadRequest(500, "Internal error"), seconds=close_seconds)
        finally:
            quota.end()
            transport.close()

    def _by_http(self, head: Head, listener: ListenerConfig) -> bool:
        """Whether there is an answer by HTTP at a path that may also be a protocol's."""
        if head.opening.path != page.PATH:
            return self._web.knows(head.opening.path)
        asked = head.method in _FETCHES and not head.opening.query and listener.dialect is None
        return asked and page.reads_html(head.opening.headers.get("accept", ""))

    def _accepted(
        self,
        transport: Transport,
        dialect: Dialect | None,
        head: Head,
        *,
        quota: ConnectionQuota,
        arrival: Arrival,
        member: ScheduledConnection,
    ) -> tuple[Connection, ConnectionLog | None]:
        """
        The connection that a request asks for, and what is kept of it; None when nothing is.

        Raises:
            BadRequest: It is refused.
        """
        opening = head.opening
        quota.resuming = SINCE in opening.query
        if dialect is None:
            raise nowhere(opening.path)
        facts = ConnectionFacts.of(opening, next(self._numbers), self._clock())
        peer_info = Peer(
            dialect=dialect.name,
            arrival=arrival,
            keys=self._keys,
            tokens=self._tokens,
            stream_keys=self._stream_keys,
        )
        kept = None if self._message_log is None else ConnectionLog(self._message_log, peer_info, facts)
        try:
            session = self._session(dialect, head, peer_info, quota)
        except BadRequest as problem:
            if kept is not None:
                kept.refused(problem.status)
            raise
        if kept is not None:
            transport, session = kept.opened(transport, session)
        # What it counts towards is given back before the client can know that it may come back.
        connection = Connection(
            transport,
            head.nonce,
            peer_info,
            session,
            self._registry,
            member=member,
            facts=facts,
            deflate=agree(opening.headers.get("sec-websocket-extensions", "")) if self._deflate else "",
            over=quota.end,
        )
        return connection, kept

    def _session(self, dialect: Dialect, head: Head, peer_info: Peer, quota: ConnectionQuota) -> Session:
        """A client's side of the protocol that it asks for. Raises :class:`BadRequest`: it is refused."""
        opening, arrival = head.opening, peer_info.arrival
        if dialect.prefixed:
            opening = attrs.evolve(opening, path=own_path(opening.path, dialect))
        if not head.upgrade:
            raise upgrade_required()
        if not self._origins.allow(opening.headers, arrival):
            raise BadRequest(403, "Web pages of this origin may not connect")
        if self._registry.closed.is_set():
            raise BadRequest(503, MARKET_ENDED)
        problem = self._guard.problem(opening.headers, arrival) if dialect.trades else ""
        if problem:
            raise BadRequest(403, problem)
        refusal = self._registry.faults.refusal(dialect.name, observer=observes(opening.query))
        if refusal is not None:
            retry = (("Retry-After", str(refusal.retry_seconds)),)
            raise BadRequest(refusal.status, "Nobody is let in at the moment", retry)
        session = dialect.session(opening, self._session_context(peer_info, quota))
        if peer_info.guessing:
            retry = (("Retry-After", str(peer_info.guessing)),)
            raise BadRequest(429, str(TooManyGuesses(peer_info.guessing)), retry)
        if isinstance(session, HandshakeRefusal):
            raise BadRequest(session.status, "Refused", body=session.body)
        return session

    def _session_context(self, peer_info: Peer, quota: ConnectionQuota) -> SessionContext:
        limits, charges = self._registry.limits, self._charges
        hub = self._registry.fanout.hub
        return SessionContext(
            listing=self._listing,
            check_key=peer_info.check_key,
            auth_seconds=limits.auth_seconds,
            auth_attempts=limits.auth_attempts,
            check=hub.check,
            now=lambda: hub.market_state.now,
            policies=self._policies,
            market_state=lambda: hub.market_state,
            trades=self._projections.trades.newest,
            accounts=self._projections.accounts,
            wallets=self._projections.wallets,
            check_token=peer_info.check_token,
            monotonic=trio.current_time,
            enter=quota.enter,
            spend=charges.spend,
            address_rate=partial(charges.address_rate, peer_info),
            clock=self._clock,
            clocks=self._clocks,
            credentials=peer_info.credentials,
            check_stream_key=peer_info.check_stream_key,
            note_signature=peer_info.note_signature,
            charge=partial(charges.charge, peer_info),
            charge_orders=partial(charges.charge_orders, peer_info),
            disruption=partial(charges.disruption, peer_info),
            trading=self._trading,
            projections=self._projections,
        )


async def _read_head(
    transport: Transport, limits: Limits, deadline: float, *, late: BadRequest | None = None
) -> Head | None:
    reader = HeadReader(limits.head_bytes)
    time = Countdown(deadline - trio.current_time())
    with suppress(trio.TooSlowError):
        while data := await time.wait(transport.receive):
            head = reader.feed(data)
            if head is not None:
                return head
        return None
    raise late or BadRequest(408, f"No request within {limits.handshake_seconds:g} seconds")
