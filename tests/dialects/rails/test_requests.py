"""Rails' handshake and requests, line by line; the numbers are those of NOTES.md."""

import json
import re
from decimal import Decimal

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from feed.dialects.contract import (
    AdmissionResult,
    Close,
    DisconnectCause,
    HandshakeRefusal,
    Reply,
    Submit,
    Subscribe,
    Unsubscribe,
    UpgradeRequest,
)
from feed.dialects.discovery import dialects, route
from feed.dialects.rails.policy import RailsPolicy
from feed.model.events import Side
from feed.model.grants import Tier
from feed.model.ids import order_id
from feed.model.orders import TimeInForce
from feed.model.requests import Cancel, CancelMany, Create, Modify
from feed.model.trading import Pricing, Trigger, packed
from feed.policies import Policies

RAILS = dialects()["rails"]
ID = "0835bf3e-4a20-41f0-908d-8213f2b7a285"
LIMIT = {"orderType": "buy", "tradeType": "limit", "price": "60000.10", "quantity": "0.5"}
ORDER = order_id(1_717_100_052_972_000_000, 17)


def opening(*, token="good-token", **query):
    subprotocols = () if token is None else (f"authorization#{token}",)
    return UpgradeRequest(path="/rails", query={"market": "BTC-USD", **query}, subprotocols=subprotocols)


@pytest.fixture
def connect(support):
    """A session, and what it subscribes to."""

    def start(context=None, **query):
        session = RAILS.session(opening(**query), context or support.context)
        return session, list(session.open())

    return start


def ask(session, message, **content):
    return list(session.receive(json.dumps({"message": message, "content": content})))


def only(actions):
    """The one message among ``actions``, decoded."""
    (text,) = [action.text for action in actions if isinstance(action, Reply)]
    return json.loads(text)


def channels(actions):
    return [
        (topic.channel, topic.instrument)
        for action in actions
        if isinstance(action, Subscribe | Unsubscribe)
        for topic in action.topics
    ]


# --- the handshake ---------------------------------------------------------------------------------


def test_line_1_the_path_and_the_market_parameter_lead_here():
    """At ``/`` the parameter ``market`` decides."""
    assert route("/", {"market": "BTC-USD"}) is RAILS
    assert route("/rails", {}) is RAILS


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({"token": None}, 401),
        ({"token": "bad"}, 401),
        ({"token": "read-token"}, 403),
        ({"token": "nobody-token"}, 403),
        ({"market": ""}, 400),
        ({"market": "NO-SUCH"}, 400),
        ({"market": "all"}, 400),
        ({"subscriptions": "orders,nothing"}, 400),
        ({"ext": "gzip"}, 400),
        ({"since": "-1"}, 400),
    ],
)
def test_lines_2_to_6_a_bad_handshake_is_refused(support, asked, status):
    """With its status and one sentence; nothing of a token is in it."""
    refusal = RAILS.session(opening(**asked), support.context)
    assert isinstance(refusal, HandshakeRefusal)
    assert refusal.status == status
    assert json.loads(refusal.body).keys() == {"statusCode", "body"}
    assert "token" not in json.loads(refusal.body)["body"].replace("token", "", 1).replace("<token>", "")


def test_line_1_without_a_market_nobody_is_let_in(support):
    """The parameter is required."""
    asked = attrs.evolve(opening(), query={})
    assert RAILS.session(asked, support.context).status == 400


def test_line_2_the_subprotocol_is_echoed_unless_the_operator_says_otherwise(support, connect):
    """Byte for byte; other subprotocols may stand beside it."""
    session, _ = connect()
    assert session.subprotocol == "authorization#good-token"
    quiet = attrs.evolve(support.context, policies=Policies(rails=RailsPolicy(echo_subprotocol=False)))
    assert connect(quiet)[0].subprotocol is None
    several = attrs.evolve(opening(), subprotocols=("chat", "authorization#good-token"))
    assert RAILS.session(several, support.context).subprotocol == "authorization#good-token"


@pytest.mark.parametrize(
    ("entry", "status"), [(AdmissionResult.TOO_MANY, 403), (AdmissionResult.TOO_OFTEN, 429)]
)
@pytest.mark.parametrize(
    ("tier", "bounds"),
    [(Tier.FREE, (5, 20)), (Tier.BASIC, (5, 20)), (Tier.PRO, (50, 60)), (Tier.MAX, (50, 60))],
)
def test_line_12_too_many_connections(support, entry, status, tier, bounds):
    """403 for too many at once, 429 for too many new ones; counted by account and tier."""
    asked = []

    def enter(*bounds):
        asked.append(bounds)
        return entry

    bearer = support.context.check_token("good-token")
    bearer = attrs.evolve(bearer, grant=attrs.evolve(bearer.grant, tier=tier))
    context = attrs.evolve(support.context, enter=enter, check_token=lambda _: bearer)
    assert RAILS.session(opening(), context).status == status
    assert asked == [("rails account 7", *bounds)]


def test_line_3_strict_expiry_closes(support, connect):
    """With 4401, when the token's time is over; otherwise nothing looks at the time."""
    strict = attrs.evolve(support.context, policies=Policies(rails=RailsPolicy(strict_expiry=True)))
    session, _ = connect(strict)
    assert session.beat_seconds == 1
    timers_due = [session.on_timer() for _ in range(1800)]
    assert timers_due[:-1] == [()] * 1799
    assert timers_due[-1][-1] == Close(4401, "Token expired")
    assert connect()[0].beat_seconds == 0


# --- streams ---------------------------------------------------------------------------------------


def test_line_4_orders_is_the_default(connect):
    """Also when the parameter is empty; an account's trades are of every market."""
    everywhere = [("trades", at) for at in range(4)]
    assert channels(connect()[1]) == [("orders", 3)]
    assert channels(connect(subscriptions="")[1]) == [("orders", 3)]
    assert channels(connect(subscriptions="trades,publicTrades")[1]) == [*everywhere, ("publicTrades", 3)]
    assert channels(connect(market="ALL", subscriptions="publicOrderBook")[1]) == [
        ("publicOrderBook", at) for at in range(4)
    ]


def test_account_streams_are_of_the_tokens_account_alone(connect):
    """Whatever a message says; public streams are everybody's."""
    for token, account in (("good-token", "7"), ("other-token", "8")):
        session, actions = connect(token=token, subscriptions="orders,trades,publicTrades")
        actions += ask(
            session, "subscribe", subscriptions=["trades"], account="9", sub="9", options=[["account", "9"]]
        )
        own = {
            topic.options for action in actions if isinstance(action, Subscribe) for topic in action.topics
        }
        assert own == {(("account", account),), ()}


def test_line_7_subscribe_and_unsubscribe(connect):
    """Confirmed with what is active and what was asked for; the same again changes nothing."""
    session, _ = connect()
    actions = ask(session, "subscribe", clientRequestId=ID, subscriptions=["trades", "publicTrades"])
    assert only(actions) == {
        "resultType": "subscribed",
        "market": "BTC-USD",
        "data": {
            "activeSubscriptions": ["orders", "trades", "publicTrades"],
            "clientRequestId": ID,
            "requestedSubscriptions": ["trades", "publicTrades"],
        },
    }
    assert isinstance(actions[0], Reply)  # before any data
    actions = ask(session, "unsubscribe", subscriptions=["orders", "publicTrades"])
    assert only(actions)["data"]["activeSubscriptions"] == ["trades"]
    assert isinstance(actions[0], Unsubscribe)  # and no data after the answer
    assert channels(actions) == [("orders", 3), ("publicTrades", 3)]


@pytest.mark.parametrize("wanted", [[], ["nothing"], "orders", [1], None])
def test_unknown_subscriptions_are_refused(connect, wanted):
    """As a whole: nothing is subscribed."""
    session, _ = connect()
    actions = ask(session, "subscribe", subscriptions=wanted)
    assert only(actions)["data"]["statusCode"] == 400
    assert channels(actions) == []


def test_line_8_ping(connect):
    """Available without any subscription, with and without an id."""
    session, _ = connect()
    ask(session, "unsubscribe", subscriptions=["orders"])
    assert only(ask(session, "ping", clientRequestId=ID)) == {
        "resultType": "pong",
        "data": {"clientRequestId": ID, "statusCode": 200},
    }
    assert only(session.receive('{"message":"ping"}')) == {"resultType": "pong", "data": {"statusCode": 200}}


def test_all_needs_a_market_on_each_request(connect):
    """And a connection for one market takes requests for that one alone."""
    session, _ = connect(market="ALL")
    assert only(ask(session, "createOrder", **LIMIT))["data"] == {
        "statusCode": 400,
        "body": "market is required when connected with market=ALL",
    }
    assert isinstance(ask(session, "createOrder", market="BTC-USD", **LIMIT)[0], Submit)
    session, _ = connect()
    assert isinstance(ask(session, "createOrder", market="BTC-USD", **LIMIT)[0], Submit)
    for market in ("XAUUSD", "NO-SUCH", 1, ["BTC-USD"]):
        assert only(ask(session, "createOrder", market=market, **LIMIT))["data"]["statusCode"] == 400


# --- orders ----------------------------------------------------------------------------------------


def submitted(actions):
    (action,) = actions
    assert isinstance(action, Submit)
    return action.request


def test_line_9_create_order(connect):
    """Decimals become ticks and lots; what is left out has the document's default."""
    session, _ = connect()
    assert submitted(ask(session, "createOrder", clientRequestId=ID, **LIMIT)) == Create(
        account=7,
        instrument=3,
        request=packed(ID),
        side=Side.BUY,
        size=50_000_000,
        price=6_000_010,
        slippage=20_000,
    )
    market = {"orderType": "sell", "tradeType": "market", "quantity": "1", "maxSlippage": "0.5"}
    assert submitted(ask(session, "createOrder", leverage="3", **market)) == Create(
        account=7,
        instrument=3,
        side=Side.SELL,
        size=100_000_000,
        type=Pricing.MARKET,
        slippage=500_000,
        leverage=3,
    )


def test_line_9_orders_in_all_their_forms(connect):
    """Time in force, reduce-only, and triggers; "none" and "0" are none, as fills have it."""
    session, _ = connect()

    def create(**fields):
        return submitted(ask(session, "createOrder", **LIMIT | fields))

    plain = create()
    assert (plain.time_in_force, plain.reduce_only, plain.trigger) == (TimeInForce.GTC, False, Trigger.NONE)
    assert create(triggerType="none", triggerPrice="0") == plain
    for name in ("GTC", "IOC", "FOK"):
        assert create(timeInForce=name) == attrs.evolve(plain, time_in_force=TimeInForce[name])
    assert create(reduceOnly=True) == attrs.evolve(plain, reduce_only=True)
    for name, trigger in (("stop", Trigger.STOP), ("takeProfit", Trigger.TAKE_PROFIT)):
        wanted = attrs.evolve(plain, trigger=trigger, trigger_price=6_100_000)
        assert create(triggerType=name, triggerPrice="61000") == wanted


def test_line_10_cancel_order(connect):
    """By its id, by price, of a side, or all."""
    session, _ = connect()
    own = {"account": 7, "instrument": 3}
    assert submitted(ask(session, "cancelOrder", orderId=ORDER, cancelBy="orderId")) == Cancel(
        **own, order=17, created=1_717_100_052_972
    )
    for order in (ORDER, ORDER.lower()):  # a ULID has no case
        assert submitted(ask(session, "cancelOrder", orderId=order)) == Cancel(
            **own, order=17, created=1_717_100_052_972
        )
    assert submitted(ask(session, "cancelOrder", cancelBy="price", price="1.50")) == CancelMany(
        **own, price=150
    )
    assert submitted(ask(session, "cancelOrder", cancelBy="all", orderType="sell")) == CancelMany(
        **own, side=1
    )


def test_line_11_modify_order(connect):
    """Price, quantity, or both."""
    session, _ = connect()
    own = {"account": 7, "instrument": 3, "order": 17, "created": 1_717_100_052_972}
    assert submitted(ask(session, "modifyOrder", orderId=ORDER, price="2")) == Modify(**own, price=200)
    assert submitted(ask(session, "modifyOrder", orderId=ORDER, triggerPrice="2")) == Modify(
        **own, trigger_price=200
    )
    assert submitted(ask(session, "modifyOrder", orderId=ORDER, quantity="2")) == Modify(
        **own, size=2 * 10**8
    )


# Which Decimal, int or float would read, some of them.
NO_NUMBERS = (
    "1_0",
    "1\n",
    "\t1",
    "1 ",
    "\N{ARABIC-INDIC DIGIT ONE}",
    "\N{FULLWIDTH DIGIT ONE}",
    "inf",
    "sNaN",
    "1/2",
)
BAD_ORDERS = [
    {"price": "60000.101"},
    {"price": "0"},
    {"price": "-1"},
    {"price": "1e400"},
    {"price": "1e-400"},
    {"price": "NaN"},
    {"price": "Infinity"},
    {"price": "1" * 30},
    {"price": "9" * 50_000},
    {"price": ""},
    {"price": 60000.1},
    {"price": None},
    {"quantity": "0"},
    {"quantity": "0.000000001"},
    {"quantity": "1" * 30},
    {"quantity": 1},
    {"quantity": None},
    {"orderType": "hold"},
    {"tradeType": "stop"},
    {"leverage": "0"},
    {"leverage": "1.5"},
    {"leverage": "99999"},
    {"tradeType": "market", "maxSlippage": "1.000001"},
    {"tradeType": "market", "maxSlippage": "NaN"},
    {"tradeType": "market", "postOnly": True},
    {"postOnly": "true"},
    {"reduceOnly": "true"},
    {"reduceOnly": 1},
    {"price": "6e4"},
    {"price": "6E4"},
    {"price": "-0"},
    {"price": True},
    {"price": ["1"]},
    {"quantity": "-1"},
    {"quantity": "1e-3"},
    {"quantity": "1E3"},
    {"quantity": "NaN"},
    {"quantity": "0x10"},
    {"quantity": " 1"},
    {"quantity": "1,5"},
    {"quantity": True},
    {"quantity": {}},
    {"leverage": 5},
    {"leverage": "1e1"},
    {"leverage": "-1"},
    {"tradeType": "market", "maxSlippage": 0.1},
    {"tradeType": "market", "maxSlippage": "1e-2"},
    {"tradeType": "market", "maxSlippage": "-0.1"},
    {"tradeType": "market", "maxSlippage": ""},
    {"tradeType": "market", "price": "NaN"},
    {"tradeType": "market", "price": "-1"},
    {"tradeType": "market", "price": ""},
    {"leverage": ""},
    *({name: text} for name in ("price", "quantity") for text in NO_NUMBERS),
    {"timeInForce": "gtc"},
    {"timeInForce": "DAY"},
    {"timeInForce": 1},
    {"timeInForce": "IOC", "postOnly": True},
    {"triggerType": "stop"},
    {"triggerPrice": "50000"},
    {"triggerType": "none", "triggerPrice": "50000"},
    {"triggerType": "trailing", "triggerPrice": "50000"},
    {"triggerType": "stop", "triggerPrice": 50000},
    {"triggerType": "stop", "triggerPrice": "0.00"},
    {"triggerType": "stop", "triggerPrice": "-50000"},
    {"triggerType": "stop", "triggerPrice": "5e4"},
    {"triggerType": "stop", "triggerPrice": "50000.001"},
    {"clientRequestId": "not a UUID"},
    {"clientRequestId": 7},
    {"clientRequestId": ID + "0"},
]


@pytest.mark.parametrize("change", BAD_ORDERS, ids=lambda change: json.dumps(change)[:40])
def test_line_14_a_bad_order_never_reaches_the_market(connect, change):
    """Its answer is an error of its own kind, with what came as an id, and of bounded length."""
    session, _ = connect()
    content = {name: value for name, value in {**LIMIT, **change}.items() if value is not None}
    actions = ask(session, "createOrder", **content)
    reply = only(actions)
    assert (reply["resultType"], reply["data"]["statusCode"]) == ("createOrder", 400)
    assert len(actions) == 1
    assert len(json.dumps(reply)) < 300
    assert reply["data"].get("clientRequestId") == content.get("clientRequestId")
    assert reply["market"] == "BTC-USD"


NUMBERS = {"createOrder": ("price", "quantity", "leverage", "maxSlippage", "triggerPrice")}
NUMBERS |= {"modifyOrder": ("price", "quantity", "triggerPrice"), "cancelOrder": ("price",)}
plain_decimals = st.from_regex(r"[+-]?[0-9]{0,20}\.?[0-9]{0,12}([eE][+-]?[0-9]{1,4})?", fullmatch=True)
json_values = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30) | plain_decimals
deep = st.recursive(
    json_values, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(), inner)
)


@given(field=st.sampled_from([(name, field) for name, its in NUMBERS.items() for field in its]), value=deep)
def test_line_14_any_value_is_that_number_or_an_error(support, field, value):
    """A request reaches the market with exactly what was written, positive and on the grid, or not at all."""
    message, name = field
    market = {"tradeType": "market"} if name == "maxSlippage" else {}
    stop = {"triggerType": "stop", "triggerPrice": "50000"} if name == "triggerPrice" else {}
    content = {
        "createOrder": {**LIMIT, **market, **stop},
        "modifyOrder": {"orderId": ORDER},
        "cancelOrder": {"cancelBy": "price"},
    }[message] | {name: value}
    actions = ask(RAILS.session(opening(), support.context), message, **content)
    if not any(isinstance(action, Submit) for action in actions):
        assert only(actions)["data"]["statusCode"] == 400
        return
    request = submitted(actions)
    if value is None:
        assert message == "createOrder"  # it was left out, and need not be there
        return
    assert re.fullmatch(r"\+?[0-9]*\.?[0-9]*", value, re.ASCII)
    written = Decimal(value)
    meant = {
        "price": lambda: Decimal(request.price) / 100,
        "quantity": lambda: Decimal(request.size) / 10**8,
        "leverage": lambda: Decimal(request.leverage),
        "maxSlippage": lambda: Decimal(request.slippage) / 10**6,
        "triggerPrice": lambda: Decimal(request.trigger_price) / 100,
    }[name]()
    assert meant == written
    assert meant > 0 or name == "maxSlippage"


@pytest.mark.parametrize(
    ("message", "content"),
    [
        ("cancelOrder", {}),
        ("cancelOrder", {"orderId": "nothing"}),
        ("cancelOrder", {"orderId": ID}),
        ("cancelOrder", {"orderId": 17}),
        ("cancelOrder", {"orderId": ORDER, "cancelBy": "colour"}),
        ("cancelOrder", {"cancelBy": "price"}),
        ("cancelOrder", {"cancelBy": "price", "price": "0"}),
        ("modifyOrder", {"orderId": ORDER}),
        ("modifyOrder", {"orderId": ORDER, "price": "0"}),
        ("modifyOrder", {"price": "1"}),
    ],
)
def test_line_14_a_bad_cancel_or_modification_never_reaches_the_market(connect, message, content):
    """The same, for the other two requests; the id is echoed."""
    session, _ = connect()
    reply = only(ask(session, message, clientRequestId=ID, **content))
    assert (reply["resultType"], reply["data"]["statusCode"]) == (message, 400)
    assert reply["data"]["clientRequestId"] == ID


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"message":"explode"}', '{"message":"ping","content":[]}'])
def test_line_14_what_is_no_request_gets_a_general_error(connect, text):
    """The connection stays."""
    session, _ = connect()
    (action,) = session.receive(text)
    reply = json.loads(action.text)
    assert (reply["resultType"], reply["data"]["statusCode"]) == ("error", 400)


@pytest.mark.parametrize(
    ("message", "content", "market", "body"),
    [
        ("explode", {"clientRequestId": "A-1"}, "ALL", "Unknown message: explode"),
        (
            "createOrder",
            {"market": "BTC/USDT", "clientRequestId": 9},
            "BTC-USD",
            "clientRequestId must be a UUID",
        ),
        (
            "ping",
            {"clientRequestId": ORDER},
            "ALL",
            "clientRequestId must be a UUID; a ULID is the id of an order",
        ),
        ("subscribe", {"subscriptions": [], "clientRequestId": ID.upper()}, "ALL", "subscriptions is empty"),
        ("emitOrders", {"market": "NONE", "clientRequestId": ID}, "ALL", "Unknown market: NONE"),
        (
            "cancelOrder",
            {"orderId": ID, "market": "EURUSD"},
            "EURUSD",
            "orderId must be the ULID of an order; a UUID is the client's own id of a request",
        ),
    ],
)
def test_line_14_every_error_says_to_what_and_of_which_market(connect, message, content, market, body):
    """The id as it came, good or not; the market that was named, else that of the connection."""
    session, _ = connect(market="ALL")
    reply = only(ask(session, message, **content))
    assert reply["market"] == market
    assert reply["data"].get("clientRequestId") == content.get("clientRequestId")
    assert (reply["data"]["statusCode"], reply["data"]["body"]) == (400, body)


def test_line_14_what_cannot_be_read_is_answered_with_the_market(connect):
    """There is no id to echo."""
    assert only(connect()[0].receive("nonsense")) == {
        "resultType": "error",
        "market": "BTC-USD",
        "data": {"statusCode": 400, "body": "Invalid JSON"},
    }


@pytest.mark.parametrize("fault", list(DisconnectCause))
def test_line_14_an_ending_says_of_which_market(connect, fault):
    """Like every error."""
    assert json.loads(connect()[0].wording(fault))["market"] == "BTC-USD"


def test_line_14_an_id_that_is_repeated_is_not_long(connect):
    """Nor what is no text and no number."""
    session, _ = connect()
    for sent, named in (("x" * 60_000, "x" * 64), ([1] * 9, None), (True, None), (10**30, None)):
        reply = only(ask(session, "ping", clientRequestId=sent))
        assert reply["data"].get("clientRequestId") == named


def test_line_13_order_requests_are_counted_by_account(support, connect):
    """Past the quota each is answered with 429, and never reaches the market."""
    asked = []

    def spend(*bounds):
        asked.append(bounds)
        return len(asked) < 3

    session, _ = connect(attrs.evolve(support.context, spend=spend))
    answers = [ask(session, "cancelOrder", clientRequestId=ID, cancelBy="all") for _ in range(4)]
    assert [isinstance(answer[0], Submit) for answer in answers] == [True, True, False, False]
    assert only(answers[2]) == {
        "resultType": "cancelOrder",
        "market": "BTC-USD",
        "data": {"clientRequestId": ID, "statusCode": 429, "body": "Too Many Requests"},
    }
    assert asked == [("rails account 7", 10_000)] * 4


def test_answers_need_the_orders_stream(connect):
    """A request whose answer nobody would hear is refused."""
    session, _ = connect(subscriptions="publicTrades")
    reply = only(ask(session, "createOrder", **LIMIT))
    assert reply["data"]["statusCode"] == 400
    assert "Subscribe to orders" in reply["data"]["body"]


def test_a_market_that_takes_nothing_says_so(connect):
    """What the client hears when the market is over or too busy comes with the request."""
    session, _ = connect()
    (action,) = ask(session, "createOrder", clientRequestId=ID, **LIMIT)
    assert json.loads(action.refused) == {
        "resultType": "createOrder",
        "market": "BTC-USD",
        "data": {"clientRequestId": ID, "statusCode": 503, "body": "the market takes no requests now"},
    }
