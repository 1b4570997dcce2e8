"""Orders in JSON: which fields each answer has, in which order, and what stands in them."""

import msgspec
import pytest
from binance_account import UNIT, Account, plain, report
from binance_market import NOON
from hypothesis import given
from hypothesis import strategies as st

from feed.dialects.binance.account.orders import status, strategy_of, tag_of, units_text
from feed.dialects.binance.symbols import symbols
from feed.dialects.binance.views import TimeUnit
from feed.model.executions import Leg
from feed.model.kinds import Side
from feed.model.orders import SelfTrade, TimeInForce
from feed.model.trading import OrderState, Pricing, Reason, RequestKind, Trigger, packed

MS = NOON // 10**6
OWN = {"client": packed("my-order")}
TRADED = {
    "trade": 56,
    "taker": True,
    "last_price": 6_424_950,
    "last_size": 200,
    "commission": 200,
    "filled": 200,
    "left": 0,
    "value": 6_424_950 * 200,
    "state": OrderState.FILLED,
    "locked": 0,
}


@pytest.fixture
def writer():
    account = Account()
    return account.view().writer(symbols(account.exchange.listing).named("BTCUSDT"))


def text(found):
    return msgspec.json.encode(found).decode()


def test_an_acknowledgement_has_five_fields(writer):
    """And no more."""
    assert text(writer.acknowledged(report(**OWN))) == (
        f'{{"symbol":"BTCUSDT","orderId":12,"orderListId":-1,"clientOrderId":"my-order","transactTime":{MS}}}'
    )


def test_a_full_answer_shows_the_trades(writer):
    """With the commission in what was received."""
    last = report(**OWN, **TRADED)
    assert text(writer.placed(last, [last])) == (
        '{"symbol":"BTCUSDT","orderId":12,"orderListId":-1,"clientOrderId":"my-order",'
        f'"transactTime":{MS},"price":"64250.00000000","origQty":"0.00200000","executedQty":"0.00200000",'
        '"origQuoteOrderQty":"0.00000000","cummulativeQuoteQty":"128.49900000","status":"FILLED",'
        f'"timeInForce":"GTC","type":"LIMIT","side":"BUY","workingTime":{MS},'
        '"fills":[{"price":"64249.50000000","qty":"0.00200000","commission":"0.00000200",'
        '"commissionAsset":"BTC","tradeId":56}],"selfTradePreventionMode":"EXPIRE_MAKER"}'
    )


def test_what_only_some_orders_have_stands_where_the_exchange_has_it(writer):
    """The price that is waited for, numbers of a strategy, what was prevented."""
    waits = report(
        **OWN,
        type=Pricing.MARKET,
        price=0,
        trigger=Trigger.STOP,
        trigger_price=6_000_000,
        state=OrderState.UNTRIGGERED,
        working=0,
        tag=tag_of(5, 1_000_001),
        prevented=50,
    )
    shown = plain(writer.placed(waits))
    assert list(shown)[-7:] == [
        "side",
        "stopPrice",
        "workingTime",
        "strategyId",
        "strategyType",
        "preventedQuantity",
        "selfTradePreventionMode",
    ]
    assert [shown[name] for name in ("type", "stopPrice", "workingTime", "strategyId", "strategyType")] == [
        "STOP_LOSS",
        "60000.00000000",
        -1,
        5,
        1_000_001,
    ]


def test_an_order_as_it_stands_has_all_fields(writer):
    """Those that mean nothing to it as zeros."""
    assert list(plain(writer.order(report()))) == [
        "symbol",
        "orderId",
        "orderListId",
        "clientOrderId",
        "price",
        "origQty",
        "executedQty",
        "cummulativeQuoteQty",
        "status",
        "timeInForce",
        "type",
        "side",
        "stopPrice",
        "icebergQty",
        "time",
        "updateTime",
        "isWorking",
        "workingTime",
        "origQuoteOrderQty",
        "selfTradePreventionMode",
    ]


def test_a_cancellation_has_both_ids(writer):
    """The order's, and its own."""
    gone = report(
        **OWN, state=OrderState.CANCELLED, verb=RequestKind.CANCEL, request=packed("bye"), ts=NOON + 10**9
    )
    shown = plain(writer.cancelled(gone))
    assert list(shown)[:6] == [
        "symbol",
        "origClientOrderId",
        "orderId",
        "orderListId",
        "clientOrderId",
        "transactTime",
    ]
    assert (shown["origClientOrderId"], shown["clientOrderId"]) == ("my-order", "bye")
    assert (shown["status"], shown["transactTime"]) == ("CANCELED", MS + 1000)


def test_a_trade_of_the_account(writer):
    """Field by field."""
    sold = report(
        **{**TRADED, "side": Side.SELL, "taker": False, "commission": 7, "commission_leg": Leg.QUOTE}
    )
    assert plain(writer.trade(sold)) == {
        "symbol": "BTCUSDT",
        "id": 56,
        "orderId": 12,
        "orderListId": -1,
        "price": "64249.50000000",
        "qty": "0.00200000",
        "quoteQty": "128.49900000",
        "commission": "0.00000007",
        "commissionAsset": "USDT",
        "time": MS,
        "isBuyer": False,
        "isMaker": True,
        "isBestMatch": True,
    }


def test_times_come_in_the_unit_that_is_asked_for():
    """Microseconds for who wants them."""
    account = Account()
    writer = account.view(TimeUnit.MICROSECOND).writer(symbols(account.exchange.listing).named("BTCUSDT"))
    assert writer.acknowledged(report()).transactTime == MS * 1000


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({}, "NEW"),
        ({"state": OrderState.UNTRIGGERED}, "NEW"),
        ({"filled": 5, "left": 195}, "PARTIALLY_FILLED"),
        ({"state": OrderState.FILLED}, "FILLED"),
        ({"state": OrderState.CANCELLED}, "CANCELED"),
        ({"state": OrderState.CANCELLED, "filled": 5}, "CANCELED"),
        ({"state": OrderState.CANCELLED, "reason": Reason.TIMER}, "CANCELED"),
        ({"state": OrderState.CANCELLED, "reason": Reason.UNFILLED}, "EXPIRED"),
        ({"state": OrderState.CANCELLED, "reason": Reason.CANNOT_FILL}, "EXPIRED"),
        ({"state": OrderState.CANCELLED, "reason": Reason.DELISTED}, "EXPIRED"),
        ({"state": OrderState.CANCELLED, "reason": Reason.SELF_TRADE}, "EXPIRED_IN_MATCH"),
        ({"state": OrderState.REJECTED}, "REJECTED"),
    ],
)
def test_where_an_order_stands_in_the_exchanges_words(changes, word):
    """Cancelled by its account, or over for another reason."""
    assert status(report(**changes)) == word


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({}, "LIMIT"),
        ({"post_only": True}, "LIMIT_MAKER"),
        ({"type": Pricing.MARKET}, "MARKET"),
        ({"type": Pricing.MARKET, "trigger": Trigger.STOP}, "STOP_LOSS"),
        ({"trigger": Trigger.STOP}, "STOP_LOSS_LIMIT"),
        ({"type": Pricing.MARKET, "trigger": Trigger.TAKE_PROFIT}, "TAKE_PROFIT"),
        ({"trigger": Trigger.TAKE_PROFIT}, "TAKE_PROFIT_LIMIT"),
    ],
)
def test_the_type_of_an_order(writer, changes, kind):
    """By what it waits for, and whether it has a price."""
    assert writer.order(report(**changes)).type == kind


def test_an_order_without_a_price_is_told_as_good_till_cancelled(writer):
    """However the market takes it; one with a price as it was sent."""
    market = {"type": Pricing.MARKET, "time_in_force": TimeInForce.IOC}
    assert writer.order(report(**market)).timeInForce == "GTC"
    assert writer.order(report(time_in_force=TimeInForce.IOC)).timeInForce == "IOC"


def test_modes_of_self_trade_prevention(writer):
    """Each has a name."""
    names = [writer.order(report(self_trade=mode)).selfTradePreventionMode for mode in SelfTrade]
    assert names == ["NONE", "EXPIRE_MAKER", "EXPIRE_TAKER", "EXPIRE_BOTH", "DECREMENT"]


@given(st.none() | st.integers(0, 2**63 - 1), st.none() | st.integers(1_000_000, 2**31 - 1))
def test_numbers_of_a_strategy_come_back_as_they_were_sent(strategy, kind):
    """Zero is a number, and none is none."""
    assert strategy_of(report(tag=tag_of(strategy, kind))) == (strategy, kind)


@given(st.integers(0, 10**12), st.integers(8, 12))
def test_amounts_have_eight_decimals(units, decimals):
    """What is finer than the exchange tells is dropped, never rounded up."""
    told = int(units_text(units, decimals).replace(".", ""))
    assert told == units // 10 ** (decimals - 8)


def test_the_amount_of_a_market_order_in_the_quote_asset(writer):
    """As it was asked for."""
    spends = report(type=Pricing.MARKET, price=0, quote_size=500 * UNIT)
    assert writer.placed(spends).origQuoteOrderQty == "500.00000000"
