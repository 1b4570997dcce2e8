"""One connection of a client to the WebSocket."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Sequence
from typing import Final

from feed.dialects import contract
from feed.dialects.coinbase.account.view import user_id
from feed.dialects.coinbase.errors import MISSING_SCOPES
from feed.dialects.coinbase.products import Product, products
from feed.dialects.coinbase.streams import topics
from feed.dialects.coinbase.streams.authentication import FAILURE, Holder
from feed.dialects.coinbase.streams.encoder import enveloped
from feed.dialects.coinbase.streams.requests import UNKNOWN_PRODUCT, Refused, Request, decode
from feed.dialects.coinbase.streams.status import all_of
from feed.dialects.coinbase.streams.user import open_orders, user_topic
from feed.dialects.contract import Action, Close, DisconnectCause, Reply, Session, SessionContext
from feed.dialects.messages import clip, message
from feed.model.grants import Scope
from feed.model.topics import Topic

PATHS: Final = ("/", "/ws")
SUBSCRIPTIONS: Final = "subscriptions"
_POLICY_VIOLATION: Final = 1008
_SECOND: Final = 1.0


class StreamSession(Session):
    """
    Subscriptions of a connection.

    Every message but an error has its number in the connection. To ask again for what is already told begins
    it anew, with a snapshot.
    """

    authenticated = True

    def __init__(self, context: SessionContext) -> None:
        self._context = context
        self._policy = context.policies.coinbase
        self._products = products(context.listing)
        self._held: dict[str, dict[str, Topic]] = {}  # by channel and product
        self._user = 0  # account whose orders are told
        self._times: deque[float] = deque(maxlen=self._policy.messages_per_second)
        self.beat_seconds = self._policy.subscribe_seconds

    def open(self) -> Sequence[Action]:
        """Nothing: the client speaks first."""
        return ()

    def receive(self, text: str) -> Sequence[Action]:
        """Answer one message; one outside the protocol gets an error, and the connection stays."""
        try:
            request = decode(text)
            holder = Holder.of(request, self._context) if request.proof.given else None
        except Refused as problem:
            return [self._closing() or _error(problem.message)]
        if holder is None and (closing := self._closing()):
            return [closing]
        try:
            return self._answer(request, holder)
        except Refused as problem:
            return [_error(problem.message)]

    def on_timer(self) -> Sequence[Action]:
        """Who has not subscribed to anything by now is not served."""
        self.beat_seconds = math.inf
        return () if self._held else [Close(_POLICY_VIOLATION, "no subscription in time")]

    def wording(self, cause: DisconnectCause) -> None:
        """Nothing: the exchange closes without a word."""
        del cause

    def _closing(self) -> Close | None:
        """Count a message of somebody unknown; the end of the connection where there are too many."""
        now = self._context.monotonic()
        full = len(self._times) == self._times.maxlen
        if full and now - self._times[0] < _SECOND:
            return Close(_POLICY_VIOLATION, "rate limit exceeded")
        self._times.append(now)
        return None

    def _answer(self, request: Request, holder: Holder | None) -> Sequence[Action]:
        account = _reader(holder) if request.channel == topics.USER else 0
        wanted = self._wanted(request, account)
        held = self._held.setdefault(request.channel, {})
        before = tuple(topic for name in wanted if (topic := held.pop(name, None)) is not None)
        if request.begins:
            held.update(wanted)
            told = self._first(request, account)
            self._user = account or self._user
            begun = contract.Subscribe(tuple(wanted.values()))
            return [*_ended(before), self._subscriptions(), *told, begun]
        return [*_ended(before), self._subscriptions()]

    def _wanted(self, request: Request, account: int) -> dict[str, Topic]:
        """The topics of a request, by product; the heartbeat is of none."""
        if request.channel == topics.HEARTBEATS:
            return {topics.HEARTBEATS: topics.topic(topics.HEARTBEATS)}
        if not request.product_ids and not request.begins:
            return dict(self._held.get(request.channel, {}))
        named = self._named(request)
        if request.channel == topics.USER:
            return {product.id: user_topic(account, product.index) for product in named}
        return {product.id: topics.topic(request.channel, product.index) for product in named}

    def _named(self, request: Request) -> Iterable[Product]:
        if not request.product_ids:
            return self._products
        found = []
        for name in dict.fromkeys(request.product_ids):
            product = self._products.named(name)
            if product is None:
                raise Refused(f"{clip(name)}{UNKNOWN_PRODUCT}")
            found.append(product)
        return found

    def _first(self, request: Request, account: int) -> Sequence[Action]:
        """What a subscriber is told first of all that was asked for together."""
        state = self._context.market_state()
        match request.channel:
            case topics.STATUS:
                return [Reply(all_of(self._named(request), state))]
            case topics.USER:
                return [Reply(open_orders(self._named(request), account, self._context.wallets, state.now))]
        return ()

    def _subscriptions(self) -> Reply:
        """All that is listened to now."""
        self._held = {channel: held for channel, held in self._held.items() if held}
        told = message(subscriptions={channel: self._names(channel) for channel in self._held})
        return Reply(enveloped(SUBSCRIPTIONS, self._context.now(), told))

    def _names(self, channel: str) -> list[str]:
        """What is held of a channel: of an account all that it has is called by its user."""
        return [user_id(self._user)] if channel == topics.USER else list(self._held[channel])


def _reader(holder: Holder | None) -> int:
    """The account of who may read it."""
    if holder is None:
        raise Refused(FAILURE)
    if not holder.grant.allows(Scope.READ):
        raise Refused(MISSING_SCOPES)
    return holder.grant.account


def _ended(before: tuple[Topic, ...]) -> Sequence[Action]:
    return [contract.Unsubscribe(before)] if before else ()


def _error(what: str) -> Reply:
    """Without a number, as the exchange's."""
    return Reply(message(type="error", message=what))
