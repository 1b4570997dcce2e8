"""
The log of messages: entries in, lines on disk, nobody held up.

Entries are taken on the event loop, which costs little, and made lines in a thread, where secrets are blotted
out too. What the disk does not take is left out and counted.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, Final, TypeVar

import attrs
import structlog
import trio

from feed.model.arrival import Arrival
from feed.server.countdown import Countdown
from feed.server.message_log.entry import Entry, SentTexts, left_out
from feed.server.message_log.files import RotatedFiles
from feed.server.redaction import Redactor
from feed.settings import MessageLog as Settings

log = structlog.get_logger("feed.message_log")

T = TypeVar("T")

PIECE_BYTES: Final = 256 * 1024  # written at once
_FORM: Final = re.compile(rb"[^\s=&{}\"]+=[^\s&]*(?:&[^\s=&]+=[^\s&]*)*")
TOO_SLOW: Final = "messages come faster than they can be written"


async def in_thread(work: Callable[[], T]) -> T:
    """Let a thread do it; a disk that hangs holds up no shutdown."""
    return await trio.to_thread.run_sync(work, abandon_on_cancel=True)


@attrs.frozen
class _Written:
    """
    What became of a batch.

    Attributes:
        trouble: Why some of it could not be written; empty when all was.
        lost: Messages that were not written, by owner.
        told: Those left out before, of which the files tell now, by owner.
    """

    trouble: str = ""
    lost: Counter[str] = attrs.field(factory=Counter)
    told: Counter[str] = attrs.field(factory=Counter)


class MessageLog:
    """
    What clients send and are sent, for the keys that the settings name.

    Attributes:
        trouble: Why messages are left out now; empty while none are.
        left_out: Messages that were not written so far.
    """

    def __init__(
        self,
        files: RotatedFiles,
        settings: Settings,
        *,
        known: Callable[[str], bool],
        clock: Callable[[], float],
    ) -> None:
        """
        Begin with nothing to write.

        Args:
            files: Where it goes.
            settings: Whose messages, and how much may wait.
            known: Whether a text is a key or a secret that the server knows.
            clock: Seconds since the Unix epoch.
        """
        self.trouble = ""
        self.left_out = 0
        self._files = files
        self._settings = settings
        self._known = known
        self._clock = clock
        self._waiting: list[Entry] = []
        self._bytes = 0  # of what waits, and of what is being written
        self._lost_at = 0.0  # on Trio's clock: when something was left out last
        self._untold: Counter[str] = Counter()  # left out, by owner; the files do not tell of them yet
        self._arrived = trio.Event()
        self._stopping = trio.Event()
        self._stopped = trio.Event()

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[None]:
        """
        Write while the block runs, and what is left at its end.

        Raises:
            ConfigError: Nothing can be written where it should be.
        """
        self._files.open()
        try:
            async with trio.open_nursery() as nursery:
                writer = trio.CancelScope(shield=True)
                nursery.start_soon(self._run, writer)
                try:
                    yield
                finally:
                    await self._finish()
                    writer.cancel()
        finally:
            self._files.close()

    def redactor(self) -> Redactor:
        """Blots out the secrets of one client."""
        return Redactor(self._known)

    @property
    def longest(self) -> int:
        """A longer message is noted by its length, bytes."""
        return self._settings.message_bytes

    def request(
        self,
        *,
        key: str,
        shown: str,
        arrival: Arrival,
        method: str,
        target: str,
        body: bytes,
        status: int,
        answer: bytes,
    ) -> None:
        """
        Take a request by HTTP and its answer.

        Args:
            key: Name of the key that it showed; empty for none, or a bad one.
            shown: What it showed; never written.
            arrival: Where it came from.
            method: Such as ``GET``.
            target: Path and query.
            body: Its body; empty for none.
            status: Of the answer.
            answer: The answer's.
        """
        redactor = self.redactor()
        redactor.remember(shown)
        facts = {"peer": arrival.peer, "method": method, "status": status}
        targets, texts = {"target": target}, {"answer": answer.decode("utf-8", "replace")}
        if body:
            fields = targets if _FORM.fullmatch(body) else texts  # a form reads as a query does
            fields["body"] = body.decode("utf-8", "replace")
        self.take(key, facts, redactor, targets=targets, texts=texts)

    def take(
        self,
        owner: str,
        facts: dict[str, Any],
        redactor: Redactor,
        **fields: Any,
    ) -> None:
        """Take an entry, unless nobody wants it, or too much waits. Never waits."""
        if self._settings.keys and owner not in self._settings.keys:
            return
        entry = Entry(
            owner=owner,
            time=self._clock(),
            facts=facts,
            redactor=redactor,
            most=self._settings.message_bytes,
            **fields,
        )
        if self._bytes + entry.size > self._settings.waiting_bytes:
            redactor.blind = redactor.blind or bool(entry.texts)
            self._lose(Counter((owner,)), TOO_SLOW)
            return
        self._waiting.append(entry)
        self._bytes += entry.size
        self._arrived.set()

    async def _run(self, scope: trio.CancelScope) -> None:
        """Write until stopped."""
        with scope:
            while not self._stopping.is_set() or self._waiting:
                with trio.move_on_after(self._settings.settle_seconds if self.trouble else math.inf):
                    await self._arrived.wait()
                with trio.move_on_after(self._settings.flush_seconds):
                    await self._stopping.wait()
                await self._flush()
            self._stopped.set()

    async def _finish(self) -> None:
        """Write what is left, for as long as the disk may take."""
        self._stopping.set()
        self._arrived.set()
        with trio.CancelScope(shield=True):
            try:
                await Countdown(self._settings.stall_seconds).wait(self._stopped.wait)
            except trio.TooSlowError:
                self._lose(Counter(entry.owner for entry in self._waiting), TOO_SLOW)

    async def _flush(self) -> None:
        self._arrived = trio.Event()
        entries, self._waiting = self._waiting, []
        untold = Counter(self._untold)
        if entries or untold:
            written = await in_thread(partial(self._write, entries, untold))
            self._bytes -= sum(entry.size for entry in entries)
            self._untold -= written.told
            if written.trouble:
                self._lose(written.lost, written.trouble)
        if self.trouble and trio.current_time() - self._lost_at >= self._settings.settle_seconds:
            self.trouble = ""
            log.info("messages are kept again", left_out=self.left_out)

    def _write(self, entries: list[Entry], untold: Counter[str]) -> _Written:
        """Write a batch, as much of it as the disk takes; in a thread."""
        lost: Counter[str] = Counter()
        told: Counter[str] = Counter()
        trouble = ""
        sent = SentTexts()
        by_owner: dict[str, list[Entry]] = {owner: [] for owner in untold}
        for entry in entries:
            by_owner.setdefault(entry.owner, []).append(entry)
        for owner, its in by_owner.items():
            missing = untold[owner]
            for piece in _pieces(its, sent):
                since = [left_out(owner, self._clock(), missing)] if missing else []
                try:
                    self._files.append(owner, b"".join([*since, *piece]))
                except OSError as problem:
                    trouble = problem.strerror or str(problem)
                    lost[owner] += len(piece)
                else:
                    told[owner] += missing
                    missing = 0
        try:
            self._files.prune()
        except OSError as problem:
            trouble = trouble or problem.strerror or str(problem)
        return _Written(trouble, lost, told)

    def _lose(self, lost: Counter[str], why: str) -> None:
        """Leave messages out, and say so once in the server's log."""
        self._untold += lost
        self.left_out += lost.total()
        self._lost_at = trio.current_time()
        if not self.trouble:
            log.error("messages are left out of their log", reason=why)
        self.trouble = why


def _pieces(entries: list[Entry], sent: SentTexts) -> Iterator[list[bytes]]:
    """Lines to be written together, at least once; one that cannot be made is told in the server's log."""
    piece: list[bytes] = []
    size = 0
    for entry in entries:
        try:
            line = entry.line(sent)
        except Exception:
            log.exception("bug in the log of messages")
            continue
        if piece and size + len(line) > PIECE_BYTES:
            yield piece
            piece, size = [], 0
        piece.append(line)
        size += len(line)
    yield piece
