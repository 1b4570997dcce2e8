"""Accounts trade through a whole server by request, in the books that everybody sees."""

import json
from datetime import UTC, datetime
from decimal import ROUND_DOWN, Decimal

import attrs
import pytest
from asking import ADMIN, ask
from coinbase_server import API, ENTRIES, HOST, KEYS, NO_LIMIT, PREFIX, exchange, jwt, price

from feed.dialects.times import iso
from feed.dialects.uuids import order_of_uuid, order_uuid
from feed.policies import Policies

MAKER, TAKER = Decimal("0.006"), Decimal("0.012")
UNIT = Decimal("1e-10")  # of USD, where a price has two digits and a size eight
UP, DOWN = "STOP_DIRECTION_STOP_UP", "STOP_DIRECTION_STOP_DOWN"
NOBODYS = order_uuid(1 << 40)


def some(found, *names):
    return tuple(found.get(name) for name in names)


async def test_an_order_rests_is_found_and_is_cancelled(autojump_clock):
    """Its funds and the most that its fee may be are held meanwhile, and its price is in the book."""
    async with exchange() as server:
        limit = price(server.quote[0] - 100)
        terms = {"base_size": "0.5", "limit_price": limit}
        order = await server.order("limit_limit_gtc", **terms, client="own")
        assert some(order, "status", "order_type", "time_in_force", "side", "client_order_id") == (
            "OPEN",
            "LIMIT",
            "GOOD_UNTIL_CANCELLED",
            "BUY",
            "own",
        )
        configuration = {"base_size": "0.50000000", "limit_price": limit, "post_only": False}
        assert order["order_configuration"] == {"limit_limit_gtc": configuration}
        assert some(order, "filled_size", "average_filled_price", "number_of_fills") == (
            "0.00000000",
            "0",
            "0",
        )
        held = Decimal(limit) / 2 * (1 + TAKER)
        assert Decimal(order["outstanding_hold_amount"]) == held
        free, locked = (await server.balances())["USD"]
        assert (Decimal(free), Decimal(locked)) == (100_000 - held, held)
        book = await server.get("alice", "/product_book", product_id="BTC-USD")
        assert {"price": limit, "size": "0.50000000"} in book["pricebook"]["bids"]
        one = order["order_id"]
        assert await server.get("alice", "/orders/historical/batch") == {
            "orders": [order],
            "sequence": "0",
            "has_next": False,
            "cursor": "",
        }
        assert (await server.get("bob", "/orders/historical/batch"))["orders"] == []
        assert (await server.ask("bob", "GET", f"{API}/orders/historical/{one}"))[0] == 404
        gone = await server.post("alice", "/orders/batch_cancel", order_ids=[one, NOBODYS, "x", one])
        assert [some(result, "success", "failure_reason") for result in gone["results"]] == [
            (True, "UNKNOWN_CANCEL_FAILURE_REASON"),
            (False, "UNKNOWN_CANCEL_ORDER"),
            (False, "UNKNOWN_CANCEL_ORDER"),
            (False, "DUPLICATE_CANCEL_REQUEST"),
        ]
        after = (await server.get("alice", f"/orders/historical/{one}"))["order"]
        assert some(after, "status", "settled", "outstanding_hold_amount") == (
            "CANCELLED",
            True,
            "0.0000000000",
        )
        again = await server.post("alice", "/orders/batch_cancel", order_ids=[one])
        assert again["results"] == [
            {"success": False, "failure_reason": "UNKNOWN_CANCEL_ORDER", "order_id": one}
        ]
        assert (await server.balances())["USD"] == ("100000.0000000000", "0.0000000000")


async def test_a_market_order_trades_with_what_the_book_has(autojump_clock):
    """Fees in the quote asset, within the amount that is to be spent; balances to the last unit."""
    async with exchange() as server:
        bought = await server.order("market_market_ioc", base_size="0.75")
        spent = await server.order("market_market_ioc", quote_size="1234.56")
        sold = await server.order("market_market_ioc", base_size="0.25", side="SELL")
        brought = await server.order("market_market_ioc", quote_size="1000", side="SELL")
        orders = {one["order_id"]: one for one in (bought, spent, sold, brought)}
        assert {one["status"] for one in orders.values()} == {"FILLED"}
        assert {one["time_in_force"] for one in orders.values()} == {"IMMEDIATE_OR_CANCEL"}
        assert spent["order_configuration"] == {"market_market_ioc": {"quote_size": "1234.56"}}
        assert some(spent, "size_in_quote", "size_inclusive_of_fees") == (True, True)
        assert some(brought, "size_in_quote", "size_inclusive_of_fees") == (True, False)
        assert 1233 < Decimal(spent["total_value_after_fees"]) <= Decimal("1234.56")
        assert 998 < Decimal(brought["filled_value"]) <= 1000
        usd, btc = Decimal(100_000), Decimal(2)
        costs, sizes = dict.fromkeys(orders, Decimal()), dict.fromkeys(orders, Decimal())
        for fill in (await server.get("alice", "/orders/historical/fills"))["fills"]:
            sign = 1 if fill["side"] == "BUY" else -1
            size, value = Decimal(fill["size"]), Decimal(fill["size"]) * Decimal(fill["price"])
            fee = Decimal(fill["commission"])
            assert fee == (value * TAKER).quantize(UNIT, ROUND_DOWN)
            assert some(fill, "liquidity_indicator", "size_in_quote") == ("TAKER", False)
            costs[fill["order_id"]] += fee
            sizes[fill["order_id"]] += size
            usd, btc = usd - sign * value - fee, btc + sign * size
        held = await server.balances()
        assert [Decimal(held[asset][0]) for asset in ("USD", "BTC")] == [usd, btc]
        for number, order in orders.items():
            assert Decimal(order["total_fees"]) == costs[number]
            assert Decimal(order["filled_size"]) == sizes[number]
            value = Decimal(order["filled_value"])
            after = value + costs[number] if order["side"] == "BUY" else value - costs[number]
            assert Decimal(order["total_value_after_fees"]) == after
            average = Decimal(order["average_filled_price"])
            assert abs(average * sizes[number] - value) < Decimal("1e-6")
        summary = await server.get("alice", "/transaction_summary")
        assert some(summary["fee_tier"], "taker_fee_rate", "maker_fee_rate") == ("0.012", "0.006")
        assert Decimal(str(summary["total_fees"])) == pytest.approx(sum(costs.values()))


async def test_orders_that_do_not_wait(autojump_clock):
    """One that may not rest, and one that must be filled whole."""
    async with exchange() as server:
        bid, ask = server.quote
        for kind, time in (("sor_limit_ioc", "IMMEDIATE_OR_CANCEL"), ("limit_limit_fok", "FILL_OR_KILL")):
            away = await server.order(kind, base_size="0.01", limit_price=price(bid - 100))
            assert some(away, "status", "time_in_force", "cancel_message") == (
                "CANCELLED",
                time,
                "Not enough liquidity",
            )
            taken = await server.order(kind, base_size="0.01", limit_price=price(ask + 5000))
            assert some(taken, "status", "completion_percentage") == ("FILLED", "100")
            assert list(taken["order_configuration"]) == [kind]


async def test_an_order_that_must_rest_is_refused_where_it_would_not(autojump_clock):
    """In the exchange's words."""
    async with exchange() as server:
        bid, ask = server.quote
        assert await server.refused(
            "limit_limit_gtc", base_size="0.01", limit_price=price(ask), post_only=True
        ) == ("INVALID_LIMIT_PRICE_POST_ONLY", "PREVIEW_INVALID_LIMIT_PRICE_POST_ONLY")
        rests = await server.order(
            "limit_limit_gtc", base_size="0.01", limit_price=price(bid), post_only=True
        )
        assert rests["order_configuration"]["limit_limit_gtc"]["post_only"] is True


async def test_an_order_waits_until_a_time(autojump_clock):
    """It says so, in market time; a time that is over is refused."""
    async with exchange() as server:
        terms = {"base_size": "0.01", "limit_price": price(server.quote[0] - 100)}
        end = f"{iso((server.now + 3_600_000) * 1_000_000)[:19]}Z"
        order = await server.order("limit_limit_gtd", **terms, end_time=end)
        assert order["time_in_force"] == "GOOD_UNTIL_DATE_TIME"
        assert order["order_configuration"]["limit_limit_gtd"]["end_time"] == end
        for late in ("2020-01-01T00:00:00Z", "tomorrow", "2040-01-01T00:00:00", "2026-99-01T00:00:00Z"):
            body = {
                "client_order_id": "late",
                "product_id": "BTC-USD",
                "side": "BUY",
                "order_configuration": {"limit_limit_gtd": {**terms, "end_time": late}},
            }
            status, _, said = await server.ask("alice", "POST", f"{API}/orders", body)
            assert (status, said["error"]) == (400, "INVALID_ARGUMENT")
            assert "end_time" in said["message"]


async def test_stop_orders_wait_for_a_trade(autojump_clock):
    """Either way for either side; one that would act at once, or never trade, is refused."""
    async with exchange() as server:
        bid, ask = server.quote
        low, high = price(bid - 500_000), price(ask + 500_000)
        kind = "stop_limit_stop_limit_gtc"
        for side, stop, direction in (
            ("BUY", high, UP),
            ("BUY", low, DOWN),
            ("SELL", low, DOWN),
            ("SELL", high, UP),
        ):
            terms = {
                "base_size": "0.01",
                "limit_price": stop,
                "stop_price": stop,
                "stop_direction": direction,
            }
            order = await server.order(kind, side=side, **terms)
            assert some(order, "status", "order_type", "trigger_status") == (
                "OPEN",
                "STOP_LIMIT",
                "STOP_PENDING",
            )
            shown = {**terms, "base_size": "0.01000000"}
            assert order["order_configuration"] == {kind: shown}
        terms = {"base_size": "0.01", "limit_price": price(bid)}
        for side, stop, direction, reason in (
            ("SELL", high, DOWN, "PREVIEW_STOP_PRICE_ABOVE_LAST_TRADE_PRICE"),
            ("SELL", low, UP, "PREVIEW_STOP_PRICE_BELOW_LAST_TRADE_PRICE"),
            ("BUY", high, DOWN, "PREVIEW_STOP_PRICE_ABOVE_LAST_TRADE_PRICE"),
            ("BUY", high, UP, "PREVIEW_STOP_PRICE_ABOVE_LIMIT_PRICE"),
            ("SELL", low, DOWN, "PREVIEW_STOP_PRICE_BELOW_LIMIT_PRICE"),
        ):
            found = await server.refused(kind, side=side, **terms, stop_price=stop, stop_direction=direction)
            assert found[1] == reason


async def test_the_clients_own_id_stands_for_one_order(autojump_clock):
    """Sent again, even with other terms and after it is over, it is answered with the same order."""
    async with exchange() as server:
        limit = price(server.quote[0] - 100)
        first = await server.place("limit_limit_gtc", base_size="0.1", limit_price=limit, client="mine")
        again = await server.place("market_market_ioc", quote_size="5", side="SELL", client="mine")
        assert again["success_response"] == first["success_response"]
        one = first["success_response"]["order_id"]
        await server.post("alice", "/orders/batch_cancel", order_ids=[one])
        after = await server.place("limit_limit_gtc", base_size="0.2", limit_price=limit, client="mine")
        assert after["success_response"]["order_id"] == one
        other = await server.place(
            "limit_limit_gtc", "bob", base_size="0.1", limit_price=limit, client="mine"
        )
        assert other["success_response"]["order_id"] != one
        assert order_of_uuid(one) > 0


async def test_an_open_order_is_edited(autojump_clock):
    """Price and size, what it holds with them; what cannot be edited is refused, and stays as it is."""
    async with exchange() as server:
        bid = server.quote[0]
        order = await server.order("limit_limit_gtc", base_size="0.1", limit_price=price(bid - 500))
        one = order["order_id"]

        async def edit(number=one, **change):
            return await server.post("alice", "/orders/edit", order_id=number, **change)

        done = await edit(price=price(bid - 400), size="0.2")
        assert done == {"success": True, "success_response": {"order_id": one}, "errors": []}
        after = (await server.get("alice", f"/orders/historical/{one}"))["order"]
        assert after["order_configuration"]["limit_limit_gtc"] == {
            "base_size": "0.20000000",
            "limit_price": price(bid - 400),
            "post_only": False,
        }
        held = Decimal(price(bid - 400)) / 5 * (1 + TAKER)
        assert Decimal((await server.balances())["USD"][1]) == held
        preview = await server.post("alice", "/orders/edit_preview", order_id=one, size="0.3", price="1.00")
        assert some(preview, "base_size", "quote_size", "errors") == ("0.30000000", "0.3000000000", [])
        stop = await server.order(
            "stop_limit_stop_limit_gtc",
            side="SELL",
            base_size="0.01",
            limit_price="1.00",
            stop_price="1.00",
            stop_direction=DOWN,
        )
        for change, reason, why in (
            ({"price": price(bid - 400), "size": "0.2"}, "EDIT_REQUEST_EQUAL_TO_ORIGINAL_REQUEST", None),
            ({"size": "0.000000001"}, "INVALID_EDITED_SIZE", "PREVIEW_INVALID_SIZE_PRECISION"),
            ({"price": "1.001"}, "INVALID_EDITED_PRICE", "PREVIEW_INVALID_PRICE_PRECISION"),
            ({"size": "1000"}, "COMMANDER_REJECTED_EDIT_ORDER", "PREVIEW_INSUFFICIENT_FUND"),
            ({"number": NOBODYS, "size": "1"}, "ORDER_NOT_FOUND", None),
            ({"number": stop["order_id"], "size": "0.02"}, "ONLY_LIMIT_ORDER_EDITS_SUPPORTED", None),
        ):
            said = await edit(**change)
            assert said["success"] is False
            assert said["error_response"]["edit_order_failure_reason"] == reason
            assert why in {None, said["error_response"]["preview_failure_reason"]}
            assert [error["edit_failure_reason"] for error in said["errors"]] == [reason]
        assert (await server.get("alice", f"/orders/historical/{one}"))["order"] == after


async def test_a_preview_says_what_an_order_costs(autojump_clock):
    """What the order then costs; and why one cannot be."""
    async with exchange() as server:
        preview = await server.post(
            "alice",
            "/orders/preview",
            product_id="BTC-USD",
            side="BUY",
            order_configuration={"market_market_ioc": {"quote_size": "20000"}},
        )
        order = await server.order("market_market_ioc", quote_size="20000")
        assert preview["errs"] == []
        names = ("base_size", "average_filled_price")
        assert some(preview, *names) == (order["filled_size"], order["average_filled_price"])
        for name, paid in (("order_total", "total_value_after_fees"), ("commission_total", "total_fees")):
            # The fee of each trade is rounded down.
            assert 0 <= Decimal(preview[name]) - Decimal(order[paid]) < Decimal("1e-8")
        for kind, side, terms, reason in (
            ("limit_limit_gtc", "BUY", {"base_size": "100", "limit_price": "30000.00"}, "INSUFFICIENT_FUND"),
            ("market_market_ioc", "SELL", {"base_size": "3"}, "INSUFFICIENT_FUND"),
            ("limit_limit_gtc", "BUY", {"base_size": "1", "limit_price": "0.001"}, "INVALID_PRICE_PRECISION"),
            (
                "limit_limit_gtc",
                "BUY",
                {"base_size": "1", "limit_price": price(server.quote[1]), "post_only": True},
                "INVALID_LIMIT_PRICE_POST_ONLY",
            ),
            (
                "stop_limit_stop_limit_gtc",
                "SELL",
                {"base_size": "1", "limit_price": "1", "stop_price": "999999", "stop_direction": DOWN},
                "STOP_PRICE_ABOVE_LAST_TRADE_PRICE",
            ),
        ):
            said = await server.post(
                "alice",
                "/orders/preview",
                product_id="BTC-USD",
                side=side,
                order_configuration={kind: terms},
            )
            assert said["errs"] == [f"PREVIEW_{reason}"]
        assert len((await server.get("alice", "/orders/historical/batch"))["orders"]) == 1


@pytest.mark.parametrize(
    ("terms", "reason"),
    [
        ({"base_size": "100", "limit_price": "30000"}, "PREVIEW_INSUFFICIENT_FUND"),
        ({"base_size": "0", "limit_price": "1"}, "PREVIEW_INVALID_BASE_SIZE_TOO_SMALL"),
        ({"base_size": "0.000000001", "limit_price": "1"}, "PREVIEW_INVALID_SIZE_PRECISION"),
        ({"base_size": "1e30", "limit_price": "1"}, "PREVIEW_INVALID_BASE_SIZE_TOO_LARGE"),
        ({"base_size": "much", "limit_price": "1"}, "PREVIEW_INVALID_SIZE_PRECISION"),
        ({"base_size": "1", "limit_price": "0"}, "PREVIEW_INVALID_LIMIT_PRICE"),
        ({"base_size": "1", "limit_price": "-1"}, "PREVIEW_INVALID_LIMIT_PRICE"),
        ({"base_size": "1", "limit_price": "1e30"}, "PREVIEW_INVALID_PRICE_TOO_LARGE"),
        ({"quote_size": "0"}, "PREVIEW_INVALID_QUOTE_SIZE_TOO_SMALL"),
        ({"quote_size": "0.00000000001"}, "PREVIEW_INVALID_QUOTE_SIZE_PRECISION"),
        ({"quote_size": "1e28"}, "PREVIEW_INVALID_QUOTE_SIZE_TOO_LARGE"),
        ({"quote_size": "100000.01"}, "PREVIEW_INSUFFICIENT_FUND"),
    ],
)
async def test_an_order_that_cannot_be_is_answered_with_its_reason(autojump_clock, terms, reason):
    """By HTTP the answer is good; the terms come back as they were sent, and nothing is held."""
    async with exchange() as server:
        kind = "market_market_ioc" if "quote_size" in terms else "limit_limit_gtc"
        said = await server.place(kind, **terms)
        assert said["success"] is False
        assert said["error_response"]["preview_failure_reason"] == reason
        assert said["order_configuration"] == {kind: terms}
        assert (await server.balances())["USD"] == ("100000.0000000000", "0.0000000000")


@pytest.mark.parametrize(
    ("change", "error", "why"),
    [
        ({"side": "LEND"}, "INVALID_ARGUMENT", "side"),
        ({"side": 1}, "INVALID_ARGUMENT", "side"),
        ({"client_order_id": ""}, "INVALID_ARGUMENT", "client_order_id"),
        ({"client_order_id": "x" * 129}, "INVALID_ARGUMENT", "client_order_id"),
        ({"client_order_id": "\u20ac"}, "INVALID_ARGUMENT", "client_order_id"),
        ({"iceberg": "1"}, "INVALID_ARGUMENT", "iceberg"),
        ({"leverage": "3"}, "INVALID_ARGUMENT", "leverage"),
        ({"margin_type": "CROSS"}, "INVALID_ARGUMENT", "margin_type"),
        ({"retail_portfolio_id": "x"}, "INVALID_ARGUMENT", "retail_portfolio_id"),
        ({"order_configuration": {}}, "INVALID_ARGUMENT", "order_configuration"),
        ({"order_configuration": {"iceberg": {}}}, "INVALID_ARGUMENT", "iceberg"),
        ({"order_configuration": {"market_market_ioc": {}}}, "INVALID_ARGUMENT", "base_size or quote_size"),
        ({"order_configuration": {"market_market_ioc": []}}, "INVALID_ARGUMENT", "does not fit"),
        (
            {"order_configuration": {"market_market_ioc": {"base_size": "1", "quote_size": "1"}}},
            "INVALID_ARGUMENT",
            "not both",
        ),
        (
            {"order_configuration": {"market_market_ioc": {"base_size": "1", "limit_price": "1"}}},
            "INVALID_ARGUMENT",
            "limit_price",
        ),
        ({"order_configuration": {"sor_limit_ioc": {"base_size": "1"}}}, "INVALID_ARGUMENT", "limit_price"),
        (
            {
                "order_configuration": {
                    "sor_limit_ioc": {"base_size": "1", "limit_price": "1", "post_only": True}
                }
            },
            "INVALID_ARGUMENT",
            "post_only",
        ),
        ({"order_configuration": {"trigger_bracket_gtc": {}}}, "UNSUPPORTED_ORDER_CONFIGURATION", "bracket"),
        (
            {"order_configuration": {"market_market_ioc": {"base_size": "1", "reduce_only": True}}},
            "UNSUPPORTED_ORDER_CONFIGURATION",
            "reduce_only",
        ),
        ({"attached_order_configuration": {}}, "UNSUPPORTED_ORDER_CONFIGURATION", "attached"),
    ],
)
async def test_a_request_that_cannot_be_acts_on_nothing(autojump_clock, change, error, why):
    """400, with what is wrong."""
    async with exchange() as server:
        body = {
            "client_order_id": "x",
            "product_id": "BTC-USD",
            "side": "BUY",
            "order_configuration": {"market_market_ioc": {"base_size": "1"}},
            **change,
        }
        status, _, said = await server.ask("alice", "POST", f"{API}/orders", body)
        assert (status, said["error"]) == (400, error)
        assert why in said["message"]
        assert said["error_details"] == said["message"]
        assert (await server.get("alice", "/orders/historical/batch"))["orders"] == []


async def test_lists_are_cut_and_sorted_as_asked_for(autojump_clock):
    """Filters, pages, and what no order here is."""
    async with exchange() as server:
        bid = server.quote[0]
        for number in range(4):
            await server.order(
                "limit_limit_gtc", base_size="0.01", limit_price=price(bid - 100 * (number + 1))
            )
        await server.order("market_market_ioc", base_size="0.01", side="SELL")
        await server.order("market_market_ioc", base_size="0.01")

        async def listed(**query):
            found = (await server.get("alice", "/orders/historical/batch", **query))["orders"]
            return [one["client_order_id"] for one in found]

        everyone = [f"own-{number}" for number in (6, 5, 4, 3, 2, 1)]
        assert await listed() == everyone
        assert await listed(order_status="OPEN") == everyone[2:]
        assert await listed(order_status=["OPEN", "FILLED"], limit=3) == everyone[:3]
        assert await listed(order_types="MARKET", order_side="SELL") == ["own-5"]
        assert await listed(time_in_forces="GOOD_UNTIL_CANCELLED") == everyone[2:]
        assert await listed(product_ids="ETH-USD") == await listed(asset_filters="ETH") == []
        assert await listed(product_id="BTC-USD", asset_filters="BTC") == everyone
        assert await listed(sort_by="LIMIT_PRICE", order_types="LIMIT") == [
            "own-1",
            "own-2",
            "own-3",
            "own-4",
        ]
        assert await listed(product_type="FUTURE") == await listed(retail_portfolio_id="x") == []
        assert await listed(end_date="2020-01-01T00:00:00Z") == []
        assert await listed(start_date="2020-01-01T00:00:00.123456Z") == everyone
        page = await server.get("alice", "/orders/historical/batch", limit=4)
        assert page["has_next"] is True
        assert await listed(limit=4, cursor=page["cursor"]) == everyone[4:]
        ids = [one["order_id"] for one in page["orders"]]
        assert await listed(order_ids=ids[1:3]) == everyone[1:3]
        fills = await server.get("alice", "/orders/historical/fills", limit=1)
        [fill] = fills["fills"]
        rest = await server.get("alice", "/orders/historical/fills", cursor=fills["cursor"])
        assert len(rest["fills"]) >= 1
        for query in ({"trade_ids": fill["trade_id"]}, {"order_ids": fill["order_id"], "limit": 1}):
            assert (await server.get("alice", "/orders/historical/fills", **query))["fills"] == [fill]
        for query in ({"cursor": "x"}, {"order_status": "LOST"}, {"limit": "-1"}, {"start_date": "now"}):
            status, _, said = await server.ask("alice", "GET", f"{API}/orders/historical/batch", **query)
            assert (status, said["error"]) == (400, "INVALID_ARGUMENT")


async def test_an_account_has_an_id_for_each_asset(autojump_clock):
    """In pages; by its id; as the older version has it; and all together in the portfolio."""
    async with exchange() as server:
        found = await server.get("alice", "/accounts")
        assert found["size"] == len(found["accounts"])
        kinds = {one["currency"]: one["type"] for one in found["accounts"]}
        assert kinds == {
            "BTC": "ACCOUNT_TYPE_CRYPTO",
            "ETH": "ACCOUNT_TYPE_CRYPTO",
            "USD": "ACCOUNT_TYPE_FIAT",
        }
        page = await server.get("alice", "/accounts", limit=2)
        rest = await server.get("alice", "/accounts", limit=2, cursor=page["cursor"])
        assert (page["has_next"], rest["has_next"], rest["cursor"]) == (True, False, "")
        assert page["accounts"] + rest["accounts"] == found["accounts"]
        one = found["accounts"][0]
        assert await server.get("alice", f"/accounts/{one['uuid']}") == {"account": one}
        assert (await server.ask("bob", "GET", f"{API}/accounts/{one['uuid']}"))[0] == 404
        older = (await server.ask("alice", "GET", "/v2/accounts", limit=250))[2]["data"]
        assert {entry["currency"]["code"]: entry["balance"]["amount"] for entry in older} == {
            "BTC": "2.00000000",
            "ETH": "5.00000000",
            "USD": "100000.0000000000",
        }
        [portfolio] = (await server.get("alice", "/portfolios"))["portfolios"]
        assert one["retail_portfolio_id"] == portfolio["uuid"]
        breakdown = (await server.get("alice", f"/portfolios/{portfolio['uuid']}"))["breakdown"]
        assert {held["asset"] for held in breakdown["spot_positions"]} == {"BTC", "ETH", "USD"}
        assert (await server.get("carol", "/key_permissions"))["can_trade"] is False


async def test_a_key_is_shown_by_a_token_or_by_a_signature(autojump_clock):
    """For the very request, however its client writes that; every other is refused with 401."""
    async with exchange() as server:
        path, now = f"{API}/accounts", server.now // 1000
        for uri in (
            f"GET {HOST}{PREFIX}{path}",
            f"GET {HOST}{path}",
            f"GET http://{HOST}{PREFIX}{path}",
            f"GET https://{HOST}{path}",
            f"GET api.coinbase.com{path}",
        ):
            token = jwt("bob", now, uri)
            assert (await server.send("GET", path, Authorization=f"Bearer {token}"))[0] == 200
        assert (await server.send("GET", f"{path}?limit=1", Authorization=f"Bearer {token}"))[0] == 200
        assert (await server.ask_signed("alice", "GET", path))[0] == 200
        assert (await server.ask_signed("alice", "GET", f"{path}?limit=1"))[0] == 200
        body = {"order_ids": [NOBODYS]}
        assert (await server.ask_signed("alice", "POST", f"{API}/orders/batch_cancel", body))[0] == 200
        good = f"GET {HOST}{path}"
        for headers in (
            {},
            {"Authorization": "Bearer x"},
            {"Authorization": f"Basic {jwt('bob', now, good)}"},
            {"Authorization": f"Bearer {jwt('bob', now, good.replace('GET', 'POST'))}"},
            {"Authorization": f"Bearer {jwt('bob', now, f'GET elsewhere.com{path}')}"},
            {"Authorization": f"Bearer {jwt('bob', now, good + '?limit=1')}"},
            {"Authorization": f"Bearer {jwt('bob', now, good, header={'kid': 'nobody'}, sub='nobody')}"},
            {"Authorization": f"Bearer {jwt('erin', now, good)}"},
        ):
            status, _, said = await server.send("GET", path, **headers)
            assert (status, said["error"]) == (401, "unauthorized"), headers
        for change in (
            {"CB_ACCESS_SIGN": "0" * 64},
            {"CB_ACCESS_SIGN": "short"},
            {"CB_ACCESS_TIMESTAMP": "now"},
            {"CB_ACCESS_KEY": KEYS["bob"] + "0"},
        ):
            status, _, said = await server.ask_signed("alice", "GET", path, **change)
            assert (status, said["error"]) == (401, "unauthorized")
        late = await server.ask_signed("alice", "GET", "/v2/accounts", CB_ACCESS_TIMESTAMP=str(now - 60))
        assert (late[0], late[2]) == (
            401,
            {"errors": [{"id": "authentication_error", "message": "request timestamp expired"}]},
        )


async def test_a_key_that_may_only_read_does_not_trade(autojump_clock):
    """403, with the very words that the exchange's own library looks for."""
    async with exchange() as server:
        status, _, said = await server.ask(
            "carol", "POST", f"{API}/orders/batch_cancel", {"order_ids": ["x"]}
        )
        assert status == 403
        assert said == {
            "error": "PERMISSION_DENIED",
            "error_details": "Missing required scopes",
            "message": "Missing required scopes",
        }
        assert (await server.get("carol", "/orders/historical/batch"))["orders"] == []


async def test_too_many_requests_in_a_second_are_refused(autojump_clock):
    """One that anybody may send counts as three; headers tell what is left."""
    few = attrs.evolve(Policies().coinbase, requests_per_second=5)
    async with exchange(attrs.evolve(NO_LIMIT, policies=Policies(coinbase=few))) as server:
        status, headers, _ = await server.send("GET", f"{API}/time")
        assert (status, headers["x-ratelimit-limit"], headers["x-ratelimit-remaining"]) == (200, "5", "2")
        status, headers, said = await server.send("GET", f"{API}/time")
        assert (status, said["error"], headers["x-ratelimit-remaining"]) == (429, "rate_limit_exceeded", "0")
        for left in (4, 3):
            _, headers, _ = await server.ask("alice", "GET", f"{API}/accounts")
            assert headers["x-ratelimit-remaining"] == str(left)
        server.wall += 1
        assert (await server.send("GET", f"{API}/time"))[0] == 200


async def test_what_is_not_here_is_refused_in_so_many_words(autojump_clock):
    """Futures, conversions, other portfolios: 403; a path that nobody knows: 404, in the exchange's style."""
    async with exchange() as server:
        body = {"client_order_id": "x", "product_id": "BTC-USD"}
        status, _, said = await server.ask("alice", "POST", f"{API}/orders/close_position", body)
        assert (status, said["error"]) == (403, "PERMISSION_DENIED")
        assert "futures" in said["message"]
        assert await server.get("alice", "/cfm/positions") == {"positions": []}
        status, _, said = await server.send("GET", f"{API}/nowhere")
        assert (status, said["error"]) == (404, "not_found")
        assert len(ENTRIES) == len(KEYS)


async def begin(server, kind, *, key="", **fields):
    """A fault that an operator adds, for this protocol alone."""
    aim = {"dialect": "coinbase"} | ({"key": key} if key else {})
    body = json.dumps({"name": kind, "kind": kind, "aim": aim, **fields}).encode()
    status, _, said = await ask(server.connect(), "/admin/faults", method="POST", body=body, **ADMIN)
    assert status == 201, said


async def end(server, kind):
    """It is removed."""
    path = f"/admin/faults?name={kind}"
    assert (await ask(server.connect(), path, method="DELETE", **ADMIN))[0] == 200


async def test_what_goes_wrong_on_purpose_is_told_in_the_exchanges_words(autojump_clock):
    """A ban, a clock that is wrong, maintenance; market data goes on, and afterwards all is as it was."""
    async with exchange() as server:
        await begin(server, "ban", key="alice", duration_seconds=90)
        status, headers, said = await server.ask("alice", "GET", f"{API}/accounts")
        assert (status, said["error"], headers["x-ratelimit-reset"]) == (429, "rate_limit_exceeded", "90")
        assert (await server.ask("bob", "GET", f"{API}/accounts"))[0] == 200
        await end(server, "ban")
        await begin(server, "clock-skew", skew_ms=600_000)
        assert (await server.ask("alice", "GET", f"{API}/accounts"))[0] == 401
        assert (await server.ask_signed("alice", "GET", f"{API}/accounts"))[2] == {
            "error": "authentication_error",
            "error_details": "request timestamp expired",
            "message": "request timestamp expired",
        }
        told = (await server.send("GET", f"{API}/time"))[2]
        assert int(told["epochMillis"]) == server.now + 600_000
        await end(server, "clock-skew")
        await begin(server, "maintenance")
        status, _, said = await server.ask(
            "alice", "POST", f"{API}/orders/batch_cancel", {"order_ids": ["x"]}
        )
        assert (status, said["error"]) == (503, "UNAVAILABLE")
        assert (await server.send("GET", f"{API}/market/products"))[0] == 200
        await end(server, "maintenance")
        assert (await server.ask("alice", "GET", f"{API}/accounts"))[0] == 200


async def test_a_time_by_another_clock_is_so_far_from_now(autojump_clock):
    """An hour from the client's present is an hour from the market's, where that is another time."""
    async with exchange() as server:
        server.wall += 40_000_000
        until = datetime.fromtimestamp(server.wall + 3600, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        terms = {"base_size": "0.01", "limit_price": price(server.quote[0] - 100)}
        order = await server.order("limit_limit_gtd", **terms, end_time=until)
        meant = order["order_configuration"]["limit_limit_gtd"]["end_time"]
        assert meant == f"{iso((server.now + 3_600_000) * 1_000_000)[:19]}Z"
        late = datetime.fromtimestamp(server.wall - 1, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        assert (await order_status(server, {**terms, "end_time": late})) == 400


async def order_status(server, terms):
    """The HTTP status of the answer to an order that is good until a time."""
    configuration = {"limit_limit_gtd": terms}
    body = {
        "client_order_id": "x",
        "product_id": "BTC-USD",
        "side": "BUY",
        "order_configuration": configuration,
    }
    return (await server.ask("alice", "POST", f"{API}/orders", body))[0]


async def test_other_peoples_pages_do_not_trade(autojump_clock):
    """Nor do they see one's orders, at paths with an id in them as little as at others."""
    async with exchange() as server:
        order = await server.order("limit_limit_gtc", base_size="0.01", limit_price="1.00")
        for path in (f"{API}/orders/historical/{order['order_id']}", f"{API}/accounts"):
            token = jwt("alice", server.now // 1000, f"GET {HOST}{path}")
            shown = {"Authorization": f"Bearer {token}"}
            assert (await server.send("GET", path, **shown))[0] == 200
            status, _, said = await server.send("GET", path, **shown, Origin="https://elsewhere.example")
            assert (status, said["error"]) == (403, "PERMISSION_DENIED")
