"""Clients of Coinbase Advanced Trade's WebSocket: other URLs and keys, nothing else."""

import pytest

from feed.dialects.coinbase.policy import DEMO_KEYS
from feed.server.key_secrets import demo_private_key

pytestmark = [pytest.mark.clients, pytest.mark.protocols("coinbase")]


@pytest.fixture
def coinbase_key():
    """Gives the demo key of an algorithm, and what signs with it."""

    def find(name):
        known = next(one for one in DEMO_KEYS if one.key.endswith(name))
        return {"key": known.key, "secret": demo_private_key(known)}

    return find


@pytest.mark.client("coinbase-advanced-py", "market data")
@pytest.mark.parametrize("signs", ["", "es256", "eddsa"])
def test_the_sdk_hears_every_channel(serve, program, tmp_path, coinbase_key, signs):
    """Over plain WebSockets and over TLS, with a token in every message or none, numbered without a gap."""
    authority = tmp_path / "ca.pem"
    tls = ["--tls-self-signed", "--tls-ca", authority] if signs == "eddsa" else []
    _, url = serve("--seed", 1, "--speed", 5, *tls)
    settings = {"base_url": f"{url.replace('ws:', 'wss:') if tls else url}/coinbase"}
    key = coinbase_key(signs) if signs else {}
    said = program("coinbase-advanced-py", "coinbase_advanced_websocket", settings=settings, **key)
    assert said["numbers"] == list(range(len(said["numbers"])))
    assert said["channels"] == [
        "candles",
        "heartbeats",
        "l2_data",
        "market_trades",
        "status",
        "ticker",
        "ticker_batch",
    ]
    assert said["missing"] == []
    assert said["level"]["side"] in {"bid", "offer"}


@pytest.mark.client("coinbase-advanced-py", "resync")
def test_the_sdks_user_notices_a_hole(operated, program):
    """By the number of the next message; a book that is asked for again is the one that is had by request."""
    operator = operated("--seed", 1)
    said = program(
        "coinbase-advanced-py",
        "coinbase_advanced_gap",
        settings={"base_url": f"{operator.url}/coinbase"},
        admin={"url": operator.http, "key": operator.key},
    )
    assert said["gaps"]
    assert min(said["gaps"]) > 0
    assert min(said["levels"]) > 10


@pytest.mark.client("ccxt", "market data", "orders")
def test_ccxt_watches_and_is_told_of_its_orders(operated, settings_of, program, coinbase_key, tmp_path):
    """Every method, books as by request with market time stopped, and own orders with their fees."""
    config = tmp_path / "feed.toml"
    # It asks as fast as it can, which is faster here than the exchange lets it.
    config.write_text("[policies.coinbase]\nrequests_per_second = 1000\n", encoding="utf-8")
    operator = operated("--seed", 1, "--speed", 5, "--config", config)
    key = coinbase_key("es256")
    said = program(
        "ccxt",
        "ccxt_coinbase_watch",
        settings=settings_of("ccxt", "coinbase", operator.url),
        keys={"apiKey": key["key"], "secret": key["secret"]},
        admin={"url": operator.http, "key": operator.key},
    )
    watched = said["watched"]
    assert watched["book"][0] < watched["book"][1]
    assert all(watched["ticker"].values())
    assert watched["trades"][2:] == [True, 0]
    assert watched["sockets"] == 1
    for symbol, (held, asked) in said["books"].items():
        assert held == asked, symbol
        assert len(asked["bids"]) > 10
    assert said["own"]["statuses"] == ["canceled", "closed"]
    assert said["own"]["told"] == said["own"]["asked"]
    assert said["own"]["fee"][0] == said["own"]["fee"][1] > 0
    assert set(said["unwatched"].values()) == {"ended"}
