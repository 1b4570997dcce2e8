"""Builds a server but for its sockets: from settings and a source to a router that serves connections."""

from __future__ import annotations

import math
import secrets
import sys
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from functools import partial

import attrs
import structlog
import trio

from feed.dialects.capabilities import SupportsAlerts, SupportsMetering
from feed.dialects.clocks import Clocks
from feed.dialects.discovery import dialects
from feed.errors import ConfigError
from feed.faults.contract import FaultPlan
from feed.faults.engine import FaultEngine
from feed.faults.runtime import RunTimeFaults
from feed.model.topics import Topic
from feed.server.alerts import AlertService
from feed.server.charges import Charges
from feed.server.connection.tap import Taps
from feed.server.durable.entry_log import NOT_KEPT, EntryLog
from feed.server.durable.service_log import ServiceLog
from feed.server.durable.services import Services
from feed.server.guard import Guard, Origins
from feed.server.guesses import WrongKeyCounter
from feed.server.http.app import all_endpoints, build
from feed.server.http.context import RequestContext
from feed.server.http.worker import HttpWorker
from feed.server.keycheck import KeyCheck
from feed.server.keyfile import KeyRecord
from feed.server.keys import KeyStore
from feed.server.keywatch import KeyWatch
from feed.server.limits import ConnectionQuotas, MinuteCounters
from feed.server.message_log.files import RotatedFiles
from feed.server.message_log.log import MessageLog
from feed.server.registry import ConnectionRegistry, closed_market
from feed.server.router import Router
from feed.server.server_parts import ServerParts
from feed.server.storage import Storage
from feed.server.stream_keys import StreamKeys
from feed.server.stream_state import StreamState, before_the_first_event
from feed.server.tokens import KEY_BYTES, TokenIssuer
from feed.server.webhooks.client import WebhookClient, allowed_networks
from feed.server.webhooks.service import WebhookService
from feed.settings import Deflate, Limits, Settings
from feed.settings import MessageLog as MessageLogSettings
from feed.state.encoder import Encoder
from feed.state.market_state import MarketState
from feed.state.projections import Projections
from feed.stream.deflate import Deflater
from feed.stream.fanout import Fanout
from feed.stream.hub import Hub
from feed.stream.source import Source, TakesOrders
from feed.stream.steps import StepLog
from feed.webhooks.signing import SECRET_BYTES

log = structlog.get_logger("feed.server")


class ServerContext:
    """
    One server without its sockets.

    Attributes:
        fanout: Publishes what the source sends.
        registry: What every connection shares.
        web: Serves what is no WebSocket.
        router: Lets a connection in.
        faults: What goes wrong on purpose.
        run_time_faults: What operators let go wrong, beside the scenario.
        listing: The instruments.
        key_watch: Takes over changes of the keys file.
        alerts: What clients want to be told of.
        webhooks: Pushes messages to URLs that clients name.
        services: Takes back after a restart what was recorded of these, and of keys and faults.
        stream_state: What it knows of the events that it has published.
        message_log: Keeps what clients send and are sent; None when it is not kept.
        prepare: Does what the first client to want it would have to wait for, with all others.
        forwarded: Answers a request that has come to another server of this market.
    """

    def __init__(
        self,
        settings: Settings,
        source: Source,
        key_store: KeyStore,
        plan: FaultPlan | None = None,
        *,
        signing_key: bytes | None = None,
        storage: Storage | None = None,
        hosts: tuple[str, ...] = (),
        fixed: tuple[KeyRecord, ...] = (),
        clock: Callable[[], float] = time.time,
        stream_state: StreamState | None = None,
        entry_log: EntryLog = NOT_KEPT,
        step_log: StepLog | None = None,
        parts: ServerParts | None = None,
    ) -> None:
        """
        Put a server together.

        Args:
            settings: All of it.
            source: Where events come from.
            key_store: The keys that are accepted.
            plan: What goes wrong on purpose.
            signing_key: Of access tokens; None makes one up.
            storage: What is written to disk meanwhile; None for nothing.
            hosts: Names of this server besides those in the settings.
            fixed: Keys that stay when those of the keys file change.
            clock: Seconds since the Unix epoch: of tokens, of limits, of what is signed.
            stream_state: What was published already, before a restart; None for nothing.
            entry_log: Where is recorded what shall outlive the process.
            step_log: Where steps are written before they are published; None for nowhere.
            parts: What differs where several servers have one market; None for nothing.
        """
        listing = self.listing = source.listing

        def make_encoder(topic: Topic, state: MarketState, beside: Projections | None) -> Encoder:
            dialect, instrument = dialects()[topic.dialect], listing[topic.instrument]
            if isinstance(dialect, SupportsAlerts):
                encoder = dialect.alert_encoder(topic, instrument, self.alerts.book)
                if encoder is not None:
                    return encoder
            return dialect.encoder(topic, instrument, state, beside)

        orders = source if isinstance(source, TakesOrders) else None
        self.stream_state = stream_state = stream_state or before_the_first_event(
            listing, settings, trading=orders is not None
        )
        projections = stream_state.projections
        hub = Hub(
            stream_state.history,
            make_encoder,
            flow=settings.flow,
            market_state=stream_state.market_state,
            projections=projections,
            failed=_report,
            deflater=_deflater(settings.deflate),
        )
        parts = parts or ServerParts()
        limits = _limits(settings)
        plan = plan or FaultPlan()
        self.faults = FaultEngine(
            plan,
            hub,
            listing=listing,
            checksums={name: one.checksums for name, one in dialects().items()},
            clock=trio.current_time,
        )
        self.run_time_faults = RunTimeFaults(self.faults, clock=trio.current_time)
        storage = storage or Storage(settings.recording)
        self.message_log = storage.message_log = _message_log(settings.message_log, key_store)
        self.fanout = Fanout(
            hub,
            settings.flow,
            fault_hook=self.faults if plan.faults else None,
            tap=storage.published,
            log=step_log,
        )
        self.registry = ConnectionRegistry(
            fanout=self.fanout,
            limits=limits,
            submit=closed_market if orders is None else orders.submit,
            faults=self.faults,
            arrived=parts.arrived,
            observer_backlog_bytes=settings.limits.backlog_bytes,
        )
        tokens = TokenIssuer(
            key_store,
            settings=settings.tokens,
            signing_key=signing_key or secrets.token_bytes(KEY_BYTES),
            clock=clock,
        )
        service_log = ServiceLog(entry_log, seconds=settings.web.request_seconds / 2)
        stream_keys = StreamKeys(key_store, clock=clock, choose=secrets.choice, service_log=service_log)
        window_clock = parts.window_clock(clock)
        quotas = ConnectionQuotas(window_clock, elsewhere=parts.elsewhere)
        origins = Origins(settings)
        keys = KeyCheck(key_store, WrongKeyCounter(limits, trio.current_time))
        guard = Guard((*settings.allow_host, *hosts), settings.allow_origin)
        self.alerts = AlertService(hub, settings.alerts, holds=key_store.holds, service_log=service_log)
        self.webhooks = WebhookService(
            hub,
            settings.webhooks,
            WebhookClient(allowed_networks(settings), settings.webhooks),
            run=secrets.token_hex(4),
            clock=clock,
            holds=key_store.holds,
            entropy=partial(secrets.token_bytes, SECRET_BYTES),
            service_log=service_log,
            seed=settings.seed or 0,
        )
        self.key_watch = KeyWatch(
            settings.keys,
            key_store,
            self.registry,
            seconds=settings.keys_seconds,
            fixed=fixed,
            service_log=service_log,
            ended=self._keys_ended,
        )
        meters = {
            name: dialect.meter(settings.policies, limits.counted_addresses, parts.elsewhere)
            for name, dialect in dialects().items()
            if isinstance(dialect, SupportsMetering)
        }
        clocks = Clocks(clock, lambda: hub.market_state.now)
        context = RequestContext(
            settings=settings,
            source=source,
            fanout=self.fanout,
            registry=self.registry,
            keys=keys,
            guard=guard,
            projections=projections,
            tokens=tokens,
            all_stream_keys=stream_keys,
            quotas=quotas,
            clock=clock,
            storage=storage,
            webhooks=self.webhooks,
            endpoints=all_endpoints(listing, settings.web),
            alerts=self.alerts,
            faults=self.run_time_faults,
            meters=meters,
            clocks=clocks,
            service_log=service_log,
            parts=parts,
            taps=Taps(key_store.known, clock),
        )
        self.services = Services(
            service_log,
            stream_keys=stream_keys,
            nonces=context.nonces,
            alerts=self.alerts,
            webhooks=self.webhooks,
            faults=self.run_time_faults,
            key_watch=self.key_watch,
            clock=clock,
        )
        application = build(context, origins)
        self.prepare, self.forwarded = application.prepare, application.forwarded
        self.web = HttpWorker(application.app, application.paths, limits, settings.web)
        self.router = Router(
            self.registry,
            listing,
            settings.policies,
            trading=settings.trading,
            keys=keys,
            origins=origins,
            guard=guard,
            web=self.web,
            tokens=tokens,
            stream_keys=stream_keys,
            projections=projections,
            quotas=quotas,
            charges=Charges(
                meters,
                orders=MinuteCounters(window_clock, name="orders in a minute", elsewhere=parts.elsewhere),
                faults=self.faults,
                clock=clock,
                most=limits.counted_addresses,
            ),
            deflate=settings.deflate.enabled,
            clock=clock,
            clocks=clocks,
            message_log=self.message_log,
        )

    def keeping_messages(self) -> AbstractAsyncContextManager[None]:
        """In which messages of clients are kept, where they are to be."""
        return nullcontext() if self.message_log is None else self.message_log.writing()

    def _keys_ended(self) -> None:
        self.alerts.check_keys()
        self.webhooks.check_keys()


def _report(topic: Topic, problem: Exception) -> None:
    log.error("bug in an encoder", dialect=topic.dialect, channel=topic.channel, exc_info=problem)


def _deflater(settings: Deflate) -> Deflater | None:
    return Deflater(settings.level, settings.least_bytes) if settings.enabled else None


def _limits(settings: Settings) -> Limits:
    """Those of the settings; in lockstep the market waits for whoever would be cut."""
    if not settings.lockstep:
        return settings.limits
    return attrs.evolve(settings.limits, backlog_bytes=sys.maxsize, pong_seconds=math.inf)


def _message_log(settings: MessageLogSettings, keys: KeyStore) -> MessageLog | None:
    """
    Where messages of clients are kept; None for nowhere.

    Raises:
        ConfigError: Those of a key are wanted that there is not.
    """
    if settings.directory is None:
        if settings.keys:
            raise ConfigError(
                "nothing says where messages are kept",
                where="--log-messages-of",
                hint="add --log-messages DIR",
            )
        return None
    names = list(dict.fromkeys(grant.name for grant in keys.grants))
    strange = [name for name in settings.keys if name not in names]
    if strange:
        raise ConfigError(
            f"there is no key {strange[0]!r}", where="--log-messages-of", hint=f"known are {', '.join(names)}"
        )
    files = RotatedFiles(settings.directory, settings)
    return MessageLog(files, settings, known=keys.known, clock=time.time)
