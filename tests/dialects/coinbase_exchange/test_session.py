"""One connection: what is answered, and what is listened to."""

import json

import attrs
import pytest
from coinbase_exchange_market import BTC, LISTING, SOL

from feed.dialects.coinbase_exchange.streams import topics
from feed.dialects.contract import (
    Close,
    DisconnectCause,
    HandshakeRefusal,
    Reply,
    Subscribe,
    Unsubscribe,
    UpgradeRequest,
)
from feed.dialects.discovery import dialects
from feed.policies import Policies


@pytest.fixture
def session(support):
    return dialects()["coinbase_exchange"].session(UpgradeRequest(path="/"), support.with_listing(LISTING))


def ask(session, *channels, kind="subscribe", **more):
    """The answers, what is listened to from then on and what no more."""
    actions = session.receive(json.dumps({"type": kind, "channels": list(channels), **more}))
    said = [json.loads(action.text) for action in actions if isinstance(action, Reply)]
    begun = [one for action in actions if isinstance(action, Subscribe) for one in action.topics]
    ended = [one for action in actions if isinstance(action, Unsubscribe) for one in action.topics]
    return said, begun, ended


def held(**channels):
    """The answer that tells of all subscriptions."""
    told = [{"name": name, "product_ids": ids} for name, ids in channels.items()]
    return [{"type": "subscriptions", "channels": told}]


def failed(reason, message="Failed to subscribe"):
    return [{"type": "error", "message": message, "reason": reason}], [], []


def test_nothing_is_said_first_and_nothing_served_elsewhere(session, support):
    """The feed is at the root."""
    assert session.open() == ()
    refusal = dialects()["coinbase_exchange"].session(UpgradeRequest(path="/ws"), support.context)
    assert refusal == HandshakeRefusal(404, '{"message":"NotFound"}')


def test_channels_are_names_or_objects_with_products_of_their_own(session):
    """Each request is answered with all that is subscribed to."""
    wanted = ("ticker", {"name": "matches", "product_ids": ["SOL-USD"]}, {"name": "heartbeat"})
    said, begun, ended = ask(session, *wanted, product_ids=["BTC-USD", "SOL-USD"])
    both = ["BTC-USD", "SOL-USD"]
    assert said == held(ticker=both, matches=["SOL-USD"], heartbeat=both)
    assert (begun, ended) == (
        [
            topics.topic("ticker", BTC),
            topics.topic("ticker", SOL),
            topics.topic("matches", SOL),
            topics.topic("heartbeat", BTC),
            topics.topic("heartbeat", SOL),
        ],
        [],
    )
    said, begun, _ = ask(session, "status", product_ids=[])
    assert (said, begun) == (
        held(ticker=both, matches=["SOL-USD"], heartbeat=both, status=[]),
        [topics.topic("status")],
    )


def test_what_is_held_already_begins_anew(session):
    """So a client that subscribes again is told the present again, once."""
    ask(session, "level2_batch", product_ids=["BTC-USD"])
    one = topics.topic("level2_batch", BTC)
    wanted = ("level2_batch", {"name": "level2_batch", "product_ids": ["BTC-USD"]})
    said, begun, ended = ask(session, *wanted, product_ids=["BTC-USD", "SOL-USD"])
    assert (begun, ended) == ([one, topics.topic("level2_batch", SOL)], [one])
    assert said == held(level2_batch=["BTC-USD", "SOL-USD"])


def test_unsubscribing(session):
    """Of products, or of all products of a channel; what is not held is passed over."""
    ask(session, "ticker", "matches", product_ids=["BTC-USD", "SOL-USD"])
    said, _, ended = ask(session, "ticker", "heartbeat", kind="unsubscribe", product_ids=["SOL-USD"])
    assert (said, ended) == (
        held(ticker=["BTC-USD"], matches=["BTC-USD", "SOL-USD"]),
        [topics.topic("ticker", SOL)],
    )
    said, _, ended = ask(session, "matches", kind="unsubscribe")
    assert (said, ended) == (held(ticker=["BTC-USD"]), [topics.topic("matches", at) for at in (BTC, SOL)])
    assert ask(session, "matches", kind="unsubscribe") == (held(ticker=["BTC-USD"]), [], [])


@pytest.mark.parametrize(
    ("channels", "more", "reason"),
    [
        (["ticker"], {"product_ids": ["BTC-USD", "NOPE-USD"]}, "NOPE-USD is not a valid product"),
        (["ticker"], {}, "ticker needs product_ids"),
        (["nope"], {"product_ids": ["BTC-USD"]}, "nope is not a valid channel"),
        ([7], {}, "channels must be names, or objects with a name"),
        ([{}], {}, "channels must be names, or objects with a name"),
        ([], {}, "channels must be a list of channels"),
        (["ticker"], {"product_ids": "BTC-USD"}, "product_ids must be a list of product ids"),
        ([{"name": "ticker", "product_ids": [1]}], {}, "product_ids must be a list of product ids"),
    ],
)
def test_a_request_that_cannot_be_does_nothing(session, channels, more, reason):
    """Of all that it asks for; the connection stays."""
    assert ask(session, *channels, **more) == failed(reason)
    assert ask(session, "ticker", product_ids=["BTC-USD"])[0] == held(ticker=["BTC-USD"])
    assert ask(session, "ticker", kind="unsubscribe", product_ids=["NOPE"]) == failed(
        "NOPE is not a valid product", "Failed to unsubscribe"
    )


@pytest.mark.parametrize("channel", ["level2", "full", "user"])
def test_some_channels_are_for_those_who_show_a_key(session, channel):
    """Nothing begins without one."""
    reason = "level2, level3, and full channels now require authentication"
    assert ask(session, "ticker", channel, product_ids=["BTC-USD"]) == failed(reason)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("nonsense", "Invalid JSON"),
        ("[]", "Message must be a JSON object"),
        ("{}", "type is missing"),
        ('{"type":"ping"}', "ping is not a valid type"),
        ('{"type":["subscribe"]}', "type is missing"),
    ],
)
def test_what_is_no_request(session, text, reason):
    """It is said in particular."""
    [reply] = session.receive(text)
    assert json.loads(reply.text) == {"type": "error", "message": "Malformed JSON", "reason": reason}


def test_a_connection_must_subscribe_in_time(session, support):
    """Within five seconds, or what the operator says; what is refused does not count."""
    assert session.beat_seconds == 5
    session.receive("nonsense")
    ask(session, "ticker", product_ids=["BTC-USD"])
    ask(session, "ticker", kind="unsubscribe")
    assert list(session.on_timer()) == []
    assert session.beat_seconds == 0
    assert session.on_timer() == ()
    policies = Policies()
    patient = attrs.evolve(policies.coinbase_exchange, subscribe_seconds=60.0)
    context = attrs.evolve(support.context, policies=attrs.evolve(policies, coinbase_exchange=patient))
    other = dialects()["coinbase_exchange"].session(UpgradeRequest(path="/"), context)
    assert other.beat_seconds == 60
    assert other.on_timer() == [Close(1008, "no subscription in time")]


def test_too_many_messages(session):
    """Are refused in the exchange's style; nothing is said of anything else."""
    assert session.messages_per_second == 100
    told = json.loads(session.wording(DisconnectCause.TOO_MANY_MESSAGES))
    assert told == {"type": "error", "message": "Rate limit exceeded", "reason": "too many messages"}
    assert session.wording(DisconnectCause.SLOW_CONSUMER) is None
