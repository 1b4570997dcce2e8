"""``feed tail``: print what a tick server sends, one JSON object a line."""

from __future__ import annotations

import json

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

    trio.run(_print_messages, url, key, symbols.split(","), count)


async def _print_messages(url: str, key: str, symbols: list[str], count: int | None) -> None:
    from trio import BrokenResourceError  # noqa: PLC0415
    from trio_websocket import ConnectionClosed, HandshakeError, open_websocket_url  # noqa: PLC0415

    requests = [{"type": "auth", "apiKey": key}, {"type": "subscribe", "symbols": symbols}]
    left = count
    try:
        async with open_websocket_url(url) as socket:
            for request in requests:
                await socket.send_message(json.dumps(request))
            while left is None or left > 0:
                text = await socket.get_message()
                click.echo(text)
                if left is not None and json.loads(text).get("type") == "tick":
                    left -= 1
    except (OSError, HandshakeError, ValueError, BrokenResourceError) as problem:
        raise ConfigError(
            f"cannot connect ({problem})", where=url, hint="is the server running there?"
        ) from None
    except ConnectionClosed as closed:
        reason = f"{closed.reason.code} {closed.reason.reason or ''}" if closed.reason else "no reason"
        raise ConfigError(f"the server closed the connection ({reason.strip()})", where=url) from None
