"""The client's end: a key, a subscription, quotes and trades."""

import pytest

from feed.dialects.client import SubscriptionSpec
from feed.dialects.discovery import codecs
from feed.dialects.items import Channel, ChannelEvent, Ready, RefusalKind, Ticker
from feed.dialects.messages import message
from feed.errors import ProtocolError
from feed.model.directory import Directory
from feed.model.events import UNKNOWN, Side, Trade

WISH = SubscriptionSpec(symbols=("BTC/USDT",), channels=(Channel.QUOTES, Channel.TRADES), key="mk_live_x")
# As the document prints them.
QUOTE = """{"type": "update", "channel": "quotes", "ts": 1708776300000, "data": {
  "symbol": "BTC/USDT", "global_mid": "67450.25", "global_vwap": "67448.10", "max_arb_bps": 3.2,
  "consensus_trend": "bullish", "exchanges": [
    {"exchange": "binance", "bid": "67449.50", "ask": "67450.80", "mid": "67450.15",
      "volume_24h": "12500.5", "obi": 0.12}
  ]}}"""
TRADE = """{"type": "update", "channel": "trades", "ts": 1708776300000, "data": {
  "exchange": "binance", "symbol": "BTC/USDT", "price": "67450.00", "quantity": "0.5", "side": "buy",
  "timestamp": 1708776300000, "trade_id": "t123456", "is_liquidation": false}}"""


@pytest.fixture
def directory():
    return Directory()


@pytest.fixture
def client_session(directory):
    return codecs()["marketai"].client_session(WISH, directory)


def test_the_key_comes_first_and_the_subscription_once_it_is_accepted(client_session):
    """The first message must be the key, or the connection ends."""
    assert client_session.start() == ['{"action":"auth","key":"mk_live_x"}']
    assert client_session.receive('{"type": "authenticated", "tier": "basic"}') == (
        (),
        [
            message(
                action="subscribe",
                channels=[
                    {"type": "quotes", "symbols": ["BTC/USDT"]},
                    {"type": "trades", "symbols": ["BTC/USDT"]},
                ],
            )
        ],
    )
    assert client_session.receive('{"type":"subscribed","channel":"quotes","symbols":["BTC/USDT"]}')[0] == [
        Ready()
    ]


def test_published_quote(client_session, directory):
    """The best of all venues, and the global mid for a price."""
    (items, answers) = client_session.receive(QUOTE)

    assert answers == ()
    assert items == [
        ChannelEvent(
            Channel.QUOTES,
            Ticker(
                seq=0,
                ts=1_708_776_300_000_000_000,
                instrument=0,
                bid=6_744_950,
                bid_size=UNKNOWN,
                ask=6_745_080,
                ask_size=UNKNOWN,
                price=6_745_025,
            ),
        )
    ]
    assert directory[0].symbol == "BTC/USDT"


def test_quote_is_the_best_over_the_venues(client_session, directory):
    """By value and not by text: 99.5 is less than 100.5."""
    venues = '[{"bid":"99.5","ask":"101.5"},{"bid":"100.5","ask":"101.0"}]'
    data = f'{{"symbol":"A/USDT","global_mid":"100.6","exchanges":{venues}}}'
    items, _ = client_session.receive(f'{{"type":"update","channel":"quotes","ts":1,"data":{data}}}')

    assert (items[0].event.bid, items[0].event.ask) == (1005, 1010)


def test_published_trade(client_session):
    """Of whichever venue."""
    items, _ = client_session.receive(TRADE)

    assert items == [
        ChannelEvent(
            Channel.TRADES,
            Trade(
                seq=0,
                ts=1_708_776_300_000_000_000,
                instrument=0,
                trade=0,
                aggressor=Side.BUY,
                price=6_745_000,
                size=5,
                maker=0,
                taker=0,
                left=None,
                level=None,
            ),
        )
    ]


@pytest.mark.parametrize(
    ("code", "about"), [("UNAUTHORIZED", RefusalKind.KEY), ("INVALID_CHANNEL", RefusalKind.OTHER)]
)
def test_errors_are_sorted(client_session, code, about):
    """Only one code is about the key."""
    (item,), _ = client_session.receive(f'{{"type":"error","code":"{code}","message":"no"}}')

    assert (item.about, item.message, item.code) == (about, "no", code)


@pytest.mark.parametrize(
    "text",
    [
        "nonsense",
        '{"type":"update","channel":"quotes","ts":1,"data":{}}',
        '{"type":"update","channel":"quotes","ts":1,"data":{"symbol":"A","global_mid":"x","exchanges":[]}}',
        '{"type":"update","channel":"trades","ts":1,"data":{"symbol":"A","price":"?","quantity":"1","side":"buy","timestamp":1}}',
    ],
)
def test_what_is_no_message_of_the_protocol_is_said_to_be_none(client_session, text):
    """A client can tell its user."""
    with pytest.raises(ProtocolError):
        client_session.receive(text)


def test_other_channels_are_passed_over(client_session):
    """Services grow."""
    assert client_session.receive('{"type":"update","channel":"news","ts":1,"data":{}}') == ((), ())


def test_renewing_is_to_subscribe_anew(client_session):
    """Quotes begin with how they stand."""
    away, back = client_session.renew(Channel.QUOTES, "BTC/USDT")

    assert away == '{"action":"unsubscribe","channels":[{"type":"quotes","symbols":["BTC/USDT"]}]}'
    assert back == away.replace("unsubscribe", "subscribe")


def test_a_probe_is_a_ping(client_session):
    """Any live server answers it."""
    assert client_session.probe() == '{"action":"ping"}'
