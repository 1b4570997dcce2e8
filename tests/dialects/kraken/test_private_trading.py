"""Orders by the second WebSocket API: placed, changed, cancelled, refused."""

import json
import random

import pytest
from kraken_trading import Floor

from feed.dialects.kraken.account.ids import order_of
from feed.dialects.kraken.private import terms
from feed.model.executions import Charge
from feed.model.orders import SelfTrade, TimeInForce
from feed.model.spot_requests import PlaceSpotOrder, SpotBatch
from feed.model.trading import Pricing, Trigger, packed

FUNDS = "EOrder:Insufficient funds (insufficient user funds)"
UNKNOWN = "EOrder:Unknown order"


@pytest.fixture
def floor():
    return Floor()


@pytest.fixture
def trader(floor):
    return floor.connect()


def order(floor, name):
    """As the wallet has it."""
    return floor.wallets.find(1, "kraken").order(order_of(name))


def test_every_term_of_an_order_is_what_the_market_is_asked_for(floor, trader):
    """In its own units."""
    trader.order(
        limit_price=50_000.5,
        order_qty=0.25,
        time_in_force="gtd",
        expire_time="2023-11-14T23:00:00.5Z",
        post_only=True,
        fee_preference="base",
        stp_type="cancel_both",
        no_mpp=True,
        cl_ord_id="6d1b345e-2821-40e2-ad83-4ecb18a06876",
        order_userref=-7,
        deadline="2023-11-14T22:13:50Z",
    )
    (asked,) = floor.took
    wanted = {
        "account": 1,
        "instrument": 0,
        "type": Pricing.LIMIT,
        "size": 25_000_000,
        "price": 500_005,
        "time_in_force": TimeInForce.GTC,
        "post_only": True,
        "self_trade": SelfTrade.CANCEL_BOTH,
        "charge": Charge.RECEIVED,
        "request": packed("6d1b345e-2821-40e2-ad83-4ecb18a06876"),
    }
    assert isinstance(asked, PlaceSpotOrder)
    assert {name: getattr(asked, name) for name in wanted} == wanted
    assert asked.expires == 1_700_002_800_500_000_000


@pytest.mark.parametrize(
    ("terms", "wanted"),
    [
        ({"order_type": "market", "limit_price": None}, {"type": Pricing.MARKET, "size": 50_000_000}),
        (
            {"order_type": "market", "limit_price": None, "order_qty": None, "cash_order_qty": 100.5},
            {"size": 0, "quote_size": 1_005_000_000_000},
        ),
        ({"time_in_force": "ioc"}, {"time_in_force": TimeInForce.IOC}),
        ({"stp_type": "cancel_oldest"}, {"self_trade": SelfTrade.CANCEL_RESTING}),
        (
            {
                "order_type": "stop-loss-limit",
                "side": "sell",
                "limit_price": 40_000,
                "triggers": {"price": 41_000.5},
            },
            {"trigger": Trigger.STOP, "trigger_price": 410_005, "price": 400_000},
        ),
        (
            {"order_type": "take-profit", "side": "sell", "limit_price": None, "triggers": {"price": 99_000}},
            {"trigger": Trigger.TAKE_PROFIT, "trigger_price": 990_000, "type": Pricing.MARKET},
        ),
    ],
)
def test_types_of_orders(floor, trader, terms, wanted):
    """Each as what it is in the market."""
    trader.order(**terms)
    (asked,) = floor.took
    assert {name: getattr(asked, name) for name in wanted} == wanted


def test_an_order_that_is_only_looked_at(floor, trader):
    """Is not placed; what is wrong with it is said all the same."""
    terms = trader.terms(cl_ord_id="mine", validate=True)
    assert trader.done("add_order", **terms) == {"cl_ord_id": "mine"}
    assert trader.refused("add_order", **terms | {"order_qty": 0}) == "EGeneral:Invalid arguments:order_qty"
    whole = {"symbol": "BTC/USD", "validate": True}
    one = {"order_type": "limit", "side": "buy", "order_qty": 0.1, "limit_price": 50_000}
    assert trader.done("batch_add", orders=[one, {**one, "order_userref": 3}], **whole) == [
        {},
        {"order_userref": 3},
    ]
    assert floor.took == []


@pytest.mark.parametrize(
    ("terms", "error"),
    [
        ({"symbol": None}, "EGeneral:Invalid arguments:symbol"),
        ({"symbol": "NOPE/USD"}, "Currency pair not supported NOPE/USD"),
        ({"order_type": None}, "EGeneral:Invalid arguments:order_type"),
        ({"order_type": "iceberg"}, "EGeneral:Invalid arguments:order_type"),
        ({"side": "hold"}, "EGeneral:Invalid arguments:side"),
        ({"order_qty": None}, "EGeneral:Invalid arguments:order_qty"),
        ({"order_qty": "1"}, "EGeneral:Invalid arguments:order_qty"),
        ({"order_qty": True}, "EGeneral:Invalid arguments:order_qty"),
        ({"order_qty": 1e-9}, "EOrder:Order minimum not met (volume too low)"),
        ({"cash_order_qty": 5}, "EGeneral:Invalid arguments:cash_order_qty"),
        ({"cash_order_qty": 0, "order_qty": None}, "EGeneral:Invalid arguments:cash_order_qty"),
        ({"cash_order_qty": 50, "order_qty": None}, "EGeneral:Invalid arguments:cash_order_qty"),
        ({"limit_price": None}, "EGeneral:Invalid arguments:limit_price"),
        (
            {"limit_price": 50_000.55},
            "EOrder:Invalid price:XBT/USD price can only be specified up to 1 decimals.",
        ),
        ({"limit_price_type": "pct"}, "EGeneral:Invalid arguments:limit_price_type"),
        ({"triggers": {"price": 1}}, "EGeneral:Invalid arguments:triggers"),
        ({"time_in_force": "day"}, "EGeneral:Invalid arguments:time_in_force"),
        ({"expire_time": "soon"}, "EGeneral:Invalid arguments:expire_time"),
        ({"effective_time": "2023-11-15T00:00:00Z"}, "EGeneral:Invalid arguments:effective_time"),
        ({"margin": True}, "EGeneral:Invalid arguments:margin"),
        ({"reduce_only": True}, "EOrder:Reduce only:No position exists"),
        ({"display_qty": 0.1}, "EGeneral:Invalid arguments:display_qty"),
        ({"conditional": {"order_type": "stop-loss"}}, "EGeneral:Invalid arguments:conditional"),
        ({"sender_sub_id": "a"}, "EGeneral:Invalid arguments:sender_sub_id"),
        ({"fee_preference": "gold"}, "EGeneral:Invalid arguments:fee_preference"),
        ({"stp_type": "cancel_all"}, "EGeneral:Invalid arguments:stp_type"),
        ({"order_userref": 2**31}, "EGeneral:Invalid arguments:order_userref"),
        ({"cl_ord_id": "x" * 19}, "EGeneral:Invalid arguments:cl_ord_id"),
        ({"deadline": "2020-01-01T00:00:00Z"}, "EService:Deadline elapsed"),
        ({"deadline": "later"}, "EGeneral:Invalid arguments:deadline"),
        ({"order_qty": 1000}, FUNDS),
        ({"post_only": True, "limit_price": 90_000}, "EOrder:Post only order"),
        ({"price": 7}, "Unsupported field: 'price' for the given msg type: add order"),
    ],
)
def test_an_order_that_cannot_be(floor, trader, terms, error):
    """Says what is wrong with it; nothing is placed, and nothing was passed over."""
    assert trader.refused("add_order", **trader.terms(**terms)) == error
    assert floor.wallets.find(1, "kraken").orders == {}


def test_what_stands_beside_the_parameters_is_refused(trader):
    """One client puts them there: an order without them would be another order."""
    (answer,) = trader.say('{"method":"add_order","params":{"token":"token-1"},"validate":true,"req_id":3}')
    assert answer["error"] == "Unsupported field: 'validate' for the given msg type: add order"
    assert answer["req_id"] == 3
    (answer,) = trader.say('{"method":"cancel_all"}')
    assert answer["error"] == "EGeneral:Invalid arguments:params"


def test_a_key_that_may_not_trade(trader):
    """Listens, and asks for nothing."""
    trader.done("subscribe", token="token-reader", channel="executions")
    assert trader.refused("cancel_all", token="token-reader") == "EAccount:Invalid permissions"


# --- changing ----------------------------------------------------------------------------------------


def test_to_amend_an_order(floor, trader):
    """It keeps its id, and goes by its client's too."""
    name = trader.order(cl_ord_id="mine")
    result = trader.done("amend_order", order_id=name, order_qty=0.75, limit_price=50_000)
    assert (result["order_id"], result["cl_ord_id"]) == (name, "mine")
    assert result["amend_id"].startswith("T")
    trader.done("amend_order", cl_ord_id="mine", limit_price=51_000, symbol="BTC/USD")
    found = order(floor, name)
    assert (found.size, found.price, found.open) == (75_000_000, 510_000, True)


def test_to_amend_a_trigger(floor, trader):
    """Of an order that waits for it."""
    name = trader.order(
        order_type="stop-loss", side="sell", limit_price=None, triggers={"price": 50_000}, order_qty=1
    )
    trader.done("amend_order", order_id=name, trigger_price=49_000)
    assert order(floor, name).trigger_price == 490_000


@pytest.mark.parametrize(
    ("params", "error"),
    [
        ({}, "EGeneral:Invalid arguments:order_qty"),
        ({"order_qty": 0}, "EOrder:Order minimum not met (volume too low)"),
        ({"limit_price": 0}, "EGeneral:Invalid arguments:limit_price"),
        ({"limit_price": 99_000, "post_only": True}, "EOrder:Post only order"),
        ({"trigger_price": 50_000}, "EGeneral:Invalid arguments:trigger_price"),
        ({"order_qty": 1000}, FUNDS),
        ({"order_qty": 1, "display_qty": 0.1}, "EGeneral:Invalid arguments:display_qty"),
        ({"order_qty": 1, "symbol": "ETH/USD"}, "EGeneral:Invalid arguments:symbol"),
        ({"order_qty": 1, "limit_price_type": "quote"}, "EGeneral:Invalid arguments:limit_price_type"),
        ({"order_qty": 1, "deadline": "2020-01-01T00:00:00Z"}, "EService:Deadline elapsed"),
        ({"order_id": "OAAAAA-AAAAA-AAAAAA", "order_qty": 1}, UNKNOWN),
        ({"order_id": None, "order_qty": 1}, "EGeneral:Invalid arguments:order_id"),
    ],
)
def test_a_change_that_cannot_be(floor, trader, params, error):
    """Changes nothing."""
    name = trader.order()
    before = order(floor, name)
    assert trader.refused("amend_order", **{"order_id": name, **params}) == error
    assert order(floor, name) == before


def test_another_accounts_order_is_none(floor, trader):
    """To be amended, edited, cancelled."""
    name = trader.order()
    for method, params in {
        "amend_order": {"order_id": name, "order_qty": 1},
        "edit_order": {"order_id": name, "order_qty": 1, "symbol": "BTC/USD"},
        "cancel_order": {"order_id": [name]},
        "batch_cancel": {"orders": [name, name]},
    }.items():
        assert trader.refused(method, token="token-2", **params) == UNKNOWN
    assert trader.done("cancel_all", token="token-2") == {"count": 0}
    assert order(floor, name).open


def test_to_edit_an_order(floor, trader):
    """It becomes a new one, with what it was where nothing else is said, but without the client's own id."""
    name = trader.order(order_userref=4, cl_ord_id="mine", post_only=True)
    result = trader.done("edit_order", order_id=name, symbol="BTC/USD", limit_price=50_000)
    assert result.keys() == {"order_id", "order_userref", "original_order_id"}
    assert (result["original_order_id"], result["order_userref"]) == (name, 4)
    old, new = order(floor, name), order(floor, result["order_id"])
    assert (old.open, new.open, new.price, new.size, new.post_only) == (False, True, 500_000, old.size, True)
    assert new.client == 0
    checked = trader.done("edit_order", order_id=result["order_id"], order_qty=0.6, validate=True)
    assert checked == {"original_order_id": result["order_id"]}
    assert order(floor, result["order_id"]).open
    refusals = {
        "EGeneral:Invalid arguments:display_qty": {"display_qty": 1},
        "EGeneral:Invalid arguments:triggers": {"triggers": {"price": 5}},
        FUNDS: {"order_qty": 1000},
    }
    for error, params in refusals.items():
        found = trader.refused("edit_order", order_id=result["order_id"], symbol="BTC/USD", **params)
        assert found == error


# --- cancelling --------------------------------------------------------------------------------------


def test_to_cancel_orders_by_any_of_their_names(floor, trader):
    """One answer for each; those that there are not are refused by themselves."""
    first, second, third = trader.order(), trader.order(cl_ord_id="mine"), trader.order(order_userref=9)
    answers = trader.ask(
        "cancel_order",
        order_id=[first, "OAAAAA-AAAAA-AAAAAA", "nonsense"],
        cl_ord_id=["mine", "yours"],
        order_userref=[9],
    )
    assert [one.get("error") for one in answers] == [None, UNKNOWN, UNKNOWN, None, UNKNOWN, None]
    assert [one.get("result") for one in answers] == [
        {"order_id": first},
        None,
        None,
        {"order_id": second, "cl_ord_id": "mine"},
        None,
        {"order_id": third, "order_userref": 9},
    ]
    assert answers[1]["order_id"] == "OAAAAA-AAAAA-AAAAAA"
    (asked,) = [one for one in floor.took if isinstance(one, SpotBatch)]
    assert len(asked.parts) == 3
    assert floor.wallets.find(1, "kraken").orders == {}
    assert trader.refused("cancel_order", order_id=[first]) == UNKNOWN
    assert trader.refused("cancel_order") == "EGeneral:Invalid arguments:order_id"
    assert trader.refused("cancel_order", order_id=[1]) == "EGeneral:Invalid arguments:order_id"


def test_to_cancel_several_with_one_answer(trader):
    """By ids, by the client's number, by the client's own id."""
    names = [trader.order(order_userref=at // 2 + 1, order_qty=0.1) for at in range(4)]
    trader.order(cl_ord_id="mine", order_qty=0.1)
    (answer,) = trader.ask("batch_cancel", orders=[names[0], 2], cl_ord_id=["mine", "yours"])
    assert (answer["orders_cancelled"], answer["success"]) == (4, True)
    assert "result" not in answer
    assert trader.done("cancel_all") == {"count": 1}
    assert trader.done("cancel_all") == {"count": 0}
    assert trader.refused("batch_cancel", orders=[2**70, "²", "-", "7" * 5000]) == UNKNOWN
    assert trader.refused("batch_cancel", orders=[]) == "EGeneral:Invalid arguments:orders"
    assert trader.refused("batch_cancel", orders=[1.5]) == "EGeneral:Invalid arguments:orders"
    assert trader.refused("batch_cancel", orders=["a"] * 51) == "EGeneral:Invalid arguments:orders"


def test_to_cancel_all_after_a_while(floor, trader):
    """Unless it is taken back."""
    trader.order()
    result = trader.done("cancel_all_orders_after", timeout=60)
    assert result == {"currentTime": "2023-11-14T22:13:22Z", "triggerTime": "2023-11-14T22:14:22Z"}
    assert trader.done("cancel_all_orders_after", timeout=0)["triggerTime"] == "0"
    floor.advance(61)
    assert len(floor.wallets.find(1, "kraken").orders) == 1
    for timeout in (-1, 86_401, 1.5, None):
        error = trader.refused("cancel_all_orders_after", timeout=timeout)
        assert error == "EGeneral:Invalid arguments:timeout"


def test_to_place_several_at_once(floor, trader):
    """They act together; each has its own answer; a batch with one that cannot be is refused whole."""
    one = {"order_type": "limit", "side": "buy", "order_qty": 0.01, "limit_price": 50_000}
    many = [{**one, "cl_ord_id": "mine"}, {**one, "order_qty": 900}, {**one, "order_userref": 5}]
    first, second, third = trader.done("batch_add", symbol="BTC/USD", orders=many)
    assert (first["cl_ord_id"], second, third["order_userref"]) == ("mine", {"error": FUNDS}, 5)
    assert len(floor.wallets.find(1, "kraken").orders) == 2
    (asked,) = floor.took
    assert [part.size for part in asked.parts] == [1_000_000, 90_000_000_000, 1_000_000]
    broken = [one, {**one, "side": "up"}]
    assert trader.refused("batch_add", symbol="BTC/USD", orders=broken) == "EGeneral:Invalid arguments:side"
    for orders in ([one], [one] * 16, "no", [1, 2], None):
        found = trader.refused("batch_add", symbol="BTC/USD", orders=orders)
        assert found == "EGeneral:Invalid arguments:orders"
    misplaced = [one, {**one, "symbol": "ETH/USD"}]
    assert (
        trader.refused("batch_add", symbol="BTC/USD", orders=misplaced)
        == "Unsupported field: 'symbol' for the given msg type: batch add"
    )


@pytest.mark.parametrize("shared", [{}, {"validate": False}])
def test_no_order_of_several_says_of_itself_what_is_said_of_all(floor, trader, shared):
    """One that is only to be looked at is not placed with the others."""
    one = {"order_type": "limit", "side": "buy", "order_qty": 0.01, "limit_price": 50_000}
    for name, value in (("validate", True), ("deadline", "2999-01-01T00:00:00Z")):
        found = trader.refused("batch_add", symbol="BTC/USD", orders=[one, {**one, name: value}], **shared)
        assert found == f"Unsupported field: '{name}' for the given msg type: batch add"
    assert not floor.took


def test_every_id_is_echoed(trader):
    """With the times; none where none was sent."""
    (answer,) = trader.send("cancel_all", number=None, token="token-1")
    assert list(answer) == ["method", "result", "success", "time_in", "time_out"]
    (answer,) = trader.send("cancel_order", number=2**40, token="token-1", order_id=["x"])
    assert answer["req_id"] == 2**40


def test_a_market_that_takes_no_more_requests(floor, trader):
    """Says so; the order was not placed."""
    (action,) = trader.session.receive('{"method":"cancel_all","params":{"token":"token-1"},"req_id":3}')
    assert '"error":"EService:Unavailable"' in action.refused


ODD = (
    *(None, True, 0, 1, -1, 0.01, 1e30, 2**70, "", "x", "²", "1" * 400, "market", "stop-loss-limit", "sell"),
    *("ETH/USD", "ioc", "gtd", "base", "cancel_both", "2023-11-14T23:00:00Z", "0001-01-01T00:00:00Z"),
    *([], {}, [1, "a", None], {"price": 50_000, "price_type": "static"}, 64_000, 90_000, 5),
)
"""What some terms are, and others cannot be."""
NAMES = {
    "add_order": (*terms.ORDER, *terms.WHOLE),
    "batch_add": (*terms.WHOLE, "orders"),
    "amend_order": ("order_id", "order_qty", "limit_price", "post_only", "trigger_price", "deadline"),
    "edit_order": ("order_id", "symbol", "order_qty", "limit_price", "triggers", "fee_preference"),
    "cancel_order": ("order_id", "cl_ord_id", "order_userref"),
    "batch_cancel": ("orders", "cl_ord_id"),
    "cancel_all_orders_after": ("timeout",),
}


@pytest.mark.parametrize("seed", range(4))
def test_whatever_is_sent_is_answered(floor, trader, seed):
    """Nothing is spent twice; messages are numbered without a gap, whatever became of orders."""
    draws = random.Random(seed)
    trader.done("subscribe", channel="executions")
    known = ["OAAAAA-AAAAA-AAAAAA"]
    for number in range(400):
        method = draws.choice(("add_order", *NAMES))
        odd = draws.sample(NAMES[method], min(len(NAMES[method]), draws.choice((0, 0, 0, 1, 2))))
        plain = {"order_id": draws.choice(known), "order_qty": draws.choice((0.01, 0.02))}
        if method == "add_order":
            plain = trader.terms(order_qty=0.01, limit_price=draws.choice((40_000, 64_279.5, 90_000)))
        elif method not in ("amend_order", "edit_order"):
            plain = {}
        sent = plain | {name: draws.choice(ODD) for name in odd}
        for answer in trader.ask(method, **sent):
            assert answer["success"] is ("error" not in answer)
            if answer["success"] and isinstance(answer.get("result"), dict):
                known = [*known[-9:], answer["result"].get("order_id", known[0])]
        if not number % 50:
            floor.advance(1)
        for balance in floor.wallets.find(1, "kraken").balances.values():
            assert 0 <= balance.locked <= balance.total
    told = [one for one in map(json.loads, trader.told) if one.get("channel") == "executions"]
    assert [one["sequence"] for one in told] == list(range(1, len(told) + 1))
    assert len(told) > 20
