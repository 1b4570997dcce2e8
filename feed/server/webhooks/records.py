"""Webhooks as they are recorded: what a fold of their entries knows of each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import attrs

from feed.model.topics import Topic
from feed.webhooks.queue import DeliveryCounts, WebhookEndpoint


@attrs.define
class SaidMessages:
    """
    How far messages of an endpoint have been said, so that none is said again.

    Attributes:
        seq: Number of the newest event of which one was said, or after which it listens.
        names: Ids of the messages of that event.
    """

    seq: int
    names: list[str] = attrs.field(factory=list)

    def add(self, seq: int, name: str) -> bool:
        """Note a message of an event; False when it was said before."""
        if seq < self.seq or name in self.names:
            return False
        if seq > self.seq:
            self.seq = seq
            self.names = []
        self.names.append(name)
        return True


@attrs.define(kw_only=True)
class WebhookRecord:
    """
    What is known of a webhook.

    Attributes:
        endpoint: Where it sends to.
        topics: What it listens to.
        said: What was said to it.
        waiting: Bodies of the messages that wait for delivery, by id, in their order.
        counts: What became of the others.
    """

    endpoint: WebhookEndpoint
    topics: tuple[Topic, ...]
    said: SaidMessages
    waiting: dict[str, str] = attrs.field(factory=dict)
    counts: DeliveryCounts = attrs.field(factory=DeliveryCounts)

    @classmethod
    def of(cls, data: dict[str, Any]) -> WebhookRecord:
        """A new one, of what :func:`endpoint_data` has made."""
        fields = {**data, "events": tuple(data["events"]), "secret": bytes.fromhex(data["secret"])}
        topics = tuple(
            Topic(dialect, channel, instrument, tuple((name, value) for name, value in options))
            for dialect, channel, instrument, options in fields.pop("topics")
        )
        endpoint = WebhookEndpoint(**fields)
        return cls(endpoint=endpoint, topics=topics, said=SaidMessages(endpoint.after))

    @classmethod
    def kept(cls, data: dict[str, Any]) -> WebhookRecord:
        """One that was kept as :meth:`data`."""
        found = cls.of(data["webhook"])
        found.said = SaidMessages(data["seq"], data["names"])
        found.waiting = data["waiting"]
        found.counts = DeliveryCounts(delivered=data["delivered"], failed=data["failed"], error=data["error"])
        return found

    def data(self) -> dict[str, Any]:
        """All of it, in types that JSON has."""
        return {
            "webhook": endpoint_data(self.endpoint, self.topics),
            "seq": self.said.seq,
            "names": self.said.names,
            "waiting": self.waiting,
            "delivered": self.counts.delivered,
            "failed": self.counts.failed,
            "error": self.counts.error,
        }

    def message(self, data: dict[str, Any]) -> None:
        """One of its messages waits."""
        if self.said.add(data["seq"], data["message"]):
            self.waiting[data["message"]] = data["body"]

    def done(self, data: dict[str, Any]) -> None:
        """One of its messages was delivered, or given up."""
        if self.waiting.pop(data["message"], None) is None:
            return
        self.counts.error = data["error"]
        if data["error"]:
            self.counts.failed += 1
        else:
            self.counts.delivered += 1


def endpoint_data(endpoint: WebhookEndpoint, topics: Sequence[Topic]) -> dict[str, Any]:
    """A new endpoint with what it listens to, in types that JSON has."""
    fields = attrs.asdict(endpoint)
    return {
        **fields,
        "events": list(endpoint.events),
        "secret": endpoint.secret.hex(),
        "topics": [
            [topic.dialect, topic.channel, topic.instrument, [list(option) for option in topic.options]]
            for topic in topics
        ],
    }
