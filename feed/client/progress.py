"""How far a subscription has come, and the position from which a new connection can resume it. Sans-I/O."""

from __future__ import annotations

from feed.dialects.items import Channel
from feed.errors import ProtocolError
from feed.model.stream_position import StreamPosition, parse_position

# Channels that begin with one snapshot for each symbol; a book can be requested at any time.
SNAPSHOT_CHANNELS = (Channel.QUOTES, Channel.CANDLES)


class Progress:
    """
    One subscription: what one request asks for, over all connections.

    Of the event at the newest position more messages may have been on their way, to other streams of the
    subscription. All messages of the position before it have come: a resume begins there.

    Attributes:
        asked: Where this connection was to resume; None to begin with the present.
        granted: Whether the server has confirmed that.
        confirmed: Whether the subscription has begun on this connection.
    """

    def __init__(self, snapshots: int) -> None:
        """
        Begin before the first message.

        Args:
            snapshots: How many of its streams begin with a snapshot.
        """
        self.asked: StreamPosition | None = None
        self.granted = False
        self.confirmed = False
        self._snapshots = snapshots
        self._begun: dict[tuple[Channel, int], None] = {}
        self._done: StreamPosition | None = None
        self._newest: StreamPosition | None = None
        self._text = ""

    @property
    def seq(self) -> int:
        """Sequence number of the newest position; 0 without one."""
        return self._newest.seq if self._newest is not None else 0

    @property
    def waiting(self) -> bool:
        """Whether the server has yet to answer the request to resume."""
        return self.asked is not None and not self.granted

    def ask(self, *, resume: bool) -> None:
        """Decide for a new connection where it resumes, if it is to ``resume`` at all."""
        self.granted = self.confirmed = False
        self.asked = None
        if resume:
            whole = len(self._begun) >= self._snapshots
            self.asked = self._done or (self._newest if whole else None)

    def begin(self, text: str) -> bool:
        """Resume after a position of another client, given as text; False when it is no position."""
        try:
            self._done = self._newest = parse_position(text)
        except ProtocolError:
            return False
        self._text = text
        return True

    def reached(self, text: str, stream: tuple[Channel, int] | None = None) -> None:
        """A message, of one of the streams or of none, has this position; empty for none."""
        if stream is not None and stream[0] in SNAPSHOT_CHANNELS:
            self._begun[stream] = None
        if not text or text == self._text:
            return
        try:
            position = parse_position(text)
        except ProtocolError:
            return  # not one of our servers
        if position.seq > self.seq or self._newest is None:
            self._text = text
            self._done, self._newest = self._newest, position

    def forget(self) -> None:
        """The next subscription begins with the present."""
        self.asked = None
        self.granted = False
        self._begun.clear()
        self._done = self._newest = None
        self._text = ""
