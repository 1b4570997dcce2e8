"""
Rails from the client's end: public trades, and a book that can be proven.

A token comes first, over HTTP, and a new one for every connection: it goes with the handshake. The book's
snapshot has to be asked for; deltas that came before it are passed over. The options ``ext=seq,crc`` of
this project's servers number the messages and prove the book.

Source: sections "Connection", "Dynamic Subscriptions" and "Supported Streams" of the document, and the
pages that ``NOTES.md`` beside this file names.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, Literal

import msgspec

from feed.dialects.client import (
    ClientHandshake,
    ClientSession,
    Codec,
    Requirement,
    Resuming,
    SubscriptionSpec,
    read,
)
from feed.dialects.items import BookPart, Channel, Item, PositionReport, Ready, refusal, trade
from feed.dialects.messages import message
from feed.dialects.rails import channels
from feed.dialects.rails.admission import ALL, TOKEN_PREFIX
from feed.errors import ProtocolError
from feed.model.backoff import Backoff
from feed.model.directory import Directory
from feed.model.durations import NS_PER_MILLISECOND
from feed.model.events import Side
from feed.model.symbols import same

_STREAMS: Final = {Channel.TRADES: channels.PUBLIC_TRADES, Channel.BOOK: channels.PUBLIC_BOOK}
_SIDES: Final = {"buy": Side.BUY, "sell": Side.SELL}
_TOKEN: Final = "/api/v1/token"  # noqa: S105 - a path
_GONE: Final = "0"


class Level(msgspec.Struct):
    """One price level; 0 removes it."""

    orderType: Literal["buy", "sell"]  # noqa: N815 - the document's spelling, here and below
    price: str
    quantity: str


class Half(msgspec.Struct):
    """One side of a trade."""

    executionType: Literal["taker", "maker"]  # noqa: N815
    orderType: Literal["buy", "sell"] | None  # noqa: N815
    price: str
    quantity: str
    updatedAt: int  # noqa: N815


class BookData(msgspec.Struct):
    """Levels, and when they stood so."""

    orders: list[Level]
    ts: int
    part: int = 1
    parts: int = 1


class TradeData(msgspec.Struct):
    """Both sides of a trade, the taker's first."""

    orders: list[Half]


class Answer(msgspec.Struct):
    """What any answer may say of itself."""

    statusCode: int = 200  # noqa: N815
    body: str = ""


class Snapshot(msgspec.Struct, tag_field="resultType", tag="publicOrderBook"):
    """A whole book, or a part of it."""

    market: str
    data: BookData
    seq: int = 0
    pos: str = ""
    checksum: int | None = None


class Delta(msgspec.Struct, tag_field="resultType", tag="publicOrderBookDelta"):
    """What has changed of a book."""

    market: str
    data: BookData
    seq: int = 0
    pos: str = ""
    checksum: int | None = None


class Completed(msgspec.Struct, tag_field="resultType", tag="publicCompletedOrdersDelta"):
    """A trade."""

    market: str
    data: TradeData
    seq: int = 0
    pos: str = ""


class Pong(msgspec.Struct, tag_field="resultType", tag="pong"):
    """The answer to a ping: the connection is alive."""

    pos: str = ""


class Error(msgspec.Struct, tag_field="resultType", tag="error"):
    """What was wrong with a message."""

    data: Answer


_MESSAGES: Final = msgspec.json.Decoder(Snapshot | Delta | Completed | Pong | Error)


class RailsClientHandshake(ClientHandshake):
    """One market in the query, or all of them; and a token."""

    token_path = _TOKEN

    def query(self, spec: SubscriptionSpec) -> Mapping[str, str]:
        """What the connection is for."""
        return {
            "market": spec.symbols[0] if len(spec.symbols) == 1 else ALL,
            "subscriptions": ",".join([*map(_STREAMS.__getitem__, spec.channels), *spec.raw_channels]),
        }

    def headers(self, spec: SubscriptionSpec) -> Mapping[str, str]:
        """Key and secret, for the token."""
        return {"X-Api-Key": spec.key or "", "X-Api-Secret": spec.secret or ""}

    def subprotocol(self, body: bytes) -> str:
        """The subprotocol that carries the token of an answer."""
        try:
            return TOKEN_PREFIX + _TOKENS.decode(body).access_token
        except msgspec.DecodeError as problem:
            raise ProtocolError(f"no token: {problem}") from None


class TokenAnswer(msgspec.Struct):
    """An access token."""

    access_token: str


_TOKENS: Final = msgspec.json.Decoder(TokenAnswer)


class RailsClientSession(ClientSession):
    """Subscribed by the handshake; asks for each book once."""

    def __init__(self, spec: SubscriptionSpec, directory: Directory) -> None:
        self._spec = spec
        self._directory = directory
        self._count = 0
        self._markets: dict[str, bool] = {}  # that were named, and whether they were asked for

    def start(self) -> Sequence[str]:
        """A ping, whose answer confirms the subscription; and a request for each book, unless they resume."""
        fresh = Channel.BOOK in self._spec.channels and not self._spec.begins(0)
        books = self._spec.symbols if fresh else ()
        return [
            message(message="ping"),
            *(text for symbol in books for text in self.renew(Channel.BOOK, symbol)),
        ]

    def receive(self, text: str) -> tuple[Sequence[Item], Sequence[str]]:
        """Read one message."""
        said = read(_MESSAGES, text, name="resultType")
        if isinstance(said, Snapshot | Delta | Completed) and not self._asked(said.market):
            return (), ()  # of another market, where all of them come
        try:
            match said:
                case Snapshot() | Delta():
                    return [self._book(said)], ()
                case Completed():
                    return [self._trade(said)], ()
        except ValueError as problem:
            raise ProtocolError(str(problem)) from None
        match said:
            case Pong():
                # Where it stands comes first: it says whether the connection goes on as it was asked to.
                standing = [PositionReport(said.pos)] if said.pos else []
                return [*standing, Ready(position=said.pos)], ()
            case Error():
                return [refusal(said.data.body, key=False, code=str(said.data.statusCode))], ()
        return (), ()

    def renew(self, channel: Channel, symbol: str) -> Sequence[str]:
        """A snapshot comes whenever it is asked for."""
        del channel
        return [message(message="emitPublicOrderBook", content={"market": symbol})]

    def _asked(self, market: str) -> bool:
        found = self._markets.get(market)
        if found is None:
            found = self._markets[market] = any(same(name, market) for name in self._spec.symbols)
        return found

    def probe(self) -> str:
        """A ping that is a message."""
        return message(message="ping")

    def _book(self, said: Snapshot | Delta) -> BookPart:
        index = self._directory.index(said.market)
        levels = self._directory.settled(index, lambda: self._levels(index, said.data))
        snapshot = isinstance(said, Snapshot)
        self._count += 1
        return BookPart(
            instrument=index,
            seq=said.seq or self._count,  # other servers number nothing: then the order of arrival
            ts=said.data.ts * NS_PER_MILLISECOND,
            first=snapshot and said.data.part == 1,
            more=snapshot and said.data.part < said.data.parts,
            snapshot=snapshot,
            levels=levels,
            checksum=said.checksum,
            position=said.pos,
        )

    def _levels(self, index: int, data: BookData) -> tuple[tuple[Side, int, int], ...]:
        price, size = self._directory.price, self._directory.size
        return tuple(
            (
                _SIDES[row.orderType],
                price(index, row.price),
                size(index, row.quantity) if row.quantity != _GONE else 0,
            )
            for row in data.orders
        )

    def _trade(self, said: Completed) -> Item:
        taker = next(half for half in said.data.orders if half.executionType == "taker")
        return trade(
            self._directory,
            said.market,
            price=taker.price,
            size=taker.quantity,
            side=taker.orderType,
            ts=taker.updatedAt * NS_PER_MILLISECOND,
            seq=said.seq,
            pos=said.pos,
        )


CODEC: Final = Codec(
    client_session=RailsClientSession,
    client_handshake=RailsClientHandshake(),
    filters=True,
    extensions="seq,crc",
    resuming=Resuming.BY_URL,
    channels=(Channel.TRADES, Channel.BOOK),
    raw_channels=(channels.ORDERS, channels.TRADES),
    backoff=Backoff(first_seconds=5),  # page "Rate Limits": after 5 s, then exponentially
    required=(
        Requirement.CONNECT,
        Requirement.PONG,
        Requirement.RECONNECT,
        Requirement.BACK_OFF,
        Requirement.RENEW_TOKEN,
    ),
    advised=(Requirement.GARBAGE, Requirement.SLOW, Requirement.MUTE),
)
