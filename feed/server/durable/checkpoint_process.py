"""
The process beside a server that makes its checkpoints: ``python -m feed.server.durable.checkpoint_process``.

Its input has one line of JSON for each: first the :class:`Setup`, then reports of how far the server has
published its market. Each report is answered with a line. It ends when its input does.
"""

from __future__ import annotations

import logging
import os
import select
import sys
import time
from pathlib import Path
from typing import BinaryIO, Final

import msgspec
import structlog

from feed.durability.data_folder import DataFolder
from feed.durability.disk import FolderDisk
from feed.errors import FeedError
from feed.server.durable.checkpoint_maker import CheckpointMaker, Progress
from feed.server.durable.market_engine import engine_of, is_ours
from feed.server.durable.published import Published
from feed.server.journalled import program_of
from feed.server.run_spec import RunSpec
from feed.settings import Durability, Flow, Settings, Web

_NICE: Final = 10  # of Unix: everything else comes first


class Setup(msgspec.Struct, frozen=True, kw_only=True):
    """
    What the process is to do.

    Attributes:
        directory: The data folder.
        checkpoint_seconds: See :class:`feed.settings.Durability`.
        most_rows: See :class:`feed.settings.Web`.
        history_seconds: See :class:`feed.settings.Flow`.
        history_bytes: See :class:`feed.settings.Flow`.
    """

    directory: str
    checkpoint_seconds: float
    most_rows: int
    history_seconds: float
    history_bytes: int


class _Answer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    progress: Progress | None = None
    failed: str = ""


def setup_of(directory: Path, settings: Settings) -> Setup:
    """What a process is to do beside a server with a data folder."""
    return Setup(
        directory=str(directory),
        checkpoint_seconds=settings.durability.checkpoint_seconds,
        most_rows=settings.web.most_rows,
        history_seconds=settings.flow.history_seconds,
        history_bytes=settings.flow.history_bytes,
    )


def setup_line(setup: Setup) -> bytes:
    """The first line of the process's input."""
    return msgspec.json.encode(setup) + b"\n"


def report_line(published: Published) -> bytes:
    """A further line of the process's input."""
    return msgspec.json.encode(published) + b"\n"


def answer_of(line: bytes) -> Progress:
    """
    What a line of the process's output says.

    Raises:
        FeedError: It cannot go on.
        msgspec.MsgspecError: It is no such line.
    """
    answer = msgspec.json.decode(line, type=_Answer)
    if answer.progress is None:
        raise FeedError(answer.failed)
    return answer.progress


def maker_of(setup: Setup) -> CheckpointMaker:
    """
    What makes the checkpoints.

    Raises:
        FeedError: This is not the feed that the server runs.
        OSError: The folder cannot be read.
    """
    disk = FolderDisk(Path(setup.directory))
    stored = DataFolder.stored_header(disk)
    if stored is None or not is_ours(stored[1]):
        raise FeedError("feed was changed while it runs: restart the server")
    header, engine = stored

    def program() -> RunSpec:
        made = program_of(header, setup.directory, option="--data")
        if engine_of(made) != engine:
            raise FeedError("the code of an agent was changed while it runs: restart the server")
        return made

    settings = Settings(
        trading=header.trading,
        web=Web(most_rows=setup.most_rows),
        flow=Flow(history_seconds=setup.history_seconds, history_bytes=setup.history_bytes),
        durability=Durability(checkpoint_seconds=setup.checkpoint_seconds),
    )
    return CheckpointMaker(
        disk,
        program,
        settings,
        engine=engine,
        clock=time.monotonic,
        wall=time.time_ns,
    )


def main(lines: BinaryIO, answers: BinaryIO) -> int:
    """
    Answer line by line, until there are no more.

    Returns:
        The exit code: 0 when the input ended.
    """

    def wanted() -> bool:
        """Whether the server is there: it says nothing while it waits, so that input is the end of it."""
        return not select.select([lines], [], [], 0)[0]

    maker: CheckpointMaker | None = None
    for line in lines:
        try:
            if maker is None:
                maker = maker_of(msgspec.json.decode(line, type=Setup))
                continue
            published = msgspec.json.decode(line, type=Published)
            answer = _Answer(progress=maker.follow(published, wanted=wanted))
        except (FeedError, OSError) as problem:
            answer = _Answer(failed=str(problem) or type(problem).__name__)
        try:
            answers.write(msgspec.json.encode(answer) + b"\n")
            answers.flush()
        except BrokenPipeError:
            return 0
        if answer.failed:
            return 1
    return 0


if __name__ == "__main__":
    os.nice(_NICE)
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL),  # the server tells
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    sys.exit(main(sys.stdin.buffer, sys.stdout.buffer))
