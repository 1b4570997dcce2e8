"""Version 1 of the WebSocket API: what is answered, what is sent, and what an importer makes of it."""

import io
import json

import pytest
from kraken_market import BTC, LISTING, MINUTE, NOON, SECOND, SOL

from feed.dialects.contract import Reply, Subscribe, Unsubscribe, UpgradeRequest
from feed.dialects.discovery import dialects
from feed.dialects.kraken.streams import topics
from feed.dialects.kraken.version1.encoders import PREFIX
from feed.importers import import_files
from feed.importers.run import Options
from feed.model.events import ADD, CLOCK, QUOTE, REDUCE, TRADE, UNKNOWN

BEATS = topics.topic(f"{PREFIX}heartbeat")


def first(channel, instrument=BTC, option=None):
    return topics.topic(f"{PREFIX}{channel}", instrument, option)


@pytest.fixture
def session(support):
    return dialects()["kraken"].session(UpgradeRequest(path="/v1"), support.with_listing(LISTING))


def ask(session, **request):
    """The answers, what is listened to from then on and what no more."""
    actions = session.receive(json.dumps(request))
    said = [json.loads(action.text) for action in actions if isinstance(action, Reply)]
    begun = [one for action in actions if isinstance(action, Subscribe) for one in action.topics]
    ended = [one for action in actions if isinstance(action, Unsubscribe) for one in action.topics]
    return said, begun, ended


def test_the_status_is_told_on_connect(session):
    """The same to everybody."""
    [told] = session.open()
    assert json.loads(told.text) == {
        "connectionID": 1,
        "event": "systemStatus",
        "status": "online",
        "version": "1.9.2",
    }


def test_each_pair_is_answered_by_itself(session):
    """By its name in this version; heartbeats go along."""
    book = {"depth": 25, "name": "book"}
    said, begun, ended = ask(
        session, event="subscribe", pair=["XBT/USD", "X/Y", "SOL/USD"], subscription=book, reqid=4
    )
    status = {"event": "subscriptionStatus", "reqid": 4, "status": "subscribed", "subscription": book}
    assert said == [
        {**status, "channelID": 1, "channelName": "book-25", "pair": "XBT/USD"},
        {**status, "errorMessage": "Currency pair not supported X/Y", "pair": "X/Y", "status": "error"},
        {**status, "channelID": 3, "channelName": "book-25", "pair": "SOL/USD"},
    ]
    held = [first("book", at, ("depth", "25")) for at in (BTC, SOL)]
    assert (begun, ended) == ([BEATS, *held], [])
    again = ask(session, event="subscribe", pair=["BTC/USD"], subscription=book)
    assert again[1:] == (held[:1], held[:1])
    said, _, ended = ask(session, event="unsubscribe", pair=["XBT/USD", "XDG/USD"], subscription=book)
    assert [one["status"] for one in said] == ["unsubscribed", "error"]
    assert ended == held[:1]
    assert ask(session, event="unsubscribe", pair=["SOL/USD"], subscription=book)[2] == [held[1], BEATS]


@pytest.mark.parametrize(
    ("request_", "told"),
    [
        ({"event": "ping", "reqid": 42}, {"event": "pong", "reqid": 42}),
        ({"event": "ping"}, {"event": "pong"}),
        ({"event": "order"}, {"errorMessage": "Unsupported event", "event": "error"}),
        (
            {"event": "subscribe", "pair": ["XBT/USD"], "subscription": {"name": "level9"}},
            {"errorMessage": "Subscription name invalid", "event": "subscriptionStatus", "status": "error"},
        ),
        (
            {"event": "subscribe", "pair": ["XBT/USD"], "subscription": {"name": "ohlc", "interval": 7}},
            {
                "errorMessage": "Subscription ohlc interval not supported",
                "event": "subscriptionStatus",
                "status": "error",
            },
        ),
        (
            {"event": "subscribe", "subscription": {"name": "trade"}},
            {"errorMessage": "Pair(s) not found", "event": "subscriptionStatus", "status": "error"},
        ),
    ],
)
def test_what_is_answered(session, request_, told):
    """In the exchange's form."""
    assert ask(session, **request_) == ([told], [], [])


@pytest.mark.parametrize("text", ["nonsense", "[]", "\ud800"])
def test_what_is_no_request(session, text):
    """The connection stays."""
    [reply] = session.receive(text)
    assert json.loads(reply.text) == {"errorMessage": "Malformed request", "event": "error"}


@pytest.fixture
def stage(support):
    """Eleven levels on each side of BTC/USD, and a trade."""
    made = support.Stage(LISTING)
    for at in range(11):
        made.publish(
            [(ADD, BTC, NOON, at + 1, 1, 1010 + at, 5, 5), (ADD, BTC, NOON, at + 20, 0, 1000 - at, 7, 7)]
        )
    made.publish([(QUOTE, BTC, NOON, 1000, 7, 1010, 5)])
    made.publish([(TRADE, BTC, NOON, 1, 1, 1005, 9, 0, 0, UNKNOWN, UNKNOWN)])
    return made


def hear(stage, topic, *rows):
    """What comes on subscribing, and what is told of rows."""
    ear = stage.ear(topic)
    begun = [json.loads(text) for text in ear.texts()]
    ear.received.clear()
    stage.publish(rows)
    return begun, [json.loads(text) for text in ear.texts()]


def test_a_book(stage):
    """Its snapshot has no checksum; what comes up from behind is marked."""
    gone = (REDUCE, BTC, NOON + SECOND, 20, 0, 1000, 0, 0)
    [[number, levels, name, pair]], [update] = hear(stage, first("book", option=("depth", "10")), gone)
    assert (number, name, pair) == (1, "book-10", "XBT/USD")
    assert (len(levels["as"]), len(levels["bs"])) == (10, 10)
    assert levels["bs"][0] == ["100.0", "0.00000007", "1709726400.000000"]
    [data] = update[1:-2]
    later = "1709726401.000000"
    assert data["b"] == [["100.0", "0.00000000", later], ["99.0", "0.00000007", later, "r"]]
    assert isinstance(data["c"], str)


def test_trades_spreads_candles_and_tickers(stage):
    """In arrays of texts."""
    later = NOON + SECOND
    trade = (TRADE, BTC, later, 2, 0, 1010, 1, 0, 0, UNKNOWN, UNKNOWN)
    begun, told = hear(stage, first("trade"), trade)
    assert begun == [[1, [["100.5", "0.00000009", "1709726400.000000", "s", "l", ""]], "trade", "XBT/USD"]]
    assert told == [[1, [["101.0", "0.00000001", "1709726401.000000", "b", "l", ""]], "trade", "XBT/USD"]]
    begun, told = hear(
        stage, first("spread"), (QUOTE, BTC, later, 1000, 7, 1010, 4), (QUOTE, BTC, later, 0, 0, 1010, 4)
    )
    row = ["100.0", "101.0", "1709726401.000000", "0.00000007", "0.00000004"]
    assert (begun, told) == ([], [[1, row, "spread", "XBT/USD"]])
    begun, told = hear(stage, first("ohlc", option=("interval", "1")), (*trade[:3], 3, *trade[4:]))
    candle = ["100.5", "101.0", "100.5", "101.0", "100.6", "0.00000011", 3]
    times = ["1709726401.000000", f"{(NOON + MINUTE) // SECOND}.000000"]
    assert (begun, told) == ([], [[1, [*times, *candle], "ohlc-1", "XBT/USD"]])
    begun, told = hear(stage, first("ticker"), (*trade[:3], 4, *trade[4:]))
    assert [one[2:] for one in begun + told] == [["ticker", "XBT/USD"]] * 2
    assert told[0][1]["a"] == ["101.0", "0", "0.00000005"]
    assert (told[0][1]["o"], told[0][1]["t"]) == (["100.5", "100.5"], [4, 4])
    assert hear(stage, first("trade", SOL)) == ([], [])
    _, beats = hear(stage, BEATS, (CLOCK, 0, NOON + 5 * SECOND))
    assert beats[-1] == {"event": "heartbeat"}


@pytest.fixture(scope="module")
def story(support):
    """Some seconds of a real market, and its listing."""
    return support.market(6, "BTC-USD", "BTC-USD@kraken", seed=1)


def of_story(listing):
    at = next(at for at, item in enumerate(listing) if item.venue == "kraken")
    options = {"book": ("depth", "10"), "ohlc": ("interval", "1")}
    return [first(name, at, options.get(name)) for name in ("book", "ohlc", "spread", "ticker", "trade")]


def test_whoever_comes_hears_what_those_before_hear(support, story):
    """From there on, byte for byte."""
    rows, listing = story
    stage = support.Stage(listing)
    early = stage.ear(*of_story(listing))
    stage.publish(rows[: len(rows) // 2])
    late = stage.ear(*of_story(listing))
    greeted, mark = len(late.received), len(early.received)
    stage.publish(rows[len(rows) // 2 :])
    assert late.received[greeted:] == early.received[mark:]
    assert len(late.received) > greeted


def test_what_is_recorded_of_a_connection_is_imported_with_every_checksum(support, story, tmp_path):
    """By the importer of the exchange's own recordings: no gap, and the trades and levels of the market."""
    rows, listing = story
    stage = support.Stage(listing)
    ear = stage.ear(*of_story(listing))
    lines, start = ["wss://ws.kraken.com <-> 1755440731.0"], 0
    for at, row in enumerate(rows):
        stage.publish([row])
        lines += [f"{1_755_440_732 + at}.0: {text}" for text in ear.texts(start)]
        start = len(ear.received)
    path = tmp_path / "capture"
    path.write_text("\n".join(lines) + "\n")
    report = import_files("kraken", [path], io.BytesIO(), Options(), tool="feed test")
    assert report.gaps == 0
    assert list(report.checked) == ["checksum"]
    assert report.checked["checksum"] == report.messages["book update"] > 50
    pair = of_story(listing)[0].instrument
    assert report.messages["trade"] == sum(row[:2] == (TRADE, pair) for row in rows)


@pytest.mark.parametrize("event", ["addOrder", "cancelOrder", "cancelAll", "addOrderBatch"])
def test_orders_are_for_version_2(session, event):
    """What was private in version 1 says where it is."""
    [reply] = session.receive(json.dumps({"event": event, "token": "t", "reqid": 5}))
    assert json.loads(reply.text) == {
        "errorMessage": "EGeneral:Unknown method:accounts are served by version 2, at /v2",
        "event": f"{event}Status",
        "reqid": 5,
        "status": "error",
    }


@pytest.mark.parametrize("name", ["openOrders", "ownTrades"])
def test_private_channels_are_for_version_2(session, name):
    """The same."""
    asked = {"event": "subscribe", "subscription": {"name": name, "token": "t"}}
    [reply] = session.receive(json.dumps(asked))
    assert json.loads(reply.text) == {
        "errorMessage": "EGeneral:Unknown method:accounts are served by version 2, at /v2",
        "event": "subscriptionStatus",
        "status": "error",
    }
