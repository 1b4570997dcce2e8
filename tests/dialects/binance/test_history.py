"""What an account asks of its past: orders, open and over, trades, balances, commissions."""

import attrs
import pytest
from binance_account import GRANT, Account, report
from binance_market import DOGE, HOUR, MINUTE, MS, NOON, pair

from feed.dialects.binance.account.client_ids import shown
from feed.dialects.binance.errors import BinanceError
from feed.model.events import Side
from feed.model.executions import Leg
from feed.model.grants import Scope, Tier
from feed.model.instruments import Listing
from feed.model.trading import OrderState, packed

BTCUSDT = {"symbol": "BTCUSDT"}


def filled(order, *, ts=NOON, trade=None, **more):
    """A report of the one trade that an order was filled with, 0.002 BTC at 64249.50."""
    terms = {
        "state": OrderState.FILLED,
        "left": 0,
        "filled": 200,
        "value": 6_424_950 * 200,
        "locked": 0,
        "trade": trade or order,
        "taker": True,
        "last_price": 6_424_950,
        "last_size": 200,
        "commission": 200,
    }
    return report(order=order, created=ts, ts=ts, **(terms | more))


@pytest.fixture
def account():
    """Three orders were filled, a minute after each other, one is open, one waits in another symbol."""
    account = Account()
    for order in (1, 2, 3):
        account.tell(report(order=order, created=NOON + order * MINUTE))
        account.tell(filled(order, ts=NOON + order * MINUTE))
    account.tell(report(order=4, client=packed("mine"), created=NOON + 4 * MINUTE, ts=NOON + 4 * MINUTE))
    account.tell(report(order=5, instrument=DOGE, price=15_000, size=10, left=10, locked=1_50000000))
    return account


def refused(account, http, path, **fields):
    with pytest.raises(BinanceError) as problem:
        account.ask(http, path, **fields)
    return problem.value.number, problem.value.message


def numbers(orders, name="orderId"):
    return [order[name] for order in orders]


@pytest.mark.parametrize(
    "named", [{"orderId": 4}, {"origClientOrderId": "mine"}, {"orderId": 4, "origClientOrderId": "mine"}]
)
def test_one_order_by_either_id(account, named):
    """Or by both."""
    assert account.ask("GET", "order", **BTCUSDT, **named)["clientOrderId"] == "mine"


def test_an_order_goes_by_both_ids_where_both_are_given(account):
    """Not by the number alone."""
    named = {"orderId": 4, "origClientOrderId": "x"}
    assert refused(account, "GET", "order", **BTCUSDT, **named) == (-2013, "Order does not exist.")


def test_an_order_without_an_id_of_the_clients_own_is_found_by_the_exchanges(account):
    """As it was told."""
    assert account.ask("GET", "order", **BTCUSDT, origClientOrderId=shown(0, 2))["orderId"] == 2


@pytest.mark.parametrize(
    ("fields", "answer"),
    [
        ({**BTCUSDT, "orderId": 9}, (-2013, "Order does not exist.")),
        ({**BTCUSDT, "orderId": 5}, (-2013, "Order does not exist.")),
        ({**BTCUSDT, "origClientOrderId": "yours"}, (-2013, "Order does not exist.")),
        (
            BTCUSDT,
            (-1102, "Param 'origClientOrderId' or 'orderId' must be sent, but both were empty/null!"),
        ),
    ],
)
def test_an_order_that_there_is_not(account, fields, answer):
    """Never was, is in another symbol, or is not named."""
    assert refused(account, "GET", "order", **fields) == answer


def test_open_orders_of_one_symbol_and_of_all(account):
    """By rising number."""
    assert numbers(account.ask("GET", "openOrders", **BTCUSDT)) == [4]
    assert numbers(account.ask("GET", "openOrders")) == [4, 5]


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        ({}, [1, 2, 3, 4]),
        ({"limit": 2}, [3, 4]),
        ({"orderId": 2}, [2, 3, 4]),
        ({"orderId": 2, "limit": 1}, [2]),
        ({"startTime": (NOON + 2 * MINUTE) // MS}, [2, 3, 4]),
        ({"startTime": (NOON + 2 * MINUTE) // MS, "limit": 1}, [2]),
        ({"endTime": (NOON + 2 * MINUTE) // MS}, [1, 2]),
        ({"endTime": (NOON + 2 * MINUTE) // MS, "limit": 1}, [2]),
        ({"startTime": (NOON + 90 * MINUTE) // MS}, []),
    ],
)
def test_all_orders_from_a_number_or_a_time_on_or_the_newest(account, fields, found):
    """Oldest first, whichever are told."""
    assert numbers(account.ask("GET", "allOrders", **BTCUSDT, **fields)) == found


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        ({}, [1, 2, 3]),
        ({"limit": 1}, [3]),
        ({"orderId": 2}, [2]),
        ({"fromId": 2}, [2, 3]),
        ({"fromId": 1, "limit": 2}, [1, 2]),
        ({"startTime": (NOON + 2 * MINUTE) // MS}, [2, 3]),
    ],
)
def test_trades_of_an_order_from_a_number_or_a_time_on_or_the_newest(account, fields, found):
    """Oldest first."""
    assert numbers(account.ask("GET", "myTrades", **BTCUSDT, **fields), "id") == found


@pytest.mark.parametrize("path", ["allOrders", "myTrades"])
def test_a_span_is_no_longer_than_a_day(account, path):
    """And does not end before it begins."""
    start = NOON // MS
    day = {"startTime": start, "endTime": start + 24 * HOUR // MS}
    assert account.ask("GET", path, **BTCUSDT, **day)
    longer = {**day, "endTime": day["endTime"] + 1}
    message = "More than 24 hours between startTime and endTime."
    assert refused(account, "GET", path, **BTCUSDT, **longer) == (-1127, message)
    assert refused(account, "GET", path, **BTCUSDT, startTime=start, endTime=start - 1)[0] == -1130


def test_a_number_and_a_time_do_not_go_together(account):
    """Of trades."""
    assert refused(account, "GET", "myTrades", **BTCUSDT, fromId=1, startTime=5)[0] == -1128


@pytest.mark.parametrize(
    ("path", "fields"),
    [("openOrderList", {}), ("allOrderList", {"limit": 5, "fromId": 1}), ("myAllocations", BTCUSDT)],
)
def test_there_are_no_lists_of_orders(account, path, fields):
    """Nor orders that are routed; but a symbol must be one."""
    assert account.ask("GET", path, **fields) == []


def test_nothing_is_routed_in_a_symbol_that_there_is_not(account):
    """It is refused."""
    with pytest.raises(BinanceError, match="Invalid symbol"):
        account.ask("GET", "myAllocations", symbol="NOPEUSDT")


def test_balances_are_free_and_locked(account):
    """Every asset of the venue, what it holds nothing of as well, unless that is left out."""
    told = account.ask("GET", "account")
    assert told["balances"] == [
        {"asset": "BTC", "free": "1.00599400", "locked": "0.00000000"},
        {"asset": "USDT", "free": "99484.50300000", "locked": "130.00000000"},
        {"asset": "DOGE", "free": "0.00000000", "locked": "0.00000000"},
    ]
    shorter = account.ask("GET", "account", omitZeroBalances="true")
    assert [one["asset"] for one in shorter["balances"]] == ["BTC", "USDT"]


def test_an_account_is_told_field_by_field(account):
    """In the exchange's order."""
    told = account.ask("GET", "account")
    del told["balances"]
    assert told == {
        "makerCommission": 10,
        "takerCommission": 10,
        "buyerCommission": 0,
        "sellerCommission": 0,
        "commissionRates": {
            "maker": "0.00100000",
            "taker": "0.00100000",
            "buyer": "0.00000000",
            "seller": "0.00000000",
        },
        "canTrade": True,
        "canWithdraw": False,
        "canDeposit": False,
        "brokered": False,
        "requireSelfTradePrevention": False,
        "preventSor": False,
        "updateTime": (NOON + 4 * MINUTE) // MS,
        "accountType": "SPOT",
        "permissions": ["SPOT"],
        "uid": GRANT.account,
    }
    assert Account().ask("GET", "account")["updateTime"] == 0


def test_a_key_of_a_better_tier_pays_less():
    """By the discounts of the market; and one that may not trade is told so."""
    reader = attrs.evolve(GRANT, tier=Tier.MAX, scopes=(Scope.READ,))
    account = Account(grant=reader)
    told = account.ask("GET", "account")
    assert (told["makerCommission"], told["canTrade"]) == (6, False)
    assert account.ask("GET", "account/commission", **BTCUSDT)["standardCommission"]["taker"] == "0.00060000"


def test_what_trading_costs(account):
    """In one symbol, or in each."""
    fees = account.operations["GET", "/sapi/v1/asset/tradeFee"]
    one = {"symbol": "BTCUSDT", "makerCommission": "0.00100000", "takerCommission": "0.00100000"}
    view = account.view()
    told = fees.ask(view, [("symbol", "BTCUSDT")], spare=()).result
    assert [{name: getattr(fee, name) for name in one} for fee in told] == [one]
    assert [fee.symbol for fee in fees.ask(view, [], spare=()).result] == ["BTCUSDT", "DOGEUSDT"]


def test_commissions_come_in_the_asset_that_was_received(account):
    """Base for who buys, quote for who sells."""
    account.tell(filled(8, side=Side.SELL, commission=12_849_900, commission_leg=Leg.QUOTE))
    assert [
        (trade["commission"], trade["commissionAsset"], trade["isBuyer"])
        for trade in account.ask("GET", "myTrades", **BTCUSDT)[-2:]
    ] == [("0.00000200", "BTC", True), ("0.12849900", "USDT", False)]


def test_weights_depend_on_what_is_asked(account):
    """Of one symbol or of all, of one order or of any."""
    weights = {
        path: account.operations["GET", f"/api/v3/{path}"].weight for path in ("openOrders", "myTrades")
    }
    assert [weights["openOrders"](sent) for sent in ([], [("symbol", "BTCUSDT")])] == [80, 6]
    assert [weights["myTrades"](sent) for sent in ([], [("orderId", "5")])] == [20, 5]


def test_an_account_at_a_market_without_the_exchange_holds_what_all_its_venues_hold():
    """Then the symbols are those of every venue, and so are the balances."""
    pairs = [pair("BTC", 2, 5, venue="one"), pair("SOL", 2, 3, venue="two")]
    account = Account(listing=Listing(pairs))
    assert account.view().venues == ("one", "two")
    held = account.ask("GET", "account", omitZeroBalances="true")["balances"]
    assert {one["asset"]: one["free"] for one in held} == {"BTC": "1.00000000", "USDT": "200000.00000000"}
    account.tell(report(order=1, locked=1))
    assert numbers(account.ask("GET", "openOrders")) == [1]
