"""
What client and server say to each other, byte for byte.

The numbers are those of the lines in the dialect's ``NOTES.md``.
"""

import json

import attrs
import pytest

from feed.dialects.contract import (
    DisconnectCause,
    HandshakeRefusal,
    Reply,
    Subscribe,
    Unsubscribe,
    UpgradeRequest,
)
from feed.dialects.discovery import route
from feed.dialects.guide import channels
from feed.dialects.guide.dialect import DIALECT
from feed.dialects.options import Options
from feed.model.instruments import Listing
from feed.model.topics import Topic

EURUSD, GBPUSD, XAUUSD, BTC = range(4)


def error(text):
    return Reply(f'{{"type":"error","message":"{text}"}}')


def confirmed(kind, *channels):
    return Reply(f'{{"type":"{kind}","channels":{json.dumps(channels, separators=(",", ":"))}}}')


def topic(kind, at, *options):
    return Topic("guide", kind, at, options)


@pytest.fixture
def client_with(support):
    """Says something on a connection with these options, and returns the actions."""

    def connect(**query):
        session = DIALECT.session(UpgradeRequest(path="/ws", query=query), support.context)
        return lambda kind="subscribe", **fields: session.receive(json.dumps({"type": kind, **fields}))

    return connect


@pytest.fixture
def client(client_with):
    """Says something on a connection without options."""
    return client_with()


def test_line_1_paths():
    """The example's own, and one that always means this dialect."""
    assert route("/ws", {}) is DIALECT
    assert route("/guide", {}) is DIALECT


def test_line_1_subscription_of_the_guide(support):
    """No welcome, no key: one message, a confirmation, and the stream."""
    session = DIALECT.session(UpgradeRequest(path="/ws"), support.context)
    assert session.authenticated
    assert session.open() == ()
    assert session.receive('{"type": "subscribe", "channels": ["ticker_btcusd"]}') == [
        confirmed("subscribed", "ticker_btcusd"),
        Subscribe((topic("ticker", BTC),)),
    ]


@pytest.mark.parametrize(
    "channel", ["ticker_btcusd", "ticker_BTC-USD", "ticker_BTC/USD", "ticker_btc_usd", "ticker_BTCUSDT"]
)
def test_line_2_symbol_in_any_usual_spelling(client, channel):
    """Confirmed by its own name, which is also that of the messages."""
    assert client(channels=[channel]) == [
        confirmed("subscribed", "ticker_btcusd"),
        Subscribe((topic("ticker", BTC),)),
    ]


def test_line_2_every_kind(client):
    """In the order asked for; what is named twice counts once."""
    channels = ["book3_btcusd", "candles_1m_eurusd", "trades_xauusd", "book_btcusd", "book3_BTC-USD"]
    assert client(channels=channels) == [
        confirmed("subscribed", *channels[:4]),
        Subscribe(
            (topic("book3", BTC), topic("candles_1m", EURUSD), topic("trades", XAUUSD), topic("book", BTC))
        ),
    ]


def test_line_2_unknown_channels_after_the_confirmation(client):
    """What is known is confirmed and streamed; one error names the rest."""
    channels = ["nothing_btcusd", "ticker_eurusd", "ticker_", "ticker", "candles_2m_btcusd", "TICKER_btcusd"]
    assert client(channels=channels) == [
        confirmed("subscribed", "ticker_eurusd"),
        error("Unknown channel(s): nothing_btcusd, ticker_, ticker, candles_2m_btcusd, TICKER_btcusd"),
        Subscribe((topic("ticker", EURUSD),)),
    ]
    assert client(channels=["ticker_no"] * 900) == [error("Unknown channel(s): ticker_no")]


def test_line_4_unsubscribe_and_list(client):
    """The stream ends before the reply; what was not held is confirmed all the same."""
    client(channels=["ticker_btcusd", "book_btcusd", "trades_btcusd"])
    assert client("unsubscribe", channels=["book_btcusd", "book_eurusd", "no"]) == [
        Unsubscribe((topic("book", BTC), topic("book", EURUSD))),
        confirmed("unsubscribed", "book_btcusd", "book_eurusd"),
        error("Unknown channel(s): no"),
    ]
    assert client("unsubscribe", channels=["no"]) == [error("Unknown channel(s): no")]
    assert client("list") == [confirmed("subscriptions", "ticker_btcusd", "trades_btcusd")]


def test_line_4_ping(client):
    """For clients that cannot see pings of the protocol."""
    assert client("ping") == [Reply('{"type":"pong"}')]


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("hello", "Invalid JSON"),
        ('"subscribe"', "Message must be a JSON object"),
        ("{}", "Missing or invalid field: type"),
        ('{"type":"explode"}', "Unknown message type: explode"),
        ('{"type":"subscribe"}', "Missing field in subscribe: channels"),
        ('{"type":"subscribe","channels":"ticker_btcusd"}',
         "Invalid field in subscribe: channels must be a list of strings"),
        ('{"type":"unsubscribe","channels":[]}', "channels must name at least one channel"),
        (json.dumps({"type": "subscribe", "channels": ["ticker_" + "y" * 10_000]}),
         f"Unknown channel(s): ticker_{'y' * 25}..."),
    ],
)  # fmt: skip
def test_line_4_message_outside_the_protocol(support, text, answer):
    """An error that says why; the connection stays."""
    session = DIALECT.session(UpgradeRequest(), support.context)
    assert session.receive(text) == [error(answer)]


def test_line_9_tickers_can_be_thinned_and_nothing_else(client_with):
    """Asking for ``seq``, which is there anyway, adds positions."""
    client = client_with(conflate="250", ext="seq")
    kinds = ["ticker", "trades", "book", "book3", "candles_1m"]
    (_, subscription) = client(channels=[f"{kind}_btcusd" for kind in kinds])
    assert subscription.topics == (
        topic("ticker", BTC, ("conflate", "250"), ("ext", "seq")),
        *(topic(kind, BTC, ("ext", "seq")) for kind in kinds[1:]),
    )


def test_bad_option_is_refused_before_the_handshake(support):
    """In the words of the dialect."""
    refusal = DIALECT.session(UpgradeRequest(query={"conflate": "0"}), support.context)
    ladder = "50, 100, 250, 500, 1000, 2000, 5000, 10000, 30000, 60000"
    assert refusal == HandshakeRefusal(400, error(f"conflate must be one of {ladder} milliseconds").text)


@pytest.mark.parametrize(
    ("fault", "text"),
    [
        (DisconnectCause.AUTH_TIMEOUT, "Authentication timeout"),
        (DisconnectCause.TOO_MANY_MESSAGES, "Too many messages"),
        (DisconnectCause.BINARY_MESSAGE, "Binary messages are not supported"),
        (DisconnectCause.SLOW_CONSUMER, "Slow consumer: reconnect and resume with since"),
    ],
)
def test_last_words(support, fault, text):
    """The server says why it closes, as an error."""
    assert Reply(DIALECT.session(UpgradeRequest(), support.context).wording(fault)) == error(text)


def test_topics_are_the_same_objects_for_all(support):
    """Who compares the topics of two connections need not look into them, however they were spelled."""
    asked = [
        DIALECT.session(UpgradeRequest(path="/ws"), support.context).receive(
            json.dumps({"type": "subscribe", "channels": [f"{kind}_{spelled}"]})
        )[-1]
        for kind in ("ticker", "book3")
        for spelled in ("btcusd", "BTC-USD", "btc-usd", "b-t/c_usd")
    ]
    assert all(isinstance(one, Subscribe) for one in asked)
    assert len({id(one.topics[0]) for one in asked}) == 2


def test_instruments_with_one_plain_name_are_told_apart(support):
    """The canonical name means the first of them; each has its own symbol."""
    twins = Listing([support.listing[BTC], attrs.evolve(support.listing[BTC], symbol="BTC/USD")])
    finder = channels.ChannelFinder(twins, Options())
    found = [
        finder.topics(f"book_{spelled}")[0].instrument
        for spelled in ("btcusd", "BTC-USD", "BTC/USD", "btc/usd")
    ]
    assert found == [0, 0, 1, 0]
