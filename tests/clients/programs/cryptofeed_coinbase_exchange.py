"""cryptofeed's requests to Coinbase Exchange: the market, and an account."""

import asyncio
import json
import sys
from decimal import Decimal

from cryptofeed.connection import HTTPAsyncConn
from cryptofeed.defines import BUY, LIMIT, MARKET
from cryptofeed.exchanges import Coinbase

told = json.loads(sys.argv[1])
for name, url in told["settings"].items():
    setattr(Coinbase, name, url)
SYMBOL = "BTC-USD"


class Requests(Coinbase):
    """Its requests alone: names of products are asked for by its streams, which speak another protocol."""

    @classmethod
    def symbols(cls, config=None, refresh=False):
        """No names."""
        return []


async def main():
    made = Requests.__new__(Requests)
    keys = told["keys"]
    made.sandbox, made.http_conn = False, HTTPAsyncConn(Requests.id)
    made.key_id, made.key_secret, made.key_passphrase = keys["apiKey"], keys["secret"], keys["password"]
    try:
        report = {}
        ticker = await made.ticker(SYMBOL)
        report["ticker"] = [str(ticker.bid), str(ticker.ask)]
        book = await made.l2_book(SYMBOL)
        report["book"] = [len(book.book.bids), len(book.book.asks)]
        report["orders of the book"] = len((await made.l3_book(SYMBOL)).book.bids)
        report["trades"] = [trade.id async for page in made.trades(SYMBOL) for trade in page][:3]
        report["candles"] = [str(candle.close) async for page in made.candles(SYMBOL) for candle in page][:2]
        report["balances"] = {
            one.currency: [str(one.balance), str(one.reserved)]
            for one in await made.balances()
            if one.balance
        }
        rests = await made.place_order(SYMBOL, BUY, LIMIT, Decimal("0.01"), price=Decimal(1000))
        report["rests"] = rests.status
        report["open"] = [one.id == rests.id for one in await made.orders()]
        report["fetched"] = (await made.order_status(rests.id)).status
        bought = await made.place_order(SYMBOL, BUY, MARKET, Decimal("0.01"))
        report["bought"] = [bought.status, str(bought.remaining)]
        cancelled = await made.cancel_order(rests.id)
        report["cancelled"] = cancelled.status
        print(json.dumps(report))
    finally:
        await made.http_conn.close()


asyncio.run(main())
