"""One connection: what is answered, and what is listened to."""

import json

import attrs
import pytest
from kraken_market import BTC, LISTING, SOL, Exchange

from feed.dialects.contract import HandshakeRefusal, Reply, Subscribe, Unsubscribe, UpgradeRequest
from feed.dialects.discovery import dialects
from feed.dialects.kraken.streams import topics
from feed.model.events import STATUS, Status

NOW = "2025-08-17T14:25:31.125000Z"
TIMES = {"time_in": NOW, "time_out": NOW}
BEATS = topics.topic(topics.HEARTBEAT)


@pytest.fixture
def context(support):
    exchange = Exchange()
    return attrs.evolve(support.with_listing(LISTING), market_state=lambda: exchange.state)


@pytest.fixture
def session(context):
    return dialects()["kraken"].session(UpgradeRequest(path="/v2"), context)


def ask(session, method="subscribe", channel="book", number=7, **params):
    """The answers, what is listened to from then on and what no more."""
    request = {"method": method, "params": {"channel": channel, **params}, "req_id": number}
    actions = session.receive(json.dumps(request))
    said = [json.loads(action.text) for action in actions if isinstance(action, Reply)]
    begun = [one for action in actions if isinstance(action, Subscribe) for one in action.topics]
    ended = [one for action in actions if isinstance(action, Unsubscribe) for one in action.topics]
    return said, begun, ended


def done(result, method="subscribe"):
    return {"method": method, "req_id": 7, "result": result, "success": True, **TIMES}


def refused(error, method="subscribe", **more):
    return {"error": error, "method": method, "req_id": 7, "success": False, **more, **TIMES}


def book(instrument, depth=10, *, bare=False):
    return topics.topic("book", instrument, ("depth", str(depth)), bare=bare)


def test_the_status_is_told_on_connect(session):
    """The same to everybody."""
    [told] = session.open()
    status = {"version": "2.0.10", "system": "online", "api_version": "v2", "connection_id": 1}
    assert json.loads(told.text) == {"channel": "status", "type": "update", "data": [status]}
    assert session.authenticated


@pytest.mark.parametrize("path", ["/v3", "/v2/", "/0/public/Time"])
def test_nothing_is_served_at_another_path(context, path):
    """In the style of the exchange's errors."""
    refusal = dialects()["kraken"].session(UpgradeRequest(path=path), context)
    assert refusal == HandshakeRefusal(404, '{"error":["EGeneral:Unknown method"]}')


def test_each_pair_is_answered_by_itself(session):
    """In the exchange's order of fields; heartbeats begin with the first subscription."""
    said, begun, ended = ask(session, symbol=["BTC/USD", "NOPE/USD", "SOL/USD"])
    assert said == [
        done({"channel": "book", "depth": 10, "snapshot": True, "symbol": "BTC/USD"}),
        refused("Currency pair not supported NOPE/USD", symbol="NOPE/USD"),
        done({"channel": "book", "depth": 10, "snapshot": True, "symbol": "SOL/USD"}),
    ]
    assert list(said[0]) == ["method", "req_id", "result", "success", "time_in", "time_out"]
    assert list(said[0]["result"]) == ["channel", "depth", "snapshot", "symbol"]
    assert list(said[1]) == ["error", "method", "req_id", "success", "symbol", "time_in", "time_out"]
    assert (begun, ended) == ([BEATS, book(BTC), book(SOL)], [])
    assert ask(session, channel="trade", symbol=["BTC/USD"])[1] == [topics.topic("trade", BTC, bare=True)]


def test_what_is_held_already_begins_anew(session):
    """It is confirmed, and a snapshot follows; a book of another depth takes its place."""
    ask(session, symbol=["BTC/USD"])
    said, begun, ended = ask(session, symbol=["BTC/USD"])
    assert (said[0]["success"], begun, ended) == (True, [book(BTC)], [book(BTC)])
    _, begun, ended = ask(session, symbol=["BTC/USD"], depth=25, snapshot=False)
    assert (begun, ended) == ([book(BTC, 25, bare=True)], [book(BTC)])
    ask(session, channel="ticker", symbol=["BTC/USD"])
    _, begun, ended = ask(session, channel="ticker", symbol=["BTC/USD"], event_trigger="bbo")
    trades, bbo = (topics.topic("ticker", BTC, ("event_trigger", one)) for one in ("trades", "bbo"))
    assert (begun, ended) == ([bbo], [trades])


def test_candles_of_several_lengths_are_told_apart(session):
    """Each is subscribed to, and ended, by itself."""
    ask(session, channel="ohlc", symbol=["BTC/USD"])
    _, begun, ended = ask(session, channel="ohlc", symbol=["BTC/USD"], interval=60)
    assert (begun, ended) == ([topics.topic("ohlc", BTC, ("interval", "60"))], [])
    said, _, ended = ask(session, "unsubscribe", "ohlc", symbol=["BTC/USD"], interval=60)
    assert said == [done({"channel": "ohlc", "interval": 60, "symbol": "BTC/USD"}, "unsubscribe")]
    assert ended == begun


def test_heartbeats_end_with_the_last_subscription(session):
    """What is not subscribed to cannot be ended."""
    ask(session, symbol=["BTC/USD", "SOL/USD"])
    said, begun, ended = ask(session, "unsubscribe", symbol=["BTC/USD", "NOPE/USD"])
    assert said == [
        done({"channel": "book", "depth": 10, "symbol": "BTC/USD"}, "unsubscribe"),
        refused("Currency pair not supported NOPE/USD", "unsubscribe", symbol="NOPE/USD"),
    ]
    assert (begun, ended) == ([], [book(BTC)])
    assert ask(session, "unsubscribe", symbol=["SOL/USD"])[2] == [book(SOL), BEATS]
    error = refused("Subscription Not Found", "unsubscribe", symbol="SOL/USD")
    assert ask(session, "unsubscribe", symbol=["SOL/USD"]) == ([error], [], [])
    assert ask(session, symbol=["SOL/USD"])[1] == [BEATS, book(SOL)]


def test_instruments_are_told_of_all_at_once(session, context):
    """Then of each pair whose status changes."""
    context.market_state().apply(1, (STATUS, SOL, 1, Status.HALTED))
    said, begun, _ = ask(session, channel="instrument")
    assert said[0] == done({"channel": "instrument", "snapshot": True})
    data = said[1]["data"]
    assert (said[1]["channel"], said[1]["type"]) == ("instrument", "snapshot")
    assert [asset["id"] for asset in data["assets"]] == ["BTC", "DOGE", "SOL", "USD"]
    assert [(one["symbol"], one["status"]) for one in data["pairs"]] == [
        ("BTC/USD", "online"),
        ("SOL/USD", "cancel_only"),
        ("DOGE/USD", "online"),
    ]
    assert data["pairs"][0] == {
        "symbol": "BTC/USD",
        "base": "BTC",
        "quote": "USD",
        "status": "online",
        "qty_precision": 8,
        "qty_increment": 1e-08,
        "price_precision": 1,
        "cost_precision": 5,
        "marginable": False,
        "has_index": False,
        "cost_min": 0.5,
        "tick_size": 0.1,
        "price_increment": 0.1,
        "qty_min": 1e-08,
    }
    assert begun == [BEATS, *(topics.topic("instrument", at) for at in (0, 2, 3))]
    assert len(ask(session, channel="instrument", snapshot=False)[0]) == 1
    assert ask(session, "unsubscribe", "instrument")[2] == [*begun[1:], BEATS]
    error = refused("Subscription Not Found", "unsubscribe")
    assert ask(session, "unsubscribe", "instrument") == ([error], [], [])


@pytest.mark.parametrize(("sent", "named"), [({}, {}), ({"req_id": 101}, {"req_id": 101})])
def test_a_ping_is_answered(session, sent, named):
    """With its number, if it has one."""
    [reply] = session.receive(json.dumps({"method": "ping", **sent}))
    assert json.loads(reply.text) == {"method": "pong", **named, **TIMES}


@pytest.mark.parametrize(
    ("params", "error"),
    [
        (None, "Field 'params' is missing"),
        ({}, "Field 'channel' is missing"),
        ({"channel": "nope"}, "Unsupported channel: 'nope'"),
        ({"channel": "ticker"}, "Field 'symbol' must be a list of currency pairs"),
        ({"channel": "ticker", "symbol": "BTC/USD"}, "Field 'symbol' must be a list of currency pairs"),
        ({"channel": "ticker", "symbol": [1]}, "Field 'symbol' must be a list of currency pairs"),
        ({"channel": "book", "symbol": ["BTC/USD"], "depth": 11}, "Subscription depth not supported"),
        ({"channel": "book", "symbol": ["BTC/USD"], "depth": True}, "Subscription depth not supported"),
        (
            {"channel": "ohlc", "symbol": ["BTC/USD"], "interval": 7},
            "Subscription ohlc interval not supported",
        ),
        ({"channel": "book", "symbol": ["BTC/USD"], "snapshot": 1}, "Field 'snapshot' must be a boolean"),
        (
            {"channel": "ticker", "symbol": ["BTC/USD"], "event_trigger": "all"},
            "Field 'event_trigger' must be 'trades' or 'bbo'",
        ),
    ],
)
def test_what_cannot_be_subscribed_to(session, params, error):
    """A sentence, and nothing is listened to."""
    [reply] = session.receive(json.dumps({"method": "subscribe", "params": params, "req_id": 7}))
    assert json.loads(reply.text) == refused(error)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("nonsense", {"error": "Malformed request"}),
        ("[]", {"error": "Message must be a JSON object"}),
        ("{}", {"error": "Field 'method' is missing"}),
        ('{"method":"ping","req_id":"a"}', {"error": "Field 'req_id' must be an integer"}),
        ('{"method":"query_order","req_id":3}', {"error": "Unsupported method: 'query_order'", "req_id": 3}),
    ],
)
def test_what_is_no_request(session, text, told):
    """The connection stays."""
    [reply] = session.receive(text)
    assert json.loads(reply.text) == {**told, "success": False, **TIMES}
