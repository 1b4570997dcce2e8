"""What an order must have, may have and must not have, and the filters that it passes."""

import pytest
from binance_account import GRANT, Account, report
from binance_market import BTC, DOGE
from hypothesis import given
from hypothesis import strategies as st

from feed.dialects.binance.errors import BinanceError
from feed.dialects.binance.filters import MOST_ALGO_ORDERS, MOST_LOTS, MOST_MARKET_LOTS, MOST_ORDERS
from feed.model.kinds import Side
from feed.model.orders import SelfTrade, TimeInForce
from feed.model.spot_requests import PlaceSpotOrder
from feed.model.trading import OrderState, Pricing, Trigger, packed


@pytest.fixture
def account():
    """BTCUSDT has traded at 64250."""
    account = Account()
    account.exchange.trade(BTC, 6_425_000, 10)
    account.exchange.trade(DOGE, 15_200, 10)
    return account


def refused(account, **fields):
    """Code and text of the refusal of an order."""
    with pytest.raises(BinanceError) as problem:
        account.place(**fields)
    return problem.value.number, problem.value.message


LIMIT = {"quantity": "0.002", "price": "64250"}
MARKET = {"type": "MARKET", "timeInForce": None}


def test_a_limit_order_becomes_a_request_of_the_account(account):
    """Prices in ticks, quantities in lots; the account is the key's."""
    assert account.place(**LIMIT, newClientOrderId="mine", strategyId=3).request == PlaceSpotOrder(
        account=GRANT.account,
        instrument=BTC,
        tier=GRANT.tier,
        request=packed("mine"),
        side=Side.BUY,
        size=200,
        price=6_425_000,
        tag=4 << 32,
        maker_fee=1000,
        taker_fee=1000,
    )


@pytest.mark.parametrize(
    ("fields", "terms"),
    [
        ({**LIMIT, "timeInForce": "IOC"}, {"time_in_force": TimeInForce.IOC}),
        ({**LIMIT, "timeInForce": "FOK"}, {"time_in_force": TimeInForce.FOK}),
        ({**LIMIT, "type": "LIMIT_MAKER", "timeInForce": None}, {"post_only": True}),
        ({**MARKET, "quantity": "0.002"}, {"type": Pricing.MARKET, "price": 0}),
        (
            {**MARKET, "quoteOrderQty": "100.5"},
            {"type": Pricing.MARKET, "price": 0, "size": 0, "quote_size": 100_50000000},
        ),
        (
            {"type": "STOP_LOSS", "timeInForce": None, "quantity": "0.002", "stopPrice": "70000"},
            {"type": Pricing.MARKET, "price": 0, "trigger": Trigger.STOP, "trigger_price": 7_000_000},
        ),
        (
            {**LIMIT, "type": "TAKE_PROFIT_LIMIT", "stopPrice": "60000"},
            {"trigger": Trigger.TAKE_PROFIT, "trigger_price": 6_000_000},
        ),
        ({**LIMIT, "side": "SELL"}, {"side": Side.SELL}),
        ({**LIMIT, "selfTradePreventionMode": "EXPIRE_BOTH"}, {"self_trade": SelfTrade.CANCEL_BOTH}),
        ({**LIMIT, "price": "64250.00000000000"}, {}),
    ],
)
def test_each_type_becomes_what_it_means(account, fields, terms):
    """Beside what all of them have."""
    found = account.place(**fields).request
    expected = {"size": 200, "price": 6_425_000, "side": Side.BUY, "trigger": Trigger.NONE, **terms}
    assert {name: getattr(found, name) for name in expected} == expected


MISSING = "Mandatory parameter '{}' was not sent, was empty/null, or malformed."
SPARE = "Parameter '{}' sent when not required."


@pytest.mark.parametrize(
    ("fields", "answer"),
    [
        ({"symbol": None}, (-1102, MISSING.format("symbol"))),
        ({"side": None}, (-1102, MISSING.format("side"))),
        ({"type": None}, (-1102, MISSING.format("type"))),
        ({"symbol": "NONE"}, (-1121, "Invalid symbol.")),
        ({"side": "buy"}, (-1117, "Invalid side.")),
        ({"type": "OCO"}, (-1116, "Invalid orderType.")),
        ({**LIMIT, "timeInForce": "GTX"}, (-1115, "Invalid timeInForce.")),
        ({**LIMIT, "timeInForce": None}, (-1102, MISSING.format("timeInForce"))),
        ({"price": "64250"}, (-1102, MISSING.format("quantity"))),
        ({"quantity": "1"}, (-1102, MISSING.format("price"))),
        ({**LIMIT, "price": ""}, (-1105, "Parameter 'price' was empty.")),
        ({**LIMIT, "type": "STOP_LOSS_LIMIT"}, (-1102, MISSING.format("stopPrice"))),
        ({**LIMIT, "stopPrice": "60000"}, (-1106, SPARE.format("stopPrice"))),
        ({**LIMIT, "quoteOrderQty": "5"}, (-1106, SPARE.format("quoteOrderQty"))),
        ({**LIMIT, "type": "LIMIT_MAKER"}, (-1106, SPARE.format("timeInForce"))),
        ({**MARKET, **LIMIT}, (-1106, SPARE.format("price"))),
        ({"type": "MARKET", "quantity": "1"}, (-1106, SPARE.format("timeInForce"))),
        (
            {**MARKET},
            (-1102, "Param 'quantity' or 'quoteOrderQty' must be sent, but both were empty/null!"),
        ),
        ({**MARKET, "quantity": "1", "quoteOrderQty": "5"}, (-1106, SPARE.format("quoteOrderQty"))),
        ({**LIMIT, "quantity": "0.000000001"}, (-1111, "Parameter 'quantity' has too much precision.")),
        ({**LIMIT, "price": "64250.000000001"}, (-1111, "Parameter 'price' has too much precision.")),
        (
            {**LIMIT, "quantity": "1e-3"},
            (
                -1100,
                (
                    "Illegal characters found in parameter 'quantity'; "
                    "legal range is '^([0-9]{1,20})(\\.[0-9]{1,20})?$'."
                ),
            ),
        ),
        ({**LIMIT, "quantity": "0"}, (-1013, "Invalid quantity.")),
        ({**LIMIT, "price": "0.0"}, (-1013, "Invalid price.")),
        (
            {**LIMIT, "newClientOrderId": "a b"},
            (
                -1100,
                (
                    "Illegal characters found in parameter 'newClientOrderId'; "
                    "legal range is '^[a-zA-Z0-9-_]{1,36}$'."
                ),
            ),
        ),
        ({**LIMIT, "strategyType": "5"}, (-1134, "strategyType was less than 1000000.")),
        (
            {**LIMIT, "newOrderRespType": "MORE"},
            (-1130, "Data sent for parameter 'newOrderRespType' is not valid."),
        ),
        ({**LIMIT, "icebergQty": "1"}, (-1013, "Iceberg orders are not supported for this symbol.")),
        (
            {**LIMIT, "trailingDelta": "10"},
            (-1013, "Trailing stop orders are not supported for this symbol."),
        ),
        (
            {**LIMIT, "selfTradePreventionMode": "TRANSFER"},
            (-1013, "This symbol does not allow the specified self-trade prevention mode."),
        ),
        (
            {**LIMIT, "leverage": "5"},
            (-1104, "Not all sent parameters were read; read '6' parameter(s) but was sent '7'."),
        ),
    ],
)
def test_what_no_order_can_be_is_refused_in_the_exchanges_words(account, fields, answer):
    """The code and the text that clients go by; nothing is asked of the market."""
    assert refused(account, **fields) == answer


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({**LIMIT, "price": "64250.001"}, "PRICE_FILTER"),
        ({**LIMIT, "type": "STOP_LOSS_LIMIT", "stopPrice": "64250.001"}, "PRICE_FILTER"),
        ({**LIMIT, "price": "1000000.01"}, "PRICE_FILTER"),
        ({**LIMIT, "quantity": "0.000001"}, "LOT_SIZE"),
        ({**LIMIT, "quantity": "0.002001"}, "LOT_SIZE"),
        ({**LIMIT, "quantity": str((MOST_LOTS + 1) / 10**5)}, "LOT_SIZE"),
        ({**MARKET, "quantity": "0.000001"}, "LOT_SIZE"),
        ({**MARKET, "quantity": str((MOST_MARKET_LOTS + 1) / 10**5)}, "MARKET_LOT_SIZE"),
        ({**LIMIT, "quantity": "0.00007"}, "NOTIONAL"),
        ({**LIMIT, "quantity": "141"}, "NOTIONAL"),
        ({**MARKET, "quantity": "0.00007"}, "NOTIONAL"),
        ({**MARKET, "quoteOrderQty": "4.99"}, "NOTIONAL"),
        ({**LIMIT, "price": "12849.99"}, "PERCENT_PRICE_BY_SIDE"),
        ({**LIMIT, "price": "321250.01"}, "PERCENT_PRICE_BY_SIDE"),
        (
            {"type": "STOP_LOSS", "timeInForce": None, "quantity": "1", "stopPrice": "400000"},
            "PERCENT_PRICE_BY_SIDE",
        ),
    ],
)
def test_each_filter_is_named_that_is_not_passed(account, fields, name):
    """Some clients raise another exception for some of the names."""
    assert refused(account, **fields) == (-1013, f"Filter failure: {name}")


@pytest.mark.parametrize(
    "fields",
    [
        {**LIMIT, "quantity": "0.00008"},
        {**LIMIT, "price": "12850"},
        {**LIMIT, "price": "321250"},
        {**LIMIT, "quantity": "140"},
        {**MARKET, "quantity": "0.00008"},
        {**MARKET, "quantity": "90"},
        {**MARKET, "quoteOrderQty": "5"},
    ],
)
def test_bounds_of_filters_are_within_them(account, fields):
    """The smallest and the largest that pass."""
    assert account.place(**fields).request.account == GRANT.account


def test_no_price_is_far_from_one_that_nobody_knows():
    """Before the first trade there is no average; the smallest notional counts all the same."""
    account = Account()
    assert account.place(quantity="1", price="1000").request.price == 100_000
    assert account.place(**MARKET, quantity="0.00001").request.size == 1
    assert refused(account, quantity="0.1", price="1")[1] == "Filter failure: NOTIONAL"


def test_open_orders_are_counted_by_symbol(account):
    """Those that wait for a price besides; other symbols have counts of their own."""
    stop = {"type": "STOP_LOSS_LIMIT", **LIMIT, "stopPrice": "60000"}
    waits = {"trigger": Trigger.STOP, "trigger_price": 6_000_000, "state": OrderState.UNTRIGGERED}
    for order in range(1, MOST_ALGO_ORDERS + 1):
        assert account.place(**stop).request.trigger is Trigger.STOP
        account.tell(report(order=order, locked=0, **waits))
    assert refused(account, **stop) == (-1013, "Filter failure: MAX_NUM_ALGO_ORDERS")
    for order in range(MOST_ALGO_ORDERS + 1, MOST_ORDERS + 1):
        account.tell(report(order=order, locked=0))
    assert refused(account, **LIMIT) == (-1013, "Filter failure: MAX_NUM_ORDERS")
    assert account.place(symbol="DOGEUSDT", quantity="100", price="0.152").request.instrument == DOGE


def test_too_many_orders_are_refused_by_the_clock():
    """Counted by account, whatever becomes of them; the answer says how long to wait."""
    account = Account()
    for _ in range(100):
        account.place(**LIMIT)
    assert refused(account, **LIMIT) == (
        -1015,
        "Too many new orders; current limit is 100 orders per 10 SECOND.",
    )
    account.now = 10.0
    account.place(**LIMIT)
    counts = account.ask("GET", "rateLimit/order")
    assert [(one["interval"], one["limit"], one["count"]) for one in counts] == [
        ("SECOND", 100, 1),
        ("DAY", 200_000, 102),
    ]


@given(st.decimals(0, 10**7, places=8, allow_nan=False), st.decimals(0, 10**7, places=8, allow_nan=False))
def test_whatever_is_asked_for_is_a_whole_number_of_steps_or_refused(price, quantity):
    """Nothing is rounded on the way to the market."""
    account = Account()
    try:
        found = account.place(price=f"{price:f}", quantity=f"{quantity:f}").request
    except BinanceError as problem:
        assert problem.number in (-1013, -1111)  # noqa: PT017 - one of two ends
    else:
        assert (found.price, found.size) == (price * 100, quantity * 10**5)


def test_an_order_can_be_tested_without_the_market(account):
    """It is checked, counts nothing, and tells its cost where that is asked for."""
    terms = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", **LIMIT}
    assert account.ask("POST", "order/test", **terms) == {}
    told = account.ask("POST", "order/test", **terms, computeCommissionRates="true")
    assert told["standardCommissionForOrder"] == {"maker": "0.00100000", "taker": "0.00100000"}
    assert list(told) == [
        "standardCommissionForOrder",
        "specialCommissionForOrder",
        "taxCommissionForOrder",
        "discount",
    ]
    with pytest.raises(BinanceError, match="LOT_SIZE"):
        account.ask("POST", "order/test", **{**terms, "quantity": "0.000001"})
    assert [one["count"] for one in account.ask("GET", "rateLimit/order")] == [0, 0]
