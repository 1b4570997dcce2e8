"""
File descriptors: as many as the process may have, and some that no client gets.

Every connection takes one. Without any left nothing can be accepted, not even whoever asks whether the
server is alive, and no file can be opened; so clients are turned away before that.
"""

from __future__ import annotations

import resource
from contextlib import suppress
from pathlib import Path
from typing import Final

import structlog

from feed.settings import Limits

log = structlog.get_logger("feed.descriptors")

_OPEN: Final = Path("/proc/self/fd")
_UNKNOWN: Final = 32  # open ones, where the system does not tell


def raise_limit() -> None:
    """Let this process have as many as the operator of the machine allows it."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(OSError, ValueError):  # there are systems that name a limit which they do not grant
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def connections(limits: Limits) -> int:
    """How many connections there can be: those of the settings, or as many as there are descriptors for."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    room = limits.connections if soft == resource.RLIM_INFINITY else affordable(soft, _in_use(), limits)
    if room < limits.connections:
        log.warning("file descriptors bound the connections", connections=room, ulimit=soft)
        return room
    return limits.connections


def affordable(soft: int, used: int, limits: Limits) -> int:
    """Connections for which there are descriptors when some are kept free; at least one."""
    return max(1, soft - used - limits.descriptors_kept)


def _in_use() -> int:
    try:
        return sum(1 for _ in _OPEN.iterdir())
    except OSError:
        return _UNKNOWN
