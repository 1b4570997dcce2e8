"""What ccxt raises for each refusal of Binance Spot: its own class for it."""

import pytest

pytestmark = [pytest.mark.clients, pytest.mark.protocols("binance")]

# So few that a busy machine asks for more of them in one window.
FEW_ORDERS = "[policies.binance]\norders_per_10_seconds = 40\n"
RAISED = {
    "unknown symbol": "BadSymbol",
    "symbol of nobody, by the client": "BadSymbol",
    "symbol in small letters": "BadRequest",
    "unknown interval": "BadRequest",
    "missing parameter": "BadRequest",
    "too many parameters": "BadRequest",
    "unknown path": "BadRequest",
    "buys for more than it has": "InsufficientFunds",
    "sells more than it has": "InsufficientFunds",
    "spends more than it has": "InsufficientFunds",
    "post-only that would take": "OrderImmediatelyFillable",
    "stop that would trigger": "OrderImmediatelyFillable",
    "client order id twice": "InvalidOrder",
    "quantity off the step": "InvalidOrder",
    "quantity below the least": "InvalidOrder",
    "price off the tick": "InvalidOrder",
    "price too far away": "InvalidOrder",
    "too small a value": "BadRequest",
    "no such type": "BadRequest",
    "no such side": "BadRequest",
    "no such time in force": "BadRequest",
    "time in force of a market order": "BadRequest",
    "quantity that is none": "BadRequest",
    "unknown order, fetched": "OrderNotFound",
    "unknown order, cancelled": "OrderNotFound",
    "unknown order, edited": "ExchangeError",  # -2022 is in its table for the exchange's own host alone
    "nothing to cancel": "OrderNotFound",
    "unknown key": "AuthenticationError",
    "no key's form": "AuthenticationError",
    "wrong secret": "AuthenticationError",
    "clock behind": "InvalidNonce",
    "clock ahead": "InvalidNonce",
    "window too long": "ExchangeError",  # -1131 too
    "key without a right": "AuthenticationError",
    "listen key of today": "BadRequest",
    "maintenance, account": "OnMaintenance",
    "maintenance, order": "OnMaintenance",
    "maintenance, market data": "",
    "ban of the key": "DDoSProtection",
    "ban of another key": "",
    "ban of the address": "DDoSProtection",
    "skewed clock": "InvalidNonce",
    "skewed clock, asked for the time": "",
    "too many orders": "DDoSProtection",
}


@pytest.fixture
def reader(feed, tmp_path):
    """A key that may not trade, as ccxt calls its parts, in a file of keys."""
    added = feed("keys", "add", tmp_path / "keys.toml", "--name", "reader", "--account", 2, "--sign")
    code, lines = added.rest()
    assert code == 0, added.errors
    return dict(zip(("apiKey", "secret"), " ".join(lines).split(), strict=False))


@pytest.mark.client("ccxt", "errors")
def test_each_refusal(reader, operated, settings_of, program, keys, tmp_path):  # noqa: PLR0917
    """One table: what is refused, and the class."""
    operator = operated("--seed", 1, "--keys", tmp_path / "keys.toml", "--demo-keys", config=FEW_ORDERS)
    settings = settings_of("ccxt", "binance", operator.url)
    admin = {"url": operator.http, "key": operator.key}
    said = program("ccxt", "ccxt_errors", settings=settings, keys=keys, reader=reader, admin=admin)
    assert {name: found[0] for name, found in said.items()} == RAISED, said
    assert " 418 " in said["ban of the key"][1]
    assert " 418 " in said["ban of the address"][1]


@pytest.mark.client("ccxt", "errors")
def test_too_much_weight_and_waiting_for_as_long_as_told(serve, settings_of, program, tmp_path):
    """429 is DDoSProtection; after ``Retry-After`` the client is served again, and counted from nothing."""
    config = tmp_path / "light.toml"
    config.write_text("[policies.binance]\nweight_per_minute = 300\n")
    _, url = serve("--seed", 1, "--config", config)
    said = program("ccxt", "ccxt_rates", settings=settings_of("ccxt", "binance", url), seconds=60)
    assert said["raised"][0] == "DDoSProtection", said
    assert "-1003" in said["raised"][1]
    assert said["asked"] > 1
    assert 1 <= said["waits"] <= 60
    assert said["bids"]
    assert said["used"] <= 10
