"""python-binance, asynchronous: each market stream once, and questions by the WebSocket API."""

import asyncio
import json

import python_binance_at  # noqa: F401 - it sets the URLs
from binance import AsyncClient, BinanceSocketManager


async def first(socket):
    """The first message of a stream; of an array, the first in it."""
    async with socket as stream:
        message = await asyncio.wait_for(stream.recv(), 60)
        return message if isinstance(message, dict) else message[0]


async def streams(client):
    """The first message of each, all open at once."""
    manager = BinanceSocketManager(client)
    pair = "BTCUSDT"
    sockets = {
        "trade": manager.trade_socket(pair),
        "aggTrade": manager.aggtrade_socket(pair),
        "depth": manager.depth_socket(pair),
        "depth100": manager.depth_socket(pair, interval=100),
        "depth5": manager.depth_socket(pair, depth="5"),
        "kline": manager.kline_socket(pair),
        "miniTicker": manager.symbol_miniticker_socket(pair),
        "miniTickers": manager.miniticker_socket(),
        "ticker": manager.symbol_ticker_socket(pair),
        "tickers": manager.ticker_socket(),
        "bookTicker": manager.symbol_book_ticker_socket(pair),
        "several": manager.multiplex_socket(["btcusdt@trade", "ethusdt@aggTrade"]),
    }
    messages = await asyncio.gather(*map(first, sockets.values()))
    return dict(zip(sockets, messages, strict=True))


async def main():
    client = await AsyncClient.create()
    report = {"streams": await streams(client)}
    report["tickers"] = await client.get_all_tickers()
    report["ws_book"] = await client.ws_get_order_book(symbol="BTCUSDT", limit=5)
    report["ws_time"] = await client.ws_get_time()
    report["ws_klines"] = await client.ws_get_klines(symbol="BTCUSDT", interval="1m", limit=2)
    await client.close_connection()
    print(json.dumps(report))


asyncio.run(main())
