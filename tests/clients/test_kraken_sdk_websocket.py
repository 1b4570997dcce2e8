"""python-kraken-sdk on Kraken Spot: an account by WebSocket, and its orders."""

import json
import socket
import subprocess
import sys

import pytest

pytestmark = [pytest.mark.clients, pytest.mark.protocols("kraken")]

STATUSES = {"filled": "closed", "canceled": "canceled", "new": "open"}


@pytest.fixture
def said(operated, program, kraken_keys):
    """What the program reports, and the operator's view of the account."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    operator = operated("--seed", 1, "--listen", f"kraken=127.0.0.1:{port}")
    command = [sys.executable, "-m", "feed", "urls", "python-kraken-sdk", "kraken", "--json", "--own-port"]
    urls = subprocess.run(
        [*command, "--url", f"http://127.0.0.1:{port}"], capture_output=True, text=True, check=True
    )
    settings = json.loads(urls.stdout)["settings"]
    report = program("python-kraken-sdk", "kraken_sdk_trading", settings=settings, keys=kraken_keys)
    return report | {"wallet": operator.wallet(1, "kraken")}


@pytest.mark.client("python-kraken-sdk", "orders", "errors", "resync")
def test_an_account_by_websocket(said):
    """Every method acts, and is answered; what was told is what REST says; all of it again after a break."""
    answers = {name: found[0] for name, found in said["said"].items()}
    refusals = {name: one["error"] for name, one in answers.items() if not one["success"]}
    assert refusals == {"12 add_order": "EOrder:Insufficient funds (insufficient user funds)"}
    assert said["said"]["6 cancel_order"][1]["error"] == "EOrder:Unknown order"
    assert len(answers["7 batch_add"]["result"]) == 3
    assert answers["8 batch_cancel"]["orders_cancelled"] == 2
    assert answers["11 cancel_all"]["result"] == {"count": 1}
    assert said["failed"] is False
    rest = said["open"] | said["closed"]
    assert said["orders"].keys() == rest.keys()
    for name, asked in rest.items():
        order = said["orders"][name]
        assert asked["status"] == STATUSES[order["order_status"]]
        wanted = {"cum_qty": "vol_exec", "order_qty": "vol", "cum_cost": "cost", "fee_usd_equiv": "fee"}
        for field, theirs in wanted.items():
            assert float(order[field]) == float(asked[theirs]), (name, field)
        assert order["order_userref"] == (asked["userref"] or 0)
    assert said["trades"].keys() == said["rest trades"].keys()
    for name, asked in said["rest trades"].items():
        trade = said["trades"][name]
        assert (trade["order_id"], trade["side"]) == (asked["ordertxid"], asked["type"])
        found = (trade["last_price"], trade["last_qty"], trade["cost"], trade["fees"][0]["qty"])
        assert found == tuple(float(asked[field]) for field in ("price", "vol", "cost", "fee"))
    _check_balances(said)
    executions, balances = (said["again"][channel] for channel in ("executions", "balances"))
    assert {one["exec_id"] for one in executions[0]} == said["trades"].keys()
    assert [one["order_id"] for one in executions[1]] == list(said["open"])
    assert {one["asset"]: one["balance"] for one in balances[0]} == said["balances"]


def _check_balances(said):
    """By WebSocket, by REST, and in the operator's eyes."""
    names = {"BTC": "XXBT", "USD": "ZUSD"}
    for asset, name in names.items():
        told = said["balances"][asset]
        assert told == float(said["rest balances"][name]) == float(sum(said["wallet"][asset])), asset
    entries = said["rest ledger"]
    assert {one["ledger_id"] for one in said["ledger"]} <= entries.keys()
    for one in said["ledger"]:
        asked = entries[one["ledger_id"]]
        assert (asked["refid"], asked["asset"]) == (one["ref_id"], names[one["asset"]])
        found = (one["amount"], one["fee"], one["balance"])
        assert found == tuple(float(asked[field]) for field in ("amount", "fee", "balance"))
