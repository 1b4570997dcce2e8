"""What waits for delivery: order, attempts, bounds, and whose turn it is."""

import pytest

from feed.settings import Webhooks
from feed.webhooks.queue import DeliveryQueue, WebhookEndpoint


def queue_of(**settings):
    return DeliveryQueue(Webhooks(**settings), run="r", seed=1)


def endpoint(queue, owner="desk"):
    made = WebhookEndpoint(
        id=queue.next_id(),
        dialect="test",
        owner=owner,
        url="https://example.com/",
        events=(),
        created=0,
        secret=b"",
    )
    queue.check_room(owner)
    queue.add(made)
    return made


def bodies(messages):
    return [message.body for message in messages]


def test_messages_of_an_endpoint_arrive_in_their_order_one_at_a_time():
    """The next one is tried when the one before it has come to its end."""
    queue = queue_of()
    hook = endpoint(queue)
    assert queue.post(hook, "msg_1", b"1", 0.0)
    assert queue.post(hook, "msg_1", b"2", 0.0)
    (first,) = queue.take(0.0)
    assert (first.body, first.id, first.attempts) == (b"1", "msg_1", 1)
    assert queue.take(0.0) == []
    queue.done(first, 1.0)
    assert bodies(queue.take(1.0)) == [b"2"]
    assert queue.counts(hook).delivered == 1


def test_a_failed_attempt_is_made_again_later_with_the_same_id():
    """Waits double from the first, each with jitter that the seed decides, up to their bound."""
    queue = queue_of(retry_seconds=5, retry_most_seconds=12, attempts=4)
    hook = endpoint(queue)
    queue.post(hook, "msg_1", b"1", 0.0)
    now, waits, names = 0.0, [], set()
    for _ in range(4):
        (message,) = queue.take(now)
        names.add(message.id)
        queue.done(message, now, error="answered with status 500")
        due = queue.next_due()
        if due is not None:
            waits.append(due - now)
            assert queue.take(due - 0.001) == []
            now = due
    assert names == {"msg_1"}
    assert [5 <= waits[0] < 10, 10 <= waits[1] < 15, 12 <= waits[2] < 17] == [True] * 3
    counts = queue.counts(hook)
    assert (counts.failed, counts.waiting, counts.error) == (1, 0, "answered with status 500")
    again = queue_of(retry_seconds=5)
    other = endpoint(again)
    again.post(other, "msg_1", b"1", 0.0)
    (message,) = again.take(0.0)
    again.done(message, 0.0, error="x")
    assert again.next_due() == waits[0]


def test_a_full_queue_drops_what_is_new_and_counts_it():
    """By messages and by bytes of an owner, by the length of one, and by the bytes of all."""
    queue = queue_of(messages_per_key=2, bytes_per_key=2048, body_bytes=1500, bytes=3000)
    hook, second, other = endpoint(queue), endpoint(queue), endpoint(queue, "other")
    assert not queue.post(hook, "msg_1", bytes(1501), 0.0)
    assert queue.post(hook, "msg_1", bytes(1500), 0.0)
    assert not queue.post(second, "msg_1", bytes(1000), 0.0)
    assert queue.post(second, "msg_1", bytes(1), 0.0)
    assert not queue.post(second, "msg_1", bytes(1), 0.0)
    assert not queue.post(other, "msg_1", bytes(1500), 0.0)
    assert queue.post(other, "msg_1", bytes(1499), 0.0)
    assert [queue.counts(each).dropped for each in (hook, second, other)] == [1, 2, 1]
    assert queue.total.dropped == 4
    assert queue.total.waiting == 3
    queue.done(next(message for message in queue.take(0.0) if message.endpoint is hook), 0.0)
    assert queue.post(second, "msg_1", bytes(1500), 0.0)


def test_nobody_waits_for_the_slow_endpoints_of_another():
    """Of attempts that are free the next is that of whoever has the fewest under way."""
    queue = queue_of(concurrent=3)
    greedy = [endpoint(queue, "greedy") for _ in range(4)]
    for hook in greedy:
        queue.post(hook, "msg_1", b"greedy", 0.0)
    modest = endpoint(queue, "modest")
    queue.post(modest, "msg_1", b"modest", 5.0)
    assert bodies(queue.take(5.0)) == [b"greedy", b"modest", b"greedy"]
    assert queue.take(5.0) == []
    assert queue.next_due() is None


def test_endpoints_are_bounded_by_key_and_altogether():
    """With a sentence for whoever asks for one more."""
    queue = queue_of(per_key=1, endpoints=2)
    endpoint(queue)
    with pytest.raises(OverflowError, match="There are 1 webhooks of this key; no more are allowed"):
        endpoint(queue)
    endpoint(queue, "other")
    with pytest.raises(OverflowError, match="There are too many webhooks on this server"):
        endpoint(queue, "third")


def test_what_waits_for_an_endpoint_goes_with_it():
    """Its bytes are free again, an attempt under way counts nothing, and nothing more is taken."""
    queue = queue_of(bytes_per_key=1024, body_bytes=1024)
    hook = endpoint(queue)
    queue.post(hook, "msg_1", bytes(1000), 0.0)
    (message,) = queue.take(0.0)
    queue.remove(hook)
    queue.done(message, 1.0, error="too late")
    assert queue.endpoints == ()
    assert not queue.post(hook, "msg_1", b"", 1.0)
    assert (queue.total.failed, queue.total.waiting) == (0, 0)
    assert queue.post(endpoint(queue), "msg_1", bytes(1000), 1.0)


def test_secrets_and_urls_are_in_no_text():
    """A log line that shows an endpoint or a message shows neither."""
    queue = queue_of()
    hook = endpoint(queue)
    queue.post(hook, "msg_1", b"body", 0.0)
    shown = f"{hook!r} {queue.take(0.0)!r}"
    assert "example.com" not in shown
    assert "secret" not in shown
    assert "body" not in shown
