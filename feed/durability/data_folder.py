"""
The folder of a market that goes on after a restart: its parameters, log, horizon, checkpoints and history.

============================  ====================================================================
file                          what it is
============================  ====================================================================
``manifest``                  three lines of JSON: format and engine; the parameters of the market,
                              as a journal has them; SHA-256 over the two lines before
``log-NUMBER.feed``           segments of the log: :mod:`feed.durability.record_framing`
``horizon``                   :mod:`feed.durability.horizon`
``checkpoint-SEQ.feed``       the market after event SEQ
``history-BEFORE-LAST.feed``  events from after BEFORE up to LAST, for clients that resume
``token.key``                 what signs tokens
``led``                       which log for other servers it has led, and in which term
``old-NUMBER-NAME``           files of histories that were moved away; nobody reads them any more
============================  ====================================================================

The manifest is written last: a folder without one, and without records, was never finished, and is begun
again.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from typing import Any, Final

import attrs
import msgspec

from feed.checkpoint.container import CheckpointHeader, read_header
from feed.durability import horizon, segments
from feed.durability.disk import Disk
from feed.durability.entries import LogEntry
from feed.durability.horizon import HorizonFile
from feed.durability.input_log import InputLog
from feed.durability.record_framing import HEADER_BYTES
from feed.errors import ConfigError, FeedError
from feed.recording.format import check_version
from feed.recording.journal import JournalHeader, header_line, parse_header
from feed.settings import Durability

FORMAT: Final = "feed-data"
VERSION: Final = 1
MANIFEST: Final = "manifest"
TOKEN_KEY: Final = "token.key"  # noqa: S105 - a name
LED: Final = "led"

_OURS: Final = re.compile(
    r"manifest|horizon|led|log-\d{8}\.feed|checkpoint-\d{20}\.feed|history-\d{20}-\d{20}\.feed"
)
OLD: Final = re.compile(r"old-(\d{3,})-.+")
_CHECKPOINT: Final = re.compile(r"checkpoint-(\d{20})\.feed")
HISTORY: Final = re.compile(r"history-(\d{20})-(\d{20})\.feed")
_LONGEST_HEADER: Final = 4096  # bytes, of a checkpoint
_BROKEN: Final = "put back a copy of the folder, or begin a --new-history"


@attrs.frozen(kw_only=True)
class Manifest:
    """
    What a folder says of its market.

    Attributes:
        engine: What computed it.
        header: Its parameters.
        history: 16 bytes that tell its log from another's.
    """

    engine: str
    header: JournalHeader
    history: bytes


def checkpoint_name(seq: int) -> str:
    """The name of the checkpoint after the event ``seq``."""
    return f"checkpoint-{seq:020}.feed"


def history_name(before: int, last: int) -> str:
    """The name of the file with the events from after ``before`` up to ``last``."""
    return f"history-{before:020}-{last:020}.feed"


def read_manifest(disk: Disk) -> Manifest | None:
    """
    The manifest of a folder; None where there is nothing yet.

    Raises:
        ConfigError: It is damaged, of another version, or the folder is none of ours.
        OSError: It cannot be read.
    """
    names = disk.names()
    where = disk.where(MANIFEST)
    if MANIFEST not in names:
        if _is_unfinished(disk, names):
            return None
        if any(_OURS.fullmatch(name) for name in names):
            raise ConfigError("is missing, and the rest of a data folder is there", where=where, hint=_BROKEN)
        raise ConfigError("is no data folder, and not empty", where=disk.where(""), hint="name another one")
    data = disk.read(MANIFEST)
    lines = data.splitlines(keepends=True)
    fields = _fields(lines[0]) if lines else {}
    if fields.get("format") == FORMAT:
        check_version("data folder", fields.get("version"), VERSION, where)
    if len(lines) != 3 or lines[2] != _checksum(lines[:2]):
        raise ConfigError("is damaged", where=where, hint=_BROKEN)
    header = parse_header(lines[1], where=where)
    return Manifest(engine=fields["engine"], header=header, history=_history(data))


def read_records(disk: Disk, after: int, upto: int | None = None) -> Iterator[tuple[int, LogEntry]]:
    """
    The records after one, with their numbers, of a folder that another process may be writing to.

    Args:
        disk: The folder, which is only read.
        after: Number of the last record that is not asked for.
        upto: Number of the last that is; None for all.
    Raises:
        ConfigError: They were removed, or are damaged.
        OSError: They cannot be read.
    """
    if upto is not None and upto <= after:
        return
    manifest = read_manifest(disk)
    if manifest is not None:
        yield from segments.read_records(disk, manifest.history, after=after, upto=upto)


class DataFolder:
    """
    A data folder that is open, for one process.

    Attributes:
        disk: Where its files are.
        header: Parameters of the market.
        engine: What computes it.
        history: 16 bytes that tell its log from another's.
        log: Its inputs.
        horizon: How far it may have been seen.
        fresh: Whether it was made now.
    """

    def __init__(
        self, disk: Disk, manifest: Manifest, log: InputLog, horizon_file: HorizonFile, settings: Durability
    ) -> None:
        """Of what is open; see :meth:`open`."""
        self.disk = disk
        self.history = manifest.history
        self.header = manifest.header
        self.engine = manifest.engine
        self.log = log
        self.horizon = horizon_file
        self.fresh = False
        self._settings = settings

    @staticmethod
    def stored_header(disk: Disk) -> tuple[JournalHeader, str] | None:
        """
        Parameters of the market of a folder, and its engine; None where there is nothing yet.

        Raises:
            ConfigError: As :func:`read_manifest`.
            OSError: It cannot be read.
        """
        manifest = read_manifest(disk)
        return None if manifest is None else (manifest.header, manifest.engine)

    @classmethod
    def open(cls, disk: Disk, header: JournalHeader, engine: str, settings: Durability) -> DataFolder:
        """
        Open a folder, or make one.

        Args:
            disk: The folder, locked.
            header: Parameters of the market.
            engine: What computes it.
            settings: How much is kept.
        Raises:
            ConfigError: It is another market's or another engine's, it is damaged, or none of ours.
            OSError: It cannot be read, or written to.
        """
        manifest = read_manifest(disk)
        if manifest is None:
            return cls._make(disk, header, engine, settings)
        where = disk.where("")
        if manifest.engine != engine:
            raise ConfigError(
                f"is of another version of the market or of its agents ({manifest.engine}, this is {engine})",
                where=where,
                hint="run the release that wrote it, or begin a --new-history",
            )
        if differences := manifest.header.differences(header):
            raise ConfigError(
                f"has another market ({', '.join(differences)})",
                where=where,
                hint="leave these options out, or name another folder",
            )
        return cls._open(disk, manifest, settings)

    @classmethod
    def _make(cls, disk: Disk, header: JournalHeader, engine: str, settings: Durability) -> DataFolder:
        for name in disk.names():
            if _OURS.fullmatch(name):
                disk.remove(name)  # left by an attempt before
        data = _encode(header, engine)
        manifest = Manifest(engine=engine, header=header, history=_history(data))
        HorizonFile.create(disk, header.start)
        made = cls._opened(disk, manifest, settings)
        try:
            disk.replace(MANIFEST, data)
        except BaseException:
            made.close()
            raise
        made.fresh = True
        return made

    @classmethod
    def _open(cls, disk: Disk, manifest: Manifest, settings: Durability) -> DataFolder:
        names = disk.names()
        numbers = segments.segment_numbers(names)
        missing = segments.segment_name(1) if not numbers else "" if horizon.NAME in names else horizon.NAME
        if missing:
            raise ConfigError("is missing", where=disk.where(missing), hint=_BROKEN)
        folder = cls._opened(disk, manifest, settings)
        try:
            # That it could be read does not say that it is on the disk; written again, it is.
            folder.horizon.write(folder.horizon.time, record=folder.log.last)
        except BaseException:
            folder.close()
            raise
        return folder

    @classmethod
    def _opened(cls, disk: Disk, manifest: Manifest, settings: Durability) -> DataFolder:
        horizon_file = HorizonFile.open(disk)
        try:
            log = InputLog(disk, history=manifest.history, known=horizon_file.record)
        except BaseException:
            horizon_file.close()
            raise
        return cls(disk, manifest, log, horizon_file, settings)

    def checkpoints(self) -> list[int]:
        """Sequence numbers of the events after which there are checkpoints, newest first."""
        return checkpoint_seqs(self.disk.names())

    def retain(self, history_from: int = 0) -> None:
        """
        Remove what is not needed any more: old checkpoints and history, and of the log what is too much.

        Args:
            history_from: Sequence number before which nobody wants history.
        Raises:
            OSError: Something cannot be removed, or read; the next call tries again.
        """
        self._retain(history_from, self._settings.log_bytes)

    def compact(self) -> int:
        """
        Remove all that a restart does without: all of the log that every checkpoint has which is kept.

        Returns:
            How many bytes the log is smaller.
        Raises:
            OSError: As :meth:`retain`.
        """
        return self._retain(0, 0)

    def _retain(self, history_from: int, log_bytes: int) -> int:
        good = {
            seq: header.record for seq in self.checkpoints() if (header := checkpoint_header(self.disk, seq))
        }
        kept = list(good)[: self._settings.checkpoints]
        for seq in self.checkpoints():
            # One that cannot be read was not meant to be: nobody begins with it.
            if kept and seq not in kept:
                self.disk.remove(checkpoint_name(seq))
        for before, last in history_spans(self.disk.names()):
            if last < history_from:
                self.disk.remove(history_name(before, last))
        # A log without checkpoints is all that there is.
        return self.log.remove(upto=min((good[seq] for seq in kept), default=0), most_bytes=log_bytes)

    def close(self) -> None:
        """Close its files."""
        self.log.close()
        self.horizon.close()


def checkpoint_seqs(names: list[str]) -> list[int]:
    """The checkpoints among the files of a folder, by sequence number, newest first."""
    return sorted((int(match[1]) for name in names if (match := _CHECKPOINT.fullmatch(name))), reverse=True)


def checkpoint_header(disk: Disk, seq: int) -> CheckpointHeader | None:
    """
    The header of a checkpoint; None where it is damaged.

    Raises:
        OSError: It cannot be read.
    """
    file = disk.open(checkpoint_name(seq))
    try:
        return read_header(file.read_at(0, _LONGEST_HEADER))
    except FeedError:
        return None
    finally:
        file.close()


def history_spans(names: list[str]) -> list[tuple[int, int]]:
    """
    What the history files among the files of a folder have.

    Returns:
        By file the number of the event before its first and that of its last; newest first, of those that end
        with the same event the longest.
    """
    found = [(int(match[1]), int(match[2])) for name in names if (match := HISTORY.fullmatch(name))]
    return sorted(found, key=lambda one: (-one[1], one[0]))


def move_away(disk: Disk) -> None:
    """
    Rename the files of a history, so that another can begin; the key of tokens stays.

    Raises:
        OSError: A file cannot be renamed; the next call goes on.
    """
    names = disk.names()
    number = max((int(match[1]) for name in names if (match := OLD.fullmatch(name))), default=0) + 1
    # The manifest goes last: what is half moved is known for what it is.
    for name in sorted(filter(_OURS.fullmatch, names), key=MANIFEST.__eq__):
        disk.rename(name, f"old-{number:03}-{name}")


def _is_unfinished(disk: Disk, names: list[str]) -> bool:
    """Whether a folder without a manifest holds nothing but what is made before it."""
    for name in names:
        if name in (horizon.NAME, TOKEN_KEY, LED) or OLD.fullmatch(name):
            continue
        if name != segments.segment_name(1) or len(disk.read(name)) > HEADER_BYTES:
            return False
    return True


def _encode(header: JournalHeader, engine: str) -> bytes:
    first = msgspec.json.encode({"format": FORMAT, "version": VERSION, "engine": engine}) + b"\n"
    lines = [first, header_line(header)]
    return b"".join([*lines, _checksum(lines)])


def _checksum(lines: list[bytes]) -> bytes:
    return msgspec.json.encode({"sha256": hashlib.sha256(b"".join(lines)).hexdigest()}) + b"\n"


def _history(manifest: bytes) -> bytes:
    return hashlib.sha256(manifest).digest()[:16]


def _fields(line: bytes) -> dict[str, Any]:
    try:
        return msgspec.json.decode(line, type=dict[str, Any])
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return {}
