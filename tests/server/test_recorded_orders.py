"""A recording that is served: accounts trade in it, everybody else hears what was recorded."""

from functools import partial

import pytest
import trio
import virtual
from asking import ask as ask_http
from railway import START, ask, hear, railway

from feed import Settings
from feed.model.market import MarketSpec
from feed.settings import Trading
from feed.sim.clients import open_to_accounts
from feed.sim.defaults import default_market
from feed.sim.market import Market
from feed.sim.playback import Playback

pytestmark = pytest.mark.protocols("rails")
SECOND = 1_000_000_000
SPEC = MarketSpec(
    instruments=tuple(it for it in default_market().instruments if it.instrument.symbol == "BTC-USD")
)
SYMBOL = "BTC-USD"
TAKE = {"orderType": "buy", "tradeType": "market", "quantity": "0.0100"}


@pytest.fixture(scope="module")
def rows():
    """Six seconds of a simulated market."""
    market = Market(SPEC, seed=3, start=START)
    return [market.opening() + market.advance(START + 6 * SECOND)]


def playing(rows, **trading):
    """A house that plays them."""
    trading = Trading(**trading)
    playback = Playback(SPEC.listing(), partial(list, rows), start=START)
    return railway(Settings(trading=trading), run=open_to_accounts(playback, trading))


async def texts(client, seconds):
    """Everything that a client is told for a while, as it is."""
    heard = []
    with trio.move_on_after(seconds):
        while True:
            heard.append(await client.text())
    return heard


def test_others_hear_the_recording(rows):
    """Byte for byte, whether somebody trades or not; who trades hears what becomes of it."""

    async def main(*, trades):
        async with playing(rows) as opened:
            watcher = await opened.board("bob", f"market={SYMBOL}&subscriptions=publicOrderBook,publicTrades")
            trader = await opened.board("alice", f"market={SYMBOL}&subscriptions=orders,trades")
            told = []
            if trades:
                await trio.sleep(1)
                await ask(trader, "createOrder", market=SYMBOL, **TAKE)
                told = [it for it in await hear(trader, 1) if isinstance(it["data"], dict)]
            return await texts(watcher, 8), told

    quiet, _ = virtual.run(partial(main, trades=False))
    heard, told = virtual.run(partial(main, trades=True))
    assert len(quiet) > 50
    assert heard == quiet
    codes = [it["data"]["statusCode"] for it in told if "statusCode" in it["data"]]
    assert codes[:2] == [202, 200]


@pytest.mark.parametrize(("orders", "state"), [(True, "active"), (False, "readOnly")])
def test_markets_say_whether_anybody_can_trade(rows, orders, state):
    """In the words of the protocol."""

    async def main():
        async with playing(rows, recorded_orders=orders) as opened:
            _, _, body = await ask_http(opened.connect(), "/api/v1/markets")
            return body

    assert f"'{state}'" in str(virtual.run(main))
