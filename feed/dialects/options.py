"""
Connection options that mean the same in every protocol, given in the query of the request.

======================  ===========================================================================
``ext=seq``             every data message carries ``seq``, the sequence number of its event, and
                        ``pos``, the position to resume from (:mod:`feed.dialects.resume`)
``ext=crc``             where a protocol has it: messages of a book carry ``checksum``
``since=POS``           the first subscription begins after that position instead of with a snapshot;
                        a later one says so in its own message
``conflate=MS``         quotes at intervals of market time (``250`` or ``250ms``), the latest of
                        each; trades and books never. One of :data:`INTERVALS_MS`
======================  ===========================================================================

Those that change bytes become part of a topic, so that connections with identical options read
identical bytes.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Final

import attrs

from feed.dialects.resume import read_position
from feed.errors import ProtocolError
from feed.model.durations import NS_PER_MILLISECOND
from feed.model.events import TRADE, Row
from feed.model.stream_position import StreamPosition
from feed.model.topics import Topic
from feed.state.encoder import Encoder, RowEncoder
from feed.state.market_state import MarketState

EXTENSIONS: Final = ("seq",)
SINCE: Final = "since"
"""The option of who goes on where another connection ended."""
INTERVALS_MS: Final = (50, 100, 250, 500, 1000, 2000, 5000, 10_000, 30_000, 60_000)
"""
Intervals that can be asked for, milliseconds.

Each that somebody has asked for is worked out for every event, once for all who share it: a few to
share bound what clients can cost each other, where any number would not.
"""
_LONGEST_NUMBER: Final = 18  # digits


@attrs.frozen(kw_only=True)
class Options:
    """
    What one connection asked for.

    Attributes:
        seq: Put sequence number and position into data messages.
        crc: Put a checksum into messages of a book.
        since: Position after which the first subscription begins; None begins with a snapshot.
        conflate: Milliseconds of market time between two quotes of an instrument; 0 sends all.
    """

    seq: bool = False
    crc: bool = False
    since: StreamPosition | None = None
    conflate: int = 0

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """Those that change bytes, for :attr:`feed.model.topics.Topic.options`."""
        pairs = [("conflate", str(self.conflate))] if self.conflate else []
        extensions = ["crc"] * self.crc + ["seq"] * self.seq
        return tuple(pairs + ([("ext", ",".join(extensions))] if extensions else []))

    @property
    def numbering(self) -> tuple[tuple[str, str], ...]:
        """Of :attr:`pairs`, that which numbers messages."""
        return (("ext", "seq"),) if self.seq else ()

    @property
    def unthinned(self) -> Options:
        """The same for a channel that is never thinned, such as trades."""
        return attrs.evolve(self, conflate=0)

    @property
    def unchecked(self) -> Options:
        """The same for a channel that is never thinned and is no book."""
        return attrs.evolve(self, conflate=0, crc=False)


def options(query: Mapping[str, str], extensions: Sequence[str] = EXTENSIONS) -> Options:
    """
    The options in a query; what is not an option is passed over.

    Args:
        query: Of the request.
        extensions: Those that the protocol has.

    Raises:
        ProtocolError: An option has a value that it cannot have.
    """
    wanted = [name for name in query.get("ext", "").split(",") if name]
    for name in wanted:
        if name not in extensions:
            raise ProtocolError(f"ext={name[:32]} is unknown; known are {', '.join(extensions)}")
    conflate = _number(query, "conflate", unit="ms")
    if conflate is not None and conflate not in INTERVALS_MS:
        choices = ", ".join(map(str, INTERVALS_MS))
        raise ProtocolError(f"conflate must be one of {choices} milliseconds")
    since = query.get(SINCE)
    return Options(
        seq="seq" in wanted,
        crc="crc" in wanted,
        since=None if since is None else read_position(since),
        conflate=conflate or 0,
    )


def _number(query: Mapping[str, str], name: str, *, unit: str = "") -> int | None:
    text = query.get(name)
    if text is None:
        return None
    text = text.removesuffix(unit)
    if not (text.isascii() and text.isdigit() and len(text) <= _LONGEST_NUMBER):
        raise ProtocolError(f"{name} must be a whole number, 0 or more")
    return int(text)


class Thinnable(RowEncoder):
    """An encoder of which the last message can be had again."""

    @abstractmethod
    def repeated(self, market_state: MarketState, instrument: int) -> str | None:
        """What it told last, byte for byte; None when it has told nothing."""


class Conflated(RowEncoder):
    """
    Another encoder's messages at intervals of market time: of each interval the latest one.

    Source of the rule: ours; no published protocol has it. For an interval without a message nothing
    is sent.
    """

    def __init__(
        self, encoder: Thinnable, milliseconds: int, instrument: int, market_state: MarketState
    ) -> None:
        """
        Go on as if there from the first event.

        Args:
            encoder: Of quotes, and perhaps trades; it has no interval of its own.
            milliseconds: Length of an interval.
            instrument: The topic's.
            market_state: Where the market stands.
        """
        self.kinds: Sequence[int] = encoder.kinds
        self.period = milliseconds * NS_PER_MILLISECOND
        self.rank = encoder.rank
        self._encoder = encoder
        self._waiting: str | None = None
        begun = market_state.now - market_state.now % self.period
        if _last_change(encoder.kinds, instrument, market_state) >= begun:
            self._waiting = encoder.repeated(market_state, instrument)

    def snapshot(self, market_state: MarketState, instrument: int) -> Sequence[str]:
        """The present, as the other encoder has it."""
        return self._encoder.snapshot(market_state, instrument)

    def encode_row(self, seq: int, row: Row, proof: int) -> str | None:
        """Nothing yet: it waits for the end of the interval."""
        text = self._encoder.encode_row(seq, row, proof)
        if text is not None:
            self._waiting = text
        return None

    def on_timer(self, seq: int, now: int) -> str | None:
        """The latest message of the interval that ends."""
        del seq, now
        text, self._waiting = self._waiting, None
        return text


def thinned(encoder: Thinnable, topic: Topic, market_state: MarketState) -> Encoder:
    """An encoder as the options of its topic want it: conflated, or as it is."""
    milliseconds = dict(topic.options).get("conflate")
    if milliseconds is None:
        return encoder
    return Conflated(encoder, int(milliseconds), topic.instrument, market_state)


def _last_change(kinds: Sequence[int], instrument: int, market_state: MarketState) -> int:
    """Market time of the last event that changed what is shown; -1 when there was none."""
    shown = market_state.ticker(instrument) if TRADE in kinds else market_state.quote(instrument)
    return -1 if shown is None else shown.ts
