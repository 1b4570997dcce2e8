"""
What subscriptions cost the hub, in the units that clients are given to spend.

A unit is about a microsecond of one core where the weights were measured; they are constants since,
so that the same requests cost the same everywhere.
"""

from __future__ import annotations

from typing import Final

TOPIC: Final = 20.0
"""Of opening a topic: its encoder is brought to the present state."""

SNAPSHOT_BYTES: Final = 80
"""Bytes of snapshots that cost one unit."""

CHECK: Final = 200.0
"""Of looking whether a position is one of this history: a block of it is unpacked."""

MOVE: Final = 10.0
"""Of leaving one group and joining another."""

HELD: Final = 1.5
"""Of each topic of either group on top."""

READ: Final = 1.0
"""Units of an event of the past that is read again."""
