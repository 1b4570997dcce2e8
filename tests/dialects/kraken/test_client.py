"""The exchange's second WebSocket API from the client's end: what it asks for, and what it reads."""

import json

import pytest

from feed.client.core import Core
from feed.client.known import SymbolUnknown
from feed.client.states import Connected, Gap, Listed, OutOfSync, Resynced, ServerError
from feed.dialects.checksums import of_digits
from feed.dialects.client import SubscriptionSpec
from feed.dialects.contract import UpgradeRequest
from feed.dialects.discovery import codecs, dialects
from feed.dialects.items import CandleChanged, Channel, Ticker
from feed.dialects.kraken.client import stamp, symbol_of
from feed.model.events import BookCleared, LevelSet, Side, Trade

CODEC = codecs()["kraken"]
URL = "ws://feed.test/kraken/v2"
NOON = 1_709_726_400_000_000_000


@pytest.fixture
def open_core():
    """Opens the core of a feed that has just connected."""

    def start(*channels, symbols=("BTC/USD",), raw=()):
        spec = SubscriptionSpec(symbols=symbols, channels=channels or CODEC.channels, raw_channels=raw)
        core = Core(CODEC, spec, URL, resume=True)
        assert core.url() == URL  # nothing of ours in it
        assert core.connected() == [Connected(url=URL)]
        return core

    return start


def tell(core, channel, text, kind="update", **more):
    """A message of a channel, its numbers with all their digits; what it says but for what is listed."""
    rest = "".join(f',"{name}":"{value}"' for name, value in more.items())
    found = core.receive(f'{{"channel":"{channel}","type":"{kind}","data":[{text}]{rest}}}')
    return [item for item in found if not isinstance(item, Listed)]


def level(price, quantity):
    return f'{{"price":{price},"qty":{quantity}}}'


def book(bids, asks, checksum):
    told = [",".join(level(*one) for one in side) for side in (bids, asks)]
    return (
        f'{{"symbol":"BTC/USD","bids":[{told[0]}],"asks":[{told[1]}],"checksum":{checksum},'
        '"timestamp":"2024-03-06T12:00:00.000000Z"}'
    )


@pytest.mark.parametrize(
    ("name", "symbol"),
    [
        ("BTC/USD", "BTC/USD"),
        ("BTC-USD@kraken", "BTC/USD"),
        ("ethusdt", "ETH/USDT"),
        ("XBT_USD", "BTC/USD"),
        ("xdgeur", "DOGE/EUR"),
        ("USD", "USD"),
    ],
)
def test_any_usual_spelling_is_understood(name, symbol):
    """As far as it can be."""
    assert symbol_of(name) == symbol


def test_all_is_asked_for(open_core):
    """A request for each channel, of all symbols."""
    core = open_core(Channel.QUOTES, Channel.BOOK, symbols=("BTC-USD", "eth/usd"), raw=("instrument",))
    symbols = ["BTC/USD", "ETH/USD"]
    assert [json.loads(text) for text in core.outgoing] == [
        {
            "method": "subscribe",
            "params": {"channel": "ticker", "event_trigger": "bbo", "symbol": symbols},
            "req_id": 1,
        },
        {"method": "subscribe", "params": {"channel": "book", "depth": 100, "symbol": symbols}, "req_id": 2},
        {"method": "subscribe", "params": {"channel": "instrument"}, "req_id": 3},
    ]


def test_what_it_asks_for_is_taken(open_core, support):
    """By the session of a server; it is subscribed when every pair has been answered."""
    core = open_core(raw=CODEC.raw_channels, symbols=("BTC-USD", "XAUUSD"))
    session = dialects()["kraken"].session(UpgradeRequest(path="/v2"), support.context)
    assert not core.subscribed
    for asked in core.outgoing:
        for text in support.texts(session.receive(asked)):
            assert core.receive(text) == []
    assert core.subscribed


def test_an_error_is_told(open_core):
    """In the exchange's words; a pair that there is not is one that is not known."""
    core = open_core(Channel.TRADES)
    assert core.receive('{"error":"Malformed request","success":false}') == [
        ServerError(message="Malformed request")
    ]
    text = '{"error":"Currency pair not supported X/Y","method":"subscribe","symbol":"X/Y","success":false}'
    with pytest.raises(SymbolUnknown, match="Currency pair not supported X/Y"):
        core.receive(text)
    assert core.receive('{"method":"pong"}') == core.receive('{"channel":"heartbeat"}') == []


def test_trades_are_counted(open_core):
    """A number that is left out is a gap."""
    core = open_core(Channel.TRADES)

    def trade(number):
        return tell(
            core,
            "trade",
            f'{{"symbol":"BTC/USD","side":"sell","price":1.50,"qty":0.00000002,"ord_type":"limit",'
            f'"trade_id":{number},"timestamp":"2024-03-06T12:00:00.000001Z"}}',
        )

    [first] = trade(7)
    assert isinstance(first, Trade)
    assert (first.aggressor, first.price, first.size, first.ts) == (Side.SELL, 150, 2, NOON + 1000)
    [gap, second] = trade(9)
    assert isinstance(gap, Gap)
    assert second.trade == 9


def test_books_are_proved_by_their_checksum(open_core):
    """Each message; where it does not hold, the book is subscribed to again."""
    core = open_core(Channel.BOOK)
    bids, asks = [("1.0", "0.50")], [("1.1", "2.00")]
    found = tell(core, "book", book(bids, asks, of_digits(bids, asks)), "snapshot")
    assert [type(item) for item in found] == [BookCleared, LevelSet, LevelSet, Resynced]
    later = [("0.9", "0.25")]
    [changed] = tell(core, "book", book(later, [], of_digits(bids + later, asks)))
    assert (changed.side, changed.price, changed.level, changed.ts) == (Side.BUY, 9, 25, NOON)
    core.outgoing.clear()
    [lost] = tell(core, "book", book([("0.8", "0.10")], [], 1))
    assert isinstance(lost, OutOfSync)
    params = {"channel": "book", "depth": 100, "symbol": ["BTC/USD"]}
    assert [json.loads(text) for text in core.outgoing] == [
        {"method": "unsubscribe", "params": params},
        {"method": "subscribe", "params": params},
    ]


def test_levels_behind_the_last_one_are_forgotten(open_core):
    """Nothing is said of them; here it is."""
    core = open_core(Channel.BOOK)
    bids = [(f"{200 - at}.0", "1.0") for at in range(100)]
    tell(core, "book", book(bids, [], of_digits(bids[:10], [])), "snapshot")
    best = [("201.0", "3.0")]
    [come, gone] = tell(core, "book", book(best, [], of_digits([*best, *bids[:9]], [])))
    assert (come.price, come.level) == (2010, 30)
    assert (gone.side, gone.price, gone.level) == (Side.BUY, 1010, 0)


def test_tickers_and_candles(open_core):
    """Best prices and the last one; the candle that is open."""
    core = open_core()
    text = '{"symbol":"BTC/USD","bid":1.0,"ask":1.5,"last":1.25,"timestamp":"2024-03-06T12:00:00.000000Z"}'
    [ticker] = tell(core, "ticker", text)
    assert isinstance(ticker, Ticker)
    assert (ticker.bid, ticker.ask, ticker.price, ticker.ts) == (100, 150, 125, NOON)
    text = (
        '{"symbol":"BTC/USD","open":1.00,"high":2.00,"low":1.00,"close":1.50,"trades":3,"volume":0.7,'
        '"interval_begin":"2024-03-06T12:00:00.000000000Z"}'
    )
    [changed] = tell(core, "ohlc", text, timestamp="2024-03-06T12:00:02.000000001Z")
    assert isinstance(changed, CandleChanged)
    candle = changed.candle
    assert (candle.start, candle.high, candle.close, candle.volume, candle.trades) == (NOON, 200, 150, 7, 3)
    assert (changed.ts, changed.closed) == (NOON + 2_000_000_001, False)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('{"channel":"book","data":[{"timestamp":"2024-03-06T12:00:00.000001Z"}]}', NOON + 1000),
        (
            '{"channel":"ohlc","data":[{"timestamp":"x"}],"timestamp":"2024-03-06T12:00:00.000000002Z"}',
            NOON + 2,
        ),
        ('{"channel":"book","data":[{}]}', None),
        ('{"channel":"trade","data":[]}', None),
        ('{"channel":"instrument","data":{}}', None),
        ('{"method":"pong"}', None),
    ],
)
def test_the_time_of_a_message(text, found):
    """It never falls in the stream of a pair."""
    assert stamp(text.encode()) == found
