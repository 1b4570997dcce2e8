"""The WebSocket feed from the client's end: what it asks for, what it reads, and what an importer reads."""

import io
import json

import pytest

from feed.client.core import Core
from feed.client.known import SymbolUnknown
from feed.client.states import Connected, Garbled, Listed, Resynced, ServerError
from feed.dialects.client import SubscriptionSpec
from feed.dialects.coinbase_exchange.client import product_of, stamp
from feed.dialects.coinbase_exchange.products import products
from feed.dialects.coinbase_exchange.streams import topics
from feed.dialects.contract import UpgradeRequest
from feed.dialects.discovery import codecs, dialects
from feed.dialects.items import Channel, Ticker
from feed.importers import import_files
from feed.importers.run import Options
from feed.model.directory import Directory
from feed.model.events import TRADE, BookCleared, LevelSet, Side, Trade

CODEC = codecs()["coinbase_exchange"]
URL = "ws://feed.test/coinbase-exchange"
NOON = 1_709_726_400_000_000_000
TIME = "2024-03-06T12:00:00.000000Z"


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


def tell(core, kind, **fields):
    """A message; what it says but for what is listed."""
    text = json.dumps({"type": kind, "product_id": "BTC-USD", "time": TIME, **fields})
    return [item for item in core.receive(text) if not isinstance(item, Listed)]


def match(core, number, kind="match"):
    return tell(core, kind, trade_id=number, side="sell", price="1.50", size="0.00000002")


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
    """By the session of a server, in one message; then it is subscribed."""
    core = open_core(raw=CODEC.raw_channels, symbols=("btc/usd", "XAU-USD"))
    session = dialects()["coinbase_exchange"].session(UpgradeRequest(path="/"), support.context)
    [asked] = core.outgoing
    assert not core.subscribed
    [answer] = support.texts(session.receive(asked))
    assert core.receive(answer) == []
    assert core.subscribed
    assert support.texts(session.receive(core.probe()))


def test_an_error_is_told(open_core):
    """In the exchange's words; a product that there is not is one that is not known."""
    core = open_core(Channel.TRADES)
    told = {"type": "error", "message": "Failed to subscribe", "reason": "too much"}
    assert core.receive(json.dumps(told)) == [ServerError(message="Failed to subscribe: too much")]
    with pytest.raises(SymbolUnknown, match="X-USD is not a valid product"):
        core.receive(json.dumps({**told, "reason": "X-USD is not a valid product"}))
    assert core.receive('{"type":"heartbeat"}') == []
    for text in ("[", '{"kind":"pong"}', '{"type":""}'):
        assert isinstance(core.receive(text)[0], Garbled)


def test_trades_are_counted(open_core):
    """A number that is left out is a gap; the side that is told is that of the order that rested."""
    core = open_core(Channel.TRADES)
    assert match(core, 3, "last_match") == []
    assert match(core, 4) == [
        Trade(
            seq=0,
            ts=NOON,
            instrument=0,
            trade=4,
            aggressor=Side.BUY,
            price=150,
            size=2,
            maker=0,
            taker=0,
            left=None,
            level=None,
        )
    ]
    assert len(match(core, 5)) == 1
    assert len(match(core, 7)) > 1


def test_a_book_is_kept(open_core):
    """A snapshot, and then each level that changes; one that is out of step is asked for again."""
    core = open_core(Channel.BOOK)
    found = tell(core, "snapshot", bids=[["1.50", "0.00000002"]], asks=[["1.60", "0.00000001"]])
    at = {"ts": NOON, "instrument": 0}
    assert found == [
        BookCleared(seq=1, **at),
        LevelSet(seq=1, **at, side=Side.BUY, price=150, level=2),
        LevelSet(seq=1, **at, side=Side.SELL, price=160, level=1),
        Resynced(symbol="BTC-USD", channel=Channel.BOOK, seq=1),
    ]
    assert tell(core, "l2update", changes=[["sell", "1.60", "0.00000000"]]) == [
        LevelSet(seq=2, **at, side=Side.SELL, price=160, level=0)
    ]
    session = CODEC.client_session(SubscriptionSpec(symbols=("BTC-USD",), channels=()), Directory())
    assert [json.loads(text) for text in session.renew(Channel.BOOK, "btcusd")] == [
        {"type": kind, "product_ids": ["BTC-USD"], "channels": ["level2_batch"]}
        for kind in ("unsubscribe", "subscribe")
    ]


def test_a_ticker_is_read(open_core):
    """Best prices and the last one, with their time."""
    core = open_core(Channel.QUOTES)
    [found] = tell(core, "ticker", price="1.50", best_bid="1.40", best_ask="1.60")
    assert isinstance(found, Ticker)
    assert (found.bid, found.ask, found.price) == (140, 160, 150)
    assert stamp(json.dumps({"type": "ticker", "time": TIME}).encode()) == NOON
    assert stamp(b'{"type":"subscriptions"}') is None


def test_what_is_recorded_of_a_connection_is_imported(support, tmp_path):
    """By the importer of the exchange's own recordings: no gap, every trade, tickers that are the book's."""
    rows, listing = support.market(20, "BTC-USD", "ETH-USD")
    stage = support.Stage(listing)
    known = products(listing)
    stage.publish(rows[: len(rows) // 4])
    channels = ("level2", "matches", "ticker")
    ear = stage.ear(*(topics.topic(channel, product.index) for channel in channels for product in known))
    lines, start = ["wss://ws-feed.exchange.coinbase.com <-> 1755440731.0"], 0
    rest = rows[len(rows) // 4 :]
    for at, row in enumerate([None, *rest]):
        stage.publish([] if row is None else [row])
        lines += [f"{1_755_440_732 + at}.0: {text}" for text in ear.texts(start)]
        start = len(ear.received)
    path = tmp_path / "capture"
    path.write_text("\n".join(lines) + "\n")
    report = import_files("coinbase", [path], io.BytesIO(), Options(), tool="feed test")
    trades = sum(row[0] == TRADE for row in rest)
    assert report.gaps == 0
    assert report.messages["snapshot"] == 2
    assert report.messages["match"] == trades > 10
    assert report.checked["trade_id = last + 1"] == trades
    assert report.checked["ticker equals book"] == report.messages["ticker"] > 10
