"""ccxt.pro on Binance Spot's WebSocket API: questions, orders, and refusals by its own classes."""

import pytest

pytestmark = [pytest.mark.clients, pytest.mark.protocols("binance")]


@pytest.mark.client("ccxt", "market data", "orders", "errors")
def test_every_method_by_websocket(operated, settings_of, program, keys):
    """Orders are placed, found, edited and cancelled; the account is as the operator sees it."""
    operator = operated("--seed", 1)
    settings = settings_of("ccxt", "binance", operator.url)
    said = program("ccxt", "ccxt_websocket_api", settings=settings, keys=keys)
    assert said["candles"]
    waiting, bought, edited = said["waiting"], said["bought"], said["edited"]
    assert (waiting["status"], bought["status"], edited["status"]) == ("open", "closed", "open")
    assert said["fetched"]["id"] == waiting["id"]
    assert [order["id"] for order in said["open"]] == [edited["id"]]
    assert (said["cancelled"]["id"], said["cancelled"]["status"]) == (edited["id"], "canceled")
    assert [order["status"] for order in said["all cancelled"]] == ["canceled"]
    assert [order["id"] for order in said["closed"]] == [bought["id"]]
    assert [order["status"] for order in said["orders"]] == ["canceled", "closed", "canceled", "canceled"]
    assert sum(trade["cost"] for trade in said["trades"]) == pytest.approx(bought["cost"])
    wallet = operator.wallet(1, "binance")
    for asset, (free, locked) in wallet.items():
        assert float(said["balance"][asset]) == pytest.approx(float(free), abs=1e-9), asset
        assert locked == 0
    assert said["refused"] == {
        "funds": "InsufficientFunds",
        "order": "OrderNotFound",
        "cancel": "OrderNotFound",
    }
