"""Writes down what is published, in a thread, so that nobody waits for a disk."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import BinaryIO

import structlog
import trio

from feed.errors import ConfigError, RecordingError
from feed.model.events import Row
from feed.scenario.recording import Header
from feed.scenario.recording_writer import RecordingWriter
from feed.settings import Recording

log = structlog.get_logger("feed.recorder")


class Recorder:
    """
    A recording under way.

    Trouble with the file ends the recording with one line in the log, and nothing else.

    Args:
        path: The file; what was there is overwritten.
        header: Its first line.
        settings: How it is cut into blocks, and how much may wait.
    Raises:
        ConfigError: The file cannot be written.
    """

    def __init__(self, path: Path, header: Header, settings: Recording | None = None) -> None:
        self._path = path
        self._settings = settings or Recording()
        self._rows: list[Row] = []
        self._stopped = False
        self._hangs = False  # a thread that will not come back may still use the file
        self._changed = trio.Event()
        self._file: BinaryIO
        try:
            self._file = path.open("wb")
            self._writer = RecordingWriter(self._file, header, self._settings)
        except OSError as problem:
            raise ConfigError(
                f"cannot be written: {problem.strerror}", where=str(path), hint="choose another --record"
            ) from None
        except RecordingError as problem:
            raise ConfigError(f"cannot be written: {problem.what}", where=str(path)) from None

    def take(self, rows: list[Row]) -> None:
        """Take the next events. Never waits."""
        if self._stopped:
            return
        self._rows += rows
        if len(self._rows) > 2 * self._settings.waiting_events:
            self._stop("the disk is too slow")
        self._change()

    async def room(self) -> None:
        """Wait until the disk has kept up; not for ever, for the market comes first."""
        if len(self._rows) <= self._settings.waiting_events:
            return
        with trio.move_on_after(self._settings.stall_seconds):
            while len(self._rows) > self._settings.waiting_events and not self._stopped:
                await self._changed.wait()
            return
        self._stop("the disk is too slow")

    async def run(self) -> None:
        """Write until cancelled; then what is left, and the end of the recording."""
        try:
            while not self._stopped:
                while not self._rows and not self._stopped:
                    await self._changed.wait()
                await self._write()
        finally:
            await self._write()
            if not self._hangs:
                await self._in_thread(self._close)

    async def _write(self) -> None:
        rows, self._rows = self._rows, []
        self._change()
        if rows and not self._stopped:
            await self._in_thread(partial(self._writer.append, rows))

    async def _in_thread(self, write: Callable[[], None]) -> None:
        # Shielded: what has been taken must not be lost on the way. Bounded: a disk may hang.
        with trio.move_on_after(self._settings.stall_seconds, shield=True) as patience:
            try:
                await trio.to_thread.run_sync(write, abandon_on_cancel=True)
            except RecordingError as problem:
                self._stop(problem.what)
        if patience.cancelled_caught:
            self._hangs = True
            self._stop("the disk is too slow")

    def _close(self) -> None:
        with self._file:
            self._writer.close()
        if not self._writer.failed:
            log.info("recorded", file=str(self._path), events=self._writer.events)

    def _stop(self, reason: str) -> None:
        if not self._stopped:
            self._stopped = True
            self._rows = []
            log.error("recording stopped", file=str(self._path), reason=reason, events=self._writer.events)
            self._change()

    def _change(self) -> None:
        changed, self._changed = self._changed, trio.Event()
        changed.set()
