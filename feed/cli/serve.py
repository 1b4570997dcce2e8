"""``feed serve``: run the server until it is told to stop."""

from __future__ import annotations

import gc
from typing import Any, Final

import click

from feed.cli.options import Options, SettingsCommand, example, setting
from feed.cli.values import listen, market_time, seconds, speed
from feed.config.reader import EffectiveSettings
from feed.errors import ConfigError

OPTIONS: Final = Options(
    {
        "Network": [
            setting("--host", "host", metavar="ADDRESS"),
            setting("--port", "port", metavar="PORT"),
            setting("--port-file", "port_file", metavar="FILE", default="none"),
            setting(
                "--listen",
                "listen",
                metavar="PROTOCOL=HOST:PORT",
                kind=listen,
                default="none",
                meaning="A further port on which every path means one protocol; give it once for each.",
            ),
            setting(
                "--allow-origin",
                "allow_origin",
                metavar="ORIGIN",
                default="all on loopback, elsewhere the server's own pages",
                meaning="Origin of web pages that may connect, such as https://example.com, or *; give it "
                "once for each.",
            ),
            setting("--allow-host", "allow_host", metavar="HOST", default="none"),
            setting("--admin-anywhere/--no-admin-anywhere", "web.admin_anywhere"),
            setting(
                "--webhook-allow",
                "webhooks.allow",
                metavar="CIDR",
                default="the public internet alone",
                meaning="A network that webhooks may go to besides the public internet, such as 127.0.0.0/8; "
                "plain HTTP is fine there. Give it once for each.",
            ),
        ],
        "Market": [
            setting(
                "--scenario",
                "scenario",
                metavar="FILE",
                default="none",
                meaning="Scenario file, recording, or name of a shipped scenario: runs instead of the "
                "default market. Accounts can trade in each of them.",
            ),
            setting(
                "--instruments",
                "instruments",
                metavar="COUNT",
                default="the default market",
                meaning="How many instruments: the default market's first, then made-up ones.",
            ),
            setting("--sessions/--no-sessions", "sessions"),
            setting(
                "--seed",
                "seed",
                metavar="INTEGER",
                default="the scenario's, or 1",
                meaning="Seed of the simulated market: the same seed gives the same events.",
            ),
            setting(
                "--start",
                "start",
                metavar="TIME",
                kind=market_time,
                default="the scenario's, or now",
                meaning="Market time at which the market opens, ISO-8601 in UTC, or now.",
            ),
            setting(
                "--until",
                "until",
                metavar="TIME|SEQ",
                default="never, or the scenario's end",
                meaning="Where to end: an offset such as 90s, an ISO-8601 market time, or a sequence number.",
            ),
            setting("--deposit", "trading.deposit", metavar="AMOUNT"),
            setting(
                "--recorded-orders/--no-recorded-orders",
                "trading.recorded_orders",
                meaning="Let accounts trade in a recording, where their orders queue behind recorded ones. "
                "What it has of accounts itself is played only without.",
            ),
            setting(
                "--recorded-cancels",
                "trading.recorded_cancels",
                metavar="proportional|behind|ahead",
                meaning="Whose orders a recorded price level loses without a trade, where it names none: "
                "everybody's by their share, those behind a client's first, or those ahead of it first.",
            ),
        ],
        "Pacing": [
            setting(
                "--speed",
                "speed",
                metavar="FACTOR",
                kind=speed,
                meaning="Market seconds per second, or max: as fast as clients and machine allow.",
            ),
            setting(
                "--at-end",
                "at_end",
                metavar="close|hold|loop|exit",
                meaning="When the scenario or recording is over: close connections with 1001 and let nobody "
                "in, hold them, loop (play it again; sequence numbers and market time go on), or close them "
                "and exit.",
            ),
            setting("--lockstep/--no-lockstep", "lockstep"),
            setting("--wait-clients", "wait_clients", metavar="COUNT"),
        ],
        "Keys and TLS": [
            setting(
                "--keys",
                "keys",
                metavar="FILE",
                default="none",
                meaning="TOML file of hashed keys, as `feed keys add` writes it.",
            ),
            setting(
                "--demo-keys/--no-demo-keys",
                "demo_keys",
                default="on loopback ports",
                meaning="Accept the keys printed in the published documents, on connections within this "
                "machine; refused where another machine can reach a port.",
            ),
            setting("--admin-key", "admin_key", metavar="FILE", default="made up and printed once"),
            setting("--token-key", "tokens.key", metavar="FILE", default="made up, and kept in --data"),
            setting("--tls-cert", "tls.cert", metavar="FILE", default="none"),
            setting("--tls-key", "tls.key", metavar="FILE", default="in --tls-cert"),
            setting("--tls-self-signed/--no-tls-self-signed", "tls.self_signed"),
            setting("--tls-ca", "tls.ca", metavar="FILE"),
            setting("--tls-name", "tls.names", metavar="HOST", default="none"),
        ],
        "Recording": [
            setting(
                "--record",
                "record",
                metavar="FILE",
                default="none",
                meaning="Record what is published into FILE, a new one; .feed.zst is its suffix.",
            ),
            setting("--journal", "journal", metavar="FILE", default="none"),
        ],
        "Data folder": [
            setting(
                "--data",
                "durability.directory",
                metavar="DIR",
                default="none",
                meaning="Keep in DIR whatever determines the market, and go on from there after a restart or "
                "a crash: market, accounts, orders and history.",
            ),
            setting(
                "--sync",
                "durability.sync",
                metavar="always|batch|os",
                meaning="When inputs are on the disk: always before they act, in batches every few "
                "milliseconds, or whenever the operating system writes them. A power cut may cost the rest.",
            ),
            setting(
                "--downtime",
                "durability.downtime",
                metavar="catch-up|skip",
                meaning="After a restart: compute up to where the market would be by now, or go on from "
                "where it stopped.",
            ),
            setting(
                "--new-history/--no-new-history",
                "durability.new_history",
                meaning="Where what DIR holds cannot go on here, move it away and begin a new history.",
            ),
        ],
        "Several servers": [
            setting(
                "--log",
                "cluster.log",
                metavar="unix:PATH|redis://HOST/NAME",
                default="none",
                meaning="Let other servers follow the market of this one, by a local socket or by Redis. "
                "HOST may have USER:PASSWORD@ before it, :PORT and /DATABASE after it; rediss:// is by TLS.",
            ),
            setting(
                "--standby/--no-standby",
                "cluster.standby",
                meaning="Compute along with the server that writes the log in Redis, and take its place once "
                "it is gone.",
            ),
            setting(
                "--follow",
                "cluster.follow",
                metavar="unix:PATH|redis://HOST/NAME",
                default="none",
                meaning="Serve the market of another server, one with --log: the same bytes for every "
                "subscription. Orders and other changes are handed on to it.",
            ),
            setting(
                "--workers",
                "cluster.workers",
                metavar="COUNT",
                default="none",
                meaning="Serve clients with so many processes beside the one that has the market, on the "
                "same ports. Limits on connections and descriptors are each one's own, and so is the memory "
                "for market and history.",
            ),
        ],
        "Limits": [
            setting("--auth-timeout", "limits.auth_seconds", metavar="SECONDS", kind=seconds),
            setting("--max-connections", "limits.connections", metavar="COUNT"),
            setting("--max-connections-per-address", "limits.connections_per_address", metavar="COUNT"),
            setting("--deflate/--no-deflate", "deflate.enabled"),
            setting("--http-rate", "web.requests_per_second", metavar="COUNT"),
        ],
        "Logging": [
            setting("--log-format", "log_format", metavar="text|json"),
            setting("--log-level", "log_level", metavar="LEVEL"),
            setting(
                "--log-messages",
                "message_log.directory",
                metavar="DIR",
                default="none",
                meaning="Keep what clients send and are sent, in files in DIR, one for each key; keys and "
                "other secrets are blotted out.",
            ),
            setting(
                "--log-messages-of",
                "message_log.keys",
                metavar="NAME",
                default="all, and of clients without a key",
                meaning="Name of a key whose messages are kept; give it once for each.",
            ),
        ],
    }
)


@click.command(
    cls=SettingsCommand,
    epilog=example("feed serve --config feed.toml --port 9000 --scenario burst --start 2024-03-06T16:20:00Z"),
)
@OPTIONS
@click.pass_context
def serve(context: click.Context, /, **_: Any) -> None:
    """
    Serve the market until SIGINT or SIGTERM.

    Every option has a variable, FEED_PORT for --port, and every setting, these and many more, a place in
    the file that --config names. An option comes before its variable, that before the file, and the file
    before the default.
    """
    run(OPTIONS.effective(context))


def run(given: EffectiveSettings) -> None:
    """
    Serve with these settings until asked to stop.

    Raises:
        ConfigError: The operator's mistake; inside exception groups when a nursery met it.
    """
    # Not at the top: `feed --help` should not wait for a server to load. As in feed/__main__.py, what stays
    # is not searched for garbage meanwhile.
    gc.disable()
    import trio  # noqa: PLC0415

    from feed.cli.foreground import serve_in_foreground  # noqa: PLC0415
    from feed.cli.logs import configure  # noqa: PLC0415

    gc.enable()
    configure(given.settings.log_format, given.settings.log_level)
    try:
        trio.run(serve_in_foreground, given.settings)
    except* KeyboardInterrupt:
        pass  # SIGINT before the server could listen for it: stopped all the same
    except* ConfigError as group:
        raise OPTIONS.blamed(_first(group), given) from None


def _first(error: BaseException) -> ConfigError:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    assert isinstance(error, ConfigError)  # noqa: S101 - nothing else is in the group
    return error
