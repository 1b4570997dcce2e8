"""The webhooks of a server: what they listen to, who made them, and the task that delivers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, Protocol
from urllib.parse import urlsplit

import attrs
import httpcore
import structlog
import trio

import feed
from feed.model.events import Event
from feed.model.topics import Topic
from feed.server.durable.kinds import WEBHOOK, WEBHOOK_DONE, WEBHOOK_END, WEBHOOK_MESSAGE
from feed.server.durable.service_log import ServiceLog
from feed.server.webhooks.client import NotPermitted, said
from feed.server.webhooks.records import SaidMessages, WebhookRecord, endpoint_data
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

    Each message has the place in the stream where it was said in its id, so that what is said again of the
    same events, after a restart, is known by it.
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
        service_log: ServiceLog,
        seed: int = 0,
    ) -> None:
        """
        Begin without webhooks.

        Args:
            hub: Publishes what they listen to.
            settings: Bounds.
            client: Carries messages.
            run: Part of the id of every new webhook, which no other run of the server has.
            clock: Seconds since the Unix epoch, for timestamps.
            holds: Whether the key of a name is good for a protocol now.
            entropy: Gives a new secret.
            service_log: Where webhooks are recorded, and what becomes of their messages.
            seed: Of the jitter between attempts.
        """
        self._hub = hub
        self._settings = settings
        self._client = client
        self._clock = clock
        self._holds = holds
        self._entropy = entropy
        self._log = service_log
        self._queue = DeliveryQueue(settings, run=run, seed=seed)
        self._allowed = networks(settings.allow)
        self._taps: dict[Topic, _Tap] = {}
        self._topics: dict[str, tuple[Topic, ...]] = {}  # by id of the endpoint
        self._said: dict[str, SaidMessages] = {}  # the same
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
            Problem: 503, the disk takes nothing.
        """
        check_url(url, self._allowed)
        if len(topics) > MOST_TOPICS:
            raise ValueError("these are too many channels and symbols for one webhook")
        self._queue.check_room(owner)
        endpoint = WebhookEndpoint(
            id=self._queue.next_id(),
            dialect=dialect,
            owner=owner,
            url=url,
            events=tuple(events),
            created=self._hub.market_state.now,
            after=self._hub.seq,
            secret=self._entropy(),
        )
        wanted = tuple(dict.fromkeys(topics))
        self._log.record(WEBHOOK, endpoint_data(endpoint, wanted), part=_part(owner))
        self._queue.add(endpoint)
        self._listen(endpoint, wanted, SaidMessages(endpoint.after))
        log.info("webhook made", webhook=endpoint.id, key=owner, host=urlsplit(url).hostname)
        return endpoint

    def restore(self, recorded: Iterable[WebhookRecord]) -> None:
        """Take back the webhooks that were recorded, with what waits for them."""
        for one in recorded:
            endpoint = one.endpoint
            try:
                for topic in one.topics:
                    self._hub.encoder(topic)
            except Exception:
                log.exception("a webhook is left out: its topics are not served", webhook=endpoint.id)
                continue
            self._queue.add(endpoint, one.counts)
            self._listen(endpoint, one.topics, one.said)
            for name, body in one.waiting.items():
                self._queue.post(endpoint, name, body.encode(), trio.current_time())
        self._changed.unpark_all()

    def _listen(self, endpoint: WebhookEndpoint, topics: tuple[Topic, ...], said: SaidMessages) -> None:
        self._topics[endpoint.id] = topics
        self._said[endpoint.id] = said
        for number, topic in enumerate(topics):
            tap = self._taps.get(topic)
            if tap is None:
                tap = self._taps[topic] = _Tap(self._hub.encoder(topic), self._post)
                tap.end = self._hub.observe(topic, tap)
            tap.endpoints[endpoint] = number

    def of(self, dialect: str, owner: str) -> list[tuple[WebhookEndpoint, DeliveryCounts]]:
        """The webhooks that a key has made in a protocol, oldest first."""
        self._log.look(_part(owner))
        mine = (it for it in self._queue.endpoints if it.dialect == dialect and it.owner == owner)
        return [(endpoint, self._queue.counts(endpoint)) for endpoint in mine]

    def remove(self, dialect: str, owner: str, name: str) -> bool:
        """
        Forget a webhook and what waits for it; False when its owner has none of that id.

        Raises:
            Problem: 503, the disk takes nothing.
        """
        for endpoint, _ in self.of(dialect, owner):
            if endpoint.id == name:
                self._log.record(WEBHOOK_END, {"id": name}, part=_part(owner))
                self._forget(endpoint)
                return True
        return False

    def check_keys(self) -> None:
        """Forget the webhooks of keys that are not good any more."""
        for endpoint in self._queue.endpoints:
            if not self._holds(endpoint.owner, endpoint.dialect):
                self._end(endpoint)

    async def run(self) -> None:
        """Deliver until cancelled; what waits then is lost where nothing is recorded."""
        async with trio.open_nursery() as nursery:
            while True:
                for message in self._queue.take(trio.current_time()):
                    nursery.start_soon(self._try, message)
                due = self._queue.next_due()
                with trio.CancelScope(deadline=float("inf") if due is None else due):
                    await self._changed.park()

    def _post(self, endpoints: Mapping[WebhookEndpoint, int], text: str, seq: int, beat: int | None) -> None:
        """Called while an event is published, or at a beat of market time: it waits for nothing."""
        body = text.encode()
        for endpoint, number in endpoints.items():
            early = seq <= endpoint.after if beat is None else beat <= endpoint.created
            name = f"msg_{endpoint.id.removeprefix('wh_')}_{seq}_{number}"
            name = name if beat is None else f"{name}_{beat}"
            if early or not self._said[endpoint.id].add(seq, name):
                continue  # a restart lets events happen again that were before it was made, or told before
            if self._queue.post(endpoint, name, body, trio.current_time()):
                self._full.discard(endpoint.id)
                message = {"id": endpoint.id, "message": name, "seq": seq, "body": text}
                self._log.try_record(WEBHOOK_MESSAGE, message)
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
            self._end(endpoint)
        if error:
            log.info("webhook not delivered", webhook=endpoint.id, attempt=message.attempts, reason=error)
        error = error[:_REASONS]
        if self._queue.done(message, trio.current_time(), error=error):
            self._log.try_record(WEBHOOK_DONE, {"id": endpoint.id, "message": message.id, "error": error})
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

    def _end(self, endpoint: WebhookEndpoint) -> None:
        """Forget one whose key is not good any more, whether or not the disk takes note."""
        self._log.try_record(WEBHOOK_END, {"id": endpoint.id})
        self._forget(endpoint)

    def _forget(self, endpoint: WebhookEndpoint) -> None:
        self._queue.remove(endpoint)
        self._full.discard(endpoint.id)
        self._said.pop(endpoint.id, None)
        for topic in self._topics.pop(endpoint.id, ()):
            tap = self._taps[topic]
            tap.endpoints.pop(endpoint)
            if not tap.endpoints:
                tap.end()
                del self._taps[topic]


def _part(owner: str) -> str:
    return f"webhooks of {owner}"


class _Tap(Encoder):
    """Hands what a topic says to those who listen by webhook, and to nobody else."""

    def __init__(
        self, encoder: Encoder, post: Callable[[Mapping[WebhookEndpoint, int], str, int, int | None], object]
    ) -> None:
        self.kinds: Sequence[int] = encoder.kinds
        self.period = encoder.period
        self.rank = encoder.rank
        self.endpoints: dict[WebhookEndpoint, int] = {}  # which of its topics this one is to each
        self.end: Callable[[], None] = lambda: None
        self._encoder = encoder
        self._post = post

    def encode(self, item: Event) -> None:
        """Nothing, to the hub."""
        self._said(self._encoder.encode(item), item.seq, None)

    def on_timer(self, seq: int, now: int) -> None:
        """Nothing, to the hub."""
        self._said(self._encoder.on_timer(seq, now), seq, now)

    def _said(self, text: str | None, seq: int, beat: int | None) -> None:
        if text is not None:
            self._post(self.endpoints, text, seq, beat)
