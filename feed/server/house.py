"""Puts the rooms together: from settings and a source to a door that lets clients in."""

from __future__ import annotations

from feed.dialects.discovery import dialects
from feed.model.latest import Latest
from feed.model.topics import Encoder, Topic
from feed.server.connection import Reception
from feed.server.door import Door
from feed.server.http.app import build
from feed.server.http.site import Site
from feed.server.http.tape import Tape
from feed.server.http.worker import HttpWorker
from feed.server.keys import Keyring
from feed.server.origins import Origins
from feed.settings import Settings
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
    """

    def __init__(self, settings: Settings, source: Source, keyring: Keyring) -> None:
        listing = source.listing

        def make_encoder(topic: Topic, latest: Latest) -> Encoder:
            return dialects()[topic.dialect].encoder(topic, listing[topic.instrument], latest)

        hub = Hub(
            instruments=len(listing),
            history_events=settings.flow.history_events,
            history_bytes=settings.flow.history_bytes,
            make_encoder=make_encoder,
        )
        self.fanout = Fanout(hub, settings.flow)
        self.reception = Reception(fanout=self.fanout, limits=settings.limits)
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
        self.web = HttpWorker(app, paths, settings.limits, settings.web)
        self.door = Door(self.reception, listing, keyring, settings.policies, origins=origins, web=self.web)
