"""One connection of a client to Rails."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from feed.dialects import contract
from feed.dialects.contract import Action, Close, DisconnectCause, Reply, Session, SessionContext, Submit
from feed.dialects.rails import channels
from feed.dialects.rails.admission import ALL, Admission, market_index
from feed.dialects.rails.decode import (
    ERROR,
    EmitOrders,
    EmitPublicCompletedOrders,
    EmitPublicOrderBook,
    Envelope,
    Order,
    Ping,
    Snapshot,
    Subscribe,
    Unsubscribe,
    decode,
    number,
)
from feed.dialects.rails.encode import book_messages, problem, response, trade_messages
from feed.dialects.rails.private import order_messages
from feed.dialects.resume import RefusalReason, ResumePoint, ResumeRefused
from feed.errors import ProtocolError
from feed.model.instruments import Instrument
from feed.model.stream_position import StreamPosition
from feed.model.symbols import symbols
from feed.model.topics import Topic

_REFUSED: Final = {
    RefusalReason.MALFORMED: 400,
    RefusalReason.HELD: 400,
    RefusalReason.OTHER_HISTORY: 409,
    RefusalReason.TOO_OLD: 410,
    RefusalReason.AHEAD: 416,
}
# What emitPublicCompletedOrders shows at most.
RECENT_TRADES: Final = 100
EXPIRED: Final = 4401

_WORDING: Final = {
    DisconnectCause.AUTH_TIMEOUT: (401, "Authentication timeout"),
    DisconnectCause.TOO_MANY_MESSAGES: (429, "Too Many Requests"),
    DisconnectCause.BINARY_MESSAGE: (400, "Binary messages are not supported"),
    DisconnectCause.TOKEN_EXPIRED: (401, "Token expired"),
    DisconnectCause.SLOW_CONSUMER: (503, "Slow consumer: reconnect and resume with since"),
    DisconnectCause.GOING_AWAY: (503, "Server is going away: reconnect and resume with since"),
}


class RailsSession(Session):
    """
    Subscriptions of a connection, and requests of its account.

    Who it is was settled before the handshake. Source: sections "Dynamic Subscriptions" and "Supported
    Streams".
    """

    authenticated = True

    def __init__(self, admission: Admission, context: SessionContext) -> None:
        self._context = context
        self._admission = admission
        self._account = admission.bearer.grant.account
        self._everywhere = tuple(range(len(context.listing)))
        self._beginning = ResumePoint(admission.options.since, context.check)
        self._streams: dict[str, None] = {}
        self._timers_due = 0
        policy = context.policies.rails
        self.subprotocol = admission.subprotocol if policy.echo_subprotocol else None
        self.messages_per_second = policy.messages_per_second
        self.beat_seconds = 1 if policy.strict_expiry else 0

    def open(self) -> Sequence[Action]:
        """Subscribe to what the query asks for, where ``since`` wants it from; the client is told nothing."""
        try:
            since = self._beginning.next()
        except ResumeRefused as misfit:
            text = self._problem(ERROR, _status(misfit), misfit.message)
            return [Reply(text), Close(1008, "Cannot resume")]
        self._streams.update(dict.fromkeys(self._admission.streams))
        return [contract.Subscribe(self._topics(self._admission.streams), since)]

    def receive(self, text: str) -> Sequence[Action]:
        """Answer one message; one outside the protocol gets an error, and the connection stays."""
        try:
            envelope = decode(text)
        except ProtocolError as misfit:
            return [Reply(self._problem(ERROR, 400, misfit.message))]
        try:
            return self._answer(envelope)
        except ProtocolError as misfit:
            return [Reply(self._problem(envelope.kind, _status(misfit), misfit.message, envelope))]

    def on_timer(self) -> Sequence[Action]:
        """Where tokens are taken strictly, close when this one expires."""
        self._timers_due += 1
        if self._timers_due < self._admission.bearer.seconds:
            return ()
        return [Reply(self.wording(DisconnectCause.TOKEN_EXPIRED)), Close(EXPIRED, "Token expired")]

    def wording(self, cause: DisconnectCause) -> str:
        """An error message, as for everything else that goes wrong."""
        return self._problem(ERROR, *_WORDING[cause])

    def _problem(self, kind: str, status: int, text: str, envelope: Envelope | None = None) -> str:
        """An error, with the market it is about and the client's id of what it answers."""
        market, named = self._market_name, None
        if envelope is not None:
            named, asked = envelope.named, envelope.content.get("market")
            index = symbols(self._context.listing).index(asked) if isinstance(asked, str) else None
            market = market if index is None else self._context.listing[index].symbol
        return problem(kind, status, text, market=market, request_id=named)

    def _answer(self, envelope: Envelope) -> Sequence[Action]:
        message = envelope.message()
        match message:
            case Ping():
                named = {"clientRequestId": envelope.request_id} if envelope.request_id else {}
                return [Reply(response("pong", {**named, "statusCode": 200}, at=self._position))]
            case Unsubscribe():
                return self._unsubscribe(envelope, message)
            case Subscribe():
                return self._subscribe(envelope, message)
            case EmitPublicOrderBook() | EmitPublicCompletedOrders() | EmitOrders():
                return self._snapshot(envelope, message)
        return self._submit(envelope, message)

    def _subscribe(self, envelope: Envelope, message: Subscribe) -> Sequence[Action]:
        wanted = _wanted(message)
        since = self._beginning.next(message.since, held=[name for name in wanted if name in self._streams])
        self._streams.update(dict.fromkeys(wanted))
        return [
            self._confirm("subscribed", envelope, wanted, since),
            contract.Subscribe(self._topics(wanted), since),
        ]

    def _unsubscribe(self, envelope: Envelope, message: Unsubscribe) -> Sequence[Action]:
        wanted = _wanted(message)
        for stream in wanted:
            self._streams.pop(stream, None)
        return [
            contract.Unsubscribe(self._topics(wanted)),
            self._confirm("unsubscribed", envelope, wanted),
        ]

    def _confirm(
        self, kind: str, envelope: Envelope, wanted: Sequence[str], since: StreamPosition | None = None
    ) -> Reply:
        data: dict[str, object] = {
            "activeSubscriptions": [name for name in channels.STREAMS if name in self._streams]
        }
        if envelope.request_id is not None:
            data["clientRequestId"] = envelope.request_id
        data["requestedSubscriptions"] = list(wanted)
        at = self._position and (since or self._position)
        return Reply(response(kind, data, self._market_name, at=at))

    @property
    def _position(self) -> StreamPosition | None:
        """Where an answer stands in the stream; None where the client has not asked to be told."""
        return self._context.market_state().position if self._admission.options.seq else None

    @property
    def _market_name(self) -> str:
        market = self._admission.market
        return ALL if market is None else self._context.listing[market].symbol

    def _snapshot(self, envelope: Envelope, message: Snapshot) -> Sequence[Action]:
        """It stands in the stream where it is said: what is told after it is what happened after it."""
        index, instrument = self._instrument(envelope)
        market_state, options = self._context.market_state(), self._admission.options
        named, at = envelope.request_id, self._position
        match message:
            case EmitPublicOrderBook():
                texts = book_messages(
                    instrument, index, market_state, request_id=named, seq=options.seq, crc=options.crc
                )
            case EmitPublicCompletedOrders():
                trades = self._context.trades(index, RECENT_TRADES)[::-1]
                texts = trade_messages(instrument, trades, request_id=named, at=at)
            case EmitOrders():
                accounts = self._context.accounts
                account = None if accounts is None else accounts.find(self._account)
                orders = [] if account is None else [*account.orders.values(), *account.finished]
                here = [order for order in orders if order.instrument == index]
                texts = order_messages(instrument, here, now=market_state.now, request_id=named, at=at)
        return [Reply(text) for text in texts]

    def _submit(self, envelope: Envelope, message: Order) -> Sequence[Action]:
        if channels.ORDERS not in self._streams:
            raise ProtocolError("Subscribe to orders first: the answers come in that stream")
        index, instrument = self._instrument(envelope)
        if not self._context.spend(
            f"rails account {self._account}", self._context.policies.rails.orders_per_minute
        ):
            raise ProtocolError("Too Many Requests", code="429")
        request = message.build(
            instrument,
            account=self._account,
            instrument=index,
            request=number(envelope.request_id),
            tier=self._admission.bearer.grant.tier,
        )
        busy = problem(
            envelope.kind,
            503,
            "the market takes no requests now",
            market=instrument.symbol,
            request_id=envelope.request_id,
        )
        return [Submit(request, busy)]

    def _instrument(self, envelope: Envelope) -> tuple[int, Instrument]:
        """Index and instrument of the market that a request is about."""
        name, listing = envelope.market, self._context.listing
        own = self._admission.market
        if name is None:
            if own is None:
                raise ProtocolError("market is required when connected with market=ALL")
            return own, listing[own]
        index = market_index(name, listing)
        if own not in (None, index):
            raise ProtocolError(f"This connection is for {listing[own].symbol}")
        return index, listing[index]

    def _topics(self, streams: Sequence[str]) -> tuple[Topic, ...]:
        own = self._admission.market
        return channels.topics(
            streams,
            account=self._account,
            markets=self._everywhere if own is None else (own,),
            everywhere=self._everywhere,
            options=self._admission.options,
        )


def _status(misfit: ProtocolError) -> int:
    return _REFUSED[misfit.why] if isinstance(misfit, ResumeRefused) else int(misfit.code or 400)


def _wanted(message: Subscribe) -> tuple[str, ...]:
    wanted = channels.checked(message.subscriptions)
    if not wanted:
        raise ProtocolError("subscriptions is empty")
    return wanted
