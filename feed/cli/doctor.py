"""``feed doctor``: what this machine has, what is missing, and how to get it."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import platform
import socket
import sys
from collections.abc import Callable
from typing import Final

import attrs
import click

from feed.cli.options import example
from feed.errors import install_hint
from feed.settings import LOOPBACK, Limits, Settings

OLDEST_PYTHON: Final = (3, 11)
# Beside its connections, a server has listeners, files and pipes open.
SPARE_FILES: Final = 100
# Import name, what it is for, and how to get it.
OPTIONAL: Final = (
    ("rich", "colours, tables and ladders in feed tail", install_hint("tail")),
    ("trustme", "feed serve --tls-self-signed", install_hint("self-signed")),
    ("databento_dbn", "feed import dbn, feed export to .dbn", install_hint("databento")),
    ("pyarrow", "feed export to .parquet", install_hint("parquet")),
    ("coredis", "feed serve --log and --follow with redis://", install_hint("redis")),
    ("pytest", "the fixture feed_server", install_hint("test")),
)


@attrs.frozen
class Check:
    """
    One thing that was looked at.

    Attributes:
        good: Whether it is as it should be; None for what can be done without.
        what: What was found.
        hint: What to do about it; empty where nothing needs to be.
    """

    good: bool | None
    what: str
    hint: str = ""


def python(version: tuple[int, ...] = sys.version_info[:3]) -> Check:
    """The interpreter."""
    what = f"Python {'.'.join(map(str, version))} on {platform.system()}"
    return Check(good=True, what=what) if version >= OLDEST_PYTHON else Check(False, what, "3.11 is needed")


def port(number: int) -> Check:
    """Whether the default port can be had."""
    with socket.socket() as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind((LOOPBACK, number))
        except OSError as problem:
            return Check(
                None,
                f"port {number} on {LOOPBACK}: {problem.strerror}",
                "feed serve --port 0 takes a free one",
            )
    return Check(good=True, what=f"port {number} on {LOOPBACK} is free")


def files(wanted: int) -> Check:
    """Whether the limit on open files lets so many clients in."""
    try:
        import resource  # noqa: PLC0415 - it is not on every system
    except ImportError:
        return Check(None, "the limit on open files is not known here")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    what = f"{soft} open files for {wanted} connections"
    if soft == resource.RLIM_INFINITY or soft >= wanted + SPARE_FILES:
        return Check(good=True, what=what)
    limit = wanted + SPARE_FILES
    more = f"ulimit -n {limit}" if hard == resource.RLIM_INFINITY or hard >= limit else "raise the hard limit"
    return Check(None, what, f"{more}, or feed serve --max-connections {max(1, soft - SPARE_FILES)}")


def part(name: str, purpose: str, how: str) -> Check:
    """An optional library."""
    if importlib.util.find_spec(name) is None:
        return Check(None, f"{name} is not installed: no {purpose}", how)
    return Check(good=True, what=f"{name} {importlib.metadata.version(name)}: {purpose}")


def checks() -> list[Check]:
    """All of it."""
    looks: list[Callable[[], Check]] = [
        python,
        lambda: port(Settings().port),
        lambda: files(Limits().connections),
    ]
    return [look() for look in looks] + [part(*one) for one in OPTIONAL]


@click.command(epilog=example("feed doctor"))
def doctor() -> int:
    """Look at Python, ports, file limits and optional parts. Exit code 1 when feed cannot run."""
    found = checks()
    marks = {True: "ok  ", None: "note", False: "bad "}
    for check in found:
        click.echo(f"{marks[check.good]}  {check.what}" + (f"; {check.hint}" if check.hint else ""))
    return 1 if any(check.good is False for check in found) else 0


@click.command(epilog=example("feed completion bash >> ~/.bashrc"))
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print the line that makes SHELL complete feed's commands and options."""
    lines = {
        "bash": 'eval "$(_FEED_COMPLETE=bash_source feed)"',
        "zsh": 'eval "$(_FEED_COMPLETE=zsh_source feed)"',
        "fish": "_FEED_COMPLETE=fish_source feed | source",
    }
    click.echo(lines[shell])
