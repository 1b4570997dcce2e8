"""Clients of Kraken Spot: the URL setting of ``feed urls``, nothing else."""

import json
import socket
import subprocess
import sys

import pytest

pytestmark = [pytest.mark.clients, pytest.mark.protocols("kraken")]


@pytest.mark.client("ccxt", "market data", "errors")
def test_ccxt_hears_and_reads_the_market(serve, settings_of, program):
    """Markets with their precision, tickers, books, trades and candles, asked for and watched."""
    _, url = serve("--seed", 1, "--speed", 20)
    said = program("ccxt", "ccxt_kraken", settings=settings_of("ccxt", "kraken", url))
    assert len(said["symbols"]) >= 30
    precision = said["market"]["precision"]
    assert (precision["price"], precision["amount"]) == (0.1, 1e-08)
    assert said["status"] == "ok"
    assert said["ticker"]["bid"] < said["ticker"]["ask"]
    assert said["tickers"] == ["BTC/USD", "ETH/USD"]
    assert (len(said["book"]["bids"]), len(said["book"]["asks"])) == (20, 20)
    assert said["trades"]
    assert len(said["candles"]) >= 1
    assert said["refused"] == {"pair": "ExchangeError", "asset": "BadSymbol", "missing": "BadRequest"}
    watched = said["watched"]
    assert (len(watched["book"]["bids"]), len(watched["book"]["asks"])) == (10, 10)
    assert watched["book"]["bids"][0][0] < watched["book"]["asks"][0][0]
    assert watched["trades"] in {"buy", "sell"}


@pytest.mark.client("python-kraken-sdk", "market data", "errors")
def test_the_sdk_proves_every_update(serve, program):
    """By its own rule, with the digits that AssetPairs gives; errors have their own classes."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    serve("--seed", 1, "--speed", 20, "--listen", f"kraken=127.0.0.1:{port}")
    command = [sys.executable, "-m", "feed", "urls", "python-kraken-sdk", "kraken", "--json", "--own-port"]
    urls = subprocess.run(
        [*command, "--url", f"http://127.0.0.1:{port}"], capture_output=True, text=True, check=True
    )
    said = program("python-kraken-sdk", "kraken_sdk_books", settings=json.loads(urls.stdout)["settings"])
    assert said["status"] == "online"
    assert list(said["assets"]) == ["XXBT"]
    assert said["pairs"] >= 30
    assert said["pair"]["pair_decimals"] == 1
    assert (len(said["book"]["asks"]), len(said["book"]["bids"])) == (5, 5)
    assert said["refused"] == {"pair": "KrakenUnknownAssetError", "asset": "KrakenUnknownAssetError"}
    assert said["proved"]["broken"] == 0
    assert said["heard"].keys() >= {
        "status",
        "heartbeat",
        "subscribe",
        "ticker",
        "trade",
        "ohlc",
        "instrument",
    }


@pytest.mark.client("cryptofeed", "market data")
def test_cryptofeed_proves_every_update(serve, settings_of, program, tmp_path):
    """In version 1, by its own rule: it would end with an exception."""
    authority = tmp_path / "ca.pem"
    _, url = serve("--seed", 1, "--speed", 20, "--tls-self-signed", "--tls-ca", authority)
    settings = settings_of("cryptofeed", "kraken", url.replace("ws", "https", 1))
    said = program("cryptofeed", "cryptofeed_kraken", settings=settings, ca=str(authority), books=300)
    assert said["books"] >= 300
    assert set(said["seen"]) == {"trades", "ticker", "candles"}
    assert said["problems"] == []
