"""
Every setting and every default, once, with its unit.

A default that stands anywhere else is a defect. ``feed serve`` fills :class:`Settings` from its
options; a program fills it by hand and calls ``trio.run(feed.serve, settings)``. The policies of the
protocols stand in :mod:`feed.policies`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import attrs
from attrs.validators import ge, gt, in_, instance_of, le, optional

from feed.policies import Policies
from feed.settings.alerts import Alerts as Alerts  # parts of this module, too long for one file
from feed.settings.cluster import Cluster as Cluster
from feed.settings.deflate import Deflate as Deflate
from feed.settings.durability import Durability as Durability
from feed.settings.message_log import MessageLog as MessageLog
from feed.settings.trading import SpotDeposit as SpotDeposit
from feed.settings.trading import Trading as Trading
from feed.settings.webhooks import Webhooks as Webhooks

LOOPBACK = "127.0.0.1"
PORT = 8080
LOCAL_URL = f"ws://{LOOPBACK}:{PORT}"  # where `feed serve` is, unless told otherwise
# As the tick server's document prints it. Everybody knows it: it works on loopback only.
DEMO_KEY = "tk_live_a1b2c3d4e5f6"
# Of the demo keys, for protocols that want one.
DEMO_SECRET = "demo-secret"  # noqa: S105 - everybody shall know it
MIB = 1024 * 1024
MOST_SECONDS = 1e9  # of market time, about 32 years: the whole of it must be countable in nanoseconds
MOST_SPEED = 1_000_000.0  # market seconds per second
MOST_INSTRUMENTS = 10_000  # of one market
LOG_LEVELS = ("debug", "info", "warning", "error")

# What these fields are in a file: a time, a number or "max", a file's path or a shipped name.
Moment = Annotated[int, "moment"]
Speed = Annotated[float, "speed"]
ScenarioName = Annotated[str, "scenario"]


@attrs.frozen(kw_only=True)
class Limits:
    """
    Bounds on what a client may use, and how long it may take.

    Attributes:
        handshake_seconds: From accept to a complete request head; then HTTP 408.
        head_bytes: The request head; past it HTTP 431.
        auth_seconds: From the end of the handshake to a valid key; then close 1008.
        auth_attempts: Keys refused on one connection; at the last one close 1008.
        wrong_keys_per_minute: From one address; past it no key from there is looked at until the minute is
            over, but those that were good before: HTTP 429, close 1008.
        counted_addresses: Addresses whose wrong keys are counted apart in a minute; further ones are counted
            together.
        remembered_keys: Pairs of an address and a key that was good there, which are kept for that.
        ping_seconds: Between two protocol pings.
        pong_seconds: To answer one; then the connection is closed with 1011.
        message_bytes: One inbound message; past it close 1009.
        message_frames: Frames that one inbound message may be cut into; past it close 1008.
        messages_per_second: Inbound; past it and the burst the client is not read for a while.
        message_burst: Messages that may come at once, such as the subscriptions of a new connection.
        work_per_second: What one connection may make the server do, in the units of
            :mod:`feed.server.budget`, each about a microsecond of one core; past it and the burst the
            client is not read for a while.
        work_burst: Units of it that may come at once.
        work_reserve: Units a second of it that do not count as its address's.
        address_work_per_second: What all connections of one address may, beyond their reserves; past it
            and the burst they take turns.
        address_work_burst: Units of it that may come at once.
        pass_work: Units of work for clients between two passes of the event loop, in which everything else
            has its turn; the last piece of work may go past it.
        held_seconds: For which a client may go on sending more than it may; then close 1008.
        backlog_bytes: What one connection has not taken yet; past it close 1013.
        connections: Open at once, all addresses together; past it HTTP 503.
        accept_backlog: Connections that the system holds until they are accepted; past it they are refused.
        connections_per_address: Open at once from one address; past it HTTP 429.
        descriptors_kept: File descriptors that no client gets, for files, and for those who are turned
            away or ask whether the server is alive. Where the system allows fewer than this and
            ``connections``, there are fewer connections.
        closes_per_second: Connections closed when the server stops, on average, so that their clients do
            not all come back at once; more where ``shutdown_seconds`` are too few.
        close_seconds: For the closing handshake of one connection; then the socket is dropped.
        shutdown_seconds: From SIGINT or SIGTERM to exit, whatever the clients do.
    """

    handshake_seconds: float = attrs.field(default=10.0, validator=gt(0))
    head_bytes: int = attrs.field(default=16 * 1024, validator=ge(1024))
    auth_seconds: float = attrs.field(default=30.0, validator=gt(0))
    auth_attempts: int = attrs.field(default=5, validator=ge(1))
    wrong_keys_per_minute: int = attrs.field(default=100, validator=ge(1))
    counted_addresses: int = attrs.field(default=65_536, validator=ge(1))
    remembered_keys: int = attrs.field(default=4096, validator=ge(1))
    ping_seconds: float = attrs.field(default=30.0, validator=gt(0))
    pong_seconds: float = attrs.field(default=10.0, validator=gt(0))
    message_bytes: int = attrs.field(default=64 * 1024, validator=ge(1))
    message_frames: int = attrs.field(default=1024, validator=ge(1))
    messages_per_second: int = attrs.field(default=100, validator=ge(1))
    message_burst: int = attrs.field(default=500, validator=ge(1))
    work_per_second: int = attrs.field(default=100_000, validator=ge(1))
    work_burst: int = attrs.field(default=300_000, validator=ge(1))
    work_reserve: int = attrs.field(default=200, validator=ge(1))
    address_work_per_second: int = attrs.field(default=250_000, validator=ge(1))
    address_work_burst: int = attrs.field(default=500_000, validator=ge(1))
    pass_work: int = attrs.field(default=500, validator=ge(1))
    held_seconds: float = attrs.field(default=30.0, validator=gt(0))
    backlog_bytes: int = attrs.field(default=4 * MIB, validator=ge(1024))
    connections: int = attrs.field(default=10_000, validator=ge(1))
    accept_backlog: int = attrs.field(default=4096, validator=ge(1))
    connections_per_address: int = attrs.field(default=2_000, validator=ge(1))
    descriptors_kept: int = attrs.field(default=128, validator=ge(32))
    closes_per_second: int = attrs.field(default=1000, validator=ge(1))
    close_seconds: float = attrs.field(default=2.0, validator=gt(0))
    shutdown_seconds: float = attrs.field(default=5.0, validator=gt(0))


@attrs.frozen(kw_only=True)
class Flow:
    """
    Bounds on the way of an event from the market to the sockets.

    Attributes:
        channel_batches: Batches waiting between market and fan-out; full, the market waits. Whoever trades
            waits for all of them to be told first, where the machine cannot keep up.
        batch_events: Events in one batch; a batch ends at the first whole market step past it.
        step_events: Events that one step of the fan-out takes; the rest waits for the next step.
        sweep_connections: Writes in a row before the fan-out lets other tasks run.
        history_seconds: Market time of which all events are kept for clients that resume; older ones
            are forgotten.
        history_bytes: What they may take in memory, roughly; past it fewer are kept.
        replay_work: Of clients that resume, done at a stretch: one for each event read, eight for each
            message made of it. Then everybody else has a turn.
        replay_shared_bytes: Messages made of the past for one client that are kept for others who ask for the
            same; past it the oldest are forgotten.
        checkpoint_seconds: Market seconds between copies of the market, from which seeking back
            starts; past 16 of them every other one is forgotten, and they are made half as often. 0 keeps
            none: seeking back then runs the market again from its beginning.
        checkpoint_bytes: What these copies may take in memory; a market of which fewer than 8 copies
            would fit is never copied.
    """

    channel_batches: int = attrs.field(default=8, validator=ge(1))
    batch_events: int = attrs.field(default=256, validator=ge(1))
    step_events: int = attrs.field(default=4096, validator=ge(1))
    sweep_connections: int = attrs.field(default=256, validator=ge(1))
    history_seconds: float = attrs.field(default=900.0, validator=[ge(0), le(MOST_SECONDS)])
    history_bytes: int = attrs.field(default=128 * MIB, validator=ge(0))
    replay_work: int = attrs.field(default=512, validator=ge(1))
    replay_shared_bytes: int = attrs.field(default=8 * MIB, validator=ge(0))
    checkpoint_seconds: float = attrs.field(default=60.0, validator=[ge(0), le(MOST_SECONDS)])
    checkpoint_bytes: int = attrs.field(default=32 * MIB, validator=ge(0))


@attrs.frozen(kw_only=True)
class Web:
    """
    HTTP beside WebSocket.

    Attributes:
        request_seconds: From a request's head to the end of its answer; then HTTP 408.
        keep_alive_seconds: Between two requests on one connection; then it is closed.
        body_bytes: The body of a request; past it HTTP 413.
        requests_per_second: From one key, or from one address without a key; past it HTTP 429.
        rows: Price levels of a side, or trades, in an answer that was asked for no number of them.
        most_rows: The most that can be asked for.
        admin_anywhere: Let admin keys steer the market from other machines too.
    """

    request_seconds: float = attrs.field(default=10.0, validator=gt(0))
    keep_alive_seconds: float = attrs.field(default=15.0, validator=gt(0))
    body_bytes: int = attrs.field(default=64 * 1024, validator=ge(0))
    requests_per_second: int = attrs.field(default=100, validator=ge(1))
    rows: int = attrs.field(default=20, validator=ge(1))
    most_rows: int = attrs.field(default=1000, validator=ge(1))
    admin_anywhere: bool = False


@attrs.frozen(kw_only=True)
class Tls:
    """
    TLS on every port of the server; without it every port is plain.

    Attributes:
        cert: PEM file with the certificate and its chain.
        key: PEM file with the private key; None when it is in ``cert``.
        self_signed: Make a certificate at start-up instead, in memory, for development.
        ca: Where the authority of that certificate is written, for clients to trust.
        names: Further host names that it is good for.
    """

    cert: Path | None = attrs.field(default=None, validator=optional(instance_of(Path)))
    key: Path | None = attrs.field(default=None, validator=optional(instance_of(Path)))
    self_signed: bool = False
    ca: Path = attrs.field(default=Path("feed-ca.pem"), validator=instance_of(Path))
    names: tuple[str, ...] = ()

    @property
    def wanted(self) -> bool:
        """Whether the server speaks TLS."""
        return self.self_signed or self.cert is not None


@attrs.frozen
class Listen:
    """
    A port on which every path means one protocol.

    Attributes:
        protocol: Name of the dialect.
        host: Address to listen on.
        port: TCP port; 0 takes a free one.
    """

    protocol: str
    host: str
    port: int = attrs.field(validator=[ge(0), le(65535)])


@attrs.frozen(kw_only=True)
class Recording:
    """
    How a recording is cut into blocks.

    Attributes:
        block_events: Events in one block: what a writer holds back, and what damage can cost.
        block_bytes: A block that unpacks to more than this is damage, not data.
        level: Zstandard compression level.
        waiting_events: Events that wait for the disk while a live feed is recorded; then the market
            waits too.
        stall_seconds: How long it waits; then the recording is given up, and the feed goes on.
        held_bytes: Blocks that are kept in memory while the file takes none, such as on a full disk;
            past it the recording is given up.
        retry_seconds: Between two attempts to write what is held, or the journal, when nothing comes
            to be written.
    """

    block_events: int = attrs.field(default=4096, validator=ge(1))
    block_bytes: int = attrs.field(default=64 * MIB, validator=ge(1024))
    level: int = attrs.field(default=3, validator=[ge(1), le(19)])
    waiting_events: int = attrs.field(default=100_000, validator=ge(1))
    stall_seconds: float = attrs.field(default=5.0, validator=gt(0))
    held_bytes: int = attrs.field(default=32 * MIB, validator=ge(0))
    retry_seconds: float = attrs.field(default=1.0, validator=gt(0))


@attrs.frozen(kw_only=True)
class Importing:
    """
    Bounds on what an import of real data holds in memory.

    Attributes:
        chunk_bytes: Unpacked bytes read at a time.
        line_bytes: The longest line; a book snapshot of a raw capture is one line.
        batch_rows: Rows handed to the recording at a time.
        numbers: Decimal texts whose value is remembered, per instrument and column.
        waiting: Book changes of one instrument kept until its snapshot comes; then the oldest go.
        problems: Problems kept with their place; further ones are only counted.
    """

    chunk_bytes: int = attrs.field(default=MIB, validator=ge(1))
    line_bytes: int = attrs.field(default=256 * MIB, validator=ge(1024))
    batch_rows: int = attrs.field(default=4096, validator=ge(1))
    numbers: int = attrs.field(default=65_536, validator=ge(1))
    waiting: int = attrs.field(default=10_000, validator=ge(1))
    problems: int = attrs.field(default=100, validator=ge(1))


@attrs.frozen(kw_only=True)
class Tokens:
    """
    Access tokens, for protocols that want them.

    Attributes:
        issuer: Who gives them out; written into each, and looked for.
        audience: Whom they are for; written into each, and looked for.
        seconds: How long one lasts.
        skew_seconds: How far in the future a token may have been given out, by another machine's clock.
        per_minute: Tokens for one key; past it HTTP 429.
        key: File with the signing key, 32 bytes or more; None makes one up, which a data folder keeps;
            without one tokens end with the server.
    """

    issuer: str = "feed"
    audience: str = "feed"
    seconds: int = attrs.field(default=1800, validator=ge(1))
    skew_seconds: int = attrs.field(default=5, validator=ge(0))
    per_minute: int = attrs.field(default=20, validator=ge(1))
    key: Path | None = attrs.field(default=None, validator=optional(instance_of(Path)))


@attrs.frozen(kw_only=True)
class Settings:
    """
    All of one server.

    Attributes:
        host: Address to listen on. Loopback unless the operator says otherwise.
        port: TCP port; 0 takes a free one.
        port_file: Written with the bound port once the server is ready.
        scenario: Scenario file, or the name of a shipped one; None simulates the default market.
        seed: Of the simulated market; the same seed gives the same events. None means the
            scenario's own, or 1.
        lockstep: Let the market wait until the slowest subscribed client has taken everything, and
            cut no client for being slow or silent.
        wait_clients: Hold market time at its start until so many clients have subscribed; requests of
            accounts act meanwhile, as they do while it is paused.
        record: Record what is published into this file, which holds nothing yet; None means no recording.
        start: Market time at which the market opens, integer nanoseconds since the Unix epoch;
            None means the scenario's own, or now, so that a live feed shows today's time.
        until: Where to end: an offset such as ``90s``, an ISO-8601 market time, or a sequence
            number; None means never, or where the scenario ends.
        speed: Market seconds per second; 0 means as fast as clients and machine allow.
        instruments: How many instruments (the default market's first, then made-up ones);
            None means the default market.
        sessions: Open and close instruments at the hours of their asset class, with call auctions, where a
            scenario does not say which hours; otherwise the market is always open.
        keys: TOML file of hashed keys; None means none.
        keys_seconds: How often it is looked at whether that file has changed; a changed one is read again.
        demo_keys: Accept the keys printed in the published documents, on connections within this machine.
            None means on ports that no other machine can reach; true, that there must be no others.
        admin_key: File with the key that steers the market; it is made, readable by its owner alone, where
            there is none. None makes a key up at start-up, which ``feed serve`` prints once.
        listen: Further ports, each for one protocol.
        allow_host: Further names and addresses by which clients may ask for what only the owner may do:
            steer, trade, fetch tokens. ``*.example.com`` is each name below one, ``*`` is all.
        allow_origin: Origins of web pages that may connect, such as ``https://example.com``; ``*``
            is all. None given: all on loopback, elsewhere the server's own pages.
        at_end: What becomes of the server when its scenario or recording is over. ``close`` closes every
            connection with 1001 and a reason, and lets nobody in any more; ``hold`` keeps them, with
            heartbeats; ``loop`` plays it again, at the market time and the sequence number at which
            it ended; ``exit`` closes every connection and ends the server.
        journal: JSON Lines file to which every order request is appended before it acts; it holds
            nothing yet. While it takes none, requests are answered with 503. None keeps none.
        log_format: ``text`` for people, ``json`` for machines.
        log_level: The least that is logged: ``debug``, ``info``, ``warning`` or ``error``.
    """

    host: str = attrs.field(default=LOOPBACK, validator=instance_of(str))
    port: int = attrs.field(default=PORT, validator=[ge(0), le(65535)])
    port_file: Path | None = attrs.field(default=None, validator=optional(instance_of(Path)))
    scenario: ScenarioName | None = attrs.field(default=None, validator=optional(instance_of(str)))
    seed: int | None = attrs.field(default=None, validator=optional(ge(0)))
    start: Moment | None = attrs.field(default=None, validator=optional(ge(0)))
    until: str | None = attrs.field(default=None, validator=optional(instance_of(str)))
    speed: Speed = attrs.field(default=1.0, validator=[ge(0), le(MOST_SPEED)])
    at_end: str = attrs.field(default="close", validator=in_(("close", "hold", "loop", "exit")))
    lockstep: bool = False
    wait_clients: int = attrs.field(default=0, validator=ge(0))
    record: Path | None = attrs.field(default=None, validator=optional(instance_of(Path)))
    instruments: int | None = attrs.field(default=None, validator=optional([ge(1), le(MOST_INSTRUMENTS)]))
    sessions: bool = False
    keys: Path | None = attrs.field(default=None, validator=optional(instance_of(Path)))
    keys_seconds: float = attrs.field(default=1.0, validator=gt(0))
    demo_keys: bool | None = None
    admin_key: Path | None = attrs.field(default=None, validator=optional(instance_of(Path)))
    listen: tuple[Listen, ...] = ()
    allow_host: tuple[str, ...] = ()
    allow_origin: tuple[str, ...] = ()
    journal: Path | None = attrs.field(default=None, validator=optional(instance_of(Path)))
    log_format: str = attrs.field(default="text", validator=in_(("text", "json")))
    log_level: str = attrs.field(default="info", validator=in_(LOG_LEVELS))
    limits: Limits = attrs.field(factory=Limits)
    flow: Flow = attrs.field(factory=Flow)
    deflate: Deflate = attrs.field(factory=Deflate)
    policies: Policies = attrs.field(factory=Policies)
    web: Web = attrs.field(factory=Web)
    tls: Tls = attrs.field(factory=Tls)
    trading: Trading = attrs.field(factory=Trading)
    tokens: Tokens = attrs.field(factory=Tokens)
    recording: Recording = attrs.field(factory=Recording)
    importing: Importing = attrs.field(factory=Importing)
    webhooks: Webhooks = attrs.field(factory=Webhooks)
    alerts: Alerts = attrs.field(factory=Alerts)
    message_log: MessageLog = attrs.field(factory=MessageLog)
    durability: Durability = attrs.field(factory=Durability)
    cluster: Cluster = attrs.field(factory=Cluster)
