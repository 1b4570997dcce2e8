"""
Webhooks by request, for every protocol that offers them: made, listed and removed with a key.

A protocol says what may be listened to and how its answers are wrapped; the rest is the same everywhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from feed.dialects.access import Problem, Shape
from feed.dialects.parameters import Parameter
from feed.dialects.times import milliseconds
from feed.model.topics import Topic
from feed.webhooks.queue import DeliveryCounts, WebhookEndpoint
from feed.webhooks.registry import WebhookRegistry
from feed.webhooks.signing import secret_text

ID: Final = Parameter(name="id", meaning="As the answer said when it was made.", most=64, example="wh_1")
NOT_ALLOWED: Final = "Nothing is sent to this URL."
TOO_MANY: Final = "There are too many already."
UNKNOWN_ID: Final = "Nothing of this id was made with this key."


class WebhookShown(Shape):
    """
    A webhook, as its owner sees it.

    Attributes:
        id: Names it in requests.
        url: Where messages go.
        events: What it listens to.
        created: Market time, milliseconds since the Unix epoch.
        delivered: Messages that were answered with a status from 200 to 299.
        failed: Messages that were given up after the last attempt.
        dropped: Messages that were not taken, as too many waited.
        waiting: Messages that wait for an attempt.
        error: Why the last attempt failed; empty after a good one.
    """

    id: str
    url: str
    events: list[str]
    created: int
    delivered: int
    failed: int
    dropped: int
    waiting: int
    error: str


class WebhookMade(Shape):
    """
    A new webhook.

    Attributes:
        webhook: As it is listed.
        secret: Signs its messages, as Standard Webhooks has it; it is never told again.
    """

    webhook: WebhookShown
    secret: str


def create(
    registry: WebhookRegistry,
    *,
    dialect: str,
    owner: str,
    url: str,
    events: Sequence[str],
    topics: Sequence[Topic],
) -> WebhookMade:
    """
    Make one.

    Raises:
        Problem: 403, the URL is not one for webhooks; 409, there are too many.
    """
    try:
        endpoint = registry.create(dialect=dialect, owner=owner, url=url, events=events, topics=topics)
    except ValueError as problem:
        raise Problem(403, "url_not_allowed", str(problem)) from None
    except OverflowError as problem:
        raise Problem(409, "limit_reached", str(problem)) from None
    return WebhookMade(webhook=_shown(endpoint, DeliveryCounts()), secret=secret_text(endpoint.secret))


def listed(registry: WebhookRegistry, *, dialect: str, owner: str) -> list[WebhookShown]:
    """Those of a key, oldest first."""
    return [_shown(*found) for found in registry.of(dialect, owner)]


def remove(registry: WebhookRegistry, *, dialect: str, owner: str, name: str) -> list[WebhookShown]:
    """
    Remove one; those that are left.

    Raises:
        Problem: 404, there is none of that id.
    """
    if not registry.remove(dialect, owner, name):
        raise Problem(404, "not_found", "There is no webhook of this id")
    return listed(registry, dialect=dialect, owner=owner)


def _shown(endpoint: WebhookEndpoint, counts: DeliveryCounts) -> WebhookShown:
    return WebhookShown(
        id=endpoint.id,
        url=endpoint.url,
        events=list(endpoint.events),
        created=milliseconds(endpoint.created),
        delivered=counts.delivered,
        failed=counts.failed,
        dropped=counts.dropped,
        waiting=counts.waiting,
        error=counts.error,
    )
