"""Accounts trade through a whole server: by REST and by WebSocket, in the books that everybody sees."""

import trio
from binance_server import KEYS, exchange, price

from feed import Settings
from feed.dialects.binance.policy import BinancePolicy
from feed.policies import Policies

DONE = ("status", "executedQty")


def some(found, *names):
    return tuple(found[name] for name in names)


async def test_an_order_rests_is_found_and_is_cancelled(autojump_clock):
    """Its funds are locked meanwhile, and its price stands in the book of everybody."""
    async with exchange() as server:
        bid, _ = server.quote
        limit = price(bid - 100)
        placed = await server.order(quantity="0.5", price=limit, newClientOrderId="mine")
        assert some(placed, "status", "price", "fills") == ("NEW", f"{limit}000000", [])
        *_, told = await server.ask(
            "alice", "GET", "api/v3/order", symbol="BTCUSDT", orderId=placed["orderId"]
        )
        assert some(told, "clientOrderId", "status", "isWorking") == ("mine", "NEW", True)
        *_, several = await server.ask("alice too", "GET", "api/v3/openOrders")
        assert [one["orderId"] for one in several] == [placed["orderId"]]
        *_, book = await server.send("GET", "api/v3/depth", "symbol=BTCUSDT&limit=1000")
        assert f"{limit}000000" in [level[0] for level in book["bids"]]
        *_, account = await server.ask("alice", "GET", "api/v3/account", omitZeroBalances="true")
        locked = {one["asset"]: one["locked"] for one in account["balances"]}
        assert float(locked["USDT"]) == (bid - 100) / 100 / 2
        *_, gone = await server.ask(
            "alice", "DELETE", "api/v3/order", symbol="BTCUSDT", orderId=placed["orderId"]
        )
        assert some(gone, "status", "origClientOrderId") == ("CANCELED", "mine")
        status, _, again = await server.ask(
            "alice", "DELETE", "api/v3/order", symbol="BTCUSDT", orderId=placed["orderId"]
        )
        assert (status, again) == (400, {"code": -2011, "msg": "Unknown order sent."})


async def test_an_order_that_two_ids_name_goes_by_both(autojump_clock):
    """By any other pair there is none, whether the client has made its id up or the exchange."""
    async with exchange() as server:
        away = price(server.quote[0] - 100)
        mine = await server.order(quantity="0.01", price=away, newClientOrderId="mine")
        other = await server.order(quantity="0.01", price=away)

        async def ask(method, path, code=None, **params):
            status, _, found = await server.ask("alice", method, path, symbol="BTCUSDT", **params)
            assert (status, found.get("code")) == ((200, None) if code is None else (400, code))
            return found

        for first, second in ((mine, other), (other, mine)):
            wrong = {"orderId": first["orderId"], "origClientOrderId": second["clientOrderId"]}
            await ask("GET", "api/v3/order", -2013, **wrong)
            await ask("DELETE", "api/v3/order", -2011, **wrong)
            right = {"orderId": first["orderId"], "origClientOrderId": first["clientOrderId"]}
            assert (await ask("GET", "api/v3/order", **right))["orderId"] == first["orderId"]
            await ask("DELETE", "api/v3/order", **right)


async def test_a_market_order_trades_with_what_the_book_has(autojump_clock):
    """At the prices that stood there; commission in what was received; balances to the last digit."""
    async with exchange() as server:
        *_, book = await server.send("GET", "api/v3/depth", "symbol=BTCUSDT&limit=1")
        best, there = book["asks"][0]
        placed = await server.order(type="MARKET", timeInForce=None, quantity="0.01")
        assert some(placed, *DONE, "type") == ("FILLED", "0.01000000", "MARKET")
        assert float(there) >= 0.01
        (fill,) = placed["fills"]
        assert some(fill, "price", "qty", "commission", "commissionAsset") == (
            best,
            "0.01000000",
            "0.00001000",
            "BTC",
        )
        *_, trades = await server.ask("alice", "GET", "api/v3/myTrades", symbol="BTCUSDT")
        assert [one["id"] for one in trades] == [fill["tradeId"]]
        *_, last = await server.send("GET", "api/v3/trades", "symbol=BTCUSDT&limit=1")
        assert some(last[0], "id", "price", "qty") == some(fill, "tradeId", "price", "qty")
        *_, account = await server.ask("alice", "GET", "api/v3/account", omitZeroBalances="true")
        free = {one["asset"]: one["free"] for one in account["balances"]}
        assert free == {
            "BTC": "2.00999000",
            "USDT": f"{100_000 - float(best) / 100:.8f}",
            "ETH": "5.00000000",
        }


async def test_a_key_of_a_better_tier_pays_less(autojump_clock):
    """In quote for who sells."""
    async with exchange() as server:
        placed = await server.order("bob", side="SELL", type="MARKET", timeInForce=None, quantity="0.01")
        (fill,) = placed["fills"]
        assert fill["commissionAsset"] == "USDT"
        assert fill["commission"] == f"{float(fill['price']) * 0.01 * 0.0006:.8f}"


async def test_a_market_order_for_an_amount_of_money(autojump_clock):
    """It spends what it was told to, less than the price of one lot aside."""
    async with exchange() as server:
        placed = await server.order(type="MARKET", timeInForce=None, quoteOrderQty="500")
        spent = float(placed["cummulativeQuoteQty"])
        assert 500 - server.quote[1] / 100 * 0.00001 * 1.01 < spent <= 500
        assert some(placed, "status", "origQuoteOrderQty") == ("FILLED", "500.00000000")


async def test_orders_that_do_not_wait_expire(autojump_clock):
    """An order that may not rest, and one that must be filled whole."""
    async with exchange() as server:
        bid, ask = server.quote
        for time in ("IOC", "FOK"):
            away = await server.order(quantity="0.01", price=price(bid - 100), timeInForce=time)
            assert some(away, *DONE, "timeInForce") == ("EXPIRED", "0.00000000", time)
        most = await server.order("bob", quantity="1.5", price=price(ask), timeInForce="IOC")
        assert most["status"] in {"EXPIRED", "FILLED"}
        assert float(most["executedQty"]) > 0


async def test_answers_are_as_long_as_they_are_asked_for(autojump_clock):
    """ACK, RESULT, FULL; each type has a default of its own."""
    async with exchange() as server:
        away = {"quantity": "0.01", "price": price(server.quote[0] - 100)}
        lengths = {}
        for wanted in ("ACK", "RESULT", "FULL", None):
            lengths[wanted] = len(await server.order(**away, newOrderRespType=wanted))
        assert lengths == {"ACK": 5, "RESULT": 16, "FULL": 17, None: 17}
        maker = await server.order(**away, type="LIMIT_MAKER", timeInForce=None)
        assert len(maker) == 5


async def test_what_the_market_does_not_take_is_refused_in_the_exchanges_words(autojump_clock):
    """Codes and texts that clients go by, each with status 400."""
    async with exchange() as server:
        bid, ask = server.quote
        away = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "quantity": "0.01"}
        away["price"] = price(bid - 100)
        await server.order(**away, newClientOrderId="twice")
        for fields, code, text in [
            ({"quantity": "50"}, -2010, "Account has insufficient balance for requested action."),
            ({"newClientOrderId": "twice"}, -2010, "Duplicate order sent."),
            (
                {"type": "LIMIT_MAKER", "timeInForce": None, "price": price(ask)},
                -2010,
                "Order would immediately match and take.",
            ),
            (
                {"type": "STOP_LOSS", "timeInForce": None, "price": None, "stopPrice": price(bid - 9000)},
                -2010,
                "Stop price would trigger immediately.",
            ),
            ({"quantity": "0.000001"}, -1013, "Filter failure: LOT_SIZE"),
        ]:
            found = await server.ask("alice", "POST", "api/v3/order", **{**away, **fields})
            assert found[::2] == (400, {"code": code, "msg": text})


async def test_a_stop_waits_for_a_trade_at_its_price(autojump_clock):
    """Then it acts, and is told as working."""
    async with exchange(speed=1.0) as server:
        await trio.sleep(1)
        _, ask = server.quote
        placed = await server.order(
            type="STOP_LOSS_LIMIT", quantity="0.01", price=price(ask + 20_000), stopPrice=price(ask + 1)
        )
        assert len(placed) == 5
        found = placed
        for _ in range(600):
            *_, found = await server.ask(
                "alice", "GET", "api/v3/order", symbol="BTCUSDT", orderId=placed["orderId"]
            )
            if found["isWorking"]:
                break
            assert some(found, "status", "workingTime") == ("NEW", -1)
            await trio.sleep(1)
        assert some(found, *DONE) == ("FILLED", "0.01000000")
        assert found["workingTime"] > found["time"]


async def test_one_order_in_place_of_another(autojump_clock):
    """Both in one step of the market; the halves that fail are told."""
    async with exchange() as server:
        away = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "quantity": "0.01"}
        away["price"] = price(server.quote[0] - 100)
        first = await server.order(**away)
        replace = {**away, "cancelReplaceMode": "STOP_ON_FAILURE", "cancelOrderId": first["orderId"]}
        status, headers, both = await server.ask("alice", "POST", "api/v3/order/cancelReplace", **replace)
        assert (status, headers["x-mbx-order-count-10s"]) == (200, "2")
        assert both["cancelResponse"]["orderId"] == first["orderId"] < both["newOrderResponse"]["orderId"]
        status, _, none = await server.ask("alice", "POST", "api/v3/order/cancelReplace", **replace)
        assert (status, none["code"], none["data"]["newOrderResult"]) == (400, -2022, "NOT_ATTEMPTED")
        replace["cancelReplaceMode"] = "ALLOW_FAILURE"
        status, _, half = await server.ask("alice", "POST", "api/v3/order/cancelReplace", **replace)
        assert (status, half["code"], half["data"]["newOrderResult"]) == (409, -2021, "SUCCESS")
        status, _, gone = await server.ask("alice", "DELETE", "api/v3/openOrders", symbol="BTCUSDT")
        assert (status, len(gone)) == (200, 2)


async def test_an_order_can_be_made_smaller_in_its_place(autojump_clock):
    """And not larger."""
    async with exchange() as server:
        placed = await server.order(quantity="0.5", price=price(server.quote[0] - 100))
        named = {"symbol": "BTCUSDT", "orderId": placed["orderId"]}
        status, _, found = await server.ask(
            "alice", "PUT", "api/v3/order/amend/keepPriority", **named, newQty="0.4"
        )
        assert (status, found["amendedOrder"]["qty"]) == (200, "0.40000000")
        status, _, found = await server.ask(
            "alice", "PUT", "api/v3/order/amend/keepPriority", **named, newQty="0.45"
        )
        assert (status, found["code"]) == (400, -2038)


async def test_an_amended_order_can_go_by_another_id(autojump_clock):
    """Its old one is free then, and no other open order's can be taken."""
    async with exchange() as server:
        away = price(server.quote[0] - 100)
        placed = await server.order(quantity="0.5", price=away, newClientOrderId="first")
        await server.order(quantity="0.5", price=away, newClientOrderId="taken")

        async def amend(size, **params):
            *_, found = await server.ask(
                "alice", "PUT", "api/v3/order/amend/keepPriority", symbol="BTCUSDT", newQty=size, **params
            )
            return found.get("amendedOrder", found)

        assert (await amend("0.4", orderId=placed["orderId"], newClientOrderId="taken"))["code"] == -2010
        found = await amend("0.4", origClientOrderId="first", newClientOrderId="second")
        assert some(found, "origClientOrderId", "clientOrderId", "qty") == ("first", "second", "0.40000000")
        assert (await amend("0.3", origClientOrderId="first"))["code"] == -2038
        found = await amend("0.3", origClientOrderId="second")
        assert some(found, "origClientOrderId", "clientOrderId") == ("second", "second")
        await server.order(quantity="0.5", price=away, newClientOrderId="first")
        found = await amend("0.2", orderId=placed["orderId"], newClientOrderId="second")
        assert some(found, "orderId", "clientOrderId") == (placed["orderId"], "second")


async def test_trades_of_an_account_with_itself_are_prevented(autojump_clock):
    """By the mode of the order that comes in."""
    async with exchange() as server:
        bid, ask = server.quote
        between = price((bid + ask) // 2)
        rests = await server.order(quantity="0.01", price=between)
        sells = {"side": "SELL", "quantity": "0.01", "price": between}
        taker = await server.order(**sells, selfTradePreventionMode="EXPIRE_TAKER")
        assert some(taker, "status", "preventedQuantity") == ("EXPIRED_IN_MATCH", "0.01000000")
        maker = await server.order(**sells)
        assert some(maker, "status", "selfTradePreventionMode") == ("NEW", "EXPIRE_MAKER")
        *_, gone = await server.ask(
            "alice", "GET", "api/v3/order", symbol="BTCUSDT", orderId=rests["orderId"]
        )
        assert gone["status"] == "EXPIRED_IN_MATCH"
        other = await server.order("bob", quantity="0.01", price=between)
        assert other["status"] == "FILLED"
        first, second = await server.matches(orderId=rests["orderId"])
        assert list(first.items())[2:8] == [
            ("takerOrderId", taker["orderId"]),
            ("makerSymbol", "BTCUSDT"),
            ("makerOrderId", rests["orderId"]),
            ("tradeGroupId", 1),
            ("selfTradePreventionMode", "EXPIRE_TAKER"),
            ("price", f"{between}000000"),
        ]
        assert [some(one, "takerOrderId", "selfTradePreventionMode") for one in (first, second)] == [
            (taker["orderId"], "EXPIRE_TAKER"),
            (maker["orderId"], "EXPIRE_MAKER"),
        ]
        assert first["takerPreventedQuantity"] == second["makerPreventedQuantity"] == "0.01000000"
        assert "makerPreventedQuantity" not in first
        assert await server.matches(preventedMatchId=second["preventedMatchId"]) == [second]
        later = {"orderId": rests["orderId"], "fromPreventedMatchId": first["preventedMatchId"] + 1}
        assert await server.matches(**later) == [second]
        assert await server.matches(orderId=rests["orderId"], limit=1) == [first]


async def test_an_amendment_and_what_is_told_of_it_have_one_number(autojump_clock):
    """So has a prevented trade, in what is told of either of its orders."""
    async with exchange() as server:
        bid, ask = server.quote
        between = price((bid + ask) // 2)
        api = await server.api()
        await api.ask("userDataStream.subscribe.signature", key="alice")
        rests = await server.order(quantity="0.02", price=between)
        changed, events = await api.ask(
            "order.amend.keepPriority",
            key="alice",
            symbol="BTCUSDT",
            orderId=rests["orderId"],
            newQty="0.01",
        )
        (replaced,) = [one["event"]["I"] for one in events if one["event"].get("x") == "REPLACED"]
        assert changed["result"]["executionId"] == replaced
        _, events = await api.ask(
            "order.place",
            key="alice",
            symbol="BTCUSDT",
            side="SELL",
            type="LIMIT",
            timeInForce="GTC",
            price=between,
            quantity="0.01",
            selfTradePreventionMode="EXPIRE_BOTH",
        )
        numbers = [one["event"]["v"] for one in events if one["event"].get("x") == "TRADE_PREVENTION"]
        (match,) = await server.matches(orderId=rests["orderId"])
        assert numbers == [match["preventedMatchId"]] * 2


async def test_both_orders_of_a_prevented_trade_are_told_of_in_one(autojump_clock):
    """Whether both are over for it, or both became smaller; and what asks for neither is no question."""
    async with exchange() as server:
        bid, ask = server.quote
        between = price((bid + ask) // 2)
        for mode, size, prevented in (
            ("EXPIRE_BOTH", "0.01", ("0.03000000", "0.01000000")),
            ("DECREMENT", "0.02", ("0.02000000", "0.02000000")),
        ):
            rests = await server.order(quantity=size, price=between)
            taker = await server.order(
                side="SELL", quantity="0.03", price=between, selfTradePreventionMode=mode
            )
            (match,) = await server.matches(orderId=taker["orderId"])
            assert some(match, "makerOrderId", "takerPreventedQuantity", "makerPreventedQuantity") == (
                rests["orderId"],
                *prevented,
            )
        for wrong, code in (({}, -1102), ({"preventedMatchId": 1, "orderId": 1}, -1128)):
            status, _, found = await server.ask(
                "alice", "GET", "api/v3/myPreventedMatches", symbol="BTCUSDT", **wrong
            )
            assert (status, found["code"]) == (400, code)


async def test_orders_are_counted_in_headers_and_limited(autojump_clock):
    """By account, whichever of its keys; by the wall clock."""
    policies = Policies(binance=BinancePolicy(orders_per_10_seconds=2))
    async with exchange(Settings(policies=policies)) as server:
        away = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "quantity": "0.01"}
        away["price"] = price(server.quote[0] - 100)
        counts = []
        for name in ("alice", "alice too"):
            _, headers, _ = await server.ask(name, "POST", "api/v3/order", **away)
            counts.append((headers["x-mbx-order-count-10s"], headers["x-mbx-order-count-1d"]))
        assert counts == [("1", "1"), ("2", "2")]
        status, _, found = await server.ask("alice", "POST", "api/v3/order", **away)
        text = "Too many new orders; current limit is 2 orders per 10 SECOND."
        assert (status, found) == (429, {"code": -1015, "msg": text})
        assert (await server.ask("bob", "POST", "api/v3/order", **away))[0] == 200
        server.wall += 10
        assert (await server.ask("alice", "POST", "api/v3/order", **away, timestamp=server.now))[0] == 200


async def test_keys_open_what_they_may(autojump_clock):
    """None, a wrong one, one of another protocol, one that may not trade, one that has signed nothing."""
    async with exchange() as server:
        rejected = {"code": -2015, "msg": "Invalid API-key, IP, or permissions for action."}
        none = await server.send("GET", "api/v3/account")
        assert none[::2] == (401, {"code": -2014, "msg": "API-key format invalid."})
        assert (await server.ask("alice", "GET", "api/v3/account", key="wrong"))[::2] == (401, rejected)
        assert (await server.ask("erin", "GET", "api/v3/account"))[::2] == (401, rejected)
        assert (await server.ask("carol", "GET", "api/v3/account"))[0] == 200
        away = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": "0.01"}
        assert (await server.ask("carol", "POST", "api/v3/order", **away))[::2] == (401, rejected)
        assert (await server.ask("dave", "GET", "api/v3/account"))[0] == 200
        assert (await server.ask("alice", "GET", "api/v3/account", key=KEYS["bob"]))[2]["uid"] == 2
        unsigned = await server.send("GET", "api/v3/account", f"timestamp={server.now}", key=KEYS["alice"])
        assert (unsigned[0], unsigned[2]["code"]) == (400, -1102)
        forged = await server.send(
            "GET", "api/v3/account", f"timestamp={server.now}&signature={'0' * 64}", key=KEYS["alice"]
        )
        assert (forged[0], forged[2]["code"]) == (400, -1022)


async def test_a_timestamp_is_good_by_the_wall_or_by_the_market(autojump_clock):
    """So that a client of today works in a market of another year, at any speed."""
    async with exchange() as server:
        server.wall = 1_800_000_000.0
        for timestamp, good in [
            (server.now, True),
            (1_800_000_000_000, True),
            (1_800_000_000_000 - 5001, False),
            (1_750_000_000_000, False),
        ]:
            status, _, found = await server.ask("alice", "GET", "api/v3/account", timestamp=timestamp)
            assert (status == 200) == good, found
            assert good or found["code"] == -1021


async def test_equal_requests_in_equal_markets_have_equal_answers(autojump_clock):
    """Byte for byte, without ids of the client's own too."""
    heard = []
    for _ in range(2):
        async with exchange() as server:
            limit = {"quantity": "0.01", "price": price(server.quote[0] - 100)}
            answers = [
                await server.order(**limit),
                await server.order(type="MARKET", timeInForce=None, quantity="0.02"),
                await server.ask("alice", "DELETE", "api/v3/openOrders", symbol="BTCUSDT"),
                await server.ask("alice", "GET", "api/v3/account"),
                await server.ask("alice", "GET", "api/v3/allOrders", symbol="BTCUSDT"),
            ]
            heard.append(repr([one[2] if isinstance(one, tuple) else one for one in answers]))
    assert heard[0] == heard[1]


# --- by WebSocket ------------------------------------------------------------------------------------


async def test_an_order_by_websocket_is_answered_after_what_the_account_is_told(autojump_clock):
    """Its events come first, in the order of the market; then the answer."""
    async with exchange() as server:
        api = await server.api()
        subscribed, _ = await api.ask("userDataStream.subscribe.signature", key="alice")
        assert subscribed["result"] == {"subscriptionId": 0}
        order = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": "0.01"}
        placed, events = await api.ask("order.place", key="alice", **order)
        assert some(placed["result"], *DONE) == ("FILLED", "0.01000000")
        assert [one["event"]["e"] for one in events] == [
            "executionReport",
            "outboundAccountPosition",
            "executionReport",
            "outboundAccountPosition",
        ]
        reports = [one["event"] for one in events if one["event"]["e"] == "executionReport"]
        assert [some(one, "x", "X", "i") for one in reports] == [
            ("NEW", "NEW", placed["result"]["orderId"]),
            ("TRADE", "FILLED", placed["result"]["orderId"]),
        ]
        assert reports[1]["t"] == placed["result"]["fills"][0]["tradeId"]
        assert placed["rateLimits"][0]["count"] == 1


async def test_an_account_hears_of_its_own_orders_alone(autojump_clock):
    """By whichever way they come, and whoever is on the other side."""
    async with exchange() as server:
        bid, ask = server.quote
        between = price((bid + ask) // 2)
        ears = {}
        for name in ("alice", "bob"):
            ears[name] = await server.api()
            await ears[name].ask("userDataStream.subscribe.signature", key=name)
        await server.order("alice", quantity="0.01", price=between)
        await server.order("bob", side="SELL", quantity="0.01", price=between)
        alice = [one["event"] for one in await ears["alice"].events(4)]
        bob = [one["event"] for one in await ears["bob"].events(4)]
        traded = [one for one in (*alice, *bob) if one.get("x") == "TRADE"]
        assert [some(one, "S", "m", "l") for one in traded] == [
            ("BUY", True, "0.01000000"),
            ("SELL", False, "0.01000000"),
        ]
        assert traded[0]["t"] == traded[1]["t"]
        assert traded[0]["i"] != traded[1]["i"]


async def test_connections_with_equal_subscriptions_hear_equal_bytes(autojump_clock):
    """Of one account, by whichever key."""
    async with exchange() as server:
        ears = [await server.api() for _ in range(2)]
        for ear, name in zip(ears, ("alice", "alice too"), strict=True):
            await ear.ask("userDataStream.subscribe.signature", key=name)
        await server.order(type="MARKET", timeInForce=None, quantity="0.01")
        one, other = [await ear.events(4) for ear in ears]
        assert one == other


async def test_a_connection_logs_on_and_trades(autojump_clock):
    """With a private key, and without a signature from then on."""
    async with exchange() as server:
        api = await server.api()
        logged, _ = await api.ask("session.logon", key="dave")
        assert logged["status"] == 200
        order = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": "0.01"}
        placed, _ = await api.ask("order.place", **order, timestamp=server.now)
        assert placed["result"]["status"] == "FILLED"
        refused, _ = await api.ask("order.place", **order)
        assert refused["error"]["code"] == -1102


async def test_a_market_that_has_ended_takes_no_orders(autojump_clock):
    """It says so, by either way; what an account has can still be asked."""
    async with exchange() as server:
        api = await server.api()
        server.script._over = True
        order = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": "0.01"}
        found, _ = await api.ask("order.place", key="alice", **order)
        assert (found["status"], found["error"]["code"]) == (503, -1008)
        status, _, found = await server.ask("alice", "POST", "api/v3/order", **order)
        assert (status, found["code"]) == (503, -1008)
        assert (await server.ask("alice", "GET", "api/v3/account"))[0] == 200


async def test_what_is_not_written_down_does_not_act(autojump_clock):
    """Where a journal is kept and cannot be."""
    async with exchange(journal=lambda entry: False) as server:
        order = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": "0.01"}
        status, _, found = await server.ask("alice", "POST", "api/v3/order", **order)
        assert (status, found["code"]) == (503, -1008)
        api = await server.api()
        found, _ = await api.ask("order.place", key="alice", **order)
        assert (found["status"], found["error"]["code"]) == (503, -1008)


async def test_whoever_leaves_with_an_order_under_way_has_placed_it(autojump_clock):
    """The answer has nowhere to go; the order is there."""
    async with exchange() as server:
        api = await server.api()
        await api.ask("ping")
        fields = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC"}
        fields |= {"quantity": "0.01", "price": price(server.quote[0] - 100)}
        api._numbers = iter(["last"])
        with trio.move_on_after(0):
            await api.ask("order.place", key="alice", **fields)
        await api.client.stream.aclose()
        await trio.sleep(1)
        *_, several = await server.ask("alice", "GET", "api/v3/openOrders")
        assert len(several) <= 1
        assert server.left[0] == 0
