"""What the messages of all channels have in common, and the heartbeat."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from feed.dialects.coinbase.products import Product
from feed.dialects.coinbase.streams import topics
from feed.dialects.messages import message, quoted
from feed.dialects.times import iso_microseconds
from feed.model.durations import NS_PER_SECOND
from feed.model.events import Event
from feed.state.encoder import NUMBER, Encoder
from feed.state.market_state import MarketState

SNAPSHOT: Final = "snapshot"
UPDATE: Final = "update"


def enveloped(channel: str, now: int, events: str) -> str:
    """
    A message, with a place for its number in the connection.

    Args:
        channel: What it belongs to.
        now: Market time, nanoseconds.
        events: What it tells, objects joined by commas.
    """
    return (
        f'{{"channel":"{channel}","client_id":"","timestamp":"{iso_microseconds(now)}",'
        f'"sequence_num":{NUMBER},"events":[{events}]}}'
    )


class ProductEncoder(Encoder):
    """
    Of a channel of one product.

    Args:
        product: Which.
        market_state: The market's state, now and from now on.
    """

    numbered = True
    channel: str
    """In messages; requests may have another word for it."""

    def __init__(self, product: Product, market_state: MarketState) -> None:
        self._product: Final = product
        self._id: Final = quoted(product.id)
        self._market_state: Final = market_state

    def snapshot(self, market_state: MarketState, instrument: int) -> Sequence[str]:
        """The present."""
        del instrument
        return [self.said(SNAPSHOT, self.present(), market_state.now)]

    def present(self) -> str:
        """What a new subscriber is told first: the fields of an event, beside its type."""
        raise NotImplementedError

    def said(self, kind: str, fields: str, now: int) -> str:
        """
        A message of one event.

        Args:
            kind: Of the event.
            fields: Its other fields.
            now: Market time, nanoseconds.
        """
        return enveloped(self.channel, now, f'{{"type":"{kind}",{fields}}}')


class HeartbeatsEncoder(Encoder):
    """
    Every second, so that a connection whose products are quiet stays open; numbered by the second.

    Source: "Heartbeats Channel".
    """

    heartbeat = True
    numbered = True
    period = NS_PER_SECOND

    def encode(self, item: Event) -> None:
        """No message for any event."""

    def on_timer(self, seq: int, now: int) -> str:
        """The heartbeat."""
        del seq
        date, _, time = iso_microseconds(now).removesuffix("Z").partition("T")
        said = message(current_time=f"{date} {time} +0000 UTC", heartbeat_counter=str(now // NS_PER_SECOND))
        return enveloped(topics.HEARTBEATS, now, said)
