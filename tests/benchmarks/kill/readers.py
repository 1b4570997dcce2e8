"""Who reads: a connection of each protocol, opened again after each crash, which keeps all it was sent."""

from __future__ import annotations

import json
import re
from array import array
from collections.abc import Callable

import attrs

from tests.benchmarks.frames import CLOSE, PING, PONG, TEXT, FrameReader, handshake, masked

POSITION = re.compile(rb'"pos":"([0-9]+-[0-9a-f]+)"')
# Of an event. What repeats the present to a newcomer has an older number than its position, or is a snapshot.
EVENT = re.compile(rb'^(?!.*"action":"snapshot").*"seq":([0-9]+),"pos":"\1-')
# The quote that a newcomer begins with may be the newest event, but follows none.
TICK = re.compile(rb'"seq":([0-9]+),"pos":"\1-[0-9a-f]+","prev":')
TOO_OLD = re.compile(rb"since=.* is too old")
CUT_OFF = re.compile(rb"Slow consumer|Cannot resume|" + TOO_OLD.pattern)


def _nothing(text):
    return text


def _without_number(text):
    """Without the number of the message in its connection, which begins anew with each."""
    return re.sub(rb'"sequence_num":[0-9]+', b"", text)


@attrs.frozen(kw_only=True)
class Subscription:
    """
    What a reader asks for, and which of the answers are the stream.

    Attributes:
        protocol: By name.
        path: Of the connection, with ``{key}`` for the reader's key.
        messages: Sent once the connection is open.
        stream: Finds the messages that tell of events, and no other.
        resumes: Whether ``since`` goes on after a position.
        by_token: Whether the connection shows an access token.
        shared: What of a message is the same for every connection.
        owner: Account that is told what nobody else is; 0 where everybody is told the same.
    """

    protocol: str
    path: str
    messages: tuple[object, ...] = ()
    stream: re.Pattern[bytes]
    resumes: bool = False
    by_token: bool = False
    shared: Callable[[bytes], bytes] = _nothing
    owner: int = 0

    @property
    def name(self):
        """Equal for those who are told the same."""
        return f"{self.path} {json.dumps(self.messages)} {self.owner}"

    @property
    def public_and_resumes(self):
        """Whether it soon hears something after every start, and goes on where it was."""
        return self.resumes and not self.owner

    def opening(self, key, since=""):
        """The path of a connection that begins after a position; of one without, with the present."""
        return self.path.replace("{key}", key) + (f"&since={since}" if since else "")

    def said(self, key):
        """The messages, as they are sent."""
        return b"".join(masked(TEXT, json.dumps(one).replace("{key}", key).encode()) for one in self.messages)


def _kraken(channel, **more):
    params = {"channel": channel, "symbol": ["BTC/USD"], **more}
    return {"method": "subscribe", "params": params}


def _coinbase(channel):
    return {"type": "subscribe", "channel": channel, "product_ids": ["BTC-USD"]}


_SECURITYPRO = {"op": "subscribe", "symbol": "BTC-USD", "apiKey": "{key}"}
_RAILS = "/rails?market=BTC-USD&ext=seq&subscriptions="


def subscriptions(binance_pair):
    """
    What is read of each protocol, by everybody alike; the pair is Binance's name of bitcoin.

    Each asks for all of it in one message, or something could happen between two of them.
    """
    pair = binance_pair.lower()
    return (
        Subscription(
            protocol="tradyn",
            path="/tradyn?ext=seq",
            messages=(
                {"type": "auth", "apiKey": "{key}"},
                {"type": "subscribe", "symbols": ["EURUSD", "BTC-USD", "ETH-USD"]},
            ),
            stream=TICK,
            resumes=True,
        ),
        *(
            Subscription(
                protocol="securitypro",
                path="/securitypro?ext=seq",
                messages=({**_SECURITYPRO, "channel": channel},),
                stream=EVENT,
                resumes=True,
            )
            for channel in ("ticker", "trades")
        ),
        Subscription(
            protocol="guide",
            path="/guide?ext=seq",
            messages=({"type": "subscribe", "channels": ["ticker_btcusd", "trades_btcusd", "book_btcusd"]},),
            stream=EVENT,
            resumes=True,
        ),
        Subscription(
            protocol="rails",
            path=f"{_RAILS}publicTrades,publicOrderBook",
            stream=EVENT,
            resumes=True,
            by_token=True,
        ),
        Subscription(
            protocol="marketai",
            path="/marketai?key={key}",
            messages=({"action": "subscribe", "channels": [{"type": "trades", "symbols": ["BTC/USDT"]}]},),
            stream=re.compile(rb'"type":"update","channel":"trades"'),
        ),
        Subscription(
            protocol="binance",
            path="/binance/ws",
            messages=({"method": "SUBSCRIBE", "params": [f"{pair}@trade", f"{pair}@depth@100ms"], "id": 1},),
            stream=re.compile(rb'"e":"'),
        ),
        *(
            Subscription(
                protocol="kraken",
                path="/kraken/v2",
                messages=(message,),
                stream=re.compile(rb'"channel":"(?:trade|book)","type":"update"'),
            )
            for message in (_kraken("trade", snapshot=False), _kraken("book", depth=10))
        ),
        *(
            Subscription(
                protocol="coinbase",
                path="/coinbase/ws",
                messages=(_coinbase(channel),),
                stream=re.compile(rb'"type":"update"'),
                shared=_without_number,
            )
            for channel in ("market_trades", "level2")
        ),
        Subscription(
            protocol="coinbase_exchange",
            path="/coinbase-exchange/",
            messages=(
                {"type": "subscribe", "product_ids": ["BTC-USD"], "channels": ["matches", "level2_batch"]},
            ),
            stream=re.compile(rb'"type":"(?:match|l2update)"'),
        ),
    )


def private(account):
    """What an account is told of its orders, trades, positions and balances."""
    return Subscription(
        protocol="rails",
        path=f"{_RAILS}orders,trades,positions,balances",
        stream=EVENT,
        resumes=True,
        by_token=True,
        owner=account.number,
    )


class Texts:
    """
    Messages by number: many readers are sent the same.

    Attributes:
        known: The messages, by their numbers.
    """

    def __init__(self):
        self.known = []
        self._numbers = {}

    def number(self, text):
        """Of a message; equal ones have equal numbers."""
        number = self._numbers.setdefault(text, len(self.known))
        if number == len(self.known):
            self.known.append(text)
        return number


class Reader:
    """
    One reader over all its connections.

    Attributes:
        subscription: What it asks for.
        account: Whose key it shows.
        parts: Numbers of the messages of each stretch without a gap: of each connection, or of several where
            the later ones resumed.
        resumed: How often it went on after its position.
        refusals: Errors that it was told.
        cut: How often it was told that it was too slow, or that what it has missed is no longer kept.
        heard: Whether it was told of an event since it has connected last.
    """

    def __init__(self, subscription, account, texts):
        self.subscription = subscription
        self.account = account
        self.parts = []
        self.resumed = 0
        self.refusals = []
        self.cut = 0
        self.heard = False
        self._texts = texts
        self._since = ""
        self._before = self._newest = b""  # positions
        self._tail = 0  # messages of the newest position

    async def read(self, stream, token=None):
        """Read one connection to its end; the reason where the server gave one, else nothing."""
        frames = FrameReader()
        subprotocol = f"authorization#{token}" if token else None
        await stream.send_all(
            handshake(self.subscription.opening(self.account.key, self._since), subprotocol)
        )
        head = b""
        while b"\r\n\r\n" not in head:
            data = await stream.receive_some()
            if not data:
                return ""
            head += data
        head, _, rest = head.partition(b"\r\n\r\n")
        if b" 101 " not in head.partition(b"\r\n")[0]:
            self.refusals.append(head.decode())
            return ""
        if self._since:
            self.resumed += 1
        else:
            self.parts.append(array("q"))
        await stream.send_all(self.subscription.said(self.account.key))
        data = rest or await stream.receive_some()
        while data:
            for opcode, payload in frames.take(data):
                if opcode == TEXT:
                    self._hear(payload)
                elif opcode == PING:
                    await stream.send_all(masked(PONG, payload))
                elif opcode == CLOSE:
                    return "" if self._cut_off(payload[2:]) else payload[2:].decode() or "closed"
            data = await stream.receive_some()
        return ""

    def _hear(self, text):
        if self.subscription.stream.search(text) is None:
            if TOO_OLD.search(text):
                self._newest = self._before = b""  # it begins with the present
            if self._cut_off(text):
                self.cut += 1
            elif b"error" in text.lower():
                self.refusals.append(text.decode())
            return
        self.heard = True
        number = self._texts.number(self.subscription.shared(text))
        if self.subscription.resumes:
            position = POSITION.search(text)[1]
            if self._comes_twice(position, number):
                return
            if position != self._newest:
                self._before, self._newest, self._tail = self._newest, position, 0
            self._tail += 1
        self.parts[-1].append(number)

    def _cut_off(self, text):
        """Whether this is what a client must live with: it was too slow, or away for too long."""
        return CUT_OFF.search(text) is not None

    def _comes_twice(self, position, number):
        """Whether a resume repeats this: what was told last, at an interval, at that very position."""
        return not self._tail and position == self._newest and number == self.parts[-1][-1]

    def lost(self):
        """
        The connection is gone: the next one goes on after what is known to be whole.

        An event may be told in several messages, and the newest one may lack some.
        """
        self.heard = False
        if self.subscription.resumes and self._before:
            if self._tail:
                del self.parts[-1][-self._tail :]
            self._since, self._newest, self._tail = self._before.decode(), self._before, 0
        else:
            self._since, self._newest, self._before = "", b"", b""
