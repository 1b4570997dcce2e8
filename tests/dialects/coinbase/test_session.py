"""One connection: what is answered, and what is listened to."""

import hashlib
import hmac
import json

import attrs
import pytest

from feed.dialects.coinbase.policy import CoinbasePolicy
from feed.dialects.coinbase.streams import topics
from feed.dialects.contract import Close, HandshakeRefusal, Reply, Subscribe, Unsubscribe, UpgradeRequest
from feed.dialects.credentials import Credentials
from feed.dialects.discovery import dialects
from feed.model.grants import Grant, Scope
from feed.model.instruments import Instrument, Listing
from feed.policies import Policies

LISTING = Listing(
    [
        Instrument(
            symbol=f"{base}-USD", base=base, quote="USD", price_decimals=2, size_decimals=8, venue="coinbase"
        )
        for base in ("BTC", "ETH")
    ]
)
SECRET = "older"
TICKER = '{"type":"subscribe","channel":"ticker"'
GRANT = Grant(name="desk", account=7, scopes=(Scope.READ,), dialects=("coinbase",))


class Time:
    """Seconds, moved on by hand."""

    now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Time()


@pytest.fixture
def context(support, clock):
    found = {"k": Credentials(grant=GRANT, mark="k", secret=SECRET)}
    noted = []
    made = attrs.evolve(
        support.with_listing(LISTING),
        monotonic=clock,
        credentials=found.get,
        note_signature=noted.append,
        clock=lambda: support.now / 1e9,
    )
    return attrs.evolve(made, clocks=type(made.clocks)(made.clock, made.now))


@pytest.fixture
def session(context):
    return open_session(context)


def open_session(context, path="/"):
    return dialects()["coinbase"].session(UpgradeRequest(path=path), context)


def ask(support, session, channel="ticker", *products, kind="subscribe", **more):
    """What is said, what is listened to from then on and what no more."""
    asked = {
        "type": kind,
        "channel": channel,
        **({"product_ids": list(products)} if products else {}),
        **more,
    }
    actions = session.receive(json.dumps(asked))
    said = [json.loads(text) for text in support.texts(actions)]
    begun = [one for action in actions if isinstance(action, Subscribe) for one in action.topics]
    ended = [one for action in actions if isinstance(action, Unsubscribe) for one in action.topics]
    return said, begun, ended


def held(said):
    [message] = said
    assert message["channel"] == "subscriptions"
    [event] = message["events"]
    return event["subscriptions"]


def test_who_connects_too_often_is_refused(context):
    """By address; the number is the operator's, and the answer in the style of errors."""
    asked = []
    often = attrs.evolve(context, address_rate=lambda what, most: bool(asked.append((what, most))))
    refused = open_session(often)
    assert refused.status == 429
    assert json.loads(refused.body)["error"] == "rate_limit_exceeded"
    assert asked == [("connections", context.policies.coinbase.connections_per_second)]


@pytest.mark.parametrize("path", ["/", "/ws"])
def test_a_connection_begins_in_silence(context, path):
    """At the root of a port of its own, and below the prefix."""
    assert not open_session(context, path).open()
    assert isinstance(open_session(context, "/elsewhere"), HandshakeRefusal)


def test_everything_that_is_held_is_told(support, session):
    """By channel and product, in the order in which it was asked for; of nothing nothing."""
    said, begun, ended = ask(support, session, "level2", "ETH-USD", "BTC-USD", "ETH-USD")
    assert held(said) == {"level2": ["ETH-USD", "BTC-USD"]}
    assert begun == [topics.topic("level2", 1), topics.topic("level2", 0)]
    assert ended == []
    assert held(ask(support, session, "heartbeats")[0]) == {
        "level2": ["ETH-USD", "BTC-USD"],
        "heartbeats": ["heartbeats"],
    }
    said, begun, ended = ask(support, session, "level2", "ETH-USD", kind="unsubscribe")
    assert (begun, ended) == ([], [topics.topic("level2", 1)])
    assert held(said) == {"level2": ["BTC-USD"], "heartbeats": ["heartbeats"]}
    ask(support, session, "heartbeats", kind="unsubscribe")
    assert held(ask(support, session, "level2", "BTC-USD", kind="unsubscribe")[0]) == {}
    assert held(ask(support, session, "level2", "BTC-USD", kind="unsubscribe")[0]) == {}


def test_to_ask_again_begins_anew(support, session):
    """With a snapshot, as programs expect that ask for a book twice."""
    ask(support, session, "level2", "BTC-USD")
    said, begun, ended = ask(support, session, "level2", "BTC-USD", "ETH-USD")
    assert held(said) == {"level2": ["BTC-USD", "ETH-USD"]}
    assert ended == [topics.topic("level2", 0)]
    assert begun == [topics.topic("level2", 0), topics.topic("level2", 1)]


def test_products_are_all_that_there_are_where_none_is_named(support, session):
    """Of the status; other channels need a name."""
    said, begun, _ = ask(support, session, "status")
    assert [message["channel"] for message in said] == ["subscriptions", "status"]
    assert [one["id"] for one in said[1]["events"][0]["products"]] == ["BTC-USD", "ETH-USD"]
    assert begun == [topics.topic("status", 0), topics.topic("status", 1)]
    assert ask(support, session, "status", kind="unsubscribe")[2] == begun


@pytest.mark.parametrize(
    ("asked", "error"),
    [
        ("no json", "Invalid JSON"),
        ('{"type":"ping"}', "type must be subscribe or unsubscribe"),
        ('{"type":"subscribe"}', "channel must be a string"),
        ('{"type":"subscribe","channel":"heartbeat"}', "heartbeat is not a valid channel"),
        (TICKER + "}", "product_ids must name at least one product"),
        (TICKER + ',"product_ids":"BTC-USD"}', "product_ids must be a list of strings"),
        (TICKER + ',"product_ids":["BTC-USD","X-USD"]}', "X-USD is not a valid product"),
        (TICKER + ',"product_ids":["BTC-USD"],"jwt":7}', "jwt must be a string"),
        (TICKER + ',"product_ids":["BTC-USD"],"jwt":"a.b"}', "authentication failure: no JWT"),
        (TICKER + ',"product_ids":["BTC-USD"],"api_key":"x"}', "authentication failure"),
    ],
)
def test_what_is_wrong_is_said_and_does_nothing(session, asked, error):
    """Without a number, as the exchange says it."""
    assert [json.loads(action.text) for action in session.receive(asked)] == [
        {"type": "error", "message": error}
    ]


def test_an_older_signature_is_checked(support, session):
    """Wherever it stands: of the time, the channel and the products."""
    timestamp = str(support.now // 10**9)

    def signed(channel, *products, at=timestamp, secret=SECRET):
        text = f"{at}{channel}{','.join(products)}"
        signature = hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()
        return ask(support, session, channel, *products, api_key="k", timestamp=at, signature=signature)[0]

    assert held(signed("level2", "BTC-USD", "ETH-USD")) == {"level2": ["BTC-USD", "ETH-USD"]}
    assert signed("level2", "BTC-USD", secret="other") == [
        {"type": "error", "message": "authentication failure"}
    ]
    late = str(int(timestamp) - 31)
    assert signed("level2", "BTC-USD", at=late) == [{"type": "error", "message": "authentication failure"}]


def test_too_many_messages_end_the_connection(support, context, session, clock):
    """Of somebody unknown; the number is the operator's."""
    most = context.policies.coinbase.messages_per_second
    for _ in range(most):
        assert ask(support, session, "heartbeats")[0]
    assert session.receive("{}") == [Close(1008, "rate limit exceeded")]
    clock.now += 1
    assert isinstance(session.receive("{}")[0], Reply)


def test_who_subscribes_to_nothing_is_not_served(support, context):
    """After five seconds; who has is asked no more."""
    policies = attrs.evolve(Policies(), coinbase=CoinbasePolicy(subscribe_seconds=3))
    silent, other = (open_session(attrs.evolve(context, policies=policies)) for _ in range(2))
    assert silent.beat_seconds == 3
    ask(support, other, "heartbeats")
    assert silent.on_timer() == [Close(1008, "no subscription in time")]
    assert not other.on_timer()
    assert other.beat_seconds == float("inf")
