"""
Hours of trading: when instruments of an asset class trade, by the day of the week, in UTC.

Daylight saving time is not followed: hours are those of winter in New York.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable
from functools import cache
from typing import Any, Final

import attrs
from attrs.validators import ge, gt, le, min_len

from feed.model.durations import NS_PER_HOUR, NS_PER_MINUTE
from feed.model.timeline import Nanoseconds

NS_PER_DAY: Final = 24 * NS_PER_HOUR
NS_PER_WEEK: Final = 7 * NS_PER_DAY
# The first day of the epoch was a Thursday.
_FIRST_MONDAY: Final = 4 * NS_PER_DAY

_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_TIME: Final = r"([01][0-9]|2[0-4]):([0-5][0-9])"
_DAY_AND_TIME: Final = rf"({'|'.join(_DAYS)}) {_TIME}"
_WEEKLY: Final = re.compile(f"{_DAY_AND_TIME} to {_DAY_AND_TIME}")
_DAILY: Final = re.compile(f"{_TIME} to {_TIME}")

Span = tuple[int, int]
"""Beginning and length, nanoseconds: from the beginning of the week, or of the day."""


class SessionPhase(enum.Enum):
    """What the hours of trading say of a moment."""

    CLOSED = "closed"
    OPENING = "opening"  # orders are collected for the opening auction
    OPEN = "open"
    CLOSING = "closing"  # orders are collected for the closing auction


@cache
def weekly(text: str) -> Span:
    """
    A part of the week, such as ``Sun 22:00 to Fri 22:00``.

    Raises:
        ValueError: It is none.
    """
    found = _WEEKLY.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is no part of the week such as 'Sun 22:00 to Fri 22:00'")
    first, last = found.groups()[:3], found.groups()[3:]
    begin, end = (_DAYS.index(day) * NS_PER_DAY + _of_day(*time) for day, *time in (first, last))
    return begin % NS_PER_WEEK, (end - begin) % NS_PER_WEEK or NS_PER_WEEK


@cache
def daily(text: str) -> Span:
    """
    A part of the day, such as ``21:00 to 24:00``.

    Raises:
        ValueError: It is none.
    """
    found = _DAILY.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is no part of the day such as '21:00 to 24:00'")
    begin, end = _of_day(*found.groups()[:2]), _of_day(*found.groups()[2:])
    return begin % NS_PER_DAY, (end - begin) % NS_PER_DAY or NS_PER_DAY


def _of_day(hours: str, minutes: str) -> int:
    return int(hours) * NS_PER_HOUR + int(minutes) * NS_PER_MINUTE


def _spans(read: Any) -> Any:
    """A validator: every text is a span of time."""

    def check(instance: object, attribute: attrs.Attribute[Any], value: Iterable[str]) -> None:
        del instance, attribute
        for text in value:
            read(text)

    return check


@attrs.frozen(kw_only=True)
class TradingHours:
    """
    The hours of one asset class. Others trade always.

    Attributes:
        asset_class: Such as ``fx``, ``metal`` or ``crypto``.
        open: Parts of the week in which it trades, each such as ``Sun 22:00 to Fri 22:00``, UTC.
        thin: Parts of the day in which less happens, each such as ``21:00 to 24:00``, UTC.
    """

    asset_class: str
    open: tuple[str, ...] = attrs.field(validator=[min_len(1), _spans(weekly)])
    thin: tuple[str, ...] = attrs.field(default=(), validator=_spans(daily))


_FX: Final = TradingHours(asset_class="fx", open=("Sun 22:00 to Fri 22:00",), thin=("21:00 to 24:00",))
_METALS: Final = TradingHours(
    asset_class="metal",
    open=(
        "Sun 23:00 to Mon 22:00",
        "Mon 23:00 to Tue 22:00",
        "Tue 23:00 to Wed 22:00",
        "Wed 23:00 to Thu 22:00",
        "Thu 23:00 to Fri 22:00",
    ),
    thin=("21:00 to 24:00",),
)


@attrs.frozen(kw_only=True)
class Sessions:
    """
    Hours of trading, and the call auctions at both ends of them. Spans of time are in nanoseconds.

    Attributes:
        hours: Of each asset class that does not trade always.
        opening: Length of the auction before instruments open; 0 for none.
        closing: Length of the auction with which they close, the last part of their hours; 0 for none.
        gap: How far values move while an instrument is closed, as a share of how far they would if it
            traded (standard deviation).
        thin_activity: Activity in thin hours, as a multiple of what it is otherwise.
    """

    hours: tuple[TradingHours, ...] = (_FX, _METALS)
    opening: Nanoseconds = attrs.field(default=NS_PER_MINUTE, validator=[ge(0), le(NS_PER_DAY)])
    closing: Nanoseconds = attrs.field(default=NS_PER_MINUTE, validator=[ge(0), le(NS_PER_DAY)])
    gap: float = attrs.field(default=0.2, validator=[ge(0), le(10)])
    thin_activity: float = attrs.field(default=0.4, validator=[gt(0), le(1)])

    def of(self, asset_class: str) -> TradingHours | None:
        """The hours of an asset class; None for one that trades always."""
        return next((hours for hours in self.hours if hours.asset_class == asset_class), None)

    def phase(self, hours: TradingHours, now: int) -> tuple[SessionPhase, int]:
        """
        The phase at market time ``now``, nanoseconds since the Unix epoch, and when the next one begins.

        Where an auction would begin before the hours that end then are over, it begins when they are.
        """
        of_week = (now - _FIRST_MONDAY) % NS_PER_WEEK
        soonest, opening = NS_PER_WEEK, NS_PER_WEEK
        for begin, length in map(weekly, hours.open):
            passed = (of_week - begin) % NS_PER_WEEK  # since these hours last began
            closes = max(0, length - self.closing)
            if passed < closes:
                return SessionPhase.OPEN, now + closes - passed
            if passed < length:
                return SessionPhase.CLOSING, now + length - passed
            ahead = NS_PER_WEEK - passed
            if ahead <= self.opening:
                opening = min(opening, ahead)
            soonest = min(soonest, max(1, ahead - self.opening))
        if opening < NS_PER_WEEK:
            return SessionPhase.OPENING, now + opening
        return SessionPhase.CLOSED, now + soonest

    def thin(self, hours: TradingHours, now: int) -> tuple[bool, int | None]:
        """Whether it is a thin hour, and when that changes; None for never."""
        of_day = (now - _FIRST_MONDAY) % NS_PER_DAY
        until: int | None = None
        for begin, length in map(daily, hours.thin):
            passed = (of_day - begin) % NS_PER_DAY
            if passed < length:
                return True, now + length - passed
            ahead = now + NS_PER_DAY - passed
            until = ahead if until is None else min(until, ahead)
        return False, until
