"""``feed tail``: print what a server sends, to a terminal or a pipe."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Final

import click

from feed.cli.options import example, names, secret_option
from feed.errors import ConfigError, install_hint
from feed.settings import LOCAL_URL

if TYPE_CHECKING:
    from feed.client import Feed

DEFAULT_SYMBOLS: Final = "EURUSD,GBPUSD,XAUUSD"
REFRESHES_PER_SECOND: Final = 8
LADDER_LEVELS: Final = 10


@click.command(epilog=example("feed tail ws://127.0.0.1:8080 --symbols EURUSD,BTC-USD --count 10"))
@click.argument("url", default=LOCAL_URL)
@click.option(
    "--key",
    envvar="FEED_KEY",
    metavar="KEY",
    help="API key; on loopback the one in the documents is the default.  [env: FEED_KEY]",
)
@secret_option(None)
@click.option("--dialect", metavar="NAME", help="Protocol, where the path of URL does not tell.")
@click.option(
    "--symbols",
    metavar="LIST",
    help=f"Separated by commas.  [default: {DEFAULT_SYMBOLS}, as far as the server has them, or its first]",
)
@click.option(
    "--channels",
    metavar="LIST",
    help="Of quotes, trades, book, orders, candles, as far as the protocol has them; quotes by default.",
)
@click.option(
    "--count",
    type=click.IntRange(1),
    metavar="LINES",
    help="Stop after so many lines of market data; after so many events where a picture is drawn.",
)
@click.option(
    "--seconds", type=click.FloatRange(0, min_open=True), metavar="SECONDS", help="Stop after that time."
)
@click.option("--table", is_flag=True, help="One row for each instrument, on a terminal.")
@click.option("--book", metavar="SYMBOL", help="The ladder of an order book, on a terminal.")
def tail(**options: Any) -> None:
    """
    Subscribe at URL and show what comes, reconnecting as needed.

    On a terminal prices are coloured by their direction. In a pipe every message that tells of the market
    is printed as it came, one JSON object a line; other messages, such as answers and heartbeats, and what
    happens to the connection go to stderr. It ends when the market does, with --count or --seconds, and
    with Ctrl-C (exit code 130).
    """
    # Not at the top: `feed --help` should not wait for a WebSocket library to load.
    import trio  # noqa: PLC0415

    trio.run(_tail, options)


async def _tail(options: dict[str, Any]) -> None:
    import trio  # noqa: PLC0415

    from feed.cli.live import refusals  # noqa: PLC0415
    from feed.client import connect  # noqa: PLC0415

    book = options["book"]
    show = _shower(options)
    wanted = [book] if book else names(options["symbols"])
    feed = connect(
        options["url"],
        key=options["key"],
        secret=options["secret"],
        symbols=wanted or await _usual_symbols(options["url"], options["dialect"]),
        channels=["book"] if book else names(options["channels"]),
        dialect=options["dialect"],
        raw=show is _print_messages,
    )
    with refusals(options["url"], "see --key"), trio.move_on_after(options["seconds"] or float("inf")):
        async with feed as open_feed:
            await show(open_feed, options)


async def _usual_symbols(url: str, dialect: str | None) -> list[str]:
    """A few that the server has; where it does not say, those that most servers have."""
    from feed.dialects.discovery import codec_for  # noqa: PLC0415

    if usual := codec_for(url, dialect).usual_symbols:
        return list(usual)
    from feed.client.fetch import fetcher  # noqa: PLC0415
    from feed.client.known import choose, listing_url, symbols_of  # noqa: PLC0415

    listed = symbols_of(await fetcher(None)(listing_url(url)))
    return choose(listed, names(DEFAULT_SYMBOLS))


def _shower(options: dict[str, Any]) -> Any:
    """How to show it: pictures need a terminal and a library, lines need neither."""
    picture = next((f"--{name}" for name in ("table", "book") if options[name]), "")
    if not sys.stdout.isatty():
        if picture:
            raise ConfigError("needs a terminal", where=picture)
        return _print_messages
    try:
        import rich  # noqa: F401, PLC0415
    except ImportError:
        if picture:
            raise ConfigError("needs the library rich", where=picture, hint=install_hint("tail")) from None
        return _print_messages
    return _draw if picture else _print_lines


class TailProgress:
    """Counts what was shown, and recognises the end of the feed."""

    def __init__(self, options: dict[str, Any]) -> None:
        from feed.cli.live import EndOfFeed  # noqa: PLC0415

        self._left: int | None = options["count"]
        self.over = EndOfFeed(options["url"]).reached

    def shown(self) -> bool:
        """One more has been shown; whether it was the last one wanted."""
        if self._left is not None:
            self._left -= 1
        return self._left == 0


async def _print_messages(feed: Feed, options: dict[str, Any]) -> None:
    from feed.client import Connected, Listed, Message, State  # noqa: PLC0415

    watch = TailProgress(options)
    async for item in feed:
        if watch.over(item):
            return
        if isinstance(item, Message):
            click.echo(item.text, err=not item.data)
            if item.data and watch.shown():
                return
        elif isinstance(item, State) and not isinstance(item, Connected | Listed):
            click.echo(f"feed: {item}", err=True)


async def _print_lines(feed: Feed, options: dict[str, Any]) -> None:
    from rich.console import Console  # noqa: PLC0415

    from feed.cli.screen import Screen, state_line  # noqa: PLC0415
    from feed.client import Event  # noqa: PLC0415

    console, screen, watch = Console(highlight=False), Screen(feed.instruments), TailProgress(options)
    async for item in feed:
        if watch.over(item):
            return
        line = screen.show(item) if isinstance(item, Event) else state_line(item)
        if line is None:
            continue
        console.print(line, soft_wrap=True)
        if isinstance(item, Event) and watch.shown():
            return


async def _draw(feed: Feed, options: dict[str, Any]) -> None:
    from rich.live import Live  # noqa: PLC0415

    from feed.cli.screen import Screen, ladder, state_line  # noqa: PLC0415
    from feed.client import Event  # noqa: PLC0415

    screen, watch, symbol = Screen(feed.instruments), TailProgress(options), options["book"]

    def picture() -> Any:
        if not symbol:
            return screen.table()
        book = next(iter(feed.books), None)
        return ladder(book, symbol, LADDER_LEVELS)

    with Live(get_renderable=picture, refresh_per_second=REFRESHES_PER_SECOND) as live:
        async for item in feed:
            if watch.over(item):
                return
            if isinstance(item, Event):
                screen.show(item)
                if watch.shown():
                    return
            elif (line := state_line(item)) is not None:
                live.console.print(line)
