"""The webhooks of a server: what they listen to, who made them, and the task that delivers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, Protocol
from urllib.parse import urlsplit

import attrs
import httpcore
import structlog
import trio

import feed
from feed.model.events import Event
from feed.model.topics import Topic
from feed.server.webhooks.client import NotPermitted, said
from feed.settings import Webhooks
from feed.state.encoder import Encoder
from feed.stream.hub import Hub
from feed.webhooks.addresses import networks
from feed.webhooks.queue import DeliveryCounts, DeliveryQueue, Message, WebhookEndpoint
from feed.webhooks.signing import headers
from feed.webhooks.targets import check_url

log = structlog.get_logger("feed.webhooks")

_HEADERS: Final = {"Content-Type": "application/json", "User-Agent": f"feed/{feed.__version__}"}
MOST_TOPICS: Final = 1000  # of one webhook
_REASONS: Final = 200  # characters of an error that its owner is shown


class WebhookTransport(Protocol):
    """What carries a message to its URL."""

    async def post(self, url: str, body: bytes, headers: dict[str, str]) -> int:
        """Send it; the status of the answer. Raises ``trio.TooSlowError``: there was none in time."""
        ...


class WebhookService:
    """
    Makes webhooks, and delivers what the topics say that they listen to.

    They live in memory alone: with their secrets they end with the server.
    """

    def __init__(
        self,
        hub: Hub,
        settings: Webhooks,
        client: WebhookTransport,
        *,
        run: str,
        clock: Callable[[], float],
        holds: Callable[[str, str], bool],
        entropy: Callable[[], bytes],
        seed: int = 0,
    ) -> None:
        """
        Begin without webhooks.

        Args:
            hub: Publishes what they listen to.
            settings: Bounds.
            client: Carries messages.
            run: Part of every id, which no other run of the server has.
            clock: Seconds since the Unix epoch, for timestamps.
            holds: Whether the key of a name is good for a protocol now.
            entropy: Gives a new secret.
            seed: Of the jitter between attempts.
        """
        self._hub = hub
        self._settings = settings
        self._client = client
        self._clock = clock
        self._holds = holds
        self._entropy = entropy
        self._queue = DeliveryQueue(settings, run=run, seed=seed)
        self._allowed = networks(settings.allow)
        self._taps: dict[Topic, _Tap] = {}
        self._topics: dict[str, tuple[Topic, ...]] = {}  # by id of the endpoint
        self._full: set[str] = set()  # endpoints whose queue is, as far as the log has been told
        self._changed = trio.lowlevel.ParkingLot()

    @property
    def total(self) -> DeliveryCounts:
        """What became of all messages so far."""
        return attrs.evolve(self._queue.total)

    @property
    def endpoints(self) -> int:
        """How many there are."""
        return len(self._queue.endpoints)

    def create(
        self, *, dialect: str, owner: str, url: str, events: Sequence[str], topics: Sequence[Topic]
    ) -> WebhookEndpoint:
        """
        Push what is said of ``topics`` from the next event on.

        Args:
            dialect: Of the topics.
            owner: Name of the key that asks for it.
            url: Where to.
            events: What the owner called the topics.
            topics: Of channels that say little: each message is a request.

        Raises:
            ValueError: The URL is not one for webhooks, or it would be of too many topics.
            OverflowError: There are too many.
        """
        check_url(url, self._allowed)
        if len(topics) > MOST_TOPICS:
            raise ValueError("these are too many channels and symbols for one webhook")
        endpoint = WebhookEndpoint(
            id=self._queue.next_id("wh"),
            dialect=dialect,
            owner=owner,
            url=url,
            events=tuple(events),
            created=self._hub.market_state.now,
            secret=self._entropy(),
        )
        self._queue.add(endpoint)
        self._topics[endpoint.id] = tuple(dict.fromkeys(topics))
        for topic in self._topics[endpoint.id]:
            tap = self._taps.get(topic)
            if tap is None:
                tap = self._taps[topic] = _Tap(self._hub.encoder(topic), self._post)
                tap.end = self._hub.observe(topic, tap)
            tap.endpoints.append(endpoint)
        log.info("webhook made", webhook=endpoint.id, key=owner, host=urlsplit(url).hostname)
        return endpoint

    def of(self, dialect: str, owner: str) -> list[tuple[WebhookEndpoint, DeliveryCounts]]:
        """The webhooks that a key has made in a protocol, oldest first."""
        mine = (it for it in self._queue.endpoints if it.dialect == dialect and it.owner == owner)
        return [(endpoint, self._queue.counts(endpoint)) for endpoint in mine]

    def remove(self, dialect: str, owner: str, name: str) -> bool:
        """Forget a webhook and what waits for it; False when its owner has none of that id."""
        for endpoint, _ in self.of(dialect, owner):
            if endpoint.id == name:
                self._forget(endpoint)
                return True
        return False

    def check_keys(self) -> None:
        """Forget the webhooks of keys that are not good any more."""
        for endpoint in self._queue.endpoints:
            if not self._holds(endpoint.owner, endpoint.dialect):
                self._forget(endpoint)

    async def run(self) -> None:
        """Deliver until cancelled; what waits then is lost."""
        async with trio.open_nursery() as nursery:
            while True:
                for message in self._queue.take(trio.current_time()):
                    nursery.start_soon(self._try, message)
                due = self._queue.next_due()
                with trio.CancelScope(deadline=float("inf") if due is None else due):
                    await self._changed.park()

    def _post(self, endpoints: Sequence[WebhookEndpoint], text: str) -> None:
        """Called while an event is published: it waits for nothing."""
        body = text.encode()
        for endpoint in endpoints:
            if self._queue.post(endpoint, body, trio.current_time()):
                self._full.discard(endpoint.id)
            elif endpoint.id not in self._full:
                self._full.add(endpoint.id)
                log.warning("webhook messages are dropped: too many wait", webhook=endpoint.id)
        self._changed.unpark_all()

    async def _try(self, message: Message) -> None:
        endpoint = message.endpoint
        error = "the key has ended"
        if self._holds(endpoint.owner, endpoint.dialect):
            error = await self._attempt(message)
        else:
            self._forget(endpoint)
        if error:
            log.info("webhook not delivered", webhook=endpoint.id, attempt=message.attempts, reason=error)
        self._queue.done(message, trio.current_time(), error=error[:_REASONS])
        self._changed.unpark_all()

    async def _attempt(self, message: Message) -> str:
        """Why it was not delivered; empty when it was."""
        endpoint, body = message.endpoint, message.body
        signed = headers(endpoint.secret, message=message.id, timestamp=int(self._clock()), body=body)
        seconds = self._settings.attempt_seconds
        try:
            status = await self._client.post(endpoint.url, body, {**_HEADERS, **signed})
        except trio.TooSlowError:
            return f"no answer within {seconds:g} seconds"
        except NotPermitted as problem:
            return str(problem)
        except (OSError, httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException) as problem:
            return f"no answer: {said(problem)}"
        except Exception:
            log.exception("bug in a webhook", webhook=endpoint.id)
            return "internal error"
        return "" if 200 <= status < 300 else f"answered with status {status}"

    def _forget(self, endpoint: WebhookEndpoint) -> None:
        self._queue.remove(endpoint)
        self._full.discard(endpoint.id)
        for topic in self._topics.pop(endpoint.id, ()):
            tap = self._taps[topic]
            tap.endpoints.remove(endpoint)
            if not tap.endpoints:
                tap.end()
                del self._taps[topic]


class _Tap(Encoder):
    """Hands what a topic says to those who listen by webhook, and to nobody else."""

    def __init__(self, encoder: Encoder, post: Callable[[Sequence[WebhookEndpoint], str], object]) -> None:
        self.kinds: Sequence[int] = encoder.kinds
        self.period = encoder.period
        self.rank = encoder.rank
        self.endpoints: list[WebhookEndpoint] = []
        self.end: Callable[[], None] = lambda: None
        self._encoder = encoder
        self._post = post

    def encode(self, item: Event) -> None:
        """Nothing, to the hub."""
        self._said(self._encoder.encode(item))

    def on_timer(self, seq: int, now: int) -> None:
        """Nothing, to the hub."""
        self._said(self._encoder.on_timer(seq, now))

    def _said(self, text: str | None) -> None:
        if text is not None:
            self._post(self.endpoints, text)
