"""Detects the format of files by trying every importer on their first lines."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import attrs

from feed.errors import FeedError
from feed.importers.files import InputFile
from feed.importers.run import UNREADABLE, Importer, ImportRun, Options
from feed.settings import Importing

_LINES: Final = 200
_HOST: Final = re.compile(r"wss?://([^/\s:]+)")


def detect_format(importers: Mapping[str, Importer], name: str, paths: list[Path], options: Options) -> str:
    """
    The format that files are probably in, after the one the user named has failed.

    Args:
        importers: All formats, by name.
        name: The format that the user named.
        paths: The files.
        options: Those of the import.
    Returns:
        The name of the format that gives most events; empty when none gives any.
    """
    plain = attrs.evolve(options, lenient=False, strict=False, grids={})
    tried = {one.name: _events(one, paths, plain) for one in importers.values() if one.name != name}
    best = max(tried, key=lambda one: tried[one], default="")
    return best if best and tried[best] else ""


def _events(importer: Importer, paths: list[Path], options: Options) -> int:
    """Number of events in the first lines, read as one format; 0 when they are malformed."""
    run = ImportRun(paths, options, bounds=Importing(), advance=lambda _: None, lines=_LINES)
    try:
        importer.scan(run)
        run.begin(importer.symbol)
        for rows in importer.rows(run):
            run.count_rows(rows)
    except (FeedError, *UNREADABLE):
        return 0
    # Updates that are left out because the first lines have no snapshot are of that format all the same.
    return run.kinds.total() + run.messages.total() * bool(run.scan.updates)


def captured_host(paths: list[Path]) -> str:
    """The host that a raw capture names as its server; empty when it names none."""
    for path in paths:
        try:
            for lines in InputFile(path, Importing(), lambda _: None, _LINES).chunks():
                if found := _HOST.search("\n".join(lines)):
                    return found[1]
        except FeedError:
            continue
    return ""
