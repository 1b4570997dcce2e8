"""
What client and server say to each other, byte for byte.

The numbers are those of the lines in the dialect's ``NOTES.md``.
"""

import json

import attrs
import pytest

from feed.dialects.contract import Close, DisconnectCause, Reply, Subscribe, Unsubscribe, UpgradeRequest
from feed.dialects.discovery import route
from feed.dialects.tradyn.dialect import DIALECT
from feed.model.instruments import Instrument, Listing
from feed.model.topics import Topic

WELCOME = '{"type":"welcome","message":"Connected. Authenticate within 30 seconds.","authTimeout":30}'
AUTHENTICATED = '{"type":"auth","success":true,"message":"Authenticated successfully"}'


def error(text):
    return Reply(f'{{"type":"error","message":"{text}"}}')


def confirmed(kind, symbols, total):
    names = ",".join(f'"{symbol}"' for symbol in symbols)
    return Reply(f'{{"type":"{kind}","symbols":[{names}],"totalSubscriptions":{total}}}')


def ticks(support, *symbols):
    return tuple(Topic("tradyn", "tick", support.listing.index(symbol)) for symbol in symbols)


@pytest.fixture
def session(support):
    """A session before authentication."""
    return DIALECT.session(UpgradeRequest(), support.context)


@pytest.fixture
def client(session):
    """Says something as an authenticated client, and returns the actions; dicts are sent as JSON."""
    session.receive('{"type":"auth","apiKey":"good key"}')

    def say(**message):
        return session.receive(json.dumps(message))

    return say


# -- connection flow ------------------------------------------------------------------------------------


def test_line_1_the_bare_address_is_this_dialect():
    """``ws://127.0.0.1:8080`` has neither path nor query."""
    assert route("/", {}) is DIALECT


def test_line_2_one_welcome_and_nothing_else(session):
    """The published client reads exactly one message before it authenticates."""
    assert session.open() == [Reply(WELCOME)]


@pytest.mark.parametrize(("window", "seconds"), [(5.0, "5"), (0.5, "0.5")])
def test_line_2_welcome_tells_the_window_in_force(support, window, seconds):
    """The figure is that of the settings."""
    session = DIALECT.session(UpgradeRequest(), attrs.evolve(support.context, auth_seconds=window))
    text = f"Connected. Authenticate within {seconds} seconds."
    assert session.open() == [Reply(f'{{"type":"welcome","message":"{text}","authTimeout":{seconds}}}')]


def test_line_3_every_message_is_answered_by_its_own_replies_alone(session):
    """The published client counts messages until the first tick: one, one and one."""
    assert session.open() == [Reply(WELCOME)]
    assert session.receive('{"type": "auth", "apiKey": "good key"}') == [Reply(AUTHENTICATED)]
    actions = session.receive('{"type": "subscribe", "symbols": ["EURUSD", "GBPUSD", "XAUUSD"]}')
    assert [type(action) for action in actions] == [Reply, Subscribe]


def test_line_4_authentication(session):
    """In the words of the document."""
    assert not session.authenticated
    assert session.receive('{ "type": "auth", "apiKey": "good key" }') == [Reply(AUTHENTICATED)]
    assert session.authenticated


def test_line_4_a_second_authentication_changes_nothing(session, client):
    """Neither with a good key nor with a bad one, however often."""
    for key in ["good key", "trade key"] + ["bad key"] * 10:
        assert client(type="auth", apiKey=key) == [error("Already authenticated")]
    assert session.authenticated
    assert client(type="subscribe", symbol="EURUSD")[0] == confirmed("subscribed", ["EURUSD"], 1)


def test_line_5_auth_timeout(session):
    """Said before the close."""
    assert Reply(session.wording(DisconnectCause.AUTH_TIMEOUT)) == error("Authentication timeout")


def test_line_6_bad_key(session):
    """An error with a ``message``, as the published client prints it; a second try is open."""
    assert session.receive('{"type":"auth","apiKey":"bad key"}') == [error("Invalid API key")]
    assert not session.authenticated
    assert session.receive('{"type":"auth","apiKey":"good key"}') == [Reply(AUTHENTICATED)]


def test_line_6_five_bad_keys(session):
    """The fifth is the last, and no key is ever repeated back."""
    for _ in range(4):
        assert session.receive('{"type":"auth","apiKey":"bad key"}') == [error("Invalid API key")]
    assert session.receive('{"type":"auth","apiKey":"bad key"}') == [
        error("Invalid API key"),
        Close(1008, "Too many invalid API keys"),
    ]


def test_line_6_what_is_no_key_is_no_try(session):
    """Only keys are counted, not messages that are not understood."""
    for _ in range(10):
        assert session.receive('{"type":"auth"}') == [error("Missing field in auth: apiKey")]
        assert session.receive('{"type":"auth","apiKey":7}') == [
            error("Invalid field in auth: apiKey must be a string")
        ]
    assert session.receive('{"type":"auth","apiKey":"good key"}') == [Reply(AUTHENTICATED)]


@pytest.mark.parametrize(
    "text",
    [
        '{"type":"subscribe","symbol":"EURUSD"}',
        '{"type":"subscribe","symbol":"NOSUCH"}',
        '{"type":"unsubscribe","symbol":"EURUSD"}',
        '{"type":"list"}',
        '{"type":"ping"}',
        '{"type":7}',
        "{}",
    ],
)
def test_line_7_authentication_comes_first(session, text):
    """Everything else is refused until then, in the document's words, and the connection stays."""
    assert session.receive(text) == [error("Authentication required")]
    assert session.receive('{"type":"auth","apiKey":"good key"}') == [Reply(AUTHENTICATED)]


# -- subscriptions --------------------------------------------------------------------------------------


def test_line_8_subscribe_to_one(support, client):
    """The confirmation, then the stream."""
    assert client(type="subscribe", symbol="EURUSD") == [
        confirmed("subscribed", ["EURUSD"], 1),
        Subscribe(ticks(support, "EURUSD")),
    ]


def test_line_8_subscribe_to_many(support, client):
    """In the order asked for, which is also that of the first ticks."""
    assert client(type="subscribe", symbols=["XAUUSD", "EURUSD", "GBPUSD"]) == [
        confirmed("subscribed", ["XAUUSD", "EURUSD", "GBPUSD"], 3),
        Subscribe(ticks(support, "XAUUSD", "EURUSD", "GBPUSD")),
    ]


def test_line_8_both_keys_mean_all_of_them(support, client):
    """``symbol`` first; what is named twice counts once."""
    assert client(type="subscribe", symbols=["EURUSD", "GBPUSD", "EURUSD"], symbol="GBPUSD") == [
        confirmed("subscribed", ["GBPUSD", "EURUSD"], 2),
        Subscribe(ticks(support, "GBPUSD", "EURUSD")),
    ]


def test_line_9_confirmation_speaks_of_this_request_and_counts_all(client):
    """``symbols`` are those of the request, ``totalSubscriptions`` those of the connection."""
    client(type="subscribe", symbols=["EURUSD", "GBPUSD"])
    assert client(type="subscribe", symbol="XAUUSD")[0] == confirmed("subscribed", ["XAUUSD"], 3)
    assert client(type="subscribe", symbol="EURUSD")[0] == confirmed("subscribed", ["EURUSD"], 3)


def test_line_10_unknown_symbols_after_the_confirmation(support, client):
    """What is known is confirmed and streamed; one error names the rest, before the first tick."""
    assert client(type="subscribe", symbols=["NO", "EURUSD", "eur/usd", "EURUSF"]) == [
        confirmed("subscribed", ["EURUSD"], 1),
        error("Unknown symbol(s): NO, EURUSF; did you mean EURUSD?"),
        Subscribe(ticks(support, "EURUSD")),
    ]


def test_line_10_only_unknown_symbols(client):
    """An error, and nothing to confirm."""
    assert client(type="subscribe", symbol="NO") == [error("Unknown symbol(s): NO")]
    assert client(type="list") == [confirmed("subscriptions", [], 0)]


def test_line_10_nine_hundred_unknown_symbols(client):
    """The error stays short."""
    asked = ["y" * 33, *(f"S{at}" for at in range(899))]
    named = ["y" * 32 + "...", *(f"S{at}" for at in range(9))]
    assert client(type="subscribe", symbols=asked) == [
        error(f"Unknown symbol(s): {', '.join(named)} and 890 more")
    ]


def test_line_11_unsubscribe(support, client):
    """The stream ends before the reply, so that nothing of it follows."""
    client(type="subscribe", symbols=["EURUSD", "GBPUSD"])
    assert client(type="unsubscribe", symbol="EURUSD") == [
        Unsubscribe(ticks(support, "EURUSD")),
        confirmed("unsubscribed", ["EURUSD"], 1),
    ]


def test_line_11_unsubscribe_from_what_is_not_held(support, client):
    """Confirmed all the same: afterwards it is as was asked. Unknown symbols are named."""
    client(type="subscribe", symbol="GBPUSD")
    assert client(type="unsubscribe", symbols=["EURUSD", "NO"]) == [
        Unsubscribe(ticks(support, "EURUSD")),
        confirmed("unsubscribed", ["EURUSD"], 1),
        error("Unknown symbol(s): NO"),
    ]
    assert client(type="unsubscribe", symbols=["NO"]) == [error("Unknown symbol(s): NO")]


def test_line_12_list(client):
    """In the order of subscription."""
    assert client(type="list") == [confirmed("subscriptions", [], 0)]
    client(type="subscribe", symbols=["XAUUSD", "EURUSD", "GBPUSD"])
    client(type="unsubscribe", symbol="EURUSD")
    client(type="subscribe", symbol="EURUSD")
    assert client(type="list") == [confirmed("subscriptions", ["XAUUSD", "GBPUSD", "EURUSD"], 3)]


@pytest.mark.parametrize("kind", ["subscribe", "unsubscribe"])
@pytest.mark.parametrize("fields", [{}, {"symbols": []}, {"symbol": None, "symbols": None}])
def test_line_8_no_symbol_at_all(client, kind, fields):
    """An error that names what is missing."""
    assert client(type=kind, **fields) == [error(f"Missing field in {kind}: symbol or symbols")]


def test_line_15_every_message_has_a_type(support, session, client):
    """Clients index it without asking whether it is there."""
    actions = [*session.open(), *client(type="subscribe", symbols=["EURUSD", "NO"])]
    actions += [*client(type="list"), *client(type="unsubscribe", symbol="EURUSD"), *session.receive("?")]
    kinds = [next(iter(json.loads(text).items())) for text in support.texts(actions)]
    assert kinds == [
        ("type", kind)
        for kind in ("welcome", "subscribed", "error", "subscriptions", "unsubscribed", "error")
    ]


def test_line_16_five_hundred_instruments_on_one_connection(support):
    """One request, one confirmation, one subscription."""
    symbols = [f"S{at:03}" for at in range(500)]
    listing = Listing(
        Instrument(symbol=symbol, base=symbol, quote="USD", price_decimals=2, size_decimals=0)
        for symbol in symbols
    )
    session = DIALECT.session(UpgradeRequest(), attrs.evolve(support.context, listing=listing))
    session.receive('{"type":"auth","apiKey":"good key"}')
    assert session.receive(json.dumps({"type": "subscribe", "symbols": symbols})) == [
        confirmed("subscribed", symbols, 500),
        Subscribe(tuple(Topic("tradyn", "tick", at) for at in range(500))),
    ]


def test_line_18_key_that_may_not_read(session):
    """A trade-only key is a good key, and sees no prices."""
    assert session.receive('{"type":"auth","apiKey":"trade key"}') == [Reply(AUTHENTICATED)]
    assert session.receive('{"type":"subscribe","symbol":"EURUSD"}') == [
        error("API key is not allowed to read market data")
    ]
    assert session.receive('{"type":"list"}') == [confirmed("subscriptions", [], 0)]


def test_line_20_nothing_is_remembered_from_connection_to_connection(support, client):
    """The same key on a new connection begins with no subscriptions."""
    client(type="subscribe", symbol="EURUSD")
    again = DIALECT.session(UpgradeRequest(), support.context)
    again.receive('{"type":"auth","apiKey":"good key"}')
    assert again.receive('{"type":"list"}') == [confirmed("subscriptions", [], 0)]


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("hello", "Invalid JSON"),
        ("", "Invalid JSON"),
        ("[1]", "Message must be a JSON object"),
        ("42", "Message must be a JSON object"),
        ("{}", "Missing or invalid field: type"),
        ('{"type":7}', "Missing or invalid field: type"),
        ('{"type":"quote"}', "Unknown message type: quote"),
        ('{"type":"' + "q" * 33 + '"}', "Unknown message type: " + "q" * 32 + "..."),
        ('{"type":"subscribe","symbol":7}', "Invalid field in subscribe: symbol must be a string"),
        (
            '{"type":"subscribe","symbols":"X"}',
            "Invalid field in subscribe: symbols must be a list of strings",
        ),
        (
            '{"type":"subscribe","symbols":[7]}',
            "Invalid field in subscribe: symbols must be a list of strings",
        ),
    ],
)
@pytest.mark.parametrize("authenticated", [False, True])
def test_line_21_message_outside_the_protocol(session, request, text, answer, authenticated):
    """An error that says why, or before authentication that something else is due; the connection stays."""
    if authenticated:
        request.getfixturevalue("client")
    elif text.startswith("{"):
        answer = "Authentication required"
    assert session.receive(text) == [error(answer)]
    assert session.authenticated == authenticated


def test_line_21_fields_the_document_does_not_name_are_passed_over(support, client):
    """Clients of other makers send some."""
    assert client(type="subscribe", symbol="EURUSD", id=1, channel="ticks")[1] == Subscribe(
        ticks(support, "EURUSD")
    )


@pytest.mark.parametrize(
    ("fault", "text"),
    [
        (DisconnectCause.AUTH_TIMEOUT, "Authentication timeout"),
        (DisconnectCause.TOO_MANY_MESSAGES, "Too many messages"),
        (DisconnectCause.BINARY_MESSAGE, "Binary messages are not supported"),
        (DisconnectCause.SLOW_CONSUMER, "Slow consumer: reconnect and subscribe again"),
    ],
)
def test_line_23_last_words(session, fault, text):
    """The server says why it closes, as an error."""
    assert Reply(session.wording(fault)) == error(text)


def test_key_is_in_no_reply_and_in_no_repr(support):
    """Neither a good one nor a bad one."""
    seen = []
    context = attrs.evolve(support.context, check_key=seen.append)
    session = DIALECT.session(UpgradeRequest(), context)
    actions = [*session.receive('{"type":"auth","apiKey":"tk_live_secret"}')]
    actions += session.receive('{"type":"auth","apiKey":["tk_live_secret"]}')
    actions += session.receive('{"type":"tk_live"')
    assert seen == ["tk_live_secret"]
    assert "tk_live" not in repr(actions)
