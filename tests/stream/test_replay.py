"""Connections that resume: exactly what they missed, at their own cost, and then the live stream."""

import itertools
import math

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule, run_state_machine_as_test
from subscribers import CLIENTS, TOPICS, Subscribers

from feed.faults.frame_faults import SeededFault
from feed.model.events import CLOCK, QUOTE, TRADE
from feed.model.faults import Drop, Mute, Reorder
from feed.model.stream_position import Ahead, TooOld
from feed.state.encoder import Encoder
from feed.stream.history import History
from feed.stream.topic_replay import MESSAGE_WORK, PIECE_EVENTS
from feed.stream.work import TOPIC

QUOTES = "quote:0@{}"


def told(*numbers):
    return [QUOTES.format(seq) for seq in numbers]


def busy_server(stream, events=300, **options):
    """A house with a past, in steps of some events each."""
    harness = stream.HubHarness(**options)
    for at in range(0, events, 30):
        harness.publish(*[stream.quote((at + n) % 3) for n in range(30)])
    return harness


def test_missed_messages_come_before_live_ones(stream):
    """No snapshot; then the connection is in the same group as those who never left."""
    harness = stream.HubHarness()
    stayed = harness.client(stream.topic())
    harness.publish(stream.quote(), stream.quote(), stream.quote(1), stream.quote())
    back = harness.client(stream.topic(), since=1)
    assert back.received == b""  # nothing is encoded while others wait for it
    harness.catch_up()
    harness.publish(stream.quote())
    assert back.texts == told(2, 4, 5)
    assert stayed.texts == told(1, 2, 4, 5)
    assert back.send_buffer.group is stayed.send_buffer.group
    assert not len(harness.hub.replays)


def test_events_published_during_a_replay_follow(stream):
    """Between two turns the market goes on; nothing is lost where the past meets the present."""
    harness = busy_server(stream, replay_work=1)
    stayed = harness.client(stream.topic(), since=0)
    back = harness.client(stream.topic(), since=100)
    for _ in range(9):
        harness.hub.replays.turn()
        harness.publish(stream.quote(), stream.quote(1))
    harness.catch_up()
    harness.publish(stream.quote())
    assert (
        back.texts == stayed.texts[-len(back.texts) :] == told(*range(103, 301, 3), *range(301, 319, 2), 319)
    )


def test_nothing_is_replayed_from_the_newest_event_on(stream):
    """Who is at the present joins at once."""
    harness = busy_server(stream)
    client = harness.client(stream.topic(), since=300)
    assert not len(harness.hub.replays)
    harness.publish(stream.quote())
    assert client.texts == told(301)


def test_what_cannot_be_told_changes_nothing(stream):
    """Too old, or ahead: the connection holds what it held."""
    harness = busy_server(stream, history=stream.short_history(30))
    harness.publish(stream.quote())
    client = harness.client(stream.topic("trade"))
    for since, problem in ((0, TooOld), (302, Ahead)):
        with pytest.raises(problem):
            harness.hub.subscribe(client.send_buffer, [stream.topic()], since=since)
    harness.publish(stream.quote(), stream.trade())
    assert client.texts == ["trade:0 from 301", "trade:0@303"]


def test_a_turn_does_a_bounded_amount_of_work(stream):
    """For one connection, and the next turn is another's."""
    work = 2 * PIECE_EVENTS
    harness = busy_server(stream, 3000, replay_work=work)
    clients = [harness.client(stream.topic(instrument=at), since=0) for at in range(2)]
    charged = [[], []]
    for client, costs in zip(clients, charged, strict=True):
        client.send_buffer.charge = lambda units, costs=costs: costs.append(units) or 0.0
    turns = 0
    while harness.hub.replays.waiting:
        before = [len(client.received) for client in clients]
        harness.hub.replays.turn()
        turns += 1
        assert sum(len(client.received) != size for client, size in zip(clients, before, strict=True)) <= 1
        assert abs(len(clients[0].texts) - len(clients[1].texts)) <= 2 * PIECE_EVENTS
    # A third of the events make a message; a piece may go past the bound.
    for costs in charged:
        assert max(costs) < work + PIECE_EVENTS * (1 + MESSAGE_WORK)
        assert sum(costs) == TOPIC + 3000 + 1000 * MESSAGE_WORK
    assert turns >= 2 * (3000 + 1000 * MESSAGE_WORK) // (work + PIECE_EVENTS * (1 + MESSAGE_WORK))
    assert clients[0].texts == told(*range(1, 3001, 3))


def test_whose_work_must_be_paid_for_first_rests(stream):
    """Until the time that it was told; others have their turns meanwhile."""
    harness = busy_server(stream, 300, replay_work=1)
    poor = harness.client(stream.topic(), since=0)
    rich = harness.client(stream.topic(), since=0)
    poor.send_buffer.charge = lambda _: 7.0
    harness.catch_up()
    assert rich.texts == told(*range(1, 301, 3))
    assert poor.received == b""
    replays = harness.hub.replays
    for now in (6.9, 7.0):
        before = len(poor.texts)
        assert replays.rests_until == 7.0
        replays.rested(now)
        harness.catch_up()
        assert (len(poor.texts) > before) == (now == 7.0)
    poor.send_buffer.charge = lambda _: 0.0
    replays.rested(7.0)
    harness.catch_up()
    assert poor.texts == rich.texts
    assert replays.rests_until == math.inf
    harness.hub.drop(poor.send_buffer)


def test_what_is_not_taken_is_not_encoded(stream):
    """A socket that is full holds no more than one turn's frames in memory, however much is owed."""
    harness = busy_server(stream, 3000, replay_work=1)
    slow = harness.client(stream.topic(), since=0, room=1000, backlog_bytes=3000)
    harness.catch_up()
    assert 0 < slow.send_buffer.owed < 2000
    assert len(harness.said) < 200
    while not harness.hub.replays.waiting and len(harness.hub.replays):
        slow.take(500)
        harness.catch_up()
        assert slow.send_buffer.owed < 2000
    slow.take(math.inf)
    harness.catch_up()
    assert slow.texts == told(*range(1, 3001, 3))
    assert slow.cuts == 0


def test_messages_for_one_client_keep_their_place(stream):
    """They stand behind what was published before they came up, told or not, and before what comes."""
    harness = busy_server(stream, 30)
    client = harness.client(stream.topic(), since=24)
    harness.hub.send(client.send_buffer, "first")
    harness.hub.send(client.send_buffer, "second")
    harness.publish(stream.quote())
    harness.hub.send(client.send_buffer, "third")
    harness.publish(stream.quote())
    harness.catch_up()
    harness.hub.send(client.send_buffer, "fourth")
    assert client.texts == [*told(25, 28), "first", "second", *told(31), "third", *told(32), "fourth"]


def test_messages_that_wait_are_bounded(stream):
    """Who sends requests without reading the answers is cut as anywhere else."""
    harness = busy_server(stream, 30)
    client = harness.client(stream.topic(), since=0, room=0, backlog_bytes=6000)
    for _ in range(4):
        harness.hub.send(client.send_buffer, "x" * 900)
    assert client.cuts == 0
    harness.hub.send(client.send_buffer, "x" * 900)
    assert (client.cuts, client.send_buffer.lost_at) == (1, 30)


def test_subscriptions_that_wait_are_bounded(stream):
    """So is who only ever changes its mind."""
    harness = busy_server(stream, 30)
    client = harness.client(stream.topic(), since=0, room=0, backlog_bytes=5000)
    for _ in range(30):
        harness.hub.subscribe(client.send_buffer, [stream.topic("trade")])
        harness.publish(stream.trade())
        harness.hub.unsubscribe(client.send_buffer, [stream.topic("trade")])
    assert client.cuts == 1


def test_a_later_subscription_has_its_snapshot(stream):
    """At its place, while the past is still being told; each topic of its own goes on from there."""
    harness = busy_server(stream, 30, replay_work=1)
    client = harness.client(stream.topic(), since=24)
    harness.hub.subscribe(client.send_buffer, [stream.topic("both")])
    harness.publish(stream.quote())
    harness.catch_up()
    harness.publish(stream.quote())
    expected = [*told(25, 28), "both:0 from 28", "both:0@31", *told(31), "both:0@32", *told(32)]
    assert client.texts == expected


def test_several_positions_of_one_connection(stream):
    """Each subscription begins where it says; no topic runs back, and from here on they are together."""
    harness = busy_server(stream, 30, replay_work=1)
    client = harness.client(stream.topic(), since=24)
    harness.publish(stream.quote(1), stream.quote())
    harness.hub.subscribe(client.send_buffer, [stream.topic(instrument=1)], since=25)
    harness.publish(stream.quote(1), stream.quote())
    harness.catch_up()
    harness.publish(stream.quote(1), stream.quote())
    assert client.texts == [
        *told(25, 28, 32),
        *(f"quote:1@{seq}" for seq in (26, 29, 31)),
        *("quote:1@33", "quote:0@34", "quote:1@35", "quote:0@36"),
    ]


def test_who_listens_already_may_ask_for_the_past_of_more(stream):
    """What it holds waits for the end of that, and misses nothing."""
    harness = stream.HubHarness()
    client = harness.client(stream.topic())
    harness.publish(*[stream.quote(at % 2) for at in range(6)])
    harness.hub.subscribe(client.send_buffer, [stream.topic(instrument=1)], since=2)
    assert client.send_buffer.group is None
    harness.publish(stream.quote(), stream.quote(1))
    harness.catch_up()
    assert client.texts == [*told(1, 3, 5), "quote:1@4", "quote:1@6", "quote:0@7", "quote:1@8"]


def test_nothing_comes_after_an_unsubscription(stream):
    """Nor is anything lost that was published before it."""
    harness = busy_server(stream, 30)
    client = harness.client(stream.topic(), since=24)
    harness.hub.unsubscribe(client.send_buffer, [stream.topic()])
    harness.hub.send(client.send_buffer, "unsubscribed")
    harness.publish(stream.quote())
    harness.catch_up()
    assert client.texts == [*told(25, 28), "unsubscribed"]
    assert (client.send_buffer.group, client.send_buffer.replay) == (None, None)
    assert harness.empty


def test_a_connection_that_closes_is_forgotten(stream):
    """Whether it is dropped, breaks, or says goodbye; what it shares stays for nobody."""
    harness = busy_server(stream)
    clients = [harness.client(stream.topic(), since=0) for _ in range(4)]
    harness.hub.drop(clients[0].send_buffer)
    clients[1].broken = True
    clients[2].send_buffer.control(stream.close(1001))
    harness.hub.abandon(clients[3].send_buffer)
    harness.hub.send(clients[3].send_buffer, "bye")
    harness.catch_up()
    assert [client.received for client in clients[:2]] == [b"", b""]
    assert clients[2].received == stream.close(1001)
    assert clients[3].texts == ["bye"]
    assert not len(harness.hub.replays)
    assert not harness.hub.replays._topic_replays
    assert not harness.hub.replays._pieces
    assert harness.empty


def test_the_end_of_turns_lets_last_words_out(stream):
    """A server that stops tells nobody the past any more, but every client what was for it alone."""
    harness = busy_server(stream)
    client = harness.client(stream.topic(), since=0)
    harness.hub.send(client.send_buffer, "bye")
    harness.hub.replays.close()
    assert client.texts == ["bye"]
    assert client.send_buffer.replay is None


def test_who_falls_out_of_history_is_cut(stream):
    """1013, as whoever is too slow; at once, and not when it reads again."""
    harness = busy_server(stream, 900, history=stream.short_history(300), replay_work=1)
    harness.publish(*[stream.quote()] * 200)
    slow = harness.client(stream.topic(), since=905, room=0)
    fine = harness.client(stream.topic())
    harness.catch_up()
    while harness.hub.history.oldest == 901:
        assert not slow.cuts
        harness.publish(*[stream.quote()] * 10)
    assert slow.cuts == 1
    assert slow.send_buffer.lost_at == harness.hub.seq
    assert slow.send_buffer.owed == 0
    assert not len(harness.hub.replays)
    assert fine.cuts == 0


@pytest.mark.parametrize("same", [True, False])
def test_the_same_is_encoded_once(stream, same):
    """For those who ask for it at the same time, wherever each begins; and for others apart."""
    harness = busy_server(stream, 3000, replay_work=1)
    topics = [[stream.topic()], [stream.topic()] if same else [stream.topic(), stream.topic("trade")]]
    sinces = [10, 50]
    clients = [harness.client(*listen, since=since) for listen, since in zip(topics, sinces, strict=True)]
    harness.catch_up()
    for client, since in zip(clients, sinces, strict=True):
        assert client.texts == told(*[seq for seq in range(1, 3001, 3) if seq > since])
    assert len(harness.said) < (1000 + PIECE_EVENTS if same else 2001)


def test_where_clients_left_is_looked_for_once(stream):
    """Many who left one after the other cost hardly more than one; an earlier place costs its own."""
    sinces = [2000 + 7 * at for at in range(20)]
    history = History(instruments=3, seconds=1e6, size=1 << 30, mark_events=10_000)
    harness = busy_server(stream, 3000, replay_work=1, history=history)
    work = []

    def back(since):
        client = harness.client(stream.topic(), since=since)
        client.send_buffer.charge = lambda units: work.append(units) or 0.0
        return client

    clients = [back(since) for since in reversed(sinces)]
    for _ in range(4):
        harness.hub.replays.turn()
    assert sum(work) > 1000
    sinces = [*reversed(sinces), 900]
    clients.append(back(900))
    harness.catch_up()
    for client, since in zip(clients, sinces, strict=True):
        assert client.texts == told(*[seq for seq in range(1, 3001, 3) if seq > since])
    messages = 1000 - 300 + len(clients) * PIECE_EVENTS  # and each the rest of a piece by itself
    events = 2100 + 900 + 2100  # to the last of them, to the early one, and from there on
    each = TOPIC + 2100 / PIECE_EVENTS
    assert sum(work) < events + len(clients) * each + messages * MESSAGE_WORK


def test_many_catch_up_with_a_market_that_goes_on(stream):
    """Each has as much done for it as happens until its next turn, and more."""
    harness = busy_server(stream, 3000, replay_work=PIECE_EVENTS)
    trades = [stream.topic("trade", at) for at in range(3)]
    asked = [topics for count in (1, 2, 3) for topics in itertools.combinations(trades, count)]
    for topics in asked:
        harness.client(*topics, since=0)
    turns = 0
    while len(harness.hub.replays):
        harness.hub.replays.turn()
        harness.publish(*[stream.quote(at % 3) for at in range(PIECE_EVENTS // 2)])
        turns += 1
        assert turns < 1000


def test_what_is_shared_is_bounded(stream):
    """Who is far behind the others encodes for itself, and hears the same."""
    harness = busy_server(stream, 3000, replay_work=1, replay_shared_bytes=2000)
    slow = harness.client(stream.topic(), since=0, room=0)
    fast = harness.client(stream.topic(), since=0)
    harness.catch_up()
    replays = harness.hub.replays
    assert replays._shared == sum(len(data) + 256 for data, _ in replays._pieces.values()) <= 2000
    slow.take(math.inf)
    harness.catch_up()
    assert slow.texts == fast.texts == told(*range(1, 3001, 3))


def test_an_encoder_that_fails_ends_for_those_who_hear_it_alone(stream):
    """As in the live stream: they are cut, it is told what and why, and nobody else notices."""
    failed = []

    class Fails(Encoder):
        kinds = (QUOTE, TRADE)

        def __init__(self, channel):
            self.channel = channel

        def encode(self, item):
            if self.channel == "trade" and item.seq == 19:
                raise ZeroDivisionError
            return f"{self.channel}@{item.seq}"

    harness = busy_server(
        stream,
        30,
        make_encoder=lambda topic, *_: Fails(topic.channel),
        failed=lambda topic, problem: failed.append((topic.channel, type(problem))),
    )
    bad, good = (harness.client(stream.topic(channel), since=9) for channel in ("trade", "quote"))
    harness.catch_up()
    assert (bad.cuts, bad.send_buffer.failed, good.cuts) == (1, True, 0)
    assert good.texts == [f"quote@{seq}" for seq in range(10, 31, 3)]
    assert failed == [("trade", ZeroDivisionError)]
    assert not len(harness.hub.replays)


def test_an_encoder_that_cannot_be_made_is_contained(stream):
    """It ends its connection alone."""
    failed = []

    def make(_, market_state, __):
        if market_state.seq == 9:
            raise ZeroDivisionError
        return harness._make_encoder(stream.topic())

    harness = busy_server(
        stream, 30, make_encoder=make, failed=lambda topic, problem: failed.append((topic, type(problem)))
    )
    client = harness.client(stream.topic(), since=9)
    harness.catch_up()
    assert client.cuts == 1
    assert failed == [(stream.topic(), ZeroDivisionError)]


def test_who_catches_up_is_waited_for(stream):
    """It listens, and it lags, unless its link takes nothing by a fault."""
    harness = busy_server(stream, 30)
    changes = []
    harness.hub.watch(lambda: changes.append((harness.hub.listening, harness.hub.lagging)))
    client = harness.client(stream.topic(), since=0, room=0)
    assert changes == [(1, True)]
    client.send_buffer.stalled = True
    assert not harness.hub.lagging
    client.send_buffer.stalled = False
    client.room = math.inf
    client.take(0)
    harness.catch_up()
    assert changes[-1] == (1, False)


def test_clients_that_have_left_are_not_waited_for(stream):
    """Whoever waits looks again when a connection ends while it catches up."""
    harness = busy_server(stream, 30)
    changes = []
    client = harness.client(stream.topic(), since=0, room=0)
    harness.hub.watch(lambda: changes.append((harness.hub.listening, harness.hub.lagging)))
    harness.hub.drop(client.send_buffer)
    assert changes == [(0, False)]


# -- bad links ----------------------------------------------------------------------------------------


def faulty(*faults):
    return tuple(SeededFault(fault, at, 1) for at, fault in enumerate(faults))


DROP = faulty(Drop(at=0, fraction=0.5))
MIXED = faulty(Reorder(at=0, fraction=0.5, distance=9))


@pytest.mark.parametrize("link_faults", [DROP, MIXED])
def test_a_bad_link_is_as_bad_while_catching_up(stream, link_faults):
    """From where it became bad on, and until it is good again: as for one who was there all along."""
    heard = []
    for work, slow in ((1, False), (1, True), (10_000, False)):
        harness = busy_server(stream, 60, replay_work=work)
        client = harness.client(stream.topic(), since=30, room=0 if slow else math.inf)
        if not slow:
            harness.catch_up()
        harness.publish(*[stream.quote()] * 10)
        harness.hub.distort(client.send_buffer, link_faults)
        harness.publish(*[stream.quote()] * 70)
        harness.hub.send(client.send_buffer, "hello")
        harness.publish(*[stream.quote()] * 70)
        if not slow:
            harness.catch_up()
        harness.hub.distort(client.send_buffer, ())
        harness.publish(*[stream.quote()] * 10)
        client.take(math.inf)
        harness.catch_up()
        harness.publish(*[stream.quote()] * 10)
        heard.append(client.texts)
    assert heard[0] == heard[1] == heard[2]
    assert set(heard[0]) < {*told(*range(31, 231)), "hello"} or link_faults is MIXED


def test_catching_up_on_a_bad_link_goes_on_in_the_live_stream(stream):
    """A frame that is withheld where past and present meet is neither lost nor doubled."""
    for others in (False, True):
        for length in range(60, 80):
            harness = busy_server(stream, 30, replay_work=1)
            client = harness.client(stream.topic(), since=30)
            harness.hub.distort(client.send_buffer, MIXED)
            if others:
                harness.hub.distort(harness.client(stream.topic()).send_buffer, MIXED)
            harness.publish(stream.quote())
            harness.hub.subscribe(client.send_buffer, [stream.topic("trade")], since=10)
            for _ in range(length):
                harness.publish(stream.quote())
            harness.catch_up()
            for _ in range(40):
                harness.publish(stream.quote())
            harness.hub.distort(client.send_buffer, ())
            assert sorted(client.texts, key=lambda text: int(text.partition("@")[2])) == told(
                *range(31, 72 + length)
            )


def test_a_muted_connection_gets_no_missed_messages(stream):
    """What was published before it was muted is owed still."""
    harness = busy_server(stream, 30)
    client = harness.client(stream.topic(), since=24)
    harness.hub.distort(client.send_buffer, faulty(Mute(at=0)))
    harness.hub.send(client.send_buffer, "lost")
    harness.hub.subscribe(client.send_buffer, [stream.topic("trade")], since=3)
    harness.publish(stream.quote(), stream.trade())
    harness.catch_up()
    assert client.texts == told(25, 28)


# -- beats --------------------------------------------------------------------------------------------


class Clock(Encoder):
    """Says its beats, with the position that it knows of then."""

    kinds = (QUOTE,)
    period = 10

    def __init__(self, market_state):
        self._market_state = market_state

    def encode(self, item):
        return f"{item.position.text} {self._market_state.position.text}"

    def on_timer(self, seq, now):
        assert seq == self._market_state.seq
        return f"{now} {self._market_state.position.text}"


@given(
    waits=st.lists(st.integers(0, 12), min_size=1, max_size=150),
    since=st.integers(0, 150),
    met=st.integers(0, 150),
)
@example(waits=[5] * PIECE_EVENTS, since=0, met=PIECE_EVENTS)
def test_timer_messages_are_replayed_with_their_positions(stream, waits, since, met):
    """Wherever the past meets the present, and wherever a piece of it ends."""
    harness = stream.HubHarness(make_encoder=lambda _, market_state, __: Clock(market_state), replay_work=1)
    stayed = harness.client(stream.topic())
    times = [sum(waits[: at + 1]) for at in range(len(waits))]
    met = min(met, len(times))
    since = min(since, met)
    rows = [(QUOTE if at % 3 else CLOCK, 0, ts, *[1] * 4 * bool(at % 3)) for at, ts in enumerate(times)]
    harness.publish(*rows[:since])
    before = len(stayed.texts)
    harness.publish(*rows[since:met])
    back = harness.client(stream.topic(), since=since)
    harness.catch_up()
    harness.publish(*rows[met:])
    assert back.texts == stayed.texts[before:]


# -- everything at once -------------------------------------------------------------------------------


class ResumingSubscribers(Subscribers):
    """
    Clients that also resume after an earlier event, and are replaced when history no longer has it.

    What each must receive follows only from subscriptions and publications, in their order, and not from
    turns of the replay, sockets, blocks, or other clients.
    """

    def published(self):
        for at, client in enumerate(self.clients):
            if client.cuts:  # the history that it needs is gone
                self.replace(at)

    def replace(self, at):
        client = self.clients[at]
        assert client.send_buffer.lost_at == len(self.rows)
        client.take(math.inf)
        whole = client.texts
        assert whole == self.expected[at][: len(whole)]
        self.clients[at] = self.harness.client(room=0)
        self.expected[at], self.held[at] = [], []

    @rule(who=CLIENTS, names=TOPICS, back=st.integers(0, 100))
    def resume(self, who, names, back):
        since = max(self.harness.hub.history.oldest - 1, len(self.rows) - back)
        new = [topic for name in names if (topic := self.stream.topic(*name)) not in self.held[who]]
        for seq in range(since + 1, len(self.rows) + 1):
            self.expected[who] += self.messages(seq, dict.fromkeys(new))
        self.held[who] += dict.fromkeys(new)
        self.harness.hub.subscribe(
            self.clients[who].send_buffer, [self.stream.topic(*name) for name in names], since=since
        )

    @rule(turns=st.integers(1, 20))
    def turn(self, turns):
        for _ in range(turns):
            self.harness.hub.replays.turn()

    @invariant()
    def who_has_caught_up_is_in_the_group_of_its_topics(self):
        for client, held in zip(self.clients, self.held, strict=True):
            send_buffer = client.send_buffer
            if send_buffer.replay is not None:
                assert send_buffer.group is None
                assert sorted(send_buffer.replay.topics) == sorted(held)
            elif held:
                assert list(send_buffer.group.topics) == sorted(held)
            else:
                assert send_buffer.group is None


def test_every_resuming_client_gets_exactly_its_subscriptions(stream):
    """Whatever is asked for, in whatever order, however slowly it is read and encoded."""
    run_state_machine_as_test(
        lambda: ResumingSubscribers(
            stream, stream.HubHarness(history=stream.short_history(50), replay_work=1)
        ),
        settings=settings(max_examples=100, stateful_step_count=50),
    )
