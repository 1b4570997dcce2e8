"""Clients of Coinbase Advanced Trade's REST: other URLs and keys, nothing else."""

from decimal import Decimal

import pytest

from feed.dialects.coinbase.policy import DEMO_KEYS
from feed.server.key_secrets import demo_private_key
from feed.settings import DEMO_KEY, DEMO_SECRET

pytestmark = [pytest.mark.clients, pytest.mark.protocols("coinbase")]

OPEN = (
    "limit buy",
    "limit sell",
    "post-only",
    "good till",
    "stop buy",
    "stop-loss",
    "take-profit",
    "stop good till",
)
FILLED = ("market buy by cost", "market sell", "limit that crosses", "IOC", "FOK")
# The libraries ask as fast as they can, which is faster here than the exchange lets them.
FAST = "[policies.coinbase]\nrequests_per_second = 1000\n"


def key_of(name):
    """A demo key by its algorithm, and what signs with it."""
    if name == "hmac":
        return DEMO_KEY, DEMO_SECRET
    known = next(one for one in DEMO_KEYS if one.key.endswith(name))
    return known.key, demo_private_key(known)


@pytest.fixture
def authority(tmp_path, monkeypatch):
    """Where a server writes its authority, which clients trust."""
    path = tmp_path / "ca.pem"
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(path))
    return path


def decimals(found):
    return {asset: Decimal(str(amount)) for asset, amount in found.items()}


@pytest.mark.client("ccxt", "market data", "orders", "errors")
@pytest.mark.parametrize("signs", ["es256", "eddsa", "hmac"])
def test_ccxt_asks_and_trades(operated, settings_of, program, signs):
    """Every kind of order, what becomes of each, and balances to the last unit beside the operator's."""
    operator = operated("--seed", 1)
    key, secret = key_of(signs)
    said = program(
        "ccxt",
        "ccxt_coinbase",
        settings=settings_of("ccxt", "coinbase", operator.url),
        keys={"apiKey": key, "secret": secret},
    )
    assert len(said["markets"]) >= 30
    assert said["market"] == {
        "id": "BTC-USD",
        "active": True,
        "precision": {"amount": 1e-8, "price": 0.01},
        "taker": 0.0072,
        "maker": 0.0036,
    }
    assert (len(said["book"]["bids"]), len(said["book"]["asks"])) == (5, 5)
    assert said["ticker"]["bid"] < said["ticker"]["ask"]
    assert said["tickers"] == ["BTC/USD", "ETH/USD"]
    assert said["trades"]
    assert said["candles"]
    assert (said["fees"]["taker"], said["fees"]["maker"]) == (0.0072, 0.0036)
    placed = said["placed"]
    assert {name: placed[name]["status"] for name in OPEN} == dict.fromkeys(OPEN, "open")
    assert {name: placed[name]["status"] for name in FILLED} == dict.fromkeys(FILLED, "closed")
    assert placed["IOC that finds nothing"]["status"] == "canceled"
    assert placed["stop buy"]["triggerPrice"] == placed["stop buy"]["price"]
    assert [placed[name]["timeInForce"] for name in ("limit buy", "good till", "IOC", "FOK")] == [
        "GTC",
        "GTD",
        "IOC",
        "FOK",
    ]
    assert len(set(said["repeated"])) == 1
    assert [order["id"] for order in said["open"]] == [
        *(placed[name]["id"] for name in OPEN),
        said["repeated"][0],
    ]
    assert (said["after edit"]["amount"], said["after edit"]["status"]) == (0.002, "open")
    assert said["after edit"]["price"] > placed["limit buy"]["price"]
    assert said["cancelled"]["success"] is True
    assert said["left open"] == []
    assert said["closed"] == [placed[name]["id"] for name in FILLED]
    assert set(said["canceled"]) == {
        *(placed[name]["id"] for name in (*OPEN, "IOC that finds nothing")),
        said["repeated"][0],
    }
    _check_wallets(said, operator)
    classes = {name: found[0] for name, found in said["refused"].items()}
    assert classes == {
        "funds": "InsufficientFunds",
        "funds to sell": "InsufficientFunds",
        "stop above": "InvalidOrder",
        "post-only": "ExchangeError",
        "too small": "ExchangeError",
        "bracket": "BadRequest",
        "unknown order": "ExchangeError",
        "cancel of it": "BadRequest",
        "edit of it": "ExchangeError",
        "side": "BadRequest",
        "close position": "ArgumentsRequired",
        "key": "AuthenticationError",
        "path": "PermissionDenied",
    }


def _check_wallets(said, operator):
    """What was there, and what trades brought and took, is what is there; the operator sees the same."""
    total = decimals(said["before"]["total"])
    assert decimals(said["balance 2"]) == total
    for trade in said["my trades"]:
        sign = 1 if trade["side"] == "buy" else -1
        size, fee = Decimal(trade["info"]["size"]), Decimal(trade["info"]["commission"])
        total["BTC"] += sign * size
        total["USD"] -= sign * size * Decimal(trade["info"]["price"]) + fee
        assert (trade["takerOrMaker"], trade["fee"]["currency"]) == ("taker", "USD")
    held = {
        one["currency"]: (Decimal(one["available_balance"]["value"]), Decimal(one["hold"]["value"]))
        for one in said["accounts after"]
    }
    wallet = operator.wallet(1, "coinbase")
    for asset in ("BTC", "USD"):
        assert held[asset] == wallet[asset] == (total[asset], 0), asset
        assert said["after"]["total"][asset] == pytest.approx(float(total[asset]))


@pytest.mark.client("coinbase-advanced-py", "market data", "orders", "errors")
@pytest.mark.parametrize("signs", ["es256", "eddsa"])
def test_the_sdk_asks_and_trades(operated, settings_of, program, authority, signs):
    """By https, which it insists on, with the server's own authority trusted."""
    operator = operated("--seed", 1, "--tls-self-signed", "--tls-ca", authority, config=FAST)
    key, secret = key_of(signs)
    said = program(
        "coinbase-advanced-py",
        "coinbase_advanced_rest",
        settings=settings_of("coinbase-advanced-py", "coinbase", operator.url.replace("ws:", "wss:")),
        keys={"api_key": key, "api_secret": secret},
    )
    assert said["some"] == said["public products"][1:3]
    assert (said["named"], said["futures"]) == (["ETH-USD", "BTC-USD"], [])
    assert said["products"] == len(said["public products"]) >= 30
    assert len(said["public book"]["pricebook"]["bids"]) == 3
    assert all(one["price"].endswith("0") for one in said["book"]["pricebook"]["bids"])
    assert said["public candles"]["candles"]
    assert (len(said["public trades"]["trades"]), len(said["trades"]["trades"])) == (3, 2)
    assert (said["permissions"]["can_view"], said["permissions"]["can_trade"]) == (True, True)
    assert said["portfolio"]["breakdown"]["portfolio"] == said["portfolios"]["portfolios"][0]
    assert said["best"]["rate_limit_limit"] == "1000"
    first, after = said["accounts"], said["next accounts"]
    assert (first["has_next"], first["size"], len(after["accounts"])) == (True, 2, 2)
    assert said["account"]["account"] == first["accounts"][0]
    assert {answer["success"] for answer in said["placed"].values()} == {True}
    statuses = {name: order["status"] for name, order in said["orders"].items()}
    waiting = ("gtc", "gtd", "stop", "stop gtd")
    assert statuses == {name: "OPEN" if name in waiting else "FILLED" for name in said["ids"]}
    assert said["open"] == [said["ids"][name] for name in reversed(waiting)]
    everything = [said["ids"][name] for name in reversed(said["ids"])]
    assert said["page"] + said["next page"] == everything[:8]
    assert set(said["sells"]) == {"SELL"}
    assert said["stops"] == ["STOP_LIMIT", "STOP_LIMIT"]
    assert said["previews"]["market"]["errs"] == said["previews"]["limit"]["errs"] == []
    assert said["previews"]["too much"]["errs"] == ["PREVIEW_INSUFFICIENT_FUND"]
    assert said["edited"]["success"] is True
    assert [result["success"] for result in said["cancelled"]["results"]] == [True] * 4 + [False]
    assert said["funds"]["success"] is False
    assert said["funds"]["preview_failure_reason"] == "PREVIEW_INSUFFICIENT_FUND"
    assert {name: found[0] for name, found in said["refused"].items()} == dict.fromkeys(
        said["refused"], "HTTPError"
    )
    assert {name: found[1][:3] for name, found in said["refused"].items()} == {
        "bracket": "400",
        "order": "404",
        "product": "404",
        "key": "401",
        "close": "403",
        "convert": "403",
    }
    total = {"BTC": Decimal(1), "USD": Decimal(100_000)}
    for fill in said["all fills"]:
        sign, size = 1 if fill["side"] == "BUY" else -1, Decimal(fill["size"])
        total["BTC"] += sign * size
        total["USD"] -= sign * size * Decimal(fill["price"]) + Decimal(fill["commission"])
    held = {one["currency"]: Decimal(one["available_balance"]["value"]) for one in said["accounts after"]}
    assert {asset: held[asset] for asset in total} == total
