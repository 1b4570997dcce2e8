"""cryptofeed on Binance Spot: the endpoints of ``feed urls`` and keys; it asks for TLS and listen keys."""

import pytest

pytestmark = [pytest.mark.clients, pytest.mark.protocols("binance")]


@pytest.mark.client("cryptofeed", "market data", "orders", "errors")
def test_channels_and_orders(serve, settings_of, program, keys, tmp_path):
    """Its book is REST's at one update id, private channels tell of its orders, a refusal is an exception."""
    config = tmp_path / "feed.toml"
    config.write_text('[policies.binance]\nrevision = "2025-12-31"\n')
    authority = tmp_path / "ca.pem"
    secure = ("--tls-self-signed", "--tls-ca", authority)
    _, url = serve("--seed", 1, "--config", config, *secure)
    settings = settings_of("cryptofeed", "binance", url.replace("ws", "https", 1))
    said = program(
        "cryptofeed", "cryptofeed_binance", settings=settings, keys=keys, ca=str(authority), books=3
    )
    assert len(said["books"]) == 3
    for book in said["books"]:
        assert [side[: len(rest)] for side, rest in zip(book["kept"], book["rest"], strict=True)] == book[
            "rest"
        ]
    assert set(said["seen"]) == {"trades", "ticker", "candles"}
    reports = [event for event in said["private"] if event["e"] == "executionReport"]
    assert [event["X"] for event in reports] == ["NEW", "FILLED", "NEW", "CANCELED"]
    assert said["order"]["status"] == "FILLED"
    assert (
        [order["orderId"] for order in said["open"]] == [reports[-1]["i"]] == [said["cancelled"]["orderId"]]
    )
    told = {each["a"]: each for event in said["private"] for each in event.get("B", ())}
    for balance in said["balances"]:
        if balance["asset"] in told:
            last = told[balance["asset"]]
            assert (last["f"], last["l"]) == (balance["free"], balance["locked"])
    assert set(told) == {"BTC", "USDT"}
    assert said["refused"] == 400
