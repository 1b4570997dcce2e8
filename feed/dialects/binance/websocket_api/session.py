"""One connection of a client to the WebSocket API."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from feed.dialects.access import Problem
from feed.dialects.binance import errors
from feed.dialects.binance.account.operations import Answered, Operation
from feed.dialects.binance.account.table import operations
from feed.dialects.binance.account.view import AccountView
from feed.dialects.binance.fields import of_params
from feed.dialects.binance.lifetime import EXPIRED, Lifetime
from feed.dialects.binance.limits import RateLimit, order_limits, weight_limit
from feed.dialects.binance.market_data import queries
from feed.dialects.binance.queries import Query
from feed.dialects.binance.signing import SIGNATURE
from feed.dialects.binance.views import MarketView, time_unit
from feed.dialects.binance.websocket_api.authentication import API_KEY, Authentication
from feed.dialects.binance.websocket_api.messages import ApiRequest, Malformed, decode, failure, result
from feed.dialects.binance.websocket_api.subscriptions import Subscriptions
from feed.dialects.contract import (
    Action,
    Close,
    DisconnectCause,
    Reply,
    Session,
    SessionContext,
    Submit,
    UpgradeRequest,
)
from feed.dialects.credentials import Credentials
from feed.dialects.execution import Execution
from feed.dialects.messages import message
from feed.dialects.metering import Charge
from feed.model.events import Event

PATH: Final = "/ws-api/v3"
CONNECTING: Final = 2
"""Weight of a connection."""
SPARE: Final = (API_KEY, SIGNATURE, "timestamp", "recvWindow", "returnRateLimits")
"""Parameters that every request may have besides its own."""
_BANNED: Final = 418
_POLICY_VIOLATION: Final = 1008


class ApiSession(Session):
    """
    Requests of one client, one answer to each; and what its accounts are told, where it asks for that.

    Source: "Public WebSocket API for Binance".
    """

    authenticated = True

    def __init__(self, context: SessionContext, opening: UpgradeRequest) -> None:
        """
        Begin with nobody logged on.

        Raises:
            BinanceError: The URL asks for a unit of time that there is not.
        """
        self._context = context
        self._unit = time_unit(opening.query.get("timeUnit", ""))
        self._shows_limits = opening.query.get("returnRateLimits", "true") != "false"
        self._policy = context.policies.binance
        self._opened = context.now()
        self._queries: Mapping[str, Query] = {
            query.method: query for query in queries(context.listing) if query.method
        }
        self._operations: Mapping[str, Operation] = {
            operation.method: operation for operation in operations(context.listing) if operation.method
        }
        self._own: Mapping[str, Callable[[ApiRequest], object]] = {
            "session.logon": self._log_on,
            "session.logout": self._log_out,
            "session.status": self._status,
        }
        self._lifetime = Lifetime(self._policy)
        self.beat_seconds = self._lifetime.seconds
        self.ping_seconds = self._policy.stream_ping_seconds
        self.pong_seconds = self._policy.stream_pong_seconds
        self._authentication = Authentication(context)
        self._subscriptions = Subscriptions(context, self._unit, self._authentication)

    def open(self) -> Sequence[Action]:
        """Nothing is said; but a connection counts."""
        self._context.charge(CONNECTING)
        return ()

    def receive(self, text: str) -> Sequence[Action]:
        """Answer one message, with an error where it is no request."""
        try:
            request = decode(text)
        except Malformed as problem:
            return [Reply(failure(problem.id, problem, None))]
        charge = self._context.charge(self._weight(request))
        try:
            if charge.problem is not None:
                raise charge.problem
            return self._answer(request, charge)
        except Problem as problem:
            text = failure(request.id, problem, self._limits(request, charge), now=self._context.clock())
            over = [Close(_POLICY_VIOLATION, "Banned")] if problem.status == _BANNED else []
            return [Reply(text), *over]

    def on_timer(self) -> Sequence[Action]:
        """The end of the connection is near, or has come."""
        if self._lifetime.over():
            return [EXPIRED]
        self.beat_seconds = self._lifetime.seconds
        return [Reply(self._notice())]

    def wording(self, cause: DisconnectCause) -> str | None:
        """A notice when the server is going away; else the exchange closes without a word."""
        return self._notice() if cause is DisconnectCause.GOING_AWAY else None

    def _notice(self) -> str:
        """That the connection will be closed soon. Source: "Connection events"."""
        now = self._unit.of(self._context.now())
        return message(event={"e": "serverShutdown", "E": now})

    def _weight(self, request: ApiRequest) -> int:
        known = self._queries.get(request.method) or self._operations.get(request.method)
        return 2 if known is None else known.weight(of_params(request.params))

    def _answer(self, request: ApiRequest, charge: Charge) -> Sequence[Action]:
        query = self._queries.get(request.method)
        if query is not None:
            return [self._reply(request, charge, self._asked(query, request))]
        operation = self._operations.get(request.method)
        if operation is not None:
            return self._operated(operation, request, charge)
        own = self._own.get(request.method)
        if own is not None:
            return [self._reply(request, charge, own(request)), *self._subscriptions.of_logged_out()]
        found, actions = self._subscriptions.answer(request)
        return [self._reply(request, charge, found), *actions]

    def _asked(self, query: Query, request: ApiRequest) -> object:
        """What anybody may ask."""
        if query.tells_time:
            self._context.clocks.tell()
        spare = ("returnRateLimits",)
        sent = [(name, value) for name, value in of_params(request.params) if name not in spare]
        return query.ask(MarketView.of_session(self._context), sent, self._unit)

    def _operated(self, operation: Operation, request: ApiRequest, charge: Charge) -> Sequence[Action]:
        """What is about an account: an answer, or something that the market must do first."""
        credentials = self._authentication.admitted(request, operation.security)
        view = self._view(credentials)
        asked = operation.ask(view, of_params(request.params), spare=SPARE)
        if isinstance(asked, Answered):
            return [self._reply(request, charge, asked.result, asked.orders)]
        return [self._submit(asked, request, charge)]

    def _submit(self, asked: Execution, request: ApiRequest, charge: Charge) -> Submit:
        limits = self._limits(request, charge)

        def answer(events: Sequence[Event]) -> Sequence[Action]:
            try:
                answered = asked.answer(events)
            except Problem as problem:
                return [Reply(failure(request.id, problem, limits))]
            assert isinstance(answered, Answered)  # noqa: S101 - so operations are made
            return [self._reply(request, charge, answered.result, answered.orders)]

        return Submit(asked.request, failure(request.id, errors.SERVER_BUSY.error(), limits), answer)

    def _view(self, credentials: Credentials) -> AccountView:
        context, account = self._context, credentials.grant.account
        return AccountView(
            market=MarketView.of_session(context),
            grant=credentials.grant,
            wallets=context.wallets,
            trading=context.trading,
            unit=self._unit,
            count_orders=lambda number: context.charge_orders(account, number),
        )

    def _reply(
        self, request: ApiRequest, charge: Charge, found: object, orders: Charge | None = None
    ) -> Reply:
        return Reply(result(request.id, found, self._limits(request, charge, orders)))

    def _limits(
        self, request: ApiRequest, charge: Charge, orders: Charge | None = None
    ) -> Sequence[tuple[RateLimit, int]] | None:
        """Limits that a request counts towards, and how much of them is used; None for not to tell."""
        shown = request.params.get("returnRateLimits", self._shows_limits)
        if shown in (False, "false") or not charge.counts:
            return None
        counted = () if orders is None or not orders.counts else orders.counts
        limits = zip(order_limits(self._policy), counted, strict=bool(counted))
        return [*limits, (weight_limit(self._policy), charge.counts[0])]

    # --- the session of a key ------------------------------------------------------------------------

    def _log_on(self, request: ApiRequest) -> object:
        self._authentication.log_on(request)
        return self._described()

    def _log_out(self, request: ApiRequest) -> object:
        del request
        self._authentication.log_out()
        return self._described()

    def _status(self, request: ApiRequest) -> object:
        del request
        return self._described()

    def _described(self) -> dict[str, object]:
        logon, of = self._authentication.logon, self._unit.of
        return {
            "apiKey": None if logon is None else logon.key,
            "authorizedSince": None if logon is None else of(logon.since),
            "connectedSince": of(self._opened),
            "returnRateLimits": self._shows_limits,
            "serverTime": of(self._context.now()),
            "userDataStream": self._subscriptions.any,
        }
