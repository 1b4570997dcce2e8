"""Which servers of a log in Redis are there: what each says of itself now and then, and when it stopped."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import attrs
import msgspec

from feed.cluster.messages import Report
from feed.errors import FeedError

SEQUENCER: Final = "sequencer"
"""The name under which the sequencer tells how it is."""

_FEWEST_SECONDS: Final = 2.0
_MISSED: Final = 8  # reports; who has missed so many is gone


class Said(msgspec.Struct, frozen=True, array_like=True, kw_only=True):
    """
    What a server says of itself.

    Attributes:
        count: How often it has said something, so that no two of its sayings are the same.
        name: As its operator knows it.
        report: How it is, with all that it has counted.
    """

    count: int
    name: str
    report: Report


_encode: Final = msgspec.msgpack.Encoder().encode
_decode: Final = msgspec.msgpack.Decoder(Said).decode


def encode_said(said: Said) -> bytes:
    """Its bytes."""
    return _encode(said)


@attrs.define
class _Heard:
    data: bytes
    said: Said
    at: float


class Present:
    """
    Folds what stands in Redis into who is there.

    No two clocks are compared: a server is gone once nothing new has come from it for a while of the
    reader's own clock.

    Args:
        report_seconds: Between two reports.
    """

    def __init__(self, report_seconds: float) -> None:
        self._lapse = max(_FEWEST_SECONDS, _MISSED * report_seconds)
        self._heard: dict[str, _Heard] = {}
        self._now = 0.0

    def take(self, fields: Mapping[bytes, bytes], now: float) -> None:
        """
        Take in all that stands there.

        Args:
            fields: Who, and :func:`encode_said`.
            now: Seconds on the reader's clock.
        Raises:
            FeedError: Something else stands there.
        """
        self._now = now
        heard = {}
        for field, data in fields.items():
            who = field.decode(errors="replace")
            before = self._heard.get(who)
            if before is not None and before.data == data:
                heard[who] = before
                continue
            try:
                heard[who] = _Heard(data, _decode(data), now)
            except msgspec.MsgspecError as problem:
                raise FeedError(f"what {who} says of itself in Redis is malformed: {problem}") from None
        self._heard = heard

    def there(self) -> dict[str, Said]:
        """Those that are there, the sequencer too."""
        return {who: one.said for who, one in self._heard.items() if not self._is_gone(one)}

    def gone(self) -> list[str]:
        """Those whose last words still stand there."""
        return [who for who, one in self._heard.items() if self._is_gone(one)]

    def heard(self, who: str) -> float | None:
        """When a server said something new, seconds on the reader's clock; None for never."""
        one = self._heard.get(who)
        return None if one is None else one.at

    def _is_gone(self, one: _Heard) -> bool:
        return self._now - one.at >= self._lapse
