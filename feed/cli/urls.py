"""``feed urls``: how a program that somebody else wrote is pointed at a server."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Final

import click

from feed.cli.options import example
from feed.dialects.discovery import client_urls, dialects, with_urls
from feed.dialects.urls import Client, Place, place
from feed.errors import ConfigError
from feed.model.symbols import NearNames
from feed.settings import LOCAL_URL

_EXAMPLE: Final = f"feed urls ccxt {(with_urls() or ['PROTOCOL'])[0]} --url http://127.0.0.1:9000"


@click.command(epilog=example(_EXAMPLE))
@click.argument("client", required=False)
@click.argument("protocol", required=False)
@click.option(
    "--url",
    default=LOCAL_URL.replace("ws", "http", 1),
    show_default=True,
    metavar="URL",
    help="Of the server: of its main port, or with --own-port of the protocol's own.",
)
@click.option(
    "--own-port",
    is_flag=True,
    help="URL is that of a port which `feed serve --listen PROTOCOL=HOST:PORT` has opened for the protocol.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object, for programs.")
def urls(client: str | None, protocol: str | None, *, url: str, own_port: bool, as_json: bool) -> None:
    """
    Print every URL setting of CLIENT that has to do with PROTOCOL, ready to paste.

    All of them are needed: one that is left out stays the real exchange's. Without CLIENT and PROTOCOL it
    lists what there is.
    """
    known = client_urls()
    protocol = _without_signs(known).get(_plain(protocol or ""), protocol)
    if client is None:
        _list(as_json=as_json)
        return
    if protocol is None:
        having = [name for name, found in known.items() if client in found]
        if not having:
            raise _unknown(
                "client", client, dict.fromkeys(name for found in known.values() for name in found)
            )
        protocol = having[0]
    if protocol not in known:
        raise _unknown("protocol", protocol, known)
    if client not in known[protocol]:
        raise _unknown("client", client, known[protocol], f" of {protocol}")
    try:
        where = place(url, "" if own_port else dialects()[protocol].path)
    except ValueError as problem:
        raise ConfigError(str(problem), where=url) from None
    _print(known[protocol][client], client, protocol, where, as_json=as_json)


def _print(found: Client, client: str, protocol: str, where: Place, *, as_json: bool) -> None:
    notes = found.notes(where)
    if as_json:
        told = {
            "client": client,
            "protocol": protocol,
            "release": found.release,
            "settings": found.settings(where),
            "notes": notes,
        }
        click.echo(json.dumps(told, indent=2))
        return
    click.echo(found.paste(where), nl=False)
    # Not to standard output, which may go into a file.
    for note in (f"{found.title}, as of {found.release}.", *notes):
        click.echo(f"feed: {note}", err=True)


def _plain(name: str) -> str:
    return name.replace("-", "").replace("_", "").lower()


def _without_signs(names: Iterable[str]) -> dict[str, str]:
    """Names by what is left of them without signs: clients have some that are written together."""
    return {_plain(name): name for name in names}


def _list(*, as_json: bool) -> None:
    known = client_urls()
    if as_json:
        click.echo(json.dumps({protocol: list(found) for protocol, found in known.items()}))
        return
    for protocol, found in known.items():
        for name, client in found.items():
            click.echo(f"feed urls {name} {protocol}  # {client.title}")


def _unknown(what: str, name: str, known: Iterable[str], more: str = "") -> ConfigError:
    names = list(known)
    near = NearNames(names).find(name)
    hint = f"did you mean {' or '.join(near)}?" if near else f"known are {', '.join(names)}"
    return ConfigError(f"there is no {what} {name!r}{more}", hint=hint)
