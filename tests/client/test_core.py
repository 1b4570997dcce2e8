"""What messages mean over all the connections of a feed, without a socket or a loop."""

import json

import pytest

from feed.client.core import Core, KeyRefused
from feed.client.states import (
    Connected,
    Desynced,
    Gap,
    Garbled,
    Listed,
    Resynced,
    ServerError,
)
from feed.dialects.client import Wish
from feed.dialects.discovery import codecs
from feed.dialects.items import CandleChanged, Channel, Heartbeat, OrderSet, Ticker
from feed.model.candles import Candle
from feed.model.events import UNKNOWN, BookCleared, LevelSet, Quote, Side, Trade

KEY = "tk_live_a1b2c3d4e5f6"
URL = "ws://feed.test"
MS = 1_000_000


@pytest.fixture
def open_core():
    """Opens the core of a feed that has just connected; gives it and its first states."""

    def start(dialect, *channels, symbols=("BTC-USD",), resume=True):
        codec = codecs()[dialect]
        wish = Wish(symbols=symbols, channels=channels or codec.channels, key=KEY)
        core = Core(codec, wish, URL, resume=resume)
        core.url()
        assert core.connected() == [Connected(url=URL)]
        return core

    return start


def said(core, **fields):
    return core.receive(json.dumps(fields))


def requests(core):
    sent = [json.loads(text) for text in core.outgoing]
    core.outgoing.clear()
    return sent


def events(found):
    return [item for item in found if not isinstance(item, Listed)]


def tick(core, seq, bid="1.08450"):
    text = f'{{"type":"tick","symbol":"EURUSD","bid":{bid},"ask":1.08460,"time":7,"seq":{seq}}}'
    return events(core.receive(text))


def trade(core, number, seq):
    return events(
        said(
            core,
            type="trade",
            channel="trades_btcusd",
            symbol="BTC-USD",
            id=str(number),
            price="100.50",
            size="0.10",
            side="sell",
            ts=5,
            seq=seq,
        )
    )


def book(core, action, seq, bids=(), asks=(), *, checksum=None, **parts):
    return events(
        said(
            core,
            type="book",
            symbol="X",
            action=action,
            bids=bids,
            asks=asks,
            ts=5,
            seq=seq,
            checksum=checksum,
            **parts,
        )
    )


# --- what the protocols say ------------------------------------------------------------------------


def test_tradyn_is_asked_once_the_key_is_good(open_core):
    """The key first; the subscription when it is accepted; ready when that is confirmed."""
    core = open_core("tradyn", symbols=("EURUSD", "XAUUSD"))
    assert requests(core) == [{"type": "auth", "apiKey": KEY}]
    assert said(core, type="welcome", message="hello") == []
    assert said(core, type="auth", success=True, message="fine") == []
    assert requests(core) == [{"type": "subscribe", "symbols": ["EURUSD", "XAUUSD"]}]
    assert core.probe() is None
    assert said(core, type="subscribed", symbols=["EURUSD"], totalSubscriptions=1) == []
    assert json.loads(core.probe()) == {"type": "list"}


def test_a_tick_keeps_every_digit(open_core):
    """JSON numbers become ticks by their digits, trailing zeros and all."""
    assert tick(open_core("tradyn"), 9) == [
        Quote(seq=9, ts=7 * MS, instrument=0, bid=108450, bid_size=UNKNOWN, ask=108460, ask_size=UNKNOWN)
    ]


def test_securitypro_is_asked_for_each_stream_and_answered(open_core):
    """One frame each with the key; a heartbeat is answered by a pong."""
    core = open_core("securitypro", symbols=("BTC-USD", "ETH-USD"))
    assert requests(core) == [
        {"op": "subscribe", "channel": channel, "symbol": symbol, "apiKey": KEY}
        for channel in ("ticker", "trades")
        for symbol in ("BTC-USD", "ETH-USD")
    ]
    assert said(core, type="heartbeat", ts="2025-08-17T14:25:32.000Z") == []
    assert requests(core) == [{"type": "pong", "ts": "2025-08-17T14:25:32.000Z"}]


def test_securitypros_own_examples_are_understood(open_core):
    """As the document prints them: no channel, no sequence number."""
    core = open_core("securitypro")
    ts = 1_755_440_731_125 * MS
    found = said(
        core,
        type="trade",
        symbol="BTC-USD",
        price="45000.12",
        size="0.002",
        side="buy",
        ts="2025-08-17T14:25:31.125Z",
    )
    assert events(found) == [
        Trade(
            seq=0,
            ts=ts,
            instrument=0,
            trade=0,
            aggressor=Side.BUY,
            price=4500012,
            size=2,
            maker=0,
            taker=0,
            left=None,
            level=None,
        )
    ]
    found = said(
        core,
        type="ticker",
        symbol="BTC-USD",
        bid="44995.00",
        ask="45005.00",
        price="45000.12",
        ts="2025-08-17T14:25:31.125Z",
    )
    [ticker] = found
    assert isinstance(ticker, Ticker)
    assert (ticker.bid, ticker.ask, ticker.price) == (4499500, 4500500, 4500012)


def test_the_guide_is_asked_for_all_at_once(open_core):
    """In its own names of channels."""
    core = open_core("guide", Channel.QUOTES, Channel.BOOK, symbols=("BTC-USD",))
    assert requests(core) == [{"type": "subscribe", "channels": ["ticker_btcusd", "book_btcusd"]}]


@pytest.mark.parametrize("dialect", sorted(codecs()))
@pytest.mark.parametrize(
    "text", ["", "garbage{", "[]", "7", '"x"', "{}", '{"type":7}', '{"type":null}', "\ud800", "[" * 5000]
)
def test_garbage_is_told_and_passed_over(open_core, dialect, text):
    """No message of a server raises; the next one is read as ever."""
    core = open_core(dialect)
    [state] = core.receive(text)
    assert isinstance(state, Garbled)
    kind = "resultType" if dialect == "rails" else "type"
    assert core.receive(f'{{"{kind}":"a kind that is to come"}}') == []


@pytest.mark.parametrize(
    ("dialect", "fields"),
    [
        ("tradyn", {"type": "tick", "symbol": "X", "bid": "1", "ask": 2, "time": 1}),
        ("tradyn", {"type": "tick", "symbol": "X", "bid": None, "ask": 2, "time": 1}),
        (
            "guide",
            {
                "type": "trade",
                "symbol": "X",
                "id": "a",
                "price": "1",
                "size": "1",
                "side": None,
                "ts": 1,
                "seq": 1,
            },
        ),
        ("guide", {"type": "ticker", "symbol": "X", "price": "1", "bid": "", "ask": "1", "ts": 1, "seq": 1}),
        ("securitypro", {"type": "heartbeat", "ts": "noon"}),
    ],
)
def test_wrong_fields_are_told_and_passed_over(open_core, dialect, fields):
    """A known message with a price that is none, or a time."""
    [state] = said(open_core(dialect), **fields)
    assert isinstance(state, Garbled)


# --- sequence --------------------------------------------------------------------------------------


def test_what_was_said_twice_or_overtaken_is_dropped(open_core):
    """A stream never goes back."""
    core = open_core("tradyn")
    seqs = [5, 5, 9, 7, 10]
    assert [bool(tick(core, seq)) for seq in seqs] == [True, False, True, False, True]


def test_numbered_trades_show_a_gap(open_core):
    """How many are missing, before the trade that shows it."""
    core = open_core("guide")
    assert len(trade(core, 4, 10)) == 1
    gap, event = trade(core, 8, 20)
    assert gap == Gap(reason="trades are numbered", symbol="BTC-USD", missed=3)
    assert (event.trade, event.seq) == (8, 20)


def test_it_resumes_after_the_last_event_but_one(open_core):
    """Two messages may tell of one event, and only one of them have come; the other is not told twice."""
    core = open_core("guide", Channel.QUOTES, Channel.TRADES)
    trade(core, 4, 10)
    assert core.url() == f"{URL}?ext=seq&since=9"
    assert core.connected() == [Connected(url=URL, resumed_after=9)]
    assert trade(core, 4, 10) == []
    assert len(trade(core, 5, 11)) == 1


def test_the_users_own_query_is_kept(open_core):
    """Ours goes beside it, or not at all."""
    codec = codecs()["tradyn"]
    wish = Wish(symbols=("EURUSD",), channels=codec.channels)
    assert Core(codec, wish, "ws://x/y?a=b", resume=True).url() == "ws://x/y?a=b&ext=seq"
    assert Core(codec, wish, "ws://x/y?a=b", resume=False).url() == "ws://x/y?a=b"


def test_a_refused_resume_begins_anew(open_core):
    """The error says so, this connection is given up, and the next one tells of the gap."""
    core = open_core("tradyn")
    tick(core, 500)
    core.url()
    core.connected()
    complaint = "since=499 is too old: the oldest event kept is 900"
    assert said(core, type="error", message=complaint) == [ServerError(message=complaint)]
    assert core.begin_anew
    assert tick(core, 501) == []
    assert core.url() == f"{URL}?ext=seq"


def test_a_server_that_knows_no_options_is_asked_without(open_core):
    """Once its refusal may be due to them; a refusal that is not is left alone."""
    core = open_core("tradyn")
    assert not core.refused(503)
    assert core.url() == f"{URL}?ext=seq"
    assert core.refused(400)
    assert core.url() == URL
    assert not core.refused(400)


def test_a_connection_that_cannot_resume_tells_of_the_gap(open_core):
    """Without sequence numbers nobody knows what was missed; numbered trades start over."""
    core = open_core("guide", resume=False)
    said(core, type="subscribed", channels=[])
    trade(core, 4, 10)
    assert core.connected() == [
        Connected(url=URL),
        Gap(reason="a new connection begins with the present", after=10),
    ]
    assert len(trade(core, 2, 3)) == 1


# --- books -----------------------------------------------------------------------------------------


def test_a_snapshot_becomes_events_and_the_book_is_in_sync(open_core):
    """Cleared, each level, and then the word that it is right."""
    core = open_core("guide", Channel.BOOK)
    assert book(
        core,
        "snapshot",
        5,
        [["2325.00", "1.50"], ["2324.50", "2.00"]],
        [["2325.25", "0.25"]],
        checksum=2334195820,
    ) == [
        BookCleared(seq=5, ts=5 * MS, instrument=0),
        LevelSet(seq=5, ts=5 * MS, instrument=0, side=Side.BUY, price=232500, level=150),
        LevelSet(seq=5, ts=5 * MS, instrument=0, side=Side.BUY, price=232450, level=200),
        LevelSet(seq=5, ts=5 * MS, instrument=0, side=Side.SELL, price=232525, level=25),
        Resynced(symbol="X", seq=5),
    ]


def test_a_book_out_of_step_is_asked_for_anew(open_core):
    """Unsubscribe and subscribe: a new subscription has a snapshot. Deltas until then say nothing."""
    core = open_core("guide", Channel.BOOK)
    requests(core)
    book(core, "snapshot", 5, checksum=0)
    assert book(core, "delta", 6, [["1.00", "1.00"]], checksum=1) == [Desynced(symbol="X", reason="checksum")]
    assert requests(core) == [
        {"type": "unsubscribe", "channels": ["book_x"]},
        {"type": "subscribe", "channels": ["book_x"]},
    ]
    assert book(core, "delta", 7, [["1.00", "2.00"]], checksum=1) == []
    assert book(core, "snapshot", 8, checksum=0)[-1] == Resynced(symbol="X", seq=8)


def orders(core, action, seq, bids=(), asks=()):
    rows = {"bids": bids, "asks": asks}
    return events(said(core, type="book3", symbol="X", action=action, **rows, ts=5, seq=seq))


def test_single_orders_become_events_and_a_book(open_core):
    """What is left of each; the queue at a price is in the order of arrival."""
    core = open_core("guide", Channel.ORDERS)
    assert orders(core, "snapshot", 5, [["7", "1.0", "2"]]) == [
        BookCleared(seq=5, ts=5 * MS, instrument=0),
        OrderSet(seq=5, ts=5 * MS, instrument=0, order="7", side=Side.BUY, price=10, size=2),
        Resynced(symbol="X", channel=Channel.ORDERS, seq=5),
    ]
    assert orders(core, "delta", 6, [["8", "1.0", "3"]]) == [
        OrderSet(seq=6, ts=5 * MS, instrument=0, order="8", side=Side.BUY, price=10, size=3)
    ]
    assert core.books.orders[0].queue(Side.BUY, 10) == [("7", 2), ("8", 3)]


def test_a_lost_order_is_told_and_the_book_asked_for_anew(open_core):
    """When a word comes that it is gone."""
    core = open_core("guide", Channel.ORDERS)
    requests(core)
    orders(core, "snapshot", 5)
    assert orders(core, "delta", 7, [["9", "1.0", "0"]]) == [
        Desynced(symbol="X", channel=Channel.ORDERS, reason="order 9 is gone that never came")
    ]
    assert [request["channels"] for request in requests(core)] == [["book3_x"]] * 2


def test_a_resumed_book_of_orders_out_of_step_begins_anew(open_core):
    """A resumed connection tells no snapshots, and there is no such book by REST."""
    core = open_core("guide", Channel.ORDERS)
    orders(core, "snapshot", 5)
    core.url()
    core.connected()
    orders(core, "delta", 7, [["9", "1.0", "0"]])
    assert core.begin_anew
    assert not core.lost


def candle(core, seq, close, *, closed=False):
    figures = {"open": "1.50", "high": "2.00", "low": "1.50", "close": close, "volume": "3", "trades": 2}
    times = {"open_time": 60_000, "close_time": 120_000, "ts": 61_000}
    return events(said(core, type="candle", symbol="X", **figures, **times, closed=closed, seq=seq))


def test_a_candle_is_told_once_and_once_more_when_it_is_closed(open_core):
    """It bears the number of an event before it, which two of them can share; a resume repeats it."""
    core = open_core("guide", Channel.CANDLES)
    (first,) = candle(core, 5, "2.00")
    assert first == CandleChanged(
        seq=5,
        ts=61_000 * MS,
        instrument=0,
        candle=Candle(60_000 * MS, 150, 200, 150, 200, 3, 2, 61_000 * MS),
        closed=False,
    )
    assert candle(core, 5, "2.00") == []
    (closed,) = candle(core, 5, "2.00", closed=True)
    assert closed.closed
    assert candle(core, 4, "1.60") == []


ANSWER = (
    b'{"symbol":"X","seq":8,"ts":"2024-03-06T12:00:00.000Z",'
    b'"bids":[["1.00","2.00"]],"asks":[["1.10","3.00"]]}'
)


@pytest.fixture
def lost_core(open_core):
    """A connection that resumed, and whose book is out of step."""
    core = open_core("guide", Channel.BOOK)
    book(core, "snapshot", 5, checksum=0)
    core.url()
    core.connected()
    assert core.books.levels[0].in_sync
    assert book(core, "delta", 6, [["1.00", "1.00"]], checksum=1) == [Desynced(symbol="X", reason="checksum")]
    return core


def test_a_resumed_book_out_of_step_is_had_by_rest(lost_core):
    """A resumed connection has no snapshots: all its subscriptions begin in the past."""
    core = lost_core

    assert (list(core.lost), core.begin_anew) == (["X"], False)
    assert core.book_url("X") == "http://feed.test/v1/market/book?symbol=X&depth=1000"
    core.lost.clear()
    found = core.reconcile("X", ANSWER)

    assert [type(item) for item in found] == [BookCleared, LevelSet, LevelSet, Resynced]
    assert found[-1] == Resynced(symbol="X", seq=8)
    # What the connection says next is applied on top, if it is newer than the answer.
    assert book(core, "delta", 8, [["1.00", "9.00"]]) == []
    assert [item.level for item in book(core, "delta", 9, [["1.00", "0.00"]])] == [0]
    assert core.books.levels[0].texts(Side.BUY) == []


@pytest.mark.parametrize("body", [None, b"", b"<html>", b'{"symbol":"X"}', ANSWER.replace(b"2.00", b"two")])
def test_without_a_book_by_rest_the_connection_is_given_up(lost_core, body):
    """The next one begins with the present."""
    assert lost_core.reconcile("X", body) == [Gap(reason="no book by REST", symbol="X")]
    assert lost_core.begin_anew
    assert lost_core.url() == f"{URL}?ext=seq"


def test_a_new_connection_makes_books_doubtful(open_core):
    """Until its snapshot comes."""
    core = open_core("guide", Channel.BOOK, resume=False)
    book(core, "snapshot", 5, checksum=0)
    assert core.connected()[-1] == Desynced(symbol="X", reason="a new connection")
    assert not core.books.levels[0].in_sync


# --- keys ------------------------------------------------------------------------------------------


def test_a_key_that_was_never_good_is_given_up(open_core):
    """Knocking on would not help."""
    with pytest.raises(KeyRefused, match="Invalid API key"):
        said(open_core("tradyn"), type="error", message="Invalid API key")
    with pytest.raises(KeyRefused):
        said(open_core("securitypro"), type="error", code="unauthorized", message="no")
    with pytest.raises(KeyRefused):
        said(open_core("tradyn"), type="auth", success=False, message="no")


def test_a_key_that_was_good_before_is_tried_again(open_core):
    """A server that forgets its keys for a moment costs no more than that moment."""
    core = open_core("securitypro")
    said(core, type="subscribed", subscription={})
    assert said(core, type="error", code="unauthorized", message="no") == [
        ServerError(message="no", code="unauthorized")
    ]


def test_a_heartbeat_has_the_markets_time():
    """To the millisecond."""
    dialogue = codecs()["securitypro"].dialogue(Wish(symbols=(), channels=()), None)
    items, _ = dialogue.receive('{"type":"heartbeat","ts":"2025-08-17T14:25:32.250Z"}')
    assert items == [Heartbeat(1_755_440_732_250 * MS)]


def test_where_nothing_can_be_resumed_nobody_asks(open_core):
    """Market.ai numbers its messages when asked, and every connection begins with the present."""
    core = open_core("marketai", symbols=("BTC/USDT",))
    data = {"exchange": "x", "symbol": "BTC/USDT", "price": "1.5", "quantity": "2", "side": "buy"}
    fields = {"channel": "trades", "ts": 7, "data": {**data, "timestamp": 7}}
    (event,) = events(said(core, type="update", **fields, seq=9))
    assert event.seq == 9
    assert core.url() == f"{URL}?ext=seq"
    assert core.connected()[1] == Gap(reason="a new connection begins with the present", after=9)
