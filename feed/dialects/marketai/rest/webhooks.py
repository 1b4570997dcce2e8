"""The group Webhooks: what is told on a channel, pushed to a URL that the owner of a key names."""

from __future__ import annotations

from typing import Annotated, Final, Literal

import attrs
import msgspec

from feed.dialects import webhooks
from feed.dialects.access import Problem, Shape
from feed.dialects.marketai.admission import limits
from feed.dialects.marketai.channels import ALL, LIQUIDATIONS, NAME, NARRATIVES, SIGNALS, names
from feed.dialects.marketai.rest.envelope import GROUP, KEY, PREFIX, Envelope, enveloped
from feed.dialects.messages import unknown
from feed.dialects.rest import Call, Endpoint, RestContext
from feed.dialects.webhooks import WebhookMade, WebhookShown
from feed.model.grants import Grant
from feed.webhooks.targets import LONGEST_URL

EVENTS: Final = (SIGNALS, LIQUIDATIONS, NARRATIVES)
_MOST_SYMBOLS: Final = 1000

_PATH: Final = PREFIX + "/webhooks"


class WebhookWanted(Shape):
    """
    A webhook to be made.

    Attributes:
        url: Where messages go: ``https://``, in the public internet, without a user or a password.
        events: Channels whose messages are sent, as they are sent there.
        symbols: Pairs, however they are spelled; none, or ``*``, is all.
    """

    url: Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_URL)]
    events: Annotated[
        list[Literal["signals", "liquidations", "narratives"]],
        msgspec.Meta(min_length=1, max_length=len(EVENTS)),
    ]
    symbols: Annotated[list[str], msgspec.Meta(max_length=_MOST_SYMBOLS)] = msgspec.field(
        default_factory=list
    )


def create(context: RestContext, call: Call) -> WebhookMade:
    """Make one; messages begin with the next event."""
    wanted, grant = call.body, _grant(call)
    assert isinstance(wanted, WebhookWanted)  # noqa: S101 - as declared
    known = names(context.listing)
    found: dict[str, None] = {}
    for symbol in wanted.symbols or [ALL]:
        name = known.find(symbol)
        if name is None:
            raise Problem(404, "not_found", unknown("symbol", [symbol], known.near))
        found[name] = None
    policy = context.settings.policies.marketai
    most = limits(grant, policy).symbols
    if most and sum(policy.wildcard_symbols if name == ALL else 1 for name in found) > most:
        raise Problem(403, "symbol_limit_exceeded", f"Symbol limit ({most}) exceeded")
    events = list(dict.fromkeys(wanted.events))
    topics = [topic for event in events for name in found for topic in known.topics(event, name, ())]
    return webhooks.create(
        context.webhooks,
        dialect=NAME,
        owner=grant.name,
        url=wanted.url,
        events=[f"{event} {name}" for event in events for name in found],
        topics=topics,
    )


def listed(context: RestContext, call: Call) -> list[WebhookShown]:
    """Those of the key, oldest first."""
    return webhooks.listed(context.webhooks, dialect=NAME, owner=_grant(call).name)


def remove(context: RestContext, call: Call) -> list[WebhookShown]:
    """Those that are left, oldest first."""
    return webhooks.remove(context.webhooks, dialect=NAME, owner=_grant(call).name, name=call.text("id"))


def _grant(call: Call) -> Grant:
    assert call.grant is not None  # noqa: S101 - the endpoint wants a key
    return call.grant


def endpoints() -> tuple[Endpoint[RestContext], ...]:
    """Those of this module."""
    shared = Endpoint(
        path=_PATH,
        summary="The webhooks of the key",
        handle=enveloped(listed),
        access=KEY,
        returns=Envelope[list[WebhookShown]],
        guarded=True,
        changes=True,
        group=GROUP,
    )
    return (
        shared,
        attrs.evolve(
            shared,
            method="POST",
            summary="Make a webhook: messages of channels, pushed to a URL",
            handle=enveloped(create),
            body=WebhookWanted,
            returns=Envelope[WebhookMade],
            refusals={
                403: f"{webhooks.NOT_ALLOWED} Or the tier has no room for so many symbols.",
                404: "No such symbol.",
                409: webhooks.TOO_MANY,
            },
        ),
        attrs.evolve(
            shared,
            method="DELETE",
            summary="Remove a webhook, and what waits for it",
            handle=enveloped(remove),
            parameters=(webhooks.ID,),
            refusals={404: webhooks.UNKNOWN_ID},
        ),
    )
