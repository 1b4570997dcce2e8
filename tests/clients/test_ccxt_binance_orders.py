"""ccxt's orders on Binance Spot, and the account as its unified fields show it beside the operator's."""

from decimal import Decimal

import pytest

pytestmark = [pytest.mark.clients, pytest.mark.protocols("binance")]

SYMBOL, AMOUNT = "BTC/USDT", Decimal("0.001")
OPEN = (  # in the order in which they are placed
    "limit buy",
    "limit sell",
    "post-only",
    "stop-loss limit",
    "take-profit limit",
    "stop-loss",
    "take-profit",
    "trigger",
)
FILLED = (
    "limit that crosses",
    "market buy",
    "market sell",
    "market buy by cost",
    "market sell by cost",
    "IOC",
    "FOK",
)
EXPIRED = ("IOC that finds nothing",)


@pytest.fixture
def operator(operated):
    """A market without a client but this one."""
    return operated("--seed", 1)


@pytest.fixture
def said(operator, settings_of, program, keys):
    """What the program reports."""
    settings = settings_of("ccxt", "binance", operator.url)
    return program("ccxt", "ccxt_orders", settings=settings, keys=keys)


@pytest.mark.client("ccxt", "orders")
def test_orders_and_what_becomes_of_them(said, operator):
    """Each kind is answered, found, listed, edited, cancelled; the wallets agree to the last unit."""
    placed = said["placed"]
    for names, status in ((OPEN, "open"), (FILLED, "closed"), (EXPIRED, "expired")):
        for name in names:
            order = placed[name]
            assert (order["symbol"], order["status"]) == (SYMBOL, status), name
            _check_amounts(name, order)
    assert set(placed) == {*OPEN, *FILLED, *EXPIRED}
    assert said["tested"] == {}
    _check_kinds(placed)
    for name, found in said["fetched"].items():
        for field in ("id", "clientOrderId", "type", "side", "status", "price", "triggerPrice"):
            assert found[field] == placed[name][field], (name, field)
        for field in ("amount", "filled", "remaining", "cost", "average", "timeInForce", "postOnly"):
            assert found[field] == placed[name][field], (name, field)
        assert said["started"] <= found["timestamp"] <= found["lastUpdateTimestamp"] <= said["ended"], name
    assert said["fetched by its own id"] == said["fetched"]["limit buy"]

    assert [order["id"] for order in said["open"]] == [placed[name]["id"] for name in OPEN]
    assert said["replaced"]["status"] == "canceled"
    edited = said["edited"]
    assert (edited["status"], Decimal(str(edited["amount"]))) == ("open", 2 * AMOUNT)
    assert (said["cancelled"]["id"], said["cancelled"]["status"]) == (placed["limit sell"]["id"], "canceled")
    rest = {placed[name]["id"] for name in OPEN[2:]} | {edited["id"]}
    assert {order["id"] for order in said["all cancelled"]} == rest
    assert {order["status"] for order in said["all cancelled"]} == {"canceled"}
    assert said["left open"] == []

    everyone = {order["id"] for order in placed.values()} | {edited["id"]}
    assert [order["id"] for order in said["orders"]] == sorted(everyone, key=int)
    filled = [placed[name]["id"] for name in FILLED]
    assert [order["id"] for order in said["closed"]] == sorted(filled, key=int)
    canceled = [order["id"] for order in said["canceled"]]
    assert set(canceled) == everyone - set(filled) - {placed[name]["id"] for name in EXPIRED}
    assert {order["id"] for order in said["closed or canceled"]} == {*filled, *canceled}
    _check_trades(said)
    _check_wallets(said, operator)
    assert said["fee"]["symbol"] == SYMBOL
    assert Decimal(str(said["fee"]["taker"])) == _rate(said["trades"][0])
    assert len(said["fees"]) >= 30
    assert said["limits"] == {"min": 1e-05, "max": 9000.0}
    assert (said["currencies"], said["withdrawal fees"]) == ({}, {})


def _check_kinds(placed):
    """Types, sides, what is in force and what triggers, as they were asked for."""
    shown = {
        name: (order["type"], order["side"], order["timeInForce"], order["postOnly"])
        for name, order in placed.items()
    }
    assert shown["limit buy"] == ("limit", "buy", "GTC", False)
    assert shown["post-only"] == ("limit", "buy", "GTC", True)
    assert shown["IOC"] == ("limit", "buy", "IOC", False)
    assert shown["FOK"] == ("limit", "buy", "FOK", False)
    assert shown["market sell"][:2] == ("market", "sell")
    assert shown["stop-loss limit"][:2] == ("limit", "sell")
    assert shown["stop-loss"][:2] == ("market", "sell")
    for name, order in placed.items():
        conditional = name.startswith(("stop-", "take-", "trigger"))
        assert (order["triggerPrice"] is not None) == conditional, name


def _check_amounts(name, order):
    amount, filled, remaining, cost = (
        Decimal(str(order[field])) for field in ("amount", "filled", "remaining", "cost")
    )
    if "by cost" in name:
        assert Decimal("49.3") < cost <= 50
    else:
        assert amount == AMOUNT
    assert filled + remaining == amount
    if name not in FILLED:
        assert (filled, cost, order["trades"], order["fee"]) == (0, 0, [], None)
        return
    assert filled == amount
    assert sum(Decimal(str(trade["amount"])) for trade in order["trades"]) == filled
    assert sum(Decimal(str(trade["cost"])) for trade in order["trades"]) == cost
    assert Decimal(str(order["average"])) == pytest.approx(cost / filled)
    assert order["fee"]["currency"] == ("BTC" if order["side"] == "buy" else "USDT")
    assert sum(Decimal(str(trade["fee"]["cost"])) for trade in order["trades"]) == Decimal(
        str(order["fee"]["cost"])
    )


def _check_trades(said):
    """Own trades are those of the orders that were filled, once each, in their order."""
    of = {name: order for name, order in said["placed"].items() if name in FILLED}
    ids = {order["id"]: name for name, order in of.items()}
    trades = said["trades"]
    assert [trade["id"] for trade in trades] == sorted((trade["id"] for trade in trades), key=int)
    assert {trade["order"] for trade in trades} == set(ids)
    for trade in trades:
        order = of[ids[trade["order"]]]
        (shown,) = (one for one in order["trades"] if one["id"] == trade["id"])
        for field in ("price", "amount", "cost", "fee"):
            assert trade[field] == shown[field], field
        assert trade["side"] == order["side"]
        assert trade["takerOrMaker"] == "taker"
        assert trade["timestamp"] == order["lastTradeTimestamp"]
    assert said["trades of an order"] == [
        trade for trade in trades if trade["order"] == of["market buy"]["id"]
    ]


def _check_wallets(said, operator):
    """What was there, and what trades brought and took, is what is there; the operator sees the same."""
    total = {asset: Decimal(str(said["before"]["total"][asset])) for asset in ("BTC", "USDT")}
    for trade in said["trades"]:
        sign = 1 if trade["side"] == "buy" else -1
        total["BTC"] += sign * Decimal(str(trade["amount"]))
        total["USDT"] -= sign * Decimal(str(trade["cost"]))
        total[trade["fee"]["currency"]] -= Decimal(str(trade["fee"]["cost"]))
    wallet = operator.wallet(1, "binance")
    for asset, amount in total.items():
        assert wallet[asset] == (amount, 0), asset
        assert said["after"][asset]["free"] == pytest.approx(float(amount), abs=1e-9), asset
        assert said["after"][asset]["used"] == 0
    sells = [said["placed"][name] for name in OPEN if said["placed"][name]["side"] == "sell"]
    assert said["held"]["BTC"]["used"] == pytest.approx(float(AMOUNT) * len(sells))
    buys = [said["placed"][name] for name in OPEN if said["placed"][name]["side"] == "buy"]
    assert said["held"]["USDT"]["used"] == pytest.approx(
        sum(order["price"] for order in buys) * float(AMOUNT)
    )


def _rate(trade):
    """The commission as a share of what a trade brought in."""
    brought = trade["amount"] if trade["side"] == "buy" else trade["cost"]
    return round(Decimal(str(trade["fee"]["cost"])) / Decimal(str(brought)), 4)
