"""Orders of Rails by request: one of them, those that have traded, and cancelling them all."""

from types import SimpleNamespace

import pytest
import trio
from asking import ask as ask_http
from railway import GRANTS, KEYS, ask, hear, railway
from virtual import run

from feed.dialects.access import Problem
from feed.dialects.rails.rest.orders import KEPT_NS, order
from feed.dialects.rest import Call

ID = "0835bf3e-4a20-41f0-908d-8213f2b7a285"
FAR = {"orderType": "buy", "tradeType": "limit", "price": "60000.00", "quantity": "0.01"}
TAKE = {"orderType": "buy", "tradeType": "market", "quantity": "0.01"}


class Account:
    """Who asks with an access token."""

    def __init__(self, opened, name="alice"):
        self._opened = opened
        self._headers = {"Authorization": f"Bearer {opened.token(name)}"}

    async def get(self, path, **parameters):
        return await self._ask("GET", path, parameters)

    async def cancel(self, **parameters):
        return await self._ask("DELETE", "orders", parameters)

    async def _ask(self, method, path, parameters):
        query = "&".join(f"{name.replace('_', '-')}={value}" for name, value in parameters.items())
        path = f"/api/v1/{path}?{query}"
        status, _, body = await ask_http(self._opened.connect(), path, method=method, **self._headers)
        return body if status == 200 else (status, body["body"])


def in_house(test):
    """Run a test with a house, a socket of its account in all markets, and an account, on a virtual clock."""

    def running():
        async def main():
            async with railway() as opened:
                await trio.sleep(1)
                streams = "market=ALL&subscriptions=orders,trades"
                await test(Account(opened), await opened.board("alice", streams), opened)

        run(main)

    running.__name__, running.__doc__ = test.__name__, test.__doc__
    return running


async def create(client, market="BTC-USD", **fields):
    """An order, as the last answer about it has it."""
    await ask(client, "createOrder", market=market, **fields)
    said = [it["data"] for it in await hear(client, 0.2) if it["resultType"] == "createOrder"]
    return said[-1]["order"]


@in_house
async def test_an_order_is_had_by_its_id_or_by_the_clients_own(account, client, opened):
    """While it is open, and for an hour after that."""
    placed = await create(client, clientRequestId=ID, **FAR)
    by_id = {"market": "BTC-USD", "order_id": placed["orderId"]}
    by_request = {"market": "btcusd", "client_request_id": ID.upper()}
    for wanted in (by_id, by_request):
        assert (await account.get("order", **wanted))["order"] == placed
        assert (await account.get("open-order", **wanted))["openOrder"] == placed
    await ask(client, "cancelOrder", market="BTC-USD", orderId=placed["orderId"])
    await hear(client, 0.2)
    assert await account.get("open-order", **by_id) == (404, "order not found")
    for wanted in (by_id, by_request):
        assert (await account.get("order", **wanted))["order"]["orderStatus"] == "cancelled"
    assert await account.get("order", market="ETH-USD", order_id=placed["orderId"]) == (
        404,
        "order not found",
    )
    assert await Account(opened, "bob").get("order", **by_id) == (404, "order not found")


@in_house
async def test_an_order_that_is_over_is_forgotten_after_an_hour(account, client, opened):
    """Of market time."""
    done = await create(client, **TAKE)
    accounts = opened.script.control._run.accounts
    ended = accounts.find(1).finished[-1].ts
    call = Call(
        values={"market": "BTC-USD", "order-id": done["orderId"], "client-request-id": ""},
        grant=GRANTS["alice"],
    )

    listing = opened.script.listing

    def asked(now):
        context = SimpleNamespace(
            accounts=accounts,
            listing=listing,
            market_state=SimpleNamespace(now=now),
            instrument=lambda symbol: (listing.index(symbol), listing[listing.index(symbol)]),
        )
        return order(context, call)

    assert asked(ended + KEPT_NS).order["orderStatus"] == "filled"
    with pytest.raises(Problem, match="order not found"):
        asked(ended + KEPT_NS + 1)


@in_house
async def test_which_order_is_meant_must_be_said_once(account, client, opened):
    """By one of two ids, and one that can be such an id."""
    either = (400, "either order-id or client-request-id is needed, and not both")
    assert await account.get("order", market="BTC-USD") == either
    assert await account.get("order", market="BTC-USD", order_id=ID, client_request_id=ID) == either
    ulid = (400, "order-id must be the ULID of an order")
    assert await account.get("order", market="BTC-USD", order_id=ID) == ulid
    assert await account.get("order", market="BTC-USD", client_request_id="7") == (404, "order not found")
    assert (await account.get("order", market="NOPE", order_id=ID))[0] == 404


@in_house
async def test_fills_are_had_in_pages(account, client, opened):
    """The newest first, 100 at a time; those of some time alone, where it is named."""
    for _ in range(105):
        await ask(client, "createOrder", market="BTC-USD", **TAKE | {"quantity": "0.0001"})
        await trio.sleep(0.01)
    await hear(client, 0.2)
    first = await account.get("completed-orders")
    rest = await account.get("completed-orders", start=first["last"].replace("#", "%23"))
    fills = first["completedOrders"] + rest["completedOrders"]
    assert (len(first["completedOrders"]), rest["last"]) == (100, "")
    assert len(fills) >= 105
    assert len({fill["matchId"] for fill in fills}) == len(fills)
    times = [fill["filledAt"] for fill in fills]
    assert times == sorted(times, reverse=True)
    assert {"market", "orderId", "fees", "executionType", "triggerType"} < {*fills[0]}
    some = await account.get("completed-orders", startDate=times[10], endDate=times[5])
    assert {fill["filledAt"] for fill in some["completedOrders"]} == {*times[5:11]}
    assert await account.get("completed-orders", start="x") == (400, "start is not the last of an answer")


@in_house
async def test_orders_are_cancelled_by_market_or_all(account, client, opened):
    """How many is said; the socket is told of each."""
    for market, price in (("BTC-USD", "60000.00"), ("BTC-USD", "59000.00"), ("ETH-USD", "1000.00")):
        await create(client, market, **FAR | {"price": price})
    said = {"message": "Cancelling 2 orders for market BTC-USD without any errors"}
    assert await account.cancel(market="BTC-USD", clientRequestId=ID) == said
    told = [it["data"] for it in await hear(client, 0.2) if it["data"]["statusCode"] == 200]
    assert [it["clientRequestId"] for it in told] == [f"{ID}#0", f"{ID}#1"]
    assert {it["body"] for it in told} == {"order cancelled"}
    assert len((await account.get("open-orders"))["openOrders"]) == 1
    everywhere = "across all markets without any errors"
    assert await account.cancel(market="all") == {"message": f"Cancelling 1 order {everywhere}"}
    assert await account.cancel(market="ALL") == {"message": f"Cancelling 0 orders {everywhere}"}
    assert await account.cancel(market="BTC-USD", clientRequestId="7") == (
        400,
        "clientRequestId must be a UUID",
    )


@pytest.mark.parametrize("name", ["carol"])
def test_a_key_that_reads_alone_cancels_nothing(name):
    """403, as for its socket."""

    async def main():
        async with railway() as opened:
            status, said = await Account(opened, name).cancel(market="all")
            assert (status, "scope trade" in said) == (403, True)
            assert name in KEYS

    run(main)
