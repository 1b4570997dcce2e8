"""
The command ``feed``: its subcommands, and what becomes of their errors.

====  ===========================================================================================
exit  meaning
====  ===========================================================================================
0     done, or stopped by SIGINT or SIGTERM as asked
1     a defect of ours: the traceback says where; or a run or a client that is not as expected
2     the operator's mistake: one line on stderr, ``feed: where: what; hint``
130   interrupted by SIGINT, as shells say it (``serve`` and ``record`` end so only before they have begun)
141   whoever read the output has gone, such as ``head``; as shells say it
====  ===========================================================================================
"""

from __future__ import annotations

import errno
import sys
from typing import TYPE_CHECKING, Final

import click

from feed import __version__
from feed.cli.calibrate import calibrate
from feed.cli.certify import certify
from feed.cli.config import config
from feed.cli.dashboard import command as dashboard
from feed.cli.data import command as data
from feed.cli.doctor import completion, doctor
from feed.cli.export import export
from feed.cli.faults import faults
from feed.cli.imports import import_
from feed.cli.keys import keys
from feed.cli.merge import command as merge
from feed.cli.options import HelpfulGroup, example
from feed.cli.record import record
from feed.cli.replay import replay
from feed.cli.scenario import scenario
from feed.cli.serve import serve
from feed.cli.streams import abandon_output
from feed.cli.tail import tail
from feed.cli.urls import urls
from feed.cli.verify import verify
from feed.errors import ConfigError, ConfigErrors

if TYPE_CHECKING:
    from collections.abc import Sequence

INTERRUPTED: Final = 130
NOBODY_READS: Final = 141
OUTPUT_ERRORS: Final = (errno.EPIPE, errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF)


@click.group(
    cls=HelpfulGroup,
    epilog=example("feed serve --port 8080"),
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)
@click.version_option(__version__, message="%(prog)s %(version)s")
def feed() -> None:
    """A market data feed to build against: one simulated market, the same bytes every run."""


feed.add_command(serve)
feed.add_command(config)
feed.add_command(keys)
feed.add_command(faults)
feed.add_command(urls)
feed.add_command(tail)
feed.add_command(scenario)
feed.add_command(replay)
feed.add_command(verify)
feed.add_command(certify)
feed.add_command(data)
feed.add_command(dashboard)
feed.add_command(doctor)
feed.add_command(completion)
feed.add_command(record)
feed.add_command(import_)
feed.add_command(merge)
feed.add_command(export)
feed.add_command(calibrate)


def main(arguments: Sequence[str] | None = None) -> int:
    """
    Run one command line.

    Args:
        arguments: What follows ``feed``; None takes the process's own.

    Returns:
        The exit code.
    """
    try:
        # A command returns nothing or its exit code, as --help and --version do.
        code: int = feed.main(arguments, prog_name="feed", standalone_mode=False) or 0
        if sys.stdout is not None:  # as Python has it where standard output is closed
            sys.stdout.flush()  # at the exit of the process nobody could say what went wrong
    except BaseException as error:
        found = _exit_code(error)
        if found is None:
            raise
        return found
    return code


def _exit_code(error: BaseException) -> int | None:
    """Tell the operator of an error of theirs, or of nobody's; None for a defect of ours."""
    if isinstance(error, BaseExceptionGroup):
        # An interrupt comes out of whatever task was running, beside what that one left behind.
        if error.subgroup(KeyboardInterrupt) is not None:
            return INTERRUPTED
        error = _only(error)
    code: int | None = None
    match error:
        case click.Abort() | KeyboardInterrupt():
            code = INTERRUPTED
        case SystemExit():
            code = NOBODY_READS  # nothing else makes click end the process by itself
        case click.ClickException():
            code = _refuse(_explained(error))
        case ConfigError():
            code = _refuse(error)
        case OSError() if _is_of_output(error):
            abandon_output()
            code = NOBODY_READS
            if error.errno != errno.EPIPE:
                code = _refuse(ConfigError(f"cannot be written: {error.strerror}", where="standard output"))
    return code


def _is_of_output(error: OSError) -> bool:
    """Whether ``error`` comes from writing to standard output: it names no file, and nobody has caught it."""
    return error.errno in OUTPUT_ERRORS and error.filename is None


def _refuse(error: ConfigError) -> int:
    # One line for each, whatever a file name or a library's message has in it.
    for one in error.errors if isinstance(error, ConfigErrors) else [error]:
        print("feed:", *str(one).split(), file=sys.stderr)  # noqa: T201 - the operator reads this
    return 2


def _only(error: BaseException) -> BaseException:
    """The one exception in groups of one, as nurseries wrap it; else the group."""
    while isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    return error


def _explained(error: click.ClickException) -> ConfigError:
    """Click's complaint in the shape of all others: where, what, hint."""
    context = error.ctx if isinstance(error, click.UsageError) else None
    path = context.command_path if context else "feed"
    where = path.removeprefix("feed").strip()
    hint = f"see {path} --help"
    if isinstance(error, click.NoSuchOption):
        if error.possibilities:
            hint = f"did you mean {' or '.join(sorted(error.possibilities))}?"
        return ConfigError(f"no such option {error.option_name}", where=where, hint=hint)
    if isinstance(error, click.MissingParameter):
        name = _typed(error.param) if error.param else "something"
        return ConfigError(f"{name} is missing", where=where, hint=hint)
    if isinstance(error, click.BadParameter) and error.param and context:
        return ConfigError(_clause(error.message), where=_source(error.param, context), hint=hint)
    what, _, suggestion = error.format_message().partition(". ")
    return ConfigError(_clause(what), where=where, hint=_clause(suggestion) or hint)


def _source(parameter: click.Parameter, context: click.Context) -> str:
    """The option as typed, or the environment variable that stood in for it."""
    source = context.get_parameter_source(parameter.name) if parameter.name else None
    if source is click.core.ParameterSource.ENVIRONMENT:
        return str(parameter.envvar)
    return _typed(parameter)


def _typed(parameter: click.Parameter) -> str:
    return parameter.opts[0] if isinstance(parameter, click.Option) else parameter.human_readable_name


def _clause(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:].rstrip(".")
