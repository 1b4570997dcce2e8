"""
Binance's rule for keeping a local order book, as a state machine over update ids.

Every depth diff has the first and last update id it covers (``U`` and ``u``); futures also have the
last update id of the previous diff (``pu``). A snapshot has the id of the last update it includes
(``lastUpdateId``). Diffs are buffered until there is a snapshot. Those that it includes are dropped,
the first one applied must span its id, and each further one must follow the one before it. When that
fails, the book is rebuilt from the next snapshot. A diff that ends at or before the last one received
is a repetition and ignored.

Source: Binance, "How to manage a local order book correctly": for spot
https://developers.binance.com/docs/binance-spot-api-docs/web-socket-streams, for futures
https://developers.binance.com/docs/derivatives/usds-margined-futures/websocket-market-streams/How-to-manage-a-local-order-book-correctly.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

import msgspec


class Diff(msgspec.Struct):
    """
    A ``depthUpdate`` event. Names are the exchange's.

    Attributes:
        s: Symbol.
        E: Time of the event, milliseconds.
        T: Time of the transaction, milliseconds (futures).
        U: First update covered.
        u: Last update covered.
        pu: Last update of the diff before (futures).
        b: Bids, price and size; size 0 removes the level.
        a: Asks.
    """

    s: str
    E: int
    U: int
    u: int
    b: list[tuple[str, str]]
    a: list[tuple[str, str]]
    pu: int | None = None
    T: int | None = None

    def follows(self, last: int) -> bool:
        """Whether it follows a diff whose last update was ``last`` without a gap."""
        return last + 1 == self.U if self.pu is None else self.pu == last

    def covered_by(self, snapshot: int) -> bool:
        """Whether a snapshot with ``lastUpdateId`` ``snapshot`` includes all of it."""
        return self.u <= snapshot if self.pu is None else self.u < snapshot

    def bridges(self, snapshot: int) -> bool:
        """Whether it may be the first one applied to a snapshot with that ``lastUpdateId``."""
        reach = snapshot + 1 if self.pu is None else snapshot
        return reach >= self.U


class DepthSequence:
    """
    Follows the update ids of one symbol's book, and says which diffs to apply.

    Args:
        waiting: Bound on the diffs buffered while there is no snapshot; the oldest are dropped.
        held: Called when a diff followed the one before it.
        broken: Called with what was expected and found when it did not.
    """

    def __init__(self, waiting: int, held: Callable[[], None], broken: Callable[[str], None]) -> None:
        self._waiting: deque[Diff] = deque(maxlen=waiting)
        self._held = held
        self._broken = broken
        self._received: int | None = None
        self._snapshot: int | None = None
        self._applied: int | None = None

    @property
    def known(self) -> bool:
        """Whether there is a book to apply diffs to."""
        return self._snapshot is not None

    @property
    def last(self) -> int | None:
        """Id of the last update in the book; None before the first snapshot."""
        return self._snapshot if self._applied is None else self._applied

    def reset(self) -> None:
        """Start again after a lost connection: the next diff need not follow the last one."""
        self._received = self._snapshot = self._applied = None
        self._waiting.clear()

    def is_repeat(self, diff: Diff) -> bool:
        """Whether earlier diffs covered all of it, as when two connections were captured."""
        return self._received is not None and diff.u <= self._received

    def diff(self, diff: Diff) -> list[Diff] | None:
        """
        Take the next diff, which is no repetition.

        Returns:
            Diffs to apply now; None when the book was known and no longer is.
        """
        broken = False
        if self._received is not None:
            broken = not diff.follows(self._received)
            if broken:
                expected = f"U = {self._received + 1}" if diff.pu is None else f"pu = {self._received}"
                found = diff.U if diff.pu is None else diff.pu
                self._broken(
                    f"expected {expected} of {diff.s}, found {found}; its book waits for the next snapshot"
                )
            else:
                self._held()
        self._received = diff.u
        if broken:
            was_known = self.known
            self._snapshot = self._applied = None
            self._waiting.clear()
            self._waiting.append(diff)
            return None if was_known else []
        if not self.known:
            self._waiting.append(diff)
            return []
        return self._apply(diff)

    def snapshot(self, last: int) -> bool:
        """
        Take a snapshot with ``lastUpdateId`` ``last``. If it is used, call :meth:`caught_up` next.

        Returns:
            Whether to use it; not if the book is already ahead of it.
        """
        if self.last is not None and last < self.last:
            return False
        self._snapshot, self._applied = last, None
        return True

    def caught_up(self) -> list[Diff] | None:
        """Buffered diffs to apply to the snapshot now; None when the snapshot is too old for them."""
        ready: list[Diff] = []
        while self._waiting:
            step = self._apply(self._waiting.popleft())
            if step is None:
                return None
            ready += step
        return ready

    def _apply(self, diff: Diff) -> list[Diff] | None:
        if self._applied is None and self._snapshot is not None:
            if diff.covered_by(self._snapshot):
                return []
            if not diff.bridges(self._snapshot):
                self._broken(
                    f"expected a diff of {diff.s} from update {self._snapshot} on, found one from {diff.U}: "
                    "the snapshot is too old; the book waits for the next one"
                )
                self._snapshot = None
                self._waiting.appendleft(diff)
                return None
        self._applied = diff.u
        return [diff]
