"""``feed keys``: make keys, and see who has one."""

from __future__ import annotations

import secrets
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import attrs
import click

from feed.cli.options import HelpfulGroup, example
from feed.dialects.credentials import PublicKey
from feed.dialects.discovery import dialects
from feed.errors import ConfigError
from feed.model.grants import Grant, Scope, Tier
from feed.model.key_formats import DemoKey, SigningAlgorithm
from feed.scenario.times import parse_duration
from feed.server import keyedit
from feed.server.issuing import IssuedKey, issue, signs_with
from feed.server.key_secrets import demo_passphrase, demo_private_key, demo_secret
from feed.server.keyfile import KeyRecord, read_entries
from feed.server.keys import DEFAULT_PREFIX, DEMO_KEYS, PREFIX
from feed.server.publickey import public_key
from feed.server.secretfile import secrets_path

_FILE = click.argument("file", type=click.Path(path_type=Path))
_DEFAULT = Grant(name="unnamed")
_OVERLAP = "24h"
_ALGORITHM = click.Choice([algorithm.value for algorithm in SigningAlgorithm], case_sensitive=False)
_NAME = click.option("--name", metavar="TEXT", required=True, help="Whose key it is.")


def _span(text: str) -> float:
    try:
        return parse_duration(text) / 1e9
    except ValueError:
        raise click.BadParameter(f"{text!r} is no span of time such as 24h, 30m or 0s") from None


def _known(protocol: str) -> str:
    """A protocol's name, which decides how its keys look."""
    if protocol not in dialects():
        raise ConfigError(f"there is no protocol {protocol!r}", hint=f"known are {', '.join(dialects())}")
    return protocol


def _public_key(text: str) -> PublicKey:
    """The public key of a PEM file."""
    try:
        return public_key(Path(text).read_text(encoding="utf-8"))
    except OSError as problem:
        raise ConfigError(f"cannot be read: {problem.strerror}", where=text) from problem
    except ValueError as problem:
        hint = "openssl pkey -in private.pem -pubout writes one; Ed25519, RSA and P-256 are known"
        raise ConfigError("is no public key in PEM", where=text, hint=hint) from problem


def _prefix(text: str) -> str:
    if not PREFIX.fullmatch(text):
        raise click.BadParameter(f"{text!r} is not two letters, then _live_ or _test_")
    return text


@click.group(cls=HelpfulGroup, epilog=example("feed keys add keys.toml --name desk"))
def keys() -> None:
    """Make keys, and list who has one. A keys file holds digests, never a key."""


@keys.command(epilog=example("feed keys add keys.toml --name desk --tier pro --scope read --scope trade"))
@_FILE
@click.option("--name", metavar="TEXT", required=True, help="Who it is for; shown in logs.")
@click.option(
    "--account",
    metavar="NUMBER",
    type=int,
    default=_DEFAULT.account,
    show_default=True,
    help="Account it trades for; keys of one account share it.",
)
@click.option(
    "--tier",
    type=click.Choice([tier.value for tier in Tier]),
    default=_DEFAULT.tier.value,
    show_default=True,
    help="Size of the customer.",
)
@click.option(
    "--scope",
    "scopes",
    type=click.Choice([scope.value for scope in Scope]),
    multiple=True,
    default=[scope.value for scope in _DEFAULT.scopes],
    show_default=True,
    help="What it may do; give it once for each.",
)
@click.option(
    "--dialect",
    "dialects",
    metavar="PROTOCOL",
    multiple=True,
    callback=lambda _, __, names: tuple(map(_known, names)),
    help="Protocol it is good for; give it once for each.  [default: all]",
)
@click.option(
    "--prefix",
    metavar="TEXT",
    type=_prefix,
    default=DEFAULT_PREFIX,
    show_default=True,
    help="How it begins: two letters, then _live_ or _test_.",
)
@click.option("--secret", "with_secret", is_flag=True, help="Make a secret too: access tokens need one.")
@click.option(
    "--sign",
    "signs",
    is_flag=True,
    help="Make a secret that requests are signed with (HMAC). It is kept in clear text, beside FILE.",
)
@click.option(
    "--algorithm",
    type=_ALGORITHM,
    help="With --sign: a secret, or a private key of which FILE holds the public half.  "
    "[default: what the protocol's keys have]",
)
@click.option(
    "--public-key",
    metavar="PEM",
    type=_public_key,
    help="File with the public key of whoever signs with a private one: Ed25519, RSA or P-256.",
)
def add(
    file: Path,
    prefix: str,
    tier: str,
    scopes: tuple[str, ...],
    *,
    with_secret: bool,
    signs: bool,
    algorithm: str | None,
    public_key: PublicKey | None,
    **rest: Any,
) -> None:
    """
    Make a key, print it once, and append its digest to FILE.

    The next lines are its secret, if it has one, written as its protocol writes them, and its passphrase. To
    trade for one account in several protocols, make a key for each with the same --account.
    """
    if algorithm is not None and not signs:
        raise ConfigError("says with what a key signs", where="--algorithm", hint="add --sign")
    issued = issue(
        Grant(tier=Tier(tier), scopes=tuple(map(Scope, scopes)), **rest),
        prefix=prefix,
        signs=signs,
        algorithm=None if algorithm is None else SigningAlgorithm(algorithm),
        with_secret=with_secret,
        random=secrets.token_bytes,
    )
    record = issued.record
    if public_key is not None and record.public_key is not None:
        raise ConfigError("a key pair is made already", where="--public-key", hint="leave out --sign")
    keyedit.add_entry(file, attrs.evolve(record, public_key=public_key or record.public_key))
    _show(issued, file)


@keys.command(epilog=example("feed keys demo"))
@click.argument("protocol", required=False)
@click.option("--algorithm", type=_ALGORITHM, help="With which it signs, where a protocol has several.")
def demo(protocol: str | None, algorithm: str | None) -> None:
    """
    Print the keys that everybody knows; they are good on connections within this machine.

    Each with its protocol; or the one for PROTOCOL as lines to read: key, secret, passphrase.
    """
    if protocol is None:
        for known in DEMO_KEYS:
            click.echo(f"# {', '.join(known.grant.dialects) or 'all protocols'}")
            _show_demo(known)
        return
    own = [known for known in DEMO_KEYS if _known(protocol) in known.grant.dialects]
    fit = [known for known in own or DEMO_KEYS if algorithm in (None, known.algorithm.value)]
    if not fit:
        having = ", ".join(dict.fromkeys(known.algorithm.value for known in own or DEMO_KEYS[:1]))
        raise ConfigError(
            f"no demo key of {protocol} is one", where=f"--algorithm {algorithm}", hint=f"allowed: {having}"
        )
    _show_demo(fit[0])


def _show_demo(known: DemoKey) -> None:
    for text in (known.key, demo_secret(known) or demo_private_key(known), demo_passphrase(known)):
        if text is not None:
            click.echo(text.rstrip())


@keys.command(epilog=example("feed keys revoke keys.toml --name desk"))
@_FILE
@_NAME
def revoke(file: Path, name: str) -> None:
    """Take the keys of a name out of FILE. A server that reads it ends their connections."""
    count = keyedit.revoke(file, name)
    click.echo(f"{count} key{'s' * (count != 1)} of {name} taken out of {file}.", err=True)


@keys.command(epilog=example("feed keys rotate keys.toml --name desk --overlap 24h"))
@_FILE
@_NAME
@click.option(
    "--overlap",
    metavar="SPAN",
    type=_span,
    default=_OVERLAP,
    show_default=True,
    help="How long the old key stays good beside the new one, such as 24h; 0s ends it at once.",
)
@click.option(
    "--prefix",
    metavar="TEXT",
    type=_prefix,
    default=DEFAULT_PREFIX,
    show_default=True,
    help="How the new key begins: two letters, then _live_ or _test_.",
)
def rotate(file: Path, name: str, overlap: float, prefix: str) -> None:
    """
    Make a key in place of another, print it once, and let the old one end.

    The new key allows what the old one does, and has what goes with it if the old one has: a secret, a
    passphrase, a private key where its protocol's are made here, else the public key of the old one.
    """
    now = time.time()
    old = keyedit.current_entry(file, name)
    algorithm = signs_with(old)
    issued = issue(
        old.grant,
        prefix=prefix,
        signs=algorithm is not None,
        algorithm=algorithm,
        with_secret=old.secret is not None,
        random=secrets.token_bytes,
    )
    end = keyedit.rotate(file, name, issued.record, now=now, overlap=overlap)
    _show(issued, file)
    until = "at once" if not overlap else f"at {_moment(end)}"
    click.echo(f"The old key ends {until}.", err=True)


def _show(issued: IssuedKey, file: Path) -> None:
    """On standard output, for a pipe; what is said of it goes elsewhere."""
    for text in (issued.key, issued.secret, issued.passphrase):
        if text is not None:
            click.echo(text.rstrip())
    click.echo(f"Keep it: it is shown this once. {file} holds its digest only.", err=True)
    if issued.record.signing_secret is not None:
        click.echo(f"The secret stays in {secrets_path(file)}, which checks signatures with it.", err=True)


@keys.command("list", epilog=example("feed keys list keys.toml"))
@_FILE
def list_(file: Path) -> None:
    """List the names in FILE and what each may do. Keys cannot be shown: they are not kept."""
    rows = [(*(field.name for field in attrs.fields(Grant)), "signs", "until")]
    rows += [_cells(entry) for entry in read_entries(file)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        click.echo("  ".join(map(str.ljust, row, widths)).rstrip())


def _cells(entry: KeyRecord) -> tuple[str, ...]:
    grant = entry.grant
    scopes = ",".join(scope.value for scope in grant.scopes)
    until = "" if entry.until is None else _moment(entry.until)
    dialects = ",".join(grant.dialects) or "all"
    signs = "HMAC" if entry.signing_secret else entry.public_key.type.value if entry.public_key else ""
    return grant.name, str(grant.account), grant.tier.value, scopes, dialects, signs, until


def _moment(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%SZ}"
