"""The publisher: who listens to what, and exactly what they get."""

import math

import pytest
from hypothesis import settings
from hypothesis.stateful import invariant, run_state_machine_as_test
from subscribers import Subscribers

from feed.model.events import CLEAR, QUOTE, STATUS
from feed.model.stream_position import Ahead, OtherHistory, StreamPosition, TooOld
from feed.model.topics import Topic
from feed.state.encoder import Encoder
from feed.stream.work import CHECK, READ


def test_current_quote_comes_first_then_every_later_change(stream):
    """No gap between the snapshot and the next event, and no duplicate."""
    harness = stream.HubHarness()
    harness.publish(stream.quote(), stream.quote())
    client = harness.client(stream.topic())
    harness.publish(stream.quote(), stream.trade(), stream.quote(1))
    harness.publish(stream.quote())
    assert client.texts == ["quote:0 from 2", "quote:0@3", "quote:0@6"]


def test_topic_without_a_past_has_no_snapshot(stream):
    """An instrument that has not been quoted yet is silent until it is."""
    harness = stream.HubHarness()
    client = harness.client(stream.topic())
    assert client.received == b""
    harness.publish(stream.quote())
    assert client.texts == ["quote:0@1"]


def test_nothing_comes_after_the_reply_to_an_unsubscribe(stream):
    """What was published before it stands before it, even when the socket is slow."""
    harness = stream.HubHarness()
    client = harness.client(stream.topic(), stream.topic("trade"), room=5)
    harness.publish(stream.quote(), stream.trade())
    harness.hub.unsubscribe(client.send_buffer, [stream.topic()])
    harness.hub.send(client.send_buffer, "unsubscribed")
    harness.publish(stream.quote(), stream.trade())
    client.take(math.inf)
    assert client.texts == ["quote:0@1", "trade:0@2", "unsubscribed", "trade:0@4"]


def test_subscribing_twice_is_subscribing_once(stream):
    """A topic that is already held is passed over: no second snapshot, no second stream."""
    harness = stream.HubHarness()
    harness.publish(stream.quote())
    client = harness.client(stream.topic(), stream.topic())
    harness.hub.subscribe(client.send_buffer, [stream.topic()])
    harness.publish(stream.quote())
    assert client.texts == ["quote:0 from 1", "quote:0@2"]


def test_unsubscribing_what_is_not_held_changes_nothing(stream):
    """With or without other subscriptions."""
    harness = stream.HubHarness()
    client = harness.client()
    harness.hub.unsubscribe(client.send_buffer, [stream.topic()])
    harness.hub.subscribe(client.send_buffer, [stream.topic()])
    group = client.send_buffer.group
    harness.hub.unsubscribe(client.send_buffer, [stream.topic("trade")])
    assert client.send_buffer.group is group


def test_giving_up_many_topics_costs_by_their_number(stream, monkeypatch):
    """Not by the square of it: each is looked up, and not compared with all others."""
    harness = stream.HubHarness()
    monkeypatch.setattr(type(harness.hub.market_state), "quote", lambda *_: None)
    client = harness.client(*[Topic("test", "quote", 0, (("n", str(n)),)) for n in range(200)])
    asked = [Topic("test", "quote", 0, (("n", str(n)),)) for n in range(100, 200)]
    compared, same = [], Topic.__eq__
    monkeypatch.setattr(Topic, "__eq__", lambda one, other: compared.append(one) or same(one, other))
    harness.hub.unsubscribe(client.send_buffer, asked)
    assert len(client.send_buffer.group.topics) == 100
    assert len(compared) < 1000


def test_frames_of_one_event_are_in_topic_order(stream):
    """In whatever order they were subscribed to, by whomever."""
    harness = stream.HubHarness()
    first = harness.client(stream.topic("trade"), stream.topic("both"))
    second = harness.client(stream.topic("both"), stream.topic("trade"))
    harness.publish(stream.trade())
    assert first.texts == second.texts == ["both:0@1", "trade:0@1"]


def test_identical_parameters_are_one_group(stream):
    """However they were arrived at; and other parameters are another."""
    harness = stream.HubHarness()
    quote, trade = stream.topic(), stream.topic("trade")
    clients = [harness.client(quote, trade), harness.client(trade, quote), harness.client(trade)]
    assert clients[0].send_buffer.group is clients[1].send_buffer.group is not clients[2].send_buffer.group
    harness.hub.subscribe(clients[2].send_buffer, [quote])
    assert clients[2].send_buffer.group is clients[0].send_buffer.group
    assert len(harness.hub._groups) == 1


def test_an_event_is_encoded_once_for_all_subscribers(stream):
    """One encoder and one call for each topic, whoever listens in whichever group."""
    harness = stream.HubHarness()
    quote, trade = stream.topic(), stream.topic("trade")
    for topics in [(quote,), (quote,), (quote, trade), (trade,)]:
        harness.client(*topics)
    harness.publish(stream.quote(), stream.trade())
    assert harness.made == [quote, trade]
    assert harness.said == ["quote:0@1", "trade:0@2"]


def test_nothing_is_encoded_without_subscribers(stream):
    """When the last listener has left, the topic is closed."""
    harness = stream.HubHarness()
    client = harness.client(stream.topic())
    harness.hub.unsubscribe(client.send_buffer, [stream.topic()])
    harness.publish(stream.quote())
    assert (harness.said, harness.empty) == ([], True)


def test_event_without_a_message_is_no_frame(stream):
    """A topic may be silent about an event; if all are, nobody is written to."""
    harness = stream.HubHarness()
    client = harness.client(stream.topic("trade"))
    assert harness.hub.publish([stream.trade(size=13)]) == []
    assert client.received == b""


def test_muted_client_gets_what_was_published_and_no_more(stream):
    """What is owed still goes out before the last words."""
    harness = stream.HubHarness()
    client = harness.client(stream.topic(), room=5)
    harness.publish(stream.quote())
    harness.hub.mute(client.send_buffer)
    harness.publish(stream.quote())
    harness.hub.send(client.send_buffer, "bye")
    client.take(math.inf)
    assert (client.texts, harness.empty) == (["quote:0@1", "bye"], True)


def test_abandoned_client_gets_its_last_words(stream):
    """What is owed is dropped, but for the frame that has begun."""
    harness = stream.HubHarness()
    client = harness.client(stream.topic(), room=5)
    harness.publish(stream.quote())
    harness.publish(stream.quote())
    harness.hub.abandon(client.send_buffer)
    harness.hub.send(client.send_buffer, "too slow")
    client.take(math.inf)
    assert (client.texts, harness.empty) == (["quote:0@1", "too slow"], True)


def test_slow_consumer_is_cut_where_it_fell_out(stream):
    """By its backlog alone, and nobody else hears of it."""
    harness = stream.HubHarness()
    slow = harness.client(stream.topic(), room=0, backlog_bytes=2 * len("..quote:0@1"))
    quick = harness.client(stream.topic())
    for _ in range(4):
        harness.publish(stream.quote())
    assert (slow.cuts, slow.send_buffer.lost_at) == (1, 3)
    assert quick.texts == [f"quote:0@{seq}" for seq in range(1, 5)]


def test_messages_alone_can_pass_the_bound(stream):
    """A client that asks and never reads is as slow as one that listens and never reads."""
    harness = stream.HubHarness()
    harness.publish(stream.quote())
    client = harness.client(room=0, backlog_bytes=10)
    harness.hub.send(client.send_buffer, "12345678")
    assert client.cuts == 0
    harness.hub.send(client.send_buffer, "")
    assert (client.cuts, client.send_buffer.lost_at) == (1, 1)


def test_snapshot_can_pass_the_bound(stream):
    """The bound holds for everything that is owed."""
    harness = stream.HubHarness()
    harness.publish(stream.quote())
    client = harness.client(stream.topic(), room=0, backlog_bytes=10)
    assert (client.cuts, client.send_buffer.lost_at) == (1, 1)


def test_no_way_to_end_leaves_anything_behind(stream):
    """A connection that closes, breaks or is dropped takes its group and its topics along."""
    harness = stream.HubHarness()
    harness.publish(stream.quote())
    ends = [
        lambda client: harness.hub.drop(client.send_buffer),
        lambda client: harness.hub.abandon(client.send_buffer),
        lambda client: harness.hub.mute(client.send_buffer),
        lambda client: client.send_buffer.control(stream.close(1000)),
        lambda client: (setattr(client, "broken", True), harness.publish(stream.quote())),
        lambda client: (setattr(client, "broken", True), harness.hub.send(client.send_buffer, "x")),
    ]
    for end in ends:
        client = harness.client(stream.topic())
        end(client)
        harness.hub.drop(client.send_buffer)
        assert harness.empty


def test_subscription_that_comes_too_late_leaves_nothing_behind(stream):
    """After a close frame, after the end, or with a socket that breaks under the snapshot."""
    harness = stream.HubHarness()
    harness.publish(stream.quote())
    closing, gone, breaking = harness.client(), harness.client(), harness.client(stream.topic("trade"))
    closing.send_buffer.control(stream.close(1000))
    harness.hub.drop(gone.send_buffer)
    breaking.broken = True
    for client in (closing, gone, breaking):
        harness.hub.subscribe(client.send_buffer, [stream.topic()])
        assert client.send_buffer.group is None
    assert harness.empty


def test_connection_that_breaks_while_it_moves_leaves_nothing_behind(stream):
    """It owed something, and the write that joining the group tries is the one that fails."""
    harness = stream.HubHarness()
    client = harness.client(room=0)
    harness.hub.send(client.send_buffer, "hello")
    client.broken = True
    harness.hub.subscribe(client.send_buffer, [stream.topic()])
    assert (client.cuts, client.send_buffer.group, harness.empty) == (1, None, True)


def test_rows_without_subscribers_are_numbered_too(stream):
    """A number is a place in the whole stream, whatever one listens to."""
    harness = stream.HubHarness()
    client = harness.client(stream.topic())
    harness.publish((CLEAR, 0, 1_000), (STATUS, 0, 1_000, 1), stream.quote())
    assert (client.texts, harness.hub.seq) == (["quote:0@3"], 3)


# -- any order of things ------------------------------------------------------------------------------


class LiveSubscribers(Subscribers):
    """Clients of the same topics are always in the same group, and every message is encoded once."""

    @invariant()
    def same_topics_same_group(self):
        groups = {}
        for client, held in zip(self.clients, self.held, strict=True):
            group, topics = client.send_buffer.group, tuple(sorted(held))
            assert groups.setdefault(topics, group) is group
            assert group.topics == topics if held else group is None
        kept = {(topics, (), False, 0): group for topics, group in groups.items() if topics}
        assert self.harness.hub._groups == kept

    def teardown(self):
        assert len(set(self.harness.said)) == len(self.harness.said)
        super().teardown()


def test_every_client_gets_exactly_its_subscriptions(stream):
    """Whatever anybody asks for, in whatever order, and however slowly they read."""
    run_state_machine_as_test(
        lambda: LiveSubscribers(stream, stream.HubHarness()),
        settings=settings(max_examples=60, stateful_step_count=40),
    )


# -- positions ---------------------------------------------------------------------------------------


def test_a_position_of_this_history_is_granted(stream):
    """That of every event that is kept, of the moment before the oldest of them, and of the beginning."""
    harness = stream.HubHarness()
    told = [harness.hub.position]
    for _ in range(5):
        harness.publish(stream.quote())
        told.append(harness.hub.position)
    assert [position.seq for position in told] == [0, 1, 2, 3, 4, 5]
    assert len({position.proof for position in told}) == len(told)
    before = harness.hub.work
    for position in told:
        harness.hub.check(position)
    assert harness.hub.work == before + CHECK * len(told)  # to be paid for by who asks


def test_a_position_ahead_has_an_answer_of_its_own(stream):
    """It names the newest event; whatever its proof, nothing can be said of it yet."""
    harness = stream.HubHarness()
    harness.publish(stream.quote())
    with pytest.raises(Ahead, match="the newest event is 1") as problem:
        harness.hub.check(StreamPosition(2, harness.hub.position.proof))
    assert problem.value.newest == 1


def test_a_position_that_is_no_longer_kept_is_too_old(stream):
    """It names the oldest event that is."""
    harness = stream.HubHarness(history=stream.short_history(2))
    beginning = harness.hub.position
    for _ in range(5):
        harness.publish(stream.quote())
    with pytest.raises(TooOld, match="the oldest event kept is 5") as problem:
        harness.hub.check(beginning)
    assert problem.value.oldest == 5


def test_a_position_of_another_history_is_refused(stream):
    """Another listing, another event at any place before, or one event that was lost on the way."""
    rows = [stream.quote(at % 3) for at in range(6)]
    harness = stream.HubHarness()
    harness.publish(*rows)
    for proof, others in (
        (1, rows),
        (0, [stream.quote(), *rows[1:]]),
        (0, [*rows[:5], stream.quote()]),
        (0, [*rows[1:], stream.quote()]),
    ):
        other = stream.HubHarness(proof=proof)
        other.publish(*others)
        assert other.hub.position.seq == harness.hub.position.seq
        with pytest.raises(OtherHistory, match="is of another history"):
            harness.hub.check(other.hub.position)
    same = stream.HubHarness()
    for row in rows:
        same.publish(row)
    harness.hub.check(same.hub.position)


def test_replayed_messages_have_their_original_positions(stream):
    """A resume shows each event with the proof that a connection that never left was shown."""
    heard = []

    class Proofs(Encoder):
        kinds = (QUOTE,)

        def encode(self, item):
            heard.append(item.position)
            return item.position.text

    harness = stream.HubHarness(make_encoder=lambda *_: Proofs())
    client = harness.client(stream.topic())
    harness.publish(*[stream.quote(at % 3) for at in range(5)])
    harness.publish(*[stream.quote(at % 2) for at in range(5)])
    assert heard[-1] == StreamPosition(10, int(client.texts[-1].partition("-")[2], 16))
    again = stream.Client()
    harness.hub.subscribe(again.send_buffer, [stream.topic()], since=2)
    harness.catch_up()
    assert again.texts == client.texts[1:]


def test_the_past_is_read_again_for_whoever_pays(stream):
    """So many events after a number at most; what is no longer kept is passed over."""
    harness = stream.HubHarness()
    rows = [stream.quote() for _ in range(40)]
    for row in rows:
        harness.publish(row)
    hub = harness.hub
    before = hub.work
    assert hub.past(5, 3) == rows[5:8]
    assert hub.work - before >= 3 * READ
    assert hub.past(37, 100) == rows[37:]
    assert hub.past(40, 100) == []
    forgetful = stream.HubHarness(history=stream.short_history(8))
    for row in rows:
        forgetful.publish(row)
    assert forgetful.hub.past(0, 100) == rows[forgetful.hub.history.oldest - 1 :]


def test_what_is_observed_is_told_to_nobody_else(stream):
    """An encoder hears the topic from the next event on, before those who listen if its rank says so."""
    heard = []

    class Watcher(Encoder):
        kinds = (QUOTE,)
        rank = -1
        period = 1_000

        def encode(self, item):
            heard.append((item.seq, list(harness.said)))
            if len(heard) == 2:
                end()
            return "never sent"

        def on_timer(self, seq, now):
            return "never sent"

    harness = stream.HubHarness()
    harness.publish(stream.quote())
    client = harness.client(stream.topic())
    end = harness.hub.observe(stream.topic(), Watcher())
    harness.publish(stream.quote(), stream.quote(), stream.quote())
    assert [seq for seq, _ in heard] == [2, 3]
    assert [len(said) for _, said in heard] == [0, 1]
    assert client.texts == ["quote:0 from 1", "quote:0@2", "quote:0@3", "quote:0@4"]
    harness.hub.drop(client.send_buffer)
    assert harness.empty
