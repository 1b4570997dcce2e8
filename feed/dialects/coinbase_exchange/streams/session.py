"""One connection of a client to the WebSocket feed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from feed.dialects import contract
from feed.dialects.coinbase_exchange.errors import ExchangeError, text_of, worded
from feed.dialects.coinbase_exchange.policy import CoinbaseExchangePolicy
from feed.dialects.coinbase_exchange.products import Product, products
from feed.dialects.coinbase_exchange.signing import WrongSignature, invalid_key, signed_message
from feed.dialects.coinbase_exchange.streams import topics
from feed.dialects.coinbase_exchange.streams.requests import (
    FAILED,
    SUBSCRIBE,
    UNKNOWN_PRODUCT,
    Channels,
    Refused,
    decode,
)
from feed.dialects.contract import Action, DisconnectCause, Reply, Session, SessionContext
from feed.dialects.messages import clip, message
from feed.model.grants import Grant, Scope
from feed.model.topics import Topic

POLICY_VIOLATION: Final = 1008
NEEDS_KEY: Final = "level2, level3, and full channels now require authentication"
NOT_AUTHENTICATED: Final = "Authentication Failed"
_ALL: Final = -1  # in place of a product, for a channel of no single one


class FeedSession(Session):
    """
    Subscriptions of a connection.

    A request holds as a whole or not at all. It is answered with all that is subscribed to from then on, and
    what the new subscriptions are told first follows that.
    """

    authenticated = True

    def __init__(self, context: SessionContext) -> None:
        policy: CoinbaseExchangePolicy = context.policies.coinbase_exchange
        self.beat_seconds = policy.subscribe_seconds
        self.messages_per_second = policy.messages_per_second
        self._context = context
        self._subscribed = False  # ever
        self._products = products(context.listing)
        self._grant: Grant | None = None  # of whoever has shown a key
        self._held: dict[str, dict[int, tuple[Topic, ...]]] = {}  # by channel and index of the instrument

    def open(self) -> Sequence[Action]:
        """Nothing: the client speaks first."""
        return ()

    def receive(self, text: str) -> Sequence[Action]:
        """Answer one message; one outside the protocol gets an error, and the connection stays."""
        try:
            request = decode(text)
            wanted = self._named(request)
            if request.type == SUBSCRIBE:
                self._authenticate(request)
        except Refused as problem:
            return [Reply(message(type="error", message=problem.message, reason=problem.reason))]
        if request.type == SUBSCRIBE:
            return self._subscribe(wanted)
        return self._unsubscribe(wanted)

    def on_timer(self) -> Sequence[Action]:
        """Close a connection that has not subscribed to anything in time."""
        if not self.beat_seconds:
            return ()
        self.beat_seconds = 0
        if self._subscribed:
            return ()
        return [contract.Close(POLICY_VIOLATION, "no subscription in time")]

    def wording(self, cause: DisconnectCause) -> str | None:
        """That there were too many messages; else the exchange closes without a word."""
        if cause is not DisconnectCause.TOO_MANY_MESSAGES:
            return None
        return message(type="error", message="Rate limit exceeded", reason="too many messages")

    def _authenticate(self, request: Channels) -> None:
        """A message may show a key; some channels are for those alone who have shown one."""
        if request.signed:
            self._grant = self._shown(request.signed)
        for channel, _ in request.channels:
            if channel in topics.AUTHENTICATED and self._grant is None:
                raise Refused(FAILED[SUBSCRIBE], NEEDS_KEY)

    def _shown(self, signed: Mapping[str, object]) -> Grant:
        key, context = signed.get("key"), self._context
        credentials = context.credentials(key) if isinstance(key, str) else None
        try:
            if credentials is None:
                raise invalid_key()
            signed_message(signed).check(credentials, context.clocks.good(context.disruption().clock_skew))
            if not credentials.grant.allows(Scope.READ):
                raise invalid_key()
        except ExchangeError as problem:
            if isinstance(problem, WrongSignature):
                context.note_signature(False)
            raise Refused(NOT_AUTHENTICATED, text_of(worded(problem))) from None
        context.note_signature(True)
        return credentials.grant

    def _named(self, request: Channels) -> list[tuple[str, list[int]]]:
        """Each channel with the indices of its instruments."""
        found = []
        for channel, ids in request.channels:
            if channel in topics.WITHOUT_PRODUCTS:
                found.append((channel, [_ALL]))
                continue
            if request.type == SUBSCRIBE and not ids:
                raise Refused(FAILED[request.type], f"{channel} needs product_ids")
            found.append((channel, [self._product(one, request.type).index for one in ids]))
        return found

    def _product(self, name: str, kind: str) -> Product:
        product = self._products.named(name)
        if product is None:
            raise Refused(FAILED[kind], f"{clip(name)} {UNKNOWN_PRODUCT}")
        return product

    def _subscribe(self, wanted: Sequence[tuple[str, Sequence[int]]]) -> Sequence[Action]:
        """What is held already begins anew."""
        self._subscribed = True
        before: list[Topic] = []
        begun: dict[Topic, None] = {}
        account = 0 if self._grant is None else self._grant.account
        for channel, instruments in wanted:
            held = self._held.setdefault(channel, {})
            for instrument in instruments:
                those = topics.topics_of(channel, max(instrument, 0), account)
                before += [one for one in held.get(instrument, ()) if one not in begun]
                held[instrument] = those
                begun.update(dict.fromkeys(those))
        ended = [contract.Unsubscribe(tuple(before))] if before else []
        return [*ended, self._subscriptions(), contract.Subscribe(tuple(begun))]

    def _unsubscribe(self, wanted: Sequence[tuple[str, Sequence[int]]]) -> Sequence[Action]:
        """A channel without products ends for all of them."""
        ended: list[Topic] = []
        for channel, instruments in wanted:
            held = self._held.get(channel, {})
            ended += [topic for one in instruments or list(held) for topic in held.pop(one, ())]
            if not held:
                self._held.pop(channel, None)
        actions = [contract.Unsubscribe(tuple(ended))] if ended else []
        return [*actions, self._subscriptions()]

    def _subscriptions(self) -> Reply:
        """All that is subscribed to, in the order in which it was asked for."""
        channels = [{"name": name, "product_ids": self._ids(held)} for name, held in self._held.items()]
        return Reply(message(type="subscriptions", channels=channels))

    def _ids(self, held: dict[int, tuple[Topic, ...]]) -> list[str]:
        found = (self._products.at(instrument) for instrument in held)
        return [product.id for product in found if product is not None]
