"""The conversation: keys, tiers, subscriptions, and everything that a client can get wrong."""

import json

import attrs
import pytest

from feed.dialects.contract import (
    AdmissionResult,
    Close,
    HandshakeRefusal,
    Reply,
    Subscribe,
    Unsubscribe,
    UpgradeRequest,
)
from feed.dialects.discovery import dialects
from feed.dialects.marketai.channels import names
from feed.model.grants import Grant, Tier
from feed.model.instruments import Contract, Instrument, Listing
from feed.model.topics import Topic
from feed.sim.defaults import default_market

COINS = [chr(ord("A") + n // 26) + chr(ord("A") + n % 26) for n in range(120)]


def coin(base, *, venue="", contract=Contract.SPOT, symbol=None):
    return Instrument(
        symbol=symbol or f"{base}-USD",
        base=base,
        quote="USD",
        price_decimals=2,
        size_decimals=2,
        venue=venue,
        contract=contract,
    )


LISTING = Listing(
    [
        coin("BTC", venue="binance"),
        coin("ETH", venue="binance"),
        coin("BTC", venue="kraken", symbol="BTC-USD@kraken"),
        coin("BTC", venue="okx", contract=Contract.PERPETUAL, symbol="BTC-PERP"),
        *(coin(base) for base in COINS),
    ]
)
BTC, ETH, BTC_KRAKEN, BTC_PERP = range(4)


class ConnectionQuotas:
    """Seats of a house in which nobody leaves."""

    def __init__(self):
        self.taken = {}

    def enter(self, who, at_once, per_minute):
        del per_minute
        if self.taken.get(who, 0) >= at_once:
            return AdmissionResult.TOO_MANY
        self.taken[who] = self.taken.get(who, 0) + 1
        return AdmissionResult.OPEN


@pytest.fixture
def context(support):
    """A house with a key for each tier, named after it."""
    grants = {tier.value: Grant(name=tier.value, tier=tier) for tier in Tier}
    return attrs.evolve(
        support.context, listing=LISTING, check_key=grants.get, enter=ConnectionQuotas().enter
    )


def connect(context, tier="max", **query):
    return dialects()["marketai"].session(UpgradeRequest(path="/", query={"key": tier, **query}), context)


def say(session, **fields):
    return session.receive(json.dumps(fields))


def said(actions):
    return [json.loads(action.text) for action in actions if isinstance(action, Reply)]


def subscribe(session, *entries):
    return say(session, action="subscribe", channels=list(entries))


def topics(actions, kind=Subscribe):
    return [
        (topic.channel, topic.instrument)
        for action in actions
        if isinstance(action, kind)
        for topic in action.topics
    ]


def confirmed(channel, *symbols, kind="subscribed"):
    return {"type": kind, "channel": channel, "symbols": list(symbols)}


def test_key_in_the_query_needs_no_message(context):
    """Whoever connects with a good key is in, and hears nothing before it speaks."""
    session = connect(context, "basic")

    assert session.authenticated
    assert session.open() == ()


def test_invalid_key_is_refused_before_the_handshake(context):
    """An HTTP error in the document's envelope."""
    refused = connect(context, "nobody's")

    assert refused == HandshakeRefusal(
        401, '{"ok":false,"error":{"code":"unauthorized","message":"Invalid API key"}}'
    )


def test_browser_gets_the_refusal_as_a_message(context):
    """With ``errors=frame`` the same object comes over the connection, which then ends."""
    session = connect(context, "nobody's", errors="frame")

    assert session.open() == [
        Reply('{"ok":false,"error":{"code":"unauthorized","message":"Invalid API key"}}'),
        Close(1008, "Invalid API key"),
    ]
    assert session.receive("{}") == ()


@pytest.mark.parametrize(
    ("option", "complaint"),
    [
        ({"since": "7"}, "since and conflate are not offered in this protocol"),
        ({"conflate": "250"}, "since and conflate are not offered in this protocol"),
        ({"ext": "crc"}, "ext=crc is unknown; known are seq"),
    ],
)
def test_option_that_is_not_offered_is_refused(context, option, complaint):
    """Rather than passed over: a client would believe that it had missed nothing. No seat is taken."""
    refused = connect(context, "free", **option)

    assert (refused.status, json.loads(refused.body)["error"]) == (
        400,
        {"code": "invalid_option", "message": complaint},
    )
    assert connect(context, "free").authenticated


def test_numbers_are_an_option_of_the_topics(context):
    """So that connections with identical options read identical bytes."""
    (_, subscription) = subscribe(connect(context, ext="seq"), {"type": "klines", "symbols": ["ETH"]})

    assert subscription.topics == (Topic("marketai", "klines", ETH, (("ext", "seq"), ("interval", "1m"))),)


def test_key_in_a_message(context):
    """Without a key in the query the first message brings it, and learns the tier."""
    session = dialects()["marketai"].session(UpgradeRequest(path="/marketai"), context)

    assert not session.authenticated
    assert say(session, action="auth", key="basic") == [Reply('{"type":"authenticated","tier":"basic"}')]
    assert session.authenticated


def test_invalid_key_in_a_message_can_be_put_right(context):
    """It is an error; after too many of them the connection ends."""
    session = dialects()["marketai"].session(UpgradeRequest(path="/marketai"), context)
    invalid = Reply('{"type":"error","code":"UNAUTHORIZED","message":"Invalid API key"}')

    for _ in range(context.auth_attempts - 1):
        assert say(session, action="auth", key="wrong") == [invalid]
    assert say(session, action="auth", key="wrong") == [invalid, Close(1008, "Too many invalid keys")]


@pytest.mark.parametrize("text", ['{"action":"ping"}', "nonsense", "[]", '{"action":"auth"}'])
def test_first_message_that_is_no_auth_ends_the_connection(context, text):
    """Nobody is served before a key was shown."""
    session = dialects()["marketai"].session(UpgradeRequest(path="/marketai"), context)

    reply, close = session.receive(text)

    assert json.loads(reply.text)["code"] == "UNAUTHORIZED"
    assert close == Close(1008, "Not authenticated")


def test_second_auth_is_answered_and_changes_nothing(context):
    """The connection and its tier stay."""
    session = connect(context, "free")

    assert said(say(session, action="auth", key="max")) == [
        {"type": "error", "code": "INVALID_MESSAGE", "message": "Already authenticated"}
    ]
    assert said(subscribe(session, {"type": "trades", "symbols": COINS[:6]}))[-1]["code"] == (
        "SYMBOL_LIMIT_EXCEEDED"
    )


@pytest.mark.parametrize(("tier", "most"), [("free", 1), ("basic", 5), ("pro", 15), ("max", 50)])
def test_one_connection_too_many(context, tier, most):
    """The document's body, by HTTP; and over the connection for a key in a message."""
    for _ in range(most):
        assert not isinstance(connect(context, tier), HandshakeRefusal)
    body = (
        '{"ok":false,"error":{"code":"CONNECTION_LIMIT",'
        f'"message":"Connection limit ({most}) reached for your tier."}}}}'
    )

    assert connect(context, tier) == HandshakeRefusal(429, body)
    late = dialects()["marketai"].session(UpgradeRequest(path="/marketai"), context)
    assert say(late, action="auth", key=tier) == [
        Reply(body),
        Close(1008, f"Connection limit ({most}) reached for your tier."),
    ]
    assert not late.authenticated


def test_document_s_subscription(context):
    """One confirmation for each entry, in its order; without symbols it is the wildcard."""
    answer = subscribe(
        connect(context, "basic"),
        {"type": "quotes", "symbols": ["BTC/USDT", "ETH/USDT"]},
        {"type": "signals"},
        {"type": "trades", "symbols": ["BTC/USDT"]},
    )

    assert [action.text for action in answer[:3]] == [
        '{"type":"subscribed","channel":"quotes","symbols":["BTC/USDT","ETH/USDT"]}',
        '{"type":"subscribed","channel":"signals","symbols":["*"]}',
        '{"type":"subscribed","channel":"trades","symbols":["BTC/USDT"]}',
    ]
    heard = topics(answer)
    assert [item for item in heard if item[0] == "quotes"] == [("quotes", BTC), ("quotes", ETH)]
    assert [item for item in heard if item[0] == "trades"] == [
        ("trades", BTC),
        ("trades", BTC_KRAKEN),
        ("trades", BTC_PERP),
    ]
    assert {at for channel, at in heard if channel == "signals"} == set(range(len(LISTING)))


@pytest.mark.parametrize("spelled", ["BTC/USDT", "btc-usd", "BTCUSDT", "BTC", "BTC-USD@kraken"])
def test_pair_by_any_of_its_names(context, spelled):
    """What is confirmed carries the document's spelling."""
    answer = subscribe(connect(context), {"type": "funding", "symbols": [spelled]})

    assert said(answer) == [confirmed("funding", "BTC/USDT")]
    assert topics(answer) == [("funding", BTC_PERP)]


@pytest.mark.parametrize(("tier", "most"), [("free", 5), ("basic", 25), ("pro", 100)])
def test_symbols_beyond_the_limit_are_rejected_by_name(context, tier, most):
    """As many as possible are subscribed; the others are listed in the order of the request."""
    session = connect(context, tier)
    pairs = [f"{base}/USDT" for base in COINS[: most + 2]]

    answer = said(subscribe(session, {"type": "quotes", "symbols": pairs}))

    assert answer == [
        confirmed("quotes", *pairs[:most]),
        {
            "type": "error",
            "code": "SYMBOL_LIMIT_EXCEEDED",
            "message": f"Symbol limit ({most}) exceeded. Rejected: {pairs[most]}, {pairs[most + 1]}",
        },
    ]
    # A symbol that is held counts once, whatever is heard of it.
    assert said(subscribe(session, {"type": "trades", "symbols": pairs[:1]})) == [
        confirmed("trades", pairs[0])
    ]


def test_where_nothing_fits_there_is_no_confirmation(context):
    """An error alone."""
    session = connect(context, "free")
    subscribe(session, {"type": "quotes", "symbols": COINS[:5]})

    answer = said(subscribe(session, {"type": "quotes", "symbols": ["BTC/USDT"]}))

    assert [message["type"] for message in answer] == ["error"]


def test_unsubscribing_makes_room(context):
    """A symbol that is no longer heard in any channel is not counted."""
    session = connect(context, "free")
    subscribe(session, {"type": "quotes", "symbols": COINS[:5]})

    gone = say(session, action="unsubscribe", channels=[{"type": "quotes", "symbols": COINS[:1]}])

    assert said(gone) == [confirmed("quotes", f"{COINS[0]}/USDT", kind="unsubscribed")]
    assert topics(gone, Unsubscribe) == [("quotes", LISTING.index(f"{COINS[0]}-USD"))]
    assert said(subscribe(session, {"type": "quotes", "symbols": ["BTC/USDT"]})) == [
        confirmed("quotes", "BTC/USDT")
    ]


@pytest.mark.parametrize(("tier", "most"), [("free", 5), ("basic", 25), ("pro", 100)])
def test_every_limit_can_be_met_in_the_default_market(context, tier, most):
    """With the document's sentence: what comes last in the request finds no room."""
    listing = default_market().listing()
    last = ["SOL/USDT", "XRP/USDT"]
    pairs = [name for name in names(listing).pairs if name not in last][:most] + last
    session = connect(attrs.evolve(context, listing=listing), tier)

    answer = said(subscribe(session, {"type": "quotes", "symbols": pairs}))

    assert answer[0] == confirmed("quotes", *pairs[:most])
    assert answer[1]["message"] == f"Symbol limit ({most}) exceeded. Rejected: SOL/USDT, XRP/USDT"


def test_an_unknown_name_with_a_venue_gets_the_pair_that_it_resembles(context):
    """A pair is on all its venues: what stands behind ``@`` is no resemblance."""
    session = connect(attrs.evolve(context, listing=default_market().listing()), "free")

    answer = said(subscribe(session, {"type": "quotes", "symbols": ["BTC-USD@binance"]}))

    assert [it["message"] for it in answer] == ["Unknown symbol(s): BTC-USD@binance; did you mean BTC/USDT?"]


def test_max_has_no_limit_of_symbols(context):
    """Any number of them."""
    answer = said(subscribe(connect(context, "max"), {"type": "quotes", "symbols": COINS}))

    assert answer == [confirmed("quotes", *(f"{base}/USDT" for base in COINS))]


def test_wildcard_is_one_symbol(context):
    """A free customer can hear the document's examples, and four symbols besides."""
    session = connect(context, "free")

    assert said(subscribe(session, {"type": "signals"})) == [confirmed("signals", "*")]
    answer = said(subscribe(session, {"type": "quotes", "symbols": COINS[:5]}))
    assert answer[0] == confirmed("quotes", *(f"{base}/USDT" for base in COINS[:4]))
    assert answer[1]["code"] == "SYMBOL_LIMIT_EXCEEDED"


def test_the_operator_says_as_how_many_symbols_the_wildcard_counts(context):
    """More than a tier has means that it cannot have it."""
    policy = attrs.evolve(context.policies.marketai, wildcard_symbols=25)
    context = attrs.evolve(context, policies=attrs.evolve(context.policies, marketai=policy))
    free, basic = connect(context, "free"), connect(context, "basic")

    (refused,) = said(subscribe(free, {"type": "trades", "symbols": ["*", "BTC"]}))[1:]
    assert refused["message"] == "Symbol limit (5) exceeded. Rejected: *"
    assert said(subscribe(basic, {"type": "trades"})) == [confirmed("trades", "*")]
    (refused,) = said(subscribe(basic, {"type": "trades", "symbols": ["BTC"]}))
    assert refused["message"] == "Symbol limit (25) exceeded. Rejected: BTC/USDT"


def test_a_pair_stays_while_the_wildcard_is_held(context):
    """Unsubscribing one name leaves what another one covers."""
    session = connect(context)
    subscribe(session, {"type": "funding"}, {"type": "funding", "symbols": ["BTC/USDT"]})

    gone = say(session, action="unsubscribe", channels=[{"type": "funding", "symbols": ["BTC/USDT"]}])

    assert said(gone) == [confirmed("funding", "BTC/USDT", kind="unsubscribed")]
    assert topics(gone, Unsubscribe) == []


def test_unsubscribing_a_channel_without_symbols_is_all_of_it(context):
    """Whatever was named."""
    session = connect(context)
    subscribe(session, {"type": "quotes", "symbols": ["BTC/USDT", "ETH/USDT"]}, {"type": "trades"})

    gone = say(session, action="unsubscribe", channels=[{"type": "quotes"}])

    assert said(gone) == [confirmed("quotes", "BTC/USDT", "ETH/USDT", kind="unsubscribed")]
    assert topics(gone, Unsubscribe) == [("quotes", BTC), ("quotes", ETH)]


def test_unsubscribing_what_was_never_subscribed_is_confirmed(context):
    """It is not heard, which is what was asked for."""
    gone = say(connect(context), action="unsubscribe", channels=[{"type": "quotes", "symbols": ["ETH/USDT"]}])

    assert said(gone) == [confirmed("quotes", "ETH/USDT", kind="unsubscribed")]


def test_one_bad_entry_does_not_void_the_others(context):
    """Each is answered for itself, in order."""
    answer = said(
        subscribe(
            connect(context),
            {"type": "prices"},
            {"type": "trades", "symbols": "BTC/USDT"},
            {"type": "quotes", "symbols": ["BTC/USDT", "GOLD"]},
            "quotes",
            {"symbols": []},
            {"type": "klines", "symbols": ["ETH"], "intervals": ["1m", "2m"]},
            {"type": "klines", "symbols": ["ETH"], "intervals": ["1m", "1h"]},
        )
    )

    assert answer == [
        {"type": "error", "code": "INVALID_CHANNEL", "message": "Unknown channel: prices"},
        {
            "type": "error",
            "code": "INVALID_MESSAGE",
            "message": "Invalid field: symbols must be a list of strings",
        },
        confirmed("quotes", "BTC/USDT"),
        {"type": "error", "code": "INVALID_MESSAGE", "message": "Unknown symbol(s): GOLD"},
        {
            "type": "error",
            "code": "INVALID_MESSAGE",
            "message": 'Every channel must be an object such as {"type": "quotes"}',
        },
        {"type": "error", "code": "INVALID_MESSAGE", "message": "Missing or invalid field: type"},
        {"type": "error", "code": "INVALID_MESSAGE", "message": "Unknown interval(s): 2m"},
        confirmed("klines", "ETH/USDT"),
    ]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("{", "Invalid JSON"),
        ("[]", "Message must be a JSON object"),
        ("{}", "Missing or invalid field: action"),
        ('{"action":"dance"}', "Unknown message action: dance"),
        ('{"action":"subscribe"}', "Missing field in subscribe: channels"),
        ('{"action":"subscribe","channels":[]}', "channels must name at least one channel"),
    ],
)
def test_message_outside_the_protocol(context, text, complaint):
    """An error says what is wrong, and the connection stays."""
    assert connect(context).receive(text) == [
        Reply(
            json.dumps(
                {"type": "error", "code": "INVALID_MESSAGE", "message": complaint}, separators=(",", ":")
            )
        )
    ]


def test_nine_hundred_symbols_are_answered_in_short(context):
    """What is unknown is named in part, what does not fit too."""
    symbols = [f"X{n}" for n in range(900)]

    (answer,) = said(subscribe(connect(context, "basic"), {"type": "quotes", "symbols": symbols}))

    assert answer["message"].endswith("X9 and 890 more")


def test_what_is_asked_for_again_in_one_message_is_worked_out_once(context):
    """Every entry is confirmed, and the wildcard's topics stand in one subscription, each once."""
    entry = {"type": "klines", "symbols": ["*"], "intervals": ["1m", "5m"]}
    once = subscribe(connect(context), entry)[-1].topics
    client = connect(context)

    actions = subscribe(client, *[entry] * 100)

    assert len(actions) == 101
    assert actions[-1].topics == once
    assert [type(action).__name__ for action in subscribe(client, entry)] == ["Reply"]


def test_of_a_name_that_stands_twice_the_last_counts(context):
    """As JSON parsers do it."""
    answer = connect(context).receive('{"action":"dance","action":"ping"}')

    assert answer == [Reply('{"type":"pong"}')]


def test_ping(context):
    """Application-level, for clients that cannot send the other kind."""
    assert say(connect(context), action="ping") == [Reply('{"type":"pong"}')]
