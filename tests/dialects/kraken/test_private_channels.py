"""What an account is told of its orders, trades and balances, by the second WebSocket API."""

import json

import pytest
from kraken_trading import Floor

EMPTY = {"channel": "executions", "type": "snapshot", "data": [], "sequence": 1}


@pytest.fixture
def floor():
    return Floor()


def listen(floor, channel="executions", token="token-1", **params):
    """A connection that listens, and what it was told first."""
    connection = floor.connect()
    return connection, connection.send("subscribe", channel=channel, token=token, **params)


def steps(messages):
    """Step and status of each execution in its message."""
    return [(one["exec_type"], one["order_status"]) for message in messages for one in message["data"]]


def of(channel, messages):
    return [one for one in messages if one.get("channel") == channel]


def test_a_subscription_is_confirmed_with_what_it_chose(floor):
    """All of it can be sent again as it is, but for the most that is counted: one client does so."""
    connection, (done, snapshot) = listen(floor, snap_trades=False)
    result = {
        "channel": "executions",
        "maxratecount": 60,
        "order_status": True,
        "ratecounter": False,
        "snap_orders": True,
        "snap_trades": False,
        "snapshot": True,
    }
    assert (done["result"], done["success"], snapshot) == (result, True, EMPTY)
    del result["maxratecount"]
    assert connection.send("subscribe", token="token-1", **result)[0]["result"] == done["result"]


def test_an_order_that_rests(floor):
    """Pending, then new, one in each message, with the whole order as it stands; before the answer."""
    trader, _ = listen(floor)
    limit = trader.terms()["limit_price"]
    pending, new, answer = trader.send(
        "add_order", token="token-1", **trader.terms(order_userref=5, cl_ord_id="my-1", post_only=True)
    )
    (told,) = new["data"]
    assert told == {
        "order_id": answer["result"]["order_id"],
        "order_userref": 5,
        "cl_ord_id": "my-1",
        "symbol": "BTC/USD",
        "order_qty": 0.5,
        "cum_cost": 0.0,
        "cum_qty": 0.0,
        "time_in_force": "GTC",
        "exec_type": "new",
        "side": "buy",
        "order_type": "limit",
        "limit_price_type": "static",
        "limit_price": limit,
        "stop_price": 0.0,
        "post_only": True,
        "order_status": "new",
        "fee_usd_equiv": 0,
        "fee_ccy_pref": "fciq",
        "timestamp": "2023-11-14T22:13:22.000000Z",
    }
    assert pending["data"] == [told | {"exec_type": "pending_new", "order_status": "pending_new"}]
    assert (pending["sequence"], new["sequence"]) == (2, 3)
    assert answer["result"] == {"order_id": told["order_id"], "cl_ord_id": "my-1", "order_userref": 5}


def test_an_order_that_trades(floor):
    """Each trade alone in its message, with its fee; then that the order is filled, with all its fees."""
    trader, _ = listen(floor)
    found = of("executions", trader.send("add_order", token="token-1", **market(trader)))
    first, second, *trades, last = found
    assert steps([first, second]) == [("pending_new", "pending_new"), ("new", "new")]
    assert steps(trades) == [("trade", "partially_filled")] * (len(trades) - 1) + [("trade", "filled")]
    (trade,) = trades[0]["data"]
    assert trade["cost"] == pytest.approx(trade["last_qty"] * trade["last_price"])
    assert trade["fees"] == [{"asset": "USD", "qty": pytest.approx(trade["cost"] * 0.004)}]
    assert (trade["liquidity_ind"], trade["side"]) == ("t", "buy")
    (filled,) = last["data"]
    assert (filled["exec_type"], filled["order_status"], filled["cum_qty"]) == ("filled", "filled", 1.0)
    assert filled["fee_usd_equiv"] == pytest.approx(sum(one["data"][0]["fee_usd_equiv"] for one in trades))
    assert filled["avg_price"] == pytest.approx(filled["cum_cost"], rel=1e-5)
    assert [one["sequence"] for one in found] == list(range(2, len(found) + 2))


def market(trader, **more):
    return trader.terms(order_type="market", limit_price=None, **{"order_qty": 1, **more})


def test_only_beginnings_ends_and_trades_where_that_is_chosen(floor):
    """Without the steps between; what is left keeps the numbers that everybody's messages have."""
    trader, _ = listen(floor, order_status=False)
    found = of("executions", trader.send("add_order", token="token-1", **market(trader)))
    assert [step for step, _ in steps(found)] == ["new", *["trade"] * (len(found) - 2), "filled"]
    changed = trader.send("amend_order", token="token-1", order_id=trader.order(), order_qty=0.25)
    assert [one["method"] for one in changed] == ["amend_order"]


def test_what_else_becomes_of_an_order(floor):
    """Amended, cancelled at request or by the timer, expired, waiting for its trigger."""
    trader, _ = listen(floor)
    order, found = trader.order(), []

    def told(method, **params):
        found[:] = [
            one["data"][0] for one in of("executions", trader.send(method, token="token-1", **params))
        ]
        return [(one["exec_type"], one["order_status"], one.get("reason")) for one in found]

    assert told("amend_order", order_id=order, order_qty=0.25) == [("amended", "new", None)]
    assert (found[0]["amended"], found[0]["order_qty"]) == (True, 0.25)
    assert told("cancel_order", order_id=[order]) == [("canceled", "canceled", "User requested")]
    bid, _ = floor.quote()
    stop = trader.terms(order_type="stop-loss", side="sell", limit_price=None)
    stop["triggers"] = {"price": round(bid * 0.9, 1), "reference": "last"}
    assert [step for step, *_ in told("add_order", **stop)] == ["pending_new", "new"]
    assert found[1]["triggers"] == {
        "reference": "last",
        "price": stop["triggers"]["price"],
        "price_type": "static",
        "status": "untriggered",
    }
    assert told("cancel_all_orders_after", timeout=5) == []
    trader.new()
    floor.advance(6)
    (over,) = of("executions", trader.new())
    assert steps([over]) == [("canceled", "canceled")]
    assert over["data"][0]["reason"] == "Cancel all orders after timeout"
    told("add_order", **trader.terms(time_in_force="gtd", expire_time="2023-11-14T22:13:40Z"))
    assert (found[1]["time_in_force"], found[1]["expire_time"]) == ("GTD", "2023-11-14T22:13:40.000000Z")
    floor.advance(60)
    assert steps(of("executions", trader.new())) == [("expired", "expired")]


def test_an_ioc_order_that_finds_nothing_is_over_at_once(floor):
    """It was there for a moment."""
    trader, _ = listen(floor)
    trader.order(time_in_force="ioc")
    messages = [json.loads(text) for text in trader.told]
    assert [step for step, _ in steps(of("executions", messages))] == ["pending_new", "new", "canceled"]


def test_both_sides_of_a_balance_after_a_trade(floor):
    """With the entries of the ledger; nothing when an order locks what it may spend."""
    trader, (_, first) = listen(floor, "balances")
    before = {one["asset"]: one["balance"] for one in first["data"]}
    assert before == {"USD": 100_000, "BTC": 2, "ETH": 5}
    assert first["data"][0]["wallets"] == [{"type": "spot", "id": "main", "balance": 2}]
    assert of("balances", trader.send("add_order", token="token-1", **trader.terms())) == []
    found = of("balances", trader.send("add_order", token="token-1", **market(trader)))
    for message in found:
        base, quote = message["data"]
        assert (base["asset"], base["asset_class"], base["type"]) == ("BTC", "currency", "trade")
        assert (base["fee"], quote["asset"]) == (0, "USD")
        assert base["ref_id"] == quote["ref_id"] != base["ledger_id"] != quote["ledger_id"]
        for one in (base, quote):
            before[one["asset"]] += one["amount"] - one["fee"]
            assert one["balance"] == pytest.approx(before[one["asset"]], abs=1e-9)
    assert before["BTC"] == pytest.approx(3)
    assert [one["sequence"] for one in found] == list(range(2, len(found) + 2))


def test_a_later_connection_begins_with_the_present(floor):
    """Open orders and last trades, each kind in a message of its own; the next message follows them."""
    trader, _ = listen(floor)
    resting = trader.order(side="sell", limit_price=round(floor.quote()[1] * 1.1, 1))
    sent = of("executions", trader.send("add_order", token="token-1", **market(trader)))
    gone = trader.order()
    trader.ask("cancel_order", order_id=gone)
    told = {one["data"][0]["exec_id"] for one in sent if one["data"][0]["exec_type"] == "trade"}
    late, (_, trades, orders) = listen(floor, snap_trades=True)
    assert {one["exec_id"] for one in trades["data"]} == told
    assert [one["order_id"] for one in orders["data"]] == [resting]
    assert steps([orders]) == [("new", "new")]
    assert trades["sequence"] + 1 == orders["sequence"]
    late.new()
    trader.order()
    (following, _) = of("executions", late.new())
    assert following["sequence"] == orders["sequence"] + 1
    _, (_, alone) = listen(floor, snap_orders=False, snap_trades=True)
    assert alone["type"] == "snapshot"
    assert len(alone["data"]) == len(told)


def test_the_rate_counter(floor):
    """It rises by what an order's age makes of each request, and falls with time, by the tier of the key."""
    trader, (done, _) = listen(floor, token="token-1-too", ratecounter=True)
    assert (done["result"]["ratecounter"], done["result"]["maxratecount"]) == (True, 180)

    def counts(method, **params):
        messages = of("executions", trader.send(method, token="token-1", **params))
        return [one["data"][0]["ratecount"] for one in messages]

    other = trader.terms(symbol="ETH/USD", limit_price=1000)
    assert counts("add_order", **trader.terms(order_qty=0.1)) == [1, 1]
    assert counts("add_order", **other) == [1, 1]
    name = trader.order(order_qty=0.1)
    assert counts("amend_order", order_id=name, order_qty=0.05) == [6]
    floor.advance(1)
    assert counts("cancel_order", order_id=[name]) == [10.25]
    floor.advance(12)
    assert counts("cancel_all") == [5, 5]
    slow, (first, *_) = listen(floor, ratecounter=True)
    assert first["result"]["maxratecount"] == 60
    slow.order(order_qty=0.1)
    assert of("executions", [json.loads(text) for text in slow.told])[-1]["data"][0]["ratecount"] == 7
    asked = [one["data"][0] for one in of("executions", trader.new())]
    assert [one["ratecount"] for one in asked] == [6, 6]


def test_equal_connections_get_equal_bytes(floor):
    """With another token of the account, too, and whichever of them asked; others hear nothing."""
    first, _ = listen(floor)
    second, _ = listen(floor)
    other, _ = listen(floor, token="token-2")
    for one in (first, second, other):
        one.send("subscribe", channel="balances", token="token-2" if one is other else "token-1")
    before = len(other.told)
    assert first.told == second.told
    asks = floor.connect()
    for number in range(3):
        asks.order(order_userref=number, order_qty=0.1)
        asks.done("add_order", **market(asks, order_qty=0.1))
        floor.advance(1)
    asks.ask("cancel_all")
    assert first.told == second.told
    assert len(first.told) > 30
    assert len(other.told) == before


def test_two_runs_are_equal():
    """To the byte: ids, numbers, times."""

    def run():
        trader, _ = listen(Floor())
        trader.ask("subscribe", channel="balances")
        trader.ask("add_order", **market(trader))
        trader.order()
        trader.ask("cancel_all")
        return trader.told

    assert run() == run()


def test_a_token_that_is_not_good(floor):
    """Of nobody, of a key that may not, or not any more: one that is listened by stays good meanwhile."""
    connection = floor.connect()
    assert connection.refused("subscribe", token="nope", channel="executions") == "ESession:Invalid session"
    assert (
        connection.refused("subscribe", token="token-blind", channel="balances")
        == "EAccount:Invalid permissions"
    )
    assert connection.refused("subscribe", token=7, channel="balances") == "EGeneral:Invalid arguments:token"
    connection.done("subscribe", channel="executions")
    idle = floor.connect()
    del floor.tokens["token-1"]
    assert connection.order()
    assert idle.refused("add_order", **idle.terms()) == "ESession:Invalid session"
    connection.done("unsubscribe", channel="executions")
    assert connection.refused("cancel_all") == "ESession:Invalid session"


def test_a_token_for_level_3_stays_good_as_long(floor):
    """Until no pair is listened to any more."""
    connection = floor.connect()
    for pair in ("BTC/USD", "ETH/USD"):
        connection.done("subscribe", channel="level3", symbol=[pair])
    del floor.tokens["token-1"]
    for pair in ("BTC/USD", "ETH/USD"):
        assert connection.done("cancel_all") == {"count": 0}
        connection.done("unsubscribe", channel="level3", symbol=[pair])
    assert connection.refused("cancel_all") == "ESession:Invalid session"


def test_to_cease_to_listen(floor):
    """Nothing more is told; a second time there is nothing to cease."""
    trader, _ = listen(floor)
    assert trader.done("unsubscribe", channel="executions") == {"channel": "executions"}
    (answer,) = trader.send("add_order", token="token-1", **trader.terms())
    assert answer["success"]
    assert trader.refused("unsubscribe", channel="executions") == "Subscription Not Found"


def test_to_listen_again_begins_anew(floor):
    """With other choices; nothing is told twice."""
    trader, _ = listen(floor)
    trader.order()
    again = trader.send("subscribe", channel="executions", token="token-1", order_status=False)
    assert [one["type"] for one in of("executions", again)] == ["snapshot"]
    told = of("executions", trader.send("add_order", token="token-1", **trader.terms()))
    assert steps(told) == [("new", "new")]


@pytest.mark.parametrize(
    ("params", "error"),
    [
        ({"channel": "executions", "snap_orders": 1}, "EGeneral:Invalid arguments:snap_orders"),
        (
            {"channel": "executions", "depth": 10},
            "Unsupported field: 'depth' for the given msg type: subscribe",
        ),
        (
            {"channel": "balances", "snap_trades": True},
            "Unsupported field: 'snap_trades' for the given msg type: subscribe",
        ),
    ],
)
def test_a_subscription_that_cannot_be(floor, params, error):
    """What it asks for cannot be, or is not known."""
    assert floor.connect().refused("subscribe", **params) == error
