"""What the encoders of all channels have in common, and the heartbeat."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from feed.dialects.kraken.names import Pair
from feed.dialects.kraken.streams import topics
from feed.dialects.messages import quoted
from feed.model.durations import NS_PER_SECOND
from feed.model.events import Event
from feed.model.topics import Topic
from feed.state.encoder import Encoder
from feed.state.market_state import MarketState


def head(channel: str, *, snapshot: bool) -> str:
    """The beginning of a message with data, up to the objects in its list."""
    kind = "snapshot" if snapshot else "update"
    return f'{{"channel":"{channel}","type":"{kind}","data":['


class PairEncoder(Encoder):
    """
    Of a channel of one pair.

    Args:
        pair: Which.
        topic: Of its messages.
        market_state: The market's state, now and from now on.
    """

    def __init__(self, pair: Pair, topic: Topic, market_state: MarketState) -> None:
        self._pair: Final = pair
        self._symbol: Final = quoted(pair.symbol)
        self._update: Final = head(topic.channel, snapshot=False)
        self._snapshot: Final = head(topic.channel, snapshot=True)
        self._bare: Final = topics.WITHOUT_SNAPSHOT in topic.options
        self._market_state: Final = market_state

    def snapshot(self, market_state: MarketState, instrument: int) -> Sequence[str]:
        """The present, unless a client has asked for no such thing."""
        del market_state, instrument
        return () if self._bare else self.present()

    def present(self) -> Sequence[str]:
        """What a new subscriber is told first."""
        return ()


class HeartbeatEncoder(Encoder):
    """
    Every second, so that a client knows that the connection is alive.

    Source: "Heartbeat".
    """

    heartbeat = True
    period = NS_PER_SECOND

    def encode(self, item: Event) -> None:
        """No message for any event."""

    def on_timer(self, seq: int, now: int) -> str:
        """The heartbeat."""
        del seq, now
        return '{"channel":"heartbeat"}'
