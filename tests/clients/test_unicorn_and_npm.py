"""unicorn-binance-websocket-api, and binance for Node.js: the settings of ``feed urls`` and keys."""

from decimal import Decimal

import pytest

INSUFFICIENT = {"code": -2010, "msg": "Account has insufficient balance for requested action."}

pytestmark = [pytest.mark.clients, pytest.mark.protocols("binance")]


@pytest.fixture
def operator(operated):
    """A market without a client but this one."""
    return operated("--seed", 1, "--speed", 2)


def check_trades(operator, trades, orders, events):
    """A user's events tell of the same fill as the trades by REST, and so do the wallets."""
    (told,) = (event for event in events if event.get("x") == "TRADE" and event["S"] == "BUY")
    bought, sold = trades
    assert [trade["orderId"] for trade in trades] == [order["orderId"] for order in orders]
    assert (told["t"], told["L"], told["l"]) == (bought["id"], bought["price"], bought["qty"])
    assert (told["n"], told["N"]) == (bought["commission"], "BTC")
    wallet = {asset: sum(amounts) for asset, amounts in operator.wallet(1, "binance").items()}
    assert wallet["BTC"] == 1 - Decimal(bought["commission"])
    paid = Decimal(bought["quoteQty"]) - Decimal(sold["quoteQty"]) + Decimal(sold["commission"])
    assert wallet["USDT"] == 100_000 - paid


@pytest.mark.client("unicorn-binance-websocket-api", "market data", "orders", "errors")
def test_unicorn(operator, settings_of, program, keys):
    """Streams, the WebSocket API, a user's events, REST; a refusal is an answer there, an exception here."""
    settings = settings_of("unicorn", "binance", operator.url)
    said = program("unicorn", "unicorn_binance", settings=settings, keys=keys)
    kinds = ("bookTicker", "depth", "kline_1m", "miniTicker", "ticker", "trade")
    assert said["seen"] == [f"btcusdt@{kind}" for kind in kinds]
    assert len(said["book"]["bids"]) == len(said["socket book"]["result"]["bids"]) == 5
    assert said["socket time"]["result"]["serverTime"] >= said["time"]["serverTime"]
    assert said["account"]["result"]["accountType"] == "SPOT"
    assert said["refused by socket"]["error"] == INSUFFICIENT
    assert said["refused"] == [400, INSUFFICIENT["code"], INSUFFICIENT["msg"]]
    check_trades(operator, said["trades"], [said["bought"]["result"], said["sold"]], said["events"])


@pytest.mark.client("binance for Node.js", "market data", "orders", "errors")
def test_npm(operator, settings_of, program, keys):
    """REST, streams, the WebSocket API, a user's events; a refusal is thrown with the exchange's body."""
    settings = settings_of("npm", "binance", operator.url)
    said = program("npm", "npm_binance", settings=settings, keys=keys)
    assert {"trade", "depthUpdate", "kline"} <= set(said["seen"])
    assert said["filters"][0] == "PRICE_FILTER"
    assert len(said["book"]["bids"]) == 5
    assert said["refused"]["body"] == said["refusedBySocket"]["error"] == INSUFFICIENT
    check_trades(operator, said["trades"], [said["bought"], said["sold"]], said["events"])
