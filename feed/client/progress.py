"""How far a subscription has come, and from where it can go on after a connection has ended. Sans-I/O."""

from __future__ import annotations

from feed.dialects.items import Channel
from feed.errors import ProtocolError
from feed.model.stream_position import StreamPosition, parse_position

# Whose present is told once, when the subscription begins; books can be asked for at any time.
GREETED = (Channel.QUOTES, Channel.CANDLES)


class Progress:
    """
    One subscription: what one request asks for, over all connections.

    A position that was told is reached, but of its event more messages may have been on their way, to
    other streams of the subscription. The position before it is done with: from there on one can go on.

    Attributes:
        asked: Where this connection was asked to go on; None to begin with the present.
        granted: Whether the server has said that it does.
        confirmed: Whether the subscription has begun on this connection.
    """

    def __init__(self, handshakes: int) -> None:
        """
        Begin with nothing heard.

        Args:
            handshakes: How many of its streams begin with how they stand.
        """
        self.asked: StreamPosition | None = None
        self.granted = False
        self.confirmed = False
        self._handshakes = handshakes
        self._greeted: dict[tuple[Channel, int], None] = {}
        self._done: StreamPosition | None = None
        self._newest: StreamPosition | None = None
        self._text = ""

    @property
    def seq(self) -> int:
        """Sequence number of the newest position that was told; 0 without one."""
        return self._newest.seq if self._newest is not None else 0

    @property
    def waiting(self) -> bool:
        """Whether the server has yet to say whether it goes on where it was asked to."""
        return self.asked is not None and not self.granted

    def ask(self, *, resume: bool) -> None:
        """A new connection is made: settle where it is to go on, if it is to ``resume`` at all."""
        self.granted = self.confirmed = False
        self.asked = None
        if resume:
            whole = len(self._greeted) >= self._handshakes
            self.asked = self._done or (self._newest if whole else None)

    def begin(self, text: str) -> bool:
        """Go on after a position that was heard by somebody else; whether it is one."""
        try:
            self._done = self._newest = parse_position(text)
        except ProtocolError:
            return False
        self._text = text
        return True

    def hear(self, text: str, stream: tuple[Channel, int] | None = None) -> None:
        """A message, of one of the streams or of none, says where it stands; an empty text says nothing."""
        if stream is not None and stream[0] in GREETED:
            self._greeted[stream] = None
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
        """What comes next begins with the present."""
        self.asked = None
        self.granted = False
        self._greeted.clear()
        self._done = self._newest = None
        self._text = ""
