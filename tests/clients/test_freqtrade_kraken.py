"""freqtrade in live mode on Kraken Spot, by the files of ``examples/freqtrade`` and ``feed urls``."""

import base64
import hashlib
import hmac
import json
import time
import urllib.request
from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from urllib.parse import urlencode

import pytest

EXAMPLE = Path(__file__).parents[2] / "examples" / "freqtrade"
KEYS = json.loads((EXAMPLE / "kraken.json").read_text())["exchange"]
PATIENCE_SECONDS = 60
MAKER, TAKER = Decimal("0.0015"), Decimal("0.0024")

pytestmark = [pytest.mark.clients, pytest.mark.protocols("kraken")]


@pytest.fixture
def operator(operated):
    """A market at the time of the wall clock, which has at least one whole minute behind it."""
    start = datetime.now(UTC) - timedelta(seconds=130)
    operator = operated("--seed", 1, "--start", start.strftime("%Y-%m-%dT%H:%M:%SZ"))
    operator.catch_up()
    return operator


def ask(operator, method, **params):
    """What a signed request is answered; nonces are higher than those of the bot, milliseconds."""
    nonce = str(time.time_ns())
    body = urlencode({"nonce": nonce, **params}).encode()
    digest = hashlib.sha256(nonce.encode() + body).digest()
    signed = f"/0/private/{method}".encode() + digest
    made = hmac.new(base64.b64decode(KEYS["secret"]), signed, hashlib.sha512).digest()
    headers = {"API-Key": KEYS["key"], "API-Sign": base64.b64encode(made).decode()}
    request = urllib.request.Request(f"{operator.http}/kraken/0/private/{method}", body, headers)
    with urllib.request.urlopen(request, timeout=PATIENCE_SECONDS) as answer:
        found = json.load(answer)
    assert found["error"] == []
    return found["result"]


def owned(operator):
    """What the account of the demo key owns of each asset, as the operator sees it."""
    return Counter({asset: sum(amounts) for asset, amounts in operator.wallet(1, "kraken").items()})


def number(value):
    """The decimal that a float of a database stands for."""
    return Decimal(repr(value))


@pytest.mark.client("freqtrade", "orders")
def test_its_database_agrees_with_the_server(operator, settings_of, program):
    """It buys and sells; orders, fees and balances are the server's, figure by figure."""
    settings = settings_of("freqtrade", "kraken", operator.url)
    configs = ["config.json", "kraken.json"]
    told = {"example": str(EXAMPLE), "configs": configs, "seconds": 240, "trades": 3}
    said = program("freqtrade", "freqtrade_live", settings=settings, **told)
    assert said["trades"], said["last lines"]
    assert not any(trade["is_open"] for trade in said["trades"]), said["last lines"]
    assert said["complaints"] == [], said["complaints"]

    served = {}
    while len(page := ask(operator, "ClosedOrders", trades="true", ofs=len(served))["closed"]):
        served |= page
    assert set(served) == {order["order_id"] for order in said["orders"]}
    assert ask(operator, "OpenOrders")["open"] == {}
    expected = Counter({"USD": Decimal(100_000), "BTC": Decimal(1), "ETH": Decimal(10)})
    for order in said["orders"]:
        expected.update(_compare(order, served[order["order_id"]]))
    assert owned(operator) == expected
    for trade in said["trades"]:
        assert MAKER <= number(trade["fee_close"]).quantize(TAKER) <= TAKER


def _compare(order, one):
    """Compare an order in the database with the server's; what it changed of each asset."""
    base, quote = order["ft_pair"].split("/")
    filled, cost, fee = (Decimal(one[name]) for name in ("vol_exec", "cost", "fee"))
    assert (order["status"], order["side"]) == (one["status"], one["descr"]["type"])
    assert number(order["price"]) == Decimal(one["descr"]["price"])
    assert number(order["amount"]) == Decimal(one["vol"])
    assert number(order["filled"]) == filled
    assert number(order["remaining"]) == Decimal(one["vol"]) - filled
    assert number(order["cost"]) == pytest.approx(cost)
    assert MAKER * cost <= fee <= TAKER * cost
    sign = 1 if order["side"] == "buy" else -1
    return {base: sign * filled, quote: -sign * cost - fee}
