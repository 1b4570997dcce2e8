"""Connections that resume: exactly what they missed, at their own cost, and then the live stream."""

import math

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from feed.model.events import CLOCK, QUOTE, TRADE
from feed.model.faults import Drop, Mute, Reorder
from feed.model.position import Ahead, TooOld
from feed.model.topics import Encoder
from feed.stream.distortion import Distortion
from feed.stream.past import MESSAGE_WORK, PIECE_EVENTS
from feed.stream.work import TOPIC

QUOTES = "quote:0@{}"


def told(*numbers):
    return [QUOTES.format(seq) for seq in numbers]


def busy_house(stream, events=300, **options):
    """A house with a past, in steps of some events each."""
    house = stream.House(**options)
    for at in range(0, events, 30):
        house.publish(*[stream.quote((at + n) % 3) for n in range(30)])
    return house


def test_what_was_missed_comes_before_what_comes(stream):
    """No snapshot; then the connection is in the same group as those who never left."""
    house = stream.House()
    stayed = house.client(stream.topic())
    house.publish(stream.quote(), stream.quote(), stream.quote(1), stream.quote())
    back = house.client(stream.topic(), since=1)
    assert back.received == b""  # nothing is encoded while others wait for it
    house.catch_up()
    house.publish(stream.quote())
    assert back.texts == told(2, 4, 5)
    assert stayed.texts == told(1, 2, 4, 5)
    assert back.outlet.group is stayed.outlet.group
    assert not len(house.hub.replays)


def test_what_is_published_meanwhile_is_told_too(stream):
    """Between two turns the market goes on; nothing is lost where the past meets the present."""
    house = busy_house(stream, replay_work=1)
    stayed = house.client(stream.topic(), since=0)
    back = house.client(stream.topic(), since=100)
    for _ in range(9):
        house.hub.replays.turn()
        house.publish(stream.quote(), stream.quote(1))
    house.catch_up()
    house.publish(stream.quote())
    assert (
        back.texts == stayed.texts[-len(back.texts) :] == told(*range(103, 301, 3), *range(301, 319, 2), 319)
    )


def test_nothing_is_replayed_from_the_newest_event_on(stream):
    """Who is at the present joins at once."""
    house = busy_house(stream)
    client = house.client(stream.topic(), since=300)
    assert not len(house.hub.replays)
    house.publish(stream.quote())
    assert client.texts == told(301)


def test_what_cannot_be_told_changes_nothing(stream):
    """Too old, or ahead: the connection holds what it held."""
    house = busy_house(stream, history=stream.short_history(30))
    house.publish(stream.quote())
    client = house.client(stream.topic("trade"))
    for since, problem in ((0, TooOld), (302, Ahead)):
        with pytest.raises(problem):
            house.hub.subscribe(client.outlet, [stream.topic()], since=since)
    house.publish(stream.quote(), stream.trade())
    assert client.texts == ["trade:0 from 301", "trade:0@303"]


def test_a_turn_does_a_bounded_amount_of_work(stream):
    """For one connection, and the next turn is another's."""
    work = 2 * PIECE_EVENTS
    house = busy_house(stream, 3000, replay_work=work)
    clients = [house.client(stream.topic(instrument=at), since=0) for at in range(2)]
    charged = [[], []]
    for client, costs in zip(clients, charged, strict=True):
        client.outlet.charge = lambda units, costs=costs: costs.append(units) or 0.0
    turns = 0
    while house.hub.replays.waiting:
        before = [len(client.received) for client in clients]
        house.hub.replays.turn()
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
    house = busy_house(stream, 300, replay_work=1)
    poor = house.client(stream.topic(), since=0)
    rich = house.client(stream.topic(), since=0)
    poor.outlet.charge = lambda _: 7.0
    house.catch_up()
    assert rich.texts == told(*range(1, 301, 3))
    assert poor.received == b""
    replays = house.hub.replays
    for now in (6.9, 7.0):
        before = len(poor.texts)
        assert replays.rests_until == 7.0
        replays.rested(now)
        house.catch_up()
        assert (len(poor.texts) > before) == (now == 7.0)
    poor.outlet.charge = lambda _: 0.0
    replays.rested(7.0)
    house.catch_up()
    assert poor.texts == rich.texts
    assert replays.rests_until == math.inf
    house.hub.drop(poor.outlet)


def test_what_is_not_taken_is_not_encoded(stream):
    """A socket that is full holds no more than one turn's frames in memory, however much is owed."""
    house = busy_house(stream, 3000, replay_work=1)
    slow = house.client(stream.topic(), since=0, room=1000, backlog_bytes=3000)
    house.catch_up()
    assert 0 < slow.outlet.owed < 2000
    assert len(house.said) < 200
    while not house.hub.replays.waiting and len(house.hub.replays):
        slow.take(500)
        house.catch_up()
        assert slow.outlet.owed < 2000
    slow.take(math.inf)
    house.catch_up()
    assert slow.texts == told(*range(1, 3001, 3))
    assert slow.cuts == 0


def test_messages_for_one_client_keep_their_place(stream):
    """They stand behind what was published before they came up, told or not, and before what comes."""
    house = busy_house(stream, 30)
    client = house.client(stream.topic(), since=24)
    house.hub.send(client.outlet, "first")
    house.hub.send(client.outlet, "second")
    house.publish(stream.quote())
    house.hub.send(client.outlet, "third")
    house.publish(stream.quote())
    house.catch_up()
    house.hub.send(client.outlet, "fourth")
    assert client.texts == [*told(25, 28), "first", "second", *told(31), "third", *told(32), "fourth"]


def test_messages_that_wait_are_bounded(stream):
    """Who sends requests without reading the answers is cut as anywhere else."""
    house = busy_house(stream, 30)
    client = house.client(stream.topic(), since=0, room=0, backlog_bytes=6000)
    for _ in range(4):
        house.hub.send(client.outlet, "x" * 900)
    assert client.cuts == 0
    house.hub.send(client.outlet, "x" * 900)
    assert (client.cuts, client.outlet.lost_at) == (1, 30)


def test_subscriptions_that_wait_are_bounded(stream):
    """So is who only ever changes its mind."""
    house = busy_house(stream, 30)
    client = house.client(stream.topic(), since=0, room=0, backlog_bytes=5000)
    for _ in range(30):
        house.hub.subscribe(client.outlet, [stream.topic("trade")])
        house.publish(stream.trade())
        house.hub.unsubscribe(client.outlet, [stream.topic("trade")])
    assert client.cuts == 1


def test_a_later_subscription_has_its_snapshot(stream):
    """At its place, while the past is still being told; each topic of its own goes on from there."""
    house = busy_house(stream, 30, replay_work=1)
    client = house.client(stream.topic(), since=24)
    house.hub.subscribe(client.outlet, [stream.topic("both")])
    house.publish(stream.quote())
    house.catch_up()
    house.publish(stream.quote())
    expected = [*told(25, 28), "both:0 from 28", "both:0@31", *told(31), "both:0@32", *told(32)]
    assert client.texts == expected


def test_several_positions_of_one_connection(stream):
    """Each subscription begins where it says; no topic runs back, and from here on they are together."""
    house = busy_house(stream, 30, replay_work=1)
    client = house.client(stream.topic(), since=24)
    house.publish(stream.quote(1), stream.quote())
    house.hub.subscribe(client.outlet, [stream.topic(instrument=1)], since=25)
    house.publish(stream.quote(1), stream.quote())
    house.catch_up()
    house.publish(stream.quote(1), stream.quote())
    assert client.texts == [
        *told(25, 28, 32),
        *(f"quote:1@{seq}" for seq in (26, 29, 31)),
        *("quote:1@33", "quote:0@34", "quote:1@35", "quote:0@36"),
    ]


def test_who_listens_already_may_ask_for_the_past_of_more(stream):
    """What it holds waits for the end of that, and misses nothing."""
    house = stream.House()
    client = house.client(stream.topic())
    house.publish(*[stream.quote(at % 2) for at in range(6)])
    house.hub.subscribe(client.outlet, [stream.topic(instrument=1)], since=2)
    assert client.outlet.group is None
    house.publish(stream.quote(), stream.quote(1))
    house.catch_up()
    assert client.texts == [*told(1, 3, 5), "quote:1@4", "quote:1@6", "quote:0@7", "quote:1@8"]


def test_nothing_comes_after_an_unsubscription(stream):
    """Nor is anything lost that was published before it."""
    house = busy_house(stream, 30)
    client = house.client(stream.topic(), since=24)
    house.hub.unsubscribe(client.outlet, [stream.topic()])
    house.hub.send(client.outlet, "unsubscribed")
    house.publish(stream.quote())
    house.catch_up()
    assert client.texts == [*told(25, 28), "unsubscribed"]
    assert (client.outlet.group, client.outlet.replay) == (None, None)
    assert house.empty


def test_a_connection_that_closes_is_forgotten(stream):
    """Whether it is dropped, breaks, or says goodbye; what it shares stays for nobody."""
    house = busy_house(stream)
    clients = [house.client(stream.topic(), since=0) for _ in range(4)]
    house.hub.drop(clients[0].outlet)
    clients[1].broken = True
    clients[2].outlet.control(stream.close(1001))
    house.hub.abandon(clients[3].outlet)
    house.hub.send(clients[3].outlet, "bye")
    house.catch_up()
    assert [client.received for client in clients[:2]] == [b"", b""]
    assert clients[2].received == stream.close(1001)
    assert clients[3].texts == ["bye"]
    assert not len(house.hub.replays)
    assert not house.hub.replays._pasts
    assert not house.hub.replays._pieces
    assert house.empty


def test_the_end_of_turns_lets_last_words_out(stream):
    """A server that stops tells nobody the past any more, but every client what was for it alone."""
    house = busy_house(stream)
    client = house.client(stream.topic(), since=0)
    house.hub.send(client.outlet, "bye")
    house.hub.replays.close()
    assert client.texts == ["bye"]
    assert client.outlet.replay is None


def test_who_falls_out_of_history_is_cut(stream):
    """1013, as whoever is too slow; at once, and not when it reads again."""
    house = busy_house(stream, 900, history=stream.short_history(300), replay_work=1)
    house.publish(*[stream.quote()] * 200)
    slow = house.client(stream.topic(), since=905, room=0)
    fine = house.client(stream.topic())
    house.catch_up()
    while house.hub.history.oldest == 901:
        assert not slow.cuts
        house.publish(*[stream.quote()] * 10)
    assert slow.cuts == 1
    assert slow.outlet.lost_at == house.hub.seq
    assert slow.outlet.owed == 0
    assert not len(house.hub.replays)
    assert fine.cuts == 0


@pytest.mark.parametrize("same", [True, False])
def test_the_same_is_encoded_once(stream, same):
    """For those who ask for it at the same time, wherever each begins; and for others apart."""
    house = busy_house(stream, 3000, replay_work=1)
    topics = [[stream.topic()], [stream.topic()] if same else [stream.topic(), stream.topic("trade")]]
    sinces = [10, 50]
    clients = [house.client(*listen, since=since) for listen, since in zip(topics, sinces, strict=True)]
    house.catch_up()
    for client, since in zip(clients, sinces, strict=True):
        assert client.texts == told(*[seq for seq in range(1, 3001, 3) if seq > since])
    assert len(house.said) < (1000 + PIECE_EVENTS if same else 2001)


def test_what_is_shared_is_bounded(stream, monkeypatch):
    """Who is far behind the others encodes for itself, and hears the same."""
    monkeypatch.setattr("feed.stream.replays._SHARED_BYTES", 2000)
    house = busy_house(stream, 3000, replay_work=1)
    slow = house.client(stream.topic(), since=0, room=0)
    fast = house.client(stream.topic(), since=0)
    house.catch_up()
    replays = house.hub.replays
    assert replays._shared == sum(len(data) + 256 for data, _ in replays._pieces.values()) <= 2000
    slow.take(math.inf)
    house.catch_up()
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

    house = busy_house(stream, 30, make_encoder=lambda topic, _: Fails(topic.channel))
    house.fanout.contain(lambda topic, problem: failed.append((topic.channel, type(problem))))
    bad, good = (house.client(stream.topic(channel), since=9) for channel in ("trade", "quote"))
    house.catch_up()
    assert (bad.cuts, bad.outlet.failed, good.cuts) == (1, True, 0)
    assert good.texts == [f"quote@{seq}" for seq in range(10, 31, 3)]
    assert failed == [("trade", ZeroDivisionError)]
    assert not len(house.hub.replays)


def test_an_encoder_that_cannot_be_made_is_contained(stream):
    """It ends its connection alone."""
    failed = []

    def make(topic, latest):
        del topic
        if latest.seq == 9:
            raise ZeroDivisionError
        return house._make_encoder(stream.topic(), latest)

    house = busy_house(stream, 30, make_encoder=make)
    house.fanout.contain(lambda topic, problem: failed.append((topic, type(problem))))
    client = house.client(stream.topic(), since=9)
    house.catch_up()
    assert client.cuts == 1
    assert failed == [(stream.topic(), ZeroDivisionError)]


def test_who_catches_up_is_waited_for(stream):
    """It listens, and it lags, unless its link takes nothing by a fault."""
    house = busy_house(stream, 30)
    changes = []
    house.hub.changed = lambda: changes.append((house.hub.listening, house.hub.lagging))
    client = house.client(stream.topic(), since=0, room=0)
    assert changes == [(1, True)]
    client.outlet.stalled = True
    assert not house.hub.lagging
    client.outlet.stalled = False
    client.room = math.inf
    client.take(0)
    house.catch_up()
    assert changes[-1] == (1, False)


def test_nobody_is_waited_for_who_has_left(stream):
    """Whoever waits looks again when a connection ends while it catches up."""
    house = busy_house(stream, 30)
    changes = []
    client = house.client(stream.topic(), since=0, room=0)
    house.hub.changed = lambda: changes.append((house.hub.listening, house.hub.lagging))
    house.hub.drop(client.outlet)
    assert changes == [(0, False)]


# -- bad links ----------------------------------------------------------------------------------------


def distorted(*faults):
    return tuple(Distortion(fault, at, 1) for at, fault in enumerate(faults))


DROP = distorted(Drop(at=0, fraction=0.5))
MIXED = distorted(Reorder(at=0, fraction=0.5, distance=9))


@pytest.mark.parametrize("distortions", [DROP, MIXED])
def test_a_bad_link_is_as_bad_while_catching_up(stream, distortions):
    """From where it became bad on, and until it is good again: as for one who was there all along."""
    heard = []
    for work, slow in ((1, False), (1, True), (10_000, False)):
        house = busy_house(stream, 60, replay_work=work)
        client = house.client(stream.topic(), since=30, room=0 if slow else math.inf)
        if not slow:
            house.catch_up()
        house.publish(*[stream.quote()] * 10)
        house.hub.distort(client.outlet, distortions)
        house.publish(*[stream.quote()] * 70)
        house.hub.send(client.outlet, "hello")
        house.publish(*[stream.quote()] * 70)
        if not slow:
            house.catch_up()
        house.hub.distort(client.outlet, ())
        house.publish(*[stream.quote()] * 10)
        client.take(math.inf)
        house.catch_up()
        house.publish(*[stream.quote()] * 10)
        heard.append(client.texts)
    assert heard[0] == heard[1] == heard[2]
    assert set(heard[0]) < {*told(*range(31, 231)), "hello"} or distortions is MIXED


def test_catching_up_on_a_bad_link_goes_on_in_the_live_stream(stream):
    """A frame that is withheld where past and present meet is neither lost nor doubled."""
    for others in (False, True):
        for length in range(60, 80):
            house = busy_house(stream, 30, replay_work=1)
            client = house.client(stream.topic(), since=30)
            house.hub.distort(client.outlet, MIXED)
            if others:
                house.hub.distort(house.client(stream.topic()).outlet, MIXED)
            house.publish(stream.quote())
            house.hub.subscribe(client.outlet, [stream.topic("trade")], since=10)
            for _ in range(length):
                house.publish(stream.quote())
            house.catch_up()
            for _ in range(40):
                house.publish(stream.quote())
            house.hub.distort(client.outlet, ())
            assert sorted(client.texts, key=lambda text: int(text.partition("@")[2])) == told(
                *range(31, 72 + length)
            )


def test_a_muted_link_hears_nothing_of_the_past(stream):
    """What was published before it was muted is owed still."""
    house = busy_house(stream, 30)
    client = house.client(stream.topic(), since=24)
    house.hub.distort(client.outlet, distorted(Mute(at=0)))
    house.hub.send(client.outlet, "lost")
    house.hub.subscribe(client.outlet, [stream.topic("trade")], since=3)
    house.publish(stream.quote(), stream.trade())
    house.catch_up()
    assert client.texts == told(25, 28)


# -- beats --------------------------------------------------------------------------------------------


class Clock(Encoder):
    """Says its beats, with the position that it knows of then."""

    kinds = (QUOTE,)
    period = 10

    def __init__(self, latest):
        self._latest = latest

    def encode(self, item):
        return f"{item.position.text} {self._latest.position.text}"

    def beat(self, seq, now):
        assert seq == self._latest.seq
        return f"{now} {self._latest.position.text}"


@given(
    waits=st.lists(st.integers(0, 12), min_size=1, max_size=150),
    since=st.integers(0, 150),
    met=st.integers(0, 150),
)
@example(waits=[5] * PIECE_EVENTS, since=0, met=PIECE_EVENTS)
def test_beats_are_told_again_with_their_positions(stream, waits, since, met):
    """Wherever the past meets the present, and wherever a piece of it ends."""
    house = stream.House(make_encoder=lambda _, latest: Clock(latest), replay_work=1)
    stayed = house.client(stream.topic())
    times = [sum(waits[: at + 1]) for at in range(len(waits))]
    met = min(met, len(times))
    since = min(since, met)
    rows = [(QUOTE if at % 3 else CLOCK, 0, ts, *[1] * 4 * bool(at % 3)) for at, ts in enumerate(times)]
    house.publish(*rows[:since])
    before = len(stayed.texts)
    house.publish(*rows[since:met])
    back = house.client(stream.topic(), since=since)
    house.catch_up()
    house.publish(*rows[met:])
    assert back.texts == stayed.texts[before:]


# -- everything at once -------------------------------------------------------------------------------

NAMES = st.integers(0, 3)
TOPICS = st.lists(st.tuples(st.sampled_from(["quote", "trade", "both"]), st.integers(0, 2)), max_size=3)
ROWS = st.lists(st.tuples(st.sampled_from(["quote", "trade"]), st.integers(0, 2)), min_size=1, max_size=40)


class Resumptions(RuleBasedStateMachine):
    """
    Four clients who come, go back to the past, change their minds, and read as slowly as they like.

    What each must hear follows from what was asked for and published, in that order, and from nothing
    else: not from turns, sockets, blocks, or what others ask for.
    """

    def __init__(self, stream):
        super().__init__()
        self.stream = stream
        self.house = stream.House(history=stream.short_history(50), replay_work=1)
        self.clients = [self.house.client(room=0) for _ in range(4)]
        self.expected = [[] for _ in self.clients]
        self.held = [[] for _ in self.clients]
        self.rows = []

    def said(self, seq, topics):
        """What ``topics`` say of the event ``seq``."""
        kind, instrument = self.rows[seq - 1]
        hearing = sorted(t.channel for t in topics if t.instrument == instrument)
        return [f"{name}:{instrument}@{seq}" for name in hearing if name in ("both", kind)]

    @rule(rows=ROWS)
    def publish(self, rows):
        self.rows += rows
        for seq in range(len(self.rows) - len(rows) + 1, len(self.rows) + 1):
            for texts, held in zip(self.expected, self.held, strict=True):
                texts.extend(self.said(seq, held))
        self.house.publish(*(getattr(self.stream, kind)(instrument) for kind, instrument in rows))
        for at, client in enumerate(self.clients):
            if client.cuts:  # it fell out of history
                self.replace(at)

    def replace(self, at):
        client = self.clients[at]
        assert client.outlet.lost_at == len(self.rows)
        client.take(math.inf)
        whole = client.texts
        assert whole == self.expected[at][: len(whole)]
        self.clients[at] = self.house.client(room=0)
        self.expected[at], self.held[at] = [], []

    @rule(who=NAMES, names=TOPICS)
    def subscribe(self, who, names):
        topics = [self.stream.topic(*name) for name in names]
        for topic in topics:
            if topic not in self.held[who]:
                self.held[who].append(topic)
                quotes = [at for at, row in enumerate(self.rows, 1) if row == ("quote", topic.instrument)]
                if quotes:
                    self.expected[who].append(f"{topic.channel}:{topic.instrument} from {quotes[-1]}")
        self.house.hub.subscribe(self.clients[who].outlet, topics)

    @rule(who=NAMES, names=TOPICS, back=st.integers(0, 100))
    def resume(self, who, names, back):
        since = max(self.house.hub.history.oldest - 1, len(self.rows) - back)
        new = [topic for name in names if (topic := self.stream.topic(*name)) not in self.held[who]]
        for seq in range(since + 1, len(self.rows) + 1):
            self.expected[who] += self.said(seq, dict.fromkeys(new))
        self.held[who] += dict.fromkeys(new)
        self.house.hub.subscribe(
            self.clients[who].outlet, [self.stream.topic(*name) for name in names], since=since
        )

    @rule(who=NAMES, names=TOPICS)
    def unsubscribe(self, who, names):
        topics = [self.stream.topic(*name) for name in names]
        self.held[who] = [topic for topic in self.held[who] if topic not in topics]
        self.house.hub.unsubscribe(self.clients[who].outlet, topics)

    @rule(who=NAMES)
    def mute(self, who):
        self.held[who] = []
        self.house.hub.mute(self.clients[who].outlet)

    @rule(who=NAMES)
    def send(self, who):
        self.expected[who].append("hello")
        self.house.hub.send(self.clients[who].outlet, "hello")

    @rule(who=NAMES, room=st.one_of(st.integers(0, 300), st.just(math.inf)))
    def take(self, who, room):
        self.clients[who].take(room)

    @rule(turns=st.integers(1, 20))
    def turn(self, turns):
        for _ in range(turns):
            self.house.hub.replays.turn()

    @invariant()
    def who_has_caught_up_is_in_the_group_of_its_topics(self):
        for client, held in zip(self.clients, self.held, strict=True):
            outlet = client.outlet
            if outlet.replay is not None:
                assert outlet.group is None
                assert sorted(outlet.replay.topics) == sorted(held)
            elif held:
                assert list(outlet.group.topics) == sorted(held)
            else:
                assert outlet.group is None

    def teardown(self):
        for client in self.clients:
            client.take(math.inf)
        self.house.catch_up()
        for client, texts in zip(self.clients, self.expected, strict=True):
            assert client.texts == texts
            assert client.outlet.replay is None
            self.house.hub.drop(client.outlet)
        assert self.house.empty


def test_everybody_hears_exactly_what_was_asked_for(stream):
    """Whatever is asked for, in whatever order, however slowly it is read and encoded."""
    run_state_machine_as_test(
        lambda: Resumptions(stream), settings=settings(max_examples=100, stateful_step_count=50)
    )
