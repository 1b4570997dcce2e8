"""``feed record``: listen to a tick server, and make a recording of what it says."""

from __future__ import annotations

import os
import signal
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl, urlsplit

import attrs
import click

from feed import __version__
from feed.cli.imports import lines, unfinished
from feed.cli.options import example, names
from feed.cli.tail import DEFAULT_SYMBOLS
from feed.dialects.discovery import route
from feed.errors import ConfigError, RecordingError
from feed.importers import import_files
from feed.recording.append_only_file import AppendOnlyFile
from feed.settings import DEMO_KEY, LOCAL_URL

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    import trio

_PROTOCOL: Final = "tradyn"


@click.command(epilog=example("feed record ws://127.0.0.1:8080 --symbols EURUSD -o eurusd.feed.zst"))
@click.argument("url", default=LOCAL_URL)
@click.option(
    "-o", "--output", metavar="FILE", required=True, type=click.Path(path_type=Path), help="The recording."
)
@click.option("--key", default=DEMO_KEY, envvar="FEED_KEY", metavar="KEY", help="API key.  [env: FEED_KEY]")
@click.option(
    "--symbols", default=DEFAULT_SYMBOLS, metavar="LIST", show_default=True, help="Separated by commas."
)
@click.option("--count", type=click.IntRange(1), metavar="TICKS", help="Stop after so many ticks.")
def record(url: str, output: Path, key: str, symbols: str, count: int | None) -> int:
    """
    Subscribe to ticks at URL, and record them until SIGINT, the end of the market, or --count.

    A connection that ends is made again, and goes on where the last one was if the server can show that it
    is the same market; what is missing is said.

    Meanwhile they are kept as they come in FILE.ticks: how fine the prices are is known only at the end.
    Should this process be killed, `feed import tradyn FILE.ticks` does the rest. What is there already is
    never replaced. Exit code 1 when it had to stop, such as on a full disk; it says after how much.
    """
    # Not at the top: `feed --help` should not wait for a WebSocket library to load.
    import trio  # noqa: PLC0415

    wanted = names(symbols)
    if not wanted:
        raise ConfigError("there is none", where="--symbols")
    _check_protocol(url)
    heard = _place(output)
    with _deaf(heard), unfinished(output) as out:
        ticks, ended = AppendOnlyFile(heard, fresh=True), _Ended()
        try:
            trio.run(partial(_listen, url, key, wanted, count=count, ticks=ticks, ended=ended))
        finally:
            ticks.close()
            if not ended.ticks:  # a welcome, or a refusal, is nothing to keep
                heard.unlink(missing_ok=True)
        if not ended.ticks:
            raise ConfigError(ended.trouble or "nothing was heard", where=url)
        try:
            report = import_files("tradyn", [heard], out, tool=f"feed {__version__}")
        except RecordingError as problem:
            click.echo(f"feed: what was heard is in {heard}", err=True)
            raise ConfigError(f"cannot be written: {problem.what}", where=str(output)) from None
    heard.unlink()
    if ended.trouble:
        click.echo(f"feed: {url}: {ended.trouble}", err=True)
    for line in lines(report):
        click.echo(line)
    click.echo(f"wrote {output}; run it with: feed replay {output}", err=True)
    return 1 if ended.trouble else 0


def _check_protocol(url: str) -> None:
    """
    Nothing but ticks can be recorded.

    Raises:
        ConfigError: Another protocol is served there, which would never understand.
    """
    parts = urlsplit(url)
    found = route(parts.path or "/", dict(parse_qsl(parts.query, keep_blank_values=True)))
    if found is not None and found.name != _PROTOCOL:
        raise ConfigError(
            f"is where {found.name} is spoken", where=url, hint=f"name {_PROTOCOL}'s path, such as /"
        )


def _place(output: Path) -> Path:
    """
    Where what is heard is kept meanwhile.

    Raises:
        ConfigError: There is something already: what was recorded once cannot be had again.
    """
    if output.is_file() and output.stat().st_size:
        raise ConfigError(f"{output} holds something already", where="--output", hint="choose another name")
    # Beside a device there is no place for files.
    beside = output if output.is_file() or not output.exists() else Path(output.name)
    heard = beside.with_name(beside.name + ".ticks")
    if heard.exists() and heard.stat().st_size:
        raise ConfigError(
            "was left by a recording that was cut short",
            where=str(heard),
            hint=f"save it with: feed import tradyn {heard} -o NAME, and remove it",
        )
    return heard


@contextmanager
def _deaf(heard: Path) -> Iterator[None]:
    """The first SIGINT ends the listening; the second one must not cost what was heard."""
    said = f"finishing; SIGTERM ends it, and what was heard stays in {heard}\n".encode()
    before = signal.signal(signal.SIGINT, lambda *_: os.write(2, said))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@attrs.define
class _Ended:
    """
    How the listening came to its end.

    Attributes:
        trouble: Why no more could be kept; empty when all was.
        ticks: How many were kept.
    """

    trouble: str = ""
    ticks: int = 0


async def _listen(
    url: str, key: str, symbols: list[str], *, count: int | None, ticks: AppendOnlyFile, ended: _Ended
) -> None:
    """Write down every message until there is an end."""
    import trio  # noqa: PLC0415

    from feed.cli.ticks import TICK, Listener  # noqa: PLC0415

    kept = 0

    def tell(text: str) -> None:
        nonlocal kept
        if text.startswith('{"type":"error"'):
            click.echo(f"feed: {url}: {text}", err=True)
        if ended.trouble:
            return
        try:
            ticks.append(text.encode() + b"\n")
            kept += 1
            ended.ticks += text.startswith(TICK)
        except OSError as problem:
            ended.trouble = f"stopped after {kept} messages: cannot write {ticks.path} ({problem.strerror})"
            nursery.cancel_scope.cancel()

    def say(text: str) -> None:
        click.echo(f"feed: {url}: {text}", err=True)

    with trio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(_cancel_on_signal, signals, nursery.cancel_scope)
            await Listener(url, tell, say, count).run(key, symbols)
            nursery.cancel_scope.cancel()


async def _cancel_on_signal(signals: AsyncIterator[int], scope: trio.CancelScope) -> None:
    async for _ in signals:
        scope.cancel()
