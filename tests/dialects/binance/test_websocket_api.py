"""Requests by WebSocket: one answer to each, by the key of the request or of the connection."""

import base64
import hashlib
import hmac
import json

import attrs
import pytest
from binance_account import DEPOSITS, GRANT, report
from binance_market import BTC, LISTING, MS, NOON, Exchange
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519
from hypothesis import given
from hypothesis import strategies as st

from feed.dialects.binance.errors import BinanceError
from feed.dialects.binance.limits import RequestLimits
from feed.dialects.binance.policy import POLICY
from feed.dialects.binance.websocket_api import subscriptions
from feed.dialects.binance.websocket_api.session import PATH, ApiSession
from feed.dialects.contract import (
    Close,
    Reply,
    SessionContext,
    Submit,
    Subscribe,
    Unsubscribe,
    UpgradeRequest,
)
from feed.dialects.credentials import Credentials
from feed.model.events import RequestAnswered
from feed.model.grants import Grant, Scope
from feed.model.spot_requests import PlaceSpotOrder
from feed.model.trading import OrderState, Reason, RequestKind
from feed.model.wallets import Wallets
from feed.policies import Policies
from feed.server.publickey import public_key

SECRET = "hush"
PRIVATE = ed25519.Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PEM = PRIVATE.public_key().public_bytes(
    serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
)
KEYS = {
    "hmac": Credentials(grant=GRANT, mark="h", secret=SECRET),
    "ed25519": Credentials(
        grant=attrs.evolve(GRANT, name="signer", account=8), mark="e", public_key=public_key(PEM.decode())
    ),
    "reader": Credentials(
        grant=Grant(name="reader", account=9, scopes=(Scope.READ,)), mark="r", secret=SECRET
    ),
}
NOW = NOON // MS
LIMIT = {
    "symbol": "BTCUSDT",
    "side": "BUY",
    "type": "LIMIT",
    "timeInForce": "GTC",
    "quantity": "0.002",
    "price": "64250",
}


class Client:
    """One connection, without a socket."""

    def __init__(self, *, policy=POLICY, **query):
        self.exchange = Exchange()
        self.exchange.trade(BTC, 6_425_000, 10)
        self.limits = RequestLimits.of(policy, 100)
        self.wallets = Wallets(LISTING, deposits=DEPOSITS, history=100)
        self.signatures = []
        self.wall = NOON / 10**9
        self.session = ApiSession(
            SessionContext(
                listing=LISTING,
                check_key=lambda key: None,
                auth_seconds=1,
                auth_attempts=1,
                check=lambda position: None,
                now=lambda: self.exchange.state.now,
                policies=Policies(binance=policy),
                market_state=lambda: self.exchange.state,
                wallets=self.wallets,
                projections=self.exchange.projections,
                clock=lambda: self.wall,
                credentials=KEYS.get,
                note_signature=self.signatures.append,
                charge=lambda weight: self.limits.charge("somebody", weight, self.wall),
                charge_orders=lambda account, number: self.limits.charge_orders(account, number, self.wall),
            ),
            UpgradeRequest(path=PATH, query=query),
        )

    def send(self, method, number=1, **params):
        """What one request leads to."""
        return self.session.receive(json.dumps({"id": number, "method": method, "params": params}))

    def ask(self, method, number=1, **params):
        """The answer to one request, to which there is nothing else."""
        (reply,) = self.send(method, number, **params)
        return json.loads(reply.text)

    def error(self, method, **params):
        """Code and text of a refusal."""
        answer = self.ask(method, **params)
        assert answer["status"] >= 400
        return answer["error"]["code"], answer["error"]["msg"]


@pytest.fixture
def client():
    return Client()


def signed(key="hmac", **params):
    """Parameters with what makes them those of a signed request."""
    params = {"apiKey": key, "timestamp": NOW, **params}
    payload = "&".join(f"{name}={params[name]}" for name in sorted(params)).encode()
    if key == "ed25519":
        return {**params, "signature": base64.b64encode(PRIVATE.sign(payload)).decode()}
    return {**params, "signature": hmac.new(SECRET.encode(), payload, hashlib.sha256).hexdigest()}


def answered(reason=Reason.NONE, order=12, **more):
    """The answer of the market to a request."""
    return RequestAnswered(
        seq=50,
        ts=NOON,
        instrument=BTC,
        account=GRANT.account,
        verb=RequestKind.CREATE,
        request=0,
        reason=reason,
        order=order,
        **more,
    )


# --- questions ---------------------------------------------------------------------------------------


def test_a_question_is_answered_with_its_id_and_the_weight_used(client):
    """The connection itself has counted two."""
    client.session.open()
    (reply,) = client.send("time", number="abc-1")
    assert reply.text == (
        f'{{"id":"abc-1","status":200,"result":{{"serverTime":{NOW}}},"rateLimits":['
        '{"rateLimitType":"REQUEST_WEIGHT","interval":"MINUTE","intervalNum":1,"limit":6000,"count":3}]}'
    )


@pytest.mark.parametrize("number", [0, -1, 2**63 - 1, "1", "a" * 36, None])
def test_ids_come_back_as_they_were_sent(client, number):
    """A number as a number, a text as a text, none as none."""
    found = client.ask("ping", number)
    assert (found["id"], type(found["id"])) == (number, type(number))


def test_a_method_may_name_its_version(client):
    """Of the one version that there is."""
    assert client.ask("v3/ping")["result"] == {}
    assert client.error("v2/ping")[0] == -1020


def test_whoever_does_not_want_rate_limits_is_not_told():
    """By request or by connection; and the other way round."""
    client = Client(returnRateLimits="false")
    assert "rateLimits" not in client.ask("ping")
    assert "rateLimits" in client.ask("ping", returnRateLimits=True)
    assert "rateLimits" not in Client().ask("ping", returnRateLimits=False)


def test_market_data_is_that_of_requests_by_http(client):
    """The same questions under other names."""
    assert client.ask("trades.recent", symbol="BTCUSDT", limit=1)["result"][0]["price"] == "64250.00000000"
    assert client.ask("depth", symbol="BTCUSDT", limit=5)["result"]["bids"] == []
    assert client.error("depth", symbol="NONE") == (-1121, "Invalid symbol.")


def test_times_come_in_the_unit_of_the_connection():
    """Any other than the two is refused before it begins."""
    assert Client(timeUnit="MICROSECOND").ask("time")["result"] == {"serverTime": NOW * 1000}
    with pytest.raises(BinanceError, match="time unit"):
        Client(timeUnit="HOUR")


@pytest.mark.parametrize(
    ("text", "number", "code"),
    [
        ("", None, -1135),
        ("{", None, -1135),
        ("[]", None, -1135),
        ('"ping"', None, -1135),
        ("{}", None, -1102),
        ('{"id":5}', 5, -1102),
        ('{"id":5,"method":7}', 5, -1102),
        ('{"id":5,"method":"ping","params":[]}', 5, -1102),
        ('{"id":5.5,"method":"ping"}', None, -1100),
        ('{"id":true,"method":"ping"}', None, -1100),
        ('{"id":{},"method":"ping"}', None, -1100),
        (f'{{"id":"{"a" * 37}","method":"ping"}}', None, -1100),
        ('{"id":5,"method":"none"}', 5, -1020),
        ('{"id":5,"method":"ping","params":{"more":1}}', 5, -1101),
        (f'{{"id":5,"method":"ping","params":{{"a":[{"1," * 1000}1]}}}}', None, -1101),
    ],
)
def test_what_is_no_request_is_answered_with_an_error(client, text, number, code):
    """In the exchange's words, with the id where it can be read; the connection stays."""
    (reply,) = client.session.receive(text)
    answer = json.loads(reply.text)
    assert (answer["id"], answer["status"], answer["error"]["code"]) == (number, 400, code)


@given(st.text())
def test_no_text_raises(text):
    """Whatever it is, it is answered."""
    assert all(isinstance(action, Reply) for action in Client().session.receive(text))


def test_too_much_weight_is_refused_and_then_banned():
    """With the time to come back at; a ban ends the connection."""
    client = Client(policy=attrs.evolve(POLICY, weight_per_minute=1, refusals_before_ban=2))
    client.ask("ping")
    answer = client.ask("ping")
    assert (answer["status"], answer["error"]["code"]) == (429, -1003)
    until = (NOW // 60_000 + 1) * 60_000
    assert answer["error"]["data"] == {"serverTime": NOW, "retryAfter": until}
    reply, close = client.send("ping")
    assert json.loads(reply.text)["status"] == 418
    assert isinstance(close, Close)


# --- keys --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["hmac", "ed25519"])
def test_a_signed_request_is_that_of_its_key(client, key):
    """By secret or by private key, in any order of parameters."""
    params = dict(reversed(signed(key).items()))
    assert client.ask("account.status", **params)["result"]["uid"] == KEYS[key].grant.account
    assert client.signatures == [True]


def test_a_request_must_show_what_it_needs(client):
    """A key that is known, a signature that is good, a time that is now, leave to trade."""
    missing = "Mandatory parameter '{}' was not sent, was empty/null, or malformed."
    rejected = (-2015, "Invalid API-key, IP, or permissions for action.")
    assert client.error("account.status") == (-1102, missing.format("apiKey"))
    assert client.error("account.status", apiKey="hmac") == (-1102, missing.format("signature"))
    assert client.error("account.status", signature="ab") == (-1102, missing.format("apiKey"))
    assert client.error("account.status", **signed("nobody")) == rejected
    assert client.error("account.status", **(signed() | {"recvWindow": 5})) == (
        -1022,
        "Signature for this request is not valid.",
    )
    assert client.error("account.status", **signed(timestamp=NOW - 5001))[0] == -1021
    assert client.error("order.place", **signed("reader", **LIMIT)) == rejected
    assert client.ask("account.status", **signed("reader"))["status"] == 200
    assert client.signatures == [False, True, True]


def test_a_connection_may_log_on_with_a_private_key(client):
    """Then requests need a time, and neither key nor signature; until it logs out."""
    status = client.ask("session.status")["result"]
    assert status == {
        "apiKey": None,
        "authorizedSince": None,
        "connectedSince": NOW,
        "returnRateLimits": True,
        "serverTime": NOW,
        "userDataStream": False,
    }
    on = {**status, "apiKey": "ed25519", "authorizedSince": NOW}
    assert client.ask("session.logon", **signed("ed25519"))["result"] == on
    assert client.ask("session.status")["result"] == on
    assert client.ask("account.status", timestamp=NOW)["result"]["uid"] == 8
    assert client.error("account.status")[0] == -1102
    assert client.error("account.status", timestamp=NOW - 6000)[0] == -1021
    assert client.ask("account.status", **signed("hmac"))["result"]["uid"] == 7
    assert client.ask("session.logout")["result"] == status
    assert client.error("account.status", timestamp=NOW)[0] == -1102


def test_only_one_kind_of_key_may_log_on(client):
    """As on the exchange."""
    assert client.error("session.logon", **signed("hmac")) == (
        -4056,
        "HMAC_SHA256 API key is not supported.",
    )
    assert client.error("session.logon", **(signed("ed25519") | {"recvWindow": 1}))[0] == -1022
    assert client.error("session.logon", timestamp=NOW)[0] == -1102
    assert client.ask("session.status")["result"]["apiKey"] is None


# --- orders ------------------------------------------------------------------------------------------


def test_an_order_is_answered_when_the_market_has_acted(client):
    """With what became of it, and with the counts of orders."""
    (submit,) = client.send("order.place", number="o1", **signed(**LIMIT, newOrderRespType="ACK"))
    assert isinstance(submit, Submit)
    assert isinstance(submit.request, PlaceSpotOrder)
    (reply,) = submit.answer([report(), answered()])
    answer = json.loads(reply.text)
    assert (answer["id"], answer["status"], answer["result"]["orderId"]) == ("o1", 200, 12)
    assert [limit["count"] for limit in answer["rateLimits"]] == [1, 1, 1]
    kinds = [limit["rateLimitType"] for limit in answer["rateLimits"]]
    assert kinds == ["ORDERS", "ORDERS", "REQUEST_WEIGHT"]


@pytest.mark.parametrize(
    ("reason", "error"),
    [
        (Reason.NO_FUNDS, (-2010, "Account has insufficient balance for requested action.")),
        (Reason.WOULD_CROSS, (-2010, "Order would immediately match and take.")),
        (Reason.DUPLICATE, (-2010, "Duplicate order sent.")),
        (Reason.WOULD_TRIGGER, (-2010, "Stop price would trigger immediately.")),
        (Reason.NOT_TRADING, (-1013, "Market is closed.")),
        (Reason.TOO_MANY_ORDERS, (-1013, "Filter failure: EXCHANGE_MAX_NUM_ORDERS")),
        (Reason.NO_PRICE, (-2010, "Order book liquidity is less than symbol minimum quantity.")),
        (Reason.TOO_SMALL, (-1013, "Filter failure: LOT_SIZE")),
    ],
)
def test_an_order_that_the_market_does_not_take_is_refused_in_the_exchanges_words(client, reason, error):
    """Which clients go by."""
    (submit,) = client.send("order.place", **signed(**LIMIT))
    (reply,) = submit.answer([answered(reason, order=0)])
    found = json.loads(reply.text)
    assert (found["status"], (found["error"]["code"], found["error"]["msg"])) == (400, error)


def test_a_market_that_takes_no_more_requests_says_so(client):
    """At once."""
    (submit,) = client.send("order.place", number=9, **signed(**LIMIT))
    refused = json.loads(submit.refused)
    assert (refused["id"], refused["status"], refused["error"]["code"]) == (9, 503, -1008)


def test_what_is_not_allowed_is_not_asked_of_the_market(client):
    """And counts no order."""
    assert client.error("order.place", **signed(**LIMIT | {"quantity": "0.000001"}))[0] == -1013
    assert client.error("order.cancel", **signed(symbol="BTCUSDT"))[0] == -1102
    counts = client.ask("account.rateLimits.orders", **signed())["result"]
    assert [one["count"] for one in counts] == [0, 0]


CANCELLED = {"state": OrderState.CANCELLED, "verb": RequestKind.CANCEL, "left": 0, "locked": 0}


def replaced(client, mode, *events):
    order = {**LIMIT, "cancelReplaceMode": mode, "cancelOrderId": 11}
    (submit,) = client.send("order.cancelReplace", **signed(**order))
    (reply,) = submit.answer(events)
    return json.loads(reply.text)


def test_an_order_in_place_of_another(client):
    """Both halves are told."""
    found = replaced(
        client, "STOP_ON_FAILURE", report(order=11, **CANCELLED), report(), answered(cancelled=11)
    )["result"]
    assert [found[name] for name in ("cancelResult", "newOrderResult")] == ["SUCCESS", "SUCCESS"]
    assert (found["cancelResponse"]["orderId"], found["newOrderResponse"]["orderId"]) == (11, 12)


@pytest.mark.parametrize(
    ("mode", "events", "error", "results"),
    [
        (
            "STOP_ON_FAILURE",
            [answered(Reason.NOT_ATTEMPTED, order=0, cancel_reason=Reason.UNKNOWN_ORDER)],
            (400, -2022),
            ("FAILURE", "NOT_ATTEMPTED", -2011, None),
        ),
        (
            "ALLOW_FAILURE",
            [report(), answered(cancel_reason=Reason.UNKNOWN_ORDER)],
            (409, -2021),
            ("FAILURE", "SUCCESS", -2011, 12),
        ),
        (
            "ALLOW_FAILURE",
            [answered(Reason.NO_FUNDS, order=0, cancel_reason=Reason.RESTRICTED)],
            (400, -2022),
            ("FAILURE", "FAILURE", -2011, -2010),
        ),
        (
            "STOP_ON_FAILURE",
            [report(order=11, **CANCELLED), answered(Reason.WOULD_CROSS, order=0, cancelled=11)],
            (409, -2021),
            ("SUCCESS", "FAILURE", 11, -2010),
        ),
    ],
)
def test_a_replacement_that_fails_tells_which_half(client, mode, events, error, results):
    """With an error of its own, and in it what became of each half."""
    found = replaced(client, mode, *events)
    data = found["error"]["data"]
    assert (found["status"], found["error"]["code"]) == error
    halves = [data["cancelResponse"], data["newOrderResponse"]]
    assert (data["cancelResult"], data["newOrderResult"]) == results[:2]
    assert tuple(half and half.get("orderId", half.get("code")) for half in halves) == results[2:]


def test_cancelling_everything(client):
    """What was cancelled is listed; nothing to cancel is an error."""
    (submit,) = client.send("openOrders.cancelAll", **signed(symbol="BTCUSDT"))
    gone = [report(order=number, **CANCELLED) for number in (11, 12)]
    (reply,) = submit.answer([*gone, answered(order=0)])
    assert [one["orderId"] for one in json.loads(reply.text)["result"]] == [11, 12]
    (submit,) = client.send("openOrders.cancelAll", **signed(symbol="BTCUSDT"))
    (reply,) = submit.answer([answered(Reason.UNKNOWN_ORDER, order=0)])
    assert json.loads(reply.text)["error"] == {"code": -2011, "msg": "Unknown order sent."}


def test_amending_an_order(client):
    """The order after it; more is refused."""
    params = signed(symbol="BTCUSDT", orderId=12, newQty="0.0015")
    (submit,) = client.send("order.amend.keepPriority", **params)
    smaller = report(verb=RequestKind.MODIFY, size=150, left=150)
    (reply,) = submit.answer([smaller, answered()])
    found = json.loads(reply.text)["result"]
    assert (found["executionId"], found["amendedOrder"]["qty"]) == (smaller.seq, "0.00150000")
    (reply,) = submit.answer([answered(Reason.NOT_SMALLER, order=0)])
    assert json.loads(reply.text)["error"]["code"] == -2038


def test_an_answer_that_the_market_does_not_give_is_told_as_unknown(client):
    """Nobody is told that an order is there, or is not."""
    (submit,) = client.send("order.place", **signed(**LIMIT))
    (reply,) = submit.answer([])
    assert json.loads(reply.text)["error"]["code"] == -1006


# --- user data ---------------------------------------------------------------------------------------


def test_an_account_is_listened_to_by_signature(client):
    """From then on every event comes with the number of the subscription, until it is given up."""
    reply, subscribe = client.send("userDataStream.subscribe.signature", number="u", **signed())
    assert json.loads(reply.text)["result"] == {"subscriptionId": 0}
    assert isinstance(subscribe, Subscribe)
    assert {topic.options for topic in subscribe.topics} == {(("account", "7"), ("subscriptionId", "0"))}
    assert [topic.instrument for topic in subscribe.topics] == [0, 2]
    _, other = client.send("userDataStream.subscribe.signature", **signed("ed25519"))
    assert dict(other.topics[0].options)["subscriptionId"] == "1"
    assert client.ask("session.subscriptions")["result"] == [{"subscriptionId": 0}, {"subscriptionId": 1}]
    reply, unsubscribe, ended = client.send("userDataStream.unsubscribe", subscriptionId=0)
    assert json.loads(reply.text)["result"] == {}
    assert unsubscribe == Unsubscribe(subscribe.topics)
    assert json.loads(ended.text) == {
        "subscriptionId": 0,
        "event": {"e": "eventStreamTerminated", "E": NOW},
    }
    assert client.error("userDataStream.unsubscribe", subscriptionId=0)[0] == -1130
    assert len(client.send("userDataStream.unsubscribe")) == 3
    assert client.ask("userDataStream.unsubscribe")["result"] == {}


def test_an_account_is_listened_to_once(client):
    """On one connection."""
    client.send("userDataStream.subscribe.signature", **signed())
    assert client.error("userDataStream.subscribe.signature", **signed())[0] == -1191


def test_subscriptions_of_a_connection_are_limited(client, monkeypatch):
    """Those at a time, and all there have ever been."""
    monkeypatch.setattr(subscriptions, "MOST_OPEN", 1)
    monkeypatch.setattr(subscriptions, "MOST_EVER", 2)
    client.send("userDataStream.subscribe.signature", **signed())
    assert client.error("userDataStream.subscribe.signature", **signed("ed25519")) == (
        -1191,
        "Too many subscriptions. Connection may create up to '1' subscriptions at a time.",
    )
    client.send("userDataStream.unsubscribe")
    client.send("userDataStream.subscribe.signature", **signed("ed25519"))
    client.send("userDataStream.unsubscribe")
    assert client.error("userDataStream.subscribe.signature", **signed())[0] == -1191


def test_the_stream_of_whoever_has_logged_on_ends_with_the_logout(client):
    """That of a key which was shown goes on."""
    assert client.error("userDataStream.subscribe")[0] == -1002
    client.send("session.logon", **signed("ed25519"))
    assert not client.ask("session.status")["result"]["userDataStream"]
    client.send("userDataStream.subscribe.signature", **signed())
    assert client.ask("session.status")["result"]["userDataStream"]
    reply, _ = client.send("userDataStream.subscribe")
    assert json.loads(reply.text)["result"] == {"subscriptionId": 1}
    reply, _, ended = client.send("session.logout")
    assert json.loads(ended.text)["subscriptionId"] == 1
    assert client.ask("session.subscriptions")["result"] == [{"subscriptionId": 0}]


def test_a_subscription_needs_a_signature(client):
    """A key alone is nobody."""
    assert client.error("userDataStream.subscribe.signature", apiKey="hmac")[0] == -1102
    assert client.error("userDataStream.subscribe.signature", timestamp=NOW)[0] == -1102


def test_a_connection_lasts_for_a_day():
    """It is told so a while before."""
    session = Client().session
    assert (session.ping_seconds, session.pong_seconds) == (20, 60)
    assert session.beat_seconds == 86_400 - 600
    assert session.on_timer() == [Reply(f'{{"event":{{"e":"serverShutdown","E":{NOW}}}}}')]
    assert session.beat_seconds == 600
    assert session.on_timer() == [Close(1001, "Connection expired")]
