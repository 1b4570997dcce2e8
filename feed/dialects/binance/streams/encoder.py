"""What the encoders of all streams have in common: whose they are, their unit of time, and the envelope."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from feed.dialects.binance.streams.names import Form, name_of
from feed.dialects.binance.symbols import Symbol
from feed.dialects.messages import quoted
from feed.model.events import Event
from feed.model.topics import Topic
from feed.state.encoder import Encoder

TRUE_FALSE: Final = ("false", "true")
"""JSON, by a truth."""


class Envelope:
    """
    What stands around the messages of one stream: nothing, or its name on a connection of combined streams.

    Attributes:
        unit: Nanoseconds in a unit of their times.
        head: What a message begins with.
        tail: What it ends with.
    """

    def __init__(self, topic: Topic, symbol_name: str) -> None:
        form = Form.of(topic)
        self.unit: Final = form.unit.value
        name = quoted(name_of(topic, symbol_name))
        self.head: Final = f'{{"stream":{name},"data":' if form.combined else ""
        self.tail: Final = "}" if form.combined else ""


class StreamEncoder(Encoder):
    """
    Of a stream of one symbol.

    Args:
        symbol: Which.
        envelope: Of its messages.
    """

    def __init__(self, symbol: Symbol, envelope: Envelope) -> None:
        self._symbol: Final = symbol
        self._unit: Final = envelope.unit
        self._head: Final = envelope.head
        self._tail: Final = envelope.tail

    def encode(self, item: Event) -> str | None:
        """Nothing, unless a stream says more: many speak at intervals alone."""
        del item
        return None


def levels_text(symbol: Symbol, levels: Iterable[tuple[int, int]]) -> str:
    """Price levels as they stand in messages: pairs of price and quantity."""
    price, size = symbol.price_text, symbol.size_text
    return ",".join([f'["{price(at)}","{size(lots)}"]' for at, lots in levels])
