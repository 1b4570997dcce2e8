"""What some protocols have beyond the contract; the server looks for each where it matters."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from feed.analytics.alerts import AlertBook
from feed.dialects.metering import Meter
from feed.model.elsewhere import NOWHERE, Elsewhere
from feed.model.instruments import Instrument
from feed.model.topics import Topic
from feed.policies import Policies
from feed.state.encoder import Encoder


@runtime_checkable
class SupportsAlerts(Protocol):
    """A dialect with channels for what alerts of its clients have fired."""

    def alert_encoder(self, topic: Topic, instrument: Instrument, alerts: AlertBook) -> Encoder | None:
        """
        What turns fired alerts into the messages of ``topic``.

        Args:
            topic: One that a session of this dialect has named.
            instrument: The instrument that ``topic.instrument`` stands for.
            alerts: Knows what has fired at which event.

        Returns:
            None where the topic is no channel for alerts: :meth:`Dialect.encoder` makes the others.
        """
        ...


@runtime_checkable
class SupportsMetering(Protocol):
    """A dialect whose document says how requests are counted, and who is refused for too many."""

    def meter(self, policies: Policies, most: int, elsewhere: Elsewhere = NOWHERE) -> Meter:
        """
        What counts the requests to one server.

        Args:
            policies: What the operator decides.
            most: Clients that are counted apart.
            elsewhere: Other servers, which count too.
        """
        ...


@runtime_checkable
class SupportsNotFound(Protocol):
    """A dialect whose document says how a request by HTTP is refused that is for nothing it serves."""

    def not_found(self, message: str) -> str:
        """
        The JSON body of a 404 for a path below the dialect's own.

        Args:
            message: One sentence for people.
        """
        ...
