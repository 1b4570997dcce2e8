"""
Stream keys: names of private streams, which stand for the API key that they were given out for.

A protocol gives them out by request, and takes them in the URL of a WebSocket or in its messages. They last
for a while, and are extended by whoever has the API key; when that is taken away, they end with it. There is
at most one for each account and protocol, or for each key where more can be done with one than to listen, so
that there are no more of them than keys.
"""

from __future__ import annotations

import string
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

import attrs

from feed.server.durable.kinds import STREAM_KEY, STREAM_KEY_END
from feed.server.durable.service_log import ServiceLog
from feed.server.keyfile import KeyRecord
from feed.server.keys import KeyStore

LENGTH: Final = 64
"""Letters and digits of a stream key: 381 bits."""
_ALPHABET: Final = string.ascii_letters + string.digits


@attrs.define
class _Active:
    where: tuple[str, int | str]
    key: str
    entry: KeyRecord
    until: float


class StreamKeys:
    """
    The stream keys that are good now.

    Args:
        key_store: The API keys that are accepted.
        clock: Seconds since the Unix epoch.
        choose: Gives one of some characters, which nobody can predict.
        service_log: Where they are recorded.
    """

    def __init__(
        self,
        key_store: KeyStore,
        *,
        clock: Callable[[], float],
        choose: Callable[[str], str],
        service_log: ServiceLog,
    ) -> None:
        self._key_store = key_store
        self._clock = clock
        self._choose = choose
        self._log = service_log
        self._active: dict[tuple[str, int | str], _Active] = {}
        self._named: dict[str, _Active] = {}

    def open(self, dialect: str, entry: KeyRecord, seconds: float, *, own: bool = False) -> str:
        """
        The stream key of an account in a protocol: the active one, or a new one.

        Args:
            dialect: The protocol.
            entry: What is known of the API key.
            seconds: For which it is good from now on.
            own: Whether other API keys of the account have others.

        Raises:
            Problem: 503, the disk takes nothing.
        """
        where = dialect, entry.mark if own else entry.grant.account
        found = self._active.get(where)
        if found is not None and self._is_good(found):
            self._last(found, seconds)
            return found.key
        key = "".join(self._choose(_ALPHABET) for _ in range(LENGTH))
        new = _Active(where, key, entry, 0.0)
        self._last(new, seconds)
        self._forget(found)
        self._active[where] = self._named[key] = new
        return key

    def extend(self, dialect: str, entry: KeyRecord, key: str, seconds: float) -> bool:
        """
        Let one of an account be good for ``seconds`` from now; False when there is no such one.

        Raises:
            Problem: See :meth:`open`.
        """
        if self.find(dialect, key) is None or self._named[key].entry.grant.account != entry.grant.account:
            return False
        self._last(self._named[key], seconds)
        return True

    def close(self, dialect: str, entry: KeyRecord, key: str) -> bool:
        """
        Let one of an account be good no more; False when there is no such one.

        Raises:
            Problem: See :meth:`open`.
        """
        if self.find(dialect, key) is None or self._named[key].entry.grant.account != entry.grant.account:
            return False
        self._log.record(STREAM_KEY_END, {"key": key})
        self._forget(self._named[key])
        return True

    def restore(self, recorded: Iterable[dict[str, Any]]) -> None:
        """Take back those that were recorded, whose time is not over and whose API key is what it was."""
        entries = {entry.mark: entry for entry in reversed(self._key_store.entries)}
        for one in recorded:
            entry = entries.get(one["mark"])
            if entry is None or entry.credentials_mark != one["credentials"]:
                continue
            where = one["dialect"], entry.mark if one["own"] else entry.grant.account
            found = _Active(where, one["key"], entry, one["until"])
            if self._is_good(found):
                self._forget(self._active.get(where))
                self._active[where] = self._named[found.key] = found

    def forget(self, key: str) -> None:
        """Let one be good no more that was closed at another server of the same market."""
        self._forget(self._named.get(key))

    def recorded(self) -> Iterator[dict[str, Any]]:
        """What was recorded of those that are good now, for :meth:`restore`."""
        return (self._data(one, one.until) for one in self._active.values() if self._is_good(one))

    def find(self, dialect: str, key: str) -> KeyRecord | None:
        """The API key that a stream key stands on; None when it is not good."""
        found = self._named.get(key)
        if found is None or found.where[0] != dialect:
            return None
        return found.entry if self._is_good(found) else None

    def _last(self, active: _Active, seconds: float) -> None:
        """Let one be good for ``seconds`` from now."""
        until = self._clock() + seconds
        self._log.record(STREAM_KEY, self._data(active, until))
        active.until = until

    @staticmethod
    def _data(active: _Active, until: float) -> dict[str, Any]:
        dialect, owner = active.where
        return {
            "dialect": dialect,
            "key": active.key,
            "mark": active.entry.mark,
            "own": owner == active.entry.mark,
            "until": until,
            "credentials": active.entry.credentials_mark,
        }

    def _is_good(self, active: _Active) -> bool:
        return self._clock() < active.until and self._key_store.accepts(active.entry)

    def _forget(self, active: _Active | None) -> None:
        if active is not None:
            self._named.pop(active.key, None)
            self._active.pop(active.where, None)


@attrs.frozen
class StreamKeysOfDialect:
    """The stream keys of one protocol, for whoever holds an API key."""

    _keys: StreamKeys
    _dialect: str

    def open(self, holder: object, seconds: float, *, own: bool = False) -> str:
        """See :meth:`StreamKeys.open`."""
        return self._keys.open(self._dialect, _entry(holder), seconds, own=own)

    def extend(self, holder: object, key: str, seconds: float) -> bool:
        """See :meth:`StreamKeys.extend`."""
        return self._keys.extend(self._dialect, _entry(holder), key, seconds)

    def close(self, holder: object, key: str) -> bool:
        """See :meth:`StreamKeys.close`."""
        return self._keys.close(self._dialect, _entry(holder), key)


def _entry(holder: object) -> KeyRecord:
    assert isinstance(holder, KeyRecord)  # noqa: S101 - endpoints that ask for a key have one
    return holder
