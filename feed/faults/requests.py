"""What faults do to requests: by HTTP, or on a connection."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import attrs

from feed.faults.active import ActiveFault
from feed.model.disruption import UNDISRUPTED, Disruption
from feed.model.durations import NS_PER_MILLISECOND
from feed.model.faults import Ban, ClockSkew, Maintenance, RequestFault


def disruption(
    actives: Iterable[ActiveFault],
    *,
    dialect: str,
    key: str | None,
    address: str,
    seconds_left: Callable[[ActiveFault], int],
) -> Disruption:
    """
    What the faults in force do to a request; those that ban whoever asks count it as refused.

    Args:
        actives: The faults in force.
        dialect: Of which protocol the request is.
        key: Name of the key that it shows; None when it shows none that is accepted.
        address: Where it comes from.
        seconds_left: Until a fault is over.
    """
    found = UNDISRUPTED
    for active in actives:
        fault = active.fault
        if not isinstance(fault, RequestFault) or not fault.aim.strikes(dialect=dialect, key=key, lot=0):
            continue
        match fault:
            case Ban() if fault.address is None or (key is None and fault.address == address):
                active.record.refused += 1
                found = attrs.evolve(found, ban_seconds=max(found.ban_seconds, seconds_left(active)))
            case ClockSkew(skew_ms=ahead):
                found = attrs.evolve(found, clock_skew=found.clock_skew + ahead * NS_PER_MILLISECOND)
            case Maintenance():
                found = attrs.evolve(found, maintenance=True)
    return found
