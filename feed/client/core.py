"""
The client without its socket: what messages mean over all the connections of a feed. Sans-I/O.

It outlives connections: it knows the last event of every stream and how far every subscription has come,
drops duplicates, notices gaps, and keeps the books.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import attrs

from feed.client.address import KeyRefused, ServerAddress
from feed.client.book import Books
from feed.client.known import SymbolUnknown
from feed.client.progress import SNAPSHOT_CHANNELS, Progress
from feed.client.replica import OutOfStep
from feed.client.states import Connected, Gap, Garbled, Listed, OutOfSync, ServerError, State
from feed.client.streams import Stream, Streams
from feed.dialects.client import ClientSession, Codec, Resuming, SubscriptionSpec
from feed.dialects.items import (
    UNKNOWN_SYMBOLS,
    BookPart,
    Channel,
    ChannelEvent,
    Heartbeat,
    Item,
    Missed,
    OrdersPart,
    PositionReport,
    Ready,
    Refusal,
    RefusalKind,
)
from feed.errors import ProtocolError
from feed.model.directory import Directory
from feed.model.events import Event

__all__ = ["Core", "KeyRefused"]

_ANEW: Final = "a new connection begins with the present"
_COUNTED: Final = "messages are numbered"
_IGNORED: Final = "the server does not say that it resumes"


class Core:
    """
    The state of a feed.

    Attributes:
        instruments: Those that messages have named.
        books: Those that are kept.
        outgoing: Messages to send; whoever drives this empties it.
        begin_anew: Whether this connection is of no more use, and another must be made at once.
        confirmed: Whether the server has confirmed a subscription on this connection.
        data: Whether the last message told of the market, rather than of the connection.
    """

    def __init__(self, codec: Codec, spec: SubscriptionSpec, url: str, *, resume: bool) -> None:
        """
        Begin with nothing known.

        Args:
            codec: The protocol.
            spec: What to subscribe to on every connection.
            url: As the user gave it.
            resume: Whether to use the options ``ext=seq`` and ``since`` of this project's servers.
        """
        self.instruments = Directory()
        self.books = Books(self.instruments)
        self.outgoing: list[str] = []
        self.begin_anew = False
        self.confirmed = False
        self.data = False
        self._connections = 0
        self._codec = codec
        self._spec = spec
        self._entry = ServerAddress(codec, spec, url)
        self._resume = resume
        self._trusted = False  # the key has been good before
        self._client_session: ClientSession | None = None
        self._streams = Streams(self.instruments)
        self._requests = codec.requests(spec)
        self._progress = [
            Progress(sum(channel in SNAPSHOT_CHANNELS for channel, _ in one)) for one in self._requests
        ]
        self._resumes = False  # from where the user's URL says, as after a disconnect
        if codec.resuming is not Resuming.NEVER and resume:
            for one in self._progress:
                self._resumes = one.begin(self._entry.since)
        self._pending: list[State] = []  # until the server has said whether it goes on
        self._gap_reported = False  # of a connection that is yet to be made

    @property
    def subscribed(self) -> bool:
        """Whether the server has confirmed every subscription on this connection."""
        return all(one.confirmed for one in self._progress)

    # -- a connection's life -----------------------------------------------------------------------

    def url(self) -> str:
        """Where to connect next: with what is needed to go on where we left off, if that is possible."""
        by = self._codec.resuming
        for one in self._progress:
            one.ask(resume=self._resume and by is not Resuming.NEVER)
        if not self._resume:
            return self._entry.url({}, ours=False)
        options = {"ext": self._codec.extensions} if self._codec.extensions else {}
        since = self._progress[0].asked if by is Resuming.BY_URL else None
        return self._entry.url(
            options if since is None else options | {"since": since.text}, ours=self._resumes
        )

    def token_request(self) -> tuple[str, Mapping[str, str]] | None:
        """URL and headers to get a token with; None where the protocol has none."""
        return self._entry.token_request()

    def ticket(self, status: int, body: bytes) -> str:
        """The subprotocol to offer, from the answer with the token; see :meth:`ServerAddress.ticket`."""
        return self._entry.ticket(status, body, trusted=self._trusted)

    def connected(self) -> list[State]:
        """
        The handshake is done: queue what the session sends first.

        Where a resume was requested nothing is reported yet: :class:`Connected` comes with the answer.
        """
        self.begin_anew = self.confirmed = False
        self._connections += 1
        since = tuple(one.asked.text if one.asked is not None else "" for one in self._progress)
        self._client_session = self._codec.client_session(
            attrs.evolve(self._spec, since=since), self.instruments
        )
        self.outgoing = list(self._client_session.start())
        self._pending = [Connected(url=self._entry.given)]
        if any(since):
            for at, one in enumerate(self._progress):
                if one.asked is None:
                    self._pending += self._lose(at, _ANEW)
            return []
        if not self._gap_reported and (self._streams or self._trusted):
            after = max(self._streams.newest, *(one.seq for one in self._progress))
            self._pending.append(Gap(reason=_ANEW, after=after))
        self._gap_reported = False
        self._pending += self._forget()
        return self._release()

    def refused(self, status: int, message: str = "") -> bool:
        """
        Whether an HTTP refusal may be due to our options, which are not used any more then.

        Args:
            status: Of the answer.
            message: In it.

        Raises:
            SymbolUnknown: A symbol is not known, on the first connection.
        """
        if message.startswith(UNKNOWN_SYMBOLS):
            if not self._connections:
                raise SymbolUnknown(message)
            return False
        ours = self._resume and status in {400, 404}
        self._resume = self._resume and not ours
        return ours

    def probe(self) -> str | None:
        """A message that the server will answer if it is alive."""
        return self._client_session.probe() if self._client_session and self.confirmed else None

    def receive(self, text: str) -> list[Event | State]:
        """
        What one message says; nothing once :attr:`begin_anew` is set.

        Raises:
            KeyRefused: The key is not accepted, and never was.
            SymbolUnknown: A symbol is not known, on the first connection.
        """
        client_session = self._client_session
        self.data = False
        if client_session is None:
            raise RuntimeError("receive() before connected()")
        if self.begin_anew:
            return []
        try:
            items, answers = client_session.receive(text)
        except ProtocolError as problem:
            return [Garbled(problem=problem.message)]
        self.outgoing += answers
        found: list[Event | State] = []
        if self.instruments.changed:
            changed, self.instruments.changed = self.instruments.changed, {}
            found += [Listed(index=at, instrument=self.instruments[at]) for at in changed]
        for item in items:
            self.data |= isinstance(item, ChannelEvent | BookPart | OrdersPart)
            found += self._take(item, client_session)
        return found

    # -- its parts ---------------------------------------------------------------------------------

    def _take(self, item: Item, client_session: ClientSession) -> Sequence[Event | State]:
        match item:
            case ChannelEvent():
                stream = (item.channel, item.event.instrument)
                return [*self._reached(stream, item.position, client_session), *self._streams.take(item)]
            case BookPart() | OrdersPart():
                channel = Channel.BOOK if isinstance(item, BookPart) else Channel.ORDERS
                found = self._reached((channel, item.instrument), item.position, client_session)
                return [*found, *self._book(item, channel, client_session)]
            case Ready():
                return self._ready(item, client_session)
            case PositionReport() | Heartbeat():
                return self._stands(item.position, client_session)
            case Missed():
                return self._missed(item, client_session)
            case Refusal():
                return self._refusal(item, client_session)

    def _book(
        self, part: BookPart | OrdersPart, channel: Channel, client_session: ClientSession
    ) -> Sequence[Event | State]:
        try:
            return self.books.take(part)
        except OutOfStep as problem:
            symbol = self.instruments[part.instrument].symbol
            self._renew(channel, symbol, client_session)
            return [OutOfSync(symbol=symbol, channel=channel, reason=problem.reason)]

    def _missed(self, item: Missed, client_session: ClientSession) -> Sequence[Event | State]:
        """Whichever streams they were of, no book is known to be up to date."""
        lost = self.books.lose(_COUNTED)
        for state in lost:
            self._renew(state.channel, state.symbol, client_session)
        return [Gap(reason=_COUNTED, missed=item.messages), *lost]

    def _renew(self, channel: Channel, symbol: str, client_session: ClientSession) -> None:
        requests = client_session.renew(channel, symbol)
        self.outgoing += requests
        if not requests:
            self._start_over()

    def _start_over(self) -> None:
        """Replace this connection by one that begins with the present."""
        for one in self._progress:
            one.forget()
        self.begin_anew = True

    # -- resuming ---------------------------------------------------------------------------------

    def _reached(self, stream: Stream, position: str, client_session: ClientSession) -> list[State]:
        """A message of a stream has a position."""
        at = self._request_of(stream, client_session)
        found = self._proven(at, position, client_session)
        self._progress[at].reached(position, stream)
        return found

    def _stands(self, position: str, client_session: ClientSession) -> list[State]:
        """A message of no stream has a position that all streams have reached that have begun."""
        found: list[State] = []
        for at, one in enumerate(self._progress):
            found += self._proven(at, position, client_session)
            if one.confirmed or one.granted:
                one.reached(position)
        return found

    def _proven(self, at: int, position: str, client_session: ClientSession) -> list[State]:
        """A resume by URL is not confirmed by an answer: the first position proves it."""
        proven = position and self._progress[at].waiting and self._codec.resuming is Resuming.BY_URL
        return self._resumed(at, client_session) if proven else []

    def _ready(self, item: Ready, client_session: ClientSession) -> list[State]:
        """A subscription has begun: where it was asked to, or else with the present."""
        self.confirmed = self._trusted = True
        one = self._progress[item.request]
        one.confirmed = True
        found: list[State] = []
        if one.waiting and one.asked is not None and one.asked.text == item.position:
            found = self._resumed(item.request, client_session)
        elif one.waiting:
            self._pending += self._lose(item.request, _IGNORED)
            found = self._release()
        one.reached(item.position)
        return found

    def _resumed(self, at: int, client_session: ClientSession) -> list[State]:
        """The server resumes as requested; a book that was incomplete is requested anew."""
        one = self._progress[at]
        one.granted = True
        if self._pending and one.asked is not None:
            self._pending[0] = Connected(url=self._entry.given, resumed_after=one.asked.seq)
        for channel, symbol in self._requests[at]:
            if not self.books.whole(channel, symbol):
                self._renew(channel, symbol, client_session)
        return self._release()

    def _refusal(self, item: Refusal, client_session: ClientSession) -> Sequence[Event | State]:
        if item.about is RefusalKind.KEY and not self._trusted:
            raise KeyRefused(item.message)
        if item.about is RefusalKind.SYMBOL and self._connections == 1:
            raise SymbolUnknown(item.message)
        if item.about is not RefusalKind.RESUME or not self._progress[item.request].waiting:
            return [ServerError(message=item.message, code=item.code)]
        self._pending += self._lose(item.request, item.message)
        requests = client_session.again(item.request)
        self.outgoing += requests
        if not requests:
            self._gap_reported = True
            self._start_over()
        return self._release()

    def _release(self) -> list[State]:
        """What waited until the server had said whether it resumes."""
        found, self._pending = self._pending, []
        return found

    def _lose(self, at: int, reason: str) -> list[State]:
        """One subscription begins with the present: what was known of it is the past."""
        one, client_session = self._progress[at], self._client_session
        if len(self._progress) == 1:
            return [Gap(reason=reason, after=one.seq), *self._forget()]
        gap = Gap(reason=reason, symbol=self._requests[at][0][1], after=one.seq)
        one.forget()
        self._streams.forget(
            lambda stream: client_session is None or self._request_of(stream, client_session) == at
        )
        return [gap]

    def _forget(self) -> Sequence[State]:
        """All begins with the present: another server may number its events otherwise."""
        for one in self._progress:
            one.forget()
        self._streams.forget()
        return self.books.lose()

    def _request_of(self, stream: Stream, client_session: ClientSession) -> int:
        return client_session.request(stream[0], self.instruments[stream[1]].symbol)
