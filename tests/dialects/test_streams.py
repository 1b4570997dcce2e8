"""
Whole streams through a real hub: when somebody comes, or comes back, changes no byte.

Every dialect's topics are heard at once, with every option that changes bytes.
"""

import json
from datetime import datetime
from itertools import pairwise

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feed.dialects.contract import HandshakeRefusal, Subscribe
from feed.dialects.discovery import dialects
from feed.model.events import ADD, CLEAR, CLOCK, LEVEL, QUOTE, REDUCE, TRADE, UNKNOWN
from feed.model.stream_position import parse_position

# Their documents have a client begin anew, and no way to resume.
FORGETFUL = {"binance", "coinbase_exchange", "kraken", "marketai"}
# What they send has its number in the connection: who joins later hears other bytes.
NUMBERED = {"coinbase"}
# The exchange's own messages, and nothing of ours in them.
PLAIN = {"binance", "coinbase", "coinbase_exchange", "kraken"}
QUERIES = [{}, {"ext": "seq"}, {"conflate": "250"}, {"ext": "seq", "conflate": "1000ms"}]


def topics_of(support, name, query):
    """What a connection with these options hears when it sends the dialect's sample."""
    sample = support.sample(name)
    opening = attrs.evolve(sample.OPENING, query={**sample.OPENING.query, **query})
    session = dialects()[name].session(opening, support.context)
    if isinstance(session, HandshakeRefusal):
        assert name in FORGETFUL
        assert "conflate" in query
        return ()
    actions = [a for text in [*sample.AUTHENTICATE, *sample.SUBSCRIBE] for a in session.receive(text)]
    subscriptions = [action for action in actions if isinstance(action, Subscribe)]
    return tuple(dict.fromkeys(topic for item in subscriptions for topic in item.topics))


@pytest.fixture(scope="module")
def everything(support):
    """Every topic of every dialect with every set of options."""
    names = [name for name in dialects() if name not in NUMBERED]
    topics = [topic for query in QUERIES for name in names for topic in topics_of(support, name, query)]
    return tuple(dict.fromkeys(topics))


@pytest.fixture(scope="module")
def story(support):
    """More than a minute of a real market."""
    rows, _ = support.market(70, "XAUUSD", "BTC-USD")
    # The tests' listing has them in another place.
    places = [support.listing.index(symbol) for symbol in ("XAUUSD", "BTC-USD")]
    return [(row[0], places[row[1]], *row[2:]) if row[0] != CLOCK else row for row in rows]


def check(support, topics, rows, joins):
    """Whoever joins, afresh or by resuming, hears from there on what the first one hears."""
    stage = support.Stage()
    first = stage.ear(*topics)
    resumable = [topic for topic in topics if topic.dialect not in FORGETFUL]
    whole = stage.ear(*resumable)
    edges = sorted({0, *joins, len(rows)})
    late, marks, resumes = [], {0: len(first.received)}, {0: len(whole.received)}
    for start, end in pairwise(edges):
        stage.publish(rows[start:end])
        marks[end] = len(first.received)
        resumes[end] = len(whole.received)
        ear = stage.ear(*topics)
        late.append((ear, len(ear.received), marks[end]))
    for ear, greeted, mark in late:
        assert ear.received[greeted:] == first.received[mark:]
    for since, mark in resumes.items():
        back = stage.ear(*resumable, since=since)
        assert back.received == whole.received[mark:]
    return first


def test_market_sounds_the_same_to_everybody(support, everything, story):
    """Snapshots and frames, beats and books, of a market as it really goes."""
    count = len(story)
    first = check(support, everything, story, [1, count // 3, count - 1])
    said = [json.loads(text) for text in first.texts()]
    objects = [message for message in said if isinstance(message, dict)]
    kinds = {(message.get("type"), message.get("action")) for message in objects}
    books = {(book, part) for book in ("book", "book3") for part in ("snapshot", "delta")}
    of_each = {
        "tradyn": {("tick", None)},
        "securitypro": {("trade", None), ("ticker", None), ("heartbeat", None)},
        "guide": {("trade", None), ("ticker", None), ("candle", None), *books},
    }
    for name, some in of_each.items():
        assert name not in dialects() or kinds >= some
    candles = {message["closed"] for message in objects if message.get("type") == "candle"}
    assert "guide" not in dialects() or candles == {True, False}


WAITS = st.sampled_from([0, 0, 1_000_000, 150_000_000, 900_000_000, 9_000_000_000, 61_000_000_000])
ROWS = st.lists(
    st.tuples(
        WAITS,
        st.sampled_from(["add", "reduce", "fill", "trade", "level", "quote", "clear", "clock"]),
        st.sampled_from([0, 2, 3]),
        st.integers(0, 1),
        st.integers(0, 3),
    ),
    max_size=25,
)


def rows_of(drawn, now):
    """Rows of all kinds, not of any market that could be."""
    for at, (wait, kind, instrument, side, n) in enumerate(drawn, 1):
        now += wait
        head = (instrument, now)
        match kind:
            case "add":
                yield (ADD, *head, at, side, 100 + n, 5, 5)
            case "reduce":
                yield (REDUCE, *head, at - 1, side, 100 + n, n, 2 * n)
            case "fill":
                yield (TRADE, *head, at, side, 100 + n, 3, at - 1, at, n, 2 * n)
            case "trade":
                yield (TRADE, *head, at, UNKNOWN, 100 + n, 3, 0, 0, UNKNOWN, UNKNOWN)
            case "level":
                yield (LEVEL, *head, side, 100 + n, n)
            case "quote":
                yield (QUOTE, *head, 100 + n, side, 104, 1)
            case "clear":
                yield (CLEAR, *head)
            case "clock":
                yield (CLOCK, 0, now)


@settings(max_examples=60)
@given(drawn=ROWS, joins=st.lists(st.integers(0, 25), max_size=3))
def test_any_stream_sounds_the_same_to_everybody(support, everything, drawn, joins):
    """Also what no market would do, with silences of any length."""
    rows = list(rows_of(drawn, support.now))
    check(support, everything, rows, [join for join in joins if join < len(rows)])


@pytest.mark.protocols("guide", "securitypro", "tradyn")
def test_one_trade_is_one_trade_in_every_protocol(support, everything, story):
    """Price, size, side and time agree, formatting aside; so do the quotes at the same number."""
    stage = support.Stage()
    plain = [topic for topic in everything if not dict(topic.options).get("conflate")]
    numbered = [topic for topic in plain if topic.dialect == "guide" or ("ext", "seq") in topic.options]
    ears = {name: stage.ear(*(topic for topic in numbered if topic.dialect == name)) for name in dialects()}
    stage.publish(story)
    said = {name: [json.loads(text) for text in ear.texts()] for name, ear in ears.items()}
    trades = {
        name: {
            item["seq"]: (item["symbol"], item["price"], item["size"], item["side"], ms(item["ts"]))
            for item in said[name]
            if item["type"] == "trade"
        }
        for name in ("guide", "securitypro")
    }
    assert trades["guide"] == trades["securitypro"]
    assert len(trades["guide"]) == sum(row[0] == TRADE for row in story) > 10
    tickers = {
        name: {item["seq"]: item for item in said[name] if item["type"] == "ticker"}
        for name in ("guide", "securitypro")
    }
    fields = ("symbol", "price", "bid", "ask")
    assert {seq: [item[f] for f in fields] for seq, item in tickers["guide"].items()} == {
        seq: [item[f] for f in fields] for seq, item in tickers["securitypro"].items()
    }
    # A tick is a quote that has moved: the ticker of that number shows the same.
    ticks = {item["seq"]: item for item in said["tradyn"] if item["type"] == "tick"}
    assert len(ticks) > 10
    for seq, tick in ticks.items():
        ticker = tickers["guide"][seq]
        assert (tick["symbol"], tick["bid"], tick["ask"], tick["time"]) == (
            ticker["symbol"],
            float(ticker["bid"]),
            float(ticker["ask"]),
            ticker["ts"],
        )
    # Every other ticker is the quote that completes what trades have changed.
    others = [seq for seq in tickers["guide"] if seq not in ticks]
    assert len(others) > 10
    for seq in others:
        last = max(number for number in trades["guide"] if number < seq)
        assert tickers["guide"][seq]["price"] == trades["guide"][last][1]
        assert not any(last < number < seq for number in tickers["guide"])


def ms(ts):
    """Milliseconds since the Unix epoch of either way to write a time."""
    return ts if isinstance(ts, int) else round(datetime.fromisoformat(ts).timestamp() * 1000)


def test_numbers_are_in_every_message_and_never_fall(support, everything, story):
    """In each channel of the guide, and wherever ``ext=seq`` asks for them."""
    stage = support.Stage()
    ears = [
        (topic, stage.ear(topic))
        for topic in everything
        if topic.channel != "heartbeat" and (topic.dialect == "guide" or ("ext", "seq") in topic.options)
    ]
    stage.publish(story)
    for topic, ear in ears:
        numbers = [json.loads(text)["seq"] for text in ear.texts()]
        assert numbers == sorted(set(numbers)), topic


def test_positions_are_in_every_numbered_message_and_can_be_resumed_from(support, everything, story):
    """Snapshots, what is told at an interval, heartbeats: each proves the history up to where it stands."""
    stage, half = support.Stage(), len(story) // 2
    stage.publish(story[:half])
    numbered = [topic for topic in everything if "seq" in dict(topic.options).get("ext", "")]
    assert {topic.dialect for topic in numbered} == set(dialects()) - PLAIN
    assert "securitypro" not in dialects() or any(topic.channel == "heartbeat" for topic in numbered)
    ears = [(topic, stage.ear(topic)) for topic in numbered]
    for topic, ear in ears:
        present = stage.hub.position.text
        assert all(json.loads(text)["pos"] == present for text in ear.texts()), topic
    greeted = {topic: len(ear.texts()) for topic, ear in ears}
    stage.publish(story[half:])
    for topic, ear in ears:
        for text in ear.texts()[greeted[topic] :]:
            message = json.loads(text)
            position = parse_position(message["pos"])
            assert position.seq == message["seq"]
            stage.hub.check(position)
