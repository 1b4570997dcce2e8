"""What Rails' streams say, byte by byte, and that a book can be kept from them."""

import json
import zlib

import attrs
import pytest

from feed.dialects.discovery import dialects
from feed.dialects.rails.encode import book_messages, split, trade_messages
from feed.dialects.rails.private import AccountOrders, order_messages
from feed.model.events import ADD, CLEAR, TRADE, UNKNOWN, OrderChanged, OrderFilled, Side, event
from feed.model.ids import match_id, order_id, user_id
from feed.model.instruments import Contract
from feed.model.stream_position import StreamPosition
from feed.model.topics import Topic
from feed.model.trading import OrderState, Pricing, Reason, RequestKind, packed
from feed.state.market_state import MarketState

BTC = 3
NS = 1_767_762_810_250_000_000
ID = "0835bf3e-4a20-41f0-908d-8213f2b7a285"
ORDER = OrderChanged(
    seq=0,
    ts=NS,
    instrument=BTC,
    account=7,
    request=packed(ID),
    verb=RequestKind.CREATE,
    state=OrderState.PENDING,
    reason=Reason.NONE,
    order=17,
    side=Side.BUY,
    type=Pricing.LIMIT,
    price=360_100,
    left=100_000_000,
    filled=50_000_000,
    value=50_000_000 * 360_100,
    leverage=1,
    post_only=False,
    created=NS,
)


@pytest.fixture
def encoder(support):
    def make(channel, *options, market_state=None):
        topic = Topic("rails", channel, BTC, options)
        return dialects()["rails"].encoder(topic, support.listing[BTC], market_state or MarketState(4))

    return make


def test_a_delta_has_the_new_total_and_zero_removes(encoder):
    """The page's own shape; a trade takes from the side that rested."""
    levels = encoder("publicOrderBook")
    assert levels.encode(event(1, (ADD, BTC, NS, 5, 1, 318_141, 7, 3_892_000_000))) == (
        '{"resultType":"publicOrderBookDelta","market":"BTC-USD","data":{"orders":['
        '{"orderType":"sell","price":"3181.41","quantity":"38.92000000"}],'
        '"statusCode":200,"ts":1767762810250}}'
    )
    assert levels.encode(event(2, (TRADE, BTC, NS, 1, 0, 318_141, 7, 5, 6, 0, 0))) == (
        '{"resultType":"publicOrderBookDelta","market":"BTC-USD","data":{"orders":['
        '{"orderType":"sell","price":"3181.41","quantity":"0"}],"statusCode":200,"ts":1767762810250}}'
    )
    assert levels.snapshot(MarketState(4), BTC) == ()


def test_seq_and_checksum_stand_beside_the_data(encoder):
    """For who asked for them; a cleared book begins anew with an empty one."""
    levels = encoder("publicOrderBook", ("ext", "crc,seq"))
    said = json.loads(levels.encode(event(1, (ADD, BTC, NS, 5, 0, 318_141, 7, 7))))
    assert (said["seq"], said["checksum"]) == (1, zlib.crc32(b"3181.41:0.00000007"))
    said = json.loads(levels.encode(event(2, (CLEAR, BTC, NS))))
    assert (said["resultType"], said["data"]["orders"], said["checksum"]) == ("publicOrderBook", [], 0)


def test_both_sides_of_a_trade_have_one_match_id(encoder):
    """Taker first, with opposite sides; none is named where a source does not say."""
    trades = encoder("publicTrades", ("ext", "seq"))
    said = json.loads(trades.encode(event(9, (TRADE, BTC, NS, 1, 0, 318_141, 1_000_000, 5, 6, 0, 0))))
    match = match_id("BTC-USD", 1)
    assert said == {
        "resultType": "publicCompletedOrdersDelta",
        "market": "BTC-USD",
        "data": {
            "orders": [
                {
                    "executionType": role,
                    "matchId": match,
                    "orderType": side,
                    "price": "3181.41",
                    "quantity": "0.01000000",
                    "updatedAt": 1_767_762_810_250,
                }
                for role, side in (("taker", "buy"), ("maker", "sell"))
            ],
            "statusCode": 200,
        },
        "seq": 9,
        "pos": "9-00000000",
    }
    blind = json.loads(trades.encode(event(9, (TRADE, BTC, NS, 2, UNKNOWN, 1, 1, 0, 0, UNKNOWN, UNKNOWN))))
    assert [order["orderType"] for order in blind["data"]["orders"]] == [None, None]


@pytest.mark.parametrize(
    ("verb", "state", "reason", "kind", "status", "body", "quota"),
    [
        ("CREATE", "PENDING", "NONE", "createOrder", 202, "order created, pending acceptance", True),
        ("CREATE", "ACTIVE", "NONE", "createOrder", 200, "order accepted", False),
        ("CREATE", "REJECTED", "NO_FUNDS", "rejectOrder", 400, "insufficient balance", False),
        (
            "CREATE",
            "REJECTED",
            "WOULD_CROSS",
            "rejectOrder",
            400,
            "post-only order would match immediately",
            False,
        ),
        (
            "CREATE",
            "CANCELLED",
            "UNFILLED",
            "cancelOrder",
            200,
            "order cancelled, unfilled quantity cancelled",
            False,
        ),
        ("CANCEL", "CANCELLING", "NONE", "cancelOrder", 202, "cancelling order", True),
        ("CANCEL", "CANCELLED", "NONE", "cancelOrder", 200, "order cancelled", False),
        ("MODIFY", "MODIFYING", "NONE", "modifyOrder", 202, "modifying order", True),
        ("MODIFY", "MODIFIED", "NONE", "modifyOrder", 200, "original order modified", False),
        ("MODIFY", "PENDING", "NONE", "modifyOrder", 200, "new order created, pending acceptance", False),
    ],
)
def test_each_answer_about_an_order(encoder, *, verb, state, reason, kind, status, body, quota):
    """Code, text and status as the document's tables have them, and the whole order."""
    item = attrs.evolve(ORDER, verb=RequestKind[verb], state=OrderState[state], reason=Reason[reason])
    said = json.loads(encoder("orders", ("account", "7")).encode(item))
    shown = {
        "market": "BTC-USD",
        "orderId": order_id(NS, 17),
        "userId": user_id(7),
        "orderType": "buy",
        "tradeType": "limit",
        "orderStatus": state.lower(),
        "price": "3601.00",
        "quantity": "1.00000000",
        "filledQuantity": "0.50000000",
        "avgFillPrice": "3601.00",
        "leverage": "1",
        "createdAt": 1_767_762_810_250,
        "updatedAt": 1_767_762_810_250,
        "postOnly": False,
        "reduceOnly": False,
        "clientRequestId": ID,
    }
    data = {"statusCode": status, "body": body, "order": shown, "clientRequestId": ID}
    assert said == {
        "resultType": kind,
        "market": "BTC-USD",
        "data": data | ({"apiQuotaUsed": 1} if quota else {}),
    }


@pytest.mark.parametrize(
    ("contract", "why"),
    [(Contract.SPOT, "market is not trading"), (Contract.PREDICTION, "market takes no orders")],
)
def test_an_order_where_nobody_may_trade_hears_which_it_is(support, contract, why):
    """A prediction whose prices move is not said to be halted."""
    instrument = attrs.evolve(support.listing[3], contract=contract)
    item = attrs.evolve(ORDER, state=OrderState.REJECTED, reason=Reason.NOT_TRADING)
    said = json.loads(AccountOrders(instrument, 7).encode(item))
    assert (said["data"]["statusCode"], said["data"]["body"]) == (400, why)


@pytest.mark.parametrize(
    ("verb", "reason", "kind", "status", "body"),
    [
        ("CREATE", "DUPLICATE", "createOrder", 409, "clientRequestId was used before"),
        ("CANCEL", "UNKNOWN_ORDER", "cancelOrder", 404, "order not found"),
        ("MODIFY", "UNKNOWN_ORDER", "modifyOrder", 404, "order not found"),
        ("MODIFY", "NO_FUNDS", "modifyOrder", 400, "insufficient balance"),
    ],
)
def test_a_request_that_did_nothing(encoder, *, verb, reason, kind, status, body):
    """The error of its kind, without an order."""
    item = attrs.evolve(ORDER, verb=RequestKind[verb], state=OrderState.REFUSED, reason=Reason[reason])
    assert json.loads(encoder("orders", ("account", "7")).encode(item)) == {
        "resultType": kind,
        "market": "BTC-USD",
        "data": {"clientRequestId": ID, "statusCode": status, "body": body},
    }


def test_a_fill_as_the_account_hears_it(encoder):
    """An array of one, with the fields of the document's example and no other."""
    fill = OrderFilled(
        seq=5,
        ts=NS + 10**6,
        instrument=BTC,
        account=7,
        order=17,
        side=Side.SELL,
        type=Pricing.MARKET,
        leverage=2,
        created=NS,
        trade=3,
        taker=True,
        price=9_291_148,
        size=2_340_000_000,
        left=1,
        fee=21_741_287_735_700,
    )
    said = json.loads(encoder("trades", ("account", "7"), ("ext", "seq")).encode(fill))
    assert said == {
        "resultType": "completedOrdersDelta",
        "market": "BTC-USD",
        "data": [
            {
                "market": "BTC-USD",
                "orderId": order_id(NS, 17),
                "matchId": match_id("BTC-USD", 3),
                "orderType": "sell",
                "tradeType": "market",
                "executionType": "taker",
                "fillType": "partial",
                "price": "92911.48",
                "quantity": "23.40000000",
                "leverage": "2",
                "fees": "2174.1287735700",
                "orderCreatedAt": 1_767_762_810_250,
                "orderFilledAt": 1_767_762_810_251,
                "triggerType": "none",
                "triggerPrice": "0",
                "triggerCreatedAt": 0,
            }
        ],
        "seq": 5,
        "pos": "5-00000000",
    }


def test_nothing_of_another_account_is_said(encoder):
    """Neither an order nor a fill, whatever became of it."""
    other = encoder("orders", ("account", "8"))
    assert [
        other.encode(attrs.evolve(ORDER, verb=verb, state=state))
        for verb in RequestKind
        for state in OrderState
    ] == [None] * (len(RequestKind) * len(OrderState))


def test_a_book_is_kept_from_a_snapshot_and_deltas(support):
    """Every later delta applies and no earlier one: each checksum is that of the client's own book."""
    rows, listing = support.market(5, "BTC-USD")
    stage = support.Stage(listing)
    topic = Topic("rails", "publicOrderBook", 0, (("ext", "crc,seq"),))
    for half in (len(rows) // 3, len(rows) // 2):
        stage = support.Stage(listing)
        ear = stage.ear(topic)
        stage.publish(rows[:half])
        mark = len(ear.received)
        texts = book_messages(listing[0], 0, stage.hub.market_state, request_id=ID, seq=True, crc=True)
        snapshot = [json.loads(text) for text in texts]
        stage.publish(rows[half:])
        book = {"buy": {}, "sell": {}}
        deltas = [json.loads(text) for text in ear.texts(mark)]
        assert len(deltas) > 100
        assert snapshot[-1]["data"]["clientRequestId"] == ID
        for message in [*snapshot, *deltas]:
            for order in message["data"]["orders"]:
                if order["quantity"] == "0":
                    del book[order["orderType"]][order["price"]]
                else:
                    book[order["orderType"]][order["price"]] = order["quantity"]
            assert message["checksum"] == checksum(book)


def checksum(book):
    best = [
        f"{price}:{book[side][price]}"
        for side, sign in (("buy", -1), ("sell", 1))
        for price in sorted(book[side], key=lambda price: sign * float(price))[:10]
    ]
    return zlib.crc32(":".join(best).encode())


def test_snapshots_are_cut_into_messages(support, monkeypatch):
    """None is too large for a client; together they are the whole."""
    market_state = MarketState(4)
    for at in range(5):
        market_state.apply(at + 1, (ADD, BTC, NS, at + 1, 0, 100 + at, 1, 1))
    instrument = support.listing[BTC]
    monkeypatch.setattr("feed.dialects.rails.encode.split", lambda rows: split(rows, 2))
    texts = list(book_messages(instrument, BTC, market_state, request_id=None, seq=False, crc=False))
    said = [json.loads(text)["data"] for text in texts]
    assert [len(data["orders"]) for data in said] == [2, 2, 1]
    assert [(data["part"], data["parts"]) for data in said] == [(1, 3), (2, 3), (3, 3)]


def test_recent_trades_and_orders_are_told_when_asked_for(support):
    """One message when they are few, also when there are none."""
    instrument = support.listing[BTC]
    trade = event(9, (TRADE, BTC, NS, 1, 0, 318_141, 1_000_000, 5, 6, 0, 0))
    (text,) = trade_messages(instrument, [trade], request_id=ID, at=StreamPosition(12, 13))
    said = json.loads(text)
    assert (said["resultType"], said["pos"], said["data"]["clientRequestId"]) == (
        "publicCompletedOrders",
        "12-0000000d",
        ID,
    )
    assert len(said["data"]["orders"]) == 2
    (text,) = order_messages(instrument, [ORDER], now=NS, request_id=None, at=None)
    assert json.loads(text)["data"]["orders"][0]["orderStatus"] == "pending"
    (text,) = order_messages(instrument, [], now=NS, request_id=None, at=None)
    assert json.loads(text)["data"]["orders"] == []
