"""What is asked of a server's webhooks by whoever serves a protocol."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from feed.model.topics import Topic
from feed.webhooks.queue import DeliveryCounts, WebhookEndpoint


class WebhookRegistry(Protocol):
    """What a handler may ask of the server's webhooks."""

    def create(
        self, *, dialect: str, owner: str, url: str, events: Sequence[str], topics: Sequence[Topic]
    ) -> WebhookEndpoint:
        """
        Push what is said of topics.

        Raises:
            ValueError: The URL is not one for webhooks.
            OverflowError: There are too many.
        """
        ...

    def of(self, dialect: str, owner: str) -> list[tuple[WebhookEndpoint, DeliveryCounts]]:
        """The webhooks of a key in a protocol, oldest first."""
        ...

    def remove(self, dialect: str, owner: str, name: str) -> bool:
        """Forget one; False when there is none."""
        ...
