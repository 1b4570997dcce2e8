"""One connection of a client to the WebSocket."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from feed.dialects import contract
from feed.dialects.coinbase.products import products
from feed.dialects.coinbase.streams import trades
from feed.dialects.contract import Action, DisconnectCause, Reply, Session, SessionContext
from feed.dialects.messages import clip, message, parse
from feed.errors import ProtocolError

PATHS: Final = ("/", "/ws")


class StreamSession(Session):
    """Subscriptions of a connection, for anybody."""

    authenticated = True

    def __init__(self, context: SessionContext) -> None:
        self._context = context
        self._products = products(context.listing)
        self._held: dict[str, None] = {}

    def open(self) -> Sequence[Action]:
        """Nothing: the client speaks first."""
        return ()

    def receive(self, text: str) -> Sequence[Action]:
        """Answer one message; one outside the protocol gets an error, and the connection stays."""
        try:
            fields = parse(text)
        except ProtocolError as problem:
            return [_error(problem.message)]
        kind, channel, ids = fields.get("type"), fields.get("channel"), fields.get("product_ids")
        if kind not in ("subscribe", "unsubscribe") or channel != trades.CHANNEL:
            return [_error(f"type must be subscribe or unsubscribe, channel {trades.CHANNEL}")]
        if not isinstance(ids, list) or not ids or not all(isinstance(one, str) for one in ids):
            return [_error("product_ids must name products")]
        unknown = next((one for one in ids if self._products.named(one) is None), None)
        if unknown is not None:
            return [_error(f"{clip(unknown)} is not a valid product")]
        named = [product for product in map(self._products.named, dict.fromkeys(ids)) if product]
        topics = tuple(trades.topic(product.index) for product in named)
        if kind == "subscribe":
            self._held.update(dict.fromkeys(ids))
            return [self._told(), contract.Subscribe(topics)]
        for product in named:
            self._held.pop(product.id, None)
        return [contract.Unsubscribe(topics), self._told()]

    def wording(self, cause: DisconnectCause) -> None:
        """Nothing: the exchange closes without a word."""
        del cause

    def _told(self) -> Reply:
        held = {trades.CHANNEL: list(self._held)} if self._held else {}
        told = message(subscriptions=held)
        return Reply(trades.enveloped("subscriptions", self._context.now(), told))


def _error(what: str) -> Reply:
    return Reply(message(type="error", message=what))
