"""What goes on in a market: the labels that signals are held against."""

from __future__ import annotations

from collections.abc import Iterable

import attrs
from attrs.validators import ge, min_len, optional

from feed.model.events import Row
from feed.model.instruments import Listing
from feed.model.signals import SignalType
from feed.model.timeline import Nanoseconds


@attrs.frozen(kw_only=True)
class GroundTruth:
    """
    Something goes on that is worth a signal.

    Attributes:
        signal: What a signal of it says.
        instruments: Symbols of the instruments where it goes on: in each of them a signal is due.
        at: From when on it can be noticed, nanoseconds from the start.
        until: When it must have been noticed, nanoseconds from the start; None for the end.
    """

    signal: SignalType
    instruments: tuple[str, ...] = attrs.field(validator=min_len(1))
    at: Nanoseconds = attrs.field(validator=ge(0))
    until: Nanoseconds | None = attrs.field(default=None, validator=optional(ge(0)))


@attrs.frozen
class Label:
    """
    One answer: a signal of this type in this instrument within this time is right.

    Attributes:
        signal: Its type.
        symbol: Of the instrument.
        since: Market time, nanoseconds since the Unix epoch; the window has both its ends.
        until: Market time, nanoseconds since the Unix epoch.
    """

    signal: SignalType
    symbol: str
    since: int
    until: int


@attrs.frozen
class Verdict:
    """
    Signals held against labels.

    Attributes:
        signalled: Labels that a signal was given for.
        missed: Labels that none was given for.
        unexplained: ``SIGNAL`` rows that no label explains.
    """

    signalled: tuple[Label, ...]
    missed: tuple[Label, ...]
    unexplained: tuple[Row, ...]


def labels(truth: Iterable[GroundTruth], *, start: int, duration: int) -> tuple[Label, ...]:
    """
    The labels of a scenario, in the order of their windows.

    Args:
        truth: What goes on.
        start: Market time at which the scenario begins, nanoseconds since the Unix epoch.
        duration: Its length, nanoseconds.
    """
    found = [
        Label(item.signal, symbol, start + item.at, start + (duration if item.until is None else item.until))
        for item in truth
        for symbol in item.instruments
    ]
    return tuple(sorted(found, key=lambda label: (label.since, label.until)))


def judge(expected: Iterable[Label], signals: Iterable[Row], listing: Listing) -> Verdict:
    """
    Hold signals against labels. One signal may answer several labels, and several signals one.

    Args:
        expected: The labels.
        signals: ``SIGNAL`` rows.
        listing: What their instruments are indices into.
    """
    every = list(expected)
    answered: set[Label] = set()
    unexplained = []
    for row in signals:
        symbol = listing[row[1]].symbol
        right = [
            label
            for label in every
            if label.signal == row[4] and label.symbol == symbol and label.since <= row[2] <= label.until
        ]
        answered.update(right)
        if not right:
            unexplained.append(row)
    return Verdict(
        tuple(label for label in every if label in answered),
        tuple(label for label in every if label not in answered),
        tuple(unexplained),
    )
