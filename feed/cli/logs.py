"""Logs: lines for people or JSON for machines, on stderr, without keys."""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING, Any, TextIO, cast

import structlog

from feed.cli.streams import LogStream
from feed.server.redaction import REDACTED, SHAPES

if TYPE_CHECKING:
    from structlog.typing import EventDict, Processor, WrappedLogger


def configure(log_format: str, log_level: str = "info") -> None:
    """
    Set up structlog for this process.

    Args:
        log_format: ``text`` or ``json``.
        log_level: The least that is logged: ``debug``, ``info``, ``warning`` or ``error``.
    """
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            redact,
            _renderer(log_format),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(
            logging.getLevelNamesMapping()[log_level.upper()]
        ),
        logger_factory=structlog.PrintLoggerFactory(cast("TextIO", LogStream(sys.stderr))),
    )


def redact(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """
    Blot out whatever looks like a key, in every text of a line.

    No line is written with a key in mind; this is for the one that was not thought of, such as the target of
    a bad request or a local variable in a traceback.
    """
    del logger, method
    return {name: _redacted(value) for name, value in event.items()}


def _redacted(value: Any) -> Any:
    match value:
        case None | bool() | int() | float():
            return value
        case dict():
            return {name: _redacted(item) for name, item in value.items()}
        case list() | tuple():
            return [_redacted(item) for item in value]
        case _:
            return SHAPES.sub(REDACTED, str(value))


def _renderer(log_format: str) -> Processor:
    if log_format == "json":
        return structlog.processors.JSONRenderer()
    return structlog.dev.ConsoleRenderer(
        colors=sys.stderr is not None and sys.stderr.isatty(),
        exception_formatter=structlog.dev.plain_traceback,
        repr_native_str=True,  # what a client sent cannot start a line of its own
    )
