"""Which log a data folder's market has led, and in which term, so that it does not come behind another."""

from __future__ import annotations

from feed.durability.data_folder import LED
from feed.durability.disk import Disk
from feed.errors import ConfigError


def read_led(disk: Disk, log: str) -> int | None:
    """
    The last term in which the market of a folder has led a log; None for none.

    Args:
        disk: The folder.
        log: Where it is, and its name.
    Raises:
        ConfigError: The folder cannot be read.
    """
    try:
        text = disk.read(LED).decode("utf-8", "replace") if LED in disk.names() else ""
    except OSError as error:
        raise ConfigError(f"cannot be read: {error.strerror}", where=disk.where(LED)) from error
    term, _, found = text.rstrip("\n").partition(" ")
    return int(term) if found == log and term.isascii() and term.isdigit() else None


def write_led(disk: Disk, log: str, term: int) -> None:
    """
    Keep it, before the first block of a term is appended.

    Args:
        disk: The folder.
        log: See :func:`read_led`.
        term: The term.
    Raises:
        ConfigError: The folder cannot be written.
    """
    try:
        disk.replace(LED, f"{term} {log}\n".encode())
    except OSError as error:
        raise ConfigError(f"cannot be written: {error.strerror}", where=disk.where(LED)) from error
