"""
What waits to be delivered: bounded queues, and when each message is tried again. No I/O, no clock.

Each endpoint has one queue, first in, first out, and at most one attempt under way: its messages arrive in
order, and each at least once, or not at all after the last attempt. Whoever's endpoints are slow waits alone:
the next attempt is that of the owner with the fewest under way.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from random import Random

import attrs

from feed.model.backoff import Backoff
from feed.settings import Webhooks


@attrs.frozen(kw_only=True)
class WebhookEndpoint:
    """
    A URL that messages are pushed to.

    Attributes:
        id: Different for each endpoint of a server.
        dialect: Protocol whose messages it is sent.
        owner: Name of the key that made it.
        url: Where they go.
        events: What it listens to, in the protocol's words.
        created: Market time, nanoseconds since the Unix epoch.
        after: Number of the event after which it listens.
        secret: Signs them.
    """

    id: str
    dialect: str
    owner: str
    url: str = attrs.field(repr=False)  # it may have a token in it
    events: tuple[str, ...]
    created: int
    after: int = 0
    secret: bytes = attrs.field(repr=False)


@attrs.define(kw_only=True)
class DeliveryCounts:
    """
    What became of the messages of an endpoint.

    Attributes:
        delivered: Answered with a status from 200 to 299.
        failed: Given up after the last attempt.
        dropped: Not taken, as the queue was full.
        waiting: In the queue.
        error: Why the last attempt failed; empty after a good one.
    """

    delivered: int = 0
    failed: int = 0
    dropped: int = 0
    waiting: int = 0
    error: str = ""


@attrs.define(eq=False)
class Message:
    """
    A message in a queue.

    Attributes:
        id: The same in every attempt.
        endpoint: Whose.
        body: JSON text.
        attempts: How many were made.
        due: When the next attempt may be made, seconds on the caller's clock.
    """

    id: str
    endpoint: WebhookEndpoint
    body: bytes = attrs.field(repr=False)
    waits: Iterator[float] = attrs.field(repr=False)
    attempts: int = 0
    due: float = 0.0


@attrs.define(eq=False)
class _Queue:
    endpoint: WebhookEndpoint
    counts: DeliveryCounts = attrs.field(factory=DeliveryCounts)
    messages: deque[Message] = attrs.field(factory=deque)
    busy: bool = False  # an attempt is under way


class DeliveryQueue:
    """All endpoints of a server, and what waits for each."""

    def __init__(self, settings: Webhooks, *, run: str, seed: int = 0) -> None:
        """
        Begin without endpoints.

        Args:
            settings: Bounds.
            run: Part of every new endpoint's id, which no other run of the server has.
            seed: Of the jitter between attempts.
        """
        self._settings = settings
        self._run = run
        self._seed = seed
        self._queues: dict[str, _Queue] = {}
        self._numbers = 0
        self._bytes = 0
        self._held: dict[str, tuple[int, int]] = {}  # messages and bytes that wait, by owner
        self._under_way: dict[str, int] = {}  # attempts, by owner
        self.total = DeliveryCounts()
        self._backoff = Backoff(
            first_seconds=settings.retry_seconds,
            most_seconds=settings.retry_most_seconds,
            jitter_seconds=settings.retry_seconds,
        )

    @property
    def endpoints(self) -> tuple[WebhookEndpoint, ...]:
        """All of them, oldest first."""
        return tuple(queue.endpoint for queue in self._queues.values())

    def next_id(self) -> str:
        """The id of a new endpoint, such as ``wh_6f3a_7``."""
        self._numbers += 1
        return f"wh_{self._run}_{self._numbers}"

    def check_room(self, owner: str) -> None:
        """
        Look whether there may be one endpoint more.

        Raises:
            OverflowError: There are too many, of its owner or of all.
        """
        mine = sum(queue.endpoint.owner == owner for queue in self._queues.values())
        if mine >= self._settings.per_key:
            raise OverflowError(f"There are {mine} webhooks of this key; no more are allowed")
        if len(self._queues) >= self._settings.endpoints:
            raise OverflowError("There are too many webhooks on this server")

    def add(self, endpoint: WebhookEndpoint, counts: DeliveryCounts | None = None) -> None:
        """Take an endpoint in, with what became of its messages so far; none of them waits."""
        self._queues[endpoint.id] = _Queue(endpoint, counts or DeliveryCounts())

    def remove(self, endpoint: WebhookEndpoint) -> None:
        """Forget an endpoint and all that waits for it; an attempt under way comes to its end."""
        queue = self._queues.pop(endpoint.id, None)
        while queue is not None and queue.messages:
            self._forget(queue)

    def counts(self, endpoint: WebhookEndpoint) -> DeliveryCounts:
        """What became of its messages so far."""
        queue = self._queues.get(endpoint.id)
        return DeliveryCounts() if queue is None else attrs.evolve(queue.counts)

    def post(self, endpoint: WebhookEndpoint, name: str, body: bytes, now: float) -> bool:
        """
        Let a message wait for delivery.

        Args:
            endpoint: To which; one that was removed gets nothing.
            name: Id of the message, which no other has.
            body: JSON text.
            now: Seconds on the caller's clock.

        Returns:
            False when it was dropped: the queues of the endpoint's owner, or all together, are full.
        """
        queue = self._queues.get(endpoint.id)
        if queue is None:
            return False
        if not self._room(queue.endpoint.owner, len(body)):
            queue.counts.dropped += 1
            self.total.dropped += 1
            return False
        waits = self._backoff.delays(Random(f"{self._seed} {name}").random)  # noqa: S311 - jitter, no secret
        queue.messages.append(Message(name, queue.endpoint, body, waits, due=now))
        self._waiting(queue, 1, len(body))
        return True

    def take(self, now: float) -> list[Message]:
        """The messages that are to be tried now; each must come back by :meth:`done`."""
        found: list[Message] = []
        while sum(self._under_way.values()) < self._settings.concurrent:
            due = [
                queue
                for queue in self._queues.values()
                if queue.messages and not queue.busy and queue.messages[0].due <= now
            ]
            if not due:
                break
            queue = min(due, key=lambda it: (self._under_way.get(it.endpoint.owner, 0), it.messages[0].due))
            message = queue.messages[0]
            message.attempts += 1
            queue.busy = True
            owner = queue.endpoint.owner
            self._under_way[owner] = self._under_way.get(owner, 0) + 1
            found.append(message)
        return found

    def next_due(self) -> float | None:
        """When :meth:`take` has something to give, seconds; None when nothing waits, or all may be tried."""
        if sum(self._under_way.values()) >= self._settings.concurrent:
            return None
        waiting = (queue for queue in self._queues.values() if queue.messages and not queue.busy)
        return min((queue.messages[0].due for queue in waiting), default=None)

    def done(self, message: Message, now: float, *, error: str = "") -> bool:
        """
        An attempt has come to its end.

        Args:
            message: Which was tried.
            now: Seconds on the caller's clock.
            error: Why it was not delivered; empty when it was.

        Returns:
            Whether that was the last attempt of a message that still waited.
        """
        owner = message.endpoint.owner
        self._under_way[owner] -= 1
        if not self._under_way[owner]:
            del self._under_way[owner]
        queue = self._queues.get(message.endpoint.id)
        if queue is None or not queue.messages or queue.messages[0] is not message:
            return False  # it was removed meanwhile
        queue.busy = False
        queue.counts.error = error
        if not error:
            queue.counts.delivered += 1
            self.total.delivered += 1
        elif message.attempts >= self._settings.attempts:
            queue.counts.failed += 1
            self.total.failed += 1
        else:
            message.due = now + next(message.waits)
            return False
        self._forget(queue)
        return True

    def _room(self, owner: str, size: int) -> bool:
        settings = self._settings
        messages, held = self._held.get(owner, (0, 0))
        return (
            size <= settings.body_bytes
            and messages < settings.messages_per_key
            and held + size <= settings.bytes_per_key
            and self._bytes + size <= settings.bytes
        )

    def _forget(self, queue: _Queue) -> None:
        self._waiting(queue, -1, -len(queue.messages.popleft().body))

    def _waiting(self, queue: _Queue, messages: int, size: int) -> None:
        queue.counts.waiting += messages
        self.total.waiting += messages
        self._bytes += size
        owner = queue.endpoint.owner
        count, held = self._held.get(owner, (0, 0))
        if count + messages:
            self._held[owner] = count + messages, held + size
        else:
            del self._held[owner]
