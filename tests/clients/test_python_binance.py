"""python-binance on Binance Spot: the class attributes of ``feed urls`` and keys, nothing else."""

from collections import Counter
from decimal import Decimal

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa

CLIENT = "python-binance"
INSUFFICIENT = "Account has insufficient balance for requested action."

pytestmark = [pytest.mark.clients, pytest.mark.protocols("binance")]


@pytest.fixture
def run_against(settings_of, program, keys):
    """Runs a program against the server that somebody operates."""
    demo = {"api_key": keys["apiKey"], "api_secret": keys["secret"]}

    def start(operator, name, client=CLIENT, signing=demo, **told):
        settings = settings_of(CLIENT, "binance", operator.url)
        return program(client, f"python_binance_{name}", settings=settings, keys=signing, **told)

    return start


@pytest.fixture
def key_pair(feed, tmp_path):
    """Makes a key of account 1 that signs with a private key; its file, and what the client is told."""

    def made(private):
        public = tmp_path / "public.pem"
        form = serialization.PublicFormat.SubjectPublicKeyInfo
        public.write_bytes(private.public_key().public_bytes(serialization.Encoding.PEM, form))
        file = tmp_path / "keys.toml"
        options = ("--name", "bot", "--account", 1, "--scope", "read", "--scope", "trade")
        code, (key, *_) = feed("keys", "add", file, *options, "--public-key", public).rest()
        assert code == 0
        secret = private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return file, {"api_key": key, "private_key": secret.decode()}

    return made


def owned(account):
    """What an account owns of each asset, free and locked together."""
    return {
        each["asset"]: Decimal(each["free"]) + Decimal(each["locked"])
        for each in account["balances"]
        if Decimal(each["free"]) + Decimal(each["locked"])
    }


def in_wallet(operator):
    """The same as the operator sees it of the account of the demo key."""
    wallet = operator.wallet(1, "binance")
    return {asset: sum(amounts) for asset, amounts in wallet.items() if sum(amounts)}


def after(before, base, trades):
    """What an account owns by its trades in a pair of a base asset and USDT."""
    assets = Counter(owned(before))
    for trade in trades:
        sign = 1 if trade["isBuyer"] else -1
        assets[base] += sign * Decimal(trade["qty"])
        assets["USDT"] -= sign * Decimal(trade["quoteQty"])
        assets[trade["commissionAsset"]] -= Decimal(trade["commission"])
    return dict(assets)


@pytest.mark.client(CLIENT, "market data", "errors")
def test_public_methods(operated, run_against):
    """Every question that needs no key, and the client's exception with the exchange's code for bad ones."""
    said = run_against(operated("--seed", 1, "--speed", 10), "public")
    assert said["status"] == {"status": 0, "msg": "normal"}
    assert said["info"]["filters"][0]["filterType"] == "PRICE_FILTER"
    assert len(said["products"]) == len(said["prices"]) == len(said["quotes"]) >= 30
    bids, asks = said["book"]["bids"], said["book"]["asks"]
    assert len(bids) == len(asks) == 5
    assert Decimal(bids[0][0]) < Decimal(asks[0][0])
    assert said["history"][0][0] <= said["candles"][0][0] == said["ui"][0][0]
    assert said["day"]["symbol"] == said["price"]["symbol"] == said["quote"]["symbol"] == "BTCUSDT"
    assert {name: refusal[:2] for name, refusal in said["refused"].items()} == {
        "symbol": [400, -1121],
        "characters": [400, -1100],
        "missing": [400, -1102],
        "interval": [400, -1120],
        "limit": [400, -1100],
    }


@pytest.mark.client(CLIENT, "market data")
def test_streams(operated, run_against):
    """A message of every market stream, and the WebSocket API without a key."""
    said = run_against(operated("--seed", 1, "--speed", 10), "sockets")
    kinds = {name: message.get("e") for name, message in said["streams"].items()}
    assert kinds == {
        "trade": "trade",
        "aggTrade": "aggTrade",
        "depth": "depthUpdate",
        "depth100": "depthUpdate",
        "depth5": None,
        "kline": "kline",
        "miniTicker": "24hrMiniTicker",
        "miniTickers": "24hrMiniTicker",
        "ticker": "24hrTicker",
        "tickers": "24hrTicker",
        "bookTicker": None,
        "several": None,
    }
    assert len(said["streams"]["depth5"]["bids"]) == 5
    assert said["streams"]["several"]["stream"] in ("btcusdt@trade", "ethusdt@aggTrade")
    assert len(said["ws_book"]["asks"]) == 5
    assert said["ws_time"]["serverTime"] > said["streams"]["trade"]["E"]


@pytest.mark.client(CLIENT, "market data")
@pytest.mark.parametrize("manager", ["book", "threaded"])
def test_local_books(operated, run_against, manager):
    """What DepthCacheManager and ThreadedDepthCacheManager keep is REST's book wherever the ids are equal."""
    said = run_against(operated("--seed", 1, "--speed", 0.5), manager, books=5)
    for book in said["books"]:
        assert book["kept"] == book["rest"], book["id"]
        assert all(len(side) > 5 for side in book["kept"])


@pytest.mark.client(CLIENT, "orders", "errors")
def test_trading(operated, run_against):
    """
    Orders of every type; what the account owns afterwards is what its trades say, to the last
    unit. What is refused raises BinanceAPIException with the exchange's status, code and text.
    """
    operator = operated("--seed", 1)
    said = run_against(operator, "trading")
    assert said["test"] == {}
    placed = said["placed"]
    assert {name: order["status"] for name, order in placed.items() if "status" in order} == {
        "resting": "NEW",
        "crossing": "FILLED",
        "market": "FILLED",
        "by quote": "FILLED",
        "sold": "FILLED",
        "ioc": "FILLED",
        "fok": "EXPIRED",
        "named": "NEW",
    }
    resting = placed["resting"]["orderId"]
    assert [order["orderId"] for order in said["open"]] == [resting]
    assert said["asked"] == said["asked by name"] == said["open"][0]
    assert Decimal(said["locked"]["locked"]) == Decimal(placed["resting"]["price"]) / 100
    assert said["cancelled"]["status"] == "CANCELED"
    assert said["replaced"]["cancelResult"] == said["replaced"]["newOrderResult"] == "SUCCESS"
    assert Decimal(placed["by quote"]["cummulativeQuoteQty"]) <= 500
    replacement = said["replaced"]["newOrderResponse"]["orderId"]
    every = {order["orderId"]: order for order in said["all"]}
    assert set(every) == {order["orderId"] for order in placed.values()} | {replacement}
    assert {each["orderId"] for each in said["cancelled all"]} == {
        replacement,
        *(
            placed[name]["orderId"]
            for name in placed
            if "stop" in name or "profit" in name or name == "named"
        ),
    }
    assert said["open after"] == []
    for order in placed.values():
        fills = order.get("fills", ())
        trades = [trade for trade in said["trades"] if trade["orderId"] == order["orderId"]]
        assert [trade["id"] for trade in trades] == [fill["tradeId"] for fill in fills]
        assert Decimal(every[order["orderId"]]["executedQty"]) == sum(Decimal(fill["qty"]) for fill in fills)
    rate = Decimal(said["fee"][0]["takerCommission"])
    for trade in said["trades"]:
        paid = Decimal(trade["qty"] if trade["isBuyer"] else trade["quoteQty"]) * rate
        assert abs(Decimal(trade["commission"]) - paid) < Decimal("0.00000001")
    assert owned(said["after"]) == after(said["before"], "BTC", said["trades"])
    assert owned(said["after"]) == in_wallet(operator)
    assert said["refused"] == {
        "funds": [400, -2010, INSUFFICIENT],
        "lot": [400, -1111, "Parameter 'quantity' has too much precision."],
        "step": [400, -1013, "Filter failure: LOT_SIZE"],
        "tick": [400, -1013, "Filter failure: PRICE_FILTER"],
        "notional": [400, -1013, "Filter failure: NOTIONAL"],
        "far": [400, -1013, "Filter failure: PERCENT_PRICE_BY_SIDE"],
        "maker": [400, -2010, "Order would immediately match and take."],
        "trigger": [400, -2010, "Stop price would trigger immediately."],
        "name": [400, -2010, "Duplicate order sent."],
        "cancel": [400, -2011, "Unknown order sent."],
        "order": [400, -2013, "Order does not exist."],
        "symbol": [400, -1121, "Invalid symbol."],
        "type": [400, -1116, "Invalid orderType."],
        "missing": [
            400,
            -1102,
            "Mandatory parameter 'timeInForce' was not sent, was empty/null, or malformed.",
        ],
        "window": [400, -1131, "recvWindow must be less than 60000."],
        "secret": [400, -1022, "Signature for this request is not valid."],
        "key": [401, -2015, "Invalid API-key, IP, or permissions for action."],
        "late": [400, -1021, "Timestamp for this request is outside of the recvWindow."],
    }


def told_of(said):
    """The last that a user socket told of each order, and the last balance of each asset."""
    reports = {event["i"]: event for event in said["events"] if event["e"] == "executionReport"}
    balances = {
        balance["a"]: balance
        for event in said["events"]
        if event["e"] == "outboundAccountPosition"
        for balance in event["B"]
    }
    return reports, balances


def same_as_asked(said):
    """Orders, trades and balances by socket are those by REST."""
    reports, balances = told_of(said)
    asked = {order["orderId"]: order for order in said["orders"]}
    assert set(reports) == set(asked) == {order["orderId"] for order in said["placed"]}
    for number, report in reports.items():
        order = asked[number]
        assert [report[name] for name in "XzZO"] == [
            order[name] for name in ("status", "executedQty", "cummulativeQuoteQty", "time")
        ]
    fills = [event for event in said["events"] if event.get("x") == "TRADE"]
    assert [[fill[name] for name in "tiLlYnNm"] for fill in fills] == [
        [
            trade[name]
            for name in (
                "id",
                "orderId",
                "price",
                "qty",
                "quoteQty",
                "commission",
                "commissionAsset",
                "isMaker",
            )
        ]
        for trade in said["trades"]
    ]
    at_rest = {each["asset"]: each for each in said["after"]["balances"]}
    for asset, balance in balances.items():
        assert [balance["f"], balance["l"]] == [at_rest[asset]["free"], at_rest[asset]["locked"]]
    assert owned(said["after"]) == after(said["before"], "ETH", said["trades"])


@pytest.mark.client(CLIENT, "orders", "errors")
def test_user_socket(operated, run_against):
    """Orders by REST and by the WebSocket API are told by the user socket as they are asked for."""
    operator = operated("--seed", 1)
    said = run_against(operator, "user")
    same_as_asked(said)
    assert owned(said["account"]) == owned(said["after"]) == in_wallet(operator)
    assert said["refused"] == {
        "funds": [400, -2010, INSUFFICIENT],
        "funds by socket": [400, -2010, INSUFFICIENT],
        "order": [400, -2013, "Order does not exist."],
        "cancel": [400, -2011, "Unknown order sent."],
        "symbol": [400, -1121, "Invalid symbol."],
        "listen key": [410, -1016, "This service is no longer available."],
    }


@pytest.mark.client(CLIENT, "orders")
@pytest.mark.parametrize("kind", ["Ed25519", "RSA"])
def test_keys_that_sign_with_a_private_key(operated, run_against, key_pair, kind):
    """All of it signed with them, by REST and by the WebSocket API."""
    edwards = kind == "Ed25519"
    private = ed25519.Ed25519PrivateKey.generate() if edwards else rsa.generate_private_key(65537, 2048)
    file, signing = key_pair(private)
    operator = operated("--seed", 1, "--keys", file)
    same_as_asked(run_against(operator, "user", signing=signing))


@pytest.mark.client(f"{CLIENT} 1.0.29, with listen keys", "orders")
def test_user_socket_by_listen_key(operated, run_against, tmp_path):
    """An older release of the client, against the revision that has listen keys, is told the same."""
    config = tmp_path / "feed.toml"
    config.write_text('[policies.binance]\nrevision = "2025-12-31"\n')
    operator = operated("--seed", 1, "--config", config)
    said = run_against(operator, "user", client="python-binance-listen-keys")
    same_as_asked(said)
    assert owned(said["after"]) == in_wallet(operator)
    assert isinstance(said["refused"]["listen key"], str)
