"""What operators are told of a scenario: who it is, and everything in its timeline, in order."""

from __future__ import annotations

import enum
from typing import Any, Final

import attrs

from feed.model.durations import NS_PER_MILLISECOND
from feed.model.faults import Aim
from feed.model.ground_truth import Label
from feed.model.timeline import verb
from feed.server.run_spec import RunSpec

MOST_ENTRIES: Final = 1000
_WHEN: Final = frozenset({"at", "seq", "instruments", "duration"})
_DURATION: Final = "nanoseconds"  # in the type of a field


def described(run_spec: RunSpec) -> dict[str, object]:
    """
    A run as ``GET /admin/scenario`` shows it.

    ``timeline`` is in the order of time: actions in the market, faults of connections, and what signals are
    due (``truth``). ``at_ms`` and ``duration_ms`` are milliseconds of market time from the start; what comes
    at a sequence number has ``seq`` instead, and stands at the end. ``left_out`` more are not told.
    """
    actions = [(action.at, None, _entry(action, "market")) for action in run_spec.actions]
    faults = [(fault.at, fault.seq, _entry(fault, "fault")) for fault in run_spec.faults]
    truth = [(label.since - run_spec.start, None, _due(label)) for label in run_spec.labels]
    timeline = sorted(
        (*actions, *faults, *truth), key=lambda one: (one[0] is None, one[0] if one[1] is None else one[1])
    )
    return {
        "name": run_spec.name,
        "about": run_spec.about,
        "seed": run_spec.seed,
        "start": run_spec.start,
        "duration": run_spec.duration,
        "faults": len(run_spec.faults),
        "timeline": [
            {"at_ms": None if at is None else _ms(at), "seq": seq, **entry}
            for at, seq, entry in timeline[:MOST_ENTRIES]
        ],
        "left_out": max(0, len(timeline) - MOST_ENTRIES),
    }


def _entry(item: attrs.AttrsInstance, group: str) -> dict[str, Any]:
    """An action or a fault, without its time."""
    duration = getattr(item, "duration", None)
    return {
        "duration_ms": None if duration is None else _ms(duration),
        "kind": verb(type(item)),
        "group": group,
        "instruments": list(getattr(item, "instruments", ())),
        "settings": _settings(item),
    }


def _due(label: Label) -> dict[str, Any]:
    """A signal, without its time."""
    return {
        "duration_ms": _ms(label.until - label.since),
        "kind": label.signal.name.lower().replace("_", "-"),
        "group": "truth",
        "instruments": [label.symbol],
        "settings": {},
    }


def _settings(item: attrs.AttrsInstance) -> dict[str, object]:
    """What makes it differ from others of its kind; what is as it would be by itself is left out."""
    found: dict[str, object] = {}
    for field in attrs.fields(type(item)):
        value = getattr(item, field.name)
        if field.name in _WHEN or value is None or value == field.default:
            continue
        if isinstance(value, Aim):
            found |= _settings(value)
        elif _DURATION in str(field.type).lower():
            found[f"{field.name}_ms"] = _ms(value)
        elif isinstance(value, enum.Enum):
            found[field.name] = value.name.lower()
        else:
            found[field.name] = value
    return found


def _ms(nanoseconds: int) -> int | float:
    """Milliseconds: whole where they are."""
    whole, rest = divmod(nanoseconds, NS_PER_MILLISECOND)
    return nanoseconds / NS_PER_MILLISECOND if rest else whole
