"""ccxt.pro on Binance Spot: every ``watch`` method at once, for some minutes of market time."""

from decimal import Decimal

import pytest

pytestmark = [pytest.mark.clients, pytest.mark.protocols("binance")]


@pytest.fixture(params=[1, 10], ids=lambda speed: f"speed {speed}")
def said(request, operated, settings_of, program, keys):
    """What the program reports."""
    seconds = max(request.config.getoption("--clients-minutes") * 60 / request.param, 5)
    operator = operated("--seed", 1, "--speed", request.param)
    report = program(
        "ccxt",
        "ccxt_watch",
        settings=settings_of("ccxt", "binance", operator.url),
        keys=keys,
        seconds=seconds,
        admin={"url": operator.http, "key": operator.key},
    )
    request.node.user_properties.append(("updates", report["updates"]))
    compared = {name: len(report.get(f"fetched {name}", ())) for name in ("orders", "trades", "balance")}
    request.node.user_properties.append(("compared", compared))
    return report


@pytest.mark.client("ccxt", "market data", "orders")
def test_every_watch_method(said):
    """Each is told of changes without an exception; books, own orders, own trades and balance are REST's."""
    assert said["errors"] == []
    assert said["crossed"] == []
    assert len(said["updates"]) == 13
    for symbol, book in said["books"].items():
        assert book["id"] == book["rest"]["lastUpdateId"], symbol
        for side in ("bids", "asks"):
            told = [[Decimal(price), Decimal(size)] for price, size in book["rest"][side]]
            held = [[Decimal(str(price)), Decimal(str(size))] for price, size in book[side]]
            assert held == told, (symbol, side)
    _check_account(said)


def _check_account(said):
    """What was watched of the account is what it is asked for afterwards."""
    watched = said["watched"]
    fetched = {order["id"]: order for order in said["fetched orders"]}
    assert set(watched["orders"]) == set(fetched)
    assert len(fetched) >= 3
    for name, order in watched["orders"].items():
        for field in ("clientOrderId", "type", "side", "status", "amount", "filled", "remaining", "cost"):
            assert order[field] == fetched[name][field], (name, field)
        # What comes while nobody waits is in its cache, and not in what the next watch gives.
        expected = ["open", order["status"]]
        assert watched["statuses"][name] in (expected, expected[:1], expected[1:]), name
    trades = {trade["id"]: trade for trade in said["fetched trades"]}
    assert set(watched["trades"]) == set(trades)
    for name, trade in watched["trades"].items():
        for field in ("order", "side", "takerOrMaker", "price", "amount", "cost", "fee", "timestamp"):
            assert trade[field] == trades[name][field], (name, field)
    assert watched["balance"] == said["fetched balance"]
