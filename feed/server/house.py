"""Puts the rooms together: from settings and a source to a door that lets clients in."""

from __future__ import annotations

import math
import sys

import attrs

from feed.dialects.discovery import dialects
from feed.model.latest import Latest
from feed.model.topics import Encoder, Topic
from feed.server.connection import Reception
from feed.server.door import Door
from feed.server.faults import Faults, Plan
from feed.server.http.app import build
from feed.server.http.site import Site
from feed.server.http.tape import Tape
from feed.server.http.worker import HttpWorker
from feed.server.keys import Keyring
from feed.server.origins import Origins
from feed.settings import Limits, Settings
from feed.stream.fanout import Fanout
from feed.stream.hub import Hub
from feed.stream.source import Source


class House:
    """
    One server without its sockets.

    Attributes:
        fanout: Publishes what the source sends.
        reception: What every connection shares.
        web: Serves what is no WebSocket.
        door: Lets a connection in.
        faults: What goes wrong on purpose; None when nothing will.
    """

    def __init__(
        self, settings: Settings, source: Source, keyring: Keyring, plan: Plan | None = None
    ) -> None:
        listing = source.listing

        def make_encoder(topic: Topic, latest: Latest) -> Encoder:
            return dialects()[topic.dialect].encoder(topic, listing[topic.instrument], latest)

        hub = Hub(
            instruments=len(listing),
            history_events=settings.flow.history_events,
            history_bytes=settings.flow.history_bytes,
            make_encoder=make_encoder,
        )
        limits = _limits(settings)
        self.faults = Faults(plan, hub) if plan is not None and plan.faults else None
        self.fanout = Fanout(hub, settings.flow, interlude=self.faults)
        self.reception = Reception(fanout=self.fanout, limits=limits, faults=self.faults)
        origins = Origins(settings)
        site = Site(
            settings=settings,
            source=source,
            fanout=self.fanout,
            reception=self.reception,
            keyring=keyring,
            tape=Tape(hub, len(listing), settings.web.most_rows),
        )
        app, paths = build(site, origins)
        self.web = HttpWorker(app, paths, limits, settings.web)
        self.door = Door(self.reception, listing, keyring, settings.policies, origins=origins, web=self.web)


def _limits(settings: Settings) -> Limits:
    """Those of the settings; in lockstep the market waits for whoever would be cut."""
    if not settings.lockstep:
        return settings.limits
    return attrs.evolve(settings.limits, backlog_bytes=sys.maxsize, pong_seconds=math.inf)
