"""
The client without its socket: what messages mean over all the connections of a feed. Sans-I/O.

A connection comes and goes; this remains. It knows the last sequence number of every stream, drops
what was said twice, notices what is missing, and keeps the books.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Final
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from feed.client.books import Books
from feed.client.replica import OutOfStep
from feed.client.states import (
    Connected,
    Desynced,
    Gap,
    Garbled,
    Listed,
    ServerError,
    State,
)
from feed.dialects.client import Codec, Dialogue, Wish
from feed.dialects.items import (
    BookPart,
    CandleChanged,
    Channel,
    Heard,
    Item,
    OrdersPart,
    Ready,
    Refusal,
    Refused,
)
from feed.errors import ClientError, ProtocolError
from feed.model.directory import Directory
from feed.model.events import Event

_REFUSED: Final = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)


class KeyRefused(ClientError):
    """The server does not accept the key, and never did: trying again would not help."""


class Core:
    """
    What a feed knows.

    Attributes:
        instruments: Those that messages have named.
        books: Those that are kept.
        outgoing: Messages to send; whoever drives this empties it.
        lost: Symbols whose books are to be had by REST alone; whoever drives this gets them and empties it.
        begin_anew: Whether this connection is of no more use, and another must be made at once.
        confirmed: Whether the server has confirmed a subscription on this connection.
    """

    def __init__(self, codec: Codec, wish: Wish, url: str, *, resume: bool) -> None:
        """
        Begin with nothing known.

        Args:
            codec: The protocol.
            wish: What to subscribe to on every connection.
            url: As the user gave it.
            resume: Whether to use the options ``ext=seq`` and ``since`` of this project's servers.
        """
        self.instruments = Directory()
        self.books = Books(self.instruments)
        self.outgoing: list[str] = []
        self.lost: dict[str, None] = {}
        self.begin_anew = False
        self.confirmed = False
        self._codec = codec
        self._wish = wish
        self._url = url
        self._resume = resume
        self._trusted = False  # the key has been good before
        self._dialogue: Dialogue | None = None
        self._last: dict[tuple[Channel, int], Event] = {}  # of each stream
        self._serials: dict[int, int] = {}
        self._newest = 0  # of all streams
        self._since: int | None = None

    # -- a connection's life -----------------------------------------------------------------------

    def url(self) -> str:
        """Where to connect next: with what is needed to go on where we left off, if that is possible."""
        asked = dict(self._codec.entrance.query(self._wish)) if self._codec.entrance is not None else {}
        if not self._resume:
            return self._with_query(asked) if asked else self._url
        # Once more the last event: of two messages that tell of it only one may have come.
        self._since = self._newest - 1 if self._newest > 1 and self._codec.resumes else None
        ours = {"ext": self._codec.extensions}
        if self._since is not None:
            ours["since"] = str(self._since)
        return self._with_query(asked | ours)

    def _with_query(self, more: dict[str, str]) -> str:
        parts = urlsplit(self._url)
        query = dict(parse_qsl(parts.query, keep_blank_values=True)) | more
        return urlunsplit(parts._replace(query=urlencode(query)))

    def token_request(self) -> tuple[str, Mapping[str, str]] | None:
        """URL and headers to get a token with; None where the protocol has none."""
        entrance = self._codec.entrance
        if entrance is None:
            return None
        return self._http(entrance.token_path), entrance.headers(self._wish)

    def ticket(self, status: int, body: bytes) -> str:
        """
        The subprotocol to offer, from the answer with the token.

        Raises:
            KeyRefused: There is no token for this key, and never was.
            ProtocolError: There is none now.
        """
        entrance = self._codec.entrance
        if entrance is None:
            raise RuntimeError("this protocol has no tokens")
        if status in _REFUSED and not self._trusted:
            raise KeyRefused(f"no token for it: HTTP {status}")
        if status != HTTPStatus.OK:
            raise ProtocolError(f"no token: HTTP {status}" if status else "no token: no answer")
        return entrance.subprotocol(body)

    def connected(self) -> list[State]:
        """The handshake is done: greet, and subscribe."""
        self.begin_anew = self.confirmed = False
        self.lost.clear()
        self._dialogue = self._codec.dialogue(self._wish, self.instruments)
        self.outgoing = list(self._dialogue.start())
        states: list[State] = [Connected(url=self._url, resumed_after=self._since)]
        if self._since is None:
            if self._newest or self._serials or self._trusted:
                states.append(Gap(reason="a new connection begins with the present", after=self._newest))
            states += self._forget()
        return states

    def refused(self, status: int) -> bool:
        """Whether an HTTP refusal may be due to our options, which are not used any more then."""
        ours = self._resume and status in {400, 404}
        self._resume = self._resume and not ours
        self._newest = 0 if ours else self._newest
        return ours

    def probe(self) -> str | None:
        """A message that the server will answer if it is alive."""
        return self._dialogue.probe() if self._dialogue and self.confirmed else None

    def receive(self, text: str) -> list[Event | State]:
        """
        What one message says; nothing once :attr:`begin_anew` is set.

        Raises:
            KeyRefused: The key is not accepted, and never was.
        """
        dialogue = self._dialogue
        if dialogue is None:
            raise RuntimeError("receive() before connected()")
        if self.begin_anew:
            return []
        try:
            items, answers = dialogue.receive(text)
        except ProtocolError as problem:
            return [Garbled(problem=problem.message)]
        self.outgoing += answers
        found: list[Event | State] = []
        if self.instruments.changed:
            changed, self.instruments.changed = self.instruments.changed, {}
            found += [Listed(index=at, instrument=self.instruments[at]) for at in changed]
        for item in items:
            found += self._take(item, dialogue)
        return found

    def book_url(self, symbol: str) -> str:
        """Where the book of a symbol is to be had by REST."""
        if self._codec.rest is None:
            raise RuntimeError("this protocol has no books by REST")
        return self._http(self._codec.rest.path(symbol))

    def _http(self, path: str) -> str:
        parts = urlsplit(self._url)
        scheme = "https" if parts.scheme == "wss" else "http"
        return f"{scheme}://{parts.netloc}{path}"

    def reconcile(self, symbol: str, body: bytes | None) -> Sequence[Event | State]:
        """
        Go on from a book that came by REST.

        What the connection says of a book in the meantime must not have been read: it waits in the
        socket, and is applied on top where it is newer.

        Args:
            symbol: Whose book.
            body: The answer; None when there was none, and the connection is given up.
        """
        rest, dialogue = self._codec.rest, self._dialogue
        if body is not None and rest is not None and dialogue is not None:
            try:
                return self._book(rest.read(body, self.instruments), Channel.BOOK, dialogue)
            except ProtocolError:
                pass  # an answer of somebody else's
        self._start_over()
        return [Gap(reason="no book by REST", symbol=symbol)]

    # -- its parts ---------------------------------------------------------------------------------

    def _take(self, item: Item, dialogue: Dialogue) -> Sequence[Event | State]:
        match item:
            case Heard():
                return self._heard(item)
            case BookPart():
                return self._book(item, Channel.BOOK, dialogue)
            case OrdersPart():
                return self._book(item, Channel.ORDERS, dialogue)
            case Ready():
                self.confirmed = self._trusted = True
            case Refusal():
                return self._refusal(item)
        return ()

    def _heard(self, item: Heard) -> Sequence[Event | State]:
        event, serial = item.event, item.serial
        index = event.instrument
        if event.seq:
            stream = (item.channel, index)
            if _told(event, self._last.get(stream)):
                return ()  # said twice, or overtaken
            self._last[stream] = event
            self._newest = max(self._newest, event.seq)
        if not serial:
            return (event,)
        before = self._serials.get(index)
        self._serials[index] = serial
        if before is None or serial <= before + 1:
            return (event,)
        gap = Gap(
            reason=f"{item.channel.value} are numbered",
            symbol=self.instruments[index].symbol,
            missed=serial - before - 1,
        )
        return gap, event

    def _book(
        self, part: BookPart | OrdersPart, channel: Channel, dialogue: Dialogue
    ) -> Sequence[Event | State]:
        try:
            found = self.books.take(part)
        except OutOfStep as problem:
            symbol = self.instruments[part.instrument].symbol
            self._renew(channel, symbol, dialogue)
            return [Desynced(symbol=symbol, channel=channel, reason=problem.reason)]
        if found:
            self._newest = max(self._newest, part.seq)
        return found

    def _renew(self, channel: Channel, symbol: str, dialogue: Dialogue) -> None:
        # A connection that resumed has no snapshots: every subscription on it begins in the past.
        requests = dialogue.renew(channel, symbol) if self._since is None else ()
        if requests:
            self.outgoing += requests
        elif channel is Channel.BOOK and self._codec.rest is not None:
            self.lost[symbol] = None
        else:
            self._start_over()

    def _refusal(self, item: Refusal) -> Sequence[Event | State]:
        if item.about is Refused.KEY and not self._trusted:
            raise KeyRefused(item.message)
        if item.about is Refused.RESUME and self._since is not None:
            self._start_over()
        return [ServerError(message=item.message, code=item.code)]

    def _start_over(self) -> None:
        """Give this connection up for one that begins with the present."""
        self._newest = 0
        self.begin_anew = True

    def _forget(self) -> list[State]:
        """What was known is the past: another server may number its events otherwise."""
        self._newest = 0
        self._last.clear()
        self._serials.clear()
        return self.books.lose()


def _told(event: Event, before: Event | None) -> bool:
    """Whether ``event`` is not newer than the one before it in its stream."""
    if before is None or event.seq > before.seq:
        return False
    # A candle has the number of an event before it, which it can share with the next.
    return event.seq < before.seq or not isinstance(event, CandleChanged) or event == before
