"""Writes journals, and never stops for it. The format is described in :mod:`feed.recording.journal`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

from feed.errors import ConfigError
from feed.model.requests import JournalEntry
from feed.recording.append_only_file import AppendOnlyFile, Opener, open_raw, passes
from feed.recording.journal import BEGINNING, JournalHeader, end_line, header_line, journal_line, parse_header

_LONGEST_HEADER: Final = 64 * 1024  # bytes


class JournalWriter:
    """
    The journal of one run.

    A request that cannot be written must not act. Whether there is room again is tried with every
    request, so the journal goes on as soon as there is.

    Args:
        path: The file; new, empty, or with nothing but the same header in it.
        header: The market.
        opener: How the file is opened.
        changed: Called when :attr:`trouble` begins and when it is over.
    Attributes:
        path: The file.
        trouble: Why requests cannot be written now; empty while they can.
        entries: Requests written.
        refused: Requests that could not be written.
        cut: Bytes of a torn header that were cut off at the start.
    """

    def __init__(
        self,
        path: Path,
        header: JournalHeader,
        opener: Opener = open_raw,
        *,
        changed: Callable[[], object] = lambda: None,
    ) -> None:
        self.path = path
        self.trouble = ""
        self.entries = 0
        self.refused = 0
        self.cut = 0
        self._changed = changed
        self._header = header
        self._file = AppendOnlyFile(path, opener)
        self._begun = False

    def open(self) -> None:
        """
        Write the header. A disk that takes none now is trouble, and no error.

        Raises:
            ConfigError: The file cannot be opened, is written by another process, or holds something
                else than this run's journal.
        """
        try:
            self._file.open()
        except OSError as problem:
            if not passes(problem):
                raise ConfigError(
                    f"cannot write {self.path} ({problem.strerror})", where="--journal"
                ) from None
        try:
            self._try(b"")
        except ConfigError:
            self._file.close()
            raise

    def write(self, entry: JournalEntry) -> bool:
        """Write an entry, before it acts; False when it must not act, for it does not stand there."""
        try:
            written = self._try(journal_line(entry))
        except ConfigError as problem:
            written = self._note(str(problem))
        if written:
            self.entries += 1
        else:
            self.refused += 1
        return written

    def probe(self) -> None:
        """Find out whether requests can be written again, where that can be done without a trace."""
        try:
            self._begin()
            if self._file.probe():
                self._note("")
        except OSError as problem:
            self._note(_reason(problem))
        except ConfigError as problem:
            self._note(str(problem))

    def end(self, events: int) -> None:
        """Write that the run ended in peace after so many events, if that can be written, and close."""
        if self._begun:
            self._try(end_line(events))
        self._file.close()

    def close(self) -> None:
        """Close it without a word about the end, unless it is closed."""
        self._file.close()

    def _try(self, line: bytes) -> bool:
        try:
            self._begin()
            if self.trouble:
                self._file.probe()
            if line:
                self._file.append(line)
        except OSError as problem:
            return self._note(_reason(problem))
        return self._note("")

    def _note(self, trouble: str) -> bool:
        begins_or_ends = bool(self.trouble) != bool(trouble)
        self.trouble = trouble
        if begins_or_ends:
            self._changed()
        return not trouble

    def _begin(self) -> None:
        """Open the file and write the header, unless that has been done."""
        if self._begun:
            return
        self._file.open()
        held = self._file.head(_LONGEST_HEADER)
        first, whole, rest = held.partition(b"\n")
        where = str(self.path)
        other = "give another --journal, or move this one away"
        if whole:
            found = parse_header(first, where=where)
            differences = self._header.differences(found)
            if differences:
                differ = ", ".join(differences)
                raise ConfigError(f"is the journal of another run ({differ})", where=where, hint=other)
            if rest:
                raise ConfigError("is the journal of an earlier run of this market", where=where, hint=other)
        elif len(held) == _LONGEST_HEADER or not (first.startswith(BEGINNING) or BEGINNING.startswith(first)):
            raise ConfigError("is no journal", where=where, hint=other)
        else:
            self.cut = len(first)
            self._file.cut(0)
            self._file.append(header_line(self._header))
        self._begun = True


def _reason(problem: OSError) -> str:
    return problem.strerror or str(problem)
