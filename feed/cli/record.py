"""``feed record``: subscribe at a server, and make a recording of what it sends."""

from __future__ import annotations

import os
import signal
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

import attrs
import click

from feed import __version__
from feed.cli.imports import lines, unfinished
from feed.cli.options import example, names, secret_option
from feed.cli.tail import DEFAULT_SYMBOLS
from feed.dialects.discovery import codec_for, route
from feed.errors import ConfigError, RecordingError
from feed.importers import import_files
from feed.importers.capture import CHANNELS, NAME, CaptureHeader
from feed.recording.append_only_file import AppendOnlyFile
from feed.settings import DEMO_KEY, DEMO_SECRET, LOCAL_URL

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    import trio

    from feed.dialects.items import Channel


@click.command(epilog=example("feed record ws://127.0.0.1:8080 --symbols EURUSD -o eurusd.feed.zst"))
@click.argument("url", default=LOCAL_URL)
@click.option(
    "-o", "--output", metavar="FILE", required=True, type=click.Path(path_type=Path), help="The recording."
)
@click.option("--dialect", metavar="NAME", help="Protocol, where the path of URL does not tell.")
@click.option("--key", default=DEMO_KEY, envvar="FEED_KEY", metavar="KEY", help="API key.  [env: FEED_KEY]")
@secret_option(DEMO_SECRET)
@click.option(
    "--symbols",
    metavar="LIST",
    help=f"Separated by commas.  [default: {DEFAULT_SYMBOLS}, or what is usual in the protocol]",
)
@click.option(
    "--count", type=click.IntRange(1), metavar="MESSAGES", help="Stop after so many messages of the market."
)
def record(
    url: str,
    *,
    output: Path,
    dialect: str | None,
    key: str,
    secret: str,
    symbols: str | None,
    count: int | None,
) -> int:
    """
    Subscribe at URL to quotes, trades and books, as far as the protocol has them, and record them until
    SIGINT, the end of the market, or --count.

    A connection that ends is made again, and goes on where the last one was if the server can show that it
    is the same market; what is missing is said, and what the protocol does not tell.

    Meanwhile they are kept as they come in a file beside FILE: how fine the prices are is known only at the
    end. Should this process be killed, `feed import` does the rest; who records to FILE again is told how.
    What is there already is never replaced. Exit code 1 when it had to stop, such as on a full disk; it says
    after how much.
    """
    # Not at the top: `feed --help` should not wait for a WebSocket library to load.
    import trio  # noqa: PLC0415

    wanted = names(symbols if symbols is not None else DEFAULT_SYMBOLS)
    if not wanted:
        raise ConfigError("there is none", where="--symbols")
    kept = _Kept.of(url, dialect, output)
    if symbols is None:
        wanted = list(codec_for(url, kept.dialect).usual_symbols) or wanted
    if kept.left_out:
        click.echo(f"feed: {url}: not recorded: {', '.join(kept.left_out)}", err=True)
    with _sigint_ignored(kept.path), unfinished(output) as out:
        file, ended = AppendOnlyFile(kept.path, fresh=True), _Ended()
        options = {"key": key, "secret": secret, "symbols": wanted, "dialect": kept.dialect}
        try:
            trio.run(partial(_listen, url, options, kept, count=count, file=file, ended=ended))
        finally:
            file.close()
            if not ended.data:  # answers alone are not kept
                kept.path.unlink(missing_ok=True)
        if not ended.data:
            raise ConfigError(ended.trouble or "nothing was heard", where=url)
        try:
            report = import_files(kept.importer, [kept.path], out, tool=f"feed {__version__}")
        except RecordingError as problem:
            click.echo(f"feed: what was heard is in {kept.path}", err=True)
            raise ConfigError(f"cannot be written: {problem.what}", where=str(output)) from None
    kept.path.unlink()
    if ended.trouble:
        click.echo(f"feed: {url}: {ended.trouble}", err=True)
    for line in lines(report):
        click.echo(line)
    click.echo(f"wrote {output}; run it with: feed replay {output}", err=True)
    return 1 if ended.trouble else 0


@attrs.frozen(kw_only=True)
class _Kept:
    """
    Where messages are kept until the recording is made, and in which form.

    Attributes:
        dialect: Name of the protocol.
        importer: Format of ``feed import`` that they are kept in.
        path: Of the file.
        channels: What is subscribed to.
        left_out: What the protocol has besides, for which a recording has no events.
    """

    dialect: str
    importer: str
    path: Path
    channels: tuple[Channel, ...]
    left_out: tuple[Channel, ...]

    @classmethod
    def of(cls, url: str, dialect: str | None, output: Path) -> _Kept:
        """
        That of a recording of a server.

        Args:
            url: Of the server.
            dialect: Name of the protocol; None for that of the URL's path, or else of a server's root.
            output: Where the recording goes.

        Raises:
            ConfigError: No protocol is known by that name, or there is something already in the place:
                what was recorded once cannot be had again.
        """
        if dialect is None:
            parts = urlsplit(url)
            found = route(parts.path or "/", dict(parse_qsl(parts.query, keep_blank_values=True)))
            found = found or route("/", {})
            dialect = found.name if found is not None else None
        codec = codec_for(url, dialect)
        if output.is_file() and output.stat().st_size:
            raise ConfigError(
                f"{output} holds something already", where="--output", hint="choose another name"
            )
        importer = codec.importer or NAME
        # Beside a device there is no place for files.
        beside = output if output.is_file() or not output.exists() else Path(output.name)
        path = beside.with_name(beside.name + (".ticks" if codec.importer else ".messages"))
        if path.exists() and path.stat().st_size:
            raise ConfigError(
                "was left by a recording that was cut short",
                where=str(path),
                hint=f"save it with: feed import {importer} {path} -o NAME, and remove it",
            )
        return cls(
            dialect=str(dialect),
            importer=importer,
            path=path,
            channels=tuple(channel for channel in codec.channels if channel in CHANNELS),
            left_out=tuple(channel for channel in codec.channels if channel not in CHANNELS),
        )


@contextmanager
def _sigint_ignored(kept: Path) -> Iterator[None]:
    """The first SIGINT ends the subscription; a second one must not interrupt the import."""
    notice = f"finishing; SIGTERM ends it, and what was heard stays in {kept}\n".encode()
    before = signal.signal(signal.SIGINT, lambda *_: os.write(2, notice))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@attrs.define
class _Ended:
    """
    How the subscription ended.

    Attributes:
        trouble: Why no more could be kept; empty when all was.
        data: How many messages of the market were kept.
    """

    trouble: str = ""
    data: int = 0


async def _listen(
    url: str, options: dict[str, Any], kept: _Kept, *, count: int | None, file: AppendOnlyFile, ended: _Ended
) -> None:
    """Write down every message until there is an end."""
    import trio  # noqa: PLC0415

    from feed.cli.listener import LinePrinter, MessageListener, RawCapture  # noqa: PLC0415
    from feed.cli.live import EndOfFeed  # noqa: PLC0415

    written = 0

    def keep(line: str, data: bool) -> None:
        nonlocal written
        if ended.trouble:
            return
        try:
            file.append(line.encode() + b"\n")
            written += 1
            ended.data += data
        except OSError as problem:
            ended.trouble = f"stopped after {written} messages: cannot write {file.path} ({problem.strerror})"
            nursery.cancel_scope.cancel()

    def say(text: str) -> None:
        click.echo(f"feed: {url}: {text}", err=True)

    with trio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(_cancel_on_signal, signals, nursery.cancel_scope)
            form: LinePrinter | RawCapture = LinePrinter(keep)
            if kept.importer == NAME:
                known = CaptureHeader(
                    dialect=kept.dialect, symbols=options["symbols"], channels=list(kept.channels)
                )
                form = RawCapture(keep, known)
            await MessageListener(form, say, EndOfFeed(url), count).run(**options, channels=kept.channels)
            nursery.cancel_scope.cancel()


async def _cancel_on_signal(signals: AsyncIterator[int], scope: trio.CancelScope) -> None:
    async for _ in signals:
        scope.cancel()
