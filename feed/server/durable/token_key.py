"""The key that access tokens are signed with, kept in the data folder: tokens outlive a restart."""

from __future__ import annotations

from collections.abc import Callable

from feed.durability.data_folder import TOKEN_KEY
from feed.durability.disk import Disk
from feed.errors import ConfigError
from feed.server.tokens import KEY_BYTES


def token_key(disk: Disk, random_bytes: Callable[[int], bytes]) -> bytes:
    """
    The key of a folder, made when there is none.

    Args:
        disk: The folder.
        random_bytes: Gives so many bytes that nobody can predict.

    Raises:
        ConfigError: It cannot be read or written, or is no such key.
    """
    where = disk.where(TOKEN_KEY)
    try:
        if TOKEN_KEY not in disk.names():
            disk.replace(TOKEN_KEY, random_bytes(KEY_BYTES))
        key = disk.read(TOKEN_KEY)
    except OSError as error:
        raise ConfigError(f"cannot be read or written: {error.strerror}", where=where) from error
    if len(key) != KEY_BYTES:
        raise ConfigError(
            f"has {len(key)} bytes",
            where=where,
            hint=f"it held {KEY_BYTES}; restore it, or remove it, which ends all access tokens",
        )
    return key
