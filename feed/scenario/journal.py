"""
The journal: every request of an account, in the order in which they acted, one JSON object a line.

A scenario and its journal give the same events as the run in which the journal was written::

    {"at":1709742007250000000,"do":"create","account":1,"instrument":6,"request":"","side":0,"size":12,...}
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import cattrs
import msgspec

from feed.errors import ConfigError
from feed.model.requests import Cancel, CancelMany, Create, Entry, Modify, Request
from feed.model.trading import packed, unpacked

_KINDS: Final[dict[str, type[Request]]] = {
    "create": Create,
    "cancel": Cancel,
    "cancel-many": CancelMany,
    "modify": Modify,
}
_NAMES: Final = {kind: name for name, kind in _KINDS.items()}
_CONVERTER: Final = cattrs.Converter(forbid_extra_keys=True)


def journal_line(entry: Entry) -> bytes:
    """An entry as its line, line feed included."""
    request = entry.request
    fields: dict[str, Any] = _CONVERTER.unstructure(request)
    fields["request"] = unpacked(request.request)
    return msgspec.json.encode({"at": entry.at, "do": _NAMES[type(request)], **fields}) + b"\n"


def append_entry(path: Path, entry: Entry) -> None:
    """Write one entry to the end of a journal, before it acts."""
    with path.open("ab") as file:
        file.write(journal_line(entry))


def read_journal(path: Path) -> Iterator[Entry]:
    """
    The entries of a journal.

    Raises:
        ConfigError: It cannot be read, or a line is no entry or earlier than the one before.
    """
    try:
        lines = path.read_bytes().splitlines()
    except OSError as error:
        raise ConfigError(f"cannot be read: {error.strerror}", where=str(path)) from error
    last = 0
    for number, line in enumerate(lines, start=1):
        entry = _entry(line, where=f"{path}:{number}")
        if entry.at < last:
            raise ConfigError("is earlier than the line before", where=f"{path}:{number}")
        last = entry.at
        yield entry


def _entry(line: bytes, *, where: str) -> Entry:
    try:
        fields = msgspec.json.decode(line, type=dict[str, Any])
        at, kind = fields.pop("at"), _KINDS[fields.pop("do")]
        fields["request"] = packed(fields["request"])
        return Entry(at=int(at), request=_CONVERTER.structure(fields, kind))
    except (
        msgspec.MsgspecError,
        cattrs.BaseValidationError,
        KeyError,
        TypeError,
        ValueError,
        AttributeError,
    ):
        raise ConfigError("no entry of a journal", where=where) from None
