"""Single orders of a book by REST, beside what the channel of them says."""

import json

from kraken_server import kraken_exchange, price


async def test_orders_stand_in_their_queues_by_the_ids_of_their_accounts():
    """All that the channel tells first, and an own order behind the others of its price."""
    async with kraken_exchange() as server:
        number = await server.order(price=price(server.quote[0]))
        token = (await server.result("bob", "GetWebSocketsToken"))["token"]
        client = await server.upgraded("/kraken/v2")
        params = {"channel": "level3", "symbol": ["BTC/USD"], "depth": 10, "token": token}
        await client.send({"method": "subscribe", "params": params})
        while (told := json.loads(await client.text(), parse_float=str)).get("channel") != "level3":
            pass
        asked = await server.result("carol", "Level3", pair="XBTUSD", depth="10")
        assert asked["pair"] == "BTC/USD"
        for side in ("bids", "asks"):
            assert [(one["price"], one["qty"], one["order_id"]) for one in asked[side]] == [
                (one["limit_price"], one["order_qty"], one["order_id"]) for one in told["data"][0][side]
            ]
        best = [one for one in asked["bids"] if one["price"] == asked["bids"][0]["price"]]
        assert (best[-1]["order_id"], best[-1]["qty"]) == (number, "0.01000000")
        assert [one["timestamp"] for one in best] == sorted(one["timestamp"] for one in best)
        assert best[-1]["timestamp"] // 1_000_000 == server.now


async def test_as_many_levels_as_are_asked_for():
    """A hundred where nobody says, all with 0; what there is not is refused."""
    async with kraken_exchange() as server:
        levels = {}
        for depth in (None, "0", "10", "1000"):
            found = await server.result("alice", "Level3", pair="BTC/USD", depth=depth)
            levels[depth] = len({one["price"] for one in found["asks"]})
        assert levels["10"] == 10 < levels["0"]
        assert levels[None] == min(levels["0"], 100)
        assert levels["1000"] == min(levels["0"], 1000)
        for params in ({"depth": "11"}, {"depth": "-1"}, {"pair": None}):
            error = await server.refusal("alice", "Level3", **({"pair": "XBTUSD"} | params))
            assert error == "EGeneral:Invalid arguments"
        error = await server.refusal("alice", "Level3", pair="XBTUSD", side="buy")
        assert error == "EGeneral:Invalid arguments:side"
        assert await server.refusal("alice", "Level3", pair="NOPE") == "EQuery:Unknown asset pair"
