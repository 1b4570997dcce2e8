"""The exchange's streams from the client's end: what it asks for, and what it reads."""

import json

import pytest

from feed.client.core import Core
from feed.client.states import Connected, Gap, Listed, Resynced, ServerError
from feed.dialects.binance.client import update_id
from feed.dialects.client import SubscriptionSpec
from feed.dialects.contract import UpgradeRequest
from feed.dialects.discovery import codecs, dialects
from feed.dialects.items import CandleChanged, Channel, Ticker
from feed.model.events import BookCleared, LevelSet, Side, Trade

CODEC = codecs()["binance"]
URL = "ws://feed.test/binance"


@pytest.fixture
def open_core():
    """Opens the core of a feed that has just connected, and whose subscription is confirmed."""

    def start(*channels, symbols=("BTCUSDT",), raw=()):
        spec = SubscriptionSpec(symbols=symbols, channels=channels or CODEC.channels, raw_channels=raw)
        core = Core(CODEC, spec, URL, resume=True)
        assert core.url() == URL  # nothing of ours in it
        assert core.connected() == [Connected(url=URL)]
        return core

    return start


def tell(core, stream, **data):
    found = core.receive(json.dumps({"stream": stream, "data": data}))
    return [item for item in found if not isinstance(item, Listed)]


def test_all_is_asked_for_at_once(open_core):
    """In messages that name their stream; what is quoted in dollars elsewhere is asked for in both names."""
    core = open_core(Channel.TRADES, Channel.BOOK, symbols=("BTC/USDT", "ETH-USD"), raw=("avgPrice",))
    properties, subscription = map(json.loads, core.outgoing)
    assert properties == {"method": "SET_PROPERTY", "params": ["combined", True], "id": 0}
    kinds = ("trade", "depth20@100ms", "depth@100ms", "avgPrice")
    assert subscription == {
        "method": "SUBSCRIBE",
        "params": [f"{symbol}@{kind}" for symbol in ("btcusdt", "ethusd", "ethusdt") for kind in kinds],
        "id": 1,
    }


def test_what_it_asks_for_is_taken(open_core, support):
    """By the session of a server, message by message."""
    core = open_core(raw=CODEC.raw_channels)
    session = dialects()["binance"].session(UpgradeRequest(path="/ws"), support.context)
    texts = [text for asked in core.outgoing for text in support.texts(session.receive(asked))]
    assert texts == ['{"result":null,"id":0}', '{"result":null,"id":1}']
    assert [core.receive(text) for text in texts] == [[], []]
    assert core.subscribed


def test_an_error_is_told(open_core):
    """With the exchange's code and words."""
    core = open_core()
    text = '{"error":{"code":2,"msg":"Invalid request: invalid stream"},"id":1}'
    assert core.receive(text) == [ServerError(message="Invalid request: invalid stream", code="2")]
    assert core.receive('{"result":["btcusdt@trade"],"id":2}') == []
    assert core.receive('{"e":"serverShutdown","E":1}') == []


def test_trades_are_counted(open_core):
    """A number that is left out is a gap."""
    core = open_core(Channel.TRADES)

    def trade(number, maker):
        fields = {"e": "trade", "E": 5, "s": "BTCUSDT", "t": number, "p": "1.50000000", "q": "2.00000000"}
        return tell(core, "btcusdt@trade", **fields, T=4, m=maker, M=True)

    (first,) = trade(7, False)
    assert isinstance(first, Trade)
    assert (first.ts, first.trade, first.aggressor, first.price) == (4_000_000, 7, Side.BUY, 150_000_000)
    gap, after = trade(9, True)
    assert (gap.missed, gap.symbol, after.aggressor) == (1, "BTCUSDT", Side.SELL)
    assert isinstance(gap, Gap)


def test_quotes_are_tickers(open_core):
    """Best prices, and the last one."""
    fields = {"e": "24hrTicker", "E": 6, "s": "BTCUSDT", "c": "3.00", "b": "1.00", "a": "2.00"}
    (found,) = tell(open_core(Channel.QUOTES), "btcusdt@ticker", **fields)
    assert isinstance(found, Ticker)
    assert (found.ts, found.bid, found.ask, found.price) == (6_000_000, 100, 200, 300)


def test_a_book_is_its_top_with_the_time_of_the_diff(open_core):
    """A diff whose top has not come says nothing."""
    core = open_core(Channel.BOOK)
    diff = {"e": "depthUpdate", "E": 8, "s": "BTCUSDT", "U": 3, "u": 5, "b": [], "a": []}
    assert tell(core, "btcusdt@depth@100ms", **diff) == []
    top = {"lastUpdateId": 5, "bids": [["2.0", "1.0"]], "asks": [["3.0", "4.0"]]}
    assert tell(core, "btcusdt@depth20@100ms", **top) == []
    cleared, bid, ask, synced = tell(core, "btcusdt@depth@100ms", **diff)
    at = {"seq": 5, "ts": 8_000_000, "instrument": 0}
    assert cleared == BookCleared(**at)
    assert bid == LevelSet(**at, side=Side.BUY, price=20, level=10)
    assert ask == LevelSet(**at, side=Side.SELL, price=30, level=40)
    assert synced == Resynced(symbol="BTCUSDT", channel=Channel.BOOK, seq=5)
    tell(core, "btcusdt@depth20@100ms", lastUpdateId=9, bids=[], asks=[["3.0", "4.0"]])
    assert tell(core, "btcusdt@depth@100ms", **(diff | {"U": 6, "u": 9}))
    assert core.books.levels[0].levels(Side.BUY) == []


def test_candles(open_core):
    """Open ones, and closed ones once."""
    k = {"t": 60_000, "o": "1.0", "h": "4.0", "l": "0.5", "c": "2.0", "v": "7.0", "n": 3, "x": True}
    (found,) = tell(open_core(Channel.CANDLES), "btcusdt@kline_1m", e="kline", E=120_000, s="BTCUSDT", k=k)
    assert isinstance(found, CandleChanged)
    assert (found.closed, found.candle.start, found.candle.high) == (True, 60_000_000_000, 40)


def test_what_was_not_asked_for_is_passed_over(open_core):
    """Also what is only compared, byte by byte."""
    core = open_core(Channel.TRADES, raw=("miniTicker",))
    assert tell(core, "btcusdt@miniTicker", e="24hrMiniTicker", E=1, s="BTCUSDT", c="1") == []
    assert core.receive('{"stream":"!miniTicker@arr","data":[]}') == []


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ('{"stream":"a@depth","data":{"U":3,"u":5}}', 5),
        ('{"stream":"a@depth5","data":{"lastUpdateId":6}}', 6),
        ('{"stream":"a@trade","data":{"t":3}}', None),
        ('{"result":null,"id":1}', None),
    ],
)
def test_numbers_of_messages(text, number):
    """Update ids, where there is a book."""
    assert update_id(text.encode()) == number
