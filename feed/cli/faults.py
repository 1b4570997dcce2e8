"""``feed faults``: let things go wrong on the links of a running server's clients."""

from __future__ import annotations

import json
import ssl
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlsplit

import click

from feed.cli.options import HelpfulGroup, example
from feed.errors import ConfigError
from feed.server.adminkey import read_admin_key
from feed.settings import LOCAL_URL

PATH: Final = "/admin/faults"
TIMEOUT_SECONDS: Final = 10
_LOCAL: Final = LOCAL_URL.replace("ws", "http", 1)


class _Server:
    """A running server, asked as its administrator."""

    def __init__(self, url: str, admin_key: Path, ca: Path | None) -> None:
        try:
            parts = urlsplit(url)
        except ValueError:
            parts = urlsplit("")
        scheme = {"http": "http", "https": "https", "ws": "http", "wss": "https"}.get(parts.scheme)
        if scheme is None or not parts.hostname:
            raise ConfigError(f"{url!r} is no URL of a server", where="--url", hint=f"such as {_LOCAL}")
        self._base = f"{scheme}://{parts.netloc}"
        try:
            self._key = read_admin_key(admin_key)
            self._trust = ssl.create_default_context(cafile=ca) if scheme == "https" else None
        except (OSError, UnicodeDecodeError) as problem:
            what = problem.strerror if isinstance(problem, OSError) else "not ASCII"
            raise ConfigError(f"cannot be read: {what}", where=f"--admin-key {admin_key}") from None

    def ask(self, method: str, path: str = PATH, body: dict[str, Any] | None = None) -> Any:
        """
        The answer to one request.

        Raises:
            ConfigError: It was refused, in the server's words, or there is no server.
        """
        data = None if body is None else json.dumps(body).encode()
        headers = {"X-API-Key": self._key, "Content-Type": "application/json"}
        request = urllib.request.Request(  # noqa: S310 - the scheme is one of two
            self._base + path, method=method, data=data, headers=headers
        )
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS, context=self._trust) as answer:  # noqa: S310 - as above
                return json.load(answer)
        except urllib.error.HTTPError as problem:
            with problem:
                raise ConfigError(_words(problem), where=self._base) from None
        except (OSError, ValueError) as problem:
            raise ConfigError(f"no answer ({problem})", where=self._base) from None


def _words(problem: urllib.error.HTTPError) -> str:
    """What the server says is wrong."""
    try:
        return str(json.load(problem)["error"]["message"])
    except (ValueError, KeyError, TypeError):
        return f"{problem.code} {problem.reason}"


def _asking(command: Callable[..., None]) -> Callable[..., None]:
    """The options that say which server, and as whom."""
    for option in (
        click.option("--ca", type=click.Path(path_type=Path), metavar="FILE", help="Authority to trust."),
        click.option(
            "--admin-key",
            type=click.Path(path_type=Path),
            envvar="FEED_ADMIN_KEY",
            metavar="FILE",
            required=True,
            help="File with the key, as given to feed serve.  [env: FEED_ADMIN_KEY]",
        ),
        click.option("--url", default=_LOCAL, metavar="URL", show_default=True, help="Of the server."),
    ):
        command = option(command)
    return command


@click.group(cls=HelpfulGroup, epilog=example("feed faults list --admin-key admin.key"))
def faults() -> None:
    """Let things go wrong on the links of a running server's clients."""


@faults.command(
    epilog=example("feed faults add slow latency latency_ms=200 duration_seconds=30 --admin-key admin.key")
)
@click.argument("name")
@click.argument("kind")
@click.argument("fields", nargs=-1, metavar="[FIELD=VALUE]...")
@_asking
def add(name: str, kind: str, fields: tuple[str, ...], *, url: str, admin_key: Path, ca: Path | None) -> None:
    """
    Add a fault of a KIND under a NAME.

    Kinds: latency, jitter, bandwidth, mute, half-open, gap, duplicate, reorder, broken-checksum,
    refuse-handshakes, restart; of requests of one protocol ban, clock-skew, maintenance; and those that
    happen once: go-away, reset, partial-fill, disconnect, garbage, oversized, expire-tokens. Fields of each,
    their units and bounds are in /docs of the server; all kinds have aim.dialect, aim.key and aim.fraction,
    those that last duration_seconds.
    """
    server = _Server(url, admin_key, ca)
    _print([server.ask("POST", body={"name": name, "kind": kind, **_fields(fields)})])


@faults.command("list", epilog=example("feed faults list --admin-key admin.key"))
@_asking
def list_(*, url: str, admin_key: Path, ca: Path | None) -> None:
    """List the faults that were added, and how many connections each has struck."""
    _print(_Server(url, admin_key, ca).ask("GET")["faults"])


@faults.command(epilog=example("feed faults remove slow --admin-key admin.key"))
@click.argument("name", required=False)
@click.option("--all", "everything", is_flag=True, help="All that were added.")
@_asking
def remove(name: str | None, *, everything: bool, url: str, admin_key: Path, ca: Path | None) -> None:
    """End the fault of a NAME, or all of them, and forget it."""
    if (name is None) is not everything:
        raise ConfigError("needs a NAME, or --all", where="faults remove")
    server = _Server(url, admin_key, ca)
    if name is None:
        _print(server.ask("POST", f"{PATH}/reset")["removed"])
    else:
        _print([server.ask("DELETE", f"{PATH}?name={quote(name)}")])


def _fields(pairs: tuple[str, ...]) -> dict[str, Any]:
    """``a=1 aim.key=desk`` as a JSON object: numbers are numbers, everything else is text."""
    found: dict[str, Any] = {}
    for pair in pairs:
        path, equals, text = pair.partition("=")
        if not equals or not path:
            raise ConfigError(
                f"{pair!r} is not FIELD=VALUE", where="faults add", hint="such as latency_ms=200"
            )
        try:
            value = json.loads(text)
        except ValueError:
            value = text
        inside = found
        *groups, field = path.split(".")
        for group in groups:
            inside = inside.setdefault(group, {})
            if not isinstance(inside, dict):
                raise ConfigError(f"{pair!r} does not go with {group}=", where="faults add")
        inside[field] = value
    return found


def _print(shown: list[dict[str, Any]]) -> None:
    rows = [("name", "kind", "settings", "struck", "refused", "state"), *map(_cells, shown)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        click.echo("  ".join(map(str.ljust, row, widths)).rstrip())


def _cells(fault: dict[str, Any]) -> tuple[str, ...]:
    said = {**fault["settings"], **{f"aim.{name}": value for name, value in fault["aim"].items()}}
    settings = " ".join(f"{name}={value}" for name, value in said.items() if value is not None)
    left = fault["seconds_left"]
    state = "over" if fault["over"] else "until removed" if left is None else f"{left:.0f} s left"
    struck, refused = str(fault["connections"]), str(fault["refused"])
    return fault["name"], fault["kind"], settings, struck, refused, state
