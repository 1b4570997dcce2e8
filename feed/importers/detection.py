"""Which format files are of, told by trying each on their first lines."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import attrs

from feed.errors import FeedError
from feed.importers.files import Input
from feed.importers.run import UNREADABLE, Importer, Options, Run
from feed.settings import Importing

_LINES: Final = 200
_PLACE: Final = re.compile(r"wss?://([^/\s:]+)")


def likely(importers: Mapping[str, Importer], name: str, paths: list[Path], options: Options) -> str:
    """
    The format that files look like which are not what they were said to be.

    Args:
        importers: All formats, by name.
        name: The one that was said.
        paths: The files.
        options: As the import has them.
    Returns:
        Its name; empty when they look like none.
    """
    plain = attrs.evolve(options, lenient=False, strict=False, grids={})
    tried = {one.name: _events(one, paths, plain) for one in importers.values() if one.name != name}
    best = max(tried, key=lambda one: tried[one], default="")
    return best if best and tried[best] else ""


def _events(importer: Importer, paths: list[Path], options: Options) -> int:
    """How many events the first lines make; 0 when they make no sense as that format."""
    run = Run(paths, options, bounds=Importing(), advance=lambda _: None, lines=_LINES)
    try:
        importer.survey(run)
        run.begin(importer.symbol)
        for rows in importer.rows(run):
            run.count_rows(rows)
    except (FeedError, *UNREADABLE):
        return 0
    # What was left out for want of a snapshot in the first lines is of that format all the same.
    return run.kinds.total() + run.messages.total() * bool(run.survey.updates)


def connected_to(paths: list[Path]) -> str:
    """Where a raw capture says that it was connected to; empty when it does not say."""
    for path in paths:
        try:
            for lines in Input(path, Importing(), lambda _: None, _LINES).chunks():
                if found := _PLACE.search("\n".join(lines)):
                    return found[1]
        except FeedError:
            continue
    return ""
