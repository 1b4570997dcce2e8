"""Clients of Coinbase Exchange: the URL setting of ``feed urls`` and the demo key, nothing else."""

from decimal import Decimal

import pytest

from feed.dialects.coinbase_exchange.policy import DEMO_KEYS
from feed.server.key_secrets import demo_passphrase, demo_secret

PROTOCOL = "coinbase_exchange"
pytestmark = [pytest.mark.clients, pytest.mark.protocols(PROTOCOL)]

OPEN = (
    "limit buy",
    "limit sell",
    "GTT",
    "post-only",
    "stop limit",
    "stop market",
    "entry",
    "stop that waits for a fall",
)
FILLED = (
    "limit that crosses",
    "market buy",
    "market sell",
    "market buy by cost",
    "market buy by price",
    "market sell by cost",
    "IOC",
    "FOK",
)


@pytest.fixture
def exchange_keys():
    """The demo key of account 1, and what it signs with, as ccxt calls them."""
    (known,) = DEMO_KEYS
    return {"apiKey": known.key, "secret": demo_secret(known), "password": demo_passphrase(known)}


def number(value):
    """The decimal that a number of JSON stands for."""
    return Decimal(str(value))


@pytest.mark.client(
    "ccxt",
    "market data",
    "orders",
    "errors",
    limits="create_market_buy_order_with_cost raises a KeyError of its own on coinbaseexchange",
)
def test_ccxt_asks_and_trades(serve, settings_of, program, exchange_keys):
    """Every question and every kind of order; refusals are its own classes, and the money adds up."""
    _, url = serve("--seed", 1, "--speed", 20)
    settings = settings_of("ccxt", "coinbaseexchange", url)
    said = program("ccxt", "ccxt_coinbase_exchange", settings=settings, keys=exchange_keys)
    assert len(said["symbols"]) >= 30
    assert said["market"]["precision"] == {"amount": 1e-08, "price": 0.01}
    assert said["ticker"]["bid"] < said["ticker"]["ask"]
    assert said["statistics"]["low"] <= said["statistics"]["high"]
    assert {"BTC/USD", "ETH/USD"} <= set(said["tickers"])
    assert min(said["book"].values()) > 10
    assert said["nonce"] > 0
    assert set(said["trades"]) <= {"buy", "sell"}
    assert min(said["candles"], said["candles since"]) >= 1
    assert {"BTC", "ETH", "USD"} <= set(said["accounts"])
    assert (said["fees"]["maker"], said["fees"]["taker"]) == (0.0024, 0.0036)
    assert (said["deposits"], said["withdrawals"]) == ([], [])
    fetched = said["fetched"]
    assert {name for name, order in fetched.items() if order["status"] == "open"} == set(OPEN)
    assert {name for name, order in fetched.items() if order["status"] == "closed"} == set(FILLED)
    assert fetched["IOC that finds nothing"]["status"] == "canceled"
    assert said["placed"]["post-only that crosses"]["status"] == "rejected"
    assert {order["id"] for order in said["open"]} == {fetched[name]["id"] for name in OPEN}
    assert said["fetched by its own id"] == fetched["limit buy"]["id"]
    assert (said["edited"]["status"], said["edited"]["amount"]) == ("open", 0.02)
    assert said["replaced"]["status"] == "canceled"
    assert said["left open"] == []
    assert {order["id"] for order in said["orders"]} >= {order["id"] for order in fetched.values()}
    assert {trade["order"] for trade in said["trades of an order"]} == {fetched["market buy"]["id"]}
    assert said["ledger"]
    assert said["refused"] == {
        "too little money": "InsufficientFunds",
        "too small": "InvalidOrder",
        "too precise": "InvalidOrder",
        "price too small": "InvalidOrder",
        "no such product": "InvalidOrder",
        "unknown order": "OrderNotFound",
        "cancel of an unknown order": "OrderNotFound",
        "cancel of a done order": "OrderNotFound",
        "bad order id": "InvalidOrder",
        "a parameter that is not there": "ExchangeError",
        "key": "AuthenticationError",
        "secret": "AuthenticationError",
        "passphrase": "AuthenticationError",
    }
    assert conserved(said)


def conserved(said):
    """Whether what is held is what was held before, with fills and fees, to the last unit."""
    held = {name: number(amount) for name, amount in said["before"].items()}
    for trade in said["my trades"]:
        sign = 1 if trade["side"] == "buy" else -1
        info = trade["info"]
        held["BTC"] += sign * Decimal(info["size"])
        held["USD"] -= sign * Decimal(info["size"]) * Decimal(info["price"]) + Decimal(info["fee"])
    after = {one["currency"]: Decimal(one["balance"]) for one in said["of the account"]}
    return len(said["my trades"]) >= len(FILLED) and {"BTC", "USD"} <= set(after) and held == after


@pytest.mark.client(
    "ccxt",
    "market data",
    "orders",
    "errors",
    limits="watch_trades_for_symbols never returns on coinbaseexchange",
)
def test_ccxt_watches(serve, settings_of, program, exchange_keys):
    """Tickers, trades, a book that is never crossed, its orders and trades; refusals are its own classes."""
    _, url = serve("--seed", 1, "--speed", 20)
    settings = settings_of("ccxt", "coinbaseexchange", url)
    said = program(
        "ccxt",
        "ccxt_coinbase_exchange_watch",
        settings=settings,
        keys=exchange_keys,
        books=300,
        settle=4.0,
    )
    assert said["ticker"]["bid"] < said["ticker"]["ask"]
    assert set(said["tickers"]) <= {"BTC/USD", "ETH/USD"}
    assert set(said["trades"]) <= {"buy", "sell"}
    assert min(len(side) for side in said["book"].values()) == 5
    assert said["books"]
    assert {(True, "canceled"), (False, "closed")} <= {tuple(one) for one in said["orders"]}
    fills = {one["id"]: one for one in said["fills"]}
    for trade in said["own trades"]:
        assert {name: trade[name] for name in ("side", "price", "amount", "takerOrMaker")} == {
            name: fills[trade["id"]][name] for name in ("side", "price", "amount", "takerOrMaker")
        }
    assert said["refused"] == {"passphrase": "AuthenticationError", "product": "BadSymbol"}


@pytest.mark.client(
    "cryptofeed",
    "market data",
    "orders",
    limits="its streams of Coinbase speak Advanced Trade, its requests the older Exchange",
)
def test_cryptofeed_asks_and_trades(serve, settings_of, program, exchange_keys):
    """By its requests: books of levels and of orders, trades, candles, balances, an order's life."""
    _, url = serve("--seed", 1, "--speed", 20)
    settings = settings_of("cryptofeed", PROTOCOL, url)
    said = program("cryptofeed", "cryptofeed_coinbase_exchange", settings=settings, keys=exchange_keys)
    bid, ask = map(Decimal, said["ticker"])
    assert bid < ask
    assert min(*said["book"], said["orders of the book"]) > 10
    assert len(said["trades"]) == 3
    assert said["candles"]
    assert {name: Decimal(total) for name, (total, _) in said["balances"].items()} == {
        "BTC": 1,
        "ETH": 10,
        "USD": 100_000,
    }
    assert (said["rests"], said["open"], said["fetched"]) == ("open", [True], "open")
    assert (said["bought"][0], Decimal(said["bought"][1]), said["cancelled"]) == ("filled", 0, "cancelled")
