"""
The recording format.

A recording is JSON Lines, compressed with Zstandard in independent frames, so that ``zstd -dc``
shows it and a corrupt file can be read up to the corruption. The first frame holds the header line,
each frame after it one block, the last one the end line::

    {"format":"feed-recording","version":1,"start":...,"instruments":[...],"provenance":{...}}
    [4,0,1618677817129278000,0,7900,82673]
    ...
    {"events":4096,"digest":"9f86d0..."}
    ...
    {"end":true,"events":51234,"blocks":13,"digest":"60303a..."}

An event line is the event's row (:mod:`feed.model.events`). Every block ends with the count and the
SHA-256 (:class:`feed.model.digest.Digest`) of all events so far, which readers check before they use it.
"""

from __future__ import annotations

from typing import Any, Final

import attrs
import cattrs
import msgspec

from feed.errors import ConfigError
from feed.model.instruments import Instrument, Listing

FORMAT: Final = "feed-recording"
VERSION: Final = 1

_CONVERTER = cattrs.Converter(forbid_extra_keys=True)


@attrs.frozen(kw_only=True)
class Provenance:
    """
    Where the events of a recording come from.

    Attributes:
        source: ``simulated``, or the name of the importer that made it.
        tool: Name and version of the program that wrote it.
        files: Base names of the files it was imported from.
        seed: Of the simulated market.
        scenario: Name of the scenario that ran.
        notes: What a user must know besides the events, one sentence each.
    """

    source: str
    tool: str = ""
    files: tuple[str, ...] = ()
    seed: int | None = None
    scenario: str | None = None
    notes: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class Header:
    """
    The first line of a recording.

    Attributes:
        instruments: The instruments, in the order of the events' instrument indexes.
        provenance: Where the events come from.
        start: Market time at which the recording begins, integer nanoseconds since the Unix epoch.
    """

    instruments: tuple[Instrument, ...]
    provenance: Provenance
    start: int

    @property
    def listing(self) -> Listing:
        """The instruments as a listing."""
        return Listing(self.instruments)


def header_line(header: Header) -> bytes:
    """The header line, with its line feed."""
    fields: dict[str, Any] = {"format": FORMAT, "version": VERSION}
    return msgspec.json.encode(fields | _CONVERTER.unstructure(header)) + b"\n"


def parse_header(line: bytes, *, where: str) -> Header:
    """
    Parse the header of a recording.

    Args:
        line: Its first line.
        where: Name of the file, for errors.
    Raises:
        ConfigError: It is no recording, one of another version, or the header has wrong fields.
    """
    try:
        fields = msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError):
        fields = None
    if not isinstance(fields, dict) or fields.pop("format", None) != FORMAT:
        raise ConfigError("not a recording", where=where)
    check_version("recording", fields.pop("version", None), VERSION, where)
    try:
        return _CONVERTER.structure(fields, Header)
    except (cattrs.BaseValidationError, TypeError, ValueError) as problem:
        reasons = "; ".join(cattrs.transform_error(problem))
        raise ConfigError(f"bad recording header: {reasons}", where=where) from None


def check_version(what: str, version: object, known: int, where: str) -> None:
    """
    Check the version in a header.

    Raises:
        ConfigError: It is not the ``known`` one.
    """
    if version != known:
        raise ConfigError(
            f"{what} format version {version}, only {known} is known",
            where=where,
            hint="it was written by another release of feed",
        )
