"""The one task that publishes: everything that waits, to everybody, and it waits for nobody."""

import math
from functools import partial

import pytest
import trio
from hypothesis import given, settings
from hypothesis import strategies as st

from feed.model.events import QUOTE
from feed.state.encoder import Encoder
from feed.stream.source import Batch


def batches(stream, *sizes):
    return [Batch([stream.quote()] * size, 0.0) for size in sizes]


async def publish_all(harness, waiting):
    """Run the fan-out over batches that wait already."""
    send, receive = trio.open_memory_channel(math.inf)
    for batch in waiting:
        send.send_nowait(batch)
    send.close()
    await harness.fanout.run(receive)


async def pause_of(harness, nursery, group, *rows):
    """Begin a step that pauses after every write, and return in a pause of its sweep over ``group``."""
    nursery.start_soon(harness.fanout.step, list(rows))
    with trio.fail_after(1):
        while not group.sweeping:
            await trio.lowlevel.checkpoint()


# -- steps ------------------------------------------------------------------------------------------


async def test_all_that_waits_goes_out_in_one_step(stream):
    """Three batches are one step and one write for each client."""
    harness = stream.HubHarness()
    client = harness.client(stream.topic())
    await publish_all(harness, batches(stream, 2, 1, 3))
    assert client.texts == [f"quote:0@{seq}" for seq in range(1, 7)]
    assert client.writes == 1
    statistics = harness.fanout.statistics()
    assert (statistics.steps, statistics.events, statistics.deliveries, statistics.slow) == (1, 6, 1, 0)


async def test_step_takes_no_more_batches_once_it_is_full(stream):
    """A step ends with the batch that fills it; the rest waits for the next."""
    harness = stream.HubHarness(step_events=5)
    client = harness.client(stream.topic())
    await publish_all(harness, batches(stream, 3, 3, 3, 1))
    assert client.texts == [f"quote:0@{seq}" for seq in range(1, 11)]
    assert (client.writes, harness.fanout.statistics().steps) == (2, 2)


async def test_batch_of_the_source_is_left_as_it_was(stream):
    """The fan-out joins batches in a list of its own."""
    harness = stream.HubHarness()
    waiting = batches(stream, 1, 1)
    before = [list(batch.rows) for batch in waiting]
    await publish_all(harness, waiting)
    assert [batch.rows for batch in waiting] == before


async def test_full_channel_makes_the_source_wait(stream, nursery):
    """The market is slowed, and nothing is lost: what did not fit comes after what did."""
    harness = stream.HubHarness()
    client = harness.client(stream.topic())
    send, receive = trio.open_memory_channel(2)
    sent = []

    async def source():
        async with send:
            for batch in batches(stream, *[1] * 7):
                await send.send(batch)
                sent.append(batch)

    nursery.start_soon(source)
    await trio.testing.wait_all_tasks_blocked()
    assert len(sent) == 2
    await harness.fanout.run(receive)
    assert len(sent) == 7
    assert client.texts == [f"quote:0@{seq}" for seq in range(1, 8)]


async def test_statistics_are_a_copy(stream):
    """Whoever keeps them sees no later step in them."""
    harness = stream.HubHarness()
    before = harness.fanout.statistics()
    await harness.fanout.step([stream.quote()])
    assert (before.events, harness.fanout.statistics().events) == (0, 1)


async def test_a_slow_member_delays_no_other(stream):
    """It falls behind alone; the others have everything at the end of the step."""
    harness = stream.HubHarness()
    clients = [harness.client(stream.topic(), room=5 if at == 1 else math.inf) for at in range(3)]
    for _ in range(3):
        await harness.fanout.step([stream.quote()])
    full = b"".join(clients[0].frames[0])
    assert [client.received for client in clients] == [full, full[:5], full]
    assert (clients[1].wakes, harness.fanout.statistics().slow) == (1, 1)
    clients[1].take(math.inf)
    assert clients[1].received == full


async def test_a_broken_member_disturbs_no_other(stream):
    """It is cut and forgotten, in the middle of a sweep."""
    harness = stream.HubHarness()
    clients = [harness.client(stream.topic()) for _ in range(3)]
    clients[1].broken = True
    await harness.fanout.step([stream.quote()])
    await harness.fanout.step([stream.quote()])
    assert [client.texts for client in clients] == [
        ["quote:0@1", "quote:0@2"],
        [],
        ["quote:0@1", "quote:0@2"],
    ]
    assert (clients[1].cuts, clients[1].writes) == (1, 1)


async def test_slow_member_is_cut_at_the_end_of_the_step(stream):
    """By what it owes then, and with the number of the last event."""
    harness = stream.HubHarness()
    client = harness.client(stream.topic(), room=0, backlog_bytes=20)
    await harness.fanout.step([stream.quote()])
    assert client.send_buffer.lost_at is None
    await harness.fanout.step([stream.quote(), stream.quote()])
    assert (client.cuts, client.send_buffer.lost_at) == (1, 3)


async def test_a_topic_that_cannot_be_replayed_ends_for_its_subscribers(stream):
    """They are cut between two frames, everybody else hears on; who comes later begins anew."""
    failed = []
    harness = stream.HubHarness(failed=lambda topic, problem: failed.append((topic, problem)))
    quotes = harness.client(stream.topic())
    trades = [harness.client(stream.topic(channel="trade")) for _ in range(2)]
    both = harness.client(stream.topic(), stream.topic(channel="trade"))
    await harness.fanout.step([stream.trade(size=1), stream.quote()])
    await harness.fanout.step([stream.quote(), stream.trade(size=666), stream.trade(size=2), stream.quote()])

    assert quotes.texts == ["quote:0@2", "quote:0@3", "quote:0@6"]
    assert [client.texts for client in trades] == [["trade:0@1"]] * 2
    assert [client.cuts for client in (quotes, both, *trades)] == [0, 1, 1, 1]
    assert both.send_buffer.failed
    [(topic, problem)] = failed
    assert (topic, str(problem)) == (stream.topic(channel="trade"), "trade:0")
    late = harness.client(stream.topic(channel="trade"))
    await harness.fanout.step([stream.trade(size=3)])
    assert late.texts == ["trade:0 from 6", "trade:0@7"]


async def test_an_encoder_that_fails_ends_the_run_where_nobody_contains_it(stream):
    """As in a test of an encoder."""
    harness = stream.HubHarness()
    harness.client(stream.topic(channel="trade"))
    with pytest.raises(ZeroDivisionError):
        await harness.fanout.step([stream.trade(size=666)])


# -- pauses -------------------------------------------------------------------------------------------


@pytest.fixture
def crowd(stream):
    """A house that pauses after every write, twenty who listen to the same, and their group."""
    harness = stream.HubHarness(sweep_connections=1)
    clients = [harness.client(stream.topic()) for _ in range(20)]
    return harness, clients, clients[0].send_buffer.group


async def test_few_members_are_written_to_without_a_pause(stream, nursery):
    """The allowance is for one step, not for the life of the fan-out: each step rests at its end."""
    harness = stream.HubHarness(sweep_connections=3)
    clients = [harness.client(stream.topic()) for _ in range(3)]
    seen = []

    async def watch():
        while True:
            seen.append(clients[0].send_buffer.group.sweeping)
            await trio.lowlevel.checkpoint()

    nursery.start_soon(watch)
    for _ in range(10):
        await harness.fanout.step([stream.quote()])
        await trio.lowlevel.checkpoint()
    assert seen
    assert not any(seen)
    nursery.cancel_scope.cancel()


async def test_sweep_over_many_lets_others_run(stream, crowd, nursery):
    """Between two writes; in the end everybody has the same."""
    harness, clients, group = crowd
    await pause_of(harness, nursery, group, stream.quote())
    assert clients[0].texts == ["quote:0@1"]
    assert clients[-1].texts == []
    await harness.fanout.at_rest()
    assert not group.sweeping
    assert [client.texts for client in clients] == [["quote:0@1"]] * 20


async def test_pong_during_a_sweep_waits_for_its_end(stream, crowd, nursery):
    """Whether the sweep has been there or not; the writer is woken then, and the pong goes out."""
    harness, clients, group = crowd
    await pause_of(harness, nursery, group, stream.quote())
    for client in (clients[0], clients[-1]):
        assert not client.send_buffer.control(stream.ping("1"))
        assert client.send_buffer.pump()  # a writer task that runs in between changes nothing
        assert not client.send_buffer.control_sent
    await harness.fanout.at_rest()
    for client in (clients[0], clients[-1]):
        assert client.wakes == 1
        assert client.send_buffer.pump()
        assert client.frames[0][1:] == [stream.ping("1")]
        assert client.texts == ["quote:0@1"]


async def test_pong_of_a_member_that_lags_does_not_wait(stream, nursery):
    """It has a place of its own in the stream: its frame is finished, then comes the pong."""
    harness = stream.HubHarness(sweep_connections=1)
    slow = harness.client(stream.topic(), room=5)
    clients = [harness.client(stream.topic()) for _ in range(20)]
    await harness.fanout.step([stream.quote()])
    await pause_of(harness, nursery, slow.send_buffer.group, stream.quote())
    slow.send_buffer.control(stream.ping("1"))
    slow.take(math.inf)
    whole = slow.frames[0]
    assert [*map(stream.payload, (whole[0], whole[2]))] == ["quote:0@1", "quote:0@2"]
    assert whole[1] == stream.ping("1")
    assert clients[-1].texts == ["quote:0@1"]
    await harness.fanout.at_rest()
    assert slow.texts == clients[-1].texts


@pytest.mark.parametrize("end", ["drop", "close frame", "broken"])
async def test_member_that_ends_during_a_sweep_is_passed_over(stream, crowd, nursery, end):
    """Nobody else notices."""
    harness, clients, group = crowd
    await pause_of(harness, nursery, group, stream.quote())
    leaving = clients[-1]
    match end:
        case "drop":
            harness.hub.drop(leaving.send_buffer)
        case "close frame":
            assert leaving.send_buffer.control(stream.close(1000))
        case "broken":
            leaving.broken = True
    await harness.fanout.at_rest()
    assert leaving.received == (stream.close(1000) if end == "close frame" else b"")
    assert leaving.cuts == (end == "broken")
    assert [client.texts for client in clients[:-1]] == [["quote:0@1"]] * 19
    assert leaving.send_buffer not in group.ready


async def test_last_member_may_end_during_a_sweep(stream, nursery):
    """Its group is forgotten, and the step goes on with the next."""
    harness = stream.HubHarness(sweep_connections=1)
    first = [harness.client(stream.topic()) for _ in range(20)]
    last = harness.client(stream.topic("both"))
    await pause_of(harness, nursery, first[0].send_buffer.group, stream.quote())
    for client in first:
        harness.hub.drop(client.send_buffer)
    await harness.fanout.at_rest()
    assert last.texts == ["both:0@1"]
    assert [topic for group in harness.hub._groups.values() for topic in group.topics] == [
        stream.topic("both")
    ]


async def test_subscription_waits_for_the_end_of_the_step(stream, crowd, nursery):
    """It sees the step whole in its snapshot, and nothing of it a second time."""
    harness, _, group = crowd
    await pause_of(harness, nursery, group, stream.quote(), stream.quote())
    client = stream.Client()
    await harness.fanout.at_rest()
    harness.hub.subscribe(client.send_buffer, [stream.topic()])
    await harness.fanout.step([stream.quote()])
    assert client.texts == ["quote:0 from 2", "quote:0@3"]


async def test_sweep_is_finished_when_the_fan_out_is_cancelled(stream, crowd):
    """A server that stops leaves nobody with half a step."""
    harness, clients, group = crowd
    with trio.CancelScope() as scope:
        scope.cancel()
        await harness.fanout.step([stream.quote()])
        await trio.lowlevel.checkpoint()
    assert scope.cancelled_caught
    assert [client.texts for client in clients] == [["quote:0@1"]] * 20
    assert not group.sweeping
    await harness.fanout.at_rest()


# -- deterministic delivery ---------------------------------------------------------------------------


class Reader:
    """A client with a reader that takes a few bytes now and then, and a writer task as the server's."""

    def __init__(self, stream, pieces):
        self.client = stream.Client(room=0 if pieces else math.inf)
        self.pieces = pieces  # bytes to take, one after the other and over again; none takes all
        self.pings = []

    async def converse(self, stream, harness, joins_at, topics):
        """Join once ``joins_at`` steps are over, then read and ping in random alternation."""
        while harness.fanout.statistics().steps < joins_at:
            await trio.lowlevel.checkpoint()
        await harness.fanout.at_rest()
        harness.hub.subscribe(self.client.send_buffer, topics)
        for piece in self.pieces * 50:
            await trio.lowlevel.checkpoint()
            if piece % 5 == 0:
                self.pings.append(stream.ping(str(len(self.pings))))
                self.client.send_buffer.control(self.pings[-1])
            self.client.take(piece)


READERS = st.lists(
    st.tuples(st.integers(0, 10), st.lists(st.integers(0, 40), max_size=3)), min_size=50, max_size=50
)


@settings(max_examples=15, deadline=None)
@given(readers=READERS, sweep=st.integers(1, 60))
async def test_same_parameters_mean_the_same_bytes(stream, readers, sweep):
    """
    Fifty connections that join at random moments, some slow, some with pings in between.

    From the first event after it has joined, each receives byte for byte what a connection that was
    there from the start receives.
    """
    topics = [stream.topic("both", 1), stream.topic("quote", 0)]
    harness = stream.HubHarness(sweep_connections=sweep)
    first = harness.client(*topics)
    crowd = [Reader(stream, pieces) for _, pieces in readers]
    kinds = [partial(stream.quote, 0), partial(stream.quote, 1), partial(stream.trade, 1)]
    with trio.fail_after(10):
        async with trio.open_nursery() as nursery:
            for reader, (joins_at, _) in zip(crowd, readers, strict=True):
                nursery.start_soon(reader.converse, stream, harness, joins_at, topics)
            for step in range(12):
                await harness.fanout.step([make() for make in (*kinds, kinds[step % 3])])
                await trio.lowlevel.checkpoint()
    for reader in crowd:
        reader.client.take(math.inf)
        assert [frame for frame in reader.client.frames[0] if frame[0] != stream.TEXT] == reader.pings
        frames = [frame for frame in reader.client.frames[0] if frame[0] == stream.TEXT]
        handshakes = [text for text in reader.client.texts if " from " in text]
        # A step is four events here: the last one before the join is the last of its step.
        joined_after = -(-max((int(text.split()[-1]) for text in handshakes), default=0) // 4) * 4
        later = [text for text in first.texts if int(text.split("@")[1]) > joined_after]
        assert reader.client.texts == handshakes + later
        assert first.received.endswith(b"".join(frames[len(handshakes) :]))


# -- a market that stands still --------------------------------------------------------------------


class Beating(Encoder):
    """Says ``beat 1000+3`` every ten nanoseconds, also while market time stands still after event 3."""

    kinds = (QUOTE,)
    period = 10
    heartbeat = True

    def snapshot(self, market_state, instrument):
        return ()

    def encode(self, item):
        return None

    def on_timer(self, seq, now):
        return f"beat {now}+{seq}"


async def beats(stream, waiting, *, at_once):
    """What a client hears of batches that wait already, or that come one after another."""
    harness = stream.HubHarness(make_encoder=lambda *_: Beating())
    client = harness.client(stream.topic())
    send, receive = trio.open_memory_channel(math.inf)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(harness.fanout.run, receive)
        for batch in waiting:
            send.send_nowait(batch)
            if not at_once:
                await trio.testing.wait_all_tasks_blocked()
        send.close()
    return client.texts, harness.fanout.stood


async def test_heartbeats_of_a_standstill_do_not_depend_on_how_fast_they_are_told(stream):
    """Two pieces of a standstill that wait together are told apart, between the events around them."""
    row = stream.quote()
    pieces = [Batch([row], 0.0), *[Batch([], 0.0, stood=15)] * 3, Batch([row], 0.0), Batch([row], 0.0)]
    told = await beats(stream, pieces, at_once=True)
    assert told == await beats(stream, pieces, at_once=False)
    assert told == (["beat 1000+0", *["beat 1000+1"] * 3], 45)


async def test_a_standstill_goes_on_elsewhere(stream):
    """Who publishes after another has told the first heartbeats of one goes on counting from there."""
    harness = stream.HubHarness(make_encoder=lambda *_: Beating())
    await harness.fanout.step([stream.quote()])
    client = harness.client(stream.topic())
    harness.fanout.stood_before(8)
    await harness.fanout.publish(Batch([], 0.0, stood=1))
    assert client.texts == []
    await harness.fanout.publish(Batch([], 0.0, stood=1))
    assert len(client.texts) == 1
    assert harness.fanout.stood == 10
    later = stream.quote()
    await harness.fanout.publish(Batch([(*later[:2], 2_000, *later[3:])], 0.0))
    assert harness.fanout.stood == 0


# -- a log before the clients -----------------------------------------------------------------------


class SlowLog:
    """A log that takes a step when it is told to, and notes what clients had heard until then."""

    def __init__(self):
        self.client = None
        self.asked = []
        self.links = []
        self.turn = trio.Semaphore(0)

    async def append(self, rows, links, *, made, stood):
        self.asked.append((len(rows), made, stood, len(self.client.texts)))
        self.links.append(links)
        await self.turn.acquire()


class FaultAt:
    """Something that happens once, before an event."""

    def __init__(self, seq):
        self.seq = seq

    def next(self, seq, rows):
        before = self.seq - seq - 1
        return before if 0 <= before < len(rows) else None

    def act(self, seq, rows):
        assert seq == self.seq - 1
        self.seq = 0


@pytest.fixture
def logged(stream):
    """A hub with a log, and a client of it."""
    log = SlowLog()
    harness = stream.HubHarness(log=log)
    log.client = harness.client(stream.topic())
    return harness, log


async def test_a_step_is_published_once_the_log_has_it(stream, logged, nursery):
    """What waits behind it is one step of the log as it is one of the clients."""
    harness, log = logged
    send, receive = trio.open_memory_channel(math.inf)
    nursery.start_soon(harness.fanout.run, receive)
    send.send_nowait(Batch([stream.quote()], 3.0))
    await trio.testing.wait_all_tasks_blocked()
    send.send_nowait(Batch([stream.quote()], 4.0))
    send.send_nowait(Batch([stream.quote()] * 2, 5.0))
    send.send_nowait(Batch([], 6.0, stood=7))
    assert log.client.texts == []
    log.turn.release()
    await trio.testing.wait_all_tasks_blocked()
    assert log.client.texts == ["quote:0@1"]
    log.turn.release()
    await trio.testing.wait_all_tasks_blocked()
    assert log.asked == [(1, 3.0, 0, 0), (3, 4.0, 0, 1), (0, 6.0, 7, 4)]


async def test_what_the_log_is_given_is_what_is_kept(stream, nursery):
    """Each event is packed once, also where a fault comes between two of a step."""
    rows = [stream.quote() for _ in range(6)]
    positions = []
    for log in (None, SlowLog()):
        harness = stream.HubHarness(log=log, fault_hook=FaultAt(4))
        if log is not None:
            log.client = harness.client(stream.topic())
            log.turn = trio.Semaphore(2)
        for part in (rows[:2], rows[2:]):
            await harness.fanout.publish(Batch(part, 0.0))
        positions.append((harness.hub.position, harness.hub.history.after(0)))
    assert positions[0] == positions[1]
    proofs = [proof for _, step in log.links for proof in step]
    assert proofs == positions[0][1][1]


async def test_what_happens_before_clients_come_is_in_the_log_too(stream, logged, nursery):
    """The opening of a market, and what is computed after a start."""
    harness, log = logged
    nursery.start_soon(harness.fanout.fast_forward, [stream.quote()])
    await trio.testing.wait_all_tasks_blocked()
    assert log.client.texts == []
    log.turn.release()
    await trio.testing.wait_all_tasks_blocked()
    assert log.client.texts == ["quote:0@1"]
    assert [(rows, stood) for rows, _, stood, _ in log.asked] == [(1, 0)]


async def test_readers_do_not_wait_for_the_log(stream, logged, nursery):
    """Between two steps the stream stands at one event, written or not; who changes something waits."""
    harness, log = logged
    settled = []

    async def settle():
        await harness.fanout.settled()
        settled.append(harness.hub.seq)

    await harness.fanout.settled()
    nursery.start_soon(harness.fanout.publish, Batch([stream.quote()], 0.0))
    await trio.testing.wait_all_tasks_blocked()
    nursery.start_soon(settle)
    await harness.fanout.at_rest()
    await trio.testing.wait_all_tasks_blocked()
    assert settled == []
    log.turn.release()
    await trio.testing.wait_all_tasks_blocked()
    assert settled == [1]


async def test_who_waits_for_a_log_that_fails_waits_no_longer(stream, logged):
    """A step that is cancelled while it is written leaves nobody behind."""
    harness, _ = logged
    with trio.move_on_after(0):
        await harness.fanout.publish(Batch([stream.quote()], 0.0))
    await harness.fanout.settled()
    assert harness.hub.seq == 0


# -- what waits for an event to be out --------------------------------------------------------------


async def test_what_waits_for_an_event_is_done_once_everybody_was_told(stream):
    """At the end of its step, in the order in which it was asked for; at once, when that is over."""
    harness = stream.HubHarness()
    client = harness.client(stream.topic())
    done = []

    def note(name):
        done.append((name, len(client.texts)))

    harness.fanout.when_published(2, partial(note, "second"))
    harness.fanout.when_published(2, partial(note, "too"))
    harness.fanout.when_published(4, partial(note, "fourth"))
    await harness.fanout.step([stream.quote()])
    assert done == []
    await harness.fanout.step([stream.quote(), stream.quote()])
    assert done == [("second", 3), ("too", 3)]
    harness.fanout.when_published(3, partial(note, "third"))
    await harness.fanout.step([stream.quote()])
    assert done[2:] == [("third", 3), ("fourth", 4)]


async def test_what_waits_for_an_event_waits_for_the_sweep_that_tells_of_it(stream, nursery):
    """Not all have been told while the step pauses, whatever its number."""
    harness = stream.HubHarness(sweep_connections=1)
    clients = [harness.client(stream.topic()) for _ in range(3)]
    done = []
    await pause_of(harness, nursery, clients[0].send_buffer.group, stream.quote())
    harness.fanout.when_published(1, partial(done.append, 1))
    assert done == []
    await harness.fanout.at_rest()
    assert done == [1]
    assert all(client.texts == ["quote:0@1"] for client in clients)
