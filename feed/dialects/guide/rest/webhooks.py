"""Webhooks by request: what is told on channels of alerts and signals, pushed to a URL."""

from __future__ import annotations

from typing import Annotated, Final

import attrs
import msgspec

from feed.dialects import webhooks
from feed.dialects.access import Problem, Shape
from feed.dialects.guide import channels
from feed.dialects.guide.channels import ALERTS, ALL_ALERTS, NAME, SIGNALS, ChannelFinder
from feed.dialects.guide.rest.access import GROUP, KEY, PREFIX, owner
from feed.dialects.messages import unknown
from feed.dialects.options import Options
from feed.dialects.rest import Call, Endpoint, RestContext
from feed.dialects.webhooks import WebhookMade, WebhookShown
from feed.errors import ProtocolError
from feed.model.topics import Topic
from feed.webhooks.targets import LONGEST_URL

_PATH: Final = PREFIX + "/webhooks"
_PUSHED: Final = (ALERTS, ALL_ALERTS, SIGNALS)
_MOST_CHANNELS: Final = 100
_LONGEST_CHANNEL: Final = 64
_OPTIONS: Final = Options(seq=True)


class WebhookWanted(Shape):
    """
    A webhook to be made.

    Attributes:
        url: Where messages go: ``https://``, in the public internet, without a user or a password.
        channels: Whose messages are sent: ``alerts``, ``alerts_<symbol>``, ``signals_<symbol>``.
    """

    url: Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_URL)]
    channels: Annotated[
        list[Annotated[str, msgspec.Meta(min_length=1, max_length=_LONGEST_CHANNEL)]],
        msgspec.Meta(min_length=1, max_length=_MOST_CHANNELS),
    ]


def create(context: RestContext, call: Call) -> WebhookMade:
    """Make one; messages begin with the next event."""
    wanted, key = call.body, owner(call)
    assert isinstance(wanted, WebhookWanted)  # noqa: S101 - as declared
    finder = ChannelFinder(context.listing, _OPTIONS)
    topics = []
    for channel in dict.fromkeys(wanted.channels):
        found = _pushed(finder, channel, key)
        if not found:
            near = f"pushed are {ALERTS}, {ALERTS}_<symbol> and {SIGNALS}_<symbol>"
            raise Problem(404, "not_found", f"{unknown('channel(s)', [channel])}; {near}")
        topics += found
    return webhooks.create(
        context.webhooks,
        dialect=NAME,
        owner=key,
        url=wanted.url,
        events=channels.names(topics, context.listing),
        topics=topics,
    )


def _pushed(finder: ChannelFinder, channel: str, key: str) -> list[Topic]:
    try:
        return [topic for topic in finder.topics(channel, key) if topic.channel in _PUSHED]
    except ProtocolError:  # of an account, and so not among them
        return []


def listed(context: RestContext, call: Call) -> list[WebhookShown]:
    """Those of the key, oldest first."""
    return webhooks.listed(context.webhooks, dialect=NAME, owner=owner(call))


def remove(context: RestContext, call: Call) -> list[WebhookShown]:
    """Those that are left, oldest first."""
    return webhooks.remove(context.webhooks, dialect=NAME, owner=owner(call), name=call.text("id"))


def endpoints() -> tuple[Endpoint[RestContext], ...]:
    """Those of this module."""
    shared = Endpoint(
        path=_PATH,
        summary="The webhooks of the key",
        handle=listed,
        access=KEY,
        returns=list[WebhookShown],
        guarded=True,
        changes=True,
        group=GROUP,
    )
    return (
        shared,
        attrs.evolve(
            shared,
            method="POST",
            summary="Make a webhook: messages of alerts and signals, pushed to a URL",
            handle=create,
            body=WebhookWanted,
            returns=WebhookMade,
            refusals={403: webhooks.NOT_ALLOWED, 404: "No such channel.", 409: webhooks.TOO_MANY},
        ),
        attrs.evolve(
            shared,
            method="DELETE",
            summary="Remove a webhook, and what waits for it",
            handle=remove,
            parameters=(webhooks.ID,),
            refusals={404: webhooks.UNKNOWN_ID},
        ),
    )
