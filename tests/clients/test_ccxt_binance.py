"""ccxt on Binance Spot: the URL setting of ``feed urls`` and keys, nothing else."""

from decimal import Decimal

import pytest

pytestmark = [pytest.mark.clients, pytest.mark.protocols("binance")]


@pytest.fixture
def server(serve):
    """A market that has traded for a while, at the speed of an hour a minute."""
    _, url = serve("--seed", 1, "--speed", 60)
    return url


@pytest.mark.client("ccxt", "market data")
def test_every_public_method(server, settings_of, program):
    """Markets with their precision and limits, and tickers, books, trades and candles in unified fields."""
    said = program("ccxt", "ccxt_public", settings=settings_of("ccxt", "binance", server))
    market = said["market"]
    assert len(said["symbols"]) >= 30
    assert (market["spot"], market["active"], market["quote"]) == (True, True, "USDT")
    assert Decimal(str(market["precision"]["price"])) == Decimal("0.01")
    assert Decimal(str(market["precision"]["amount"])) == Decimal("0.00001")
    assert market["limits"]["cost"]["min"] == 5
    assert said["status"]["status"] == "ok"
    ticker = said["ticker"]
    for field in ("bid", "bidVolume", "ask", "askVolume", "high", "low", "last", "baseVolume", "quoteVolume"):
        assert ticker[field] > 0, field
    assert ticker["bid"] < ticker["ask"]
    assert said["tickers"] == ["BTC/USDT", "ETH/USDT"]
    assert said["all_tickers"] == said["symbols"]
    book = said["book"]
    assert (len(book["bids"]), len(book["asks"])) == (20, 20)
    assert book["bids"] == sorted(book["bids"], reverse=True)
    assert book["asks"] == sorted(book["asks"])
    assert book["bids"][0][0] < book["asks"][0][0]
    for trade in said["trades"] + said["own_trades_shape"]:
        assert trade["side"] in ("buy", "sell")
        assert trade["cost"] == pytest.approx(trade["price"] * trade["amount"])
    assert [after[0] - before[0] for before, after in zip(said["candles"], said["candles"][1:], strict=False)]
    for _, opened, high, low, close, volume in said["candles"]:
        assert low <= min(opened, close) <= max(opened, close) <= high
        assert volume >= 0


@pytest.mark.client("ccxt", "errors")
def test_refusals_of_public_methods(server, settings_of, program):
    """Each raises ccxt's own class for it."""
    refused = program("ccxt", "ccxt_public", settings=settings_of("ccxt", "binance", server))["refused"]
    assert {name: said[0] for name, said in refused.items()} == {
        "symbol": "BadSymbol",
        "interval": "BadRequest",
        "missing": "BadRequest",
        "path": "BadRequest",
    }
