"""Writes journals; a full disk does not stop the market. Format: :mod:`feed.recording.journal`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

from feed.errors import ConfigError
from feed.model.requests import JournalEntry
from feed.recording.append_only_file import AppendOnlyFile, Opener, is_temporary, open_raw
from feed.recording.journal import BEGINNING, JournalHeader, end_line, header_line, journal_line, parse_header

_LONGEST_HEADER: Final = 64 * 1024  # bytes


class JournalWriter:
    """
    Writes the journal of one run.

    A request that cannot be written must not be executed. Every request tries to write again, so the
    journal goes on as soon as there is space on the disk.

    Args:
        path: The file; new, empty, or with only the same header.
        header: Parameters of the market.
        opener: Opens the file.
        changed: Called when :attr:`trouble` begins and when it ends.
    Attributes:
        path: The file.
        trouble: Why requests cannot be written now; empty while they can.
        entries: Requests written.
        refused: Requests that could not be written.
        cut: Bytes of a torn header that were truncated at the start.
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
        Write the header. A full disk is no error; see :attr:`trouble`.

        Raises:
            ConfigError: The file cannot be opened, is written by another process, or is not empty and
                not this run's journal.
        """
        try:
            self._file.open()
        except OSError as problem:
            if not is_temporary(problem):
                raise ConfigError(
                    f"cannot write {self.path} ({problem.strerror})", where="--journal"
                ) from None
        try:
            self._try(b"")
        except ConfigError:
            self._file.close()
            raise

    def write(self, entry: JournalEntry) -> bool:
        """Write an entry before its execution. False if that failed, and it must not be executed."""
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
        """Test whether requests can be written again, where that is possible without a change of the file."""
        try:
            self._begin()
            if self._file.probe():
                self._note("")
        except OSError as problem:
            self._note(_reason(problem))
        except ConfigError as problem:
            self._note(str(problem))

    def end(self, events: int) -> None:
        """Write the end line with the number of events, if it can be written, and close the file."""
        if self._begun:
            self._try(end_line(events))
        self._file.close()

    def close(self) -> None:
        """Close the file without an end line."""
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
