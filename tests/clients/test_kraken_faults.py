"""Clients of Kraken Spot, and what goes wrong with it on purpose."""

import json
import socket
import subprocess
import sys

import pytest

pytestmark = [pytest.mark.clients, pytest.mark.protocols("kraken")]


@pytest.fixture
def own_port():
    """A free port for the exchange alone, and what ``feed urls`` says of it for python-kraken-sdk."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "feed", "urls", "python-kraken-sdk", "kraken", "--json", "--own-port"]
    said = subprocess.run(
        [*command, "--url", f"http://127.0.0.1:{port}"], capture_output=True, text=True, check=True
    )
    return f"kraken=127.0.0.1:{port}", json.loads(said.stdout)["settings"]


@pytest.mark.client("python-kraken-sdk", "resync", "errors")
def test_the_sdk_begins_a_book_anew(operated, own_port, program, kraken_keys):
    """After a wrong checksum, and after a hole; single orders are proved all the while; refusals by class."""
    listen, settings = own_port
    operator = operated("--seed", 1, "--speed", 4, "--listen", listen)
    said = program(
        "python-kraken-sdk",
        "kraken_sdk_faults",
        settings=settings,
        keys=kraken_keys,
        grant="demo-kraken",
        admin={"url": operator.http, "key": operator.key},
    )
    problems = [entry for entry in said["books"] if isinstance(entry, str)]
    assert set(problems) == {"Checksum mismatch - resubscribing to the orderbook for BTC/USD"}
    assert said["books"].index(problems[0]) < said["after the wrong one"] < len(said["books"]) - 30
    assert said["books"][: said["after the wrong one"]].count(False) == 1  # the book itself was right
    assert said["books"][-30:] == [True] * 30
    assert said["book"]["held"] == said["book"]["rest"]
    assert len(said["book"]["held"]["bids"]) == 10
    assert said["orders"]["broken"] == 0
    assert said["orders"]["events"].keys() == {"add", "modify", "delete"}
    assert said["refused"] == {
        "lockout, private": "KrakenTemporaryLockoutError",
        "lockout, public": "",
        "after lockout": "",
        "rate, private": "",
        "rate, public": "KrakenApiLimitExceededError",
        "after rate": "",
        "skew, private": "KrakenInvalidNonceError",
        "after skew": "",
        "maintenance, private": "KrakenServiceUnavailableError",
        "maintenance, public": "",
        "maintenance, order": "KrakenServiceUnavailableError",
        "after maintenance": "",
    }
    assert said["status"] == "maintenance"


@pytest.mark.client("cryptofeed", "resync")
def test_cryptofeed_connects_again(operated, settings_of, program, tmp_path):
    """A wrong checksum ends its connection, by its own rule; on the next one the books go on."""
    authority = tmp_path / "ca.pem"
    operator = operated("--seed", 1, "--speed", 10, "--tls-self-signed", "--tls-ca", authority)
    settings = settings_of("cryptofeed", "kraken", operator.url.replace("ws", "https", 1))
    said = program(
        "cryptofeed",
        "cryptofeed_kraken",
        settings=settings,
        ca=str(authority),
        books=400,
        admin={"url": operator.http.replace("http", "https", 1), "key": operator.key},
    )
    assert said["books"] >= 400
    [problem] = said["problems"]
    assert "encountered an exception, reconnecting" in problem


@pytest.mark.client("ccxt", "errors")
def test_ccxt_has_a_class_for_each(operated, settings_of, program, kraken_keys):
    """What it raises while requests are refused on purpose, and nothing afterwards."""
    operator = operated("--seed", 1)
    said = program(
        "ccxt",
        "ccxt_kraken_faults",
        settings=settings_of("ccxt", "kraken", operator.url),
        keys=kraken_keys,
        grant="demo-kraken",
        admin={"url": operator.http, "key": operator.key},
    )
    assert said["refused"] == {
        "lockout, private": "DDoSProtection",
        "lockout, public": "",
        "rate, private": "",
        "rate, public": "DDoSProtection",
        "skew, private": "InvalidNonce",
        "maintenance, private": "ExchangeNotAvailable",
        "maintenance, order": "ExchangeNotAvailable",
        "maintenance, public": "",
        "afterwards": "",
    }
    assert said["status"] == "maintenance"
