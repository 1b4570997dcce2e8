"""What the server writes to disk while it serves, and whether it can."""

from __future__ import annotations

from pathlib import Path

import structlog
import trio

from feed.model.events import Row
from feed.model.requests import JournalEntry
from feed.recording.append_only_file import Opener, open_raw
from feed.recording.format import Header
from feed.recording.journal import JournalHeader
from feed.recording.journal_writer import JournalWriter
from feed.server.durable.durable_market import DurableMarket
from feed.server.message_log.log import MessageLog
from feed.server.recorder import Recorder
from feed.settings import Recording

log = structlog.get_logger("feed.storage")


class Storage:
    """
    The journal, the recording and the log of messages of one server.

    Args:
        settings: How a recording is cut into blocks, and how often is tried what could not be written.
        opener: How files are opened.
    Attributes:
        opener: How files are opened.
        journal: Of order requests; None when none is kept.
        recorder: Of everything published; None when nothing is recorded.
        message_log: Of what clients send and are sent; None when none is kept.
        durable: A market that goes on after a restart; None for one that does not.
    """

    def __init__(self, settings: Recording | None = None, opener: Opener = open_raw) -> None:
        self._settings = settings or Recording()
        self.opener = opener
        self.journal: JournalWriter | None = None
        self.recorder: Recorder | None = None
        self.message_log: MessageLog | None = None
        self.durable: DurableMarket | None = None
        self._changed = trio.lowlevel.ParkingLot()

    def problems(self) -> list[str]:
        """What cannot be written now, one sentence each; none when all is well."""
        found = []
        if self.journal is not None and self.journal.trouble:
            found.append(f"journal: {self.journal.trouble}; order requests are answered with 503")
        if self.recorder is not None and self.recorder.trouble:
            found.append(f"recording: {self.recorder.trouble}")
        if self.message_log is not None and self.message_log.trouble:
            found.append(f"log of messages: {self.message_log.trouble}; some are left out")
        return found if self.durable is None else found + self.durable.problems()

    def keep(self, path: Path, header: JournalHeader) -> JournalWriter:
        """
        Begin a journal.

        Raises:
            ConfigError: As :meth:`JournalWriter.open`.
        """
        journal = self.journal = JournalWriter(path, header, self.opener, changed=self._tell)
        journal.open()
        if journal.cut:
            log.warning("a torn line was cut off", file=str(journal.path), bytes=journal.cut)
        return journal

    def record(self, path: Path, header: Header) -> Recorder:
        """
        Begin a recording.

        Raises:
            ConfigError: As :class:`Recorder`.
        """
        self.recorder = Recorder(path, header, self._settings, self.opener)
        return self.recorder

    def published(self, rows: list[Row]) -> None:
        """Take the next events of the stream, where they are recorded. Never waits."""
        if self.recorder is not None:
            self.recorder.take(rows)

    def write(self, entry: JournalEntry) -> bool:
        """Journal an order request before it acts; False when it must not act, for it cannot be written."""
        return self.journal is not None and self.journal.write(entry)

    async def run(self) -> None:
        """Find out, again and again while the journal takes nothing, whether it does; until cancelled."""
        journal = self.journal
        while journal is not None:
            if not journal.trouble:
                await self._changed.park()
                continue
            await trio.sleep(self._settings.retry_seconds)
            if journal.trouble:
                journal.probe()

    def end(self, events: int) -> None:
        """Say in the journal how many events were published."""
        if self.journal is not None:
            self.journal.end(events)

    def close(self) -> None:
        """Close every file, however the server ended."""
        if self.journal is not None:
            self.journal.close()
        if self.recorder is not None:
            self.recorder.close()

    def _tell(self) -> None:
        journal = self.journal
        self._changed.unpark_all()
        if journal is None:
            return
        if journal.trouble:
            log.error(
                "orders are refused: the journal takes none", file=str(journal.path), reason=journal.trouble
            )
        else:
            log.info("orders are taken again", file=str(journal.path), refused=journal.refused)
