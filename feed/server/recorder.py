"""Records published events in a file, in a thread, so that the event loop waits for no disk."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import structlog
import trio

from feed.errors import ConfigError, RecordingError
from feed.model.events import Row
from feed.recording.append_only_file import AppendOnlyFile, Opener, is_temporary, open_raw
from feed.recording.buffered_output import BufferedOutput
from feed.recording.format import Header
from feed.recording.writer import RecordingWriter
from feed.server.countdown import Countdown
from feed.settings import Recording

log = structlog.get_logger("feed.recorder")


class Recorder:
    """
    A recording under way.

    Trouble with the file never stops the feed. While the file takes nothing, blocks are held in memory
    and written as soon as it does, so that nothing is missing; when too much is held the recording
    ends there for good, and the log says how many events are in the file.

    Args:
        path: The file; new, or empty.
        header: Its first line.
        settings: How it is cut into blocks, and how much may wait.
        opener: How the file is opened.
    Raises:
        ConfigError: The file cannot be opened, or holds something.
    """

    def __init__(
        self,
        path: Path,
        header: Header,
        settings: Recording | None = None,
        opener: Opener = open_raw,
    ) -> None:
        self._path = path
        self._settings = settings or Recording()
        self._rows: list[Row] = []
        self._taken = 0
        self._stopped = False
        self._hangs = False  # a thread that will not come back may still use the file
        self._trouble = ""  # of the file, as far as it has been told
        self._changed = trio.lowlevel.ParkingLot()
        self._file = AppendOnlyFile(path, opener, fresh=True)
        try:
            self._file.open()
        except OSError as problem:
            if not is_temporary(problem):
                raise ConfigError(
                    f"cannot be written: {problem.strerror}", where=str(path), hint="choose another --record"
                ) from None
        self._output = BufferedOutput(self._file, self._settings.held_bytes)
        self._writer = RecordingWriter(self._output, header, self._settings)
        self._tell()

    @property
    def trouble(self) -> str:
        """Why nothing is written now, or any more; empty while all is well."""
        if self._stopped:
            return f"stopped after {self.events} events"
        return self._trouble

    @property
    def events(self) -> int:
        """Events that stand in the file, but for the end of a recording that was closed."""
        blocks = max(0, self._output.written - 1)  # the first piece is the header
        return min(blocks * self._settings.block_events, self._taken)

    @property
    def lost(self) -> int:
        """Events published since the recording stopped, or that it could not write before."""
        return self._taken - self.events if self._stopped else 0

    def take(self, rows: list[Row]) -> None:
        """Take the next events. Never waits."""
        self._taken += len(rows)
        if self._stopped:
            return
        self._rows += rows
        if len(self._rows) > 2 * self._settings.waiting_events:
            self._stop("the disk is too slow")
        self._changed.unpark_all()

    async def room(self) -> None:
        """Wait until the disk has kept up; not for ever, for the market comes first."""
        if len(self._rows) <= self._settings.waiting_events:
            return
        try:
            await Countdown(self._settings.stall_seconds).wait(self._has_room)
        except trio.TooSlowError:
            self._stop("the disk is too slow")

    async def _has_room(self) -> None:
        while len(self._rows) > self._settings.waiting_events and not self._stopped:
            await self._changed.park()

    async def run(self) -> None:
        """Write until cancelled; then what is left, and the end of the recording."""
        try:
            while not self._stopped:
                await self._due()
                await self._write()
        finally:
            await self._write()
            if not self._hangs:
                await self._in_thread(self._close)

    def close(self) -> None:
        """Close the file of a recording that never ran, or has ended."""
        self._file.close()

    async def _due(self) -> None:
        """Wait until there is something to write, or to try again."""
        while not self._rows and not self._stopped:
            with trio.move_on_after(self._settings.retry_seconds if self._trouble else float("inf")) as pause:
                await self._changed.park()
            if pause.cancelled_caught:
                return

    async def _write(self) -> None:
        rows, self._rows = self._rows, []
        self._changed.unpark_all()
        if not self._stopped and (rows or self._trouble):
            await self._in_thread(partial(self._put, rows))

    def _put(self, rows: list[Row]) -> None:
        if rows:
            self._writer.append(rows)
        self._output.drain()

    async def _in_thread(self, write: Callable[[], None]) -> None:
        done = trio.Event()

        async def work() -> None:
            try:
                await trio.to_thread.run_sync(write, abandon_on_cancel=True)
            except RecordingError as problem:
                self._stop(problem.what)
            else:
                self._tell()
            done.set()

        # Shielded: what has been taken must not be lost on the way. Bounded: a disk may hang.
        with trio.CancelScope(shield=True):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(work)
                try:
                    await Countdown(self._settings.stall_seconds).wait(done.wait)
                except trio.TooSlowError:
                    nursery.cancel_scope.cancel()
                    self._hangs = True
                    self._stop("the disk is too slow")

    def _close(self) -> None:
        try:
            if not self._stopped:
                self._writer.close()
                self._output.drain()
        finally:
            self._file.close()
        if self._stopped:
            return
        if self._output.held:
            raise RecordingError(self._output.trouble, events=self.events)
        log.info("recorded", file=str(self._path), events=self._writer.events)

    def _tell(self) -> None:
        """Say in the log, once, that the file takes nothing, and once that it does again."""
        trouble = self._output.trouble
        if self._stopped or bool(self._trouble) == bool(trouble):
            return
        # The thread that writes may change its own account at any time: what is said is kept here.
        self._trouble = trouble
        if trouble:
            log.error("the recording waits for its file", file=str(self._path), reason=trouble)
        else:
            log.info("the recording goes on, and nothing is missing", file=str(self._path))
        self._changed.unpark_all()

    def _stop(self, reason: str) -> None:
        if not self._stopped:
            self._stopped = True
            self._rows = []
            if not self._hangs:
                self._output.drop()
            log.error(
                "recording stopped", file=str(self._path), reason=reason, events=self.events, lost=self.lost
            )
            self._changed.unpark_all()
