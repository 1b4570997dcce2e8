"""Orders on Kraken Spot by REST: clients' own fields of them beside what the operator sees of the account."""

import json
import socket
import subprocess
import sys
from decimal import Decimal

import pytest

pytestmark = [pytest.mark.clients, pytest.mark.protocols("kraken")]

SYMBOL, AMOUNT = "BTC/USD", Decimal("0.01")
OPEN = (  # in the order in which they are placed
    "limit buy",
    "limit sell",
    "GTD",
    "post-only",
    "stop-loss limit",
    "take-profit limit",
    "stop-loss",
    "take-profit",
)
FILLED = ("limit that crosses", "market buy", "market sell", "market buy by cost", "fee in base", "IOC")
CANCELED = ("IOC that finds nothing",)
NUMBERS = ("amount", "filled", "remaining")


def number(value):
    """The decimal that a number of JSON stands for."""
    return Decimal(str(value))


def owned(wallet):
    """What an account owns of each asset, locked or not."""
    return {asset: sum(amounts) for asset, amounts in wallet.items()}


@pytest.fixture
def kraken_keys():
    """Kraken's demo key of account 1, and what it signs with, as ccxt calls them."""
    command = [sys.executable, "-m", "feed", "keys", "demo", "kraken"]
    said = subprocess.run(command, capture_output=True, text=True, check=True)
    return dict(zip(("apiKey", "secret"), said.stdout.split(), strict=True))


@pytest.fixture
def operator(operated):
    """A market without a client but this one."""
    return operated("--seed", 1)


@pytest.mark.client("ccxt", "orders")
def test_ccxt_places_orders_and_reads_them(operator, settings_of, program, kraken_keys):
    """Each kind is answered, found, listed, edited, cancelled; wallets and ledger agree to the last unit."""
    deposits = owned(operator.wallet(1, "kraken")) if _has_wallet(operator) else None
    settings = settings_of("ccxt", "kraken", operator.url)
    said = program("ccxt", "ccxt_kraken_orders", settings=settings, keys=kraken_keys)
    placed, fetched = said["placed"], said["fetched"]
    for names, status in ((OPEN, "open"), (FILLED, "closed"), (CANCELED, "canceled")):
        for name in names:
            order = fetched[name]
            assert (order["id"], order["symbol"], order["status"]) == (placed[name]["id"], SYMBOL, status), (
                name
            )
            assert order["side"] == placed[name]["side"]
            assert order["type"] == placed[name]["type"]
            assert said["started"] <= order["timestamp"] <= said["ended"] + 1000, name
            if name != "market buy by cost":
                assert number(order["amount"]) == AMOUNT
    assert set(fetched) == {*OPEN, *FILLED, *CANCELED}
    _check_terms(fetched)
    assert list(said["validated"]) == ["descr"]
    assert {order["id"] for order in said["open"]} == {placed[name]["id"] for name in OPEN}
    assert [order["id"] for order in said["open with a number"]] == [placed["limit sell"]["id"]]
    assert [order["id"] for order in said["open with an id"]] == [placed["limit buy"]["id"]]
    assert len(said["fetched together"]) == 3
    edited = said["after the edit"]
    assert (edited["status"], number(edited["amount"])) == ("open", 2 * AMOUNT)
    assert edited["price"] < fetched["limit buy"]["price"]
    one = {"error": [], "result": {"count": 1, "pending": False}}
    assert said["cancelled"] == said["cancelled by its own id"] == one
    assert said["cancelled together"]["result"]["count"] == 2
    assert said["later"]["result"]["triggerTime"] > said["later"]["result"]["currentTime"]
    assert said["later taken back"]["result"]["triggerTime"] == "0"
    assert said["all cancelled"]["result"]["count"] == len(OPEN) - 2 + 1
    assert said["left open"] == []
    assert {order["id"] for order in said["closed"]} == {
        *(order["id"] for order in placed.values()),
        *(order["id"] for order in said["batch"]),
    }
    _check_trades(said)
    _check_wallets(said, operator, deposits)
    assert (said["fee"]["maker"], said["fee"]["taker"]) == (0.0015, 0.0024)
    assert (said["positions"], said["deposits"], said["withdrawals"]) == ([], [], [])
    assert said["token"]["expires"] == 900


def _has_wallet(operator):
    found = operator.ask("/admin/accounts")["accounts"]
    return any(one["account"] == 1 and one["wallets"] for one in found)


def _check_terms(fetched):
    """Types, flags, prices that they wait for, and the client's own ids."""
    assert fetched["limit buy"]["clientOrderId"] == "mine-1"
    assert fetched["limit sell"]["clientOrderId"] == "7"
    assert fetched["post-only"]["postOnly"] is True
    assert fetched["GTD"]["info"]["expiretm"] - fetched["GTD"]["info"]["opentm"] == pytest.approx(86_400)
    for name in ("stop-loss limit", "stop-loss"):
        assert fetched[name]["stopLossPrice"] < fetched["market buy"]["average"]
    for name in ("take-profit limit", "take-profit"):
        assert fetched[name]["takeProfitPrice"] > fetched["market buy"]["average"]


def _check_trades(said):
    """Those of the orders that were filled, once each; an order is worth and costs what its trades do."""
    trades = {trade["id"]: trade for trade in said["trades"]}
    assert len(trades) == len(said["trades"])
    shown = set()
    for name in FILLED:
        order = said["fetched"][name]
        own = [trades[trade["id"]] for trade in order["trades"]]
        shown |= {trade["id"] for trade in own}
        assert {trade["order"] for trade in own} == {order["id"]}
        assert sum(number(trade["amount"]) for trade in own) == number(order["filled"])
        cost, fee = (sum(number(trade["info"][part]) for trade in own) for part in ("cost", "fee"))
        assert number(order["info"]["cost"]) == cost
        assert number(order["info"]["fee"]) == number(order["fee"]["cost"]) == fee
        assert order["fee"]["currency"] == ("BTC" if name == "fee in base" else "USD")
        assert fee == Decimal("0.0024") * (number(order["filled"]) if name == "fee in base" else cost)
    assert shown == set(trades)
    assert [trade["id"] for trade in said["trades of an order"]] == [
        trade["id"] for trade in said["fetched"]["market buy"]["trades"]
    ]


def _check_wallets(said, operator, deposits):
    """Deposit, less and plus the ledger's entries, is the operator's figure, and the client's."""
    wallet = owned(operator.wallet(1, "kraken"))
    before = {asset: number(said["before"]["total"][asset]) for asset in wallet}
    assert deposits in (None, before)
    changes = dict.fromkeys(wallet, Decimal())
    for entry in said["ledger"]:
        sign = 1 if entry["direction"] == "in" else -1
        info = entry["info"]
        changes[entry["currency"]] += sign * abs(number(info["amount"])) - number(info["fee"])
    assert wallet == {asset: before[asset] + changes[asset] for asset in wallet}
    by_name = {"BTC": "XXBT", "USD": "ZUSD", "ETH": "XETH"}
    assert {asset: number(said["balance"][by_name[asset]]) for asset in wallet} == wallet
    for asset, total in wallet.items():
        assert said["after"]["total"][asset] == pytest.approx(float(total))
        assert said["after"]["used"][asset] == 0
    assert said["held"]["used"]["BTC"] == pytest.approx(0.05)
    assert [entry["currency"] for entry in said["ledger of an asset"]] == ["BTC"] * len(said["trades"])
    assert said["ledger entry"]["id"] == said["ledger"][-1]["id"]


RAISED = {
    "unknown pair": "ExchangeError",  # it knows "EQuery:Invalid asset pair" alone
    "unknown asset": "BadSymbol",
    "buys for more than it has": "InsufficientFunds",
    "sells more than it has": "InsufficientFunds",
    "spends more than it has": "InsufficientFunds",
    "quantity below the least": "InvalidOrder",
    "quantity with too many decimals": "InvalidOrder",
    "quantity that is none": "InvalidOrder",
    "too small a value": "ExchangeError",  # it has no class for the rest of these
    "price off the tick": "ExchangeError",
    "price that is none": "InvalidOrder",
    "post-only that would take": "ExchangeError",
    "stop that would trigger": "InvalidOrder",
    "client order id twice": "InvalidOrder",
    "amount of money to sell": "InvalidOrder",
    "no such type": "ExchangeError",
    "leverage": "ExchangeError",
    "unknown parameter": "ExchangeError",
    "deadline that is past": "ExchangeError",
    "unknown order, fetched": "InvalidOrder",
    "unknown order, cancelled": "OrderNotFound",
    "unknown order, edited": "InvalidOrder",
    "order of another account, fetched": "InvalidOrder",
    "order of another account, cancelled": "OrderNotFound",
    "unknown method": "ExchangeError",
    "unknown key": "AuthenticationError",
    "wrong secret": "ExchangeError",  # nor for "EAPI:Invalid signature"
    "nonce again": "InvalidNonce",
    "key without a right": "PermissionDenied",
}


@pytest.fixture
def others(feed, tmp_path):
    """Keys of other accounts: one that may not trade, one that may; as ccxt calls their parts."""
    made = {"path": tmp_path / "keys.toml"}
    for name, account, scopes in (("reader", 2, ()), ("other", 3, ("--scope", "read", "--scope", "trade"))):
        options = ("--name", name, "--account", account, "--dialect", "kraken", "--sign", *scopes)
        added = feed("keys", "add", made["path"], *options)
        code, lines = added.rest()
        assert code == 0, added.errors
        made[name] = dict(zip(("apiKey", "secret"), " ".join(lines).split(), strict=False))
    return made


@pytest.mark.client("ccxt", "errors")
def test_what_ccxt_raises(others, serve, settings_of, program, kraken_keys):
    """Its own class for each refusal; two keys never see each other's orders."""
    path = others.pop("path")
    _, url = serve("--seed", 1, "--keys", path, "--demo-keys")
    settings = settings_of("ccxt", "kraken", url)
    said = program("ccxt", "ccxt_kraken_errors", settings=settings, keys=kraken_keys, **others)
    assert {name: raised for name, (raised, _) in said["refused"].items()} == RAISED
    assert said["seen by another account"] == {"open": [], "closed": [], "trades": [], "ledger": []}
    assert said["still open"] == 2


@pytest.fixture
def own_port():
    """A free port for Kraken alone: python-kraken-sdk drops a path from the URL of REST."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


SDK_RAISED = {
    "unknown pair": "KrakenUnknownAssetError",  # it looks for "EQuery:Unknown asset" first
    "funds": "KrakenInsufficientFundsError",
    "decimals": "KrakenInvalidPriceError",
    "minimum": "KrakenOrderMinimumNotMetError",
    "cost": "KrakenCostMinimumNotMetError",
    "arguments": "KrakenInvalidArgumentsError",
    "unknown order": "KrakenUnknownOrderError",
    "unknown order, amended": "KrakenUnknownOrderError",
    "deadline": "KrakenDeadlineElapsedError",
    "unknown key": "KrakenInvalidAPIKeyError",
    "wrong secret": "KrakenInvalidSignatureError",
    "nonce again": "KrakenInvalidNonceError",
}


@pytest.mark.client("python-kraken-sdk", "orders", "errors")
@pytest.mark.parametrize("mode", ["sync", "async"])
def test_the_sdk_trades(operated, program, kraken_keys, own_port, mode):
    """Each request of its users and traders is answered; its own class for each refusal; wallets agree."""
    operator = operated("--seed", 1, "--listen", f"kraken=127.0.0.1:{own_port}")
    command = [sys.executable, "-m", "feed", "urls", "python-kraken-sdk", "kraken", "--json", "--own-port"]
    urls = subprocess.run(
        [*command, "--url", f"http://127.0.0.1:{own_port}"], capture_output=True, text=True, check=True
    )
    settings = json.loads(urls.stdout)["settings"]
    said = program("python-kraken-sdk", f"kraken_sdk_{mode}", settings=settings, keys=kraken_keys)
    assert said["refused"] == SDK_RAISED
    assert said["edited"]["originaltxid"] == said["placed"]
    assert said["statuses"] == {"placed": "canceled", "edited": "canceled", "market": "closed"}
    assert said["cancelled"] == {"count": 1, "pending": False}
    assert said["all cancelled"]["count"] == 2
    assert said["open"] == 3
    trades = said["trades"]["trades"]
    assert said["trades again"] == trades
    assert said["positions"] == []
    assert set(said["fees"]) == {"BTC/USD"}
    wallet = owned(operator.wallet(1, "kraken"))
    changes = {"ZUSD": Decimal(), "XXBT": Decimal(), "XETH": Decimal()}
    for entry in said["ledger"].values():
        changes[entry["asset"]] += number(entry["amount"]) - number(entry["fee"])
    names = {"BTC": "XXBT", "USD": "ZUSD", "ETH": "XETH"}
    for asset, total in wallet.items():
        before, after = (number(said[when][names[asset]]) for when in ("before", "after"))
        assert total == after == before + changes[names[asset]]
    cost = sum(number(one["cost"]) + number(one["fee"]) for one in trades.values())
    assert cost == -changes["ZUSD"]
