"""The exchange's WebSocket from the client's end: what it asks for, and what it reads."""

import json

import pytest

from feed.client.core import Core
from feed.client.known import SymbolUnknown
from feed.client.states import Connected, Gap, Garbled, Listed, OutOfSync, Resynced, ServerError
from feed.dialects.client import SubscriptionSpec
from feed.dialects.coinbase.client import product_of, stamp
from feed.dialects.coinbase.streams import topics
from feed.dialects.contract import Subscribe, UpgradeRequest
from feed.dialects.discovery import codecs, dialects
from feed.dialects.items import Channel, Ticker
from feed.model.events import BookCleared, LevelSet, Side, Trade

CODEC = codecs()["coinbase"]
URL = "ws://feed.test/coinbase"
NOON = 1_709_726_400_000_000_000


@pytest.fixture
def open_core():
    """Opens the core of a feed that has just connected."""

    def start(*channels, symbols=("BTC-USD",), raw=()):
        spec = SubscriptionSpec(symbols=symbols, channels=channels or CODEC.channels, raw_channels=raw)
        core = Core(CODEC, spec, URL, resume=True)
        assert core.url() == URL  # nothing of ours in it
        assert core.connected() == [Connected(url=URL)]
        return core

    return start


def said(channel, number, **event):
    return json.dumps(
        {
            "channel": channel,
            "client_id": "",
            "timestamp": "2024-03-06T12:00:00.000000Z",
            "sequence_num": number,
            "events": [event],
        }
    )


def tell(core, channel, number, **event):
    """A message; what it says but for what is listed."""
    return [item for item in core.receive(said(channel, number, **event)) if not isinstance(item, Listed)]


def book(core, number, *levels, kind="update"):
    updates = [
        {"side": side, "event_time": "", "price_level": price, "new_quantity": size}
        for side, price, size in levels
    ]
    return tell(core, "l2_data", number, type=kind, product_id="BTC-USD", updates=updates)


def trade(core, number, *ids, kind="update"):
    trades = [
        {
            "product_id": "BTC-USD",
            "trade_id": str(one),
            "price": "1.50",
            "size": "0.00000002",
            "side": "BUY",
            "time": "2024-03-06T12:00:00.000001Z",
        }
        for one in ids
    ]
    return tell(core, "market_trades", number, type=kind, trades=trades)


@pytest.mark.parametrize(
    ("name", "product"),
    [
        ("BTC-USD", "BTC-USD"),
        ("BTC/USD", "BTC-USD"),
        ("BTC-USD@coinbase", "BTC-USD"),
        ("ethusdc", "ETH-USDC"),
        ("USD", "USD"),
    ],
)
def test_any_usual_spelling_is_understood(name, product):
    """As far as it can be."""
    assert product_of(name) == product


def test_what_it_asks_for_is_taken(open_core, support):
    """By the session of a server, in no more messages than it may send at once; then it is subscribed."""
    core = open_core(raw=CODEC.raw_channels, symbols=("btc/usd", "XAU-USD"))
    session = dialects()["coinbase"].session(UpgradeRequest(path="/ws"), support.context)
    heard = []
    number = 0
    for asked in core.outgoing:
        assert not core.subscribed
        actions = session.receive(asked)
        heard += [topic for one in actions if isinstance(one, Subscribe) for topic in one.topics]
        for text in support.texts(actions):
            message = {**json.loads(text), "sequence_num": number}
            number += 1
            assert [one for one in core.receive(json.dumps(message)) if not isinstance(one, Listed)] == []
    assert core.subscribed
    assert {topic.channel for topic in heard} == set(topics.CHANNELS)
    assert session.receive(core.probe())


def test_an_error_is_told(open_core):
    """In the exchange's words; a product that there is not is one that is not known."""
    core = open_core(Channel.TRADES)
    assert core.receive('{"type":"error","message":"rate"}') == [ServerError(message="rate")]
    with pytest.raises(SymbolUnknown, match="X-USD is not a valid product"):
        core.receive('{"type":"error","message":"X-USD is not a valid product"}')
    assert isinstance(core.receive('{"kind":"pong"}')[0], Garbled)
    assert isinstance(core.receive("[")[0], Garbled)


def test_a_book_is_kept(open_core):
    """A snapshot, and then each level that changes."""
    core = open_core(Channel.BOOK)
    found = book(core, 0, ("bid", "1.50", "0.00000002"), ("offer", "1.60", "0.00000001"), kind="snapshot")
    at = {"ts": NOON, "instrument": 0}
    assert found == [
        BookCleared(seq=1, **at),
        LevelSet(seq=1, **at, side=Side.BUY, price=150, level=2),
        LevelSet(seq=1, **at, side=Side.SELL, price=160, level=1),
        Resynced(symbol="BTC-USD", channel=Channel.BOOK, seq=1),
    ]
    assert book(core, 1, ("offer", "1.60", "0")) == [
        LevelSet(seq=2, **at, side=Side.SELL, price=160, level=0)
    ]
    assert [len(core.books.levels[0].levels(side)) for side in Side] == [1, 0]


def test_a_number_that_is_left_out_is_a_gap(open_core):
    """Of whatever stream it was: the book is asked for again, and goes on with a snapshot."""
    core = open_core(Channel.BOOK, Channel.TRADES)
    book(core, 0, ("bid", "1.50", "0.00000002"), kind="snapshot")
    core.outgoing.clear()
    gap, lost, *rest = trade(core, 3, 7)
    assert gap == Gap(reason="messages are numbered", missed=2)
    assert lost == OutOfSync(symbol="BTC-USD", channel=Channel.BOOK, reason="messages are numbered")
    assert [type(item) for item in rest] == [Trade]
    assert [json.loads(text) for text in core.outgoing] == [
        {"type": kind, "product_ids": ["BTC-USD"], "channel": "level2"}
        for kind in ("unsubscribe", "subscribe")
    ]
    assert book(core, 4, ("bid", "1.40", "0.00000002")) == []
    assert isinstance(book(core, 5, ("bid", "1.30", "0.00000002"), kind="snapshot")[-1], Resynced)


def test_what_comes_twice_or_late_says_nothing(open_core):
    """It was said, or is missing: its number tells."""
    core = open_core(Channel.TRADES)
    [first] = trade(core, 0, 7)
    assert first.trade == 7
    assert trade(core, 0, 7) == []
    gap, _ = trade(core, 2, 8)
    assert gap.missed == 1
    assert trade(core, 1, 9) == []


def test_trades_are_told_oldest_first(open_core):
    """With the taker's side; those of a snapshot are the past."""
    core = open_core(Channel.TRADES)
    assert trade(core, 0, 6, 5, kind="snapshot") == []
    one, other = trade(core, 1, 8, 7)
    assert [one.trade, other.trade] == [7, 8]
    assert (one.aggressor, one.price, one.size, one.ts) == (Side.SELL, 150, 2, NOON + 1000)


def test_a_ticker_is_told(open_core):
    """Best prices, and the last one."""
    core = open_core(Channel.QUOTES)
    tickers = [{"product_id": "BTC-USD", "price": "1.50", "best_bid": "1.40", "best_ask": "1.60"}]
    [told] = tell(core, "ticker", 0, type="update", tickers=tickers)
    assert isinstance(told, Ticker)
    assert (told.bid, told.ask, told.price, told.ts) == (140, 160, 150, NOON)


def test_a_message_has_its_time():
    """Whatever it is about; errors have none."""
    assert stamp(said("heartbeats", 0).encode()) == NOON
    assert stamp(b'{"type":"error","message":"x"}') is None
