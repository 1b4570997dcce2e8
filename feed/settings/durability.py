"""The data folder: what determines the market, kept over restarts and crashes."""

from __future__ import annotations

from pathlib import Path

import attrs
from attrs.validators import ge, gt, in_, instance_of, optional

_MIB = 1024 * 1024


@attrs.frozen(kw_only=True)
class Durability:
    """
    A folder from which the server goes on where it was: the same market, accounts, orders and history.

    Attributes:
        directory: The folder; it is made where there is none, and one server at a time uses it. None keeps
            nothing over a restart.
        sync: When an input that was written is on the disk: ``always`` before it acts, so that a power cut
            loses nothing that was answered; ``batch`` within ``sync_seconds``; ``os`` whenever the operating
            system writes it. A crash of the server alone loses nothing in any of them.
        downtime: After a restart, ``catch-up`` computes up to where the market would be had it never
            stopped, ``skip`` goes on from where it stopped. A market that is paused, or runs as fast as it
            can, has nothing to catch up.
        new_history: Move a history that this release cannot continue out of the way, and begin a new one:
            after a new version, with other options, or where it is damaged. One that can go on goes on. The
            positions of clients are refused then, as those of another market are.
        sync_seconds: Between two syncs of ``batch``.
        horizon_seconds: How far ahead of the present it is written down how far the market may have been
            seen: what is computed again after a crash, at the speed of the market.
        retry_seconds: Between two attempts to write while the disk takes nothing.
        checkpoint_seconds: Between two checkpoints, of market time, from which a restart begins.
        checkpoints: That are kept.
        log_bytes: Of the log of inputs; past it the part is removed that is older than all checkpoints.
    """

    directory: Path | None = attrs.field(default=None, validator=optional(instance_of(Path)))
    sync: str = attrs.field(default="always", validator=in_(("always", "batch", "os")))
    downtime: str = attrs.field(default="catch-up", validator=in_(("catch-up", "skip")))
    new_history: bool = False
    sync_seconds: float = attrs.field(default=0.05, validator=gt(0))
    horizon_seconds: float = attrs.field(default=2.0, validator=gt(0))
    retry_seconds: float = attrs.field(default=1.0, validator=gt(0))
    checkpoint_seconds: float = attrs.field(default=60.0, validator=gt(0))
    checkpoints: int = attrs.field(default=3, validator=ge(1))
    log_bytes: int = attrs.field(default=1024 * _MIB, validator=ge(_MIB))
