"""The arbitrage of ``examples`` with ccxt over several exchanges at once, one account of all of them."""

import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
EXCHANGES = ("binance", "kraken", "coinbase")
LEAST_SECONDS = 60
"""Until each of them has been the cheap or the dear one."""
MOST_ROUNDS = 200

pytestmark = [pytest.mark.clients, pytest.mark.protocols(*EXCHANGES)]


def demo(name):
    """The demo key of an exchange, as ccxt calls its parts."""
    command = [sys.executable, "-m", "feed", "keys", "demo", name]
    said = subprocess.run(command, capture_output=True, text=True, check=True)
    key, secret = said.stdout.rstrip().split("\n", 1)
    return {"apiKey": key, "secret": secret}


def number(value):
    """The decimal that a number of JSON stands for."""
    return Decimal(str(value))


@pytest.mark.client("ccxt", "market data", "orders")
def test_a_bot_earns_what_the_operator_sees(request, operated, settings_of, program):
    """
    Every round is closed with a profit after fees; books are REST's while it trades; what the account had,
    and what its trades brought and cost, is what is left at each venue, to the last unit.
    """
    seconds = max(request.config.getoption("--clients-minutes") * 60, LEAST_SECONDS)
    operator = operated("--scenario", "cross-exchange", "--wait-clients", len(EXCHANGES))
    said = program(
        "ccxt",
        "ccxt_arbitrage",
        settings={name: settings_of("ccxt", name, operator.url) for name in EXCHANGES},
        keys={name: demo(name) for name in EXCHANGES},
        examples=str(EXAMPLES),
        admin={"url": operator.http, "key": operator.key},
        seconds=seconds,
    )
    request.node.user_properties.append(("rounds", said["lines"]))
    assert 1 <= len(said["rounds"]) <= MOST_ROUNDS, said["lines"]
    assert all(number(one["profit"]) > 0 for one in said["rounds"]), said["lines"]
    assert {one[leg] for one in said["rounds"] for leg in ("bought", "sold")} == set(EXCHANGES), said["lines"]
    assert set(said["books"]) == set(EXCHANGES)
    for name, books in said["books"].items():
        for book in books:
            assert book["kept"] == book["rest"], name
    for name in EXCHANGES:
        _check_account(name, said, operator.wallet(1, name))


def _check_account(name, said, wallet):
    """What was there and what trades changed is what is there, for the client as for the operator."""
    trades = said["trades"][name]
    expected = {asset: number(amount) for asset, amount in said["before"][name].items()}
    for trade in trades:
        base, quote = trade["symbol"].split("/")
        amount, cost, fee = (number(each) for each in (trade["amount"], trade["cost"], trade["fee"]["cost"]))
        assert cost == number(trade["price"]) * amount, (name, trade)
        sign = 1 if trade["side"] == "buy" else -1
        expected[base] += sign * amount
        expected[quote] -= sign * cost
        expected[trade["fee"]["currency"]] -= fee
        brought = amount if trade["fee"]["currency"] == base else cost
        assert abs(fee - brought * number(said["fees"][name])) <= Decimal("1e-8"), (name, trade)
    assert {asset: sum(wallet[asset]) for asset in expected if asset in wallet} == {
        asset: amount for asset, amount in expected.items() if asset in wallet
    }, name
    assert said["after"][name] == {asset: float(amount) for asset, amount in expected.items()}
    told = {trade["id"]: trade for trade in said["told"][name]}
    fetched = {trade["id"]: trade for trade in trades}
    if told:
        assert set(told) == set(fetched), name
        for found, trade in told.items():
            for field in ("order", "side", "price", "amount", "cost", "fee"):
                assert trade[field] == fetched[found][field], (name, field)
