"""What a server of a test can be told, for type checkers: the fields of :class:`feed.Settings`."""

from __future__ import annotations

from pathlib import Path
from typing import TypedDict

from feed.policies import Policies
from feed.settings import (
    Alerts,
    Cluster,
    Deflate,
    Durability,
    Flow,
    Importing,
    Limits,
    Listen,
    MessageLog,
    Recording,
    Tls,
    Tokens,
    Trading,
    Web,
    Webhooks,
)


class ServerOptions(TypedDict, total=False):
    """All settings but those that :class:`feed.testing.FeedServer` names itself."""

    host: str
    port: int
    port_file: Path | None
    seed: int | None
    start: int | None
    until: str | None
    at_end: str
    lockstep: bool
    wait_clients: int
    record: Path | None
    instruments: int | None
    sessions: bool
    keys: Path | None
    keys_seconds: float
    demo_keys: bool | None
    admin_key: Path | None
    listen: tuple[Listen, ...]
    allow_origin: tuple[str, ...]
    allow_host: tuple[str, ...]
    journal: Path | None
    log_format: str
    log_level: str
    limits: Limits
    flow: Flow
    deflate: Deflate
    policies: Policies
    web: Web
    tls: Tls
    trading: Trading
    tokens: Tokens
    recording: Recording
    importing: Importing
    webhooks: Webhooks
    alerts: Alerts
    message_log: MessageLog
    durability: Durability
    cluster: Cluster
