"""Accounts as the operator sees them."""

from decimal import Decimal

import trio
from asking import ADMIN, ask
from railway import railway
from servers import Script
from virtual import run

from feed.model.events import Side
from feed.model.requests import Create
from feed.model.spot_requests import PlaceSpotOrder
from feed.model.trading import Pricing

TAKE = {"type": Pricing.MARKET, "slippage": 20_000, "leverage": 5}


async def shown(opened, query=""):
    status, _, body = await ask(opened.connect(), f"/admin/accounts{query}", **ADMIN)
    assert status == 200
    return body


def test_the_operator_sees_what_accounts_hold():
    """Every account of a key, and every one that has traded: what it owns, and what it has open."""

    async def main():
        async with railway() as opened:
            await trio.sleep(1)
            nothing = (await shown(opened))["accounts"]
            assert [(it["account"], it["keys"]) for it in nothing] == [
                (1, ["alice", "alice too"]),
                (2, ["bob"]),
                (3, ["carol"]),
            ]
            assert [(it["positions"], it["orders"], it["fills"]) for it in nothing] == [([], 0, 0)] * 3
            price = opened.context.fanout.hub.market_state.quote(0).bid
            common = {"instrument": 0, "side": Side.SELL, "size": 100}
            opened.script.submit(Create(account=2, **common, **TAKE, stop_loss=2 * price))
            opened.script.submit(Create(account=7, **common, price=price * 3 // 2))
            await trio.sleep(0.05)
            now = await shown(opened, "?after=1")
            assert [it["account"] for it in now["accounts"]] == [2, 3, 7]
            held, _, waits = now["accounts"]
            (position,) = held["positions"]
            assert (position["symbol"], position["size"], held["leverage"]) == ("BTC-USD", "-0.0100", 5)
            assert float(position["stop_loss"]) == 2 * price / 100
            (balance,) = held["balances"]
            earned = Decimal(balance["equity"]) - Decimal(balance["cash"])
            assert earned == Decimal(position["unrealised"]) != 0
            assert (waits["keys"], waits["orders"], waits["positions"]) == ([], 1, [])
            assert now["seq"] == opened.context.fanout.hub.seq
            assert not now["more"]
            first = await shown(opened, "?limit=1")
            assert ([it["account"] for it in first["accounts"]], first["more"]) == ([1], True)

    run(main)


def test_the_operator_sees_what_wallets_hold():
    """At every venue, also of who never asked for anything there; of each asset what is free, and locked."""

    async def main():
        async with railway() as opened:
            order = PlaceSpotOrder(account=1, instrument=0, side=Side.BUY, size=100, price=50_000_00)
            opened.script.submit(order)
            await trio.sleep(0.05)
            alice, bob, _ = (await shown(opened))["accounts"]
            usd = {"venue": "coinbase", "asset": "USD", "free": "99500.00000000", "locked": "500.00000000"}
            assert usd in alice["wallets"]
            assert (alice["orders"], alice["spot_orders"], bob["spot_orders"]) == (0, 1, 0)
            assert usd | {"free": "100000.00000000", "locked": "0.00000000"} in bob["wallets"]
            assert [one["asset"] for one in bob["wallets"]] == ["BTC", "USD", "ETH"]

    run(main)


async def test_nobody_has_an_account_where_nobody_can_trade(open_server):
    """As in a recording."""
    async with open_server(script=Script(opening=[])) as server:
        status, _, body = await ask(server.connect(), "/admin/accounts", **ADMIN)
    assert (status, body["error"]["message"]) == (404, "This market has no accounts")
