"""Keeps the keys that a server accepts the same as its keys file, and ends what stands on the others."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import structlog
import trio

from feed.errors import ConfigError
from feed.server.durable.kinds import KEYS
from feed.server.durable.service_log import ServiceLog
from feed.server.keyfile import KeyRecord, read_entries
from feed.server.keys import KeyStore
from feed.server.registry import ConnectionRegistry
from feed.server.secretfile import secrets_path
from feed.stream.resettable_event import ResettableEvent

log = structlog.get_logger("feed.keys")

# A disk may be slow, and the market is not.
_in_a_thread = trio.to_thread.run_sync

Signature = tuple[tuple[int, int, int] | None, ...]


class KeyWatch:
    """Watches a keys file."""

    def __init__(
        self,
        path: Path | None,
        key_store: KeyStore,
        registry: ConnectionRegistry,
        *,
        seconds: float,
        fixed: tuple[KeyRecord, ...],
        service_log: ServiceLog,
        ended: Callable[[], object] = lambda: None,
    ) -> None:
        """
        Begin with the keys as they stand.

        Args:
            path: The keys file, beside which secrets may be; None where there is none, and only the time
                ends keys.
            key_store: Where its keys are put, behind which everybody else looks.
            registry: The connections.
            seconds: How often the file is looked at.
            fixed: Keys that are good besides.
            service_log: Where is recorded which keys there are: names and accounts, nothing of the keys.
            ended: Called when keys may have ended, after the connections that stood on them.
        """
        self._path = path
        self._key_store = key_store
        self._registry = registry
        self._seconds = seconds
        self._fixed = fixed
        self._log = service_log
        self._recorded: list[dict[str, Any]] = []
        self._ended = ended
        self._seen = _signature(path)
        self._asked = ResettableEvent()

    def ask(self) -> None:
        """Read the file again soon, changed or not."""
        self._asked.set()

    def restore(self, recorded: list[dict[str, Any]]) -> None:
        """Know what was recorded last, so that only what differs from it is recorded."""
        self._recorded = recorded

    async def run(self) -> None:
        """Take over what changes, until cancelled; without a file there is nothing to do."""
        while self._path is not None:
            self._record()
            end = self._key_store.next_end()
            with trio.move_on_after(self._seconds if end is None else min(self._seconds, end)):
                await self._asked.wait()
            asked = self._asked.is_set()
            self._asked.clear()
            if await self._changed(self._path, asked=asked) or end is not None:
                self._end_others()

    async def _changed(self, path: Path, *, asked: bool) -> bool:
        seen = await _in_a_thread(_signature, path)
        if seen == self._seen and not asked:
            return False
        self._seen = seen
        try:
            entries = await _in_a_thread(read_entries, path)
        except ConfigError as problem:
            # The operator's mistake: where it stands is all there is to know.
            log.error("keys file not taken over, the keys stay as they were", reason=str(problem))  # noqa: TRY400
            return False
        self._key_store.replace((*entries, *self._fixed))
        log.info("the keys file is taken over", keys=len(entries))
        return True

    def _record(self) -> None:
        """Record which keys there are, where that is new; what the disk does not take it is offered again."""
        keys = [
            {"name": entry.grant.name, "account": entry.grant.account, "mark": entry.mark}
            for entry in self._key_store.entries
            if entry not in self._fixed
        ]
        if keys != self._recorded and self._log.try_record(KEYS, {"keys": keys}):
            self._recorded = keys

    def _end_others(self) -> None:
        for connection in tuple(self._registry.connections):
            connection.check_key()
        self._ended()


def _signature(path: Path | None) -> Signature:
    """What changes with a keys file or its file of secrets; None for one that cannot be looked at."""
    return () if path is None else (_seen(path), _seen(secrets_path(path.resolve())))


def _seen(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns
