"""The fold of what a server records beside the market: the same at any cut, and bounded."""

from random import Random

import pytest
from copies import copied
from memory_disk import MemoryDisk

from feed.analytics.alerts import AlertBook, AlertSpec, Condition
from feed.durability.entries import LogEntry, decode, encode
from feed.errors import ConfigError, FeedError
from feed.model.events import QUOTE, TRADE, UNKNOWN, Trade
from feed.model.topics import Topic
from feed.server.alert_records import alert_data
from feed.server.durable import kinds
from feed.server.durable.service_state import ServiceState
from feed.server.durable.token_key import token_key
from feed.server.webhooks.records import endpoint_data
from feed.webhooks.queue import WebhookEndpoint

SECOND = 1_000_000_000


def entry(kind, wall=0, **data):
    (found,) = decode(encode([LogEntry(at=0, wall=wall * SECOND, kind=kind, data=data)]))
    return found


def trade(number, price, instrument):
    return (TRADE, instrument, number * SECOND, number, 0, price, 100, 0, 0, UNKNOWN, UNKNOWN)


class Story:
    """Alerts that are made and removed among trades: entries, each after so many events, and the events."""

    def __init__(self, seed):
        self.random = Random(seed)
        self.book = new_book()
        self.entries = []
        self.rows = []
        for seq in range(1, 400):
            if self.random.random() < 0.1:
                self._make(seq)
            if self.random.random() < 0.05:
                self._remove(seq)
            kind = QUOTE if self.random.random() < 0.2 else TRADE
            row = trade(seq, self.random.randint(90, 110), self.random.randrange(3))
            self.rows.append(row if kind == TRADE else (QUOTE, *row[1:7]))
            tell(self.book, seq, self.rows[-1:])

    def _make(self, seq):
        random = self.random
        condition = random.choice(list(Condition))
        prices = condition in (Condition.PRICE_ABOVE, Condition.PRICE_BELOW)
        spec = AlertSpec(
            instrument=random.randrange(3),
            condition=condition,
            threshold=random.randint(95, 105) if prices else random.randint(1, 60_000),
            window=0 if prices else random.randint(1, 90) * SECOND,
            repeat=random.random() < 0.7,
        )
        price = random.choice([None, random.randint(90, 110)])
        alert = self.book.prepare("test", "desk", spec, now=seq, price=price, seq=seq - 1)
        self.entries.append((seq - 1, entry(kinds.ALERT, **alert_data(alert, price))))
        self.book.add(alert)

    def _remove(self, seq):
        for alert in self.book.of("test", "desk")[-1:]:
            ended = {"dialect": "test", "owner": "desk", "name": alert.name, "seq": seq - 1}
            self.entries.append((seq - 1, entry(kinds.ALERT_END, **ended)))
            self.book.remove(alert)


def new_book():
    return AlertBook(per_key=1000, most=1000, kept=1000, rest=3 * SECOND)


def tell(book, seq, rows):
    """A book of events, the first of which is ``seq``."""
    for number, row in enumerate(rows, start=seq):
        if row[0] == TRADE:
            book.traded(Trade.from_row(number, row))


def shown(book):
    """What clients can see of a book."""
    fired = [book.fired("desk", at, seq) for seq in range(400) for at in range(3)]
    return fired, [(one.name, one.count, one.last) for one in book.of("test", "desk")]


@pytest.mark.parametrize("seed", range(8))
def test_alerts_of_a_checkpoint_go_on_as_if_there_had_been_none(seed):
    """The entries after it are all read before its events are published again: what fires is the same."""
    story = Story(seed)
    cut = story.random.randrange(400)
    state, at = ServiceState(), 0
    for seq, each in [pair for pair in story.entries if pair[0] <= cut]:
        state.published(at, story.rows[at:seq])
        at = seq
        state.apply(each)
    state.published(at, story.rows[at:cut])
    state = copied(state)
    for _, each in [pair for pair in story.entries if pair[0] > cut]:
        state.apply(each)
    book = new_book()
    book.take_over(state.alerts)
    tell(book, cut + 1, story.rows[cut:])
    assert shown(book) == shown(story.book)
    assert any(shown(book)[0])


def webhook(name="wh_1"):
    endpoint = WebhookEndpoint(
        id=name,
        dialect="test",
        owner="desk",
        url="https://example.com/",
        events=("all",),
        created=5,
        after=7,
        secret=bytes(range(32)),
    )
    return endpoint, (Topic("test", "signals", 1, (("a", "b"),)), Topic("test", "alerts", 2))


def test_a_webhook_is_what_was_recorded_of_it():
    """With its secret, its topics, what waits, and what became of the rest; in a checkpoint as well."""
    endpoint, topics = webhook()
    state = ServiceState()
    state.apply(entry(kinds.WEBHOOK, **endpoint_data(endpoint, topics)))
    for number in range(4):
        said = {"id": "wh_1", "message": f"msg_{number}", "seq": 10 + number, "body": f"{number}"}
        state.apply(entry(kinds.WEBHOOK_MESSAGE, **said))
    state.apply(entry(kinds.WEBHOOK_MESSAGE, **said))
    state.apply(entry(kinds.WEBHOOK_DONE, id="wh_1", message="msg_0", error=""))
    state.apply(entry(kinds.WEBHOOK_DONE, id="wh_1", message="msg_1", error="answered with status 500"))
    state.apply(entry(kinds.WEBHOOK_DONE, id="wh_2", message="msg_1", error=""))
    again = copied(state)
    assert again.webhooks == state.webhooks
    (found,) = again.webhooks.values()
    assert (found.endpoint, found.topics) == (endpoint, topics)
    assert found.waiting == {"msg_2": "2", "msg_3": "3"}
    assert (found.counts.delivered, found.counts.failed) == (1, 1)
    assert found.counts.error == "answered with status 500"
    assert (found.said.add(12, "msg_2"), found.said.add(13, "msg_3"), found.said.add(13, "other")) == (
        False,
        False,
        True,
    )
    state.apply(entry(kinds.WEBHOOK_END, id="wh_1"))
    assert state.webhooks == {}


def test_what_is_over_is_left_out():
    """Stream keys and faults whose time is past, nonces of keys that have asked for nothing longest."""
    state = ServiceState()
    key = {"dialect": "test", "mark": "m", "own": False, "credentials": ""}
    for number in range(5):
        state.apply(entry(kinds.STREAM_KEY, wall=number, key=f"k{number}", until=number + 2, **key))
        settings = {"name": f"f{number}", "kind": "mute"}
        state.apply(entry(kinds.FAULT, wall=number, settings=settings, until=number + 2, lasts=True, seq=0))
    assert list(state.stream_keys) == ["k3", "k4"]
    assert list(state.faults) == ["f3", "f4"]
    state.apply(entry(kinds.PACE, wall=9, state="paused"))
    assert (state.pace, state.pace_wall) == ({"state": "paused"}, 9 * SECOND)
    state.apply(entry("another kind", wall=10, some="data"))
    assert (
        copied(state) == state or copied(state).checkpoint_state().keys() == state.checkpoint_state().keys()
    )


def test_services_of_another_version_are_refused():
    """They are not misread: the checkpoint is no good for this release."""
    state = ServiceState()
    kept = {**state.checkpoint_state(), "version": 0}
    with pytest.raises(FeedError, match="as version 0 has them, not 1"):
        state.restore_checkpoint_state(kept)


def test_the_key_of_tokens_is_made_once():
    """It is read ever after; another length is no such key, and a disk that fails is told of."""
    disk = MemoryDisk()
    made = token_key(disk, bytes)
    assert made == bytes(32)
    assert token_key(disk, lambda size: b"x" * size) == made
    with pytest.raises(ConfigError, match=r"token.key: has 3 bytes; it held 32; restore it, or remove it"):
        token_key(MemoryDisk({"token.key": b"abc"}), bytes)
    full = MemoryDisk()
    full.fails = {"replace": 28}
    with pytest.raises(ConfigError, match=r"token.key: cannot be read or written: No space left on device"):
        token_key(full, bytes)
