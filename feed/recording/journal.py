"""
The journal: every request of an account, in the order in which they acted, one JSON object a line.

The first line says what determines the market, so that it and the requests give the same events as
the run in which the journal was written. A run that ended in peace says with the last line how many
events were published; a last line without its line feed was cut off, and did not act::

    {"format":"feed-journal","version":1,"engine":"feed 0.1.0","scenario":null,"seed":1,"start":...}
    {"at":1709742007250000000,"do":"create","account":1,"instrument":6,"request":"","side":0,"size":12,...}
    {"end":true,"events":51234}
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import attrs
import cattrs
import msgspec
from cattrs.gen import make_dict_structure_fn, make_dict_unstructure_fn, override

from feed.errors import ConfigError
from feed.model.instruments import Instrument
from feed.model.requests import Cancel, CancelMany, Create, JournalEntry, Modify, Request
from feed.model.trading import packed, unpacked
from feed.recording.format import check_version
from feed.settings import Trading

FORMAT: Final = "feed-journal"
VERSION: Final = 1
BEGINNING: Final = f'{{"format":"{FORMAT}",'.encode()
"""How every journal begins."""

_KINDS: Final[dict[str, type[Request]]] = {
    "create": Create,
    "cancel": Cancel,
    "cancel-many": CancelMany,
    "modify": Modify,
}
_NAMES: Final = {kind: name for name, kind in _KINDS.items()}
_CONVERTER: Final = cattrs.Converter(forbid_extra_keys=True)
# How many requests may wait says nothing about what those do that act.
_OMITTED: Final = override(omit=True)
_CONVERTER.register_unstructure_hook(Trading, make_dict_unstructure_fn(Trading, _CONVERTER, waiting=_OMITTED))
_CONVERTER.register_structure_hook(
    Trading, make_dict_structure_fn(Trading, _CONVERTER, _cattrs_forbid_extra_keys=True, waiting=_OMITTED)
)
_MISFITS: Final = (
    msgspec.MsgspecError,
    cattrs.BaseValidationError,
    KeyError,
    TypeError,
    ValueError,
    AttributeError,
)


@attrs.frozen(kw_only=True)
class ScenarioFile:
    """
    A scenario file as it was when it was played.

    Attributes:
        name: Of the scenario.
        file: Name of a shipped scenario, or absolute path.
        sha256: Over its text without the ``[expect]`` table, 64 digits.
    """

    name: str
    file: str
    sha256: str


@attrs.frozen(kw_only=True)
class JournalHeader:
    """
    What determines a market, next to the requests of its accounts.

    Attributes:
        engine: Name and version of the program that ran it.
        scenario: What was played; None for the default market.
        seed: Of the market.
        start: Market time at which it opened, integer nanoseconds since the Unix epoch.
        instruments: How many of the default market were asked for; None for that market as it is, and
            for a scenario's own.
        listing: SHA-256 over the instruments, 64 digits.
        trading: What accounts could do.
    """

    engine: str
    scenario: ScenarioFile | None = None
    seed: int
    start: int
    instruments: int | None = None
    listing: str
    trading: Trading

    def differences(self, other: JournalHeader) -> list[str]:
        """The fields in which another market differs, the engine's version left out."""
        mine, theirs = (
            {**_CONVERTER.unstructure(header), "scenario": header.scenario and header.scenario.sha256}
            for header in (self, other)
        )
        return [name for name in mine if name != "engine" and mine[name] != theirs[name]]


@attrs.frozen(kw_only=True)
class Journal:
    """
    A journal as it was read.

    Attributes:
        header: The market.
        entries: The requests, in the order in which they acted.
        events: How many events were published when the run ended; None when nobody has said.
        torn: Whether the last line was cut off.
    """

    header: JournalHeader
    entries: tuple[JournalEntry, ...] = ()
    events: int | None = None
    torn: bool = False


def listing_digest(instruments: Iterable[Instrument]) -> str:
    """SHA-256 over instruments, as a header has it."""
    fields = [_CONVERTER.unstructure(instrument) for instrument in instruments]
    return hashlib.sha256(msgspec.json.encode(fields)).hexdigest()


def header_line(header: JournalHeader) -> bytes:
    """A header as its line, line feed included."""
    fields: dict[str, Any] = {"format": FORMAT, "version": VERSION}
    return msgspec.json.encode(fields | _CONVERTER.unstructure(header)) + b"\n"


def journal_line(entry: JournalEntry) -> bytes:
    """An entry as its line, line feed included."""
    request = entry.request
    fields: dict[str, Any] = _CONVERTER.unstructure(request)
    fields["request"] = unpacked(request.request)
    return msgspec.json.encode({"at": entry.at, "do": _NAMES[type(request)], **fields}) + b"\n"


def end_line(events: int) -> bytes:
    """The last line of a run that ended in peace, line feed included."""
    return msgspec.json.encode({"end": True, "events": events}) + b"\n"


def parse_header(line: bytes, *, where: str) -> JournalHeader:
    """
    The header of a journal.

    Args:
        line: Its first line.
        where: Name of the file, for errors.
    Raises:
        ConfigError: No journal, one of another version, or one of an earlier release, without a header.
    """
    fields = _fields(line)
    if "do" in fields:
        raise ConfigError(
            "has no header", where=where, hint="an earlier release wrote it, and of which market is not known"
        )
    if fields.pop("format", None) != FORMAT:
        raise ConfigError("is no journal", where=where)
    check_version("journal", fields.pop("version", None), VERSION, where)
    try:
        return _CONVERTER.structure(fields, JournalHeader)
    except _MISFITS:
        raise ConfigError("bad journal header", where=where) from None


def read_journal(path: Path) -> Journal:
    """
    A whole journal.

    Raises:
        ConfigError: It cannot be read, is no journal, or has a line that is no entry, earlier than the
            one before, or of another run.
    """
    try:
        lines = path.read_bytes().split(b"\n")
    except OSError as error:
        raise ConfigError(f"cannot be read: {error.strerror}", where=str(path)) from error
    rest = lines.pop()
    if not lines:
        raise ConfigError(
            "ends in its header" if rest else "is empty", where=str(path), hint="no request acted"
        )
    header = parse_header(lines[0], where=str(path))
    entries: list[JournalEntry] = []
    events: int | None = None
    for number, line in enumerate(lines[1:], start=2):
        where = f"{path}:{number}"
        if not line:
            continue  # left of an attempt to find room
        if events is not None or line.startswith(BEGINNING):
            raise ConfigError(
                "another run begins here", where=where, hint="give each run a journal of its own"
            )
        fields = _fields(line)
        if fields.get("end") is True:
            events = _events(fields, where)
            continue
        entry = _entry(fields, where=where)
        if entries and entry.at < entries[-1].at:
            raise ConfigError("is earlier than the line before", where=where)
        entries.append(entry)
    return Journal(header=header, entries=tuple(entries), events=events, torn=bool(rest))


def _fields(line: bytes) -> dict[str, Any]:
    try:
        return msgspec.json.decode(line, type=dict[str, Any])
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return {}


def _events(fields: dict[str, Any], where: str) -> int:
    events = fields.get("events")
    if not isinstance(events, int) or events < 0:
        raise ConfigError("no end of a journal", where=where)
    return events


def _entry(fields: dict[str, Any], *, where: str) -> JournalEntry:
    try:
        at, kind = fields.pop("at"), _KINDS[fields.pop("do")]
        fields["request"] = packed(fields["request"])
        return JournalEntry(at=int(at), request=_CONVERTER.structure(fields, kind))
    except _MISFITS:
        raise ConfigError("no entry of a journal", where=where) from None
