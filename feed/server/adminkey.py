"""The admin key, which controls the market: each server has its own, so that no published key can."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from feed.errors import ConfigError
from feed.server.keys import ADMIN_PREFIX, KEY_BYTES, LONGEST_KEY, new_key

_SHORTEST = 16  # characters: what is shorter was typed, and can be guessed


def admin_key(path: Path | None, random_bytes: Callable[[int], bytes]) -> str:
    """
    The key of whoever may steer the market.

    Args:
        path: File that holds it; it is made where there is none. None makes a key up.
        random_bytes: Gives so many bytes that nobody can predict.

    Raises:
        ConfigError: The file cannot be read or made, or holds no key.
    """
    if path is None:
        return new_key(ADMIN_PREFIX, random_bytes(KEY_BYTES))
    try:
        return read_admin_key(path)
    except FileNotFoundError:
        return _make(path, new_key(ADMIN_PREFIX, random_bytes(KEY_BYTES)))
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not ASCII"
        raise ConfigError(f"cannot be read: {reason}", where=f"--admin-key {path}") from None


def read_admin_key(path: Path) -> str:
    """
    The key in a file.

    Raises:
        ConfigError: The file holds none.
        OSError: It cannot be read; ``UnicodeDecodeError`` when it is no ASCII.
    """
    with path.open(encoding="ascii") as file:
        key = file.read(LONGEST_KEY + 2).strip()
    if not _SHORTEST <= len(key) <= LONGEST_KEY or key.split() != [key]:
        raise ConfigError(
            "holds no key",
            where=f"--admin-key {path}",
            hint=f"{_SHORTEST} to {LONGEST_KEY} characters on one line; without the file one is made",
        )
    return key


def _make(path: Path, key: str) -> str:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "w", encoding="ascii") as file:
                file.write(f"{key}\n")
        except OSError:
            path.unlink(missing_ok=True)  # half a key would be taken for a whole one, or refused
            raise
    except OSError as error:
        raise ConfigError(f"cannot be written: {error.strerror}", where=f"--admin-key {path}") from None
    return key
