"""
The secrets of keys that sign with HMAC: TOML beside the keys file, readable by its owner alone.

An HMAC can be checked only by whoever has the secret itself, so these are the one thing about keys that is
kept in clear text, and apart from all else: ``keys.secrets.toml`` beside ``keys.toml``::

    [[secret]]
    sha256 = "49be417ad74080a0031b636b44cfc26fdd0065492d6cd3b033960c4414955cf7"
    secret = "..."

``sha256`` is that of the key, as the keys file has it.
"""

from __future__ import annotations

import json
import re
import stat
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from feed.errors import ConfigError
from feed.recording.atomic_file import any_content, write_atomically

_HEAD: Final = "# Secrets in clear text: whoever reads them can sign for their keys. Written by feed keys.\n"
_FIELDS: Final = {"sha256", "secret"}


def secrets_path(keys: Path) -> Path:
    """Where the secrets of a keys file are."""
    return keys.with_name(f"{keys.stem}.secrets{keys.suffix}")


def read_secrets(path: Path) -> dict[bytes, str]:
    """
    The secrets of a file, by the digest of their keys; none where there is no file.

    Raises:
        ConfigError: It cannot be read, others may read it, or it says something that is not understood.
    """
    try:
        mode = path.stat().st_mode
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise ConfigError(f"cannot be read: {error.strerror}", where=str(path)) from error
    except UnicodeDecodeError as error:
        raise ConfigError("is not UTF-8 text", where=str(path)) from error
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise ConfigError(
            "holds secrets, and other users may read it", where=str(path), hint=f"chmod 600 {path}"
        )
    try:
        return dict(_pair(table) for table in _tables(text))
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"is not TOML: {error}", where=str(path)) from error
    except ValueError as error:
        hint = "allowed: [[secret]] tables of sha256, 64 hexadecimal digits, and secret, a text"
        raise ConfigError(str(error), where=str(path), hint=hint) from error


def write_secrets(path: Path, secrets: Mapping[bytes, str]) -> None:
    """
    Replace a file of secrets as a whole, readable by its owner alone.

    Raises:
        ConfigError: It cannot be written.
    """
    tables = (
        f'\n[[secret]]\nsha256 = "{digest.hex()}"\nsecret = {json.dumps(secret)}\n'
        for digest, secret in secrets.items()
    )
    write_atomically(path, (_HEAD + "".join(tables)).encode(), is_ours=any_content, mode=0o600)


def _tables(text: str) -> list[Any]:
    document = tomllib.loads(text)
    tables = document.pop("secret", [])
    if document or not isinstance(tables, list):
        raise ValueError("is no list of secrets")
    return tables


def _pair(table: Any) -> tuple[bytes, str]:
    # What is wrong is not quoted: it may be a secret.
    if not isinstance(table, dict) or set(table) != _FIELDS:
        raise ValueError("has a table that is no secret")
    digest, secret = table["sha256"], table["secret"]
    if not isinstance(digest, str) or not re.fullmatch(r"[0-9a-f]{64}", digest):
        raise ValueError("has a sha256 that is none")
    if not isinstance(secret, str) or not secret:
        raise ValueError("has a secret that is no text")
    return bytes.fromhex(digest), secret
