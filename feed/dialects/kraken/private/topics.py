"""The private channels as topics: of one account, so that its connections get equal bytes, encoded once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import attrs

from feed.dialects.kraken.names import NAME
from feed.model.grants import Tier
from feed.model.topics import Topic

EXECUTIONS: Final = "executions"
BALANCES: Final = "balances"
CHANNELS: Final = (EXECUTIONS, BALANCES)

_ACCOUNT: Final = "account"
_ENDS_ONLY: Final = ("order_status", "false")
_COUNTED: Final = "ratecounter"
_SECOND: Final = ("turn", "second")  # sorts behind the options above: it speaks after the first


@attrs.frozen(kw_only=True)
class PrivateTopic:
    """
    One private channel of an account, in one pair.

    An encoder gives at most one message for an event. Two are due when an order is accepted, or filled by
    its last trade: then the topic of the first turn gives the first, that of the second turn the second.

    Attributes:
        channel: One of :data:`CHANNELS`.
        account: Whose.
        ends_only: Whether nothing is told of an order between its beginning and its end but trades.
        counted: The tier of the key whose rate counter is told with each; None for not to tell.
        second: Whether it is that of the second turn.
    """

    channel: str
    account: int
    ends_only: bool = False
    counted: Tier | None = None
    second: bool = False

    def topics(self, instruments: Iterable[int]) -> tuple[Topic, ...]:
        """Those of all pairs, both turns of each."""
        turns = (False, True) if self.channel == EXECUTIONS else (False,)
        return tuple(attrs.evolve(self, second=second).topic(at) for at in instruments for second in turns)

    def topic(self, instrument: int) -> Topic:
        """That of one pair."""
        options = [(_ACCOUNT, str(self.account))]
        if self.ends_only:
            options.append(_ENDS_ONLY)
        if self.counted is not None:
            options.append((_COUNTED, self.counted.value))
        if self.second:
            options.append(_SECOND)
        return Topic(NAME, self.channel, instrument, tuple(options))

    @classmethod
    def of(cls, topic: Topic) -> PrivateTopic:
        """What a topic was made of."""
        options = dict(topic.options)
        return cls(
            channel=topic.channel,
            account=int(options[_ACCOUNT]),
            ends_only=_ENDS_ONLY in topic.options,
            counted=Tier(options[_COUNTED]) if _COUNTED in options else None,
            second=_SECOND in topic.options,
        )
