"""
The journal format: the requests of all accounts in the order of their execution, one JSON object a line.

The first line has the parameters of the market, so that it and the requests reproduce the events of the
run that wrote the journal. After a regular end, the last line has the number of events published. A last
line without a line feed is a torn write, and its request was not executed::

    {"format":"feed-journal","version":2,"engine":"feed 0.1.0","scenario":null,"seed":1,"start":...}
    {"at":1709742007250000000,"do":"create","account":1,"instrument":6,"request":"","side":0,"size":12,...}
    {"end":true,"events":51234}
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import attrs
import cattrs
import msgspec
from cattrs.gen import make_dict_structure_fn, make_dict_unstructure_fn, override

from feed.errors import ConfigError
from feed.model.instruments import Instrument
from feed.model.requests import (
    Cancel,
    CancelMany,
    Close,
    Create,
    FillOrder,
    JournalEntry,
    Modify,
    Request,
    SetExits,
)
from feed.model.spot_requests import (
    AmendSpotOrder,
    CancelSpotOrder,
    CancelSpotOrders,
    CancelSpotOrdersAfter,
    PlaceSpotOrder,
    ReplaceSpotOrder,
    SpotBatch,
    SpotRequest,
)
from feed.model.trading import packed, unpacked
from feed.recording.format import check_version
from feed.settings import Trading

FORMAT: Final = "feed-journal"
VERSION: Final = 2
BEGINNING: Final = f'{{"format":"{FORMAT}",'.encode()
"""The first bytes of every journal."""

_KINDS: Final[dict[str, type[Request]]] = {
    "create": Create,
    "cancel": Cancel,
    "cancel-many": CancelMany,
    "modify": Modify,
    "spot-place": PlaceSpotOrder,
    "spot-cancel": CancelSpotOrder,
    "spot-cancel-many": CancelSpotOrders,
    "spot-cancel-after": CancelSpotOrdersAfter,
    "spot-replace": ReplaceSpotOrder,
    "spot-amend": AmendSpotOrder,
    "spot-batch": SpotBatch,
    "close": Close,
    "set-exits": SetExits,
    "fill-order": FillOrder,
}
_NAMES: Final = {kind: name for name, kind in _KINDS.items()}
# What most requests do not ask for is not written down.
_RARE: Final = (
    "tier",
    "time_in_force",
    "reduce_only",
    "trigger",
    "trigger_price",
    "stop_loss",
    "take_profit",
    "everywhere",
)
_CONVERTER: Final = cattrs.Converter(forbid_extra_keys=True)
# Ids that clients make up are text there.
_CLIENTS_IDS: Final = ("request", "client", "cancel_client", "cancel_request")
for _kind in _KINDS.values():
    _spare: dict[str, Any] = {
        field.name: override(omit_if_default=True)
        for field in attrs.fields(_kind)
        if field.name in _RARE or (issubclass(_kind, SpotRequest) and field.name != "request")
    }
    _CONVERTER.register_unstructure_hook(_kind, make_dict_unstructure_fn(_kind, _CONVERTER, **_spare))
# The requests of a batch are read, and written, one by one.
_CONVERTER.register_structure_hook(
    SpotBatch,
    make_dict_structure_fn(
        SpotBatch,
        _CONVERTER,
        _cattrs_forbid_extra_keys=True,
        parts=override(struct_hook=lambda parts, _: tuple(parts)),
    ),
)
# The bound on the request queue has no effect on the events.
_OMITTED: Final = override(omit=True)
_CONVERTER.register_unstructure_hook(Trading, make_dict_unstructure_fn(Trading, _CONVERTER, waiting=_OMITTED))
_CONVERTER.register_structure_hook(
    Trading, make_dict_structure_fn(Trading, _CONVERTER, _cattrs_forbid_extra_keys=True, waiting=_OMITTED)
)
MISFITS: Final = (
    msgspec.MsgspecError,
    cattrs.BaseValidationError,
    KeyError,
    TypeError,
    ValueError,
    AttributeError,
)
"""What :func:`request_of` raises."""


@attrs.frozen(kw_only=True)
class ScenarioFile:
    """
    The scenario file of a run.

    Attributes:
        name: Name of the scenario.
        file: Name of a shipped scenario, or absolute path.
        sha256: Over its text without the ``[expect]`` table, 64 hexadecimal digits.
    """

    name: str
    file: str
    sha256: str


@attrs.frozen(kw_only=True)
class JournalHeader:
    """
    The parameters of a market, which together with the requests determine its events.

    Attributes:
        engine: Name and version of the program that ran it.
        scenario: The scenario; None for the default market.
        seed: Of the market.
        start: Market time at which it opened, integer nanoseconds since the Unix epoch.
        instruments: Number of instruments of the default market; None for all of them, and for a
            scenario.
        sessions: Whether its instruments opened and closed at the hours of their asset class.
        listing: SHA-256 over the instruments, 64 hexadecimal digits.
        trading: Settings of the accounts.
    """

    engine: str
    scenario: ScenarioFile | None = None
    seed: int
    start: int
    instruments: int | None = None
    sessions: bool = False
    listing: str
    trading: Trading

    def differences(self, other: JournalHeader) -> list[str]:
        """The names of the fields in which another market differs, without the engine's version."""
        mine, theirs = (
            {**_CONVERTER.unstructure(header), "scenario": header.scenario and header.scenario.sha256}
            for header in (self, other)
        )
        return [name for name in mine if name != "engine" and mine[name] != theirs[name]]


@attrs.frozen(kw_only=True)
class Journal:
    """
    A journal that was read.

    Attributes:
        header: Parameters of the market.
        entries: The requests, in the order of their execution.
        events: Number of events published when the run ended; None without a regular end.
        torn: Whether the last line is incomplete.
    """

    header: JournalHeader
    entries: tuple[JournalEntry, ...] = ()
    events: int | None = None
    torn: bool = False


def listing_digest(instruments: Iterable[Instrument]) -> str:
    """SHA-256 over instruments, for :class:`JournalHeader`."""
    fields = [_CONVERTER.unstructure(instrument) for instrument in instruments]
    return hashlib.sha256(msgspec.json.encode(fields)).hexdigest()


def header_line(header: JournalHeader) -> bytes:
    """The header line, with its line feed."""
    fields: dict[str, Any] = {"format": FORMAT, "version": VERSION}
    return msgspec.json.encode(fields | _CONVERTER.unstructure(header)) + b"\n"


def journal_line(entry: JournalEntry) -> bytes:
    """The line of an entry, with its line feed."""
    return msgspec.json.encode({"at": entry.at, **request_fields(entry.request)}) + b"\n"


def end_line(events: int) -> bytes:
    """The last line, after a regular end of a run, with its line feed."""
    return msgspec.json.encode({"end": True, "events": events}) + b"\n"


def parse_header(line: bytes, *, where: str) -> JournalHeader:
    """
    Parse the header of a journal.

    Args:
        line: Its first line.
        where: Name of the file, for errors.
    Raises:
        ConfigError: It is no journal, one of another version, or one of an early release without a header.
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
    except MISFITS:
        raise ConfigError("bad journal header", where=where) from None


def read_journal(path: Path) -> Journal:
    """
    Read a whole journal.

    Raises:
        ConfigError: It cannot be read, is no journal, or has a line that is no entry, is earlier than
            the one before, or begins another run.
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
            continue  # left by AppendOnlyFile.probe
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


def request_fields(request: Request) -> dict[str, Any]:
    """What a log says of a request, of JSON's types."""
    fields: dict[str, Any] = _CONVERTER.unstructure(request)
    if isinstance(request, SpotBatch):
        fields["parts"] = [request_fields(part) for part in request.parts]
    for name in _CLIENTS_IDS:
        if name in fields:
            fields[name] = unpacked(fields[name])
    return {"do": _NAMES[type(request)], **fields}


def request_of(fields: Mapping[str, Any]) -> Request:
    """
    The request of which :func:`request_fields` said this.

    Raises:
        One of :data:`MISFITS`: It says something else.
    """
    fields = dict(fields)
    kind = _KINDS[fields.pop("do")]
    if kind is SpotBatch:
        fields["parts"] = [_part(part) for part in fields["parts"]]
    fields |= {name: packed(fields[name]) for name in _CLIENTS_IDS if name in fields or name == "request"}
    return _CONVERTER.structure(fields, kind)


def _part(fields: Mapping[str, Any]) -> SpotRequest:
    request = request_of(fields)
    if not isinstance(request, SpotRequest) or isinstance(request, SpotBatch):
        raise TypeError("a batch has requests of its own kind, and no batches")
    return request


def _entry(fields: dict[str, Any], *, where: str) -> JournalEntry:
    try:
        return JournalEntry(at=int(fields.pop("at")), request=request_of(fields))
    except MISFITS:
        raise ConfigError("no entry of a journal", where=where) from None
