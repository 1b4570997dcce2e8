"""One connection's bytes: whole frames, in order, and never more owed than the bound."""

import math

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from feed.stream.frames import text_frame
from feed.stream.send_buffer import WRITE_BYTES

ANSWER = b"HTTP/1.1 101 Switching Protocols\r\n\r\n"
A, B, C = (text_frame(name * 10) for name in "abc")


# -- one rule at a time -------------------------------------------------------------------------------


def test_message_goes_out_at_once(stream):
    """As long as the socket takes it, nobody is woken."""
    client = stream.Client()
    client.send_buffer.send(A)
    assert (client.received, client.send_buffer.owed, client.wakes) == (A, 0, 0)


def test_what_the_socket_does_not_take_is_owed(stream):
    """The writer task is woken for it, and told when nothing is left."""
    client = stream.Client(room=5)
    client.send_buffer.send(A)
    assert (client.received, client.send_buffer.owed, client.wakes) == (A[:5], len(A) - 5, 1)
    assert not client.send_buffer.pump()
    client.room = math.inf
    assert client.send_buffer.pump()
    assert (client.received, client.send_buffer.owed) == (A, 0)


def test_control_frame_goes_ahead_of_data_at_a_frame_boundary(stream):
    """The frame that has begun is finished first; the rest of the data waits."""
    client = stream.Client(room=len(A) + 5)
    client.send_buffer.send(A + B + C)
    assert not client.send_buffer.control(stream.ping("1"))
    assert not client.send_buffer.control_sent
    client.take(math.inf)
    assert client.received == A + B + stream.ping("1") + C
    assert client.send_buffer.control_sent


def test_control_frame_between_two_frames_waits_for_neither(stream):
    """Exactly at a boundary it is next, and may itself be taken in parts."""
    client = stream.Client(room=len(A))
    client.send_buffer.send(A + B)
    client.send_buffer.control(stream.ping("1"))
    client.take(1)
    assert client.send_buffer.owed == len(stream.ping("1")) - 1 + len(B)
    client.take(math.inf)
    assert client.received == A + stream.ping("1") + B


def test_control_frame_on_an_idle_connection_is_sent(stream):
    """At once, and nobody needs to wait for it."""
    client = stream.Client()
    assert client.send_buffer.control(stream.ping("1"))
    assert client.received == stream.ping("1")


def test_the_answer_to_the_handshake_leaves_with_the_first_messages(stream):
    """One write, once it is released; nothing more is held back after that."""
    client = stream.Client()
    client.send_buffer.open(ANSWER)
    client.send_buffer.send(A)
    client.send_buffer.send(B)
    assert (client.writes, client.send_buffer.opened) == (0, False)
    client.send_buffer.release()
    assert (client.writes, client.send_buffer.opened) == (1, True)
    client.send_buffer.send(C)
    assert client.received == ANSWER + A + B + C


def test_the_answer_to_the_handshake_leaves_alone(stream):
    """When there is nothing to say."""
    client = stream.Client()
    client.send_buffer.open(ANSWER)
    client.send_buffer.release()
    assert client.received == ANSWER


@pytest.mark.parametrize("room", [0, 5, len(ANSWER), len(ANSWER) + 1])
def test_an_answer_that_is_taken_in_parts_is_whole_before_all_else(stream, room):
    """It is no frame, but it ends where the first one begins: a ping waits for that."""
    client = stream.Client(room=room)
    client.send_buffer.open(ANSWER)
    client.send_buffer.send(A)
    client.send_buffer.release()
    assert client.send_buffer.opened == (room >= len(ANSWER))
    client.send_buffer.control(stream.ping("1"))
    client.send_buffer.abandon()
    client.take(math.inf)
    frames = stream.ping("1") if room <= len(ANSWER) else A + stream.ping("1")
    assert (client.received, client.send_buffer.opened) == (ANSWER + frames, True)


def test_gathered_messages_leave_in_one_write(stream):
    """In the order in which they were put in, and so does what the group says meanwhile."""
    group, _ = stream.make_group()
    client = stream.Client()
    client.send_buffer.gather()
    client.send_buffer.send(A)
    client.send_buffer.follow(group)
    stream.deliver(group, B)
    client.send_buffer.send(C)
    assert client.writes == 0
    client.send_buffer.release()
    assert (client.received, client.writes) == (A + B + C, 1)
    stream.deliver(group, A)
    assert (client.received, client.send_buffer.owed) == (A + B + C + A, 0)


def test_the_sender_of_a_buffered_control_frame_is_notified(stream):
    """By the writer task, as it was not out when it was put in."""
    client = stream.Client()
    client.send_buffer.gather()
    assert not client.send_buffer.control(stream.ping("1"))
    client.send_buffer.release()
    assert (client.received, client.wakes) == (stream.ping("1"), 1)


def test_what_is_gathered_may_pass_the_bound_if_the_socket_takes_it(stream):
    """Nobody is slow who has not been sent anything yet."""
    client = stream.Client(backlog_bytes=len(A))
    client.send_buffer.gather()
    client.send_buffer.send(A + B)
    client.send_buffer.check(7)
    assert (client.received, client.cuts) == (A + B, 0)


def test_a_member_that_is_rerouted_gets_the_next_step_there(stream):
    """Although the sweep remembers the way to each."""
    group, _ = stream.make_group()
    client, detour = stream.Client(), stream.Client()
    client.send_buffer.follow(group)
    stream.deliver(group, A)
    client.send_buffer.reroute(detour.send_buffer.write)
    stream.deliver(group, B)
    assert (client.received, detour.received) == (A, B)


def test_no_data_after_a_close_frame(stream):
    """What was owed is forgotten but for the frame that has begun; what comes later is not taken."""
    group, _ = stream.make_group()
    client = stream.Client(room=5)
    client.send_buffer.follow(group)
    stream.deliver(group, A, B)
    client.send_buffer.control(stream.close(1000))
    client.send_buffer.send(C)
    client.send_buffer.follow(group)
    stream.deliver(group, C)
    client.take(math.inf)
    assert client.received == A + stream.close(1000)
    assert client.send_buffer.group is None


def test_abandoned_data_makes_room_for_a_last_message(stream):
    """A slow consumer can still be told why it is cut, after the frame that has begun."""
    client = stream.Client(room=5)
    client.send_buffer.send(A + B)
    client.send_buffer.abandon()
    client.send_buffer.send(C)
    assert client.send_buffer.owed == len(A) - 5 + len(C)
    client.take(math.inf)
    assert client.received == A + C


def test_abandon_keeps_a_control_frame_that_has_begun(stream):
    """Half a ping is worse than none: it is finished, and so is the message before it."""
    client = stream.Client(room=5)
    client.send_buffer.send(A + B)
    client.send_buffer.control(stream.ping("1"))
    client.take(len(A) - 5 + 1)
    client.send_buffer.abandon()
    client.take(math.inf)
    assert client.received == A + stream.ping("1")


def test_a_closed_send_buffer_writes_nothing(stream):
    """The connection is gone: neither data nor control frames are kept for it."""
    client = stream.Client(room=5)
    client.send_buffer.send(A)
    client.send_buffer.control(stream.ping("0"))
    client.send_buffer.close()
    client.send_buffer.send(B)
    assert client.send_buffer.control(stream.ping("1"))
    client.take(math.inf)
    assert (client.received, client.send_buffer.owed, client.send_buffer.control_sent) == (A[:5], 0, True)


@pytest.mark.parametrize("put_in", ["send", "control"])
def test_broken_connection_is_cut_once(stream, put_in):
    """The first failed write ends it; nothing is tried or kept after that."""
    client = stream.Client()
    client.broken = True
    getattr(client.send_buffer, put_in)(A)
    client.send_buffer.send(A)
    client.send_buffer.check(1)
    assert client.send_buffer.control(stream.ping("1"))
    assert (client.writes, client.cuts, client.send_buffer.owed, client.send_buffer.lost_at) == (
        1,
        1,
        0,
        None,
    )


def test_connection_that_is_closed_cannot_break(stream):
    """Whoever closed it knows; nobody is told a second time."""
    client = stream.Client()
    client.send_buffer.close()
    client.send_buffer.broken()
    assert client.cuts == 0


def test_slow_consumer_is_cut_past_the_bound(stream):
    """At the bound it stays, one byte past it it is cut: once, and with the number where it was."""
    client = stream.Client(room=0, backlog_bytes=2 * len(A))
    client.send_buffer.send(A + B)
    client.send_buffer.check(6)
    assert (client.cuts, client.send_buffer.lost_at) == (0, None)
    client.send_buffer.send(C)
    client.send_buffer.check(7)
    client.send_buffer.check(8)
    assert (client.cuts, client.send_buffer.lost_at) == (1, 7)


def test_slow_consumer_can_be_cut_before_the_first_event(stream):
    """Number 0 is a place in the stream like any other."""
    client = stream.Client(room=0, backlog_bytes=5)
    client.send_buffer.send(A)
    client.send_buffer.check(0)
    client.send_buffer.check(1)
    assert (client.cuts, client.send_buffer.lost_at) == (1, 0)


def test_slow_consumer_whose_connection_breaks_is_cut_once(stream):
    """The last words to it may fail; that is no second reason."""
    client = stream.Client(room=0, backlog_bytes=5)
    client.send_buffer.send(A)
    client.send_buffer.check(3)
    client.broken = True
    client.send_buffer.pump()
    assert (client.cuts, client.send_buffer.lost_at) == (1, 3)


def test_backlog_goes_out_in_large_writes(stream):
    """Many small pieces are joined, as a write costs the same for all sizes; no write grows without end."""
    client = stream.Client(room=0)
    for _ in range(2 * WRITE_BYTES // len(A)):
        client.send_buffer.send(A)
    writes = client.writes
    client.take(math.inf)
    assert client.received == A * (2 * WRITE_BYTES // len(A))
    assert client.writes - writes == 3  # the first frame had been tried alone


def test_shared_backlog_goes_out_in_large_writes(stream):
    """The same for what the group has published."""
    group, _ = stream.make_group()
    client = stream.Client(room=0)
    client.send_buffer.follow(group)
    for _ in range(2 * WRITE_BYTES // len(A)):
        stream.deliver(group, A)
    writes = client.writes
    client.take(math.inf)
    assert client.received == A * (2 * WRITE_BYTES // len(A))
    assert client.writes - writes == 3  # the first chunk had been tried alone


def test_control_frame_taken_in_parts_holds_data_back(stream):
    """A member that owed nothing owes half a ping now, and so the fan-out passes it over."""
    group, _ = stream.make_group()
    client = stream.Client(room=1)
    client.send_buffer.follow(group)
    assert not client.send_buffer.control(stream.ping("1"))
    client.room = math.inf
    stream.deliver(group, A)
    assert client.received == stream.ping("1")[:1]
    client.send_buffer.pump()
    assert client.received == stream.ping("1") + A


def test_message_keeps_its_place_in_the_stream(stream):
    """It stands after what the group had published before, and before what it publishes later."""
    group, _ = stream.make_group()
    client = stream.Client(room=5)
    client.send_buffer.follow(group)
    stream.deliver(group, A)
    client.send_buffer.send(B)
    stream.deliver(group, C)
    client.take(math.inf)
    assert client.received == A + B + C


def test_change_of_group_loses_nothing(stream):
    """What the old group had published is still owed; of the new one only what comes from now on."""
    old, _ = stream.make_group()
    new, _ = stream.make_group()
    other = stream.Client(room=0)
    other.send_buffer.follow(new)
    stream.deliver(new, text_frame("before"))
    client = stream.Client(room=5)
    client.send_buffer.follow(old)
    stream.deliver(old, A)
    stream.deliver(old, B)
    client.send_buffer.follow(new)
    stream.deliver(old, text_frame("after"))
    stream.deliver(new, C)
    client.take(math.inf)
    assert client.received == A + B + C


# -- all rules at once --------------------------------------------------------------------------------

NAMES = st.integers(0, 2)
SIZES = st.lists(
    st.one_of(st.integers(0, 40), st.sampled_from([125, 126, 20_000, 70_000])), min_size=1, max_size=4
)
ROOM = st.one_of(st.integers(0, 50), st.sampled_from([1000, 100_000, math.inf]))


class Expected:
    """What one client must receive, kept as the plainest list there is."""

    def __init__(self, stream, client):
        self.stream, self.client = stream, client
        self.data = []  # frames, in the order in which they were put in
        self.controls = []  # (frames of data before it, frame)
        self.follows = None
        self.ended = False  # a close frame has been put in
        self.open = True

    @property
    def begun(self):
        """How many frames of data have begun to go out."""
        whole, rest = self.client.frames
        return sum(frame[0] == self.stream.TEXT for frame in (*whole, rest) if frame)

    @property
    def due(self):
        """Every frame, in the one order that keeps the rules."""
        frames = list(self.data)
        for at, control in reversed(self.controls):
            frames.insert(at, control)
        return frames

    def put(self, *frames):
        if self.open and not self.ended:
            self.data += frames

    def control(self, frame):
        if self.open:
            self.controls.append((self.begun, frame))

    def forget(self):
        self.follows = None
        del self.data[self.begun :]

    def check(self):
        send_buffer, received = self.client.send_buffer, self.client.received
        due = b"".join(self.due)
        assert due.startswith(received)
        if not self.open:
            assert send_buffer.owed == 0
            return
        assert send_buffer.owed == len(due) - len(received)
        assert send_buffer.control_sent or send_buffer.owed


class Interleavings(RuleBasedStateMachine):
    """
    Three clients, three groups, and anything that can happen between two steps.

    After each operation every client has received exactly the first bytes of the one stream that
    the rules allow, owes exactly what is missing of it, and is cut if and only if that passed the
    bound or its connection broke.
    """

    def __init__(self, stream):
        super().__init__()
        self.stream = stream
        self.seq = 0
        self.groups = [stream.make_group()[0] for _ in range(3)]

    @initialize(bounds=st.lists(st.integers(0, 200_000), min_size=3, max_size=3))
    def connect(self, bounds):
        self.bounds = bounds
        self.clients = [self.stream.Client(backlog_bytes=bound) for bound in bounds]
        self.expected = [Expected(self.stream, client) for client in self.clients]

    def frames(self, sizes):
        self.seq += 1
        return [text_frame(f"{self.seq}" + "x" * size) for size in sizes]

    @rule(to=NAMES, sizes=SIZES)
    def publish(self, to, sizes):
        frames = self.frames(sizes)
        for model in self.expected:
            if model.follows == to:
                model.put(*frames)
        self.stream.deliver(self.groups[to], *frames)

    @rule(who=NAMES, sizes=SIZES)
    def send(self, who, sizes):
        frames = self.frames(sizes)
        self.expected[who].put(*frames)
        self.clients[who].send_buffer.send(b"".join(frames))

    @rule(who=NAMES, sizes=SIZES)
    def send_together(self, who, sizes):
        frames = self.frames(sizes)
        self.expected[who].put(*frames)
        self.clients[who].send_buffer.gather()
        for frame in frames:
            self.clients[who].send_buffer.send(frame)
        self.clients[who].send_buffer.release()

    @rule(who=NAMES)
    def ping(self, who):
        if not self.expected[who].ended:  # trio-websocket says nothing after a close frame
            self.seq += 1
            self.expected[who].control(self.stream.ping(str(self.seq)))
            self.clients[who].send_buffer.control(self.stream.ping(str(self.seq)))

    @rule(who=NAMES)
    def close_connections(self, who):
        if not self.expected[who].ended:
            self.expected[who].forget()
            self.expected[who].control(self.stream.close(1000))
            self.expected[who].ended = True
            self.clients[who].send_buffer.control(self.stream.close(1000))

    @rule(who=NAMES, what=NAMES)
    def follow(self, who, what):
        if not self.expected[who].ended:
            self.expected[who].follows = what
        self.clients[who].send_buffer.follow(self.groups[what])

    @rule(who=NAMES)
    def unfollow(self, who):
        self.expected[who].follows = None
        self.clients[who].send_buffer.unfollow()

    @rule(who=NAMES)
    def abandon(self, who):
        self.expected[who].forget()
        self.clients[who].send_buffer.abandon()

    @rule(who=NAMES, room=ROOM)
    def take(self, who, room):
        self.clients[who].room = 0
        self.clients[who].take(room)

    @rule(who=NAMES, room=ROOM)
    def make_room_unseen(self, who, room):
        self.clients[who].room = room

    @precondition(lambda self: self.seq > 10)  # most stories should be longer than this
    @rule(who=NAMES, how=st.sampled_from(["close", "break"]))
    def end(self, who, how):
        if how == "break":
            self.clients[who].broken = True
        else:
            self.expected[who].open = False
            self.clients[who].send_buffer.close()

    @invariant()
    def every_rule_is_kept(self):
        for client, model, bound in zip(self.clients, self.expected, self.bounds, strict=True):
            if client.failed:
                model.open = False
            model.check()
            lost_at = client.send_buffer.lost_at
            client.send_buffer.check(self.seq)
            late = lost_at is None and client.send_buffer.owed > bound
            assert client.send_buffer.lost_at == (self.seq if late else lost_at)
            assert client.cuts == (client.failed or client.send_buffer.lost_at is not None)

    def teardown(self):
        for client, model in zip(self.clients, self.expected, strict=True):
            if model.open and not client.broken:
                client.take(math.inf)
                assert client.received == b"".join(model.due)
                assert (client.send_buffer.owed, client.send_buffer.control_sent) == (0, True)


def test_any_interleaving_keeps_the_rules(stream):
    """Whatever is put in and taken in whatever order: one stream of whole frames, exactly as due."""
    run_state_machine_as_test(
        lambda: Interleavings(stream), settings=settings(max_examples=100, stateful_step_count=50)
    )
