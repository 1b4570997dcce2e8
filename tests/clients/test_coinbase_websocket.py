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
