"""python-binance, synchronous: every public method that Spot has."""

import json

from binance import Client
from python_binance_at import refusals

client = Client()
pair = {"symbol": "BTCUSDT"}
report = {
    "ping": client.ping(),
    "status": client.get_system_status(),
    "time": client.get_server_time(),
    "info": client.get_symbol_info("BTCUSDT"),
    "book": client.get_order_book(**pair, limit=5),
    "trades": client.get_recent_trades(**pair, limit=10),
    "historical": client.get_historical_trades(**pair, limit=10),
    "aggregates": client.get_aggregate_trades(**pair, limit=10),
    "candles": client.get_klines(**pair, interval="1m", limit=5),
    "history": client.get_historical_klines("BTCUSDT", "1m", limit=1000),
    "ui": client.get_ui_klines(**pair, interval="1m", limit=5),
    "average": client.get_avg_price(**pair),
    "day": client.get_ticker(**pair),
    "price": client.get_symbol_ticker(**pair),
    "prices": client.get_all_tickers(),
    "quote": client.get_orderbook_ticker(**pair),
    "quotes": client.get_orderbook_tickers(),
    "window": client.get_symbol_ticker_window(**pair, windowSize="1h"),
    "products": [pair for pair in client.get_exchange_info()["symbols"] if pair["status"] == "TRADING"],
}
first = next(client.aggregate_trade_iter("BTCUSDT", last_id=report["aggregates"][0]["a"]))
report["iterated"] = [first["a"], report["aggregates"][1]["a"]]
report["refused"] = refusals(
    {
        "symbol": lambda: client.get_order_book(symbol="NOPE"),
        "characters": lambda: client.get_order_book(symbol="btc-usdt"),
        "missing": client.get_order_book,
        "interval": lambda: client.get_klines(**pair, interval="7m"),
        "limit": lambda: client.get_recent_trades(**pair, limit="many"),
    }
)
client.close_connection()
print(json.dumps(report))
