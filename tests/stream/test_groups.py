"""Connections with identical parameters share one stream, kept only as far as somebody needs it."""

from feed.stream.frames import text_frame

A, B, C = map(text_frame, "abc")


def test_step_is_joined_into_one_write(stream):
    """All frames of a step reach a member in a single write."""
    group, _ = stream.make_group()
    client = stream.Client()
    client.send_buffer.follow(group)
    stream.deliver(group, A, B, C)
    assert (client.received, client.writes) == (A + B + C, 1)


def test_nothing_is_buffered_while_all_clients_keep_up(stream):
    """Members who take everything leave no backlog behind."""
    group, _ = stream.make_group()
    client = stream.Client()
    client.send_buffer.follow(group)
    stream.deliver(group, A)
    stream.deliver(group, B)
    assert (group.tail.data, group.tail.next, group.behind) == (b"", None, {})


def test_backlog_is_shared(stream):
    """Two members that lag hold the same chunk, not a copy each."""
    group, _ = stream.make_group()
    slow = [stream.Client(room=1), stream.Client(room=2)]
    for client in slow:
        client.send_buffer.follow(group)
    stream.deliver(group, A, B)
    assert slow[0].send_buffer._data is slow[1].send_buffer._data is group.tail.data


def test_backlog_is_freed_when_the_last_one_has_caught_up(stream):
    """It stays for the slowest, and goes with it."""
    group, _ = stream.make_group()
    slow, slower = stream.Client(room=1), stream.Client(room=1)
    for client in (slow, slower):
        client.send_buffer.follow(group)
    stream.deliver(group, A)
    stream.deliver(group, B)
    slow.take(100)
    assert (slow.received, group.tail.data) == (A + B, B)
    slower.take(100)
    assert (slower.received, group.tail.data, group.behind) == (A + B, b"", {})


def test_member_that_lags_is_passed_over_until_it_has_caught_up(stream):
    """The fan-out writes only to members that owe nothing; the writer task does the rest, in order."""
    group, _ = stream.make_group()
    client = stream.Client(room=1)
    client.send_buffer.follow(group)
    stream.deliver(group, A)
    writes = client.writes
    client.room = 100
    stream.deliver(group, B)
    assert (client.received, client.writes) == (A[:1], writes)
    client.send_buffer.pump()
    stream.deliver(group, C)
    assert client.received == A + B + C


def test_group_says_when_the_last_member_has_left(stream):
    """For whatever reason: left, abandoned after a close frame, closed, or broken under a write."""
    group, emptied = stream.make_group()
    leave = [
        lambda client: client.send_buffer.unfollow(),
        lambda client: client.send_buffer.abandon(),
        lambda client: client.send_buffer.control(stream.close(1000)),
        lambda client: client.send_buffer.close(),
        lambda client: (setattr(client, "broken", True), stream.deliver(group, A)),
    ]
    for count, step in enumerate(leave, 1):
        clients = [stream.Client(), stream.Client(room=1)]
        for client in clients:
            client.send_buffer.follow(group)
        stream.deliver(group, A)
        clients[1].send_buffer.close()
        assert len(emptied) == count - 1
        step(clients[0])
        assert (emptied, len(group)) == ([group] * count, 0)
