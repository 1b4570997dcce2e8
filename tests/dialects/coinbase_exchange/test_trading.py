"""Accounts trade through a whole server by request, in the books that everybody sees."""

import json
from decimal import ROUND_DOWN, Decimal
from itertools import pairwise

import pytest
from asking import ADMIN, ask
from coinbase_exchange_server import KEYS, exchange, price, signature

from feed.dialects.uuids import order_uuid

FEE = Decimal("0.006")
UNIT = Decimal("1e-10")  # of USD, where a price has two digits and a size eight
CLIENT = "0a1b2c3d-0a1b-4c2d-8e3f-0a1b2c3d4e5f"


def some(found, *names):
    return tuple(found.get(name) for name in names)


async def test_an_order_rests_is_found_and_is_cancelled(autojump_clock):
    """Its funds and the most that its fee may be are on hold meanwhile, and its price is in the book."""
    async with exchange() as server:
        limit = price(server.quote[0] - 100)
        placed = await server.order(size="0.5", price=limit, client_oid=CLIENT.upper())
        assert some(placed, "status", "type", "time_in_force", "stp", "filled_size") == (
            "open",
            "limit",
            "GTC",
            "dc",
            "0.00000000",
        )
        assert some(placed, "size", "price", "client_oid", "settled") == ("0.50000000", limit, CLIENT, False)
        one = placed["id"]
        assert await server.get("alice", f"/orders/{one}") == placed
        assert await server.get("alice", f"/orders/client:{CLIENT}") == placed
        assert await server.get("alice", "/orders") == [placed]
        assert await server.get("bob", "/orders") == []
        book = await server.get("alice", "/products/BTC-USD/book", level=3)
        assert [limit, "0.50000000", one] in book["bids"]
        held = Decimal(limit) / 2 * (1 + FEE)
        balances = await server.balances()
        assert (Decimal(balances["USD"][0]), Decimal(balances["USD"][1])) == (100_000, held)
        usd = next(one for one in await server.get("alice", "/accounts") if one["currency"] == "USD")
        assert await server.get("alice", f"/accounts/{usd['id']}") == usd
        [hold] = await server.get("alice", f"/accounts/{usd['id']}/holds")
        assert (hold["ref"], hold["type"], hold["amount"]) == (one, "order", usd["hold"])
        status, _, gone = await server.ask("alice", "DELETE", f"/orders/{one}", {"product_id": "BTC/USD"})
        assert (status, gone) == (200, one)
        after = await server.get("alice", f"/orders/{one}")
        assert some(after, "status", "done_reason", "settled") == ("done", "canceled", True)
        status, _, again = await server.ask("alice", "DELETE", f"/orders/client:{CLIENT}")
        assert (status, again) == (400, {"message": "Order already done"})
        assert (await server.balances())["USD"][1] == "0.0000000000"


async def test_a_market_order_trades_with_what_the_book_has(autojump_clock):
    """Fees in the quote currency; balances are deposit, fills and fees to the last unit."""
    async with exchange() as server:
        bought = await server.order(type="market", size="0.75")
        spent = await server.order(type="market", funds="1234.56")
        sold = await server.order(type="market", side="sell", size="0.25")
        assert [one["done_reason"] for one in (bought, spent, sold)] == ["filled"] * 3
        assert some(spent, "specified_funds", "size") == ("1234.5600000000", None)
        fills = await server.get("alice", "/fills", product_id="BTC-USD")
        assert len(fills) >= 3
        usd, btc = Decimal(100_000), Decimal(2)
        for fill in fills:
            sign = 1 if fill["side"] == "buy" else -1
            size, value = Decimal(fill["size"]), Decimal(fill["size"]) * Decimal(fill["price"])
            assert Decimal(fill["fee"]) == (value * FEE).quantize(UNIT, ROUND_DOWN)
            assert Decimal(fill["usd_volume"]) == value
            assert (fill["liquidity"], fill["funding_currency"]) == ("T", "USD")
            usd -= sign * value + Decimal(fill["fee"])
            btc += sign * size
        balances = await server.balances()
        assert (Decimal(balances["USD"][0]), Decimal(balances["BTC"][0])) == (usd, btc)
        own = await server.get("alice", "/fills", order_id=bought["id"])
        assert sum(Decimal(fill["fee"]) for fill in own) == Decimal(bought["fill_fees"])
        assert sum(Decimal(fill["size"]) for fill in own) == Decimal(bought["filled_size"]) == Decimal("0.75")
        assert 1233 < Decimal(spent["executed_value"]) + Decimal(spent["fill_fees"]) <= Decimal("1234.56")
        fees = await server.get("alice", "/fees")
        assert some(fees, "taker_fee_rate", "maker_fee_rate") == ("0.006000", "0.004000")
        assert float(fees["usd_volume"]) > 60_000


async def test_a_ledger_adds_up(autojump_clock):
    """Each balance is the one before it and the amount; the newest is what is held."""
    async with exchange() as server:
        for side in ("buy", "sell"):
            await server.order(type="market", side=side, size="0.1")
        for one in await server.get("alice", "/accounts"):
            entries = await server.get("alice", f"/accounts/{one['id']}/ledger")
            if one["currency"] not in {"USD", "BTC"}:
                assert entries == []
                continue
            assert entries[0]["balance"] == one["balance"]
            for later, earlier in pairwise(entries):
                assert Decimal(later["balance"]) - Decimal(later["amount"]) == Decimal(earlier["balance"])
            first = Decimal(entries[-1]["balance"]) - Decimal(entries[-1]["amount"])
            assert first == {"USD": 100_000, "BTC": 2}[one["currency"]]
            assert {entry["type"] for entry in entries} == (
                {"match", "fee"} if one["currency"] == "USD" else {"match"}
            )
            status, headers, page = await server.ask(
                "alice", "GET", f"/accounts/{one['id']}/ledger", limit=1, after=entries[0]["id"]
            )
            assert (status, page) == (200, entries[1:2])
            assert headers["cb-after"] == entries[1]["id"]


async def test_orders_that_do_not_wait_are_canceled(autojump_clock):
    """One that may not rest, and one that must be filled whole; one that must rest is rejected."""
    async with exchange() as server:
        bid, ask = server.quote
        for time in ("IOC", "FOK"):
            away = await server.order(size="0.01", price=price(bid - 100), time_in_force=time)
            assert some(away, "status", "done_reason", "time_in_force", "filled_size") == (
                "done",
                "canceled",
                time,
                "0.00000000",
            )
        taken = await server.order(size="0.01", price=price(ask + 5000), time_in_force="FOK")
        assert some(taken, "status", "done_reason") == ("done", "filled")
        refused = await server.order(size="0.01", price=price(ask), post_only=True)
        assert some(refused, "status", "reject_reason", "post_only") == ("rejected", "post only", True)
        status, _, unknown = await server.ask("alice", "GET", f"/orders/{refused['id']}")
        assert (status, unknown) == (404, {"message": "NotFound"})
        rests = await server.order(size=0.01, price=float(price(bid - 100)), post_only=1)
        assert some(rests, "status", "post_only") == ("open", True)


async def test_an_order_good_till_a_time_says_when(autojump_clock):
    """A minute, an hour or a day from now."""
    async with exchange() as server:
        away = {"size": "0.01", "price": price(server.quote[0] - 100)}
        order = await server.order(**away, time_in_force="GTT", cancel_after="hour")
        assert order["time_in_force"] == "GTT"
        assert order["expire_time"][:13] != order["created_at"][:13]
        assert order["expire_time"][13:] == order["created_at"][13:]
        assert await server.refused(**away, time_in_force="GTT") == (400, "Invalid cancel_after")
        assert await server.refused(**away, cancel_after="day") == (
            400,
            "cancel_after requires time_in_force to be GTT",
        )


async def test_stop_orders_wait_for_a_trade(autojump_clock):
    """An entry for a rise, a loss for a fall; by default whichever the side is used for."""
    async with exchange() as server:
        bid, ask = server.quote
        above, below = price(ask + 100_000), price(bid - 100_000)
        limit = {"size": "0.01", "price": price(ask)}
        entry = await server.order(**limit, stop_price=above)
        assert some(entry, "status", "stop", "stop_price", "type") == ("active", "entry", above, "limit")
        loss = await server.order(**limit, side="sell", stop_price=below)
        assert some(loss, "status", "stop") == ("active", "loss")
        falls = await server.order(**limit, stop="loss", stop_price=below)
        assert some(falls, "status", "stop", "side") == ("active", "loss", "buy")
        market = await server.order(type="market", size="0.01", side="sell", stop_price=below)
        assert some(market, "status", "stop", "type") == ("active", "loss", "market")
        assert await server.refused(**limit, stop_price=below) == (400, "stop price is reached already")
        assert await server.refused(**limit, stop="loss") == (400, "stop_price is required")
        assert await server.refused(type="market", funds="5", stop_price=above) == (
            400,
            "funds is not supported for stop orders",
        )
        active = await server.get("alice", "/orders", status="active")
        assert [one["id"] for one in active] == [one["id"] for one in (market, falls, loss, entry)]


@pytest.mark.parametrize(
    ("mode", "old", "new"),
    [
        ("dc", ("open", "0.03000000"), ("done", "0.00000000")),
        ("co", ("done", "0.00000000"), ("open", "0.00000000")),
        ("cn", ("open", "0.00000000"), ("done", "0.00000000")),
        ("cb", ("done", "0.00000000"), ("done", "0.00000000")),
    ],
)
async def test_trades_of_an_account_with_itself_are_prevented(autojump_clock, mode, old, new):
    """Both made smaller, the older, the newer, or both canceled."""
    async with exchange() as server:
        bid, ask = server.quote
        between = price(bid + 1)
        assert bid + 1 < ask
        first = await server.order(size="0.05", price=between)
        second = await server.order(side="sell", size="0.02", price=between, stp=mode)
        assert second["status"] == new[0]
        now = await server.get("alice", f"/orders/{first['id']}")
        assert (now["status"], now["filled_size"]) == (old[0], "0.00000000")
        assert await server.get("alice", "/fills", product_id="BTC-USD") == []


async def test_pages_of_orders(autojump_clock):
    """Of statuses, of a product, between cursors, of times, the newest or the oldest first."""
    async with exchange() as server:
        away = {"size": "0.01", "price": price(server.quote[0] - 100)}
        placed = [await server.order(**away) for _ in range(4)]
        other = await server.order(product_id="ETH-USD", size="0.1", price="10")
        done = await server.order(type="market", size="0.01")
        ids = [one["id"] for one in placed]

        async def listed(**query):
            return [one["id"] for one in await server.get("alice", "/orders", **query)]

        assert await listed(product_id="BTC-USD") == ids[::-1]
        assert await listed(sorting="asc", limit=2) == ids[:2]
        assert await listed(status="done") == await listed(status="settled") == [done["id"]]
        assert await listed(status="all", limit=2) == [done["id"], other["id"]]
        assert await listed(status="open,done", product_id="ETH/USD") == [other["id"]]
        _, headers, page = await server.ask("alice", "GET", "/orders", product_id="BTC-USD", limit=2)
        assert [one["id"] for one in page] == ids[:1:-1]
        assert await listed(product_id="BTC-USD", after=headers["cb-after"]) == ids[1::-1]
        assert await listed(before=headers["cb-before"]) == [other["id"]]
        assert await listed(start_date="2999-01-01T00:00:00Z") == []
        assert await listed(end_date="1999-01-01T00:00:00Z") == []
        for query, message in (
            ({"status": "odd"}, "odd is not a valid status"),
            ({"sorting": "odd"}, "Invalid sorting"),
            ({"sortedBy": "price"}, "Invalid sortedBy"),
        ):
            status, _, refused = await server.ask("alice", "GET", "/orders", **query)
            assert (status, refused) == (400, {"message": message})
        status, _, gone = await server.ask("alice", "DELETE", "/orders", product_id="BTC-USD")
        assert (status, sorted(gone)) == (200, sorted(ids))
        assert (await server.ask("alice", "DELETE", "/orders", {}))[2] == [other["id"]]
        assert (await server.ask("alice", "DELETE", "/orders"))[2] == []


@pytest.mark.parametrize(
    ("order", "message"),
    [
        ({"product_id": "NOPE-USD"}, "Product not found"),
        ({"product_id": None}, "product_id is required"),
        ({"side": "long"}, "Invalid side"),
        ({"type": "iceberg"}, "Invalid type"),
        ({"size": "0"}, "size is too small. Minimum size is 0.00000001"),
        ({"size": None}, "size is required"),
        ({"size": "1e5"}, "Invalid size"),
        ({"size": "0.000000015"}, "size is too accurate (0.000000015). Smallest unit is 0.00000001"),
        ({"price": "-5"}, "price too small. Minimum size is 0.01"),
        ({"price": "100.001"}, "price too precise (100.001). Smallest unit is 0.01"),
        ({"price": "99999999999999999999"}, "price too large"),
        ({"funds": "5"}, "funds is not supported for limit orders"),
        ({"time_in_force": "GTD"}, "Invalid time_in_force"),
        (
            {"time_in_force": "IOC", "post_only": "true"},
            "post_only is invalid when time_in_force is IOC or FOK",
        ),
        ({"post_only": "maybe"}, "Invalid post_only"),
        ({"stp": "no"}, "Invalid stp"),
        ({"max_floor": "5"}, "max_floor is not supported"),
        ({"client_oid": "mine"}, "Invalid client_oid"),
        ({"profile_id": CLIENT}, "Invalid profile_id"),
        ({"size": "50"}, "Insufficient funds"),
        ({"side": "sell", "size": "2.5"}, "Insufficient funds"),
        ({"type": "market"}, "price is not supported for market orders"),
        ({"type": "market", "price": None, "funds": "5"}, "market orders must have either size or funds"),
        (
            {"type": "market", "price": None, "size": None, "funds": "0"},
            "funds is too small. Minimum size is 0.01",
        ),
        (
            {"type": "market", "price": None, "size": None, "funds": "1.00000000001"},
            "funds is too accurate (1.00000000001)",
        ),
        ({"type": "market", "price": None, "size": None, "funds": "99999"}, None),
        (
            {"type": "market", "price": None, "post_only": True},
            "post_only is not supported for market orders",
        ),
    ],
)
async def test_orders_that_are_refused(autojump_clock, order, message):
    """With the exchange's status and text; nothing acts."""
    async with exchange() as server:
        fields = {"size": "0.01", "price": "60000", **order}
        if message is None:
            assert (await server.order(**fields))["status"] == "done"
            return
        assert await server.refused(**fields) == (400, message)
        assert await server.get("alice", "/orders", status="all") == []


async def test_an_own_id_is_used_once(autojump_clock):
    """As long as it is remembered."""
    async with exchange() as server:
        away = {"size": "0.01", "price": price(server.quote[0] - 100), "client_oid": CLIENT}
        await server.order(**away)
        assert await server.refused(**away) == (400, "client_oid is in use")


async def test_orders_and_balances_that_there_are_not(autojump_clock):
    """What is no id is told apart; another account's are none."""
    async with exchange() as server:
        order = await server.order(size="0.01", price=price(server.quote[0] - 100))

        async def refused(method, path, name="alice", **query):
            status, _, found = await server.ask(name, method, path, **query)
            return status, found["message"]

        for one in (order_uuid(2**40), "client:" + CLIENT):
            assert await refused("GET", f"/orders/{one}") == (404, "NotFound")
            assert await refused("DELETE", f"/orders/{one}") == (404, "order not found")
        for one in ("nonsense", "client:mine"):
            assert await refused("GET", f"/orders/{one}") == (400, "Invalid order id")
        assert await refused("GET", f"/orders/{order['id']}", "bob") == (404, "NotFound")
        assert await refused("DELETE", f"/orders/{order['id']}", "bob") == (404, "order not found")
        wrong = {"product_id": "ETH-USD"}
        assert await refused("DELETE", f"/orders/{order['id']}", **wrong) == (404, "order not found")
        assert await refused("DELETE", "/orders", product_id="NOPE") == (400, "Product not found")
        assert await refused("GET", "/fills") == (400, "Either order_id or product_id is required")
        assert await refused("GET", "/fills", order_id="x") == (400, "Invalid order id")
        assert await refused("GET", "/orders", product_id="NOPE") == (404, "NotFound")
        assert await refused("GET", "/accounts/nonsense") == (400, "Invalid account id")
        assert await refused("GET", f"/accounts/{CLIENT}") == (404, "NotFound")
        assert await refused("GET", f"/profiles/{CLIENT}") == (404, "NotFound")
        [profile] = await server.get("alice", "/profiles")
        assert await server.get("alice", f"/profiles/{profile['id']}") == profile
        assert await server.get("alice", "/transfers") == []


@pytest.mark.parametrize(
    ("change", "status", "message"),
    [
        ({"CB-ACCESS-KEY": None}, 401, "CB-ACCESS-KEY header is required"),
        ({"CB-ACCESS-KEY": "nonsense"}, 401, "Invalid API Key"),
        ({"CB-ACCESS-KEY": KEYS["erin"]}, 401, "Invalid API Key"),
        ({"CB-ACCESS-SIGN": None}, 401, "CB-ACCESS-SIGN header is required"),
        ({"CB-ACCESS-SIGN": "nonsense"}, 401, "invalid signature"),
        ({"CB-ACCESS-SIGN": signature("nonsense")}, 401, "invalid signature"),
        ({"CB-ACCESS-PASSPHRASE": None}, 401, "CB-ACCESS-PASSPHRASE header is required"),
        ({"CB-ACCESS-PASSPHRASE": "nonsense"}, 401, "Invalid Passphrase"),
        ({"CB-ACCESS-TIMESTAMP": None}, 401, "CB-ACCESS-TIMESTAMP header is required"),
        ({"CB-ACCESS-TIMESTAMP": "today"}, 400, "invalid timestamp"),
        ({"CB-ACCESS-TIMESTAMP": "1600000000"}, 400, "request timestamp expired"),
    ],
)
async def test_requests_that_do_not_show_who_asks(autojump_clock, change, status, message):
    """With the exchange's status and text."""
    async with exchange() as server:
        found, _, refused = await server.ask("alice", "GET", "/accounts", change=change)
        assert (found, refused) == (status, {"message": message})


async def test_a_key_that_may_only_read(autojump_clock):
    """It sees its account, and does not trade."""
    async with exchange() as server:
        assert await server.get("carol", "/orders") == []
        assert await server.refused("carol", size="0.01", price="10") == (403, "Forbidden")


async def test_a_timestamp_of_the_wall_clock_is_good(autojump_clock):
    """Thirty seconds to either side of it, or of market time."""
    async with exchange() as server:
        server.wall += 3_000_000
        for offset, status in ((29, 200), (-29, 200), (31, 400), (-31, 400)):
            time = str(server.wall + offset)
            signed = {"CB-ACCESS-TIMESTAMP": time, "CB-ACCESS-SIGN": signature(f"{time}GET/fees")}
            assert (await server.ask("alice", "GET", "/fees", change=signed))[0] == status


async def fault(server, kind, **fields):
    """One that an operator adds, for this protocol alone."""
    body = json.dumps(
        {"name": kind, "kind": kind, "aim": {"dialect": "coinbase_exchange"}, **fields}
    ).encode()
    status, _, answer = await ask(server.connect(), "/admin/faults", method="POST", body=body, **ADMIN)
    assert status == 201, answer


async def test_maintenance_refuses_what_concerns_accounts(autojump_clock):
    """In words that programs know; the market is still told of."""
    async with exchange() as server:
        await fault(server, "maintenance")
        status, _, found = await server.ask("alice", "GET", "/accounts")
        assert (status, found) == (400, {"message": "Coinbase Exchange is under maintenance"})
        assert (await server.send("GET", "/time"))[0] == 200


async def test_a_clock_that_is_ahead_is_told_and_checked_by(autojump_clock):
    """A client that sets its clock by the exchange's goes on, and no other."""
    async with exchange() as server:
        await fault(server, "clock-skew", skew_ms=100_000)
        *_, time = await server.send("GET", "/time")
        assert time["epoch"] == server.now / 1000 + 100
        for ahead, status in ((0, 400), (100, 200)):
            at = str(server.now / 1000 + ahead)
            change = {"CB-ACCESS-TIMESTAMP": at, "CB-ACCESS-SIGN": signature(f"{at}GET/fees")}
            assert (await server.ask("alice", "GET", "/fees", change=change))[0] == status
