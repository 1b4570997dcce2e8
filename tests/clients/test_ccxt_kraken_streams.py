"""ccxt.pro on Kraken Spot: every ``watch`` method at once, and orders by WebSocket, for some minutes."""

import pytest

pytestmark = [pytest.mark.clients, pytest.mark.protocols("kraken")]

STATUSES = {"filled": "closed", "canceled": "canceled"}


@pytest.fixture(params=[1, 10], ids=lambda speed: f"speed {speed}")
def operator(request, operated):
    return operated("--seed", 1, "--speed", request.param)


@pytest.fixture
def said(request, operator, settings_of, program, kraken_keys):
    """What the program reports."""
    report = program(
        "ccxt",
        "ccxt_kraken_watch",
        settings=settings_of("ccxt", "kraken", operator.url),
        keys=kraken_keys,
        seconds=max(request.config.getoption("--clients-minutes") * 60, 5),
        admin={"url": operator.http, "key": operator.key},
    )
    request.node.user_properties.append(("updates", report["updates"]))
    return report


@pytest.mark.client("ccxt", "market data", "orders")
def test_every_watch_method(said, operator):
    """Each is told of changes without an exception; books, own orders, own trades and balance are REST's."""
    assert said["errors"] == []
    assert said["crossed"] == []
    assert said["silent"] == []
    for symbol, (held, asked) in said["books"].items():
        assert held == asked, symbol
        assert len(held["bids"]) == 10
    assert said["refused"] == {
        "funds": ["InsufficientFunds", "EOrder:Insufficient funds (insufficient user funds)"],
        "order": ["OrderNotFound", "EOrder:Unknown order"],
        "unknown": ["ExchangeError", "Unsupported field: 'validate' for the given msg type: add order"],
        "reduce": ["ExchangeError", "EOrder:Reduce only:No position exists"],
    }
    _check_account(said)
    wallet = {asset: float(sum(parts)) for asset, parts in operator.wallet(1, "kraken").items()}
    for asset, total in said["balance"].items():
        assert total == said["fetched balance"][asset] == wallet[asset], asset


def _check_account(said):
    """What was watched of the account is what it is asked for afterwards."""
    answered, watched = said["answered"], said["orders"]
    assert len(watched) == answered["placed"]
    rounds = answered["placed"] // 4
    assert (answered["edited"], answered["cancelled"], answered["all cancelled"]) == (rounds, rounds, rounds)
    assert said["fetched orders"]
    for name, asked in said["fetched orders"].items():
        order = watched[name]
        assert asked["status"] == STATUSES[order["order_status"]]
        for field, theirs in {
            "cum_qty": "vol_exec",
            "order_qty": "vol",
            "cum_cost": "cost",
            "fee_usd_equiv": "fee",
        }.items():
            assert float(order[field]) == float(asked[theirs]), (name, field)
        assert float(order.get("avg_price", 0)) == float(asked["price"]), name
        assert order.get("cl_ord_id") == asked.get("cl_ord_id"), name
        assert order.get("reason") == asked.get("reason"), name
    assert said["fetched trades"]
    for name, asked in said["fetched trades"].items():
        trade = said["trades"][name]
        for field in ("order", "symbol", "side", "type", "takerOrMaker", "price", "amount", "cost"):
            assert trade[field] == asked[field], (name, field)
        assert trade["fee"]["cost"] == asked["fee"]["cost"], name


@pytest.mark.client("ccxt", "resync")
def test_an_account_after_its_connection_was_lost(operated, settings_of, program, kraken_keys):
    """Whoever subscribes again is told of what is open, of the last trades, and of balances."""
    operator = operated("--seed", 1)
    said = program(
        "ccxt",
        "ccxt_kraken_back",
        settings=settings_of("ccxt", "kraken", operator.url),
        keys=kraken_keys,
        admin={"url": operator.http, "key": operator.key},
    )
    assert said["lost"] == ["NetworkError", "NetworkError"]
    assert sorted(said["orders"]) == sorted(said["wanted"]) == sorted(said["fetched orders"])
    assert sorted(said["trades"]) == sorted(said["fetched trades"])
    for asset in ("BTC", "USD", "ETH"):
        assert said["balance"][asset] == said["fetched balance"][asset], asset
