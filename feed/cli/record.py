"""``feed record``: listen to a tick server, and make a recording of what it says."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import click

from feed import __version__
from feed.cli.imports import lines, unfinished
from feed.cli.options import example
from feed.cli.tail import DEFAULT_SYMBOLS
from feed.errors import ConfigError
from feed.scenario.importers import import_files
from feed.settings import DEMO_KEY, LOCAL_URL

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import trio


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
def record(url: str, output: Path, key: str, symbols: str, count: int | None) -> None:
    """
    Subscribe to ticks at URL, and record them until SIGINT, the end of the connection, or --count.

    Meanwhile they are kept as they come in FILE.ticks: how fine the prices are is known only at the end.
    Should this process be killed, `feed import tradyn FILE.ticks` does the rest.
    """
    # Not at the top: `feed --help` should not wait for a WebSocket library to load.
    import trio  # noqa: PLC0415

    heard = output.with_name(output.name + ".ticks")
    with unfinished(output) as out:
        try:
            with heard.open("wb") as file:
                ended = trio.run(_listen, url, key, symbols.split(","), count, file)
        except OSError as problem:
            raise ConfigError(f"cannot be written: {problem.strerror}", where=str(heard)) from None
        finally:
            if heard.exists() and not heard.stat().st_size:
                heard.unlink()
        if not heard.exists():
            raise ConfigError("nothing was heard", where=url)
        report = import_files("tradyn", [heard], out, tool=f"feed {__version__}")
    heard.unlink()
    if ended:
        click.echo(f"feed: {url}: {ended}", err=True)
    for line in lines(report):
        click.echo(line)
    click.echo(f"wrote {output}; run it with: feed replay {output}", err=True)


async def _listen(url: str, key: str, symbols: list[str], count: int | None, file: BinaryIO) -> str:
    """Write down every message until there is an end; how the server closed, if it did."""
    import signal  # noqa: PLC0415

    import trio  # noqa: PLC0415

    from feed.cli.ticks import hear, with_option  # noqa: PLC0415

    def tell(text: str) -> None:
        file.write(text.encode() + b"\n")
        if text.startswith('{"type":"error"'):
            click.echo(f"feed: {url}: {text}", err=True)

    ended = ""
    with trio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(_cancel_on_signal, signals, nursery.cancel_scope)
            ended = await hear(with_option(url, "ext=seq"), key, symbols, count, tell)
            nursery.cancel_scope.cancel()
    return ended


async def _cancel_on_signal(signals: AsyncIterator[int], scope: trio.CancelScope) -> None:
    async for _ in signals:
        scope.cancel()
