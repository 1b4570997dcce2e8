"""ccxt, synchronous: every public method that Spot has, and what each gives in unified fields."""

import json
import sys

import ccxt

told = json.loads(sys.argv[1])
exchange = ccxt.binance({**told["settings"], **told.get("keys", {}), "enableRateLimit": False})
markets = exchange.load_markets()
report = {"symbols": sorted(markets), "market": markets["BTC/USDT"]}
report["status"] = exchange.fetch_status()
report["time"] = exchange.fetch_time()
report["ticker"] = exchange.fetch_ticker("BTC/USDT")
report["tickers"] = sorted(exchange.fetch_tickers(["BTC/USDT", "ETH/USDT"]))
report["all_tickers"] = sorted(exchange.fetch_tickers())
report["bids_asks"] = exchange.fetch_bids_asks(["BTC/USDT", "ETH/USDT"])
report["last_prices"] = exchange.fetch_last_prices(["BTC/USDT"])
report["book"] = exchange.fetch_order_book("BTC/USDT", 20)
report["trades"] = exchange.fetch_trades("BTC/USDT", limit=50)
report["own_trades_shape"] = exchange.fetch_trades(
    "BTC/USDT", limit=5, params={"fetchTradesMethod": "publicGetTrades"}
)
report["candles"] = exchange.fetch_ohlcv("BTC/USDT", "1m", limit=5)
report["currencies"] = len(exchange.fetch_currencies() or {}) if told.get("keys") else None
refused = {}
for name, call in {
    "symbol": lambda: exchange.publicGetDepth({"symbol": "NOPE"}),
    "interval": lambda: exchange.publicGetKlines({"symbol": "BTCUSDT", "interval": "7m"}),
    "missing": lambda: exchange.publicGetDepth({}),
    "path": lambda: exchange.publicGetTickerTradingDay({}),
}.items():
    try:
        call()
    except ccxt.BaseError as error:
        refused[name] = [type(error).__name__, str(error)]
report["refused"] = refused
print(json.dumps(report))
