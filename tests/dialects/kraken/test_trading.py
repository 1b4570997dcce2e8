"""Accounts trade through a whole server, in the books that everybody sees."""

from decimal import Decimal

import pytest
from kraken_server import kraken_exchange, price

from feed import Settings
from feed.dialects.kraken.policy import KrakenPolicy
from feed.model.sessions import Sessions, TradingHours
from feed.policies import Policies

AWAY = 1000
"""Ticks from the best price: such an order rests."""


def some(found, *names):
    return tuple(found[name] for name in names)


OPENING_AUCTION = Sessions(
    hours=(TradingHours(asset_class="crypto", open=("Tue 22:14 to Tue 22:13",)),), closing=0
)
"""The market begins in it, forty seconds before its end."""


async def held(server, name="alice"):
    """Balance and what is held back of each asset."""
    found = await server.result(name, "BalanceEx")
    return {asset: (Decimal(it["balance"]), Decimal(it["hold_trade"])) for asset, it in found.items()}


async def test_an_order_rests_is_found_and_is_cancelled(autojump_clock):
    """Its funds are held meanwhile, with the fee, and its price stands in the book of everybody."""
    async with kraken_exchange() as server:
        bid, _ = server.quote
        limit = price(bid - AWAY)
        answer = await server.result(
            "alice", "AddOrder", pair="XBT/USD", type="buy", ordertype="limit", volume="0.5", price=limit,
            userref=-5, cl_ord_id="mine", oflags="post",
        )  # fmt: skip
        assert answer["descr"] == {"order": f"buy 0.50000000 XBTUSD @ limit {limit}"}
        (txid,) = answer["txid"]
        info = await server.info(txid, "alice too")
        assert some(info, "status", "userref", "cl_ord_id", "vol", "vol_exec", "oflags", "trades") == (
            *("open", -5, "mine", "0.50000000", "0.00000000", "fciq,post"),
            [],
        )
        assert info["descr"] == {
            "pair": "XBTUSD",
            "type": "buy",
            "ordertype": "limit",
            "price": limit,
            "price2": "0",
            "leverage": "none",
            "order": f"buy 0.50000000 XBTUSD @ limit {limit}",
            "close": "",
        }
        worth = Decimal(limit) / 2
        assert (await held(server))["ZUSD"] == (100_000, worth + worth * Decimal("0.004"))
        for chosen in ({}, {"userref": -5}, {"cl_ord_id": "mine"}):
            assert list((await server.result("alice", "OpenOrders", **chosen))["open"]) == [txid]
        assert (await server.result("alice", "OpenOrders", userref=5))["open"] == {}
        book = await server.public("Depth", "pair=XBTUSD&count=500")
        assert limit in [level[0] for level in book["XXBTZUSD"]["bids"]]
        assert await server.result("alice", "CancelOrder", txid=txid) == {"count": 1, "pending": False}
        assert await server.refusal("alice", "CancelOrder", txid=txid) == "EOrder:Unknown order"
        (gone,) = (await server.result("alice", "ClosedOrders"))["closed"].values()
        assert some(gone, "status", "reason") == ("canceled", "User requested")
        assert (await held(server))["ZUSD"] == (100_000, 0)


@pytest.mark.parametrize(("flags", "asset"), [("", "ZUSD"), ("fciq", "ZUSD"), ("fcib", "XXBT")])
async def test_a_market_order_trades_and_costs_a_fee(autojump_clock, flags, asset):
    """In the quote asset unless the base asset is asked for; balances and ledger to the last digit."""
    async with kraken_exchange() as server:
        before = await held(server)
        txid = await server.order(ordertype="market", volume="0.01", oflags=flags)
        info = await server.info(txid)
        assert some(info, "status", "vol_exec") == ("closed", "0.01000000")
        trades = (await server.result("alice", "TradesHistory", ledgers="true"))["trades"]
        assert info["trades"] == sorted(trades, key=lambda one: trades[one]["time"])
        changes = dict.fromkeys(before, Decimal())
        for one in trades.values():
            assert some(one, "ordertxid", "pair", "type", "ordertype", "maker") == (
                *(txid, "XXBTZUSD", "buy", "market"),
                False,
            )
            assert Decimal(one["cost"]) == Decimal(one["price"]) * Decimal(one["vol"])
            rate = Decimal("0.004") * (Decimal(one["cost"]) if asset == "ZUSD" else Decimal(one["vol"]))
            assert Decimal(one["fee"]) == rate
            changes["ZUSD"] -= Decimal(one["cost"])
            changes["XXBT"] += Decimal(one["vol"])
            changes[asset] -= Decimal(one["fee"])
        after = await held(server)
        assert after == {name: (before[name][0] + changes[name], 0) for name in before}
        assert await server.result("alice", "QueryTrades", txid=",".join(trades)) == {
            txid: {name: value for name, value in one.items() if name != "ledgers"}
            for txid, one in trades.items()
        }
        ledger = (await server.result("alice", "Ledgers"))["ledger"]
        assert set(ledger) == {one for trade in trades.values() for one in trade["ledgers"]}
        for name in ("ZUSD", "XXBT"):
            entries = [one for one in ledger.values() if one["asset"] == name]
            assert Decimal(entries[0]["balance"]) == after[name][0]
            assert sum(Decimal(one["amount"]) - Decimal(one["fee"]) for one in entries) == changes[name]
        some_of = list(ledger)[:2]
        assert await server.result("alice", "QueryLedgers", id=",".join(some_of)) == {
            one: ledger[one] for one in some_of
        }
        only = (await server.result("alice", "Ledgers", asset="XBT"))["ledger"]
        assert {one["asset"] for one in only.values()} == {"XXBT"}


async def test_an_order_for_an_amount_of_money(autojump_clock):
    """It spends what it was told to, fee included, less the price of one lot aside."""
    async with kraken_exchange() as server:
        txid = await server.order(ordertype="market", volume="500", oflags="viqc")
        info = await server.info(txid)
        spent = Decimal(info["cost"]) + Decimal(info["fee"])
        assert 500 - Decimal("0.01") < spent <= 500
        assert some(info, "status", "oflags") == ("closed", "fciq,viqc")
        assert info["descr"]["order"] == "buy 500.00000 XBTUSD @ market"


async def test_two_accounts_see_nothing_of_each_other(autojump_clock):
    """Neither orders nor trades; nor can one cancel, change or name what is another's."""
    async with kraken_exchange() as server:
        bid, _ = server.quote
        resting = await server.order(price=price(bid - AWAY), cl_ord_id="mine", userref=1)
        await server.order(ordertype="market")
        for method, part in (("OpenOrders", "open"), ("ClosedOrders", "closed"), ("Ledgers", "ledger")):
            assert (await server.result("bob", method))[part] == {}
        assert (await server.result("bob", "TradesHistory"))["trades"] == {}
        (trade,) = (await server.result("alice", "TradesHistory"))["trades"]
        assert await server.result("bob", "QueryTrades", txid=trade) == {}
        for method, fields in (
            ("QueryOrders", {"txid": resting}),
            ("CancelOrder", {"txid": resting}),
            ("CancelOrder", {"txid": 1}),
            ("CancelOrder", {"cl_ord_id": "mine"}),
            ("AmendOrder", {"txid": resting, "order_qty": "0.02"}),
            ("EditOrder", {"txid": resting, "pair": "XBTUSD", "volume": "0.02"}),
        ):
            assert await server.refusal("bob", method, **fields) == "EOrder:Unknown order"
        assert await server.result("bob", "CancelAll") == {"count": 0, "pending": False}
        assert (await server.info(resting))["status"] == "open"


async def test_orders_are_amended_and_edited(autojump_clock):
    """Amended, an order keeps its id; edited, another one takes its place."""
    async with kraken_exchange() as server:
        bid, _ = server.quote
        txid = await server.order(price=price(bid - AWAY), cl_ord_id="mine", userref=3)
        found = await server.result(
            "alice", "AmendOrder", txid=txid, order_qty="0.02", limit_price=price(bid - 900)
        )
        assert found["amend_id"].startswith("T")
        await server.result("alice", "AmendOrder", cl_ord_id="mine", order_qty="0.03")
        info = await server.info(txid)
        assert (info["vol"], info["descr"]["price"]) == ("0.03000000", price(bid - 900))
        edited = await server.result(
            "alice", "EditOrder", txid=txid, pair="XBTUSD", volume="0.04", oflags="post"
        )
        assert some(edited, "status", "originaltxid", "volume", "price", "orders_cancelled") == (
            *("ok", txid, "0.04000000", price(bid - 900)),
            1,
        )
        (left,) = (await server.result("alice", "OpenOrders"))["open"].items()
        assert (left[0], left[1]["oflags"], left[1]["userref"]) == (edited["txid"], "fciq,post", 3)
        assert (await server.info(txid))["status"] == "canceled"


async def test_orders_that_wait_for_a_price(autojump_clock):
    """Each of the four kinds is told as it was asked for."""
    async with kraken_exchange() as server:
        bid, _ = server.quote
        low, high = price(bid - AWAY), price(bid + AWAY)
        for kind, trigger, second, words in (
            ("stop-loss", low, None, f"stop loss {low}"),
            ("take-profit", high, None, f"take profit {high}"),
            (
                "stop-loss-limit",
                low,
                price(bid - 2 * AWAY),
                f"stop loss {low} -> limit {price(bid - 2 * AWAY)}",
            ),
            ("take-profit-limit", high, high, f"take profit {high} -> limit {high}"),
        ):
            txid = await server.order(type="sell", ordertype=kind, price=trigger, price2=second)
            info = await server.info(txid)
            assert some(info, "status", "stopprice", "limitprice", "trigger") == (
                *("open", trigger, second or "0.0"),
                "last",
            )
            assert some(info["descr"], "ordertype", "price", "price2", "order") == (
                *(kind, trigger, second or "0"),
                f"sell 0.01000000 XBTUSD @ {words}",
            )
        late = {"type": "sell", "ordertype": "stop-loss", "price": price(bid + 2 * AWAY)}
        terms = {"pair": "XBTUSD", "volume": "0.01", **late}
        assert await server.refusal("alice", "AddOrder", **terms) == (
            "EOrder:Invalid price:Invalid price argument"
        )


async def test_several_orders_at_once(autojump_clock):
    """Each is answered by itself; one whose terms cannot be stops them all."""
    async with kraken_exchange() as server:
        bid, _ = server.quote
        low = {"type": "buy", "ordertype": "limit", "volume": 0.01, "price": float(price(bid - AWAY))}
        rich = {**low, "volume": 1000}
        found = await server.result(
            "alice", "AddOrderBatch", as_json=True, pair="XBTUSD", orders=[low, rich, {**low, "userref": 4}]
        )
        first, second, third = found["orders"]
        assert second == {"error": "EOrder:Insufficient funds"}
        assert (
            first["descr"]
            == third["descr"]
            == {"order": f"buy 0.01000000 XBTUSD @ limit {price(bid - AWAY)}"}
        )
        there = (await server.result("alice", "OpenOrders"))["open"]
        assert set(there) == {first["txid"], third["txid"]}
        bad = {"as_json": True, "pair": "XBTUSD", "orders": [low, {**low, "ordertype": "iceberg"}]}
        assert await server.refusal("alice", "AddOrderBatch", **bad) == "EGeneral:Invalid arguments:ordertype"
        single = {"as_json": True, "pair": "XBTUSD", "orders": [low]}
        assert await server.refusal("alice", "AddOrderBatch", **single) == "EGeneral:Invalid arguments:orders"
        looked = await server.result(
            "alice", "AddOrderBatch", as_json=True, pair="XBTUSD", orders=[low, low], validate=True
        )
        assert [list(one) for one in looked["orders"]] == [["descr"], ["descr"]]
        gone = await server.result("alice", "CancelOrderBatch", as_json=True, orders=[first["txid"], 4])
        assert gone == {"count": 2, "pending": False}


async def test_no_order_of_several_has_what_is_said_of_all(autojump_clock):
    """One of another pair, or only to be looked at, is not placed with the others in the pair of them all."""
    async with kraken_exchange() as server:
        bid, _ = server.quote
        low = {"type": "buy", "ordertype": "limit", "volume": 0.01, "price": float(price(bid - AWAY))}
        for name, value in (("pair", "ETHUSD"), ("validate", True)):
            batch = {"as_json": True, "pair": "XBTUSD", "orders": [low, {**low, name: value}]}
            error = await server.refusal("alice", "AddOrderBatch", **batch)
            assert error == f"EGeneral:Invalid arguments:{name}"
        assert not (await server.result("alice", "OpenOrders"))["open"]


async def test_an_order_is_not_amended_to_be_worth_nothing(autojump_clock):
    """What is too little to be placed is too little to be left."""
    async with kraken_exchange() as server:
        txid = await server.order(price=price(server.quote[0] - AWAY))
        error = await server.refusal("alice", "AmendOrder", txid=txid, order_qty="0.00000001")
        assert error == "EOrder:Cost minimum not met"


async def test_an_order_is_changed_in_its_own_pair_alone(autojump_clock):
    """Where another pair is named, prices may be meant for that one: nothing is changed."""
    async with kraken_exchange() as server:
        bid, _ = server.quote
        txid = await server.order(price=price(bid - AWAY), userref=4)
        for name in (txid, "4"):
            edit = {"txid": name, "pair": "ETHUSD", "volume": "0.02"}
            assert await server.refusal("alice", "EditOrder", **edit) == "EGeneral:Invalid arguments:pair"
        for pair, error in (
            ("ETHUSD", "EGeneral:Invalid arguments:pair"),
            ("XBTUDS", "EQuery:Unknown asset pair"),
        ):
            amend = {"txid": txid, "pair": pair, "order_qty": "0.02"}
            assert await server.refusal("alice", "AmendOrder", **amend) == error
        order = await server.info(txid)
        assert (order["status"], order["vol"]) == ("open", "0.01000000")
        await server.result("alice", "AmendOrder", txid=txid, pair="XBT/USD", order_qty="0.02")
        assert (await server.info(txid))["vol"] == "0.02000000"


async def test_orders_are_cancelled_together(autojump_clock):
    """By a number that several have, by the client's own id, and all of them in every pair."""
    async with kraken_exchange() as server:
        bid, _ = server.quote
        low = price(bid - AWAY)
        for number, own in ((1, "a"), (1, "b"), (2, "c")):
            await server.order(price=low, userref=number, cl_ord_id=own)
        await server.order(pair="ETHUSD", price="100", volume="1")
        assert await server.refusal("alice", "CancelOrder", txid=9) == "EOrder:Unknown order"
        assert (await server.result("alice", "CancelOrder", txid=1))["count"] == 2
        assert (await server.result("alice", "CancelOrder", cl_ord_id="c"))["count"] == 1
        await server.order(price=low)
        assert (await server.result("alice", "CancelAll"))["count"] == 2
        assert (await server.result("alice", "OpenOrders"))["open"] == {}


async def test_unknown_names_among_orders_to_cancel_are_passed_over(autojump_clock):
    """An id that leads to no number is as unknown as any; only when nothing is left is it an error."""
    async with kraken_exchange() as server:
        txid = await server.order(price=price(server.quote[0] - AWAY))
        nobody = ["OAAAAA-AAAAA-AAAAAA", "OAAAAA-AAAAA-AAAAAB", "99999999999999999999", "nonsense", 5]
        cancel = {"as_json": True, "orders": nobody, "cl_ord_ids": ["none"]}
        assert await server.refusal("alice", "CancelOrderBatch", **cancel) == "EOrder:Unknown order"
        assert (await server.result("alice", "CancelOrderBatch", as_json=True, orders=[*nobody, txid])) == {
            "count": 1,
            "pending": False,
        }
        for one in nobody:
            assert await server.refusal("alice", "CancelOrder", txid=one) == "EOrder:Unknown order"


async def test_all_orders_are_cancelled_unless_it_is_asked_again(autojump_clock):
    """After market time, not the wall clock's."""
    async with kraken_exchange() as server:
        txid = await server.order(price=price(server.quote[0] - AWAY))
        found = await server.result("alice", "CancelAllOrdersAfter", timeout=60)
        assert found == {"currentTime": "2023-11-14T22:13:22Z", "triggerTime": "2023-11-14T22:14:22Z"}
        await server.advance(61)
        info = await server.info(txid)
        assert some(info, "status", "reason") == ("canceled", "Cancel all orders after timeout")
        assert (await server.result("alice", "CancelAllOrdersAfter", timeout=0))["triggerTime"] == "0"


async def test_an_order_expires(autojump_clock):
    """So many seconds from now, of market time."""
    async with kraken_exchange() as server:
        txid = await server.order(price=price(server.quote[0] - AWAY), timeinforce="GTD", expiretm="+10")
        info = await server.info(txid)
        assert Decimal(str(info["expiretm"])) - Decimal(str(info["opentm"])) == 10
        await server.advance(11)
        assert (await server.info(txid))["status"] == "expired"


GOOD = {"pair": "XBTUSD", "type": "buy", "ordertype": "limit", "volume": "0.01", "price": "50000"}


@pytest.mark.parametrize(
    ("terms", "error"),
    [
        ({"pair": "XXXUSD"}, "EQuery:Unknown asset pair"),
        ({"pair": None}, "EGeneral:Invalid arguments"),
        ({"type": "hold"}, "EGeneral:Invalid arguments:type"),
        ({"ordertype": "trailing-stop"}, "EGeneral:Invalid arguments:ordertype"),
        ({"ordertype": "iceberg"}, "EGeneral:Invalid arguments:ordertype"),
        ({"volume": None}, "EGeneral:Invalid arguments:volume"),
        ({"volume": "-1"}, "EGeneral:Invalid arguments:volume"),
        ({"volume": "0"}, "EGeneral:Invalid arguments:volume"),
        ({"volume": "0.000000001"}, "EOrder:Order minimum not met"),
        ({"volume": "0.010000001"}, "EGeneral:Invalid arguments:volume"),
        ({"volume": "1e-6", "price": "100"}, "EOrder:Cost minimum not met"),
        ({"volume": "1000"}, "EOrder:Insufficient funds"),
        ({"type": "sell", "volume": "3"}, "EOrder:Insufficient funds"),
        ({"price": None}, "EGeneral:Invalid arguments:price"),
        ({"price": "+5"}, "EGeneral:Invalid arguments:price"),
        (
            {"price": "50000.01"},
            "EOrder:Invalid price:XBT/USD price can only be specified up to 1 decimals.",
        ),
        ({"price2": "1"}, "EGeneral:Invalid arguments:price2"),
        ({"price": "90000", "oflags": "post"}, "EOrder:Post only order"),
        ({"oflags": "fcib,fciq"}, "EGeneral:Invalid arguments:oflags"),
        ({"oflags": "other"}, "EGeneral:Invalid arguments:oflags"),
        ({"oflags": "viqc"}, "EGeneral:Invalid arguments:viqc"),
        ({"type": "sell", "oflags": "fcib"}, "EGeneral:Invalid arguments:oflags"),
        ({"timeinforce": "FOK"}, "EGeneral:Invalid arguments:timeinforce"),
        ({"timeinforce": "GTD"}, "EGeneral:Invalid arguments:expiretm"),
        ({"timeinforce": "GTD", "expiretm": "5"}, "EGeneral:Invalid arguments:expiretm"),
        ({"deadline": "2020-01-01T00:00:00Z"}, "EService:Deadline elapsed"),
        ({"deadline": "soon"}, "EGeneral:Invalid arguments:deadline"),
        ({"starttm": "+10"}, "EGeneral:Invalid arguments:starttm"),
        ({"leverage": "2:1"}, "EGeneral:Invalid arguments:leverage"),
        ({"reduce_only": "true"}, "EOrder:Reduce only:No position exists"),
        ({"displayvol": "0.001"}, "EGeneral:Invalid arguments:displayvol"),
        ({"trigger": "index"}, "EGeneral:Invalid arguments:Index unavailable"),
        ({"stptype": "none"}, "EGeneral:Invalid arguments:stptype"),
        ({"userref": "2147483648"}, "EGeneral:Invalid arguments:userref"),
        ({"cl_ord_id": "longer than 18 characters"}, "EGeneral:Invalid arguments:cl_ord_id"),
        ({"validate": "perhaps"}, "EGeneral:Invalid arguments:validate"),
        ({"close[ordertype]": "limit"}, "EGeneral:Invalid arguments:close[ordertype]"),
        ({"stopPrice": "1"}, "EGeneral:Invalid arguments:stopPrice"),
    ],
)
async def test_what_is_refused_and_does_nothing(exchange_of_refusals, terms, error):
    """In the exchange's words."""
    server = exchange_of_refusals
    assert await server.refusal("alice", "AddOrder", **{**GOOD, **terms}) == error
    assert (await server.result("alice", "OpenOrders"))["open"] == {}


@pytest.fixture
async def exchange_of_refusals(autojump_clock):
    """A server."""
    async with kraken_exchange() as server:
        yield server


async def test_what_clients_send_without_meaning_it_is_taken(autojump_clock):
    """As python-kraken-sdk and freqtrade send it."""
    async with kraken_exchange() as server:
        low = price(server.quote[0] - AWAY)
        plain = {"stptype": "cancel-newest", "starttm": "0", "validate": "False", "reduce_only": "False"}
        await server.order(price=low, **plain, trading_agreement="agree", leverage="none", trigger="last")
        await server.order(price=f"{low}000", volume=".01", deadline="2999-01-01T00:00:00Z")
        market = await server.order(ordertype="market", price="1")
        assert (await server.info(market))["descr"]["price"] == "0"
        looked = await server.result("alice", "AddOrder", **{**GOOD, "validate": "true", "price": low})
        assert list(looked) == ["descr"]
        assert len((await server.result("alice", "OpenOrders"))["open"]) == 2


async def test_an_id_of_the_clients_names_one_open_order(autojump_clock):
    """Another one with it is refused until the first is over."""
    async with kraken_exchange() as server:
        own = "6d1b345e-2821-40e2-ad83-4ecb18a06876"
        low = price(server.quote[0] - AWAY)
        await server.order(price=low, cl_ord_id=own)
        terms = {**GOOD, "price": low, "cl_ord_id": own}
        assert (
            await server.refusal("alice", "AddOrder", **terms) == "EOrder:Invalid order:cl_ord_id is in use"
        )
        await server.result("alice", "CancelOrder", cl_ord_id=own)
        await server.order(price=low, cl_ord_id=own)


async def test_orders_that_come_too_fast_are_refused_where_the_operator_wants_that(autojump_clock):
    """By account and pair, in market time: a new order counts one, an early cancellation eight more."""
    counted = Settings(policies=Policies(kraken=KrakenPolicy(order_counter=True)))
    async with kraken_exchange(counted) as server:
        low = price(server.quote[0] - AWAY)
        terms = {**GOOD, "price": low}
        for _ in range(6):
            await server.result("alice", "CancelOrder", txid=await server.order(price=low))
        for _ in range(6):
            await server.order(price=low)
        assert await server.refusal("alice", "AddOrder", **terms) == "EOrder:Rate limit exceeded"
        await server.order(pair="ETHUSD", price="100", volume="1")
        await server.order("bob", price=low)
        await server.advance(2)
        await server.order(price=low)


async def test_a_market_without_the_exchanges_venue(autojump_clock):
    """All that it has in spot can be traded, at each venue with what is held there."""
    async with kraken_exchange(symbols=("BTC-USDT", "ETH-USD")) as server:
        await server.order(pair="XBTUSDT", type="sell", price="900000.00")
        await server.order(pair="ETHUSD", price="100", volume="1")
        market = await server.order(pair="XETHZUSD", ordertype="market", volume="0.1")
        assert (await server.info(market))["descr"]["pair"] == "ETHUSD"
        assert set(await server.result("alice", "BalanceEx")) == {"XETH", "XXBT", "ZUSD"}
        refused = {"pair": "XBTUSDT", "type": "buy", "ordertype": "market", "volume": "1"}
        assert await server.refusal("alice", "AddOrder", **refused) == "EOrder:Insufficient funds"
        assert (await server.result("alice", "CancelAllOrdersAfter", timeout=60))["triggerTime"] != "0"
        assert (await server.result("alice", "CancelAll"))["count"] == 2


async def test_pages_of_orders_that_are_over(autojump_clock):
    """Fifty at a time, the last one first; between times, or after an order."""
    async with kraken_exchange() as server:
        low = price(server.quote[0] - AWAY)
        ids = [await server.order(price=low, timeinforce="IOC") for _ in range(52)]
        found = await server.result("alice", "ClosedOrders")
        assert (list(found["closed"]), found["count"]) == (ids[:1:-1], 52)
        rest = await server.result("alice", "ClosedOrders", ofs=50, without_count="true")
        assert (list(rest["closed"]), "count" in rest) == ([ids[1], ids[0]], False)
        assert await server.refusal("alice", "ClosedOrders", start="x") == "EGeneral:Invalid arguments:start"
        late = await server.result("alice", "ClosedOrders", start=server.now // 1000 + 10)
        assert late == {"closed": {}, "count": 0}


async def test_what_the_account_is_worth_and_pays(autojump_clock):
    """At last prices; the fees of the key's tier, percent."""
    async with kraken_exchange() as server:
        await server.order(ordertype="market")
        assert (await server.result("alice", "Balance"))["XETH"] == "5.0000000000"
        worth = await server.result("alice", "TradeBalance")
        assert worth["eb"] == worth["tb"] == worth["e"] == worth["mf"]
        assert Decimal(worth["eb"]) > 100_000
        assert (await server.result("alice", "TradeBalance", asset="XBT"))["m"] == "0.0000"
        assert await server.refusal("alice", "TradeBalance", asset="NOPE") == "EQuery:Unknown asset"
        volume = await server.result("bob", "TradeVolume", pair="XBTUSD,ETH/USD")
        assert list(volume["fees"]) == ["XXBTZUSD", "ETH/USD"]
        assert volume["fees"]["XXBTZUSD"]["fee"] == "0.2400"
        assert volume["fees_maker"]["XXBTZUSD"]["fee"] == "0.1500"
        assert Decimal((await server.result("alice", "TradeVolume"))["volume"]) > 100
        for method in ("DepositStatus", "WithdrawStatus", "DepositMethods", "WithdrawMethods"):
            assert await server.result("alice", method) == []
        assert await server.result("alice", "OpenPositions") == {}
        assert await server.result("alice", "OpenPositions", consolidation="market") == []


async def test_a_token_stands_for_the_key_that_asked_for_it(autojump_clock):
    """The same as long as it is good, another one for another key of the account; 15 minutes."""
    async with kraken_exchange() as server:
        first = await server.result("alice", "GetWebSocketsToken")
        assert first["expires"] == 900
        assert await server.result("alice", "GetWebSocketsToken") == first
        other = await server.result("alice too", "GetWebSocketsToken")
        assert other["token"] != first["token"]
        server.wall += 901
        assert (await server.result("alice", "GetWebSocketsToken"))["token"] != first["token"]


async def test_orders_wait_for_a_call_auction(autojump_clock):
    """Limit orders alone; they are open, hold what they may cost, and get the one price of the auction."""
    async with kraken_exchange(sessions=OPENING_AUCTION) as server:
        found = await server.public("AssetPairs", "pair=XBTUSD")
        assert found["XXBTZUSD"]["status"] == "limit_only"
        market = {"pair": "XBTUSD", "type": "buy", "ordertype": "market", "volume": "0.1"}
        assert await server.refusal("alice", "AddOrder", **market) == "EService:Market in limit_only mode"
        bid, _ = server.quote
        txid = await server.order(price=price(bid * 101 // 100), volume="0.1")
        away = await server.order(price=price(bid // 2), volume="0.1")
        assert (await server.info(txid))["status"] == "open"
        assert (await held(server))["ZUSD"][1] > Decimal(price(bid)) / 10
        await server.advance(50)
        filled = await server.info(txid)
        assert some(filled, "status", "vol_exec") == ("closed", "0.10000000")
        assert (await server.info(away))["status"] == "open"
        trades = (await server.public("Trades", "pair=XBTUSD"))["XXBTZUSD"]
        assert Decimal(filled["price"]) == Decimal(trades[0][0])
        found = await server.public("AssetPairs", "pair=XBTUSD")
        assert found["XXBTZUSD"]["status"] == "online"
