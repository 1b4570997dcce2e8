"""What messages mean over all the connections of a feed, without a socket or a loop."""

import json

import pytest

from feed.client.core import Core, KeyRefused
from feed.client.states import (
    Connected,
    Gap,
    Garbled,
    Listed,
    OutOfSync,
    Resynced,
    ServerError,
)
from feed.dialects.client import SubscriptionSpec
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
        spec = SubscriptionSpec(symbols=symbols, channels=channels or codec.channels, key=KEY)
        core = Core(codec, spec, URL, resume=resume)
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


def tick(core, seq, **more):
    more = "".join(f',"{name}":{json.dumps(value)}' for name, value in more.items())
    text = f'{{"type":"tick","symbol":"EURUSD","bid":1.08450,"ask":1.08460,"time":7,"seq":{seq}{more}}}'
    return events(core.receive(text))


def trade(core, number, seq, **more):
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
            **more,
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
    kind = {"rails": "resultType", "binance": "e", "kraken": "channel"}.get(dialect, "type")
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


def at(seq, history=1):
    """A position of some market."""
    return f"{seq}-{history:08x}"


def back(core, *, confirm=None):
    """A new connection; gives what it asks for, and the states up to the confirmation."""
    core.url()
    states = core.connected()
    asked = requests(core)
    if confirm is not None:
        states += events(core.receive(json.dumps(confirm)))
    return asked, states


def test_it_goes_on_after_the_last_position_but_one(open_core):
    """Two messages may tell of one event, and only one of them have come; the other is not told twice."""
    core = open_core("guide", Channel.TRADES)
    trade(core, 4, 10, pos=at(10))
    trade(core, 5, 12, pos=at(12))
    asked, states = back(core, confirm={"type": "subscribed", "channels": [], "pos": at(10)})
    assert asked == [{"type": "subscribe", "channels": ["trades_btcusd"], "since": at(10)}]
    assert states == [Connected(url=URL, resumed_after=10)]
    assert trade(core, 5, 12, pos=at(12)) == []
    assert len(trade(core, 6, 13, pos=at(13))) == 1


def test_nothing_is_told_before_the_server_has_answered(open_core):
    """Neither that it goes on nor that it does not."""
    core = open_core("guide", Channel.TRADES)
    trade(core, 4, 10, pos=at(10))
    _, states = back(core)
    assert states == []
    # And so once more, when the connection ends before the answer.
    asked, states = back(core)
    assert asked[0]["since"] == at(10)
    assert states == []


def test_what_has_no_present_is_gone_on_with_from_its_first_position(open_core):
    """That of the confirmation, for trades; quotes begin with how they stand, which must have come."""
    core = open_core("guide", Channel.TRADES)
    said(core, type="subscribed", channels=[], pos=at(7))
    assert back(core)[0][0]["since"] == at(7)
    core = open_core("guide", Channel.QUOTES)
    said(core, type="subscribed", channels=[], pos=at(7))
    asked, states = back(core)
    assert "since" not in asked[0]
    assert states == [Connected(url=URL), Gap(reason="a new connection begins with the present", after=7)]


def test_a_quiet_stream_is_gone_on_with_from_where_an_answer_stood(open_core):
    """Its own last message may be older than what a server keeps."""
    core = open_core("tradyn")
    tick(core, 5, pos=at(5))
    said(core, type="subscribed", symbols=["EURUSD"], pos=at(5))
    for seq in (500, 900):
        said(core, type="subscriptions", symbols=["EURUSD"], pos=at(seq))
    core.url()
    core.connected()
    requests(core)
    said(core, type="auth", success=True)
    assert requests(core) == [{"type": "subscribe", "symbols": ["BTC-USD"], "since": at(500)}]


def test_a_server_that_does_not_say_that_it_goes_on_does_not(open_core):
    """Another one than before may know nothing of it: that is a gap."""
    for confirm in ({"pos": at(99)}, {}):
        core = open_core("guide", Channel.TRADES)
        trade(core, 4, 10, pos=at(10))
        _, states = back(core, confirm={"type": "subscribed", "channels": [], **confirm})
        assert states == [
            Connected(url=URL),
            Gap(reason="the server does not say that it resumes", after=10),
        ]
        assert len(trade(core, 1, 3)) == 1


@pytest.mark.parametrize("text", ["12", "12-xyz", "-", "12-0000000G"])
def test_a_position_that_is_none_is_passed_over(open_core, text):
    """What some other server means by it is its own affair."""
    core = open_core("guide", Channel.TRADES)
    assert len(trade(core, 4, 10, pos=text)) == 1
    assert "since" not in back(core)[0][0]


def test_the_users_own_query_is_kept(open_core):
    """Ours goes beside it, or not at all."""
    codec = codecs()["tradyn"]
    spec = SubscriptionSpec(symbols=("EURUSD",), channels=codec.channels)
    assert Core(codec, spec, "ws://x/y?a=b", resume=True).url() == "ws://x/y?a=b&ext=seq"
    assert Core(codec, spec, "ws://x/y?a=b", resume=False).url() == "ws://x/y?a=b"


def test_a_refused_resume_is_a_gap(open_core):
    """In the server's words; the same connection is asked for the present, whatever its numbers are."""
    core = open_core("guide", Channel.TRADES, Channel.BOOK)
    trade(core, 400, 500, pos=at(500))
    book(core, "snapshot", 500, checksum=0, pos=at(500))
    trade(core, 401, 501, pos=at(501))
    complaint = f"since={at(500)} is of another history: this is not the market you saw"
    _, states = back(core, confirm={"type": "error", "message": complaint})
    assert states == [
        Connected(url=URL),
        Gap(reason=complaint, after=501),
        OutOfSync(symbol="X", reason="a new connection"),
    ]
    assert requests(core) == [{"type": "subscribe", "channels": ["trades_btcusd", "book_btcusd"]}]
    assert not core.begin_anew
    said(core, type="subscribed", channels=[], pos=at(300, 2))
    assert len(trade(core, 7, 301, pos=at(301, 2))) == 1
    assert back(core)[0][0]["since"] == at(300, 2)


def test_each_of_several_subscriptions_goes_on_by_itself(open_core):
    """Each from its own position; one that is refused is a gap of its own and begins with the present."""
    core = open_core("securitypro", symbols=("BTC-USD", "ETH-USD"))
    requests(core)
    sell = {"size": "1", "side": "sell", "ts": "2025-08-17T14:25:32.000Z"}
    streams = [(channel, symbol) for channel in ("ticker", "trades") for symbol in ("BTC-USD", "ETH-USD")]

    def confirm(stream, pos, **more):
        about = dict(zip(("channel", "symbol"), stream, strict=True))
        return events(said(core, **{"type": "subscribed", "subscription": about, "pos": pos, **more}))

    def sold(symbol, seq):
        return events(said(core, type="trade", symbol=symbol, price="7", seq=seq, pos=at(seq), **sell))

    for stream in streams:
        confirm(stream, at(5))
    sold("BTC-USD", 9)
    sold("ETH-USD", 7)
    sold("BTC-USD", 11)
    core.url()
    assert core.connected() == []
    asked = {(item["channel"], item["symbol"]): item.get("since") for item in requests(core)}
    # No ticker has come: those subscriptions have yet to hear how things stand.
    assert asked == dict(zip(streams, (None, None, at(9), at(5)), strict=True))
    found = confirm(streams[0], at(20))
    found += confirm(streams[1], at(20))
    assert found == []
    anew = "a new connection begins with the present"
    assert confirm(streams[2], at(9)) == [
        Connected(url=URL, resumed_after=9),
        Gap(reason=anew, symbol="BTC-USD", after=5),
        Gap(reason=anew, symbol="ETH-USD", after=5),
    ]
    assert sold("BTC-USD", 11) == []
    assert len(sold("BTC-USD", 12)) == 1
    complaint = {"type": "error", "code": "resume_too_old", "message": f"since={at(5)} is too old"}
    assert confirm(streams[3], "", **complaint) == [
        Gap(reason=f"since={at(5)} is too old", symbol="ETH-USD", after=7)
    ]
    assert [(item["channel"], item.get("since")) for item in requests(core)] == [("trades", None)]
    confirm(streams[3], at(12))
    # Its numbers begin anew, and those of the other stream do not.
    assert len(sold("ETH-USD", 6)) == 1
    assert sold("BTC-USD", 12) == []


def test_a_heartbeat_says_where_all_stand(open_core):
    """A stream in which nothing happens keeps up with the others."""
    core = open_core("securitypro", Channel.TRADES)
    requests(core)
    about = {"channel": "trades", "symbol": "BTC-USD"}
    said(core, type="subscribed", subscription=about, pos=at(5))
    for seq in (800, 900):
        said(core, type="heartbeat", ts="2025-08-17T14:25:32.000Z", pos=at(seq))
    assert back(core)[0][0]["since"] == at(800)


def test_another_name_of_a_symbol_is_the_same_subscription(open_core):
    """A server tells of it by the name that it has there."""
    core = open_core("securitypro", Channel.TRADES, symbols=("BTC-USD", "ETH/USDT"))
    requests(core)
    for symbol, seq in (("BTC-USD", 5), ("ETH-USD", 6)):
        said(core, type="subscribed", subscription={"channel": "trades", "symbol": symbol}, pos=at(seq))
    core.url()
    core.connected()
    assert [item["since"] for item in requests(core)] == [at(5), at(6)]


def test_a_tick_names_the_one_before_it(open_core):
    """Who has not heard that one has missed something."""
    core = open_core("tradyn")
    assert len(tick(core, 5)) == 1
    assert len(tick(core, 7, prev=5)) == 1
    gap, event = tick(core, 11, prev=9)
    assert gap == Gap(reason="quotes name the one before", symbol="EURUSD", after=7)
    assert event.seq == 11
    assert len(tick(core, 12, prev=11)) == 1


def test_rails_goes_on_where_its_url_says(open_core):
    """What it tells first with a position shows that it does; a refusal ends the connection."""
    core = open_core("rails", Channel.TRADES)
    for seq in (5, 8):
        core.receive(f'{{"resultType":"pong","data":{{"statusCode":200}},"pos":"{at(seq)}"}}')
    assert core.url().endswith(f"&since={at(5)}")
    assert core.connected() == []
    assert core.receive(f'{{"resultType":"pong","data":{{}},"pos":"{at(9)}"}}') == [
        Connected(url=URL, resumed_after=5)
    ]
    core.url()
    core.connected()
    complaint = f"since={at(8)} is of another history: this is not the market you saw"
    error = {"resultType": "error", "data": {"statusCode": 409, "body": complaint}}
    assert said(core, **error) == [Connected(url=URL), Gap(reason=complaint, after=9)]
    assert core.begin_anew
    assert "since" not in core.url()
    assert core.connected() == [Connected(url=URL)]  # the gap has been told


@pytest.mark.parametrize("dialect", ["tradyn", "guide", "securitypro", "rails"])
def test_the_first_connection_goes_on_where_the_users_url_says(dialect):
    """It is as after a disconnect: granted, or a gap and the present, and never asked for twice."""
    codec = codecs()[dialect]
    spec = SubscriptionSpec(symbols=("BTC-USD",), channels=codec.channels[:1], key=KEY)
    for granted in (True, False):
        core = Core(codec, spec, f"{URL}?conflate=250&since={at(5)}", resume=True)
        url = core.url()
        assert "conflate=250" in url
        assert core.connected() == []
        if dialect == "tradyn":
            core.outgoing.clear()
            said(core, type="auth", success=True)
        assert (f'"since":"{at(5)}"' in core.outgoing[0]) is (dialect != "rails")
        assert (f"since={at(5)}" in url) is (dialect == "rails")
        if granted:
            confirmed = {"type": "subscribed", "resultType": "pong", "data": {}, "pos": at(5)}
            confirmed |= {"subscription": {"channel": "ticker", "symbol": "BTC-USD"}}
            assert said(core, **confirmed) == [Connected(url=core._entry.given, resumed_after=5)]
            continue
        complaint = f"since={at(5)} is ahead of this server"
        error = {"type": "error", "code": "resume_ahead", "message": complaint, "resultType": "error"}
        error |= {"subscription": {"channel": "ticker", "symbol": "BTC-USD"}}
        told = said(core, **error, data={"statusCode": 416, "body": complaint})
        assert [type(item) for item in told] == [Connected, Gap]
        assert told[1].after == 5
        assert core.begin_anew or "since" not in core.outgoing[-1]
        assert "since" not in core.url()


def test_what_is_no_position_in_the_users_url_is_left_to_the_server():
    """Whose protocol may mean something else by it."""
    spec = SubscriptionSpec(symbols=("BTC-USD",), channels=(Channel.QUOTES,))
    core = Core(codecs()["tradyn"], spec, f"{URL}?since=yesterday", resume=True)
    assert core.url() == f"{URL}?since=yesterday&ext=seq"
    assert core.connected() == [Connected(url=f"{URL}?since=yesterday")]
    assert core.refused(400)
    assert core.url() == f"{URL}?since=yesterday"


def test_a_rails_server_that_knows_no_positions_begins_with_the_present(open_core):
    """Its answer to a ping says nothing of where it stands."""
    core = open_core("rails", Channel.TRADES)
    for seq in (5, 8):
        core.receive(f'{{"resultType":"pong","data":{{"statusCode":200}},"pos":"{at(seq)}"}}')
    core.url()
    core.connected()
    assert core.receive('{"resultType":"pong","data":{}}') == [
        Connected(url=URL),
        Gap(reason="the server does not say that it resumes", after=8),
    ]


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
    assert book(core, "delta", 6, [["1.00", "1.00"]], checksum=1) == [
        OutOfSync(symbol="X", reason="checksum")
    ]
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
        OutOfSync(symbol="X", channel=Channel.ORDERS, reason="order 9 is gone that never came")
    ]
    assert [request["channels"] for request in requests(core)] == [["book3_x"]] * 2


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


def test_a_resumed_book_out_of_step_is_asked_for_anew(open_core):
    """As on any connection: what is subscribed to again begins with a snapshot."""
    core = open_core("guide", Channel.BOOK, symbols=("X",))
    book(core, "snapshot", 5, checksum=0, pos=at(5))
    book(core, "delta", 6, [["1.00", "1.00"]], pos=at(6))
    back(core, confirm={"type": "subscribed", "channels": [], "pos": at(5)})
    assert core.books.levels[0].in_sync
    found = book(core, "delta", 7, [["1.00", "1.00"]], checksum=1, pos=at(7))
    assert found == [OutOfSync(symbol="X", reason="checksum")]
    assert [request["type"] for request in requests(core)] == ["unsubscribe", "subscribe"]
    assert not core.begin_anew


def test_a_book_that_was_out_of_step_when_the_connection_ended_is_asked_for_anew(open_core):
    """A connection that goes on tells no snapshot of it."""
    core = open_core("guide", Channel.BOOK)
    book(core, "snapshot", 5, checksum=0, pos=at(5))
    book(core, "delta", 6, [["1.00", "1.00"]], checksum=1, pos=at(6))
    back(core, confirm={"type": "subscribed", "channels": [], "pos": at(5)})
    assert [request["type"] for request in requests(core)] == ["unsubscribe", "subscribe"]


def test_a_new_connection_makes_books_doubtful(open_core):
    """Until its snapshot comes."""
    core = open_core("guide", Channel.BOOK, resume=False)
    book(core, "snapshot", 5, checksum=0)
    assert core.connected()[-1] == OutOfSync(symbol="X", reason="a new connection")
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
    client_session = codecs()["securitypro"].client_session(SubscriptionSpec(symbols=(), channels=()), None)
    items, _ = client_session.receive('{"type":"heartbeat","ts":"2025-08-17T14:25:32.250Z"}')
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
