"""``feed tail``: print what a tick server sends, one JSON object a line."""

from __future__ import annotations

import click

from feed.cli.options import example
from feed.errors import ConfigError
from feed.settings import DEMO_KEY

DEFAULT_SYMBOLS = "EURUSD,GBPUSD,XAUUSD"


@click.command(epilog=example("feed tail ws://127.0.0.1:8080 --symbols EURUSD,BTC-USD --count 10"))
@click.argument("url", default="ws://127.0.0.1:8080")
@click.option("--key", default=DEMO_KEY, envvar="FEED_KEY", metavar="KEY", help="API key.  [env: FEED_KEY]")
@click.option(
    "--symbols", default=DEFAULT_SYMBOLS, metavar="LIST", show_default=True, help="Separated by commas."
)
@click.option("--count", type=click.IntRange(1), metavar="TICKS", help="Stop after so many ticks.")
def tail(url: str, key: str, symbols: str, count: int | None) -> None:
    """Subscribe to ticks at URL and print every message."""
    # Not at the top: `feed --help` should not wait for a WebSocket library to load.
    import trio  # noqa: PLC0415

    from feed.cli.ticks import hear  # noqa: PLC0415

    closed = trio.run(hear, url, key, symbols.split(","), count, click.echo)
    if closed:
        raise ConfigError(closed, where=url)
