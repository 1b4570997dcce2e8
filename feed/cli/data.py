"""``feed data``: what is in a data folder, whether it is good, and how it gets smaller."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from feed.checkpoint.engine import engine_digest
from feed.cli.options import example
from feed.durability.data_folder import DataFolder
from feed.durability.disk import FolderDisk
from feed.durability.inspection import FolderSummary, summary, verify
from feed.errors import ConfigError
from feed.scenario.times import moment_text
from feed.server.durable.history_files import check_history
from feed.server.durable.market_engine import is_ours
from feed.settings import MIB, Durability


@click.command("data", epilog=example("feed data /var/lib/feed --verify"))
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option(
    "--verify", "verified", is_flag=True, help="Read all of it, and check every record; a line for each file."
)
@click.option(
    "--compact",
    "compacted",
    is_flag=True,
    help="Remove the log and the checkpoints that no restart needs; not while a server uses it.",
)
def command(folder: Path, *, verified: bool, compacted: bool) -> int:
    """
    Say what is in DIR, the folder of feed serve --data: which market, how much log, which checkpoints.

    Only --compact changes anything; without it, a server may be using the folder. Exit code 1 if --verify
    finds damage.
    """
    if not folder.is_dir():
        raise ConfigError("is no folder", where=str(folder), hint="name that of feed serve --data")
    disk = FolderDisk(folder, read_only=True)
    if (verified or compacted) and not _verified(disk, told=verified):
        return 1
    if compacted:
        with _using(folder):
            smaller = _compact(folder)
        click.echo(f"the log is {_size(smaller)} smaller")
    if not verified:
        with _using(folder):
            lines = [*_lines(summary(disk)), *(["a server uses it"] if disk.is_used() else ())]
        click.echo("\n".join(lines))
    return 0


def _verified(disk: FolderDisk, *, told: bool) -> bool:
    """Whether all files are good; says so of each, or only of those that are not."""
    good = True
    reports = verify(disk, engine_digest(), check_history)
    while True:
        with _using(disk.path):
            report = next(reports, None)
        if report is None:
            break
        good = good and not report.problem
        if told or report.problem:
            click.echo(f"{report.name}: {report.problem or f'good, {report.says}'}")
    if not good and not told:
        raise ConfigError(
            "is not compacted, as it is damaged", where=disk.where(""), hint="see feed data DIR --verify"
        )
    return good


def _compact(path: Path) -> int:
    """How many bytes of the log were removed."""
    disk = FolderDisk(path)
    disk.lock()
    try:
        stored = DataFolder.stored_header(disk)
        assert stored is not None  # noqa: S101 - it was verified
        data = DataFolder.open(disk, *stored, Durability())
        try:
            return data.compact()
        finally:
            data.close()
    finally:
        disk.close()


def _lines(found: FolderSummary) -> Iterator[str]:
    header = found.manifest.header
    name = "default market" if header.scenario is None else f"scenario {header.scenario.name}"
    yield f"market: {name}, seed {header.seed}, from {moment_text(header.start)}"
    here = "this one" if is_ours(found.manifest.engine) else "another one: it cannot go on here"
    yield f"engine: {found.manifest.engine}, {here}"
    held = f"records {found.first} to {found.last}" if found.last >= found.first else "no records"
    newest = "" if found.newest is None else f", the last of {moment_text(found.newest.wall)}"
    yield f"log: {held}, {_size(found.log_bytes)}, segments: {found.segments}{newest}"
    if found.torn:
        yield f"log: {found.torn} bytes at the end are torn, or being written"
    yield f"horizon: {moment_text(found.horizon)}"
    bad = f", {found.bad_checkpoints} of them damaged" if found.bad_checkpoints else ""
    count = len(found.checkpoints) + found.bad_checkpoints
    yield f"checkpoints: {count}, {_size(found.checkpoint_bytes)}{bad}"
    for one in found.checkpoints:
        yield (
            f"checkpoint: event {one.seq} of {moment_text(one.market_time)}, record {one.record}, "
            f"made {moment_text(one.wall)}"
        )
    if found.history is not None:
        yield f"history: events {found.history[0]} to {found.history[1]}, {_size(found.history_bytes)}"
    if found.old_bytes:
        yield f"old histories: {_size(found.old_bytes)}; nothing reads the files old-* any more"


def _size(count: int) -> str:
    return f"{count / MIB:.1f} MiB" if count >= MIB else f"{count} bytes"


@contextmanager
def _using(folder: Path) -> Iterator[None]:
    """Tell of the disk's errors; those of the output are no concern of the folder."""
    try:
        yield
    except OSError as problem:
        raise ConfigError(f"cannot be used: {problem.strerror or problem}", where=str(folder)) from None
