"""The user data streams of one connection of the WebSocket API."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import attrs

from feed.dialects.binance import errors
from feed.dialects.binance.account.operations import Security
from feed.dialects.binance.account.user_data import UserStream
from feed.dialects.binance.fields import Fields, of_params
from feed.dialects.binance.symbols import symbols
from feed.dialects.binance.views import TimeUnit
from feed.dialects.binance.websocket_api.authentication import API_KEY, Authentication
from feed.dialects.binance.websocket_api.messages import ApiRequest
from feed.dialects.contract import Action, Reply, SessionContext, Subscribe, Unsubscribe
from feed.model.topics import Topic

MOST_OPEN: Final = 1000
"""Subscriptions of one connection at a time."""
MOST_EVER: Final = 65_535
"""Subscriptions of one connection over its life."""
_NUMBER: Final = "subscriptionId"
Found = tuple[object, Sequence[Action]]


@attrs.frozen
class Subscription:
    """
    One stream of one account.

    Attributes:
        stream: How it is told.
        of_session: Whether it is that of the key which the connection has logged on with.
    """

    stream: UserStream
    of_session: bool


class Subscriptions:
    """
    Which accounts a connection is told of; each at most once.

    Args:
        context: What the session may ask of the server.
        unit: Of times.
        authentication: Knows who asks.
    """

    def __init__(self, context: SessionContext, unit: TimeUnit, authentication: Authentication) -> None:
        self._context = context
        self._unit = unit
        self._authentication = authentication
        self._open: dict[int, Subscription] = {}
        self._next = 0
        self._methods: Mapping[str, Callable[[ApiRequest], Found]] = {
            "userDataStream.subscribe": self._subscribe,
            "userDataStream.subscribe.signature": self._subscribe_signed,
            "userDataStream.unsubscribe": self._unsubscribe,
            "session.subscriptions": self._list,
        }

    @property
    def any(self) -> bool:
        """Whether there is one now."""
        return bool(self._open)

    def answer(self, request: ApiRequest) -> Found:
        """
        The answer to a request about these streams, and what is to be done after it.

        Raises:
            BinanceError: It is none, or cannot be granted.
        """
        method = self._methods.get(request.method)
        if method is None:
            raise errors.UNSUPPORTED.error()
        return method(request)

    def of_logged_out(self) -> Sequence[Action]:
        """End the stream of the key that the connection was logged on with, once it no longer is."""
        if self._authentication.logon is not None:
            return ()
        return self._ended([number for number, one in self._open.items() if one.of_session])

    def _subscribe(self, request: ApiRequest) -> Found:
        Fields(of_params(request.params), ("returnRateLimits",))
        if self._authentication.logon is None:
            raise errors.UNAUTHORIZED.error()
        return self._begin(self._authentication.logon.credentials.grant.account, of_session=True)

    def _subscribe_signed(self, request: ApiRequest) -> Found:
        if API_KEY not in request.params:
            raise errors.MISSING.error(API_KEY)
        credentials = self._authentication.admitted(request, Security.USER_DATA)
        return self._begin(credentials.grant.account, of_session=False)

    def _begin(self, account: int, *, of_session: bool) -> Found:
        if any(one.stream.account == account for one in self._open.values()):
            raise errors.ALREADY_SUBSCRIBED.error()
        if len(self._open) >= MOST_OPEN or self._next >= MOST_EVER:
            raise errors.TOO_MANY_SUBSCRIPTIONS.error(MOST_OPEN)
        number = self._next
        self._next += 1
        stream = UserStream(account=account, subscription=number, unit=self._unit)
        self._open[number] = Subscription(stream, of_session)
        return {_NUMBER: number}, [Subscribe(self._topics(stream))]

    def _unsubscribe(self, request: ApiRequest) -> Found:
        fields = Fields(of_params(request.params), (_NUMBER, "returnRateLimits"))
        number = fields.whole(_NUMBER)
        if number is not None and number not in self._open:
            raise errors.INVALID.error(_NUMBER)
        return {}, self._ended([number] if number is not None else list(self._open))

    def _list(self, request: ApiRequest) -> Found:
        del request
        return [{_NUMBER: number} for number in self._open], ()

    def _ended(self, numbers: Sequence[int]) -> Sequence[Action]:
        actions: list[Action] = []
        for number in numbers:
            stream = self._open.pop(number).stream
            actions.append(Unsubscribe(self._topics(stream)))
            actions.append(Reply(stream.terminated(self._context.now())))
        return actions

    def _topics(self, stream: UserStream) -> tuple[Topic, ...]:
        return stream.topics(symbol.index for symbol in symbols(self._context.listing))
