"""
Exporters: recordings into the formats of other tools.

Every module of this package with ``EXPORTERS`` is found and adds its formats. What a format has no words for
is left out, and counted by its reason.
"""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from pathlib import Path
from typing import BinaryIO

from feed.errors import ConfigError
from feed.exporters.run import Exporter, ExportReport, ExportRun, Progress, Selection

__all__ = ["ExportReport", "Exporter", "Selection", "export_recording", "exporter_for", "get", "names"]


def names() -> tuple[str, ...]:
    """Names of all formats, sorted."""
    return tuple(sorted(_registry()))


def get(name: str) -> Exporter:
    """
    The exporter of a format.

    Raises:
        ConfigError: There is none of that name.
    """
    try:
        return _registry()[name]
    except KeyError:
        known = ", ".join(names())
        raise ConfigError(f"no exporter for {name!r}", where="format", hint=f"there are {known}") from None


def exporter_for(path: Path) -> Exporter:
    """
    The exporter whose files end as ``path`` does.

    Raises:
        ConfigError: There is none.
    """
    endings = {ending: one for one in _registry().values() for ending in one.endings}
    for ending, one in endings.items():
        if path.name.lower().endswith(ending):
            return one
    known = ", ".join(sorted(endings))
    raise ConfigError(f"its name does not say the format: it ends in none of {known}", where=str(path))


def export_recording(
    name: str,
    recording: Path,
    out: BinaryIO,
    selection: Selection | None = None,
    progress: Progress | None = None,
    *,
    packed: bool = False,
) -> ExportReport:
    """
    Write a recording in another format.

    Args:
        name: One of :func:`names`.
        recording: A recording.
        out: A writable binary file; it is not closed. After an error it is incomplete.
        selection: What of it is wanted.
        progress: Called with the bytes read so far and in total.
        packed: Whether to compress, where the format leaves that open.
    Returns:
        What was written, what was left out, and where the recording is damaged.
    Raises:
        ConfigError: No recording; an instrument that is not in it; a schema that the format does not have; or
            nothing in it that the format can say.
    """
    exporter = get(name)
    run = ExportRun(recording, selection or Selection(), exporter, progress)
    exporter.write(run, out, packed)
    if not run.written:
        reasons = "; ".join(f"{count} {reason}" for reason, count in run.left_out.items())
        damage = "it has no events" if run.corruption is None else f"it is damaged in {run.corruption}"
        raise ConfigError(
            f"nothing in it can be said in {run.said_in}", where=str(recording), hint=reasons or damage
        )
    return run.report()


@cache
def _registry() -> dict[str, Exporter]:
    found: dict[str, Exporter] = {}
    for module in sorted(entry.name for entry in pkgutil.iter_modules(__path__)):
        family: tuple[Exporter, ...] = getattr(
            importlib.import_module(f"{__name__}.{module}"), "EXPORTERS", ()
        )
        found.update((exporter.name, exporter) for exporter in family)
    return found
