r"""
The keys file: TOML that holds digests only.

All but ``name`` and ``sha256`` may be left out; a key without a secret gets no access tokens. A key
that ends may share its name with the one that takes its place. A key that signs requests has a public
key here, or a secret in a file of its own (:mod:`feed.server.secretfile`)::

    [[key]]
    name = "desk"
    sha256 = "49be417ad74080a0031b636b44cfc26fdd0065492d6cd3b033960c4414955cf7"
    secret_sha256 = "cbe6beb26479b568e5f15b50217c6c83c0ee051dc4e522b9840d8e291d6aaf46"
    passphrase_sha256 = "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae"
    account = 7
    tier = "pro"
    scopes = ["read", "trade"]
    dialects = ["tradyn"]
    until = 2026-12-31T23:00:00Z
    public_key = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA...\n-----END PUBLIC KEY-----\n"
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import tomllib
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import attrs
import cattrs
from cattrs.gen import make_dict_structure_fn, override

from feed.dialects.credentials import Credentials, PublicKey
from feed.errors import ConfigError
from feed.model.grants import Grant, Scope
from feed.recording.atomic_file import any_content, write_atomically
from feed.server.publickey import public_key
from feed.server.secretfile import read_secrets, secrets_path

if TYPE_CHECKING:
    from collections.abc import Callable
    from enum import Enum


_SECRET: Final = "secret_sha256"  # noqa: S105 - the name of a field
_PASSPHRASE: Final = "passphrase_sha256"  # noqa: S105 - the same
_UNTIL: Final = "until"
_PUBLIC_KEY: Final = "public_key"


@attrs.frozen
class KeyRecord:
    """
    One key that is accepted.

    Attributes:
        digest: SHA-256 of the key, 32 bytes.
        grant: What its holder may do.
        secret: SHA-256 of the secret that goes with the key, 32 bytes; None when there is none.
        until: When it ends, seconds since the Unix epoch; None for never.
        local: Good on connections within this machine alone.
        public_key: With which its holder's signatures are checked; None for none.
        signing_secret: With which they are checked where they are HMACs; None for none.
        passphrase: SHA-256 of the passphrase that goes with the key, 32 bytes; None for none.
    """

    digest: bytes = attrs.field(repr=False)
    grant: Grant
    secret: bytes | None = attrs.field(default=None, repr=False)
    until: float | None = None
    local: bool = False
    public_key: PublicKey | None = attrs.field(default=None, repr=False)
    signing_secret: str | None = attrs.field(default=None, repr=False)
    passphrase: bytes | None = attrs.field(default=None, repr=False)

    @property
    def mark(self) -> str:
        """A name that no other key has, and that says nothing of the key."""
        return hashlib.sha256(self.digest).hexdigest()[:32]

    @property
    def credentials_mark(self) -> str:
        """Another name when anything of it has changed; says nothing of it to whoever lacks the key."""
        parts = [
            repr(self.grant),
            self.signing_secret or "",
            self.public_key.pem if self.public_key else "",
            (self.passphrase or b"").hex(),
        ]
        return hmac.digest(self.digest, json.dumps(parts).encode(), "sha256").hex()[:32]

    def ended(self, now: float) -> bool:
        """Whether it is over, at ``now`` seconds since the Unix epoch."""
        return self.until is not None and self.until <= now

    @property
    def credentials(self) -> Credentials:
        """What a protocol checks its holder's signatures with."""
        return Credentials(
            grant=self.grant,
            mark=self.mark,
            secret=self.signing_secret,
            public_key=self.public_key,
            passphrase=self.passphrase,
        )


def read_entries(path: Path) -> tuple[KeyRecord, ...]:
    """
    The keys of a keys file, in its order, with the secrets that they sign with.

    Raises:
        ConfigError: It or the file of secrets cannot be read, is no TOML, or says something that is not
            understood.
    """
    entries = parse_entries(read_text(path), path)
    secrets = read_secrets(secrets_path(path.resolve()))
    return tuple(attrs.evolve(entry, signing_secret=secrets.get(entry.digest)) for entry in entries)


def read_text(path: Path) -> str:
    """
    The text of a keys file.

    Raises:
        ConfigError: It cannot be read, or is no text.
    """
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"cannot be read: {error.strerror}", where=str(path)) from error
    except UnicodeDecodeError as error:
        raise ConfigError("is not UTF-8 text", where=str(path)) from error


def replace_text(path: Path, text: str) -> None:
    """
    Replace a keys file as a whole, readable by its owner alone.

    Raises:
        ConfigError: It cannot be written.
    """
    write_atomically(path, text.encode(), is_ours=any_content, mode=0o600)


class _UnfitError(ValueError):
    """A value in the file: what was found, and what is allowed there."""

    def __init__(self, found: str, allowed: str) -> None:
        self.found = found
        self.allowed = allowed
        super().__init__(found)


def parse_entries(text: str, path: Path) -> tuple[KeyRecord, ...]:
    """
    The keys of a text, without secrets.

    Raises:
        ConfigError: It is no TOML, or says something that is not understood; ``path`` says where.
    """
    seen: dict[str | bytes, int] = {}
    entries = []
    for number, table in enumerate(_tables(text, path), start=1):
        where = f"{path}: key {number}"
        entry = _entry(table, where)
        names = (("name", entry.grant.name),) if entry.until is None else ()
        for field, value in (*names, ("sha256", entry.digest)):
            first = seen.setdefault(value, number)
            if first != number:
                raise ConfigError(
                    f"{field}: key {first} has the same", where=where, hint="each needs its own"
                )
        entries.append(entry)
    return tuple(entries)


def _tables(text: str, path: Path) -> list[Any]:
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"at line (\d+)", str(error))
        at = int(line[1]) if line else text.count("\n") + 1  # else it says "at end of document"
        raise ConfigError(f"is not TOML: {error}", where=f"{path}:{at}") from error
    tables = document.pop("key", [])
    if document:
        raise ConfigError(f"found {_quoted(next(iter(document)))}", where=str(path), hint="allowed: [[key]]")
    if not isinstance(tables, list):
        raise ConfigError("found a single key", where=str(path), hint="allowed: [[key]], in double brackets")
    return tables


def _entry(table: Any, where: str) -> KeyRecord:
    if not isinstance(table, dict):
        raise ConfigError(f"found {_quoted(table)}", where=where, hint="allowed: a table")
    fields = dict(table)
    field = "sha256"
    try:
        digest = _sha256(fields.pop(field, None))
        field = _SECRET
        secret = _sha256(fields.pop(field)) if field in fields else None
        field = _PASSPHRASE
        passphrase = _sha256(fields.pop(field)) if field in fields else None
        field = _UNTIL
        until = _moment(fields.pop(field)) if field in fields else None
        field = _PUBLIC_KEY
        key = _public_key(fields.pop(field)) if field in fields else None
        grant = _grants.structure(fields, Grant)
        return KeyRecord(digest, grant, secret, until, public_key=key, passphrase=passphrase)
    except _UnfitError as error:
        unfit = error
    except cattrs.ClassValidationError as error:
        field, unfit = _first_misfit(error)
    raise ConfigError(f"{field}: found {unfit.found}", where=where, hint=f"allowed: {unfit.allowed}")


def _first_misfit(error: cattrs.ClassValidationError) -> tuple[str, _UnfitError]:
    by_field, others = error.group_exceptions()
    for cause, note in by_field:
        missing = _UnfitError("nothing", "a value; it is required")
        return note.name, cause if isinstance(cause, _UnfitError) else missing
    for cause in others:
        if isinstance(cause, cattrs.ForbiddenExtraKeysError):
            own = ("sha256", _SECRET, _PASSPHRASE, _UNTIL, _PUBLIC_KEY)
            allowed = ", ".join((*own, *(field.name for field in attrs.fields(Grant))))
            return min(cause.extra_fields), _UnfitError("an unknown field", allowed)
    raise error


def _sha256(value: Any) -> bytes:
    if isinstance(value, str) and re.fullmatch(r"[0-9a-fA-F]{64}", value):
        return bytes.fromhex(value)
    # Not quoted: it may be the key itself, in the wrong place.
    found = f"{len(value)} characters" if isinstance(value, str) else _type_name(value)
    raise _UnfitError(found, "the 64 hexadecimal digits of a SHA-256")


def _moment(value: Any) -> float:
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.timestamp()
    raise _UnfitError(_quoted(value), "a time with its offset, such as 2026-12-31T23:00:00Z, unquoted")


def _public_key(value: Any) -> PublicKey:
    allowed = "the PEM text of a public key: Ed25519, RSA or P-256"
    if not isinstance(value, str):
        raise _UnfitError(_type_name(value), allowed)
    try:
        return public_key(value)
    except ValueError as problem:
        raise _UnfitError(str(problem), allowed) from problem


def _name(value: Any, _: Any) -> str:
    if isinstance(value, str) and re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._@ -]{0,63}", value):
        return value
    raise _UnfitError(_quoted(value), "1 to 64 of A-Z a-z 0-9 . _ @ - and space, a letter or digit first")


def _account(value: Any, _: Any) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    raise _UnfitError(_quoted(value), "an integer from 0")


def _dialect(value: Any, _: Any) -> str:
    if isinstance(value, str) and re.fullmatch(r"[a-z][a-z0-9_]*", value):
        return value
    raise _UnfitError(_quoted(value), "names of protocols, such as tradyn")


def _member(value: Any, kind: type[Enum]) -> Enum:
    for member in kind:
        if member.value == value:
            return member
    raise _UnfitError(_quoted(value), ", ".join(str(member.value) for member in kind))


def _several(one: Callable[[Any, Any], Any], kind: Any) -> Callable[[Any, Any], tuple[Any, ...]]:
    def structure(value: Any, _: Any) -> tuple[Any, ...]:
        if isinstance(value, list):
            return tuple(one(item, kind) for item in value)
        raise _UnfitError(_quoted(value), "a list, in square brackets")

    return structure


def _type_name(value: Any) -> str:
    return "nothing" if value is None else type(value).__name__


def _quoted(value: Any) -> str:
    text = json.dumps(value, default=str)
    return text if len(text) <= 60 else f"{text[:57]}..."


_grants: Final = cattrs.Converter()
_grants.register_structure_hook(
    Grant,
    make_dict_structure_fn(
        Grant,
        _grants,
        _cattrs_forbid_extra_keys=True,
        name=override(struct_hook=_name),
        account=override(struct_hook=_account),
        tier=override(struct_hook=_member),
        scopes=override(struct_hook=_several(_member, Scope)),
        dialects=override(struct_hook=_several(_dialect, str)),
    ),
)
