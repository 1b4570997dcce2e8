"""What is in a data folder, and whether it is good; a server may be using it."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from functools import partial

import attrs

from feed.checkpoint.container import CheckpointHeader, check_checkpoint, read_checkpoint
from feed.durability import horizon, segments
from feed.durability.data_folder import (
    HISTORY,
    MANIFEST,
    OLD,
    Manifest,
    checkpoint_header,
    checkpoint_name,
    checkpoint_seqs,
    read_manifest,
)
from feed.durability.disk import Disk
from feed.durability.entries import REQUESTS, LogEntry, requests_of
from feed.durability.horizon import HorizonFile
from feed.durability.record_framing import SegmentHeader
from feed.errors import ConfigError, FeedError


@attrs.frozen(kw_only=True)
class FileReport:
    """
    What became of looking at a file.

    Attributes:
        name: Its name.
        size: Its bytes.
        says: What is in it.
        problem: Why it is no good; empty where it is.
    """

    name: str
    size: int
    says: str = ""
    problem: str = ""


@attrs.frozen(kw_only=True)
class FolderSummary:
    """
    What a data folder has.

    Attributes:
        manifest: Which market.
        segments: Segments of the log.
        first: Number of the first record that is there.
        last: Number of the last; less than ``first`` where there is none.
        newest: The last record; None where there is none in the last segment.
        log_bytes: All segments.
        torn: Bytes behind the last record: torn, or being written.
        horizon: Market time up to which the market may have been seen, nanoseconds since the Unix epoch.
        checkpoints: Headers of those that can be read, newest first.
        bad_checkpoints: How many cannot.
        checkpoint_bytes: All of them.
        history: Sequence numbers of the first and the last event that is kept; None for no history.
        history_bytes: All files of it.
        old_bytes: Files of histories that were moved away.
    """

    manifest: Manifest
    segments: int
    first: int
    last: int
    newest: LogEntry | None
    log_bytes: int
    torn: int
    horizon: int
    checkpoints: tuple[CheckpointHeader, ...]
    bad_checkpoints: int
    checkpoint_bytes: int
    history: tuple[int, int] | None
    history_bytes: int
    old_bytes: int


def summary(disk: Disk) -> FolderSummary:
    """
    What a data folder has, by headers and the last segment of its log.

    Raises:
        ConfigError: It is none, or what is looked at is damaged.
        OSError: It cannot be read.
    """
    names = disk.names()
    manifest = _manifest(disk)
    headers = _headers(disk, manifest)
    last = segments.read_segment(disk, headers[-1], None)
    newest = None
    if last.frames:
        where = disk.where(segments.segment_name(headers[-1].segment))
        newest = segments.entries_of(last.frames[-1], where=where)[-1]
    horizon_file = HorizonFile.open(disk)
    horizon_file.close()
    seqs = checkpoint_seqs(names)
    checkpoints = [header for seq in seqs if (header := checkpoint_header(disk, seq)) is not None]
    history = [(int(match[1]) + 1, int(match[2])) for name in names if (match := HISTORY.fullmatch(name))]
    return FolderSummary(
        manifest=manifest,
        segments=len(headers),
        first=headers[0].first,
        last=headers[-1].first - 1 + sum(frame.count for frame in last.frames),
        newest=newest,
        log_bytes=sum(header.good for header in headers[1:]) + last.end,
        torn=last.rest,
        horizon=horizon_file.time,
        checkpoints=tuple(checkpoints),
        bad_checkpoints=len(seqs) - len(checkpoints),
        checkpoint_bytes=sum(_size(disk, checkpoint_name(seq)) for seq in seqs),
        history=(min(history)[0], max(end for _, end in history)) if history else None,
        history_bytes=sum(_size(disk, name) for name in names if HISTORY.fullmatch(name)),
        old_bytes=sum(_size(disk, name) for name in names if OLD.fullmatch(name)),
    )


def verify(disk: Disk, engine: str, check_history: Callable[[bytes], None]) -> Iterator[FileReport]:
    """
    Look at every byte of a data folder that a restart would, file by file.

    Args:
        disk: The folder, which is only read.
        engine: Whose checkpoints can be loaded here; those of others are only held against their checksums.
        check_history: Looks at a history file; raises ``FeedError`` for damage.
    Raises:
        ConfigError: It is no data folder, or its manifest is damaged.
        OSError: It cannot be listed.
    """
    manifest = _manifest(disk)
    yield FileReport(name=MANIFEST, size=_size(disk, MANIFEST), says=f"engine {manifest.engine}")
    last = yield from _verify_log(disk, manifest)
    yield _verify_horizon(disk, last)
    for seq in checkpoint_seqs(disk.names()):
        yield _verify_checkpoint(disk, seq, engine, last)
    for name in disk.names():
        if match := HISTORY.fullmatch(name):
            data = disk.read(name)
            report = partial(FileReport, name=name, size=len(data))
            try:
                check_history(data)
            except FeedError as problem:
                yield report(problem=str(problem))
            else:
                yield report(says=f"events {int(match[1]) + 1} to {int(match[2])}")


def _verify_log(disk: Disk, manifest: Manifest) -> Generator[FileReport, None, int]:
    """Reports on the segments; returns the number of the last record that is good, with all before it."""
    numbers = segments.segment_numbers(disk.names())
    if not numbers:
        yield FileReport(name=segments.segment_name(1), size=0, problem="is missing")
        return 0
    last, whole = 0, True
    for number, following in zip(numbers, [*numbers[1:], None], strict=True):
        name = segments.segment_name(number)
        report = partial(FileReport, name=name, size=_size(disk, name))
        try:
            header = segments.read_header(disk, number, manifest.history)
            after = None if following is None else segments.read_header(disk, following, manifest.history)
            segment = segments.read_segment(disk, header, after)
            for frame in segment.frames:
                for entry in segments.entries_of(frame, where=name):
                    if entry.kind == REQUESTS:
                        requests_of(entry)
        except ConfigError as problem:
            whole = False
            yield report(problem=problem.what)
            continue
        count = sum(frame.count for frame in segment.frames)
        last = header.first - 1 + count if whole else last
        says = f"records {header.first} to {header.first - 1 + count}" if count else "no records"
        rest = f", then {segment.rest} bytes that are torn or being written" if following is None else ""
        yield report(says=says + (rest if segment.rest else ""))
    return last


def _verify_horizon(disk: Disk, last: int) -> FileReport:
    name = horizon.NAME
    report = partial(FileReport, name=name, size=_size(disk, name))
    try:
        found = HorizonFile.open(disk)
    except ConfigError as problem:
        return report(problem=problem.what)
    found.close()
    if found.record > last:
        return report(problem=f"knows record {found.record}, and the log is good up to {last}")
    return report(says=f"record {found.record}")


def _verify_checkpoint(disk: Disk, seq: int, engine: str, last: int) -> FileReport:
    data = disk.read(checkpoint_name(seq))
    report = partial(FileReport, name=checkpoint_name(seq), size=len(data))
    try:
        header = check_checkpoint(data)
        if header.record > last:
            return report(problem=f"knows record {header.record}, and the log is good up to {last}")
        if header.engine != engine:
            return report(says=f"record {header.record}; not loaded, as its engine is another")
        read_checkpoint(data, engine=engine)
    except FeedError as problem:
        return report(problem=str(problem))
    return report(says=f"record {header.record}")


def _headers(disk: Disk, manifest: Manifest) -> list[SegmentHeader]:
    numbers = segments.segment_numbers(disk.names())
    if not numbers:
        raise ConfigError("is missing", where=disk.where(segments.segment_name(1)), hint=segments.LOOK)
    return [segments.read_header(disk, number, manifest.history) for number in numbers]


def _manifest(disk: Disk) -> Manifest:
    manifest = read_manifest(disk)
    if manifest is None:
        raise ConfigError("holds no market yet", where=disk.where(""), hint="feed serve --data begins one")
    return manifest


def _size(disk: Disk, name: str) -> int:
    file = disk.open(name)
    try:
        return file.size
    finally:
        file.close()
