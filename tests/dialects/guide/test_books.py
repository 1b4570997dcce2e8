"""
Order books as a client keeps them. The numbers are those of the lines in ``NOTES.md``.

The client here knows nothing but the messages: texts of prices and sizes, and the rule of the
checksum.
"""

import json
import zlib
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feed.client.core import Core
from feed.client.states import OutOfSync
from feed.dialects import guide
from feed.dialects.client import SubscriptionSpec
from feed.dialects.guide import books
from feed.dialects.guide.client import CODEC
from feed.dialects.guide.dialect import DIALECT
from feed.dialects.items import Channel
from feed.dialects.ladder import Ladder, TextLevels
from feed.model.events import ADD, CLEAR, LEVEL, REDUCE, TRADE, UNKNOWN, Side, event
from feed.model.instruments import Instrument
from feed.model.topics import Topic
from feed.state.market_state import MarketState

XAUUSD, BTC = 2, 3
EMPTY = '"action":"snapshot","part":1,"parts":1,"bids":[],"asks":[],'
NUMBER = 2334195820
NOTES = Path(guide.__file__).with_name("NOTES.md").read_text(encoding="utf-8")
HEAD = '{"type":"book","channel":"book_btcusd","symbol":"BTC-USD",'


class ClientBook:
    """Price levels as texts; checks every checksum."""

    def __init__(self):
        self.sides = {"bids": {}, "asks": {}}
        self.seq = 0

    def take(self, text):
        message = json.loads(text)
        assert message["seq"] >= self.seq
        self.seq = message["seq"]
        if message["action"] == "snapshot" and message["part"] == 1:
            self.sides = {"bids": {}, "asks": {}}
        for side, levels in self.sides.items():
            for price, size in message[side]:
                if Decimal(size):
                    levels[price] = size
                else:
                    levels.pop(price, None)
        if message.get("part") == message.get("parts"):
            assert message["checksum"] == self.checksum()

    def checksum(self):
        best = [text for levels in self.levels for level in levels[:10] for text in level]
        return zlib.crc32(":".join(best).encode())

    @property
    def levels(self):
        """Bids and asks, best first."""
        bids = sorted(self.sides["bids"].items(), key=lambda level: -Decimal(level[0]))
        asks = sorted(self.sides["asks"].items(), key=lambda level: Decimal(level[0]))
        return bids, asks


class ClientOrders:
    """Orders by id, in the order in which they came."""

    def __init__(self):
        self.sides = {"bids": {}, "asks": {}}

    def take(self, text):
        message = json.loads(text)
        if message["action"] == "snapshot" and message["part"] == 1:
            self.sides = {"bids": {}, "asks": {}}
        for side, orders in self.sides.items():
            for order, price, size in message[side]:
                if Decimal(size):
                    orders[order] = (price, size)
                else:
                    orders.pop(order, None)

    @property
    def orders(self):
        """Both sides, best price first, first come first."""
        sides = []
        for side, sign in (("bids", -1), ("asks", 1)):
            orders = [(order, *rest) for order, rest in self.sides[side].items()]
            sides.append(sorted(orders, key=lambda order, sign=sign: sign * Decimal(order[1])))
        return tuple(sides)


def levels_of(market_state, instrument, at):
    return tuple(
        [(instrument.price_text(p), instrument.size_text(s)) for p, s in market_state.levels(at, side)]
        for side in Side
    )


def orders_of(market_state, instrument, at):
    return tuple(
        [
            (str(o), instrument.price_text(p), instrument.size_text(s))
            for o, p, s in market_state.orders(at, side)
        ]
        for side in Side
    )


@pytest.fixture(scope="module")
def simulated(support):
    """A few seconds of two instruments, and their listing."""
    return support.market(12, "BTC-USD", "DOGE-USD")


@pytest.mark.parametrize("joined", [0, 1, 40, 100, 444, 800])
def test_line_6_client_keeps_the_book(support, simulated, joined):
    """Whenever it comes: snapshot and deltas make the market's book, and every checksum is right."""
    rows, listing = simulated
    assert joined < len(rows) - 100
    stage = support.Stage(listing)
    topics = [(Topic("guide", kind, at), at) for kind in ("book", "book3") for at in range(2)]
    stage.publish(rows[:joined])
    ears = [(stage.ear(topic), topic, at) for topic, at in topics]
    read = [0] * len(ears)
    clients = [ClientBook() if topic.channel == "book" else ClientOrders() for topic, _ in topics]
    for start in range(joined, len(rows) + 1, 100):
        for n, (ear, _, at) in enumerate(ears):
            for text in ear.texts(read[n]):
                clients[n].take(text)
            read[n] = len(ear.received)
            market_state, client = stage.hub.market_state, clients[n]
            if isinstance(client, ClientBook):
                assert client.levels == levels_of(market_state, listing[at], at)
            else:
                assert client.orders == orders_of(market_state, listing[at], at)
        stage.publish(rows[start : start + 100])


@pytest.mark.parametrize("joined", [0, 40, 800])
def test_our_client_keeps_both_books(support, simulated, joined):
    """The client library makes the market's books of the same messages: levels, and orders in line."""
    rows, listing = simulated
    stage = support.Stage(listing)
    stage.publish(rows[:joined])
    symbols = tuple(instrument.symbol for instrument in listing)
    spec = SubscriptionSpec(symbols=symbols, channels=(Channel.BOOK, Channel.ORDERS))
    core = Core(CODEC, spec, "ws://feed.test", resume=False)
    core.connected()
    ears = [stage.ear(Topic("guide", kind, at)) for kind in ("book", "book3") for at in range(2)]
    stage.publish(rows[joined:])
    told = [item for ear in ears for text in ear.texts() for item in core.receive(text)]
    assert not any(isinstance(item, OutOfSync) for item in told)
    for at, instrument in enumerate(listing):
        index, market_state = core.instruments.find(instrument.symbol), stage.hub.market_state
        book, orders = core.books.levels[index], core.books.orders[index]
        assert tuple(book.texts(side) for side in Side) == levels_of(market_state, instrument, at)
        for side in Side:
            assert list(orders.orders(side)) == [
                (str(order), price, size) for order, price, size in market_state.orders(at, side)
            ]
            assert orders.levels(side) == book.levels(side)


CHANGES = st.lists(
    st.tuples(
        st.sampled_from(["level"] * 8 + ["add", "reduce", "trade", "clear"]),
        st.integers(0, 1),
        st.integers(1, 30),
        st.integers(0, 2),
    ),
    max_size=60,
)


def changed(changes):
    """These changes as rows."""
    return [
        {
            "level": (LEVEL, BTC, n, side, price, size),
            "add": (ADD, BTC, n, n, side, price, 1, size + 1),
            "reduce": (REDUCE, BTC, n, n - 1, side, price, 0, size),
            "trade": (TRADE, BTC, n, n, 1 - side, price, 1, n - 1, n, 0, size),
            "clear": (CLEAR, BTC, n),
        }[kind]
        for n, (kind, side, price, size) in enumerate(changes, 1)
    ]


@given(changes=CHANGES, joined=st.integers(0, 60))
def test_line_6_any_changes_make_the_same_book(support, changes, joined):
    """Levels that come, change and go above, among and below the best ten, known or not."""
    rows = changed(changes)
    stage = support.Stage()
    stage.publish(rows[:joined])
    ear, client = stage.ear(Topic("guide", "book", BTC)), ClientBook()
    stage.publish(rows[joined:])
    for text in ear.texts():
        client.take(text)
    assert client.levels == levels_of(stage.hub.market_state, support.listing[BTC], BTC)


@pytest.mark.parametrize("options", [(), (("ext", "seq"),)])
@given(changes=CHANGES)
def test_line_6_whoever_joins_later_sees_the_book_as_it_is(support, options, changes):
    """What is kept of a snapshot is never older than the book: it is that of a new encoder, at each event."""
    market_state = MarketState(len(support.listing))
    topics = [Topic("guide", kind, BTC, options) for kind in ("book", "book3")]
    kept = [DIALECT.encoder(topic, support.listing[BTC], market_state) for topic in topics]
    for n, row in enumerate(changed(changes), 1):
        market_state.apply(n, row, n)
        for topic, encoder in zip(topics, kept, strict=True):
            if row[0] in encoder.kinds:
                encoder.encode(event(n, row, n))
            new = DIALECT.encoder(topic, support.listing[BTC], market_state)
            assert encoder.snapshot(market_state, BTC) == new.snapshot(market_state, BTC)
            market_state.now += 1_000_000  # of another instrument
            assert encoder.snapshot(market_state, BTC) == new.snapshot(market_state, BTC)


@pytest.mark.parametrize("kind", ["book", "book3"])
def test_line_6_many_who_join_cost_little_more_than_one(support, monkeypatch, kind):
    """Each price is written once for all who join before the book changes, and all orders at it."""
    market_state = MarketState(len(support.listing))
    for n in range(1, 101):
        market_state.apply(n, (ADD, BTC, n, n, n % 2, 1000 + 10 * (n % 2), 5, 5))
    written = []
    monkeypatch.setattr(Instrument, "price_text", lambda _, ticks: written.append(ticks) or "1")
    encoder = DIALECT.encoder(Topic("guide", kind, BTC), support.listing[BTC], market_state)
    for _ in range(50):
        encoder.snapshot(market_state, BTC)
    assert written == [1000, 1010]


@given(st.lists(st.tuples(st.integers(1, 25), st.booleans()), max_size=80), st.sampled_from(list(Side)))
def test_best_levels_are_found_again(changes, side):
    """The kept text of the best ten is that of a new look at all levels, after each change."""
    text_levels, levels = TextLevels(side), {}
    for n, (price, there) in enumerate(changes):
        if there:
            levels[price] = f"{price}:{n}"
        else:
            levels.pop(price, None)
        text_levels.set(price, levels.get(price))
        best = sorted(levels, reverse=side is Side.BUY)[:10]
        assert text_levels.checked() == ":".join(levels[at] for at in best)


def test_line_6_book_messages(support):
    """Byte for byte: a snapshot of nothing, a delta of each kind, a book that begins anew."""
    stage = support.Stage()
    ear = stage.ear(Topic("guide", "book", BTC))
    stage.publish(
        [
            (ADD, BTC, 5_000_000, 1, 0, 100, 50, 50),
            (LEVEL, BTC, 6_999_999, 1, 102, 25),
            (TRADE, BTC, 7_000_000, 1, 1, 100, 10, 1, 2, 40, 40),
            (TRADE, BTC, 8_000_000, 1, UNKNOWN, 102, 10, 0, 0, UNKNOWN, UNKNOWN),
            (REDUCE, BTC, 9_000_000, 1, 0, 100, 0, 0),
            (CLEAR, BTC, 10_000_000),
        ]
    )
    assert ear.texts() == [
        HEAD + EMPTY + '"ts":0,"seq":0,"checksum":0}',
        delta('"bids":[["1.00","0.00000050"]],"asks":[]', 5, 1, "1.00:0.00000050"),
        delta('"bids":[],"asks":[["1.02","0.00000025"]]', 6, 2, "1.00:0.00000050:1.02:0.00000025"),
        delta('"bids":[["1.00","0.00000040"]],"asks":[]', 7, 3, "1.00:0.00000040:1.02:0.00000025"),
        delta('"bids":[["1.00","0.00000000"]],"asks":[]', 9, 5, "1.02:0.00000025"),
        HEAD + EMPTY + '"ts":10,"seq":6,"checksum":0}',
    ]


def delta(rows, ts, seq, checked):
    checksum = zlib.crc32(checked.encode())
    return f'{HEAD}"action":"delta",{rows},"ts":{ts},"seq":{seq},"checksum":{checksum}}}'


def test_line_6_checksum_of_the_notes(support):
    """The example for those who write a client: the book, the text and the number."""
    ladder = Ladder(support.listing[XAUUSD])
    ladder.fill(Side.BUY, [(232_500, 150), (232_450, 200)])
    ladder.fill(Side.SELL, [(232_525, 25)])
    text = "2325.00:1.50:2324.50:2.00:2325.25:0.25"
    assert ladder.checksum() == zlib.crc32(text.encode()) == NUMBER
    assert f"| `{text}` | {NUMBER} |" in NOTES


def test_line_6_order_messages(support):
    """Byte for byte: ids are texts, and what is left of nothing is gone."""
    stage = support.Stage()
    ear = stage.ear(Topic("guide", "book3", BTC))
    stage.publish(
        [
            (ADD, BTC, 5_000_000, 7, 0, 100, 50, 50),
            (LEVEL, BTC, 6_000_000, 1, 102, 25),
            (TRADE, BTC, 7_000_000, 1, 1, 100, 10, 7, 8, 40, 40),
            (TRADE, BTC, 8_000_000, 1, UNKNOWN, 102, 10, 0, 0, UNKNOWN, UNKNOWN),
            (REDUCE, BTC, 9_000_000, 7, 0, 100, 0, 0),
            (CLEAR, BTC, 10_000_000),
        ]
    )
    head = HEAD.replace("book", "book3")
    assert ear.texts() == [
        head + EMPTY + '"ts":0,"seq":0}',
        head + '"action":"delta","bids":[["7","1.00","0.00000050"]],"asks":[],"ts":5,"seq":1}',
        head + '"action":"delta","bids":[["7","1.00","0.00000040"]],"asks":[],"ts":7,"seq":3}',
        head + '"action":"delta","bids":[["7","1.00","0.00000000"]],"asks":[],"ts":9,"seq":5}',
        head + EMPTY + '"ts":10,"seq":6}',
    ]


@pytest.mark.parametrize("kind", ["book", "book3"])
def test_line_6_large_books_come_in_parts(support, kind):
    """No message of a mebibyte, which some clients refuse; together they are the book."""
    market_state = MarketState(len(support.listing))
    for n in range(1, 12_001):
        market_state.apply(n, (ADD, BTC, n, 10**15 + n, n % 2, 10**15 + (n if n % 2 else -n), 10**15, 10**15))
    encoder = DIALECT.encoder(Topic("guide", kind, BTC), support.listing[BTC], market_state)
    parts = encoder.snapshot(market_state, BTC)
    client = ClientBook() if kind == "book" else ClientOrders()
    for n, text in enumerate(parts, 1):
        message = json.loads(text)
        assert (message["part"], message["parts"], message["seq"]) == (n, 3, 12_000)
        assert len(text.encode()) < 1024 * 1024
        assert len(message["bids"]) + len(message["asks"]) <= books.PART_ROWS
        client.take(text)
    if kind == "book":
        assert client.levels == levels_of(market_state, support.listing[BTC], BTC)
    else:
        assert client.orders == orders_of(market_state, support.listing[BTC], BTC)
