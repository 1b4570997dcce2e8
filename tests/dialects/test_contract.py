"""What holds for every dialect that is found, so also for the next one."""

import gc
import json
import types
from itertools import pairwise
from pathlib import Path

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

import feed.dialects
from feed.dialects.contract import (
    Close,
    DisconnectCause,
    Reply,
    Submit,
    Subscribe,
    Unsubscribe,
    UpgradeRequest,
)
from feed.dialects.discovery import dialects
from feed.model.events import ADD, KINDS, TRADE, UNKNOWN, event
from feed.model.topics import Topic
from feed.state.encoder import NUMBER

pytestmark = pytest.mark.parametrize("name", dialects())

DEEP = 30_000

HOSTILE = {
    "nothing": "",
    "white space": " \t\r\n",
    "not JSON": "hello",
    "half a message": '{"type": "auth", "apiKey"',
    "two messages": "{}{}",
    "single quotes": "{'type': 'list'}",
    "array": "[]",
    "array of messages": '[{"type": "list"}]',
    "number": "42",
    "string": '"auth"',
    "null": "null",
    "true": "true",
    "empty object": "{}",
    "NaN": '{"type": NaN}',
    "infinity": '{"type": -Infinity}',
    "huge integer": '{"type": "list", "id": ' + "9" * 5000 + "}",
    "huge exponent": '{"type": "list", "id": 1e999999}',
    "deep array": "[" * DEEP + "]" * DEEP,
    "deep object": '{"type":' * (DEEP // 4) + "1" + "}" * (DEEP // 4),
    "deep and never closed": "[" * DEEP,
    "64 KiB of one string": '{"type": "' + "x" * (64 * 1024 - 12) + '"}',
    "64 KiB of keys": "{" + ",".join(f'"{at}":0' for at in range(6000)) + "}",
    "64 KiB of white space": " " * 64 * 1024,
    "duplicate keys": '{"type": "nothing", "type": "known", "type": 1}',
    "lone surrogate, escaped": '{"type": "\\ud800"}',
    "lone surrogate, as it is": '{"type": "\ud800"}',
    "surrogates in the wrong order": '{"type": "subscribe", "symbol": "\\udc00\\ud800"}',
    "control characters": "\x00\x01\x02\x7f\x80\xff",
    "binary-ish text": bytes(range(256)).decode("latin-1"),
    "NUL in a name": '{"type": "subscribe", "symbol": "EUR\\u0000USD"}',
    "byte order mark": '\ufeff{"type": "list"}',
    "unknown type": '{"type": "explode"}',
    "unknown op": '{"op": "explode", "action": "explode", "message": "explode"}',
    "type is a number": '{"type": 1, "op": 1, "action": 1, "message": 1}',
    "type is null": '{"type": null, "op": null, "action": null, "message": null}',
    "type is an object": '{"type": {}, "op": {}, "action": {}, "message": {}}',
    "key is a number": '{"type": "auth", "apiKey": 1}',
    "key is null": '{"type": "auth", "apiKey": null}',
    "key is an object": '{"type": "auth", "apiKey": {"$gt": ""}}',
    "key is missing": '{"type": "auth"}',
    "symbol is a number": '{"type": "subscribe", "symbol": 1}',
    "symbols is a string": '{"type": "subscribe", "symbols": "EURUSD"}',
    "symbols are numbers": '{"type": "subscribe", "symbols": [1, 2]}',
    "symbols are mixed": '{"type": "subscribe", "symbols": ["EURUSD", null]}',
    "no symbols": '{"type": "subscribe", "symbols": []}',
    "unknown symbol": '{"type": "subscribe", "symbol": "NOSUCH"}',
    "10,000 unknown symbols": json.dumps(
        {"type": "subscribe", "symbols": [f"S{at}" for at in range(10_000)]}
    ),
    "one unknown symbol 10,000 times": json.dumps({"type": "subscribe", "symbols": ["NO"] * 10_000}),
    "symbol of 10,000 characters": json.dumps(
        {
            "type": "subscribe",
            "op": "subscribe",
            "channel": "trades",
            "apiKey": "good key",
            "symbol": "X" * 10_000,
            "channels": ["trades_" + "x" * 10_000],
        }
    ),
    "path for a symbol": '{"type": "subscribe", "symbol": "../../etc/passwd"}',
    "markup for a symbol": '{"type": "subscribe", "symbol": "<script>alert(1)</script>"}',
    "format for a symbol": '{"type": "subscribe", "symbol": "%s%n{0.__class__}"}',
}

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)
FIELDS = ["type", "op", "action", "message", "apiKey", "channel", "channels", "content", "symbol", "symbols"]
WORDS = [
    "auth",
    "subscribe",
    "unsubscribe",
    "list",
    "ping",
    "EURUSD",
    "good key",
    ["EURUSD", "NO"],
    ["EURUSD"],
]
ALMOST = st.dictionaries(st.sampled_from(FIELDS), st.sampled_from(WORDS) | JSON).map(json.dumps)
TEXTS = st.text() | JSON.map(json.dumps) | ALMOST


def check(text):
    """One JSON object in one line, numbers in plain decimals; returns it."""

    def plain(digits):
        assert "e" not in digits.lower(), digits
        return digits

    assert "\n" not in text
    assert "\r" not in text
    message = json.loads(text, parse_float=plain, parse_constant=pytest.fail)
    assert isinstance(message, dict)
    assert len(text.encode()) < 1024 * 1024
    return message


def open_session(support, name, *, authenticated=False):
    """A new session, and all the actions so far."""
    sample = support.sample(name)
    session = dialects()[name].session(sample.OPENING, support.context)
    actions = list(session.open())
    if authenticated:
        for text in sample.AUTHENTICATE:
            actions += session.receive(text)
        assert session.authenticated
    return session, actions


def test_who_only_watches_says_so_to_the_server_alone(support, name):
    """The protocol passes it over: its session says what it says to others, and so do its topics."""
    sample, told = support.sample(name), []
    for query in ({}, {"observer": "1"}):
        opening = attrs.evolve(sample.OPENING, query={**sample.OPENING.query, **query})
        session = dialects()[name].session(opening, support.context)
        actions = list(session.open())
        for text in (*sample.AUTHENTICATE, *sample.SUBSCRIBE):
            actions += session.receive(text)
        told.append([action for action in actions if isinstance(action, Subscribe)])
    assert told[0] == told[1] != []


def topics_of(support, name):
    """The topics that the sample's subscription asks for."""
    session, _ = open_session(support, name, authenticated=True)
    actions = [action for text in support.sample(name).SUBSCRIBE for action in session.receive(text)]
    topics = [topic for action in actions if isinstance(action, Subscribe) for topic in action.topics]
    return list(dict.fromkeys(topics))


def conversation(support, name):
    """Everything a session says to a client that does everything right, and then everything wrong."""
    session, actions = open_session(support, name, authenticated=True)
    for text in [*support.sample(name).SUBSCRIBE, *HOSTILE.values()]:
        actions += session.receive(text)
    said = support.texts(actions)
    said += filter(None, map(session.wording, DisconnectCause))
    running = support.Running()
    for seq, row in enumerate(story(support), 1):
        running.apply(seq, row)
    for topic in topics_of(support, name):
        said += running.encoder(topic).snapshot(running.market_state, topic.instrument)
        encoder = support.Running().encoder(topic)
        items = [event(seq, row) for seq, row in enumerate(story(support), 1) if row[0] in encoder.kinds]
        said += filter(None, [encoder.encode(item) for item in items if item.instrument == topic.instrument])
    return [text.replace(NUMBER, "0") for text in said]


def story(support):
    """A few events of every instrument, with prices from one tick to very many."""
    ts = 1_709_742_000_000_000_000
    for at in range(len(support.listing)):
        for bid in (1, 108_500, 10**12):
            yield support.quote(at, bid, bid + 1)
            yield (TRADE, at, ts, 1, 0, bid, 1, 0, 0, UNKNOWN, UNKNOWN)
            yield (ADD, at, ts, 1, 0, bid, 1, 1)


def weight(session, support):
    """How many objects a session holds, and how many bytes of text are among them."""
    outside = (type, types.ModuleType, types.FunctionType, types.BuiltinFunctionType)
    seen, waiting, characters = {id(support.context)}, [session], 0
    while waiting:
        item = waiting.pop()
        if id(item) in seen or isinstance(item, outside):
            continue
        seen.add(id(item))
        characters += len(item) if isinstance(item, str) else 0
        waiting += gc.get_referents(item)
    return len(seen), characters


# -- what it is ---------------------------------------------------------------------------------------


def test_name_is_the_name_of_its_folder(name):
    """So that the folder, the path and the log lines speak of the same thing."""
    assert dialects()[name].name == name
    assert (Path(feed.dialects.__path__[0]) / name).is_dir()


def test_it_says_what_it_is_and_where(name):
    """A title for people, and paths that begin with a slash."""
    dialect = dialects()[name]
    assert dialect.title
    assert all(path.startswith("/") and path != "/" for path in (dialect.path, *dialect.aliases))


def test_its_reading_of_the_document_is_written_down(name):
    """NOTES.md stands beside the code."""
    notes = (Path(feed.dialects.__path__[0]) / name / "NOTES.md").read_text(encoding="utf-8")
    assert notes.startswith(f"# {dialects()[name].title}\n")


def test_it_has_tests_of_its_own(name, support):
    """Its mirror stands here, with a sample for these tests."""
    assert list((support.here / name).glob("test_*.py"))
    sample = support.sample(name)
    assert isinstance(sample.OPENING, UpgradeRequest)


# -- what it says -------------------------------------------------------------------------------------


def test_every_message_is_one_json_object_in_one_line(name, support):
    """No arrays, no bare strings, no NaN, no exponents, whatever the client has sent."""
    said = conversation(support, name)
    assert said
    for text in said:
        check(text)


def test_keys_stand_in_one_order(name, support):
    """Two messages with the same keys have them in the same order: transcripts can be compared."""
    orders = {}
    for text in conversation(support, name):
        keys = tuple(check(text))
        assert orders.setdefault(frozenset(keys), keys) == keys


def test_same_conversation_same_bytes(name, support):
    """Nothing that a session says depends on the run."""
    assert conversation(support, name) == conversation(support, name)


@pytest.mark.parametrize("authenticated", [False, True])
@pytest.mark.parametrize("fault", DisconnectCause)
def test_every_fault_has_a_wording_or_none(name, support, fault, authenticated):
    """What the server has to tell the client is a message of the dialect, at any time."""
    session, _ = open_session(support, name, authenticated=authenticated)
    wording = session.wording(fault)
    assert wording is None or check(wording)


def test_sample_subscription_is_answered_with_topics(name, support):
    """Each names the dialect and an instrument of the listing, and there are several."""
    topics = topics_of(support, name)
    assert len({topic.instrument for topic in topics}) > 1
    for topic in topics:
        assert isinstance(topic, Topic)
        assert topic.dialect == name
        assert topic.instrument in range(len(support.listing))


# -- what it bears ------------------------------------------------------------------------------------


@pytest.mark.parametrize("authenticated", [False, True])
@pytest.mark.parametrize("what", HOSTILE)
def test_hostile_message_is_answered_and_forgotten(name, support, what, authenticated):
    """An error in the dialect's own words, the same each time, and nothing is kept of it."""
    session, _ = open_session(support, name, authenticated=authenticated)
    admitted = session.authenticated
    first = session.receive(HOSTILE[what])
    before = weight(session, support)
    again = [session.receive(HOSTILE[what]) for _ in range(3)]
    assert weight(session, support) == before
    assert session.authenticated == admitted
    assert not any(isinstance(action, Subscribe | Unsubscribe) for action in first)
    if not any(isinstance(action, Close) for actions in (first, *again) for action in actions):
        assert again == [first] * 3
        assert support.texts(first)
    # An answer that repeats what it was sent would make a small message a large one.
    assert all(len(check(text)) and len(text) < 2000 for text in support.texts(first))


@given(messages=st.lists(TEXTS, max_size=8), authenticated=st.booleans())
def test_no_text_raises(name, support, messages, authenticated):
    """Whatever a client sends is answered with actions, and every message among them is sound."""
    session, _ = open_session(support, name, authenticated=authenticated)
    for text in messages:
        actions = session.receive(text)
        assert all(isinstance(action, Reply | Subscribe | Unsubscribe | Close | Submit) for action in actions)
        for reply in support.texts(actions):
            check(reply)


# -- what it makes of events --------------------------------------------------------------------------

PRICES = st.tuples(st.integers(0, 3), st.integers(0, 3))
ROWS = st.lists(
    st.one_of(
        st.tuples(st.just("quote"), st.integers(0, 3), PRICES, st.integers(1, 2)),
        st.tuples(st.just("trade"), st.integers(0, 3), PRICES, st.integers(1, 2)),
    ),
    max_size=20,
)


def rows_of(support, drawn):
    """Rows of quotes, some one-sided, and trades."""
    for at, (kind, instrument, (bid, over), size) in enumerate(drawn):
        ts = 1_709_742_000_000_000_000 + at * 1_000_000
        if kind == "quote":
            yield support.quote(instrument, bid, (bid or 1) + over if over else 0, ts=ts, size=size)
        else:
            yield (TRADE, instrument, ts, at + 1, 0, bid + 1, size, 0, 0, UNKNOWN, UNKNOWN)


@given(drawn=ROWS, data=st.data())
def test_encoder_goes_on_as_if_it_had_always_been_there(name, support, drawn, data):
    """
    Made at any moment, it says from there on what one made before the first event says.

    So the same subscription means the same bytes, whoever else has listened before.
    """
    rows = list(rows_of(support, drawn))
    joined = data.draw(st.integers(0, len(rows)), label="joined")
    for topic in topics_of(support, name):
        running = support.Running()
        early = running.encoder(topic)
        late = None
        for seq, row in enumerate([*rows, None], 1):
            if seq == joined + 1:
                late = running.encoder(topic)
            encoders = [encoder for encoder in (early, late) if encoder is not None]
            snapshots = [encoder.snapshot(running.market_state, topic.instrument) for encoder in encoders]
            assert all(snapshot == snapshots[0] for snapshot in snapshots)
            if row is None:
                break
            running.apply(seq, row)
            if row[0] in early.kinds and row[1] == topic.instrument:
                said = [encoder.encode(event(seq, row)) for encoder in encoders]
                assert all(text == said[0] for text in said)


def test_encoder_wants_kinds_that_exist(name, support):
    """At least one, unless it speaks at intervals; none twice."""
    for topic in topics_of(support, name):
        encoder = support.Running().encoder(topic)
        assert encoder.kinds or encoder.period
        assert all(kind in KINDS for kind in encoder.kinds)
        assert all(one < other for one, other in pairwise(encoder.kinds))
