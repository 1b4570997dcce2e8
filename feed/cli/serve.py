"""``feed serve``: run the server until it is told to stop."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import attrs
import click

from feed.cli.options import example, setting
from feed.scenario.times import parse_moment
from feed.settings import Limits, Listen, Settings, Tls, Web

if TYPE_CHECKING:
    from collections.abc import Sequence


_LISTEN: Final = re.compile(
    r"(?P<protocol>\w+)=(\[(?P<v6>[^]]+)\]|(?P<host>[^:\[\]]+)):(?P<port>\d{1,5})", re.ASCII
)


def seconds(value: str | float) -> float:
    """A finite number of seconds."""
    number = _number(value)
    if number is None:
        raise click.BadParameter(f"{value!r} is not a number of seconds")
    return number


def market_time(value: str) -> int | None:
    """ISO-8601 as integer nanoseconds since the Unix epoch, UTC where it names no zone; None for ``now``."""
    if value == "now":
        return None
    try:
        return parse_moment(value)
    except ValueError:
        raise click.BadParameter(f"{value!r} is not a time such as 2024-03-06T16:20:00Z, nor now") from None


def speed(value: str | float) -> float:
    """Market seconds per second; 0 for ``max``. A typed 0 is refused: it may as well mean a halt."""
    number = _number(value)
    if value == "max":
        return 0.0
    if number is None or number <= 0:
        raise click.BadParameter(f"{value!r} is neither a number above 0 nor max")
    return number


def listen(value: str) -> Listen:
    """``PROTOCOL=HOST:PORT``; an IPv6 address stands in brackets."""
    found = _LISTEN.fullmatch(value)
    try:
        if found is not None:
            return Listen(found["protocol"], found["v6"] or found["host"], int(found["port"]))
    except ValueError:
        pass  # no such port
    raise click.BadParameter(f"{value!r} is not PROTOCOL=HOST:PORT, such as tradyn=127.0.0.1:8083")


def _number(value: str | float) -> float | None:
    try:
        number = float(value)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


@click.command(
    epilog=example("feed serve --port 0 --port-file feed.port --seed 7 --start 2024-03-06T16:20:00Z")
)
@setting("--host", Settings, "host", metavar="ADDRESS")
@setting("--port", Settings, "port", metavar="PORT", kind=int)
@setting(
    "--port-file", Settings, "port_file", metavar="FILE", kind=click.Path(path_type=Path), default="none"
)
@setting(
    "--scenario",
    Settings,
    "scenario",
    metavar="FILE",
    default="none",
    meaning="Scenario file, recording, or name of a shipped scenario: runs instead of the default market.",
)
@setting(
    "--seed",
    Settings,
    "seed",
    metavar="INTEGER",
    kind=int,
    default="the scenario's, or 1",
    meaning="Seed of the simulated market: the same seed gives the same events.",
)
@setting(
    "--start",
    Settings,
    "start",
    metavar="TIME",
    kind=market_time,
    default="the scenario's, or now",
    meaning="Market time at which the market opens, ISO-8601 in UTC, or now.",
)
@setting(
    "--until",
    Settings,
    "until",
    metavar="TIME|SEQ",
    default="never, or the scenario's end",
    meaning="Where to end: an offset such as 90s, an ISO-8601 market time, or a sequence number.",
)
@setting(
    "--speed",
    Settings,
    "speed",
    metavar="FACTOR",
    kind=speed,
    meaning="Market seconds per second, or max: as fast as clients and machine allow.",
)
@setting("--lockstep/--no-lockstep", Settings, "lockstep", metavar=None)
@setting("--wait-clients", Settings, "wait_clients", metavar="COUNT", kind=int)
@setting(
    "--record",
    Settings,
    "record",
    metavar="FILE",
    kind=click.Path(path_type=Path),
    default="none",
    meaning="Record what is published into FILE, to be replayed; .feed.zst is its suffix.",
)
@setting(
    "--instruments",
    Settings,
    "instruments",
    metavar="COUNT",
    kind=int,
    default="the default market",
    meaning="How many instruments: the default market's first, then made-up ones.",
)
@setting(
    "--keys",
    Settings,
    "keys",
    metavar="FILE",
    kind=click.Path(path_type=Path),
    default="none",
    meaning="TOML file of hashed keys, as `feed keys add` writes it.",
)
@setting("--demo-keys/--no-demo-keys", Settings, "demo_keys", metavar=None)
@setting("--auth-timeout", Limits, "auth_seconds", metavar="SECONDS", kind=seconds)
@setting("--max-connections", Limits, "connections", metavar="COUNT", kind=int)
@setting("--max-connections-per-address", Limits, "connections_per_address", metavar="COUNT", kind=int)
@setting("--http-rate", Web, "requests_per_second", metavar="COUNT", kind=int)
@setting(
    "--listen",
    Settings,
    "listen",
    metavar="PROTOCOL=HOST:PORT",
    kind=listen,
    multiple=True,
    default="none",
    meaning="A further port on which every path means one protocol; give it once for each.",
)
@setting(
    "--allow-origin",
    Settings,
    "allow_origin",
    metavar="ORIGIN",
    multiple=True,
    default="all on loopback, elsewhere the server's own pages",
    meaning="Origin of web pages that may connect, such as https://example.com, or *; give it once for each.",
)
@setting("--tls-cert", Tls, "cert", metavar="FILE", kind=click.Path(path_type=Path), default="none")
@setting("--tls-key", Tls, "key", metavar="FILE", kind=click.Path(path_type=Path), default="in --tls-cert")
@setting("--tls-self-signed/--no-tls-self-signed", Tls, "self_signed", metavar=None)
@setting("--tls-ca", Tls, "ca", metavar="FILE", kind=click.Path(path_type=Path))
@setting("--tls-name", Tls, "names", metavar="HOST", multiple=True, default="none")
@setting("--admin-anywhere/--no-admin-anywhere", Web, "admin_anywhere", metavar=None)
@setting("--log-format", Settings, "log_format", metavar="text|json")
def serve(**values: Any) -> None:
    """Serve the market until SIGINT or SIGTERM."""
    run(settings_from(values))


def settings_from(values: dict[str, Any]) -> Settings:
    """Settings from checked option values, each named as the field it fills."""
    parts: dict[str, Any] = {}
    for part, owner in (("limits", Limits), ("web", Web), ("tls", Tls)):
        parts[part] = owner(**{field: values.pop(field) for field in _names(owner) if field in values})
    return Settings(**values, **parts)


def run(settings: Settings) -> None:
    """
    Serve with these settings until asked to stop.

    Raises:
        ConfigError: The operator's mistake; inside exception groups when a nursery met it.
    """
    # Not at the top: `feed --help` should not wait for a server to load.
    import trio  # noqa: PLC0415

    from feed.cli.foreground import serve_in_foreground  # noqa: PLC0415
    from feed.cli.logs import configure  # noqa: PLC0415

    configure(settings.log_format)
    try:
        trio.run(serve_in_foreground, settings)
    except* KeyboardInterrupt:
        pass  # SIGINT before the server could listen for it: stopped all the same


def _names(owner: type[Any]) -> Sequence[str]:
    return [field.name for field in attrs.fields(owner)]
