"""The client's end of Rails: a token, trades, and a book with its proof."""

import json

import attrs
import pytest

from feed.dialects.client import SubscriptionSpec
from feed.dialects.discovery import codecs
from feed.dialects.items import BookPart, Channel, ChannelEvent, Ready, RefusalKind
from feed.errors import ProtocolError
from feed.model.directory import Directory
from feed.model.events import Side, Trade

MS = 1_000_000
CODEC = codecs()["rails"]
WISH = SubscriptionSpec(symbols=("BTC-USD",), channels=(Channel.TRADES, Channel.BOOK), key="k", secret="s")


@pytest.fixture
def client_session():
    return CODEC.client_session(WISH, Directory())


def said(kind, data, *, market="BTC-USD", **more):
    return json.dumps({"resultType": kind, "market": market, "data": data} | more)


def levels(*rows, ts=7, **more):
    orders = [{"orderType": side, "price": price, "quantity": size} for side, price, size in rows]
    return {"orders": orders, "statusCode": 200, "ts": ts} | more


def test_one_market_is_named_in_the_query_and_several_are_all():
    """With the streams of the channels."""
    both = SubscriptionSpec(symbols=("A", "B"), channels=(Channel.TRADES,))

    assert CODEC.client_handshake.query(WISH) == {
        "market": "BTC-USD",
        "subscriptions": "publicTrades,publicOrderBook",
    }
    raw = attrs.evolve(both, symbols=("A",), raw_channels=CODEC.raw_channels)
    assert CODEC.client_handshake.query(raw)["subscriptions"] == "publicTrades,orders,trades"
    assert CODEC.client_handshake.query(both) == {"market": "ALL", "subscriptions": "publicTrades"}


@pytest.mark.parametrize("name", ["btcusd", "BTC/USD", "BTC/USDT"])
def test_what_was_asked_for_by_another_name_is_heard(name):
    """The server's own name of it comes back; other markets of ``ALL`` are passed over."""
    spec = attrs.evolve(WISH, symbols=(name, "EUR/USD"))
    client_session = CODEC.client_session(spec, Directory())
    snapshots = [
        said("publicOrderBook", levels(), market=market) for market in ("BTC-USD", "EURUSD", "ETH-USD")
    ]
    assert [len(client_session.receive(text)[0]) for text in snapshots] == [1, 1, 0]


def test_a_token_goes_into_the_subprotocol():
    """From the answer to a request with key and secret."""
    answer = b'{"access_token":"a.b.c","token_type":"Bearer"}'

    assert CODEC.client_handshake.headers(WISH) == {"X-Api-Key": "k", "X-Api-Secret": "s"}
    assert CODEC.client_handshake.subprotocol(answer) == "authorization#a.b.c"
    with pytest.raises(ProtocolError, match="no token"):
        CODEC.client_handshake.subprotocol(b"<html>")


def test_it_asks_for_the_books_and_for_a_sign_that_it_is_heard(client_session):
    """The streams are subscribed by the handshake; a snapshot comes only when it is asked for."""
    assert client_session.start() == [
        '{"message":"ping"}',
        '{"message":"emitPublicOrderBook","content":{"market":"BTC-USD"}}',
    ]
    assert client_session.receive('{"resultType":"pong","data":{"statusCode":200}}') == ([Ready()], ())


def test_snapshot_in_parts_and_deltas(client_session):
    """0 removes a level."""
    first = said("publicOrderBook", levels(("buy", "10.00", "1.5"), part=1, parts=2), seq=5)
    last = said("publicOrderBook", levels(("sell", "11.00", "2.0"), part=2, parts=2), seq=5, checksum=9)
    delta = said("publicOrderBookDelta", levels(("buy", "10.00", "0"), ts=8), seq=6, checksum=3)
    whole = {"instrument": 0, "ts": 7 * MS, "seq": 5, "snapshot": True}

    assert [client_session.receive(text)[0][0] for text in (first, last, delta)] == [
        BookPart(**whole, first=True, more=True, levels=((Side.BUY, 1000, 15),)),
        BookPart(**whole, first=False, more=False, levels=((Side.SELL, 1100, 20),), checksum=9),
        BookPart(
            instrument=0,
            ts=8 * MS,
            seq=6,
            first=False,
            more=False,
            snapshot=False,
            levels=((Side.BUY, 1000, 0),),
            checksum=3,
        ),
    ]


def test_where_nothing_is_numbered_the_order_of_arrival_counts(client_session):
    """The service itself numbers nothing."""
    texts = [said(kind, levels(("buy", "1", "1"))) for kind in ("publicOrderBook", "publicOrderBookDelta")]

    assert [client_session.receive(text)[0][0].seq for text in texts] == [1, 2]


def test_a_trade_is_its_taker_s_side(client_session):
    """Told as two orders, heard as one trade."""
    common = {"matchId": "m", "price": "10.5", "quantity": "2", "updatedAt": 7}
    halves = [
        {"executionType": role, "orderType": side} | common
        for role, side in (("taker", "sell"), ("maker", "buy"))
    ]

    assert client_session.receive(said("publicCompletedOrdersDelta", {"orders": halves}, seq=4))[0] == [
        ChannelEvent(
            Channel.TRADES,
            Trade(
                seq=4,
                ts=7 * MS,
                instrument=0,
                trade=0,
                aggressor=Side.SELL,
                price=105,
                size=2,
                maker=0,
                taker=0,
                left=None,
                level=None,
            ),
        )
    ]


def test_other_markets_are_passed_over(client_session):
    """Where all of them come over one connection."""
    other = said("publicOrderBookDelta", levels(("buy", "1", "1")), market="ETH-USD", seq=3)

    assert client_session.receive(other) == ((), ())


def test_errors_and_what_is_not_known(client_session):
    """An error has a status; an answer of a kind that is not known says nothing."""
    (item,), _ = client_session.receive(said("error", {"statusCode": 400, "body": "since=3 is too old"}))

    assert (item.about, item.code) == (RefusalKind.RESUME, "400")
    assert client_session.receive(said("createOrder", {"statusCode": 202})) == ((), ())
    with pytest.raises(ProtocolError):
        client_session.receive(said("publicOrderBookDelta", {"orders": [{"price": 1}], "ts": 1}))
    with pytest.raises(ProtocolError):
        client_session.receive(said("publicOrderBookDelta", levels(("buy", "ten", "1")), seq=1))
