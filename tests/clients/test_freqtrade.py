"""freqtrade in live mode on Binance Spot, by the files of ``examples/freqtrade`` and ``feed urls``."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from signed import ask

EXAMPLE = Path(__file__).parents[2] / "examples" / "freqtrade"
STATUS = {"FILLED": "closed", "CANCELED": "canceled", "NEW": "open", "PARTIALLY_FILLED": "open"}

pytestmark = [pytest.mark.clients, pytest.mark.protocols("binance")]


@pytest.fixture
def operator(operated):
    """A market at the time of the wall clock, which has at least one whole minute behind it."""
    start = datetime.now(UTC) - timedelta(seconds=130)
    operator = operated("--seed", 1, "--start", start.strftime("%Y-%m-%dT%H:%M:%SZ"))
    operator.catch_up()
    return operator


def owned(operator):
    """What the account of the demo key owns of each asset, as the operator sees it."""
    return Counter({asset: sum(amounts) for asset, amounts in operator.wallet(1, "binance").items()})


def number(value):
    """The decimal that a float of a database stands for."""
    return Decimal(repr(value))


def milliseconds(text):
    """A time in a database as the exchange has it."""
    return round(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


@pytest.mark.client("freqtrade", "market data", "orders")
def test_its_database_agrees_with_the_server(operator, settings_of, program, keys):
    """It buys, is filled in part, sells; orders, fees and balances are the server's, figure by figure."""
    deposits = owned(operator)
    settings = settings_of("freqtrade", "binance", operator.url)
    said = program("freqtrade", "freqtrade_live", settings=settings, example=str(EXAMPLE), seconds=240)
    partly = [order for order in said["orders"] if 0 < order["filled"] < order["amount"]]
    assert {order["status"] for order in partly} == {"canceled"}, said["last lines"]
    assert not any(trade["is_open"] for trade in said["trades"]), said["last lines"]
    assert said["complaints"] == [], said["complaints"]

    wallet = owned(operator)
    expected = Counter(deposits)
    for pair in sorted({trade["pair"] for trade in said["trades"]}):
        orders = [order for order in said["orders"] if order["ft_pair"] == pair]
        expected.update(_compare(operator, keys, pair, orders))
    assert wallet == expected
    for trade in said["trades"]:
        assert trade["fee_open"] == trade["fee_close"] == 0.0006
        orders = [order for order in said["orders"] if order["ft_trade_id"] == trade["id"]]
        bought, sold = ([order for order in orders if order["side"] == side] for side in ("buy", "sell"))
        cost, proceeds = sum(order["cost"] for order in bought), sum(order["cost"] for order in sold)
        part = sum(order["filled"] for order in sold) / sum(
            order["filled"] - order["ft_fee_base"] for order in bought
        )
        # It takes fees paid in the base asset for a part of the cost, so that their squares differ.
        assert trade["close_profit_abs"] == pytest.approx(proceeds * 0.9994 - cost * part, abs=cost * 1e-6)


def _compare(operator, keys, pair, orders):
    """Compare the orders of a pair in the database with the server's; what they changed of each asset."""
    base, quote = pair.split("/")
    symbol = base + quote
    served = {
        str(one["orderId"]): one for one in ask(operator.http, keys, "/api/v3/allOrders", symbol=symbol)
    }
    trades = ask(operator.http, keys, "/api/v3/myTrades", symbol=symbol)
    assert set(served) == {order["order_id"] for order in orders}
    changes = Counter()
    for order in orders:
        one = served[order["order_id"]]
        fills = [trade for trade in trades if str(trade["orderId"]) == order["order_id"]]
        paid = sum(Decimal(fill["commission"]) for fill in fills)
        filled, cost = Decimal(one["executedQty"]), Decimal(one["cummulativeQuoteQty"])
        assert (order["status"], order["side"]) == (STATUS[one["status"]], one["side"].lower())
        assert number(order["price"]) == Decimal(one["price"])
        assert number(order["amount"]) == Decimal(one["origQty"])
        assert number(order["filled"]) == filled == sum(Decimal(fill["qty"]) for fill in fills)
        assert number(order["remaining"]) == Decimal(one["origQty"]) - filled
        assert number(order["cost"]) == cost == sum(Decimal(fill["quoteQty"]) for fill in fills)
        assert milliseconds(order["order_date"]) == one["time"]
        sign = 1 if order["side"] == "buy" else -1
        changes[base] += sign * filled
        changes[quote] -= sign * cost
        if order["side"] == "buy":
            changes[base] -= paid
            # It adds up the fees of fills as floats.
            assert number(order["ft_fee_base"] or 0.0).quantize(paid or Decimal(1)) == paid
        else:
            changes[quote] -= paid
            assert abs(paid - cost * Decimal("0.0006")) < Decimal("0.000001")
    return changes
