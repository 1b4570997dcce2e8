"""
What client and server say to each other, byte for byte.

The numbers are those of the lines in the dialect's ``NOTES.md``.
"""

import json

import attrs
import pytest

from feed.dialects.contract import (
    Close,
    DisconnectCause,
    HandshakeRefusal,
    Reply,
    Subscribe,
    Unsubscribe,
    UpgradeRequest,
)
from feed.dialects.discovery import route
from feed.dialects.securitypro.dialect import DIALECT
from feed.dialects.securitypro.policy import SecurityProPolicy
from feed.model.topics import Topic
from feed.policies import Policies

TS = '"ts":"2025-08-17T14:25:31.125Z"'
UNAUTHORIZED = Reply(f'{{"type":"error","code":"unauthorized","message":"Invalid or missing API key.",{TS}}}')
HEARTBEAT = Topic("securitypro", "heartbeat", 0, (("seconds", "10"),))
TURNED_AWAY = [UNAUTHORIZED, Close(1008, "Invalid or missing API key.")]


def error(text, code="invalid_request"):
    return Reply(f'{{"type":"error","code":"{code}","message":"{text}",{TS}}}')


def confirmed(kind, channel, symbol):
    subscription = f'{{"channel":"{channel}","symbol":"{symbol}"}}'
    return Reply(f'{{"type":"{kind}","subscription":{subscription},{TS}}}')


def subscribed(support, channel, symbol):
    topic = Topic("securitypro", channel, support.listing.index(symbol))
    return [confirmed("subscribed", channel, symbol), Subscribe((HEARTBEAT, topic))]


class Client:
    """Says something as a client, and returns the actions."""

    def __init__(self, support, query=None, **policy):
        self.now = support.now
        policies = Policies(securitypro=SecurityProPolicy(**policy))
        context = attrs.evolve(support.context, policies=policies, now=lambda: self.now)
        self.session = DIALECT.session(UpgradeRequest(path="/market/ws", query=query or {}), context)

    def say(self, op="subscribe", **fields):
        return self.session.receive(json.dumps({"op": op, **fields}))

    def subscribe(self, channel="trades", symbol="BTC-USD", **fields):
        return self.say(channel=channel, symbol=symbol, **fields)


@pytest.fixture
def client(support):
    """A client that has said nothing yet."""
    return Client(support)


def test_line_1_paths():
    """The document's own, and one that always means this dialect."""
    assert route("/market/ws", {}) is DIALECT
    assert route("/securitypro", {}) is DIALECT


def test_line_1_the_client_speaks_first(client):
    """The document has no greeting."""
    assert client.session.open() == ()


def test_line_2_subscribe_frame_of_the_document(support, client):
    """As it is printed there, but for the key."""
    text = (
        '{\n  "op": "subscribe",\n  "channel": "trades",\n  "symbol": "BTC-USD",\n  "apiKey": "good key"\n}'
    )
    assert client.session.receive(text) == subscribed(support, "trades", "BTC-USD")


@pytest.mark.parametrize("name", ["BTC-USD", "btcusd", "BTC/USDT"])
def test_line_2_symbol_in_any_usual_spelling(support, client, name):
    """What is sent carries the market's own."""
    assert client.subscribe("ticker", name, apiKey="good key") == subscribed(support, "ticker", "BTC-USD")


def test_line_2_a_batch_is_answered_entry_by_entry(support, client):
    """In the order of the entries; what is wrong with one is said in its place, and voids no other."""
    entries = [("trades", "btcusd"), ("news", "BTC-USD"), ("ticker", "DOGE-USD"), ("ticker", "XAUUSD")]
    batch = [{"channel": channel, "symbol": symbol} for channel, symbol in entries]
    *said, listening = client.say(subscriptions=batch, apiKey="good key")
    assert [json.loads(reply.text)["type"] for reply in said] == [
        "subscribed",
        "error",
        "error",
        "subscribed",
    ]
    assert said[0] == confirmed("subscribed", "trades", "BTC-USD")
    wrong = json.loads(said[2].text)
    assert (wrong["code"], wrong["subscription"]) == (
        "not_found",
        {"channel": "ticker", "symbol": "DOGE-USD"},
    )
    topics = [
        Topic("securitypro", "trades", support.listing.index("BTC-USD")),
        Topic("securitypro", "ticker", support.listing.index("XAUUSD")),
    ]
    assert listening == Subscribe((HEARTBEAT, *topics))
    assert client.say("unsubscribe", subscriptions=batch[:1]) == [
        Unsubscribe((topics[0],)),
        confirmed("unsubscribed", "trades", "BTC-USD"),
    ]


def test_line_2_a_batch_without_a_key_subscribes_to_nothing(client):
    """As a single frame: an error, then the end."""
    assert client.say(subscriptions=[{"channel": "trades", "symbol": "BTC-USD"}]) == TURNED_AWAY


@pytest.mark.parametrize(
    "batch",
    [
        [],
        "trades",
        [7],
        [{"channel": "trades"}],
        [{"channel": "trades", "symbol": "BTC-USD"}] * 101,
        [{"channel": 1, "symbol": "BTC-USD"}],
        {"channel": "trades", "symbol": "BTC-USD"},
    ],
)
def test_line_2_a_batch_that_is_none_is_one_error(client, batch):
    """And nothing of it is subscribed to."""
    (answer,) = client.say(subscriptions=batch, apiKey="good key")
    said = json.loads(answer.text)
    assert (said["type"], said["code"]) == ("error", "invalid_request")


def test_line_2_a_batch_of_nothing_that_is_known_is_errors_alone(client):
    """The connection stays."""
    actions = client.say(subscriptions=[{"channel": "news", "symbol": "BTC-USD"}], apiKey="good key")
    assert [json.loads(action.text)["code"] for action in actions] == ["not_found"]


def test_line_2_a_batch_resumes_as_one(support, client):
    """From one position for all; where one of them is held already, none of them begins anew."""
    since = support.position(150)
    batch = [{"channel": "trades", "symbol": "BTC-USD"}, {"channel": "ticker", "symbol": "BTC-USD"}]
    *_, listening = client.say(subscriptions=batch, since=since.text, apiKey="good key")
    assert listening.since == since
    (answer,) = client.say(subscriptions=batch, since=since.text)
    assert json.loads(answer.text)["code"] == "already_subscribed"


def test_line_2_a_frame_with_a_channel_is_the_documents(support, client):
    """Whatever else is in it."""
    assert client.subscribe(subscriptions=[], apiKey="good key") == subscribed(support, "trades", "BTC-USD")


@pytest.mark.parametrize(("query_key", "actions"), [(False, lambda support: TURNED_AWAY), (True, None)])
def test_line_3_key_in_the_query_where_a_policy_allows_it(support, query_key, actions):
    """By default it is not looked at."""
    client = Client(support, {"apiKey": "good key"}, query_key=query_key)
    expected = actions(support) if actions else subscribed(support, "trades", "BTC-USD")
    assert client.subscribe() == expected


def test_line_3_bad_key_in_the_query(support):
    """Is as bad as one in a frame; the frame's counts where there are both."""
    query = {"apiKey": "bad key"}
    assert Client(support, query, query_key=True).subscribe() == TURNED_AWAY
    client = Client(support, query, query_key=True)
    assert client.subscribe(apiKey="good key") == subscribed(support, "trades", "BTC-USD")


def test_line_4_key_is_remembered(support, client):
    """A later frame needs none; one with null, as Python sends it without a key, is as good."""
    client.subscribe(apiKey="good key")
    assert client.subscribe("ticker", "EURUSD") == subscribed(support, "ticker", "EURUSD")
    assert client.subscribe("ticker", "XAUUSD", apiKey=None) == subscribed(support, "ticker", "XAUUSD")


def test_line_4_subscribing_twice_is_confirmed_twice(support, client):
    """The stream itself is one."""
    for _ in range(2):
        assert client.subscribe(apiKey="good key") == subscribed(support, "trades", "BTC-USD")


def test_line_11_no_answer_looks_like_data(client):
    """The published client takes whatever has a ``channel`` for data."""
    actions = [*client.subscribe("ticker", apiKey="good key"), *client.subscribe("ticker", "NO")]
    actions += [*client.say("explode"), *client.say("unsubscribe", channel="ticker", symbol="BTC-USD")]
    replies = [json.loads(action.text) for action in actions if isinstance(action, Reply)]
    assert [reply["type"] for reply in replies] == ["subscribed", "error", "error", "unsubscribed"]
    assert not any("channel" in reply for reply in replies)


@pytest.mark.parametrize("value", [0, 2])
def test_line_14_pong_is_accepted(support, value):
    """Without an answer, asked for or not, before a key and after it."""
    client = Client(support, missed_pongs=value)
    pong = '{ "type": "pong", "ts": "2025-08-17T14:25:32.100Z" }'
    assert client.session.receive(pong) == ()
    client.subscribe(apiKey="good key")
    assert client.session.receive(pong) == ()


def test_line_14_missing_pongs(support):
    """Heartbeats in market time are counted since the last pong; past the policy's number it ends."""
    client = Client(support, missed_pongs=2)
    assert client.session.beat_seconds == 1
    client.subscribe(apiKey="good key")
    for seconds in (0, 5, 20):
        client.now = support.now + seconds * 1_000_000_000
        assert client.session.on_timer() == ()
    client.session.receive('{"type":"pong"}')
    client.now = support.now + 48 * 1_000_000_000
    assert client.session.on_timer() == ()
    client.now = support.now + 49 * 1_000_000_000
    text = error("No pong in time").text.replace("14:25:31", "14:26:20")
    assert client.session.on_timer() == [Reply(text), Close(1008, "No pong in time")]


def test_line_14_no_pong_is_required_by_default(client):
    """Nobody looks at the silence."""
    assert client.session.beat_seconds == 0


@pytest.mark.parametrize("fields", [{}, {"apiKey": None}, {"apiKey": ""}, {"apiKey": "bad key"}])
def test_line_15_bad_or_missing_key(client, fields):
    """An error, then close 1008; whatever else is wrong with the frame."""
    assert client.subscribe(**fields) == TURNED_AWAY
    assert client.subscribe("nothing", "NO", **fields) == TURNED_AWAY


def test_line_15_bad_key_after_a_good_one(client):
    """It is not passed over."""
    client.subscribe(apiKey="good key")
    assert client.subscribe(apiKey="bad key") == TURNED_AWAY


def test_line_15_key_that_may_not_read(client):
    """It is a good key, but not for this; the connection stays."""
    assert client.subscribe(apiKey="trade key") == [
        error("API key is not allowed to read market data", "forbidden")
    ]


def test_line_18_unsubscribe(support, client):
    """The stream ends before the reply. What was not held is confirmed all the same."""
    client.subscribe(apiKey="good key")
    for channel in ("trades", "ticker"):
        assert client.say("unsubscribe", channel=channel, symbol="btcusd") == [
            Unsubscribe((Topic("securitypro", channel, support.listing.index("BTC-USD")),)),
            confirmed("unsubscribed", channel, "BTC-USD"),
        ]


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("hello", error("Invalid JSON")),
        ("[]", error("Message must be a JSON object")),
        ("{}", error("Missing or invalid field: op")),
        ('{"type":"ping"}', error("Missing or invalid field: op")),
        ('{"op":"explode"}', error("Unknown message op: explode")),
        ('{"op":"subscribe","symbol":"BTC-USD"}', error("Missing field in subscribe: channel")),
        (
            '{"op":"subscribe","channel":"ticker","symbol":["BTC-USD"]}',
            error("Invalid field in subscribe: symbol must be a string"),
        ),
        (
            '{"op":"subscribe","channel":"book","symbol":"BTC-USD"}',
            error("Unknown channel: book", "not_found"),
        ),
        (
            '{"op":"subscribe","channel":"heartbeat","symbol":"BTC-USD"}',
            error("Unknown channel: heartbeat", "not_found"),
        ),
        ('{"op":"subscribe","channel":"ticker","symbol":"NO"}', error("Unknown symbol: NO", "not_found")),
        (
            json.dumps({"op": "unsubscribe", "channel": "ticker", "symbol": "y" * 10_000}),
            error(f"Unknown symbol: {'y' * 32}...", "not_found"),
        ),
    ],
)
def test_line_19_message_outside_the_protocol(client, text, answer):
    """An error that says why; the connection stays."""
    client.subscribe(apiKey="good key")
    assert client.session.receive(text) == [answer]


def test_line_24_idle_connection_is_left_alone(client):
    """There is no window that could close."""
    assert client.session.authenticated
    assert client.session.beat_seconds == 0


def test_line_25_idle_connection_is_closed_where_a_policy_says_so(support):
    """Only before the first subscription; an error is none."""
    client, other = Client(support, idle_seconds=3), Client(support, idle_seconds=3)
    client.subscribe(apiKey="good key")
    other.session.receive("hello")
    for _ in range(2):
        assert client.session.on_timer() == other.session.on_timer() == ()
    assert client.session.on_timer() == ()
    assert other.session.on_timer() == [
        error("No subscription in time"),
        Close(1008, "No subscription in time"),
    ]


def test_options_name_the_topics(support):
    """Numbers on request; tickers can be thinned, trades cannot."""
    client = Client(support, {"ext": "seq", "conflate": "250"})
    both, numbers = (("conflate", "250"), ("ext", "seq")), (("ext", "seq"),)
    btc = support.listing.index("BTC-USD")
    heartbeat = Topic("securitypro", "heartbeat", 0, (("ext", "seq"), ("seconds", "10")))
    (_, ticker), (_, trades) = client.subscribe("ticker", apiKey="good key"), client.subscribe("trades")
    assert ticker.topics == (heartbeat, Topic("securitypro", "ticker", btc, both))
    assert trades.topics == (heartbeat, Topic("securitypro", "trades", btc, numbers))


def test_bad_option_is_refused_before_the_handshake(support):
    """In the words of the dialect."""
    refusal = DIALECT.session(UpgradeRequest(query={"ext": "x"}), support.context)
    assert refusal == HandshakeRefusal(400, error("ext=x is unknown; known are seq").text)


@pytest.mark.parametrize(
    ("fault", "answer"),
    [
        (DisconnectCause.AUTH_TIMEOUT, error("Authentication timeout", "unauthorized")),
        (DisconnectCause.TOO_MANY_MESSAGES, error("Too many messages", "rate_limit_exceeded")),
        (DisconnectCause.BINARY_MESSAGE, error("Binary messages are not supported")),
        (
            DisconnectCause.SLOW_CONSUMER,
            error("Slow consumer: reconnect and subscribe again", "slow_consumer"),
        ),
    ],
)
def test_last_words(client, fault, answer):
    """The server says why it closes, as an error."""
    assert Reply(client.session.wording(fault)) == answer


def test_key_is_in_no_reply_and_in_no_repr(support):
    """Neither a good one nor a bad one, wherever it stood."""
    seen = []
    context = attrs.evolve(support.context, check_key=seen.append)
    session = DIALECT.session(UpgradeRequest(), context)
    actions = [*session.receive('{"op":"subscribe","channel":"x","symbol":"y","apiKey":"sk_secret"}')]
    actions += session.receive('{"op":"subscribe","channel":"x","symbol":"y","apiKey":["sk_secret"]}')
    assert seen == ["sk_secret"]
    assert "sk_secret" not in repr(actions)
