"""Messages with their number in the connection: encoded once, counted for each connection by itself."""

import math

import pytest
from clients import inflated
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import rule, run_state_machine_as_test
from subscribers import CLIENTS, TOPICS, Subscribers

from feed.faults.frame_faults import SeededFault
from feed.model.faults import Drop, Duplicate, Mute, Reorder
from feed.state.encoder import NUMBER
from feed.stream.deflate import Deflater
from feed.stream.frames import frame_size, text_frame
from feed.stream.numbered import NumberedMessage

DEFLATER = Deflater(1, 0)
TEXTS = st.text(st.characters(exclude_characters=NUMBER, codec="utf-8"), max_size=200)
FAULTS = st.one_of(
    st.builds(Drop, at=st.just(0), fraction=st.just(0.5)),
    st.builds(Duplicate, at=st.just(0), fraction=st.just(0.5)),
    st.builds(Reorder, at=st.just(0), fraction=st.just(0.5), distance=st.integers(1, 3)),
    st.builds(Mute, at=st.just(0)),
)


def numbered(text):
    """A message with a place for its number in front."""
    return f"{NUMBER}:{text}"


class Numbered:
    """An encoder of the harness, whose messages have a place for their number."""

    numbered = True
    period = 0
    rank = 0

    def __init__(self, encoder):
        self.kinds = encoder.kinds
        self._encoder = encoder

    def snapshot(self, market_state, instrument):
        return map(numbered, self._encoder.snapshot(market_state, instrument))

    def encode(self, item):
        text = self._encoder.encode(item)
        return None if text is None else numbered(text)


def harness_of(stream, **options):
    """A hub all of whose topics are numbered."""
    harness = stream.HubHarness(make_encoder=lambda *args: Numbered(harness._make_encoder(*args)), **options)
    return harness


def numbers(client):
    """Those of the messages that a client has received."""
    return [int(text.partition(":")[0]) for text in client.texts]


# -- a message -----------------------------------------------------------------------------------------


@given(TEXTS, TEXTS | st.text("01", min_size=300, max_size=70_000), st.sampled_from([0, 9, 99, 10**15]))
def test_a_number_is_spliced_in(before, after, number):
    """As if the text had been encoded with it, compressed or not, at every length of a frame's header."""
    text = f"{before}{NUMBER}{after}"
    plain = NumberedMessage(text)
    small = NumberedMessage(text, DEFLATER)
    for value in (number, number + 1):
        expected = f"{before}{value}{after}"
        assert plain.frame(value) == text_frame(expected)
        frame = small.frame(value)
        header, size = frame_size(frame)
        assert header + size == len(frame) <= len(text_frame(expected))
        assert (inflated(frame[header:]) if frame[0] == 0xC1 else frame[header:]) == expected.encode()


def test_what_is_too_long_to_be_stored_stays_plain():
    """A stored block holds less than 64 KiB: what comes before the number must fit."""
    text = f"{'0' * 65_530}{NUMBER}{'0' * 1000}"
    assert NumberedMessage(text, DEFLATER).frame(7) == text_frame(text.replace(NUMBER, "7"))


# -- groups --------------------------------------------------------------------------------------------


def test_who_counts_alike_shares_a_group(stream):
    """Who joined at the same event, and who comes to the same number later on; nobody else."""
    harness = harness_of(stream)
    first, second = harness.client(stream.topic("trade")), harness.client(stream.topic("trade"))
    harness.publish(stream.trade())
    third = harness.client(stream.topic("trade"))
    groups = [client.send_buffer.group for client in (first, second, third)]
    assert groups[0] is groups[1] is not groups[2]
    harness.hub.send(third.send_buffer, numbered("hello"))
    assert third.send_buffer.group is groups[0]
    harness.publish(stream.trade(), stream.trade())
    assert first.received == second.received
    assert first.texts[1:] == third.texts[1:] == ["1:trade:0@2", "2:trade:0@3"]
    assert third.texts[0] == "0:hello"


def test_an_event_is_encoded_once_for_all_numbers(stream):
    """However many groups there are of the topic, each with a number of its own."""
    harness = harness_of(stream)
    clients = []
    for _ in range(20):
        clients.append(harness.client(stream.topic("trade")))
        harness.publish(stream.trade())
    assert len({client.send_buffer.group for client in clients}) == 20
    assert harness.said == [f"trade:0@{seq}" for seq in range(1, 21)]
    assert [numbers(client) for client in clients] == [list(range(20 - at)) for at in range(20)]


def test_a_message_is_compressed_once_for_all_numbers(stream, monkeypatch):
    """For those who get compressed frames, and not at all when nobody does."""
    packed, pack = [], Deflater.pack
    monkeypatch.setattr(Deflater, "pack", lambda self, payload: packed.append(payload) or pack(self, payload))
    harness = harness_of(stream, deflater=DEFLATER)
    for deflated in (False, True, True):
        harness.client(stream.topic("trade"), deflated=deflated)
        harness.publish(stream.trade())
    assert len(packed) == 2


def test_replies_count_with_the_stream_and_others_do_not(stream):
    """In the order in which they leave; a message without a place for a number has none."""
    harness = harness_of(stream)
    client = harness.client()
    harness.hub.send(client.send_buffer, numbered("hello"))
    harness.hub.subscribe(client.send_buffer, [stream.topic("trade")])
    harness.publish(stream.trade())
    group = client.send_buffer.group
    harness.hub.send(client.send_buffer, "an error")
    assert client.send_buffer.group is group
    harness.hub.send(client.send_buffer, numbered("again"))
    harness.publish(stream.trade())
    harness.hub.unsubscribe(client.send_buffer, [stream.topic("trade")])
    harness.hub.send(client.send_buffer, numbered("bye"))
    assert client.texts == ["0:hello", "1:trade:0@1", "an error", "2:again", "3:trade:0@2", "4:bye"]


def test_a_slow_client_counts_on(stream):
    """What its socket did not take has the numbers that it had when it was written to others."""
    harness = harness_of(stream)
    client = harness.client(stream.topic("trade"), room=5)
    for _ in range(3):
        harness.publish(stream.trade())
        harness.hub.send(client.send_buffer, numbered("hello"))
    client.take(math.inf)
    assert numbers(client) == list(range(6))


def test_a_lost_message_is_a_gap(stream):
    """Numbers are given before the link loses a frame, doubles it, or lets others overtake it."""
    harness = harness_of(stream)
    good, bad = harness.client(stream.topic("trade")), harness.client(stream.topic("trade"))
    harness.hub.distort(bad.send_buffer, (SeededFault(Drop(at=0, fraction=0.5), 0, 1),))
    harness.publish(*(stream.trade() for _ in range(40)))
    assert bad.send_buffer.number == good.send_buffer.number == 40
    harness.hub.distort(bad.send_buffer, ())
    assert bad.send_buffer.group is good.send_buffer.group
    harness.publish(stream.trade())
    assert numbers(good) == list(range(41))
    assert set(bad.texts) < set(good.texts)
    assert good.texts[-1] == bad.texts[-1]


def test_a_mute_link_loses_numbers_of_replies_too(stream):
    """What a client hears after it shows how much it has missed."""
    harness = harness_of(stream)
    client = harness.client(stream.topic("trade"))
    harness.hub.distort(client.send_buffer, (SeededFault(Mute(at=0), 0, 1),))
    harness.publish(stream.trade())
    harness.hub.send(client.send_buffer, numbered("hello"))
    harness.hub.distort(client.send_buffer, ())
    harness.publish(stream.trade())
    assert client.texts == ["2:trade:0@2"]


def test_a_step_holds_its_messages_once_for_all_groups(stream):
    """Frames are made when a group is written to: a long step for many groups is not held for each."""
    harness = harness_of(stream)
    for _ in range(3):
        harness.client(stream.topic("trade"))
        harness.publish(stream.trade())
    groups = harness.hub.publish([stream.trade(), stream.trade()])
    assert len(groups) == 3
    assert len({id(message) for group in groups for message in group.messages}) == 2
    assert not any(group.parts for group in groups)
    for group in groups:
        stream.deliver(group)


def test_a_failed_encoder_cuts_its_listeners_alone(stream):
    """Whatever numbers they have; others go on."""
    failed = []
    harness = harness_of(stream, failed=lambda topic, problem: failed.append(topic))
    struck = harness.client(stream.topic("trade"))
    harness.publish(stream.trade())
    other = harness.client(stream.topic("quote"))
    harness.publish(stream.trade(size=666), stream.quote())
    assert (failed, struck.cuts, other.cuts) == ([stream.topic("trade")], 1, 0)
    assert numbers(other) == [0]


@pytest.mark.parametrize("numbered_first", [True, False])
def test_topics_of_both_kinds_are_not_for_one_connection(stream, numbered_first):
    """A mistake of a protocol, which it hears at once."""
    harness = stream.HubHarness(
        make_encoder=lambda topic, *args: (
            Numbered(harness._make_encoder(topic, *args))
            if topic.channel == "trade"
            else harness._make_encoder(topic, *args)
        )
    )
    topics = [stream.topic("trade"), stream.topic("quote")]
    with pytest.raises(ValueError, match="numbered"):
        harness.client(*topics[:: 1 if numbered_first else -1])


# -- any order of things ---------------------------------------------------------------------------------


class NumberedSubscribers(Subscribers):
    """
    Clients whose messages count from 0, whatever others do, to each of whom the same is done alone as well.

    One of them gets compressed frames.
    """

    def __init__(self, stream):
        super().__init__(stream, harness_of(stream, deflater=DEFLATER))
        self.clients[-1].send_buffer.deflated = True
        self.twins = [harness_of(stream, deflater=DEFLATER) for _ in self.clients]
        self.alone = [twin.client() for twin in self.twins]
        self.alone[-1].send_buffer.deflated = True
        self.distorted = [False for _ in self.clients]

    def published(self):
        for seq in range(self.twins[0].hub.seq + 1, len(self.rows) + 1):
            kind, instrument = self.rows[seq - 1]
            for twin in self.twins:
                twin.publish(getattr(self.stream, kind)(instrument))

    def subscribe_too(self, who, names):
        self.twins[who].hub.subscribe(
            self.alone[who].send_buffer, [self.stream.topic(*name) for name in names]
        )

    @rule(who=CLIENTS, names=TOPICS)
    def subscribe(self, who, names):
        super().subscribe(who, names)
        self.subscribe_too(who, names)

    @rule(who=CLIENTS, names=TOPICS)
    def unsubscribe(self, who, names):
        super().unsubscribe(who, names)
        topics = [self.stream.topic(*name) for name in names]
        self.twins[who].hub.unsubscribe(self.alone[who].send_buffer, topics)

    @rule(who=CLIENTS)
    def mute(self, who):
        super().mute(who)
        self.twins[who].hub.mute(self.alone[who].send_buffer)

    @rule(who=CLIENTS)
    def send(self, who):
        self.expected[who].append("hello")
        self.harness.hub.send(self.clients[who].send_buffer, numbered("hello"))
        self.twins[who].hub.send(self.alone[who].send_buffer, numbered("hello"))

    @rule(who=CLIENTS, faults=st.lists(FAULTS, max_size=2))
    def distort(self, who, faults):
        self.distorted[who] |= bool(faults)
        link_faults = tuple(SeededFault(fault, str(at), 7) for at, fault in enumerate(faults))
        self.harness.hub.distort(self.clients[who].send_buffer, link_faults)
        self.twins[who].hub.distort(self.alone[who].send_buffer, link_faults)

    def teardown(self):
        everybody = zip(self.clients, self.alone, self.expected, self.distorted, strict=True)
        for client, alone, expected, distorted in everybody:
            client.take(math.inf)
            assert client.received == alone.received
            assert client.send_buffer.number == alone.send_buffer.number
            if not distorted:
                assert texts_of(client) == [f"{number}:{text}" for number, text in enumerate(expected)]
            self.harness.hub.drop(client.send_buffer)
        assert self.harness.empty


def texts_of(client):
    """Texts that a client has received, compressed or not."""
    whole, rest = client.frames
    assert rest == b""
    found = []
    for frame in whole:
        header, _ = frame_size(frame)
        found.append((inflated(frame[header:]) if frame[0] == 0xC1 else frame[header:]).decode())
    return found


def test_every_connection_counts_as_if_alone(stream):
    """From 0 without a gap, and byte for byte what it would get if nobody else were there."""
    run_state_machine_as_test(
        lambda: NumberedSubscribers(stream), settings=settings(max_examples=60, stateful_step_count=40)
    )
